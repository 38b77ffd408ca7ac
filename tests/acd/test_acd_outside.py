"""Agents outside: rung on a mobile through a trunk group, with the accept key between his voice mail and the caller."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.reach import same_number
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

MOBILE = "13912345678"


def outside_settings(queues=None, agents=("1001", "1002"), **changes):
    """Agent 1001 has a mobile; the others sit in the house."""
    found = settings(queues or {"sales": queue_settings(wrapup=10.0, spoken={"zh": "销售"})}, agents)
    mobile = replace(found.agents["1001"], outside=MOBILE, group="pstn", station="", **changes)
    return replace(found, agents={**found.agents, "1001": mobile})


def play(story, **changes):
    async def run():
        world = World(outside_settings(**changes))
        await story(world)
        await world.close()
        assert sorted(world.lines["pstn"]) == ["fxo/1", "fxo/2"]
    run_virtual(run())


def test_he_hears_who_calls_and_accepts_while_the_caller_has_music():
    async def story(world):
        world.login("1001")
        assert (world.agent("1001").station, world.agent("1001").ready) == (MOBILE, True)
        call = world.offer("sales")
        await asyncio.sleep(6)
        leg = world.legs[MOBILE]
        leg.pick_up()
        await asyncio.sleep(5)
        assert leg.heard == ["call_from_queue+销售+press_to_accept"] * 2
        assert world.agent("1001").state is AgentState.RINGING
        assert call.anchor.heard[-1] == "music"
        assert not call.anchor.playing.ended
        leg.press("91")  # 9 is no answer to this question
        await asyncio.sleep(0)
        assert call.recorded == "queue sales"
        assert world.agent("1001").state is AgentState.TALKING
        await asyncio.sleep(20)
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert leg.is_gone
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(10)
        assert world.agent("1001").ready
        assert world.figures.agent("1001").answered == 1
        assert [(offer.station, offer.agent) for offer in world.of(facts.OfferMade)] == [(MOBILE, "1001")]
    play(story)


def test_voice_mail_never_takes_a_call():
    async def story(world):
        world.login("1001", "1002")
        world.later_idle("1002", 1.0)
        world.answer_after = lambda station: 8.0 if station == MOBILE else 3.0
        call = world.offer("sales")
        await asyncio.sleep(17.9)
        assert world.ringing() == []
        assert world.agent("1001").state is AgentState.RINGING
        await asyncio.sleep(0.2)  # ten seconds after the voice mail answered
        assert [(offer.agent, offer.outcome) for offer in world.of(facts.OfferEnded)] == [("1001", "no_answer")]
        assert world.legs["8002"]
        await asyncio.sleep(3)
        assert world.agent("1002").call == call.id
        assert world.agent("1001").missed_in_a_row == 1
    play(story)


def test_a_call_may_be_declined_at_once():
    async def story(world):
        world.login("1001", "1002")
        world.later_idle("1002", 1.0)
        world.offer("sales")
        await asyncio.sleep(4)
        world.legs[MOBILE].pick_up()
        await asyncio.sleep(1)
        world.legs[MOBILE].press("2")
        await asyncio.sleep(0.01)
        assert world.ringing() == ["8002"]
    play(story)


@pytest.mark.parametrize("moment", ["ringing", "asked"])
def test_the_caller_hangs_up_before_he_accepts(moment):
    async def story(world):
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(6)
        leg = world.legs[MOBILE]
        if moment == "asked":
            leg.pick_up()
            await asyncio.sleep(2)
        call.anchor.hang_up()
        assert leg.is_gone
        assert world.agent("1001").state is AgentState.RINGING  # the line is not free yet
        await asyncio.sleep(world.release_after)
        assert world.agent("1001").ready
        leg.press("1")
        await asyncio.sleep(1)
        assert world.outcomes() == ["abandoned"]
    play(story)


def test_he_hangs_up_and_the_call_ends():
    async def story(world):
        world.login("1001")
        world.answer_after = lambda station: 5.0
        call = world.offer("sales")
        await asyncio.sleep(6)
        world.legs[MOBILE].press("1")
        await asyncio.sleep(6)
        world.legs[MOBILE].hang_up()
        await asyncio.sleep(0.1)
        assert call.anchor.is_gone
        assert world.agent("1001").state is AgentState.WRAPUP
    play(story)


def test_he_has_his_own_ring_time():
    async def story(world):
        world.login("1001", "1002")
        world.later_idle("1002", 1.0)
        world.offer("sales")
        await asyncio.sleep(29)
        assert world.ringing() == [MOBILE]
        await asyncio.sleep(2)
        assert world.ringing() == ["8002"]
    play(story, outside_ring=30.0)


def test_a_line_that_fails_is_replaced_by_another_in_the_same_offer():
    async def story(world):
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(1)
        first = world.legs[MOBILE]
        first.hang_up(Cause.OUT_OF_ORDER)  # no dial tone
        second = world.legs[MOBILE]
        assert (first.circuit.name, second.circuit.name) == ("fxo/1", "fxo/2")
        second.pick_up()
        second.press("1")
        await asyncio.sleep(1)
        assert world.agent("1001").call == call.id
        assert len(world.of(facts.OfferMade)) == 1
    play(story)


def test_both_lines_fail_and_he_is_tried_again_later():
    async def story(world):
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(1)
        world.legs[MOBILE].hang_up(Cause.OUT_OF_ORDER)
        world.legs[MOBILE].hang_up(Cause.OUT_OF_ORDER)
        await asyncio.sleep(0.1)
        assert not world.agent("1001").ready
        assert len(world.placed) == 2
        await asyncio.sleep(130)
        assert 3 <= len(world.placed) <= 5  # and never in a fast loop
    play(story)


def test_his_mobile_is_busy():
    async def story(world):
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(3)
        world.legs[MOBILE].hang_up(Cause.BUSY)
        assert world.agent("1001").state is AgentState.TALKING
        await asyncio.sleep(59)
        assert len(world.placed) == 1  # each try costs a line
        await asyncio.sleep(2)
        assert len(world.placed) == 2
        assert world.of(facts.OfferEnded)[0].outcome == "busy"
    play(story)


def test_without_an_idle_line_he_waits_for_one():
    async def story(world):
        world.lines["pstn"] = []
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(1)
        assert "no idle line" in world.agent("1001").why
        world.lines["pstn"] = ["fxo/1", "fxo/2"]
        await asyncio.sleep(5)
        assert world.ringing() == [MOBILE]
    play(story)


def test_ring_all_rings_the_house_and_the_mobile_and_one_wins():
    async def story(world):
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(4)
        assert world.ringing() == [MOBILE, "8002"]
        world.legs[MOBILE].pick_up()
        await asyncio.sleep(1)
        assert world.ringing() == ["8002"]  # he has answered, not accepted: the other goes on ringing
        world.legs["8002"].pick_up()
        assert world.legs[MOBILE].is_gone
        await asyncio.sleep(1)
        assert world.agent("1001").ready
    play(story, queues={"sales": queue_settings(strategy="ring-all")})


@pytest.mark.parametrize("wanted", [True, False])
def test_the_accept_key_is_the_agents_choice(wanted):
    async def story(world):
        world.login("1001")
        world.answer_after = lambda station: 5.0
        call = world.offer("sales")
        await asyncio.sleep(6)
        assert (world.agent("1001").call == call.id and call.recorded != "") is not wanted
        world.legs[MOBILE].press("1")
        await asyncio.sleep(1)
        assert call.recorded
    play(story, accept_key=wanted)


def test_an_agent_in_the_house_may_have_the_accept_key():
    async def story():
        found = settings({"sales": queue_settings()}, ["1001"], accept_key=True)
        world = World(found)
        world.login("1001")
        world.answer_after = lambda station: 2.0
        call = world.offer("sales")
        await asyncio.sleep(3)
        assert not call.recorded
        world.legs["8001"].press("1")
        await asyncio.sleep(0)
        assert call.recorded
        await world.close()
    run_virtual(story())


def test_a_supervisor_logs_him_in_outside_or_in_the_house():
    async def story(world):
        world.acd.login("1001", "8005")
        assert world.agent("1001").steps == ()
        world.acd.logout("1001")
        world.acd.login("1001", "outside")
        assert world.agent("1001").station == MOBILE
        assert len(world.agent("1001").steps) == 1
        with pytest.raises(Refused) as refused:
            world.acd.login("1002", MOBILE)  # it is not his
        assert refused.value.code == "no_station"
    play(story)


def test_a_reload_changes_his_ring_time_at_once_and_his_number_at_the_next_login():
    async def story(world):
        world.login("1001")
        known = world.acd.settings
        changed = replace(known.agents["1001"], outside_ring=40.0, accept_key=False)
        world.acd.apply(replace(known, agents={**known.agents, "1001": changed}))
        assert world.agent("1001").reach.seconds(15.0) == 40.0
        assert world.agent("1001").steps == ()
        moved = replace(changed, outside="13800000000", accept_key=None)
        world.acd.apply(replace(known, agents={**known.agents, "1001": moved}))
        world.offer("sales")
        await asyncio.sleep(1)
        assert world.ringing() == [MOBILE]
        assert len(world.agent("1001").steps) == 1
    play(story)


@pytest.mark.parametrize(("shown", "same"), [
    ("13912345678", True), ("013912345678", True), ("+8613912345678", True), ("008613912345678", True),
    ("13912345679", False), ("3912345678", False), ("", False)])
def test_numbers_as_callers_ids_write_them(shown, same):
    assert same_number(MOBILE, shown) is same
