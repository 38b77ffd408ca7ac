"""What every driver promises (drivers/api.py): one suite; a driver joins by a rig that plays its lines' far ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import pytest

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import (
    AlarmCleared,
    AlarmRaised,
    Channel,
    Driver,
    Event,
    Flashed,
    HookChanged,
    Kind,
    LoopBroken,
    PolarityReversed,
    Pulsed,
    RingBegan,
    RingEnded,
)
from ccappliance.drivers.hook import HookDecoder
from ccappliance.drivers.line import LoopChanged, SimulatedLine
from ccappliance.drivers.simulated import Card, SimulatedDriver
from ccappliance.drivers.skeleton import SkeletonDriver
from ccappliance.sim.loop import run_virtual


class Rig(Protocol):
    """A driver, and the hands at the far ends of its lines. `fxo` and `fxs` are its channels, None if it has none."""

    driver: Driver
    fxo: Channel | None
    fxs: Channel | None

    def exchange(self, do: str) -> None:
        """The exchange at the FXO line's far end: "ring", "stop", "reverse", "break", "battery"."""
        ...

    def exchange_sees_loop(self) -> bool: ...

    def telephone(self, closed: bool) -> None:
        """The telephone at the FXS line's far end closes or opens the loop."""
        ...

    def bell_rings(self) -> bool: ...


class SimulatedRig:
    """Two FXO and two FXS ports; the second of each is left alone."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lines = [SimulatedLine(loop, (("wire", n, 0), ("wire", n, 1))) for n in range(4)]
        self.driver = SimulatedDriver(loop, [Card("FXO card", Kind.FXO, self.lines[:2]),
                                             Card("FXS card", Kind.FXS, self.lines[2:])])
        self.fxo: Channel | None = self.driver.channels()[0]
        self.fxs: Channel | None = self.driver.channels()[2]
        for line in self.lines[:2]:
            line.feeding.battery(True)

    def exchange(self, do: str) -> None:
        feeding = self.lines[0].feeding
        if do in ("ring", "stop"):
            feeding.ring(do == "ring")
        elif do == "reverse":
            feeding.reverse(not feeding.reversed)
        else:
            feeding.battery(do == "battery")

    def exchange_sees_loop(self) -> bool:
        return self.lines[0].feeding.current

    def telephone(self, closed: bool) -> None:
        closing = self.lines[2].closing
        if closed:
            closing.close()
        else:
            closing.open()

    def bell_rings(self) -> bool:
        return self.lines[2].closing.ringing


class SkeletonRig:
    """One FXO port with nothing plugged in: only what needs no far end is asked of it."""

    def __init__(self) -> None:
        self.driver = SkeletonDriver("wire")
        self.fxo: Channel | None = self.driver.channels()[0]
        self.fxs: Channel | None = None


LINED: dict[str, Callable[[], Any]] = {"simulated": SimulatedRig}  # something is plugged into their ports
RIGS = LINED | {"skeleton": SkeletonRig}
every_driver = pytest.mark.parametrize("make", list(RIGS.values()), ids=list(RIGS))
every_lined_driver = pytest.mark.parametrize("make", list(LINED.values()), ids=list(LINED))


def play(make: Callable[[], Any], story: Callable[..., Coroutine[Any, Any, None]], kind: Kind | None = None) -> None:
    """Run `story(rig)`, or `story(rig, channel, events)` with the rig's channel of `kind`, connected."""

    async def run() -> None:
        rig = make()
        if kind is None:
            await story(rig)
            return
        channel = rig.fxo if kind is Kind.FXO else rig.fxs
        assert channel is not None
        events: list[Event] = []
        channel.connect(events.append)
        await asyncio.sleep(2)  # battery settles
        assert events == []
        await story(rig, channel, events)

    run_virtual(run())


