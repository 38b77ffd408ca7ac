"""What the owner of the recordings can be told."""

import datetime
import shlex
from dataclasses import dataclass

from ccappliance.apps.recording.rules import RecordingRule, RetentionSettings
from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class ArchiveSettings:
    """The files of their own that recordings get when they are over."""

    form: str = key("wav", choices=("wav", "flac", "opus"),
                    doc="wav: 115 MB an hour, exact. flac: about a third of it, exact. opus: an eighth of it, "
                        "for listening only.")
    flac: str = key("flac --silent --best --force -o {to} {from}", doc="Command that makes FLAC of a WAV, without a "
                                                                      "shell; {from} and {to} are files.")
    flac_check: str = key("flac --silent --decode --force -o {to} {from}", doc="Command that makes the WAV again: it "
                                                                              "must come out as it was.")
    opus: str = key("opusenc --quiet --bitrate 32 {from} {to}",
                    doc="Command that makes Opus of a WAV. Below 32 kbit/s each voice is heard in the other's channel.")
    opus_check: str = key("opusdec --quiet --rate 8000 {from} {to}", doc="Command that makes a WAV again: its length "
                                                                        "must be right.")


@dataclass(frozen=True, kw_only=True)
class TranscriptSettings:
    """Whether what was said in recordings is written down."""

    enabled: bool = key(False, doc="Write down what was said, after the call, in a file beside the recording that is "
                                   "deleted with it. Ask who answers for privacy first.")
    language: str = key("en", doc="In which language; speech.models says with which model.")
    engine: str = key("", doc="A recogniser of your own that takes dictation by the protocol of docs/speech.md, in "
                              "place of speech.command. Empty: that, or pocketsphinx.")
    pace: float = key(25.0, unit="%", least=1, most=100, doc="Share of the time in which the engine may be at work.")
    least: float = key(5.0, unit="s", least=0, most=3600, doc="Shorter recordings get no transcript.")

    def check(self, report: Report, path: str) -> None:
        try:
            shlex.split(self.engine)
        except ValueError as error:
            report.error(f"{path}.engine", f"the command cannot be split into words: {error}", "close the quotes")


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
    sync: float = key(0.25, unit="s", least=0, most=60, doc="Time between two commits of all recordings to the disk: a "
                                                            "power cut takes at most so much sound, and 0.2 s more. 0: "
                                                            "when the system likes, up to half a minute.")
    segment: int = key(32, unit="MiB", least=1, most=1024, reload=False,
                       doc="Size of the files into which all calls are recorded together, in `segments` below the "
                           "directory; three are there at the least. 30 calls fill 32 MiB in about a minute.")
    rings: str = key("", reload=False,
                     doc="Folder in memory (a tmpfs) for the last 10 s of all calls, 350 kB for each line, which a "
                         "kill of the daemon leaves to the next start. Empty: the first of $RUNTIME_DIRECTORY, "
                         "/run/ccappliance and /dev/shm that is in memory and has room.")
    encrypt: bool = key(False, doc="Seal recordings that begin from now on, each with a key of its own, in the "
                                   "segments and in their files. Back up `keys` in the state directory: without it "
                                   "nobody can hear them.")
    verify_at: datetime.time | None = key(None, doc="Time of day at which all recordings are held against their "
                                                   "ledger, slowly; an alarm tells what is wrong. Empty: never; "
                                                   "`ccappliance recordings verify` does it at any time.")
    archive: ArchiveSettings = key(factory=ArchiveSettings, doc="The files into which finished recordings are moved.")

    transcripts: TranscriptSettings = key(factory=TranscriptSettings, doc="What was said, in writing.")
    rules: tuple[RecordingRule, ...] = key((), doc="Which conversations are recorded, in place of what queues, "
                                                   "stations and flows say; the first that fits counts.")
    retention: RetentionSettings = key(factory=RetentionSettings, doc="How long recordings are kept.")

    def check(self, report: Report, path: str) -> None:
        names = [rule.name for rule in self.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                report.error(f"{path}.rules[{number}].name", f"there is a rule {name!r} already",
                             "give every rule a name of its own")
        if self.retention.purge_at > self.alarm_at:
            report.error(f"{path}.retention.purge_at", f"{self.retention.purge_at:g} % is above alarm_at "
                         f"({self.alarm_at:g} %)", "room is made before an alarm is raised: lower purge_at")
        if self.stop_at < self.alarm_at:
            report.error(f"{path}.stop_at", f"{self.stop_at:g} % is below alarm_at ({self.alarm_at:g} %)",
                         "an alarm must come first: raise stop_at or lower alarm_at")
        if self.encrypt and self.archive.form != "wav":
            report.error(f"{path}.archive.form", f"{self.archive.form} does not go with encrypt: the encoder "
                         "would need the sound in clear on the disk", "write form: wav, or encrypt: false")
