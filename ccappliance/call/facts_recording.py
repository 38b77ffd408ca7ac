"""Facts of recordings."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class RecordingStarted(Fact):
    call: str
    recording: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class RecordingPaused(Fact):
    """From here on the recording is silent: the caller enters what nobody is to have."""

    call: str
    recording: str
    seconds: float  # from its beginning
    by: str  # "secure node", or who asked for it


@dataclass(frozen=True, slots=True)
class RecordingResumed(Fact):
    call: str
    recording: str
    seconds: float
    by: str


@dataclass(frozen=True, slots=True)
class RecordingEnded(Fact):
    call: str
    recording: str
    path: str
    seconds: float
    lost: float  # seconds replaced by silence
    state: str  # "complete", "failed"
