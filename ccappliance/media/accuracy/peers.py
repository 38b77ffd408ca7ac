"""The peers, where this machine has them: libspandsp's receivers and libspeexdsp's canceller as listeners, by ctypes.

Debian: libspandsp2, libspeexdsp1. They are measured beside ours on the same sounds, and are never needed.
"""

import ctypes
import ctypes.util
import os
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ccappliance.base.units import FRAME
from ccappliance.media.tones import Recognised

SPANDSP, SPEEX = "libspandsp", "libspeexdsp"
_BYTES = 2 * FRAME  # given at a time, as Asterisk and FreeSWITCH do
_HANDLE = ctypes.c_void_p

_TOLD_TONE = ctypes.CFUNCTYPE(None, _HANDLE, ctypes.c_int, ctypes.c_int, ctypes.c_int)
_TOLD_MESSAGE = ctypes.CFUNCTYPE(None, _HANDLE, ctypes.POINTER(ctypes.c_uint8), ctypes.c_int)
_ADSI = {"bell202": 1, "v23": 2}  # ADSI_STANDARD_CLASS, ADSI_STANDARD_CLIP
_CONNECT = {"cng": 1, "ced": 2}  # MODEM_CONNECT_TONES_FAX_CNG, MODEM_CONNECT_TONES_ANS


def _frames(pcm: bytes) -> Iterator[bytes]:
    for at in range(0, len(pcm), _BYTES):
        yield pcm[at:at + _BYTES]


