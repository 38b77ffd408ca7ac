"""DAHDI's driver over a fake kernel: events to the last, ELAST, removal and return, dead cards."""

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from dahdi_fake import FakeKernel

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import (
    AlarmCleared,
    AlarmRaised,
    BitsChanged,
    Flashed,
    HookChanged,
    LoopBroken,
    PolarityReversed,
    Pulsed,
    RingBegan,
    RingEnded,
)
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_words import HOOK_RINGING, Alarm, Hook, Sig, Told
from ccappliance.media.card import WireCount
from ccappliance.sim.loop import run_virtual

ANALOG = (Sig.FXSKS, Sig.FXSKS, Sig.FXOKS, Sig.FXOKS)
E1 = (*[Sig.CLEAR] * 15, Sig.HDLCFCS, *[Sig.CLEAR] * 15)


class Bench:
    """A driver over a fake kernel, all channels connected."""

    def __init__(self, *spans: Any, wanted: Any = None) -> None:
        self.kernel = FakeKernel(*spans)
        self.driver = DahdiDriver(asyncio.get_running_loop(), self.kernel, wanted=wanted)
        self.heard: dict[int, list[Any]] = {}
        self.frames: list[bytes] = []
        for channel in self.driver.channels():
            channel.connect(self.heard.setdefault(channel.number, []).append)
        for data in self.driver.data_channels():
            data.connect(self.frames.append, self.heard.setdefault(data.number, []).append)

    async def happen(self, number: int, *events: int) -> list[Any]:
        """These events happen on a channel; answers what its owner heard of them."""
        self.kernel.ports[number].tell(*events)
        self.heard[number].clear()
        self.driver.attend()
        await asyncio.sleep(0)
        return self.heard[number]

    def asked(self, number: int, what: str) -> list[Any]:
        return [request[1:] for request in self.kernel.ports[number].asked if request[0] == what]


def play(story: Callable[[Bench], Coroutine[Any, Any, None]], *spans: Any, wanted: Any = None) -> None:
    async def run() -> None:
        bench = Bench(*(spans or (ANALOG,)), wanted=wanted)
        await asyncio.sleep(0.01)
        await story(bench)
        bench.driver.close()
        assert bench.kernel.closed

    run_virtual(run())


def test_channels_are_set_up_for_frames_of_a_tick_and_our_timings() -> None:
    async def story(bench: Bench) -> None:
        assert bench.kernel.ports[1].asked[:3] == [("audio", False), ("timing", 100, 90, 50, (60, 40, 660)),
                                                   ("hook", Hook.ONHOOK)]
        assert bench.asked(1, "gains") == [(bytes(range(256)), bytes(range(256)))]  # 0 dB: bit by bit
        assert bench.asked(1, "echo") == []

    play(story)


def test_gains_and_echo_follow_the_plan() -> None:
    async def story(bench: Bench) -> None:
        [(heard, sent)] = bench.asked(1, "gains")
        assert heard != bytes(range(256))
        assert sent == bytes(range(256))
        assert bench.asked(1, "echo") == [(256,)]  # 32 ms, 8 taps each
        assert [channel.number for channel in bench.driver.channels()] == [1]

    play(story, wanted={1: ChannelPlan(kind="fxo", gain_in=6.0, echo=0.032)})


@pytest.mark.parametrize(("number", "event", "expected"), [
    (1, [Told.RINGBEGIN], [RingBegan()]),
    (1, [Told.RINGBEGIN, Told.RINGOFFHOOK], [RingBegan(), RingEnded()]),
    (1, [Told.RINGOFFHOOK], [RingBegan(), RingEnded()]),  # DAHDI keeps a beginning to itself for 2 s after a hang-up
    (1, [Told.ONHOOK], []),  # on-hook a break is no event
    (1, [Told.POLARITY], [PolarityReversed()]),
    (3, [Told.RINGOFFHOOK], [HookChanged(True)]),
    (3, [Told.RINGOFFHOOK, Told.ONHOOK, Told.RINGOFFHOOK], [HookChanged(True), Flashed()]),
    (3, [Told.PULSE_START, Told.PULSEDIGIT | ord("7")], [Pulsed("7")]),
    (3, [Told.PULSEDIGIT | ord("*")], []),  # eleven pulses are no digit
    (3, [Told.WINKFLASH], [Flashed()]),
])
def test_events_in_our_words(number: int, event: list[int], expected: list[Any]) -> None:
    async def story(bench: Bench) -> None:
        assert await bench.happen(number, *event) == expected

    play(story)


