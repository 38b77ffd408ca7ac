"""Callbacks and agents outside: one line to the agent's mobile, one to the customer, and the accept key between."""

import asyncio
from dataclasses import replace

import pytest
from callback_world import WANG, CallbackWorld, Does, callback_settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

MOBILE = "13912345678"


def world_with_a_mobile(order: str, agents: tuple[str, ...] = ("1001",), **more: object) -> CallbackWorld:
    found = callback_settings(agents, order=order, **more)
    mobile = replace(found.agents["1001"], outside=MOBILE, group="pstn", station="")
    return CallbackWorld(replace(found, agents={**found.agents, "1001": mobile}))


@pytest.mark.parametrize(("order", "dialled"), [("agent-first", [MOBILE, WANG]), ("caller-first", [WANG, MOBILE])])
def test_he_accepts_and_talks_to_the_customer(order: str, dialled: list[str]) -> None:
    async def story() -> None:
        world = world_with_a_mobile(order)
        world.does = lambda number: Does(3.0) if number == WANG else Does(5.0)
        await world.promised(told=(60.0, 180.0))
        world.login("1001")
        agent = world.agent("1001")
        for _ in range(40):
            await asyncio.sleep(0.5)
            leg = world.customers.get(MOBILE)
            if leg is not None and leg.is_answered:
                break
        await asyncio.sleep(1.0)
        assert agent.state is AgentState.RINGING, "his voice mail might have answered"
        assert world.of(facts.CallbackEnded) == []
        world.customers[MOBILE].press("1")
        await asyncio.sleep(6.0)
        assert [number for _, number in world.dialled] == dialled
        assert agent.state is AgentState.TALKING
        ended = world.of(facts.CallbackEnded)
        assert [(one.outcome, one.low, one.high) for one in ended] == [("reached", 60.0, 180.0)]
        world.customers[WANG].hang_up()
        await asyncio.sleep(1.0)
        assert agent.state is AgentState.WRAPUP
        await world.close()
        assert set(world.lines_in_use.values()) == {None}
    run_virtual(story())


def test_a_voice_mail_takes_no_customer() -> None:
    """Agent first: nobody accepts, the customer is not dialled at all, and the next agent calls him."""
    async def story() -> None:
        world = world_with_a_mobile("agent-first", ("1001", "1002"))
        world.answer_after = lambda station: 2.0
        world.does = lambda number: Does(3.0)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(2.0)
        world.login("1002")
        assert [number for _, number in world.dialled] == [MOBILE]
        await asyncio.sleep(40.0)
        assert [(one.agent, one.outcome) for one in world.of(facts.OfferEnded)] == [
            ("1001", "no_answer"), ("1002", "answered")]
        assert [number for _, number in world.dialled] == [MOBILE, WANG]
        assert [outcome for _, outcome in world.ends()] == ["reached"]
        await world.close()
    run_virtual(story())
