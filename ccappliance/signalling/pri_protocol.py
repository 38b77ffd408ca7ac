"""The pipe between the daemon and a span's PRI helper: its messages, as ext/pri/README.md describes them.

Every message is a length, a code and its fields in order. A request carries the daemon's time after its code, and is
answered by any number of answers, of which the last is `Done`.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

VERSION = 1
MAX_MESSAGE = 64 * 1024  # bytes of an answer; the longest is a list of 256 calls or a page of trace
SPEECH, AUDIO = 0x00, 0x10  # information transfer capability (Q.931 table 4-6)
_SIZES = {"B": struct.Struct(">B"), "H": struct.Struct(">H"), "I": struct.Struct(">I"), "Q": struct.Struct(">Q")}


class Malformed(Exception):
    """The helper said something that is not our protocol."""


@dataclass(frozen=True, slots=True)
class Message:
    """Root of all messages. LAYOUT has a letter per field: B H I Q unsigned integers, ? a bool, s text, b bytes."""

    CODE: ClassVar[int] = 0
    LAYOUT: ClassVar[str] = ""


class Request(Message):
    __slots__ = ()


class Answer(Message):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OfCall(Answer):
    """What is told about one call."""

    call: int


# ---- requests: imperatives ----


@dataclass(frozen=True, slots=True)
class Begin(Request):
    """Make the span's controller. `timers`: names and milliseconds, packed by `timers()`."""

    CODE = 1
    LAYOUT = "HBB??t"
    version: int
    side: int
    switch: int
    overlap: bool  # SETUP without "sending complete": digits may follow
    transfer: bool
    timers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Frame(Request):
    CODE = 2
    LAYOUT = "b"
    data: bytes


@dataclass(frozen=True, slots=True)
class Tick(Request):
    """The deadline has come."""

    CODE = 3


@dataclass(frozen=True, slots=True)
class Setup(Request):
    CODE = 4
    LAYOUT = "IH?BsB?sBBs"
    call: int  # even, not in use
    channel: int
    exclusive: bool
    capability: int
    called: str
    called_plan: int  # type of number and plan as in the octet of Q.931 figure 4-11
    complete: bool
    calling: str
    calling_plan: int
    presentation: int
    name: str


@dataclass(frozen=True, slots=True)
class Digits(Request):
    CODE = 5
    LAYOUT = "Is"
    call: int
    digits: str


@dataclass(frozen=True, slots=True)
class More(Request):
    """SETUP ACKNOWLEDGE: send more digits."""

    CODE = 6
    LAYOUT = "IH"
    call: int
    channel: int


@dataclass(frozen=True, slots=True)
class Proceed(Request):
    CODE = 7
    LAYOUT = "IH?"
    call: int
    channel: int
    inband: bool


@dataclass(frozen=True, slots=True)
class Alert(Request):
    CODE = 8
    LAYOUT = "IH?"
    call: int
    channel: int
    inband: bool


@dataclass(frozen=True, slots=True)
class Progress(Request):
    CODE = 9
    LAYOUT = "IHB"
    call: int
    channel: int
    cause: int  # 0: none


@dataclass(frozen=True, slots=True)
class Connect(Request):
    CODE = 10
    LAYOUT = "IH"
    call: int
    channel: int


@dataclass(frozen=True, slots=True)
class Clear(Request):
    CODE = 11
    LAYOUT = "IB"
    call: int
    cause: int


@dataclass(frozen=True, slots=True)
class Forget(Request):
    """Drop a call without a message to the network: it has restarted the channel."""

    CODE = 12
    LAYOUT = "I"
    call: int


@dataclass(frozen=True, slots=True)
class Restart(Request):
    CODE = 13
    LAYOUT = "H"
    channel: int


@dataclass(frozen=True, slots=True)
class Transfer(Request):
    """Ask the switch to join two calls and take them over."""

    CODE = 14
    LAYOUT = "II"
    call: int
    other: int


