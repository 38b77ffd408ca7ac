"""The border of sound: what the floors above ask of a voice path, whether real samples or a script carry it.

Two implementations, one contract suite (tests/contracts/): `media/engine.py` moves real samples in the Cython tick;
`media/scripted.py` moves facts, with prompts as timers. Nobody above may tell which one he holds.
All methods are called in the loop and return at once; all callbacks come in the loop.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ccappliance.base.units import RATE

if TYPE_CHECKING:
    from ccappliance.media.tones import Zone


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A piece of audio in memory: int16 little endian, 8 kHz, mono."""

    name: str  # "zh/welcome": what journal, stories and scripted media know it by
    pcm: bytes
    says: str = "human"  # of VERDICTS: what scripted media takes the speaker for; real samples speak for themselves

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2

    @property
    def seconds(self) -> float:
        return self.samples / RATE


@dataclass(frozen=True, slots=True)
class ToneStep:
    """One step of a cadence: up to four frequencies in Hz (none: silence) for `seconds` (inf: for ever)."""

    frequencies: tuple[float, ...]
    seconds: float
    level: float = -10.0  # dBm0 of each frequency


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone: steps played in order, then again from the first, `rounds` times (0: for ever)."""

    name: str  # "dial", "busy", "ringback", "congestion", "call_waiting", "howler", "beep"
    steps: tuple[ToneStep, ...]
    rounds: int = 0


class Ear(enum.Flag):
    """Detectors of a port that can be switched on. All work on what arrives from the wire."""

    NONE = 0
    DTMF = enum.auto()
    PROGRESS = enum.auto()  # the zone's dial, busy, ringback, congestion; and voice
    FSK = enum.auto()  # caller ID data, Bell 202 and V.23
    FAX = enum.auto()  # fax machines and modems: the signals cng, ced and modem
    SIT = enum.auto()  # the special information tone before an announcement: the signal sit
    VOICE = enum.auto()  # who talks: TalkBegan, TalkEnded, SilenceHeard
    VERDICT = enum.auto()  # who answered: Verdict, BeepHeard, GreetingEnded; opened when the answer is told
    BOTH = enum.auto()  # double talk: BothBegan, BothEnded
    MF_FORWARD = enum.auto()  # multi-frequency signals, one plan at a time: R2's forward ones (Q.441) …
    MF_BACKWARD = enum.auto()  # … its backward ones …
    MF_R1 = enum.auto()  # … and R1's (Q.320)


# Signals that are the same everywhere, told by name with ToneHeard (E.180, T.30, V.25): "sit" and "cng" once each
# time they come; "ced" (a fax answers) and "modem" (its 2100 Hz reverses its phase) with ToneEnded when they are over.
SIGNALS = ("sit", "cng", "ced", "modem")


def signal_ear(name: str) -> Ear:
    """The ear that hears this signal."""
    return Ear.SIT if name == "sit" else Ear.FAX


# ---- what a port hears: facts, past participles ----


@dataclass(frozen=True, slots=True)
class DigitHeard:
    """A DTMF digit (0-9 * # A-D), told once, as soon as it is certain.

    `sounded` is how many seconds of it had been heard by then (real ears need some 40 ms; a script tells at once): what
    has to be muted or cut from a recording begins so long ago. Equality leaves it out.
    """

    digit: str
    sounded: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A progress tone (`name` as in `Tone.name`) or a signal was recognised; told once per stretch."""

    name: str


@dataclass(frozen=True, slots=True)
class ToneEnded:
    name: str


@dataclass(frozen=True, slots=True)
class VoiceHeard:
    """Energy that is no tone of the zone, for at least 200 ms; told once until 2 s of silence or a tone."""


@dataclass(frozen=True, slots=True)
class FskHeard:
    """One whole caller ID message, type and checksum bytes included, checksum NOT yet verified."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SoundHeard:
    """What `listen_for` waited for has arrived from the wire (matched against its samples)."""

    name: str


@dataclass(frozen=True, slots=True)
class WireStalled:
    """No frame came from the wire for `seconds` (F12): told at 60 ms, and again every 2 s while it lasts."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TalkBegan:
    """Somebody began to talk, on whatever noise there is; told within 60 ms."""


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """He stopped 150 ms ago; shorter pauses are part of the words."""


@dataclass(frozen=True, slots=True)
class SilenceHeard:
    """Nobody has talked for 2 s; told once per stretch, also if nobody talked at all."""


@dataclass(frozen=True, slots=True)
class BothBegan:
    """Either end talks into the other's words."""


@dataclass(frozen=True, slots=True)
class BothEnded:
    pass


VERDICTS = ("human", "machine", "fax", "carrier")  # carrier: an announcement of the network


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who answered, told once. `confidence` below 0.5: unsure, and so "human" (a machine costs less than a person)."""

    kind: str  # of VERDICTS
    confidence: float
    after: float  # seconds from the opening of the ear


@dataclass(frozen=True, slots=True)
class BeepHeard:
    """A machine's beep is over: a pure tone after speech, none of the zone's."""

    hz: int
    seconds: float


@dataclass(frozen=True, slots=True)
class GreetingEnded:
    """What is no person has said all, beep included, or has been silent for 2 s: now it can be talked to."""


@dataclass(frozen=True, slots=True)
class MfHeard:
    """A multi-frequency signal began to sound: 1 to 15, two tones of six (media/mf.py), told within 20 ms."""

    signal: int


@dataclass(frozen=True, slots=True)
class MfEnded:
    """It is over, also when another one follows at once."""


Heard = (DigitHeard | ToneHeard | ToneEnded | VoiceHeard | FskHeard | SoundHeard | WireStalled | TalkBegan | TalkEnded
         | SilenceHeard | BothBegan | BothEnded | Verdict | BeepHeard | GreetingEnded
         | MfHeard | MfEnded)


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud it has been over the last third of a second, in dBm0; -99: silence."""

    heard: float
    sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is done to the sound of a line, for as long as its port is open. Scripted media knows `tones` only."""

    gain_in: float = 0.0  # dB, to what arrives; at most 18, as all gains
    gain_out: float = 0.0  # dB, to what is sent
    agc: float | None = None  # dBm0 that the speech which arrives is brought to; ears hear it before
    comfort: float | None = None  # dBm0 of noise that is sent while nobody in the port's bridge has a sound
    echo: float | None = None  # seconds after which what is sent may come back (its card's buffers); None: no canceller
    tones: "Zone | None" = None  # what this line's exchange sends, if not what the country's do


PLAIN = Treatment()


@dataclass(frozen=True, slots=True)
class Played:
    """How a playback ended: `completed` is False when it was stopped or replaced."""

    completed: bool
    seconds: float


class Playing(Protocol):
    """One playback under way. It ends exactly once."""

    @property
    def ended(self) -> Played | None: ...

    def on_end(self, tell: Callable[[Played], None]) -> None:
        """Call `tell` in the loop when it ends (soon, if it has ended already)."""
        ...

    async def wait(self) -> Played: ...

    def stop(self) -> None:
        """Silence at the next tick; harmless if it has ended."""
        ...


class Tape(Protocol):
    """A two-channel recording of a port, from the tick into a ring: left what arrives, right what is sent.

    Sample-exact and continuous from `MediaPort.tape` to `stop`. One other thread may call `read`.
    """

    @property
    def samples(self) -> int:
        """Samples per channel recorded so far, lost ones included."""
        ...

    @property
    def lost(self) -> int:
        """Samples per channel that found the ring full; they are read as silence, so length stays true."""
        ...

    def read(self) -> bytes:
        """Take what there is: interleaved int16 little endian stereo; b"" when empty. Never waits.

        What was paused comes as silence by itself, never together with sound: `hidden` tells which it was.
        Scripted media answers silence of the right length, or b"" for ever when told to keep no audio.
        """
        ...

    @property
    def hidden(self) -> bool:
        """What `read` gave last stands for sound that nobody may hear: it was paused."""
        ...

    def pause(self) -> None:
        """From the next tick on, at most 20 ms from now, what is said never enters the ring; length stays true."""
        ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...

    def settle(self) -> None:
        """Its end is on the disk: a later run need not find it. See `MediaPort.tape`."""
        ...


class MediaPort(Protocol):
    """One end of a voice path: a mouth, ears and a tape. One thing is played at a time."""

    name: str
    on_heard: Callable[[Heard], None] | None

    def play(self, sounds: Sequence[Sound], *, repeat: bool = False, gain_db: float = 0.0,
             over: bool = False, begin: float = 0.0) -> Playing:
        """Play sounds one after the other without a gap, replacing what is playing; from `begin` seconds into them.

        While it plays the port does not hear its bridge, unless `over` lays it on top. `repeat` starts over for ever,
        from their beginning. `Played.seconds` counts what was played only.
        """
        ...

    def tone(self, tone: Tone, *, over: bool = False) -> Playing:
        """Play a tone; without clicks at its edges."""
        ...

    def digits(self, digits: str, *, on: float = 0.1, off: float = 0.1) -> Playing:
        """Send DTMF: `on` seconds each, `off` seconds between (',' is a pause of one second)."""
        ...

    def fsk(self, data: bytes) -> Playing:
        """Send one caller ID message by the zone's FSK standard: seizure, mark, data (EN 300 659-1)."""
        ...

    def silence(self) -> None:
        """Stop whatever plays."""
        ...

    def listen(self, ears: Ear) -> None:
        """Switch exactly these ears on, the others off; an ear switched on starts afresh."""
        ...

    def listen_for(self, sound: Sound | None) -> None:
        """Tell SoundHeard once when this sound arrives (a stretch of it is enough); None: give up."""
        ...

    def levels(self) -> Levels:
        """How loud it is now, at any time; scripted media knows of sound and silence only: nominal level, or -99."""
        ...

    def tape(self, name: bytes = b"") -> Tape:
        """`name`: what a later run finds it by in `media/rings.py`, if this one is killed before `Tape.settle`; only
        where the media has such rings. b"": nobody would look for it."""
        ...

    def close(self) -> None: ...


class Bridge(Protocol):
    """Lets ports hear each other. At most MAX_BRIDGE_PORTS; Refused("bridge_full") beyond."""

    def join(self, port: MediaPort, *, heard: bool = True) -> None:
        """Everybody hears the newcomer at 0 dB and he hears everybody. `heard` False: nobody hears him, not for one
        frame, before `weigh` says so. Who joins later hears him at 0 dB."""
        ...

    def leave(self, port: MediaPort) -> None:
        """Harmless if the port is not in."""
        ...

    def weigh(self, listener: MediaPort, talker: MediaPort, gain_db: float | None) -> None:
        """How loud `listener` hears `talker`; None: not at all. Monitor and whisper are only weights."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class MediaStats:
    """What the tick can say about itself since it started."""

    ticks: int
    late: int  # ticks that began more than half a tick after their time
    worst_late: float  # seconds
    busiest: float  # seconds the longest tick took
    events_lost: int
    ports: int
    missed: int = 0  # frames that wires did not bring in time


# The two ends of a voice path between a card and what it is wired to. Made in pairs by `Media.wire()` for simulated
# lines, or from a file descriptor by the DAHDI driver; opaque to everybody but the media implementation.
WireEnd = Any


class Media(Protocol):
    """All ports and bridges of one side, and the tick that moves them."""

    def wire(self) -> tuple[WireEnd, WireEnd]:
        """A memory wire: what one end is sent the other hears one tick later, through A-law."""
        ...

    def port(self, name: str, wire: WireEnd, treatment: Treatment = PLAIN) -> MediaPort: ...

    def bridge(self, name: str) -> Bridge: ...

    def stats(self) -> MediaStats: ...

    def close(self) -> None: ...
