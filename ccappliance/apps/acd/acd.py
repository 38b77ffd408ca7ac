"""The ACD as the house knows it: destinations, control functions, what it hears of stations, and its reload."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ccappliance.apps.acd.agent import Agent, AgentState, Pause
from ccappliance.apps.acd.agents import Agents
from ccappliance.apps.acd.announcer import Prompts, Says
from ccappliance.apps.acd.contacts import Contacts
from ccappliance.apps.acd.direct import AgentNumber
from ccappliance.apps.acd.dispatcher import Dispatcher
from ccappliance.apps.acd.features import Feature, Features
from ccappliance.apps.acd.outlook import Outlook
from ccappliance.apps.acd.pace import Pace
from ccappliance.apps.acd.queue import Queue
from ccappliance.apps.acd.restore import WHY, Stand
from ccappliance.apps.acd.room import WaitingTools
from ccappliance.apps.acd.settings import AcdSettings
from ccappliance.apps.acd.spoken import Spoken, Values
from ccappliance.apps.acd.standing import Rules
from ccappliance.apps.acd.strategy import STRATEGIES, Counts
from ccappliance.apps.acd.supervising import Supervising
from ccappliance.apps.acd.waiting_settings import ORDERS, Messages, Playlist
from ccappliance.base.clock import Outside
from ccappliance.base.errors import Refused
from ccappliance.call.facts import HoldChanged, MembershipChanged, PlaylistChanged, QueueApplied

if TYPE_CHECKING:
    from ccappliance.apps.acd.callback import Callbacks
    from ccappliance.call.journal import Entry as JournalEntry
    from ccappliance.call.journal import Journal, Wanted


class Speaks(Says, Values, Protocol):
    """Everything the ACD says in numbers: media's Say."""


