"""Coming in and going out: the handlers that deal in cookies."""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web

from ccappliance.interfaces.web.access import SCOPES, Visitor
from ccappliance.interfaces.web.accounts import Accounts
from ccappliance.interfaces.web.answers import ConsoleSession
from ccappliance.interfaces.web.gate import COOKIE
from ccappliance.interfaces.web.rest import Ask, to_json
from ccappliance.interfaces.web.sessions import Session


class Door:
    """Sessions of browsers."""

    def __init__(self, accounts: Accounts, site: Callable[[], str], version: str, openapi: Callable[[], dict[str, Any]]
                 ) -> None:
        """`site`: the box's name."""
        self._accounts = accounts
        self._site = site
        self._version = version
        self._openapi = openapi

    async def show(self, ask: Ask) -> web.StreamResponse:
        """Who is signed in here; nobody, if nobody is."""
        return self._told(ask.visitor)

    async def sign_in(self, ask: Ask, user: str, password: str) -> web.StreamResponse:
        """Sign in with name and password; the session is in the cookie that comes back."""
        return self._let_in(ask, *await self._accounts.sign_in(user, password, ask.address))

    async def use_code(self, ask: Ask, code: str, user: str, password: str) -> web.StreamResponse:
        """Set a password with a one-time code, and sign in; the first code of all makes the first administrator."""
        return self._let_in(ask, *await self._accounts.use_code(code, user, password, ask.address))

    async def sign_out(self, ask: Ask) -> web.StreamResponse:
        """End this session."""
        if ask.known.session:
            await self._accounts.sign_out(ask.known.name, ask.known.session, "asked")
        answer = self._told(None)
        answer.headers[hdrs.SET_COOKIE] = _cookie("", "; Max-Age=0")
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def change_password(self, ask: Ask, old: str, new: str) -> web.StreamResponse:
        """Change one's own password; one's other sessions end."""
        await self._accounts.change_own(ask.known, old, new)
        return self._told(ask.visitor)

    async def openapi(self, ask: Ask) -> web.StreamResponse:
        """This document."""
        return web.json_response(self._openapi(), dumps=to_json)

    def _let_in(self, ask: Ask, session: Session, secret: str) -> web.StreamResponse:
        answer = self._told(self._accounts.visitor(session, ask.address))
        answer.headers[hdrs.SET_COOKIE] = _cookie(secret)
        return answer

    def _told(self, visitor: Visitor | None) -> web.Response:
        told: ConsoleSession = {
            "user": visitor.name if visitor else "", "role": visitor.role if visitor else "",
            "agent": visitor.agent if visitor else "",
            "scopes": [scope for scope in SCOPES if visitor and scope in visitor.scopes],
            "csrf": visitor.csrf if visitor else "", "site": self._site(), "version": self._version,
            "needs_setup": self._accounts.needs_setup}
        return web.json_response(told, dumps=to_json)


def _cookie(secret: str, more: str = "") -> str:
    """Not kept by a browser that is closed; never sent with requests of other sites' pages."""
    return f"{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict{more}"
