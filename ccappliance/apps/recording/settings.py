"""What the owner of the recordings can be told."""

from dataclasses import dataclass

from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class RecordingSettings:
    """Where recordings are kept, and what happens when the disk fills."""

    directory: str = key("", reload=False,
                         doc="Folder of the recordings; they lie in YYYY/MM/DD below it (UTC). Empty: `recordings` in "
                             "the state directory.")
    alarm_at: float = key(95.0, unit="%", least=1, most=100, doc="Use of the disk at which an alarm is raised.")
    stop_at: float = key(98.0, unit="%", least=1, most=100, doc="Use of the disk at which no recording is begun any "
                                                                 "more but the obligatory ones; calls go on.")
    obligatory: tuple[str, ...] = key((), doc="Reasons whose recordings are begun whatever the disk says; a final * "
                                              "stands for anything: [\"queue complaints\", \"flow emergency*\"].")
    sync: float = key(0.5, unit="s", least=0, most=60, doc="Sound that a power cut may take: it is forced to the disk "
                                                           "so often. 0: when the system likes, up to half a minute.")

    def check(self, report: Report, path: str) -> None:
        if self.stop_at < self.alarm_at:
            report.error(f"{path}.stop_at", f"{self.stop_at:g} % is below alarm_at ({self.alarm_at:g} %)",
                         "an alarm must come first: raise stop_at or lower alarm_at")
