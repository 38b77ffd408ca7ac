"""CDRs as a fold; what a kill leaves open is ended exactly once; and the rows of the database are the journal's."""

import dataclasses
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader, interrupted
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Entry, Journal, MemorySink
from ccappliance.store.database import Store

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Teller:
    """Writes facts at instants of one clock, and folds them."""

    def __init__(self, sink: MemorySink | None = None, now: float = 0.0) -> None:
        self.seconds = now
        self.wall_step = timedelta(0)
        self.cdrs: list[Cdr] = []
        self.sink = sink or MemorySink()
        self.journal = Journal(self, self.sink)
        self.reader = CdrReader(self.cdrs.append)
        self.journal.follow(self.reader.hear)

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.seconds) + self.wall_step

    def now(self) -> float:
        return self.seconds

    def tell(self, *told: Fact | float) -> None:
        """Facts, and between them seconds that pass."""
        for one in told:
            if isinstance(one, Fact):
                self.journal.write(one)
            else:
                self.seconds += one

    def one(self) -> Cdr:
        assert len(self.cdrs) == 1
        return self.cdrs[0]


def offered(call: str = "c", direction: str = "in") -> facts.CallOffered:
    return facts.CallOffered(call, "fxo/1", direction, "4008", "020123", "王")


def leg(call: str, name: str, line: str, party: str, state: str) -> facts.LegMoved:
    return facts.LegMoved(call, name, line, party, "", state, "")


def ended(call: str = "c", cause: Cause = Cause.NORMAL, by: str = "caller") -> facts.CallEnded:
    return facts.CallEnded(call, int(cause), by)


def whole_call(call: str = "c") -> list[Fact | float]:
    """An incoming call: menu 5 s, queue 20 s of which 4 s ring, 60 s of talk, attended transfer, 30 s more."""
    return [offered(call), leg(call, "l1", "fxo/1", "020123", "offered"),
            facts.CallRouted(call, "flow:main", "routes[0]"), 2.0,
            leg(call, "l1", "fxo/1", "020123", "answered"), facts.CallAnswered(call), 5.0,
            facts.CallRouted(call, "queue:sales", "flow:main"), facts.QueueEntered(call, "sales", 1, 7.0, 0, 0.0), 16.0,
            facts.OfferMade("o", call, "sales", "ann", "8001", "longest_idle", {}),
            leg(call, "l2", "fxs/1", "8001", "seized"), leg(call, "l2", "fxs/1", "8001", "alerting"), 4.0,
            leg(call, "l2", "fxs/1", "8001", "answered"), facts.OfferEnded("o", call, "ann", "answered", 4.0),
            facts.QueueLeft(call, "sales", "answered", 20.0, 1, "ann"),
            facts.RecordingStarted(call, f"{call}-r1", f"2026/{call}-r1.wav", "queue sales"),
            facts.ConversationStarted(call, ["l1", "l2"], ["020123", "8001"]), 60.0,
            facts.SupervisionStarted(call, "s-l1", "8009", "monitor", "ann"),
            facts.TransferStarted(call, "l2", "8002"), leg(call, "l3", "fxs/2", "8002", "alerting"), 3.0,
            leg(call, "l3", "fxs/2", "8002", "answered"), facts.TransferEnded(call, "l2", "8002", "attended"), 27.0,
            facts.SupervisionEnded(call, "s-l1", "conversation over", 30.0),
            facts.ConversationEnded(call, "caller", 90.0),
            facts.RecordingEnded(call, f"{call}-r1", f"2026/{call}-r1.wav", 90.0, 0.0, "complete"), ended(call)]


