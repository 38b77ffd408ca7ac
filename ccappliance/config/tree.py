"""What the YAML files say as one tree: tables, lists and scalars that know their file, line and column."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.base.limits import MAX_CONFIG_FINDINGS


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written; line and column count from 1."""

    file: str  # relative to the configuration's directory: "queues.yaml", "flows/main.yaml"
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Meaning(enum.Enum):
    """What YAML 1.1 takes a scalar for; quoted scalars are always TEXT."""

    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a truth value"
    NOTHING = "nothing"
    DATE = "a date"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written: the text is exact (`007` stays "007"), the meaning is YAML's opinion of it."""

    text: str
    meaning: Meaning
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a table."""

    key: Scalar
    value: "Node"

    @property
    def place(self) -> Place:
        """A scalar is shown where it stands; a table or list where its key stands, not at its first child."""
        return self.value.place if isinstance(self.value, Scalar) else self.key.place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; keys are the exact texts, in the order written."""

    entries: dict[str, Entry]
    place: Place


Node = Scalar | Items | Table


def is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.meaning is Meaning.NOTHING


def merge(below: Node, above: Node) -> Node:
    """Lay `above` over `below`: tables merge key by key, lists and scalars replace.

    A key with nothing behind it (`queues:` and all its lines commented out) takes nothing away from a table or list.
    """
    if isinstance(below, Table) and isinstance(above, Table):
        entries = dict(below.entries)
        for name, entry in above.entries.items():
            under = entries.get(name)
            if under is None:
                entries[name] = entry
            else:
                merged = merge(under.value, entry.value)
                entries[name] = under if merged is under.value else Entry(entry.key, merged)
        return Table(entries, below.place)
    if is_nothing(above) and not isinstance(below, Scalar):
        return below
    return above


def replaced(below: Table, above: Table, path: str = "") -> Iterator[tuple[str, Place, Place]]:
    """The values of `below` that `merge` would replace: dotted path, old place, new place."""
    for name, entry in above.entries.items():
        under = below.entries.get(name)
        if under is None:
            continue
        here = join(path, name)
        if isinstance(under.value, Table) and isinstance(entry.value, Table):
            yield from replaced(under.value, entry.value, here)
        elif not (is_nothing(entry.value) and not isinstance(under.value, Scalar)):
            yield here, under.place, entry.place


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


class Findings:
    """Collects all that is wrong with a configuration, so that it is told at once and in the order of the files."""

    def __init__(self) -> None:
        self._found: list[tuple[Place | None, Finding]] = []

    def error(self, place: Place | str, key: str, problem: str, advice: str = "") -> None:
        self._add(place, key, problem, advice, "error")

    def warning(self, place: Place | str, key: str, problem: str, advice: str = "") -> None:
        self._add(place, key, problem, advice, "warning")

    def _add(self, place: Place | str, key: str, problem: str, advice: str, severity: str) -> None:
        finding = Finding(str(place), key, problem, advice, severity)
        self._found.append((place if isinstance(place, Place) else None, finding))

    @property
    def errors(self) -> list[Finding]:
        return self._of("error")

    @property
    def warnings(self) -> list[Finding]:
        return self._of("warning")

    def raise_errors(self) -> None:
        """ConfigError with errors first and warnings after them, if there is any error."""
        if self.errors:
            raise ConfigError(self.errors + self.warnings)

    def _of(self, severity: str) -> list[Finding]:
        top = Place("", 0, 0)
        found = sorted((pair for pair in self._found if pair[1].severity == severity), key=lambda pair: pair[0] or top)
        told = [finding for _, finding in found[:MAX_CONFIG_FINDINGS]]
        more = len(found) - len(told)
        if more:
            told.append(Finding(told[-1].place, "configuration", f"and {more} more of this kind", "", severity))
        return told
