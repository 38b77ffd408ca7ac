"""The zones' facts and the short form of tones, good and bad."""

import itertools
import math

import pytest

from ccappliance.base.errors import ConfigError
from ccappliance.media import dsp
from ccappliance.media.ports import ToneStep
from ccappliance.media.tones import (
    TONES,
    Recognised,
    alike,
    dtmf_tone,
    load_learned,
    load_zones,
    parse_tone,
)


def test_every_zone_is_whole():
    zones = load_zones()
    assert set(zones) >= {"cn", "us", "gb", "de", "fr", "jp"}
    for name, zone in zones.items():
        assert zone.name == name
        assert tuple(zone.tones) == TONES
        assert [zone.tone(tone).name for tone in TONES] == list(TONES)
        assert zone.ring == zone.ring_cadence
        least = {"busy"} if name == "au" else {"busy", "ringback"}
        assert {one.name for one in zone.recognised} >= least
        assert all(step.seconds > 0 and step.level <= 3.0 for tone in zone.tones.values() for step in tone.steps)


def test_china():
    cn = load_zones()["cn"]
    assert cn.tones["dial"].steps == (ToneStep((450.0,), math.inf),)
    assert cn.tones["busy"].steps == (ToneStep((450.0,), 0.35), ToneStep((), 0.35))
    assert cn.tones["ringback"].steps == (ToneStep((450.0,), 1.0), ToneStep((), 4.0))
    assert cn.tones["congestion"].steps == (ToneStep((450.0,), 0.7), ToneStep((), 0.7))
    assert cn.tones["call_waiting"].steps == (ToneStep((450.0,), 0.4), ToneStep((), 4.0))
    assert cn.ring_cadence == (1.0, 4.0)
    assert cn.tones["beep"].rounds == 1
    assert [tuple(one)[:4] for one in cn.recognised] == [
        ("dial", (450.0,), 1000, 0), ("busy", (450.0,), 350, 350), ("ringback", (450.0,), 1000, 4000),
        ("congestion", (450.0,), 700, 700)]


def test_what_is_recognised_is_what_is_played():
    """Frequencies and the first on of every recognised pattern are those of the zone's own tone."""
    for zone in load_zones().values():
        for one in zone.recognised:
            steps = zone.tones[one.name].steps
            assert steps[0].frequencies == one.hz, f"{zone.name} {one.name}"
            if one.off_ms:
                assert steps[0].seconds == one.on_ms / 1000, f"{zone.name} {one.name}"
                assert max(step.seconds for step in steps if not step.frequencies) == one.off_ms / 1000
            if one.cadence:
                assert [step.seconds for step in steps] == [ms / 1000 for ms in one.cadence]


def test_there_are_thirty_countries_and_more():
    zones = load_zones()
    assert len(zones) >= 40
    assert len({zone.country for zone in zones.values()}) == len(zones)
    assert all(len(name) == 2 and name.islower() for name in zones)
    assert zones["no"].country == "Norway"  # YAML would read a bare `no` as false
    assert all(zone.source for zone in zones.values())
    assert sum(zone.certain for zone in zones.values()) >= 20
    assert all(not zone.certain for zone in zones.values() if "no source" in zone.source or "general" in zone.source)
    assert all(not zone.assumed & {"dial", "busy", "ringback"} for zone in zones.values())


