"""The room of kept recordings: rules, clock, purging and custody joined, for the house."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ccappliance.apps.recording.custody import Custody, Means
from ccappliance.apps.recording.purging import Purger
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.rules import Rules
from ccappliance.base.clock import Clock
from ccappliance.call.journal import Journal, Sink
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.service.aside import Aside
from ccappliance.service.time_trust import TimeTrust


class KeepRoom:
    """`open` after the journal was read, `care` once a second after it was synced."""

    def __init__(self, recorder: Recorder, rules: Rules, kept: KeepingStore, *, journal: Journal, clock: Clock,
                 aside: Aside, flush: Callable[[], Awaitable[object]], synchronised: Callable[[], str],
                 built: datetime) -> None:
        """`synchronised`: why the system's clock is not; "" it is. `built`: when this program was."""
        self.trust = TimeTrust(clock, synchronised, built)
        self.purger = Purger(lambda: recorder.settings, rules, kept, remove=recorder.remove, used=recorder.used,
                             untrusted=self.trust.why_not, journal=journal, clock=clock)
        self.custody = Custody(Means(recorder, rules, kept, self.purger, journal, clock, self.trust.why_not, flush,
                                     aside))

    def open(self, sink: Sink) -> None:
        for entry in sink.read(sink.last_seq):
            self.trust.remember(entry.at)
        self.purger.open()

    def care(self) -> None:
        self.purger.care()
