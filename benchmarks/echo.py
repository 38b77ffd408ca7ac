"""Our echo canceller beside libspeexdsp's and libspandsp's: 32 ms, the same two ends, time and what is taken out."""

import ctypes
import ctypes.util
import math
import os
import random
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.timing import best
from ccappliance.base.units import FRAME, RATE
from ccappliance.media import _echo, dsp

SECONDS = 6
TAPS = 256  # 32 ms


def _ends() -> tuple[bytes, bytes]:
    """Noise with the slope and syllables of speech, and its echo, 7 dB down, both through A-law."""
    chance = random.Random(1)
    far, last = [], 0.0
    for n in range(SECONDS * RATE):
        last = 0.8 * last + chance.gauss(0.0, 1500.0)
        far.append(last * (0.1 + abs(math.sin(math.pi * 4 * n / RATE))))  # 4 Hz: syllables
    taps = [(40 + 2 * k, chance.gauss(0.0, 1.0) * math.exp(-k / 12)) for k in range(40)]
    scale = 0.45 / math.sqrt(sum(tap * tap for _, tap in taps))
    near = [sum(scale * tap * far[n - late] for late, tap in taps if n >= late) for n in range(len(far))]
    return tuple(dsp.through_alaw(b"".join(struct.pack("<h", max(-32768, min(32767, round(x)))) for x in end))  # type: ignore
                 for end in (far, near))


def _power(pcm: bytes) -> float:
    return sum(x * x for (x,) in struct.iter_unpack("<h", pcm)) + 1.0


def _taken_out(near: bytes, out: bytes) -> float:
    """ERLE in dB from 3 s on."""
    return 10 * math.log10(_power(near[2 * 3 * RATE:]) / _power(out[2 * 3 * RATE:]))


def _frames(far: bytes, near: bytes) -> Iterator[tuple[bytes, bytes]]:
    for at in range(0, len(far), 2 * FRAME):
        yield far[at:at + 2 * FRAME], near[at:at + 2 * FRAME]


@contextmanager
def _hushed() -> Iterator[None]:
    """Debian's spandsp prints a line for each sample to the process's stdout; nothing of that is wanted."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
        ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _speex(far: bytes, near: bytes) -> Callable[[], bytes] | None:
    found = ctypes.util.find_library("speexdsp")
    if found is None:
        return None
    library = ctypes.CDLL(found)
    library.speex_echo_state_init.restype = ctypes.c_void_p
    library.speex_echo_state_destroy.argtypes = [ctypes.c_void_p]
    library.speex_echo_cancellation.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p]

    def run() -> bytes:
        state = library.speex_echo_state_init(FRAME, TAPS)
        out = ctypes.create_string_buffer(2 * FRAME)
        parts = []
        for sent, came in _frames(far, near):
            library.speex_echo_cancellation(state, came, sent, out)
            parts.append(out.raw)
        library.speex_echo_state_destroy(state)
        return b"".join(parts)

    return run


def _spandsp(far: bytes, near: bytes) -> Callable[[], bytes] | None:
    """It takes a sample at a time, so only what it takes out is compared, not its time."""
    found = ctypes.util.find_library("spandsp")
    if found is None:
        return None
    library = ctypes.CDLL(found)
    library.echo_can_init.restype = ctypes.c_void_p
    library.echo_can_free.argtypes = [ctypes.c_void_p]
    library.echo_can_update.argtypes = [ctypes.c_void_p, ctypes.c_int16, ctypes.c_int16]
    library.echo_can_update.restype = ctypes.c_int16
    form = f"<{len(far) // 2}h"
    samples = list(zip(struct.unpack(form, far), struct.unpack(form, near), strict=True))

    def run() -> bytes:
        state = library.echo_can_init(TAPS, 1)  # ECHO_CAN_USE_ADAPTION
        out = [library.echo_can_update(state, sent, came) for sent, came in samples]
        library.echo_can_free(state)
        return struct.pack(f"<{len(out)}h", *out)

    return run


def measure() -> Iterator[str]:
    """ns per sample, ratios, and ERLE after 3 s."""
    far, near = _ends()
    count = len(far) // 2

    def ours() -> bytes:
        echo = _echo.Echo()
        return b"".join(echo.run(sent, came) for sent, came in _frames(far, near))

    mine = best(ours, rounds=3) / count * 1e9
    yield f"echo canceller, 32 ms: {mine:.0f} ns/sample, {_taken_out(near, ours()):.1f} dB after 3 s"
    theirs = _speex(far, near)
    if theirs is None:
        yield "  libspeexdsp is not here (apt install libspeexdsp1)"
    else:
        peer = best(theirs, rounds=3) / count * 1e9
        yield f"  libspeexdsp {peer:.0f} ns/sample, {_taken_out(near, theirs()):.1f} dB: ratio {mine / peer:.2f}"
    theirs = _spandsp(far, near)
    if theirs is None:
        yield "  libspandsp is not here (apt install libspandsp2)"
    else:
        with _hushed():
            out = theirs()
        yield f"  libspandsp {_taken_out(near, out):.1f} dB (a call for each sample: not timed from Python)"
