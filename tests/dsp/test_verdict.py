"""Person or machine, by voices and texts the model has not seen; beeps, fax, special information, greetings' ends."""

import re
import sys
from pathlib import Path

import corpus
import corpus_voices
import numpy as np
import pytest
from dsp_signals import line, noise, pcm, report, silence, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import _verdict, reference_voice
from ccappliance.media.tones import load_zones
from ccappliance.media.verdict import FEATURES, Answer, BeepHeard, GreetingEnded, VerdictEar, VerdictGiven, zone_tones

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import train_verdict
import verdict_measure

ZONES = load_zones()
CN = ZONES["cn"]
HEADER = Path(__file__).parents[2] / "ext" / "ccappliance" / "media" / "src" / "verdict_model.h"


@pytest.fixture(scope="module", autouse=True)
def _voices():
    if speech("en-us", "Hello") is None:
        pytest.skip("espeak-ng is not installed")


def heard(x, zone=CN):
    """All that is told; `x`: PCM, or a signal that goes through A-law."""
    ear = VerdictEar(zone)
    data = x if isinstance(x, bytes) else line(x)
    return [fact for at in range(0, len(data), 320) for fact in ear.hear(data[at:at + 320])]


def verdicts(calls):
    """(call, answer, second) of each."""
    told = []
    for call in calls:
        given = [fact for fact in heard(call.pcm + bytes(2 * 9 * RATE)) if isinstance(fact, VerdictGiven)]
        assert len(given) == 1
        told.append((call, given[0].answer, given[0].at))
    return told


def measured(told):
    """The shares of persons kept and of machines found, and the median second of persons."""
    persons = [(answer, at) for call, answer, at in told if call.kind == "human"]
    machines = [answer for call, answer, _ in told if call.kind in ("machine", "carrier")]
    kept = np.mean([answer is Answer.HUMAN for answer, _ in persons])
    found = np.mean([answer in (Answer.MACHINE, Answer.CARRIER) for answer in machines])
    return float(kept), float(found), float(np.median([at for _, at in persons]))


def of_tongue(told, language):
    return [one for one in told if one[0].language == language]


def compared(what, told, kept_least, found_least):
    kept, found, median = measured(told)
    report(f"{what}: persons kept", f"{kept:.1%}", f">= {kept_least:.1%} (97 % asked)")
    report("   machines and announcements found", f"{found:.1%}", f">= {found_least:.1%} (90 % asked)")
    report("   a person's verdict, median", f"{median:.2f} s", "1.5 s from the answer asked")
    assert kept >= kept_least
    assert found >= found_least
    return median


@pytest.mark.slow
def test_calls_of_voices_and_texts_not_trained_on():
    """300 calls of the development part: what the suite may look at every day. Limits: three standard errors."""
    told = verdicts(corpus.calls(600_000, 300, corpus.DEVELOP))
    assert compared("300 calls of the development part", told, 0.95, 0.74) <= 1.6
    named = [answer is Answer.CARRIER for call, answer, _ in told
             if call.kind == "carrier" and answer is not Answer.HUMAN]
    report("   announcements found that are called so", f"{np.mean(named):.0%}", ">= 50 %")
    assert np.mean(named) >= 0.5
    assert all(answer is Answer.FAX for call, answer, _ in told if call.kind == "fax")


# persons kept, machines found: three standard errors below what the one look at the proof measured (docs/dsp.md)
LEAST = {"espeak": (0.968, 0.812), "flite": (0.96, 0.71), "festival": (0.93, 0.65), "recorded": (0.938, 0.69)}


@pytest.mark.nightly
@pytest.mark.parametrize("family", train_verdict.PROVE_CALLS)
def test_the_proof(family):
    """Calls of voices, texts and languages that no model and no limit has seen; docs/dsp.md has the figures."""
    lacking = corpus.missing(family, corpus.PROVE)
    if lacking:
        pytest.skip(f"{lacking} is not installed")
    told = verdicts(corpus.calls(*train_verdict.PROVE_CALLS[family], corpus.PROVE, family=family))
    median = compared(f"the proof, {family}", told, *LEAST[family])
    for language in sorted({call.language for call, _, _ in told}):
        kept, found, _ = measured(of_tongue(told, language))
        report(f"   {language}: persons kept, machines found", f"{kept:.1%}, {found:.1%}", "")
    assert median <= 1.75


