"""Caller ID messages: SDMF and MDMF as FSK data (EN 300 659-3, GR-30-CORE), and DTMF caller ID; any bytes are harmless.

A message is type, length, body, checksum; the sum of all bytes is 0 modulo 256. SDMF's body is MMDDHHMM and the
number; MDMF's is parameters, each type, length, body.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ccappliance.base.limits import MAX_DIALLED

SDMF = 0x04
MDMF = 0x80
_WHEN, _NUMBER, _NO_NUMBER, _NAME, _NO_NAME = 0x01, 0x02, 0x04, 0x07, 0x08  # EN 300 659-3 §5.4
_BODY_MAX = 255  # the length is one byte
_NAME_MAX = 50  # bytes of a name: EN 300 659-3 §5.4.6
_NUMBER_MAX = 20  # digits of a number: EN 300 659-3 §5.4.2; longer ones are sent cut
_DIALLABLE = "0123456789*#+"
_REASONS = {"P": "withheld", "O": "unavailable"}  # EN 300 659-3 §5.4.4: private, out of area


class Moment(NamedTuple):
    """The time a caller ID tells: local to the exchange, without a year."""

    month: int
    day: int
    hour: int
    minute: int

    @classmethod
    def of(cls, local: datetime) -> "Moment":
        return cls(local.month, local.day, local.hour, local.minute)


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who calls. `absence` is why there is no number.

    "" (there is one), "withheld", "unavailable", "bad_checksum", "bad_message", "none" (nobody told us anything).
    """

    number: str = ""  # of 0-9 * # +, at most MAX_DIALLED
    name: str = ""  # printable, at most 50 characters
    when: Moment | None = None
    absence: str = ""

    @property
    def understood(self) -> bool:
        """A whole message came, even if it only says that the number is withheld."""
        return self.absence in ("", "withheld", "unavailable")


NOBODY = CallerId(absence="none")
_BAD_CHECKSUM = CallerId(absence="bad_checksum")
_BAD_MESSAGE = CallerId(absence="bad_message")


# ---- from the line ----


def decode(data: bytes) -> CallerId:
    """Understand one message, checksum included; bytes after it are ignored. Never raises, whatever the bytes."""
    if len(data) < 3 or len(data) < data[1] + 3:
        return _BAD_MESSAGE
    end = 2 + data[1]
    if sum(data[:end + 1]) % 256:
        return _BAD_CHECKSUM
    if data[0] == SDMF:
        return _decode_sdmf(data[2:end])
    if data[0] == MDMF:
        return _decode_mdmf(data[2:end])
    return _BAD_MESSAGE


def decode_name(data: bytes) -> str:
    """A name whose alphabet nobody tells us: ASCII, UTF-8 or GBK; what cannot be printed is left out.

    Real UTF-8 is hardly ever valid by chance, with one exception: some pairs of GB 2312 characters are valid two-byte
    UTF-8 (Latin, Greek, Cyrillic letters). In a name without any ASCII letter such pairs are taken for Chinese.
    """
    text = _try(data, "utf-8")
    if text is None or (not data.isascii() and not _has_ascii_letter(data) and max(text) < "\u0800"):
        text = _try(data, "gb2312") or _try(data, "gbk") or text
    if text is None:
        text = data.decode("ascii", "ignore")
    return "".join(sign for sign in text if sign.isprintable()).strip()[:_NAME_MAX]


def _decode_sdmf(body: bytes) -> CallerId:
    when = _moment(body[:8])
    if len(body) < 8 or when is None:
        return _BAD_MESSAGE
    return _identity(body[8:], b"", when, "")


def _decode_mdmf(body: bytes) -> CallerId:
    number, name, absence = b"", b"", ""
    when: Moment | None = None
    at = 0
    while at < len(body):
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            return _BAD_MESSAGE
        kind, value = body[at], body[at + 2:at + 2 + body[at + 1]]
        at += 2 + body[at + 1]
        if kind == _WHEN:
            when = _moment(value)  # a wrong clock at the exchange is no reason to lose the number
        elif kind == _NUMBER:
            number = value
        elif kind == _NO_NUMBER:
            absence = _REASONS.get(_ascii(value), "unavailable")
        elif kind == _NAME:
            name = value
    return _identity(number, name, when, absence)


def _identity(number: bytes, name: bytes, when: Moment | None, absence: str) -> CallerId:
    digits = only_digits(_ascii(number))
    if not digits:  # some exchanges put the reason where the number belongs
        absence = absence or _REASONS.get(_ascii(number).strip(), "unavailable")
    return CallerId(digits, decode_name(name), when, "" if digits else absence)


def only_digits(text: str) -> str:
    """What of `text` can be a number: `0-9 * # +`, at most MAX_DIALLED."""
    return "".join(sign for sign in text if sign in _DIALLABLE)[:MAX_DIALLED]


def _moment(body: bytes) -> Moment | None:
    text = _ascii(body)
    if len(text) != 8 or not text.isdigit():
        return None
    moment = Moment(int(text[:2]), int(text[2:4]), int(text[4:6]), int(text[6:]))
    real = 1 <= moment.month <= 12 and 1 <= moment.day <= 31 and moment.hour <= 23 and moment.minute <= 59
    return moment if real else None


