"""AMI's server: listens, lets so many in, and tells every session what happens in the house."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping

from ccappliance.base.clock import Outside
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_AMI_CLIENTS, MAX_AMI_STRANGERS
from ccappliance.interfaces.ami.action import Action
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.guard import Guard
from ccappliance.interfaces.ami.messages import Event
from ccappliance.interfaces.ami.session import Lobby, Session
from ccappliance.interfaces.ami.settings import AmiSettings
from ccappliance.interfaces.ami.wire import message

log = logging.getLogger("ccappliance.ami")


class AmiServer:
    """`start` and `stop` once each. `settings()` are asked for at each login: a reload's users count at once."""

    def __init__(self, settings: Callable[[], AmiSettings], desk: Desk, actions: Mapping[str, Action], outside: Outside,
                 uptime: Callable[[], float]) -> None:
        self._settings = settings
        self._sessions: dict[Session, None] = {}
        self._server: asyncio.AbstractServer | None = None
        self._lobby = Lobby(settings, desk, actions, Guard(outside.clock.now), outside, uptime, self.tell,
                            lambda session: self._sessions.pop(session, None) and None)
        self.port = 0

    async def start(self) -> None:
        """Refused("ami_port") if it can't listen, ("ami_certificate"); does nothing if AMI is not enabled."""
        settings = self._settings()
        if not settings.enabled:
            return
        context = _tls(settings) if settings.certificate else None
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: Session(self._lobby, self._admit), settings.listen, settings.port,
                                              ssl=context)
        except OSError as error:
            raise Refused("ami_port", f"ami: {settings.listen}:{settings.port} can't be listened on "
                                      f"({error.strerror}): name another ami.port, or write "
                                      "ami.enabled: false") from error
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        log.info("AMI listens", extra={"fields": {"address": settings.listen, "port": self.port}})

    async def stop(self) -> None:
        """Send everybody away; harmless twice."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for session in list(self._sessions):
            session.close()
        await asyncio.sleep(0)

    def tell(self, event: Event) -> None:
        """To every session that wants it and may have it; encoded once."""
        if self._sessions:
            said = message(event.all_fields())
            for session in list(self._sessions):
                session.tell(event, said)

    def _admit(self, session: Session) -> bool:
        strangers = sum(not one.name for one in self._sessions)
        if len(self._sessions) >= MAX_AMI_CLIENTS or strangers >= MAX_AMI_STRANGERS:
            log.warning("AMI client not let in: too many", extra={"fields": {"address": session.address}})
            return False
        self._sessions[session] = None
        return True


def _tls(settings: AmiSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate, settings.private_key or None)
    except (OSError, ssl.SSLError) as error:
        raise Refused("ami_certificate", f"ami.certificate: {settings.certificate} can't be used: {error}") from error
    return context
