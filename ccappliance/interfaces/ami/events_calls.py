"""Facts of calls as AMI's events: channels, dialling, bridges, hold, keys, transfers, recordings, variables."""

from collections.abc import Iterator

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.interfaces.ami.channels import UP, Channel, Channels, Talk, cause_of
from ccappliance.interfaces.ami.messages import Event
from ccappliance.interfaces.ami.wire import Field

_DIAL_STATUS = {Cause.BUSY: "BUSY", Cause.NO_ANSWER: "NOANSWER", Cause.NO_RESPONSE: "NOANSWER",
                Cause.NORMAL: "CANCEL", Cause.CONGESTION: "CONGESTION", Cause.NO_CIRCUIT: "CONGESTION"}
_CAUSE_WORDS = {  # as Asterisk's main/channel.c has them, for tools that compare words
    Cause.UNALLOCATED: "Unallocated (unassigned) number", Cause.NORMAL: "Normal Clearing", Cause.BUSY: "User busy",
    Cause.NO_RESPONSE: "No user responding", Cause.NO_ANSWER: "User alerting, no answer",
    Cause.REJECTED: "Call Rejected", Cause.OUT_OF_ORDER: "Destination out of order",
    Cause.INVALID_NUMBER: "Invalid number format", Cause.NORMAL_UNSPECIFIED: "Normal, unspecified",
    Cause.NO_CIRCUIT: "Circuit/channel congestion", Cause.TEMPORARY_FAILURE: "Temporary failure",
    Cause.CONGESTION: "Switching equipment congestion", Cause.NOT_AVAILABLE: "Requested channel not available",
    Cause.NOT_ALLOWED: "Bearer capability not authorized", Cause.RECOVERY_ON_TIMER: "Recover on timer expiry",
    Cause.PROTOCOL_ERROR: "Protocol error, unspecified", Cause.INTERWORKING: "Interworking, unspecified"}
_APPLICATIONS = {"queue": "Queue", "station": "Dial", "trunk": "Dial", "flow": "AGI", "conference": "ConfBridge",
                 "voicemail": "VoiceMail", "mailbox": "VoiceMailMain", "hangup": "Hangup", "prompt": "Playback",
                 "agent": "AgentRequest", "agent-number": "AgentRequest"}
DTMF_MS = "100"  # a journal has no lengths of keys


