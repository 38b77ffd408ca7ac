"""The control socket's server: lets the right people in, answers requests, streams, and never trips over either."""

import asyncio
import contextlib
import functools
import logging
import os
import socket
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from ccappliance.base.errors import CcError, ConfigError, Refused
from ccappliance.base.limits import MAX_CONTROL_CLIENTS, MAX_CONTROL_LINE, MAX_CONTROL_REQUESTS
from ccappliance.interfaces.control import protocol
from ccappliance.interfaces.control.peers import Peer, allowed, group_number, peer_of
from ccappliance.interfaces.control.place import prepare
from ccappliance.interfaces.control.registry import Operation, Operations
from ccappliance.service.lock import LockFile

_BACKLOG = 16  # connections the kernel holds while we are busy with a tick's worth of decisions
_BACK_OFF = 1.0  # seconds until we try to accept again
_FAREWELL = 2.0  # seconds a client has to read why it is dropped


class ControlServer:
    """Listens on a Unix socket. `start` and `stop` once each; requests are carried out in the loop.

    A peer may come in if it is root, the daemon's own user, or a member of `group`. The name it acts under is
    "cli:<user>". At most MAX_CONTROL_CLIENTS come in, each with MAX_CONTROL_REQUESTS under way. A client that does not
    read holds up nobody but itself: its streams are dropped by their source when they are too far behind ("too_slow"),
    and it is dropped itself after `patience`. When a client goes, its streams end; its other requests are carried out.
    """

    def __init__(self, path: Path, operations: Operations, *, group: str = "", uid: int | None = None,
                 patience: float = 30.0) -> None:
        """`patience`: seconds a client may leave a full buffer unread before it is dropped."""
        self.path = path
        self._operations = operations
        self._group = group
        self._uid = os.getuid() if uid is None else uid
        self._patience = patience
        self._log = logging.getLogger("ccappliance.control")
        self._lock: LockFile | None = None
        self._listener: socket.socket | None = None
        self._clients: dict[int, asyncio.Task[None]] = {}  # every connection, from accept to its end
        self._count = 0

    async def start(self) -> None:
        """Refused("already_running") if a live daemon holds the socket; ("socket_path"), ("unsafe_directory"),
        ("no_such_group") if the socket cannot be made. A dead daemon's socket is replaced.
        """
        if self._group and group_number(self._group) is None:
            raise Refused("no_such_group", f"control.group: there is no Unix group {self._group!r}; make it with "
                                           f"`addgroup --system {self._group}`, or name another")
        prepare(self.path, self._uid)
        self._lock = LockFile(self.path.with_name(self.path.name + ".lock"), "a daemon with this control socket")
        try:
            self._listener = self._listen()
        except Refused:
            self._release()
            raise
        self._watch(self._listener)

    async def stop(self) -> None:
        """Send everybody away and remove the socket; harmless twice."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            await _ended(self._clients, cancel=True)
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _listen(self) -> socket.socket:
        """The lock is ours, so a socket that is there belongs to a dead daemon."""
        try:
            if stat.S_ISSOCK(self.path.lstat().st_mode):
                self.path.unlink()
            else:
                raise Refused("socket_path", f"{self.path} is not a socket: move it away, or name another "
                                             "with --socket")
        except FileNotFoundError:
            pass
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listener.bind(os.fspath(self.path))
            # Nobody can connect before listen(), so the mode is right from the first moment.
            number = group_number(self._group) if self._group else None
            os.chmod(self.path, 0o600 if number is None else 0o660)
            if number is not None:
                os.chown(self.path, -1, number)
        except OSError as error:
            listener.close()
            raise Refused("socket_path", f"{self.path} cannot be made: {error.strerror}; name another with --socket") \
                from error
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        return listener

    def _watch(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:  # not stopped meanwhile
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        """Not asyncio.Server: 3.11's leaks a connection that arrives in the moment it is closed."""
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # gone again
        except OSError as error:  # out of file descriptors (F48): the next second may be better
            self._log.warning("control client not accepted", extra={"fields": {"why": error.strerror}})
            loop.remove_reader(listener)
            loop.call_later(_BACK_OFF, self._watch, listener)
            return
        connection.setblocking(False)
        self._count += 1
        task = self._clients[self._count] = loop.create_task(self._come_in(connection))
        task.add_done_callback(functools.partial(self._went, self._count, connection))

    def _went(self, number: int, connection: socket.socket, task: "asyncio.Task[None]") -> None:
        del self._clients[number]
        connection.close()  # closed already, unless we were stopped before it was served
        if not task.cancelled() and task.exception() is not None:
            self._log.error("control client failed", exc_info=task.exception())

    async def _come_in(self, connection: socket.socket) -> None:
        refusal, peer = self._refusal(connection)
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=MAX_CONTROL_LINE)
        if peer is None:
            writer.write(refusal)
            await _farewell(writer)
        else:
            await _Client(self._operations, reader, writer, f"cli:{peer.name}", self._patience, self._log).serve()

    def _refusal(self, connection: socket.socket) -> tuple[bytes, Peer | None]:
        """Who came, or what he is told instead of being let in."""
        peer = peer_of(connection)
        if not allowed(peer, self._uid, self._group):
            self._log.warning("control client refused", extra={"fields": {"uid": peer.uid, "pid": peer.pid}})
            hint = f"join the group {self._group}" if self._group else "set control.group to a group of yours"
            return protocol.encode(protocol.error(None, "not_allowed", f"{peer.name} may not control the daemon: run "
                                                  f"as root, or {hint}")), None
        if len(self._clients) > MAX_CONTROL_CLIENTS:
            return protocol.encode(protocol.error(None, "too_many_clients", f"{MAX_CONTROL_CLIENTS} clients are "
                                                  "connected: close some (journal tail -f?)")), None
        return b"", peer