def test_off_hook_a_break_is_the_exchange_hanging_up() -> None:
    async def story(bench: Bench) -> None:
        bench.driver.channels()[0].off_hook()
        assert await bench.happen(1, Told.ONHOOK) == [LoopBroken()]

    play(story)


def test_a_hang_up_is_told_when_it_can_be_no_flash_any_more() -> None:
    async def story(bench: Bench) -> None:
        await bench.happen(3, Told.RINGOFFHOOK)
        assert bench.asked(3, "hook")[-1] == (Hook.OFFHOOK,)
        assert await bench.happen(3, Told.ONHOOK) == []
        await asyncio.sleep(1.1)
        assert bench.heard[3] == []
        await asyncio.sleep(0.1)
        assert bench.heard[3] == [HookChanged(False)]
        assert bench.asked(3, "hook")[-1] == (Hook.ONHOOK,)

    play(story)


def test_a_storm_of_events_is_fetched_whole_and_the_state_read_afresh() -> None:
    async def story(bench: Bench) -> None:
        port = bench.kernel.ports[3]
        port.off_hook = True
        # the telephone was lifted, but so much happened that the event which says so was lost
        told = await bench.happen(3, *[Told.PULSE_START] * 200, Told.RINGOFFHOOK)
        assert port.lost == 138
        assert not port.events
        assert told == [HookChanged(True)]
        assert bench.driver.spans()[0].health.events_lost == 1  # type: ignore[union-attr]
        port.alarms = Alarm.RED
        assert [type(event) for event in await bench.happen(3, *[Told.PULSE_START] * 63)] == [AlarmRaised]

    play(story)


def test_a_request_that_meets_a_waiting_event_fetches_it_and_is_repeated() -> None:
    async def story(bench: Bench) -> None:
        port = bench.kernel.ports[1]
        port.refuse["hook"] = deque([500, 500])
        port.tell(Told.POLARITY)
        fxo = bench.driver.channels()[0]
        fxo.off_hook()
        assert fxo.status().off_hook
        assert bench.heard[1] == []  # nothing is told from inside a request
        await asyncio.sleep(0)
        assert bench.heard[1] == [PolarityReversed()]
        port.refuse["hook"] = deque([500] * 9)
        with pytest.raises(LineFault, match="events never end"):
            fxo.on_hook()

    play(story)


@pytest.mark.parametrize(("number", "words"), [(errno.EBUSY, "another program"), (errno.ENODATA, "loadzone"),
                                               (errno.EINVAL, "dahdi_cfg")])
def test_what_the_kernel_refuses_is_told_with_what_to_do(number: int, words: str) -> None:
    async def story(bench: Bench) -> None:
        bench.kernel.ports[1].refuse["hook"] = deque([number])
        with pytest.raises(LineFault, match=words):
            bench.driver.channels()[0].off_hook()

    play(story)


def test_nothing_is_written_while_the_card_dials() -> None:
    async def story(bench: Bench) -> None:
        fxo: Any = bench.driver.channels()[0]
        fxo.off_hook()
        fxo.pulse("12")
        assert fxo.sound.held
        assert bench.asked(1, "dial") == []  # the last frame written must be gone
        fxo.pulse("3")
        await asyncio.sleep(0.05)
        assert bench.asked(1, "dial") == [("123",)]
        fxo.pulse("4")
        assert bench.asked(1, "dial") == [("123",), ("4",)]
        await bench.happen(1, Told.DIALCOMPLETE)
        assert not fxo.sound.held
        fxo.pulse("5")
        fxo.on_hook()
        assert not fxo.sound.held
        await asyncio.sleep(1)
        assert bench.asked(1, "dial") == [("123",), ("4",)]

    play(story)


def test_a_flash_waits_until_the_line_has_settled() -> None:
    async def story(bench: Bench) -> None:
        bench.driver.channels()[0].off_hook()
        bench.kernel.ports[1].refuse["hook"] = deque([errno.EBUSY])
        bench.driver.channels()[0].flash()
        assert bench.asked(1, "hook")[-1] == (Hook.OFFHOOK,)
        await asyncio.sleep(0.1)
        assert bench.asked(1, "hook")[-1] == (Hook.FLASH,)

    play(story)


