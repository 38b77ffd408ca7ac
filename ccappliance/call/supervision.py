"""Supervision: a telephone of the house hears a conversation, whispers to its agent, barges in, or takes it over.

While he listens the supervisor presses 4 to monitor, 5 to whisper, 6 to barge, 7 to take over. His telephone is on a
call of its own; a conversation knows it as a listener, and after a takeover as a party.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_SUPERVISORS
from ccappliance.call import facts
from ccappliance.call.leg import Leg
from ccappliance.call.routes import Routed

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.conversation import Conversation
    from ccappliance.call.switch import Switch

MONITOR, WHISPER, BARGE, TAKEOVER = MODES = ("monitor", "whisper", "barge", "takeover")
KEYS = {"4": MONITOR, "5": WHISPER, "6": BARGE, "7": TAKEOVER}
NOBODY = "supervise_nobody"  # prompt: there is no conversation to listen to
SUPERVISOR = "supervisor"  # variable of the supervisor's call: who he is


@dataclass(slots=True)
class _Listener:
    mode: str
    since: float  # loop clock
    over: Callable[[], None]


class Listeners:
    """Everybody who supervises one conversation. They are on its bridge and on no leg list of its call."""

    def __init__(self, conversation: "Conversation") -> None:
        self._conversation = conversation
        self._journal = conversation.switch.journal
        self._clock = conversation.switch.outside.clock
        self._by_leg: dict[Leg, _Listener] = {}

    def add(self, leg: Leg, mode: str, by: str, over: Callable[[], None]) -> None:
        """`over()` is told when the conversation ends. Refused("too_many"), or what `change` refuses."""
        if len(self._by_leg) >= MAX_SUPERVISORS:
            raise Refused("too_many", f"{MAX_SUPERVISORS} supervise call {self._conversation.call.id} already")
        if mode == TAKEOVER:
            self._conversation.may_take_over()
        self._journal.write(facts.SupervisionStarted(self._conversation.call.id, leg.id, leg.party.number,
                                                     MONITOR if mode == TAKEOVER else mode, by))
        self._by_leg[leg] = _Listener(MONITOR if mode == TAKEOVER else mode, self._clock.now(), over)
        self.step_in()
        leg.on_gone(lambda _: self.remove(leg, "hung up"))
        if mode == TAKEOVER:
            self.change(leg, mode)

    def change(self, leg: Leg, mode: str) -> None:
        """Another mode for a listener. Refused("not_now") for a takeover while the agent is consulting somebody."""
        listener = self._by_leg.get(leg)
        if listener is None or listener.mode in (mode, TAKEOVER):
            return
        if mode == TAKEOVER:
            self._conversation.may_take_over()
        self._journal.write(facts.SupervisionChanged(self._conversation.call.id, leg.id, mode))
        listener.mode = mode
        if mode == TAKEOVER:
            self._conversation.bridge.leave(leg.port)  # he comes back as a party, whom everybody hears
            self._conversation.take_over(leg)
        else:
            self.step_in()

    def remove(self, leg: Leg, why: str) -> None:
        """Harmless if he is none."""
        listener = self._by_leg.pop(leg, None)
        if listener is None:
            return
        seconds = round(self._clock.now() - listener.since, 3)
        self._journal.write(facts.SupervisionEnded(self._conversation.call.id, leg.id, why, seconds))
        self._conversation.bridge.leave(leg.port)
        if leg in self._conversation.connected:
            self._conversation.connected.remove(leg)
        leg.on_flash = None
        listener.over()

    def parties(self) -> list[Leg]:
        """Those who have taken a party's place."""
        return [leg for leg, listener in self._by_leg.items() if listener.mode == TAKEOVER]

    def step_out(self) -> None:
        """Before somebody joins the bridge: he would hear them at 0 dB until he is told not to."""
        for leg in self._listening():
            self._conversation.bridge.leave(leg.port)

    def step_in(self) -> None:
        """Hear everybody who is on the bridge, and be heard as the mode says; other listeners only if they barge."""
        bridge, conversation = self._conversation.bridge, self._conversation
        for leg, listener in self._listening().items():
            bridge.join(leg.port, heard=False)
            for other in conversation.connected:
                loud = listener.mode == BARGE or (listener.mode == WHISPER and other is conversation.coached)
                bridge.weigh(other.port, leg.port, 0.0 if loud else None)
        for leg in self._listening():
            for other, listener in self._listening().items():
                if other is not leg:
                    bridge.weigh(leg.port, other.port, 0.0 if listener.mode == BARGE else None)

    def close(self) -> None:
        for leg in list(self._by_leg):
            self.remove(leg, "conversation over")

    def _listening(self) -> dict[Leg, _Listener]:
        return {leg: listener for leg, listener in self._by_leg.items()
                if listener.mode != TAKEOVER}


class Supervise:
    """`supervise:<call or station>/<mode>`: the caller hears that call's conversation until it or he ends."""

    def __init__(self, switch: "Switch", call: str, mode: str) -> None:
        self._switch = switch
        self._call = call
        self._mode = mode

    async def run(self, call: "Call") -> str | None:
        await call.answer()
        target = self._switch.calls.get(self._call)
        conversation = target.conversation if target is not None and target is not call else None
        leg = call.anchor
        pressed: asyncio.Queue[str] = asyncio.Queue()
        try:
            if conversation is None:
                raise Refused("no_conversation", f"nobody talks in call {self._call}")
            conversation.listeners.add(leg, self._mode, call.variables.get(SUPERVISOR, leg.party.number),
                                       lambda: pressed.put_nowait(""))
        except Refused:
            await call.play([self._switch.sounds.get(NOBODY, call.language)])
            return None
        leg.on_digit = pressed.put_nowait
        try:
            while digit := await pressed.get():
                if digit in KEYS:
                    self._press(conversation, leg, KEYS[digit])
        finally:
            leg.on_digit = None
            conversation.listeners.remove(leg, "hung up")
        return None

    def _press(self, conversation: "Conversation", leg: Leg, mode: str) -> None:
        try:
            conversation.listeners.change(leg, mode)
        except Refused as refused:
            self._switch.log.info("supervision refused", extra={"fields": {"call": self._call, "code": refused.code}})


def supervise_finder(switch: "Switch") -> Callable[[str], Supervise | None]:
    """Finds `supervise:…` for calls there are, and for stations that are on a call."""
    def find(argument: str) -> Supervise | None:
        name, _, mode = argument.partition("/")
        if mode not in MODES:
            return None
        return Supervise(switch, call_of(switch, name), mode)
    return find


def call_of(switch: "Switch", name: str) -> str:
    """The call that `name` is, or that the station `name` takes part in; "" if there is none."""
    if name in switch.calls or not switch.has_station(name):
        return name
    leg = switch.leg_on(switch.station(name).name)
    return leg.call.id if leg is not None and not leg.is_gone else ""


def summon(switch: "Switch", call: str, station: str, mode: str, by: str) -> "Call":
    """Ring a station; when it answers it hears this call's conversation. Refused: bad_mode, no_conversation, busy."""
    if mode not in MODES:
        raise Refused("bad_mode", f"{mode!r} is no way to listen; known: {', '.join(MODES)}")
    target = switch.calls.get(call)
    if target is None or target.conversation is None:
        raise Refused("no_conversation", f"nobody talks in call {call}")
    routed = Routed(f"supervise:{call}/{mode}", f"ordered by {by}")
    return switch.ring(station, target.calling, routed, {SUPERVISOR: by})
