"""A journal made into a database again: every table that is a function of it, and what differs from another one."""

from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ccappliance.apps.acd.callback_store import CallbackStore
from ccappliance.apps.recording.transcript import clear_words
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.facts import DaemonStarted
from ccappliance.call.journal import Entry
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.leg_store import LegStore
from ccappliance.call.rollup_store import RollupStore
from ccappliance.call.search_store import SearchStore
from ccappliance.call.transcript_store import TranscriptStore
from ccappliance.store.database import Store
from ccappliance.store.rebuilt import count, differences

TABLES = ("cdr", "cdr_leg", "recording", "callback", "rollup", "call_gram", "call_note", "call_tag", "call_day",
          "recording_decided", "recording_kept", "recording_hold", "recording_access", "transcript", "call_transcript")


def replay(read: Callable[[], Iterator[Entry]], into: Path, timezone: str = "",
           recordings: Path | None = None) -> dict[str, int]:
    """Write the tables into a new file: how many rows each has. `recordings`: where transcripts lie; None: their words
    are not found."""
    name = timezone or next((entry.fact.timezone for entry in read()
                             if isinstance(entry.fact, DaemonStarted) and entry.fact.timezone), "")
    store = Store(into, threaded=False)
    try:
        cdrs = CdrStore(store)
        callbacks, rollups = CallbackStore(store), RollupStore(store, ZoneInfo(name) if name else UTC, cdrs)
        cdrs.catch_up(read())
        callbacks.catch_up(read())
        rollups.catch_up(read())
        SearchStore(store, partial(clear_words, recordings)).catch_up(read())
        LegStore(store).catch_up(read())
        KeepingStore(store).catch_up(read())
        TranscriptStore(store).catch_up(read())
        return {table: count(store, table) for table in TABLES}
    finally:
        store.close()


def compared(into: Path, other: Path) -> list[dict[str, Any]]:
    """What differs: {table, key, one (rebuilt), other}."""
    stores = [Store(path, threaded=False) for path in (into, other)]
    try:
        return differences(stores[0], stores[1], TABLES)
    finally:
        for store in stores:
            store.close()
