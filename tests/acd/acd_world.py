"""A world around the ACD for its tests: a fake switch with stations, callers and agents, in virtual time, checked."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.invariants import Invariants
from ccappliance.apps.acd.redone import Decision, Redone
from ccappliance.apps.acd.settings import (
    AcdSettings,
    AgentSettings,
    Announce,
    Closed,
    MaxLen,
    MaxWait,
    Members,
    NoAgents,
    OnNoAnswer,
    PauseReason,
    QueueSettings,
)
from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.collect import Collect, Collected, Collector
from ccappliance.call.conversation import ConversationEnd
from ccappliance.call.figures import Figures
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.call.leg import LegGone, Party
from ccappliance.call.shield import Shield
from ccappliance.media.ports import Played, Sound

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def queue_settings(**changes) -> QueueSettings:
    """A queue everybody serves, with short names for what tests vary."""
    short = {"every": lambda v: {"announce": Announce(every=v)}, "pause_after": lambda v:
             {"on_no_answer": OnNoAnswer(pause_after=v)}, "agents": lambda v: {"members": Members(agents=tuple(v))},
             "policy": lambda v: {"no_agents": NoAgents(to="hangup:empty", policy=v)},
             "patience": lambda v: {"max_wait": MaxWait(after=v, to="hangup:timeout")},
             "room": lambda v: {"max_len": MaxLen(n=v, to="hangup:full")}}
    keys = {"max_wait": MaxWait(after=3600.0, to="hangup:timeout"), "max_len": MaxLen(n=10_000, to="hangup:full"),
            "no_agents": NoAgents(to="hangup:empty", policy="wait"), "closed": Closed(to="hangup:closed"),
            "members": Members(all=True)}
    for name, value in changes.items():
        keys.update(short[name](value) if name in short else {name: value})
    return QueueSettings(**keys)


def settings(queues: dict[str, QueueSettings], agents: Sequence[str] = ("1001", "1002"), **changes) -> AcdSettings:
    people = {number: AgentSettings(pin=f"9{number}", station=f"8{number[1:]}", **changes) for number in agents}
    return AcdSettings(queues=queues, agents=people,
                       pause_reasons=(PauseReason(name="break", longest=600.0), PauseReason(name="lunch")))


class FakePlaying:
    """A playback that ends after its sounds' seconds, or when it is stopped or replaced."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float | None) -> None:
        self.ended: Played | None = None
        self._tell: list[Callable[[Played], None]] = []
        self._timer = loop.call_later(seconds, self._end, True) if seconds is not None else None

    def on_end(self, tell: Callable[[Played], None]) -> None:
        if self.ended is None:
            self._tell.append(tell)
        else:
            tell(self.ended)

    def stop(self) -> None:
        self._end(False)

    def _end(self, completed: bool) -> None:
        if self.ended is None:
            self.ended = Played(completed, 0.0)
            if self._timer is not None:
                self._timer.cancel()
            for tell in self._tell:
                tell(self.ended)


