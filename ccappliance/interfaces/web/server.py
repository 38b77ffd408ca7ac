"""The web door's server: everything of this room joined, on the daemon's own loop."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_WEB_BODY, MAX_WEB_HEADERS
from ccappliance.call import facts
from ccappliance.interfaces.control.registry import Operation, Operations, describe
from ccappliance.interfaces.web.access import Owned
from ccappliance.interfaces.web.account_operations import account_operations
from ccappliance.interfaces.web.accounts import Accounts
from ccappliance.interfaces.web.certificate import Certificate, made, own_names
from ccappliance.interfaces.web.door import Door
from ccappliance.interfaces.web.feed import FeedHub, Source
from ccappliance.interfaces.web.gate import Gate
from ccappliance.interfaces.web.kept_file import KeptFile
from ccappliance.interfaces.web.listener import Listener
from ccappliance.interfaces.web.openapi import document
from ccappliance.interfaces.web.pages import Pages
from ccappliance.interfaces.web.passwords import Passwords
from ccappliance.interfaces.web.peaks import Peaks
from ccappliance.interfaces.web.report_file import ReportFiles
from ccappliance.interfaces.web.rest import Rest
from ccappliance.interfaces.web.routes import ROUTES
from ccappliance.interfaces.web.secret import Draw
from ccappliance.interfaces.web.sessions import Sessions
from ccappliance.interfaces.web.settings import WebSettings
from ccappliance.interfaces.web.sockets import Sockets
from ccappliance.interfaces.web.sound import Sounds
from ccappliance.service.aside import Aside
from ccappliance.service.tasks import Supervisor

CARE = 60.0  # s between looks at sessions that have ended, and at a certificate that was exchanged
KEEP_ALIVE = 75.0  # s a connection may be without a request
PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Means:
    """What the web door needs of the house and of the machine."""

    clock: Clock
    aside: Aside  # its own: the house's is closed when the last call has ended, which consoles shall see
    write: Callable[[facts.Fact], object]
    operations: Operations
    owned: Owned
    source: Source
    sounds: Sounds
    draw: Draw  # os.urandom
    state: Path  # where accounts, sessions and certificate are kept
    site: Callable[[], str]
    version: str
    passwords: Passwords


class WebServer:
    """`start` until it succeeds, then `stop`. Its operations (users, tokens) are there from construction on."""

    def __init__(self, settings: WebSettings, means: Means) -> None:
        self.port = 0
        self.accounts = _accounts(settings, means)
        self._settings = settings
        self._means = means
        self._certificate: Certificate | None = None
        self._stamp: tuple[int, ...] = ()
        self._tasks = Supervisor("web")
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._sockets: Sockets | None = None
        self._log = logging.getLogger("ccappliance.web")
        account_operations(means.operations, self.accounts)
        means.operations.operation("web.certificate")(self._show_certificate)
        means.operations.operation("web.wallboard")(self._show_wallboard)
        means.operations.operation("web.openapi")(self._show_openapi)

    async def start(self) -> None:
        """Refused("damaged"), ("port_taken"), ("bad_certificate"), ("cannot_write")."""
        settings, means = self._settings, self._means
        self.accounts.load()
        names = await means.aside.do(lambda: own_names(settings.names))
        if settings.tls:
            self._certificate = await means.aside.do(lambda: self._find_certificate(names))
        listener = Listener(self._protocol, most=settings.connections, most_of_address=settings.connections_per_address)
        gate = Gate(self.accounts, means.clock, names, rate=settings.rate, tls=settings.tls, asked=listener.asked)
        self._sockets = sockets = Sockets(gate)
        hub = FeedHub(means.source, sockets, self.accounts.still)
        door = Door(self.accounts, means.site, means.version, self._openapi)
        special = _special(door, hub, means.sounds, ReportFiles(means.operations))
        self._rest = Rest(means.operations, gate, means.owned, means.write, special, self.accounts.still, sockets)
        app = web.Application(middlewares=[gate.middleware], client_max_size=MAX_WEB_BODY)
        self._rest.add(app, ROUTES)
        (await means.aside.do(lambda: Pages(PAGES))).add(app)
        # What the gate lets through it tells itself; what is no HTTP at all is nobody's fault here, and may come often.
        mute = logging.getLogger("ccappliance.web.http")
        mute.setLevel(logging.CRITICAL)
        self._runner = web.AppRunner(app, access_log=None, logger=mute, handle_signals=False,
                                     keepalive_timeout=KEEP_ALIVE, max_line_size=MAX_WEB_HEADERS,
                                     max_field_size=MAX_WEB_HEADERS)
        await self._runner.setup()
        try:
            if self._certificate is not None:
                self._use(self._certificate, listener)
            self.port = listener.start(settings.listen, settings.port)
        except Refused:
            await self._runner.cleanup()
            self._runner = None
            raise
        self._listener = listener
        hub.open()
        self._tasks.spawn(self._care(), "care")

    async def stop(self) -> None:
        """Send everybody away; harmless twice, and if it was never started."""
        await self._tasks.close()
        if self._listener is not None:
            await self._listener.stop()
        if self._sockets is not None:
            await self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            with contextlib.suppress(Refused):
                await self.accounts.sessions.save()
        self.accounts.close()
        self._means.aside.close()

    def look(self) -> None:
        """Read the certificate again if its files have changed; one that cannot be used leaves the old one in use."""
        if self._certificate is not None and self._listener is not None:
            try:
                if self._certificate.stamp() != self._stamp:
                    self._use(self._certificate, self._listener)
                    self._log.info("certificate read again")
            except Refused as refused:
                self._log.warning("certificate not read", extra={"fields": {"why": str(refused)}})

    @property
    def connections(self) -> int:
        """How many are open now."""
        return self._listener.connections if self._listener is not None else 0

    @property
    def address(self) -> str:
        """What a browser is told to open."""
        host = "localhost" if self._settings.loopback else self._settings.listen
        return f"{'https' if self._settings.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    # ---- inside ----

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._runner is None or self._runner.server is None:
            raise ConnectionAbortedError("the web door is closed")
        return self._runner.server()

    def _find_certificate(self, names: list[str]) -> Certificate:
        if self._settings.certificate:
            path = Path(self._settings.certificate)
            return Certificate(path, Path(self._settings.private_key) if self._settings.private_key else path)
        return made(self._means.state / "tls", names, self._means.clock.wall())

    def _use(self, certificate: Certificate, listener: Listener) -> None:
        self._stamp = certificate.stamp()
        listener.context = certificate.context()

    async def _care(self) -> None:
        while True:
            await asyncio.sleep(CARE)
            self.accounts.sessions.sweep()
            self.look()
            try:
                await self.accounts.sessions.save()
            except Refused as refused:
                self._log.warning("sessions not kept", extra={"fields": {"why": str(refused)}})

    def _openapi(self) -> dict[str, Any]:
        return document(ROUTES, {route.operation: self._rest.operation(route) for route in ROUTES}, self._means.version)

    async def _show_certificate(self) -> dict[str, str]:
        """The certificate of the web door, with the fingerprint that browsers show."""
        if self._certificate is None:
            raise Refused("no_tls", "the web door speaks no TLS, or is closed: see web.tls and web.enabled")
        certificate = self._certificate
        return await self._means.aside.do(lambda: {
            "path": str(certificate.path), "sha256": certificate.fingerprint(),
            "until": certificate.until().strftime("%Y-%m-%dT%H:%M:%SZ"), "address": self.address})

    async def _show_wallboard(self) -> dict[str, Any]:
        """From where on figures of the wallboard are marked."""
        return asdict(self._settings.wallboard)

    async def _show_openapi(self) -> dict[str, Any]:
        """The OpenAPI document of the web door."""
        return self._openapi()


def _accounts(settings: WebSettings, means: Means) -> Accounts:
    sessions = Sessions(KeptFile(means.state / "sessions.json", means.aside), means.clock, means.draw, means.write,
                        idle=settings.idle, longest=settings.longest)
    return Accounts(KeptFile(means.state / "accounts.json", means.aside), sessions, means.passwords, means.clock,
                    means.draw, means.write)


def _special(door: Door, hub: FeedHub, sounds: Sounds, files: ReportFiles
             ) -> Mapping[str, tuple[Operation, Callable[..., Awaitable[web.StreamResponse]]]]:
    """The door's own handlers by name."""
    handlers: dict[str, Callable[..., Awaitable[web.StreamResponse]]] = {
        "session.show": door.show, "session.begin": door.sign_in, "session.code": door.use_code,
        "session.end": door.sign_out, "session.password": door.change_password, "web.openapi": door.openapi,
        "feed": hub.feed, "recordings.sound": sounds.sound,
        "recordings.peaks": Peaks(sounds.open).peaks,
        "reports.file": files.file}
    return {name: (describe(name, handler, "ask"), handler) for name, handler in handlers.items()}
