"""The configuration described to machines and people: JSON Schema for editors, key by key, and as Markdown."""

import datetime
import enum
from collections.abc import Iterator
from dataclasses import MISSING, dataclass
from typing import Any

from ccappliance.config.keys import KeyInfo
from ccappliance.config.shapes import Either, Key, ListOf, MapOf, Plain, Section, Shape, keys_of, members
from ccappliance.config.show import MASK, plain
from ccappliance.config.tree import join

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true/false", datetime.time: "time of day",
          datetime.date: "date"}
_JSON = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """One key, for documentation."""

    path: str  # "queues.<name>.max_wait", "routes[].to", "flows.<name>.nodes.<name>(menu).tries"
    section: str  # the path without the key: "queues.<name>"
    type: str  # "text", "duration", "list of text", "table"
    default: str  # as written in YAML; "" if required
    required: bool
    unit: str
    bounds: str  # "0 to 3600", "one of linear, longest_idle", "form [0-9]+"
    doc: str
    reload: bool
    about: str  # the docstring of the section


_PREFACE = """# Configuration

<!-- written by `ccappliance config docs`: change the declarations, not this file -->

All `*.yaml` files of the configuration directory are read in the order of their names; `flows/NAME.yaml` becomes
`flows.NAME`; files in `conf.d/` are then laid over them: tables merge, lists and values replace. Durations are seconds
(`10`) or carry units (`500ms`, `2m`, `1h30m`). Phone numbers stand in quotes, so that they keep their zeros.
"""


def describe(into: type) -> list[KeyDoc]:
    """Every key that can be written, sections before what is inside them."""
    return list(_section(Section(into), "", ()))


def _section(section: Section, path: str, inside: tuple[type, ...]) -> Iterator[KeyDoc]:
    if section.cls in inside:
        return  # a section inside itself is described once
    about = " ".join((section.cls.__doc__ or "").split())
    if about.startswith(f"{section.cls.__name__}("):
        about = ""  # the signature dataclasses invent
    keys = keys_of(section.cls)
    for key in keys:
        yield KeyDoc(join(path, key.name), path, _words(key.shape, key.info), _default(key), key.required,
                     key.info.unit, _bounds(key), key.info.doc, key.info.reload, about)
    for key in keys:
        yield from _inside(key.shape, join(path, key.name), (*inside, section.cls))


def _inside(shape: Shape, path: str, inside: tuple[type, ...]) -> Iterator[KeyDoc]:
    if isinstance(shape, ListOf):
        yield from _inside(shape.item, f"{path}[]", inside)
    elif isinstance(shape, MapOf):
        yield from _inside(shape.value, f"{path}.<name>", inside)
    elif isinstance(shape, Either):
        if shape.items:
            yield from _inside(shape.items, path, inside)
        if shape.table:
            yield from _inside(shape.table, path, inside)
    for section in members(shape):
        variant = f"({section.type})" if section.type and len(members(shape)) > 1 else ""
        yield from _section(section, path + variant, inside)


def _words(shape: Shape, info: KeyInfo) -> str:
    if isinstance(shape, Plain):
        if info.unit == "s" and shape.kind in (int, float):
            return "duration"
        return _WORDS.get(shape.kind, "text")
    if isinstance(shape, ListOf):
        return f"list of {_words(shape.item, info)}"
    if isinstance(shape, MapOf):
        inner = _words(shape.value, info)
        return f"{inner} by name" if inner.startswith("table") else f"table of {inner} by name"
    if isinstance(shape, Either):
        parts = [_words(member, info) for member in (shape.plain, shape.items, shape.table) if member]
        types = [section.type for section in shape.sections if section.type]
        if shape.sections:
            parts.append(f"table of type {', '.join(types)}" if len(shape.sections) > 1 else "table")
        return " or ".join([*parts, "nothing"] if shape.empty else parts)
    return "table"


def _default(key: Key) -> str:
    if key.default is MISSING:
        return ""
    value = plain(key.default, key.info)
    if value == MASK:
        return MASK
    return "see below" if isinstance(value, dict) and value else _written(value)


