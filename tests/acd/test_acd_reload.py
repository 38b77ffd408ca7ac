"""Reload in the middle of everything: nothing is dropped, nobody is logged out, what is removed ends properly."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual


def test_a_removed_queue_serves_those_who_wait_under_its_old_settings():
    async def story():
        both = settings({"a": queue_settings(), "b": queue_settings(patience=60.0)}, ["1001"])
        world = World(both)
        calls = [world.offer("b") for _ in range(3)]
        await asyncio.sleep(1)
        world.acd.apply(replace(both, queues={"a": both.queues["a"]}))
        assert world.acd.find_queue("b") is None
        assert [(one["queue"], one["waiting"], one["removed"]) for one in world.acd.queues()] == [
            ("a", 0, False), ("b", 3, True)]
        world.answer_after = lambda station: 1.0
        world.login("1001")
        await asyncio.sleep(10)
        assert world.agent("1001").call == calls[0].id
        await asyncio.sleep(50)
        assert [call.variables.get("ended") for call in calls] == [None, "timeout", "timeout"]
        await asyncio.sleep(1)
        assert [one["queue"] for one in world.acd.queues()] == ["a"]
        await world.close()
    run_virtual(story())


def test_a_queue_that_comes_back_while_it_empties_is_the_same_queue():
    async def story():
        both = settings({"a": queue_settings(), "b": queue_settings()}, ["1001"])
        world = World(both)
        world.offer("b")
        await asyncio.sleep(1)
        world.acd.apply(replace(both, queues={"a": both.queues["a"]}))
        world.acd.apply(both)
        world.offer("b")
        await asyncio.sleep(1)
        assert world.acd.queues()[1]["waiting"] == 2
        assert not world.acd.queues()[1]["removed"]
        await world.close()
    run_virtual(story())


def test_agents_stay_logged_in_and_a_removed_one_ends_his_call_first():
    async def story():
        old = settings({"a": queue_settings()}, ["1001", "1002", "1003"])
        world = World(old)
        world.answer_after = lambda station: 1.0
        world.login("1001", "1002")
        call = world.offer("a")
        await asyncio.sleep(2)
        agent = world.agent("1001")
        since = world.agent("1002").since
        world.acd.apply(replace(old, agents={number: one for number, one in old.agents.items() if number != "1001"}))
        assert agent.on_call
        assert (world.agent("1002").state, world.agent("1002").since) == (AgentState.READY, since)
        with pytest.raises(Refused):
            world.agent("1001")
        with pytest.raises(Refused, match="1001 is logged in"):
            world.acd.login("1003", "8001")
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert agent.state is AgentState.LOGGED_OUT
        world.acd.login("1003", "8001")
        await world.close()
    run_virtual(story())


def test_an_agent_removed_with_his_queue_and_brought_back_is_one_person():
    """Found by test_acd_machine: the emptying queue offered calls to the removed one when the new one logged in."""
    async def story():
        both = settings({"a": queue_settings(), "b": queue_settings()}, ["1001", "1002"])
        world = World(both)
        world.login("1001")
        call = world.offer("b")
        await asyncio.sleep(1)
        world.acd.apply(settings({"a": queue_settings()}, ["1002"]))
        world.acd.apply(settings({"a": queue_settings()}, ["1001", "1002"]))
        world.login("1001", "1002")
        await asyncio.sleep(1)
        assert world.agent("1001").ready
        assert [(station, waits) for _, station, waits in world.placed] == [("8001", call.id), ("8002", call.id)]
        await world.close()
    run_virtual(story())


def test_a_new_strategy_holds_from_the_next_decision():
    async def story():
        old = settings({"a": queue_settings()})
        world = World(old)
        world.login("1001", "1002")
        world.offer("a")
        await asyncio.sleep(1)
        assert world.ringing() == ["8001"]
        world.acd.apply(replace(old, queues={"a": replace(old.queues["a"], strategy="ring-all")}))
        await asyncio.sleep(1)
        assert world.ringing() == ["8001", "8002"]
        await world.close()
    run_virtual(story())


def test_an_agent_who_is_no_member_any_more_is_not_offered_its_calls():
    async def story():
        old = settings({"a": queue_settings(agents=["1001", "1002"])})
        world = World(old)
        world.login("1001", "1002")
        world.acd.apply(replace(old, queues={"a": queue_settings(agents=["1002"])}))
        world.offer("a")
        await asyncio.sleep(1)
        assert world.ringing() == ["8002"]
        await world.close()
    run_virtual(story())


def test_settings_that_cannot_be_applied_change_nothing():
    async def story():
        old = settings({"a": queue_settings()})
        world = World(old)
        world.login("1001")
        with pytest.raises(Refused) as refused:
            world.acd.apply(settings({"b": queue_settings(strategy="astrology")}, []))
        assert refused.value.code == "bad_settings"
        assert world.acd.settings is old
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


@pytest.mark.slow
def test_scenario_15_a_reload_every_second_under_load_for_ten_minutes():
    async def story(reloads: bool) -> tuple[dict[str, int], list[tuple[float, str, str]]]:
        numbers = [f"10{n:02}" for n in range(1, 11)]
        old = settings({"a": queue_settings(wrapup=5.0), "b": queue_settings(boost=10.0, wrapup=5.0)}, numbers)
        world = World(old)
        world.answer_after = lambda station: 2.0 + world.outside.chance.random()
        world.login(*numbers)

        async def callers() -> None:
            for n in range(600):
                call = world.offer("ab"[n % 2])
                world.loop.call_later(20.0 + n % 37, call.anchor.hang_up)
                await asyncio.sleep(2.0 if n < 300 else 0.5)
        task = world.loop.create_task(callers())
        for second in range(600):
            if reloads:
                world.acd.apply(replace(old, queues={name: replace(one, label=f"{name}{second}") for name, one in
                                                     old.queues.items()}))
            await asyncio.sleep(1)
        await task
        await asyncio.sleep(120)
        await world.close()
        return world.checker.outcomes, [(at, fact.call, fact.agent) for at, fact in world.facts
                                        if isinstance(fact, facts.OfferMade)]
    assert run_virtual(story(True)) == run_virtual(story(False))
