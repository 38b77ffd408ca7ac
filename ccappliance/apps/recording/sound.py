"""How sound is written down: without loss in the fewest bytes, and back.

What comes from a telephone line is A-law by birth, so most of it fits into 8 bits a sample without any loss: 64
kbit/s a leg. What the engine has made (prompts, music, gain, an echo taken out) does not, and is kept in 16 bits;
digital silence takes no bytes at all. Each record says which of the three it is, so a recording is exact to the bit
whatever was heard.
"""

from array import array

from ccappliance.apps.recording.segment import ALAW, LINEAR, SILENCE
from ccappliance.media.dsp import alaw_to_linear, linear_to_alaw


def split(stereo: bytes) -> tuple[bytes, bytes]:
    """Interleaved int16 → left, right."""
    both = array("h", stereo)
    return both[0::2].tobytes(), both[1::2].tobytes()


def join(left: bytes, right: bytes) -> bytes:
    """Left and right of the same length → interleaved int16."""
    both = array("h", bytes(len(left) * 2))
    both[0::2], both[1::2] = array("h", left), array("h", right)
    return both.tobytes()


def encode(pcm: bytes) -> tuple[int, bytes]:
    """int16 little endian of one leg → (coding, content), without loss."""
    if pcm.count(0) == len(pcm):
        return SILENCE, b""
    codes = linear_to_alaw(pcm)
    return (ALAW, codes) if alaw_to_linear(codes) == pcm else (LINEAR, pcm)


def decode(coding: int, content: bytes, count: int) -> bytes:
    """Back to int16: `count` samples. ValueError if the content is not of that length, or of an unknown coding."""
    if coding == SILENCE:
        return bytes(2 * count)
    if coding not in (ALAW, LINEAR):
        raise ValueError(f"coding {coding} is not known: a newer version has written it")
    pcm = alaw_to_linear(content) if coding == ALAW else content
    if len(pcm) != 2 * count:
        raise ValueError(f"{len(pcm) // 2} samples where {count} should be")
    return pcm


