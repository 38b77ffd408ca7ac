"""What a supervisor decides in place of the rules: each verb, each refusal, who and why, within the second."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.interventions import NO_REASON, Interventions
from ccappliance.apps.acd.settings import Skills
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

BY = "cli:li"


class Desk:
    """A world and the supervisor's hand in it."""

    def __init__(self, queues=None, agents=("1001", "1002"), **more) -> None:
        self.world = World(settings(queues or {"sales": queue_settings(wrapup=0.0)}, list(agents)), **more)
        self.world.answer_after = lambda station: 1.0
        self.do = Interventions(self.world.acd, journal=self.world.journal, find_destination=self._find,
                                hang_up=self._hang_up, known_call=lambda call: call in self._calls())

    def refuses(self, code: str, verb: str, *given, **more) -> None:
        before = len(self.world.of(facts.Intervened))
        with pytest.raises(Refused) as refused:
            getattr(self.do, verb)(*given, **more)
        assert refused.value.code == code
        assert len(self.world.of(facts.Intervened)) == before, "what is refused is not in the journal"

    def _find(self, name: str) -> str:
        if name != "hangup:busy":
            raise Refused("no_destination", f"there is no destination {name!r}")
        return name

    def _calls(self):
        return {call.id: call for call in self.world.calls}

    def _hang_up(self, call: str, cause: Cause, by: str) -> None:
        self._calls()[call].anchor.clear(cause)


def test_a_moved_call_keeps_its_enter_time_and_stands_before_later_ones():
    async def story():
        desk = Desk({"sales": queue_settings(), "service": queue_settings()})
        world = desk.world
        early = world.offer("sales")
        await asyncio.sleep(30)
        late = world.offer("service")
        await asyncio.sleep(5)
        desk.do.move(early.id, "service", BY, "asked for service")
        await asyncio.sleep(0.5)
        assert [row["call"] for row in world.acd.entries("service")] == [early.id, late.id]
        assert world.of(facts.QueueEntered)[-1].entered == world.of(facts.QueueEntered)[0].entered
        told = world.of(facts.Intervened)[-1]
        assert (told.verb, told.call, told.queue, told.what, told.by, told.why) == (
            "move", early.id, "sales", "service", BY, "asked for service")
        assert world.outcomes() == ["withdrawn"]
        desk.refuses("same_queue", "move", early.id, "service", BY)
        desk.refuses("no_queue", "move", early.id, "nowhere", BY)
        desk.refuses("not_waiting", "move", "unknown", "sales", BY)
        await world.close()
    run_virtual(story())


def test_a_call_is_not_moved_to_a_queue_that_would_turn_it_away():
    async def story():
        desk = Desk({"sales": queue_settings(), "small": queue_settings(room=1)})
        first, second = desk.world.offer("sales"), desk.world.offer("sales")
        await asyncio.sleep(1)
        desk.do.move(first.id, "small", BY)
        await asyncio.sleep(1)
        desk.refuses("turned_away", "move", second.id, "small", BY)
        assert desk.world.of(facts.Intervened)[-1].why == NO_REASON
        await desk.world.close()
    run_virtual(story())


def test_an_assigned_call_goes_to_everybody_again_when_the_agent_leaves():
    async def story():
        desk = Desk()
        world = desk.world
        world.login("1001")
        talking = world.offer("sales")
        await asyncio.sleep(2)
        waiting = world.offer("sales")
        await asyncio.sleep(1)
        desk.do.assign(waiting.id, "1001", BY, "his customer")
        desk.do.prioritise(waiting.id, 5, None, BY)
        world.login("1002")
        await asyncio.sleep(20)
        assert world.agent("1002").ready, "it is kept for 1001"
        desk.do.force("1001", "logout", BY)
        await asyncio.sleep(5)
        assert world.agent("1002").call == waiting.id
        talking.anchor.hang_up()
        await asyncio.sleep(1)
        assert world.agent("1001").state is AgentState.LOGGED_OUT
        await world.close()
    run_virtual(story())


