"""A house made of plain data, and a thread that serves it on a control socket, for the tests of the doors."""

import asyncio
import base64
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.call.customers import Customers
from ccappliance.call.numbers import Numbers
from ccappliance.call.reports import columns
from ccappliance.interfaces.control.customers import CustomerDesk
from ccappliance.interfaces.control.feed import Feed
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.interfaces.control.server import ControlServer
from ccappliance.media.files import wav_header
from ccappliance.service.aside import Aside
from ccappliance.store.register import CUSTOMERS, Register

CALL = {"id": "1000.000001", "direction": "in", "calling": "13800138000", "called": "61234567", "name": "王小明",
        "line": "fxo/1", "state": "waiting", "where": "queue:sales", "agent": "",
        "started_at": "2026-11-22T08:00:00.000Z", "seconds": 65.0}
AGENT = {"number": "1001", "name": "李明", "state": "ready", "reason": "", "since": 5.0, "until": None,
         "station": "8001", "call": "", "queues": ["sales"], "answered": 3}
QUEUE = {"name": "sales", "label": "销售", "strategy": "longest-idle", "waiting": 1, "longest_wait": 65.0,
         "agents_ready": 1, "agents_busy": 0, "agents_paused": 0, "offered": 4, "answered": 3, "abandoned": 0,
         "service_level": 0.75, "service_level_is": "b, 20 s: answered in time / offered", "average_wait": 12.0,
         "promised": 2, "promise_level": 0.5, "music": ["music"], "messages": []}
CHANNEL = {"name": "fxo/1", "number": 1, "span": 1, "kind": "fxo", "station": "", "state": "offered",
           "call": "1000.000001", "alarm": ""}
STATUS = {"version": "0.1.0", "site": "demo", "pid": 42, "uptime": 3661.0, "state": "ready", "driver": "simulated",
          "config": "etc", "journal_seq": 7, "calls": 1, "waiting": 1, "agents": {"ready": 1}, "channels": {"idle": 7},
          "today": {"offered": 4, "answered": 3, "abandoned": 0, "service_level": 0.75},
          "service_level_is": "b: answered in time / offered",
          "ticks": 100, "late_ticks": 1,
          "worst_late": 0.0123, "headquarters": {},
          "alarms": [{"alarm": "no_battery", "subject": "fxo/2", "words": "no battery\x1b[2J",
                                            "since": 61.0}]}
CALLBACK = {"callback": "1000.000001-c1", "queue": "sales", "number": "13800138000", "name": "王小明", "position": 2,
            "state": "resting", "why": "tried again later", "promised": 125.0, "waited": 200.0, "attempts": 1,
            "again": 61.0, "low": 60.0, "high": 180.0}
ENDED = {"callback": "1000.000001-c0", "queue": "sales", "number": "13800138000", "outcome": "reached", "why": "",
         "promised_at": "2026-11-22T08:00:00Z", "ended_at": "2026-11-22T08:02:00Z", "waited": 120.0, "attempts": 1,
         "low": None, "high": None}
REPORT = {"queue": "sales", "waiting": 1, "promised": 5, "tried": 4, "reached": 3, "gave_up": 1, "expired": 0,
          "withdrawn": 0, "replaced": 0, "average_wait": 75.0, "longest_wait": 130.0, "told": 3, "kept": 2, "early": 0,
          "late": 1, "kept_share": 0.6667}
RECORDING = {"id": "1000.000001-r1", "call": "1000.000001", "path": "2026/a.wav", "seconds": 30.0, "lost": 0.0,
             "started_at": "2026-11-22T08:00:00.000Z", "state": "complete", "parties": ["139", "8001"]}


SPAN = {"span": "pri/1", "side": "user", "switch": "euroisdn", "state": "up", "channels": 30, "idle": 29, "in_use": 1,
        "blocked": 0, "helper": 77, "helper_deaths": 0, "losses": 0, "words": ""}
