"""How well DTMF is heard: level, twist, frequency, length, pause, noise, dial tone, and what is no digit."""

from collections.abc import Callable, Iterator

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Picture, number
from ccappliance.media.accuracy.peers import SPANDSP, Spandsp
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.trials import Chance, Listener, Size, Sound, Wish, curve, region, steps

EAR = "dtmf"
DIGITS = "0123456789*#ABCD"
SHARE = Axis("digits heard, %", 0.0, 100.0, 20.0)
_HOW = "One digit a trial, any of the 16, random phases and place; through A-law; told exactly once is right."


def measure(size: Size, peer: Spandsp | None) -> Iterator[Picture]:
    """All pictures of this ear."""
    ears: dict[str, Listener] = {OURS: lambda pcm: dsp.DtmfEar().hear(pcm)}
    if peer is not None:
        ears[SPANDSP] = peer.dtmf()
    yield _level_twist(size, ears)
    yield _deviation_duration(size, ears)
    yield _noise(size, ears)
    yield _dial_tone(size, ears, peer)
    yield _pause(size, ears)
    yield _deceived(size, ears)


def _one(chance: Chance, ms: float = 40.0, low: float = -10.0, high: float = -10.0, off: float = 0.0,
         over: Callable[[Stretch], None] | None = None) -> Sound:
    which = chance.one_of(DIGITS)
    lead, count = 480 + chance.whole(160), round(ms * RATE / 1000)
    stretch = Stretch(lead + count + 560)
    signals.digit(chance, stretch, which, lead, count, low, high, off)
    if over is not None:
        over(stretch)
    return signals.line(stretch), which


def _level_twist(size: Size, ears: dict[str, Listener]) -> Picture:
    """x: dB that the high group is louder; y: dBm0 of the louder group."""
    def make(chance: Chance, twist: float, level: float) -> Sound:
        return _one(chance, low=level - max(0.0, twist), high=level + min(0.0, twist))

    def wish(twist: float, level: float) -> Wish:
        weaker = level - abs(twist)
        if -8.0 <= twist <= 4.0 and weaker >= -42.0:
            return "more", level <= 0.0 and weaker >= -25.0
        return ("less", False) if level <= -45.0 else ("", False)

    lines = region("dtmf level twist", size.cell, ears, steps(-14.0, 8.0, 1.0, size.fine),
                   steps(-48.0, 3.0, 1.5, size.fine), make, wish)
    limits = (Limit("Q.24, AT&T", ((-8.0, 0.0), (4.0, 0.0), (4.0, -21.0), (0.0, -25.0), (-8.0, -17.0)), True),
              Limit("Q.24, NTT", ((-5.0, -3.0), (5.0, -3.0), (5.0, -19.0), (0.0, -24.0), (-5.0, -19.0)), True))
    return Picture("dtmf-level-twist", EAR, "DTMF: level and twist that are heard", "region",
                   Axis("twist: high group over low group, dB", -14.0, 8.0, 2.0),
                   Axis("level of the louder group, dBm0", -48.0, 3.0, 6.0), lines,
                   f"{_HOW} Tones of 40 ms. Asked by Q.24: all within either shape.", limits)


def _deviation_duration(size: Size, ears: dict[str, Listener]) -> Picture:
    def make(chance: Chance, percent: float, ms: float) -> Sound:
        return _one(chance, ms=ms, off=percent / 100)

    def wish(percent: float, ms: float) -> Wish:
        if abs(percent) <= 1.8 and ms >= 32.0:
            return "more", ms >= 40.0
        if abs(percent) >= 2.8 or ms <= 23.0:
            return "less", abs(percent) >= 3.0 or ms <= 23.0
        return "", False

    lines = region("dtmf deviation duration", size.cell, ears, steps(-4.0, 4.0, 0.2, size.fine),
                   steps(16.0, 56.0, 1.0, size.fine), make, wish)
    limits = (Limit("Q.24: all heard within (AT&T, NTT)", ((-1.5, 56.0), (-1.5, 40.0), (1.5, 40.0), (1.5, 56.0))),
              Limit("NTT: ±1.8 %", ((-1.8, 56.0), (-1.8, 40.0), (1.8, 40.0), (1.8, 56.0))),
              Limit("none below 23 ms (AT&T)", ((-4.0, 23.0), (4.0, 23.0))),
              Limit("NTT: none beyond ±3.0 %", ((-3.0, 16.0), (-3.0, 56.0))), Limit("", ((3.0, 16.0), (3.0, 56.0))),
              Limit("AT&T: ±3.5 %", ((-3.5, 16.0), (-3.5, 56.0))), Limit("", ((3.5, 16.0), (3.5, 56.0))))
    return Picture("dtmf-deviation-duration", EAR, "DTMF: frequency deviation and tone duration that are heard",
                   "region", Axis("deviation of both frequencies, %", -4.0, 4.0, 1.0),
                   Axis("duration of the tone, ms", 16.0, 56.0, 8.0), lines,
                   f"{_HOW} -10 dBm0 per tone. Asked: ±1.8 % from 40 ms on heard, ±3.0 % and 23 ms never.", limits)


