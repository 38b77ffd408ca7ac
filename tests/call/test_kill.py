"""Kill -9 of everything that remembers calls: journal, store and CDRs agree after each restart (F35, F40)."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccappliance.base.clock import SystemClock
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader, interrupted
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink
from ccappliance.store.database import Store


def start(directory: Path, threaded: bool) -> tuple[Journal, FileSink, CdrStore, Store]:
    """As the daemon starts: lock, store, what is missing, the ends of what was cut off."""
    sink = FileSink(directory / "journal")
    store = Store(directory / "cc.db", threaded=threaded)
    cdrs = CdrStore(store)
    journal = Journal(SystemClock(), sink, at_least=cdrs.applied)
    open_ends = interrupted(sink.read(cdrs.replay_from))
    cdrs.catch_up(sink.read(cdrs.replay_from))
    journal.follow(cdrs.hear)
    journal.write(facts.DaemonStarted("1", "site"))
    for fact in open_ends:
        journal.write(fact)
    return journal, sink, cdrs, store


async def work(directory: Path) -> None:
    """Offer and end calls until killed: three are always open."""
    journal, _, _, store = start(directory, threaded=True)
    run = journal.seq
    for number in range(1_000_000):
        journal.write(facts.CallOffered(f"{run}.{number}", "fxo/1", "in", "4008", "020", ""))
        journal.write(facts.RecordingStarted(f"{run}.{number}", f"{run}.{number}-r", "p", "always"))
        if number >= 3:
            journal.write(facts.CallEnded(f"{run}.{number - 3}", 16, "caller"))
            journal.write(facts.RecordingEnded(f"{run}.{number - 3}", f"{run}.{number - 3}-r", "p", 1.0, 0.0,
                                               "complete"))
        if number % 50 == 49:
            await store.flush()
            print(number, flush=True)


_PROGRAM = "import asyncio, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; import test_kill; " \
           "asyncio.run(test_kill.work(Path(sys.argv[1])))"


def agree(sink: FileSink, cdrs: CdrStore) -> list[Cdr]:
    """Each CallOffered has one CallEnded; the rows are the fold of the journal; all recordings ended once."""
    offered, ended, begun, tapes, fold = [], [], [], [], []
    reader = CdrReader(fold.append)
    for entry in sink.read():
        reader.hear(entry)
        match entry.fact:
            case facts.CallOffered(call=call):
                offered.append(call)
            case facts.CallEnded(call=call):
                ended.append(call)
            case facts.RecordingStarted(recording=recording):  # a kill may come before it
                begun.append(recording)
            case facts.RecordingEnded(recording=recording):
                tapes.append(recording)
    assert sorted(offered) == sorted(ended)
    assert sorted(tapes) == sorted(begun)
    assert list(reversed(cdrs.recent(1_000_000))) == fold
    assert sorted(row.recording for row in cdrs.recordings(1_000_000)) == sorted(tapes)
    return fold


@pytest.mark.slow
def test_no_cdr_is_lost_or_doubled(tmp_path: Path) -> None:
    rounds = 3
    for _ in range(rounds):
        with subprocess.Popen([sys.executable, "-c", _PROGRAM, str(tmp_path), str(Path(__file__).parent)],
                              stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(4):
                assert process.stdout.readline()
            process.kill()
    _, sink, cdrs, store = start(tmp_path, threaded=False)
    fold = agree(sink, cdrs)
    assert len(fold) > rounds * 197
    cut = [cdr for cdr in fold if cdr.disposition == "INTERRUPTED"]
    assert rounds * 2 <= len(cut) <= rounds * 4
    store.close()
    sink.close()


def test_a_corrupt_database_is_rebuilt_from_the_journal(tmp_path: Path) -> None:
    journal, sink, cdrs, store = start(tmp_path, threaded=False)
    for number in range(50):
        journal.write(facts.CallOffered(f"1.{number}", "fxo/1", "in", "4008", "020", ""))
        journal.write(facts.CallEnded(f"1.{number}", 16, "caller"))
    before = cdrs.recent()
    store.close()
    sink.close()
    (tmp_path / "cc.db").write_bytes(b"\x00garbage" * 4096)
    _, sink, cdrs, store = start(tmp_path, threaded=False)
    assert store.set_aside is not None
    assert cdrs.recent() == before
    assert len(before) == 50
    store.close()
    sink.close()


def test_a_journal_that_was_taken_away_uses_no_number_twice(tmp_path: Path) -> None:
    journal, sink, cdrs, store = start(tmp_path, threaded=False)
    journal.write(facts.CallOffered("1.1", "fxo/1", "in", "4008", "020", ""))
    journal.write(facts.CallEnded("1.1", 16, "caller"))
    store.close()
    sink.close()
    assert sink.path is not None
    sink.path.unlink()
    journal, sink, cdrs, store = start(tmp_path, threaded=False)
    journal.write(facts.CallOffered("2.1", "fxo/1", "in", "4008", "020", ""))
    journal.write(facts.CallEnded("2.1", 16, "caller"))
    assert [cdr.call for cdr in cdrs.recent()] == ["2.1", "1.1"]
    assert all(cdr.started_at <= datetime.now(UTC) for cdr in cdrs.recent())
    store.close()
    sink.close()