SPAN_DETAIL = {**SPAN, "states": {"idle": 29, "connected": 1}, "sent": {"I": 3, "RR": 2}, "received": {"I": 2},
               "trace_errors": 0, "library": "Switchtype: EuroISDN\nQ921 RX: 2\x1b[2J"}


class FakeIsdn:
    """One span."""

    def rows(self) -> Any:
        return [SPAN]

    async def detail(self, name: str) -> Any:
        if name != "pri/1":
            raise Refused("no_such_span", f"there is no ISDN span {name!r}; there are: pri/1")
        return SPAN_DETAIL

    async def trace(self, name: str, *, last: int, follow: bool, everything: bool) -> AsyncIterator[Any]:
        for line in ("< Message Type: SETUP (5)", "> Message Type: CALL PROCEEDING (2)\x1b[2J")[-last:]:
            yield {"ago": 1.5, "line": line}


class FakeHistory:
    """A past with one call and one bad decision."""

    async def explain(self, call: str, language: str) -> Any:
        if call != CALL["id"]:
            raise Refused("no_such_call", f"the journal tells of no call {call!r}")
        word = "进入队列 sales" if language == "zh" else "entered queue sales\x1b[2J"
        lines = [f"08:00:00.000  {word}", "    1001: busy"]
        return [{"event": {"what": "QueueEntered"}, "lines": lines}]

    async def check(self, day: str) -> Any:
        told = {"seq": 7, "at": "2026-11-22T08:00:00.000+08:00", "call": CALL["id"], "queue": "sales", "words": "other"}
        return {"decisions": 3, "unknown": 1, "differences": [told] if day else [], "more": 0}

    async def audit(self, day: str) -> Any:
        told = {"what": "queue", "where": "sales offered", "shown": 4, "recomputed": 5, "calls": [CALL["id"]]}
        return {"day": day or "2026-11-22", "entries": 7, "calls": 1, "queue_entries": 1, "decisions": 1, "cdrs": 1,
                "recordings": 0, "compared": "database" if day else "figures and database",
                "differences": [told] if day else [], "more": 0}


class FakeMessages:
    """One message in mailbox 8001."""

    ROW: ClassVar[dict[str, Any]] = {
        "message": "9.000001-r1", "mailbox": "8001", "owner": "李明", "left_at": "2026-11-22T08:00:00Z",
        "calling": "139", "name": "", "seconds": 65.0, "state": "new", "notice": "sent", "call": "9.000001", "path": ""}

    def __init__(self, house: "FakeHouse") -> None:
        self._house = house

    def rows(self, mailbox: str = "") -> list[Any]:
        if mailbox not in ("", "8001"):
            raise Refused("no_mailbox", f"there is no mailbox {mailbox!r}")
        return [self.ROW]

    def find(self, message: str) -> Any:
        if message != self.ROW["message"]:
            raise Refused("no_message", f"there is no message {message!r}")
        return self.ROW

    def delete(self, message: str, by: str) -> None:
        self._house.asked.append(("delete", self.find(message)["message"], by))

    def play(self, message: str, station: str, by: str) -> str:
        self._house.asked.append(("play", self.find(message)["message"], station, by))
        return "9.000002"


class FakePast:
    """One call that is over."""

    ROW: ClassVar[dict[str, Any]] = {
        "seq": 9, "id": "9.000001", "started_at": "2026-11-22T08:00:00Z", "direction": "in", "calling": "139",
        "called": "8008", "name": "", "queue": "sales", "agent": "1001", "disposition": "ANSWERED",
        "wait": 3.0, "talk": 60.0,
        "duration": 70.0, "variables": {"account": "4711"}, "recordings": ["2026/11/22/9.wav"],
        "partner": "8001", "tags": ["vip"],
        "notes": [{"at": "2026-11-22T09:00:00Z", "by": "cli:root", "text": "退款"}],
        "words_in": ["note"]}

    async def note(self, call: str, text: str, by: str) -> Any:
        return {"call": call, "text": text}

    async def tag(self, call: str, tag: str, on: bool, by: str) -> Any:
        return {"call": call, "tag": tag, "on": on}

    async def search(self, limit: int, before: int, since: str, until: str, **wanted: Any) -> Any:
        return [self.ROW][:limit] if wanted["variable"] in ("", "account", "account=4711") else []

    async def show(self, call: str) -> Any:
        if call != self.ROW["id"]:
            raise Refused("no_such_call", f"there is no call {call}")
        kept = {"recording": "r1", "rule": "", "file": "9.wav", "gone_at": "", "gone_by": "", "gone_why": ""}
        return {**self.ROW, "legs": [], "recorded": [], "kept": [kept], "holds": [], "heard": []}


