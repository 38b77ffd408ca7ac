"""The journal: order, re-entrancy, digests; and on disk: torn tails, full disks, one writer, kill -9."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.errors import Bug, Refused
from ccappliance.call import facts
from ccappliance.call.journal import Entry, Journal, JournalError, MemorySink
from ccappliance.call.journal_file import FileSink, read_journal, segments


class HandClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC)
        self.loop = 100.0

    def wall(self) -> datetime:
        return self.at

    def now(self) -> float:
        return self.loop

    def step(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.loop += seconds


def answered(number: int) -> facts.CallAnswered:
    return facts.CallAnswered(f"1.{number:06d}")


def calls(entries: list[Entry]) -> list[str]:
    return [entry.fact.call for entry in entries if isinstance(entry.fact, facts.CallAnswered)]


# ---- entries ----


def test_a_line_is_what_the_architecture_says() -> None:
    entry = Entry(1, datetime(2026, 11, 22, 8, 0, 0, 0, UTC), 12.3450000001,
                  facts.LegMoved("1.000001", "1.000001-l1", "fxo/1", "020", "", "offered", "王先生"))
    assert entry.line().decode() == (
        '{"seq":1,"at":"2026-11-22T08:00:00.000Z","now":12.345,"fact":"LegMoved","call":"1.000001",'
        '"leg":"1.000001-l1","line":"fxo/1","party":"020","left":"","state":"offered","why":"王先生"}')


def test_floats_are_rounded_wherever_they_are() -> None:
    fact = facts.QueueEntered("1.1", "sales", 1, 0.1 + 0.2, 0, 1 / 3)
    assert b'"entered":0.3,' in Entry(1, datetime.now(UTC), 0.0, fact).line()
    assert b'"boost":0.333333,' in Entry(1, datetime.now(UTC), 0.0, fact).line()


@settings(max_examples=50)
@given(st.text(st.characters()), st.floats(0, 1e6), st.dictionaries(st.text(), st.text(), max_size=3))
def test_every_entry_can_be_read_back(text: str, now: float, why: dict[str, str]) -> None:
    """Any text: also lone surrogates, which undecodable caller ID becomes."""
    entry = Entry(7, datetime(2026, 1, 1, 0, 0, 0, 5000, UTC), round(now, 6),
                  facts.OfferMade("o", "c", text, "a", "s", "longest idle", why))
    line = entry.line()
    assert b"\n" not in line
    assert Entry.parse(line) == entry


class Numbered(IntEnum):
    """A number that is more than a number."""

    SEVEN = 7


@settings(max_examples=100)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                    | st.text() | st.just(Numbered.SEVEN),
                    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
                    | st.dictionaries(st.text() | st.integers(), inner, max_size=3), max_leaves=10))
def test_a_value_is_written_as_the_json_encoder_writes_it(value: object) -> None:
    """The line is made piece by piece for speed; it must stay what any JSON library would have made of `as_dict`."""
    entry = Entry(1, datetime(2026, 1, 1, tzinfo=UTC), 0.5, facts.CallAnswered(value))  # type: ignore[arg-type]
    whole = json.dumps(entry.as_dict(), ensure_ascii=False, separators=(",", ":"))
    assert entry.line() == whole.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_json_does_not_have_is_a_bug_wherever_it_is(number: float) -> None:
    for value in (number, [number], {"a": (number,)}):
        with pytest.raises(Bug, match="cannot be written"):
            Entry(1, datetime(2026, 1, 1, tzinfo=UTC), 0.0, facts.CallAnswered(value)).line()  # type: ignore[arg-type]


def test_a_fact_that_is_no_json_is_a_bug_and_takes_no_number() -> None:
    journal = Journal(HandClock(), MemorySink())
    with pytest.raises(Bug, match="cannot be written"):
        journal.write(facts.CallAnswered(b"bytes"))  # type: ignore[arg-type]
    with pytest.raises(Bug):
        journal.write(facts.ConversationEnded("1.1", "caller", float("nan")))
    assert journal.write(answered(1)).seq == 1


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'{"seq":1}', b"\xff\xfe", b'{"fact":"CallAnswered"}',
                                  b'{"seq":1,"at":"x","now":1,"fact":"CallAnswered","call":"1"}',
                                  b'{"seq":1,"at":"2026-01-01T00:00:00Z","now":1,"fact":"CallAnswered"}',
                                  b'{"seq":1,"at":"2026-01-01T00:00:00Z","now":1,"fact":"Nonsense"}'])
def test_what_is_no_entry_is_refused(line: bytes) -> None:
    with pytest.raises(JournalError, match="not a journal entry"):
        Entry.parse(line)


def test_a_field_of_a_newer_version_is_left_out() -> None:
    line = b'{"seq":1,"at":"2026-01-01T00:00:00.000Z","now":1,"fact":"CallAnswered","call":"1","later":2}'
    assert Entry.parse(line).fact == facts.CallAnswered("1")


# ---- telling ----


def test_readers_hear_in_order_and_a_bad_one_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(HandClock(), MemorySink())
    heard: list[tuple[str, int]] = []

    def broken(entry: Entry) -> None:
        raise ZeroDivisionError("a reader's bug")

    def first(entry: Entry) -> None:
        heard.append(("first", entry.seq))

    def last(entry: Entry) -> None:
        heard.append(("last", entry.seq))

    for reader in (first, broken, last):
        journal.follow(reader)
    journal.write(answered(1))
    journal.unfollow(first)
    journal.unfollow(first)
    journal.write(answered(2))
    assert heard == [("first", 1), ("last", 1), ("last", 2)]
    assert [record.message for record in caplog.records] == ["reader failed"] * 2
    assert "a reader's bug" in caplog.text


def test_a_reader_that_writes_keeps_the_order_for_everybody() -> None:
    sink = MemorySink()
    journal = Journal(HandClock(), sink)
    one: list[str] = []
    two: list[str] = []
    inner: list[int] = []

    def writes(entry: Entry) -> None:
        one.append(entry.fact.call)  # type: ignore[attr-defined]
        if entry.fact == answered(1):
            inner.append(journal.write(answered(2)).seq)  # numbered and kept at once, told after entry 1
            inner.append(journal.write(answered(3)).seq)

    journal.follow(writes)
    journal.follow(lambda entry: two.append(entry.fact.call))  # type: ignore[attr-defined]
    journal.write(answered(1))
    assert inner == [2, 3]
    assert one == two == calls(list(sink.read())) == ["1.000001", "1.000002", "1.000003"]


def test_the_tail_is_the_newest_and_bounded() -> None:
    journal = Journal(HandClock(), MemorySink(), ring=3)
    for number in range(5):
        journal.write(answered(number))
    assert [entry.seq for entry in journal.tail(10)] == [3, 4, 5]
    assert [entry.seq for entry in journal.tail(1)] == [5]
    assert journal.tail(0) == []


def test_numbers_go_on_from_what_a_reader_has_stored() -> None:
    assert Journal(HandClock(), MemorySink(), at_least=41).write(answered(1)).seq == 42


def test_the_digest_is_the_files(tmp_path: Path) -> None:
    sink, clock = MemorySink(), HandClock()
    disk = FileSink(tmp_path)
    for target in (sink, disk):
        journal = Journal(clock, target)
        for number in range(10):
            journal.write(answered(number))
    disk.close()
    assert disk.path is not None
    assert sink.digest() == hashlib.sha256(disk.path.read_bytes()).hexdigest()


# ---- on disk ----


def test_segments_are_days_and_numbers_go_on(tmp_path: Path) -> None:
    clock = HandClock()
    for day in range(3):
        sink = FileSink(tmp_path)
        journal = Journal(clock, sink)
        assert journal.seq == 2 * day
        journal.write(answered(day))
        journal.write(answered(day))
        sink.close()
        clock.step(86_400)
    assert sorted(p.name for p in tmp_path.glob("*.jsonl")) == [f"journal-202611{d}.jsonl" for d in (22, 23, 24)]
    assert [entry.seq for entry in read_journal(tmp_path)] == [1, 2, 3, 4, 5, 6]
    assert [entry.seq for entry in read_journal(tmp_path, 4)] == [4, 5, 6]


def test_the_clock_steps_back_over_midnight_and_order_holds(tmp_path: Path) -> None:
    clock, sink = HandClock(), FileSink(tmp_path)
    journal = Journal(clock, sink)
    for step in (0, 16 * 3600, -3600, 3600):
        clock.step(step)
        journal.write(answered(1))
    assert [entry.seq for entry in sink.read()] == [1, 2, 3, 4]
    assert len(segments(tmp_path)) == 2
    sink.close()


@pytest.mark.parametrize("torn", [b'{"seq":3,"at":"2026-', b"\x00" * 5000, b"\x00\x00\n\x00\n", b"garbage\n"])
def test_a_torn_end_is_cut_off_and_kept(tmp_path: Path, torn: bytes) -> None:
    clock, sink = HandClock(), FileSink(tmp_path)
    journal = Journal(clock, sink)
    journal.write(answered(1))
    journal.write(answered(2))
    sink.close()
    assert sink.path is not None
    with sink.path.open("ab") as file:
        file.write(torn)
    for _ in range(2):  # the second opening finds nothing to do
        again = FileSink(tmp_path)
        assert again.last_seq == 2
        again.close()
    assert Path(f"{sink.path}.torn").read_bytes() == torn
    assert Journal(clock, FileSink(tmp_path)).write(answered(3)).seq == 3
    assert [entry.seq for entry in read_journal(tmp_path)] == [1, 2, 3]


@pytest.mark.slow
def test_every_length_of_a_torn_tail(tmp_path: Path) -> None:
    clock, sink = HandClock(), FileSink(tmp_path)
    journal = Journal(clock, sink)
    for number in range(3):
        journal.write(answered(number))
    sink.close()
    assert sink.path is not None
    whole = sink.path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == 10]
    for length in range(len(whole) + 1):
        sink.path.write_bytes(whole[:length])
        opened = FileSink(tmp_path)
        assert opened.last_seq == sum(end <= length for end in ends)
        assert sink.path.read_bytes() == whole[:max([0, *[end for end in ends if end <= length]])]
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(("apart", "cut"), [(0.02, True), (60.0, False)])
def test_what_follows_a_hole_in_the_unsynced_end_is_cut_off(tmp_path: Path, apart: float, cut: bool) -> None:
    """Of what was not synced a disk keeps any sectors. A hole in what is older is spoilt: what follows it stays."""
    clock, sink = HandClock(), FileSink(tmp_path)
    journal = Journal(clock, sink)
    for number in range(60):
        journal.write(answered(number))
        clock.step(apart)
    sink.close()
    assert sink.path is not None
    whole = sink.path.read_bytes()
    for at in range(0, len(whole) - 1, 512):
        holed = whole[:at] + bytes(min(512, len(whole) - at)) + whole[at + 512:]
        sink.path.write_bytes(holed)
        Path(f"{sink.path}.torn").unlink(missing_ok=True)
        opened = FileSink(tmp_path)
        before = whole.count(b"\n", 0, at)
        numbers = [entry.seq for entry in read_journal(tmp_path)]
        after = whole.count(b"\n", at + 512) - 1  # the rest of the line in which the hole ends is none
        if cut or after <= 0:
            assert numbers == list(range(1, before + 1))
            assert sink.path.read_bytes() + Path(f"{sink.path}.torn").read_bytes() == holed
        else:
            assert numbers == [*range(1, before + 1), *range(61 - after, 61)]
        opened.close()


def test_an_unreadable_line_in_the_middle_is_told_and_left_out(tmp_path: Path) -> None:
    clock, sink = HandClock(), FileSink(tmp_path)
    journal = Journal(clock, sink)
    journal.write(answered(1))
    assert sink.path is not None
    with sink.path.open("ab") as file:
        file.write(b"!!!\n")
    journal.write(answered(2))
    told: list[bytes] = []
    assert [entry.seq for entry in read_journal(tmp_path, 0, lambda path, line: told.append(line))] == [1, 2]
    assert told == [b"!!!\n"]
    sink.close()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    with pytest.raises(Refused, match=f"process {os.getpid()} ") as refused:
        FileSink(tmp_path)
    assert refused.value.code == "already_running"
    sink.close()
    FileSink(tmp_path).close()


def in_child(test: Callable[[], None]) -> None:
    """Run it in a forked child, so that its limits are its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            test()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_full_disk_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    """A real limit of the system (RLIMIT_FSIZE) refuses writes, in the middle of a line too."""

    def test() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        clock, sink = HandClock(), FileSink(tmp_path, backlog=50)
        journal = Journal(clock, sink)
        heard: list[int] = []
        journal.follow(lambda entry: heard.append(entry.seq))
        sink.on_alarm = journal.write
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        # a limit on a file's size is healed by a fresh segment; none at all can be written with a limit of 0
        for number in range(8):
            journal.write(answered(number))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for number in range(8, 20):
            journal.write(answered(number))
        assert sink.trouble
        assert sink.unwritten > 10
        assert not sink.retry()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert sink.retry()
        assert (sink.unwritten, sink.lost, sink.trouble) == (0, 0, "")
        sink.close()
        entries = list(read_journal(tmp_path))
        assert [entry.seq for entry in entries] == heard == list(range(1, len(heard) + 1))
        assert calls(entries) == [f"1.{number:06d}" for number in range(20)]
        kinds = [type(entry.fact) for entry in entries]
        assert kinds.count(facts.AlarmRaised) == kinds.count(facts.AlarmCleared) >= 1

    in_child(test)


