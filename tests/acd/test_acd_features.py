"""What agents do by keypad: login with number and PIN, pause with a reason, resume, end of wrap-up, logout."""

import asyncio

from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual


def play(story, **changes):
    async def run():
        world = World(settings({"sales": queue_settings()}, **changes))
        await story(world)
        await world.close()
    run_virtual(run())


def test_login_then_ready_when_he_hangs_up():
    async def story(world):
        call = world.dial("8005", "login", "1001", "91001")
        await asyncio.sleep(2.5)
        agent = world.agent("1001")
        assert (agent.state, agent.station) == (AgentState.TALKING, "8005")  # his telephone is still off-hook
        assert call.anchor.heard == ["agent_enter_number", "agent_enter_pin", "agent_logged_in"]
        call.anchor.hang_up()
        assert agent.ready
    play(story)


def test_the_agents_language_is_spoken_to_him():
    async def story(world):
        call = world.dial("8005", "login", "1001", "91001")
        await asyncio.sleep(3)
        assert call.language == "en"
    play(story, language="en")


def test_three_tries_then_goodbye_and_an_alarm_and_a_locked_number():
    async def story(world):
        call = world.dial("8005", "login", *["1001", "0000"] * 3)
        await asyncio.sleep(11)
        assert call.anchor.heard.count("agent_wrong_pin") == 3
        assert call.anchor.heard[-1] == "goodbye"
        assert call.anchor.is_gone
        assert [(fact.alarm, fact.subject) for fact in world.of(facts.AlarmRaised)] == [("pin_guessing", "agent:1001")]
        right = world.dial("8005", "login", "1001", "91001")
        await asyncio.sleep(10)
        assert right.anchor.heard[2] == "agent_wrong_pin"
        assert world.agent("1001").state is AgentState.LOGGED_OUT
        await asyncio.sleep(60)
        world.dial("8005", "login", "1001", "91001")
        await asyncio.sleep(5)
        assert world.agent("1001").state is not AgentState.LOGGED_OUT
        assert len(world.of(facts.AlarmCleared)) == 1
    play(story)


def test_an_unknown_number_sounds_like_a_wrong_pin():
    async def story(world):
        call = world.dial("8005", "login", "7777", "", "1001", "91001")
        await asyncio.sleep(10)
        assert call.anchor.heard == ["agent_enter_number", "agent_enter_pin", "agent_wrong_pin",
                                     "agent_enter_number", "agent_enter_pin", "agent_logged_in"]
    play(story)


def test_nobody_logs_in_from_outside():
    async def story(world):
        call = world.dial("8005", "login", "1001", "91001", direction="in")
        await asyncio.sleep(10)
        assert call.anchor.heard == ["agent_not_possible"]
        assert world.agent("1001").state is AgentState.LOGGED_OUT
    play(story)


def test_logged_in_elsewhere_and_a_taken_station():
    async def story(world):
        world.login("1001")
        elsewhere = world.dial("8005", "login", "1001", "91001")
        taken = world.dial("8001", "login", "1002", "91002")
        await asyncio.sleep(10)
        assert elsewhere.anchor.heard[-1] == "agent_logged_in_elsewhere"
        assert taken.anchor.heard[-1] == "agent_not_possible"
    play(story)


def test_pause_with_a_reason_resume_and_logout():
    async def story(world):
        world.login("1001")
        for keys, reason in ((["2"], "lunch"), ([""], "break"), (["7", "1"], "break")):
            call = world.dial("8001", "pause", *keys)
            await asyncio.sleep(5)
            assert call.anchor.heard[-1] == "agent_paused"
            assert (world.agent("1001").state, world.agent("1001").why) == (AgentState.PAUSED, reason)
            call = world.dial("8001", "resume")
            await asyncio.sleep(5)
            assert call.anchor.heard == ["agent_resumed"]
            assert world.agent("1001").ready
        call = world.dial("8001", "logout")
        await asyncio.sleep(5)
        assert call.anchor.heard == ["agent_logged_out"]
        assert world.agent("1001").state is AgentState.LOGGED_OUT
    play(story)


def test_a_reason_nobody_knows_three_times_is_goodbye():
    async def story(world):
        world.login("1001")
        call = world.dial("8001", "pause", "9", "*", "0")
        await asyncio.sleep(10)
        assert call.anchor.heard == ["beep", "invalid_key", "invalid_key", "goodbye"]
        assert world.agent("1001").ready
    play(story)


def test_the_end_of_wrap_up():
    async def story(world):
        world.login("1001")
        world.answer_after = lambda station: 1.0
        caller = world.offer("sales")
        await asyncio.sleep(3)
        caller.anchor.hang_up()
        await asyncio.sleep(1)
        call = world.dial("8001", "wrapup-end")
        await asyncio.sleep(0)
        assert call.anchor.heard == ["wrapup_ended"]
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert world.agent("1001").ready
        call = world.dial("8001", "wrapup-end")
        await asyncio.sleep(1)
        assert call.anchor.heard == ["agent_not_possible"]
    play(story)


def test_whoever_is_not_logged_in_is_told():
    async def story(world):
        for feature in ("logout", "pause", "resume", "wrapup-end"):
            call = world.dial("8001", feature)
            await asyncio.sleep(1)
            assert call.anchor.heard == ["agent_not_logged_in"]
        assert world.acd.find_feature("fly") is None
    play(story)


def test_a_caller_who_hangs_up_during_login_changes_nothing():
    async def story(world):
        call = world.dial("8001", "login", "1001", "91001")
        await asyncio.sleep(1.5)
        call.anchor.hang_up()
        await asyncio.sleep(5)
        assert world.agent("1001").state is AgentState.LOGGED_OUT
    play(story)
