"""Purging: recordings that are too old, or for which there is no room any more, deleted by the rules and at a pace.

    RecordingPurged in the journal → the journal on the platter → the file away        (and again after a power cut)

So nothing goes that the journal does not tell of, and what it tells of goes. Never: what is held, what is younger than
it must be kept, what has no file of its own yet; and nothing while the clock is not trusted.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from ccappliance.apps.recording.rules import Rules
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import Clock
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.keeping_store import POLICY, KeepingStore, Kept

DAY = 86400.0
BATCH = 200  # rows looked at in one second: a millisecond of the loop
RESCAN = 3600.0  # s until all are looked at again for their age: it is counted in days
ROOM = 1.0  # % below purge_at at which there is room enough
REDO = 1_000  # deletions whose files are looked for at the start; a cut leaves at most two seconds of them
_SUBJECT = "recordings"
_FIRST = ("", 0)


class Purger:
    """Deletes by policy. `care` is called once a second, each time after the journal was synced."""

    def __init__(self, settings: Callable[[], RecordingSettings], rules: Rules, kept: KeepingStore, *,
                 remove: Callable[[str], None], used: Callable[[], float], untrusted: Callable[[], str],
                 journal: Journal, clock: Clock) -> None:
        """`remove`: the one door by which files of recordings go. `used`: of the disk, in per cent. `untrusted`: why
        the clock is; "" it is not."""
        self._settings = settings
        self._rules = rules
        self._kept = kept
        self._remove = remove
        self._used = used
        self._untrusted = untrusted
        self._journal = journal
        self._clock = clock
        self.held: dict[str, None] = {}  # calls held in this run: the database may be behind
        self._told: deque[str] = deque()  # files whose end the journal tells, perhaps not yet on the platter
        self._safe: deque[str] = deque()  # … and is on the platter
        self._going: dict[str, None] = {}  # recordings deleted in this run: the database may be behind
        self._aged = _FIRST  # how far the look for old ones has come
        self._scan_at = 0.0
        self._spare = _FIRST  # how far the look for room has come
        self._full = False
        self._alarms: dict[str, None] = {}

    def open(self) -> None:
        """At the start: finish what a power cut may have interrupted, or an end in between."""
        for one in self._kept.last_gone(REDO):
            self._remove(one.file)

    def care(self) -> None:
        self.care_for_files()
        budget = self._settings().retention.pace
        untrusted = self._untrusted()
        now = self._clock.wall()
        due = self._too_old(now, budget)
        due += self._for_room(now, budget - len(due))
        self._alarm("purge_waits", f"recordings are to be deleted and are not: {untrusted}"
                    if untrusted and due else "")
        if not untrusted:
            for one, why in due:
                self.purge(one, why, POLICY)
        elif due:
            self._aged = self._spare = _FIRST  # they are due still when the clock is trusted again
            self._scan_at = 0.0

    def care_for_files(self) -> None:
        """The journal was synced once more since the last time."""
        while self._safe:
            self._remove(self._safe.popleft())
        self._safe, self._told = self._told, deque()

    def purge(self, one: Kept, why: str, by: str) -> None:
        """Delete one, whoever wants it: who calls this has asked whether it may be."""
        self._going[one.recording] = None
        while len(self._going) > REDO:
            del self._going[next(iter(self._going))]
        age = round(self.age(one, self._clock.wall()), 3)
        self._journal.write(facts.RecordingPurged(one.call, one.recording, one.file, why, one.rule, age, by))
        self._told.append(one.file)

    def is_gone(self, recording: str) -> bool:
        """Was it deleted, a moment ago too?"""
        return recording in self._going or bool(self._kept.gone([recording]))

    @staticmethod
    def age(one: Kept, now: datetime) -> float:
        """Days since its end."""
        return (now - one.ended_at).total_seconds() / DAY if one.ended_at is not None else 0.0

    # ---- inside ----

    def _too_old(self, now: datetime, budget: int) -> list[tuple[Kept, str]]:
        """At most `budget` that are beyond their days."""
        if self._clock.now() < self._scan_at:
            return []
        found: list[tuple[Kept, str]] = []
        rows = self._kept.oldest(self._aged, now, BATCH)
        for one in rows:
            if len(found) >= budget:
                return found
            self._aged = one.place
            _, days = self._rules.kept(one.rule, one.least)
            if days and self.age(one, now) >= days and self._may_go(one):
                found.append((one, "too old"))
        if len(rows) < BATCH:
            self._aged, self._scan_at = _FIRST, self._clock.now() + RESCAN
        return found

    def _for_room(self, now: datetime, budget: int) -> list[tuple[Kept, str]]:
        """At most `budget` of the oldest that need not be kept, while the disk is too full."""
        used, limit = self._used(), self._settings().retention.purge_at
        if used < (limit - ROOM if self._full else limit):
            self._full, self._spare = False, _FIRST
            self._alarm("purge_nothing", "")
            return []
        self._full = True
        found: list[tuple[Kept, str]] = []
        rows = self._kept.oldest(self._spare, now, BATCH)
        for one in rows:
            if len(found) >= budget:
                break
            self._spare = one.place
            least, _ = self._rules.kept(one.rule, one.least)
            if self.age(one, now) >= least and self._may_go(one):
                found.append((one, "the disk is full"))
        if len(rows) < BATCH and not found:
            self._spare = _FIRST
            if not self._told and not self._safe:  # nor is anything under way
                self._alarm("purge_nothing", f"the disk is {used:.1f} % full and no recording may be deleted: all are "
                                             "held, too young or have no file yet; make room there")
        elif found:
            self._alarm("purge_nothing", "")
        return found

    def _may_go(self, one: Kept) -> bool:
        return one.recording not in self._going and one.call not in self.held

    def _alarm(self, alarm: str, words: str) -> None:
        if words and alarm not in self._alarms:
            self._alarms[alarm] = None
            self._journal.write(facts.AlarmRaised(alarm, _SUBJECT, words))
        elif not words and alarm in self._alarms:
            del self._alarms[alarm]
            self._journal.write(facts.AlarmCleared(alarm, _SUBJECT))
