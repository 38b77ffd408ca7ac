"""How well signals of fax, modem and network are heard: CNG, CED, answer tone with reversals, SIT; in noise and off."""

from collections.abc import Callable, Iterator
from functools import partial

from ccappliance.base.units import RATE
from ccappliance.media import dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Line, Picture, number
from ccappliance.media.accuracy.peers import SPANDSP, Spandsp
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.trials import Chance, Listener, Size, Sound, Wish, curve, steps
from ccappliance.media.ports import ToneHeard

EAR = "fax"
LEVEL = -20.0
LEAD = RATE // 10
SIT = (950.0, 1400.0, 1800.0)  # E.180 §7: 330 ± 70 ms each
SHARE = Axis("signals heard, %", 0.0, 100.0, 20.0)
_HOW = "At -20 dBm0, of random phase and place, through A-law; right: this signal is told and no other."
_NAMES = {"cng": "CNG (1100 Hz, 0.5 s)", "ced": "CED (2100 Hz, 2.6 s)", "modem": "answer tone with phase reversals",
          "sit": "SIT (950, 1400, 1800 Hz)"}


def measure(size: Size, peer: Spandsp | None) -> Iterator[Picture]:
    """All pictures of this ear."""
    trials = max(24, size.trials // 4)
    for name, title in _NAMES.items():
        ears = _ears(name, peer)
        lines = curve(f"fax noise {name}", trials, ears, steps(0.0, 20.0, 1.0),
                      partial(_noisy, name=name), lambda snr: ("more", snr >= 10.0))
        yield Picture(f"fax-noise-{name}", EAR, f"{title} in white noise", "curve",
                      Axis("signal to noise, dB", 0.0, 20.0, 2.0), SHARE, lines, f"{_HOW} Asked: 100 % at 10 dB.",
                      (Limit("asked: 10 dB", ((10.0, 0.0), (10.0, 99.6), (20.0, 99.6))),))
    yield _frequency(trials, peer)
    yield _numbers(size, peer)


def told(pcm: bytes) -> list[str]:
    """Names of the signals told, in order of the alphabet."""
    return sorted({fact.name for fact in dsp.SignalEar().hear(pcm) if isinstance(fact, ToneHeard)})


def _ears(name: str, peer: Spandsp | None) -> dict[str, Listener]:
    ears: dict[str, Listener] = {OURS: told}
    if peer is not None and name in ("cng", "ced"):
        ears[SPANDSP] = peer.signal(name)
    return ears


def _ours_of(chance: Chance, name: str, off: float = 0.0) -> Stretch:
    lead = LEAD + chance.whole(160)
    lengths = {"cng": 0.5, "ced": 2.6, "modem": 3.0, "sit": 0.99}
    count = round(lengths[name] * RATE)
    stretch = Stretch(lead + count + RATE // 5)
    if name == "sit":
        for k, hz in enumerate(SIT):
            signals.tone(chance, stretch, (hz + off,), LEVEL, lead + k * count // 3, count // 3)
        return stretch
    signals.tone(chance, stretch, ((1100.0 if name == "cng" else 2100.0) + off,), LEVEL, lead, count)
    if name == "modem":
        stretch.turn(3600, lead, count)  # V.25: every 450 ms
    return stretch


def _off(chance: Chance, off: float, name: str) -> Sound:
    return _noisy(chance, 25.0, name, off)


def _noisy(chance: Chance, snr: float, name: str, off: float = 0.0) -> Sound:
    stretch = _ours_of(chance, name, off)
    signals.noise(chance, stretch, LEVEL - snr)
    return signals.line(stretch), [name]


def _frequency(trials: int, peer: Spandsp | None) -> Picture:
    """Each signal off its frequency: 38 Hz of CNG, 15 of CED and 50 of SIT are asked."""
    asked = {"cng": (38.0, 70.0), "ced": (15.0, 40.0), "sit": (50.0, 1e9)}
    lines: list[Line] = []
    for name, (heard, refused) in asked.items():
        ears = {f"{who}, {name.upper()}": hear for who, hear in _ears(name, peer).items()}

        def wish(off: float, heard: float = heard, refused: float = refused) -> Wish:
            return ("more", True) if abs(off) <= heard else ("less", True) if abs(off) >= refused else ("", False)

        lines += curve(f"fax frequency {name}", trials, ears, steps(-80.0, 80.0, 5.0),
                       partial(_off, name=name), wish)
    return Picture("fax-frequency", EAR, "CNG, CED and SIT off their frequency", "curve",
                   Axis("deviation, Hz", -80.0, 80.0, 20.0), SHARE, tuple(lines),
                   f"{_HOW} Noise 25 dB down. Asked: ±38 Hz (CNG, T.30), ±15 Hz (CED, T.30), ±50 Hz (SIT, E.180).",
                   (Limit("CED ±15", ((-15.0, 0.0), (-15.0, 99.6), (15.0, 99.6), (15.0, 0.0))),
                    Limit("SIT ±50", ((-50.0, 0.0), (-50.0, 99.6), (50.0, 99.6), (50.0, 0.0))),
                    Limit("CNG ±38", ((-38.0, 0.0), (-38.0, 99.6), (38.0, 99.6), (38.0, 0.0)))))


def _numbers(size: Size, peer: Spandsp | None) -> Picture:
    deceit: dict[str, Callable[[Chance], Stretch]] = {
        "syllables": lambda chance: signals.chatter(chance, 60 * RATE, -14.0),
        "melodies": lambda chance: _melody(chance, 60 * RATE)}
    ears: dict[str, Callable[[bytes], list[str]]] = {OURS: told}
    if peer is not None:
        cng, ced = peer.signal("cng"), peer.signal("ced")
        ears[f"{SPANDSP} (CNG and CED only)"] = lambda pcm: cng(pcm) + ced(pcm)
    lines = []
    for what, make in deceit.items():
        wrong = dict.fromkeys(ears, 0)
        for minute in range(size.seconds // 60):
            pcm = signals.line(make(Chance(f"fax {what} #{minute}")))
            for who, hear in ears.items():
                wrong[who] += len(hear(pcm))
        lines += [number(f"{who}: signals told in {what}, an hour", count * 3600 / size.seconds,
                         "less" if who == OURS else "") for who, count in wrong.items()]
    return Picture("fax-numbers", EAR, "Signals told where there are none", "numbers", NOWHERE, NOWHERE, tuple(lines),
                   f"{size.seconds} s of each, through A-law, each kind counted once a minute. Asked: none. The notes "
                   "of the melodies are pure sines, and one of 1109 Hz that lasts half a second is a CNG to anybody.")


def _melody(chance: Chance, count: int) -> Stretch:
    """Notes of pure sines, 100 to 600 ms, over four octaves."""
    stretch, at = Stretch(count), 0
    while at < count:
        length = 800 + chance.whole(4000)
        hz = 220.0 * 2.0 ** (chance.whole(48) / 12)
        signals.tone(chance, stretch, (hz,), chance.number(-25.0, -10.0), at, length)
        stretch.edges(200, at, length)
        at += length + chance.whole(800)
    return stretch
