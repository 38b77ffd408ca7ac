"""A queue: a destination where calls wait in order, with those who serve it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.announcer import Announcer, Prompts, Says
from ccappliance.apps.acd.entry import Connected, Entry, EntryState, Free, Left, Line
from ccappliance.apps.acd.strategy import STRATEGIES, Strategy
from ccappliance.base.clock import Clock
from ccappliance.base.limits import MAX_QUEUE_LEN

if TYPE_CHECKING:
    from ccappliance.apps.acd.dispatcher import Dispatcher
    from ccappliance.apps.acd.settings import QueueSettings
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

_AWAY = (AgentState.LOGGED_OUT, AgentState.PAUSED, AgentState.LINE_FAULT)


class Queue:
    """One queue; `apply` gives it its settings. Its lines are the dispatcher's; calls come in through `run`."""

    settings: "QueueSettings"
    strategy: Strategy

    def __init__(self, name: str, *, dispatcher: "Dispatcher", clock: Clock,
                 loop: asyncio.AbstractEventLoop, journal: "Journal", prompts: Prompts, say: Says,
                 is_open: Callable[[str], bool]) -> None:
        self.name = name
        self.members: Mapping[str, Agent] = {}  # by number, in the order of configuration
        self.line = Line()  # everybody who waits, rung or not: what positions are counted in
        self.waiting = Line()  # those nobody is being rung for
        self.offered: dict[str, Entry] = {}  # those somebody is being rung for, by call
        self.free = Free()
        self.staff_changed = False
        self.removed = False  # taken out of the configuration: serves those who wait and then ends (F56)
        self._dispatcher = dispatcher
        self._clock = clock
        self._loop = loop
        self._journal = journal
        self._prompts = prompts
        self._say = say
        self._is_open = is_open

    @property
    def label(self) -> str:
        return self.settings.label or self.name

    def apply(self, settings: "QueueSettings") -> None:
        """New settings for decisions from now on; those who wait keep their place and their max_wait."""
        self.settings = settings
        self.strategy = STRATEGIES[settings.strategy]
        self.removed = False

    # ---- a call ----

    async def run(self, call: "Call") -> str | None:
        """Wait for an agent and talk to him; answers where the call goes on. QueueLeft is written exactly once."""
        turned_away = self._turn_away(call)
        if turned_away is None:
            await call.answer()
            turned_away = self._turn_away(call)  # it takes a moment to answer
        if turned_away is not None:
            return turned_away.to
        entry = self._entry(call)
        announcer = Announcer(entry, prompts=self._prompts, say=self._say, journal=self._journal, loop=self._loop)
        limit = self.settings.max_wait
        timer = self._loop.call_later(limit.after, self._dispatcher.leave, entry, "timed_out", limit.to)
        self._dispatcher.enter(entry)
        call.anchor.on_gone(lambda _: self._dispatcher.leave(entry, self._gone(entry)))
        try:
            if entry.in_line:
                announcer.start()
            verdict = await entry.verdict
            announcer.stop()
            timer.cancel()
            if isinstance(verdict, Left):
                return verdict.to
            assert verdict.offer.leg is not None
            record = f"queue {self.name}" if self.settings.record == "always" else ""
            return (await call.converse(verdict.offer.leg, record=record)).next
        finally:
            timer.cancel()
            announcer.stop()
            self._dispatcher.leave(entry, self._gone(entry))
            self._let_go(entry)

    def _entry(self, call: "Call") -> Entry:
        if call.queued_since is None:
            call.queued_since = self._clock.now()
        return Entry(call, self, entered=call.queued_since, clock=self._clock, loop=self._loop)

    def _turn_away(self, call: "Call") -> Left | None:
        settings = self.settings
        if settings.closed.calendar and not self._is_open(settings.closed.calendar):
            left = Left("closed", settings.closed.to)
        elif len(self.line) >= min(settings.max_len.n, MAX_QUEUE_LEN):
            left = Left("full", settings.max_len.to)
        elif self.unstaffed():
            left = Left("empty", settings.no_agents.to)
        else:
            return None
        self._dispatcher.turn_away(self._entry(call), left.outcome)
        return left

    def _gone(self, entry: Entry) -> str:
        """The outcome of an entry whose caller is gone: by himself, or taken out by us."""
        if not entry.call.anchor.far_end_cleared:
            return "withdrawn"
        short = self._clock.now() - entry.joined < self.settings.short_abandon
        return "short_abandoned" if short else "abandoned"

    def _let_go(self, entry: Entry) -> None:
        """The agent's leg goes with the conversation, unless the call is his own by now (the caller transferred it)."""
        if isinstance(entry.ended, Connected):
            leg = entry.ended.offer.leg
            if leg is not None and leg is not entry.call.anchor:
                leg.clear()

    # ---- for the dispatcher ----

    def position(self, entry: Entry) -> int:
        """From 1."""
        return self.line.place(entry.key) + 1

    def add(self, entry: Entry) -> None:
        self.line.add(entry)
        self.waiting.add(entry)

    def offer(self, entry: Entry) -> None:
        self.waiting.remove(entry)
        self.offered[entry.call.id] = entry

    def wait_again(self, entry: Entry) -> None:
        del self.offered[entry.call.id]
        self.waiting.add(entry)

    def remove(self, entry: Entry) -> None:
        """Before the entry moves out of line."""
        self.line.remove(entry)
        if entry.state is EntryState.OFFERED:
            del self.offered[entry.call.id]
        else:
            self.waiting.remove(entry)

    def candidates(self, entry: Entry) -> list[Agent]:
        """The free agents who may take this entry, the longest idle first.

        Who did not answer it is not asked again before everybody who serves the queue has been.
        """
        tried = entry.tried
        if tried and all(number in tried for number, agent in self.members.items() if agent.serving):
            tried.clear()
        return [self.members[number] for _, number in self.free if number not in tried]

    def may_take(self, entry: Entry, agent: Agent) -> bool:
        """Whether `candidates` would name this agent now."""
        return agent.number in self.members and agent.ready and agent.number not in entry.tried

    def excluded(self, entry: Entry, chosen: Sequence[Agent], now: float) -> dict[str, str]:
        """Why everybody else was not chosen, for `explain`."""
        names = {agent.number for agent in chosen}
        reasons = {}
        for number, agent in self.members.items():
            if number in names:
                continue
            if not agent.ready:
                reasons[number] = agent.reason(now)
            elif number in entry.tried:
                reasons[number] = "did not answer this call"
            else:
                reasons[number] = f"idle {now - agent.idle_since:.1f} s"
        return reasons

    def unstaffed(self) -> bool:
        """Nobody serves, as `no_agents.policy` understands it."""
        policy = self.settings.no_agents.policy
        if policy == "wait":
            return False
        away = _AWAY if policy == "paused" else (AgentState.LOGGED_OUT,)
        return all(agent.state in away for agent in self.members.values())
