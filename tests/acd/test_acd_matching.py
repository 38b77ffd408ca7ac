"""Who is rung: strategies, tiers, skills and their relaxation, one agent alone; each shown by what happens."""

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.offer import Step
from ccappliance.apps.acd.settings import STRATEGIES as NAMES
from ccappliance.apps.acd.settings import AcdSettings, AgentSettings, Members, Relax, Seat, Skills
from ccappliance.apps.acd.strategy import STRATEGIES
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

THREE = ["1001", "1002", "1003"]


def with_agents(given: AcdSettings, **agents: AgentSettings) -> AcdSettings:
    return replace(given, agents={number[1:]: agent for number, agent in agents.items()})


def agent(number: str, **skills: int) -> AgentSettings:
    return AgentSettings(pin="123456", station=f"8{number[1:]}", skills=skills)


async def serve(world: World, calls: int, talk: float = 20.0, pause: float = 30.0) -> list[str]:
    """One call after the other, each `talk` seconds; who got them."""
    got = []
    for _ in range(calls):
        call = world.offer("sales")
        await asyncio.sleep(talk)
        got.append(world.of(facts.OfferMade)[-1].agent)
        call.anchor.hang_up()
        await asyncio.sleep(pause)
    return got


def test_the_settings_and_the_rules_name_the_same_strategies():
    assert set(NAMES) == set(STRATEGIES)


@pytest.mark.parametrize(("strategy", "expected"), [
    ("longest-idle", ["1003", "1001", "1002", "1003", "1001", "1002"]),
    ("fewest-calls", ["1003", "1001", "1002", "1003", "1001", "1002"]),
    ("least-talk", ["1003", "1001", "1002", "1003", "1001", "1002"]),
    ("round-robin", ["1001", "1002", "1003", "1001", "1002", "1003"]),
    ("linear", ["1001"] * 6), ("top-down", ["1001"] * 6)])
def test_a_strategy_chooses(strategy, expected):
    """1003 has been idle longest at first; calls come one at a time."""
    async def story():
        world = World(settings({"sales": queue_settings(strategy=strategy, wrapup=0.0)}, THREE))
        world.answer_after = lambda station: 1.0
        world.login("1003")
        await asyncio.sleep(5)
        world.login("1001")
        await asyncio.sleep(5)
        world.login("1002")
        await asyncio.sleep(5)
        assert await serve(world, 6) == expected
        await world.close()
    run_virtual(story())


def test_least_occupied_counts_wrapup_and_leaves_pauses_out():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="least-occupied", wrapup=0.0)}, ["1001", "1002"]))
        world.answer_after = lambda station: 1.0
        world.login("1001", "1002")
        assert await serve(world, 1, talk=50.0, pause=50.0) == ["1001"]
        world.acd.pause("1002", "break")
        await asyncio.sleep(500)
        world.acd.resume("1002")
        assert await serve(world, 1, talk=10.0) == ["1002"]
        assert 0.05 < world.figures.occupancy("1001", world.loop.time()) < 0.15
        assert world.figures.occupancy("1003", world.loop.time()) == 0.0
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("strategy", "share"), [("random", 1 / 3), ("weighted-random", 0.8),
                                                 ("longest-idle-weighted", None)])
def test_lots_fall_by_weight(strategy, share):
    """Seats weigh 8, 1, 1. By idle time whoever has just talked is the least likely."""
    async def story():
        members = Members(all=True, seats={"1001": Seat(weight=8.0)})
        world = World(settings({"sales": queue_settings(strategy=strategy, wrapup=0.0, members=members)}, THREE))
        world.answer_after = lambda station: 0.5
        world.login(*THREE)
        got = await serve(world, 300, talk=2.0, pause=10.0)
        counts = Counter(got)
        if share is not None:
            assert abs(counts["1001"] / 300 - share) < 0.09, counts
        else:
            assert min(counts.values()) > 80
            again = sum(one == other for one, other in pairwise(got))
            assert again < 60, "the last one is much less likely than a third"
        assert {fact.rule.split(":")[0] for fact in world.of(facts.OfferMade)} == {strategy}
        await world.close()
    run_virtual(story())


def test_linear_goes_down_and_top_down_begins_at_the_top():
    for strategy, expected in (("linear", ["1001", "1002", "1003", "1001"]), ("top-down", ["1001", "1002", "1003"])):
        async def story(strategy=strategy, expected=expected):
            queue = queue_settings(strategy=strategy, ring_timeout=10.0, pause_after=0)
            world = World(settings({"sales": queue}, THREE))
            world.login(*THREE)
            world.offer("sales")
            await asyncio.sleep(35)
            assert [fact.agent for fact in world.of(facts.OfferMade)][:len(expected)] == expected
            await world.close()
        run_virtual(story())