class FakeRecordings:
    """One call in custody, c; everything asked is remembered, and anything but a reason is refused."""

    WAV = wav_header(2, 8000) + bytes(range(250)) * 32

    def __init__(self, house: "FakeHouse") -> None:
        self._asked = house.asked

    def start(self, call: str, by: str) -> None:
        self._asked.append(("start", call, by))

    def stop(self, call: str, by: str) -> None:
        self._asked.append(("stop", call, by))

    async def give(self, call: str, recording: str, what: str, by: str, why: str) -> AsyncIterator[dict[str, Any]]:
        self._asked.append((what, call, recording, by, why))
        yield {"recording": recording or "r", "call": call, "size": len(self.WAV), "rule": ""}
        for offset in range(0, len(self.WAV), 1024):
            yield {"data": base64.b64encode(self.WAV[offset:offset + 1024]).decode()}

    async def hold(self, call: str, why: str, by: str) -> None:
        self._asked.append(("hold", call, why, by))

    async def release(self, call: str, why: str, by: str, holder: str) -> None:
        self._asked.append(("release", call, why, by, holder))

    async def delete(self, call: str, why: str, by: str) -> list[str]:
        if call == "held":
            raise Refused("held", "call held is held (cli:lawyer: a lawsuit)")
        self._asked.append(("delete", call, why, by))
        return ["r"]

    async def transcript(self, call: str, recording: str, by: str, why: str) -> dict[str, Any]:
        self._asked.append(("read", call, recording, by, why))
        return {"call": call, "recording": recording or "r", "lines": []}

    async def heard(self, call: str) -> list[dict[str, Any]]:
        return [{"at": "2026-11-22T08:00:00.000+00:00", "what": "played", "by": "cli:root", "why": "a complaint",
                 "recording": "r"}]


def customer_desk() -> CustomerDesk:
    """The real desk upon a register in memory."""
    customers = Customers(Register(None, CUSTOMERS), Numbers("010").read)
    return CustomerDesk(customers, Aside(threaded=False), SystemClock(), lambda fact: None)


