"""The ear for call progress: every zone's tones, levels, frequencies, cadences, noise; no tone in speech, but voice."""

import numpy as np
import pytest
from dsp_signals import cadence, dtmf, line, noise, pcm, report, silence, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import amplitude
from ccappliance.media import _dsp, dsp, reference
from ccappliance.media.ports import ToneEnded, ToneHeard, VoiceHeard
from ccappliance.media.tones import load_zones

ZONES = load_zones()
CN = ZONES["cn"]
EVERY = [(zone.name, one.name) for zone in ZONES.values() for one in zone.recognised]


def hear(zone, x):
    """(seconds, fact) of everything that is told."""
    ear = dsp.ProgressEar(zone)
    data = line(x)
    return [((at + 160) / 16_000, fact) for at in range(0, len(data), 160) for fact in ear.hear(data[at:at + 160])]


def shares(rng, zone, name, *, level=-15.0, off=0.0, scale=1.0, snr=None, rounds=12):
    """The share of trials in which only `name` was told, and the latest second. Begins anywhere in the cadence."""
    one = next(one for one in zone.recognised if one.name == name)
    right, latest = 0, 0.0
    for _ in range(rounds):
        on, gap = round(one.on_ms * scale), round(one.off_ms * scale)
        hz = tuple(hz + off for hz in one.hz)
        if one.cadence:
            steps = tuple(round(ms * scale) for ms in one.cadence)
            x = cadence(rng, hz, level, (steps[:2], steps[2:]), 3)[int(rng.integers(0, 8 * sum(steps))):]
        elif gap == 0:
            x = cadence(rng, hz, level, ((2500, 0),), 1)
        elif gap >= 1500:
            x = np.concatenate([silence(400 + int(rng.integers(0, 80))), cadence(rng, hz, level, ((on, gap),), 1)])
        else:
            x = cadence(rng, hz, level, ((on, gap),), 4)[int(rng.integers(0, 8 * (on + gap))):]
        if snr is not None:
            x = x + noise(rng, level - snr, len(x))
        told = [(at, fact.name) for at, fact in hear(zone, x) if isinstance(fact, ToneHeard)]
        if told and all(what == name for _, what in told):
            right += 1
            latest = max(latest, told[0][0])
    return right / rounds, latest


@pytest.mark.slow
@pytest.mark.parametrize("level", [-5, -15, -35])
@pytest.mark.parametrize(("zone", "name"), EVERY)
def test_levels_of_every_zone(rng, zone, name, level):
    share, latest = shares(rng, ZONES[zone], name, level=level, rounds=6)
    report(f"{zone} {name} at {level} dBm0", f"{share:.0%} by {latest:.2f} s", "100 %")
    assert share == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dial", "busy", "ringback", "congestion"])
@pytest.mark.parametrize(("off", "expected"), [(-25, 1.0), (25, 1.0), (-50, 0.0), (50, 0.0), (100, 0.0)])
def test_frequency(rng, name, off, expected):
    share, _ = shares(rng, CN, name, off=off, rounds=6)
    report(f"cn {name} {off:+d} Hz", f"{share:.0%}", f"{expected:.0%}")
    assert share == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["busy", "ringback", "congestion"])
@pytest.mark.parametrize(("scale", "expected"), [(0.9, 1.0), (1.1, 1.0), (0.78, 0.0), (1.25, 0.0)])
def test_cadence(rng, name, scale, expected):
    share, _ = shares(rng, CN, name, scale=scale, rounds=8)
    report(f"cn {name} cadence x {scale}", f"{share:.0%}", f"{expected:.0%}")
    assert share == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dial", "busy", "ringback", "congestion"])
@pytest.mark.parametrize("snr", [6, 15])
def test_noise(rng, name, snr):
    share, _ = shares(rng, CN, name, snr=snr)
    report(f"cn {name} at {snr} dB SNR", f"{share:.0%}", "100 %")
    assert share == 1.0


@pytest.mark.slow
def test_busy_is_told_in_time_wherever_it_begins(rng):
    share, latest = shares(rng, CN, "busy", rounds=60)
    report("cn busy told by, s", f"{latest:.2f}", "1.6")
    assert share == 1.0
    assert latest <= 1.6


@pytest.mark.parametrize("zone", sorted(ZONES))
def test_what_the_zone_plays_is_what_it_recognises(zone):
    """The simulated exchange plays with the mouth what the line card hears with this ear."""
    for one in ZONES[zone].recognised:
        x = np.frombuffer(dsp.render_tone(ZONES[zone].tones[one.name], 4.0), "<i2")
        told = [fact.name for _, fact in hear(ZONES[zone], x) if isinstance(fact, ToneHeard)]
        assert told == [one.name]


