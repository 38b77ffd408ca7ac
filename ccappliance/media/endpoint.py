"""Where speech begins and ends in what arrives at a port, and what was said between; from a tape, in the loop.

A frame is speech when it is louder than the line's own noise and no echo of what we send. Levels are of 20 ms frames.
"""

import math
from array import array
from collections import deque
from operator import mul

from ccappliance.base.units import FRAME, TICK, dbm0
from ccappliance.media.polish import from_pcm

QUIETEST = -45.0  # dBm0: below it nobody speaks into a telephone (P.56 speech is near -20, a whisper near -40)
LOUDEST_NOISE = -28.0  # dBm0 that the line's noise is believed to have at most; it is no noise then, but a first word
OVER_NOISE = 9.0  # dB: frames of steady noise differ by 1, the weak ends of words stand out by 10
ECHO_LOSS = 10.0  # dB by which the echo of our own prompt is weaker than it: G.122's worst two-wire ends give 11
ECHO_FRAMES = 8  # of what was sent that may still come back: 160 ms, as far as `Treatment.echo` reaches
NOISE_FRAMES = 150  # 3 s in which the quietest frame is the noise: nobody speaks so long without a gap
BEGIN_OF, BEGIN_NEED = 7, 5  # of 7 frames 5 are speech: 100 ms of sound, longer than a click
END_FRAMES = round(0.6 / TICK)  # of silence that end what is said; gaps within a phrase are shorter than 0.5 s
BEFORE = round(0.3 / TICK)  # frames kept from before the beginning: soft consonants lie there
AFTER = round(0.2 / TICK)  # frames kept of the silence at the end


class Endpointer:
    """Fed with a tape; `began` turns True once, then `said` is the utterance, once, when it is over (PCM, mono)."""

    def __init__(self) -> None:
        self.began = False
        self.said: bytes | None = None
        self._rest = b""
        self._kept: list[bytes] = []  # PCM of the frames since BEFORE the beginning
        self._levels: deque[float] = deque(maxlen=NOISE_FRAMES)
        self._sent: deque[bytes] = deque(maxlen=ECHO_FRAMES)
        self._recent: deque[bool] = deque(maxlen=BEGIN_OF)
        self._silent = 0  # frames in a row

    def feed(self, stereo: bytes) -> None:
        """Interleaved int16 little endian: left what arrived, right what was sent; any length."""
        data = self._rest + stereo
        whole = len(data) // (4 * FRAME) * 4 * FRAME
        self._rest = data[whole:]
        for start in range(0, whole, 4 * FRAME):
            if self.said is None:
                samples = from_pcm(data[start:start + 4 * FRAME])
                self._frame(samples[0::2], samples[1::2].tobytes())

    @property
    def frames(self) -> int:
        """What `cut` would give, in frames."""
        return len(self._kept)

    def cut(self) -> bytes:
        """What was said until now, as if it were over; "": nobody has begun."""
        return b"".join(self._kept) if self.began else b""

    def again(self) -> None:
        """Wait for the next utterance; what is known of the line's noise and of what was sent stays."""
        self.began, self.said, self._silent = False, None, 0
        self._kept.clear()
        self._recent.clear()

    def _frame(self, heard: "array[int]", sent: bytes) -> None:
        self._sent.append(sent)
        level = _level(heard)
        self._levels.append(level)
        speech = self._is_speech(level)
        self._recent.append(speech)
        self._kept.append(heard.tobytes())
        if not self.began:
            del self._kept[:-(BEFORE + BEGIN_OF)]
            self.began = sum(self._recent) >= BEGIN_NEED
            return
        self._silent = 0 if speech else self._silent + 1
        if self._silent >= END_FRAMES:
            self.said = b"".join(self._kept[:len(self._kept) - END_FRAMES + AFTER])

    def _is_speech(self, level: float) -> bool:
        noise = min(min(self._levels), LOUDEST_NOISE)
        if level < max(QUIETEST, noise + OVER_NOISE):
            return False
        return level > max(_level(array("h", sent)) for sent in self._sent) - ECHO_LOSS


def _level(frame: "array[int]") -> float:
    """dBm0 of int16 samples of this machine's byte order."""
    return dbm0(math.sqrt(sum(map(mul, frame, frame)) / len(frame)))
