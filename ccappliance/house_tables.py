"""The tables of the house: readers of the journal that keep what they hear in the database."""

import json
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from ccappliance.apps.acd.callback_store import CallbackStore
from ccappliance.apps.voicemail.messages import MessageStore
from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.leg_store import LegStore
from ccappliance.call.rollup_store import RollupStore
from ccappliance.call.search_store import SearchStore
from ccappliance.call.survey_store import SurveyStore
from ccappliance.call.transcript_store import TranscriptStore
from ccappliance.store.database import Store

ROWS = 500  # recordings of one call that are looked through
Table = (CdrStore | CallbackStore | RollupStore | SearchStore | KeepingStore | TranscriptStore | LegStore | MessageStore
         | SurveyStore)
Read = Callable[[int], Iterable[Entry]]  # the journal from this number on


class Tables:
    """All of them, in the order in which they hear."""

    def __init__(self, store: Store, timezone: ZoneInfo,
                 transcript: Callable[[str], str] = lambda file: "") -> None:
        """`transcript(file)`: as SearchStore asks for it."""
        self.cdrs = CdrStore(store)
        self.callbacks = CallbackStore(store)
        self.rollups = RollupStore(store, timezone, self.cdrs)
        self.search = SearchStore(store, transcript)
        self.keeping = KeepingStore(store)
        self.transcripts = TranscriptStore(store)
        self.legs = LegStore(store)
        self.messages = MessageStore(store)
        self.surveys = SurveyStore(store)

    def __iter__(self) -> Iterator[Table]:
        yield from (self.cdrs, self.callbacks, self.rollups, self.search, self.keeping, self.transcripts,
                    self.legs, self.messages, self.surveys)

    @property
    def applied(self) -> int:
        """The last entry of the journal that any of them has."""
        return max(table.applied for table in self)

    def catch_up(self, read: Read) -> None:
        """What each has not yet heard: all but the CDRs, which come before, for recordings are mended by them."""
        for table in self:
            if table is not self.cdrs:
                table.catch_up(read(table.replay_from))

    def told_ended(self, call: str, recording: str, read: Read) -> bool:
        """Has the journal told the end of this recording? The database knows most of them, its newest entries the
        rest."""
        if any(row.recording == recording for row in self.cdrs.recordings(ROWS, call)):
            return True
        return any(isinstance(entry.fact, facts.RecordingEnded) and entry.fact.recording == recording
                   for entry in read(self.cdrs.replay_from))

    def told_gaps(self, call: str, recording: str, read: Read) -> list[list[int]]:
        """The gaps that an earlier start has told of this recording."""
        told: list[list[int]] = []
        for row in self.cdrs.recordings(ROWS, call):
            if row.recording == recording and row.gaps:
                told = json.loads(row.gaps)
        for entry in read(self.cdrs.replay_from):
            if isinstance(entry.fact, facts.RecordingRecovered) and entry.fact.recording == recording:
                told = entry.fact.gaps
        return told
