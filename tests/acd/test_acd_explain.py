"""An explained call: who kept it waiting, decisions with their figures, changes, words in two languages."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.explain import explain
from ccappliance.apps.acd.explain_words import lines, plain
from ccappliance.apps.acd.settings import Members, Relax, Seat, Skills
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual


def told(world: World, call: str, language: str = "en") -> str:
    return "\n".join(lines(explain(call, world.sink.read()), language))


def test_a_call_that_waited_is_told_who_kept_it_waiting():
    async def story():
        world = World(settings({"sales": queue_settings()}))
        world.answer_after = lambda station: 2.0
        world.login("1001", "1002")
        world.acd.pause("1002", "lunch")
        first = world.offer("sales")
        second = world.offer("sales")
        await asyncio.sleep(5)
        first.anchor.hang_up()
        await asyncio.sleep(20)
        words = told(world, second.id)
        assert "entered queue sales at position 2; may be taken by everybody" in words
        assert "until 08:00:15.000 (15.0 s) nobody could:" in words
        assert f"1001: reserved for call {first.id} → talking → wrap-up 10 s left" in words
        assert "1002: paused: lunch" in words
        assert "offered to 1001 by the rule longest-idle: 0.0 s" in words
        assert "recomputed: the same" in words
        assert "left queue sales: answered by 1001, waited 17.0 s" in words
        chinese = told(world, second.id, "zh")
        assert "至 08:00:15.000(15.0 秒)无人可接:" in chinese
        assert "1002: 小休/示忙: lunch" in chinese
        assert "离开队列 sales: 已接听(1001)" in chinese
        await world.close()
    run_virtual(story())


def test_tiers_skills_and_what_loosens_them_are_told():
    queue = queue_settings(widen_after=30.0, skills=Skills(require="english", relax=(Relax(after=10.0),)),
                           members=Members(all=True, seats={"1002": Seat(tier=2)}))
    given = settings({"sales": queue}, ["1001", "1002", "1003"])
    given = replace(given, agents={number: replace(agent, skills={"english": 1} if number == "1001" else {})
                                   for number, agent in given.agents.items()})

    async def story():
        world = World(given)
        world.login("1001", "1002", "1003")
        world.offer("sales")
        await asyncio.sleep(1)
        call = world.offer("sales")
        await asyncio.sleep(12)
        words = told(world, call.id)
        assert "may be taken by skills english" in words
        assert "1002: in tier 2" in words
        assert "1003: has not the skills english" in words
        assert "changed: relaxed: waited 10 s" in words
        assert "offered to 1003 by the rule longest-idle: 11.0 s" in words
        assert "1002: 属第 2 梯队" in told(world, call.id, "zh")
        await world.close()
    run_virtual(story())


def test_every_strategy_tells_the_figures_it_compared():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="fewest-calls", wrapup=0.0)}))
        world.answer_after = lambda station: 1.0
        world.login("1001", "1002")
        call = world.offer("sales")
        await asyncio.sleep(5)
        call.anchor.hang_up()
        await asyncio.sleep(5)
        call = world.offer("sales")
        await asyncio.sleep(1)
        assert "candidates: 1002 (0 calls), 1001 (1 calls)" in told(world, call.id)
        await world.close()
    run_virtual(story())


def test_a_fact_of_another_room_is_told_as_it_is_written():
    async def story():
        world = World(settings({"sales": queue_settings()}))
        call = world.offer("sales")
        await asyncio.sleep(1)
        world.journal.write(facts.TransferStarted(call.id, "leg", "95588"))
        world.journal.write(facts.NodeEntered(call.id, "main", "hello"))
        words = told(world, call.id)
        assert "transfer to 95588 began" in words
        assert "hello" not in words
        data = [plain(event) for event in explain(call.id, world.sink.read()).events]
        assert data[0]["at"] == "2026-11-22T08:00:00.000Z"
        await world.close()
    run_virtual(story())


def test_a_call_nobody_knows_is_refused():
    with pytest.raises(Refused, match="tells of no call"):
        explain("9.9", [])
