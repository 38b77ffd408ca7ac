"""Who may listen from a telephone: a supervisor with his PIN, to an agent who talks, from a station of the house."""

import asyncio
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.call import facts
from ccappliance.call.collect import Collect
from ccappliance.sim.loop import run_virtual

MODES = ("monitor", "whisper", "barge", "takeover")


def world() -> World:
    """1001 talks at 8001; 1002 at 8002 is a supervisor; 1003 is none and is not logged in."""
    given = settings({"sales": queue_settings()}, ["1001", "1002", "1003"])
    agents = {number: replace(agent, supervisor=number == "1002") for number, agent in given.agents.items()}
    made = World(replace(given, agents=agents))
    made.answer_after = lambda station: 1.0
    return made


async def listen(made: World, feature: str, *keys: str, station: str = "8003", direction: str = "internal"):
    """Dial the feature; answers (where it leads, what was heard)."""
    call = made.quiet_call(station)
    call.direction = direction
    pressed = list(keys)

    async def collect(ask: Collect, sounds=()):
        call._keys = [pressed.pop(0)] if pressed else []
        return await type(call).collect(call, ask, sounds)

    call.collect = collect
    led = await made.acd.find_feature(feature).run(call)
    return led, call.anchor.heard, call.variables.get("supervisor")


async def talking(made: World) -> None:
    made.login("1001")
    made.offer("sales")
    await asyncio.sleep(3)
    assert made.agent("1001").call


@pytest.mark.parametrize("mode", MODES)
def test_a_supervisor_gives_number_and_pin_and_whom_to_hear(mode):
    async def story():
        made = world()
        await talking(made)
        led, heard, who = await listen(made, mode, "1002", "91002", "1001")
        assert (led, who) == (f"supervise:8001/{mode}", "1002")
        assert heard == ["agent_enter_number", "agent_enter_pin", "supervise_enter_number"]
        led, heard, _ = await listen(made, f"{mode}/1001", "1002", "91002")
        assert led == f"supervise:8001/{mode}", "the number was dialled"
        await made.close()
    run_virtual(story())


def test_who_is_logged_in_there_gives_his_pin_only():
    async def story():
        made = world()
        await talking(made)
        made.login("1002")
        led, heard, _ = await listen(made, "monitor", "91002", "1001", station="8002")
        assert led == "supervise:8001/monitor"
        assert heard == ["agent_enter_pin", "supervise_enter_number"]
        await made.close()
    run_virtual(story())


@pytest.mark.parametrize(("number", "pin"), [("1003", "91003"), ("1002", "0000"), ("9999", "91002")])
def test_nobody_else_listens_and_guessing_is_an_alarm(number, pin):
    async def story():
        made = world()
        await talking(made)
        led, heard, who = await listen(made, "monitor", number, pin, number, pin, number, pin)
        assert (led, who) == (None, None)
        assert heard == ["agent_enter_number", "agent_enter_pin", "agent_wrong_pin"] * 3 + ["goodbye"]
        alarms = [fact.alarm for fact in made.of(facts.AlarmRaised)]
        assert alarms == (["pin_guessing"] if number == "1002" else [])
        await made.close()
    run_virtual(story())


def test_there_must_be_somebody_to_hear_and_it_must_be_a_station_of_the_house():
    async def story():
        made = world()
        made.login("1001")
        for agent in ("1001", "1003", "9999", ""):  # ready, logged out, unknown, nothing dialled
            led, heard, _ = await listen(made, "barge", "1002", "91002", agent)
            assert (led, heard[-1]) == (None, "supervise_nobody")
        led, heard, _ = await listen(made, "barge", "1002", "91002", "1001", direction="in")
        assert (led, heard) == (None, ["agent_not_possible"])
        assert made.acd.find_feature("eavesdrop") is None
        await made.close()
    run_virtual(story())
