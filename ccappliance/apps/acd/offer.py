"""An offer: one entry being rung at one agent's station, until exactly one of its outcomes."""

import asyncio
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.entry import Entry
from ccappliance.base.causes import Cause
from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.dispatcher import Dispatcher

# A ringing leg that ended by itself: what its cause says of the agent. Anything else is a fault of his line.
_OUTCOMES = {Cause.BUSY: "busy", Cause.NO_ANSWER: "no_answer", Cause.NO_RESPONSE: "no_answer",
             Cause.REJECTED: "no_answer", Cause.NORMAL: "no_answer"}


class Offer:
    """Owner of an agent's reservation. The dispatcher makes and ends it; `over` is set before anything else is."""

    __slots__ = ("_dispatcher", "agent", "entry", "id", "leg", "made", "over", "timer")

    def __init__(self, offer_id: str, entry: Entry, agent: Agent, made: float, dispatcher: "Dispatcher") -> None:
        self.id = offer_id
        self.entry = entry
        self.agent = agent
        self.made = made  # loop clock
        self.leg: Leg | None = None
        self.over = False
        self.timer: asyncio.TimerHandle | None = None  # the reservation's deadline
        self._dispatcher = dispatcher

    def ring(self, leg: Leg) -> None:
        """The station rings: from here on the leg's answer, its end or the timer decides."""
        self.leg = leg
        leg.on_answered(self._answered)
        leg.on_gone(self._gone)

    def withdraw(self, why: str) -> None:
        """The agent gives it back (pause, logout, line fault)."""
        self._dispatcher.end(self, "fault" if self.agent.fault else "withdrawn", why)

    def time_over(self) -> None:
        self._dispatcher.end(self, "no_answer", "no answer")

    def _answered(self, _leg: Leg) -> None:
        if not self.over:
            self._dispatcher.connect(self)

    def _gone(self, leg: Leg) -> None:
        if not self.over:
            cause = leg.gone.result()
            self._dispatcher.end(self, _OUTCOMES.get(cause, "fault"), cause.words)