@dataclass(frozen=True, slots=True)
class Trace(Request):
    CODE = 15
    LAYOUT = "H"
    flags: int


@dataclass(frozen=True, slots=True)
class Statistics(Request):
    CODE = 16


@dataclass(frozen=True, slots=True)
class Calls(Request):
    CODE = 17


@dataclass(frozen=True, slots=True)
class TransferAnswer(Request):
    CODE = 18
    LAYOUT = "II?"
    call: int
    invoke: int
    done: bool


# ---- answers: facts ----


@dataclass(frozen=True, slots=True)
class Done(Answer):
    CODE = 128
    LAYOUT = "Q"
    deadline: int  # microseconds on the daemon's clock; 0: none


@dataclass(frozen=True, slots=True)
class Send(Answer):
    CODE = 129
    LAYOUT = "b"
    data: bytes


@dataclass(frozen=True, slots=True)
class Up(Answer):
    CODE = 130


@dataclass(frozen=True, slots=True)
class Down(Answer):
    CODE = 131


@dataclass(frozen=True, slots=True)
class Restarted(Answer):
    """The network has restarted this channel (0: all), and was acknowledged."""

    CODE = 132
    LAYOUT = "H"
    channel: int


@dataclass(frozen=True, slots=True)
class RestartDone(Answer):
    CODE = 133
    LAYOUT = "H"
    channel: int


@dataclass(frozen=True, slots=True)
class Ring(Answer):
    """SETUP came."""

    CODE = 134
    LAYOUT = "IH??BsBsBBsssH"
    call: int
    channel: int  # 0: the network leaves it to us
    flexible: bool  # another channel would do
    complete: bool  # no digits will follow
    capability: int
    called: str
    called_plan: int
    calling: str
    calling_plan: int
    presentation: int
    name: str
    redirecting: str
    keypad: str
    progress: int


@dataclass(frozen=True, slots=True)
class DigitsCame(OfCall):
    CODE = 135
    LAYOUT = "Is?"
    digits: str
    complete: bool


@dataclass(frozen=True, slots=True)
class MoreWanted(OfCall):
    CODE = 136
    LAYOUT = "IHHB"
    channel: int
    progress: int
    cause: int


@dataclass(frozen=True, slots=True)
class Proceeding(OfCall):
    CODE = 137
    LAYOUT = "IHHB"
    channel: int
    progress: int  # a bit for each progress indicator, see INBAND
    cause: int


@dataclass(frozen=True, slots=True)
class Progressed(OfCall):
    CODE = 138
    LAYOUT = "IHHB"
    channel: int
    progress: int
    cause: int  # 0: none


@dataclass(frozen=True, slots=True)
class Alerted(OfCall):
    CODE = 139
    LAYOUT = "IHHB"
    channel: int
    progress: int
    cause: int


@dataclass(frozen=True, slots=True)
class Answered(OfCall):
    CODE = 140
    LAYOUT = "IHss"
    channel: int
    number: str  # connected line, when told
    name: str


@dataclass(frozen=True, slots=True)
class Disconnected(OfCall):
    CODE = 141
    LAYOUT = "IB?"
    cause: int
    released: bool  # nothing is left to be done but to hear of Gone


@dataclass(frozen=True, slots=True)
class Gone(OfCall):
    """The helper knows nothing of this call any more: the last word about every call."""

    CODE = 142
    LAYOUT = "IB"
    cause: int


@dataclass(frozen=True, slots=True)
class Keypad(OfCall):
    CODE = 143
    LAYOUT = "Is?"
    digits: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Named(OfCall):
    """Number and name of the other party, told during the call."""

    CODE = 144
    LAYOUT = "Iss"
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Traced(Answer):
    CODE = 145
    LAYOUT = "?s"
    error: bool
    text: str


@dataclass(frozen=True, slots=True)
class StatisticsAre(Answer):
    CODE = 146
    LAYOUT = "s"
    text: str