def test_ends_are_told(rng):
    told = hear(CN, np.concatenate([cadence(rng, (450.0,), -15, ((1300, 600),), 1), silence(1000)]))
    assert [fact for _, fact in told] == [ToneHeard("dial"), ToneEnded("dial")]
    assert 1.30 <= told[1][0] <= 1.36
    told = hear(CN, np.concatenate([cadence(rng, (450.0,), -15, ((350, 350),), 4), silence(8000)]))
    assert [fact for _, fact in told] == [ToneHeard("busy"), ToneEnded("busy")]
    assert told[1][0] <= 4 * 0.7 + 0.2
    told = hear(CN, np.concatenate([cadence(rng, (450.0,), -15, ((1000, 4000),), 2), silence(8000)]))
    assert [fact for _, fact in told] == [ToneHeard("ringback"), ToneEnded("ringback")]
    assert told[0][0] <= 1.06
    assert told[1][0] <= 10.6


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "name"), [(zone, one.name) for zone in ZONES for one in ZONES[zone].recognised
                                            if one.cadence])
@pytest.mark.parametrize(("scale", "snr", "expected"), [(0.9, None, 1.0), (1.1, None, 1.0), (1.0, 6, 1.0),
                                                        (0.72, None, 0.0), (1.35, None, 0.0)])
def test_cadences_of_two_ons(rng, zone, name, scale, snr, expected):
    """Stuttering dial tones and congestion, begun anywhere; of another speed they are not what they were."""
    share, latest = shares(rng, ZONES[zone], name, scale=scale, snr=snr, rounds=8)
    report(f"{zone} {name} x {scale}, SNR {snr}", f"{share:.0%} by {latest:.2f} s", f"{expected:.0%}")
    assert share == expected


def test_a_stuttering_dial_tone_ends(rng):
    told = hear(ZONES["it"], np.concatenate([cadence(rng, (425.0,), -15, ((200, 200), (600, 1000)), 3), silence(4000)]))
    assert [fact for _, fact in told] == [ToneHeard("dial"), ToneEnded("dial")]
    assert told[1][0] <= 3 * 2.0 + 0.25


def test_the_twin_knows_cadences_of_two_ons(rng):
    x = np.concatenate([cadence(rng, (400.0,), -15, ((400, 350), (225, 525)), 2), silence(800),
                        cadence(rng, (400.0,), -15, ((375, 375),), 3)])
    x = np.frombuffer(line(x + noise(rng, -45, len(x))), "<i2")
    names = [one.name for one in ZONES["gb"].recognised]
    twin = reference.Progress([one[1:] for one in ZONES["gb"].recognised]).run(x.tolist())
    assert [names[index] for kind, index in twin if kind == "heard"] == ["congestion", "busy"]
    facts = [(ToneHeard if kind == "heard" else ToneEnded)(names[index]) for kind, index in twin]
    assert dsp.ProgressEar(ZONES["gb"]).hear(x.tobytes()) == facts


def test_dial_tone_that_is_cut_off_is_no_ringback(rng):
    told = [fact for _, fact in hear(CN, cadence(rng, (450.0,), -15, ((1200, 1000),), 1))]
    assert told == [ToneHeard("dial"), ToneEnded("dial")]


@pytest.mark.slow
def test_somebody_answers_during_ringback(rng, readings):
    x = np.concatenate([cadence(rng, (450.0,), -15, ((1000, 4000),), 1), cadence(rng, (450.0,), -15, ((1000, 700),), 1),
                        readings[8][:24_000]])
    told = [fact for _, fact in hear(CN, x)]
    assert told == [ToneHeard("ringback"), ToneEnded("ringback"), VoiceHeard()]


def test_one_tone_follows_another_without_a_gap(rng):
    us = ZONES["us"]
    x = np.concatenate([cadence(rng, (350.0, 440.0), -15, ((1500, 0),), 1),
                        cadence(rng, (480.0, 620.0), -15, ((500, 500),), 3)])
    assert [fact for _, fact in hear(us, x)] == [ToneHeard("dial"), ToneEnded("dial"), ToneHeard("busy")]


@pytest.mark.slow
@pytest.mark.parametrize("zone", sorted(ZONES))
def test_speech_is_voice_and_no_tone(readings, zone):
    told = [fact for x in readings for gain in (1.0, 0.3) for _, fact in hear(ZONES[zone], x * gain)]
    tones = [fact for fact in told if not isinstance(fact, VoiceHeard)]
    seconds = sum(map(len, readings)) / 8000
    what = f"{zone}: tones in {seconds:.0f} s of speech at two levels, voices"
    report(what, f"{len(tones)}, {len(told)}", "0, every reading")
    assert tones == []
    assert len(told) >= 2 * len(readings)


@pytest.mark.slow
def test_music_is_no_tone_of_china(rng):
    """Ten minutes of melodies and chords around 450 Hz, in time: notes of 250 to 500 ms with pauses between."""
    parts, beat = [], 0
    while sum(map(len, parts)) < 600 * 8000:
        if beat % 64 == 0:
            step = int(rng.integers(1600, 4000))
        n = step * int(rng.integers(1, 3))
        root = 440.0 * 2 ** (rng.integers(-12, 13) / 12)
        x = sum(rng.uniform(0.1, 1.0) / k * np.sin(2 * np.pi * root * k * chord / 8000 * np.arange(n))
                for chord in (1.0, 1.2599, 1.4983)[:int(rng.integers(1, 4))] for k in (1, 2, 3))
        fade = np.exp(-np.arange(n) / rng.uniform(1500, 9000))
        parts += [amplitude(-18) * x * fade, silence(int(rng.integers(0, 2)) * step)]
        beat += 1
    told = [fact for _, fact in hear(CN, np.concatenate(parts)) if isinstance(fact, ToneHeard)]
    report("cn: tones in 600 s of music", len(told), "0")
    assert told == []


