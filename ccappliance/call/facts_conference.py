"""Facts of conference rooms."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class ConferenceJoined(Fact):
    """Somebody is in the room and is heard by the others. Exactly one ConferenceLeft follows, but after a kill."""

    call: str
    conference: str
    leg: str
    present: int  # he included


@dataclass(frozen=True, slots=True)
class ConferenceLeft(Fact):
    call: str
    conference: str
    leg: str
    present: int  # those who are left
    seconds: float
