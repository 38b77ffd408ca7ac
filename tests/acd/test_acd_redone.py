"""Recomputed equals recorded: decisions of every strategy made again from the journal, and every lie is found."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.reasons import Reason
from ccappliance.apps.acd.redone import Decision, Redone, same
from ccappliance.apps.acd.settings import STRATEGIES, AgentSettings, Members, Relax, Seat, Skills
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.sim.loop import run_virtual

AGENTS = [f"10{number:02d}" for number in range(1, 9)]


def busy_settings(strategy: str):
    """Two queues with shared agents, two tiers, weights, skills that relax, wrap-up, pauses after missed calls."""
    seats = {number: Seat(tier=2, weight=3.0) for number in AGENTS[5:]} | {AGENTS[0]: Seat(weight=9.0)}
    sales = queue_settings(strategy=strategy, wrapup=7.0, ring_timeout=9.0, widen_after=12.0, pause_after=3,
                           members=Members(all=True, seats=seats))
    service = queue_settings(strategy=strategy, wrapup=3.0, boost=20.0, agents=AGENTS[2:],
                             skills=Skills(require="billing >= 2", relax=(Relax(after=15.0, require="billing"),
                                                                         Relax(after=40.0))))
    given = settings({"sales": sales, "service": service}, AGENTS)
    return replace(given, agents={number: replace(agent, skills={"billing": place % 4} if place % 4 else {})
                                  for place, (number, agent) in enumerate(given.agents.items())})


async def live(world: World, calls: int) -> None:
    """Calls come faster than they are answered, some give up, agents pause and come back, some let it ring."""
    chance = world.outside.chance
    world.answer_after = lambda station: 2.0 + 5.0 * chance.random() if chance.random() < 0.8 else None
    for number in AGENTS:
        world.acd.login(number)
        await asyncio.sleep(chance.random())
    for count in range(calls):
        call = world.offer("sales" if chance.random() < 0.6 else "service", boost=chance.choice([0.0, 0.0, 30.0]),
                           require=chance.choice(["", "", "billing"]))
        world.loop.call_later(5 + 60 * chance.random(), call.anchor.hang_up)
        if count % 7 == 3:
            agent = world.agent(chance.choice(AGENTS))
            if agent.state.value == "ready":
                world.acd.pause(agent.number, "break")
            elif agent.state.value == "paused":
                world.acd.resume(agent.number)
        await asyncio.sleep(6 * chance.random())
    await asyncio.sleep(100)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_busy_hour_comes_out_the_same(strategy):
    async def story():
        world = World(busy_settings(strategy), seed=5)
        await live(world, 600)
        await world.close()  # asserts that nothing differs
        assert len(world.decisions) > 400, "too few decisions to prove anything"
        assert {one.strategy for one in world.decisions} == {strategy}
        assert {reason.code for one in world.decisions for reason in one.excluded.values()} >= {"wrapup", "paused"}
        again: list[Decision] = []
        redone = Redone(again.append)
        for entry in world.sink.read():  # from its lines, with their rounded figures
            redone.hear(entry)
        redone.close()
        assert [one.differs for one in again] == [[]] * len(world.decisions)
        assert redone.unknown == 0
    run_virtual(story())


def recorded() -> list[Entry]:
    """A small journal: two agents, a call that the first lets ring, and one behind it."""
    async def story():
        world = World(settings({"sales": queue_settings(ring_timeout=5.0)}))
        world.login("1001", "1002")
        await asyncio.sleep(3)
        world.offer("sales")
        world.offer("sales")
        world.offer("sales")
        await asyncio.sleep(20)
        await world.close()
        return list(world.sink.read())
    return run_virtual(story())


def told(entries) -> list[str]:
    found: list[Decision] = []
    redone = Redone(found.append)
    for entry in entries:
        redone.hear(entry)
    redone.close()
    return [words for one in found for words in one.differs]


@pytest.mark.parametrize(("change", "words"), [
    (lambda fact: replace(fact, agent="1002"), "1002 was chosen; made again, it is 1001"),
    (lambda fact: replace(fact, rule="longest-idle: 9.0 s"), "the rule was 'longest-idle: 9.0 s'"),
    (lambda fact: replace(fact, excluded={"1002": "wrapup 9.0 s left"}), "1002 was excluded: 'wrapup 9.0 s left'"),
    (lambda fact: replace(fact, call=fact.call[:-1] + "2"), "stands before it and could have had 1001"),
    (lambda fact: replace(fact, call="nobody"), "tells of no such entry")])
def test_a_recorded_decision_that_is_wrong_is_told(change, words):
    entries = recorded()
    first = next(index for index, entry in enumerate(entries) if isinstance(entry.fact, facts.OfferMade))
    entries[first] = entries[first]._replace(fact=change(entries[first].fact))
    assert any(words in line for line in told(entries)), told(entries)


def test_a_fact_that_is_missing_is_told():
    """Without the move that made an agent free nobody was free for his offer."""
    entries = recorded()
    login = next(entry for entry in entries if isinstance(entry.fact, facts.AgentMoved) and entry.fact.agent == "1001")
    assert any("was chosen" in line for line in told(entry for entry in entries if entry is not login))
    assert told(entries) == []


def test_a_journal_without_its_beginning_is_not_judged():
    entries = recorded()[1:]
    redone = Redone(lambda decision: None)
    for entry in entries:
        redone.hear(entry)
    redone.close()
    assert redone.decisions == redone.unknown > 0


def test_the_lot_is_drawn_again():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="random", wrapup=0.0)}, AGENTS))
        world.login(*AGENTS)
        for _ in range(4):
            world.offer("sales")
            await asyncio.sleep(1)
        await world.close()
        return list(world.sink.read())
    entries = run_virtual(story())
    at = [index for index, entry in enumerate(entries) if isinstance(entry.fact, facts.OfferMade)][1]
    entries[at] = entries[at]._replace(fact=replace(entries[at].fact, rule="random: lot 0.999999999 among 7"))
    assert any("was chosen; made again" in line for line in told(entries))


def test_ageing_off_is_in_the_journal():
    async def story():
        world = World(replace(settings({"sales": queue_settings()}, ["1001"]), ageing=False))
        world.offer("sales")
        await asyncio.sleep(50)
        late = world.offer("sales", boost=1.0)
        await asyncio.sleep(1)
        world.login("1001")
        await asyncio.sleep(1)
        assert world.of(facts.OfferMade)[0].call == late.id
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("one", "other", "equal"), [
    ("wrapup 3.1 s left", "wrapup 3.2 s left", True), ("wrapup 3.1 s left", "wrapup 3.3 s left", False),
    ("random: lot 0.123456789 among 3", "random: lot 0.123456780 among 3", False),
    ("fewest-calls: 3 calls", "fewest-calls: 4 calls", False), ("tier 2", "tier 2", True)])
def test_only_rounding_may_differ(one, other, equal):
    assert same(one, other) is equal


def test_reasons_are_written_as_the_dispatcher_writes_them_and_said_in_both_languages():
    assert Reason("wrapup", "", 12.04).text == "wrapup 12.0 s left"
    assert Reason("wrapup", "", 12.04).words("en") == "wrap-up 12 s left"
    assert Reason("wrapup", "", 12.04).words("zh") == "话后整理 还剩 12 秒"
    assert Reason("ringing", "1790000000.000001-o7").words("en") == "ringing for call 1790000000.000001"
    assert Reason("paused", "lunch").words("zh") == "小休/示忙: lunch"


def test_an_agent_of_the_other_queue_keeps_his_settings():
    """Skills come from the journal, not from the configuration of today."""
    given = settings({"sales": queue_settings(skills=Skills(require="english"))}, ["1001", "1002"])
    given = replace(given, agents={"1001": given.agents["1001"], "1002": AgentSettings(
        pin="123456", station="8002", skills={"english": 1})})

    async def story():
        world = World(given)
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(1)
        await world.close()
        assert world.decisions[0].excluded["1001"].words("en") == "has not the skills english"
    run_virtual(story())
