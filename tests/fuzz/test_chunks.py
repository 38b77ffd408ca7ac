"""Every kernel, any sound, any chunks, any losses: the same is told and said, all of it finite and within bounds."""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccappliance.base.units import RATE
from ccappliance.media import _spectrum, dsp, files, levels
from ccappliance.media.ports import Sound
from ccappliance.media.tones import load_zones
from ccappliance.media.verdict import VerdictEar

ZONES = load_zones()


def _nothing(*_: Any) -> list[Any]:
    return []


@dataclass(frozen=True)
class Kernel:
    """How one is made of a sound, what it tells or says of a chunk, what of a loss, and what it is at last."""

    make: Callable[[bytes], Any]
    hear: Callable[[Any, bytes, bytes], Any]  # a chunk and the far end's: what it gives of the parts is that of all
    lost: Callable[[Any, int, bytes], Any] | None = None
    last: Callable[[Any], list[float]] = _nothing  # numbers that must be finite, and the same


def _ear(make: Callable[[], Any], last: Callable[[Any], list[float]] = _nothing) -> Kernel:
    return Kernel(lambda _: make(), lambda ear, x, _: list(ear.hear(x)), lambda ear, n, _: list(ear.lost(n) or []),
                  last)


def _mouth(make: Callable[[], Any]) -> Kernel:
    return Kernel(lambda _: make(), lambda mouth, x, _: list(mouth.say(x)))


def _match() -> Kernel:
    """It answers whether the sound came, not how often in a chunk: its likeness is what must not depend on chunks."""
    return Kernel(lambda x: dsp.MatchEar(Sound("needle", x[4000:12000])), lambda ear, x, _: _nothing(ear.hear(x)),
                  lambda ear, n, _: _nothing(ear.lost(n)), lambda ear: [ear.best])


def _levels(meter: levels.Meter) -> list[float]:
    read = meter.read()
    return [read.samples, read.rms, read.peak, read.level, read.peak_level, read.clipped]


