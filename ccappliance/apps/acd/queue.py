"""A queue: a destination where calls wait in order, with those who serve it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Work
from ccappliance.apps.acd.contacts import Contacts
from ccappliance.apps.acd.entry import Connected, Entry, Left
from ccappliance.apps.acd.lane import Demand
from ccappliance.apps.acd.room import Room, WaitingTools
from ccappliance.apps.acd.standing import Rules, Standing
from ccappliance.apps.acd.waiting import Waiting
from ccappliance.base.clock import Clock
from ccappliance.base.limits import MAX_QUEUE_LEN
from ccappliance.call.call import Served
from ccappliance.call.conversation import ConversationEnd
from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.callback import Callbacks
    from ccappliance.apps.acd.dispatcher import Dispatcher
    from ccappliance.apps.acd.settings import QueueSettings
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal


WHOLE = 100.0  # %


class Queue(Standing):
    """One queue; `apply` gives it its settings. Where entries stand is the dispatcher's; calls come in by `run`."""

    def __init__(self, name: str, rules: Rules, *, dispatcher: "Dispatcher", clock: Clock,
                 loop: asyncio.AbstractEventLoop, journal: "Journal", tools: WaitingTools,
                 is_open: Callable[[str], bool], contacts: Contacts, why_closed: Callable[[str], str]) -> None:
        super().__init__(name, rules)
        self._dispatcher = dispatcher
        self._clock = clock
        self._loop = loop
        self._journal = journal
        self._is_open = is_open
        self.room = Room(tools)
        self.callbacks: Callbacks | None = None  # who calls people back, if anybody does
        self._contacts = contacts
        self._why_closed = why_closed

    @property
    def label(self) -> str:
        return self.settings.label or self.name

    def apply(self, settings: "QueueSettings", ageing: bool) -> None:
        """New settings for decisions from now on; those who wait keep their place and their max_wait."""
        self.settings = settings
        self.ageing = ageing
        self.removed = False

    def work(self, entry: Entry) -> Work:
        """What a conversation of this queue leaves its agent to do."""
        settings = self.settings
        return Work(entry.call.id, self.name, settings.wrapup, settings.dispositions, settings.disposition_required)

    # ---- the line moves ----

    def remove(self, entry: Entry) -> None:
        super().remove(entry)
        self.room.line_moved()

    def change(self, entry: Entry, demand: Demand, order_class: int, boost: float) -> None:
        super().change(entry, demand, order_class, boost)
        self.room.line_moved()

    def wait_again(self, entry: Entry) -> None:
        super().wait_again(entry)
        self.room.line_moved()

    # ---- a call ----

    async def run(self, call: "Call") -> str | None:
        """Wait for an agent and talk to him; answers where the call goes on. QueueLeft is written exactly once."""
        turned_away = self._turn_away(call)
        if turned_away is None:
            await call.answer()
            await call.recording.tell(self._asked, self.name)
            turned_away = self._turn_away(call)  # it takes a moment to answer
        if turned_away is not None:
            return turned_away.to
        if self.callbacks is not None:
            self.callbacks.regain(call, self)
        return await self.serve(call, self._entry(call))

    async def serve(self, call: "Call", entry: Entry) -> str | None:
        """From its place in line, which it may have already, to the end of its conversation."""
        waiting = Waiting(entry, call, self.room)
        limit = self.settings.max_wait
        timer = self._loop.call_later(limit.after, self._dispatcher.leave, entry, "timed_out", limit.to)
        if entry.lane is None and entry.ended is None:
            self._dispatcher.enter(entry, *self._wanted(call))
        call.anchor.on_gone(lambda _: self._dispatcher.leave(entry, self._gone(entry, call)))
        try:
            if entry.in_line:
                waiting.start()
            verdict = await entry.verdict
            waiting.stop()
            timer.cancel()
            if isinstance(verdict, Left):
                if verdict.outcome == "callback_taken":
                    await call.play(waiting.farewell())
                return verdict.to
            return await self.talk(call, entry)
        finally:
            timer.cancel()
            waiting.stop()
            self._dispatcher.leave(entry, self._gone(entry, call))
            self._let_go(entry, call)

    async def talk(self, call: "Call", entry: Entry) -> str | None:
        """The conversation of an entry that was answered: where the call goes on after it."""
        assert isinstance(entry.ended, Connected)
        assert entry.ended.offer.leg is not None
        agent = entry.ended.offer.agent.number
        call.served = Served(agent, self.name)
        try:
            end = await call.converse(entry.ended.offer.leg, record=self._asked, queue=self.name, agent=agent)
            return end.next or self._survey(call, end, entry.ended.offer.leg)
        finally:
            self._let_go(entry, call)

    @property
    def _asked(self) -> str:
        """Why its conversations are recorded, if the rules of recordings do not say otherwise."""
        return f"queue {self.name}" if self.settings.record == "always" else ""

    def _survey(self, call: "Call", end: ConversationEnd, agent: Leg) -> str | None:
        """Where a customer goes on whom the agent has hung up on, if he is one of those who are asked."""
        survey = self.settings.survey
        if not survey.to or end.by != "callee" or call.anchor is agent or call.anchor.is_gone:
            return None
        return survey.to if survey.share >= WHOLE or self.room.tools.chance() * WHOLE < survey.share else None

    def _entry(self, call: "Call") -> Entry:
        now, within = self._clock.now(), self.settings.resume_within
        if call.queued_since is None and within:
            call.queued_since = self._contacts.resume(call.calling, self.name, within, now)
        if call.queued_since is None:
            call.queued_since = now
        return Entry(call, self, entered=call.queued_since, clock=self._clock, loop=self._loop)

    def _wanted(self, call: "Call") -> tuple[str, float | None]:
        """The agent the caller talked to last, and until when he waits for him alone."""
        last = self.settings.last_agent
        agent = self._contacts.last_agent(call.calling, last.within, self._clock.wall()) if last.enabled else ""
        return agent, self._clock.now() + last.wait if agent else None

    def closed_to_all(self) -> Left | None:
        """How whoever came now would be turned away; None: he may wait."""
        settings = self.settings
        if settings.closed.calendar and not self._is_open(settings.closed.calendar):
            return Left("closed", settings.closed.destination(self._why_closed(settings.closed.calendar)))
        if len(self.line) - self.callbacks_waiting >= min(settings.max_len.n, MAX_QUEUE_LEN):
            return Left("full", settings.max_len.to)
        return Left("empty", settings.no_agents.to) if self.unstaffed() else None

    def _turn_away(self, call: "Call") -> Left | None:
        left = self.closed_to_all()
        if left is not None:
            self._dispatcher.turn_away(self._entry(call), left.outcome)
        return left

    def _gone(self, entry: Entry, call: "Call") -> str:
        """The outcome of an entry whose caller is gone: by himself, or taken out by us."""
        if not call.anchor.far_end_cleared:
            return "withdrawn"
        short = self._clock.now() - entry.joined < self.settings.short_abandon
        return "short_abandoned" if short else "abandoned"

    def _let_go(self, entry: Entry, call: "Call") -> None:
        """The agent's leg goes with the conversation, unless the call is his own by now (the caller transferred it)."""
        if isinstance(entry.ended, Connected):
            leg = entry.ended.offer.leg
            if leg is not None and leg is not call.anchor:
                leg.clear()
