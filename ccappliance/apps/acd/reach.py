"""How an agent is rung: at a telephone of the house, or at a number outside, which takes a line of a trunk group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.settings import AgentSettings

_ABROAD = ("+", "00")
_HOME = "86"


class Caller(Protocol):
    """Who can have somebody rung: a call, or the promise to call somebody back."""

    calling: str
    name: str

    def place(self, station: str, *, calling: str = "", name: str = "") -> Leg: ...

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), calling: str = "",
                  name: str = "") -> Leg: ...


class Reach(Protocol):
    """Where an agent sits. Refused if he cannot be rung now; `but`: lines that have failed for this offer already."""

    @property
    def outside(self) -> bool: ...

    def ring(self, call: Caller, label: str, but: Sequence[str] = ()) -> Leg:
        """Ring him, showing who calls, or `label` where the caller has no name."""
        ...

    def seconds(self, usual: float) -> float:
        """How long he is rung, where telephones of the house are rung `usual` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class AtStation:
    """A telephone of the house."""

    station: str
    outside = False

    def ring(self, call: Caller, label: str, but: Sequence[str] = ()) -> Leg:
        return call.place(self.station, calling=call.calling, name=call.name or label)

    def seconds(self, usual: float) -> float:
        return usual


@dataclass(frozen=True, slots=True)
class AtNumber:
    """A mobile or a telephone at home. Its line is dialled first, so he has more time."""

    number: str
    group: str
    ring_time: float
    outside = True

    def ring(self, call: Caller, label: str, but: Sequence[str] = ()) -> Leg:
        leg = call.place_out(self.group, self.number, but=but, calling=call.calling, name=call.name or label)
        leg.feature_keys = True  # he has no hook flash
        return leg

    def seconds(self, usual: float) -> float:
        return self.ring_time


def reach_of(station: str, settings: "AgentSettings") -> Reach:
    """An agent who logged in at `station`: his own number outside, or a telephone of the house."""
    if settings.outside and station == settings.outside:
        return AtNumber(station, settings.group, settings.outside_ring)
    return AtStation(station)


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are one subscriber's, as caller IDs write them: +86, 0086 or a trunk 0 before a mobile."""
    return bool(one) and _bare(one) == _bare(other)


def _bare(number: str) -> str:
    for sign in _ABROAD:
        if number.startswith(sign + _HOME):
            number = number[len(sign + _HOME):]
    return number[1:] if number.startswith("01") and len(number) == 12 else number
