"""The bank: its sums against the definition, the same bits and the same facts on every level of the machine."""

import asyncio
import struct

import numpy as np
import pytest
from dsp_signals import VOICES, cadence, dtmf, line, noise, report, silence, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import _bank, _engine, dsp, reference
from ccappliance.media.engine import EngineMedia
from ccappliance.media.ports import DigitHeard, Ear, Sound, ToneEnded, ToneHeard
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

CN = load_zones()["cn"]
LEVELS = _bank.levels()
HZ = [350.0, 440.0, 450.0, 480.0, 620.0]


@pytest.fixture
def chosen():
    """The level chosen for this machine, and again after the test."""
    name = _bank.level()
    yield name
    _bank.use(name)


def on_every_level(work):
    """What `work()` answers on each level."""
    before = _bank.level()
    try:
        answers = []
        for name in LEVELS:
            _bank.use(name)
            answers.append(work())
        return answers
    finally:
        _bank.use(before)


def test_levels(chosen):
    assert LEVELS[:2] == ["plain", "base"]
    assert chosen == LEVELS[-1]  # the best that there is
    with pytest.raises(ValueError, match="no level 'v9'"):
        _bank.use("v9")


def test_sums_are_what_they_should_be(rng, chosen):
    worst = 0.0
    x = np.frombuffer(line(noise(rng, -8, 800) + sine(rng, 697.0, -8, 800)), "<i2")
    for name in LEVELS:
        _bank.use(name)
        for hop, (energy, sums) in enumerate(_bank.sums(x.tobytes(), HZ)):
            part = x[40 * hop:40 * hop + 40].tolist()
            assert energy == pytest.approx(reference.energy_of(part), rel=1e-6)
            for hz, value in zip(_bank.FREQUENCIES + HZ, sums, strict=True):
                true = reference.correlate(part, hz, -19.5)
                worst = max(worst, abs(value - true) / np.sqrt(energy * 20))
    report("error of a sum, of that of a sine with all the energy", f"{20 * np.log10(worst):.0f} dB", "-65 dB")
    assert worst < 10 ** (-65 / 20)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2000), st.sampled_from(["noise", "square", "quiet", "extremes"]))