def test_a_whole_call() -> None:
    house = Teller()
    house.tell(*whole_call())
    at = START.replace(microsecond=0)
    assert house.one() == Cdr(
        seq=house.journal.seq, call="c", direction="in", line="fxo/1", calling="020123", called="4008", name="王",
        destination="queue:sales", queue="sales", agent="ann", partner="8002", partner_line="fxs/2",
        started_at=at, answered_at=at + timedelta(seconds=2), ended_at=at + timedelta(seconds=117),
        wait=20.0, ring=4.0, talk=90.0, duration=117.0, billable=115.0, disposition="ANSWERED", cause=16,
        ended_by="caller", transfers=1, recordings=("2026/c-r1.wav",))
    assert house.reader.open_calls() == []


def test_lengths_come_from_the_loop_clock() -> None:
    """F51: the wall clock steps an hour back during the call."""
    house = Teller()
    house.tell(offered(), facts.CallAnswered("c"), 10.0)
    house.wall_step = timedelta(hours=-1)
    house.tell(20.0, ended())
    assert (house.one().duration, house.one().billable) == (30.0, 30.0)
    assert house.one().ended_at < house.one().started_at


@pytest.mark.parametrize(("between", "cause", "disposition"), [
    ([], Cause.BUSY, "BUSY"), ([], Cause.NO_ANSWER, "NO ANSWER"), ([], Cause.NORMAL, "NO ANSWER"),
    ([], Cause.CONGESTION, "FAILED"), ([], Cause.UNALLOCATED, "FAILED"),
    ([facts.CallAnswered("c")], Cause.NORMAL, "ANSWERED"), ([facts.CallAnswered("c")], Cause.BUSY, "ANSWERED"),
    ([facts.CallAnswered("c"), facts.QueueEntered("c", "q", 1, 0.0, 0, 0.0),
      facts.QueueLeft("c", "q", "abandoned", 9.0, 1, "")], Cause.NORMAL, "ABANDONED"),
    ([facts.CallAnswered("c"), facts.QueueEntered("c", "q", 1, 0.0, 0, 0.0),
      facts.QueueLeft("c", "q", "timed_out", 9.0, 1, "")], Cause.NORMAL, "ANSWERED"),
    ([facts.CallAnswered("c"), facts.ConversationStarted("c", [], []), facts.ConversationEnded("c", "transfer", 5.0),
      facts.QueueEntered("c", "q", 1, 0.0, 0, 0.0), facts.QueueLeft("c", "q", "abandoned", 9.0, 1, "")],
     Cause.NORMAL, "ANSWERED"),
])
def test_dispositions(between: list[Fact], cause: Cause, disposition: str) -> None:
    house = Teller()
    house.tell(offered(), *between, 3.0, ended("c", cause))
    assert house.one().disposition == disposition
    assert house.one().cause == cause


def test_calls_at_once_do_not_mix_and_each_ends_once(seed: int) -> None:
    chance = random.Random(seed)
    stories = {f"c{n}": whole_call(f"c{n}") for n in range(20)}
    house = Teller()
    while stories:
        name = chance.choice(sorted(stories))
        house.tell(stories[name].pop(0))
        if not stories[name]:
            del stories[name]
    assert sorted(cdr.call for cdr in house.cdrs) == sorted(f"c{n}" for n in range(20))
    assert all(cdr.transfers == 1 and cdr.recordings == (f"2026/{cdr.call}-r1.wav",) for cdr in house.cdrs), seed


def test_an_end_without_a_beginning_or_twice_is_no_cdr() -> None:
    house = Teller()
    house.tell(ended("stranger"), offered(), ended(), ended())
    assert [cdr.call for cdr in house.cdrs] == ["c"]


# ---- what a kill leaves open ----


def restart(before: Teller, now: float) -> Teller:
    """A new run on the same journal, as the daemon does it: hear it all, DaemonStarted, then the missing ends."""
    after = Teller(before.sink, now)
    entries = list(before.sink.read())
    for entry in entries:
        after.reader.hear(entry)
    after.cdrs.clear()
    after.tell(facts.DaemonStarted("1", "site"), *interrupted(entries, lambda path: 0.0))
    return after


