"""The DSP kernels as Python: A-law, rendering of tones, digits and caller ID, and the ears for streams of PCM.

PCM is bytes everywhere: int16 little endian, 8 kHz, mono. This is for tests, tools, and sound that is rendered once;
the frame path of a call never comes here (the engine calls the kernels in its tick). The kernels' data sheets, with
their limits in numbers, head ext/ccappliance/media/_*.pyx; slow and obvious twins are in media/reference.py.
"""

import math

from ccappliance.base.units import RATE, amplitude, samples
from ccappliance.media import _dsp
from ccappliance.media.mf import MF_EARS
from ccappliance.media.ports import (
    SIGNALS,
    Ear,
    MfEnded,
    MfHeard,
    Sound,
    SoundHeard,
    Tone,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
)
from ccappliance.media.tones import DTMF_LEVEL, Zone, dtmf_tone

# EN 300 659-1 §6.2: 300 bits of alternating space and mark, then 180 ± 25 bits of mark; without seizure 80 ± 25 of mark
FSK_SEIZURE = 300
FSK_MARK = 180
FSK_MARK_ONLY = 80
FSK_LEVEL = -13.5  # dBm0 of mark and of space: EN 300 659-1 annex A, -13.5 ± 1.5 dBm at the exchange
FSK_STANDARDS = {"v23": _dsp.V23, "bell202": _dsp.BELL202}

FADE = RATE // 200  # samples of the mouth's fade: 5 ms
DIGIT_PAUSE = 1.0  # seconds of a ',' in a string of digits


def alaw_to_linear(codes: bytes) -> bytes:
    """A-law codes (G.711, even bits inverted) to PCM of the same number of samples."""
    return _dsp.alaw_decode(codes)


def linear_to_alaw(pcm: bytes) -> bytes:
    """PCM to A-law codes. ValueError for an odd number of bytes, here and wherever PCM is taken."""
    return _dsp.alaw_encode(pcm)


def through_alaw(pcm: bytes) -> bytes:
    """What arrives of this PCM on the other side of a digital line."""
    return alaw_to_linear(linear_to_alaw(pcm))


def tone_generator(tone: Tone) -> _dsp.ToneGenerator:
    """The mouth that plays `tone`: `run(samples)` makes PCM, fewer samples when it ends; `stop()` fades it out."""
    steps = [(step.frequencies, amplitude(step.level), None if math.isinf(step.seconds) else samples(step.seconds))
             for step in tone.steps]
    return _dsp.ToneGenerator(steps, tone.rounds)