# machines found in noise, dBm0: three standard errors of 160 calls below what 800 gave with that one of Debian's two
# releases of espeak-ng, 1.51 and 1.52, that gave less (docs/dsp.md). The model is the same; the voices are not.
FOUND_IN_NOISE = {-60.0: 0.76, -45.0: 0.73, -35.0: 0.63, -30.0: 0.67, -25.0: 0.60}


@pytest.mark.slow
@pytest.mark.parametrize("floor", FOUND_IN_NOISE)
def test_noise_is_no_cliff(floor):
    calls = [*corpus.calls(200_000, 60, corpus.DEVELOP, kind="human", noise=floor),
             *corpus.calls(300_000, 160, corpus.DEVELOP, kind="machine", noise=floor)]
    median = compared(f"noise of {floor:g} dBm0", verdicts(calls), 0.90, FOUND_IN_NOISE[floor])
    assert median <= 2.0


@pytest.mark.slow
def test_beeps_and_greetings_of_machines():
    """Machines on lines of every kind: beeps heard within 5 Hz and 50 ms; none in speech, and none without one."""
    beeps = told = wrong = ends = late = 0
    for call in corpus.calls(400_000, 150, corpus.DEVELOP, kind="machine"):
        facts = heard(call.pcm)
        found = [fact for fact in facts if isinstance(fact, BeepHeard)]
        zone = call.beep is not None and any(abs(call.beep[0] - hz) < 35 for hz in zone_tones(CN))
        good = [fact for fact in found if call.beep is not None and abs(fact.hz - call.beep[0]) < 5
                and abs(fact.ended - call.beep[2]) < 0.05 and abs(fact.began - call.beep[1]) < 0.05]
        if call.beep is not None and not zone:
            beeps += 1
            told += len(good) == 1
            machine = any(isinstance(fact, VerdictGiven) and fact.answer is not Answer.HUMAN for fact in facts)
            over = [fact.at for fact in facts if isinstance(fact, GreetingEnded)]
            ends += machine
            # without a beep it is the last word's end, and that may be soft
            near = 0.06 if good else 0.5
            late += machine and not (len(over) == 1 and abs(over[0] - call.ends) < near)
        wrong += len(found) - len(good)
    report("beeps told where they were", f"{told} of {beeps}", ">= 93 %")
    report("beeps told that were none", wrong, "<= 2 of 150 calls")
    report("greetings' ends off by more than 60 ms (500 without beep)", f"{late} of {ends}", "<= 8 %")
    assert told >= 0.93 * beeps
    assert wrong <= 2
    assert late <= 0.08 * ends


@pytest.mark.slow
def test_no_beep_in_what_persons_and_networks_say():
    wrong = sum(isinstance(fact, BeepHeard)
                for kind in ("human", "carrier") for call in corpus.calls(500_000, 100, corpus.DEVELOP, kind=kind)
                for fact in heard(call.pcm))
    report("beeps told in 200 calls of speech, half an hour", wrong, "<= 1")
    assert wrong <= 1


def after_words(*parts):
    words = speech("en-us", "Leave a message.")
    return np.concatenate([silence(4000), words, silence(3000), *parts, silence(6000)])


@pytest.mark.parametrize("floor", [-65.0, -35.0])
@pytest.mark.parametrize("ms", [150, 200, 500, 1000, 1500])
@pytest.mark.parametrize("hz", [370.0, 1000.0, 1400.0, 2190.0])
def test_beeps_of_any_length_and_pitch(rng, hz, ms, floor):
    x = after_words(sine(rng, hz, -15.0, 8 * ms))
    found = [fact for fact in heard(x + noise(rng, floor, len(x))) if isinstance(fact, BeepHeard)]
    assert len(found) == 1
    assert abs(found[0].hz - hz) < 5
    assert abs(found[0].ended - found[0].began - ms / 1000) < 0.05


@pytest.mark.parametrize(("hz", "ms", "why"), [
    (450.0, 400, "a tone of the zone"), (1000.0, 90, "too short"), (1000.0, 1800, "too long"), (250.0, 500, "too low"),
    (2500.0, 500, "too high")])
def test_what_is_no_beep(rng, hz, ms, why):
    x = after_words(sine(rng, hz, -15.0, 8 * ms))
    assert not [fact for fact in heard(x + noise(rng, -60, len(x))) if isinstance(fact, BeepHeard)], why