def exactly_once(entries: Iterator[Entry]) -> None:
    """Every beginning has exactly one end."""
    pairs: dict[tuple[str, str], int] = {}
    for entry in entries:
        fact = entry.fact
        match fact:
            case facts.CallOffered() | facts.CallEnded():
                key, step = ("call", fact.call), 1 if isinstance(fact, facts.CallOffered) else -1
            case facts.QueueEntered() | facts.QueueLeft():
                key, step = ("queue", fact.call), 1 if isinstance(fact, facts.QueueEntered) else -1
            case facts.OfferMade() | facts.OfferEnded():
                key, step = ("offer", fact.offer), 1 if isinstance(fact, facts.OfferMade) else -1
            case facts.RecordingStarted() | facts.RecordingEnded():
                key, step = ("tape", fact.recording), 1 if isinstance(fact, facts.RecordingStarted) else -1
            case facts.ConversationStarted() | facts.ConversationEnded():
                key, step = ("talk", fact.call), 1 if isinstance(fact, facts.ConversationStarted) else -1
            case facts.SupervisionStarted() | facts.SupervisionEnded():
                key, step = ("ear", fact.leg), 1 if isinstance(fact, facts.SupervisionStarted) else -1
            case _:
                continue
        pairs[key] = pairs.get(key, 0) + step
        assert pairs[key] in (0, 1), key
    assert all(count == 0 for count in pairs.values()), pairs


@pytest.mark.parametrize("kept", range(1, len(whole_call()) + 1))
def test_a_kill_after_every_single_fact(kept: int) -> None:
    before = Teller()
    before.tell(*whole_call()[:kept])
    last = before.journal.tail(1)[0].now
    after = restart(before, now=1.0)  # another boot: the loop clock began anew
    exactly_once(before.sink.read())
    assert len(before.cdrs) + len(after.cdrs) == 1
    if after.cdrs:
        cdr = after.one()
        assert (cdr.disposition, cdr.cause, cdr.ended_by) == ("INTERRUPTED", 41, "interrupted")
        assert cdr.duration == last
        assert cdr.ended_at == START + timedelta(seconds=last)
    assert interrupted(before.sink.read()) == []  # and again, if the start itself was killed


def test_a_killed_restart_ends_what_it_had_not_ended() -> None:
    before = Teller()
    before.tell(offered("a"), offered("b"), facts.QueueEntered("b", "q", 1, 0.0, 0, 0.0), 5.0)
    before.tell(facts.DaemonStarted("1", "site"), facts.CallEnded("a", 41, "interrupted"))
    restart(before, now=0.0)
    exactly_once(before.sink.read())


def test_a_recording_proves_how_long_an_interrupted_call_was() -> None:
    """The journal fell silent with the conversation's begin; the tape went on for 50 s."""
    before = Teller()
    before.tell(offered(), facts.CallAnswered("c"), 10.0, facts.RecordingStarted("c", "r", "r.wav", "always"),
                facts.ConversationStarted("c", [], []))
    after = Teller(before.sink, 3.0)
    entries = list(before.sink.read())
    for entry in entries:
        after.reader.hear(entry)
    after.tell(facts.DaemonStarted("1", "site"), *interrupted(entries, lambda path: 50.0))
    assert (after.one().duration, after.one().billable) == (60.0, 60.0)
    assert after.one().ended_at == START + timedelta(seconds=60)


# ---- in the database ----


def rows_equal_fold(sink: MemorySink, store: Store) -> None:
    fold: list[Cdr] = []
    reader = CdrReader(fold.append)
    for entry in sink.read():
        reader.hear(entry)
    assert list(reversed(CdrStore(store).recent(1000))) == fold


