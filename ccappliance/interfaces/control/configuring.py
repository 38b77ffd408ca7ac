"""The configuration as doors change it: what a change would mean, applied with a reason, and the way back."""

from typing import Any, Protocol, TypedDict


class FindingRow(TypedDict):
    """`Finding.as_dict()`."""

    place: str
    key: str
    problem: str
    advice: str
    severity: str


class ChangeRow(TypedDict):
    """`Change.as_dict()`."""

    path: str
    old: Any
    new: Any
    reload: bool
    kind: str


class ConfigVerdict(TypedDict):
    """What a directory of configuration would mean for the running house."""

    ok: bool
    directory: str
    findings: list[FindingRow]
    changes: list[ChangeRow]  # against what is in force; empty if not ok


class ReloadOutcome(TypedDict):
    """What a reload did: all of it, or nothing."""

    applied: bool
    changes: list[ChangeRow]
    restart: list[str]  # paths of changes that wait for a restart
    findings: list[FindingRow]  # errors: nothing was applied; or warnings


class KeyRow(TypedDict):
    """`Row.as_dict()` of config/show.py."""

    path: str
    value: Any
    unit: str
    origin: str


class PlannedRow(ChangeRow):
    """A change, and the calls alive that are inside of what it changes."""

    calls: list[str]


class Plan(TypedDict):
    """What applying the daemon's files would do."""

    ok: bool
    directory: str
    findings: list[FindingRow]
    changes: list[PlannedRow]
    restart: list[str]  # paths of changes that wait for a restart: nothing would be applied
    calls: list[dict[str, str]]  # {call, calling, where} of each call named in changes


class HistoryRow(TypedDict):
    """`HistoryEntry` of config/history.py."""

    id: int
    at: str  # ISO 8601, UTC
    by: str
    comment: str
    kind: str
    digest: str
    changes: list[str]
    files: list[str]
    path: str  # the folder of the files
    in_force: bool


class Restoring(TypedDict):
    """What must be written to come back to an earlier configuration: whoever asks does it, with his own rights."""

    entry: int
    directory: str  # the daemon's
    path: str  # the folder the files lie in
    files: list[str]  # all there must be, and no other file of the configuration
    kept: int  # entry in which edited files were kept; 0: they had not been edited


class Configuring(Protocol):
    """What the house must offer for this."""

    async def plan(self) -> Plan: ...

    async def apply(self, by: str, comment: str) -> ReloadOutcome: ...

    async def history(self, limit: int) -> list[HistoryRow]: ...

    async def restoring(self, entry: int, force: bool, by: str) -> Restoring:
        """Refused: no_such_entry, edited, needs_restart, history_damaged; ConfigError if it is not right any more."""
        ...
