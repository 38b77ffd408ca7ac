"""The ACD's world with callbacks: lines on which customers are dialled, and what they do when their telephone rings."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace

from acd_world import EPOCH, FakeCall, FakeLeg, FakePrompts, World, queue_settings, settings

from ccappliance.apps.acd.callback import Callbacks, Means
from ccappliance.apps.acd.callback_settings import CallbackRetry, CallbackSettings
from ccappliance.apps.acd.callback_store import CallbackStore
from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.settings import AcdSettings, QueueSettings
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.calendar import Calendar
from ccappliance.call.leg import LegGone
from ccappliance.call.routes import Routed
from ccappliance.media.ports import Sound, Tone
from ccappliance.store.database import Store

WANG = "13800138000"
CALLBACK = CallbackSettings(enabled=True, group="pstn", retry=CallbackRetry(times=2, every=120.0))


def callback_queue(queue: dict | None = None, **changes) -> QueueSettings:
    """A queue that calls back; `queue`: what is said of the queue itself."""
    return queue_settings(callback=replace(CALLBACK, **changes), **(queue or {}))


def callback_settings(agents: Sequence[str] = ("1001", "1002"), queue: dict | None = None, **changes) -> AcdSettings:
    return settings({"sales": callback_queue(queue, **changes)}, agents)


@dataclass(frozen=True)
class Does:
    """What a customer does when he is dialled: after so many seconds he answers (None), or the line tells a cause."""

    after: float = 3.0
    cause: Cause | None = None


class LineLeg(FakeLeg):
    """A leg that can be dialled, waited for and re-anchored."""

    def __init__(self, world: "CallbackWorld", call: "OutCall", leg_id: str, party: str, line: str) -> None:
        super().__init__(world, call, leg_id, party, False)
        self.circuit = SimpleNamespace(name=line)
        self._open = world.loop.create_future()
        self.on_answered(lambda _: self._open.set_result(None))

    async def answered(self) -> None:
        if not self.is_gone and not self.is_answered:
            await asyncio.wait([self._open, self.gone], return_when=asyncio.FIRST_COMPLETED)
        if self.is_gone:
            raise LegGone(self, self.gone.result())


class OutCall(FakeCall):
    """A call of ours: its first leg is the anchor until it is re-anchored."""

    def __init__(self, world: "CallbackWorld", called: str, calling: str) -> None:
        super().__init__(world, calling, "out", ())
        self.called = called
        self.legs: list[FakeLeg] = []

    def adopt(self, leg: FakeLeg) -> FakeLeg:
        if not self.legs:
            self.anchor = leg
        self.legs.append(leg)
        leg.on_gone(self._gone)
        return leg

    def re_anchor(self, leg: FakeLeg) -> None:
        self.anchor = leg

    def place(self, station: str, *, calling: str = "", name: str = "") -> FakeLeg:
        self.world.shown.append((station, calling, name))
        return self.adopt(self.world.place(self, station))

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), kept: bool = False, calling: str = "",
                  name: str = "") -> FakeLeg:
        return self.adopt(self.world.dial_line(self, group, number, but))

    def _gone(self, leg: FakeLeg) -> None:
        if leg is self.anchor and self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()


class CallbackWorld(World):
    """`does(number)`: what that customer does now. `lines`: names of the lines of the trunk group."""

    def __init__(self, acd_settings: AcdSettings, *, lines: Sequence[str] = ("fxo/1", "fxo/2", "fxo/3", "fxo/4"),
                 calendar: Callable[[str], Calendar | None] = lambda name: None, past: Sequence[bytes] = (),
                 store: Store | None = None, epoch: datetime = EPOCH) -> None:
        super().__init__(acd_settings, past=past, epoch=epoch)
        self.numbers = {"fxo/1": "61234567"}
        self.does: Callable[[str], Does | None] = lambda number: Does()
        self.lines_in_use: dict[str, str | None] = dict.fromkeys(lines)
        self.dialled: list[tuple[float, str]] = []
        self.customers: dict[str, FakeLeg] = {}
        self.shown: list[tuple[str, str, str]] = []
        self.store = store or Store(":memory:", threaded=False)
        self.kept = CallbackStore(self.store)
        self.kept.catch_up(self.sink.read(self.kept.replay_from))
        prompts = FakePrompts()
        say = SimpleNamespace(digits=lambda text, language: [Sound(f"{language}/{digit}", bytes(1600))
                                                             for digit in text])
        self.callbacks = Callbacks(self.acd, Means(
            loop=self.loop, outside=self.outside, journal=self.journal, lines=self, prompts=prompts, say=say,
            calendar=calendar, ringback=Tone("ringback", (), 0)))
        self.acd.use(self.callbacks)
        ends = self.kept.unfinished(self.outside.clock.wall())
        self.journal.unfollow(self.checker.hear)
        self.journal.follow(self.kept.hear)
        self.journal.follow(self.callbacks.hear)
        for fact in ends:
            self.journal.write(fact)
        self.journal.follow(self.checker.hear)
        self.callbacks.restore(self.kept.open())

    # ---- the fake lines ----

    def has_station(self, number: str) -> bool:
        return number.startswith("8") and len(number) == 4

    def idle_lines(self, group: str) -> int:
        return sum(number is None for number in self.lines_in_use.values())

    def call_station(self, station: str, routed: Routed, *, called: str, name: str = "", ring: float = 0.0) -> OutCall:
        call = OutCall(self, called, station)
        self.shown.append((station, called, name))
        self.journal.write(facts.CallOffered(call.id, station, "out", called, station, ""))
        try:
            call.adopt(self.place(call, station))
        except Refused:
            self.journal.write(facts.CallEnded(call.id, 28, "us"))
            raise
        return self._launch_out(call, routed)

    def call_outside(self, group: str, number: str, routed: Routed, *, but: Sequence[str] = (), kept: bool = False,
                     ring: float = 0.0) -> OutCall:
        call = OutCall(self, number, "")
        leg = self.dial_line(call, group, number, but)
        self.journal.write(facts.CallOffered(call.id, leg.circuit.name, "out", number, "", ""))
        call.adopt(leg)
        self.loop.call_later(ring, lambda: None if leg.is_answered else leg.clear(Cause.NO_ANSWER))
        return self._launch_out(call, routed)

    def dial_line(self, call: OutCall, group: str, number: str, but: Sequence[str]) -> LineLeg:
        free = [line for line, used in self.lines_in_use.items() if used is None and line not in but]
        if not free:
            raise Refused("no_line", "no idle line")
        assert number not in self.customers or self.customers[number].is_gone, f"{number} is dialled twice at a time"
        line = free[0]
        self.lines_in_use[line] = number
        leg = LineLeg(self, call, self.outside.ids.part(call.id, "leg"), number, line)
        self.customers[number] = leg
        self.dialled.append((round(self.loop.time(), 3), number))
        leg.on_gone(lambda _: self.loop.call_later(self.release_after, self._line_free, line, leg))
        does = self.does(number)
        if does is not None:
            self.loop.call_later(does.after, leg.pick_up if does.cause is None else lambda: leg.hang_up(does.cause))
        return leg

    def _line_free(self, line: str, leg: LineLeg) -> None:
        self.lines_in_use[line] = None
        self.journal.write(facts.LegMoved(leg.call.id, leg.id, line, leg.party.number, "cleared", "released", ""))

    def _launch_out(self, call: OutCall, routed: Routed) -> OutCall:
        self.calls.append(call)
        call.task = self.loop.create_task(self._run_out(call, routed.destination), name=f"call {call.id}")
        return call

    async def _run_out(self, call: OutCall, destination: str) -> None:
        to: str | None = destination
        try:
            if not call.anchor.is_answered:
                over = asyncio.Event()
                call.anchor.on_answered(lambda _: over.set())
                await over.wait()
            while to is not None and not call.anchor.is_gone:
                kind, _, name = to.partition(":")
                if kind == "hangup":
                    call.variables["ended"] = name
                    break
                found = self.callbacks.find(name) if kind == "callback" else self.acd.find_queue(name)
                assert found is not None, to
                to = await found.run(call)
        except (LegGone, asyncio.CancelledError):
            pass
        finally:
            for leg in call.legs:
                leg.clear()
            self.journal.write(facts.CallEnded(call.id, int(call.end_cause) if hasattr(call, "end_cause") else 16,
                                               "us"))

    # ---- what people do ----

    def entry_of(self, call: FakeCall, queue: str = "sales") -> Entry:
        found = self.acd.find_queue(queue)
        assert found is not None
        return next(entry for entry in found.line if entry.call is call)

    async def promised(self, number: str = WANG, queue: str = "sales", *, told: tuple[float, float] | None = None,
                       **more) -> str:
        """Somebody calls, waits a second, takes the callback and hangs up: the promise's name."""
        call = self.offer(queue, number, **more)
        await asyncio.sleep(1.0)
        self.callbacks.promise(self.entry_of(call, queue), number, told)
        call.anchor.hang_up()
        return self.of(facts.CallbackPromised)[-1].callback

    def ends(self) -> list[tuple[str, str]]:
        return [(fact.callback, fact.outcome) for fact in self.of(facts.CallbackEnded)]

    def missed(self) -> list[str]:
        return [fact.outcome for fact in self.of(facts.CallbackMissed)]

    async def close(self) -> None:
        """As a world without callbacks; and every promise has its end, and no line is in use."""
        for row in self.callbacks.list():
            self.callbacks.cancel(row["callback"], "test")
        await super().close()
        assert not any(self.lines_in_use.values())
        promised = [fact.callback for fact in self.of(facts.CallbackPromised)]
        ended = [fact.callback for fact in self.of(facts.CallbackEnded)]
        assert len(set(ended)) == len(ended), "a promise ended twice"
        kept = {kept.callback for kept in self.kept.open()}  # those of a daemon that was stopped
        assert set(promised) <= set(ended) | kept
        assert not kept.intersection(ended)
