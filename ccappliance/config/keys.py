"""How an owner says what he can be told: a frozen dataclass whose fields are `key(...)` or `required(...)`.

    @dataclass(frozen=True, kw_only=True)
    class WrapUp:
        "Work after a call."
        seconds: float = key(10.0, unit="s", least=0, most=3600, doc="Time after a call in which no call is offered.")

Field types: str, int, float, bool, datetime.time/date, Literal-free enums as `choices`, `T | None`, `tuple[T, ...]`,
`Mapping[str, T]`, another such dataclass, or a union of dataclasses told apart by their `type:` key (each class has a
ClassVar `type: str`). The binder (config/binder.py) checks types and bounds, refuses unknown keys with a hint, and then
calls `check(report, path)` of each object that has one, for what a single key cannot know.
"""

from collections.abc import Sequence
from dataclasses import MISSING, field
from typing import Any, Protocol

KEY = "ccappliance.key"  # where a field's KeyInfo lives in its metadata


class KeyInfo:
    """All that documentation, `config show` and the binder know of a key besides its name and type."""

    def __init__(self, *, doc: str, unit: str = "", least: float | None = None, most: float | None = None,
                 choices: Sequence[str] = (), pattern: str = "", secret: bool = False, reload: bool = True) -> None:
        self.doc = doc
        self.unit = unit
        self.least = least
        self.most = most
        self.choices = tuple(choices)
        self.pattern = pattern
        self.secret = secret  # shown as ******** by `config show`
        self.reload = reload  # False: a change needs a restart of the daemon


def key(default: Any = MISSING, *, factory: Any = MISSING, **info: Any) -> Any:
    """A key with a default (or a `factory` for mappings, tuples and sections)."""
    if factory is not MISSING:
        return field(default_factory=factory, metadata={KEY: KeyInfo(**info)})
    return field(default=default, metadata={KEY: KeyInfo(**info)})


def required(**info: Any) -> Any:
    """A key that must be given."""
    return field(metadata={KEY: KeyInfo(**info)})


class Report(Protocol):
    """What a `check(report, path)` method may say. `path` is dotted: "queues.sales.max_wait"."""

    def error(self, path: str, problem: str, advice: str = "") -> None: ...

    def warning(self, path: str, problem: str, advice: str = "") -> None: ...