class Spandsp:
    """libspandsp's receivers, each as a function from PCM to what it told of it."""

    def __init__(self, library: str) -> None:
        self._library = ctypes.CDLL(library)

    def _function(self, name: str, gives: object, *takes: object) -> Callable[..., int]:
        function = getattr(self._library, name)
        function.restype, function.argtypes = gives, takes
        return function  # type: ignore[no-any-return]

    def dtmf(self, *, dial_filter: bool = False) -> Callable[[bytes], str]:
        """Digits; with or without its dial tone filter."""
        init = self._function("dtmf_rx_init", _HANDLE, _HANDLE, _HANDLE, _HANDLE)
        parameters = self._function("dtmf_rx_parms", None, _HANDLE, *[ctypes.c_int] * 4)
        receive = self._function("dtmf_rx", ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_int)
        get = self._function("dtmf_rx_get", ctypes.c_size_t, _HANDLE, ctypes.c_char_p, ctypes.c_int)
        free = self._function("dtmf_rx_free", ctypes.c_int, _HANDLE)

        def hear(pcm: bytes) -> str:
            state, digits, told = init(None, None, None), ctypes.create_string_buffer(129), []
            if dial_filter:
                parameters(state, 1, -1, -1, -99)  # the rest as it is
            for frame in _frames(pcm):
                receive(state, frame, len(frame) // 2)
                if get(state, digits, 128):
                    told.append(digits.value.decode("ascii"))
            free(state)
            return "".join(told)

        return hear

    def progress(self, patterns: Sequence[Recognised]) -> Callable[[bytes], list[str]]:
        """Names of the patterns told, each once, in order of the alphabet; cadences within 10 %, as ours."""
        book = self._function("super_tone_rx_make_descriptor", _HANDLE, _HANDLE)(None)
        add_tone = self._function("super_tone_rx_add_tone", ctypes.c_int, _HANDLE)
        element = self._function("super_tone_rx_add_element", ctypes.c_int, _HANDLE, *[ctypes.c_int] * 5)
        names = {}
        for one in patterns:
            place = add_tone(book)
            names[place] = one.name
            hz = [round(line) for line in one.hz] + [0]
            if not one.off_ms:  # longer than any burst of a cadence, which it would else take for this
                bursts = [other.on_ms for other in patterns if other.off_ms]
                element(book, place, hz[0], hz[1], max([one.on_ms, *(ms * 6 // 5 for ms in bursts)]), 0)
                continue
            for lines, ms in ((hz, one.on_ms), ((0, 0), one.off_ms)):
                element(book, place, lines[0], lines[1], ms * 9 // 10, ms * 11 // 10)
        init = self._function("super_tone_rx_init", _HANDLE, _HANDLE, _HANDLE, _TOLD_TONE, _HANDLE)
        receive = self._function("super_tone_rx", ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_int)
        free = self._function("super_tone_rx_free", ctypes.c_int, _HANDLE)

        def hear(pcm: bytes) -> list[str]:
            told: set[str] = set()
            callback = _TOLD_TONE(lambda _, code, __, ___: told.add(names[code]) if code in names else None)
            state = init(None, book, callback, None)
            for frame in _frames(pcm):
                receive(state, frame, len(frame) // 2)
            free(state)
            return sorted(told)

        return hear

    def signal(self, name: str) -> Callable[[bytes], list[str]]:
        """[name] if it was told, for cng and ced."""
        init = self._function("modem_connect_tones_rx_init", _HANDLE, _HANDLE, ctypes.c_int, _HANDLE, _HANDLE)
        receive = self._function("modem_connect_tones_rx", ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_int)
        get = self._function("modem_connect_tones_rx_get", ctypes.c_int, _HANDLE)
        free = self._function("modem_connect_tones_rx_free", ctypes.c_int, _HANDLE)

        def hear(pcm: bytes) -> list[str]:
            state = init(None, _CONNECT[name], None, None)
            for frame in _frames(pcm):
                receive(state, frame, len(frame) // 2)
            told = get(state)
            free(state)
            return [name] if told == _CONNECT[name] else []

        return hear

    def messages(self, standard: str) -> Callable[[bytes], list[bytes]]:
        """Caller ID messages whose checksum is right, without it."""
        init = self._function("adsi_rx_init", _HANDLE, _HANDLE, ctypes.c_int, _TOLD_MESSAGE, _HANDLE)
        receive = self._function("adsi_rx", ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_int)
        free = self._function("adsi_rx_free", ctypes.c_int, _HANDLE)

        def hear(pcm: bytes) -> list[bytes]:
            told: list[bytes] = []
            callback = _TOLD_MESSAGE(lambda _, data, count: told.append(ctypes.string_at(data, count)))
            state = init(None, _ADSI[standard], callback, None)
            for frame in _frames(pcm):
                receive(state, frame, len(frame) // 2)
            free(state)
            return told

        return hear

    def cancel(self, far: bytes, near: bytes, taps: int) -> bytes:
        """What its echo canceller leaves of `near`."""
        init = self._function("echo_can_init", _HANDLE, ctypes.c_int, ctypes.c_int)
        update = self._function("echo_can_update", ctypes.c_int16, _HANDLE, ctypes.c_int16, ctypes.c_int16)
        free = self._function("echo_can_free", None, _HANDLE)
        form = f"<{len(far) // 2}h"
        with _hushed():
            state = init(taps, 1)  # ECHO_CAN_USE_ADAPTION
            out = [update(state, sent, came)
                   for sent, came in zip(struct.unpack(form, far), struct.unpack(form, near), strict=True)]
            free(state)
        return struct.pack(form, *out)


class Speex:
    """libspeexdsp's echo canceller."""

    def __init__(self, library: str) -> None:
        self._library = ctypes.CDLL(library)

    def cancel(self, far: bytes, near: bytes, taps: int) -> bytes:
        """What it leaves of `near`."""
        library = self._library
        library.speex_echo_state_init.restype = _HANDLE
        library.speex_echo_state_destroy.argtypes = [_HANDLE]
        library.speex_echo_cancellation.argtypes = [_HANDLE, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p]
        state, out, parts = library.speex_echo_state_init(FRAME, taps), ctypes.create_string_buffer(_BYTES), []
        for sent, came in zip(_frames(far), _frames(near), strict=True):
            library.speex_echo_cancellation(state, came, sent, out)
            parts.append(out.raw)
        library.speex_echo_state_destroy(state)
        return b"".join(parts)


@contextmanager
def _hushed() -> Iterator[None]:
    """Debian's spandsp prints a line for each sample from its echo canceller to the process's stdout."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
        ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def spandsp() -> Spandsp | None:
    """None: it is not installed here."""
    found = ctypes.util.find_library("spandsp")
    return Spandsp(found) if found else None


def speex() -> Speex | None:
    found = ctypes.util.find_library("speexdsp")
    return Speex(found) if found else None