def test_ring_progressive_adds_a_telephone_every_few_seconds_and_has_one_winner():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-progressive", progress=5.0, ring_timeout=60.0)},
                               THREE))
        world.answer_after = lambda station: 12.0 if station == "8001" else None
        world.login(*THREE)
        world.offer("sales")
        rung = []
        for _ in range(3):
            await asyncio.sleep(4.9)
            rung.append(len(world.ringing()))
            await asyncio.sleep(0.1)
        assert rung == [1, 2, 0]  # at 12 s 1001 answered, when all three had begun to ring
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["answered", "lost", "lost"]
        await world.close()
    run_virtual(story())


def test_tiers_widen_in_time_and_at_once_when_nobody_attends_the_lower_one():
    async def story():
        members = Members(all=True, seats={"1002": Seat(tier=2), "1003": Seat(tier=3)})
        world = World(settings({"sales": queue_settings(members=members, widen_after=20.0, pause_after=0)}, THREE))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        first = world.offer("sales")
        await asyncio.sleep(2)
        world.login("1002", "1003")
        world.offer("sales")
        await asyncio.sleep(19)
        assert len(world.of(facts.OfferMade)) == 1, "tier 2 has to wait"
        await asyncio.sleep(2)
        assert world.of(facts.OfferMade)[-1].agent == "1002"
        world.offer("sales")
        await asyncio.sleep(5)
        world.acd.pause("1001", "break")  # on a call: later
        first.anchor.hang_up()
        await asyncio.sleep(11)  # his wrap-up
        changed = world.of(facts.EntryChanged)[-1]
        assert (changed.why, changed.tier) == ("nobody attends", 2)
        await asyncio.sleep(25)
        assert world.of(facts.OfferMade)[-1].agent == "1003"
        await world.close()
    run_virtual(story())


def test_of_several_tiers_the_lowest_free_one_is_rung_whoever_is_idle_longest():
    async def story():
        members = Members(all=True, seats={"1001": Seat(tier=2)})
        world = World(settings({"sales": queue_settings(members=members, widen_after=1.0)}, ["1001", "1002"]))
        world.login("1001")
        await asyncio.sleep(10)
        world.acd.pause("1001", "break")
        world.offer("sales")
        await asyncio.sleep(5)
        world.acd.resume("1001")
        world.login("1002")
        await asyncio.sleep(1)
        assert world.of(facts.OfferMade)[0].agent == "1002"
        await world.close()
    run_virtual(story())


def test_skills_are_required_and_relaxed_on_schedule():
    async def story():
        skills = Skills(require="english >= 3", relax=(Relax(after=20.0, require="english"), Relax(after=60.0)))
        world = World(with_agents(settings({"sales": queue_settings(skills=skills, pause_after=0)}),
                                  a1001=agent("1001", english=1), a1002=agent("1002"), a1003=agent("1003", english=5)))
        world.answer_after = lambda station: 1.0
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(19)
        assert not world.of(facts.OfferMade)
        await asyncio.sleep(2)
        made = world.of(facts.OfferMade)[0]
        assert (made.agent, made.excluded) == ("1001", {"1002": "skills: english", "1003": "logged_out"})
        world.offer("sales")
        await asyncio.sleep(59)
        assert len(world.of(facts.OfferMade)) == 1
        await asyncio.sleep(2)
        assert world.of(facts.OfferMade)[-1].agent == "1002"
        assert [fact.require for fact in world.of(facts.EntryChanged)] == ["english", "english", ""]
        world.login("1003")
        world.offer("sales")
        await asyncio.sleep(1)
        assert world.of(facts.OfferMade)[-1].agent == "1003"
        await world.close()
    run_virtual(story())


def test_an_entry_nobody_may_take_blocks_nobody_behind_it():
    """Asterisk's issue 1561; scenario 1 and 2 of QUEUES."""
    async def story():
        world = World(with_agents(settings({"sales": queue_settings(), "vip": queue_settings(
            order_class=5, skills=Skills(require="vip"))}), a1001=agent("1001"), a1002=agent("1002", vip=1)))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        vip, plain = world.offer("vip"), world.offer("sales")
        await asyncio.sleep(5)
        assert world.agent("1001").call == plain.id
        world.login("1002")
        await asyncio.sleep(2)
        assert world.agent("1002").call == vip.id
        await world.close()
    run_virtual(story())


def test_what_the_flow_asks_for_is_asked_besides_what_the_queue_asks_for():
    async def story():
        skills = Skills(require="sales", relax=(Relax(after=30.0),))
        world = World(with_agents(settings({"sales": queue_settings(skills=skills)}), a1001=agent("1001", sales=1),
                                  a1002=agent("1002", english=1), a1003=agent("1003", sales=1, english=2)))
        world.login("1001", "1002")
        world.offer("sales", require="english")
        await asyncio.sleep(29)
        assert not world.of(facts.OfferMade)
        await asyncio.sleep(2)
        assert world.of(facts.OfferMade)[0].agent == "1002"
        await world.close()
    run_virtual(story())


