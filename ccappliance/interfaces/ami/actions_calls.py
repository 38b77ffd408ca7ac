"""AMI's actions on calls: originate, hang up, redirect, transfer, variables, keys, recording, time-outs."""

import asyncio
import re
from collections.abc import Callable

from ccappliance.apps.ivr.agi.names import variable_name
from ccappliance.base.causes import Cause
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call.call import Call
from ccappliance.call.leg import Leg, LegState
from ccappliance.call.routes import Routed
from ccappliance.interfaces.ami.action import Client, action
from ccappliance.interfaces.ami.channels import UNKNOWN, Channel
from ccappliance.interfaces.ami.desk import Desk, assignments
from ccappliance.interfaces.ami.messages import ACTION_ID, Answer, Event, Listed, failed, listing, success, truth, whole
from ccappliance.interfaces.ami.wire import Asked, Field
from ccappliance.signalling import signals

RING, LEAST_RING, LONGEST_RING = 30_000, 1_000, 300_000  # ms; Originate's Timeout
NO_SUCH, HUNG_UP, NO_ANSWER, ANSWERED, BUSY, CONGESTION = 0, 1, 3, 4, 5, 8  # OriginateResponse's Reason
_REASONS = {Cause.NO_ANSWER: NO_ANSWER, Cause.NO_RESPONSE: NO_ANSWER, Cause.BUSY: BUSY, Cause.CONGESTION: CONGESTION,
            Cause.NO_CIRCUIT: CONGESTION, Cause.UNALLOCATED: NO_SUCH, Cause.INVALID_NUMBER: NO_SUCH}
_KEY = re.compile(r"[0-9A-D*#]")
_CALLER = re.compile(r'\s*"?([^"<]*?)"?\s*(?:<\s*([0-9*#+]*)\s*>)?\s*')
_BUSY_CODES = ("busy", "blocked")


# ---- originate ----

