"""The engine, sample by sample: gapless mouths, sums, tapes, rings that run full, memory that comes back, real time."""

import array
import asyncio
import contextlib
import gc
import itertools
import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BRIDGE_PORTS, TAPE_SECONDS
from ccappliance.base.units import FRAME, RATE, TICK
from ccappliance.media import _engine
from ccappliance.media.dsp import through_alaw
from ccappliance.media.engine import EngineMedia, EnginePort
from ccappliance.media.metronome import Metronome, VirtualMetronome
from ccappliance.media.ports import DigitHeard, Ear, Heard, Played, Sound, Tone, ToneStep, WireStalled
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import VirtualLoop

ZONE = load_zones()["cn"]
IDLE = 8  # what A-law's idle code decodes to (G.711: the first step is ±1 of ±4096)


class Bench:
    """Two sides ticked by hand: `order` says which comes first."""

    def __init__(self, order: Sequence[int] = (0, 1), ports: int = 64) -> None:
        self.loop = VirtualLoop()
        self.here = EngineMedia(self.loop, ZONE, ports=ports)
        self.there = EngineMedia(self.loop, ZONE, ports=ports, name="street")
        self._order = [(self.here, self.there)[i] for i in order]
        self.beat = 0

    def tick(self, n: int = 1) -> None:
        for _ in range(n):
            self.beat += 1
            for media in self._order:
                media.engine.tick(self.beat)
            self.settle()

    def settle(self) -> None:
        """Tell what was heard, and let the loop run what is ready."""
        self.here.dispatch()
        self.there.dispatch()
        for _ in range(2):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()

    def line(self) -> tuple[EnginePort, EnginePort]:
        ours, theirs = self.here.wire()
        return self.here.port("ours", ours), self.there.port("theirs", theirs)

    def close(self) -> None:
        self.here.close()
        self.there.close()
        self.tick()
        assert (self.here.engine.out, self.there.engine.out) == (0, 0)
        self.loop.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def noise(samples: int, seed: int, peak: int = 8000) -> list[int]:
    chance = random.Random(seed)
    return [chance.randint(-peak, peak) for _ in range(samples)]


def pcm(samples: Iterable[int]) -> bytes:
    return array.array("h", samples).tobytes()


def sound(samples: Iterable[int], name: str = "x") -> Sound:
    return Sound(name, pcm(samples))


def ints(data: bytes) -> list[int]:
    return array.array("h", data).tolist()


def alaw(samples: Iterable[int]) -> list[int]:
    """What arrives of these samples."""
    return ints(through_alaw(pcm(samples)))


def channels(stereo: bytes) -> tuple[list[int], list[int]]:
    both = ints(stereo)
    return both[0::2], both[1::2]


def clipped(samples: Iterable[float]) -> list[int]:
    return [max(-32768, min(32767, math.floor(x))) for x in samples]


# ---- mouths and wires ----


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("cuts", [[1], [159, 1, 1], [160, 160], [161, 7, 500, 0, 3, 1000], [2000]])
def test_what_is_played_arrives_sample_exact_and_without_a_gap(order: Sequence[int], cuts: list[int]) -> None:
    bench = Bench(order)
    port, far = bench.line()
    tape = far.tape()
    bench.tick(3)
    parts = [noise(n, seed) for seed, n in enumerate(cuts)]
    playing = port.play([sound(part) for part in parts])
    bench.tick(20)
    heard, _ = channels(tape.read())
    said = [x for part in parts for x in part]
    # played in the fourth frame, heard in the fifth, whichever side is ticked first
    assert heard[4 * FRAME:4 * FRAME + len(said)] == alaw(said)
    assert set(heard[FRAME:4 * FRAME] + heard[4 * FRAME + len(said):]) == {IDLE}
    assert playing.ended == Played(True, len(said) / RATE)
    bench.close()


def test_repeat_starts_over_without_a_gap(bench: Bench) -> None:
    port, far = bench.line()
    tape = far.tape()
    said = noise(333, 1)
    playing = port.play([sound(said[:111]), sound(said[111:])], repeat=True)
    bench.tick(40)
    playing.stop()
    bench.tick(3)
    heard, _ = channels(tape.read())
    assert heard[FRAME:41 * FRAME] == alaw((said * 20)[:40 * FRAME])
    assert set(heard[41 * FRAME:]) == {IDLE}  # silence at the next tick, to the sample
    assert playing.ended == Played(False, 40 * TICK)