@pytest.mark.parametrize("zone", load_zones().values(), ids=load_zones())
def test_the_facts_of_a_zone_are_possible(zone):
    for name in ("dial", "busy", "ringback", "congestion", "call_waiting"):
        tone = zone.tones[name]
        for step in tone.steps:
            assert len(step.frequencies) <= 2
            assert all(300.0 <= hz <= 1450.0 for hz in step.frequencies), f"{name}: E.180's tones are 340 to 1400 Hz"
            assert -25.0 <= step.level <= -5.0
            assert math.isinf(step.seconds) or 0.03 <= step.seconds <= 15.0
        assert tone.steps[0].frequencies
        assert name == "dial" or not tone.steps[-1].frequencies, f"{name} ends in a pause"
    assert 0.9 <= sum(zone.ring_cadence[::2]) / (zone.ring_cadence[0] * (len(zone.ring_cadence) // 2)) <= 1.1
    assert 2.5 <= sum(zone.ring_cadence) <= 6.0
    busy = sum(step.seconds for step in zone.tones["busy"].steps)
    assert 0.3 <= busy <= 1.6
    assert sum(step.seconds for step in zone.tones["ringback"].steps) >= 2.5
    ears = dsp.ProgressEar(zone)  # the kernel takes it
    assert ears.hear(bytes(16_000)) == []


@pytest.mark.parametrize("zone", load_zones().values(), ids=load_zones())
def test_what_a_zone_recognises_can_be_told_apart(zone):
    for one, other in itertools.combinations(zone.recognised, 2):
        assert not alike(one, other), f"{zone.name}: {one.name} and {other.name}"
    for name in {"dial", "congestion"} - {one.name for one in zone.recognised}:  # left out: for a reason
        steps = zone.tones[name].steps
        ons = [step.seconds for step in steps if step.frequencies]
        if zone.name == "au" and name == "dial":  # 25 Hz apart: to an ear the 425 Hz of busy
            assert alike(Recognised("dial", steps[0].frequencies, 1000, 0), zone.recognised[0])
            continue
        busy = [step.seconds for step in zone.tones["busy"].steps]
        alike_busy = zone.name == "au" or [step.seconds for step in steps] == busy
        assert len(ons) > 2 or alike_busy, f"{zone.name} could recognise {name}"


def test_alike():
    busy = Recognised("busy", (450.0,), 350, 350)
    assert alike(busy, Recognised("x", (425.0,), 375, 360))
    assert alike(Recognised("x", (450.0,), 1000, 4000), Recognised("y", (450.0,), 1050, 3000))
    assert alike(Recognised("x", (350.0, 440.0), 1000, 0), Recognised("y", (440.0, 350.0), 500, 0))
    assert alike(busy, Recognised("x", (440.0, 460.0), 700, 0))
    stutter = Recognised("x", (450.0,), 350, 700, (350, 350, 700, 700))
    assert not alike(stutter, busy)
    assert alike(stutter, Recognised("x", (450.0,), 700, 700, (700, 700, 350, 350)))
    assert alike(Recognised("x", (450.0,), 350, 700, (350, 350, 350, 700)), busy)
    for other in (Recognised("x", (450.0,), 700, 700), Recognised("x", (430.0, 470.0), 350, 350),
                  Recognised("x", (500.0,), 350, 350),
                  Recognised("x", (450.0, 500.0), 350, 350), Recognised("x", (450.0,), 350, 0)):
        assert not alike(busy, other)


def test_a_zone_learns():
    cn = load_zones()["cn"]
    learned = load_learned("busy: {hz: [480, 620], on_ms: 500, off_ms: 500}\n"
                           "reorder: {hz: [450], on_ms: 200, off_ms: 200}")
    zone = cn.learned(learned)
    assert [one.name for one in zone.recognised] == ["dial", "busy", "ringback", "congestion", "reorder"]
    assert zone.recognised[1].hz == (480.0, 620.0)
    assert cn.recognised[1].hz == (450.0,)
    with pytest.raises(ValueError, match="reorder cannot be told from congestion"):
        cn.learned([Recognised("reorder", (440.0,), 710, 690)])
    with pytest.raises(ValueError, match="at most 8"):
        cn.learned([Recognised(f"t{k}", (600.0 + 100 * k,), 500, 500) for k in range(5)])


@pytest.mark.parametrize("text", ["", "5", "busy: 5", "busy: {hz: [450]}", "busy: {hz: [450], on_ms: .inf, off_ms: 1}",
                                  "busy: {", "busy: {hz: 450, on_ms: 100, off_ms: 1}"])
def test_what_was_not_learned_is_refused(text):
    with pytest.raises(ConfigError, match="learn them again"):
        load_learned(text)


def test_the_short_form():
    tone = parse_tone("t", "350+440@-13/100, 0/50 x3")
    assert tone.steps == (ToneStep((350.0, 440.0), 0.1, -13.0), ToneStep((), 0.05))
    assert tone.rounds == 3


@pytest.mark.parametrize("bad", ["", "x", "450/", "450/350,", "450/0", "450x0", "450xa", "45", "4500/100", "450@9/100",
                                 "1.2.3/5", "450,0/100", "1400+1500+1600+1700+1800/10", "450/-5", "dial"])
def test_bad_tones_say_what_is_wrong(bad):
    with pytest.raises(ValueError, match="tone t"):
        parse_tone("t", bad)


def test_dtmf():
    assert dtmf_tone("D", 0.08, 0.04).steps == (ToneStep((941.0, 1633.0), 0.08, -9.0), ToneStep((), 0.04))
    assert dtmf_tone("a").steps[0].frequencies == (697.0, 1633.0)
    for bad in ("", "E", "12", ","):
        with pytest.raises(ValueError, match="no DTMF digit"):
            dtmf_tone(bad)


GOOD = """
xx:
  country: Nowhere
  ring_cadence: [1, 4]
  flash: 0.1
  fsk: v23
  caller_id: dtmf
  tones: {dial: "425", busy: "425/500,0/500", ringback: "425/1000,0/4000", congestion: "425/250,0/250",
          call_waiting: "425/200,0/4000", howler: "950", beep: "1000/200x1"}
  recognised:
    dial: {hz: [425], on_ms: 800, off_ms: 0}
"""


def test_a_zone_of_ones_own():
    assert load_zones(GOOD)["xx"].recognised[0].on_ms == 800


@pytest.mark.parametrize(("old", "new", "problem"), [
    ("fsk: v23", "fsk: v21", "v23 or bell202"),
    ("caller_id: dtmf", "caller_id: none", "fsk or dtmf"),
    ("flash: 0.1", "flash: 5", "0.05 to 1 s"),
    ("flash: 0.1", "flush: 0.1", "unknown keys: flush"),
    ("country: Nowhere", "", "lacks 'country'"),
    ("[1, 4]", "[1, 4, 1]", "even number"),
    ('howler: "950", ', "", "must be exactly"),
    ('"425/500,0/500"', '"busy"', "is not f1"),
    ("hz: [425]", "hz: [425, 450, 475]", "one or two"),
    ("on_ms: 800", "on_ms: 0", "1 to 60000"),
    ("on_ms: 800", "on: 800", "lacks 'on_ms'"),
    ("flash: 0.1", "flash: 0.1\n  certain: maybe", "true or false"),
    ("flash: 0.1", "flash: 0.1\n  assumed: [hat]", "no key or tone of a zone: hat"),
])
def test_a_bad_zone_says_what_is_wrong(old, new, problem):
    with pytest.raises(ConfigError, match=problem):
        load_zones(GOOD.replace(old, new))


@pytest.mark.parametrize("text", ["", "[1, 2]", "xx: 5", "xx: {", "xx: {tones: 5}"])
def test_what_is_no_zones_at_all(text):
    with pytest.raises(ConfigError):
        load_zones(text)
