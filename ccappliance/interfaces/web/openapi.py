"""The OpenAPI document, made from the route table, the registry and the types of answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from ccappliance.interfaces.control.registry import Operation
from ccappliance.interfaces.web.access import SCOPES
from ccappliance.interfaces.web.errors import STATUS
from ccappliance.interfaces.web.route import STREAM, Route
from ccappliance.interfaces.web.schema import Schemas, parameter_schema

PREFIX = "/api/v1"
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {
    "type": "object", "required": ["code", "message", "hint", "field"], "additionalProperties": False, "properties": {
        "code": {"type": "string", "description": "Stable: programs may decide by it."},
        "message": {"type": "string", "description": "For people."},
        "hint": {"type": "string", "description": "What to do; empty if the message says it."},
        "field": {"type": "string", "description": "The parameter that is wrong; empty if it is not one."}}},
    "findings": {"type": "array", "items": {"type": "object"}}}}
_ABOUT = """Everything the command line can do, and the feed of what happens.

Sign in with a session cookie (POST /session; send its `csrf` as X-CSRF-Token with everything that changes something),
or send an API token as `Authorization: Bearer …`. Streams and the feed are WebSockets: they have no place in OpenAPI
and stand in docs/web.md."""
# answers that are no JSON: their type, and what they are
_FILES = {"recordings.sound": ("audio/wav", "The sound; with Range a part of it (206)."),
          "reports.file": ("text/csv", "The rows, for spreadsheets: UTF-8 with BOM.")}


def document(routes: Iterable[Route], operations: Mapping[str, Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of these routes. `operations`: by name, handlers of the door included."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.method != STREAM:
            action = _action(route, operations[route.operation], schemas)
            paths.setdefault(route.path, {})[route.method.lower()] = action
    return {
        "openapi": "3.1.0",
        "info": {"title": "ccappliance", "version": version, "description": _ABOUT},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.named, "Error": _ERROR},
            "responses": {"Error": {
                "description": "It was refused. What is no request at all (a line too long) is told in plain text. "
                               "Codes: " + ", ".join(sorted(STATUS)),
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
                            "text/plain": {"schema": {"type": "string"}}}}},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
                "token": {"type": "http", "scheme": "bearer", "description": "Scopes: " + "; ".join(
                    f"{scope}: {words}" for scope, words in SCOPES.items())}}},
        "security": [{"session": []}, {"token": []}],
    }


def _action(route: Route, operation: Operation, schemas: Schemas) -> dict[str, Any]:
    right = f"Needs the right `{route.scope}`" if route.scope else "Open to everybody" if route.open else \
        "Needs to be signed in"
    own = f", or that it is one's own {route.own}" if route.own and route.scope else ""
    inner = {name: one for name, one in operation.parameters.items()
             if name not in route.fixed and name not in route.places}
    action: dict[str, Any] = {
        "operationId": f"{route.method.lower()} {route.path}", "tags": [route.path.split("/")[1]],
        "summary": operation.doc.splitlines()[0], "description": f"{operation.doc}\n\n{right}{own}.",
        "parameters": [{"name": name, "in": "path", "required": True,
                        "schema": _in_path(parameter_schema(operation.parameters[name]))}
                       for name in route.places],
        "responses": {"200": _answer(route, schemas), "default": {"$ref": "#/components/responses/Error"}}}
    if route.open:
        action["security"] = []
    if route.in_body:
        action["requestBody"] = {"required": any(one.required for one in inner.values()), "content": {
            "application/json": {"schema": {
                "type": "object", "additionalProperties": False,
                "properties": {name: parameter_schema(one) for name, one in inner.items()},
                "required": [name for name, one in inner.items() if one.required]}}}}
    else:
        action["parameters"] += [{"name": name, "in": "query", "required": one.required, "schema": _in_query(
            parameter_schema(one))} for name, one in inner.items()]
    return action


def _in_path(schema: dict[str, Any]) -> dict[str, Any]:
    """A place in a path must be filled."""
    kept = {name: value for name, value in schema.items() if name != "default"}
    return {**kept, "minLength": 1} if kept["type"] == "string" else kept


def _in_query(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: it leaves the parameter out."""
    kind = schema["type"]
    return {**schema, "type": kind[0]} if isinstance(kind, list) else schema


def _answer(route: Route, schemas: Schemas) -> dict[str, Any]:
    if route.answer is bytes:
        kind, words = _FILES[route.operation]
        return {"description": words, "content": {kind: {"schema": {"type": "string", "format": "binary"}}}}
    return {"description": "Done.", "content": {"application/json": {"schema": schemas.of(route.answer)}}}