@pytest.mark.parametrize(("gain_db", "factor"), [(0.0, 1.0), (-6.0206, 0.5), (6.0206, 2.0), (18.0, 7.943)])
def test_gain_scales_and_saturates(bench: Bench, gain_db: float, factor: float) -> None:
    port, _ = bench.line()
    tape = port.tape()
    said = noise(FRAME, 2, peak=30000)
    port.play([sound(said)], gain_db=gain_db)
    bench.tick()
    _, sent = channels(tape.read())
    wanted = clipped(x * factor for x in said)
    assert max(abs(a - b) for a, b in zip(sent, wanted, strict=True)) <= max(1, 0.0005 * 32767)


def test_an_odd_byte_at_the_end_of_a_sound_is_ignored(bench: Bench) -> None:
    port, _ = bench.line()
    playing = port.play([Sound("odd", pcm(noise(80, 1)) + b"\x01")])
    bench.tick()
    assert playing.ended == Played(True, 80 / RATE)


def test_a_tone_that_is_cut_fades_out(bench: Bench) -> None:
    port, _ = bench.line()
    tape = port.tape()
    port.tone(ZONE.tones["dial"])
    bench.tick(5)
    port.silence()
    bench.tick(2)
    _, sent = channels(tape.read())
    loudest = max(sent)
    steps = [abs(a - b) for a, b in itertools.pairwise(sent)]
    assert max(steps) <= 1.1 * loudest * 2 * math.pi * 450 / RATE  # no step steeper than the sine itself
    assert max(map(abs, sent[5 * FRAME:5 * FRAME + 20])) > loudest / 4
    assert not any(sent[5 * FRAME + 40:])


def test_digit_strings_of_any_length_are_sent(bench: Bench) -> None:
    port, far = bench.line()
    heard: list[Heard] = []
    far.on_heard = heard.append
    far.listen(Ear.DTMF)
    digits = "0123456789*#ABCD" * 6  # 96 digits: six tones in a chain
    playing = port.digits(digits, on=0.06, off=0.06)
    bench.tick(round(96 * 0.12 / TICK) + 5)
    assert "".join(digit.digit for digit in heard if isinstance(digit, DigitHeard)) == digits
    assert playing.ended == Played(True, pytest.approx(96 * 0.12 - 0.06))


def test_a_cadence_longer_than_a_tone_goes_round_as_a_whole(bench: Bench) -> None:
    steps = tuple(ToneStep((500.0,) if i % 2 else (), 0.02) for i in range(_engine.STEPS + 2))
    port, _ = bench.line()
    playing = port.tone(Tone("long", steps, rounds=2))
    bench.tick(2 * len(steps) + 2)
    assert playing.ended == Played(True, pytest.approx(2 * len(steps) * 0.02))
    endless = port.tone(Tone("nothing", (ToneStep((), 0.0),)))
    bench.tick(2)
    assert endless.ended == Played(True, 0.0)
    with pytest.raises(ValueError, match="4 frequencies"):
        port.tone(Tone("chord", (ToneStep((400.0,) * 5, 1.0),)))


def test_a_wire_whose_other_end_stops_writing_is_told_once_per_stall(bench: Bench) -> None:
    port, far = bench.line()
    heard: list[Heard] = []
    port.on_heard = heard.append
    far.play([sound(noise(RATE, 1))], repeat=True)
    bench.tick(5)
    for _ in range(2):
        for _ in range(10):  # the street's tick does not come
            bench.beat += 1
            bench.here.engine.tick(bench.beat)
        bench.settle()
        bench.tick(5)
    assert heard == [WireStalled(3 * TICK)] * 2
    assert bench.here.engine.frames_missed == 20 + 0
    for _ in range(210):
        bench.beat += 1
        bench.here.engine.tick(bench.beat)
    bench.settle()
    assert heard[2:] == [WireStalled(3 * TICK), WireStalled(2.0), WireStalled(4.0)]  # the card is dead (F12)
    heard = heard[:2]
    port.on_heard = heard.append
    bench.tick(5)
    far.close()
    bench.tick(10)
    assert len(heard) == 2  # nobody at the other end is no stall


# ---- bridges ----


