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
class RecordingEnded(Fact):
    call: str
    recording: str
    path: str
    seconds: float
    lost: float  # seconds replaced by silence
    state: str  # "complete", "failed", "refused", "interrupted"


@dataclass(frozen=True, slots=True)
class RecordingPaused(Fact):
    """From here on a mark stands in place of the sound, which is kept nowhere."""

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
class RecordingRecovered(Fact):
    """What a kill or a power cut has left of a recording that was under way; after its RecordingEnded."""

    call: str
    recording: str
    seconds: float  # that are there
    lost: float  # seconds within them of which at least one leg is missing
    gaps: list[list[int]]  # [leg (0 customer, 1 what he heard), from, to] in samples; the first 100


@dataclass(frozen=True, slots=True)
class SegmentsRecovered(Fact):
    """What the start has found in the segments of the recordings; only if a kill or a disk has left its marks there."""

    segments: int
    recordings: int  # in them
    interrupted: int  # of these, without an end
    broken: int  # bytes of pieces that were begun and are not whole
    unreadable: int  # bytes the disk would not give
    orphans: int  # samples whose recording cannot be told


@dataclass(frozen=True, slots=True)
class RecordingArchived(Fact):
    """A recording has a file of its own, and needs the segments no more."""

    call: str
    recording: str
    file: str  # below the recordings' directory
    form: str  # "wav", "flac", "opus"
    size: int
    sha256: str  # of the file


@dataclass(frozen=True, slots=True)
class LedgerSigned(Fact):
    """An entry of the recordings' ledger was signed; what comes before it cannot be cut off unseen any more."""

    entry: int
    sha256: str  # of its line in chain.log


@dataclass(frozen=True, slots=True)
class RecordingsVerified(Fact):
    """All recordings were held against their ledger."""

    recordings: int
    entries: int  # of the ledger
    signatures: int
    segments: int
    wrong: int
