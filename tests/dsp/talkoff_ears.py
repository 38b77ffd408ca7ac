"""Who listens in the talk-off: our ears as a port opens them, and libspandsp's for the same tones (ctypes)."""

import ctypes
import ctypes.util
from collections import Counter
from dataclasses import dataclass

from ccappliance.media import dsp
from ccappliance.media.ports import ToneHeard
from ccappliance.media.tones import Zone

CHUNK = 1600  # samples: where a hit is, is known to 200 ms
PROGRESS = ("dial", "ringback", "busy", "congestion", "call_waiting", "howler")
KINDS = ("digit", *PROGRESS, "cng", "ced", "modem", "sit", "message")


@dataclass(frozen=True)
class Hit:
    """Something that was told and is not there. `at`: seconds from the beginning of the piece, to 0.2 s."""

    who: str
    kind: str
    value: str
    at: float


class Ours:
    """DTMF, the zone's tones, SIT, fax, modem and caller ID data, as the tick would hear them."""

    who = "ccappliance"

    def __init__(self, zone: Zone) -> None:
        self._digits, self._signals, self._fsk = dsp.DtmfEar(), dsp.SignalEar(), dsp.FskEar()
        self._progress = dsp.ProgressEar(zone)

    def hear(self, pcm: bytes) -> list[tuple[str, str]]:
        told = [("digit", digit) for digit in self._digits.hear(pcm)]
        told += [("message", message.hex()) for message in self._fsk.hear(pcm)]
        return told + [(fact.name, fact.name) for fact in self._progress.hear(pcm) + self._signals.hear(pcm)
                       if isinstance(fact, ToneHeard)]


class Peer:
    """libspandsp's receivers: DTMF, supervisory tones of the same cadences, CNG and CED."""

    who = "libspandsp"
    CNG, CED = 1, 2  # MODEM_CONNECT_TONES_FAX_CNG, …_ANS

    def __init__(self, zone: Zone) -> None:
        found = ctypes.util.find_library("spandsp")
        if found is None:
            raise LookupError("libspandsp is not installed: apt install libspandsp2")
        self._lib = lib = ctypes.CDLL(found)
        for name in ("dtmf_rx_init", "super_tone_rx_make_descriptor", "super_tone_rx_init",
                     "modem_connect_tones_rx_init"):
            getattr(lib, name).restype = ctypes.c_void_p
        for name in ("dtmf_rx", "super_tone_rx", "modem_connect_tones_rx"):
            getattr(lib, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        for name in ("dtmf_rx_free", "super_tone_rx_free", "super_tone_rx_free_descriptor", "super_tone_rx_add_tone",
                     "modem_connect_tones_rx_free", "modem_connect_tones_rx_get"):
            getattr(lib, name).argtypes = [ctypes.c_void_p]
        lib.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        lib.super_tone_rx_add_element.argtypes = [ctypes.c_void_p] + [ctypes.c_int] * 5
        lib.super_tone_rx_init.argtypes = [ctypes.c_void_p] * 4
        self._dtmf = lib.dtmf_rx_init(None, None, None)
        self._fax = [(kind, lib.modem_connect_tones_rx_init(None, number, None, None))
                     for kind, number in (("cng", self.CNG), ("ced", self.CED))]
        self._told: list[tuple[str, str]] = []
        self._callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int)(self._tone)
        self._book = lib.super_tone_rx_make_descriptor(None)
        self._names = self._write(zone)
        self._super = lib.super_tone_rx_init(None, self._book, ctypes.cast(self._callback, ctypes.c_void_p), None)
        self._digits = ctypes.create_string_buffer(129)

    def _write(self, zone: Zone) -> list[str]:
        """Each recognised cadence twice, as its makers advise: one round alone is taken from any burst; and SIT."""
        steps = [(one.name, one.hz, one.on_ms, one.off_ms) for one in zone.recognised]
        for _, hz, on, off in steps:
            tone = self._lib.super_tone_rx_add_tone(self._book)
            first, second = int(hz[0]), int(hz[1]) if len(hz) > 1 else 0
            for f1, f2, ms in ((first, second, on), (0, 0, off)) * 2 if off else ((first, second, on),):
                most = ms * 11 // 10 if off else 0  # 0: as long as it lasts
                self._lib.super_tone_rx_add_element(self._book, tone, f1, f2, ms * 9 // 10, most)
        tone = self._lib.super_tone_rx_add_tone(self._book)
        for hz in (950, 1400, 1800):
            self._lib.super_tone_rx_add_element(self._book, tone, hz, 0, 300, 360)
        return [name for name, *_ in steps] + ["sit"]

    def _tone(self, _: object, code: int, _level: int, _duration: int) -> None:
        if 0 <= code < len(self._names):
            self._told.append((self._names[code], self._names[code]))

    def hear(self, pcm: bytes) -> list[tuple[str, str]]:
        n, lib = len(pcm) // 2, self._lib
        self._told = []
        lib.dtmf_rx(self._dtmf, pcm, n)
        lib.dtmf_rx_get(self._dtmf, self._digits, 128)
        self._told += [("digit", digit) for digit in self._digits.value.decode("ascii")]
        lib.super_tone_rx(self._super, pcm, n)
        for kind, state in self._fax:
            lib.modem_connect_tones_rx(state, pcm, n)
            if lib.modem_connect_tones_rx_get(state):
                self._told.append((kind, kind))
        return self._told

    def close(self) -> None:
        self._lib.dtmf_rx_free(self._dtmf)
        self._lib.super_tone_rx_free(self._super)
        self._lib.super_tone_rx_free_descriptor(self._book)
        for _, state in self._fax:
            self._lib.modem_connect_tones_rx_free(state)


def hits(ears: Ours | Peer, pcm: bytes) -> list[Hit]:
    """All that these ears tell of a piece."""
    return [Hit(ears.who, kind, value, at / 16_000)
            for at in range(0, len(pcm), 2 * CHUNK) for kind, value in ears.hear(pcm[at:at + 2 * CHUNK])]


def count(found: list[Hit]) -> Counter[tuple[str, str]]:
    return Counter((hit.who, hit.kind) for hit in found)
