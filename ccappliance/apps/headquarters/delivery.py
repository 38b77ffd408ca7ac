"""One delivery to headquarters: what it has is asked, what follows is read from the journal, told, and only then
forgotten. After any trouble everything is begun anew from what headquarters has: it alone knows."""

import hashlib
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

from ccappliance.apps.headquarters.link import BadRow, Link, Self, Standing
from ccappliance.apps.headquarters.rows import Rows
from ccappliance.apps.headquarters.settings import HeadquartersSettings
from ccappliance.apps.headquarters.tail import SOME, JournalTail, Line
from ccappliance.base.errors import CcError, LineFault, Refused

Connect = Callable[[str, float], Link]  # URL, timeout
_WARMED = 2_000  # lines read at a time of what is only heard


class Delivery:
    """Used by one thread at a time; every method may wait for disk and network."""

    def __init__(self, settings: HeadquartersSettings, who: Callable[[], Self], zone: tzinfo, journal: Path,
                 connect: Connect, breathe: Callable[[], None] = lambda: None) -> None:
        """`who`: reads who we are from the disk; what is wrong with that must not keep a box from its calls.
        `breathe`: as JournalTail."""
        self.applied = 0  # what headquarters has
        self.entry_at: datetime | None = None  # of that entry, if it was told by us
        self.refused = 0  # entries whose rows it would not take
        self.link: Link | None = None
        self._settings, self._who, self._zone, self._connect = settings, who, zone, connect
        self._me: Self | None = None
        self._tail, self._breathe = JournalTail(journal, breathe), breathe
        self._rows: Rows | None = None
        self._size = settings.batch

    def step(self) -> int:
        """Tell one batch: how many entries it had. 0: headquarters has all. LineFault, Refused, OSError."""
        try:
            if self._rows is None:
                self._begin()
            try:
                return self._deliver()
            except BadRow:
                if self._size == 1:
                    raise
                self.end()
                self._size = max(1, self._size // 8)  # find the entry that has it
                return 1
        except (CcError, OSError):
            self.end()
            raise

    def prune(self) -> int:
        """Delete some rows that are kept long enough: how many."""
        if not self._settings.keep or self.link is None or self._me is None:
            return 0
        try:
            return self.link.prune(self._me, self._settings.keep)
        except CcError:
            self.end()
            raise

    def abort(self) -> None:
        """From another thread: end what is waited for."""
        link = self.link
        if link is not None:
            link.abort()

    def end(self) -> None:
        """Leave the server; `step` begins anew."""
        link, self.link, self._rows = self.link, None, None
        if link is not None:
            link.close()

    # ---- inside ----

    def _begin(self) -> None:
        settings = self._settings
        me = self._me = self._who()
        self.link = self._connect(settings.conninfo(), settings.timeout)
        standing = self.link.claim(me)
        self._check_line(standing)
        try:
            rows = Rows(self._zone, settings.tables, settings.numbers, standing.applied, standing.state)
        except (ValueError, KeyError, TypeError, AttributeError):  # somebody has written to it; it is learnt anew
            rows = Rows(self._zone, settings.tables, settings.numbers, standing.applied)
        at = standing.replay_from
        while at <= standing.applied:
            lines = [line for line in self._tail.read(at, _WARMED) if line.seq <= standing.applied]
            if not lines:
                break
            for heard, line in enumerate(lines, 1):
                if line.entry is not None:
                    rows.hear(line.entry)
                if heard % SOME == 0:
                    self._breathe()
            at = lines[-1].seq + 1
        self.applied, self._rows = standing.applied, rows

    def _check_line(self, standing: Standing) -> None:
        """The journal must be the one that was told: else its next entries would be taken for others."""
        if not standing.line:
            return
        found = self._tail.read(standing.applied, 1)
        if not found or found[0].seq != standing.applied or _sha(found[0]) != standing.line:
            raise Refused("other_journal", f"entry {standing.applied} of this journal is not the one headquarters "
                                           "was told: was the state directory exchanged by hand? Restore it with "
                                           "`ccappliance restore`, which begins a new life of the branch, or see "
                                           "docs/headquarters.md")

    def _deliver(self) -> int:
        assert self._rows is not None
        assert self._me is not None
        assert self.link is not None
        lines = self._tail.read(self.applied + 1, self._size)
        if not lines:
            return 0
        for heard, line in enumerate(lines, 1):
            if line.entry is not None:
                self._rows.hear(line.entry)
            self._rows.passed(line.seq)
            if heard % SOME == 0:
                self._breathe()
        batch = self._rows.take()
        try:
            self.link.deliver(self._me, self.applied, batch, _sha(lines[-1]))
        except BadRow:
            if self._size > 1:
                raise
            batch.rows.clear()  # one entry: its number is passed on, so that all others can follow
            self.link.deliver(self._me, self.applied, batch, _sha(lines[-1]))
            self.refused += 1
        self.applied, self.entry_at = batch.applied, batch.entry_at
        self._size = min(self._settings.batch, self._size * 2)
        return len(lines)


def _sha(line: Line) -> str:
    return hashlib.sha256(line.raw).hexdigest()


def needs_a_person(error: Exception) -> bool:
    """Will it not heal by waiting?"""
    if isinstance(error, Refused):
        return error.code != "superseded"
    return not isinstance(error, LineFault | OSError)