def _ascii(data: bytes) -> str:
    return data.decode("ascii", "ignore")


def _has_ascii_letter(data: bytes) -> bool:
    return any(chr(byte).isalpha() for byte in data if byte < 0x80)


def _try(data: bytes, alphabet: str) -> str | None:
    try:
        return data.decode(alphabet)
    except UnicodeDecodeError:
        return None


# ---- to a telephone ----


def encode_mdmf(number: str, name: str, when: Moment | None, *, absence: str = "unavailable",
                alphabet: str = "gb2312") -> bytes:
    """An MDMF message. Without a number, `absence` is told ("withheld" or "unavailable").

    The name is written in `alphabet` ("gb2312", "gbk", "utf-8", "ascii"); characters it lacks are left out.
    """
    body = b"" if when is None else _parameter(_WHEN, _digits(when))
    digits = only_digits(number)[:_NUMBER_MAX]
    if digits:
        body += _parameter(_NUMBER, digits.encode("ascii"))
    else:
        body += _parameter(_NO_NUMBER, _letter(absence))
    spelled = _spell(name, alphabet)
    body += _parameter(_NAME, spelled) if spelled else _parameter(_NO_NAME, _letter(absence))
    return _message(MDMF, body)


def encode_sdmf(number: str, when: Moment, *, absence: str = "unavailable") -> bytes:
    """An SDMF message; it has no name, and without a number tells why in its place."""
    digits = only_digits(number)[:_NUMBER_MAX].encode("ascii")
    return _message(SDMF, _digits(when) + (digits or _letter(absence)))


def _message(kind: int, body: bytes) -> bytes:
    assert len(body) <= _BODY_MAX  # 10 + 22 + 52 bytes at the most
    message = bytes((kind, len(body))) + body
    return message + bytes((-sum(message) % 256,))


def _parameter(kind: int, body: bytes) -> bytes:
    return bytes((kind, len(body))) + body


def _digits(when: Moment) -> bytes:
    return "".join(f"{part:02d}" for part in when).encode("ascii")


def _letter(absence: str) -> bytes:
    return b"P" if absence == "withheld" else b"O"


def _spell(name: str, alphabet: str) -> bytes:
    """The name's bytes, whole characters only, at most 50."""
    spelled = b""
    for sign in name:
        more = sign.encode(alphabet, "ignore") if sign.isprintable() else b""
        if len(spelled) + len(more) > _NAME_MAX:
            break
        spelled += more
    return spelled


# ---- DTMF ----


class DtmfCallerId:
    """Understands caller ID sent as DTMF, digit by digit.

    `A`, `B` or `D` begin, the number follows, `C` or `#` ends (China: `D` number `C`); a `C` first begins as well.
    After `B` comes a code: 00 unavailable, 10 withheld; so does a single digit after `D` (1 withheld, 2 and 3
    unavailable). Exchanges that frame nothing send the bare digits: then silence ends them.
    """

    _STARTS = "ABCD"
    _LEAST_BARE = 3  # fewer digits without a frame are noise or somebody's echo: the shortest number has 3

    def __init__(self) -> None:
        self._digits = ""

    @property
    def begun(self) -> bool:
        return bool(self._digits)

    def heard(self, digit: str) -> CallerId | None:
        """Take the next digit; the caller ID when it is whole."""
        if self._digits and digit in "C#":
            return self.ended()
        if not self._digits and digit in "*#":
            return None
        if digit in "ABD":  # a new beginning: what came before was noise
            self._digits = digit
        elif len(self._digits) <= MAX_DIALLED:
            self._digits += digit
        return None

    def ended(self) -> CallerId:
        """Nothing more comes: what the digits said. Starts afresh."""
        heard, self._digits = self._digits, ""
        if not heard:
            return NOBODY
        start, rest = (heard[0], heard[1:]) if heard[0] in self._STARTS else ("", heard)
        if not all(digit in "0123456789*" for digit in rest) or (not start and len(rest) < self._LEAST_BARE):
            return _BAD_MESSAGE
        if start == "B" and rest in ("00", "10"):
            return CallerId(absence="withheld" if rest == "10" else "unavailable")
        if start == "D" and rest in ("1", "2", "3"):
            return CallerId(absence="withheld" if rest == "1" else "unavailable")
        return CallerId(rest[:MAX_DIALLED]) if rest else CallerId(absence="unavailable")


class CallerIdReader:
    """All that is heard of one call's caller ID, by either way. After a spoilt message a good one may follow."""

    def __init__(self) -> None:
        self.best = NOBODY
        self._dtmf = DtmfCallerId()

    @property
    def digits_begun(self) -> bool:
        """A DTMF caller ID is under way; silence may end it."""
        return self._dtmf.begun

    def message(self, data: bytes) -> None:
        self._keep(decode(data))

    def digit(self, digit: str) -> None:
        caller = self._dtmf.heard(digit)
        if caller is not None:
            self._keep(caller)

    def silence(self) -> None:
        """No further digit came."""
        if self._dtmf.begun:
            self._keep(self._dtmf.ended())

    def _keep(self, caller: CallerId) -> None:
        if caller.understood or not self.best.understood:
            self.best = caller
