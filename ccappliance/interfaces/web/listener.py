"""The web door's listener: takes connections, a bounded number of them, and gives each to the HTTP server."""

import asyncio
import functools
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import cast

from ccappliance.base.errors import Refused

_BACKLOG = 128
_AT_ONCE = 16  # taken in one turn of the loop: a flood leaves the loop to the calls in between
_BACK_OFF = 1.0  # s until we try to accept again when the machine has no file descriptors left (F48)
HANDSHAKE = 10.0  # s of TLS; a client that is slower is closed
FIRST_REQUEST = 15.0  # s from the connection to a whole first request's head (slow loris); later ones: HTTP keep-alive
Factory = Callable[[], asyncio.BaseProtocol]


class Listener:
    """Not asyncio.Server: it knows no limits, neither in all nor by address, and cannot exchange its certificate."""

    def __init__(self, factory: Factory, *, most: int, most_of_address: int) -> None:
        self.refused = 0  # connections closed because there were too many
        self.context: ssl.SSLContext | None = None  # for connections to come; None: no TLS
        self._factory = factory
        self._most = most
        self._most_of_address = most_of_address
        self._socket: socket.socket | None = None
        self._open: dict[int, tuple[str, asyncio.BaseTransport | None]] = {}
        self._of_address: Counter[str] = Counter()
        self._numbers: dict[int, int] = {}  # id of an open transport → its number
        self._asked: set[int] = set()  # those that have sent a whole request
        self._number = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._log = logging.getLogger("ccappliance.web")

    def start(self, address: str, port: int) -> int:
        """The port. Refused("port_taken"), ("bad_address")."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise Refused("port_taken", f"the web door cannot listen at {address}, port {port}: {error.strerror}; set "
                                        "web.listen and web.port") from error
        listener.setblocking(False)
        self._socket = listener
        self._watch()
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """No new connections; those there are stay the HTTP server's to close."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    @property
    def connections(self) -> int:
        return len(self._open)

    def asked(self, transport: asyncio.BaseTransport | None) -> None:
        """A request's head has come whole on this connection."""
        number = self._numbers.get(id(transport))
        if number is not None:
            self._asked.add(number)

    def _watch(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)

    def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                connection, where = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                self._log.warning("web client not accepted", extra={"fields": {"why": error.strerror}})
                loop.remove_reader(listener)
                loop.call_later(_BACK_OFF, self._watch)
                return
            address = str(where[0])
            if len(self._open) >= self._most or self._of_address[address] >= self._most_of_address:
                self.refused += 1
                connection.close()
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._number += 1
            number = self._number
            self._open[number] = (address, None)
            self._of_address[address] += 1
            task = self._tasks[number] = loop.create_task(self._come_in(number, connection))
            task.add_done_callback(functools.partial(self._came, number))

    async def _come_in(self, number: int, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        watched = functools.partial(_Watched, self._factory, functools.partial(self._gone, number))
        try:
            transport, _ = await loop.connect_accepted_socket(
                watched, connection, ssl=self.context,
                ssl_handshake_timeout=HANDSHAKE if self.context is not None else None)
        except (OSError, ssl.SSLError, TimeoutError, asyncio.CancelledError):
            connection.close()
            self._gone(number)
            return
        if number in self._open:
            self._open[number] = (self._open[number][0], transport)
            self._numbers[id(transport)] = number
            loop.call_later(FIRST_REQUEST, self._judge, number)

    def _came(self, number: int, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(number, None)
        if not task.cancelled() and task.exception() is not None:
            self._log.error("web connection failed", exc_info=task.exception())

    def _judge(self, number: int) -> None:
        _, transport = self._open.get(number, ("", None))
        if isinstance(transport, asyncio.Transport) and number not in self._asked:
            transport.abort()

    def _gone(self, number: int) -> None:
        self._asked.discard(number)
        address, transport = self._open.pop(number, ("", None))
        self._numbers.pop(id(transport), None)
        if address:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]


class _Watched(asyncio.Protocol):
    """A connection of the HTTP server, whose end is told."""

    def __init__(self, factory: Factory, gone: Callable[[], None]) -> None:
        self._inner = cast(asyncio.Protocol, factory())
        self._gone = gone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self._inner.connection_lost(exc)
        finally:
            self._gone()

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