def test_every_level_gives_the_same_bits(seed, n, kind):
    rng = np.random.default_rng(seed)
    x = {"noise": lambda: rng.integers(-32768, 32768, n),
         "square": lambda: np.where(np.arange(n) // rng.integers(1, 30) % 2, 32767, -32768),
         "quiet": lambda: rng.integers(-40, 41, n),
         "extremes": lambda: np.full(n, -32768)}[kind]().astype("<i2").tobytes()
    answers = on_every_level(lambda: _bank.sums(x, HZ))
    assert all(answer == answers[0] for answer in answers)
    assert all(np.isfinite(value) for _, sums in answers[0] for value in sums)


def test_alaw_is_exact_on_every_level():
    codes = bytes(range(256)) + bytes(range(255, 100, -1))  # a whole number of vectors, and a rest
    every = struct.pack("<65536h", *range(-32768, 32768)) + struct.pack("<5h", -32768, -1, 0, 1, 32767)
    for decoded, encoded in on_every_level(lambda: (dsp.alaw_to_linear(codes), dsp.linear_to_alaw(every))):
        assert list(struct.unpack(f"<{len(codes)}h", decoded)) == [reference.alaw_decode(code) for code in codes]
        assert encoded == ALAW_OF_EVERY


def _alaw_of_every() -> bytes:
    decisions = reference.alaw_decisions()
    codes, interval = [], 0
    for magnitude in range(32768):
        interval += magnitude >= decisions[interval + 1]
        codes.append(interval)
    every = [code ^ 0x55 for code in reversed(codes)] + [(code | 0x80) ^ 0x55 for code in codes]
    return bytes(every + [every[at + 32768] for at in (-32768, -1, 0, 1, 32767)])


ALAW_OF_EVERY = _alaw_of_every()


def everything(x):
    """All that the ears tell of a stream, with when."""
    ears = (dsp.DtmfEar(), dsp.ProgressEar(CN), dsp.SignalEar())
    told = []
    for at in range(0, len(x), 320):
        told += [(at, str(fact)) for ear in ears if (fact := ear.hear(x[at:at + 320]))]
    return told


@pytest.mark.slow
def test_decisions_are_equal_on_every_level(rng):
    """Digits near every limit, tones in noise, and speech: what is told and when does not depend on the machine."""
    parts = []
    for k in range(150):
        low = rng.uniform(-44, 0)
        tone = dtmf(rng, "0123456789*#ABCD"[k % 16], int(rng.integers(160, 480)), low, low + rng.uniform(-9, 6),
                    rng.uniform(-0.026, 0.026))
        parts += [tone + noise(rng, low - rng.uniform(0, 40), len(tone)), noise(rng, rng.uniform(-70, -40), 300)]
    tones = (cadence(rng, (450.0,), -15, ((350, 350),), 4), sine(rng, 2100.0, -15, 9000))
    parts += [x + noise(rng, -21, len(x)) for x in tones]
    parts += [made for voice, text in VOICES[::4] if (made := speech(voice, text)) is not None]
    x = line(np.concatenate(parts))
    answers = on_every_level(lambda: everything(x))
    report(f"facts in {len(x) / 16_000:.0f} s, levels", f"{len(answers[0])}, {LEVELS}", "the same on all")
    assert len(answers[0]) > 30
    assert all(answer == answers[0] for answer in answers)


async def through_the_tick(x):
    loop = asyncio.get_running_loop()
    near, far = EngineMedia(loop, CN), EngineMedia(loop, CN, name="street")
    here, there = near.wire()
    port, mouth = near.port("ear", here), far.port("mouth", there)
    told = []
    port.on_heard = told.append
    port.listen(Ear.DTMF | Ear.PROGRESS | Ear.FAX | Ear.SIT)
    mouth.play([Sound("x", x)])
    for beat in range(1, len(x) // 320 + 5):
        near.engine.tick(beat)
        far.engine.tick(beat)
        near.dispatch()
        await asyncio.sleep(0)
    near.close()
    far.close()
    return told


@pytest.mark.slow
def test_one_bank_for_all_ears_tells_what_each_ear_alone_tells(rng):
    """The tick feeds one bank; digits, progress, fax and SIT take from it what they would hear from their own."""
    x = line(np.concatenate([dtmf(rng, "5", 800), silence(800), cadence(rng, (450.0,), -15, ((350, 350),), 4),
                             sine(rng, 950.0, -15, 2640), sine(rng, 1400.0, -15, 2640), sine(rng, 1800.0, -15, 2640),
                             silence(1600), sine(rng, 1100.0, -15, 4000), silence(1600), sine(rng, 2100.0, -15, 8000),
                             silence(3200)]))
    digits = [DigitHeard(digit) for digit in dsp.DtmfEar().hear(x)]
    alone = [*digits, *dsp.ProgressEar(CN).hear(x), *dsp.SignalEar().hear(x)]
    told = run_virtual(through_the_tick(x))
    sounded = [fact.sounded for fact in told if isinstance(fact, DigitHeard)]
    assert sounded == [pytest.approx(0.04, abs=0.012)]  # how much of it was heard until it was certain
    told = [DigitHeard(fact.digit) if isinstance(fact, DigitHeard) else fact for fact in told]
    assert sorted(map(str, told)) == sorted(map(str, alone))
    assert {DigitHeard("5"), ToneHeard("busy"), ToneHeard("sit"), ToneHeard("cng"), ToneHeard("ced"),
            ToneEnded("ced")} <= set(told)


def test_state_fits(chosen):
    engine = _engine.Engine(1, lambda: None)
    report("bytes of a port, all ears open", engine.port_bytes, "16384")
    assert engine.port_bytes <= 16_384
