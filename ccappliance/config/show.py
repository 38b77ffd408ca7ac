"""What is configured: every key with its value and where it comes from, and what differs between two configurations."""

import datetime
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from ccappliance.config.keys import KeyInfo
from ccappliance.config.load import Loaded
from ccappliance.config.shapes import Section, keys_of
from ccappliance.config.tree import join

MASK = "********"


@dataclass(frozen=True, slots=True)
class Row:
    """One key as it is now."""

    path: str  # "queues.sales.max_wait"
    value: Any  # plain data: str, number, bool, None, list, dict; secrets are masked
    unit: str
    origin: str  # "queues.yaml:12:5" or "default"

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path, "value": self.value, "unit": self.unit, "origin": self.origin}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two configurations. `old` and `new` are plain data, secrets masked; None if absent."""

    path: str
    old: Any
    new: Any
    reload: bool  # False: needs a restart of the daemon
    kind: str  # "changed", "added" or "removed" (names, list items)

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path, "old": self.old, "new": self.new, "reload": self.reload, "kind": self.kind}


def show(loaded: Loaded[Any]) -> list[Row]:
    """Every key of the configuration, in the order of its declaration."""
    rows = []
    for path, value, info in _leaves("", loaded.value, _NO_INFO):
        place = loaded.origins.get(path)
        rows.append(Row(path, plain(value, info), info.unit, str(place) if place else "default"))
    return rows


def plain(value: Any, info: KeyInfo) -> Any:
    """A settings value as plain data for JSON and for people, secrets masked."""
    if info.secret and value not in (None, "", ()):
        return MASK
    if is_dataclass(value):
        cls: type = type(value)
        kind = Section(cls).type
        keys = {key.name: plain(getattr(value, key.attribute), key.info) for key in keys_of(cls)}
        return {"type": kind} | keys if kind else keys
    if isinstance(value, Mapping):
        return {name: plain(item, info) for name, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item, info) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


def changes(old: Any, new: Any) -> list[Change]:
    """What differs between two settings objects of one class (or two Loaded of it), in the order of declaration."""
    if isinstance(old, Loaded) and isinstance(new, Loaded):
        old, new = old.value, new.value
    return list(_changes("", old, new, _NO_INFO, True))


_NO_INFO = KeyInfo(doc="")


def _leaves(path: str, value: Any, info: KeyInfo) -> Iterator[tuple[str, Any, KeyInfo]]:
    if is_dataclass(value):
        cls: type = type(value)
        kind = Section(cls).type
        if kind:
            yield join(path, "type"), kind, _NO_INFO
        for key in keys_of(cls):
            yield from _leaves(join(path, key.name), getattr(value, key.attribute), key.info)
    elif isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(join(path, name), item, info)
    elif isinstance(value, tuple) and any(is_dataclass(item) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item, info)
    else:
        yield path, value, info


def _changes(path: str, old: Any, new: Any, info: KeyInfo, reload: bool) -> Iterator[Change]:
    reload = reload and info.reload
    if old == new and type(old) is type(new):
        return
    if is_dataclass(old) and type(old) is type(new):
        cls: type = type(old)
        for key in keys_of(cls):
            yield from _changes(join(path, key.name), getattr(old, key.attribute), getattr(new, key.attribute),
                                key.info, reload)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name, item in old.items():
            if name in new:
                yield from _changes(join(path, name), item, new[name], info, reload)
            else:
                yield Change(join(path, name), plain(item, info), None, reload, "removed")
        for name, item in new.items():
            if name not in old:
                yield Change(join(path, name), None, plain(item, info), reload, "added")
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new) and any(map(is_dataclass, new)):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{index}]", before, after, info, reload)
    else:
        yield Change(path, plain(old, info), plain(new, info), reload, "changed")
