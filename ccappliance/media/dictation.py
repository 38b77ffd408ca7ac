"""What was said on the two legs of a recording, cut into utterances that a recogniser can take dictation of."""

from collections.abc import Iterator
from dataclasses import dataclass

from ccappliance.base.units import FRAME, TICK
from ccappliance.media.endpoint import AFTER, END_FRAMES, Endpointer
from ccappliance.media.polish import from_pcm, little_endian

LEGS = ("caller", "agent")  # what arrived from the customer; what he was sent: agents, and prompts before them
LONGEST = round(15.0 / TICK)  # frames of one utterance: recognisers' windows are 20 to 30 s, and few speak so long
_FRAME_BYTES = 4 * FRAME


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said: on which leg, from which second of the recording on; PCM, 8 kHz, mono, int16 little endian."""

    leg: str
    begin: float
    pcm: bytes


class Cutter:
    """Fed with a recording from its beginning, in pieces of any length. Silence, as of a pause, gives nothing."""

    def __init__(self) -> None:
        self._ends = [Endpointer() for _ in LEGS]
        self._rest = b""
        self._frames = 0

    def feed(self, stereo: bytes) -> Iterator[Utterance]:
        """Interleaved int16 little endian: left the customer, right what he was sent. In the order of their ends."""
        data = self._rest + stereo
        whole = len(data) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = data[whole:]
        for start in range(0, whole, _FRAME_BYTES):
            yield from self._frame(data[start:start + _FRAME_BYTES])

    def end(self) -> Iterator[Utterance]:
        """What was being said when the recording ended."""
        for leg, ends in zip(LEGS, self._ends, strict=True):
            if ends.began:
                yield self._utterance(leg, ends.cut(), self._frames)

    def _frame(self, stereo: bytes) -> Iterator[Utterance]:
        self._frames += 1
        samples = from_pcm(stereo)
        turned = samples[:]
        turned[0::2], turned[1::2] = samples[1::2], samples[0::2]  # the other leg heard, this one as its echo
        for leg, ends, heard in zip(LEGS, self._ends, (stereo, little_endian(turned)), strict=True):
            ends.feed(heard)
            if ends.said is not None:
                yield self._utterance(leg, ends.said, self._frames - END_FRAMES + AFTER)
                ends.again()
            elif ends.began and ends.frames >= LONGEST:
                yield self._utterance(leg, ends.cut(), self._frames)
                ends.again()

    @staticmethod
    def _utterance(leg: str, pcm: bytes, end: int) -> Utterance:
        frames = from_pcm(pcm)
        return Utterance(leg, round((end - len(frames) // FRAME) * TICK, 3), little_endian(frames))
