"""The language of the control socket: one JSON object per line, requests with an id and answers that carry it.

    → {"id": 1, "do": "calls.list", "with": {}}
    ← {"id": 1, "ok": [...]}                                a plain operation, or
    ← {"id": 1, "error": {"code": "no_such_call", "message": "…"}}
    ← {"id": 1, "item": {...}} …                            a streaming operation, any number of times, until
    ← {"id": 1, "done": true}                               or an error

An error with `"id": null` answers a line that could not be understood, or the whole connection.
"""

import json
from dataclasses import dataclass
from typing import Any

from ccappliance.base.errors import CcError
from ccappliance.base.limits import MAX_CONTROL_LINE

MAX_ID = 64  # characters of a request's id
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode  # ASCII: any text, half surrogates included
RequestId = int | str | None


class Malformed(CcError):
    """A line that is no request. `id` is the request's, as far as it could be read."""

    def __init__(self, why: str, request_id: RequestId = None) -> None:
        self.id = request_id
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    id: int | str
    do: str
    params: dict[str, Any]


def decode(line: bytes) -> Request:
    """A request from its line. Malformed for anything else, whatever the bytes."""
    message = _object(line)
    request_id = message.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, int | str) or len(str(request_id)) > MAX_ID:
        raise Malformed(f"'id' must be a whole number or a text of at most {MAX_ID} characters")
    do, params = message.get("do"), message.get("with", {})
    if not isinstance(do, str):
        raise Malformed("'do' must be the name of an operation; 'operations.list' lists them", request_id)
    if not isinstance(params, dict):
        raise Malformed("'with' must be an object: {\"name\": value}", request_id)
    unknown = [name for name in message if name not in ("id", "do", "with")]
    if unknown:
        raise Malformed(f"a request has 'id', 'do' and 'with', not {unknown[0][:MAX_ID]!r}", request_id)
    return Request(request_id, do, params)


def decode_answer(line: bytes) -> dict[str, Any]:
    """An answer from its line, for clients. Malformed for anything else."""
    return _object(line)


def _object(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        raise Malformed("not JSON: too deeply nested") from None
    except ValueError as error:  # JSON, UTF-8, and integers of thousands of digits
        raise Malformed(f"not one JSON object on one line: {error}") from None
    if not isinstance(message, dict):
        raise Malformed("not a JSON object: write {\"id\": 1, \"do\": \"status\"}")
    return message


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def encode(message: dict[str, Any]) -> bytes:
    """One line, line feed included. ValueError or TypeError if it cannot be JSON or is longer than MAX_CONTROL_LINE."""
    line = _encode(message).encode("ascii") + b"\n"
    if len(line) > MAX_CONTROL_LINE:
        raise ValueError(f"an answer of {len(line)} bytes is longer than {MAX_CONTROL_LINE}: ask for less")
    return line


def ok(request_id: RequestId, result: Any) -> dict[str, Any]:
    return {"id": request_id, "ok": result}


def item(request_id: RequestId, one: Any) -> dict[str, Any]:
    return {"id": request_id, "item": one}


def done(request_id: RequestId) -> dict[str, Any]:
    return {"id": request_id, "done": True}


def error(request_id: RequestId, code: str, message: str) -> dict[str, Any]:
    return {"id": request_id, "error": {"code": code, "message": message}}
