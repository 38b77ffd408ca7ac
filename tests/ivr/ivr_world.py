"""A small world for flows: a real call and leg on a line that answers at once, a prompt book that renders nothing.

The caller's keys and hang-up are scheduled on virtual time: `press("1", at=7.0)`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from ccappliance.apps.ivr.directory import Keypad, Person
from ccappliance.apps.ivr.flow import Flow, Flows
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.visit import Tools
from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.leg import Leg, LegState, Party
from ccappliance.config.keys import key
from ccappliance.config.load import Source, bind_sources
from ccappliance.media.ports import Played, Sound
from ccappliance.media.say import Say
from ccappliance.media.speech import NoSpeech
from ccappliance.signalling import signals
from ccappliance.sim.loop import run_virtual

EPOCH = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)  # a Sunday; 14:00 in Beijing
BEIJING = timezone(timedelta(hours=8))
SECONDS = {"main_menu": 4.0, "beep": 0.5}  # everything else lasts one second


@dataclass(frozen=True, kw_only=True)
class Site:
    """Just the flows of a site."""

    flows: Mapping[str, FlowSettings] = key(factory=dict, doc="Flows.")


def bind(text: str) -> Mapping[str, FlowSettings]:
    """The flows of a file with `flows:` at its top."""
    return bind_sources([Source("flows.yaml", text.encode())], Site).value.flows


def bind_file(path: Path) -> Mapping[str, FlowSettings]:
    """The flow of a file of flows/."""
    return bind_sources([Source(f"flows/{path.name}", path.read_bytes())], Site).value.flows


def one_flow(nodes: str, **top: str) -> Mapping[str, FlowSettings]:
    """A flow `main` that starts at the first of `nodes` (YAML, one node a line)."""
    start = next(iter(yaml.safe_load(nodes)))
    lines = "\n".join(f"      {line}" for line in nodes.strip("\n").splitlines())
    extra = "".join(f"    {name}: {value}\n" for name, value in top.items())
    return bind(f"flows:\n  main:\n    start: {start}\n{extra}    nodes:\n{lines}\n")


class TestBook:
    """Sounds by name, of a second each."""

    __test__ = False
    default_language = "zh"
    languages = ("zh", "en")

    def get(self, name: str, language: str) -> Sound:
        return Sound(f"{language}/{name}", bytes(2 * round(RATE * SECONDS.get(name, 1.0))))

    def text(self, text: str, language: str) -> Sound:
        return Sound(f"{language}/{text}", bytes(2 * RATE))


class TestPlaying:
    """A prompt as a timer."""

    __test__ = False

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._tells: list[Callable[[Played], None]] = []
        self.ended: Played | None = None
        self._timer = self._loop.call_later(seconds, self._end, True)

    def on_end(self, tell: Callable[[Played], None]) -> None:
        if self.ended is None:
            self._tells.append(tell)
        else:
            self._loop.call_soon(tell, self.ended)

    async def wait(self) -> Played:
        done = self._loop.create_future()
        self.on_end(lambda played: None if done.done() else done.set_result(played))
        return await done

    def stop(self) -> None:
        if self.ended is None:
            self._end(False)

    def _end(self, completed: bool) -> None:
        self._timer.cancel()
        self.ended = Played(completed, self._loop.time() - self._began)
        for tell in self._tells:
            self._loop.call_soon(tell, self.ended)


class TestPort:
    """A mouth that plays timers; `broken` makes it fail like a bug would."""

    __test__ = False

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self._playing: TestPlaying | None = None

    def play(self, sounds: Sequence[Sound], *, repeat: bool = False, gain_db: float = 0.0,
             over: bool = False, begin: float = 0.0) -> TestPlaying:
        if self.broken is not None:
            error, self.broken = self.broken, None
            raise error
        self.silence()
        self._playing = TestPlaying(sum(sound.seconds for sound in sounds) - begin)
        return self._playing

    def silence(self) -> None:
        if self._playing is not None:
            self._playing.stop()


class TestLine:
    """A circuit that answers at once."""

    __test__ = False
    name, kind, blocked, idle, state = "fxo/1", "fxo", None, True, "idle"

    def __init__(self) -> None:
        self.port = TestPort()
        self.hear: Callable[[signals.Signal], None] = lambda signal: None
        self.cleared_with: Cause | None = None

    def answer(self) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.hear(signals.Answered("off-hook")))

    def clear(self, cause: Cause) -> None:
        self.cleared_with = cause


class World:
    """One call that is offered to the flow `main`."""

    def __init__(self, flows: Mapping[str, FlowSettings]) -> None:
        self.loop = asyncio.get_running_loop()
        self.journal: list[facts.Fact] = []
        self.recordings: list[str] = []
        self.book = TestBook()
        clock = LoopClock(self.loop, EPOCH)
        journal = SimpleNamespace(write=self.journal.append)
        self.calendar = {"office": "open"}  # name → state now
        self.people: list[Person] = []
        self.tools = Tools(book=self.book, say=Say(self.book), journal=journal, clock=clock, zone=BEIJING,
                           chance=random.Random(7), calendar=lambda name: self.calendar[name],
                           speech=NoSpeech(self.loop, "none"), keypad=Keypad.standard(), people=lambda: self.people,
                           reach=None)  # type: ignore[arg-type]
        self.flows = Flows(flows, self.tools)
        recorder = SimpleNamespace(start=lambda call, port, why: self.recordings.append(f"{self.loop.time():g} {why}"),
                                   stop=lambda call: self.recordings.append(f"{self.loop.time():g} stop"),
                                   pause=lambda call, by: self.recordings.append(f"{self.loop.time():g} pause {by}"),
                                   resume=lambda call, by: self.recordings.append(f"{self.loop.time():g} resume"))
        switch: Any = SimpleNamespace(loop=self.loop, journal=journal, outside=SimpleNamespace(clock=clock),
                                      recorder=recorder)
        self.line = TestLine()
        self.call = Call(switch, "1.000001", "in", "8008", "13900000000", "Li", "fxo/1", "zh")
        self.leg = Leg("1.000001-l1", self.call, self.line, Party("13900000000"), LegState.OFFERED)  # type: ignore[arg-type]
        self.call.adopt(self.leg)
        self.line.hear = self.leg.hear

    def press(self, digits: str, at: float, gap: float = 0.3) -> None:
        for index, digit in enumerate(digits):
            self.loop.call_at(at + index * gap, self.leg.hear, signals.Digit(digit))

    def hang_up(self, at: float) -> None:
        self.loop.call_at(at, self.leg.hear, signals.Cleared(Cause.NORMAL, "on-hook"))

    async def run(self) -> str | None:
        flow = self.flows.find("main")
        assert isinstance(flow, Flow)
        self.call.task = asyncio.current_task()  # the switch's: cancelled when the caller hangs up
        return await flow.run(self.call)

    # ---- what happened ----

    def nodes(self) -> list[str]:
        return [fact.node for fact in self.journal if isinstance(fact, facts.NodeEntered)]

    def played(self) -> list[str]:
        return [" ".join(fact.sounds) for fact in self.journal if isinstance(fact, facts.PromptStarted)]

    def inputs(self) -> list[tuple[str, str, str]]:
        return [(fact.node, fact.digits, fact.reason) for fact in self.journal
                if isinstance(fact, facts.InputCollected)]


def play_call(flows: Mapping[str, FlowSettings], *, keys: Sequence[tuple[float, str]] = (),
              hang_up: float | None = None,
              prepare: Callable[[World], None] = lambda world: None) -> tuple[World, str | None, float]:
    """Run one call in virtual time: the world afterwards, the next destination, and when it ended."""

    async def main() -> tuple[World, str | None, float]:
        world = World(flows)
        prepare(world)
        for at, digits in keys:
            world.press(digits, at)
        if hang_up is not None:
            world.hang_up(hang_up)
        walking: Awaitable[str | None] = asyncio.ensure_future(world.run())
        try:
            to = await walking
        except asyncio.CancelledError:
            to = "cancelled"
        return world, to, asyncio.get_running_loop().time()

    return run_virtual(main())