class Acd:
    """Queues, agents and the dispatcher between them. Requests that do not fit are Refused with a stable code.

    `known_station(number)`: is there such a telephone; `is_open(calendar)`: is it open now. Register `find_queue` for
    destinations `queue:…` and `find_feature` for `agent:…`; let the journal tell `hear`; tell `station_busy` and
    `station_fault` (Switch.watch_stations).
    """

    KINDS: ClassVar["Wanted"] = Pace.KINDS | Contacts.KINDS | {HoldChanged}

    def __init__(self, settings: AcdSettings, *, loop: asyncio.AbstractEventLoop, outside: Outside,
                 journal: "Journal", prompts: Prompts, say: Speaks, known_station: Callable[[str], bool],
                 is_open: Callable[[str], bool], counts: Counts, number_of: Callable[[str], str] = str.strip,
                 why_closed: Callable[[str], str] = lambda calendar: "night") -> None:
        """`number_of(calling)`: its one form, "" if nobody can be known by it; `why_closed(calendar)`: "lunch", …"""
        self._loop = loop
        self._outside = outside
        self._clock = outside.clock
        self._journal = journal
        self._is_open = is_open
        self._why_closed = why_closed
        self.contacts = Contacts(number_of)
        self._rules = Rules(counts, outside.chance.random)
        self._strategies: dict[str, str] = {}  # by queue: what somebody has set until the configuration says otherwise
        self.dispatcher = Dispatcher(loop=loop, outside=outside, journal=journal)
        self.dispatcher.on_empty = self._emptied
        self.pace = Pace()
        self.waiting = WaitingTools(loop, journal, self.dispatcher, prompts, say, Outlook(
            lambda: self.dispatcher.queues, self.pace, outside.clock), outside.chance.random)
        self.book = Agents(clock=outside.clock, loop=loop, journal=journal, known_station=known_station,
                           hear=self._agent_moved, prompts=prompts)
        self.features = Features(self, prompts=prompts, spoken=Spoken(prompts, say, counts, outside.clock),
                                 clock=outside.clock, journal=journal)
        self.station_busy = self.book.station_busy
        self.station_fault = self.book.station_fault
        self._queues: dict[str, Queue] = {}
        self._draining: dict[str, Queue] = {}
        self._opened = False
        self._callbacks: Callbacks | None = None
        self.settings = AcdSettings()
        self.apply(settings)

    def open(self) -> None:
        """The journal is open: tell it whom each queue begins with."""
        self._opened = True
        for queue in self._queues.values():
            self._write_applied(queue, queue.strategy.name, "configuration")

    def restore(self, stands: Mapping[str, Stand]) -> None:
        """After `open`: everybody goes on where he stood when the daemon stopped, if that is not too long ago (F40)."""
        wall = self._clock.wall()
        for number, stand in stands.items():
            queues = [queue for name, queue in self._queues.items() if number in self.settings.members_of(name)]
            wrapup = max([queue.settings.wrapup for queue in queues], default=0.0)
            own = self.settings.agents[number].wrapup if number in self.settings.agents else None
            if self.book.restore(number, stand, wall, max(wrapup, own or 0.0)):
                for queue in queues:
                    if queue.name in stand.out_of:
                        self._sit(self.book.get(number), queue, False, WHY)

    def use(self, callbacks: "Callbacks") -> None:
        """Queues may promise to call people back."""
        self._callbacks = callbacks
        for queue in self.dispatcher.queues:
            queue.callbacks = callbacks

    # ---- destinations ----

    def find_queue(self, name: str) -> Queue | None:
        """`queue:<name>`."""
        return self._queues.get(name)

    def find_feature(self, name: str) -> Feature | Supervising | None:
        """`agent:<feature>`."""
        return self.features.find(name)

    def find_agent(self, number: str) -> AgentNumber | None:
        """`agent-number:<number>`."""
        if number not in self.book.by_number:
            return None
        return AgentNumber(number, self.book, loop=self._loop, outside=self._outside, journal=self._journal)

    # ---- control ----

    def agents(self) -> list[dict[str, Any]]:
        """One mapping for each configured agent, in the order of configuration; seconds are durations."""
        now = self._clock.now()
        return [{
            "agent": agent.number, "name": agent.settings.name, "state": agent.state.value, "why": agent.why,
            "for": round(now - agent.since, 1), "left": _left(agent, now), "station": agent.station,
            "call": agent.call, "after_call": _after_call(agent), "missed_in_a_row": agent.missed_in_a_row,
            "queues": [queue.name for queue in self.dispatcher.seats.get(agent.number, ())],
        } for agent in self.book.by_number.values()]

    def history(self, number: str) -> list[str]:
        """An agent's last moves, oldest first, for people. Refused: no_agent."""
        agent = self.book.by_number.get(number)
        if agent is None:
            raise Refused("no_agent", f"there is no agent {number!r}")
        now = self._clock.now()
        return [f"{now - at:.1f} s ago: {left.value} → {to.value}" + (f" ({why})" if why else "")
                for at, left, to, why in agent.moves()]

    def queues(self) -> list[dict[str, Any]]:
        """One mapping for each queue, those that are being removed last."""
        now = self._clock.now()
        return [{
            "queue": queue.name, "label": queue.label, "strategy": queue.strategy.name, "removed": queue.removed,
            "waiting": len(queue.line), "ringing": len(queue.offered),
            "longest": round(max((now - entry.joined for entry in queue.line), default=0.0), 1),
            "agents": len(queue.members), "free": sum(agent.ready for agent in queue.members.values()),
            "logged_in": sum(agent.state is not AgentState.LOGGED_OUT for agent in queue.members.values()),
            "music": list(queue.room.music.pieces), "messages": list(queue.room.messages.pieces),
        } for queue in self.dispatcher.queues]

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Who waits in a queue, in order. Refused: no_queue."""
        queue = self._queue(name)
        now = self._clock.now()
        return [{"position": position, "call": entry.call.id, "calling": entry.call.calling,
                 "name": entry.call.name, "waited": round(now - entry.joined, 1), "class": entry.order_class,
                 "boost": entry.boost, "demand": entry.demand.words, "kind": entry.kind,
                 "ringing": list(entry.offers), "variables": dict(entry.call.known)}
                for position, entry in enumerate(queue.line, 1)]

    def set_strategy(self, name: str, strategy: str, by: str) -> None:
        """From the next decision on, until a reload changes the queue. Refused: no_queue, no_strategy."""
        queue = self._queue(name)
        if strategy not in STRATEGIES:
            raise Refused("no_strategy", f"there is no strategy {strategy!r}; known: {', '.join(STRATEGIES)}")
        self._strategies[name] = strategy
        self._write_applied(queue, strategy, by)
        queue.seat(queue.members, strategy)
        self.dispatcher.schedule()

    def set_playlist(self, name: str, pieces: Sequence[str], order: str, by: str, *, messages: bool = False) -> None:
        """What waiting callers hear (`messages`: are told between the music) from now on, those who listen included;
        until a reload changes the queue. Refused: no_queue, bad_playlist.
        """
        queue = self._queue(name)
        if order not in ORDERS or not (pieces or messages):
            raise Refused("bad_playlist", f"a playlist has pieces, and an order: {', '.join(ORDERS)}")
        if messages:
            said = Messages(pieces=tuple(pieces), order=order, every=queue.room.messages.every)
            self._play(queue, queue.room.music, said, by)
        else:
            self._play(queue, Playlist(pieces=tuple(pieces), order=order), queue.room.messages, by)

    def set_skills(self, number: str, skills: Mapping[str, int], by: str) -> None:
        """These are an agent's skills until the next reload. Refused: no_agent."""
        agent = self.book.get(number)
        agent.settings = replace(agent.settings, skills=skills)
        for queue in self.dispatcher.seats.get(number, ()):
            self._write_applied(queue, queue.strategy.name, by)
            queue.reseat()
            queue.staff_changed = True  # perhaps nobody can take somebody who waits any more
        self.dispatcher.schedule()

    def login(self, agent: str, station: str = "", by: str = "") -> None:
        """Refused: no_agent, no_station, station_taken, already_logged_in."""
        self.book.login(agent, station, by or "logged in")

    def logout(self, agent: str, by: str = "") -> bool:
        """True: at once; False: when his call is over. Refused: no_agent, not_logged_in."""
        return self.book.logout(agent, by or "logged out")

    def pause(self, agent: str, reason: str, by: str = "") -> bool:
        """True: at once; False: when his call is over. Refused: no_agent, no_reason, not_logged_in, leaving."""
        return self.book.pause(agent, reason, by)

    def resume(self, agent: str, by: str = "") -> None:
        """Refused: no_agent, not_logged_in, not_paused."""
        self.book.resume(agent, by or "resumed")

    def end_wrapup(self, agent: str, by: str = "") -> None:
        """Refused: no_agent, not_logged_in, not_in_wrapup."""
        self.book.end_wrapup(agent, by or "wrap-up ended")

    def extend_wrapup(self, agent: str, by: str = "") -> None:
        """Refused: no_agent, not_logged_in, not_in_wrapup, wrapup_longest."""
        self.book.get(agent).extend_wrapup(by or "wrap-up extended")

    def dispose(self, agent: str, key: str, by: str = "") -> str:
        """The disposition's name. Refused: no_agent, not_logged_in, not_in_wrapup, no_disposition."""
        return self.book.get(agent).dispose(key, by or agent)

    def sit(self, number: str, name: str, present: bool, by: str = "") -> None:
        """An agent leaves one of his queues, until he joins it again or logs out.

        Refused: no_agent, no_queue, not_logged_in, not_a_member, unchanged.
        """
        agent, queue = self.book.get(number), self._queue(name)
        if agent.state is AgentState.LOGGED_OUT:
            raise Refused("not_logged_in", f"agent {number} is not logged in")
        if name not in self.settings.queues or number not in self.settings.members_of(name):
            raise Refused("not_a_member", f"agent {number} does not serve queue {name}")
        if (name not in agent.out_of) is present:
            raise Refused("unchanged", f"agent {number} is {'in' if present else 'out of'} queue {name} already")
        self._sit(agent, queue, present, by or number)

    # ---- what it hears ----

    def hear(self, entry: "JournalEntry") -> None:
        """A journal reader: for what no request tells (hold music of a queue's call), for the pace of the hours, and
        for who has talked to whom.
        """
        self.pace.hear(entry)
        self.contacts.hear(entry)
        fact = entry.fact
        if isinstance(fact, HoldChanged):
            self._loop.call_soon(self.book.held, fact.call, fact.leg, fact.held)

    # ---- reload ----

    def prepare(self, settings: AcdSettings) -> Callable[[], None]:
        """Everything that could fail, now; answers the commit, which cannot. Refused("bad_settings")."""
        for name, queue in settings.queues.items():
            if queue.strategy not in STRATEGIES:
                raise Refused("bad_settings", f"queue {name}: there is no strategy {queue.strategy!r}")
        seats = {name: settings.members_of(name) for name in settings.queues}
        return lambda: self._commit(settings, seats)

    def apply(self, settings: AcdSettings) -> None:
        self.prepare(settings)()

    def _queue(self, name: str) -> Queue:
        queue = self._queues.get(name) or self._draining.get(name)
        if queue is None:
            raise Refused("no_queue", f"there is no queue {name!r}; known: {', '.join(self._queues)}")
        return queue

    def _commit(self, settings: AcdSettings, seats: dict[str, list[str]]) -> None:
        former, self.settings = self.settings, settings
        self.book.apply(settings.agents, settings.pause_reasons)
        kept: dict[str, Queue] = {}
        for name, one in settings.queues.items():
            queue = self._queues.pop(name, None) or self._draining.pop(name, None) or self._make(name)
            queue.apply(one, settings.ageing)
            if former.queues.get(name) != one:
                self._strategies.pop(name, None)
                self._play(queue, one.playlist, one.messages, "configuration" if name in former.queues else "")
            queue.seat(self._present(name, seats[name]), self._strategies.get(name, one.strategy))
            if self._opened:
                self._write_applied(queue, queue.strategy.name, "configuration")
            kept[name] = queue
        for name, queue in self._queues.items():  # removed: who waits is served under the settings he came under
            queue.removed = True
            if len(queue.line):
                self._draining[name] = queue
        for queue in self._draining.values():
            queue.seat({number: agent for number in queue.members if (agent := self.book.here(number)) is not None},
                       queue.strategy.name)
            if self._opened:
                self._write_applied(queue, queue.strategy.name, "removed")
        self._queues = kept
        self._seat()
        if former.ageing is not settings.ageing:
            self._rank_anew()
        if self._callbacks is not None:
            self._callbacks.applied()

    def _present(self, name: str, numbers: list[str]) -> dict[str, Agent]:
        agents = [self.book.by_number[number] for number in numbers]
        return {agent.number: agent for agent in agents if name not in agent.out_of}

    def _sit(self, agent: Agent, queue: Queue, present: bool, by: str) -> None:
        self._journal.write(MembershipChanged(agent.number, queue.name, present, by))
        if present:
            agent.out_of.pop(queue.name)
        else:
            agent.out_of[queue.name] = None
        queue.seat(self._present(queue.name, self.settings.members_of(queue.name)), queue.strategy.name)
        self._write_applied(queue, queue.strategy.name, by)
        self._seat()

    def _agent_moved(self, agent: Agent, left: AgentState) -> None:
        self.dispatcher.agent_moved(agent, left)
        if agent.state is AgentState.LOGGED_OUT and agent.out_of:
            self._loop.call_soon(self._all_back, agent)  # he is in the middle of his move

    def _all_back(self, agent: Agent) -> None:
        """A logout ends what was for a while, and forgets queues a reload has taken from him."""
        for name in list(agent.out_of):
            queue = self._queues.get(name)
            if queue is not None and self.book.by_number.get(agent.number) is agent:
                self._sit(agent, queue, True, "logged out")
        agent.out_of.clear()

    def _make(self, name: str) -> Queue:
        queue = Queue(name, self._rules, dispatcher=self.dispatcher, clock=self._clock, loop=self._loop,
                      journal=self._journal, tools=self.waiting, is_open=self._is_open, contacts=self.contacts,
                      why_closed=self._why_closed)
        queue.callbacks = self._callbacks
        return queue

    def _seat(self) -> None:
        """Everybody to his seats: memberships, free agents, and the dispatcher's fixed order of queues."""
        dispatcher = self.dispatcher
        dispatcher.queues = [*self._queues.values(), *self._draining.values()]
        dispatcher.seats = {number: [] for number in self.book.by_number}
        for queue in dispatcher.queues:
            for number in queue.members:
                dispatcher.seats.setdefault(number, []).append(queue)
        dispatcher.schedule()

    def _rank_anew(self) -> None:
        """Everybody to his place in the other order."""
        for queue in self.dispatcher.queues:
            queue.ageing = self.settings.ageing
            for entry in list(queue.line):
                queue.change(entry, entry.demand, entry.order_class, entry.boost)

    def _write_applied(self, queue: Queue, strategy: str, why: str) -> None:
        self._journal.write(QueueApplied(queue.name, strategy, [
            {"agent": number, "tier": seat.tier, "weight": seat.weight,
             "skills": dict(queue.members[number].settings.skills)} for number, seat in queue.seats.items()], why,
            self.settings.ageing, queue.settings.service_level))

    def _play(self, queue: Queue, music: Playlist, messages: Messages, why: str) -> None:
        """`why`: "" if nobody has heard anything else here."""
        room = queue.room
        if why and music != room.music:
            self._journal.write(PlaylistChanged(queue.name, "music", list(music.pieces), music.order, why))
        if why and messages != room.messages:
            self._journal.write(PlaylistChanged(queue.name, "messages", list(messages.pieces), messages.order, why))
        room.exchange(music, messages)

    def _emptied(self, queue: Queue) -> None:
        """The last one left a queue that was removed."""
        if self._draining.get(queue.name) is queue:
            del self._draining[queue.name]
            self._loop.call_soon(self._seat)


def _left(agent: Agent, now: float) -> float | None:
    return None if agent.until is None else round(max(0.0, agent.until - now), 1)


def _after_call(agent: Agent) -> str:
    return f"pause: {agent.pending.reason}" if isinstance(agent.pending, Pause) else agent.pending
