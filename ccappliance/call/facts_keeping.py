"""Facts of how recordings are kept: why there is one, who heard it, who holds it, and when it was deleted."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class RecordingDecided(Fact):
    """Whether a conversation is recorded, and why; before its RecordingStarted, if it is."""

    call: str
    record: str  # "yes", "no", "on demand": not yet, but it may be asked for
    rule: str  # of recording.rules; "" none fits
    why: str  # in words
    queue: str
    agent: str
    least: float  # days before which nobody may delete it
    days: float  # days after which it is deleted; 0: when the disk is needed


@dataclass(frozen=True, slots=True)
class RecordingGiven(Fact):
    """Somebody is given the sound of a recording. Written before its first byte."""

    call: str
    recording: str
    what: str  # "played" "exported"
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class RecordingHeld(Fact):
    """Nothing of a call is deleted from now on (`on`), or may be again. Each who holds it must let it go."""

    call: str
    by: str
    why: str
    on: bool


@dataclass(frozen=True, slots=True)
class RecordingPurged(Fact):
    """A recording is deleted: its file goes when this is safe on the disk, also after a power cut."""

    call: str
    recording: str
    file: str  # below the recordings' directory
    why: str  # "too old", "the disk is full", or what who asked for it has said
    rule: str
    age: float  # days since its end
    by: str  # "policy", or who asked for it


@dataclass(frozen=True, slots=True)
class RecordingTranscribed(Fact):
    """The transcript of a recording is safe in a file of its own. What was said stands there only, and goes with it."""

    call: str
    recording: str
    file: str  # of the transcript, below the recordings' directory
    engine: str  # what it calls itself
    language: str
    words: int  # between spaces; each Chinese character is one
    seconds: float  # of speech that was understood


@dataclass(frozen=True, slots=True)
class TranscriptFailed(Fact):
    """A recording could not be transcribed."""

    call: str
    recording: str
    tries: int  # with this one
    why: str
    given_up: bool  # it is not tried again
