"""WebSockets of the door: a sender beside a reader, pings, a bounded number, and a clean end when the daemon stops."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, web

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_FEEDS
from ccappliance.interfaces.web.gate import Gate

PING = 20.0  # s between pings; one that is not answered in half of it ends the socket. Proxies cut after 60
MAX_MESSAGE = 4096  # bytes a client may send at once: it has nothing to say
FAREWELL = 2.0  # s a client has to read why it is sent away
Sender = Callable[[web.WebSocketResponse], Awaitable[None]]


class Closing(Exception):
    """A sender's wish to end its socket with this code (RFC 6455 §7.4.2: 4000 to 4999 are ours)."""

    def __init__(self, code: int, why: str) -> None:
        self.code = code
        super().__init__(why)


class Sockets:
    """All that are open."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: dict[int, web.WebSocketResponse] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, request: web.Request, send: Sender) -> web.WebSocketResponse:
        """Until the client goes, `send` ends, or the daemon stops. Refused("too_many_clients"), ("bad_type")."""
        if len(self._open) >= MAX_FEEDS:
            raise Refused("too_many_clients", f"{MAX_FEEDS} sockets are open: close some")
        socket = web.WebSocketResponse(heartbeat=PING, compress=False, max_msg_size=MAX_MESSAGE, timeout=FAREWELL)
        if not socket.can_prepare(request).ok:
            raise Refused("bad_parameters", "this is a WebSocket: ask for it with `Upgrade: websocket`")
        self._gate.dress(request, socket)
        await socket.prepare(request)
        self._count += 1
        number = self._count
        self._open[number] = socket
        sending = asyncio.get_running_loop().create_task(self._send(socket, send), name="web socket")
        try:
            async for _ in socket:
                pass  # pings are answered, and the end is heard; what he says besides means nothing
        finally:
            self._open.pop(number, None)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """The daemon stops: everybody is told to come again."""
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY, message=b"the daemon stops")
                               for socket in list(self._open.values())), return_exceptions=True)

    async def _send(self, socket: web.WebSocketResponse, send: Sender) -> None:
        code, why = int(WSCloseCode.OK), ""
        try:
            await send(socket)
        except Closing as closing:
            code, why = closing.code, str(closing)
        except (ConnectionError, RuntimeError):  # aiohttp's words for: it is closed already
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            await socket.close(code=code, message=why.encode()[:120])
