"""The binder: a tree of YAML → the owners' frozen settings, with a finding for everything that does not fit."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ccappliance.config.keys import KeyInfo
from ccappliance.config.scalars import Unfit, convert, fit_text
from ccappliance.config.shapes import Either, Key, ListOf, MapOf, Plain, Section, Shape, keys_of
from ccappliance.config.tree import Entry, Findings, Items, Meaning, Node, Place, Scalar, Table, is_nothing, join

FAILED: Final = object()  # instead of a value that cannot be made; the finding has been written
_PLAIN_INFO = KeyInfo(doc="")
_MANY = 12  # more known keys than this are not listed in an advice


class Binder:
    """Binds one configuration. `origins` gets the place of every value that was written, by dotted path."""

    def __init__(self, findings: Findings) -> None:
        self.origins: dict[str, Place] = {}
        self._findings = findings
        self._made: list[tuple[Any, str]] = []  # objects with a check(), inner ones first

    def bind(self, root: Table, into: type) -> Any:
        """The settings, or FAILED. Then `check(report, path)` of every object that could be made, bottom-up."""
        self.origins[""] = root.place
        value = self._section(root, Section(into), "")
        report = PathReport(self._findings, self.origins)
        for made, path in self._made:
            made.check(report, path)
        return value

    def _bind(self, node: Node, place: Place, shape: Shape, info: KeyInfo, path: str) -> Any:
        self.origins[path] = place
        if isinstance(shape, Either):
            return self._either(node, shape, info, path)
        if isinstance(shape, Plain):
            return self._plain(node, place, shape, info, path)
        if is_nothing(node):  # `queues:` with all its lines commented out
            node = Items((), place) if isinstance(shape, ListOf) else Table({}, place)
        if isinstance(shape, ListOf):
            return self._list(node, shape, info, path)
        if isinstance(shape, MapOf):
            return self._map(node, shape, info, path)
        return self._section(node, shape, path)

    def _either(self, node: Node, shape: Either, info: KeyInfo, path: str) -> Any:
        place = self.origins[path]
        if shape.empty and is_nothing(node):
            return None
        if isinstance(node, Scalar) and shape.plain:
            return self._bind(node, place, shape.plain, info, path)
        if isinstance(node, Items) and shape.items:
            return self._bind(node, place, shape.items, info, path)
        if isinstance(node, Table) and (shape.table or shape.sections):
            return self._bind(node, place, shape.table, info, path) if shape.table else self._variant(node, shape, path)
        expected = [words for words, member in (("a value", shape.plain), ("a list", shape.items),
                                                ("a table of keys", shape.table or shape.sections)) if member]
        self._wrong_kind(node, " or ".join(expected), path)
        return FAILED

    def _variant(self, node: Table, shape: Either, path: str) -> Any:
        """A union of sections: `type:` says which."""
        if len(shape.sections) == 1:
            return self._section(node, shape.sections[0], path)
        names = {str(section.type): section for section in shape.sections}
        entry = node.entries.get("type")
        if entry is None:
            self._findings.error(self.origins[path], path, "the key 'type' is missing", f"one of {', '.join(names)}")
            return FAILED
        text = entry.value.text if isinstance(entry.value, Scalar) else ""
        if text not in names:
            self._findings.error(entry.place, join(path, "type"), f"there is no type {text!r}", _hint(text, names))
            return FAILED
        return self._section(node, names[text], path)

    def _plain(self, node: Node, place: Place, shape: Plain, info: KeyInfo, path: str) -> Any:
        if not isinstance(node, Scalar):
            self._wrong_kind(node, "a single value", path)
            return FAILED
        try:
            return convert(node, shape, info)
        except Unfit as unfit:
            self._findings.error(place, path, unfit.problem, unfit.advice)
            return FAILED

    def _list(self, node: Node, shape: ListOf, info: KeyInfo, path: str) -> Any:
        if not isinstance(node, Items):
            self._wrong_kind(node, "a list", path)
            return FAILED
        values = [self._bind(item, item.place, shape.item, info, f"{path}[{index}]")
                  for index, item in enumerate(node.items)]
        return FAILED if any(value is FAILED for value in values) else tuple(values)

    def _map(self, node: Node, shape: MapOf, info: KeyInfo, path: str) -> Any:
        """Names the administrator chose. Choices and pattern speak of the values if these are plain, else of names."""
        if not isinstance(node, Table):
            self._wrong_kind(node, "a table of names", path)
            return FAILED
        of_names = _PLAIN_INFO if isinstance(shape.value, Plain) else info
        values: dict[str, Any] = {}
        for name, entry in node.entries.items():
            values[name] = self._bind(entry.value, entry.place, shape.value, info, join(path, name))
            problem = self._name(entry, of_names)
            if problem:
                self._findings.error(entry.key.place, join(path, name), problem.problem, problem.advice)
                values[name] = FAILED
        return FAILED if any(value is FAILED for value in values.values()) else values

    def _name(self, entry: Entry, info: KeyInfo) -> Unfit | None:
        key = entry.key
        if key.meaning in (Meaning.BOOLEAN, Meaning.NOTHING):
            return Unfit(f"without quotes YAML takes the name {key.text} for {key.meaning.value}",
                         f'put it in quotes: "{key.text}"')
        if not key.text or not key.text.isprintable():
            return Unfit("a name must consist of visible characters")
        try:
            fit_text(key.text, info)
        except Unfit as unfit:
            return unfit
        return None

    def _section(self, node: Node, shape: Section, path: str) -> Any:
        if not isinstance(node, Table):
            self._wrong_kind(node, "a table of keys", path)
            return FAILED
        keys = {key.name: key for key in keys_of(shape.cls)}
        sound = self._known(node, shape, keys, path)
        values: dict[str, Any] = {}
        for name, key in keys.items():
            here = join(path, name)
            entry = node.entries.get(name)
            if entry is not None:
                values[key.attribute] = self._bind(entry.value, entry.place, key.shape, key.info, here)
            elif key.required:
                self._findings.error(self.origins[path], here, "this key is required", key.info.doc)
                sound = False
        if not sound or any(value is FAILED for value in values.values()):
            return FAILED
        try:
            made = shape.cls(**values)
        except ValueError as error:  # an owner's __post_init__
            self._findings.error(self.origins[path], path, str(error))
            return FAILED
        if hasattr(made, "check"):
            self._made.append((made, path))
        return made

    def _known(self, node: Table, shape: Section, keys: Mapping[str, Key], path: str) -> bool:
        sound = True
        for name, entry in node.entries.items():
            if name in keys or (name == "type" and shape.type == _text_of(entry)):
                continue
            sound = False
            self._findings.error(entry.key.place, join(path, name), "there is no such key", _hint(name, keys))
        return sound

    def _wrong_kind(self, node: Node, expected: str, path: str) -> None:
        found = "a list" if isinstance(node, Items) else "a table" if isinstance(node, Table) else "a single value"
        if is_nothing(node):
            found = "nothing"
        advice = {"a list": "write [one, two], or lines that begin with '- '"}.get(expected, "")
        self._findings.error(self.origins[path], path, f"{expected} is expected, not {found}", advice)


class PathReport:
    """What a `check` method says, told at the place where the path, or the nearest thing around it, was written."""

    def __init__(self, findings: Findings, origins: Mapping[str, Place]) -> None:
        self._findings = findings
        self._origins = origins

    def error(self, path: str, problem: str, advice: str = "") -> None:
        path = path.lstrip(".")
        self._findings.error(self._place(path), path, problem, advice)

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        path = path.lstrip(".")
        self._findings.warning(self._place(path), path, problem, advice)

    def _place(self, path: str) -> Place | str:
        while path not in self._origins and path:
            path = path[:max(path.rfind("."), path.rfind("["), 0)]
        return self._origins.get(path, "default")


def _text_of(entry: Entry) -> str:
    return entry.value.text if isinstance(entry.value, Scalar) else ""


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    folded = {each.replace("_", ""): each for each in names}
    close = difflib.get_close_matches(name.lower().replace("_", "").replace("-", ""), folded, n=1)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= _MANY else ""
