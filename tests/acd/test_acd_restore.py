"""F40: agents' login, pause and reason, wrap-up and queues survive a restart of the daemon, with their bounds."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.restore import KINDS, WITHIN, stands
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.call.journal_file import FileSink
from ccappliance.sim.loop import run_virtual

NUMBERS = [f"100{n}" for n in range(1, 8)]
SITE = settings({"sales": queue_settings(wrapup=30.0), "service": queue_settings(wrapup=5.0)}, NUMBERS)


async def first_life() -> World:
    """1001 ready, 1002 paused, 1003 in wrap-up, 1004 talking, 1005 ringing, 1006 out of a queue, 1007 logged out."""
    world = World(SITE)
    world.login(*NUMBERS)
    world.acd.pause("1002", "lunch", "cli:root")
    world.acd.logout("1007")
    world.acd.sit("1006", "service", False)
    world.answer_after = lambda station: {"8003": 1.0, "8004": 1.0}.get(station)
    for number in ("1001", "1005", "1006"):
        world.later_idle(number, 100.0)
    world.acd.dispatcher.schedule()
    world.acd.apply(SITE)
    one, _two, _three = world.offer("sales"), world.offer("sales"), world.offer("sales")
    await asyncio.sleep(5)
    one.anchor.hang_up()
    await asyncio.sleep(1)
    return world


async def second_life(lines: list[bytes], later: float, *, loop_clock: float = 0.0) -> World:
    """Another daemon, so many seconds of the wall later; its loop clock has begun anew."""
    world = World(SITE)
    past = [Entry.parse(line) for line in lines]
    shift = past[-1].at - (world.outside.clock.wall() - timedelta(seconds=later))
    moved = [entry._replace(at=entry.at - shift, now=entry.now + loop_clock,
                            fact=replace(entry.fact, until=entry.fact.until + loop_clock)
                            if getattr(entry.fact, "until", None) else entry.fact) for entry in past]
    world.acd.restore(stands(entry for entry in moved if type(entry.fact).__name__ in KINDS))
    return world


def lives(later: float, **more) -> dict[str, tuple[str, str, float | None]]:
    """What became of everybody: state, why, seconds left."""
    async def story():
        first = await first_life()
        lines = list(first.sink.lines)
        await first.close()
        second = await second_life(lines, later, **more)
        now = second.loop.time()
        found = {number: (agent.state.value, agent.why, None if agent.until is None else round(agent.until - now, 1))
                 for number, agent in second.acd.book.by_number.items()}
        found["queues"] = {name: list(second.acd.find_queue(name).members) for name in ("sales", "service")}
        await asyncio.sleep(0.1)
        await second.close()
        return found
    return run_virtual(story())


@pytest.mark.parametrize("loop_clock", [0.0, 1e6])
def test_a_short_stop(loop_clock):
    found = lives(10.0, loop_clock=loop_clock)
    by_state = {number: found[number][0] for number in NUMBERS}
    assert by_state["1002"] == "paused"
    assert found["1002"][1] == "lunch by cli:root"
    assert found["1002"][2] == pytest.approx(7200 - 10.0 - 5.0, abs=0.2)
    assert by_state["1007"] == "logged_out"
    assert by_state["1001"] == by_state["1006"] == "ready"
    assert sorted(by_state[number] for number in ("1003", "1004", "1005")) == ["ready", "wrapup", "wrapup"]
    wrapups = sorted(found[number][2] for number in NUMBERS if by_state[number] == "wrapup")
    assert wrapups[0] == pytest.approx(30 - 10, abs=0.2)  # it went on while the daemon was down
    assert wrapups[1] == 30.0  # his call was cut: the whole of it
    assert found["queues"]["sales"] == NUMBERS
    assert found["queues"]["service"] == [number for number in NUMBERS if number != "1006"]


def test_a_stop_longer_than_a_bound():
    found = lives(7300.0)
    assert found["1002"][0] == "logged_out"
    assert found["1003"][0] in ("ready", "wrapup")
    assert found["1001"][0] == "ready"


def test_a_day_later_everybody_has_gone_home():
    found = lives(WITHIN.total_seconds() + 60)
    assert {found[number][0] for number in NUMBERS} == {"logged_out"}


def test_a_station_that_is_gone_and_an_agent_who_is_gone():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        at = world.outside.clock.wall()
        entries = [Entry(n, at, 0.0, facts.AgentMoved(agent, "logged_out", "ready", "keypad", "", None, station))
                   for n, (agent, station) in enumerate([("1001", "7001"), ("1009", "8009")], 1)]
        world.acd.restore(stands(entries))
        assert world.agent("1001").state is AgentState.LOGGED_OUT
        await world.close()
    run_virtual(story())


def test_an_agent_outside_is_restored_outside():
    async def story():
        site = settings({"sales": queue_settings()}, ["1001"])
        mobile = replace(site.agents["1001"], outside="13912345678", group="pstn")
        world = World(replace(site, agents={"1001": mobile}))
        moved = facts.AgentMoved("1001", "logged_out", "ready", "keypad", "", None, "13912345678")
        world.acd.restore(stands([Entry(1, world.outside.clock.wall(), 0.0, moved)]))
        assert world.agent("1001").ready
        assert world.agent("1001").outside
        assert len(world.agent("1001").steps) == 1
        await world.close()
    run_virtual(story())


def test_the_journal_on_disk_is_read_for_a_day_and_only_for_agents(tmp_path):
    sink = FileSink(tmp_path)
    day = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    for number in range(1, 80):
        at = day + timedelta(hours=number)
        fact = (facts.AgentMoved("1001", "ready", "ready", str(number), "", None, "8001") if number % 2 else
                facts.CallAnswered('"fact":"AgentMoved"'))
        entry = Entry(number, at, float(number), fact)
        sink.append(entry, entry.line())
    found = list(sink.recent(KINDS, day + timedelta(hours=52)))
    assert {type(entry.fact) for entry in found} == {facts.AgentMoved}
    assert [entry.seq for entry in found] == list(range(49, 80, 2))
    sink.close()
