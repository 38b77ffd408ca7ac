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
Sender = Callable[["Socket"], Awaitable[None]]


class Socket:
    """One of them, for its sender."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self.ending = False
        self._socket = socket
        self._transport = transport

    async def send(self, text: str) -> None:
        """Waits while the client reads slowly. ConnectionError when he is gone."""
        await self._socket.send_str(text)

    async def close(self, code: int, why: str) -> None:
        """Say why, and end; a client who does not listen is cut off."""
        self.ending = True
        cut = asyncio.get_running_loop().call_later(FAREWELL, self.abort)
        try:
            with contextlib.suppress(ConnectionError, RuntimeError):  # aiohttp's words for: it is closed already
                await self._socket.close(code=code, message=why.encode()[:120])
        finally:
            cut.cancel()

    def abort(self) -> None:
        """Cut him off: a sender that waits for him goes on with a ConnectionError."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()


class Closing(Exception):
    """A sender's wish to end its socket with this code (RFC 6455 §7.4.2: 4000 to 4999 are ours)."""

    def __init__(self, code: int, why: str) -> None:
        self.code = code
        super().__init__(why)


class Sockets:
    """All that are open."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: dict[int, Socket] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, request: web.Request, send: Sender) -> web.WebSocketResponse:
        """Until the client goes, `send` ends, or the daemon stops. Refused("too_many_clients"), ("bad_type")."""
        if len(self._open) >= MAX_FEEDS:
            raise Refused("too_many_clients", f"{MAX_FEEDS} sockets are open: close some")
        answer = web.WebSocketResponse(heartbeat=PING, compress=False, max_msg_size=MAX_MESSAGE)
        if not answer.can_prepare(request).ok:
            raise Refused("bad_parameters", "this is a WebSocket: ask for it with `Upgrade: websocket`")
        self._gate.dress(request, answer)
        await answer.prepare(request)
        self._count += 1
        number, socket = self._count, Socket(answer, request.transport)
        self._open[number] = socket
        sending = asyncio.get_running_loop().create_task(self._send(socket, send), name="web socket")
        try:
            async for _ in answer:
                pass  # pings are answered, and the end is heard; what he says besides means nothing
        finally:
            self._open.pop(number, None)
            if not socket.ending:
                sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return answer

    async def close(self) -> None:
        """The daemon stops: everybody is told to come again."""
        await asyncio.gather(*(socket.close(WSCloseCode.GOING_AWAY, "the daemon stops")
                               for socket in list(self._open.values())))

    async def _send(self, socket: Socket, send: Sender) -> None:
        code, why = int(WSCloseCode.OK), ""
        try:
            await send(socket)
        except Closing as closing:
            code, why = closing.code, str(closing)
        except (ConnectionError, RuntimeError):  # aiohttp's words for: it is closed already
            return
        await socket.close(code, why)