def test_a_bell_that_is_busy_is_silenced_first() -> None:
    async def story(bench: Bench) -> None:
        bench.kernel.ports[3].refuse["hook"] = deque([errno.EBUSY])
        bench.driver.channels()[2].ring([1.0, 4.0])
        assert bench.asked(3, "cadence") == [((1000, 4000),)]
        assert bench.asked(3, "hook")[-2:] == [(Hook.RINGOFF,), (Hook.RING,)]
        assert bench.driver.channels()[2].status().ringing
        assert await bench.happen(3, Told.RINGEROFF) == [RingEnded()]
        with pytest.raises(ValueError, match="at most 16"):
            bench.driver.channels()[2].ring([1.0, 1.0] * 9)

    play(story)


def test_a_ring_that_dahdi_kept_to_itself_is_seen_by_looking() -> None:
    async def story(bench: Bench) -> None:
        bench.kernel.ports[2].hook = HOOK_RINGING
        await asyncio.sleep(1.1)
        assert bench.heard[2] == [RingBegan()]
        bench.kernel.ports[2].hook = 0
        await asyncio.sleep(2.1)
        assert bench.heard[2] == [RingBegan(), RingEnded()]

    play(story)


def test_a_pulse_at_the_moment_of_a_look_is_no_hang_up() -> None:
    async def story(bench: Bench) -> None:
        port = bench.kernel.ports[3]
        port.off_hook = True
        assert await bench.happen(3, Told.RINGOFFHOOK) == [HookChanged(True)]
        port.off_hook = False
        await asyncio.sleep(1.0)  # one look
        port.off_hook = True
        await asyncio.sleep(3)
        assert bench.heard[3] == [HookChanged(True)]
        port.off_hook = False
        await asyncio.sleep(2.1)
        assert bench.heard[3] == [HookChanged(True), HookChanged(False)]

    play(story)


def test_alarms_have_words_and_change_is_told() -> None:
    async def story(bench: Bench) -> None:
        for number, bits, code, words in ((1, Alarm.RED, "no_battery", "plugged in"),
                                          (2, Alarm.YELLOW, "yellow", "does not receive us"),
                                          (3, Alarm.RED | Alarm.LOS, "red", "check the cable at channel 3")):
            bench.kernel.ports[number].alarms = bits
            [alarm] = await bench.happen(number, Told.ALARM)
            assert (alarm.alarm, bench.driver.channels()[number - 1].status().alarm) == (code, code)
            assert words in alarm.words
        bench.kernel.ports[2].alarms = Alarm.BLUE  # DAHDI tells no event for this
        await asyncio.sleep(1.1)
        assert bench.heard[2][-1].alarm == "blue"
        bench.kernel.ports[3].alarms = 0
        assert await bench.happen(3, Told.NOALARM) == [AlarmCleared(), HookChanged(False)]

    play(story)


def test_a_card_taken_out_is_let_go_and_used_again_when_it_is_back() -> None:
    async def story(bench: Bench) -> None:
        first, other = bench.driver.channels()[0], bench.driver.channels()[4]
        first.off_hook()
        bench.kernel.take_out(1)
        bench.driver.attend()
        await asyncio.sleep(0.1)
        for number in range(1, 5):
            assert [event.alarm for event in bench.heard[number]] == ["removed"]
            assert not bench.kernel.ports[number].open  # else the kernel could not forget it
        with pytest.raises(LineFault, match="removed"):
            first.off_hook()
        first.on_hook()  # hanging up never fails for that
        assert [span.alarm for span in bench.driver.spans()] == ["removed", None]
        other.off_hook()
        assert other.status().off_hook
        assert bench.heard[5] == []
        await asyncio.sleep(5)
        bench.kernel.put_in(1)
        bench.kernel.ports[3].off_hook = True
        await asyncio.sleep(1.1)
        assert bench.heard[1][1:] == [AlarmCleared()]
        assert bench.heard[3][1:] == [AlarmCleared(), HookChanged(True)]
        assert bench.heard[4][1:] == [AlarmCleared(), HookChanged(False)]
        first.off_hook()
        assert await bench.happen(2, Told.RINGBEGIN) == [RingBegan()]

    play(story, ANALOG, (Sig.FXSKS,))


