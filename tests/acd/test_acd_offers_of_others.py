"""Scenarios from other people's bugs (QUEUES.md) that concern offers: 4, 5 and 6; and what a lost offer looks like."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import STOPS_WITHIN, AgentState
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

TWELVE = [f"10{n:02}" for n in range(1, 13)]
STOP = 0.3  # s in which the telephones that have not won must be quiet


@pytest.mark.parametrize("strategy", ["longest-idle", "linear", "round-robin", "ring-all"])
@pytest.mark.parametrize("trouble", ["blocked", "paused", "busy", "no answer"])
def test_scenario_4_the_last_candidate_is_unavailable_and_distribution_goes_on(strategy, trouble):
    async def story():
        world = World(settings({"sales": queue_settings(strategy=strategy, ring_timeout=10.0, pause_after=0)},
                               ["1001", "1002", "1003"]))
        world.login("1001", "1002", "1003")
        world.answer_after = lambda station: 4.0 if station == "8001" and world.loop.time() > 30 else None
        if trouble == "blocked":
            world.blocked["8003"] = "dead"
        elif trouble == "paused":
            world.acd.pause("1003", "break")
        elif trouble == "busy":
            world.acd.station_busy("8003", True)  # until then who has let it ring is not asked again
            world.loop.call_later(40.0, world.acd.station_busy, "8003", False)
        calls = [world.offer("sales"), world.offer("sales")]
        await asyncio.sleep(90)
        connected = [call for call in calls if call.recorded]
        assert len(connected) == 1, "nobody was connected to the one who answers"
        connected[0].anchor.hang_up()
        await asyncio.sleep(60)
        assert all(call.recorded for call in calls), "the other call was never connected"
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("when", [0.0, 0.0005, 0.001, 0.002, 0.25])
def test_scenario_5_ring_all_to_12_and_an_answer_in_the_millisecond_another_leg_starts(when):
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all", wrapup=10.0)}, TWELVE))
        world.login(*TWELVE[:11])
        call = world.offer("sales")
        await asyncio.sleep(5)
        assert len(world.ringing()) == 11
        world.loop.call_later(when, world.acd.login, TWELVE[11])  # his leg starts now
        world.loop.call_later(when, world.legs["8004"].pick_up)
        world.loop.call_later(when, world.legs["8007"].pick_up)  # and a second one lifts as well
        await asyncio.sleep(when + STOP)
        assert world.ringing() == []
        assert world.agent("1004").call == call.id
        assert [agent.number for agent in world.acd.book.by_number.values() if agent.reservation] == []
        ended = {fact.agent: fact.outcome for fact in world.of(facts.OfferEnded)}
        assert ended.pop("1004") == "answered"
        assert set(ended.values()) == {"lost"}
        await asyncio.sleep(1)
        others = {agent.number: agent.state for agent in world.acd.book.by_number.values() if agent.number != "1004"}
        assert set(others.values()) == {AgentState.READY}
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("after", [0.0, 0.001, 0.5, 3.0])
@pytest.mark.parametrize("strategy", ["longest-idle", "ring-all"])
def test_scenario_6_the_caller_hangs_up_while_the_agents_leg_is_being_set_up(strategy, after):
    async def story():
        world = World(settings({"sales": queue_settings(strategy=strategy, short_abandon=0.0)}, TWELVE[:3]))
        world.login(*TWELVE[:3])
        call = world.offer("sales")
        await asyncio.sleep(after)
        call.anchor.hang_up()
        began = world.loop.time()
        while world.ringing():
            await asyncio.sleep(0.01)
        assert world.loop.time() - began <= STOP
        await asyncio.sleep(STOP)
        assert not world.legs
        assert all(agent.ready for agent in world.acd.book.by_number.values())
        made, ended = world.of(facts.OfferMade), world.of(facts.OfferEnded)
        assert [fact.offer for fact in made] == [fact.offer for fact in ended]
        await world.close()
    run_virtual(story())


def test_after_a_lost_offer_he_is_never_talking_without_a_call():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all")}))
        world.release_after = 0.7
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(5)
        world.legs["8001"].pick_up()
        await asyncio.sleep(0.3)
        assert (world.agent("1002").state, world.agent("1002").why) == (AgentState.RINGING, "1001 answered")
        second = world.offer("sales")
        await asyncio.sleep(0.3)
        assert not world.agent("1002").ready  # his telephone can't ring yet
        await asyncio.sleep(0.2)
        assert world.agent("1002").reservation.call == second.id
        assert [fact.state for fact in world.of(facts.AgentMoved) if fact.agent == "1002"] == [
            "ready", "reserved", "ringing", "ringing", "ready", "reserved", "ringing"]
        await world.close()
    run_virtual(story())


def test_who_lifts_in_the_moment_another_wins_is_shown_on_the_telephone_after_a_bound():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all")}))
        world.release_after = 60.0  # he holds the handset and hears busy tone
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(5)
        world.legs["8001"].pick_up()
        await asyncio.sleep(STOPS_WITHIN + 0.1)
        assert (world.agent("1002").state, world.agent("1002").call) == (AgentState.TALKING, "")
        await asyncio.sleep(60)
        assert world.agent("1002").ready
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("act", ["pause", "logout", "fault"])
def test_what_is_asked_while_his_telephone_stops_ringing_happens_at_once(act):
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all")}))
        world.release_after = 1.0
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(5)
        world.legs["8001"].pick_up()
        await asyncio.sleep(0.1)
        assert world.agent("1002").stopping
        if act == "fault":
            world.acd.station_fault("8002", "no telephone")
        else:
            getattr(world.acd, act)("1002", *(["break"] if act == "pause" else []))
        expected = {"pause": AgentState.PAUSED, "logout": AgentState.LOGGED_OUT, "fault": AgentState.LINE_FAULT}[act]
        assert world.agent("1002").state is expected
        await asyncio.sleep(2)
        assert world.agent("1002").state is expected
        world.acd.station_fault("8002", None)
        await world.close()
    run_virtual(story())