class FakeHouse:
    """Answers from the constants above, and remembers what it was asked to do."""

    def __init__(self) -> None:
        self.isdn = FakeIsdn()
        self.past = FakePast()
        self.messages = FakeMessages(self)
        self.customers = customer_desk()
        self.history = FakeHistory()
        self.asked: list[tuple[Any, ...]] = []
        self.custody = FakeRecordings(self)
        self.feeds: list[Feed[dict[str, Any]]] = []
        self.closed = 0
        self.gate: asyncio.Event | None = None  # recordings wait here, if set
        self.reload_applies = True
        self.entries = [{"seq": n, "at": f"2026-11-22T08:00:0{n}.000Z", "now": float(n), "fact": fact, "call": "c"}
                        for n, fact in enumerate(("CallOffered", "CallAnswered", "CallEnded"), 1)]

    def status(self) -> Any:
        return STATUS

    async def report(self, report: str, since: str, until: str, per: str, name: str, variant: str) -> Any:
        if report != "queues":
            raise Refused("bad_parameters", f"there is no report {report!r}")
        return [{"time": "2026-11-22", "name": "=sales", **{one.name: None for one in columns(report)}, "offered": 4}]

    def spans(self) -> Any:
        return [{"number": 1, "name": "sim", "description": "simulated", "channels": 8, "in_use": 1, "alarm": ""}]

    def span(self, number: int) -> Any:
        if number != 1:
            raise Refused("no_such_span", f"there is no span {number}")
        return self.spans()[0] | {"words": "", "health": {"slips": 3, "crc": 0}, "lines": ["fxo/1"]}

    def channels(self) -> Any:
        return [CHANNEL]

    def channel(self, name: str) -> Any:
        if name != "fxo/1":
            raise Refused("no_such_channel", f"there is no channel {name!r}")
        return CHANNEL | {"off_hook": False, "ringing": True, "reversed": False, "since": 1.0, "calls_today": 1,
                          "settings": {"a": 1}, "history": ["idle -> offered"]}

    def calls(self) -> Any:
        return [CALL]

    def call(self, call_id: str) -> Any:
        self._known(call_id)
        return CALL | {"legs": [{"id": "l1", "line": "fxo/1", "party": "139", "state": "answered", "since": 2.0}],
                       "variables": {}, "recording": "", "trail": ["flow:main"]}

    def hang_up(self, call_id: str, by: str) -> None:
        self._known(call_id)
        self.asked.append(("hang_up", call_id, by))

    def originate(self, station: str, number: str, group: str, by: str) -> Any:
        self.asked.append(("originate", station, number, group, by))
        return CALL

    def play_prompt(self, name: str, language: str, station: str, by: str) -> Any:
        self.asked.append(("play_prompt", name, language, station, by))
        return CALL

    def agents(self) -> Any:
        return [AGENT]

    def agent(self, number: str) -> Any:
        return AGENT | {"talk": 60.0, "wrapup": 1.0, "paused": 0.0, "missed": 0, "history": ["ready -> talking"],
                        "variables": {"account": "4711"}}

    def agent_set(self, number: str, request: str, *, station: str, reason: str, by: str) -> Any:
        self.asked.append(("agent_set", number, request, station, reason, by))
        if request == "ready":
            raise Refused("illegal_state", "the agent is not in wrap-up")
        return AGENT

    @property
    def supervisor(self) -> "FakeSupervisor":
        return FakeSupervisor(self.asked)

    def listen(self, call_id: str, station: str, mode: str, by: str) -> Any:
        self._known(call_id)
        self.asked.append(("listen", call_id, station, mode, by))
        return CALL

    def queues(self) -> Any:
        return [QUEUE]

    def queue(self, name: str) -> Any:
        entry = {"position": 1, "call": CALL["id"], "calling": "139", "name": "", "waited": 65.0, "order_class": 0,
                 "boost": 5.0, "demand": "tier 2", "kind": "call", "ringing": ["1001"], "state": "waiting",
                 "variables": {}}
        return QUEUE | {"entries": [entry], "members": [{"agent": "1001", "name": "李明", "state": "ready",
                                                         "station": "8001"}]}

    def queue_playlist(self, name: str, pieces: Sequence[str], order: str, messages: bool, by: str) -> Any:
        self.asked.append(("queue_playlist", name, list(pieces), order, messages, by))
        return self.queue(name) | {"messages" if messages else "music": list(pieces)}

    def callbacks(self) -> Any:
        return [CALLBACK]

    async def callbacks_ended(self, limit: int) -> Any:
        return [ENDED][:limit]

    def callbacks_report(self) -> Any:
        return [REPORT]

    def callback_set(self, callback: str, request: str, by: str) -> None:
        if callback != CALLBACK["callback"]:
            raise Refused("no_callback", f"there is no callback {callback!r}")
        self.asked.append(("callback_set", callback, request, by))

    def pause_recording(self, call_id: str, paused: bool, by: str) -> None:
        self._known(call_id)
        self.asked.append(("pause_recording", call_id, paused, by))

    async def recordings(self, *, limit: int, call_id: str) -> Any:
        self.asked.append(("recordings", limit, call_id))
        if self.gate is not None:
            await self.gate.wait()
            self.asked.append(("recordings done",))
        return [RECORDING]

    async def journal(self, *, last: int, start: int, follow: bool,
                      kinds: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        chosen = [entry for entry in self.entries if not kinds or entry["fact"] in kinds]
        for entry in chosen[max(0, len(chosen) - last):] if not start else chosen[start - 1:]:
            yield entry
        if follow:
            feed: Feed[dict[str, Any]] = Feed(100)
            self.feeds.append(feed)
            try:
                async for entry in feed:
                    yield entry
            finally:
                self.closed += 1

    async def config_check(self, directory: str) -> Any:
        return {"ok": True, "directory": directory or "/etc/ccappliance", "findings": [], "changes": []}

    async def config_reload(self, by: str) -> Any:
        self.asked.append(("reload", by))
        if not self.reload_applies:
            return {"applied": False, "changes": [], "restart": [], "findings": [
                {"place": "a.yaml:1:1", "key": "x", "problem": "wrong", "advice": "fix it", "severity": "error"}]}
        change = {"path": "queues.sales.wrapup", "old": 10.0, "new": 20.0, "reload": True, "kind": "changed"}
        return {"applied": True, "changes": [change], "restart": [], "findings": []}

    def config_show(self) -> Any:
        return [{"path": "queues.sales.wrapup", "value": 10.0, "unit": "s", "origin": "queues.yaml:3:5"},
                {"path": "system.name", "value": "demo", "unit": "", "origin": "default"}]

    @property
    def configuring(self) -> "FakeConfiguring":
        return FakeConfiguring(self)

    def _known(self, call_id: str) -> None:
        if call_id != CALL["id"]:
            raise Refused("no_such_call", f"there is no call {call_id!r}")


class FakeConfiguring:
    """One change in one call; nothing can be rolled back, for the files were edited."""

    def __init__(self, house: FakeHouse) -> None:
        self._house = house

    async def plan(self) -> Any:
        change = {"path": "flows.main.start", "old": "a", "new": "b", "reload": True, "kind": "changed",
                  "calls": [CALL["id"]]}
        return {"ok": True, "directory": "etc", "findings": [], "changes": [change], "restart": [],
                "calls": [{"call": CALL["id"], "calling": "138", "where": "flow:main"}]}

    async def apply(self, by: str, comment: str) -> Any:
        self._house.asked.append(("apply", comment))
        return await self._house.config_reload(by)

    async def history(self, limit: int) -> Any:
        return [{"id": 7, "at": "2026-11-23T09:00:00Z", "by": "cli:root", "comment": "longer", "kind": "applied",
                 "digest": "ab" * 32, "changes": ["flows.main.start"], "files": ["a.yaml"], "path": "/x",
                 "in_force": True}][:limit]

    async def restoring(self, entry: int, force: bool, by: str) -> Any:
        raise Refused("edited", "the files were edited: say --force")


class FakeSupervisor:
    """Remembers what is asked, in the order of the parameters; refuses queue "nowhere"."""

    def __init__(self, asked: list[tuple[Any, ...]]) -> None:
        self._asked = asked

    def __getattr__(self, verb: str) -> Any:
        def ask(*given: Any, **more: Any) -> Any:
            if "nowhere" in given:
                raise Refused("no_queue", "there is no queue 'nowhere'")
            self._asked.append((verb, *given, *more.values()))
            return {"english": 3} if verb == "skills" else not more.get("now", True)
        return ask


@contextmanager
def served(path: Path, house: FakeHouse) -> Iterator[None]:
    """Serve the house from another thread, for blocking clients."""
    ready, loops, failures = threading.Event(), [], []

    async def serve() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        server = ControlServer(path, operations_of(house))
        await server.start()
        ready.set()
        await stop.wait()
        await server.stop()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
            ready.set()
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        assert not failures
        yield
    finally:
        if loops:
            loop, stop = loops[0]
            loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()
