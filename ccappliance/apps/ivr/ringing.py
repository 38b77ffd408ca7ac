"""Ringing others for a caller: one after the other or all at once, until somebody answers or nobody does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call.call import Call
from ccappliance.call.collect import Collect
from ccappliance.call.leg import Leg, LegGone
from ccappliance.call.places import LINE_CAUSES
from ccappliance.call.routing import Reachable
from ccappliance.media.ports import Sound

NO_ANSWER, BUSY, FAILED = WAYS = ("no_answer", "busy", "failed")  # the first that is true of anybody is told
ACCEPT, DECLINE = "1", "2"
ACCEPT_TRIES = 3  # a voice mail talks on; a person who was fetching his glasses hears it again
ACCEPT_WITHIN = 5.0  # s to press after each announcement
_CAUSES = {Cause.BUSY: BUSY, Cause.NO_ANSWER: NO_ANSWER, Cause.NO_RESPONSE: NO_ANSWER, Cause.REJECTED: BUSY}


@dataclass(frozen=True, slots=True)
class Reached:
    """Who answered, or how nobody did: one of WAYS."""

    leg: Leg | None
    way: str = ""


class _Round:
    """Some parties ring at once. The first to answer has won; `done` gets him, or None when nobody is left."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ringing: dict[str, Leg] = {}  # by target
        self._lines: dict[str, list[str]] = {}  # by target: lines that failed us
        self.outcomes: list[str] = []
        self.done: asyncio.Future[Leg | None] = asyncio.get_running_loop().create_future()

    def ring(self, target: str) -> None:
        try:
            leg = self._place(target)
        except Refused as refused:
            self.outcomes.append(BUSY if refused.code == "busy" else FAILED)
            return
        self._ringing[target] = leg
        leg.may_be_taken = leg.is_station
        leg.on_answered(self._won)
        leg.on_gone(lambda gone: self._lost(target, gone))

    def settle(self) -> None:
        """All have been asked: there may be nobody who rings."""
        if not self._ringing:
            self._end(None)

    def time_over(self) -> None:
        self.outcomes.append(NO_ANSWER)
        self._end(None)

    def close(self, winner: Leg | None) -> None:
        """Nobody else rings any more."""
        for leg in self._ringing.values():
            if leg is not winner:
                leg.clear(Cause.NORMAL, "answered elsewhere" if winner else "")

    def _place(self, target: str) -> Leg:
        kind, _, argument = target.partition(":")
        group, slash, number = argument.partition("/")
        if kind == "trunk" and slash:
            return self._call.place_out(group, number, but=self._lines.get(target, []))
        found = self._call.switch.destinations.find(target)
        if not isinstance(found, Reachable):
            raise Refused("not_reachable", f"{target} is nobody who can be rung")
        return found.place(self._call)

    def _won(self, leg: Leg) -> None:
        self._end(leg)

    def _lost(self, target: str, leg: Leg) -> None:
        if self.done.done():
            return
        del self._ringing[target]
        cause = leg.gone.result()
        if leg.taken_by is not None:
            self._end(leg.taken_by)
        elif cause in LINE_CAUSES and target.startswith("trunk:"):
            self._lines.setdefault(target, []).append(leg.circuit.name)  # its fault, not the party's: another line
            self.ring(target)
        else:
            self.outcomes.append(_CAUSES.get(cause, FAILED))
        self.settle()

    def _end(self, leg: Leg | None) -> None:
        if not self.done.done():
            self.done.set_result(leg)


async def reach(call: Call, targets: Sequence[str], seconds: float, *, in_turn: bool = False) -> Reached:
    """Ring these destinations (each `seconds` long if `in_turn`). Nothing rings any more but who answered."""
    outcomes: list[str] = []
    for together in ([target] for target in targets) if in_turn else (targets,):
        ringing = _Round(call)
        winner: Leg | None = None
        timer = asyncio.get_running_loop().call_later(seconds, ringing.time_over)
        try:
            for target in dict.fromkeys(together):
                ringing.ring(target)
            ringing.settle()
            winner = await ringing.done
        finally:
            timer.cancel()
            ringing.close(winner)
        if winner is not None:
            return Reached(winner)
        outcomes += ringing.outcomes
    return Reached(None, next((way for way in WAYS if way in outcomes), FAILED))


async def accepted(leg: Leg, sounds: Sequence[Sound]) -> bool:
    """Tell who answered what it is about; whether he takes it (1), before he declines (2), hangs up or does neither."""
    ask = Collect(most=1, terminator="", first=ACCEPT_WITHIN)
    try:
        for _ in range(ACCEPT_TRIES):
            pressed = (await leg.collect(ask, sounds)).digits
            if pressed in (ACCEPT, DECLINE):
                return pressed == ACCEPT
    except LegGone as gone:
        if gone.leg is not leg:
            raise
    return False
