"""Pages of the journal: who begins to read at DayBegan makes every later decision as who has read all of it."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acd_world import World
from test_acd_million import Shard, configuration

from ccappliance.apps.acd.explain import NEEDED, explain
from ccappliance.apps.acd.pages import Pages
from ccappliance.apps.acd.redone import Decision, Redone
from ccappliance.apps.acd.settings import STRATEGIES
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.call.journal_search import about
from ccappliance.sim.loop import run_virtual

EVE = datetime(2026, 11, 22, 23, 50, tzinfo=UTC)  # ten minutes before midnight
CALLS = 300


class Night(Shard):
    """A shard that is played over midnight and keeps its journal."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"night/{seed}")
        self.settings = configuration(seed)
        self.world = World(self.settings, seed=seed, epoch=EVE)
        self.world.answer_after = self._picks_up
        self.world.journal.follow(lambda entry: self._hear(entry.fact))
        self.outcomes = Counter()
        self.living, self.waiting = {}, {}
        pages = Pages(lambda at: at.date(), lambda: "UTC", write=self.world.journal.write,
                      soon=self.world.loop.call_soon)
        for entry in self.world.sink.read():  # what the world has written already
            pages.hear(entry)
        self.world.journal.follow(pages.hear, pages.KINDS)


def night(seed: int) -> list[bytes]:
    async def story() -> list[bytes]:
        one = Night(seed)
        await one.play(CALLS)
        return one.world.sink.lines
    return run_virtual(story())


def decided(entries: Iterator[Entry] | list[Entry], whole: bool) -> dict[int, Decision]:
    found: dict[int, Decision] = {}
    redone = Redone(lambda decision: found.update({decision.seq: decision}))
    redone.retold.whole = whole
    for entry in entries:
        redone.hear(entry)
    redone.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(len(STRATEGIES)))
def test_a_page_is_as_good_as_all_before_it(seed: int) -> None:
    entries = [Entry.parse(line) for line in night(seed)]
    pages = [index for index, entry in enumerate(entries) if isinstance(entry.fact, facts.DayBegan)]
    assert len(pages) == 1
    page = entries[pages[0]]
    assert page.fact.day == "2026-11-23"
    assert page.fact.page["stays"] or seed != 1, "nobody waited at midnight: choose another seed"
    whole, later = decided(entries, True), decided(entries[pages[0]:], False)
    assert len(later) > CALLS / 6
    assert later == {seq: decision for seq, decision in whole.items() if seq > page.seq}, f"seed {seed}"
    assert not [decision for decision in later.values() if decision.differs or decision.verdict is None]


@pytest.mark.slow
def test_a_call_is_explained_from_its_page_alone(tmp_path: Path) -> None:
    lines = night(4)
    entries = [Entry.parse(line) for line in lines]
    paths = [tmp_path / f"journal-{name}.jsonl" for name in ("1", "2", "3")]
    cut = next(index for index, entry in enumerate(entries) if entry.at.day == 23)
    for path, part in zip(paths, (lines[:cut], lines[cut:-40], lines[-40:]), strict=True):
        path.write_bytes(b"".join(line + b"\n" for line in part))
    page = next(entry.seq for entry in entries if isinstance(entry.fact, facts.DayBegan))
    calls = {entry.fact.call: entry.seq for entry in entries if isinstance(entry.fact, facts.QueueEntered)}
    sought = random.Random("explained").sample(list(calls), 30)
    assert any(calls[call] < page for call in sought)
    for call in sought:
        read = list(about(paths, call, NEEDED))
        assert read[0].seq == page if calls[call] > page else read[0].seq < 10, call
        if calls[call] > page:
            assert explain(call, read).events == explain(call, iter(entries)).events, call


def test_a_call_nobody_mentions_reads_nothing(tmp_path: Path) -> None:
    one, empty = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_bytes(b'{"seq":1,"at":"2026-01-01T00:00:00.000Z","now":0.0,"fact":"CallAnswered","call":"1.000002"}\n')
    empty.write_bytes(b"")
    assert list(about([one, empty], "1.00000", ())) == []
    assert [entry.seq for entry in about([one, empty], "1.000002", ())] == [1]
