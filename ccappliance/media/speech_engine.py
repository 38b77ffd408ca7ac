"""A recogniser's engine as a process: started, asked one thing at a time, and started anew when it dies or hangs.

Two ways to wait for its answers, one protocol (media/speech_protocol.py): the daemon never waits (`PipedEngine`); in
virtual time an answer is there before the clock moves (`SteppedEngine`), so that the same seed gives the same journal.
"""

import asyncio
import os
import select
import subprocess
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccappliance.base.units import RATE
from ccappliance.media.speech_protocol import (
    MAX_LINE,
    Answer,
    Malformed,
    Ready,
    encode_ask,
    encode_dictation,
    parse_answer,
)

ANSWER_WITHIN = 2.0  # s; an utterance of 2 s takes pocketsphinx 0.1 s; who waits longer takes the line for dead
DICTATE_WITHIN = 120.0  # s for 15 s of dictation: nobody waits at the line, but a hung engine must not hang for ever
READY_WITHIN = 30.0  # s; a dictionary of 130,000 words takes half a second to load, a slow disk some more
AGAIN = (1.0, 5.0, 30.0, 60.0)  # s until it is started anew, after so many deaths without an answer between
MAX_WAITING = 50  # utterances for one engine; one more fails at once: it would not be answered in time anyhow
CHUNK = 64 * 1024
REAP = 0.05  # s between looks at a killed process


@dataclass(eq=False)
class Question:
    """One utterance, and who wants to know. `phrases` as they are written; `pcm` 8 kHz mono."""

    phrases: tuple[str, ...]
    pcm: bytes
    tell: Callable[[Answer], None]  # once, never from inside `ask`; error: it failed
    dictate: bool = False  # free text is asked for, and there are no phrases

    @property
    def within(self) -> float:
        """Seconds in which it must be answered."""
        return DICTATE_WITHIN if self.dictate else ANSWER_WITHIN

    def encoded(self, number: int) -> bytes:
        return encode_dictation(number, self.pcm) if self.dictate else encode_ask(number, self.phrases, self.pcm)

    def answered(self, line: bytes) -> Ready | Answer:
        """Malformed."""
        return parse_answer(line, len(self.phrases), len(self.pcm) / 2 / RATE if self.dictate else None)


