"""Finding calls: the same as a plain look at every call, the same tables whatever is killed when, and refusals."""

import asyncio
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cdr import START, Teller

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_ASKED
from ccappliance.call import facts, grams, search_store
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry, MemorySink
from ccappliance.call.search import Asked, instant
from ccappliance.call.search_store import SearchStore
from ccappliance.store.database import Store
from ccappliance.store.rebuilt import differences

NUMBERS = ("13800138000", "02012345678", "8001", "8002", "+8613912345678", "", "%_%", "1%0", "10010", "a'b\"c",
           "\x00\udc80")
AGENTS, QUEUES, TAGS = ("1001", "1002", ""), ("sales", "售后", ""), ("vip", "投诉", "a%b", "x'y")
TEXTS = ("客户要求退款", "退 款", "Refund promised by 王", "ＲＥＦＵＮＤ 100%", "款退", "a", "'; DROP TABLE cdr; --",
         "x_y", "😀退款")
TABLES = ("cdr", "call_gram", "call_note", "call_tag", "call_day")


def life(seed: int, steps: int = 60) -> MemorySink:
    """Calls that overlap, notes and tags before and after their ends, a kill now and then, a clock that steps."""
    chance, house = random.Random(seed), Teller()
    house.tell(facts.DaemonStarted("1", "site", "Asia/Shanghai"))
    alive: list[str] = []
    known: list[str] = []
    for number in range(steps):
        house.tell(chance.choice((0.5, 3.0, 130.0, 4000.0, 30000.0)))
        if chance.random() < 0.05:
            house.wall_step += timedelta(days=chance.choice((-2, 1)))
        kind = chance.random()
        call = chance.choice(known) if known else ""
        if kind < 0.4 or not known:
            call = f"c{number}"
            known.append(call)
            alive.append(call)
            house.tell(facts.CallOffered(call, "fxo/1", "in", chance.choice(NUMBERS), chance.choice(NUMBERS), "王"),
                       facts.LegMoved(call, "a", "fxo/1", "x", "", "offered", ""))
            if chance.random() < 0.6:
                house.tell(facts.CallAnswered(call), facts.QueueEntered(call, chance.choice(QUEUES), 1, 0.0, 0, 0.0),
                           facts.LegMoved(call, "b", "fxs/1", chance.choice(NUMBERS), "", "answered", ""),
                           facts.QueueLeft(call, "sales", "answered", 1.0, 1, chance.choice(AGENTS)),
                           facts.VariableSet(call, "account", chance.choice(("4711", "4712", "v" * 150))))
            if chance.random() < 0.5:
                house.tell(facts.RecordingStarted(call, f"{call}-r", f"{call}.wav", "always"))
        elif kind < 0.6 and alive:
            call = alive.pop(chance.randrange(len(alive)))
            house.tell(facts.CallEnded(call, chance.choice((16, 17, 34)), "caller"))
        elif kind < 0.75:
            house.tell(facts.CallNoted(call, "cli:root", chance.choice(TEXTS)))
        elif kind < 0.97:
            house.tell(facts.CallTagged(call, "cli:root", chance.choice(TAGS), chance.random() < 0.7))
        else:
            house.tell(facts.DaemonStarted("1", "site", "Asia/Shanghai"), *house.reader.unfinished(lambda path: 0.0))
            alive.clear()
    return house.sink


def fresh() -> Store:
    return Store(":memory:", threaded=False)


def follow(store: Store, entries: Iterable[Entry], kill_after: int | None = None) -> SearchStore:
    """As the house does: catch up from where the last one was, then hear one by one; a kill may come between two."""
    cdrs, index = CdrStore(store), SearchStore(store)
    everything = list(entries)
    there = max(cdrs.applied, index.applied)
    cdrs.catch_up(entry for entry in everything if cdrs.replay_from <= entry.seq <= there)
    index.catch_up(entry for entry in everything if index.replay_from <= entry.seq <= there)
    for heard, entry in enumerate(entry for entry in everything if entry.seq > there):
        cdrs.hear(entry)  # whatever kind: this journal has several runs, and the last entry of one is its end
        if heard == kill_after:
            return index  # the CDR is stored, its postings are not
        index.hear(entry)
    return index


