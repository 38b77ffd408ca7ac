"""How well voice is heard: words' beginnings in noise, nothing in steady noise, and the level meter's error."""

from collections.abc import Iterator

from ccappliance.base.units import RATE
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Picture, number
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.trials import Chance, Size, curve, steps
from ccappliance.media.levels import Meter, VoiceBegan, VoiceEar

EAR = "voice"
LEVEL = -20.0
SETTLED = 2 * RATE  # samples after which the noise is known
NEAR = 0.1  # seconds between a word's beginning and where it is said to be


def measure(size: Size) -> Iterator[Picture]:
    """All pictures of this ear."""
    yield _noise(size)
    yield _numbers(size)


def _word(chance: Chance, snr: float) -> tuple[bytes, object]:
    """2 s of noise, then a word of three syllables. The begin is told within 100 ms of it, once."""
    begin, at = SETTLED + chance.whole(RATE), 0
    stretch = Stretch(begin + 3 * 2000 + RATE // 2)
    for k in range(3):
        signals.syllable(chance, stretch, begin + at, 1600, LEVEL)
        at += 1600 + 400 * (k < 2)
    signals.noise(chance, stretch, LEVEL - snr)
    return signals.line(stretch) + begin.to_bytes(4, "little"), True


def _heard(sound: bytes) -> bool:
    pcm, begin = sound[:-4], int.from_bytes(sound[-4:], "little") / RATE
    told = [fact.at for fact in VoiceEar(0.0).hear(pcm) if isinstance(fact, VoiceBegan) and fact.at > 1.0]
    return len(told) == 1 and abs(told[0] - begin) <= NEAR


def _noise(size: Size) -> Picture:
    lines = curve("voice noise", size.trials // 2, {OURS: _heard}, steps(0.0, 30.0, 2.0), _word,
                  lambda snr: ("more", snr >= 10.0))
    return Picture("voice-noise", EAR, "A word's beginning in white noise", "curve",
                   Axis("word over noise, dB", 0.0, 30.0, 2.0), Axis("told within 100 ms, %", 0.0, 100.0, 20.0), lines,
                   "Three vowels of 200 ms at -20 dBm0 after 2 s and more of noise; right: told once, within 100 ms of "
                   "where it is. Asked by the data sheet: from 10 dB on.",
                   (Limit("10 dB", ((10.0, 0.0), (10.0, 99.0), (30.0, 99.0))),))


def _numbers(size: Size) -> Picture:
    false = 0
    for minute in range(size.seconds // 60):
        chance = Chance(f"voice steady #{minute}")
        stretch = Stretch(60 * RATE)
        signals.noise(chance, stretch, chance.number(-60.0, -25.0))
        if minute % 2:
            signals.tone(chance, stretch, (chance.number(300.0, 3000.0),), chance.number(-40.0, -10.0), 0, stretch.n)
        told = VoiceEar(0.0).hear(signals.line(stretch))
        false += sum(isinstance(fact, VoiceBegan) and fact.at > 1.0 for fact in told)
    worst = 0.0
    for trial in range(size.trials):
        chance = Chance(f"voice meter #{trial}")
        level, count = chance.number(-55.0, 2.5), 4000 + chance.whole(8000)
        stretch = Stretch(count)
        signals.tone(chance, stretch, (chance.number(200.0, 3400.0),), level, 0, count)
        meter = Meter()
        meter.hear(stretch.pcm())
        worst = max(worst, abs(meter.read().level - level))
    return Picture("voice-numbers", EAR, "Voice and levels in figures", "numbers", NOWHERE, NOWHERE,
                   (number(f"{OURS}: voice told in steady noise and tones, an hour", false * 3600 / size.seconds),
                    number(f"{OURS}: largest error of the level meter, dB", worst)),
                   f"{size.seconds} s of steady noise of -60 to -25 dBm0, every second minute with a tone in it; "
                   f"{size.trials} sines of -55 to +2.5 dBm0.")
