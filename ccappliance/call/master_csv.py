"""CDRs as Asterisk writes them to `Master.csv`, field for field, so that billing tools that read its file read ours.

Source: cdr_csv.c of Asterisk 22: eighteen fields, texts in quotes, times in the local zone without it.
"""

import re
from collections.abc import Callable
from datetime import datetime, tzinfo

from ccappliance.base.causes import Cause
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.journal import Entry

AMA_FLAGS = "DOCUMENTATION"  # what Asterisk writes unless told otherwise
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORMULA = re.compile(r"[=+\-@]")  # a spreadsheet would compute a text that begins so
_NUMBER = re.compile(r"[+*#0-9]*")
_CONGESTION = (Cause.NO_CIRCUIT, Cause.CONGESTION)


class MasterCsvLines:
    """A fold of the journal (call/line_file.py): one line at the end of each call. `zone`: whose time is written."""

    def __init__(self, write: Callable[[str], object], zone: tzinfo) -> None:
        self.zone = zone
        self._write = write
        self._reader = CdrReader(self._ended)

    def hear(self, entry: Entry) -> None:
        self._reader.hear(entry)

    def replay_from(self, seq: int) -> int:
        return min(self._reader.replay_from(), seq + 1)

    def _ended(self, cdr: Cdr) -> None:
        self._write(line(cdr, self.zone))


def line(cdr: Cdr, zone: tzinfo) -> str:
    """One CDR: accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
    duration, billsec, disposition, amaflags, uniqueid, userfield (the recordings).
    """
    served = ("Queue", cdr.queue) if cdr.queue else ("Dial", cdr.partner) if cdr.partner else ("", cdr.destination)
    texts = ["", cdr.calling, cdr.called, cdr.destination.partition(":")[0], _clid(cdr), _channel(cdr.line, cdr.call),
             _channel(cdr.partner_line, cdr.call), *served, _local(cdr.started_at, zone), _local(cdr.answered_at, zone),
             _local(cdr.ended_at, zone)]
    lengths = [str(int(cdr.duration)), str(int(cdr.billable))]
    rest = [disposition(cdr), AMA_FLAGS, cdr.call, " ".join(cdr.recordings)]
    return ",".join([*map(_quoted, texts), *lengths, *map(_quoted, rest)])


def disposition(cdr: Cdr) -> str:
    """Of Asterisk's five; a caller who gave up in a queue was answered, by the appliance."""
    if cdr.answered_at is not None:
        return "ANSWERED"
    if cdr.cause in _CONGESTION:
        return "CONGESTION"
    return cdr.disposition if cdr.disposition in ("BUSY", "NO ANSWER", "FAILED") else "NO ANSWER"


def _clid(cdr: Cdr) -> str:
    return f'"{cdr.name}" <{cdr.calling}>' if cdr.name else cdr.calling


def _channel(name: str, call: str) -> str:
    return f"{name}-{call.rpartition('.')[2]}" if name else ""


def _local(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _quoted(text: str) -> str:
    """As a spreadsheet takes it: quotes doubled, one line, nothing that is computed."""
    text = _CONTROL.sub(" ", text)
    if _FORMULA.match(text) and _NUMBER.fullmatch(text) is None:
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'
