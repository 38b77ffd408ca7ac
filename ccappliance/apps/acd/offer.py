"""An offer: one entry being rung at one agent's station, until exactly one of its outcomes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.entry import Entry
from ccappliance.base.causes import Cause
from ccappliance.call.leg import Leg
from ccappliance.call.places import LINE_CAUSES

if TYPE_CHECKING:
    from ccappliance.apps.acd.dispatcher import Dispatcher

# A ringing leg that ended by itself: what its cause says of the agent. Anything else is a fault of his line.
OUTCOMES = {Cause.BUSY: "busy", Cause.NO_ANSWER: "no_answer", Cause.NO_RESPONSE: "no_answer",
             Cause.REJECTED: "no_answer", Cause.NORMAL: "no_answer"}


@dataclass(frozen=True, slots=True)
class Step:
    """What must happen between a station's answer and the connection: a key pressed, a customer called back.

    `begin(offer)` starts it and returns; it ends in `offer.proceed()` or `offer.fail(…)`, within `seconds`.
    """

    seconds: float
    begin: Callable[["Offer"], None]


class Offer:
    """Owner of an agent's reservation. The dispatcher makes and ends it; `over` is set before anything else is."""

    __slots__ = ("_before", "_dispatcher", "_steps", "agent", "deadline", "entry", "failed_lines", "id", "leg", "made",
                 "over", "tell", "timer")

    def __init__(self, offer_id: str, entry: Entry, agent: Agent, made: float, ring: float,
                 dispatcher: "Dispatcher") -> None:
        self.id = offer_id
        self.entry = entry
        self.agent = agent
        self.made = made  # loop clock
        self.deadline = made + ring  # of the telephone's answer
        self.failed_lines: list[str] = []  # on the way to an agent outside
        self.leg: Leg | None = None
        self.over = False
        self.timer: asyncio.TimerHandle | None = None  # the reservation's deadline
        self.tell: Callable[[Offer, str], None] | None = None  # told when it has ended without a conversation, and how
        self._before = [*entry.call.before]
        self._steps = [*agent.steps, *entry.call.steps]
        self._dispatcher = dispatcher

    @property
    def before_takes(self) -> float:
        """Seconds at most until the station rings."""
        return sum(step.seconds for step in self._before)

    @property
    def steps_take(self) -> float:
        """Seconds at most from the station's answer to the connection."""
        return sum(step.seconds for step in self._steps)

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

    def proceed(self) -> None:
        """Begin; or a step went well, or the station answered: on to the next, to the bell, or to the connection."""
        if self.over:
            return
        steps = self._before if self.leg is None else self._steps
        if not steps:
            (self._dispatcher.ring if self.leg is None else self._dispatcher.connect)(self)
            return
        step = steps.pop(0)
        self._dispatcher.extend(self, step.seconds)
        step.begin(self)

    def fail(self, outcome: str, why: str) -> None:
        """A step went wrong; `outcome` of OfferEnded."""
        self._dispatcher.end(self, outcome, why)

    def _answered(self, _leg: Leg) -> None:
        self.proceed()

    def _gone(self, leg: Leg) -> None:
        if not self.over and leg is self.leg:
            cause = leg.gone.result()
            if cause in LINE_CAUSES and self.agent.outside and leg.answered_now is None:
                self.failed_lines.append(leg.circuit.name)
                self._dispatcher.ring_again(self)
                return
            self._dispatcher.end(self, OUTCOMES.get(cause, "fault"), cause.words)
