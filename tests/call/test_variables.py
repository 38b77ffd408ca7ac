"""Variables of a call: every change is one fact, secrets tell their length, CDRs keep the last value."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_VARIABLE, MAX_VARIABLES
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.call.search import Asked
from ccappliance.call.search_store import SearchStore
from ccappliance.call.variables import Variables
from ccappliance.store.database import Store


def written() -> tuple[Variables, list[facts.Fact]]:
    told: list[facts.Fact] = []
    return Variables("c", SimpleNamespace(write=told.append)), told


def test_a_change_is_a_fact_and_no_change_is_none() -> None:
    variables, told = written()
    variables["a"] = "1"
    variables["a"] = "1"
    variables.update({"a": "2"})
    del variables["a"]
    assert told == [facts.VariableSet("c", "a", value) for value in ("1", "2", "")]
    assert variables == {}


def test_there_is_an_end_to_everything() -> None:
    variables, _ = written()
    variables.update({f"v{n}": "x" * (MAX_VARIABLE + 1) for n in range(MAX_VARIABLES)})
    assert len(variables["v0"]) == MAX_VARIABLE
    variables["v0"] = "y"
    with pytest.raises(Refused, match="64 variables"):
        variables["more"] = ""


def ended() -> tuple[CdrStore, SearchStore]:
    """Two calls of the same number, with an account each."""
    database = Store(":memory:", threaded=False)
    store, index = CdrStore(database), SearchStore(database)
    clock = SimpleNamespace(now=lambda: 1.0, wall=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    journal = Journal(clock, MemorySink())
    journal.follow(store.hear)
    journal.follow(index.hear)
    for call, account in (("c1", "4711"), ("c2", "4712")):
        journal.write(facts.CallOffered(call, "fxo/1", "in", "8008", "139", ""))
        journal.write(facts.VariableSet(call, "account", "0"))
        journal.write(facts.VariableSet(call, "account", account))
        journal.write(facts.CallEnded(call, 16, "caller"))
    return store, index


@pytest.mark.parametrize(("wanted", "found"), [
    ({"variable": "account"}, ["c2", "c1"]), ({"variable": "account=4711"}, ["c1"]),
    ({"variable": "account=0"}, []), ({"variable": "pin"}, []), ({"number": "139"}, ["c2", "c1"]),
    ({"number": "8008", "variable": "account=4712"}, ["c2"]), ({"agent": "1001"}, []), ({}, ["c2", "c1"])])
def test_cdrs_are_found_by_what_is_known_of_the_caller(wanted: dict[str, str], found: list[str]) -> None:
    store, index = ended()
    assert [row.cdr.call for row in asyncio.run(index.find(Asked(**wanted), 10))] == found
    kept = store.find("c1")
    assert isinstance(kept, Cdr)
    assert kept.variables == {"account": "4711"}
