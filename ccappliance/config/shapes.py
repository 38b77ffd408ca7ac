"""What an owner's dataclass asks for: type hints of `key(...)` fields → shapes that binder, schema and show walk."""

import datetime
import enum
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any

from ccappliance.base.errors import Bug
from ccappliance.config.keys import KEY, KeyInfo

PLAIN_TYPES = (str, bool, int, float, datetime.time, datetime.date)


@dataclass(frozen=True, slots=True)
class Plain:
    """One scalar of a type of PLAIN_TYPES, or of an enum whose values are strings."""

    kind: type


@dataclass(frozen=True, slots=True)
class ListOf:
    item: "Shape"


@dataclass(frozen=True, slots=True)
class MapOf:
    value: "Shape"


@dataclass(frozen=True, slots=True)
class Section:
    """A dataclass of keys."""

    cls: type

    @property
    def type(self) -> str | None:
        """The value of its `type:` key, if it is told apart by one."""
        if any(field.name == "type" for field in fields(self.cls)):
            return None  # a key of that name, not a ClassVar
        name = getattr(self.cls, "type", None)
        return name if isinstance(name, str) else None


@dataclass(frozen=True, slots=True)
class Either:
    """A union. Which member is meant shows in the YAML: by the kind of node, and among sections by `type:`."""

    empty: bool  # may be nothing (None)
    plain: Plain | None
    items: ListOf | None
    table: MapOf | None
    sections: tuple[Section, ...]


Shape = Plain | ListOf | MapOf | Section | Either


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str  # as written in YAML: the attribute without a trailing underscore ("from_" is `from:`)
    attribute: str
    shape: Shape
    info: KeyInfo
    default: Any  # MISSING: required

    @property
    def required(self) -> bool:
        return self.default is MISSING


def shape_of(hint: Any, where: str) -> Shape:
    """The shape of a type hint. Bug if it is none that keys.py allows."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _either(arguments, where)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return ListOf(shape_of(arguments[0], where))
    if origin in (Mapping, dict) and arguments[0] is str:
        return MapOf(shape_of(arguments[1], where))
    if isinstance(hint, type):
        if hint in PLAIN_TYPES or issubclass(hint, enum.Enum):
            return Plain(hint)
        if is_dataclass(hint):
            return Section(hint)
    raise Bug(f"{where}: {hint!r} is no type a key can have (see config/keys.py)")


def _either(arguments: tuple[Any, ...], where: str) -> Either:
    shapes = [shape_of(argument, where) for argument in arguments if argument is not type(None)]
    plain = [shape for shape in shapes if isinstance(shape, Plain)]
    items = [shape for shape in shapes if isinstance(shape, ListOf)]
    table = [shape for shape in shapes if isinstance(shape, MapOf)]
    sections = tuple(shape for shape in shapes if isinstance(shape, Section))
    names = [section.type for section in sections]
    if len(plain) > 1 or len(items) > 1 or len(table) > 1 or (table and sections):
        raise Bug(f"{where}: the members of this union cannot be told apart")
    if len(sections) > 1 and (None in names or len(names) != len(dict.fromkeys(names))):
        raise Bug(f"{where}: each section of a union needs a `type: ClassVar[str]` of its own")
    return Either(type(None) in arguments, plain[0] if plain else None, items[0] if items else None,
                  table[0] if table else None, sections)


@functools.cache  # pure: the same class always has the same keys
def keys_of(cls: type) -> tuple[Key, ...]:
    """The keys of a section, in the order declared. Bug if a field cannot be one."""
    hints = typing.get_type_hints(cls)
    keys = []
    for field in fields(cls):
        info = field.metadata.get(KEY)
        if not field.init or (info is None and (field.default, field.default_factory) != (MISSING, MISSING)):
            continue  # derived by its owner, not said by the administrator
        where = f"{cls.__name__}.{field.name}"
        if info is None:
            raise Bug(f"{where}: declare it with key(...) or required(...)")
        default = field.default if field.default_factory is MISSING else field.default_factory()
        name = field.name.rstrip("_")
        keys.append(Key(name, field.name, shape_of(hints[field.name], where), info, default))
    return tuple(keys)


def members(shape: Shape) -> tuple[Section, ...]:
    """The sections a value of this shape itself may be (not those inside lists or tables)."""
    if isinstance(shape, Section):
        return (shape,)
    return shape.sections if isinstance(shape, Either) else ()