@dataclass(frozen=True, slots=True)
class CallsAre(Answer):
    CODE = 147
    LAYOUT = "b"
    packed: bytes

    @property
    def calls(self) -> list[int]:
        return [number for (number,) in _SIZES["I"].iter_unpack(self.packed)]


@dataclass(frozen=True, slots=True)
class RequestRefused(Answer):
    CODE = 148
    LAYOUT = "BIs"
    request: int
    call: int
    why: str


@dataclass(frozen=True, slots=True)
class TransferAsked(Answer):
    """Network side: the user asks us to join these calls."""

    CODE = 149
    LAYOUT = "III"
    call: int
    other: int
    invoke: int


@dataclass(frozen=True, slots=True)
class Hello(Answer):
    CODE = 150
    LAYOUT = "Hs"
    version: int
    library: str


NOT_END_TO_END = 1 << 0  # progress indicator 1: tones and announcements come in-band from here on
INBAND = 1 << 3  # progress indicator 8
_ANSWERS: dict[int, type[Answer]] = {kind.CODE: kind for kind in (*Answer.__subclasses__(), *OfCall.__subclasses__())
                                     if kind.CODE}


def encode(request: Request, now: float) -> bytes:
    """A request as bytes, at this moment of the loop clock."""
    parts = [_SIZES["B"].pack(request.CODE), _SIZES["Q"].pack(round(now * 1e6))]
    for field, letter in zip(fields(request), request.LAYOUT, strict=True):
        parts.append(_pack(letter, getattr(request, field.name)))
    body = b"".join(parts)
    return _SIZES["I"].pack(len(body)) + body


def _pack(letter: str, value: object) -> bytes:
    if isinstance(value, str):
        value = value.encode("ascii", "replace")  # numbers, and names that ISDN can show (pri_numbers.shown_name)
    if isinstance(value, bytes):
        return _SIZES["H"].pack(len(value)) + value
    if isinstance(value, Mapping):
        return _SIZES["B"].pack(len(value)) + b"".join(
            _pack("s", name) + _SIZES["I"].pack(number) for name, number in value.items())
    return _SIZES["B" if letter == "?" else letter].pack(value)


class AnswerReader:
    """Turns the bytes of the pipe into answers, however they are cut."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Answer]:
        """Malformed for what no helper of ours says."""
        rest = self._rest + data
        answers = []
        at = 0
        while len(rest) - at >= 4:
            (length,) = _SIZES["I"].unpack_from(rest, at)
            if not 1 <= length <= MAX_MESSAGE:
                raise Malformed(f"an answer of {length} bytes")
            if len(rest) - at < 4 + length:
                break
            answers.append(_decode(rest[at + 4:at + 4 + length]))
            at += 4 + length
        self._rest = rest[at:]
        return answers


def _decode(body: bytes) -> Answer:
    kind = _ANSWERS.get(body[0])
    if kind is None:
        raise Malformed(f"an answer of the unknown kind {body[0]}")
    values: list[object] = []
    at = 1
    try:
        for letter in kind.LAYOUT:
            if letter in "sb":
                (length,) = _SIZES["H"].unpack_from(body, at)
                raw = body[at + 2:at + 2 + length]
                if len(raw) != length:
                    raise Malformed(f"{kind.__name__} is cut short")
                values.append(raw if letter == "b" else text(raw))
                at += 2 + length
            else:
                size = _SIZES["B" if letter == "?" else letter]
                (number,) = size.unpack_from(body, at)
                values.append(bool(number) if letter == "?" else number)
                at += size.size
    except struct.error:
        raise Malformed(f"{kind.__name__} is cut short") from None
    if at != len(body):
        raise Malformed(f"{kind.__name__} is too long")
    return kind(*values)


def text(raw: bytes) -> str:
    """Bytes from the network as text: UTF-8 where it is, else ISO 8859-1; nothing that could steer a terminal."""
    try:
        told = raw.decode("utf-8")
    except UnicodeDecodeError:
        told = raw.decode("latin-1")
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in told)
