"""What the owner can say of backups."""

from dataclasses import dataclass
from datetime import time

from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    """Backups made by themselves, and when a missing one is an alarm."""

    directory: str = key("", pattern=r"(/.+)?", doc="Folder into which backups are made by themselves, best on another "
                                                    "disk. Empty: none are made.")
    at: time = key(time(3, 30), doc="Time of day (the site's) at which one is made; a missed one is made up for.")
    every: int = key(24, unit="h", least=1, most=168, doc="Time from one to the next, counted from `at`.")
    keep: int = key(7, least=1, most=1000, doc="Backups kept in the folder; the oldest go when a new one is whole. "
                                               "Files of other names are never touched.")
    recordings: bool = key(False, doc="Take the recordings along. They are most of what a box holds.")
    passphrase_file: str = key("", pattern=r"(/.+)?", doc="File whose first line is the passphrase under which keys "
                                                          "are put into backups. Empty: keys are left out of them.")
    oldest: int = key(50, unit="h", least=1, most=2400, doc="Age of the newest good backup in the folder at which an "
                                                             "alarm is raised.")
    pace: int = key(20, unit="MiB/s", least=1, most=10000, doc="How fast a running daemon reads for a backup: slow "
                                                               "enough that recording comes first.")

    def check(self, report: Report, path: str) -> None:
        if self.directory and self.oldest < self.every:
            report.error(f"{path}.oldest", f"{self.oldest} h is less than every ({self.every} h)",
                         "an alarm would stand most of the time: raise oldest")