def test_who_cannot_take_a_call_is_not_assigned_one():
    async def story():
        desk = Desk()
        desk.world.login("1002")
        desk.world.acd.pause("1002", "break")
        call = desk.world.offer("sales")
        await asyncio.sleep(1)
        desk.refuses("not_serving", "assign", call.id, "1001", BY)
        desk.refuses("not_serving", "assign", call.id, "1002", BY)
        desk.refuses("no_agent", "assign", call.id, "9999", BY)
        await desk.world.close()
    run_virtual(story())


def test_prioritised_calls_stand_where_they_were_put_and_keep_it_in_the_next_queue():
    async def story():
        desk = Desk({"sales": queue_settings(boost=5.0), "service": queue_settings()})
        world = desk.world
        calls = []
        for _ in range(3):
            calls.append(world.offer("sales"))
            await asyncio.sleep(10)
        first, second, third = calls
        desk.do.prioritise(third.id, None, 60.0, BY, "VIP")
        assert [row["call"] for row in world.acd.entries("sales")] == [third.id, first.id, second.id]
        desk.do.prioritise(second.id, 1, None, BY)
        assert [row["call"] for row in world.acd.entries("sales")] == [second.id, third.id, first.id]
        changed = world.of(facts.EntryChanged)[-1]
        assert (changed.why, changed.order_class, changed.boost, changed.by) == ("prioritised", 1, 5.0, BY)
        desk.do.move(third.id, "service", BY)
        await asyncio.sleep(0.5)
        assert world.acd.entries("service")[0]["boost"] == 55.0, "service itself gives none"
        desk.refuses("nothing_asked", "prioritise", first.id, None, None, BY)
        desk.refuses("bad_class", "prioritise", first.id, 101, None, BY)
        desk.refuses("bad_boost", "prioritise", first.id, None, 1e9, BY)
        await world.close()
    run_virtual(story())


def test_a_call_is_pulled_out_while_a_telephone_rings_for_it():
    async def story():
        desk = Desk()
        world = desk.world
        world.answer_after = lambda station: None
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(2)
        assert world.ringing() == ["8001"]
        desk.refuses("no_destination", "pull", call.id, "flow:nowhere", BY)
        desk.do.pull(call.id, "hangup:busy", BY, "wrong number")
        await asyncio.sleep(0.3)
        assert world.ringing() == []
        assert call.variables["ended"] == "busy"
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


def test_a_strategy_is_set_with_who_and_why():
    async def story():
        desk = Desk()
        desk.do.strategy("sales", "ring-all", BY, "rush hour")
        assert desk.world.acd.queues()[0]["strategy"] == "ring-all"
        assert [type(fact).__name__ for _, fact in desk.world.facts][-2:] == ["Intervened", "QueueApplied"]
        desk.refuses("no_strategy", "strategy", "sales", "astrology", BY)
        desk.refuses("no_queue", "strategy", "nowhere", "ring-all", BY)
        await desk.world.close()
    run_virtual(story())


@pytest.mark.parametrize(("state", "expected"), [("pause", "paused"), ("logout", "logged_out"), ("ready", "ready")])
@pytest.mark.parametrize("doing", ["ready", "ringing", "talking", "talking now", "wrapup", "paused"])
def test_every_state_can_be_forced_from_every_state(state, expected, doing):
    """强制置忙 强制置闲 签出: at once, or after the call; `now` ends the call."""
    async def story():
        desk = Desk({"sales": queue_settings(wrapup=30.0)}, ["1001"])
        world = desk.world
        world.answer_after = lambda station: None if doing == "ringing" else 1.0
        world.login("1001")
        call = world.offer("sales") if doing not in ("ready", "paused") else None
        await asyncio.sleep(3)
        if doing == "paused":
            world.acd.pause("1001", "break")
        if doing == "wrapup":
            call.anchor.hang_up()
            await asyncio.sleep(1)
        assert world.agent("1001").state.value == doing.split()[0]
        done = desk.do.force("1001", state, BY, "meeting", now=doing.endswith("now"))
        await asyncio.sleep(0.5)
        assert done is (doing != "talking")
        if doing == "talking":
            assert world.agent("1001").state.value == "talking"
            call.anchor.hang_up()
            await asyncio.sleep(31 if state == "pause" else 0.5)  # a pause that was asked for follows the wrap-up
        if not (doing == "ringing" and state == "ready"):
            assert world.agent("1001").state.value == expected
        told = world.of(facts.Intervened)[-1]
        assert (told.verb, told.agent, told.by, told.why) == (state, "1001", BY, "meeting")
        await world.close()
    run_virtual(story())


