"""Facts of voicemail: messages from their beginning to their end, and what owners change of their mailboxes."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class VoicemailBegun(Fact):
    """A caller speaks after the beep. Exactly one VoicemailLeft or VoicemailDropped follows, after a kill as well."""

    call: str
    mailbox: str
    message: str  # the id of its recording
    path: str  # of the recording
    calling: str
    name: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft(Fact):
    """The message is on disk, in its mailbox."""

    call: str
    mailbox: str
    message: str
    path: str  # below the voicemail directory; "" if no sound is kept
    calling: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class VoicemailDropped(Fact):
    """It came to nothing."""

    call: str
    mailbox: str
    message: str
    why: str  # "short", "again" (the caller speaks anew), "lost" (its recording could not be read)


@dataclass(frozen=True, slots=True)
class VoicemailMoved(Fact):
    """A message is new, old (heard), saved (kept for good) or deleted from now on."""

    mailbox: str
    message: str
    left: str
    state: str
    by: str  # "keypad", "expired", or who asked for it


@dataclass(frozen=True, slots=True)
class MailboxChanged(Fact):
    """Its owner has a PIN or a greeting of his own from now on, which counts more than the configuration's."""

    mailbox: str
    what: str  # "pin", "greeting"
    value: str  # a hash of the PIN; the greeting's path below the voicemail directory; "" as configured
    by: str


@dataclass(frozen=True, slots=True)
class NoticeSent(Fact):
    """The owner was told of a message by e-mail."""

    mailbox: str
    message: str
    to: str
    attempts: int


@dataclass(frozen=True, slots=True)
class NoticeFailed(Fact):
    """He was not, and it is not tried again."""

    mailbox: str
    message: str
    to: str
    why: str