def test_two_sines_a_sweep_and_a_tone_before_words_are_no_beeps(rng):
    n = 4000
    sweep = amplitude(-15) * np.sin(2 * np.pi * np.cumsum(np.linspace(600, 1600, n)) / RATE)
    digit = sine(rng, 770.0, -12.0, n) + sine(rng, 1336.0, -12.0, n)
    early = np.concatenate([sine(rng, 1000.0, -15.0, n), silence(3000)])
    for x in (after_words(sweep), after_words(digit), early):
        assert not [fact for fact in heard(x + noise(rng, -60, len(x))) if isinstance(fact, BeepHeard)]


@pytest.mark.parametrize("floor", [-65.0, -40.0])
@pytest.mark.parametrize("level", [-30.0, -12.0])
def test_fax_and_special_information(rng, level, floor):
    ced = [silence(6000), sine(rng, 2100.0 + rng.uniform(-14, 14), level, 3 * RATE)]
    turned = np.concatenate(ced)
    turned *= np.where(np.arange(len(turned)) // 3600 % 2, -1.0, 1.0)
    cng = [silence(3000), sine(rng, 1100.0 + rng.uniform(-30, 30), level, 4000), silence(6000)]
    sit = [silence(2000), corpus.special_information(rng, level), silence(6000)]
    for what, parts, answer in (("CED", ced, Answer.FAX), ("CED, reversals", [turned], Answer.FAX),
                                ("CNG", cng, Answer.FAX), ("SIT", sit, Answer.CARRIER)):
        x = np.concatenate(parts)
        told = heard(x + noise(rng, floor, len(x)))
        given = [fact for fact in told if isinstance(fact, VerdictGiven)]
        shown = f"{given[0].answer.value} at {given[0].at:.2f} s"
        report(f"{what} of {level:g} dBm0 in noise of {floor:g}", shown, answer.value)
        assert [fact.answer for fact in given] == [answer]
        assert not [fact for fact in told if isinstance(fact, BeepHeard)]


def test_when_unsure_human():
    told = heard(bytes(2 * 9 * RATE))
    assert [(type(fact), fact.answer, fact.at) for fact in told] == [(VerdictGiven, Answer.HUMAN, 8.0)]


def parsed(name):
    """A table of the header: rows of numbers."""
    text = HEADER.read_text(encoding="utf-8")
    body = re.search(rf"{name}\[\d+\]\[\d+\] = \{{\n(.*?)\n\}};", text, re.S).group(1)
    return [[float(one.rstrip("f")) for one in row.strip(" {},").split(", ")] for row in body.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_twins_features_and_trees_are_the_same(seed):
    """All timing features, at several moments of a call without tones; and what the trees make of them."""
    call = corpus.call(700_000 + seed, corpus.DEVELOP, kind="human", plain=True, noise=-50.0)
    x = np.frombuffer(call.pcm, "<i2").astype(int).tolist()
    hops = reference_voice.hops_of(x[:4 * RATE])
    ear = VerdictEar(CN)
    bias = float(re.search(r"verdict_bias = (\S+)f;", HEADER.read_text(encoding="utf-8")).group(1))
    tables = [parsed(f"verdict_{name}") for name in ("feature", "threshold", "leaf")]
    tables[0] = [[int(one) for one in row] for row in tables[0]]
    tables[1] = [[float(np.float32(one)) for one in row] for row in tables[1]]  # as C reads them
    decided = False
    for at in range(400):
        decided |= bool(ear.hear(call.pcm[160 * at:160 * (at + 1)]))
        if at % 40 == 39:
            features = list(ear.features.values())
            twin = reference_voice.timing_of(hops[:at + 1])
            # a vowel pure as a tone for 20 ms is not counted as voice by the ear: it may differ in a hop or two
            assert features[:14] == pytest.approx(twin, abs=0.041, rel=0.02)
            tone = features[23]  # nor is it heard, with the four hops that a tone may pause: fewer heard, longer pauses
            assert features[27:32] == pytest.approx(reference_voice.heard_of(hops[:at + 1]), abs=0.021 + 5 * tone)
            assert tone < 0.15
            if not decided:
                assert ear.human == pytest.approx(reference_voice.trees_say(features, *tables, bias), abs=1e-4)


PCM = st.tuples(st.integers(0, 2**31), st.sampled_from(["zero", "noise", "words", "tones", "square"]))


def made(given_):
    seed, kind = given_
    rng = np.random.default_rng(seed)
    if kind == "words":
        return corpus.call(800_000 + seed % 5, corpus.DEVELOP).pcm[:2 * 2 * RATE]
    n = 9000
    tones = np.concatenate([sine(rng, rng.uniform(300, 2300), rng.uniform(-40, 3), 1500) for _ in range(6)])
    return pcm({"zero": np.zeros(n), "noise": rng.standard_normal(n) * rng.uniform(1, 60000), "tones": tones,
                "square": np.sign(rng.standard_normal(n)) * 32768}[kind])


@settings(deadline=None, max_examples=40)
@given(PCM, st.lists(st.integers(1, 900), max_size=6), st.integers(0, 30000), PCM)
def test_any_chunks_make_the_same_and_all_is_finite(first, sizes, lost, second):
    whole, parts = _verdict.Verdict((450.0,)), _verdict.Verdict((450.0,))
    for data in (made(first), made(second)):
        expected, told, at, k = whole.run(data), [], 0, 0
        while at < len(data):
            size = 2 * (sizes[k % len(sizes)] if sizes else 77)
            told += parts.run(data[at:at + size])
            at, k = at + size, k + 1
        assert told == expected
        assert parts.features() == whole.features()
        assert np.isfinite(whole.features()).all()
        assert np.isfinite(whole.look()).all()
        whole.fillin(lost)
        parts.fillin(lost // 3)
        parts.fillin(lost - lost // 3)
    whole.fillin(2**30 - 1)
    whole.run(made(first))
    assert np.isfinite(whole.features()).all()


def test_reset_begins_afresh_and_bad_arguments_are_refused():
    data = corpus.call(900_000, corpus.DEVELOP).pcm
    ear = VerdictEar(CN)
    first = ear.hear(data)
    ear.reset()
    assert ear.hear(data) == first
    evidence = ear.evidence
    assert evidence.named() == ear.features
    assert (evidence.human, evidence.carrier) == ear._ear.likely()
    assert evidence.model in HEADER.read_text(encoding="utf-8")
    assert evidence.special is None
    ear.lost(160)
    assert tuple(ear.features) == FEATURES
    for zone in ZONES.values():
        assert 1 <= len(zone_tones(zone)) <= _verdict.MOST_TONES
    with pytest.raises(ValueError, match="must be even"):
        ear.hear(b"\0")
    with pytest.raises(ValueError, match="at most 16"):
        _verdict.Verdict([100.0] * 17)
    with pytest.raises(ValueError, match=r"2\*\*30"):
        ear.lost(-1)


def test_the_corpus_is_the_same_from_the_same_seed():
    assert corpus.call(5, corpus.TRAIN).pcm == corpus.call(5, corpus.TRAIN).pcm
    assert corpus.call(5, corpus.TRAIN).pcm != corpus.call(6, corpus.TRAIN).pcm


def test_the_parts_of_the_corpus_share_neither_voice_nor_text():
    for one, other in ((corpus.TRAIN, corpus.DEVELOP), (corpus.TRAIN, corpus.PROVE), (corpus.DEVELOP, corpus.PROVE)):
        texts = [{text for language in corpus.TEXTS[part] for role in corpus.TEXTS[part][language]
                  for text in corpus_voices.texts_of(part, language, role)} for part in (one, other)]
        assert not texts[0] & texts[1]
        for voices in (corpus.VARIANTS, corpus_voices.FLITE, [set(part.values()) for part in corpus_voices.RECORDED]):
            assert not set(voices[one]) & set(voices[other])


def test_training_refuses_the_proof():
    with pytest.raises(ValueError, match="not to be trained"):
        train_verdict.made(corpus.PROVE, {"espeak": (0, 1)})


@pytest.mark.slow
def test_the_measure_decides_as_the_ear_does():
    """Forty calls: the tool's verdicts, computed from logged features, are the compiled ear's to the snapshot."""
    seen = verdict_measure.gather(corpus.DEVELOP, 610_000, 40, jobs=1)
    below, above = np.array(_verdict.MACHINE_BELOW), np.array(_verdict.HUMAN_ABOVE)
    machine, at = verdict_measure.decide(seen, seen.likely, below, above)
    told = verdicts(corpus.calls(610_000, 40, corpus.DEVELOP))
    for (call, answer, second), taken, when in zip(told, machine, at, strict=True):
        assert (answer is not Answer.HUMAN) == taken, call
        assert second == pytest.approx(when, abs=0.11)