def test_what_the_backlog_cannot_hold_is_counted(tmp_path: Path) -> None:
    def test() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sink = FileSink(tmp_path, backlog=5)
        journal = Journal(HandClock(), sink)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for number in range(8):
            journal.write(answered(number))
        assert (sink.unwritten, sink.lost) == (5, 3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        journal.write(answered(8))
        assert [entry.seq for entry in sink.read()] == [1, 2, 3, 4, 5, 9]

    in_child(test)


def test_a_failed_sync_begins_a_new_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F30: the same fd is never synced again."""
    sink = FileSink(tmp_path)
    journal = Journal(HandClock(), sink)
    journal.write(answered(1))
    synced: list[int] = []

    def fails(fd: int) -> None:
        synced.append(fd)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fails)
        sink.sync()
        sink.sync()
    assert len(synced) == 1
    assert sink.failures == 1
    journal.write(answered(2))
    sink.sync()
    assert sorted(p.name for p in tmp_path.glob("*.jsonl")) == ["journal-20261122-2.jsonl", "journal-20261122.jsonl"]
    assert [entry.seq for entry in sink.read()] == [1, 2]
    sink.close()


_WRITER = """
import sys
from ccappliance.base.clock import SystemClock
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink
journal = Journal(SystemClock(), FileSink(sys.argv[1]))
while True:
    print(journal.write(facts.CallAnswered("x" * 100)).seq, flush=True)
"""


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    told = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(500):
                told = int(writer.stdout.readline())
            writer.kill()
        sink = FileSink(tmp_path)
        assert sink.last_seq >= told
        assert [entry.seq for entry in sink.read()] == list(range(1, sink.last_seq + 1))
        sink.close()
