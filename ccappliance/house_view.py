"""The house as its doors see it: interfaces/control/view.py, answered from memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast

from ccappliance import VERSION
from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts, reports
from ccappliance.call.call import Call
from ccappliance.call.callback_figures import CallbackFigures
from ccappliance.call.figures import VARIANTS
from ccappliance.call.journal import Entry
from ccappliance.call.leg import LegState
from ccappliance.call.recount import shown
from ccappliance.call.routes import Routed
from ccappliance.call.supervision import summon
from ccappliance.config.history import ConfigHistory
from ccappliance.config.keys import KeyInfo
from ccappliance.config.load import Loaded
from ccappliance.config.show import plain
from ccappliance.drivers.api import Channel
from ccappliance.house import House
from ccappliance.house_config import ConfigDesk
from ccappliance.interfaces.control import view
from ccappliance.interfaces.control.audit import Shown
from ccappliance.interfaces.control.custody import HouseRecordings
from ccappliance.interfaces.control.customers import CustomerDesk
from ccappliance.interfaces.control.feed import Feed
from ccappliance.interfaces.control.history import Told, day_of
from ccappliance.interfaces.control.isdn import Isdn
from ccappliance.interfaces.control.messages import HouseMessages
from ccappliance.interfaces.control.past import PastCalls
from ccappliance.signalling.signals import Circuit
from ccappliance.site import FxsLine, Site

_IN = {"flow": "ivr", "queue": "waiting"}  # kind of destination → state of a call that is alone there
FLUSH = 1.0  # s a listing waits for what ended a moment ago; with the disk in trouble it shows what there is
MOST_ROWS = 1_000_000  # of the database held against the journal
TRAIL = 32  # destinations remembered of a call


class Health(Protocol):
    """What only the daemon knows of itself."""

    state: str

    @property
    def pid(self) -> int: ...

    @property
    def uptime(self) -> float: ...


class View:
    """A HouseView. It also follows the journal, for what no object remembers: a call's trail."""

    def __init__(self, house: House, loaded: Loaded[Site], directory: Path, health: Health, kept: ConfigHistory
                 ) -> None:
        """`directory`: of the configuration that is `loaded`; `kept`: those of the past."""
        self._house = house
        self._directory = directory
        self._health = health
        self._desk = ConfigDesk(house, loaded, directory, kept, self.calls)
        self.headquarters: Callable[[], dict[str, Any]] = dict  # what headquarters was told; the daemon knows
        self._trails: dict[str, list[str]] = {}
        self._recording: dict[str, str] = {}
        self.isdn = Isdn(house.lines.spans, house.around.outside.clock)
        self.messages = HouseMessages(house.mailroom, house.switch)
        self.customers = CustomerDesk(house.customers, house.aside, house.around.outside.clock, house.journal.write)
        self.custody = HouseRecordings(house.keep.custody, house.switch, house.aside)
        self.past = PastCalls(house.tables.cdrs, house.tables.legs, house.tables.keeping, house.tables.search,
                              lambda: house.around.store.flush(FLUSH), house.timezone,
                              house.switch.calls.__contains__, house.journal.write)
        sink = house.around.sink
        self.history = Told(sink.read, sink.about, self._shown, house.timezone, house.around.outside.clock.wall)
        house.journal.follow(self._hear)

    # ---- the box ----

    def status(self) -> view.Status:
        house, now = self._house, self._now
        stats = house.around.media.stats()
        total = house.figures.total()
        return {
            "version": VERSION, "site": house.site.system.name, "pid": self._health.pid,
            "uptime": round(self._health.uptime, 1), "state": self._health.state, "driver": house.around.driver.name,
            "config": str(self._directory), "journal_seq": house.journal.seq, "calls": len(house.switch.calls),
            "waiting": sum(row["waiting"] for row in house.acd.queues()),
            "agents": dict(Counter(row["state"] for row in house.acd.agents())),
            "channels": dict(Counter(_state(circuit) for circuit in house.switch.circuits.values())),
            "today": {"offered": total.offered, "answered": total.answered, "abandoned": total.abandoned,
                      "service_level": round(total.service_level or 0.0, 4)},
            "service_level_is": f"{total.variant}: {VARIANTS[total.variant]}",
            "ticks": stats.ticks, "late_ticks": stats.late, "worst_late": round(stats.worst_late, 6),
            "headquarters": self.headquarters(),
            "alarms": [{"alarm": one.alarm, "subject": one.subject, "words": one.words,
                        "since": round(now - one.since, 1)} for one in house.alarms.standing()],
        }

    def spans(self) -> list[view.SpanRow]:
        in_use = {self._house.lines.wires[name].number for name, circuit in self._house.switch.circuits.items()
                  if _state(circuit) not in ("idle", "blocked")}
        return [{"number": span.number, "name": span.name, "description": span.description,
                 "channels": len(span.channels), "in_use": len(in_use.intersection(span.channels)),
                 "alarm": span.alarm or ""} for span in self._house.around.driver.spans()]

    def span(self, number: int) -> view.SpanDetail:
        rows = {row["number"]: row for row in self.spans()}
        if number not in rows:
            raise Refused("no_such_span", f"there is no span {number}; spans: {', '.join(map(str, rows)) or 'none'}")
        span = next(span for span in self._house.around.driver.spans() if span.number == number)
        health = asdict(span.health) if span.health is not None else {}
        words = str(health.pop("words", span.alarm or ""))
        lines = [name for name, line in self._house.site.lines.items() if line.channel in span.channels]
        return {**rows[number], "words": words, "health": health, "lines": lines}

    def channels(self) -> list[view.ChannelRow]:
        return [self._channel_row(name) for name in self._house.switch.circuits]

    def channel(self, name: str) -> view.ChannelDetail:
        house = self._house
        if house.switch.has_station(name):
            name = house.switch.station(name).name
        if name not in house.switch.circuits:
            raise Refused("no_such_channel", f"there is no line or station {name!r}; lines: "
                          + ", ".join(house.switch.circuits))
        circuit = house.switch.circuits[name]
        status = self._card_channel(name).status()
        return {**self._channel_row(name), "off_hook": status.off_hook, "ringing": status.ringing,
                "reversed": status.reversed, "since": round(self._now - circuit.since, 1),
                "calls_today": house.figures.lines.get(name, 0),
                "settings": plain(house.site.lines[house.lines.line_of[name]], KeyInfo(doc="")),
                "history": circuit.history()}

    async def report(self, report: str, since: str, until: str, per: str, name: str, variant: str
                     ) -> list[dict[str, Any]]:
        store = self._house.around.store
        last = day_of(until) or self._house.around.outside.clock.wall().astimezone(self._house.timezone).date()
        first = day_of(since) or last - timedelta(days=6)
        self._house.tables.rollups.write()
        await store.flush(FLUSH)
        return reports.rows(store, report, first, last, by=per, name=name, variant=variant)

    # ---- calls ----

    def calls(self) -> list[view.CallRow]:
        return [self._call_row(call) for call in self._house.switch.calls.values()]

    def call(self, call_id: str) -> view.CallDetail:
        call = self._house.switch.calls.get(call_id)
        if call is None:
            raise Refused("no_such_call", f"there is no call {call_id}; `ccappliance calls list` shows those alive")
        return {**self._call_row(call), "variables": dict(call.known),
                "legs": [{"id": leg.id, "line": leg.circuit.name, "party": leg.party.number,
                          "state": leg.state.value, "since": round(self._now - leg.since, 1)} for leg in call.legs],
                "recording": self._recording.get(call_id, ""), "trail": list(self._trails.get(call_id, []))}

    def hang_up(self, call_id: str, by: str) -> None:
        if call_id not in self._house.switch.calls:
            raise Refused("no_such_call", f"there is no call {call_id}; `ccappliance calls list` shows those alive")
        self._house.switch.hang_up(call_id, Cause.NORMAL, by)

    def originate(self, station: str, number: str, group: str, by: str) -> view.CallRow:
        if not self._house.switch.has_station(station):
            raise Refused("no_such_station", f"there is no station {station}")
        return self._call_row(self._house.switch.originate(station, number, group, by))

    def play_prompt(self, name: str, language: str, station: str, by: str) -> view.CallRow:
        book, switch = self._house.prompts.book, self._house.switch
        language = language or book.default_language
        if not book.source(name, language):
            raise Refused("no_such_prompt", f"there is no prompt {name!r} in {language!r}; "
                          "`ccappliance prompts list` shows those there are")
        if not switch.has_station(station):
            raise Refused("no_such_station", f"there is no station {station}")
        return self._call_row(switch.call_station(station, Routed(f"prompt:{language}/{name}", f"prompt for {by}"),
                                                  called=station, name=name))

    def listen(self, call_id: str, station: str, mode: str, by: str) -> view.CallRow:
        switch = self._house.switch
        if call_id not in switch.calls:
            raise Refused("no_such_call", f"there is no call {call_id}; `ccappliance calls list` shows those alive")
        if not switch.has_station(station):
            raise Refused("no_such_station", f"there is no station {station}")
        return self._call_row(summon(switch, call_id, station, mode, by))

    # ---- agents and queues ----

    @property
    def supervisor(self) -> view.Supervisor:
        return self._house.interventions

    def agents(self) -> list[view.AgentRow]:
        return [self._agent_row(row) for row in self._house.acd.agents()]

    def agent(self, number: str) -> view.AgentDetail:
        row = self._raw_agent(number)
        figures, now = self._house.figures.agent(number), self._now
        return {**self._agent_row(row), "missed": figures.missed,
                "talk": round(figures.seconds("talking", now) + figures.seconds("hold", now), 1),
                "wrapup": round(figures.seconds("wrapup", now), 1), "paused": round(figures.seconds("paused", now), 1),
                "history": self._house.acd.history(number), "variables": self._known(row["call"])}

    def agent_set(self, number: str, request: str, *, station: str, reason: str, by: str) -> view.AgentRow:
        acd = self._house.acd
        self._raw_agent(number)
        match request:
            case "login":
                acd.login(number, station, by)
            case "logout":
                acd.logout(number, by)
            case "pause":
                acd.pause(number, reason or acd.settings.pause_reasons[0].name, by)
            case "resume":
                acd.resume(number, by)
            case "ready":
                acd.end_wrapup(number, by)
            case _:
                raise Refused("bad_parameters", f"an agent can't be asked to {request!r}")
        return self._agent_row(self._raw_agent(number))

    def queues(self) -> list[view.QueueRow]:
        return [self._queue_row(row) for row in self._house.acd.queues()]

    def queue(self, name: str) -> view.QueueDetail:
        rows = [row for row in self._house.acd.queues() if row["queue"] == name]
        if not rows:
            raise Refused("no_such_queue", f"there is no queue {name!r}; queues: {', '.join(self._house.site.queues)}")
        members: list[view.MembershipRow] = [
            {"agent": row["agent"], "name": row["name"], "state": row["state"], "station": row["station"]}
            for row in self._house.acd.agents() if name in row["queues"]]
        entries: list[view.EntryRow] = [
            {"position": row["position"], "call": row["call"], "calling": row["calling"], "name": row["name"],
             "waited": row["waited"], "order_class": row["class"], "boost": row["boost"], "demand": row["demand"],
             "kind": row["kind"], "ringing": row["ringing"], "state": "offered" if row["ringing"] else "waiting",
             "variables": row["variables"]}
            for row in self._house.acd.entries(name)]
        return {**self._queue_row(rows[0]), "entries": entries, "members": members}

    def queue_playlist(self, name: str, pieces: Sequence[str], order: str, messages: bool, by: str) -> view.QueueRow:
        self.queue(name)
        known = self._house.prompts.book.names()
        unknown = [piece for piece in pieces if piece not in known]
        if unknown:
            raise Refused("no_such_prompt", f"there is no prompt {unknown[0]!r}; prompts: {', '.join(known)}")
        self._house.acd.set_playlist(name, pieces, order, by, messages=messages)
        return self.queue(name)

    def callbacks(self) -> list[view.CallbackRow]:
        return cast("list[view.CallbackRow]", self._house.callbacks.list())

    async def callbacks_ended(self, limit: int) -> list[view.EndedCallbackRow]:
        await self._house.around.store.flush(FLUSH)
        return [{"callback": one.callback, "queue": one.queue, "number": one.number,
                 "promised_at": _stamp(datetime.fromisoformat(one.promised_at)),
                 "ended_at": _stamp(datetime.fromisoformat(one.ended_at)), "outcome": one.outcome, "why": one.why,
                 "waited": one.waited, "attempts": one.attempts, "low": one.low, "high": one.high}
                for one in self._house.tables.callbacks.ended(limit)]

    def callbacks_report(self) -> list[view.CallbackReportRow]:
        figures = self._house.figures.callbacks
        waiting = Counter(row["queue"] for row in self._house.callbacks.list())
        promising = [name for name, queue in self._house.site.queues.items() if queue.callback.enabled]
        rows = [{"queue": name, "waiting": waiting[name], **figures.get(name, CallbackFigures()).as_row()}
                for name in dict.fromkeys([*promising, *figures, *waiting])]
        return cast("list[view.CallbackReportRow]", rows)

    def callback_set(self, callback: str, request: str, by: str) -> None:
        match request:
            case "cancel":
                self._house.callbacks.cancel(callback, by)
            case "retry":
                self._house.callbacks.retry(callback, by)
            case _:
                raise Refused("bad_parameters", f"a callback can't be asked to {request!r}")

    # ---- records ----

    def pause_recording(self, call_id: str, paused: bool, by: str) -> None:
        recorder = self._house.recorder
        if paused and not recorder.pause(call_id, by):
            raise Refused("not_recorded", f"call {call_id} is not being recorded; `ccappliance calls list` shows those "
                                          "alive")
        if not paused and not recorder.resume(call_id, by):
            raise Refused("not_paused", f"no recording of call {call_id} is paused by {by}: who has paused it must let "
                                        "it go on")

    async def recordings(self, *, limit: int, call_id: str) -> list[view.RecordingRow]:
        await self._house.around.store.flush(FLUSH)  # what ended a moment ago is in the list
        rows = self._house.tables.cdrs.recordings(limit, call_id or None)
        root = self._house.recorder.directory
        gone = self._house.tables.keeping.gone(row.recording for row in rows)
        return [{"id": row.recording, "call": row.call,
                 "path": str(root / (row.file or row.path)) if root and row.path and row.recording not in gone else "",
                 "started_at": _stamp(row.ended_at - timedelta(seconds=row.seconds)), "seconds": row.seconds,
                 "lost": row.lost, "state": "purged" if row.recording in gone else row.state,
                 "parties": self._parties(row.call)} for row in rows]

    async def journal(self, *, last: int, start: int, follow: bool, kinds: Sequence[str]
                      ) -> AsyncIterator[dict[str, Any]]:
        unknown = [kind for kind in kinds if kind not in facts.Kinds.BY_NAME]
        if unknown:
            raise Refused("bad_parameters", f"there is no fact {unknown[0]!r}; see docs/journal.md")
        feed: Feed[Entry] = Feed()
        wanted = frozenset(kinds)
        journal = self._house.journal

        def push(entry: Entry) -> None:
            if not wanted or type(entry.fact).__name__ in wanted:
                feed.push(entry)

        upto = journal.seq
        if follow:
            journal.follow(push)
        try:
            past = await asyncio.get_running_loop().run_in_executor(None, self._past, last, start, upto, wanted)
            for entry in past:
                yield entry.as_dict()
            if follow:
                async for entry in feed:
                    yield entry.as_dict()
        finally:
            journal.unfollow(push)

    # ---- configuration ----

    @property
    def configuring(self) -> ConfigDesk:
        return self._desk

    async def config_check(self, directory: str) -> view.ConfigVerdict:
        return await self._desk.check(directory)

    async def config_reload(self, by: str) -> view.ReloadOutcome:
        return await self._desk.apply(by)

    def config_show(self) -> list[view.KeyRow]:
        return self._desk.rows()

    # ---- inside ----

    async def _shown(self) -> Shown:
        """One moment's figures, and the database when it has everything of that moment."""
        house = self._house
        seq, figures = house.journal.seq, shown(house.figures)
        await house.around.store.flush(FLUSH)
        return Shown(seq, figures, house.tables.cdrs.recent(MOST_ROWS), house.tables.cdrs.recordings(MOST_ROWS),
                     house.tables.legs.legs)

    @property
    def _now(self) -> float:
        return self._house.around.outside.clock.now()

    def _past(self, last: int, start: int, upto: int, wanted: frozenset[str]) -> list[Entry]:
        """In a thread: the files are read, nothing of the house is touched."""
        begin = start or 1
        if not start and not wanted:
            begin = max(1, upto - last + 1)
        entries = [entry for entry in self._house.around.sink.read(begin)
                   if entry.seq <= upto and (not wanted or type(entry.fact).__name__ in wanted)]
        return entries if start else entries[len(entries) - min(last, len(entries)):]

    def _hear(self, entry: Entry) -> None:
        fact = entry.fact
        match fact:
            case facts.CallRouted():
                self._trails.setdefault(fact.call, []).append(fact.destination)
                del self._trails[fact.call][:-TRAIL]
            case facts.RecordingStarted():
                self._recording[fact.call] = fact.path
            case facts.RecordingEnded():
                self._recording.pop(fact.call, None)
            case facts.CallEnded():
                self._trails.pop(fact.call, None)

    def _card_channel(self, name: str) -> Channel:
        return self._house.lines.wires[name]

    def _channel_row(self, name: str) -> view.ChannelRow:
        switch, line, channel = self._house.switch, self._house.site.lines[self._house.lines.line_of[name]], \
            self._card_channel(name)
        circuit = switch.circuits[name]
        leg = switch.leg_on(name)
        return {"name": name, "number": channel.number, "span": channel.span, "kind": circuit.kind,
                "station": line.station if isinstance(line, FxsLine) else "", "state": _state(circuit),
                "call": leg.call.id if leg and not leg.is_gone else "",
                "alarm": circuit.blocked.words if circuit.blocked else ""}

    def _call_row(self, call: Call) -> view.CallRow:
        trail = self._trails.get(call.id, [])
        where = trail[-1] if trail else ""
        agent = next((row["agent"] for row in self._house.acd.agents() if row["call"] == call.id), "")
        talking = sum(leg.state is LegState.ANSWERED for leg in call.legs) > 1
        if call.anchor.state is not LegState.ANSWERED:
            state = "offered"
        else:
            state = "talking" if talking else _IN.get(where.partition(":")[0], "connected")
        seconds = self._now - call.offered_now
        return {"id": call.id, "direction": call.direction, "calling": call.calling, "called": call.called,
                "name": call.name, "line": call.line, "state": state, "where": where, "agent": agent,
                "started_at": _stamp(call.offered_at), "seconds": round(seconds, 1)}

    def _raw_agent(self, number: str) -> dict[str, Any]:
        rows = [row for row in self._house.acd.agents() if row["agent"] == number]
        if not rows:
            raise Refused("no_such_agent", f"there is no agent {number}; agents: {', '.join(self._house.site.agents)}")
        return rows[0]

    def _agent_row(self, row: dict[str, Any]) -> view.AgentRow:
        return {"number": row["agent"], "name": row["name"], "state": row["state"],
                "reason": row["why"] if row["state"] == AgentState.PAUSED.value else "", "since": row["for"],
                "until": row["left"], "station": row["station"], "call": row["call"], "queues": row["queues"],
                "answered": self._house.figures.agent(row["agent"]).answered}

    def _queue_row(self, row: dict[str, Any]) -> view.QueueRow:
        figures = self._house.figures.queue(row["queue"])
        states = Counter(one["state"] for one in self._house.acd.agents() if row["queue"] in one["queues"])
        busy = sum(states[state] for state in ("reserved", "ringing", "talking", "hold", "wrapup"))
        level, wait = figures.service_level, figures.average_wait
        settings = self._house.site.queues.get(row["queue"])
        threshold = settings.service_level if settings else 0.0
        return {"name": row["queue"], "label": row["label"], "strategy": row["strategy"], "waiting": row["waiting"],
                "longest_wait": row["longest"], "agents_ready": states["ready"], "agents_busy": busy,
                "agents_paused": states["paused"], "offered": figures.offered, "answered": figures.answered,
                "abandoned": figures.abandoned, "service_level": None if level is None else round(level, 4),
                "service_level_is": f"{figures.variant}, {threshold:g} s: {VARIANTS[figures.variant]}",
                "average_wait": None if wait is None else round(wait, 1), "promised": figures.promised,
                "promise_level": None if figures.promise_level is None else round(figures.promise_level, 4),
                "music": row["music"], "messages": row["messages"]}

    def _known(self, call: str) -> dict[str, str]:
        """Variables of a call, or of a callback's promise."""
        alive = self._house.switch.calls.get(call)
        if alive is None:
            return next((dict(row["variables"]) for name in self._house.site.queues
                         for row in self._house.acd.entries(name) if row["call"] == call), {})
        return dict(alive.known)

    def _parties(self, call: str) -> list[str]:
        cdr = self._house.tables.cdrs.find(call)
        return [party for party in (cdr.calling, cdr.agent or cdr.called) if party] if cdr else []


def _state(circuit: Circuit) -> str:
    return "blocked" if circuit.blocked is not None else circuit.state


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

