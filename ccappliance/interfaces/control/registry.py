"""The registry of operations: name → typed async function, checked before it is called; every door uses it."""

import difflib
import inspect
import types
import typing
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ccappliance.base.errors import Bug, Refused

F = TypeVar("F", bound=Callable[..., Any])
MAX_TEXT = 1_000  # characters of a text parameter; a longer one is Refused("bad_parameters")
MAX_LIST = 1_000  # items of a list parameter
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list of texts"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation: str, int, float, bool or a list of str, and whether it may be null."""

    name: str
    kind: type
    optional: bool  # may be null
    required: bool
    default: Any

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.kind.__name__, "null": self.optional, "required": self.required,
                "default": self.default}

    def check(self, value: Any) -> Any:
        """The value, or Refused("bad_parameters")."""
        if value is None and self.optional:
            return None
        fits = type(value) is self.kind  # True is no number
        if self.kind is float and type(value) is int:
            fits, value = True, _float(value)
        if self.kind is str and fits and len(value) > MAX_TEXT:
            raise Refused("bad_parameters", f"{self.name!r} has {len(value)} characters; at most {MAX_TEXT} are taken")
        if self.kind is list and fits:
            fits = len(value) <= MAX_LIST and all(type(one) is str and len(one) <= MAX_TEXT for one in value)
        if not fits:
            raise Refused("bad_parameters", f"{self.name!r} must be {_WORDS[self.kind]}")
        return value


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a door can ask for."""

    name: str
    function: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    streams: bool
    wants_by: bool  # has a parameter `by`: who asks, "cli:root"
    doc: str

    def arguments(self, params: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Checked keyword arguments. Refused("bad_parameters")."""
        for name in params:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise Refused("bad_parameters", f"{self.name} has no parameter {name[:MAX_TEXT]!r}; it has: {known}")
        found = {}
        for name, parameter in self.parameters.items():
            if name in params:
                found[name] = parameter.check(params[name])
            elif parameter.required:
                raise Refused("bad_parameters", f"{self.name} needs {name!r}: {_WORDS[parameter.kind]}")
        return found | {"by": by} if self.wants_by else found

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "doc": self.doc, "streams": self.streams,
                "parameters": [parameter.as_dict() for parameter in self.parameters.values()]}


class Operations:
    """What can be asked of the house. Filled by `@operations.operation("calls.list")` on typed async functions.

    An async function answers plain data; an async generator function streams plain data. A parameter `by: str` is given
    by the door, never by the client.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Operation] = {}

    def operation(self, name: str) -> Callable[[F], F]:
        def register(function: F) -> F:
            self._by_name[name] = describe(name, function)
            return function
        return register

    def find(self, name: str) -> Operation:
        """Refused("unknown_operation") with a hint."""
        operation = self._by_name.get(name)
        if operation is None:
            close = difflib.get_close_matches(name[:64], self._by_name, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "'operations.list' lists them"
            raise Refused("unknown_operation", f"there is no operation {name[:64]!r}: {hint}")
        return operation

    def all(self) -> list[Operation]:
        return [self._by_name[name] for name in sorted(self._by_name)]

    async def run(self, name: str, params: Mapping[str, Any], by: str) -> Any:
        """Carry out a plain operation. Refused with a stable code."""
        operation = self.find(name)
        if operation.streams:
            raise Refused("streams", f"{name} streams: ask for it where items can be sent one by one")
        return await operation.function(**operation.arguments(params, by))

    def stream(self, name: str, params: Mapping[str, Any], by: str) -> AsyncIterator[Any]:
        """The items of a streaming operation. Close it (`aclose`) when nobody listens any more."""
        operation = self.find(name)
        if not operation.streams:
            raise Refused("does_not_stream", f"{name} answers once")
        items: AsyncIterator[Any] = operation.function(**operation.arguments(params, by))
        return items


def describe(name: str, function: Callable[..., Any], given_by_door: str = "by") -> Operation:
    """An operation from its typed async function. A parameter of the name `given_by_door` is never the client's."""
    streams = inspect.isasyncgenfunction(function)
    if not streams and not inspect.iscoroutinefunction(function):
        raise Bug(f"operation {name}: must be an async function or an async generator function")
    doc = inspect.getdoc(function)
    if not doc:
        raise Bug(f"operation {name}: has no docstring")
    hints = typing.get_type_hints(function)
    given = inspect.signature(function).parameters
    parameters = {each.name: _parameter(name, each, hints[each.name]) for each in given.values()
                  if each.name != given_by_door}
    return Operation(name, function, parameters, streams, "by" in given, doc)


def _parameter(name: str, given: inspect.Parameter, hint: Any) -> Parameter:
    arguments = typing.get_args(hint)
    optional = typing.get_origin(hint) in (typing.Union, types.UnionType) and type(None) in arguments
    if optional:
        hint = next(argument for argument in arguments if argument is not type(None))
    kind = typing.get_origin(hint) or hint
    if kind not in _WORDS:
        raise Bug(f"operation {name}: {given.name} must be a text, number, truth value or list of texts")
    required = given.default is inspect.Parameter.empty
    return Parameter(given.name, kind, optional, required, None if required else given.default)


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Refused("bad_parameters", "a number is too large") from None
