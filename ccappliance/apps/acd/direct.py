"""`agent-number:1001`: an agent is called himself, wherever he sits, and only if he is ready; no queue is asked."""

import asyncio
from typing import TYPE_CHECKING

from ccappliance.apps.acd.accept import WITHIN
from ccappliance.apps.acd.agent import Agent, Work
from ccappliance.apps.acd.agents import Agents
from ccappliance.apps.acd.offer import OUTCOMES
from ccappliance.apps.acd.retold import DIRECT
from ccappliance.base.causes import Cause
from ccappliance.base.clock import Outside
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call.facts import OfferEnded, OfferMade
from ccappliance.call.leg import Leg
from ccappliance.call.places import StationSettings, connect

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

RING = 30.0  # s, as long as a blind transfer rings


class DirectOffer:
    """Owner of an agent's reservation for a call that asks for him, until he answers or it is over."""

    def __init__(self, offer_id: str, agent: Agent, call: "Call", *, loop: asyncio.AbstractEventLoop,
                 outside: Outside, journal: "Journal") -> None:
        self.id = offer_id
        self._agent = agent
        self._call = call
        self._loop = loop
        self._clock = outside.clock
        self._journal = journal
        self._leg: Leg | None = None
        self._over = False
        self._made = self._clock.now()
        self._timer: asyncio.TimerHandle | None = None

    def ring(self) -> Leg:
        """Refused if his telephone can't be rung."""
        agent, call = self._agent, self._call
        assert agent.reach is not None
        seconds = agent.reach.seconds(RING)
        bound = self._made + seconds + (WITHIN if agent.accept else 0.0)
        self._journal.write(OfferMade(self.id, call.id, "", agent.number, agent.station, DIRECT, {}))
        agent.reserve(self, call.id, bound)
        try:
            leg = self._leg = agent.reach.ring(call, "")
        except (Refused, LineFault) as error:
            busy = isinstance(error, Refused) and error.code in ("busy", "no_line")
            self._end("busy" if busy else "fault", str(error))
            raise Refused("busy", f"agent {agent.number} can't be rung: {error}") from error
        agent.ring(leg, bound)
        self._timer = self._loop.call_later(seconds, self._time_over)
        if agent.accept is not None:
            leg.screen = self._ask
        leg.on_answered(self._answered)
        leg.on_gone(self._gone)
        return leg

    def withdraw(self, why: str) -> None:
        """The agent gives it back (pause, logout, line fault)."""
        self._end("fault" if self._agent.fault else "withdrawn", why)

    def _ask(self, leg: Leg) -> None:
        assert self._agent.accept is not None
        self._wait(WITHIN)
        self._agent.accept.ask(leg, "call_for_you", None, leg.admit, lambda: self._end("no_answer", "declined"))

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._time_over)

    def _time_over(self) -> None:
        self._end("no_answer", "no answer")

    def _answered(self, leg: Leg) -> None:
        if self._over:
            return
        self._close("answered")
        self._agent.talk(leg, Work(self._call.id, "", 0.0, {}, False))
        self._agent.follow(leg)

    def _gone(self, leg: Leg) -> None:
        if not self._over:
            cause = leg.gone.result()
            self._end(OUTCOMES.get(cause, "fault") if leg.far_end_cleared else "caller_gone", cause.words)

    def _close(self, outcome: str) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        rang = round(self._clock.now() - self._made, 3)
        self._journal.write(OfferEnded(self.id, self._call.id, self._agent.number, outcome, rang))

    def _end(self, outcome: str, why: str) -> None:
        """Without a conversation: the agent is let go, his telephone stops."""
        if self._over:
            return
        self._close(outcome)
        if outcome in ("busy", "fault") and not self._agent.fault:
            self._agent.refused("busy" if outcome == "busy" else "blocked", why)
        else:
            self._agent.released(why)
        if self._leg is not None:
            self._leg.clear(Cause.NO_ANSWER if outcome == "no_answer" else Cause.NORMAL)


class AgentNumber:
    """One agent as a destination: of a route, of a flow, of a transfer."""

    def __init__(self, number: str, book: Agents, *, loop: asyncio.AbstractEventLoop, outside: Outside,
                 journal: "Journal") -> None:
        self._number = number
        self._book = book
        self._loop = loop
        self._outside = outside
        self._journal = journal

    def place(self, call: "Call", *, calling: str = "") -> Leg:
        """Ring him; his leg. Refused: no_agent, busy (also: paused, in wrap-up, logged out)."""
        del calling  # he sees the customer, not the colleague who transfers
        agent = self._book.get(self._number)
        if not agent.ready:
            raise Refused("busy", f"agent {self._number} is {agent.reason(self._outside.clock.now())}")
        offer = DirectOffer(self._outside.ids.part(call.id, "offer"), agent, call, loop=self._loop,
                            outside=self._outside, journal=self._journal)
        return offer.ring()

    async def run(self, call: "Call") -> str | None:
        try:
            leg = self.place(call)
        except Refused:
            call.anchor.clear(Cause.BUSY)
            return None
        own = StationSettings(ring=300.0)  # the offer has its own, shorter time
        return await connect(call, leg, own, agent=self._number)
