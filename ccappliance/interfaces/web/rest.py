"""Routes carried out: parameters checked, rights checked, the operation run, and accounted for."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from ccappliance.base.errors import CcError, Refused
from ccappliance.base.limits import MAX_WEB_ROWS
from ccappliance.call import facts
from ccappliance.interfaces.control.registry import Operation, Operations
from ccappliance.interfaces.web.access import Owned, Visitor, could_own, permit
from ccappliance.interfaces.web.errors import error_body
from ccappliance.interfaces.web.gate import Gate, address_of
from ccappliance.interfaces.web.openapi import PREFIX
from ccappliance.interfaces.web.params import params_of
from ccappliance.interfaces.web.route import STREAM, Route
from ccappliance.interfaces.web.sockets import Socket, Sockets

SECRET = frozenset({"password", "code", "old", "new", "secret"})  # parameters that no fact has
MAX_ABOUT = 200  # characters of a parameter in a fact
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    return _encode(value)


class Ask:
    """One request that was let in: what a handler of ours needs of it."""

    def __init__(self, request: web.Request, visitor: Visitor | None, gate: Gate) -> None:
        self.request = request
        self.visitor = visitor
        self.address = address_of(request)
        self._gate = gate

    async def begin(self, answer: web.StreamResponse) -> None:
        """Send an answer's head with the headers every answer has."""
        self._gate.dress(self.request, answer)
        await answer.prepare(self.request)

    @property
    def known(self) -> Visitor:
        """Refused("not_signed_in")."""
        if self.visitor is None:
            raise Refused("not_signed_in", "you are not signed in")
        return self.visitor


Special = Callable[..., Awaitable[web.StreamResponse]]  # (ask, **parameters)


class Rest:
    """Makes aiohttp routes of the table's."""

    def __init__(self, operations: Operations, gate: Gate, owned: Owned, write: Callable[[facts.Fact], object],
                 special: Mapping[str, tuple[Operation, Special]], alive: Callable[[Visitor], bool],
                 sockets: Sockets) -> None:
        """`special`: the door's own handlers by name. `alive`: may a visitor still be here? Streams ask it."""
        self._operations = operations
        self._gate = gate
        self._owned = owned
        self._write = write
        self._special = special
        self._alive = alive
        self._sockets = sockets

    def operation(self, route: Route) -> Operation:
        special = self._special.get(route.operation)
        return special[0] if special is not None else self._operations.find(route.operation)

    def add(self, app: web.Application, routes: tuple[Route, ...]) -> None:
        for route in routes:
            app.router.add_route("GET" if route.method == STREAM else route.method, PREFIX + route.path,
                                 self._handler(route))

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        operation = self.operation(route)

        async def handle(request: web.Request) -> web.StreamResponse:
            visitor = self._gate.visitor(request)
            if visitor is None and not route.open:
                raise Refused("not_signed_in", "you are not signed in")
            params: dict[str, Any] = {}
            try:
                early = visitor is not None and (route.own in route.places or not could_own(visitor, route))
                if visitor is not None and early and not route.open:
                    permit(visitor, route, request.match_info, self._owned)  # before the body is even looked at
                params = await params_of(request, route, operation)
                if visitor is not None and not route.open:
                    permit(visitor, route, params, self._owned)
                answer = await self._carry_out(request, route, operation, params, visitor)
            except CcError as error:
                self._account(route, params, visitor, request, getattr(error, "code", "error"))
                raise
            self._account(route, params, visitor, request, "ok")
            return answer
        return handle

    async def _carry_out(self, request: web.Request, route: Route, operation: Operation, params: dict[str, Any],
                         visitor: Visitor | None) -> web.StreamResponse:
        special = self._special.get(route.operation)
        if special is not None:
            return await special[1](Ask(request, visitor, self._gate), **params)
        by = visitor.by if visitor is not None else ""
        if route.method == STREAM:
            return await self._stream(request, operation, params, visitor)
        if operation.streams:
            return web.json_response(await self._rows(operation, params, by), dumps=to_json)
        return web.json_response(await self._operations.run(operation.name, params, by), dumps=to_json)

    async def _rows(self, operation: Operation, params: dict[str, Any], by: str) -> list[Any]:
        items = self._operations.stream(operation.name, params, by)
        found = []
        try:
            async for item in items:
                found.append(item)
                if len(found) > MAX_WEB_ROWS:
                    raise Refused("too_many", f"this has more than {MAX_WEB_ROWS} rows: ask for less")
        finally:
            if isinstance(items, AsyncGenerator):
                await items.aclose()
        return found

    async def _stream(self, request: web.Request, operation: Operation, params: dict[str, Any],
                      visitor: Visitor | None) -> web.StreamResponse:
        """Items as text messages; an error as {"error": …}, and the end. Slow: its source drops it ("too_slow")."""
        operation.arguments(params, "")

        async def send(socket: Socket) -> None:
            items = self._operations.stream(operation.name, params, visitor.by if visitor else "")
            try:
                async for item in items:
                    if visitor is not None and not self._alive(visitor):
                        raise Refused("not_signed_in", "you are signed out")
                    await socket.send(to_json({"item": item}))
            except Refused as refused:
                await socket.send(to_json(error_body(refused.code, str(refused))))
            finally:
                if isinstance(items, AsyncGenerator):
                    await items.aclose()

        return await self._sockets.serve(request, send)

    def _account(self, route: Route, params: Mapping[str, Any], visitor: Visitor | None, request: web.Request,
                 outcome: str) -> None:
        """Of what changes something, and of what must be accounted for: who, what, from where, and what came of it.

        Who is not known has his fact from the accounts (SignInRefused).
        """
        if visitor is not None and not route.open and (not route.safe or route.account):
            about = {name: str(value)[:MAX_ABOUT] for name, value in params.items()
                     if name not in SECRET and name not in route.fixed
                     and (name in route.places or not route.personal)}
            self._write(facts.WebAsked(visitor.by, visitor.address, route.operation, about, outcome))
