"""How well call progress is heard: China's tones in noise, off frequency and cadence, and where there are none."""

from collections.abc import Iterator

from ccappliance.base.units import FRAME, RATE
from ccappliance.media import dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Line, Picture, number
from ccappliance.media.accuracy.peers import SPANDSP, Spandsp
from ccappliance.media.accuracy.trials import Chance, Listener, Size, Sound, Wish, curve, steps
from ccappliance.media.ports import ToneHeard
from ccappliance.media.tones import LONG_OFF, Recognised, Zone

EAR = "progress"
LEVEL = -15.0
MS = RATE // 1000
SHARE = Axis("tones heard, %", 0.0, 100.0, 20.0)
_HOW = ("China's tones at -15 dBm0 through A-law, random phase; the ear is opened anywhere in the cadence of busy and "
        "congestion and hears four cycles, two of ringback, 2.5 s of dial tone. Right: this tone is told, no other.")


def measure(size: Size, peer: Spandsp | None, zone: Zone) -> Iterator[Picture]:
    """All pictures of this ear."""
    ears: dict[str, Listener] = {OURS: lambda pcm: told(zone, pcm)}
    if peer is not None:
        ears[SPANDSP] = peer.progress(zone.recognised)
    xs = steps(0.0, 36.0, 2.0)
    for one in zone.recognised:
        yield _noise(size, ears, one, xs)
    yield _frequency(size, ears, zone)
    yield _cadence(size, ears, zone)
    yield _numbers(size, ears, zone)


def told(zone: Zone, pcm: bytes) -> list[str]:
    """Names of the tones told, each once, in order of the alphabet."""
    return sorted({fact.name for fact in dsp.ProgressEar(zone).hear(pcm) if isinstance(fact, ToneHeard)})


def _sound(chance: Chance, one: Recognised, *, off: float = 0.0, scale: float = 1.0, snr: float | None = None) -> Sound:
    on, gap = round(one.on_ms * MS * scale), round(one.off_ms * MS * scale)
    hz = [hz + off for hz in one.hz]
    if not gap:
        stretch = signals.cadence(chance, hz, LEVEL, 2500 * MS, 0, 1, lead=chance.whole(160))
    elif one.off_ms >= LONG_OFF:
        stretch = signals.cadence(chance, hz, LEVEL, on, gap, 2, lead=400 + chance.whole(160))
    else:
        stretch = signals.cadence(chance, hz, LEVEL, on, gap, 4, skip=chance.whole(on + gap))
    if snr is not None:
        signals.noise(chance, stretch, LEVEL - snr)
    return signals.line(stretch), [one.name]


def _trials(size: Size) -> int:
    return max(24, size.trials // 4)  # a trial is seconds long


def _noise(size: Size, ears: dict[str, Listener], one: Recognised, xs: list[float]) -> Picture:
    lines = curve(f"progress noise {one.name}", _trials(size), ears, xs,
                  lambda chance, snr: _sound(chance, one, snr=snr), lambda snr: ("more", snr >= 6.0))
    return Picture(f"progress-noise-{one.name}", EAR, f"China's {one.name} tone in white noise", "curve",
                   Axis("signal to noise, dB", 0.0, 36.0, 4.0), SHARE, lines, f"{_HOW} Asked: 100 % to 6 dB.",
                   (Limit("asked: 100 % to 6 dB", ((6.0, 0.0), (6.0, 99.6), (36.0, 99.6))),))


def _frequency(size: Size, ears: dict[str, Listener], zone: Zone) -> Picture:
    def wish(off: float) -> Wish:
        return ("more", True) if abs(off) <= 25.0 else ("less", True) if abs(off) >= 45.0 else ("", False)

    busy = next(one for one in zone.recognised if one.name == "busy")
    lines = curve("progress frequency", _trials(size), ears, steps(-60.0, 60.0, 5.0),
                  lambda chance, off: _sound(chance, busy, off=off, snr=25.0), wish)
    return Picture("progress-frequency", EAR, "Busy tone off its frequency", "curve",
                   Axis("deviation from 450 Hz, Hz", -60.0, 60.0, 10.0), SHARE, lines,
                   f"{_HOW} Noise 25 dB down. Asked: ±25 Hz heard.",
                   (Limit("asked: ±25 Hz", ((-25.0, 0.0), (-25.0, 99.6), (25.0, 99.6), (25.0, 0.0))),))


def _cadence(size: Size, ears: dict[str, Listener], zone: Zone) -> Picture:
    def wish(percent: float) -> Wish:
        return ("more", True) if abs(percent) <= 10.0 else ("less", False) if abs(percent) >= 25.0 else ("", False)

    busy = next(one for one in zone.recognised if one.name == "busy")
    lines = curve("progress cadence", _trials(size), ears, steps(-32.0, 32.0, 2.0),
                  lambda chance, percent: _sound(chance, busy, scale=1.0 + percent / 100, snr=25.0), wish)
    return Picture("progress-cadence", EAR, "Busy tone of another cadence", "curve",
                   Axis("deviation from 350/350 ms, %", -32.0, 32.0, 8.0), SHARE, lines,
                   f"{_HOW} Noise 25 dB down. Asked: ±10 % heard.",
                   (Limit("asked: ±10 %", ((-10.0, 0.0), (-10.0, 99.6), (10.0, 99.6), (10.0, 0.0))),))


def _numbers(size: Size, ears: dict[str, Listener], zone: Zone) -> Picture:
    """How soon busy is told, and what is told of syllables and chords."""
    latest, count = 0.0, _trials(size)
    busy = next(one for one in zone.recognised if one.name == "busy")
    for trial in range(count):
        pcm, _ = _sound(Chance(f"progress soon #{trial}"), busy, snr=10.0)
        ear = dsp.ProgressEar(zone)
        at = next((at for at in range(0, len(pcm), 2 * FRAME)
                   if any(isinstance(fact, ToneHeard) for fact in ear.hear(pcm[at:at + 2 * FRAME]))), len(pcm))
        latest = max(latest, at / 2 / RATE + FRAME / RATE)
    lines: list[Line] = [number(f"{OURS}: busy told after, the latest of {count}, s", latest)]
    wrong = dict.fromkeys(ears, 0)
    for minute in range(size.seconds // 60):
        pcm = signals.line(signals.chatter(Chance(f"progress chatter #{minute}"), 60 * RATE, -14.0))
        for who, hear in ears.items():
            found = hear(pcm)
            wrong[who] += len(found) if isinstance(found, list) else 0
    lines += [number(f"{who}: minutes of syllables with a tone told, an hour", count * 3600 / size.seconds,
                     "less" if who == OURS else "") for who, count in wrong.items()]
    return Picture("progress-numbers", EAR, "Call progress in figures", "numbers", NOWHERE, NOWHERE, tuple(lines),
                   f"Busy at 10 dB signal to noise, opened anywhere; {size.seconds} s of syllables. "
                   "Asked: two cycles, 1.5 s; none in speech.")