class Naive:
    """Every call with its notes and tags, looked at one by one."""

    def __init__(self, sink: MemorySink, store: Store) -> None:
        self.cdrs = CdrStore(store).recent(10_000)
        self.notes: dict[str, list[str]] = {}
        self.tags: dict[str, set[str]] = {}
        for entry in sink.read():
            if isinstance(entry.fact, facts.CallNoted):
                self.notes.setdefault(entry.fact.call, []).append(grams.folded(entry.fact.text))
            elif isinstance(entry.fact, facts.CallTagged):
                tags = self.tags.setdefault(entry.fact.call, set())
                tags.add(entry.fact.tag) if entry.fact.on else tags.discard(entry.fact.tag)

    def find(self, asked: Asked) -> list[int]:
        return [cdr.seq for cdr in self.cdrs if self._fits(cdr, asked)]

    def _fits(self, cdr: Cdr, asked: Asked) -> bool:
        name, _, value = asked.variable.partition("=")
        return ((asked.since is None or cdr.started_at >= asked.since)
                and (asked.until is None or cdr.started_at < asked.until)
                and any(asked.digits() in number for number in (cdr.calling, cdr.called, cdr.partner))
                and asked.agent in ("", cdr.agent) and asked.queue in ("", cdr.queue)
                and asked.disposition in ("", cdr.disposition)
                and (asked.shortest is None or cdr.duration >= asked.shortest)
                and (asked.longest is None or cdr.duration <= asked.longest)
                and all(any(word in note for note in self.notes.get(cdr.call, ())) for word in asked.spoken())
                and all(tag in self.tags.get(cdr.call, ()) for tag in asked.tags)
                and (not name or (name in cdr.variables and (not value or cdr.variables[name] == value)))
                and (not asked.recorded or bool(cdr.recordings)))


def all_of(index: SearchStore, asked: Asked, page: int) -> list[int]:
    """Page by page, by the seq of the last one."""
    found: list[int] = []
    while True:
        rows = asyncio.run(index.find(asked, page, found[-1] if found else 0))
        found += [row.cdr.seq for row in rows]
        if len(rows) < page:
            return found


MOMENTS = st.one_of(st.none(), st.integers(-3 * 86400, 12 * 86400).map(lambda s: START + timedelta(seconds=s + 0.5)))
QUESTIONS = st.fixed_dictionaries({}, optional={
    "number": st.sampled_from(("138", "1", "0013", "12345678", "%", "_%", "'", "8001", "138-0013 8000", "999", "1%0")),
    "agent": st.sampled_from(AGENTS), "queue": st.sampled_from(QUEUES),
    "disposition": st.sampled_from(("ANSWERED", "BUSY", "FAILED", "INTERRUPTED", "NO ANSWER", "%")),
    "words": st.sampled_from(("退款", "退", "款 王", "refund", "REF", "ef", "100%", "_", "'", "款退", "drop table",
                              "😀")),
    "tags": st.lists(st.sampled_from(TAGS), max_size=2), "variable": st.sampled_from(
        ("account", "account=4711", "account=%", "accoun", "account=" + "v" * 150)),
    "shortest": st.sampled_from((0.0, 3.0, 120.0, 4000.0)), "longest": st.sampled_from((4000.0, 9000.0, 1e6)),
    "recorded": st.booleans()})


@pytest.fixture(scope="module")
def lives() -> list[tuple[SearchStore, Naive]]:
    made = []
    for seed in range(6):
        sink, store = life(seed, 250), fresh()
        made.append((follow(store, sink.read()), Naive(sink, store)))
    return made


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True)
@given(seed=st.integers(0, 5), question=QUESTIONS, since=MOMENTS, until=MOMENTS, page=st.sampled_from((1, 3, 1000)),
       step=st.sampled_from((1, 7, 3000)))
def test_what_is_found_is_what_a_look_at_every_call_finds(lives: list[tuple[SearchStore, Naive]], seed: int,
                                                          question: dict[str, Any], since: datetime | None,
                                                          until: datetime | None, page: int, step: int) -> None:
    if since and until and since >= until:
        since, until = until, since + timedelta(seconds=1)
    asked = Asked(since=since, until=until, **{"shortest": None, "longest": None, **question})
    index, naive = lives[seed]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_store, "STEP", step)
        assert all_of(index, asked, page) == naive.find(asked)