class FakeLeg:
    """A leg as apps see it (ARCHITECTURE: call, leg, conversation), without a circuit."""

    def __init__(self, world: "World", call: "FakeCall", leg_id: str, party: str, answered: bool) -> None:
        self.world = world
        self.call = call
        self.id = leg_id
        self.party = Party(party)
        self.gone: asyncio.Future[Cause] = world.loop.create_future()
        self.taken_by = None
        self.released: asyncio.Future[None] = world.loop.create_future()
        self.answered_now: float | None = None
        self.circuit = SimpleNamespace(name=f"line of {party}")
        self.masked = False
        self.port = SimpleNamespace(silence=self._silence)
        self.screen: Callable[[FakeLeg], None] | None = None
        self.again = None
        self.feature_keys = False
        self.on_digit: Callable[[str], None] | None = None
        self.far_end_cleared = False
        self.is_answered = answered
        self.heard: list[str] = []
        self.heard_at: list[float] = []  # when each began
        self.began: list[float] = []  # seconds into the sounds, of each
        self.on_digit: Callable[[str], None] | None = None
        self._collector: Collector | None = None
        self.playing: FakePlaying | None = None
        self.tones: list[object] = []
        self._on_gone: list[Callable[[FakeLeg], None]] = []
        self._on_answered: list[Callable[[FakeLeg], None]] = []

    @property
    def is_gone(self) -> bool:
        return self.gone.done()

    async def answered(self) -> None:
        answer: asyncio.Future[None] = self.world.loop.create_future()
        for watch in (self.on_answered, self.on_gone):
            watch(lambda _: answer.done() or answer.set_result(None))
        await answer
        if self.is_gone:
            raise LegGone(self, self.gone.result())

    def on_gone(self, tell) -> None:
        if self.is_gone:
            tell(self)
        else:
            self._on_gone.append(tell)

    def on_progressed(self, tell):
        """Stations of this world have no network that speaks before the answer."""

    def on_answered(self, tell) -> None:
        if self.is_answered:
            tell(self)
        else:
            self._on_answered.append(tell)

    def start(self, sounds: Sequence[Sound], *, repeat: bool = False, over: bool = False, begin: float = 0.0
              ) -> FakePlaying:
        if self.is_gone:
            raise LegGone(self, self.gone.result())
        if self.playing is not None:
            self.playing.stop()
        names = [sound.name for sound in sounds]
        self.began.append(round(begin, 3))
        self.heard_at.append(round(self.world.loop.time(), 3))
        self.heard.append("+".join(names))
        lasts = None if repeat else max(0.0, sum(sound.seconds for sound in sounds) - begin)
        self.playing = FakePlaying(self.world.loop, lasts)
        return self.playing

    async def play(self, sounds: Sequence[Sound]) -> Played:
        over: asyncio.Future[Played] = self.world.loop.create_future()
        self.start(sounds).on_end(lambda played: over.done() or over.set_result(played))
        played = await over
        if self.is_gone:
            raise LegGone(self, self.gone.result())
        return played

    async def collect(self, ask: Collect, sounds: Sequence[Sound] = ()) -> Collected:
        """As Leg does it."""
        collector = self._collector = Collector(ask, self.world.loop)
        try:
            playing = self.start(sounds)
            collector.on_first_digit(playing.stop)
            playing.on_end(lambda _: collector.prompt_over())
            return await collector.result
        finally:
            self._collector = None
            collector.stop_waiting()
            playing.stop()

    def tone(self, tone: object) -> None:
        self.tones.append(tone)

    def clear(self, cause: Cause = Cause.NORMAL, why: str = "") -> None:
        if not self.is_gone:
            self._be_gone(cause)

    # ---- what the person does ----

    def pick_up(self) -> None:
        if not self.is_gone and not self.is_answered:
            self.answered_now = self.world.loop.time()
            if self.screen is not None:
                self.screen(self)
            else:
                self.admit()

    def admit(self) -> None:
        if not self.is_gone and not self.is_answered:
            self.is_answered, self.screen = True, None
            for tell in self._on_answered:
                tell(self)

    def press(self, digits: str) -> None:
        for digit in digits:
            if self._collector is not None:
                self._collector.feed(digit)
            elif self.on_digit is not None:
                self.on_digit(digit)

    def _silence(self) -> None:
        if self.playing is not None:
            self.playing.stop()

    def hang_up(self, cause: Cause = Cause.NORMAL) -> None:
        if not self.is_gone:
            self.far_end_cleared = True
            self._be_gone(cause)

    def _be_gone(self, cause: Cause) -> None:
        self.gone.set_result(cause)
        if self._collector is not None:
            self._collector.fail(LegGone(self, cause))
        if self.playing is not None:
            self.playing.stop()
        for tell in self._on_gone:
            tell(self)
        self._on_gone.clear()