class _Client:
    """One connection: reads requests, and runs each as a task so that a stream does not hold up the next question."""

    def __init__(self, operations: Operations, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, by: str,
                 patience: float, log: logging.Logger) -> None:
        self._operations = operations
        self._reader = reader
        self._writer = writer
        self._by = by
        self._patience = patience
        self._log = log
        self._plain: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, asyncio.Task[None]] = {}
        self._count = 0

    async def serve(self) -> None:
        """Until the client goes; cancelled when the daemon stops."""
        try:
            await self._read()
            await _ended(self._streams, cancel=True)
            await _ended(self._plain)  # asked for before the client went (or closed its half): carried out
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client is gone, or we are told to stop
        finally:
            await _ended(self._streams, cancel=True)
            await _ended(self._plain, cancel=True)
            await _farewell(self._writer)

    async def _read(self) -> None:
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:  # longer than the reader's limit
                why = f"a request has at most {MAX_CONTROL_LINE} bytes"
                await self._send(protocol.error(None, "line_too_long", why))
                return
            if not line:
                return
            try:
                self._begin(protocol.decode(line))
            except protocol.Malformed as malformed:
                await self._send(protocol.error(malformed.id, "malformed", str(malformed)))
            except _NotBegun as refused:
                await self._send(protocol.error(refused.id, refused.code, str(refused)))

    def _begin(self, request: protocol.Request) -> None:
        if len(self._plain) + len(self._streams) >= MAX_CONTROL_REQUESTS:
            raise _NotBegun(request.id, "too_many_requests", f"{MAX_CONTROL_REQUESTS} requests are under way: wait")
        try:
            operation = self._operations.find(request.do)
        except Refused as refused:
            raise _NotBegun(request.id, refused.code, str(refused)) from None
        self._count += 1
        number, tasks = self._count, self._streams if operation.streams else self._plain
        task = tasks[number] = asyncio.get_running_loop().create_task(self._answer(operation, request))
        task.add_done_callback(lambda _: tasks.pop(number))

    async def _answer(self, operation: Operation, request: protocol.Request) -> None:
        """Carry out one request; whatever goes wrong becomes an answer, and a bug of ours a log record too."""
        try:
            if operation.streams:
                await self._stream(request)
                answer = protocol.done(request.id)
            else:
                answer = protocol.ok(request.id, await self._operations.run(request.do, request.params, self._by))
            await self._send(answer)
        except Refused as refused:
            await self._tell(protocol.error(request.id, refused.code, str(refused)))
        except ConfigError as wrong:
            await self._tell(protocol.error(request.id, "config", str(wrong)))
        except ConnectionError:
            pass  # nobody there to be told
        except Exception as bug:  # noqa: BLE001  the outer edge of an interface
            self._log.exception("control operation failed", extra={"fields": {"do": request.do, "by": self._by}})
            words = str(bug) if isinstance(bug, CcError) else f"{type(bug).__name__}; the daemon's log has the details"
            await self._tell(protocol.error(request.id, "internal", f"{request.do} failed: {words}"))

    async def _stream(self, request: protocol.Request) -> None:
        items = self._operations.stream(request.do, request.params, self._by)
        try:
            async for one in items:
                await self._send(protocol.item(request.id, one))
        finally:
            if isinstance(items, AsyncGenerator):
                await items.aclose()

    async def _send(self, answer: dict[str, Any]) -> None:
        """Write, and wait until the client has read enough: this is what holds up a request of a slow client."""
        try:
            line = protocol.encode(answer)
        except (ValueError, TypeError) as error:
            code = "too_long" if "longer than" in str(error) else "internal"
            line = protocol.encode(protocol.error(answer["id"], code, str(error)[:1000]))
            self._log.error("control answer cannot be sent", extra={"fields": {"by": self._by, "why": str(error)}})
        if self._writer.is_closing():
            raise ConnectionResetError("the client is gone")
        self._writer.write(line)
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.drain()
        except TimeoutError:
            self._log.warning("control client dropped: it does not read", extra={"fields": {"by": self._by}})
            self._writer.transport.abort()
            raise ConnectionResetError("the client does not read") from None

    async def _tell(self, answer: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            await self._send(answer)
        if answer["error"]["code"] == "too_slow":
            self._writer.close()
            asyncio.get_running_loop().call_later(_FAREWELL, self._writer.transport.abort)


class _NotBegun(CcError):
    """A request that is refused before it becomes a task."""

    def __init__(self, request_id: protocol.RequestId, code: str, why: str) -> None:
        self.id = request_id
        self.code = code
        super().__init__(why)


async def _ended(tasks: dict[int, "asyncio.Task[None]"], *, cancel: bool = False) -> None:
    waiting = list(tasks.values())
    for task in waiting:
        if cancel:
            task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def _farewell(writer: asyncio.StreamWriter) -> None:
    """Close, giving the client a moment to read what was said last."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), _FAREWELL)
    except (OSError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()