def test_a_card_without_sound_is_dead_after_two_seconds_and_only_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stalled:
        missing = 0
        held = False
        count = WireCount(0, 0, 0, 0, 0)

    async def story(bench: Bench) -> None:
        stalled = Stalled()
        channel: Any = bench.driver.channels()[0]
        monkeypatch.setattr(channel, "sound", stalled)
        stalled.missing = 3
        await asyncio.sleep(0.3)
        assert channel.stalls == 1
        assert bench.heard[1] == []
        stalled.missing = 100
        await asyncio.sleep(0.3)
        assert [event.alarm for event in bench.heard[1]] == ["dead"]
        assert "interrupt" in bench.heard[1][0].words
        assert bench.heard[2] == []
        stalled.missing = 0
        await asyncio.sleep(0.3)
        assert bench.heard[1][1:] == [AlarmCleared()]

    play(story)


def test_cas_bits_are_four_and_told_when_they_change() -> None:
    async def story(bench: Bench) -> None:
        assert bench.heard[1] == [BitsChanged(0)]  # idle differs: the owner is told what is
        port = bench.kernel.ports[1]
        port.bits = 0x90  # the neighbour's
        assert await bench.happen(1, Told.BITSCHANGED) == []
        port.bits = 0x9D
        assert await bench.happen(1, Told.BITSCHANGED) == [BitsChanged(0xD)]
        bench.driver.channels()[0].signal(0x9)
        assert bench.asked(1, "send_bits") == [(9,)]
        with pytest.raises(ValueError, match="0 to 15"):
            bench.driver.channels()[0].signal(16)
        port.bits = 1  # and the event is lost
        await asyncio.sleep(1.1)
        assert bench.heard[1][-1] == BitsChanged(1)

    play(story, (Sig.CAS,))


def test_d_channel_frames_come_and_go_without_their_fcs() -> None:
    async def story(bench: Bench) -> None:
        port, [data] = bench.kernel.ports[16], bench.driver.data_channels()
        port.frames.extend([b"\x00\x01\x73\xaa\xbb", b"\x01", b"\x02\x01\x01\x02rest\xcc\xdd"])
        bench.driver.attend()
        await asyncio.sleep(0)
        assert bench.frames == [b"\x00\x01\x73", b"\x02\x01\x01\x02rest"]
        data.send(b"\x00\x01\x7f")
        assert port.sent == [b"\x00\x01\x7f\x00\x00"]
        port.tell(Told.BADFCS, Told.ABORT, Told.OVERRUN)
        data.send(b"\x00\x01\x00\x00")  # an event waits: it is fetched, and the frame sent
        assert len(port.sent) == 2
        health = bench.driver.spans()[0].health
        assert health is not None
        assert health.bad_frames == 4  # and the frame of one octet
        port.alarms = Alarm.RED
        assert [event.alarm for event in await bench.happen(16, Told.ALARM)] == ["red"]
        data.send(bytes(2000))
        assert len(port.sent) == 2

    play(story, E1)


def test_frames_of_a_card_taken_out_are_lost_and_its_return_is_told() -> None:
    async def story(bench: Bench) -> None:
        [data] = bench.driver.data_channels()
        bench.kernel.take_out(1)
        data.send(b"\x00\x01\x7f")
        await asyncio.sleep(0)
        assert [event.alarm for event in bench.heard[16]] == ["removed"]
        bench.kernel.put_in(1)
        await asyncio.sleep(1.1)
        assert bench.heard[16][1:] == [AlarmCleared()]
        data.send(b"\x00\x01\x7f")
        assert bench.kernel.ports[16].sent == [b"\x00\x01\x7f\x00\x00"]

    play(story, E1)


def test_closing_leaves_every_line_idle_and_open_to_others() -> None:
    async def run() -> None:
        bench = Bench(ANALOG)
        bench.driver.channels()[0].off_hook()
        bench.driver.close()
        assert bench.asked(1, "hook")[-1] == (Hook.ONHOOK,)
        assert not any(port.open for port in bench.kernel.ports.values())

    run_virtual(run())


@pytest.mark.parametrize(("wanted", "words"), [
    ({9: ChannelPlan()}, "no channel 9"), ({1: ChannelPlan(kind="fxs")}, "is fxo in DAHDI and fxs"),
    ({5: ChannelPlan()}, "not configured in DAHDI")])
def test_what_is_configured_and_not_there_is_told_with_what_to_do(wanted: dict[int, ChannelPlan], words: str) -> None:
    async def run() -> None:
        kernel = FakeKernel((*ANALOG, Sig.NONE))
        with pytest.raises(LineFault, match=words):
            DahdiDriver(asyncio.get_running_loop(), kernel, wanted=wanted)
        assert not any(port.open for port in kernel.ports.values())

    run_virtual(run())
