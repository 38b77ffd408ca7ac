"""Two things in the same moment, in both orders: answers, hang-ups, pauses, timers."""

import asyncio
import contextlib
import itertools

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

ACTS = {
    "answer": lambda world: world.legs["8001"].pick_up(),
    "other answer": lambda world: world.legs["8002"].pick_up() if "8002" in world.legs else None,
    "caller leaves": lambda world: world.calls[0].anchor.hang_up(),
    "task cancelled": lambda world: world.calls[0].task.cancel(),
    "leg fails": lambda world: world.legs["8001"].hang_up(),
    "pause": lambda world: world.acd.pause("1001", "break"),
    "logout": lambda world: world.acd.logout("1001"),
    "line fault": lambda world: world.acd.station_fault("8001", "dead"),
    "reload": lambda world: world.acd.apply(world.acd.settings),
    "queue removed": lambda world: world.acd.apply(settings({"other": queue_settings()})),
    "agents removed": lambda world: world.acd.apply(settings({"sales": queue_settings()}, [])),
    "third logs in": lambda world: world.acd.login("1003"),
}


@pytest.mark.parametrize("strategy", ["longest-idle", "ring-all"])
@pytest.mark.parametrize("acts", list(itertools.permutations(ACTS, 2)), ids="+".join)
@pytest.mark.parametrize("same_round", [True, False])
def test_two_things_at_once_while_it_rings(strategy, acts, same_round):
    async def story():
        world = World(settings({"sales": queue_settings(strategy=strategy)}, ["1001", "1002", "1003"]))
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(5)
        for act in acts:
            if same_round:
                world.loop.call_soon(attempt, world, act)
            else:
                attempt(world, act)
        await asyncio.sleep(0.3)
        answered = [fact.agent for fact in world.of(facts.OfferEnded) if fact.outcome == "answered"]
        assert len(answered) <= 1
        ended = world.calls[0].anchor.is_gone
        if ended and not answered:
            assert not world.ringing()
        if answered:
            assert world.outcomes() == ["answered"]
            assert not world.ringing()
        await asyncio.sleep(20)
        await world.close()
        assert len(world.outcomes()) == 1
    run_virtual(story())


def attempt(world: World, act: str) -> None:
    """What a later act asks for may be impossible after the earlier one: then it must be refused, not go wrong."""
    with contextlib.suppress(Refused):
        ACTS[act](world)


@pytest.mark.parametrize("strategy", ["longest-idle", "ring-all"])
def test_the_answer_in_the_very_moment_of_the_ring_timeout(strategy):
    async def story():
        world = World(settings({"sales": queue_settings(strategy=strategy, ring_timeout=15.0)}))
        world.login("1001", "1002")
        world.answer_after = lambda station: 15.0
        world.offer("sales")
        await asyncio.sleep(40)
        answered = [fact for fact in world.of(facts.OfferEnded) if fact.outcome == "answered"]
        assert len(answered) <= 1
        await world.close()
    run_virtual(story())


def test_the_caller_leaves_between_the_answer_and_the_conversation():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=10.0)}, ["1001"]))
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(5)
        leg = world.legs["8001"]
        leg.pick_up()
        call.anchor.hang_up()  # before the call's task has heard of the answer
        await asyncio.sleep(0.01)
        assert leg.is_gone
        assert world.outcomes() == ["answered"]
        assert world.agent("1001").state is AgentState.WRAPUP
        await world.close()
    run_virtual(story())


def test_the_agent_leaves_between_the_answer_and_the_conversation():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=10.0)}, ["1001"]))
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(5)
        leg = world.legs["8001"]
        leg.pick_up()
        leg.hang_up()
        await asyncio.sleep(0.01)
        assert world.agent("1001").state is AgentState.WRAPUP
        assert call.anchor.is_gone
        await world.close()
    run_virtual(story())


def test_everybody_arrives_and_leaves_at_once():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all"), "b": queue_settings()},
                               [f"10{n:02}" for n in range(1, 9)]))
        world.answer_after = lambda station: 0.0
        calls = [world.offer(("sales", "b")[n % 2]) for n in range(40)]
        world.login(*world.acd.book.by_number)
        for call in calls:
            world.loop.call_soon(call.anchor.hang_up)
        await asyncio.sleep(1)
        assert len(world.outcomes()) == 40
        await world.close()
    run_virtual(story())


def test_an_agent_who_always_refuses_is_not_asked_in_a_fast_loop():
    async def story():
        world = World(settings({"sales": queue_settings(pause_after=0)}, ["1001"]))
        world.blocked["8001"] = "dead"
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(65)
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["fault"] * 3
        await world.close()
    run_virtual(story())
