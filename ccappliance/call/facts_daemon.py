"""Facts of the daemon and its configuration."""

from dataclasses import dataclass
from typing import Any

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class DaemonStarted(Fact):
    version: str
    site: str
    timezone: str = ""  # IANA name: at whose midnight counts begin anew


@dataclass(frozen=True, slots=True)
class DaemonStopped(Fact):
    why: str


@dataclass(frozen=True, slots=True)
class DayBegan(Fact):
    """A page: who begins to read here knows what is needed to make every later decision again."""

    day: str  # of the site's calendar, ISO 8601
    timezone: str  # as DaemonStarted has it
    page: dict[str, Any]  # agents, queues and entries: apps/acd/retold.py


@dataclass(frozen=True, slots=True)
class ConfigApplied(Fact):
    changes: list[str]  # dotted keys that changed; empty at start
    by: str  # "start", "SIGHUP", "cli:root"
    comment: str = ""  # why, as he said
    digest: str = ""  # of the files, as the history has it


@dataclass(frozen=True, slots=True)
class AlarmRaised(Fact):
    alarm: str  # stable code: "no_battery", "left_off_hook", "disk_full", "late_ticks", "invariant", …
    subject: str  # what it is about: "fxo/1", "recordings", "queue:sales"
    words: str


@dataclass(frozen=True, slots=True)
class AlarmCleared(Fact):
    alarm: str
    subject: str


@dataclass(frozen=True, slots=True)
class BackupMade(Fact):
    """A backup is whole: written, synced, read back, named."""

    file: str
    by: str  # "schedule", "cli:root"
    entry: int  # the last of the journal in it
    size: int  # bytes
    seconds: float  # it took
    recordings: bool  # their sound is in it
    keys: str  # "sealed", "left out", "none"


@dataclass(frozen=True, slots=True)
class BackupFailed(Fact):
    """No backup was made; what had this name before is there still."""

    file: str
    by: str
    why: str