async def originate(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Rings the channel, and when it answers, the call goes to the extension or application."""
    target = desk.target(asked.get("channel"))
    if asked.get("application"):
        to = desk.application(asked.get("application"), asked.get("data"))
    elif asked.get("exten"):
        to = desk.destination(asked.get("context"), asked.get("exten"))
    else:
        return failed("Originate needs Exten and Context, or Application")
    routed = Routed(to, f"originated by {client.by}")
    ring = min(max(whole(asked.get("timeout"), RING), LEAST_RING), LONGEST_RING) / 1000
    variables = assignments(asked.all("variable"))
    waits = not truth(asked.get("async"))
    caller = _CALLER.fullmatch(asked.get("callerid"))
    name = caller[1] if caller else ""
    try:
        if target.station:
            called = asked.get("exten") or asked.get("data")
            call = desk.switch.call_station(target.station, routed, called=(caller and caller[2]) or called, name=name,
                                            ring=ring, variables=variables)
        else:
            call = desk.switch.call_outside(target.group, target.number, routed, ring=ring)
            call.variables.update(variables)
    except (Refused, LineFault) as refused:
        reason = BUSY if isinstance(refused, Refused) and refused.code in _BUSY_CODES else CONGESTION
        if waits:
            return failed("Originate failed")
        return Answer(message="Originate successfully queued",
                      events=[_response(asked, to, None, asked.get("channel"), reason)])
    if not waits:
        _watch(call, lambda reason: client.tell(_told(desk, asked, to, call, reason)))
        return success("Originate successfully queued")
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _watch(call, lambda reason: None if done.done() else done.set_result(reason))
    reason = await done
    return success("Originate successfully queued") if reason == ANSWERED else failed("Originate failed")


def _watch(call: Call, tell: Callable[[int], object]) -> None:
    """Tell the reason once: answered, or why not."""
    told: list[int] = []

    def once(leg: Leg) -> None:
        if not told:
            answered = leg.state is LegState.ANSWERED or leg.answered_now is not None
            told.append(ANSWERED if answered else _REASONS.get(leg.gone.result(), HUNG_UP))
            tell(told[0])
    call.anchor.on_answered(once)
    call.anchor.on_gone(once)


def _told(desk: Desk, asked: Asked, to: str, call: Call, reason: int) -> Event:
    channel = desk.ear.channels.get(call.anchor.id)
    return _response(asked, to, channel, asked.get("channel"), reason)


def _response(asked: Asked, to: str, channel: Channel | None, written: str, reason: int) -> Event:
    action_id = [("ActionID", asked.action_id)] if asked.action_id else []
    where: list[Field]
    if asked.get("application"):
        where = [("Application", asked.get("application")), ("Data", asked.get("data"))]
    else:
        where = [("Context", asked.get("context") or "default"), ("Exten", asked.get("exten"))]
    return Event("OriginateResponse", "call", [
        *action_id, ("Response", "Success" if reason == ANSWERED else "Failure"),
        ("Channel", channel.name if channel is not None else written), *where, ("Reason", str(reason)),
        ("Uniqueid", channel.uniqueid if channel is not None else "<null>"),
        ("CallerIDNum", (channel.number if channel is not None else "") or UNKNOWN),
        ("CallerIDName", (channel.called_name if channel is not None else "") or UNKNOWN)],
        channel.call if channel is not None else "")


# ---- what happens to calls ----

def hangup(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.hang_up(desk.leg(asked.get("channel")), whole(asked.get("cause"), 0), client.by)
    return success("Channel Hungup")


def redirect(desk: Desk, client: Client, asked: Asked) -> Answer:
    leg = desk.leg(asked.get("channel"))
    desk.send(leg, desk.destination(asked.get("context"), asked.get("exten")), client.by)
    return success("Redirect successful")


def blind_transfer(desk: Desk, client: Client, asked: Asked) -> Answer:
    leg = desk.leg(asked.get("channel"))
    desk.transfer(leg, desk.destination(asked.get("context"), asked.get("exten")), client.by)
    return success()


def atxfer(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.consult(desk.leg(asked.get("channel")), asked.get("exten"))
    return success("Atxfer successfully queued")


def absolute_timeout(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.limit(desk.leg(asked.get("channel")), whole(asked.get("timeout"), 0))
    return success("Timeout Set")


def play_dtmf(desk: Desk, client: Client, asked: Asked) -> Answer:
    leg, digit = desk.leg(asked.get("channel")), asked.get("digit").upper()
    if _KEY.fullmatch(digit) is None:
        return failed("Digit must be one of 0-9, A-D, * and #")
    if truth(asked.get("receive")):
        leg.hear(signals.Digit(digit))
    elif leg.state is LegState.ANSWERED:
        leg.port.digits(digit, on=min(max(whole(asked.get("duration"), 100), 50), 2_000) / 1000)
    else:
        return failed("The channel is not answered")
    return success("DTMF successfully queued")


def send_text(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.leg(asked.get("channel"))
    return failed("Telephones on lines show no text")


# ---- variables ----

def getvar(desk: Desk, client: Client, asked: Asked) -> Answer:
    name = asked.get("variable")
    return success("", ("Variable", name), ("Value", _value(desk, asked.get("channel"), name)))


def _value(desk: Desk, written: str, name: str) -> str:
    upper = name.strip().upper()
    if upper == "EPOCH":
        return str(int(desk.clock.wall().timestamp()))
    if not written:
        return ""
    channel, call = desk.channel(written), desk.call(written)
    own = {"CHANNEL": channel.name, "UNIQUEID": channel.uniqueid, "LINKEDID": call.id, "EXTEN": channel.exten,
           "CONTEXT": channel.context, "LANGUAGE": call.language, "CALLERID(NUM)": channel.number,
           "CALLERID(NAME)": channel.called_name, "CALLERID(DNID)": call.called}
    return own[upper] if upper in own else call.known.get(variable_name(name), "")


def setvar(desk: Desk, client: Client, asked: Asked) -> Answer:
    if not asked.get("channel"):
        return failed("There are no global variables: name a channel")
    desk.call(asked.get("channel")).variables[variable_name(asked.get("variable"))] = asked.get("value")
    return success("Variable Set")


# ---- recording ----

def mix_monitor(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Where it is kept is ours to say: a client's File names nothing on this machine."""
    desk.call(asked.get("channel")).record(client.by)
    return success()


def stop_mix_monitor(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.call(asked.get("channel")).stop_recording()
    return success()


def mute(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.view.pause_recording(desk.call(asked.get("channel")).id, truth(asked.get("state")), client.by)
    return success()


# ---- lists ----

def _duration(desk: Desk, channel: Channel) -> int:
    return max(0, int(desk.clock.now() - channel.created))


def _application(desk: Desk, channel: Channel) -> tuple[str, str]:
    talk = desk.ear.channels.calls.get(channel.call)
    if talk is None or channel.leg != talk.anchor:
        return "AppDial", "(Outgoing Line)"
    return talk.application, talk.data


def core_show_channels(desk: Desk, client: Client, asked: Asked) -> Answer:
    rows: list[Listed] = []
    for channel in desk.ear.channels:
        application, data = _application(desk, channel)
        minutes, seconds = divmod(_duration(desk, channel), 60)
        rows.append(("CoreShowChannel", [
            ACTION_ID, *channel.block(), ("Application", application), ("ApplicationData", data),
            ("Duration", f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"), ("BridgeId", channel.bridge)]))
    return listing("Channels will follow", rows, "CoreShowChannelsComplete")


def status(desk: Desk, client: Client, asked: Asked) -> Answer:
    written = asked.get("channel")
    channels = [desk.channel(written)] if written else list(desk.ear.channels)
    rows: list[Listed] = []
    for channel in channels:
        application, data = _application(desk, channel)
        talk = desk.ear.channels.calls.get(channel.call)
        rows.append(("Status", [
            ("Privilege", "Call"), *channel.block(), ("Type", "DAHDI"),
            ("DNID", talk.offered.called if talk is not None and channel.leg == talk.anchor else ""),
            ("EffectiveConnectedLineNum", channel.connected or UNKNOWN),
            ("EffectiveConnectedLineName", channel.connected_name or UNKNOWN), ("TimeToHangup", "0"),
            ("BridgeID", channel.bridge), ("Application", application), ("Data", data), ("Nativeformats", "(alaw)"),
            ("Readformat", "alaw"), ("Readtrans", ""), ("Writeformat", "alaw"), ("Writetrans", ""), ("Callgroup", "0"),
            ("Pickupgroup", "0"), ("Seconds", str(_duration(desk, channel))), ACTION_ID]))
    return listing("Channel status will follow", rows, "StatusComplete", ("Items", str(len(rows))))


CALL_ACTIONS = (
    action("Originate", "originate", originate, "Originate a call.", "Channel"),
    action("Hangup", "system call", hangup, "Hangup channel.", "Channel"),
    action("Redirect", "call", redirect, "Redirect (transfer) a call.", "Channel Exten"),
    action("BlindTransfer", "call", blind_transfer, "Blind transfer channel(s) to the given destination.",
            "Channel Exten"),
    action("Atxfer", "call", atxfer, "Attended transfer.", "Channel Exten"),
    action("AbsoluteTimeout", "system call", absolute_timeout, "Set absolute timeout.", "Channel Timeout"),
    action("PlayDTMF", "call", play_dtmf, "Play DTMF signal on a specific channel.", "Channel Digit"),
    action("SendText", "call", send_text, "Sends a text message to channel.", "Channel Message"),
    action("Getvar", "call reporting", getvar, "Gets a channel variable or function value.", "Variable"),
    action("Setvar", "call", setvar, "Sets a channel variable or function value.", "Variable"),
    action("MixMonitor", "system call", mix_monitor, "Record a call, both parties mixed.", "Channel"),
    action("StopMixMonitor", "system call", stop_mix_monitor, "Stop recording a call through MixMonitor.", "Channel"),
    action("MixMonitorMute", "system call", mute, "Mute / unMute a Mixmonitor recording.", "Channel State"),
    action("Monitor", "system call", mix_monitor, "Record a call.", "Channel"),
    action("StopMonitor", "system call", stop_mix_monitor, "Stop recording a call.", "Channel"),
    action("CoreShowChannels", "system reporting", core_show_channels, "List currently active channels."),
    action("Status", "system call reporting", status, "List channel status."),
)