@every_driver
def test_spans_and_channels_agree(make: Callable[[], Any]) -> None:
    async def story(rig: Rig) -> None:
        spans, channels = rig.driver.spans(), rig.driver.channels()
        assert [span.number for span in spans] == list(range(1, len(spans) + 1))
        assert [channel.number for channel in channels] == list(range(1, len(channels) + 1))
        assert [number for span in spans for number in span.channels] == [channel.number for channel in channels]
        for channel in channels:
            assert channel.number in spans[channel.span - 1].channels
            assert channel.wire is not None
            status = channel.status()
            assert not status.off_hook
            assert not status.ringing
        assert all(span.alarm is None and span.name and span.description for span in spans)
        assert rig.driver.name

    play(make, story)


@every_driver
def test_a_channel_has_one_owner(make: Callable[[], Any]) -> None:
    async def story(rig: Rig) -> None:
        channel = rig.driver.channels()[0]
        channel.connect(print)
        with pytest.raises(LineFault, match="owned already"):
            channel.connect(print)

    play(make, story)


@every_driver
def test_an_fxo_port_closes_and_opens_the_loop(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        channel.off_hook()
        assert channel.status().off_hook
        channel.off_hook()  # twice is once
        channel.on_hook()
        channel.on_hook()
        assert not channel.status().off_hook
        await asyncio.sleep(2)
        assert events == []

    play(make, story, Kind.FXO)


@every_driver
def test_requests_of_the_other_kind_are_refused(make: Callable[[], Any]) -> None:
    async def story(rig: Rig) -> None:
        assert rig.fxo is not None
        with pytest.raises(LineFault, match="FXO"):
            rig.fxo.ring([1.0, 4.0])
        with pytest.raises(LineFault, match="FXO"):
            rig.fxo.reverse(True)
        if rig.fxs is not None:
            for request in (rig.fxs.off_hook, rig.fxs.on_hook, rig.fxs.flash, lambda: rig.fxs.pulse("1")):
                with pytest.raises(LineFault, match="FXS"):
                    request()

    play(make, story)


@every_driver
def test_flash_and_pulses_need_a_loop(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        with pytest.raises(LineFault, match="on-hook"):
            channel.flash()
        with pytest.raises(LineFault, match="on-hook"):
            channel.pulse("1")

    play(make, story, Kind.FXO)


@every_lined_driver
def test_the_exchange_rings_an_fxo_port(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        rig.exchange("ring")
        assert events == []  # never from inside
        await asyncio.sleep(1)
        assert channel.status().ringing
        assert events == [RingBegan()]
        rig.exchange("stop")
        await asyncio.sleep(1)
        assert not channel.status().ringing
        assert events == [RingBegan(), RingEnded()]

    play(make, story, Kind.FXO)


@every_lined_driver
def test_the_exchange_reverses_breaks_and_loses_battery(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        channel.off_hook()
        await asyncio.sleep(0.1)
        assert rig.exchange_sees_loop()
        rig.exchange("reverse")
        await asyncio.sleep(0.2)
        assert channel.status().reversed
        rig.exchange("reverse")
        await asyncio.sleep(0.2)
        assert events == [PolarityReversed(), PolarityReversed()]
        events.clear()
        rig.exchange("break")
        await asyncio.sleep(0.5)
        rig.exchange("battery")
        await asyncio.sleep(2)
        assert events == [LoopBroken()]
        events.clear()
        rig.exchange("break")
        await asyncio.sleep(3)
        assert [type(event) for event in events] == [LoopBroken, AlarmRaised]
        assert isinstance(events[1], AlarmRaised)
        assert events[1].alarm == channel.status().alarm == "no_battery"
        rig.exchange("battery")
        await asyncio.sleep(2)
        assert events[2:] == [AlarmCleared()]
        assert channel.status().alarm is None

    play(make, story, Kind.FXO)


@every_lined_driver
def test_on_hook_a_loop_break_is_no_event(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        rig.exchange("break")
        await asyncio.sleep(0.5)
        rig.exchange("battery")
        await asyncio.sleep(3)
        assert events == []

    play(make, story, Kind.FXO)


@every_lined_driver
def test_our_bell_rings_in_the_cadence_and_is_tripped_by_lifting(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        channel.ring([1.0, 2.0])
        await asyncio.sleep(0.5)
        assert rig.bell_rings()
        assert channel.status().ringing
        await asyncio.sleep(1)
        assert not rig.bell_rings()
        assert events == [RingEnded()]
        await asyncio.sleep(2)
        assert rig.bell_rings()
        rig.telephone(True)
        await asyncio.sleep(0.2)
        assert not rig.bell_rings()
        assert not channel.status().ringing
        assert events == [RingEnded(), HookChanged(True)]
        channel.ring([1.0, 2.0])  # a telephone that is off-hook is not rung
        await asyncio.sleep(0.5)
        assert not rig.bell_rings()

    play(make, story, Kind.FXS)


@every_lined_driver
def test_our_bell_stops_when_told(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        channel.ring([1.0, 4.0])
        await asyncio.sleep(0.5)
        channel.ring(None)
        await asyncio.sleep(0.1)
        assert not rig.bell_rings()
        await asyncio.sleep(10)
        assert not rig.bell_rings()
        assert not channel.status().ringing

    play(make, story, Kind.FXS)


@every_lined_driver
@pytest.mark.parametrize(("breaks", "expected"), [
    ([(0.005, 1.0)], []),
    ([(0.060, 1.0)], [Pulsed("1")]),
    ([(0.060, 0.040)] * 4 + [(0.060, 1.0)], [Pulsed("5")]),
    ([(0.060, 0.040)] * 9 + [(0.060, 0.7), (0.060, 0.040), (0.060, 1.0)], [Pulsed("0"), Pulsed("2")]),
    ([(0.033, 0.017)] * 2 + [(0.033, 1.0)], [Pulsed("3")]),
    ([(0.060, 0.040)] * 13 + [(0.060, 1.0)], []),
    ([(0.1, 1.0)], [Flashed()]),
    ([(0.5, 1.0)], [Flashed()]),
    ([(1.2, 1.0)], [Flashed()]),
    ([(1.4, 1.0)], [HookChanged(False), HookChanged(True)]),
])
def test_breaks_of_the_loop_are_told_apart(make: Callable[[], Any], breaks: list[tuple[float, float]],
                                           expected: list[Event]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        rig.telephone(True)
        await asyncio.sleep(0.5)
        assert events == [HookChanged(True)]
        events.clear()
        for seconds, make_ in breaks:
            rig.telephone(False)
            await asyncio.sleep(seconds)
            rig.telephone(True)
            await asyncio.sleep(make_)
        assert events == expected
        assert channel.status().off_hook

    play(make, story, Kind.FXS)


@every_lined_driver
def test_hanging_up_is_told_when_it_can_be_no_flash_any_more(make: Callable[[], Any]) -> None:
    async def story(rig: Rig, channel: Channel, events: list[Event]) -> None:
        rig.telephone(True)
        await asyncio.sleep(0.5)
        rig.telephone(False)
        await asyncio.sleep(1.2)
        assert events == [HookChanged(True)]
        assert channel.status().off_hook
        await asyncio.sleep(0.2)
        assert events == [HookChanged(True), HookChanged(False)]
        assert not channel.status().off_hook

    play(make, story, Kind.FXS)


# ---- what only the simulated card can show ----


def test_an_fxo_port_dials_pulses_and_flashes_that_a_hook_decoder_understands() -> None:
    async def story(rig: SimulatedRig, channel: Channel, events: list[Event]) -> None:
        told: list[tuple[float, Event]] = []
        loop = asyncio.get_running_loop()
        decoder = HookDecoder(loop, lambda event: told.append((loop.time(), event)))
        rig.lines[0].feeding.hear = \
            lambda event: decoder.loop_changed(event.closed) if isinstance(event, LoopChanged) else None
        channel.off_hook()
        await asyncio.sleep(1)
        began = loop.time()
        channel.pulse("210")
        await asyncio.sleep(4)
        channel.flash()
        await asyncio.sleep(1)
        with pytest.raises(LineFault, match="cannot be dialled by pulses"):
            channel.pulse("1#")
        channel.pulse("99")
        await asyncio.sleep(0.25)
        channel.on_hook()
        await asyncio.sleep(3)
        assert [event for _, event in told] == [HookChanged(True), Pulsed("2"), Pulsed("1"), Pulsed("0"), Flashed(),
                                                HookChanged(False)]
        between = told[2][0] - told[1][0]
        assert between == pytest.approx(0.06 + 0.7, abs=1e-6)  # the break of "1" after the pause between digits
        assert told[1][0] - began == pytest.approx(0.06 + 0.04 + 0.06 + 0.15, abs=1e-6)

    play(SimulatedRig, story, Kind.FXO)


def test_a_cut_line_is_a_loop_break_and_then_an_alarm() -> None:
    async def story(rig: SimulatedRig, channel: Channel, events: list[Event]) -> None:
        channel.off_hook()
        await asyncio.sleep(0.1)
        rig.lines[0].cut()
        await asyncio.sleep(2)
        assert [type(event) for event in events] == [LoopBroken, AlarmRaised]
        assert not rig.exchange_sees_loop()
        rig.lines[0].mend()
        await asyncio.sleep(2)
        assert events[2:] == [AlarmCleared()]
        assert rig.exchange_sees_loop()

    play(SimulatedRig, story, Kind.FXO)


def test_a_card_that_fails_refuses_everything_and_tells_the_state_afterwards() -> None:
    async def story(rig: SimulatedRig, channel: Channel, events: list[Event]) -> None:
        rig.telephone(True)
        await asyncio.sleep(0.5)
        events.clear()
        rig.driver.fail(2, "removed", "the card is gone")
        rig.driver.fail(2, "removed", "the card is gone")  # twice is told once
        await asyncio.sleep(0.5)
        assert events == [AlarmRaised("removed", "the card is gone")]
        assert rig.driver.spans()[1].alarm == channel.status().alarm == "removed"
        with pytest.raises(LineFault, match="the card is gone"):
            channel.ring([1.0, 4.0])
        rig.telephone(False)
        await asyncio.sleep(3)
        rig.driver.mend(2)
        await asyncio.sleep(0.5)
        assert events[1:] == [AlarmCleared(), HookChanged(False)]
        assert rig.driver.spans()[1].alarm is None

    play(SimulatedRig, story, Kind.FXS)


def test_who_connects_late_is_told_what_is_out_of_the_ordinary() -> None:
    async def run() -> None:
        rig = SimulatedRig()
        rig.telephone(True)
        rig.exchange("ring")
        rig.lines[1].feeding.battery(False)
        await asyncio.sleep(2)
        heard: list[tuple[int, Event]] = []
        for channel in rig.driver.channels():
            channel.connect(lambda event, number=channel.number: heard.append((number, event)))
        assert heard == []
        await asyncio.sleep(0.1)
        assert [(number, type(event)) for number, event in heard] == [
            (1, RingBegan), (2, AlarmRaised), (3, HookChanged)]

    run_virtual(run())


def test_closing_the_driver_leaves_every_line_idle() -> None:
    async def story(rig: SimulatedRig) -> None:
        assert rig.fxo is not None
        assert rig.fxs is not None
        rig.fxo.off_hook()
        rig.fxs.ring([1.0, 4.0])
        await asyncio.sleep(0.1)
        rig.driver.close()
        await asyncio.sleep(0.1)
        assert not rig.exchange_sees_loop()
        assert not rig.bell_rings()

    play(SimulatedRig, story)


def test_a_cadence_that_is_none_is_refused() -> None:
    async def story(rig: SimulatedRig) -> None:
        assert rig.fxs is not None
        for cadence in ([], [1.0], [1.0, 0.0]):
            with pytest.raises(ValueError, match="pairs of seconds"):
                rig.fxs.ring(cadence)

    play(SimulatedRig, story)
