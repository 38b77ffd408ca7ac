"""Readers that are told some kinds only: each names every kind it reads."""

import ast
import inspect
from datetime import UTC, datetime

import pytest

from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.acd.callback import Callbacks
from ccappliance.apps.acd.callback_store import CallbackStore
from ccappliance.apps.acd.contacts import Contacts
from ccappliance.apps.acd.invariants import Invariants
from ccappliance.apps.acd.pace import Pace
from ccappliance.base.clock import SystemClock
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.cdr import CdrReader
from ccappliance.call.journal import Entry, Journal, MemorySink
from ccappliance.call.rollup import Rollup
from ccappliance.call.search_store import SearchStore
from ccappliance.call.survey_store import SurveyStore


def asked_for(reader: type) -> set[str]:
    """Names of the facts its module looks for: what it matches, and what it compares a fact's type or kind with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(reader)))):  # type: ignore[arg-type]
        match node:
            case ast.MatchClass(cls=pattern):
                found |= {name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
                          for name in ast.walk(pattern) if isinstance(name, ast.Attribute | ast.Name)}
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]) | ast.Compare(comparators=[kinds]):
                found |= {name.attr if isinstance(name, ast.Attribute) else name.id
                          for name in ast.walk(kinds) if isinstance(name, ast.Attribute | ast.Name)}
    return found & set(facts.Kinds.BY_NAME)


@pytest.mark.parametrize("reader", [Acd, Callbacks, CallbackStore, Contacts, Invariants, Pace, Alarms, CdrReader,
                                    Rollup, SearchStore, SurveyStore])
def test_a_reader_wants_what_it_reads(reader: type) -> None:
    named = {kind.__name__ for kind in reader.KINDS}  # type: ignore[attr-defined]
    assert asked_for(reader)
    assert asked_for(reader) <= named, f"{reader.__name__} reads what it is not told"


def test_the_search_finds_a_kind_left_out() -> None:
    assert {"CallOffered", "LegMoved", "RecordingStarted"} <= asked_for(CdrReader)


def test_a_reader_is_told_its_kinds_and_another_all() -> None:
    journal, some, every = Journal(SystemClock(), MemorySink()), list[Entry](), list[Entry]()
    journal.follow(some.append, frozenset({facts.CallAnswered}))
    journal.write(facts.CallAnswered("1"))
    journal.follow(every.append)
    for fact in (facts.CallAnswered("2"), facts.CallEnded("2", 16, "caller")):
        journal.write(fact)
    journal.unfollow(some.append)
    journal.write(facts.CallAnswered("3"))
    assert [entry.seq for entry in some] == [1, 2]
    assert [entry.seq for entry in every] == [2, 3, 4]


def test_a_moment_is_that_of_both_clocks() -> None:
    """A wall clock that is set while the loop's stands still gives the next entry its time."""
    class Clock:
        at = datetime(2026, 1, 1, tzinfo=UTC)

        def wall(self) -> datetime:
            return self.at

        def now(self) -> float:
            return 5.0

    clock, sink = Clock(), MemorySink()
    journal = Journal(clock, sink)
    journal.write(facts.CallAnswered("1"))
    clock.at = datetime(2026, 1, 2, tzinfo=UTC)
    journal.write(facts.CallAnswered("2"))
    assert [entry.at.day for entry in sink.read()] == [1, 2]
