"""How well caller ID data are heard: FSK of both standards in noise, soft, fast and off their frequencies."""

from collections.abc import Callable, Iterator

from ccappliance.media import dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import OURS, Axis, Limit, Line, Picture
from ccappliance.media.accuracy.peers import SPANDSP, Spandsp
from ccappliance.media.accuracy.trials import Chance, Listener, Size, Sound, Wish, curve, steps

EAR = "fsk"
LEVEL = -13.5  # dBm0: EN 300 659-1 annex A
STANDARDS = {"v23": "V.23", "bell202": "Bell 202"}
SHARE = Axis("messages whole, %", 0.0, 100.0, 20.0)
_HOW = "Messages of 31 random bytes with seizure and mark, any phase and place, through A-law; right: every byte."


def measure(size: Size, peer: Spandsp | None) -> Iterator[Picture]:
    """All pictures of this ear."""
    trials = max(24, size.trials // 4)
    whole = steps(6.0, 20.0, 1.0)
    yield _picture("fsk-noise", "Caller ID in white noise", Axis("signal to noise, dB", 6.0, 20.0, 2.0),
                   _both("noise", trials, peer, whole, lambda snr: {"snr": snr}, lambda snr: ("more", snr >= 12.0)),
                   "Asked: 99 % at 11 dB.", Limit("asked: 99 % at 11 dB", ((11.0, 0.0), (11.0, 99.0), (20.0, 99.0))))
    yield _picture("fsk-level", "Caller ID, soft and loud", Axis("level, dBm0", -52.0, 0.0, 4.0),
                   _both("level", trials, peer, steps(-52.0, 0.0, 2.0), lambda level: {"level": level},
                         lambda level: ("more", -40.0 <= level <= -3.0)),
                   "Asked: down to -40 dBm0.", Limit("asked: -40 dBm0", ((-40.0, 0.0), (-40.0, 99.0), (0.0, 99.0))))
    yield _picture("fsk-skew", "Caller ID sent too slowly or too fast", Axis("deviation of speed, %", -6.0, 6.0, 1.0),
                   _both("skew", trials, peer, steps(-6.0, 6.0, 0.5), lambda percent: {"speed": 1 + percent / 100},
                         lambda percent: ("more", abs(percent) <= 1.5)),
                   "Asked: ±1.5 %; libspandsp is said to reach ±3 %.",
                   Limit("asked: ±1.5 %", ((-1.5, 0.0), (-1.5, 99.0), (1.5, 99.0), (1.5, 0.0))))


def _message(chance: Chance) -> bytes:
    data = bytes([0x80, 28]) + chance.data(28)
    return data + bytes([-sum(data) & 255])


def _both(name: str, trials: int, peer: Spandsp | None, xs: list[float], how: Callable[[float], dict[str, float]],
          wish: Callable[[float], Wish]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for standard, called in STANDARDS.items():
        ears: dict[str, Listener] = {f"{OURS}, {called}": lambda pcm: [data[:-1] for data in dsp.FskEar().hear(pcm)]}
        if peer is not None:
            ears[f"{SPANDSP}, {called}"] = peer.messages(standard)

        def make(chance: Chance, x: float, standard: str = standard) -> Sound:
            return _sound(chance, standard, **how(x))

        lines += curve(f"fsk {name} {standard}", trials, ears, xs, make, wish)
    return tuple(lines)


def _sound(chance: Chance, standard: str, *, level: float = LEVEL, snr: float | None = None,
           speed: float = 1.0) -> Sound:
    data = _message(chance)
    stretch = signals.fsk(chance, data, standard, level, speed=speed)
    if snr is not None:
        signals.noise(chance, stretch, level - snr)
    return signals.line(stretch), [data[:-1]]


def _picture(name: str, title: str, x: Axis, lines: tuple[Line, ...], asked: str, limit: Limit) -> Picture:
    return Picture(name, EAR, title, "curve", x, SHARE, lines, f"{_HOW} {asked}", (limit,))