def _noise(size: Size, ears: dict[str, Listener]) -> Picture:
    def make(chance: Chance, snr: float) -> Sound:
        return _one(chance, over=lambda stretch: signals.noise(chance, stretch, -7.0 - snr))

    lines = curve("dtmf noise", size.trials, ears, steps(0.0, 20.0, 1.0, size.fine), make,
                  lambda snr: ("more", snr >= 8.0))
    return Picture("dtmf-noise", EAR, "DTMF in white noise", "curve", Axis("signal to noise, dB", 0.0, 20.0, 2.0),
                   SHARE, lines, f"{_HOW} 40 ms, -10 dBm0 per tone, noise in the whole band. Asked: 99 % at 8 dB.",
                   (Limit("asked: 99 % at 8 dB", ((8.0, 0.0), (8.0, 99.0), (20.0, 99.0))),))


def _dial_tone(size: Size, ears: dict[str, Listener], peer: Spandsp | None) -> Picture:
    def make(chance: Chance, over: float, hz: tuple[float, ...]) -> Sound:
        def dial(stretch: Stretch) -> None:
            for one in hz:
                stretch.sine(one, amplitude(-15.0 + over), signals.phase(chance), 0, stretch.n)
        return _one(chance, low=-15.0, high=-15.0, over=dial)

    xs = steps(-16.0, 14.0, 2.0)
    both = dict(ears)
    if peer is not None:
        both[f"{SPANDSP}, dial tone filter"] = peer.dtmf(dial_filter=True)
    lines = curve("dtmf dial tone 450", size.trials, both, xs, lambda chance, over: make(chance, over, (450.0,)),
                  lambda over: ("more", over <= 6.0))
    pair = curve("dtmf dial tone 350 440", size.trials, {f"{OURS}, 350+440 Hz": ears[OURS]}, xs,
                 lambda chance, over: make(chance, over, (350.0, 440.0)), lambda over: ("more", over <= -8.0))
    return Picture("dtmf-dial-tone", EAR, "DTMF over dial tone of 450 Hz", "curve",
                   Axis("dial tone over each tone of the digit, dB", -16.0, 14.0, 2.0), SHARE, (*lines, *pair),
                   f"{_HOW} 40 ms, -15 dBm0 per tone. Asked: 99 % at +6 dB.",
                   (Limit("asked: +6 dB", ((-16.0, 99.0), (6.0, 99.0), (6.0, 0.0))),))


def _pause(size: Size, ears: dict[str, Listener]) -> Picture:
    """Two tones of one digit with a pause between: are they two?"""
    def make(chance: Chance, ms: float) -> Sound:
        which = chance.one_of(DIGITS)
        lead, gap = 480 + chance.whole(160), round(ms * RATE / 1000)
        stretch = Stretch(lead + 800 + gap + 800)
        signals.digit(chance, stretch, which, lead, 800 + gap, -10.0, -10.0)
        stretch.gain(0.0, lead + 400, gap)
        signals.noise(chance, stretch, -40.0)
        return signals.line(stretch), 2 * which

    def wish(ms: float) -> Wish:
        return ("more", True) if ms >= 36.0 else ("less", True) if ms <= 20.0 else ("", False)

    lines = curve("dtmf pause", size.trials, ears, steps(4.0, 48.0, 2.0, size.fine), make, wish)
    return Picture("dtmf-pause", EAR, "DTMF: the pause that makes two digits of one", "curve",
                   Axis("pause, ms", 4.0, 48.0, 4.0), Axis("told as two, %", 0.0, 100.0, 20.0), lines,
                   "Two tones of 50 ms of one digit, -10 dBm0 per tone, noise at -40 dBm0, through A-law. "
                   "Asked: never up to 20 ms, always from 36 ms on (Q.24: 10 and 40 or 30).",
                   (Limit("none up to 20 ms", ((4.0, 1.0), (20.0, 1.0), (20.0, 100.0))),
                    Limit("all from 36 ms on", ((36.0, 0.0), (36.0, 99.0), (48.0, 99.0)))))


def _deceived(size: Size, ears: dict[str, Listener]) -> Picture:
    """Digits told in what is none, an hour of it."""
    lines = []
    for what, make in (("vowels in the groups of DTMF", signals.vowel_of_digits),
                       ("gliding chords", signals.chord_of_digits), ("syllables", None)):
        counts = dict.fromkeys(ears, 0)
        for minute in range(size.seconds // 60):
            chance = Chance(f"dtmf deceived {what} #{minute}")
            pcm = signals.line(signals.chatter(chance, 60 * RATE, -14.0) if make is None else _strung(chance, make))
            for who, hear in ears.items():
                counts[who] += len(str(hear(pcm)))
        lines += [number(f"{who}: {what}", count * 3600 / size.seconds, "less" if who == OURS else "")
                  for who, count in counts.items()]
    return Picture("dtmf-deceived", EAR, "Digits told where there are none, in an hour", "numbers", NOWHERE,
                   Axis("digits an hour", 0.0, 0.0, 1.0), tuple(lines),
                   f"{size.seconds} s each of sounds made to deceive: 100 to 400 ms long, peaks -25 to -6 dBm0. "
                   "Asked: at most half of libspandsp's.")


def _strung(chance: Chance, make: Callable[[Chance, int], Stretch]) -> Stretch:
    """A minute of such sounds with short pauses."""
    stretch, at = Stretch(60 * RATE), 0
    while at < stretch.n:
        made = make(chance, 800 + chance.whole(2400))
        stretch.add(made, signals.scaled(made, chance.number(-25.0, -6.0)), at)
        at += made.n + chance.whole(400)
    return stretch