def _written(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_written(item)}" for name, item in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bounds(key: Key) -> str:
    info = key.info
    parts = []
    if info.least is not None and info.most is not None:
        parts.append(f"{info.least:g} to {info.most:g}")
    elif info.least is not None:
        parts.append(f"at least {info.least:g}")
    elif info.most is not None:
        parts.append(f"at most {info.most:g}")
    choices = info.choices or _members_of(key.shape)
    if choices:
        parts.append(f"one of {', '.join(choices)}")
    if info.pattern:
        parts.append(f"form {info.pattern}")
    return "; ".join(parts)


def _members_of(shape: Shape) -> tuple[str, ...]:
    if isinstance(shape, ListOf):
        return _members_of(shape.item)
    if isinstance(shape, Either):
        return _members_of(shape.plain) if shape.plain else ()
    if isinstance(shape, Plain) and issubclass(shape.kind, enum.Enum):
        return tuple(str(member.value) for member in shape.kind)
    return ()


def markdown(into: type) -> str:
    """docs/configuration.md: one chapter for each section, one line of a table for each key."""
    lines = [_PREFACE]
    section = None
    for key in describe(into):
        if key.section != section:
            section = key.section
            lines += ["", f"## `{section}`" if section else "## Top level", ""]
            lines += [key.about, ""] if key.about else []
            lines += ["| key | type | default | allowed | meaning |", "|---|---|---|---|---|"]
        default = "**required**" if key.required else f"`{_cell(key.default)}`"
        unit = f" {key.unit}" if key.unit else ""
        note = "" if key.reload else " *(restart)*"
        lines.append(f"| `{key.path[len(section):].lstrip('.')}` | {_cell(key.type)} | {default}{unit} "
                     f"| {_cell(key.bounds)} | {_cell(key.doc)}{note} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def schema(into: type) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the whole configuration, for editors with a YAML language server."""
    definitions: dict[str, Any] = {}
    root = _reference(Section(into), definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ccappliance", **root,
            "$defs": definitions}


def _reference(section: Section, definitions: dict[str, Any]) -> dict[str, Any]:
    name = f"{section.cls.__module__}.{section.cls.__qualname__}"
    if name not in definitions:
        definitions[name] = {}  # the place is taken: a section may contain itself
        keys = keys_of(section.cls)
        properties = {key.name: _described(key, definitions) for key in keys}
        needed = [key.name for key in keys if key.required]
        if section.type:
            properties = {"type": {"const": section.type}} | properties
        definitions[name] = {"type": "object", "additionalProperties": False, "properties": properties,
                             "required": needed, "description": " ".join((section.cls.__doc__ or "").split())}
    return {"$ref": f"#/$defs/{name}"}


def _described(key: Key, definitions: dict[str, Any]) -> dict[str, Any]:
    unit = f" [{key.info.unit}]" if key.info.unit else ""
    found = _schema(key.shape, key.info, definitions) | {"description": key.info.doc + unit}
    if key.default is not MISSING and not key.info.secret:
        found["default"] = plain(key.default, key.info)
    return found


def _schema(shape: Shape, info: KeyInfo, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape, Section):
        return _reference(shape, definitions)
    if isinstance(shape, ListOf):
        return {"type": ["array", "null"], "items": _schema(shape.item, info, definitions)}
    if isinstance(shape, MapOf):
        return {"type": ["object", "null"], "additionalProperties": _schema(shape.value, info, definitions)}
    if isinstance(shape, Either):
        options = [_schema(member, info, definitions) for member in (shape.plain, shape.items, shape.table) if member]
        for section in shape.sections:
            by_type = {"required": ["type"]} if len(shape.sections) > 1 else {}
            options.append(_reference(section, definitions) | by_type)
        if shape.empty:
            options.append({"type": "null"})
        return {"anyOf": options}
    return _plain_schema(shape, info)


def _plain_schema(shape: Plain, info: KeyInfo) -> dict[str, Any]:
    if issubclass(shape.kind, enum.Enum):
        return {"enum": [str(member.value) for member in shape.kind]}
    bounds = {name: bound for name, bound in (("minimum", info.least), ("maximum", info.most)) if bound is not None}
    if shape.kind in (int, float):
        number = {"type": _JSON[shape.kind], **bounds}
        if info.unit != "s":
            return number
        return {"anyOf": [number, {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d) ?)+$"}]}
    found: dict[str, Any] = {"type": _JSON.get(shape.kind, "string")}
    if shape.kind is str and info.choices:
        found = {"enum": list(info.choices)}
    elif shape.kind is str and info.pattern:
        found["pattern"] = f"^(?:{info.pattern})$"
    return found
