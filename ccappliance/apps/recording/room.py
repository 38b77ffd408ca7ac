"""The room of kept recordings: rules, clock, purging and custody joined, for the house."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ccappliance.apps.recording.custody import Custody, Means
from ccappliance.apps.recording.purging import Purger
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.rules import Rules
from ccappliance.apps.recording.transcribing import Transcriber, TranscriptMeans
from ccappliance.base.clock import Clock
from ccappliance.call.journal import Journal, Sink
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.transcript_store import TranscriptStore
from ccappliance.media.speech_engine import Engine
from ccappliance.service.aside import Aside
from ccappliance.service.time_trust import TimeTrust


class KeepRoom:
    """`open` after the journal was read, `care` once a second after it was synced."""

    def __init__(self, recorder: Recorder, rules: Rules, kept: KeepingStore, *, journal: Journal, clock: Clock,
                 aside: Aside, flush: Callable[[], Awaitable[object]], synchronised: Callable[[], str],
                 built: datetime, transcripts: TranscriptStore,
                 dictation: Callable[[str, Callable[[str], None]], Engine]) -> None:
        """`synchronised`: why the system's clock is not; "" it is. `built`: when this program was. `dictation(language,
        told)`: an engine that takes it, told of its troubles."""
        self.trust = TimeTrust(clock, synchronised, built)
        self.purger = Purger(lambda: recorder.settings, rules, kept, remove=recorder.remove, used=recorder.used,
                             untrusted=self.trust.why_not, journal=journal, clock=clock)
        self.custody = Custody(Means(recorder, rules, kept, self.purger, journal, clock, self.trust.why_not, flush,
                                     aside, transcripts))
        self.transcriber = Transcriber(TranscriptMeans(
            lambda: recorder.settings.transcripts, dictation, transcripts, recorder, self.custody.sound,
            self.purger.is_gone, journal, flush, aside))

    def open(self, sink: Sink) -> None:
        for entry in sink.read(sink.last_seq):
            self.trust.remember(entry.at)
        self.purger.open()
        self.transcriber.apply()

    def care(self) -> None:
        self.purger.care()
