"""The gate every request goes through: how many, for which host, from which page, who; and every answer's headers."""

import asyncio
import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from ccappliance.base.clock import Clock
from ccappliance.base.errors import CcError, Refused
from ccappliance.interfaces.web.access import Visitor
from ccappliance.interfaces.web.accounts import Accounts
from ccappliance.interfaces.web.errors import STATUS_CODES, Throttled, answer_of, error_body
from ccappliance.interfaces.web.openapi import PREFIX
from ccappliance.interfaces.web.secret import same

COOKIE = "__Host-session"  # the prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2)
CSRF_HEADER = "X-CSRF-Token"
BURST = 4.0  # seconds' worth of requests that may come at once: a console that begins loads some thirty files
MAX_ADDRESSES = 10_000  # whose requests are counted; the one unheard of for longest is forgotten
SAFE = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
                               "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "ccappliance",
}
HSTS = "max-age=31536000"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Rates:
    """A bucket of requests for each address, which fills at `rate` a second."""

    def __init__(self, rate: float, now: Callable[[], float]) -> None:
        self._rate = rate
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address → left, at

    def take(self, address: str) -> None:
        """Throttled("too_many_requests")."""
        now, most = self._now(), self._rate * BURST
        left, at = self._buckets.pop(address, (most, now))
        left = min(most, left + (now - at) * self._rate)
        self._buckets[address] = (max(0.0, left - 1.0), now)
        while len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        if left < 1.0:
            raise Throttled("too_many_requests", f"more than {self._rate:g} requests a second came from {address}",
                            (1.0 - left) / self._rate)


class Gate:
    """`middleware` is aiohttp's. What a request may do is the routes' to say (rest.py)."""

    def __init__(self, accounts: Accounts, clock: Clock, names: Collection[str], *, rate: float, tls: bool,
                 asked: Callable[[asyncio.BaseTransport | None], None]) -> None:
        """`names`: hosts that requests may be for, besides addresses. `asked` is told the transport of each request."""
        self._accounts = accounts
        self._rates = Rates(rate, clock.now)
        self._names = frozenset(name.lower() for name in names)
        self._tls = tls
        self._asked = asked
        self._log = logging.getLogger("ccappliance.web")

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._asked(request.transport)
        try:
            answer = await self._through(request, handler)
        except CcError as error:
            if not isinstance(error, Refused):
                self._log.error("web request failed", exc_info=error, extra={"fields": {"path": request.path[:200]}})
            answer = answer_of(error)
        except web.HTTPException as error:
            answer = _as_ours(error)
        except TimeoutError:
            answer = web.json_response(error_body("too_slow", "the request did not come whole in time"), status=408)
            answer.force_close()
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001  the outer edge of an interface
            self._log.exception("web request failed", extra={"fields": {"path": request.path[:200]}})
            answer = web.json_response(error_body("internal", "this went wrong inside of the daemon"), status=500)
        self.dress(request, answer)
        return answer

    def dress(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Headers of every answer; harmless twice, and after it was begun."""
        if answer.prepared:
            return
        answer.headers.update(HEADERS)
        if self._tls:
            answer.headers["Strict-Transport-Security"] = HSTS
        if request.path.startswith(PREFIX):
            answer.headers.setdefault("Cache-Control", "no-store")

    async def _through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._rates.take(address_of(request))
        self._check_host(request)
        check_origin(request)
        if "\x00" in request.path:
            raise Refused("bad_path", "a path has no zero byte")
        return await handler(request)

    def _check_host(self, request: web.Request) -> None:
        """Against DNS rebinding: a page of somebody's own name must not reach us by it. An address is no name."""
        host = request.headers.get(hdrs.HOST, "")
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            name = ""
        if name in self._names:
            return
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            raise Refused("bad_host", f"this machine is not {host[:100]!r}") from None

    def visitor(self, request: web.Request) -> Visitor | None:
        """Who asks; None: nobody who is known. Refused("not_signed_in") for a token that is none of ours, ("csrf")."""
        address = address_of(request)
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if given:
            kind, _, secret = given.partition(" ")
            found = self._accounts.by_token(secret.strip(), address) if kind.lower() == "bearer" else None
            if found is None:
                raise Refused("not_signed_in", "this token is not known, has ended, or was revoked")
            return found
        secret = request.cookies.get(COOKIE, "")
        visitor = self._accounts.by_cookie(secret, address) if secret else None
        if visitor is not None and request.method not in SAFE and \
                not same(request.headers.get(CSRF_HEADER, ""), visitor.csrf):
            raise Refused("csrf", f"the header {CSRF_HEADER} is missing, or is of another session")
        return visitor


def check_origin(request: web.Request) -> None:
    """What changes something, and what listens, must come from a page of ours, if from a page at all.

    Refused("bad_origin"). Only host and port are compared: before us may be a proxy that speaks TLS for us.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    if origin is None:
        if socket and COOKIE in request.cookies:
            raise Refused("bad_origin", "a browser says which page opens a socket")
        return
    if request.method in SAFE and not socket:
        return
    try:
        there = urlsplit(origin).netloc
    except ValueError:
        there = ""
    if not there or there.lower() != request.headers.get(hdrs.HOST, "").lower():
        raise Refused("bad_origin", f"a page of {origin[:100]!r} may not ask this")


def address_of(request: web.Request) -> str:
    return (request.remote or "").removeprefix("::ffff:")


def _as_ours(error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        return error
    code = STATUS_CODES.get(error.status, "malformed")
    words = {"not_found": "there is nothing here", "method_not_allowed": "this cannot be done with it",
             "too_long": "the body is too long"}.get(code, error.reason)
    answer = web.json_response(error_body(code, words), status=error.status)
    if hdrs.ALLOW in error.headers:
        answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return answer
