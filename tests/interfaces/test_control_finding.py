"""Finding calls through a door: questions as a person writes them, notes and tags, and what is refused."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_NOTE
from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.leg_store import LegStore
from ccappliance.call.search_store import SearchStore
from ccappliance.interfaces.control.finding import finding_operations
from ccappliance.interfaces.control.past import PastCalls
from ccappliance.interfaces.control.registry import Operations
from ccappliance.store.database import Store


class Box:
    """One call over, one alive, and the operations upon them."""

    def __init__(self) -> None:
        store = Store(":memory:", threaded=False)
        cdrs, legs, index = CdrStore(store), LegStore(store), SearchStore(store)
        self.sink = MemorySink()
        journal = Journal(SystemClock(), self.sink)
        journal.follow(cdrs.hear, cdrs.KINDS)
        journal.follow(index.hear, index.KINDS)
        self.operations = Operations()
        finding_operations(self.operations, PastCalls(
            cdrs, legs, KeepingStore(store), index, self._flush, ZoneInfo("Asia/Shanghai"), {"alive"}.__contains__,
            journal.write))
        for call in ("over", "alive"):
            journal.write(facts.CallOffered(call, "fxo/1", "in", "4008001", "13812345678", ""))
        journal.write(facts.RecordingStarted("over", "r", "r.wav", "always"))
        self.end = lambda call: journal.write(facts.CallEnded(call, 16, "caller"))
        self.end("over")

    async def _flush(self) -> None:
        return None

    def ask(self, operation: str, **params: Any) -> Any:
        return asyncio.run(self.operations.run(operation, params, "cli:root"))

    def found(self, operation: str = "calls.search", **params: Any) -> list[str]:
        return [row["id"] for row in self.ask(operation, **params)]


def test_notes_and_tags_of_calls_alive_and_over_are_found() -> None:
    box = Box()
    for call in ("over", "alive"):
        box.ask("calls.note", call=call, text="客户要求退款，明天再打")
        box.ask("calls.tag", call=call, tag="投诉")
    box.end("alive")
    assert box.found(words="退款") == box.found(words="退款 明天", tags=["投诉"], number="2345") == ["alive", "over"]
    assert box.found("recordings.find", words="退款") == ["over"]
    assert box.found(words="款退") == []
    (row,) = box.ask("recordings.find")
    assert row["tags"] == ["投诉"]
    assert row["notes"][0]["by"] == "cli:root"
    assert row["recordings"] == ["r.wav"]


def test_a_tag_is_taken_away_and_told_only_when_it_changes() -> None:
    box = Box()
    for on in (True, True, False, False):
        box.ask("calls.tag", call="over", tag="vip", on=on)
    assert box.found(tags=["vip"]) == []
    assert [entry.fact.on for entry in box.sink.read() if isinstance(entry.fact, facts.CallTagged)] == [True, False]


def test_pages_go_on_from_the_seq_of_the_last_call() -> None:
    box = Box()
    box.end("alive")
    (first,) = box.ask("calls.search", limit=1)
    assert box.found(limit=1, before=first["seq"]) == ["over"]


@pytest.mark.parametrize(("operation", "params", "code", "words"), [
    ("calls.note", {"call": "nobody", "text": "x"}, "no_such_call", "calls search"),
    ("calls.note", {"call": "over", "text": " "}, "bad_parameters", "nothing was written"),
    ("calls.note", {"call": "over", "text": "字" * (MAX_NOTE + 1)}, "bad_parameters", f"at most {MAX_NOTE} are taken"),
    ("calls.note", {"call": "over", "text": "a\x00b"}, "bad_parameters", "cannot be printed"),
    ("calls.tag", {"call": "over", "tag": "a\nb"}, "bad_parameters", "cannot be printed"),
    ("calls.tag", {"call": "nobody", "tag": "a"}, "no_such_call", "calls search"),
    ("calls.search", {"limit": 0}, "bad_parameters", "from 1 to 1000"),
    ("calls.search", {"before": -1}, "bad_parameters", "'seq'"),
    ("calls.search", {"since": "yesterday"}, "bad_parameters", "write 2026-11-22"),
    ("calls.search", {"shortest": -3.0}, "bad_parameters", "from 0 on"),
    ("recordings.find", {"number": "1" * 10_240}, "bad_parameters", "10240 characters")])
def test_what_cannot_be_is_refused_and_nothing_is_written(operation: str, params: dict[str, Any], code: str, words: str
                                                          ) -> None:
    box = Box()
    before = len(list(box.sink.read()))
    with pytest.raises(Refused, match=words) as refused:
        box.ask(operation, **params)
    assert refused.value.code == code
    assert len(list(box.sink.read())) == before


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE cdr; --", '"', "\\", "*", "退%"])
def test_signs_with_a_meaning_elsewhere_are_only_themselves(text: str) -> None:
    box = Box()
    assert box.found(words=text) == []
    box.ask("calls.note", call="over", text=f"x{text}y")
    assert box.found(words=text) == ["over"]