class Engine(ABC):
    """One engine process for one language. `say(words)` is told when it dies, and with "" when it is well again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, command: Sequence[str], say: Callable[[str], None]) -> None:
        self.ready = False
        self.name = ""  # what the engine calls itself
        self._loop = loop
        self._command = list(command)
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: deque[Question] = deque()
        self._asked: Question | None = None  # the one in hand
        self._number = 0
        self._read = b""
        self._deaths = 0  # since its last answer
        self._timer: asyncio.TimerHandle | None = None  # until it must have answered, or is started anew
        self._closed = False

    @property
    def pid(self) -> int:
        """0 when none runs."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Begin to load the model."""
        if self._closed or self._process is not None:
            return
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                             process_group=0)  # Ctrl-C at a terminal is for the daemon alone
        except OSError as error:
            self._dead(f"'{self._command[0]}' cannot be started: {error.strerror}")
            return
        self._expect(READY_WITHIN)
        self._begin(self._process)

    def ask(self, question: Question) -> None:
        """Have it answered, after those asked before."""
        if self._closed or self._process is None or len(self._waiting) >= MAX_WAITING:
            why = "too many speak at once" if self._process is not None else "the engine does not run"
            self._loop.call_soon(question.tell, Answer(0, error=why))
            return
        self._waiting.append(question)
        self._loop.call_soon(self._next)

    def forget(self, question: Question) -> None:
        """Nobody wants to know any more."""
        if question in self._waiting:
            self._waiting.remove(question)

    def close(self) -> None:
        """Let it go without a word."""
        self._closed = True
        self._waiting.clear()
        self._asked = None
        self._expect(None)
        self._bury()

    # ---- inside ----

    def _next(self) -> None:
        if self.ready and self._asked is None and self._waiting and self._process is not None:
            self._asked = question = self._waiting.popleft()
            self._number += 1
            self._expect(question.within)
            self._send(question.encoded(self._number))

    def _expect(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(
            seconds, self._dead, f"the speech engine gave no answer for {seconds:g} s")

    def _heard(self, data: bytes) -> None:
        """So much came from it; b"": it has ended."""
        if not data:
            self._dead("the speech engine has died")
            return
        self._read += data
        try:
            while b"\n" in self._read and self._process is not None:
                line, _, self._read = self._read.partition(b"\n")
                self._line(line)
            if len(self._read) > MAX_LINE:
                raise Malformed(f"a line of more than {MAX_LINE} bytes")
        except Malformed as error:
            self._dead(f"the speech engine does not speak the protocol: {error}")

    def _line(self, line: bytes) -> None:
        told = self._asked.answered(line) if self._asked else parse_answer(line, 0)
        if isinstance(told, Ready):
            if self.ready:
                raise Malformed("it is ready twice")
            self.ready, self.name = True, told.engine
            self._expect(None)
            self._say("")
        elif self._asked is None or told.id != self._number:
            raise Malformed(f"an answer to {told.id}, which was not asked")
        else:
            question, self._asked = self._asked, None
            self._deaths = 0
            self._expect(None)
            self._loop.call_soon(question.tell, told)
        self._loop.call_soon(self._next)

    def _dead(self, why: str) -> None:
        """It has died, or is killed now: what it had in hand has failed, and it is started anew after a while."""
        fate = self._bury()
        self._expect(None)
        if self._asked is not None:
            self._loop.call_soon(self._asked.tell, Answer(0, error=why))
            self._asked = None
        wait = AGAIN[min(self._deaths, len(AGAIN) - 1)]
        self._deaths += 1
        if wait > ANSWER_WITHIN:  # who waits now will not be answered in time
            while self._waiting:
                self._loop.call_soon(self._waiting.popleft().tell, Answer(0, error=why))
        self._timer = self._loop.call_later(wait, self.start)
        self._say(f"{why}{fate}; it is started again in {wait:g} s")

    def _bury(self) -> str:
        """End the process; how it ended."""
        process, self._process = self._process, None
        self.ready, self._read = False, b""
        if process is None:
            return ""
        code = process.poll()
        self._leave(process)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._reap(process)
        return "" if code is None else f" (signal {-code})" if code < 0 else f" (exit status {code})"

    def _reap(self, process: "subprocess.Popen[bytes]") -> None:
        """A killed process is gone in a moment; look again until it is."""
        if process.poll() is None and not self._loop.is_closed():
            self._loop.call_later(REAP, self._reap, process)

    @abstractmethod
    def _begin(self, process: "subprocess.Popen[bytes]") -> None:
        """It was started."""

    @abstractmethod
    def _send(self, data: bytes) -> None:
        """Write to it."""

    @abstractmethod
    def _leave(self, process: "subprocess.Popen[bytes]") -> None:
        """Its pipes are about to be closed."""


class PipedEngine(Engine):
    """For the daemon: writes and reads what the pipes take and give, and never waits."""

    _unwritten = b""

    def _begin(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._loop.add_reader(self._out, self._readable)

    def _send(self, data: bytes) -> None:
        self._unwritten = data  # one question at a time: nothing is unwritten of another
        self._loop.add_writer(self._in, self._writable)

    def _writable(self) -> None:
        try:
            self._unwritten = self._unwritten[os.write(self._in, self._unwritten):]
            if not self._unwritten:
                self._loop.remove_writer(self._in)
        except BlockingIOError:
            pass
        except OSError:
            self._dead("the speech engine has died")

    def _readable(self) -> None:
        try:
            self._heard(os.read(self._out, CHUNK))
        except BlockingIOError:
            pass
        except OSError:
            self._dead("the speech engine has died")

    def _leave(self, process: "subprocess.Popen[bytes]") -> None:
        self._loop.remove_reader(self._out)
        self._loop.remove_writer(self._in)
        self._unwritten = b""


class SteppedEngine(Engine):
    """For virtual time: waits for each answer, in real time and within the same bounds."""

    def _begin(self, process: "subprocess.Popen[bytes]") -> None:
        self._await(process, READY_WITHIN)

    def _send(self, data: bytes) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        writer = process.stdin.fileno()
        os.set_blocking(writer, False)
        try:
            while data:
                if not select.select([], [writer], [], ANSWER_WITHIN)[1]:
                    self._dead(f"the speech engine took nothing for {ANSWER_WITHIN:g} s")
                    return
                data = data[os.write(writer, data):]
        except OSError:
            self._dead("the speech engine has died")
            return
        self._await(process, self._asked.within if self._asked is not None else ANSWER_WITHIN)

    def _await(self, process: "subprocess.Popen[bytes]", within: float) -> None:
        """Until it is ready and nothing is asked, or it is dead."""
        assert process.stdout is not None
        while self._process is process and (self._asked is not None or not self.ready):
            if not select.select([process.stdout], [], [], within)[0]:
                self._dead(f"the speech engine gave no answer for {within:g} s")
                return
            self._heard(os.read(process.stdout.fileno(), CHUNK))

    def _leave(self, process: "subprocess.Popen[bytes]") -> None:
        pass

    def _reap(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
