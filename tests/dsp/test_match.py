"""The ear for one sound: itself through two lines and under another voice, never silence, digits or other sentences."""

import re

import numpy as np
import pytest
from dsp_signals import VOICES, dtmf, line, noise, pcm, report, silence, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import dsp, reference
from ccappliance.media.ports import Sound, SoundHeard


@pytest.fixture(scope="module")
def sentences():
    """Short prompts of four voices, Chinese and English."""
    made = [(voice, words, speech(voice, words)) for voice, text in (VOICES[0], VOICES[1], VOICES[4], VOICES[5])
            for words in re.split("[。？，.?!,]", text) if words.strip()]
    if any(x is None for _, _, x in made):
        pytest.skip("espeak-ng is not installed: `apt install espeak-ng`")
    return made


def twice(x):
    return dsp.through_alaw(line(x))


def loud(x):
    """RMS of the louder third."""
    return float(np.sqrt(np.sort(x**2)[-len(x) // 3:].mean()))


@pytest.mark.slow
def test_itself_through_two_lines_at_any_level_and_place(rng, sentences):
    least = 1.0
    for _, _, x in sentences:
        ear = dsp.MatchEar(Sound("it", pcm(x)))
        for place in range(4):  # of the coarse look's grid
            y = np.concatenate([silence(400 + place), x * 10 ** (-rng.uniform(0, 20) / 20), silence(100)])
            ear.reset()
            assert ear.hear(twice(y)) == SoundHeard("it")
            least = min(least, ear.best)
    report("likeness through A-law twice, 0 to -20 dB", f"{least:.4f}", ">= 0.9")


@pytest.mark.slow
def test_under_another_voice_10_db_below(sentences):
    least = 1.0
    for k, (_, _, x) in enumerate(sentences[::2]):
        other = np.resize(sentences[(2 * k + 7) % len(sentences)][2], len(x))
        ear = dsp.MatchEar(Sound("it", pcm(x)))
        assert ear.hear(twice(np.concatenate([x + other * loud(x) / loud(other) * 10**-0.5, silence(50)])))
        least = min(least, ear.best)
    report("likeness with another voice 10 dB below", f"{least:.4f}", ">= 0.9")


@pytest.mark.slow
def test_other_sentences_are_not_it(sentences):
    """A synthetic voice says like vowels alike, so very few pairs may be taken for each other: 1 in 1,000."""
    pairs = heard = 0
    for voice, words, x in sentences[::3]:
        for other_voice, other_words, y in sentences:
            if other_words != words:
                pairs += 1
                found = dsp.MatchEar(Sound("it", pcm(x))).hear(line(y)) is not None
                heard += found
                assert not (found and voice != other_voice), f"{words!r} was heard in {other_words!r}"
    report(f"taken for another, of {pairs} pairs of sentences", heard, f"<= {pairs // 1000}")
    assert heard <= pairs // 1000


def test_digits_noise_and_silence_are_not_it(rng, sentences):
    x = sentences[0][2]
    ear = dsp.MatchEar(Sound("it", pcm(x)))
    street = np.concatenate([silence(8000), *(dtmf(rng, digit, 800) for digit in "1234567890"), noise(rng, -20, 8000),
                             noise(rng, -60, 8000), silence(8000)])
    assert ear.hear(line(street)) is None
    report("exact likeness of digits, noise, silence (0: never near)", f"{ear.best:.2f}", "< 0.6")
    assert ear.best < 0.6


def test_silence_is_never_heard():
    for quiet in (bytes(8000), b"", pcm(np.ones(4000)), pcm(np.full(100, 9000.0))):
        ear = dsp.MatchEar(Sound("nothing", quiet))
        assert ear.hear(bytes(20_000)) is None
        assert ear.hear(quiet + quiet) is None


def test_a_short_sound_is_looked_for_as_a_whole(rng):
    for n in (160, 401, 800, 1599):
        x = noise(rng, -12, n)
        ear = dsp.MatchEar(Sound("click", pcm(x)))
        assert ear.hear(line(np.concatenate([silence(501), x, silence(20)])))
        ear.reset()
        assert ear.hear(line(noise(rng, -12, 4000))) is None


def test_told_at_its_end_and_each_time(rng):
    x = noise(rng, -12, 1600)
    ear = dsp.MatchEar(Sound("it", pcm(x)))
    data = line(np.concatenate([silence(703), x, silence(900), x, silence(60)]))
    told = [at // 2 + 8 for at in range(0, len(data), 16) if ear.hear(data[at:at + 16])]
    assert len(told) == 2
    assert 2303 <= told[0] <= 2303 + 16
    assert 4803 <= told[1] <= 4803 + 16


@pytest.mark.slow
def test_the_twin_finds_the_same_place(rng):
    x = np.concatenate([noise(rng, -30, 300), noise(rng, -10, 400), noise(rng, -30, 300)])
    y = np.concatenate([noise(rng, -25, 500), x, noise(rng, -25, 300)])
    y[600:1400] += noise(rng, -22, 800)
    heard = np.frombuffer(line(y), "<i2")
    sound = np.frombuffer(pcm(x), "<i2")
    found = {}
    reference.likeness(sound.tolist(), heard.tolist(), found.__setitem__)
    end = max(found, key=found.get)
    ear = dsp.MatchEar(Sound("it", pcm(x)))
    assert ear.hear(heard.tobytes()) is not None
    assert end == 1500
    assert abs(ear.best - found[end]) < 1e-3
    assert reference.loudest(sound.tolist(), 400) in range(290, 311)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 1200), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_any_chunks_tell_the_same(chunks, seed):
    rng = np.random.default_rng(seed)
    x = noise(rng, -15, 2000)
    y = pcm(np.concatenate([silence(300), x, noise(rng, -15, 500)]))
    whole = dsp.MatchEar(Sound("it", pcm(x)))
    ear, told, at = dsp.MatchEar(Sound("it", pcm(x))), [], 0
    for n in chunks:
        told.append(ear.hear(y[at:at + 2 * n]))
        at += 2 * n
    told.append(ear.hear(y[at:]))
    assert any(told) == bool(whole.hear(y))
    assert ear.best == whole.best


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=6000), st.binary(max_size=6000), st.integers(-5, 50_000))
def test_any_input_is_harmless(sound, junk, lost):
    ear = dsp.MatchEar(Sound("it", sound[:len(sound) // 2 * 2]))
    ear.hear(junk[:len(junk) // 2 * 2])
    ear.lost(lost)
    ear.hear(bytes(4000))
    assert 0.0 <= ear.best <= 1.0001