def render_tone(tone: Tone, seconds: float) -> bytes:
    """The first `seconds` of a tone, padded with silence if it ends before; cut without a click."""
    wanted = samples(seconds)
    mouth = tone_generator(tone)
    pcm = mouth.run(max(0, wanted - FADE))
    mouth.stop()
    pcm += mouth.run(wanted - len(pcm) // 2)
    return pcm + bytes(2 * wanted - len(pcm))


def render_digits(digits: str, on: float = 0.1, off: float = 0.1, level: float = DTMF_LEVEL) -> bytes:
    """DTMF: `on` seconds of each digit and `off` after it; ',' is a pause of one second. ValueError for others."""
    parts = []
    for digit in digits:
        if digit == ",":
            parts.append(bytes(2 * samples(DIGIT_PAUSE)))
        else:
            parts.append(tone_generator(dtmf_tone(digit, on, off, level)).run(samples(on) + samples(off)))
    return b"".join(parts)


def render_fsk(data: bytes, standard: str, *, seizure: bool = True, level: float = FSK_LEVEL) -> bytes:
    """One caller ID message as it is sent (EN 300 659-1): seizure, mark, `data` (type, length, …, checksum), mark.

    `standard`: "v23" or "bell202". Without `seizure` (data after a dual-tone alerting signal) the mark is shorter.
    """
    if standard not in FSK_STANDARDS:
        raise ValueError(f"no FSK standard {standard!r}; there are {', '.join(FSK_STANDARDS)}")
    return _dsp.fsk_send(data, FSK_STANDARDS[standard], FSK_SEIZURE if seizure else 0,
                         FSK_MARK if seizure else FSK_MARK_ONLY, amplitude(level))


class DtmfEar:
    """Hears DTMF digits in a stream."""

    def __init__(self) -> None:
        self._ear = _dsp.Dtmf()

    def hear(self, pcm: bytes) -> str:
        """The digits that became certain in these samples, each told once."""
        return self._ear.run(pcm)

    def follow(self, pcm: bytes) -> list[tuple[str, int, int]]:
        """The digits that ended in these samples: (digit, began, ended), in samples since the ear was opened."""
        return self._ear.follow(pcm)

    @property
    def mute(self) -> bool:
        """Whether a digit sounds, or seems to, at the end of what was heard: earlier than it is told."""
        return self._ear.mute

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: a digit that sounded goes on."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


class ProgressEar:
    """Hears the recognised tones of a zone, and voice."""

    def __init__(self, zone: Zone) -> None:
        self._names = tuple(one.name for one in zone.recognised)
        self._ear = _dsp.Progress([one[1:] for one in zone.recognised])

    def hear(self, pcm: bytes) -> list[ToneHeard | ToneEnded | VoiceHeard]:
        """The facts these samples tell, in order."""
        return [self._fact(kind, pattern) for kind, pattern in self._ear.run(pcm)]

    def _fact(self, kind: int, pattern: int) -> ToneHeard | ToneEnded | VoiceHeard:
        if kind == _dsp.VOICE:
            return VoiceHeard()
        return ToneHeard(self._names[pattern]) if kind == _dsp.HEARD else ToneEnded(self._names[pattern])

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: what sounded goes on, and time passes."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


class SignalEar:
    """Hears the signals of the network and of machines: SIT, fax and modem."""

    def __init__(self) -> None:
        self._ear = _dsp.Signal()

    def hear(self, pcm: bytes) -> list[ToneHeard | ToneEnded]:
        """The facts these samples tell, in order."""
        return [ToneEnded(SIGNALS[signal]) if over else ToneHeard(SIGNALS[signal])
                for signal, over in self._ear.run(pcm)]

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: what sounded goes on, and time passes."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


class MfEar:
    """Hears multi-frequency signals of one plan (Ear.MF_FORWARD, MF_BACKWARD or MF_R1)."""

    def __init__(self, plan: Ear) -> None:
        self._ear = _dsp.Mf(MF_EARS.index(plan))

    def hear(self, pcm: bytes) -> list[MfHeard | MfEnded]:
        """The facts these samples tell, in order."""
        return [fact for fact, _ in self.follow(pcm)]

    def follow(self, pcm: bytes) -> list[tuple[MfHeard | MfEnded, int]]:
        """The same, each with the number of these samples after which it was told."""
        return [(MfHeard(signal) if signal else MfEnded(), at) for signal, at in self._ear.run(pcm)]

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: a signal that sounded goes on."""
        self._ear.fillin(count)


class FskEar:
    """Hears caller ID data of either standard."""

    def __init__(self) -> None:
        self._ear = _dsp.FskReceiver()

    def hear(self, pcm: bytes) -> list[bytes]:
        """Messages that became whole: type, length, data, checksum as received; the checksum is not verified."""
        return self._ear.run(pcm)

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: a message under way is given up."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


class MatchEar:
    """Hears whether one sound has arrived: its loudest 200 ms are enough."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self._ear = _dsp.Match(sound.pcm)

    @property
    def best(self) -> float:
        """The greatest likeness of the exact looks so far, 0 to 1; 0 also when nothing came near enough for one."""
        return self._ear.best

    def hear(self, pcm: bytes) -> SoundHeard | None:
        """SoundHeard each time it arrives in these samples."""
        return SoundHeard(self.sound.name) if self._ear.run(pcm) else None

    def lost(self, count: int) -> None:
        """`count` samples did not arrive here: they are taken for silence."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()
