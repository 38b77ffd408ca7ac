"""What goes wrong, as the web says it: one shape, stable codes, and the HTTP status each code has."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ccappliance.base.errors import CcError, ConfigError, Refused

# code → status. What is not here: 404 if it begins with "no_", else 409: it cannot be done as things are now.
STATUS: Mapping[str, int] = {
    "bad_parameters": 400, "malformed": 400, "bad_host": 421, "bad_origin": 403, "bad_path": 400,
    "bad_value": 400, "bad_state": 400, "bad_skill": 400, "bad_settings": 400, "bad_number": 400, "bad_playlist": 400,
    "bad_name": 400, "bad_mode": 400, "bad_language": 400, "bad_class": 400, "bad_boost": 400, "nothing_asked": 400,
    "invalid_number": 400, "weak_password": 400, "bad_scope": 400, "bad_role": 400,
    "not_signed_in": 401, "wrong_sign_in": 401, "wrong_code": 401,
    "forbidden": 403, "not_allowed": 403, "csrf": 403,
    "unknown_operation": 404, "not_found": 404,
    "no_circuit": 409, "no_channel": 409, "no_answer": 504, "no_conversation": 409, "no_caller": 409,
    "no_transfer": 409,
    "no_journal": 409, "no_reason": 400, "nothing_to_play": 409, "no_route": 409,
    "method_not_allowed": 405, "not_acceptable": 406,
    "gone": 410, "moved": 409, "too_long": 413, "bad_type": 415, "bad_range": 416,
    "config": 422, "needs_restart": 409,
    "throttled": 429, "too_many_requests": 429,
    "internal": 500, "too_many": 409, "too_slow": 503, "too_many_clients": 503, "cannot_write": 507,
    "not_written": 507, "database_full": 507, "streams": 400, "does_not_stream": 400,
}
HINTS: Mapping[str, str] = {
    "not_signed_in": "sign in, or send a token as `Authorization: Bearer …`",
    "csrf": "send the `csrf` of GET /api/v1/session as the header X-CSRF-Token",
    "bad_host": "use the machine's name or address, or add this name to web.names",
    "bad_origin": "send the request from a page of this machine",
    "too_many_requests": "wait as long as Retry-After says",
    "throttled": "wait as long as Retry-After says",
    "forbidden": "ask an administrator for the right",
    "needs_restart": "restart the daemon when no calls would be lost",
    "internal": "the daemon's log has the details: journalctl -u ccappliance",
    "unknown_operation": "GET /api/v1/openapi.json lists what there is",
    "not_found": "GET /api/v1/openapi.json lists what there is",
    "wrong_code": "ask for a new code: `ccappliance users setup-code`",
}
STATUS_CODES: Mapping[int, str] = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_long",
                                   415: "bad_type", 416: "bad_range"}


class FieldRefused(Refused):
    """Refused for one parameter, which is named."""

    def __init__(self, code: str, why: str, field: str) -> None:
        self.field = field
        super().__init__(code, why)


class BadRange(Refused):
    """A range that lies behind the end (RFC 9110 §15.5.17)."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__("bad_range", f"there are {size} bytes")


class Throttled(Refused):
    """Refused until `wait` seconds have gone by."""

    def __init__(self, code: str, why: str, wait: float) -> None:
        self.wait = wait
        super().__init__(code, why)


def status_of(code: str) -> int:
    return STATUS.get(code) or (404 if code.startswith("no_") else 409)


def error_body(code: str, message: str, field: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "hint": HINTS.get(code, ""), "field": field}}


def answer_of(error: CcError) -> web.Response:
    """The answer that tells an error of ours."""
    code = error.code if isinstance(error, Refused) else "config" if isinstance(error, ConfigError) else "internal"
    body = error_body(code, str(error), getattr(error, "field", ""))
    if isinstance(error, ConfigError):
        body["findings"] = [finding.as_dict() for finding in error.findings]
    answer = web.json_response(body, status=status_of(code))
    if isinstance(error, BadRange):
        answer.headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, Throttled):
        answer.headers["Retry-After"] = str(max(1, round(error.wait)))
    if answer.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
