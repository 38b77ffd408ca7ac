"""Logging: facts with fields, written by a thread of its own, to journald or to standard error.

    log = logging.getLogger("ccappliance.call")
    log.info("leg cleared", extra={"fields": {"call": "1700000000.000001", "cause": 16}})

gives `12:00:01.123 leg cleared call=1700000000.000001 cause=16`, or in journald the fields CC_CALL and CC_CAUSE.
"""

import json
import logging
import logging.handlers
import os
import queue
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TextIO

try:
    from systemd.journal import send as _journal_send
except ImportError:  # python3-systemd is optional
    _journal_send = None

from ccappliance.base.clock import Clock
from ccappliance.base.limits import MAX_LOG_QUEUE

_SYSLOG = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
_BARE = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_HARMFUL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class JournalSender(Protocol):
    """systemd.journal.send"""

    def __call__(self, MESSAGE: str, **fields: Any) -> object: ...  # noqa: N803  its name there


class Logs:
    """The logging of the process, from construction to `close`. Nobody who logs waits for a disk or a terminal."""

    def __init__(self, clock: Clock, level: int = logging.INFO, *, stream: TextIO | None = None,
                 environ: Mapping[str, str] = os.environ, roots: Sequence[str] = ("ccappliance", "asyncio")) -> None:
        """Journald if our standard error is connected to it (JOURNAL_STREAM), else lines on `stream` (standard error).

        `roots`: the loggers at and below which everything is ours.
        """
        sender = None if stream is not None else _journal_send
        if sender is not None and _is_journal(environ.get("JOURNAL_STREAM", "")):
            target: logging.Handler = JournaldHandler(sender)
        else:
            target = logging.StreamHandler(stream or sys.stderr)
            target.setFormatter(LineFormatter())
        self._inlet = _Inlet(clock)
        self._outlet = _Outlet(self._inlet.queue, target)
        self._former: list[tuple[logging.Logger, int, bool]] = []
        for root in roots:
            logger = logging.getLogger(root)
            self._former.append((logger, logger.level, logger.propagate))
            logger.setLevel(level)
            logger.propagate = False
            logger.addHandler(self._inlet)
        self._outlet.start()

    @property
    def dropped(self) -> int:
        """Records that found the queue full."""
        return self._inlet.dropped

    def close(self) -> None:
        """Write what is queued; later records go nowhere. Harmless twice."""
        if not self._former:
            return
        for logger, level, propagate in self._former:
            logger.removeHandler(self._inlet)
            logger.setLevel(level)
            logger.propagate = propagate
        self._former = []
        self._outlet.stop()


class _Inlet(logging.handlers.QueueHandler):
    """Stamps and finishes a record in the thread that logs, then queues it."""

    def __init__(self, clock: Clock) -> None:
        self.queue: queue.Queue[Any] = queue.Queue(MAX_LOG_QUEUE)
        super().__init__(self.queue)
        self.dropped = 0
        self._clock = clock

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.at = self._clock.wall()
        record.trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        record.msg, record.args = record.getMessage(), None
        record.exc_info = record.exc_text = record.stack_info = None
        # the fields are written down now: whoever logged them may change them a moment later
        record.fields = {name: _text(value) for name, value in getattr(record, "fields", {}).items()}
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class _Outlet(logging.handlers.QueueListener):
    """The thread that writes."""

    def __init__(self, records: "queue.Queue[Any]", target: logging.Handler) -> None:
        super().__init__(records, target)
        self._records = records

    def enqueue_sentinel(self) -> None:
        """The end mark waits for room: the inherited one would fail on a full queue."""
        self._records.put(None)


class LineFormatter(logging.Formatter):
    """`12:00:01.123 fact key=value`, local time; warnings and worse say so; a trace follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        at: datetime = record.at  # type: ignore[attr-defined]
        level = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
        fields = "".join(f" {name}={_quoted(value)}" for name, value in _fields(record).items())
        line = f"{at.astimezone():%H:%M:%S}.{at.microsecond // 1000:03d} {level}{_harmless(str(record.msg))}{fields}"
        trace = getattr(record, "trace", "")
        return "\n    ".join([line, *(_harmless(one) for one in trace.splitlines())])


class JournaldHandler(logging.Handler):
    """One journald entry a record: MESSAGE as a line without its time, PRIORITY, LOGGER, and CC_… for each field."""

    def __init__(self, send: JournalSender) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        fields = _fields(record)
        message = _harmless(str(record.msg)) + "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
        trace = getattr(record, "trace", "")
        named = {f"CC_{re.sub('[^A-Z0-9_]', '_', name.upper())}": value for name, value in fields.items()}
        priority = next(number for level, number in _SYSLOG if record.levelno >= level)
        self._send(f"{message}\n{trace}" if trace else message, PRIORITY=priority, LOGGER=record.name, **named)


def _fields(record: logging.LogRecord) -> dict[str, str]:
    fields: dict[str, str] = record.fields  # type: ignore[attr-defined]
    return fields


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else str(value)


def _quoted(value: str) -> str:
    """As it is if it is one harmless word, else in quotes with what could forge a line or move a cursor escaped."""
    return value if _BARE.fullmatch(value) else _harmless(json.dumps(value, ensure_ascii=False))


def _harmless(text: str) -> str:
    return _HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _is_journal(stream: str) -> bool:
    """Is `device:inode` our standard error?"""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"