def test_mixing_adds_the_others_and_saturates(bench: Bench) -> None:
    lines = [bench.line() for _ in range(4)]
    bridge = bench.here.bridge("call")
    for port, _ in lines:
        bridge.join(port)
    said = [noise(FRAME, seed, peak=16000) for seed in range(3)] + [[0] * FRAME]
    tapes = [port.tape() for port, _ in lines]
    for (_, far), samples in zip(lines, said, strict=True):
        far.play([sound(samples)])
    bench.tick(2)
    heard = [alaw(samples) for samples in said]
    for i, tape in enumerate(tapes):
        left, right = channels(tape.read())
        assert left[FRAME:] == heard[i]
        others = [heard[j] for j in range(3) if j != i]  # who is silent adds nothing, not even the idle code
        assert right[FRAME:] == clipped(map(sum, zip(*others, strict=True)))
    assert any(abs(sum(column)) > 32767 for column in zip(*heard[:3], strict=True))


def test_weights_scale_what_one_listener_hears(bench: Bench) -> None:
    lines = [bench.line() for _ in range(3)]
    bridge = bench.here.bridge("call")
    for port, _ in lines:
        bridge.join(port)
    bridge.weigh(lines[2][0], lines[0][0], -6.0206)
    bridge.weigh(lines[2][0], lines[1][0], None)
    bridge.weigh(lines[0][0], lines[2][0], None)
    said = [noise(FRAME, seed) for seed in range(3)]
    tapes = [port.tape() for port, _ in lines]
    for (_, far), samples in zip(lines, said, strict=True):
        far.play([sound(samples)])
    bench.tick(2)
    a, b, c = (alaw(samples) for samples in said)
    sent = [channels(tape.read())[1][FRAME:] for tape in tapes]
    assert sent[0] == b
    assert sent[1] == clipped(map(sum, zip(a, c, strict=True)))
    assert all(abs(x - y / 2) <= 1 for x, y in zip(sent[2], a, strict=True))
    assert _engine.SEATS == MAX_BRIDGE_PORTS


def test_weights_stay_with_their_ports_when_somebody_leaves(bench: Bench) -> None:
    lines = [bench.line() for _ in range(4)]
    a, b, c, d = (port for port, _ in lines)
    bridge = bench.here.bridge("call")
    for port in (a, b, c, d):
        bridge.join(port)
    bridge.weigh(d, c, None)
    bridge.weigh(b, d, None)
    bridge.leave(a)  # d takes its seat
    said = [noise(FRAME, seed) for seed in range(4)]
    tapes = [port.tape() for port, _ in lines]
    for (_, far), samples in zip(lines, said, strict=True):
        far.play([sound(samples)])
    bench.tick(2)
    heard = [alaw(samples) for samples in said]
    sent = [channels(tape.read())[1][FRAME:] for tape in tapes]
    assert not any(sent[0])
    assert sent[1] == heard[2]
    assert sent[2] == clipped(map(sum, zip(heard[1], heard[3], strict=True)))
    assert sent[3] == heard[1]


def test_over_is_laid_on_the_mix_and_a_prompt_hides_it_to_the_sample(bench: Bench) -> None:
    (a, far_a), (b, _) = bench.line(), bench.line()
    bridge = bench.here.bridge("call")
    bridge.join(a)
    bridge.join(b)
    speech, beep = noise(6 * FRAME, 1), noise(100, 2)
    tape = b.tape()
    far_a.play([sound(speech)])
    bench.tick(2)
    b.play([sound(beep)], over=True)
    bench.tick()
    b.play([sound(beep)])
    bench.tick()
    bench.tick()
    _, sent = channels(tape.read())
    heard = alaw(speech)
    mixed = clipped(x + y for x, y in zip(heard[FRAME:], beep + [0] * 60, strict=False))
    assert sent == [0] * FRAME + heard[:FRAME] + mixed + beep + heard[2 * FRAME + 100:4 * FRAME]


# ---- tapes ----


def test_a_tape_has_what_arrives_left_and_what_is_sent_right(bench: Bench) -> None:
    port, far = bench.line()
    bench.tick()
    tapes = [port.tape(), port.tape()]
    mine, theirs = noise(1000, 1), noise(1000, 2)
    port.play([sound(mine)])
    far.play([sound(theirs)])
    bench.tick(10)
    for tape in tapes:
        left, right = channels(tape.read())
        assert left == [IDLE] * FRAME + alaw(theirs) + [IDLE] * (9 * FRAME - 1000)
        assert right == mine + [0] * (10 * FRAME - 1000)
    tapes[0].stop()
    bench.tick(2)
    assert [tape.samples for tape in tapes] == [10 * FRAME, 12 * FRAME]


