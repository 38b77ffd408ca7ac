"""Whom a caller's history and language lead to: last agent, his old place, languages; scenarios 3 and 14 of QUEUES."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from acd_world import EPOCH, FakeCall, World, queue_settings, settings

from ccappliance.apps.acd.contacts import Contacts
from ccappliance.apps.acd.settings import AcdSettings, AgentSettings, Closed, LastAgent, Skills
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

LAST = LastAgent(enabled=True, within=3600.0, wait=15.0)


class Town(World):
    """A world in which calls come from outside, as the switch writes it."""

    def call(self, queue: str = "sales", calling: str = "13800138000", *, language: str = "zh") -> FakeCall:
        call = FakeCall(self, calling, "in", ())
        call.language = language
        self.journal.write(facts.CallOffered(call.id, "fxo/1", "in", "61234567", calling, ""))
        return self._launch(call, f"queue:{queue}")

    async def talk(self, agent: str, calling: str) -> None:
        """The caller is served by this agent, who alone is logged in, and hangs up."""
        self.login(agent)
        call = self.call(calling=calling)
        await asyncio.sleep(5)
        assert self.agent(agent).call == call.id
        call.anchor.hang_up()
        await asyncio.sleep(2)
        self.acd.logout(agent)


def town(**queue) -> Town:
    world = Town(settings({"sales": queue_settings(wrapup=0.0, **queue)}, ["1001", "1002", "1003"]))
    world.answer_after = lambda station: 1.0
    return world


def entered(world: World) -> list[facts.QueueEntered]:
    return world.of(facts.QueueEntered)


# ---- the last agent ----


def test_the_agent_he_talked_to_last_gets_him_although_another_is_longer_idle():
    async def story():
        world = town(last_agent=LAST)
        await world.talk("1002", "13900001111")
        world.login("1001", "1003", "1002")
        world.call(calling="13900001111")
        stranger = world.call(calling="13900002222")
        await asyncio.sleep(3)
        assert [fact.wanted for fact in entered(world)] == ["", "1002", ""]
        assert [fact.agent for fact in world.of(facts.OfferMade)][1:] == ["1002", "1001"]
        assert world.of(facts.OfferMade)[1].excluded == {"1001": "kept for 1002", "1003": "kept for 1002"}
        assert world.agent("1001").call == stranger.id
        await world.close()
    run_virtual(story())


def test_while_the_last_agent_talks_he_waits_in_his_place_and_then_goes_to_anybody():
    async def story():
        world = town(last_agent=LAST)
        await world.talk("1002", "13900001111")
        world.login("1002")
        world.call(calling="13900002222")
        await asyncio.sleep(3)
        world.login("1001")
        back = world.call(calling="13900001111")
        await asyncio.sleep(14)
        assert world.agent("1001").call == ""
        await asyncio.sleep(3)
        assert world.agent("1001").call == back.id
        assert [fact.why for fact in world.of(facts.EntryChanged)] == ["wanted: 1002 did not get free in time"]
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("case", ["away", "too late", "switched off", "withheld", "no member"])
def test_nobody_waits_for_a_last_agent_who_cannot_come(case: str):
    async def story():
        world = town(last_agent=replace(LAST, enabled=case != "switched off"))
        calling = "" if case == "withheld" else "13900001111"
        await world.talk("1002", calling)
        await asyncio.sleep(3602 if case == "too late" else 5)
        world.login("1001", *([] if case == "away" else ["1002"]))
        if case == "no member":
            changed = queue_settings(agents=["1001", "1003"], last_agent=LAST, wrapup=0.0)
            world.acd.apply(replace(world.acd.settings, queues={"sales": changed}))
        world.call(calling=calling)
        await asyncio.sleep(3)
        assert entered(world)[-1].wanted == ""
        assert world.of(facts.OfferMade)[-1].agent == "1001"
        await world.close()
    run_virtual(story())


def test_contacts_survive_a_restart_and_are_bounded():
    contacts = Contacts(lambda calling: calling.removeprefix("0"), most=2)
    keys = dict.fromkeys(Cdr.__dataclass_fields__) | {"direction": "in"}
    contacts.restore(Cdr(**keys | {"seq": seq, "calling": calling, "agent": agent,
                                   "ended_at": EPOCH + timedelta(seconds=seq)})
                     for seq, calling, agent in ((4, "0139", "1004"), (2, "139", "1002"), (1, "137", "1001"),
                                                 (3, "138", "1003"), (5, "136", "")))
    now = EPOCH + timedelta(seconds=10)
    assert [contacts.last_agent(number, 60.0, now) for number in ("139", "138", "137", "136", "")] == [
        "1004", "1003", "", "", ""]
    assert contacts.last_agent("139", 5.0, now) == ""
    for seq in range(5):
        call = f"c{seq}"
        for fact in (facts.CallOffered(call, "fxo/1", "in", "", f"1{seq}", ""),
                     facts.QueueEntered(call, "sales", 1, float(seq), 0, 0.0),
                     facts.QueueLeft(call, "sales", "abandoned", 1.0, 1, ""), facts.CallEnded(call, 16, "caller")):
            contacts.hear(Entry(1, EPOCH, 10.0 + seq, fact))
    assert [contacts.resume(f"1{seq}", "sales", 60.0, 20.0) for seq in range(5)] == [None, None, None, 3.0, 4.0]


def test_after_a_restart_the_cdrs_tell_who_talked_to_whom():
    async def story():
        world = town()
        cdrs = CdrStore(Store(":memory:", threaded=False))
        world.journal.follow(cdrs.hear)
        await world.talk("1002", "13900001111")
        contacts = Contacts(str.strip)
        contacts.restore(cdrs.recent())
        assert contacts.last_agent("13900001111", 60.0, world.outside.clock.wall()) == "1002"
        await world.close()
    run_virtual(story())


# ---- his old place ----


@pytest.mark.parametrize(("away", "calling", "queue", "within", "kept"), [
    (59.0, "13900001111", "sales", 60.0, True), (61.0, "13900001111", "sales", 60.0, False),
    (5.0, "", "sales", 60.0, False), (5.0, "13900001111", "service", 60.0, False),
    (5.0, "13900001111", "sales", 0.0, False)])
def test_who_comes_back_within_a_minute_has_his_place_again(away, calling, queue, within, kept):
    async def story():
        one = queue_settings(resume_within=within)
        world = Town(settings({"sales": one, "service": one}, ["1001"]))
        first = world.call(calling=calling)
        await asyncio.sleep(30)
        other = world.call(calling="13900002222")
        await asyncio.sleep(10)
        first.anchor.hang_up()
        await asyncio.sleep(away)
        back = world.call(queue, calling=calling)
        again = world.call(queue, calling=calling)  # only one of them has been here
        await asyncio.sleep(1)
        assert entered(world)[2].entered == (entered(world)[0].entered if kept else world.loop.time() - 1)
        assert entered(world)[3].entered == world.loop.time() - 1
        if queue == "sales":
            order = [row["call"] for row in world.acd.entries("sales")]
            assert order == ([back.id, other.id, again.id] if kept else [other.id, back.id, again.id])
        await world.close()
    run_virtual(story())


def test_a_caller_whose_line_was_cut_has_his_place_again_but_not_one_who_was_served():
    async def story():
        world = town()
        cut = world.call()
        await asyncio.sleep(20)
        cut.anchor.clear()  # no sign from the far end: the line's fault
        await asyncio.sleep(5)
        world.login("1001")
        back = world.call()
        await asyncio.sleep(5)
        assert entered(world)[1].entered == entered(world)[0].entered
        back.anchor.hang_up()
        await asyncio.sleep(5)
        world.call()
        await asyncio.sleep(1)
        assert entered(world)[2].entered > entered(world)[1].entered
        await world.close()
    run_virtual(story())


# ---- language, and where to when it is closed ----


def test_callers_get_agents_who_speak_their_language_also_after_relaxing():
    async def story():
        speak = {"1001": {"lang_zh": 1}, "1002": {"lang_en": 1, "lang_zh": 1}, "1003": {}}
        people = {number: AgentSettings(pin=f"9{number}", station=f"8{number[1:]}", skills=skills)
                  for number, skills in speak.items()}
        world = Town(AcdSettings(queues={"sales": queue_settings(skills=Skills(language=True))}, agents=people))
        world.answer_after = lambda station: 1.0
        world.login("1001", "1003", "1002")
        english = world.call(language="en")
        await asyncio.sleep(3)
        assert world.agent("1002").call == english.id
        chinese, second = world.call(), world.call(language="en")
        await asyncio.sleep(60)
        assert world.agent("1001").call == chinese.id
        assert world.acd.entries("sales")[0]["call"] == second.id, "1003 speaks neither"
        assert [fact.require for fact in entered(world)] == ["lang_en", "lang_zh", "lang_en"]
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("at_home", [True, False])
def test_agents_of_his_lines_site_come_first_for_a_while_if_any_is_there(at_home: bool):
    async def story():
        people = {number: AgentSettings(pin=f"9{number}", station=f"8{number[1:]}", skills=skills)
                  for number, skills in {"1001": {}, "1002": {"site_shenzhen": 1}}.items()}
        world = Town(AcdSettings(queues={"sales": queue_settings(skills=Skills(site_wait=20.0))}, agents=people))
        world.answer_after = lambda station: 1.0
        world.login("1001", *(["1002"] if at_home else []))

        def call() -> FakeCall:
            call = world.quiet_call("13900001111")
            call.site = "shenzhen"
            return world._launch(call, "queue:sales")
        first, second = call(), call()
        await asyncio.sleep(3)
        assert world.agent("1002" if at_home else "1001").call == first.id
        assert entered(world)[0].require == ("site_shenzhen" if at_home else "")
        await asyncio.sleep(20)
        assert (world.agent("1001").call == second.id) is at_home
        assert [fact.why for fact in world.of(facts.EntryChanged)] == ["site: waited 20 s"] * at_home
        await world.close()
    run_virtual(story())


def test_lunch_and_holiday_have_destinations_of_their_own():
    closed = Closed(to="hangup:night", calendar="office", lunch="hangup:lunch")
    assert [closed.destination(state) for state in ("lunch", "holiday", "night")] == [
        "hangup:lunch", "hangup:night", "hangup:night"]
    assert dict(queue_settings(closed=closed).destinations())["closed.lunch"] == "hangup:lunch"


# ---- the order, and the clock ----


@pytest.mark.parametrize(("ageing", "gold_class", "boost", "order"), [
    (True, 1, 0.0, ["vip", "old", "other"]),  # strict: a higher class first, whoever has waited
    (True, 0, 600.0, ["old", "other", "vip"]),  # 1200 s, 660 s, 32 + 600 s
    (True, 0, 1200.0, ["vip", "old", "other"]),  # 1232 s
    (False, 0, 1.0, ["vip", "old", "other"]),  # no ageing: boost first, then time
])
def test_scenario_3_vip_and_two_who_have_waited_long(ageing, gold_class, boost, order):
    """VIP with 32 s in A, normal 20 min in A, 11 min in B; one agent serves both."""
    async def story():
        one = queue_settings(wrapup=0.0)
        world = Town(replace(settings({"a": one, "b": one}, ["1001"]), ageing=ageing))
        world.answer_after = lambda station: 1.0
        calls = {"old": world.call("a", "1")}
        await asyncio.sleep(1200 - 660)
        calls["other"] = world.call("b", "2")
        await asyncio.sleep(660 - 32)
        vip = calls["vip"] = world.quiet_call("3")
        vip.order_class, vip.boost = gold_class, boost
        world._launch(vip, "queue:a")
        await asyncio.sleep(32)
        world.login("1001")
        for _ in order:
            await asyncio.sleep(3)
            world.legs["8001"].hang_up()
            await asyncio.sleep(1)
        names = {call.id: name for name, call in calls.items()}
        assert [names[fact.call] for fact in world.of(facts.QueueLeft)] == order
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("step", [-3600, 3600])
def test_scenario_14_the_wall_clock_steps_and_no_wait_wrapup_or_order_does(step: int):
    async def story(shift: int) -> list[tuple[float, str]]:
        world = Town(settings({"sales": queue_settings(wrapup=30.0, patience=100.0)}, ["1001"]))
        world.answer_after = lambda station: 2.0
        world.login("1001")
        first, second, third = world.call(calling="1"), world.call(calling="2"), world.call(calling="3")
        await asyncio.sleep(10)
        world.outside.clock._epoch += timedelta(seconds=shift)
        first.anchor.hang_up()
        await asyncio.sleep(25)
        world.outside.clock._epoch -= timedelta(seconds=2 * shift)
        await asyncio.sleep(20)
        second.anchor.hang_up()
        await asyncio.sleep(60)
        assert third.task.done() or world.agent("1001").call == third.id
        told = [(now, repr(fact)) for now, fact in world.facts]
        await world.close()
        return told

    assert run_virtual(story(step)) == run_virtual(story(0))