def test_kept_for_one_agent_then_for_everybody_without_losing_the_place():
    async def story():
        world = World(settings({"sales": queue_settings(ring_timeout=5.0, pause_after=0)}, ["1001", "1002"]))
        queue = world.acd.find_queue("sales")
        world.login("1001", "1002")
        world.answer_after = lambda station: 2.0 if station == "8002" else None

        def enter(wanted: str, seconds: float):
            call = world.quiet_call("13911112222")
            entry = Entry(call, queue, entered=world.loop.time(), clock=world.outside.clock, loop=world.loop)
            world.acd.dispatcher.enter(entry, wanted, world.loop.time() + seconds)
            return entry

        entry = enter("1001", 15.0)
        await asyncio.sleep(1)
        assert [fact.agent for fact in world.of(facts.OfferMade)] == ["1001"]
        assert world.of(facts.OfferMade)[0].excluded == {"1002": "kept for 1001"}
        await asyncio.sleep(5)
        assert world.of(facts.OfferMade)[-1].agent == "1002", "he let it ring: at once the next"
        await asyncio.sleep(5)
        talking = entry.ended.offer.leg
        busy = enter("1002", 15.0)  # he talks: the entry waits for him, then goes to whoever is free
        await asyncio.sleep(14)
        assert not busy.offers
        await asyncio.sleep(2)
        assert list(busy.offers) == ["1001"]
        world.acd.dispatcher.leave(busy, "withdrawn")
        world.acd.logout("1001")
        away = enter("1001", 15.0)
        assert away.demand.wanted == "", "not there: nobody waits for him"
        world.acd.dispatcher.leave(away, "withdrawn")
        talking.clear()
        await world.close()
    run_virtual(story())


def test_an_assigned_entry_is_this_agents_next_and_nobody_elses():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=0.0)}, ["1001", "1002"]))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        talking = world.offer("sales")
        await asyncio.sleep(2)
        early, late = world.offer("sales"), world.offer("sales")
        await asyncio.sleep(1)
        queue = world.acd.find_queue("sales")
        entry = next(entry for entry in queue.line if entry.call is late)
        world.acd.dispatcher.assign(entry, world.agent("1001"), "supervisor")
        world.login("1002")
        await asyncio.sleep(2)
        assert world.agent("1002").call == early.id
        talking.anchor.hang_up()
        await asyncio.sleep(2)
        assert world.agent("1001").call == late.id
        await world.close()
    run_virtual(story())


def test_a_strategy_is_exchanged_while_calls_wait():
    async def story():
        world = World(settings({"sales": queue_settings()}, THREE))
        acd: Acd = world.acd
        world.login(*THREE)
        with pytest.raises(Refused) as refused:
            acd.set_strategy("sales", "astrology", "me")
        assert refused.value.code == "no_strategy"
        acd.set_strategy("sales", "ring-all", "supervisor li")
        world.offer("sales")
        await asyncio.sleep(1)
        assert len(world.ringing()) == 3
        assert world.of(facts.QueueApplied)[-1].why == "supervisor li"
        acd.apply(acd.settings)  # a reload that does not touch the queue leaves it
        assert world.acd.queues()[0]["strategy"] == "ring-all"
        acd.apply(replace(acd.settings, queues={"sales": queue_settings(strategy="linear")}))
        assert world.acd.queues()[0]["strategy"] == "linear"
        await world.close()
    run_virtual(story())


def test_without_ageing_boost_comes_before_time():
    async def story():
        given = settings({"sales": queue_settings(), "gold": queue_settings(boost=30.0)}, ["1001"])
        world = World(replace(given, ageing=False))
        old = world.offer("sales")
        await asyncio.sleep(300)
        new = world.offer("gold")
        world.login("1001")
        await asyncio.sleep(1)
        assert world.of(facts.OfferMade)[0].call == new.id
        world.acd.apply(given)
        assert world.acd.entries("sales")[0]["call"] == old.id
        await world.close()
    run_virtual(story())


def test_steps_between_the_answer_and_the_connection_have_their_own_time():
    """An agent who must accept: until he has, the caller waits, others are not rung, and no answer is no answer."""
    async def story():
        world = World(settings({"sales": queue_settings(ring_timeout=10.0, pause_after=0)}, ["1001", "1002"]))
        begun = []
        world.login("1001")
        world.agent("1001").steps = (Step(8.0, begun.append), Step(5.0, begun.append))
        world.answer_after = lambda station: 6.0
        world.offer("sales")
        await asyncio.sleep(13)
        assert len(begun) == 1
        assert world.agent("1001").state is AgentState.RINGING
        begun[0].proceed()
        await asyncio.sleep(4.9)
        assert len(begun) == 2
        await asyncio.sleep(0.2)  # the second step took too long
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["no_answer"]
        await asyncio.sleep(8)
        begun[2].fail("withdrawn", "declined")
        await asyncio.sleep(8)
        begun[3].proceed()
        begun[4].proceed()
        begun[4].proceed()  # late, twice: harmless
        assert world.agent("1001").state is AgentState.TALKING
        await world.close()
    run_virtual(story())
