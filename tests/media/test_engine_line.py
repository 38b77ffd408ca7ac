"""What the tick mends on a line: echo, gains, automatic gain, comfort noise, lost frames; and what all of it takes."""

import math
import random
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from ccappliance.base.units import FRAME, RATE, TICK, dbm0
from ccappliance.media.engine import EngineMedia, EnginePort
from ccappliance.media.ports import PLAIN, Ear, Sound, Tone, ToneStep, Treatment
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import VirtualLoop

ZONE = load_zones()["cn"]


class Bench:
    """Two sides ticked by hand."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.here = EngineMedia(self.loop, ZONE, ports=64)
        self.there = EngineMedia(self.loop, ZONE, ports=64, name="street")
        self.beat = 0

    def tick(self, n: int = 1, *, both: bool = True) -> None:
        """`both` False: the street does not write, so our frames are missed."""
        for _ in range(n):
            self.beat += 1
            self.here.engine.tick(self.beat)
            if both:
                self.there.engine.tick(self.beat)
            self.here.dispatch()
            self.there.dispatch()
            for _ in range(2):
                self.loop.call_soon(self.loop.stop)
                self.loop.run_forever()

    def line(self, treatment: Treatment = PLAIN) -> tuple[EnginePort, EnginePort]:
        ours, theirs = self.here.wire()
        return self.here.port("ours", ours, treatment), self.there.port("theirs", theirs)

    def bridged(self, treatment: Treatment = PLAIN) -> tuple[EnginePort, EnginePort, EnginePort]:
        """A port of ours, the far end of it, and the far end of another in its bridge."""
        one, far = self.line(treatment)
        two, other = self.line()
        bridge = self.here.bridge("call")
        bridge.join(one)
        bridge.join(two)
        return one, far, other

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


def sine(hz: float, level: float) -> Tone:
    return Tone("sine", (ToneStep((hz,), math.inf, level),))


def speech(seconds: float, seed: int, level: float = 2500.0) -> Sound:
    """Noise through a low-pass, in syllables."""
    chance = random.Random(seed)
    now, pcm = 0.0, array("h")
    for i in range(round(seconds * RATE)):
        now = 0.6 * now + chance.gauss(0, level)
        pcm.append(round(max(-32000.0, min(32000.0, now * (1.0 if i % 2400 < 1700 else 0.02)))))
    return Sound(f"speech{seed}", pcm.tobytes())


def tape(bench: Bench, port: EnginePort, ticks: int) -> tuple[Sequence[int], Sequence[int]]:
    """What arrives at `port` and what it sends in so many ticks."""
    running = port.tape()
    bench.tick(ticks)
    running.stop()
    both = array("h", running.read())
    return both[0::2], both[1::2]


def level(samples: Sequence[int]) -> float:
    return dbm0(math.sqrt(sum(x * x for x in samples) / len(samples)))


# ---- gains ----


def test_fixed_gains_are_exact_in_both_directions(bench: Bench) -> None:
    port, far = bench.line(Treatment(gain_in=6.0, gain_out=-4.0))
    far.tone(sine(1000.0, -20.0))
    port.tone(sine(1000.0, -10.0))
    bench.tick(10)
    heard, sent = tape(bench, port, 50)
    assert level(heard) == pytest.approx(-14.0, abs=0.1)
    assert level(sent) == pytest.approx(-14.0, abs=0.1)
    bench.tick(50)
    assert port.levels().heard == pytest.approx(-14.0, abs=0.2)
    assert far.levels().heard == pytest.approx(-14.0, abs=0.2)


def test_automatic_gain_brings_a_soft_talker_up_for_the_bridge_and_ears_hear_him_as_he_came(bench: Bench) -> None:
    _, far, other = bench.bridged(Treatment(agc=-16.0))
    plain_port, plain_far, plain_other = bench.bridged()
    for mouth in (far, plain_far):
        mouth.play([speech(12.0, 1, 250.0)], repeat=True)
    bench.tick(round(8 / TICK))
    up, _ = tape(bench, other, 150)
    as_it_was, _ = tape(bench, plain_other, 150)
    assert 6.0 < level(up) - level(as_it_was) <= 18.5
    assert plain_port.levels().heard == pytest.approx(level(as_it_was), abs=4.0)


def test_automatic_gain_never_clips(bench: Bench) -> None:
    port, far = bench.line(Treatment(agc=-3.0))
    far.play([speech(3.0, 2, 6000.0)], repeat=True)
    heard, _ = tape(bench, port, 400)
    assert max(abs(x) for x in heard) <= 29205  # the limiter's ceiling, 1 dB below full scale


# ---- comfort noise ----


def test_comfort_noise_is_sent_while_nobody_in_the_bridge_has_a_sound(bench: Bench) -> None:
    port, far, other = bench.bridged(Treatment(comfort=-55.0))
    bench.tick(20)
    _, sent = tape(bench, port, 100)
    assert level(sent) == pytest.approx(-55.0, abs=1.5)
    other.tone(sine(1000.0, -10.0))
    bench.tick(10)
    heard, _ = tape(bench, far, 50)
    assert level(heard) == pytest.approx(-10.0, abs=0.1)  # no noise under what is heard


def test_without_a_bridge_or_without_being_asked_for_silence_is_silent(bench: Bench) -> None:
    alone, _ = bench.line(Treatment(comfort=-55.0))
    port, _, _ = bench.bridged()
    bench.tick(5)
    for one in (alone, port):
        assert not any(tape(bench, one, 20)[1])


# ---- lost frames ----


def test_lost_frames_are_made_up_for_and_then_fade(bench: Bench) -> None:
    port, far = bench.line()
    far.tone(sine(200.0, -10.0))
    bench.tick(20)
    running = port.tape()
    bench.tick(6, both=False)  # the first of these still brings what was written before
    bench.tick(10)
    running.stop()
    heard = array("h", running.read())[0::2]
    frames = [level(heard[at:at + FRAME]) for at in range(0, len(heard), FRAME)]
    assert frames[0] == pytest.approx(-10.0, abs=0.2)
    assert frames[1] > -13.0, frames  # 0-20 ms: the same words again
    assert -40.0 < frames[2] < frames[1]
    assert frames[4:6] == [-99.0, -99.0]  # beyond 60 ms: silence
    assert frames[8] == pytest.approx(-10.0, abs=0.2)
    steps = [abs(a - b) for a, b in pairwise(heard)]
    assert max(steps) < 2 * 7200 * 2 * math.pi * 200 / RATE  # twice what the sine itself does: no click
    assert bench.here.stats().missed == 6


def test_lost_frames_are_made_up_for_towards_the_bridge_and_ears_are_not_fooled(bench: Bench) -> None:
    port, far, other = bench.bridged()
    heard: list[object] = []
    port.on_heard = heard.append
    port.listen(Ear.PROGRESS)
    far.tone(sine(200.0, -10.0))
    bench.tick(20)
    running = other.tape()
    wire_was = port.levels().heard
    bench.tick(2, both=False)
    bench.tick(4)
    running.stop()
    arrived = array("h", running.read())[0::2]
    assert level(arrived[:2 * FRAME]) > -13.0
    assert wire_was == pytest.approx(-10.0, abs=3.0)


def test_nothing_is_made_up_after_silence(bench: Bench) -> None:
    port, far = bench.line()
    far.tone(Tone("blip", (ToneStep((500.0,), 0.1),), 1))
    bench.tick(20)
    running = port.tape()
    bench.tick(5, both=False)
    running.stop()
    heard = array("h", running.read())[0::2]
    assert max(abs(x) for x in heard) <= 8


# ---- echo ----


def echoing(bench: Bench, treatment: Treatment, loss: float) -> tuple[EnginePort, EnginePort]:
    """A port whose far end sends back what it hears, four ticks later; and a mouth that talks into the far end."""
    port, far = bench.line(treatment)
    there = bench.there
    (a, b), (c, d), (talk, mouth_end) = there.wire(), there.wire(), bench.here.wire()
    out, back_in = there.port("out", a), there.port("in", b)
    back_out, back = there.port("back", c), there.port("loop", d)
    near, mouth = there.port("near", mouth_end), bench.here.port("mouth", talk)
    front, rear = there.bridge("front"), there.bridge("rear")
    for one in (far, out, back, near):
        front.join(one)
    rear.join(back_in)
    rear.join(back_out)
    front.weigh(out, back, None)
    front.weigh(out, near, None)
    front.weigh(far, out, None)
    front.weigh(far, back, -loss)
    front.weigh(back, far, None)
    front.weigh(back, near, None)
    front.weigh(back, out, None)
    front.weigh(near, far, None)
    front.weigh(near, back, None)
    return port, mouth


@pytest.mark.slow
def test_the_echo_of_what_is_sent_is_taken_out(bench: Bench) -> None:
    left = {}
    for name, treatment in (("with", Treatment(echo=0.08)), ("without", PLAIN)):
        port, _ = echoing(bench, treatment, 10.0)
        port.play([speech(3.0, 5)], repeat=True)
        bench.tick(round(5 / TICK))
        heard, sent = tape(bench, port, 150)
        assert level(sent) > -25.0
        left[name] = level(heard)
        port.close()
    print(f"echo {left['without']:.1f} dBm0, cancelled to {left['with']:.1f} dBm0; asked for 25 dB")
    assert left["without"] - left["with"] >= 25.0


@pytest.mark.slow
def test_a_talker_passes_the_canceller_while_echo_is_taken_out(bench: Bench) -> None:
    port, mouth = echoing(bench, Treatment(echo=0.08), 10.0)
    port.play([speech(3.0, 5)], repeat=True)
    bench.tick(round(4 / TICK))
    mouth.play([speech(3.0, 6)], repeat=True)
    bench.tick(20)
    heard, _ = tape(bench, port, 100)
    _, said = tape(bench, mouth, 100)
    assert level(heard) == pytest.approx(level(said), abs=1.5)


def test_a_canceller_without_an_echo_changes_nothing(bench: Bench) -> None:
    port, far = bench.line(Treatment(echo=0.04))
    plain, plain_far = bench.line()
    for mouth in (far, plain_far):
        mouth.play([speech(2.0, 7)])
    port.tone(sine(600.0, -40.0))  # something is sent, and nothing of it comes back
    plain.tone(sine(600.0, -40.0))
    tapes = port.tape(), plain.tape()
    bench.tick(80)
    with_one, without = (array("h", running.read())[0::2] for running in tapes)
    difference = [a - b for a, b in zip(with_one, without, strict=True)]
    assert level(difference) < level(without) - 20.0


# ---- what it takes ----


def test_a_channel_with_every_ear_open_takes_less_than_16_kb(bench: Bench) -> None:
    engine = bench.here.engine
    print(f"a port: {engine.port_bytes / 1024:.1f} KB; its echo canceller, where there is one: "
          f"{engine.canceller_bytes / 1024:.1f} KB")
    assert engine.port_bytes <= 16 * 1024
    assert engine.canceller_bytes <= 8 * 1024
