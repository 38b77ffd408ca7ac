"""One vocabulary for all wires: the signals a circuit tells, and the requests it takes (HOUSE: "One vocabulary")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ccappliance.base.causes import Cause
from ccappliance.media.ports import MediaPort


@dataclass(frozen=True, slots=True)
class Offered:
    """An incoming call. FXO: ring and caller ID read; FXS: off-hook and a number dialled."""

    called: str  # FXO: "" (the line itself says whom they want); FXS: what was dialled
    calling: str  # "" when unknown
    name: str = ""
    unknown_because: str = ""  # "", "withheld", "unavailable", "bad_checksum", "bad_message", "none"


@dataclass(frozen=True, slots=True)
class Proceeding:
    """Outgoing: the line was seized and the whole number sent."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """Outgoing: the other end rings. FXO: ringback heard; FXS: the telephone rings."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """Outgoing, told at most once, not answered: what there is to hear is on the line now, ringback or an announcement
    of the network (Q.931 4.5.23, progress indicators 1 and 8)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up. Outgoing: they answered; incoming: our `answer` took effect."""

    how: str  # "off-hook", "polarity", "inferred"


@dataclass(frozen=True, slots=True)
class Digit:
    """A digit pressed by the party (DTMF or pulse), in any state in which the voice path is open."""

    digit: str


@dataclass(frozen=True, slots=True)
class Flash:
    """FXS: hook flash."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """FXS: the telephone was lifted, or is otherwise in use without a call; Offered or Released follows."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """The other end is gone, or could not be reached. The circuit still wants `clear` from us, then tells Released."""

    cause: Cause
    how: str  # "on-hook", "polarity", "loop-break", "busy-tone", "dial-tone", "stopped-ringing", "alarm", …


@dataclass(frozen=True, slots=True)
class Released:
    """The circuit is idle and may be used again."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The circuit can't be used; a call on it was Cleared before."""

    alarm: str  # stable code: "no_battery", "no_dial_tone", "left_off_hook", "dead", "red"
    words: str


@dataclass(frozen=True, slots=True)
class Unblocked:
    pass


Signal = Offered | Proceeding | Alerting | Progressed | Answered | Digit | Flash | Occupied | Cleared | Released \
    | Blocked | Unblocked
Hear = Callable[[Signal], None]  # given at construction; always called in the loop, never from inside a request


class Circuit(Protocol):
    """One channel with its signalling. Requests never wait; each has a promised signal that follows it.

    `seize` → Proceeding?, Progressed?, Alerting?, then Answered or Cleared; `answer` → Answered or Cleared;
    `clear` → Released (at once or when the line has calmed down; also when nobody was there any more).
    A request that does not fit the state raises Refused("wrong_state") and changes nothing, but `clear` always fits.
    """

    name: str  # "fxo/1"
    kind: str  # "fxo", "fxs", "pri", …
    port: MediaPort
    blocked: Blocked | None

    @property
    def idle(self) -> bool:
        """May be seized now: nothing under way and not blocked."""
        ...

    @property
    def state(self) -> str:
        """The state's name, for people."""
        ...

    @property
    def since(self) -> float:
        """Loop clock: when it came into this state."""
        ...

    def history(self) -> list[str]:
        """Its last moves, oldest first, for people."""
        ...

    def seize(self, called: str, calling: str = "", name: str = "") -> None:
        """Outgoing. FXO: off-hook, wait for dial tone, dial `called`. FXS: ring the telephone, showing `calling`."""
        ...

    def accept(self) -> None:
        """Incoming: we take the call and look for somebody (PRI PROCEEDING; nothing on analog lines)."""
        ...

    def alert(self) -> None:
        """Incoming: somebody is being rung (PRI ALERTING; ringback tone towards an FXS caller)."""
        ...

    def progress(self) -> None:
        """Incoming, not answered: what the port plays from now on is heard by the caller. Refused("no_early_sound")
        where the wire carries nothing before the answer (FXO, R2)."""
        ...

    def answer(self) -> None: ...

    def clear(self, cause: Cause) -> None:
        """End it, in any state. FXS: busy tone until the telephone is hung up."""
        ...