def test_what_cannot_be_forced_is_refused_before_anything_is_written():
    async def story():
        desk = Desk(agents=["1001"])
        desk.refuses("not_logged_in", "force", "1001", "pause", BY)
        desk.refuses("no_agent", "force", "9999", "pause", BY)
        desk.world.login("1001")
        desk.refuses("bad_state", "force", "1001", "asleep", BY)
        desk.refuses("no_reason", "force", "1001", "pause", BY, reason="golf")
        desk.world.acd.station_fault("8001", "no battery")
        desk.refuses("line_fault", "force", "1001", "ready", BY)
        call = desk.world.offer("sales")
        await asyncio.sleep(1)
        desk.refuses("no_call", "release", "unknown", BY)
        desk.do.release(call.id, BY, "nuisance")
        assert call.anchor.is_gone
        await desk.world.close()
    run_virtual(story())


def test_skills_are_given_and_taken_until_a_reload():
    async def story():
        desk = Desk({"sales": queue_settings(skills=Skills(require="english >= 2"), wrapup=0.0)}, ["1001"])
        world = desk.world
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(3)
        assert world.ringing() == []
        assert desk.do.skills("1001", ["english=3", "billing=1"], BY) == {"english": 3, "billing": 1}
        await asyncio.sleep(0.5)
        assert world.ringing() == ["8001"]
        await asyncio.sleep(2)
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert desk.do.skills("1001", ["billing=0"], BY) == {"english": 3}
        assert world.of(facts.QueueApplied)[-1].seats[0]["skills"] == {"english": 3}
        for wrong in ("english", "english=101", "Two Words=1", "=3"):
            desk.refuses("bad_skill", "skills", "1001", [wrong], BY)
        world.acd.apply(world.acd.settings)
        assert world.agent("1001").settings.skills == {}
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("state", ["pause", "logout"])
def test_scenario_7_an_agent_who_changes_state_during_an_offer_makes_one_requeue_and_no_fast_loop(state):
    async def story():
        desk = Desk(agents=["1001"])
        world = desk.world
        world.answer_after = lambda station: None
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(3)
        desk.do.force("1001", state, BY)
        await asyncio.sleep(0.3)
        assert world.ringing() == []
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["withdrawn"]
        await asyncio.sleep(60)
        assert len(world.of(facts.OfferMade)) == 1
        world.answer_after = lambda station: 1.0
        desk.do.force("1001", "ready", BY) if state == "pause" else world.login("1001")
        await asyncio.sleep(2)
        assert len(world.of(facts.OfferMade)) == 2
        assert world.agent("1001").call
        await world.close()
    run_virtual(story())


def test_scenario_8_six_queues_respect_one_wrapup():
    async def story():
        names = [f"q{number}" for number in range(6)]
        desk = Desk({name: queue_settings(wrapup=30.0) for name in names}, ["1001"])
        world = desk.world
        world.login("1001")
        for name in names:
            world.offer(name)
        ended = []
        for _ in names:
            await asyncio.sleep(5)
            call = next(call for call in world.calls if call.id == world.agent("1001").call)
            call.anchor.hang_up()
            ended.append(world.loop.time())
            await asyncio.sleep(29.9)
            assert world.ringing() == []
            await asyncio.sleep(0.2)
        begun = [at for at, _, _ in world.placed]
        assert len(begun) == 6
        assert [round(at - before, 3) for before, at in zip(ended, begun[1:], strict=False)] == [30.0] * 5
        await world.close()
    run_virtual(story())
