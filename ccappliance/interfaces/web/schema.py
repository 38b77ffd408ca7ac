"""JSON Schema of our types: parameters of operations, and the typed dictionaries that doors answer with."""

import types
import typing
from collections.abc import Mapping
from typing import Any

from ccappliance.interfaces.control.registry import MAX_LIST, MAX_TEXT, Parameter

_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"}, int: {"type": "integer"}, float: {"type": "number"}, bool: {"type": "boolean"},
    type(None): {"type": "null"}, Any: {}, object: {}, dict: {"type": "object"}, list: {"type": "array", "items": {}}}


class Schemas:
    """Collects the schemas of named types, so that each is written once and referred to."""

    def __init__(self) -> None:
        self.named: dict[str, dict[str, Any]] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of an answer's type. TypeError for a type that JSON has no name for: a bug of the route table."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if typing.is_typeddict(kind):
            return self._record(kind)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"{kind!r} has no schema")

    def _record(self, kind: Any) -> dict[str, Any]:
        name = kind.__name__
        if name not in self.named:
            self.named[name] = {}  # a type may contain itself
            hints = typing.get_type_hints(kind)
            self.named[name] = {
                "type": "object", "description": (kind.__doc__ or "").strip(),
                "properties": {field: self.of(hint) for field, hint in hints.items()},
                "required": sorted(kind.__required_keys__), "additionalProperties": False}
        return {"$ref": f"#/components/schemas/{name}"}


def parameter_schema(parameter: Parameter) -> dict[str, Any]:
    """The schema of what a parameter takes."""
    schema = dict(_PLAIN[parameter.kind])
    if parameter.kind is str:
        schema["maxLength"] = MAX_TEXT
    if parameter.kind is list:
        schema |= {"items": {"type": "string", "maxLength": MAX_TEXT}, "maxItems": MAX_LIST}
    if parameter.optional:
        schema["type"] = [schema["type"], "null"]
    if not parameter.required and parameter.default is not None:
        schema["default"] = parameter.default
    return schema
