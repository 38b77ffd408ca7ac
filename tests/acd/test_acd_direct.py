"""`agent-number:…`: an agent is called himself; his state is respected, his reservation and wrap-up are his own."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.causes import Cause
from ccappliance.base.errors import LineFault
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

MOBILE = "13912345678"


def play(story, **changes):
    async def run():
        found = settings({"sales": queue_settings(wrapup=30.0)}, **{"wrapup": 7.0, **changes})
        mobile = replace(found.agents["1002"], outside=MOBILE, group="pstn")
        world = World(replace(found, agents={**found.agents, "1002": mobile}))
        world.login("1001")
        world.acd.login("1002", MOBILE)
        await story(world)
        await world.close()
    run_virtual(run())


def offers(world):
    return [(fact.agent, fact.outcome) for fact in world.of(facts.OfferEnded)]


def test_he_answers_and_has_his_own_wrap_up():
    async def story(world):
        world.answer_after = lambda station: 3.0
        call = world.call_agent("1001")
        await asyncio.sleep(1)
        assert (world.agent("1001").state, world.agent("1001").call) == (AgentState.RINGING, call.id)
        queued = world.offer("sales")  # goes to the other one: he is reserved
        await asyncio.sleep(3)
        assert world.agent("1001").state is AgentState.TALKING
        assert [fact.agent for fact in world.of(facts.OfferMade) if fact.call == queued.id] == ["1002"]
        call.anchor.hang_up()
        await asyncio.sleep(0.1)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(6.7)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(0.5)
        assert world.agent("1001").state is not AgentState.WRAPUP
        assert world.of(facts.OfferMade)[0].rule == "direct"
        assert world.figures.agent("1001").answered == 1
    play(story)


@pytest.mark.parametrize("state", ["paused", "logged out", "wrapup", "ringing", "talking", "in use"])
def test_who_is_not_ready_is_not_rung(state):
    async def story(world):
        world.acd.logout("1002")
        if state == "paused":
            world.acd.pause("1001", "lunch")
        elif state == "logged out":
            world.acd.logout("1001")
        elif state == "in use":
            world.acd.station_busy("8001", True)
        else:
            world.answer_after = lambda station: None if state == "ringing" else 1.0
            world.offer("sales")
            await asyncio.sleep(2)
            if state == "wrapup":
                world.legs["8001"].hang_up()
                await asyncio.sleep(0.1)
        placed = len(world.placed)
        call = world.call_agent("1001")
        await asyncio.sleep(0.1)
        assert call.anchor.gone.result() is Cause.BUSY
        assert len(world.placed) == placed
    play(story)


def test_nobody_answers_and_he_is_not_paused_for_it():
    async def story(world):
        for _ in range(3):
            call = world.call_agent("1001")
            await asyncio.sleep(31)
            assert call.anchor.gone.result() is Cause.NO_ANSWER
            assert world.agent("1001").ready
        assert offers(world) == [("1001", "no_answer")] * 3
    play(story)


def test_the_caller_hangs_up_while_he_rings():
    async def story(world):
        call = world.call_agent("1001")
        await asyncio.sleep(4)
        call.anchor.hang_up()
        await asyncio.sleep(0.3)
        assert world.agent("1001").ready
        assert offers(world) == [("1001", "caller_gone")]
    play(story)


@pytest.mark.parametrize("act", ["pause", "logout", "fault"])
def test_what_happens_to_him_while_he_rings(act):
    async def story(world):
        world.call_agent("1001")
        await asyncio.sleep(4)
        if act == "fault":
            world.acd.station_fault("8001", "no telephone")
        else:
            getattr(world.acd, act)("1001", *(["lunch"] if act == "pause" else []))
        await asyncio.sleep(0.3)
        assert world.ringing() == []
        assert world.agent("1001").state is {"pause": AgentState.PAUSED, "logout": AgentState.LOGGED_OUT,
                                             "fault": AgentState.LINE_FAULT}[act]
        world.acd.station_fault("8001", None)
    play(story)


def test_a_telephone_that_cannot_be_rung():
    async def story(world):
        world.blocked["8001"] = "dead"
        call = world.call_agent("1001")
        await asyncio.sleep(0.1)
        assert call.anchor.gone.result() is Cause.BUSY
        assert offers(world) == [("1001", "fault")]
        assert world.agent("1001").state is AgentState.LINE_FAULT

        def fault(*_args):
            raise LineFault("the card is gone")
        world.blocked.clear()
        await asyncio.sleep(31)
        world.place = fault
        call = world.call_agent("1001")
        await asyncio.sleep(0.1)
        assert call.anchor.gone.result() is Cause.BUSY
    play(story)


@pytest.mark.parametrize(("key", "outcome"), [("1", "answered"), ("2", "no_answer"), ("", "no_answer")])
def test_outside_he_must_accept_before_anybody_is_connected(key, outcome):
    async def story(world):
        call = world.call_agent("1002")
        await asyncio.sleep(5)
        leg = world.legs[MOBILE]
        leg.pick_up()
        await asyncio.sleep(2)
        assert leg.heard == ["call_for_you+press_to_accept"]
        assert world.agent("1002").state is AgentState.RINGING
        leg.press(key)
        await asyncio.sleep(9)
        assert offers(world) == [("1002", outcome)]
        assert leg.is_gone is (key != "1")
        assert call.anchor.is_gone is (key != "1")
    play(story)


def test_nobody_of_that_number():
    async def story(world):
        assert world.acd.find_agent("1009") is None
    play(story)
