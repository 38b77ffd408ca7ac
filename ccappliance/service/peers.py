"""Programs that talk in lines: a child process on its standard input and output, or a server at the end of a socket.

The border between a protocol of lines (AGI) and the machine; a story has peers of its own (sim/outsiders.py).
"""

import asyncio
import contextlib
import logging
import os
import signal
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ccappliance.base.errors import LineFault
from ccappliance.base.limits import MAX_SCRIPT_LINE, MAX_SCRIPT_LOG

PATIENCE = 1.0  # s a program that has been told to end may take before it is killed
CHUNK = 4096
SHOWN = 500  # characters of one line of standard error that are logged

log = logging.getLogger("ccappliance.peers")


class PeerFault(LineFault):
    """The program can't be begun, or says what is no line."""


class Peer(ABC):
    """A program at the other end of lines of UTF-8."""

    @abstractmethod
    async def read(self) -> str | None:
        """Its next line, without the end of line; None when it has nothing more to say. PeerFault."""

    @abstractmethod
    async def write(self, text: str) -> None:
        """Send it lines; waits while it does not read them. Nothing happens if it has gone."""

    @abstractmethod
    def hang_up(self) -> None:
        """Tell it that the call is over. Returns at once."""

    @abstractmethod
    async def close(self) -> str:
        """End it; what went wrong with it, for people, or ""."""


class Peers(Protocol):
    """Who begins them."""

    async def start(self, program: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Peer:
        """Run a program in a process group of its own. PeerFault."""
        ...

    async def connect(self, host: str, port: int) -> Peer:
        """PeerFault. May take as long as the network; cancelled, it lets go."""
        ...


class NoPeers:
    """Where no program can be run."""

    async def start(self, program: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Peer:
        raise PeerFault(f"{program} cannot be run here")

    async def connect(self, host: str, port: int) -> Peer:
        raise PeerFault(f"{host}:{port} cannot be reached from here")


class MachinePeers:
    """Programs of this machine, and servers of its network."""

    async def start(self, program: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Peer:
        try:
            process = await asyncio.create_subprocess_exec(
                program, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, env=dict(environment), cwd="/", start_new_session=True,
                limit=MAX_SCRIPT_LINE)
        except (OSError, ValueError) as error:
            raise PeerFault(f"{program} can't be run: {getattr(error, 'strerror', None) or error}") from error
        return _Child(process, program.name)

    async def connect(self, host: str, port: int) -> Peer:
        try:
            return _Socket(*await asyncio.open_connection(host, port, limit=MAX_SCRIPT_LINE))
        except OSError as error:
            raise PeerFault(f"{host}:{port} can't be reached: {error.strerror or error}") from error


class _Lines(Peer):
    """What both kinds have in common: two streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> str | None:
        try:
            line = await self._reader.readline()
        except ValueError:
            raise PeerFault(f"a line is longer than {MAX_SCRIPT_LINE} bytes") from None
        except OSError:
            return None
        return line.decode("utf-8", "replace").rstrip("\r\n") if line else None

    async def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._writer.write(text.encode("utf-8", "replace"))
            await self._writer.drain()


class _Socket(_Lines):
    """A server: it is told of the end of the call by the line HANGUP."""

    def hang_up(self) -> None:
        if not self._writer.is_closing():
            self._writer.write(b"HANGUP\n")

    async def close(self) -> str:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._writer.wait_closed()
        return ""


class _Child(_Lines):
    """A program: it is told of the end of the call by SIGHUP. Its standard error goes to the log, level debug."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        super().__init__(process.stdout, process.stdin)
        self._process = process
        self._name = name
        self._last: deque[str] = deque(maxlen=1)
        self._told = 0
        self._listening = asyncio.get_running_loop().create_task(self._listen(), name=f"stderr of {name}")

    def hang_up(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)

    async def close(self) -> str:
        """It has closed its standard output, or is to end now: it gets a moment, and then its whole group is killed."""
        self._writer.close()
        draining = asyncio.get_running_loop().create_task(self._drain(), name=f"the rest of {self._name}")
        try:
            status = await self._status()
            killed = status is None
        finally:
            # Whether or not we were waited for: nothing of it stays behind, its own children neither.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if killed:
            status = await self._status()
        await asyncio.wait([draining, self._listening], timeout=PATIENCE)
        draining.cancel()
        self._listening.cancel()
        last = f": {self._last[0]}" if self._last else ""
        if killed or status is None:
            return f"it did not end and was killed{last}"
        if status < 0:
            return f"killed by {signal.Signals(-status).name}{last}"
        return f"exit status {status}{last}" if status else ""

    async def _status(self) -> int | None:
        """How it ended; None if it runs after PATIENCE. Some versions of Python wait for its pipes as well, which
        another process may hold: what counts is what is known by then.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        return self._process.returncode

    async def _drain(self) -> None:
        """What it still says goes nowhere; unread, it would keep the pipe open, and us waiting."""
        with contextlib.suppress(OSError):
            while await self._reader.read(CHUNK):
                pass

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        rest = b""
        while data := await self._process.stderr.read(CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-CHUNK:]
            for line in lines:
                self._log(line)
        self._log(rest)

    def _log(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()[:SHOWN]
        if text:
            self._last.append(text)
            self._told += 1
            if self._told <= MAX_SCRIPT_LOG:
                log.debug("a script says", extra={"fields": {"script": self._name, "text": text}})
