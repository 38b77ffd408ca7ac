"""Parameters of a request: from its path, its query and its body, as texts become what the operation takes."""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from ccappliance.base.errors import Refused
from ccappliance.interfaces.control.registry import Operation, Parameter
from ccappliance.interfaces.web.errors import FieldRefused
from ccappliance.interfaces.web.route import Route

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


BODY = 20.0  # s in which a request's body must have come


async def params_of(request: web.Request, route: Route, operation: Operation) -> dict[str, Any]:
    """What is asked, checked, with what the route decides. FieldRefused("bad_parameters") names what is wrong."""
    known = operation.parameters
    found: dict[str, Any] = {name: _from_text(known[name], [request.match_info[name]]) for name in route.places}
    if route.in_body:
        _add(found, await _body(request), operation, route)
        if request.query:
            raise FieldRefused("bad_parameters", "parameters of this request belong in its body",
                               next(iter(request.query))[:100])
    else:
        texts = {name: request.query.getall(name) for name in dict.fromkeys(request.query)}
        for name in texts:
            _allow(name, operation, route)
        _add(found, {name: _from_text(known[name], values) for name, values in texts.items()}, operation, route)
    for name, parameter in known.items():
        if name not in route.fixed and parameter.required and name not in found:
            raise FieldRefused("bad_parameters", f"{name!r} is missing", name)
    return {**found, **route.fixed}


def _add(found: dict[str, Any], given: Mapping[str, Any], operation: Operation, route: Route) -> None:
    for name, value in given.items():
        _allow(name, operation, route)
        found[name] = _checked(operation.parameters[name], value)


def _allow(name: str, operation: Operation, route: Route) -> None:
    if name not in operation.parameters or name in route.fixed or name in route.places:
        takes = [one for one in operation.parameters if one not in route.fixed and one not in route.places]
        raise FieldRefused("bad_parameters", f"{name[:100]!r} is no parameter of this request; it takes: "
                           f"{', '.join(takes) or 'none'}", name[:100])


def _checked(parameter: Parameter, value: Any) -> Any:
    try:
        if isinstance(value, float) and not math.isfinite(value):
            raise Refused("bad_parameters", f"{parameter.name!r} must be a finite number")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            raise Refused("bad_parameters", f"{parameter.name!r} is too large a number")
        return parameter.check(value)
    except Refused as refused:
        raise FieldRefused(refused.code, str(refused), parameter.name) from None


def _from_text(parameter: Parameter, values: Sequence[str]) -> Any:
    """The value of a parameter from the texts of a query."""
    if parameter.kind is list:
        return _checked(parameter, list(values))
    if len(values) > 1:
        raise FieldRefused("bad_parameters", f"{parameter.name!r} is given more than once", parameter.name)
    text = values[0]
    value: Any = None
    try:
        if parameter.kind is str:
            value = text
        elif parameter.kind is bool:
            value = _TRUTH[text]
        elif len(text) <= 400 and text.isascii() and "_" not in text and text == text.strip():
            value = parameter.kind(text)
    except (ValueError, KeyError):
        value = None
    return _checked(parameter, text if value is None else value)


async def _body(request: web.Request) -> dict[str, Any]:
    """Refused("malformed"), ("bad_type"); TimeoutError. No body is no parameters."""
    async with asyncio.timeout(BODY):
        content = await request.read()
    if not content:
        return {}
    if request.content_type != "application/json":
        raise Refused("bad_type", "the body must be JSON: Content-Type: application/json")
    try:
        found = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", f"the body is no JSON: {error}"[:200]) from None
    if not isinstance(found, dict):
        raise Refused("malformed", "the body must be an object: {\"name\": value}")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