@pytest.mark.parametrize("stopped", [False, True])
def test_what_found_the_tape_full_is_read_as_silence_in_its_place(bench: Bench, stopped: bool) -> None:
    port, _ = bench.line()
    room = round(TAPE_SECONDS / TICK)
    tape = port.tape()
    said: list[int] = []

    def say(ticks: int) -> None:
        for _ in range(ticks):
            frame = [len(said) // FRAME % 30000 + 1] * FRAME
            said.extend(frame)
            port.play([sound(frame)])
            bench.tick()

    say(room + 30)
    assert tape.lost == 30 * FRAME
    read = tape.read()
    assert len(read) == room * FRAME * 4
    say(50)
    read += tape.read()
    say(room + 7)  # runs full again, and stays so to the end
    assert tape.lost == 37 * FRAME
    if stopped:
        tape.stop()
        bench.tick(3)
    while more := tape.read():
        read += more
    lost_at_end = 0 if stopped else 7  # not told before the tape has stopped or the next frame has come
    _, right = channels(read)
    for lost in (range(room, room + 30), range(2 * room + 80, 2 * room + 87)):
        for frame in lost:
            said[frame * FRAME:(frame + 1) * FRAME] = [0] * FRAME
    assert right == said[:len(said) - lost_at_end * FRAME]
    assert tape.samples == len(said)


@pytest.mark.slow
def test_a_tape_is_read_by_another_thread(bench: Bench) -> None:
    port, _ = bench.line()
    tape = port.tape()
    ticks, got, over = 4000, bytearray(), threading.Event()

    def empty() -> None:
        while not over.is_set():
            got.extend(tape.read())

    reader = threading.Thread(target=empty)
    reader.start()
    playing = port.play([sound([i % 30000 + 1] * FRAME) for i in range(ticks)])
    for _ in range(ticks):
        bench.tick()
    assert playing.ended == Played(True, ticks * TICK)
    tape.stop()
    bench.tick()
    over.set()
    reader.join()
    while more := tape.read():
        got.extend(more)
    _, right = channels(bytes(got))
    assert len(right) == tape.samples == ticks * FRAME
    lost = tape.lost // FRAME
    assert sum(right[i * FRAME:(i + 1) * FRAME] != [i % 30000 + 1] * FRAME for i in range(ticks)) == lost


# ---- rings that run full ----


def test_no_command_is_lost_when_the_ring_is_full(bench: Bench) -> None:
    port, _ = bench.line()
    ended: list[Played] = []
    plays = 20_000  # the ring holds 8,192
    silence = sound([0] * FRAME)
    for _ in range(plays):
        port.play([silence]).on_end(ended.append)
    bench.tick(20)
    assert len(ended) == plays
    assert ended[-1] == Played(True, TICK)
    assert not any(played.completed for played in ended[:8000])


def test_events_that_find_the_ring_full_are_counted_and_loans_are_never_lost() -> None:
    bench = Bench(ports=64)
    lines = [bench.line() for _ in range(60)]
    for port, far in lines:
        port.listen(Ear.DTMF)
        far.digits("12345" * 10, on=0.05, off=0.05)
    ended: list[Played] = []
    for _ in range(300):  # nobody takes the events: 3,000 digits for 2,048 slots
        bench.beat += 1
        for media in (bench.here, bench.there):
            media.engine.tick(bench.beat)
    for port, _ in lines:
        port.play([sound([1] * 10)]).on_end(ended.append)
    bench.here.engine.tick(bench.beat + 1)
    bench.beat += 1
    assert bench.here.stats().events_lost == 60 * 50 - 2048
    bench.settle()
    assert not ended
    bench.tick()
    assert ended == [Played(True, 10 / RATE)] * 60
    bench.close()


# ---- memory ----


def test_sounds_live_until_the_tick_has_dropped_them(bench: Bench) -> None:
    port, far = bench.line()
    tape = far.tape()
    said = noise(10 * FRAME, 3)
    memory = pcm(said)
    unused = sys.getrefcount(memory)
    port.play([Sound("kept", memory)])
    bench.tick(2)
    port.close()
    del port
    gc.collect()
    assert sys.getrefcount(memory) == unused + 1  # the close is not taken yet
    bench.tick()
    gc.collect()
    assert sys.getrefcount(memory) == unused
    bench.tick(3)
    heard, _ = channels(tape.read())
    assert heard[FRAME:3 * FRAME] == alaw(said[:2 * FRAME])
    assert not any(heard[3 * FRAME:])  # nobody at the other end: true silence, not even the idle code


def test_ports_and_buffers_come_back(bench: Bench) -> None:
    for i in range(10_000):
        port, far = bench.line()
        port.play([sound([1, 2, 3])], repeat=True)
        port.listen(Ear.DTMF)
        if i % 10 == 0:
            far.listen_for(sound(noise(800, i)))
            bridge = bench.here.bridge("b")
            bridge.join(port)
            bridge.close()
            bench.tick()
        port.close()
        far.close()
    bench.tick(10)
    assert (bench.here.engine.out, bench.there.engine.out) == (0, 0)
    assert bench.here.stats().ports == 0


def test_an_engine_may_die_with_everything_under_way() -> None:
    for ticks in (0, 1, 5):
        bench = Bench()
        lines = [bench.line() for _ in range(10)]
        bridge = bench.here.bridge("b")
        tapes = [port.tape() for port, _ in lines]
        for port, _ in lines[:8]:
            bridge.join(port)
            port.play([sound(noise(1000, 1))], repeat=True)
        bench.tick(ticks)
        bench.loop.close()
        del bench, lines, bridge, port
        gc.collect()
        assert [len(tape.read()) for tape in tapes] == [ticks * FRAME * 4] * 10


def test_limits_and_wrong_use_are_refused_in_words(bench: Bench) -> None:
    small = EngineMedia(bench.loop, ZONE, ports=1)
    (end, _), (second, _) = small.wire(), small.wire()
    port = small.port("only", end)
    with pytest.raises(Refused) as refused:
        small.port("one more", second)
    assert refused.value.code == "ports_full"
    with pytest.raises(ValueError, match="another side"):
        bench.here.bridge("b").join(port)
    small.close()
    with pytest.raises(Refused) as refused:
        small.port("late", second)
    assert refused.value.code == "media_closed"
    with pytest.raises(ValueError, match="1 to 1024 ports"):
        EngineMedia(bench.loop, ZONE, ports=1025)


class Chaos:
    """Requests by chance, in any order, on ports in any state."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.chance = random.Random(seed)
        self.ports: list[EnginePort] = []
        self.bridges = [bench.here.bridge(str(i)) for i in range(4)]
        self.tapes = []
        self.playings = []
        self.sounds = [sound(noise(self.chance.randint(0, 900), i), str(i)) for i in range(10)]

    def one(self, among: list) -> object:
        return self.chance.choice(among)

    def step(self) -> None:
        if len(self.ports) < 40:
            self.ports += self.bench.line()
            return
        acts: list[Callable[[EnginePort], object]] = [
            lambda port: self.playings.append(port.play(
                self.chance.sample(self.sounds, self.chance.randint(0, 3)), repeat=self.chance.random() < 0.3,
                gain_db=self.chance.uniform(-40, 40), over=self.chance.random() < 0.5)),
            lambda port: port.tone(ZONE.tones[self.one(sorted(ZONE.tones))], over=self.chance.random() < 0.5),
            lambda port: port.digits("".join(self.chance.choices("0123456789*#ABCD,", k=self.chance.randint(0, 40)))),
            lambda port: port.fsk(self.chance.randbytes(self.chance.randint(0, 40))),
            lambda port: port.silence(),
            lambda port: port.listen(Ear(self.chance.randint(0, 7))),
            lambda port: port.listen_for(self.one([*self.sounds, None])),
            lambda port: self.tapes.append(port.tape()) if len(self.tapes) < 30 else self.one(self.tapes).read(),
            lambda port: self.one(self.tapes).stop() if self.tapes else None,
            lambda port: self.join(port),
            lambda port: self.one(self.bridges).leave(port),
            lambda port: self.weigh(port),
            lambda port: self.one(self.playings).stop() if self.playings else None,
            lambda port: (port.close(), self.chance.random() < 0.5 and self.ports.remove(port)),
        ]
        self.one(acts)(self.one(self.ports))

    def join(self, port: EnginePort) -> None:
        with contextlib.suppress(Refused):
            if port.media is self.bench.here:
                self.one(self.bridges).join(port)

    def weigh(self, port: EnginePort) -> None:
        with contextlib.suppress(Refused):
            self.one(self.bridges).weigh(port, self.one(self.ports), self.chance.choice([None, -90.0, 0.0, 60.0]))


@pytest.mark.slow
def test_requests_by_chance_break_nothing(seed: int) -> None:
    for run in range(3):
        bench = Bench(order=(run % 2, 1 - run % 2), ports=64)
        chaos = Chaos(bench, seed + run)
        for _ in range(4000):
            chaos.step()
            if chaos.chance.random() < 0.3:
                bench.tick()
        bench.close()
        assert all(playing.ended is not None for playing in chaos.playings)
        for tape in chaos.tapes:
            while tape.read():
                pass


# ---- metronomes ----


def test_virtual_time_ticks_on_a_grid_of_the_loop() -> None:
    loop = VirtualLoop(start=100.0)
    media = EngineMedia(loop, ZONE)
    metronome = VirtualMetronome(loop, [media])
    port = media.port("a", media.wire()[0])

    async def main() -> float:
        metronome.start()
        await asyncio.sleep(0.005)
        playing = port.play([sound([1] * (50 * FRAME))])
        await playing.wait()
        return loop.time()

    assert loop.run_until_complete(main()) == pytest.approx(101.0)
    assert metronome.ticks == media.stats().ticks == 50
    metronome.stop()
    media.close()
    loop.close()


@pytest.mark.slow
def test_real_time_goes_on_while_python_is_busy() -> None:
    async def main() -> tuple[list[Heard], Metronome, EngineMedia]:
        loop = asyncio.get_running_loop()
        media = EngineMedia(loop, ZONE)
        one, other = media.wire()
        port, far = media.port("a", one), media.port("b", other)
        heard: list[Heard] = []
        far.on_heard = heard.append
        far.listen(Ear.DTMF)
        metronome = Metronome([media])
        metronome.start()
        playing = port.digits("159D")
        busy_until = time.monotonic() + 1.0
        while time.monotonic() < busy_until:
            sum(range(2000))  # the GIL is never given away for long, the loop does not run
        assert playing.ended is None  # nobody was told yet …
        assert metronome.ticks >= 40  # … but the tick went on
        assert await playing.wait() == Played(True, pytest.approx(0.7))
        metronome.stop()
        metronome.stop()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        media.close()
        return heard, metronome, media

    heard, metronome, media = asyncio.run(main())
    assert heard == [DigitHeard(digit) for digit in "159D"]
    assert media.stats().ticks == metronome.ticks
    print(f"\nlate {metronome.late} of {metronome.ticks}, worst {1000 * metronome.worst_late:.2f} ms, "
          f"skipped {metronome.skipped}")


@pytest.mark.slow
def test_a_metronome_that_may_not_hurry_says_so_and_works(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> int:
        metronome = Metronome([EngineMedia(asyncio.get_running_loop(), ZONE)], realtime=True)
        metronome.start()
        while metronome.ticks < 3:
            await asyncio.sleep(TICK)
        metronome.stop()
        return metronome.ticks

    assert asyncio.run(main()) >= 3
    for record in caplog.records:
        assert "allow" in record.getMessage()


# ---- what it costs ----


def cost(bench: Bench, ticks: int) -> float:
    """Microseconds per tick of our side, the best of five."""
    engine, other = bench.here.engine, bench.there.engine
    best = math.inf
    for _ in range(5):
        spent = 0.0
        for _ in range(ticks):
            bench.beat += 1
            other.tick(bench.beat)
            began = time.perf_counter()
            engine.tick(bench.beat)
            spent += time.perf_counter() - began
        best = min(best, spent)
        bench.settle()
    return best / ticks * 1e6


@pytest.mark.slow
def test_what_a_tick_costs() -> None:
    idle = Bench(ports=256)
    for _ in range(200):
        idle.line()
    print(f"\nidle tick, 200 ports: {cost(idle, 500):.1f} µs")
    idle.close()
    for ears in (Ear.NONE, Ear.DTMF, Ear.DTMF | Ear.PROGRESS):
        busy = Bench(ports=256)
        speech = sound(noise(RATE, 1))
        lines = [busy.line() for _ in range(60)]
        for (a, far_a), (b, far_b) in zip(lines[::2], lines[1::2], strict=True):
            bridge = busy.here.bridge("call")
            for port, far in ((a, far_a), (b, far_b)):
                bridge.join(port)
                port.listen(ears)
                far.play([speech], repeat=True)
        print(f"60 speaking ports in 30 bridges, {ears}: {cost(busy, 100):.0f} µs")
        assert busy.here.stats().events_lost == 0
        busy.close()