def test_the_naive_filter_finds_something_for_most_kinds_of_question(lives: list[tuple[SearchStore, Naive]]) -> None:
    """Else the property above would prove nothing."""
    for question in ({"number": "138"}, {"number": "1"}, {"words": "退款"}, {"words": "款"}, {"tags": ["投诉"]},
                     {"agent": "1001"}, {"queue": "售后"}, {"disposition": "ANSWERED"}, {"shortest": 4000.0},
                     {"longest": 9000.0}, {"variable": "account=4711"}, {"recorded": True}, {"words": "100%"}):
        asked = Asked(**question)  # type: ignore[arg-type]
        assert sum(len(naive.find(asked)) for _, naive in lives) > 0, question


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_killed_when_the_tables_are_those_of_the_journal(seed: int) -> None:
    sink, whole = life(seed), fresh()
    follow(whole, sink.read())
    for kill_after in range(1, 90):
        store = fresh()
        follow(store, sink.read(), kill_after)
        follow(store, sink.read(), kill_after % 7)  # and again, soon after it started
        follow(store, sink.read())
        assert differences(whole, store, TABLES) == [], (seed, kill_after)


def test_a_replay_of_the_whole_journal_gives_the_tables_of_the_day() -> None:
    for seed in range(5):
        sink, live, again = life(seed), fresh(), fresh()
        follow(live, sink.read())
        CdrStore(again).catch_up(sink.read())
        SearchStore(again).catch_up(sink.read())
        assert differences(live, again, TABLES) == [], seed


def test_a_database_of_an_older_version_is_filled_from_the_journal() -> None:
    sink, store = life(1), fresh()
    CdrStore(store).catch_up(sink.read())  # its CDRs are there, this reader has never run
    index = follow(store, sink.read())
    assert all_of(index, Asked(number="138"), 5) == Naive(sink, store).find(Asked(number="138")) != []


def test_paging_is_stable_while_calls_end() -> None:
    sink, store = life(2), fresh()
    entries = list(sink.read())
    index = follow(store, entries[:120])
    first = asyncio.run(index.find(Asked(), 3))
    before = all_of(index, Asked(), 100)
    follow(store, entries)
    more = asyncio.run(SearchStore(store).find(Asked(), 100, first[-1].cdr.seq))
    assert [row.cdr.seq for row in first + more] == before


@pytest.mark.parametrize(("question", "words"), [
    ({"number": "9" * 10_240}, f"at most {MAX_ASKED}"), ({"number": "1\x002"}, "cannot be printed"),
    ({"words": "a\x00"}, "cannot be printed"), ({"words": "\udc80"}, "cannot be printed"),
    ({"number": " - "}, "no digit"), ({"words": "a b c d e f g h i"}, "at most 8 words"),
    ({"tags": ["x"] * 9}, "8 tags"), ({"tags": [""]}, "leave it out"), ({"variable": "=1"}, "NAME=VALUE"),
    ({"shortest": -2.0}, "from 0 on"), ({"longest": float("nan")}, "from 0 on"),
    ({"shortest": 9.0, "longest": 3.0}, "exchange them"), ({"since": START, "until": START}, "before 'until'")])
def test_a_question_that_makes_no_sense_is_refused_with_what_to_do(question: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        Asked(**question)
    assert refused.value.code == "bad_parameters"


def test_days_are_those_of_the_site_and_end_when_they_are_over() -> None:
    assert instant("2026-11-22", UTC) == datetime(2026, 11, 22, tzinfo=UTC)
    assert instant("2026-11-22", UTC, end=True) == datetime(2026, 11, 23, tzinfo=UTC)
    assert instant("2026-11-22T08:30", UTC, end=True) == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    assert instant("2026-11-22T08:30+08:00", UTC) == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    for wrong in ("yesterday", "9999-12-31", "2026-13-01", "2026-11-22\x00"):
        with pytest.raises(Refused, match="write 2026-11-22"):
            instant(wrong, UTC, end=True)
