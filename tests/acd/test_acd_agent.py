"""Agents: login, pause, wrap-up, logout in every state, and what their stations do."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

STATES = ("ready", "ringing", "talking", "wrapup", "paused", "line_fault", "station_in_use")


async def in_state(state: str) -> World:
    """A world whose agent 1001 is in this state; one caller is his, or waits."""
    world = World(settings({"sales": queue_settings(wrapup=20.0, ring_timeout=30.0)}, ["1001"]))
    world.login("1001")
    if state in ("ringing", "talking", "wrapup"):
        world.answer_after = {"ringing": lambda station: None}.get(state, lambda station: 1.0)
        call = world.offer("sales")
        await asyncio.sleep(5)
        if state == "wrapup":
            call.anchor.hang_up()
            await asyncio.sleep(1)
    elif state == "paused":
        world.acd.pause("1001", "lunch")
    elif state == "line_fault":
        world.acd.station_fault("8001", "left off-hook")
    elif state == "station_in_use":
        world.acd.station_busy("8001", True)
    await asyncio.sleep(0)
    expected = {"station_in_use": "talking"}.get(state, state)
    assert world.agent("1001").state.value == expected
    return world


@pytest.mark.parametrize("state", STATES)
def test_pause_in_every_state(state):
    async def story():
        world = await in_state(state)
        at_once = world.acd.pause("1001", "break", "supervisor")
        assert at_once is (state != "talking")
        agent = world.agent("1001")
        if state == "talking":
            assert agent.state is AgentState.TALKING
            world.calls[0].anchor.hang_up()
            await asyncio.sleep(1)
            assert agent.state is AgentState.WRAPUP
            await asyncio.sleep(20)
        assert (agent.state, agent.why) == (AgentState.PAUSED, "break by supervisor")
        await asyncio.sleep(100)
        assert agent.state is AgentState.PAUSED
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("state", STATES)
def test_logout_in_every_state(state):
    async def story():
        world = await in_state(state)
        at_once = world.acd.logout("1001")
        assert at_once is (state != "talking")
        if state == "talking":
            assert world.acd.agents()[0]["after_call"] == "logout"
            with pytest.raises(Refused) as refused:
                world.acd.pause("1001", "break")
            assert refused.value.code == "leaving"
            world.calls[0].anchor.hang_up()
            await asyncio.sleep(0)
        assert world.agent("1001").state is AgentState.LOGGED_OUT
        assert world.agent("1001").station == ""
        await asyncio.sleep(1)
        assert not world.ringing()
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("state", STATES)
def test_a_line_fault_in_every_state(state):
    async def story():
        world = await in_state(state)
        world.acd.station_fault("8001", "no telephone")
        agent = world.agent("1001")
        if state == "talking":
            world.legs["8001"].hang_up()
        if state in ("talking", "wrapup"):
            await asyncio.sleep(21)
        if state == "paused":
            world.acd.resume("1001")
        assert (agent.state, agent.why) == (AgentState.LINE_FAULT, "no telephone")
        assert not world.ringing()
        await asyncio.sleep(100)
        assert agent.state is AgentState.LINE_FAULT  # until told otherwise
        world.acd.station_fault("8001", None)
        world.acd.station_busy("8001", False)
        assert agent.state is not AgentState.LINE_FAULT
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("state", STATES)
def test_the_agents_leg_or_station_goes_in_every_state(state):
    async def story():
        world = await in_state(state)
        leg = world.legs.get("8001")
        if leg is not None:
            leg.hang_up()
        await asyncio.sleep(0.1)
        expected = {"ringing": ("ready", "ringing"), "talking": ("wrapup",), "station_in_use": ("talking",)}
        assert world.agent("1001").state.value in expected.get(state, (state,))
        world.acd.station_busy("8001", False)
        await asyncio.sleep(60)
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("state", STATES)
def test_the_caller_goes_in_every_state(state):
    async def story():
        world = await in_state(state)
        for call in world.calls:
            call.anchor.hang_up()
        await asyncio.sleep(0.1)
        expected = {"ringing": "ready", "talking": "wrapup", "station_in_use": "talking"}
        assert world.agent("1001").state.value == expected.get(state, state)
        world.acd.station_busy("8001", False)
        await world.close()
    run_virtual(story())


def test_hold_is_followed():
    async def story():
        world = await in_state("talking")
        call, leg = world.calls[0], world.legs["8001"]
        world.journal.write(facts.HoldChanged(call.id, call.anchor.id, True))
        await asyncio.sleep(0)
        assert world.agent("1001").state is AgentState.HOLD
        world.journal.write(facts.HoldChanged(call.id, leg.id, True))  # the other way round is not his doing
        await asyncio.sleep(0)
        world.journal.write(facts.HoldChanged(call.id, call.anchor.id, False))
        await asyncio.sleep(0)
        assert world.agent("1001").state is AgentState.TALKING
        world.journal.write(facts.HoldChanged(call.id, call.anchor.id, True))
        await asyncio.sleep(0)
        leg.hang_up()
        assert world.agent("1001").state is AgentState.WRAPUP
        await world.close()
    run_virtual(story())


def test_resume_takes_back_a_pause_asked_for_during_a_call():
    async def story():
        world = await in_state("talking")
        world.acd.pause("1001", "break")
        world.acd.resume("1001")
        world.calls[0].anchor.hang_up()
        await asyncio.sleep(21)
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


def test_a_pause_has_a_bound_and_then_he_is_logged_out():
    async def story():
        world = await in_state("ready")
        world.acd.pause("1001", "break")
        await asyncio.sleep(599)
        assert world.agent("1001").state is AgentState.PAUSED
        await asyncio.sleep(2)
        assert world.agent("1001").state is AgentState.LOGGED_OUT
        await world.close()
    run_virtual(story())


def test_wrap_up_may_be_ended():
    async def story():
        world = await in_state("wrapup")
        world.acd.end_wrapup("1001")
        assert world.agent("1001").ready
        with pytest.raises(Refused) as refused:
            world.acd.end_wrapup("1001")
        assert refused.value.code == "not_in_wrapup"
        await world.close()
    run_virtual(story())


def test_only_calls_missed_in_a_row_count():
    async def story():
        world = World(settings({"sales": queue_settings(pause_after=2, wrapup=0.0)}, ["1001"]))
        world.login("1001")
        for _ in range(3):
            world.answer_after = lambda station: 1.0 if len(world.placed) % 2 == 0 else None  # every other call
            call = world.offer("sales")
            await asyncio.sleep(20)
            assert world.agent("1001").on_call
            call.anchor.hang_up()
            await asyncio.sleep(1)
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["no_answer", "answered"] * 3
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("released_at_once", [False, True])
def test_idle_time_is_kept_by_calls_he_did_not_get_and_ended_by_those_he_had(released_at_once):
    async def story():
        world = await in_state("ringing")
        since = world.agent("1001").idle_since
        if released_at_once:
            world.acd.station_busy("8001", False)
        world.calls[0].anchor.hang_up()
        await asyncio.sleep(1)
        assert world.agent("1001").ready
        assert world.agent("1001").idle_since == since
        world.acd.station_busy("8001", True)
        await asyncio.sleep(30)
        world.acd.station_busy("8001", False)
        assert world.agent("1001").idle_since == world.loop.time()
        await world.close()
    run_virtual(story())


def test_a_direct_call_may_leave_wrap_up():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"], wrapup=7.0))
        world.login("1001")
        world.acd.station_busy("8001", True)
        await asyncio.sleep(30)
        world.acd.station_busy("8001", False, wrapup=True)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(7.1)
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


def test_a_station_in_use_is_not_rung_and_is_rung_at_once_when_it_is_free():
    async def story():
        world = await in_state("station_in_use")
        world.offer("sales")
        await asyncio.sleep(30)
        assert not world.placed
        world.acd.station_busy("8001", False)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.ringing() == ["8001"]
        await world.close()
    run_virtual(story())


def test_a_station_that_refuses_as_busy_is_tried_again_after_a_while_not_in_a_loop():
    async def story():
        world = await in_state("ready")
        call = world.offer("sales")
        other = world.place(call, "8001")  # nobody told the ACD
        world.acd.station_busy("8001", False)
        await asyncio.sleep(9.9)
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["busy", "busy"]
        other.hang_up()
        await asyncio.sleep(1)
        assert world.ringing() == ["8001"]
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("number", "station", "code"), [
    ("7777", "8001", "no_agent"), ("1002", "7000", "no_station"), ("1002", "8001", "station_taken"),
    ("1001", "8002", "already_logged_in")])
def test_logins_that_are_refused(number, station, code):
    async def story():
        world = World(settings({"sales": queue_settings()}))
        world.login("1001")
        with pytest.raises(Refused) as refused:
            world.acd.login(number, station)
        assert refused.value.code == code
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("what", "code"), [
    (lambda acd: acd.logout("1002"), "not_logged_in"), (lambda acd: acd.pause("1002", "lunch"), "not_logged_in"),
    (lambda acd: acd.resume("1001"), "not_paused"), (lambda acd: acd.pause("1001", "golf"), "no_reason"),
    (lambda acd: acd.entries("golf"), "no_queue")])
def test_requests_that_are_refused(what, code):
    async def story():
        world = World(settings({"sales": queue_settings()}))
        world.login("1001")
        with pytest.raises(Refused) as refused:
            what(world.acd)
        assert refused.value.code == code
        await world.close()
    run_virtual(story())
