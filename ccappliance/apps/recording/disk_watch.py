"""Watching the recordings' disk: how full it is, whether it keeps up, whether it works; as alarms that do not flap."""

import os
from collections.abc import Callable
from pathlib import Path

from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import Clock
from ccappliance.call import facts
from ccappliance.call.journal import Journal

QUIET = 60.0  # s without a gap until that alarm is cleared
_CLEAR = 1.0  # % of the disk that must have become free before an alarm is cleared, so that it does not flap
_SUBJECT = "recordings"


def used_percent(directory: Path) -> float:
    """How full the disk under a directory is, as `df` counts: of what is not reserved. OSError."""
    disk = os.statvfs(directory)
    used = disk.f_blocks - disk.f_bfree
    return 100.0 * used / max(1, used + disk.f_bavail)


class DiskWatch:
    """Raises and clears the alarms disk_full, recording_gap, recording_failed, recording_keys and
    archive."""

    def __init__(self, clock: Clock, journal: Journal, directory: Path, used_space: Callable[[Path], float]) -> None:
        self._clock = clock
        self._journal = journal
        self._directory = directory
        self._used_space = used_space
        self._alarms: dict[str, None] = {}
        self._gap_at = 0.0

    @property
    def standing(self) -> bool:
        return bool(self._alarms)

    def look(self, settings: RecordingSettings) -> float:
        """How full it is; alarms by the way. A disk that cannot be asked is not full: writing will tell."""
        try:
            used = self._used_space(_existing(self._directory))
        except OSError:
            return 0.0
        if used >= settings.alarm_at:
            self.alarm("disk_full", f"the disk of {self._directory} is {used:.1f} % full; at "
                                    f"{settings.stop_at:g} % recordings stop: make room there")
        elif used < settings.alarm_at - _CLEAR:
            self.clear("disk_full")
        return used

    def gap(self, call: str) -> None:
        """Parts of a recording (of all, if no call is named) were lost because the disk did not keep up."""
        self._gap_at = self._clock.now()
        of = f" of call {call}" if call else ""
        self.alarm("recording_gap", f"the disk of {self._directory} is too slow: parts{of} were recorded as silence")

    def no_gap(self) -> None:
        if self._clock.now() - self._gap_at > QUIET:
            self.clear("recording_gap")

    def trouble(self, words: str) -> None:
        """Nothing can be recorded now; "": it can again."""
        if words:
            self.alarm("recording_failed", f"the disk of {self._directory} takes no recordings ({words}); calls go on: "
                                           "see to it")
        else:
            self.clear("recording_failed")

    def archive_trouble(self, words: str) -> None:
        """Recordings cannot be moved out of the segments; "": they can again."""
        if words:
            self.alarm("archive", f"a recording got no file, or not of the form asked for: {words}; nothing is lost, "
                                  "and it is tried again")
        else:
            self.clear("archive")

    def keys_trouble(self, words: str) -> None:
        """Recordings cannot be sealed, heard or signed; "": they can."""
        if words:
            self.alarm("recording_keys", words)
        else:
            self.clear("recording_keys")

    def alarm(self, alarm: str, words: str) -> None:
        if alarm not in self._alarms:
            self._alarms[alarm] = None
            self._journal.write(facts.AlarmRaised(alarm, _SUBJECT, words))

    def clear(self, alarm: str) -> None:
        if alarm in self._alarms:
            del self._alarms[alarm]
            self._journal.write(facts.AlarmCleared(alarm, _SUBJECT))


def _existing(directory: Path) -> Path:
    """The directory, or the nearest one above that exists (it is made with the first recording)."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory
