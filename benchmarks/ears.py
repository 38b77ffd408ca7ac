"""Our DTMF ear beside libspandsp's (Debian: libspandsp2), same samples, same frames of 160, one channel."""

import ctypes
import ctypes.util
import random
import struct
from collections.abc import Iterator

from benchmarks.timing import best
from ccappliance.base.units import FRAME, RATE
from ccappliance.media import dsp

SECONDS = 20


def _samples() -> bytes:
    """Digits, noise and silence, a third each."""
    chance = random.Random(1)
    digits = dsp.render_digits("0123456789*#ABCD" * 3)
    noise = b"".join(struct.pack("<h", int(chance.gauss(0, 800))) for _ in range(SECONDS * RATE // 3))
    return (digits + noise + bytes(len(noise)))[:2 * SECONDS * RATE]


def measure() -> Iterator[str]:
    """ns per sample for both, and the ratio."""
    pcm = _samples()
    count = len(pcm) // 2

    def ours() -> None:
        ear = dsp.DtmfEar()
        for at in range(0, len(pcm), 2 * FRAME):
            ear.hear(pcm[at:at + 2 * FRAME])

    mine = best(ours) / count * 1e9
    found = ctypes.util.find_library("spandsp")
    if found is None:
        yield f"DTMF ear: {mine:.1f} ns/sample (no peer: apt install libspandsp2)"
        return
    spandsp = ctypes.CDLL(found)
    spandsp.dtmf_rx_init.restype = ctypes.c_void_p
    spandsp.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    spandsp.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    spandsp.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    heard = ctypes.create_string_buffer(128)

    def theirs() -> None:
        state = spandsp.dtmf_rx_init(None, None, None)
        for at in range(0, len(pcm), 2 * FRAME):
            spandsp.dtmf_rx(state, pcm[at:at + 2 * FRAME], FRAME)
            spandsp.dtmf_rx_get(state, heard, 127)
        spandsp.dtmf_rx_free(state)

    peer = best(theirs) / count * 1e9
    yield f"DTMF ear: {mine:.1f} ns/sample, libspandsp {peer:.1f}: ratio {mine / peer:.2f} (called from Python, both)"