class Untold:
    """A call's recording, where no rule wants a caller to be told of it."""

    async def tell(self, asked: str, queue: str = "") -> None:
        pass


class FakeCall:
    """A call as apps see it."""

    def __init__(self, world: "World", calling: str, direction: str, keys: Sequence[str]) -> None:
        self.world = world
        self.id = world.outside.ids.call()
        self.direction = direction
        self.calling = calling
        self.called = ""
        self.name = ""
        self.language = "zh"
        self.variables: dict[str, str] = {}
        self.known: dict[str, str] = {}
        self.order_class = 0
        self.boost = 0.0
        self.require = ""
        self.before = ()
        self.site = ""
        self.steps = ()
        self.queued_since: float | None = None
        self.anchor = FakeLeg(world, self, f"{self.id}-anchor", calling, True)
        self.recorded = ""
        self.recording = Untold()
        self.given = False
        self.ended_by = ""
        self.conversing_since: float | None = None
        self.task: asyncio.Task[None] | None = None
        self.transfer_to: str | None = None
        self.switch = world
        self.shield = Shield(self)
        self._keys = list(keys)

    def pause_recording(self, by: str) -> None:
        """Nothing is recorded here."""

    def resume_recording(self) -> None:
        """Nothing is recorded here."""

    async def answer(self) -> None:
        if self.anchor.is_gone:
            raise LegGone(self.anchor, self.anchor.gone.result())

    async def play(self, sounds: Sequence[Sound]) -> None:
        await self.anchor.play(sounds)

    async def collect(self, ask: Collect, sounds: Sequence[Sound] = ()) -> Collected:
        """Each element of `keys` is what is pressed at one prompt; "" is nobody pressing anything."""
        self.anchor.start(sounds)
        await asyncio.sleep(1.0)
        return Collected(self._keys.pop(0) if self._keys else "", "terminator")

    def place(self, station: str, *, calling: str = "", name: str = "") -> FakeLeg:
        return self.world.place(self, station)

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), calling: str = "",
                  name: str = "") -> FakeLeg:
        return self.world.place_out(self, group, number, but)

    def pick_up(self, station: str = "") -> bool:
        return False

    def give_anchor(self, to: "FakeCall") -> FakeLeg:
        self.anchor.call = to
        self.given = True
        return self.anchor

    async def converse(self, other: FakeLeg, *, record: str = "", queue: str = "", agent: str = "") -> ConversationEnd:
        self.recorded = record
        self.conversing_since = self.world.loop.time()
        over: asyncio.Future[str] = self.world.loop.create_future()

        def end(leg: FakeLeg) -> None:
            if not over.done():
                over.set_result("caller" if leg is self.anchor else "callee")
        self.anchor.on_gone(end)
        other.on_gone(end)
        try:
            by = await over
        finally:
            other.clear()
        return ConversationEnd("transfer", self.transfer_to) if self.transfer_to else ConversationEnd(by)


