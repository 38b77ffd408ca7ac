"""Everything else an agent does by keypad: wrap-up, dispositions, his queues, his state, pickup; and from outside."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

MOBILE = "13912345678"
RESULTS = {"1": "sold", "2": "call_again", "11": "complaint"}


def play(story, queue=None, numbers=("1001", "1002"), **changes):
    async def run():
        queues = {"sales": queue_settings(**{"keypad": "1", "wrapup": 10.0, **(queue or {})}),
                  "service": queue_settings(keypad="2")}
        found = settings(queues, numbers, **changes)
        mobile = replace(found.agents["1001"], outside=MOBILE, group="pstn")
        world = World(replace(found, agents={**found.agents, "1001": mobile}))
        await story(world)
        await world.close()
    run_virtual(run())


async def in_wrapup(world):
    world.login("1001")
    world.answer_after = lambda station: 1.0
    caller = world.offer("sales")
    await asyncio.sleep(3)
    caller.anchor.hang_up()
    await asyncio.sleep(1)
    assert world.agent("1001").state is AgentState.WRAPUP


# ---- wrap-up ----


def test_wrap_up_is_extended_up_to_its_bound():
    async def story(world):
        await in_wrapup(world)
        began = world.loop.time() - 1.0
        for sound, until in (("wrapup_extended", 70.0), ("wrapup_extended", 90.0), ("wrapup_longest", 90.0)):
            call = world.dial("8001", "wrapup-extend")
            await asyncio.sleep(2)
            assert call.anchor.heard == [sound]
            call.anchor.hang_up()
            assert world.agent("1001").until == pytest.approx(began + until)
        await asyncio.sleep(began + 90.0 - world.loop.time() - 0.1)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(0.2)
        assert world.agent("1001").ready
        call = world.dial("8001", "wrapup-extend")
        await asyncio.sleep(2)
        assert call.anchor.heard == ["agent_not_possible"]
    play(story, wrapup_extend=60.0, wrapup_longest=90.0)


def test_a_disposition_is_noted_and_corrected():
    async def story(world):
        await in_wrapup(world)
        for keys, sound in ((["11"], "disposition_set"), (["7", "2"], "disposition_set"), (["9", "9", "9"], "goodbye")):
            call = world.dial("8001", "disposition", *keys)
            await asyncio.sleep(1.0 + len(keys))
            assert call.anchor.heard[-1] == sound
            call.anchor.hang_up()
        noted = world.of(facts.DispositionSet)
        assert [(one.agent, one.queue, one.disposition) for one in noted] == [("1001", "sales", "complaint"),
                                                                            ("1001", "sales", "call_again")]
        assert {one.call for one in noted} == {world.calls[0].id}
        await asyncio.sleep(10)
        assert world.agent("1001").ready
    play(story, queue={"dispositions": RESULTS})


@pytest.mark.parametrize("wrapup", [10.0, 0.0])
def test_a_required_disposition_holds_wrap_up_until_it_is_given(wrapup):
    async def story(world):
        await in_wrapup(world)
        await asyncio.sleep(30)
        assert world.agent("1001").state is AgentState.WRAPUP
        call = world.dial("8001", "wrapup-end")
        await asyncio.sleep(2)
        assert call.anchor.heard == ["disposition_required"]
        call.anchor.hang_up()
        call = world.dial("8001", "disposition", "1")
        await asyncio.sleep(3)
        assert call.anchor.heard == ["beep", "disposition_set"]
        call.anchor.hang_up()
        assert world.agent("1001").ready
    play(story, queue={"dispositions": RESULTS, "disposition_required": True, "wrapup": wrapup})


def test_a_required_disposition_has_a_bound_and_a_supervisor_a_key():
    async def story(world):
        await in_wrapup(world)
        await asyncio.sleep(98)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(2)
        assert world.agent("1001").ready
        caller = world.offer("sales")
        await asyncio.sleep(2)
        caller.anchor.hang_up()
        await asyncio.sleep(1)
        world.acd.end_wrapup("1001", "cli:root")
        assert world.agent("1001").ready
    play(story, queue={"dispositions": RESULTS, "disposition_required": True}, wrapup_longest=100.0)


def test_a_queue_without_dispositions_takes_none():
    async def story(world):
        await in_wrapup(world)
        call = world.dial("8001", "disposition", "1")
        await asyncio.sleep(2)
        assert call.anchor.heard == ["agent_not_possible"]
        with pytest.raises(Refused, match="there is no disposition '1'"):
            world.acd.dispose("1001", "1")
    play(story)


# ---- his queues ----


def test_he_leaves_a_queue_and_joins_it_again():
    async def story(world):
        world.login("1001")
        call = world.dial("8001", "queue-leave", "1")
        await asyncio.sleep(2.5)
        assert call.anchor.heard == ["enter_queue", "queue_left"]
        call.anchor.hang_up()
        world.offer("sales")
        await asyncio.sleep(2)
        assert world.ringing() == []
        world.answer_after = lambda station: 1.0
        world.offer("service").anchor.world.loop.call_later(5.0, world.calls[-1].anchor.hang_up)
        await asyncio.sleep(2)
        assert world.agent("1001").call == world.calls[-1].id
        await asyncio.sleep(20)
        call = world.dial("8001", "queue-join", "1")
        await asyncio.sleep(2.5)
        assert call.anchor.heard == ["enter_queue", "queue_joined"]
        call.anchor.hang_up()
        await asyncio.sleep(2)
        assert world.agent("1001").call == world.calls[1].id
        changed = world.of(facts.MembershipChanged)
        assert [(one.queue, one.present, one.by) for one in changed] == [("sales", False, "1001"),
                                                                       ("sales", True, "1001")]
    play(story, queue={"policy": "wait"})


def test_a_logout_brings_him_back_into_all_and_a_reload_does_not():
    async def story(world):
        world.login("1001")
        world.acd.sit("1001", "sales", False)
        world.acd.apply(world.acd.settings)
        assert list(world.acd.find_queue("sales").members) == ["1002"]
        world.acd.logout("1001")
        await asyncio.sleep(0)
        assert list(world.acd.find_queue("sales").members) == ["1001", "1002"]
        for act, code in ((("1001", "sales", False), "not_logged_in"), (("1001", "none", False), "no_queue")):
            with pytest.raises(Refused) as refused:
                world.acd.sit(*act)
            assert refused.value.code == code
        world.login("1001")
        with pytest.raises(Refused) as refused:
            world.acd.sit("1001", "sales", True)
        assert refused.value.code == "unchanged"
    play(story)


def test_a_number_that_is_no_queue():
    async def story(world):
        world.login("1001")
        for keys, sound in ((["7"], "invalid_key"), ([""], "invalid_key")):
            call = world.dial("8001", "queue-leave", *keys)
            await asyncio.sleep(2.5)
            assert call.anchor.heard[-1] == sound
    play(story)


# ---- what he hears of himself ----


def test_he_hears_his_state_and_todays_figures():
    async def story(world):
        await in_wrapup(world)
        call = world.dial("8001", "state")
        await asyncio.sleep(0)
        assert call.anchor.heard == ["state_wrapup+time_left+9 s+calls_today+1+talk_today+2 s"]
        call.anchor.hang_up()
        await asyncio.sleep(20)
        call = world.dial("8001", "state")
        await asyncio.sleep(0)
        assert call.anchor.heard == ["state_ready+calls_today+1+talk_today+2 s"]
    play(story)


# ---- pickup ----


@pytest.mark.parametrize("whom", ["pickup", "pickup/1002", "pickup/8002", "pickup/sales"])
def test_a_call_that_rings_at_a_colleague_is_picked_up(whom):
    async def story(world):
        world.login("1002")
        caller = world.offer("sales")
        await asyncio.sleep(3)
        world.login("1001")
        call = world.dial("8001", whom)
        await asyncio.sleep(0.1)
        assert world.legs["8002"].is_gone if "8002" in world.legs else True
        assert world.agent("1001").call == caller.id
        assert caller.recorded == "queue sales"
        offers = {fact.offer: fact for fact in world.of(facts.OfferMade)}
        ended = [(offers[fact.offer].rule, fact.agent, fact.outcome) for fact in world.of(facts.OfferEnded)]
        assert ended == [("pickup", "1001", "answered"), ("longest-idle: 0.0 s", "1002", "lost")]
        assert world.outcomes() == ["answered"]
        await asyncio.sleep(5)
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert world.agent("1001").state is AgentState.WRAPUP
        assert caller.anchor.is_gone
    play(story)


def test_nothing_to_pick_up():
    async def story(world):
        world.login("1001")
        for feature in ("pickup", "pickup/8002", "last-missed"):
            call = world.dial("8001", feature)
            await asyncio.sleep(1)
            assert call.anchor.heard == ["no_call_to_take"]
    play(story)


def test_he_takes_the_call_he_has_missed_wherever_it_is():
    async def story(world):
        world.login("1001", "1002")
        world.later_idle("1002", 1.0)
        caller = world.offer("sales")
        await asyncio.sleep(17)
        assert world.ringing() == ["8002"]
        call = world.dial("8001", "last-missed")
        await asyncio.sleep(0.1)
        assert world.agent("1001").call == caller.id
        assert world.ringing() == []
        caller.anchor.hang_up()
        await asyncio.sleep(1)
        call.anchor.hang_up()
    play(story)


def test_who_picks_up_during_his_pause_is_paused_again_after_it():
    async def story(world):
        world.login("1001", "1002")
        world.acd.pause("1001", "lunch")
        caller = world.offer("sales")
        await asyncio.sleep(2)
        world.dial("8001", "pickup")
        await asyncio.sleep(1)
        assert world.agent("1001").call == caller.id
        caller.anchor.hang_up()
        await asyncio.sleep(12)
        assert (world.agent("1001").state, world.agent("1001").why) == (AgentState.PAUSED, "lunch")
    play(story)


# ---- from outside ----


def test_he_logs_in_from_the_mobile_that_is_his():
    async def story(world):
        call = world.dial("0" + MOBILE, "login", direction="in")
        await asyncio.sleep(2)
        assert call.anchor.heard == ["agent_logged_in"]
        assert world.agent("1001").station == MOBILE
        assert world.agent("1001").ready
    play(story)


@pytest.mark.parametrize(("keys", "last", "state"), [
    (["1001", "91001"], "agent_logged_in", AgentState.READY),
    (["1002", "91002"], "agent_not_possible", AgentState.LOGGED_OUT),  # he has no number outside
    (["1001", "0"] * 3, "goodbye", AgentState.LOGGED_OUT)])
def test_from_another_telephone_he_gives_number_and_pin(keys, last, state):
    async def story(world):
        call = world.dial("02155556666", "login", *keys, direction="in")
        await asyncio.sleep(12)
        assert call.anchor.heard[-1] == last
        assert world.agent(keys[0]).state is state
        assert world.agent(keys[0]).station in ("", MOBILE)
    play(story)


def test_the_menu_from_outside():
    async def story(world):
        call = world.dial(MOBILE, "menu", "1", "3", "2", "8", "4", "*", "", "", "", direction="in")
        await asyncio.sleep(30)
        heard = call.anchor.heard
        said = [sound for sound in heard if sound != "agent_menu"]
        assert said[:4] == ["agent_logged_in", "beep", "agent_paused",
                            "state_paused+time_left+7198 s+calls_today+0+talk_today+0 s"]
        assert said[4:] == ["agent_resumed", "invalid_key", "goodbye"]
        assert world.agent("1001").ready
        assert call.anchor.is_gone
    play(story)
