"""The PRI helper as a process: started, asked, watched, and buried when it dies. One for each span.

Two ways to wait for its answers, one protocol: the daemon never waits (`PipedHelper`); in virtual time each request is
a step that is over before the clock moves (`SteppedHelper`), so that the same seed gives the same journal.
"""

import asyncio
import os
import select
import subprocess
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ccappliance.base.clock import Clock
from ccappliance.signalling.pri_protocol import Answer, AnswerReader, Done, Malformed, Request, Tick, encode

PROGRAM = Path(__file__).parent / "_pri_helper"
ANSWER_WITHIN = 2.0  # seconds; an answer takes microseconds, so this helper hangs
MAX_PENDING = 10_000  # requests it has not answered yet: it will not catch up any more
CHUNK = 64 * 1024
REAP = 0.05  # seconds between looks at a killed process
MISSING = "the PRI helper is not built: install the package libpri-dev and run `make build`"


class Helper(ABC):
    """One helper process. `hear` gets every answer but Done, in order, never from inside `ask`; `died` is told once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, hear: Callable[[Answer], None],
                 died: Callable[[str], None], *, program: Path = PROGRAM) -> None:
        self._loop = loop
        self._clock = clock
        self._hear = hear
        self._died = died
        self._reader = AnswerReader()
        self._deadline: asyncio.TimerHandle | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                             process_group=0)  # Ctrl-C at a terminal is for the daemon alone
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            self._loop.call_soon(died, MISSING if missing else f"the PRI helper cannot be started: {error}")

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """0 when it is dead."""
        return self._process.pid if self._process is not None else 0

    @abstractmethod
    def ask(self, request: Request) -> None:
        """Requests are answered in order. Nothing happens if the helper is dead: `died` says so."""

    def close(self) -> None:
        """Let it go without a word."""
        if self._process is not None:
            self._bury(self._process)

    # ---- inside ----

    def _answered(self, data: bytes) -> int:
        """Tell these answers; how many requests they completed. Malformed."""
        done = 0
        for answer in self._reader.feed(data):
            if isinstance(answer, Done):
                done += 1
                self._wake_at(answer.deadline)
            elif self.alive:
                self._hear(answer)
        return done

    def _wake_at(self, deadline: int) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if deadline and self.alive:
            wait = max(0.0, deadline / 1e6 - self._clock.now())
            self._deadline = self._loop.call_later(wait, self.ask, Tick())

    def _fail(self, why: str) -> None:
        if self._process is not None:
            process = self._process
            self._bury(process)
            self._loop.call_soon(self._died, f"{why} ({_fate(process)})")

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        self._wake_at(0)
        self._leave()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._reap(process)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        """A killed process is gone in a moment; look again until it is."""
        if process.poll() is None and not self._loop.is_closed():
            self._loop.call_later(REAP, self._reap, process)

    @abstractmethod
    def _leave(self) -> None:
        """Its pipes are about to be closed."""


class SteppedHelper(Helper):
    """For virtual time: waits for each answer, which takes microseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, hear: Callable[[Answer], None],
                 died: Callable[[str], None], *, program: Path = PROGRAM) -> None:
        super().__init__(loop, clock, hear, died, program=program)
        self._waiting: deque[bytes] = deque()
        self._stepping = False

    def ask(self, request: Request) -> None:
        self._waiting.append(encode(request, self._clock.now()))
        if not self._stepping:
            self._stepping = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        try:
            while self._waiting and self._process is not None:
                self._one(self._process, self._waiting.popleft())
        finally:
            self._stepping = False

    def _one(self, process: subprocess.Popen[bytes], request: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request)
            done = 0
            while not done and self.alive:
                if not select.select([process.stdout], [], [], ANSWER_WITHIN)[0]:
                    return self._fail(f"the PRI helper gave no answer for {ANSWER_WITHIN:g} s")
                data = os.read(process.stdout.fileno(), CHUNK)
                if not data:
                    process.wait()
                    return self._fail("the PRI helper has died")
                done += self._answered(data)
        except OSError:
            process.wait()
            self._fail("the PRI helper has died")
        except Malformed as error:
            self._fail(f"the PRI helper is not ours: {error}")

    def _leave(self) -> None:
        self._waiting.clear()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()


class PipedHelper(Helper):
    """For the daemon: writes and reads what the pipes take and give, and never waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, hear: Callable[[Answer], None],
                 died: Callable[[str], None], *, program: Path = PROGRAM) -> None:
        super().__init__(loop, clock, hear, died, program=program)
        self._unwritten = b""
        self._pending: deque[float] = deque()  # when each was asked
        self._watchdog: asyncio.TimerHandle | None = None
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
            os.set_blocking(self._in, False)
            os.set_blocking(self._out, False)
            loop.add_reader(self._out, self._readable)

    def ask(self, request: Request) -> None:
        if not self.alive:
            return
        self._pending.append(self._clock.now())
        if self._watchdog is None:
            self._watchdog = self._loop.call_later(ANSWER_WITHIN, self._watch)
        if len(self._pending) > MAX_PENDING:
            self._loop.call_soon(self._fail, f"the PRI helper has {len(self._pending)} requests to answer")
        idle = not self._unwritten
        self._unwritten += encode(request, self._clock.now())
        if idle:
            self._loop.add_writer(self._in, self._writable)

    def _writable(self) -> None:
        try:
            self._unwritten = self._unwritten[os.write(self._in, self._unwritten):]
            if not self._unwritten:
                self._loop.remove_writer(self._in)
        except BlockingIOError:
            pass
        except OSError:
            self._fail("the PRI helper has died")

    def _readable(self) -> None:
        try:
            data = os.read(self._out, CHUNK)
            for _ in range(self._answered(data)):
                self._pending.popleft()
            if not data:
                self._fail("the PRI helper has died")
        except BlockingIOError:
            pass
        except OSError:
            self._fail("the PRI helper has died")
        except (Malformed, IndexError) as error:
            self._fail(f"the PRI helper is not ours: {error}")

    def _watch(self) -> None:
        self._watchdog = None
        if self._pending and self.alive:
            left = self._pending[0] + ANSWER_WITHIN - self._clock.now()
            if left <= 0:
                self._fail(f"the PRI helper gave no answer for {ANSWER_WITHIN:g} s")
            else:
                self._watchdog = self._loop.call_later(left, self._watch)

    def _leave(self) -> None:
        self._loop.remove_reader(self._out)
        self._loop.remove_writer(self._in)
        self._unwritten = b""
        if self._watchdog is not None:
            self._watchdog.cancel()


def _fate(process: subprocess.Popen[bytes]) -> str:
    code = process.poll()
    if code is None:
        return "killed"
    return f"signal {-code}" if code < 0 else f"exit status {code}"