class FakePrompts:
    """Every prompt there may be: a second long, unless told."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def get(self, name: str, language: str) -> Sound:
        return Sound(name, bytes(2 * round(8000 * self.seconds.get(name, 1.0))))

    def text(self, text: str, language: str) -> Sound:
        return self.get(text, language)

    def duration(self, seconds: float, language: str) -> list[Sound]:
        return [self.get(f"{round(seconds)} s", language)]

    def position(self, position: int, language: str) -> list[Sound]:
        return [self.get(f"position {position}", language)]

    def wait_range(self, least: int, most: int, language: str) -> list[Sound]:
        return [self.get(f"wait {least}-{most}", language)]

    def digits(self, text: str, language: str) -> list[Sound]:
        return [self.get(text, language)]

    def number(self, number: int, language: str) -> list[Sound]:
        return [self.get(str(number), language)]


class World:
    """One ACD, its stations and callers. `answer_after(station)`: seconds until the agent picks up; None: never."""

    def __init__(self, acd_settings: AcdSettings, *, keep: bool = True, check: bool = True, seed: int = 1,
                 past: Sequence[bytes] = (), epoch: datetime = EPOCH) -> None:
        """`past`: the journal of an earlier world, with which this one goes on at `epoch`."""
        self.loop = asyncio.get_running_loop()
        clock = LoopClock(self.loop, epoch)
        self.outside = Outside(clock, random.Random(seed), Ids(1_790_000_000 + len(past)))
        self.sink = MemorySink(keep=keep)
        self.sink.lines += past
        self.sink.last_seq = len(past)
        self.journal = Journal(clock, self.sink)
        self.errors: list[dict] = []
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self.open = True
        self.answer_after: Callable[[str], float | None] = lambda station: None
        self.blocked: dict[str, str] = {}
        self.legs: dict[str, FakeLeg] = {}  # by station, until it is released
        self.placed: list[tuple[float, str, str]] = []
        self.release_after = 0.02
        self.lines = {"pstn": ["fxo/1", "fxo/2"]}  # by trunk group: idle lines
        self.facts: list[tuple[float, facts.Fact]] = []
        if keep:
            self.journal.follow(lambda entry: self.facts.append((entry.now, entry.fact)))
        prompts = self.prompts = FakePrompts()
        self.figures = Figures(lambda queue: 20.0, lambda at: at.date())
        self.acd = Acd(acd_settings, loop=self.loop, outside=self.outside, journal=self.journal, prompts=prompts,
                       say=prompts, known_station=lambda number: number.startswith("8"),
                       is_open=lambda calendar: self.open, counts=self.figures)
        self.journal.follow(self.figures.hear)
        self.journal.follow(self.acd.hear)
        self.decisions: list[Decision] = []
        self.redone = Redone(self.decisions.append)
        self.redone.retold.whole = True  # a world is a run of its own, also after a former one
        if check:
            self.journal.follow(self.redone.hear)
        self.acd.open()
        self.checker = Invariants(self.acd, loop=self.loop, breach=lambda words: None)
        if check:
            self.journal.follow(self.checker.hear)
        self.calls: list[FakeCall] = []

    # ---- the fake switch ----

    def place(self, call: FakeCall, station: str) -> FakeLeg:
        if station in self.blocked:
            raise Refused("blocked", self.blocked[station])
        if station in self.legs:
            raise Refused("busy", f"station {station} is in use")
        leg = FakeLeg(self, call, self.outside.ids.part(call.id, "leg"), station, False)
        self.legs[station] = leg
        self.placed.append((self.loop.time(), station, call.id))
        self.acd.station_busy(station, True)
        leg.on_gone(lambda _: self.loop.call_later(self.release_after, self._release, station))
        after = self.answer_after(station)
        if after is not None:
            self.loop.call_later(after, leg.pick_up)
        return leg

    def place_out(self, call: FakeCall, group: str, number: str, but: Sequence[str]) -> FakeLeg:
        lines = [line for line in self.lines[group] if line not in but]
        if not lines:
            raise Refused("no_line", f"no idle line in trunk group {group}")
        leg = FakeLeg(self, call, self.outside.ids.part(call.id, "leg"), number, False)
        leg.circuit.name = lines[0]
        self.lines[group].remove(lines[0])
        self.legs[number] = leg
        self.placed.append((self.loop.time(), number, call.id))
        leg.on_gone(lambda _: self.loop.call_later(self.release_after, self._release_line, group, leg))
        after = self.answer_after(number)
        if after is not None:
            self.loop.call_later(after, leg.pick_up)
        return leg

    def _release_line(self, group: str, leg: FakeLeg) -> None:
        if self.legs.get(leg.party.number) is leg:
            del self.legs[leg.party.number]
        self.lines[group].append(leg.circuit.name)
        leg.released.set_result(None)

    def _release(self, station: str) -> None:
        self.legs.pop(station).released.set_result(None)
        self.acd.station_busy(station, False)

    def offer(self, queue: str, calling: str = "13800138000", *, order_class: int = 0, boost: float = 0.0,
              since: float | None = None, require: str = "") -> FakeCall:
        """A call from outside that is sent to a queue, perhaps with what a flow has decided of it."""
        call = FakeCall(self, calling, "in", ())
        call.order_class, call.boost, call.queued_since, call.require = order_class, boost, since, require
        return self._launch(call, f"queue:{queue}")

    def call_agent(self, number: str) -> FakeCall:
        """A call from outside that asks for one agent."""
        return self._launch(FakeCall(self, "13800138000", "in", ()), f"agent-number:{number}")

    def quiet_call(self, calling: str) -> FakeCall:
        """A call that is nowhere yet, for tests that enter it themselves."""
        call = FakeCall(self, calling, "in", ())
        self.calls.append(call)
        return call

    def dial(self, station: str, feature: str, *keys: str, direction: str = "internal") -> FakeCall:
        """A station dials a feature code and presses keys."""
        call = FakeCall(self, station, direction, keys)
        if direction != "in":
            self.acd.station_busy(station, True)
            call.anchor.on_gone(lambda _: self.acd.station_busy(station, False))
        return self._launch(call, f"agent:{feature}")

    def _launch(self, call: FakeCall, destination: str) -> FakeCall:
        self.calls.append(call)
        call.task = self.loop.create_task(self._run(call, destination), name=f"call {call.id}")
        call.anchor.on_gone(lambda _: call.task.cancel())
        return call

    async def _run(self, call: FakeCall, destination: str) -> None:
        to: str | None = destination
        try:
            while to is not None and not call.anchor.is_gone:
                kind, _, name = to.partition(":")
                if kind == "hangup":
                    call.variables["ended"] = name
                    break
                found = {"queue": self.acd.find_queue, "agent": self.acd.find_feature,
                         "agent-number": self.acd.find_agent}[kind](name)
                assert found is not None, to
                to = await found.run(call)
        except (LegGone, asyncio.CancelledError):
            pass
        finally:
            for leg in [leg for leg in self.legs.values() if leg.call is call and not call.given]:
                leg.clear()  # as the switch does
            if not call.given:
                call.anchor.clear()
            self.journal.write(facts.CallEnded(call.id, 16, "us"))

    # ---- helpers ----

    def login(self, *numbers: str) -> None:
        for number in numbers:
            self.acd.login(number)

    def agent(self, number: str) -> Agent:
        return self.acd.book.get(number)

    def later_idle(self, number: str, seconds: float) -> None:
        """As if he had become ready so much later; the journal is understood so, too."""
        self.agent(number).idle_since += seconds
        self.redone.retold.person(number).idle_since += seconds

    def ringing(self) -> list[str]:
        return sorted(station for station, leg in self.legs.items() if not leg.is_gone and not leg.is_answered)

    def of(self, kind: type) -> list:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def outcomes(self) -> list[str]:
        return [fact.outcome for fact in self.of(facts.QueueLeft)]

    async def close(self) -> None:
        """Everybody leaves; nothing may be in use, every invariant must have held."""
        for call in self.calls:
            call.anchor.hang_up()
        await asyncio.sleep(self.release_after + 1.0)
        for queue in self.acd.dispatcher.queues:
            assert not len(queue.line)
            assert all(lane.empty for lane in queue.lanes.values())
            assert not queue.offered
        assert not self.legs
        for agent in self.acd.book.by_number.values():
            assert agent.reservation is None
            assert not agent.call
        assert not self.errors, self.errors
        self.checker.must_hold()
        self.redone.close()
        assert not self.redone.unknown
        assert not self.differences(), "\n".join(self.differences())

    def differences(self) -> list[str]:
        """Decisions that come out otherwise when they are made again from the journal."""
        return [f"{one.seq} {one.call}: {words}" for one in self.decisions for words in one.differs]