class CallEvents:
    """A fold: facts in order → events. It keeps `channels`."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels

    def hear(self, fact: facts.Fact, now: float) -> Iterator[Event]:
        match fact:
            case facts.CallOffered():
                self.channels.calls[fact.call] = Talk(fact)
            case facts.LegMoved():
                yield from self._leg(fact, now)
            case facts.CallEnded():
                yield from self._ended(fact)
            case facts.Bridged():
                yield from self._bridged(fact.call, fact.legs)
            case facts.ConversationEnded():
                yield from self._bridged(fact.call, [])
            case facts.CallRouted():
                yield from self._routed(fact)
            case facts.DigitPressed() if fact.digit != "?":
                digit = [("Digit", fact.digit)]
                yield from self._of(fact.leg, "DTMFBegin", "dtmf", [*digit, ("Direction", "Received")])
                yield from self._of(fact.leg, "DTMFEnd", "dtmf", [*digit, ("DurationMs", DTMF_MS),
                                                                  ("Direction", "Received")])
            case facts.HoldChanged():
                yield from self._hold(fact)
            case _:
                yield from self._of_the_call(fact)

    def _of_the_call(self, fact: facts.Fact) -> Iterator[Event]:
        match fact:
            case facts.CallClassified():
                shown = "1 (Presentation Allowed, Passed Screen)" if fact.kind != "withheld" else \
                    "32 (Presentation Prohibited, Not Screened)"
                yield from self._anchors(fact.call, "NewCallerid", "call", [("CID-CallingPres", shown)])
            case facts.VariableSet():
                yield from self._anchors(fact.call, "VarSet", "dialplan", [("Variable", fact.name),
                                                                           ("Value", fact.value)])
            case facts.RecordingStarted():
                yield from self._anchors(fact.call, "MixMonitorStart", "call", [])
            case facts.RecordingEnded():
                yield from self._anchors(fact.call, "MixMonitorStop", "call", [])
            case facts.RecordingPaused() | facts.RecordingResumed():
                state = "1" if isinstance(fact, facts.RecordingPaused) else "0"
                yield from self._anchors(fact.call, "MixMonitorMute", "call", [("Direction", "both"), ("State", state)])
            case facts.TransferEnded() if fact.outcome in ("blind", "attended"):
                yield from self._transferred(fact)

    # ---- legs ----

    def _leg(self, fact: facts.LegMoved, now: float) -> Iterator[Event]:
        channel = self.channels.get(fact.leg)
        if channel is None:
            if fact.left:
                return  # over already
            channel = self.channels.begin(fact, now)
            yield self._event("Newchannel", "call", channel)
            if not channel.incoming:
                yield self._dial("DialBegin", channel, ("DialString", channel.party))
        elif not fact.left:
            channel.call = fact.call  # picked up: it belongs to another call from now on
        elif fact.state in ("alerting", "answered"):
            yield from self._up(channel, fact.state, now)
        elif fact.state == "cleared":
            yield from self._cleared(channel, fact.why)
        elif fact.state == "released":
            yield from self._hangup(channel, Cause.NORMAL)

    def _up(self, channel: Channel, state: str, now: float) -> Iterator[Event]:
        self.channels.move(channel, state)
        yield self._event("Newstate", "call", channel)
        if channel.state == UP:
            channel.answered = now
        if channel.incoming:
            return
        if channel.state != UP:
            yield self._dial("DialState", channel, ("DialStatus", "RINGING"))
        else:
            channel.dialled = "ANSWER"
            yield self._dial("DialEnd", channel, ("DialStatus", "ANSWER"))

    def _cleared(self, channel: Channel, why: str) -> Iterator[Event]:
        cause = cause_of(why)
        yield self._event("SoftHangupRequest" if why.startswith("hung up by") else "HangupRequest", "call", channel,
                          ("Cause", str(int(cause))))
        if not channel.incoming and not channel.dialled:
            channel.dialled = _DIAL_STATUS.get(cause, "CHANUNAVAIL")
            yield self._dial("DialEnd", channel, ("DialStatus", channel.dialled))
        if channel is not self.channels.anchor(channel.call):  # whose cause the end of the call knows
            yield from self._hangup(channel, cause)

    def _hangup(self, channel: Channel, cause: Cause) -> Iterator[Event]:
        talk = self.channels.calls.get(channel.call)
        if talk is not None and channel.leg in talk.members:
            yield from self._bridged(channel.call, [leg for leg in talk.members if leg != channel.leg])
        self.channels.end(channel.leg)
        yield self._event("Hangup", "call", channel, ("Cause", str(int(cause))), ("Cause-txt", _CAUSE_WORDS[cause]))

    def _ended(self, fact: facts.CallEnded) -> Iterator[Event]:
        cause = Cause.of(fact.cause)
        yield from self._bridged(fact.call, [])
        for channel in reversed(self.channels.of(fact.call)):
            yield from self._hangup(channel, cause)
        self.channels.calls.pop(fact.call, None)

    # ---- bridges, hold, transfers ----

    def _bridged(self, call: str, legs: list[str]) -> Iterator[Event]:
        talk = self.channels.calls.get(call)
        if talk is None or (not legs and not talk.bridge):
            return
        if not talk.bridge:
            talk.bridges += 1
            talk.bridge = f"{call}-bridge{talk.bridges}"
            yield self._bridge("BridgeCreate", talk)
        for leg in [leg for leg in talk.members if leg not in legs]:
            talk.members.remove(leg)
            channel = self.channels.get(leg)
            if channel is not None:
                channel.bridge = ""
                yield self._bridge("BridgeLeave", talk, channel)
        for leg in legs:
            channel = self.channels.get(leg)
            if leg not in talk.members and channel is not None:
                talk.members.append(leg)
                channel.bridge = talk.bridge
                self._connect(talk)
                yield self._bridge("BridgeEnter", talk, channel)
        if not talk.members:
            yield self._bridge("BridgeDestroy", talk)
            talk.bridge = ""

    def _connect(self, talk: Talk) -> None:
        """Two who talk are each other's connected line."""
        pair = [channel for leg in talk.members if (channel := self.channels.get(leg)) is not None]
        if len(pair) == 2:
            for one, other in (pair, pair[::-1]):
                one.connected, one.connected_name = other.number, other.called_name

    def _bridge(self, name: str, talk: Talk, channel: Channel | None = None) -> Event:
        kind = "simple_bridge" if len(talk.members) < 3 else "softmix"
        fields = [("BridgeUniqueid", talk.bridge), ("BridgeType", "basic"), ("BridgeTechnology", kind),
                  ("BridgeCreator", "<unknown>"), ("BridgeName", "<unknown>"),
                  ("BridgeNumChannels", str(len(talk.members))), ("BridgeVideoSourceMode", "none")]
        return Event(name, "call", [*fields, *(channel.block() if channel else ())], talk.offered.call)

    def _hold(self, fact: facts.HoldChanged) -> Iterator[Event]:
        held = self.channels.get(fact.leg)
        holder = next((one for one in self.channels.of(fact.call) if one.leg != fact.leg and one.state == UP), None)
        if holder is not None:
            yield self._event("Hold" if fact.held else "Unhold", "call", holder,
                              *([("MusicClass", "default")] if fact.held else []))
        if held is not None:
            yield self._event("MusicOnHoldStart" if fact.held else "MusicOnHoldStop", "call", held,
                              *([("Class", "default")] if fact.held else []))

    def _transferred(self, fact: facts.TransferEnded) -> Iterator[Event]:
        by = self.channels.last(fact.call, fact.by)
        others = [channel for channel in self.channels.of(fact.call) if channel.leg != fact.by]
        if by is None or not others:
            return
        if fact.outcome == "blind":
            yield Event("BlindTransfer", "call", [
                ("Result", "Success"), *by.block("Transferer"), *others[0].block("Transferee"),
                ("IsExternal", "Yes"), ("Context", by.context), ("Extension", fact.target)], fact.call)
        else:
            target = others[-1].block("TransferTarget") if len(others) > 1 else []
            yield Event("AttendedTransfer", "call", [
                ("Result", "Success"), *by.block("OrigTransferer"), *by.block("SecondTransferer"),
                *others[0].block("Transferee"), *target, ("IsExternal", "No"), ("DestType", "Bridge")], fact.call)

    # ---- the rest ----

    def _routed(self, fact: facts.CallRouted) -> Iterator[Event]:
        talk = self.channels.calls.get(fact.call)
        kind, _, argument = fact.destination.partition(":")
        if talk is None:
            return
        talk.context, talk.exten = kind, argument or "s"
        talk.application, talk.data = _APPLICATIONS.get(kind, "NoOp"), argument
        channel = self.channels.anchor(fact.call)
        if channel is not None:
            channel.context, channel.exten = talk.context, talk.exten
            yield self._event("Newexten", "dialplan", channel, ("Extension", talk.exten),
                              ("Application", talk.application), ("AppData", talk.data))

    def _event(self, name: str, privilege: str, channel: Channel, *more: Field) -> Event:
        return Event(name, privilege, [*channel.block(), *more], channel.call)

    def _dial(self, name: str, channel: Channel, last: Field) -> Event:
        caller = self.channels.anchor(channel.call)
        first = caller.block() if caller is not None and caller is not channel else []
        return Event(name, "call", [*first, *channel.block("Dest"), last], channel.call)

    def _of(self, leg: str, name: str, privilege: str, more: list[Field]) -> Iterator[Event]:
        channel = self.channels.get(leg)
        if channel is not None:
            yield self._event(name, privilege, channel, *more)

    def _anchors(self, call: str, name: str, privilege: str, more: list[Field]) -> Iterator[Event]:
        channel = self.channels.anchor(call)
        if channel is not None:
            yield self._event(name, privilege, channel, *more)