CN, US = ZONES["cn"], ZONES["us"]
KERNELS = {
    "alaw": Kernel(lambda _: None, lambda _, x, __: list(dsp.through_alaw(x))),
    "dtmf": _ear(dsp.DtmfEar),
    "progress": _ear(lambda: dsp.ProgressEar(CN)),
    "progress us": _ear(lambda: dsp.ProgressEar(US)),
    "signal": _ear(dsp.SignalEar),
    "fsk": _ear(dsp.FskEar),
    "match": _match(),
    "voice": _ear(lambda: levels.VoiceEar(0.5), lambda ear: [ear.look.level, ear.look.noise, ear.look.snr]),
    "talk": Kernel(lambda _: levels.TalkEar(), lambda ear, x, far: ear.hear(x, far),
                   lambda ear, n, _: _nothing(ear.lost(n))),
    "meter": Kernel(lambda _: levels.Meter(), lambda meter, x, _: _nothing(meter.hear(x)), None, _levels),
    "verdict": _ear(lambda: VerdictEar(CN), lambda ear: [*ear.features.values(), ear.human]),
    "echo": Kernel(lambda _: levels.EchoCanceller(), lambda echo, x, far: list(echo.hear(x, far)),
                   lambda echo, n, far: _nothing(echo.lost(far[:2 * n])), lambda echo: [echo.erle]),
    "gain": _mouth(lambda: levels.Gain(7.0)),
    "agc": Kernel(lambda _: levels.AutomaticGain(), lambda agc, x, _: list(agc.say(x)),
                  lambda agc, n, _: _nothing(agc.lost(n)), lambda agc: [agc.gain]),
    "comfort": Kernel(lambda _: levels.ComfortNoise(-30.0), lambda mouth, x, _: list(mouth.say(len(x) // 2))),
    "conceal": Kernel(lambda _: levels.Concealer(), lambda mouth, x, _: list(mouth.say(x)),
                      lambda mouth, n, _: list(mouth.lost(n))),
    "tone": Kernel(lambda _: dsp.tone_generator(CN.tones["busy"]), lambda mouth, x, _: list(mouth.run(len(x) // 2))),
}


def sound(seed: int, kind: str) -> np.ndarray:
    """Two seconds of something, int16."""
    rng = np.random.default_rng(seed)
    n = 2 * RATE
    t = np.arange(n)
    if kind == "noise":
        x = rng.integers(-32768, 32768, n)
    elif kind == "extremes":
        x = np.where(rng.random(n) < 0.5, 32767, -32768)
    elif kind == "square":
        x = np.where(t // rng.integers(1, 40) % 2, 32767, -32768)
    elif kind == "quiet":
        x = rng.integers(-3, 4, n)
    elif kind == "clicks":
        x = np.where(rng.random(n) < 0.002, rng.integers(-32768, 32768, n), 0)
    else:  # a score: digits, progress tones, signals, marks and spaces, of any length and level, and pauses
        x, at = np.zeros(n), 0
        while at < n:
            length = int(rng.integers(40, 3000))
            for hz in rng.choice((450, 697, 770, 941, 950, 1100, 1209, 1300, 1400, 1477, 1800, 2100), 2):
                x[at:at + length] += 10 ** rng.uniform(0, 4) * np.sin(2 * np.pi * hz / RATE * t[:n - at][:length])
            at += length + int(rng.integers(0, 1500))
        x = x + rng.standard_normal(n) * 10 ** rng.uniform(0, 3)
    return np.clip(x, -32768, 32767).astype("<i2")


SOUNDS = ("noise", "extremes", "square", "quiet", "clicks", "score", "score", "score")


UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large]  # a loaded machine is no fault
SIZES = st.lists(st.integers(0, 900), max_size=4).map(lambda sizes: [*sizes, 333])  # none at all too, but not for ever
LOSSES = st.dictionaries(st.integers(1, 2 * RATE - 1), st.integers(0, 2000), max_size=2)  # after which sample, how many


def through(kernel: Kernel, x: bytes, far: bytes, sizes: list[int],
            losses: dict[int, int]) -> tuple[list[Any], list[float]]:
    """All it tells, with chunks of these sizes in turn, cut where samples are lost; and its numbers at last."""
    it, told, at, k = kernel.make(x), [], 0, 0
    while at < len(x) // 2:
        border = min((place for place in losses if place > at), default=len(x) // 2)
        end = min(at + sizes[k % len(sizes)], border)
        told += kernel.hear(it, x[2 * at:2 * end], far[2 * at:2 * end])
        if end in losses and end > at and kernel.lost:
            told += kernel.lost(it, losses[end], far)
        at, k = end, k + 1
    return told, kernel.last(it)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KERNELS))
@settings(max_examples=12, deadline=None, suppress_health_check=UNHURRIED)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SOUNDS),
       SIZES, LOSSES)
def test_any_chunks_and_losses(name, seed, kind, sizes, losses):
    x, far = sound(seed, kind).tobytes(), sound(seed + 1, "score").tobytes()
    whole, last = through(KERNELS[name], x, far, [160], losses)
    parts, finally_ = through(KERNELS[name], x, far, sizes, losses)
    assert parts == whole
    assert finally_ == last
    assert all(math.isfinite(value) for value in last)


@pytest.mark.nightly
@pytest.mark.parametrize("name", sorted(KERNELS))
@settings(max_examples=400, deadline=None, suppress_health_check=UNHURRIED)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SOUNDS),
       SIZES, LOSSES)
def test_very_many_chunks_and_losses(name, seed, kind, sizes, losses):
    x, far = sound(seed, kind).tobytes(), sound(seed + 1, "score").tobytes()
    assert through(KERNELS[name], x, far, [160], losses) == through(KERNELS[name], x, far, sizes, losses)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SOUNDS))
def test_every_look_at_a_spectrum_is_finite(seed, kind):
    look = _spectrum.look_at(sound(seed, kind)[:256].tobytes())
    assert all(math.isfinite(value) for value in look)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SOUNDS), st.sampled_from([4000, 11025, 16000, 22050, 44100, 192_000]),
       st.integers(0, 500))
def test_resampling_is_the_same_at_any_time(seed, kind, rate, count):
    """Silence before a sound, of a whole number of both rates' samples, delays what is made of it and no more."""
    common = math.gcd(rate, RATE)
    x = array("h", sound(seed, kind)[:count].tobytes())
    made = files.resample(x, rate)
    later = files.resample(array("h", bytes(2 * rate // common)) + x, rate)
    assert len(made) == -(-count * RATE // rate)
    crossings = 60 * RATE // min(rate, RATE)  # the filter reaches so far back into the silence
    assert later[RATE // common:][:len(made)] == made
    assert not any(later[:max(0, RATE // common - crossings)])
