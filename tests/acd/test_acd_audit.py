"""The audit: what is shown equals what the journal gives again; what is changed is told with its calls."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from acd_world import EPOCH, World, queue_settings, settings
from test_acd_redone import busy_settings, live

from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry
from ccappliance.call.leg_store import LegStore
from ccappliance.call.recount import shown
from ccappliance.interfaces.control.audit import Shown, audit
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

TODAY = EPOCH.date()


class Box:
    """A world whose calls are offered and end as in a house, with its database."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = Store(":memory:", threaded=False)
        self.cdrs = CdrStore(self.store)
        self.legs = LegStore(self.store)
        world.journal.follow(self.cdrs.hear)
        world.journal.follow(self.legs.hear)

    def shown(self) -> Shown:
        world = self.world
        return Shown(world.journal.seq, shown(world.figures), self.cdrs.recent(10_000), self.cdrs.recordings(10_000),
                     self.legs.legs)

    def audit(self, given: Shown | None = None, day: date | None = None) -> dict[str, Any]:
        return audit(self.world.sink.read(), day, given or self.shown(), UTC, TODAY)


async def some_calls(world: World) -> Box:
    """Two answered and recorded, one given up."""
    box = Box(world)
    world.answer_after = lambda station: 2.0
    world.login("1001")
    for number in range(3):
        call = world.quiet_call("138")
        world.journal.write(facts.CallOffered(call.id, "fxo/1", "in", "95588", "138", "王\udce4"))
        world._launch(call, "queue:sales")
        await asyncio.sleep(1)
        if number < 2:
            world.journal.write(facts.RecordingStarted(call.id, f"r{number}", f"a{number}.wav", "queue sales"))
            await asyncio.sleep(5)
            world.journal.write(facts.RecordingEnded(call.id, f"r{number}", f"a{number}.wav", 5.0, 0.0, "complete"))
        call.anchor.hang_up()
        await asyncio.sleep(1 if number else 20)
    return box


def found(change: Callable[[Shown], Shown]) -> list[dict[str, Any]]:
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        box = await some_calls(world)
        assert box.audit()["differences"] == []
        return box.audit(change(box.shown()))["differences"]
    return run_virtual(story())


def in_figures(kind: str, name: str, figure: str, value: Any) -> Callable[[Shown], Shown]:
    def change(given: Shown) -> Shown:
        figures = {**given.figures, kind: {**given.figures[kind],
                                           name: {**given.figures[kind][name], figure: value}}}
        return replace(given, figures=figures)
    return change


@pytest.mark.parametrize(("change", "what", "where"), [
    (in_figures("queues", "sales", "offered", 4), "queue", "sales offered"),
    (in_figures("queues", "sales", "outcomes", {"answered": 3}), "queue", "sales outcomes"),
    (in_figures("queues", "sales", "in_time", 1), "queue", "sales in_time"),
    (in_figures("queues", "sales", "answer_wait", 99.0), "queue", "sales answer_wait"),
    (in_figures("agents", "1001", "answered", 7), "agent", "1001 answered"),
    (in_figures("agents", "1001", "spent", {"talking": 1.0}), "agent", "1001 spent"),
    (lambda given: replace(given, figures={**given.figures, "totals": {"calls": 2, "lines": {"fxo/1": 3}}}),
     "totals", "calls"),
    (lambda given: replace(given, cdrs=given.cdrs[1:]), "cdr", "call"),
    (lambda given: replace(given, cdrs=[replace(given.cdrs[0], wait=9.0), *given.cdrs[1:]]), "cdr", "wait"),
    (lambda given: replace(given, cdrs=[*given.cdrs, replace(given.cdrs[0], call="9.9")]), "cdr", "call 9.9"),
    (lambda given: replace(given, recordings=given.recordings[1:]), "recording", "r1")])
def test_whatever_is_shown_wrongly_is_told_with_its_calls(change, what, where):
    told = found(change)
    assert [one["what"] for one in told] == [what]
    assert where in told[0]["where"]
    assert told[0]["calls"]


@pytest.mark.slow
def test_a_busy_hour_adds_up_and_so_does_every_moment_of_it():
    async def story():
        world = World(busy_settings("longest-idle"), seed=3)
        box = Box(world)
        living = world.loop.create_task(live(world, 200))
        while not living.done():
            await asyncio.sleep(60)
            assert box.audit()["differences"] == []
        report = box.audit()
        assert report["compared"] == "figures and database"
        assert report["decisions"] > 100
        await world.close()
    run_virtual(story())


def test_what_is_written_after_the_moment_is_not_held_against_it():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        box = await some_calls(world)
        before = box.shown()
        world.offer("sales")
        await asyncio.sleep(3)
        assert box.audit(before)["differences"] == []
        await world.close()
    run_virtual(story())


def test_another_day_is_compared_with_the_database_alone():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        box = await some_calls(world)
        await asyncio.sleep(86_400)
        await some_more(world)
        report = audit(world.sink.read(), TODAY, box.shown(), UTC, date(2026, 11, 23))
        assert (report["compared"], report["calls"], report["cdrs"], report["recordings"]) == ("database", 3, 3, 2)
        assert report["differences"] == []
        live_day = audit(world.sink.read(), None, box.shown(), UTC, date(2026, 11, 23))
        assert live_day["compared"] == "figures and database"
        assert live_day["differences"] == []
        await world.close()
    run_virtual(story())


async def some_more(world: World) -> None:
    call = world.offer("sales")
    await asyncio.sleep(5)
    call.anchor.hang_up()
    await asyncio.sleep(20)


def test_a_fact_that_was_lost_is_found_by_the_sums():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        box = await some_calls(world)
        entries: list[Entry] = list(world.sink.read())
        lost = next(entry for entry in entries if isinstance(entry.fact, facts.QueueEntered))
        told = audit([entry for entry in entries if entry is not lost], None, box.shown(), UTC, TODAY)["differences"]
        assert {one["what"] for one in told} >= {"invariant", "queue", "decision"}
        await world.close()
    run_virtual(story())
