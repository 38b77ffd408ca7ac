"""How much echo is taken out over time, beside the peers; and what becomes of it while both talk."""

import math
from collections.abc import Callable, Iterator

from ccappliance.base.units import RATE
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Line, Picture, Point, number
from ccappliance.media.accuracy.peers import SPANDSP, SPEEX, Spandsp, Speex
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.trials import Chance, Size
from ccappliance.media.levels import EchoCanceller

EAR = "echo"
TAPS = 256  # 32 ms
SECONDS = 12
STEP = RATE // 2
Canceller = Callable[[bytes, bytes], bytes]  # far, near → what is left of near


def measure(size: Size, spandsp: Spandsp | None, speex: Speex | None) -> Iterator[Picture]:
    """All pictures of the canceller."""
    cancellers: dict[str, Canceller] = {OURS: _ours}
    if speex is not None:
        cancellers[SPEEX] = lambda far, near: speex.cancel(far, near, TAPS)
    if spandsp is not None:
        cancellers[SPANDSP] = lambda far, near: spandsp.cancel(far, near, TAPS)
    paths = max(4, size.trials // 50)
    yield _over_time(cancellers, paths)
    yield _both_talk(cancellers, paths)


def _ours(far: bytes, near: bytes) -> bytes:
    return EchoCanceller().hear(near, far)


def _ends(chance: Chance, *, talk: bool = False) -> tuple[bytes, Stretch, Stretch]:
    """What is sent, its echo through a hybrid of random sign and length, 7 dB down, and the near end's words."""
    far = signals.chatter(chance, SECONDS * RATE, -14.0)
    far.noise(chance.seed(), signals.rms(-55.0), 0, far.n)
    sent = signals.line(far)
    echo, first = Stretch(far.n), 8 + chance.whole(52)
    for k in range(first, 250):
        echo.lay(sent, chance.number(-1.0, 1.0) * math.exp(-k / 35), k)
    echo.gain(math.sqrt(far.power(0, far.n) / echo.power(0, far.n)) * 10.0 ** (-7.0 / 20.0), 0, far.n)
    near = Stretch(far.n)
    if talk:
        near.add(signals.chatter(chance, 4 * RATE, -18.0), 1.0, 6 * RATE)
    return sent, echo, near


def _arrives(chance: Chance, echo: Stretch, near: Stretch) -> bytes:
    came = Stretch(echo.n)
    came.add(echo, 1.0, 0)
    came.add(near, 1.0, 0)
    signals.noise(chance, came, -68.0)
    return signals.line(came)


def _over_time(cancellers: dict[str, Canceller], paths: int) -> Picture:
    """Power over all paths, each half second."""
    before = [0.0] * (SECONDS * RATE // STEP)
    after = {who: list(before) for who in cancellers}
    for path in range(paths):
        chance = Chance(f"echo path #{path}")
        sent, echo, near = _ends(chance)
        came = _arrives(chance, echo, near)
        left = {who: cancel(sent, came) for who, cancel in cancellers.items()}
        for k in range(len(before)):
            before[k] += signals.power_of(came, k * STEP, STEP)
            for who, out in left.items():
                after[who][k] += signals.power_of(out, k * STEP, STEP)
    lines = [Line(who, tuple(Point((k + 1) * STEP / RATE, _db(before[k], powers[k]), wish="more",
                                   must=(k + 1) * STEP > 3 * RATE) for k in range(len(before))))
             for who, powers in after.items()]
    return Picture("echo-time", EAR, "Echo taken out over time", "values", Axis("time, s", 0.0, float(SECONDS), 1.0),
                   Axis("echo return loss enhancement, dB", -20.0, 40.0, 10.0), tuple(lines),
                   f"{paths} random paths of 32 ms, 7 dB loss; syllables at -14 dBm0, line noise -68 dBm0, A-law both "
                   "ways. Asked: 25 dB after 3 s.",
                   (Limit("asked: 25 dB after 3 s", ((3.0, -20.0), (3.0, 25.0), (12.0, 25.0))),))


def _both_talk(cancellers: dict[str, Canceller], paths: int) -> Picture:
    """The near end talks from 6 to 10 s: echo left in it, and echo taken out in the second after."""
    sums = {who: [0.0] * 4 for who in cancellers}
    for path in range(paths):
        chance = Chance(f"echo both #{path}")
        sent, echo, near = _ends(chance, talk=True)
        came, words = _arrives(chance, echo, near), near.pcm()
        for who, cancel in cancellers.items():
            out = cancel(sent, came)
            rest = Stretch(near.n)
            rest.lay(out, 1.0, 0)
            rest.lay(words, -1.0, 0)
            powers = (echo.power(6 * RATE, 4 * RATE), rest.power(6 * RATE, 4 * RATE),
                      signals.power_of(came, 10 * RATE, RATE), signals.power_of(out, 10 * RATE, RATE))
            sums[who] = list(map(float.__add__, sums[who], powers))
    lines = []
    for who, (echoed, rested, before, after) in sums.items():
        wish = "more" if who == OURS else ""
        lines += [number(f"{who}: echo taken out while both talk, dB", _db(echoed, rested), wish),
                  number(f"{who}: echo taken out in the second after, dB", _db(before, after), wish)]
    return Picture("echo-both", EAR, "Both ends talk", "numbers", NOWHERE, NOWHERE, tuple(lines),
                   f"As above, {paths} paths; the near end talks at -18 dBm0 from 6 to 10 s. Asked: stable, 20 dB.")


def _db(before: float, after: float) -> float:
    return 10.0 * math.log10((before + 1.0) / (after + 1.0))