def test_rows_and_back() -> None:
    store = Store(":memory:", threaded=False)
    house, cdrs = Teller(), CdrStore(store)
    house.journal.follow(cdrs.hear)
    house.tell(*whole_call("a"), offered("b"), ended("b", Cause.BUSY))
    assert cdrs.recent() == list(reversed(house.cdrs))
    assert cdrs.recent(1) == [house.cdrs[1]]
    assert cdrs.recent(before_seq=house.cdrs[1].seq) == [house.cdrs[0]]
    assert cdrs.find("a") == house.cdrs[0]
    assert cdrs.find("c") is None
    (tape,) = cdrs.recordings()
    assert (tape.call, tape.path, tape.seconds, tape.state) == ("a", "2026/a-r1.wav", 90.0, "complete")
    assert cdrs.recordings(call="b") == []
    store.close()


def test_a_recording_is_found_by_its_id_and_by_an_index() -> None:
    store = Store(":memory:", threaded=False)
    house, cdrs = Teller(), CdrStore(store)
    house.journal.follow(cdrs.hear)
    house.tell(*whole_call("a"))
    (tape,) = cdrs.recordings()
    assert cdrs.find_recording(tape.recording) == tape
    for unknown in ("", tape.recording[:-1], "' OR 1 --", "%"):
        assert cdrs.find_recording(unknown) is None
    (plan, *_) = store.query("EXPLAIN QUERY PLAN SELECT * FROM recording WHERE recording = ? ORDER BY seq DESC LIMIT 1",
                             (tape.recording,))
    assert "recording_name" in plan["detail"]
    store.close()


def test_hostile_names_are_kept_as_text() -> None:
    store = Store(":memory:", threaded=False)
    house, cdrs = Teller(), CdrStore(store)
    house.journal.follow(cdrs.hear)
    house.tell(dataclasses.replace(offered(), name="\udcff'); DROP TABLE cdr; --\x1b[2J"), ended())
    found = cdrs.find("c")
    assert found is not None
    assert found.name == "\\udcff'); DROP TABLE cdr; --\x1b[2J"


@pytest.mark.slow
def test_killed_at_any_entry_no_row_is_lost_or_doubled(seed: int) -> None:
    """The store has any beginning of what the journal has; the next start makes them equal."""
    chance = random.Random(seed)
    house = Teller()
    for number in range(6):
        house.tell(offered(f"long{number}"), *whole_call(f"c{number}"))
        if number % 2:
            house.tell(ended(f"long{number - 1}"))
    entries = list(house.sink.read())
    for _ in range(40):
        store = Store(":memory:", threaded=False)
        for reached in sorted(chance.sample(range(len(entries) + 1), 3)):
            cdrs = CdrStore(store)
            cdrs.catch_up(entry for entry in entries[:reached] if entry.seq >= cdrs.replay_from)
        cdrs = CdrStore(store)
        cdrs.catch_up(house.sink.read(cdrs.replay_from))
        rows_equal_fold(house.sink, store)
        assert len(cdrs.recordings()) == 6
        assert cdrs.open_calls() == ["long1", "long3", "long5"]
        store.close()


def test_a_power_cut_that_took_the_journals_end_gives_no_second_row() -> None:
    """The row was stored, its CallEnded was not: the start ends the call again, the row stays."""
    store = Store(":memory:", threaded=False)
    house, cdrs = Teller(), CdrStore(store)
    house.journal.follow(cdrs.hear)
    house.tell(offered(), facts.CallAnswered("c"), 5.0, ended())
    cut = MemorySink()
    cut.lines, cut.last_seq = house.sink.lines[:2], 2
    again = CdrStore(store)
    journal = Journal(house, cut, at_least=again.applied)
    missing = interrupted(cut.read())
    again.catch_up(cut.read(again.replay_from))
    journal.follow(again.hear)
    journal.write(facts.DaemonStarted("1", "site"))
    for fact in missing:
        journal.write(fact)
    assert [cdr.disposition for cdr in again.recent()] == ["ANSWERED"]
    assert journal.seq > 4