def test_voice_needs_200_ms_and_is_told_once(rng):
    assert hear(CN, np.concatenate([noise(rng, -20, 1400), silence(4000)])) == []
    told = hear(CN, np.concatenate([silence(800), noise(rng, -20, 16_000)]))
    assert [fact for _, fact in told] == [VoiceHeard()]
    assert 0.29 <= told[0][0] <= 0.34
    assert hear(CN, noise(rng, -40, 16_000)) == []
    again = np.concatenate([noise(rng, -20, 4000), silence(17_000), noise(rng, -20, 4000), silence(8000),
                            noise(rng, -20, 4000)])
    assert [fact for _, fact in hear(CN, again)] == [VoiceHeard()] * 2


def test_our_own_digits_are_no_voice(rng):
    dialled = np.concatenate([part for digit in "13800138000"
                              for part in (dtmf(rng, digit, 800, -12, -12), silence(800))])
    assert hear(CN, dialled) == []


def test_the_twin_tells_the_same(rng):
    patterns = [(one.hz, one.on_ms, one.off_ms) for one in ZONES["us"].recognised]
    x = np.concatenate([
        cadence(rng, (350.0, 440.0), -15, ((1100, 0),), 1), dtmf(rng, "5", 800), silence(800),
        cadence(rng, (480.0, 620.0), -20, ((250, 250),), 3), noise(rng, -20, 3000), sine(rng, 440.0, -15, 1000)])
    x = np.frombuffer(line(x + noise(rng, -45, len(x))), "<i2")
    ear = dsp.ProgressEar(ZONES["us"])
    twin = reference.Progress(patterns)
    names = [one.name for one in ZONES["us"].recognised]
    kinds = {ToneHeard: "heard", ToneEnded: "ended", VoiceHeard: "voice"}
    for at in range(0, len(x), 80):
        kernel = [(kinds[type(fact)], names.index(fact.name) if not isinstance(fact, VoiceHeard) else -1)
                  for fact in ear.hear(x[at:at + 80].tobytes())]
        assert kernel == twin.run(x[at:at + 80].tolist()), f"at sample {at}"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=25), st.integers(0, 2**32 - 1))
def test_any_chunks_tell_the_same(chunks, seed):
    rng = np.random.default_rng(seed)
    x = pcm(np.concatenate([cadence(rng, (450.0,), -15, ((350, 350),), 2), noise(rng, -20, 2000), silence(400)]))
    ear, told, at = dsp.ProgressEar(CN), [], 0
    for n in chunks:
        told += ear.hear(x[at:at + 2 * n])
        at += 2 * n
    assert told + ear.hear(x[at:]) == dsp.ProgressEar(CN).hear(x)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=4000), st.integers(-5, 100_000))
def test_any_input_is_harmless(junk, lost):
    ear = dsp.ProgressEar(CN)
    ear.hear(junk[:len(junk) // 2 * 2])
    ear.lost(lost)
    ear.hear(bytes(100_000))  # 6 s of silence: whatever it was is over
    tone = cadence(np.random.default_rng(1), (450.0,), -15, ((350, 350),), 3)
    assert ToneHeard("busy") in ear.hear(line(tone))


def test_lost_frames_do_not_break_a_cadence(rng):
    x = cadence(rng, (450.0,), -15, ((350, 350),), 3)
    ear, told = dsp.ProgressEar(CN), []
    for at in range(0, len(x), 160):
        if at // 160 in (5, 25, 40):
            ear.lost(160)
        else:
            told += ear.hear(line(x[at:at + 160]))
    assert told == [ToneHeard("busy")]


def test_the_end_of_a_long_burst_is_no_ringback(rng):
    """Ringing for 400 ms and busy for 500, of one frequency: an ear opened 100 ms into a burst of busy waits."""
    busy, ringback = ((425.0,), 500, 500), ((425.0,), 400, 2000)
    ear = _dsp.Progress([busy, ringback])
    told = ear.run(line(cadence(rng, (425.0,), -15, ((500, 500),), 4)[800:]))
    assert [index for kind, index in told if kind == _dsp.HEARD] == [0]
    ear.reset()
    burst = line(cadence(rng, (425.0,), -15, ((400, 2000),), 1))
    assert ear.run(burst[:16 * 900]) == []  # the pause might yet be busy's
    assert ear.run(burst[16 * 900:16 * 1050]) == [(_dsp.HEARD, 1)]


def test_bad_patterns_are_refused():
    for bad in ([((450.0, 1.0), 100, 100)], [((), 100, 100)], [((450.0,), 0, 100)], [((450.0,), 100, -1)]):
        with pytest.raises(ValueError, match=r"must be|has one or two"):
            _dsp.Progress(bad)
    with pytest.raises(ValueError, match="at most 8"):
        _dsp.Progress([((450.0,), 100, 100)] * 9)
