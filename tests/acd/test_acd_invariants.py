"""The checker itself: each invariant is broken on purpose, by a forged fact or by harming live objects, and is told."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.errors import Bug
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual


def moved(agent: str, left: str, state: str, why: str = "", call: str = "", until: float | None = None):
    return facts.AgentMoved(agent, left, state, why, call, until, f"8{agent[1:]}")


async def overtake(world: World) -> None:
    world.offer("a")
    later = world.offer("a")
    await asyncio.sleep(1)
    world.journal.write(moved("1002", "logged_out", "ready"))
    world.journal.write(facts.OfferMade("o1", later.id, "a", "1002", "8002", "", {}))


async def idle_and_waiting(world: World) -> None:
    world.acd.dispatcher.schedule = lambda: None
    world.login("1001")
    world.offer("a")


async def double_offer(world: World) -> None:
    world.login("1001")
    call = world.offer("a")
    await asyncio.sleep(1)
    world.journal.write(facts.OfferMade("o1", call.id, "a", "1001", "8001", "", {}))


async def two_winners(world: World) -> None:
    world.login("1001", "1002")
    call = world.offer("ring")
    await asyncio.sleep(1)
    offers = [fact.offer for fact in world.of(facts.OfferMade)]
    for offer, agent in zip(offers, ("1001", "1002"), strict=True):
        world.journal.write(facts.OfferEnded(offer, call.id, agent, "answered", 1.0))


async def reserved_for_nothing(world: World) -> None:
    world.login("1001")
    world.offer("a")
    await asyncio.sleep(1)
    world.agent("1001").reservation = None
    world.journal.write(moved("1001", "ringing", "ringing", until=99.0))


async def no_bound(world: World) -> None:
    world.login("1001")
    world.journal.write(moved("1001", "ready", "paused", "lunch"))


async def over_its_bound(world: World) -> None:
    world.login("1001")
    world.journal.write(moved("1001", "ready", "paused", "lunch", until=5.0))
    await asyncio.sleep(10)
    world.login("1002")


async def second_writer(world: World) -> None:
    world.login("1001")
    world.journal.write(moved("1001", "talking", "ready"))


async def short_wrapup(world: World) -> None:
    world.login("1001")
    world.journal.write(moved("1001", "ready", "wrapup", until=30.0))
    await asyncio.sleep(1)
    world.journal.write(moved("1001", "wrapup", "ready", "wrap-up over"))


async def no_wrapup(world: World) -> None:
    world.answer_after = lambda station: 1.0
    world.login("1001")
    call = world.offer("a")
    await asyncio.sleep(3)
    world.journal.write(moved("1001", "talking", "ready", "call over", call.id))


async def two_outcomes(world: World) -> None:
    call = world.offer("a")
    await asyncio.sleep(10)
    call.anchor.hang_up()
    await asyncio.sleep(0)
    world.journal.write(facts.QueueLeft(call.id, "a", "timed_out", 10.0, 1, ""))


async def no_outcome(world: World) -> None:
    call = world.offer("a")
    await asyncio.sleep(1)
    world.journal.write(facts.CallEnded(call.id, 16, "caller"))


def tried(callback: str) -> facts.CallbackTried:
    return facts.CallbackTried(callback, "c", "a", "1001", "13800138000", 1)


def ended(callback: str) -> facts.CallbackEnded:
    return facts.CallbackEnded(callback, "c", "a", "13800138000", "reached", "", 1.0, None, None, 1, "")


async def dialled_twice(world: World) -> None:
    world.journal.write(tried("c1"))
    world.journal.write(tried("c2"))


async def promise_over_twice(world: World) -> None:
    world.journal.write(ended("c1"))
    world.journal.write(ended("c1"))


async def dialled_after_the_end(world: World) -> None:
    world.journal.write(ended("c1"))
    world.journal.write(tried("c1"))


@pytest.mark.parametrize(("harm", "words"), [
    (overtake, "1: "), (idle_and_waiting, "2: "), (double_offer, "3/5: "), (two_winners, "3: "),
    (reserved_for_nothing, "3: "), (no_bound, "4: "), (over_its_bound, "4: "), (second_writer, "4: "),
    (short_wrapup, "5: "), (no_wrapup, "5: "), (two_outcomes, "6: "), (no_outcome, "6: "),
    (dialled_twice, "7: "), (promise_over_twice, "7: "), (dialled_after_the_end, "7: ")])
def test_each_breach_is_told(harm, words):
    async def story():
        world = World(settings({"a": queue_settings(), "ring": queue_settings(strategy="ring-all")}))
        told = []
        world.checker._breach = told.append
        await harm(world)
        await asyncio.sleep(0.1)
        assert any(one.startswith(words) for one in told), told
        with pytest.raises(Bug):
            world.checker.must_hold()
    run_virtual(story())


def test_outcomes_add_up():
    async def story():
        world = World(settings({"a": queue_settings(room=3), "b": queue_settings(policy="logged-out")}, ["1001"]))
        world.answer_after = lambda station: 1.0
        for _ in range(5):
            world.offer("a")
            world.offer("b")
        await asyncio.sleep(10)
        world.login("1001")
        await asyncio.sleep(5)
        world.calls[0].anchor.hang_up()
        assert world.agent("1001").state in (AgentState.WRAPUP, AgentState.TALKING)
        await world.close()
        assert world.checker.offered == 10
        assert sum(world.checker.outcomes.values()) == 10
        assert world.checker.outcomes == {"full": 2, "empty": 5, "answered": 1, "abandoned": 2}
    run_virtual(story())


def test_an_illegal_move_is_a_bug_with_its_history_and_writes_nothing():
    async def story():
        world = World(settings({"a": queue_settings()}))
        written = len(world.facts)
        with pytest.raises(Bug, match="no move from logged_out to ringing"):
            world.agent("1001").ring(None, 5.0)
        assert len(world.facts) == written
        await world.close()
    run_virtual(story())
