"""Voice, levels, echo and gaps as Python: who talks and how loud, and the mouths that mend what is said.

PCM is bytes: int16 little endian, 8 kHz, mono. For tests, tools and rendering; the tick calls kernels. Data sheets head
ext/ccappliance/media/_voice.pyx, _echo.pyx, _levels.pyx and _conceal.pyx; slow twins are in media/reference_voice.py.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.base.units import RATE, dbm0
from ccappliance.media import _conceal, _echo, _levels, _voice

SILENCE = 2.0  # seconds after which nobody is said to be there: as VoiceHeard forgets
TARGET = -16.0  # dBm0 of active speech: the mean talker on a line without loss (P.56's long-term mean, G.168 annex)


# ---- ears: facts, past participles; seconds count from the start or the last reset ----


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    at: float


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    at: float


@dataclass(frozen=True, slots=True)
class SilenceHeard:
    """Nobody has talked for as long as was asked; told once per stretch. `at`: since when."""

    at: float


@dataclass(frozen=True, slots=True)
class BothBegan:
    """Two began to talk at once."""

    at: float


@dataclass(frozen=True, slots=True)
class BothEnded:
    at: float


@dataclass(frozen=True, slots=True)
class Look:
    """The last 10 ms: levels in dBm0, dB over the noise, and whether that is voice."""

    level: float
    noise: float
    snr: float
    active: bool
    talking: bool


VoiceFact = VoiceBegan | VoiceEnded | SilenceHeard
BothFact = BothBegan | BothEnded


class VoiceEar:
    """Hears who begins and ends to talk, on noise it learns."""

    _FACTS: ClassVar[dict[int, type[VoiceFact]]] = {_voice.BEGAN: VoiceBegan, _voice.ENDED: VoiceEnded,
                                                    _voice.SILENCE: SilenceHeard}

    def __init__(self, silence: float = SILENCE) -> None:
        """`silence`: seconds of nobody talking that are told; 0: never. ValueError beyond an hour."""
        if not 0.0 <= silence <= 3600.0:
            raise ValueError(f"silence is 0 to 3600 s, not {silence!r}")
        self._ear = _voice.Voice(round(silence * 1000))

    def hear(self, pcm: bytes) -> list[VoiceFact]:
        return [self._FACTS[kind](at / RATE) for kind, at in self._ear.run(pcm)]

    def lost(self, count: int) -> list[VoiceFact]:
        """`count` samples did not arrive: what sounded goes on for 60 ms, then it is silence."""
        return [self._FACTS[kind](at / RATE) for kind, at in self._ear.fillin(count)]

    @property
    def look(self) -> Look:
        return Look(*self._ear.look()[:5])

    def reset(self) -> None:
        self._ear.reset()


class TalkEar:
    """Hears when both ends talk at once; an echo of the far end that has lost `loss` dB is nobody's words."""

    _FACTS: ClassVar[dict[int, type[BothFact]]] = {_voice.BOTH_TALK: BothBegan, _voice.ONE_TALKS: BothEnded}

    def __init__(self, loss: float = 6.0) -> None:
        self._ear = _voice.Talk(loss)

    def hear(self, near: bytes, far: bytes) -> list[BothFact]:
        return [self._FACTS[kind](at / RATE) for kind, at in self._ear.run(near, far)]

    def lost(self, count: int) -> None:
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


@dataclass(frozen=True, slots=True)
class Levels:
    """What a meter has measured: `rms` and `peak` in int16 units, dBm0 of both (a peak's is that of a sine so high)."""

    samples: int
    rms: float
    peak: int
    level: float
    peak_level: float
    clipped: int


class Meter:
    """Measures levels, exactly, from reset to reading."""

    def __init__(self) -> None:
        self._meter = _voice.Meter()

    def hear(self, pcm: bytes) -> None:
        self._meter.run(pcm)

    def read(self) -> Levels:
        count, squares, peak, clipped, level = self._meter.read()
        rms = math.sqrt(squares / count) if count else 0.0
        return Levels(count, rms, peak, level, dbm0(peak / math.sqrt(2.0)), clipped)

    def reset(self) -> None:
        self._meter.reset()


# ---- mouths ----


class EchoCanceller:
    """Takes the echo of what is sent out of what arrives; `far` is what the line got: after A-law."""

    def __init__(self) -> None:
        self._echo = _echo.Echo()

    def hear(self, near: bytes, far: bytes) -> bytes:
        """`near` without the echo of `far`. ValueError if they are not equally long."""
        return self._echo.run(far, near)

    def lost(self, far: bytes) -> None:
        """While this was sent, nothing arrived."""
        self._echo.fillin(far)

    @property
    def both(self) -> bool:
        """Does the near end talk into the far end's words, so loud that nothing is learnt?"""
        return self._echo.look()[0]

    @property
    def erle(self) -> float:
        """dB that it takes out, of the last 16 ms; of the near end's words too, so read it while they are silent."""
        _, came, left, _ = self._echo.look()
        return 10.0 * math.log10((came + 1.0) / (left + 1.0))

    def reset(self) -> None:
        self._echo.reset()


class Gain:
    """Gain in dB, at most +18; a change takes 5 ms."""

    def __init__(self, gain_db: float = 0.0) -> None:
        self._gain = _levels.Gain(self._q12(gain_db))

    @staticmethod
    def _q12(gain_db: float) -> int:
        if math.isnan(gain_db) or gain_db > 18.1:
            raise ValueError(f"a gain is at most 18 dB, not {gain_db!r}")
        return round(_levels.UNITY * math.pow(10.0, gain_db / 20.0))

    def set(self, gain_db: float) -> None:
        self._gain.set(self._q12(gain_db))

    def say(self, pcm: bytes) -> bytes:
        return self._gain.run(pcm)


class AutomaticGain:
    """Brings speech to `target` dBm0, -12 to +18 dB of gain, and lets no sample over +2.1 dBm0."""

    def __init__(self, target: float = TARGET) -> None:
        self._agc = _levels.Agc(target)

    @property
    def gain(self) -> float:
        """dB, now."""
        return self._agc.gain

    def say(self, pcm: bytes) -> bytes:
        return self._agc.run(pcm)

    def lost(self, count: int) -> None:
        self._agc.fillin(count)

    def reset(self) -> None:
        self._agc.reset()


class ComfortNoise:
    """The noise of a quiet line at `level` dBm0; the same seed makes the same noise."""

    def __init__(self, level: float, seed: int = 1) -> None:
        if not -99.0 <= level <= -10.0:
            raise ValueError(f"comfort noise has -99 to -10 dBm0, not {level!r}")
        self._noise = _levels.Comfort(seed & 0xFFFFFFFF, level)

    def set(self, level: float) -> None:
        """Go to this level within about 100 ms."""
        self._noise.set(level)

    def say(self, count: int) -> bytes:
        return self._noise.run(count)


class Concealer:
    """Fills lost frames with what was said before them."""

    def __init__(self) -> None:
        self._mouth = _conceal.Conceal()

    def say(self, pcm: bytes) -> bytes:
        """What arrived; faded in after a gap."""
        return self._mouth.run(pcm)

    def lost(self, count: int) -> bytes:
        """`count` samples in place of those that did not arrive."""
        return self._mouth.fillin(count)

    def reset(self) -> None:
        self._mouth.reset()
