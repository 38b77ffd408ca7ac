"""Callbacks: the place kept, agent first and caller first, retries, expiry, one attempt a number, in their order."""

import asyncio
import itertools
from dataclasses import replace

import pytest
from acd_world import queue_settings, settings
from callback_world import CALLBACK, WANG, CallbackWorld, Does, callback_queue, callback_settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.callback_settings import CallbackRetry
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

CHEN = "13900139000"


def test_taken_and_reached_agent_first():
    """The agent sees the number, hears whom he calls, and talks; state, wrap-up and the journal are right."""
    async def story():
        world = CallbackWorld(callback_settings(("1001",)))
        world.answer_after = lambda station: 2.0
        call = world.offer("sales", WANG)
        call.name, call.language = "王芳", "en"
        await asyncio.sleep(90)
        world.callbacks.promise(world.entry_of(call), WANG, (60.0, 180.0))
        await asyncio.sleep(0)
        assert world.outcomes() == ["callback_taken"]
        await asyncio.sleep(1.5)
        assert call.task.done(), "he has heard the farewell and the caller's task is over: he may hang up"
        assert call.anchor.heard[-1] == "callback_promised"
        await asyncio.sleep(28.5)
        world.login("1001")
        await asyncio.sleep(2.5)
        assert world.shown == [("8001", WANG, "王芳")]
        agent = world.agent("1001")
        assert (agent.state, world.dialled) == (AgentState.RINGING, [(122.0, WANG)])
        out = world.legs["8001"].call
        assert out.anchor.heard == ["callback_to+" + "+".join(f"zh/{digit}" for digit in WANG)]
        await asyncio.sleep(2)
        assert out.anchor.tones, "after the announcement he hears ringback"
        await asyncio.sleep(1)
        assert (agent.state, agent.call) == (AgentState.TALKING, out.id)
        assert (out.anchor.party.number, out.recorded, out.calling) == (WANG, "queue sales", WANG)
        entered = [fact for fact in world.of(facts.QueueEntered) if fact.kind == "callback"]
        assert [fact.entered for fact in entered] == [0.0], "his place is that of his call"
        ended = world.of(facts.CallbackEnded)[0]
        assert (ended.outcome, ended.call, ended.waited, ended.attempts) == ("reached", out.id, 35.0, 1)
        assert (ended.low, ended.high) == (60.0, 180.0)
        world.customers[WANG].hang_up()
        await asyncio.sleep(1)
        assert agent.state is AgentState.WRAPUP
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("order", ["agent-first", "caller-first"])
@pytest.mark.parametrize(("cause", "outcome"), [
    (Cause.BUSY, "busy"), (Cause.NO_ANSWER, "no_answer"), (Cause.CONGESTION, "congestion"),
    (Cause.UNALLOCATED, "unallocated")])
def test_a_customer_who_is_not_reached_keeps_his_place_and_is_tried_again(order, cause, outcome):
    """Twice 120 s apart, then it is given up; the agent is free at once each time, and has missed nothing."""
    async def story():
        world = CallbackWorld(callback_settings(("1001",), order=order))
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(4.0, cause)
        await world.promised()
        world.login("1001")
        busy = []
        for _ in range(40):
            await asyncio.sleep(10)
            busy.append(world.agent("1001").state is not AgentState.READY)
        assert world.missed() == [outcome] * 3
        assert [fact.attempts for fact in world.of(facts.CallbackMissed)] == [1, 2, 3]
        starts = [at for at, _ in world.dialled]
        assert [round(later - earlier) for earlier, later in itertools.pairwise(starts)] == \
            [125 if order == "agent-first" else 124] * 2
        assert [end[1] for end in world.ends()] == ["gave_up"]
        assert sum(busy) <= 3
        assert world.agent("1001").missed_in_a_row == 0
        assert {fact.outcome for fact in world.of(facts.OfferEnded)} == {"not_reached"}
        await world.close()
    run_virtual(story())


def test_busy_then_reached():
    async def story():
        world = CallbackWorld(callback_settings(("1001",)))
        world.answer_after = lambda station: 1.0
        tries = iter([Does(2.0, Cause.BUSY), Does(2.0)])
        world.does = lambda number: next(tries)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(150)
        assert world.missed() == ["busy"]
        assert [end[1] for end in world.ends()] == ["reached"]
        assert world.of(facts.CallbackEnded)[0].attempts == 2
        rests = [(fact.why, fact.rest) for fact in world.of(facts.EntryChanged)]
        assert rests == [("rests: tried again later", True), ("rests no more", False)]
        await world.close()
    run_virtual(story())


def test_an_agent_who_lets_it_ring_is_passed_over_and_the_customer_is_not_dialled():
    async def story():
        world = CallbackWorld(callback_settings(("1001", "1002")))
        world.answer_after = lambda station: None if station == "8001" else 1.0
        await world.promised()
        world.login("1001")
        await asyncio.sleep(1)
        world.login("1002")
        await asyncio.sleep(25)
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["no_answer", "answered"]
        assert len(world.dialled) == 1
        assert world.of(facts.CallbackEnded)[0].outcome == "reached"
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("how", ["hangs up", "is paused", "breaks"])
def test_an_attempt_that_the_agents_side_breaks_off_does_not_count(how):
    """The customer's telephone stops in the same moment; the next agent tries at once."""
    async def story():
        world = CallbackWorld(callback_settings(("1001", "1002")))
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(10.0)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(3)
        first = world.customers[WANG]
        world.login("1002")
        {"hangs up": lambda: world.legs["8001"].hang_up(), "is paused": lambda: world.acd.pause("1001", "break"),
         "breaks": lambda: world.acd.station_fault("8001", "left off-hook")}[how]()
        assert first.is_gone
        await asyncio.sleep(15)
        assert world.missed() == ["broken_off"]
        assert [fact.attempt for fact in world.of(facts.CallbackTried)] == [1, 1]
        assert world.agent("1002").state is AgentState.TALKING
        await world.close()
    run_virtual(story())


def test_caller_first_the_customer_holds_and_the_agent_is_rung():
    async def story():
        world = CallbackWorld(callback_settings(("1001",), order="caller-first"))
        world.answer_after = lambda station: 4.0
        await world.promised()
        world.login("1001")
        await asyncio.sleep(1)
        agent = world.agent("1001")
        assert (agent.state, world.ringing()) == (AgentState.RESERVED, []), "kept for him, and not rung yet"
        assert agent.until is not None
        await asyncio.sleep(2.5)
        assert (agent.state, world.ringing()) == (AgentState.RINGING, ["8001"])
        assert world.shown[-1][:2] == ("8001", WANG)
        customer = world.customers[WANG]
        assert customer.heard == ["callback_hello"]
        await asyncio.sleep(1.5)
        assert customer.heard == ["callback_hello", "music"]
        await asyncio.sleep(3)
        assert (agent.state, agent.call) == (AgentState.TALKING, customer.call.id)
        assert [end[1] for end in world.ends()] == ["reached"]
        assert customer.playing.ended is not None, "the music stopped"
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("pressed", ["1", ""])
def test_caller_first_may_ask_for_a_key(pressed):
    """An answering machine presses none: it is not put through, and tried again later."""
    async def story():
        world = CallbackWorld(callback_settings(("1001",), order="caller-first", confirm=True))
        world.answer_after = lambda station: 1.0
        await world.promised()
        world.login("1001")
        await asyncio.sleep(3.5)
        world.customers[WANG].call._keys = [pressed]
        await asyncio.sleep(4)
        if pressed:
            assert [end[1] for end in world.ends()] == ["reached"]
        else:
            assert world.missed() == ["not_confirmed"]
            assert world.agent("1001").ready
            assert not world.placed, "no telephone rang"
        await world.close()
    run_virtual(story(), )


def test_caller_first_without_his_agent_the_customer_waits_live_in_his_old_place():
    """1001 does not answer: the customer stands where his promise stood, before a caller who came before now."""
    async def story():
        world = CallbackWorld(callback_settings(("1001", "1002"), order="caller-first", queue={"pause_after": 0}))
        world.answer_after = lambda station: None if station == "8001" else 1.0
        await world.promised()
        world.login("1001")
        other = world.offer("sales", CHEN)
        await asyncio.sleep(18.5)
        assert world.agent("1001").state is AgentState.RINGING
        live = [fact for fact in world.of(facts.QueueEntered) if fact.entered == 0.0]
        assert [(fact.kind, fact.call) for fact in live[1:]] == [
            ("callback", world.of(facts.CallbackPromised)[0].callback), ("call", world.customers[WANG].call.id)]
        assert [end[1] for end in world.ends()] == ["reached"]
        assert world.agent("1001").call == world.customers[WANG].call.id, "he is rung again before anybody else is"
        await asyncio.sleep(8)
        world.customers[WANG].hang_up()
        await asyncio.sleep(1)
        assert world.outcomes() == ["callback_taken", "withdrawn", "abandoned"]
        assert world.agent("1001").call == other.id
        await world.close()
    run_virtual(story())


def test_caller_first_a_customer_who_hangs_up_stops_the_agents_telephone():
    async def story():
        world = CallbackWorld(callback_settings(("1001",), order="caller-first"))
        await world.promised()
        world.login("1001")
        await asyncio.sleep(5)
        world.customers[WANG].hang_up()
        await asyncio.sleep(0.3)
        assert world.ringing() == []
        assert world.missed() == ["hung_up"]
        assert world.agent("1001").missed_in_a_row == 0
        await world.close()
    run_virtual(story())


def test_ring_all_rings_one_telephone_for_a_callback():
    async def story():
        world = CallbackWorld(callback_settings(("1001", "1002"), queue={"strategy": "ring-all"}))
        await world.promised()
        world.login("1001", "1002")
        await asyncio.sleep(5)
        assert len(world.ringing()) == 1
        await world.close()
    run_virtual(story())


def test_the_same_number_again_keeps_the_earlier_place():
    async def story():
        world = CallbackWorld(callback_settings())
        first = await world.promised()
        second = await world.promised(CHEN)
        call = world.offer("sales", "")  # he calls with his number withheld, and enters it
        await asyncio.sleep(1)
        world.callbacks.promise(world.entry_of(call), "0" + WANG)
        third = world.of(facts.CallbackPromised)[-1].callback
        assert world.ends() == [(third, "replaced")]
        vip = world.offer("sales", "", order_class=5)
        await asyncio.sleep(1)
        world.callbacks.promise(world.entry_of(vip), CHEN)
        fourth = world.of(facts.CallbackPromised)[-1].callback
        assert world.ends()[1:] == [(second, "replaced")]
        assert [row["callback"] for row in world.callbacks.list()] == [fourth, first]
        await world.close()
    run_virtual(story())


def test_one_attempt_at_a_time_for_a_number_over_all_queues():
    async def story():
        both = settings({"sales": callback_queue(), "service": callback_queue()}, ("1001", "1002"))
        world = CallbackWorld(both)
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(10.0)
        await world.promised(WANG, "sales")
        await world.promised(WANG, "service")
        world.login("1001", "1002")
        await asyncio.sleep(5)
        assert len(world.dialled) == 1  # dial_line itself fails on a second one
        assert [row["why"] for row in world.callbacks.list()] == ["", "the number is being called"]
        await asyncio.sleep(8)
        assert world.agent("1001").state is AgentState.TALKING
        world.customers[WANG].hang_up()
        await asyncio.sleep(13)
        assert [end[1] for end in world.ends()] == ["reached", "reached"]
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("when", ["waiting", "ringing", "dialling"])
def test_a_customer_who_calls_himself_regains_his_place(when):
    async def story():
        world = CallbackWorld(callback_settings(("1001",)))
        world.answer_after = lambda station: 2.0
        world.does = lambda number: Does(20.0)
        await world.promised()
        other = world.offer("sales", CHEN)
        if when == "waiting":
            call = world.offer("sales", WANG)
            await asyncio.sleep(5)
            world.login("1001")
        else:
            world.login("1001")
            await asyncio.sleep(1 if when == "ringing" else 5)
            call = world.offer("sales", WANG)
        await asyncio.sleep(5)
        assert world.of(facts.CallbackEnded)[0].why == "he called"
        assert [fact.entered for fact in world.of(facts.QueueEntered) if fact.call == call.id] == [0.0]
        assert world.agent("1001").call == call.id
        assert world.entry_of(other).in_line
        assert not any(world.lines_in_use.values())
        await world.close()
    run_virtual(story())


def test_no_free_line_costs_no_attempt_and_rings_nobody_until_one_is_free():
    async def story():
        world = CallbackWorld(callback_settings(("1001", "1002")), lines=("fxo/1",))
        world.answer_after = lambda station: 1.0
        world.lines_in_use["fxo/1"] = "somebody"
        await world.promised()
        await world.promised(CHEN)
        world.login("1001", "1002")
        await asyncio.sleep(10)
        assert world.placed == []
        assert {row["why"] for row in world.callbacks.list()} == {"no line is free"}
        world.lines_in_use["fxo/1"] = None
        world.journal.write(facts.LegMoved("c", "c-l1", "fxo/1", "", "cleared", "released", ""))
        await asyncio.sleep(6)
        assert [number for _, number in world.dialled] == [WANG], "one line: one agent is rung, for the first"
        assert len(world.placed) == 1
        world.customers[WANG].hang_up()
        await asyncio.sleep(6)
        assert [number for _, number in world.dialled] == [WANG, CHEN]
        assert world.missed() == []
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("order", ["agent-first", "caller-first"])
def test_a_line_that_fails_is_not_the_customers_fault(order):
    """No dial tone on the first line: the next one is taken in the same attempt."""
    async def story():
        world = CallbackWorld(callback_settings(("1001",), order=order))
        world.answer_after = lambda station: 1.0
        tries = iter([Does(1.0, Cause.OUT_OF_ORDER), Does(2.0)])
        world.does = lambda number: next(tries)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(8)
        assert len(world.dialled) == 2
        assert [end[1] for end in world.ends()] == ["reached"]
        assert world.of(facts.CallbackEnded)[0].attempts == 1
        await world.close()
    run_virtual(story())


def test_a_promise_expires():
    async def story():
        world = CallbackWorld(callback_settings(expires=3600.0))
        await world.promised()
        await asyncio.sleep(3599)
        assert len(world.callbacks.list()) == 1
        await asyncio.sleep(2)
        assert [end[1] for end in world.ends()] == ["expired"]
        await world.close()
    run_virtual(story())


def test_a_number_that_may_not_be_called_is_refused_with_words():
    async def story():
        world = CallbackWorld(callback_settings())
        problem = world.callbacks.number_problem
        assert problem(WANG) == "" == problem("075561234567") == problem("61239999")
        assert problem("") == "there is no number"
        assert "only digits" in problem("138*0013800")
        assert "a number of ours" in problem("61234567")
        assert "no number that is called back" in problem("0013105551234")
        assert "no number that is called back" in problem("110")
        call = world.offer("sales", WANG)
        await asyncio.sleep(1)
        with pytest.raises(Refused) as refused:
            world.callbacks.promise(world.entry_of(call), "0013105551234")
        assert refused.value.code == "bad_number"
        assert world.entry_of(call).in_line
        await world.close()
    run_virtual(story())


def test_it_is_offered_only_where_it_is_enabled_and_while_there_is_room():
    async def story():
        queues = {"sales": callback_queue(most=1), "service": queue_settings()}
        world = CallbackWorld(settings(queues))
        call, other = world.offer("sales", WANG), world.offer("service", CHEN)
        await asyncio.sleep(1)
        assert world.callbacks.offered(world.entry_of(call))
        assert not world.callbacks.offered(world.entry_of(other, "service"))
        await world.promised(CHEN)
        assert not world.callbacks.offered(world.entry_of(call))
        with pytest.raises(Refused) as refused:
            world.callbacks.promise(world.entry_of(call), WANG)
        assert refused.value.code == "not_offered"
        await world.close()
    run_virtual(story())


def test_promises_take_no_room_from_callers_and_wait_when_nobody_serves():
    async def story():
        queue = {"room": 1, "policy": "logged-out"}
        world = CallbackWorld(callback_settings(("1001",), queue=queue))
        world.login("1001")
        busy = world.offer("sales", "61110000")
        await asyncio.sleep(0.5)
        world.legs["8001"].pick_up()
        await world.promised()
        await world.promised(CHEN)
        waiting = world.offer("sales", "61110001")
        await asyncio.sleep(1)
        assert world.entry_of(waiting).in_line, "two promises leave room for a caller"
        busy.anchor.hang_up()
        world.acd.logout("1001")
        await asyncio.sleep(20)
        assert waiting.variables["ended"] == "empty"
        assert len(world.callbacks.list()) == 2
        await world.close()
    run_virtual(story())


def test_a_supervisor_lists_cancels_and_retries():
    async def story():
        world = CallbackWorld(callback_settings(("1001",)))
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(2.0, Cause.BUSY)
        name = await world.promised()
        world.login("1001")
        await asyncio.sleep(10)
        row = world.callbacks.list()[0]
        assert (row["callback"], row["state"], row["why"], row["attempts"]) == (name, "resting", "tried again later", 1)
        assert 100 < row["again"] < 120
        world.callbacks.retry(name, "cli:root")
        await asyncio.sleep(2)
        assert len(world.dialled) == 2
        with pytest.raises(Refused, match="being tried now"):
            world.callbacks.retry(name, "cli:root")
        assert world.callbacks.list()[0]["state"] == "calling"
        world.callbacks.cancel(name, "cli:root")
        ended = world.of(facts.CallbackEnded)[0]
        assert (ended.outcome, ended.why, ended.by) == ("withdrawn", "cancelled", "cli:root")
        with pytest.raises(Refused, match="callbacks list"):
            world.callbacks.cancel(name, "cli:root")
        await asyncio.sleep(1)
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


def test_scenario_12_fifty_callbacks_and_five_callers_four_agents():
    """Served by enter time, whoever they are; never two attempts for one number."""
    async def story():
        agents = ("1001", "1002", "1003", "1004")
        world = CallbackWorld(callback_settings(agents, queue={"wrapup": 0.0}), lines=tuple("abcdefgh"))
        world.answer_after = lambda station: 2.0
        order = []
        for number in range(55):
            if number % 11 == 5:
                order.append(world.offer("sales", f"1390000{number:04d}").id)
                await asyncio.sleep(1)
            else:
                order.append(await world.promised(f"1380000{number:04d}"))

        def hang_up(entry) -> None:
            if isinstance(entry.fact, facts.AgentMoved) and entry.fact.state == "talking" and entry.fact.call:
                call = next(call for call in world.calls if call.id == entry.fact.call)
                world.loop.call_later(10.0, call.anchor.hang_up)
        world.journal.follow(hang_up)
        world.login(*agents)
        await asyncio.sleep(600)
        offered = list(dict.fromkeys(fact.call for fact in world.of(facts.OfferMade)))
        assert offered == order
        assert [end[1] for end in world.ends()] == ["reached"] * 50
        assert world.outcomes().count("answered") == 55
        numbers = [number for _, number in world.dialled]
        assert len(numbers) == len(set(numbers)) == 50
        await world.close()
    run_virtual(story())


def test_a_removed_queue_serves_its_promises_before_it_goes():
    async def story():
        both = settings({"sales": callback_queue(), "service": queue_settings()})
        world = CallbackWorld(both)
        world.answer_after = lambda station: 1.0
        await world.promised()
        world.acd.apply(replace(both, queues={"service": both.queues["service"]}))
        world.login("1001")
        await asyncio.sleep(10)
        assert [end[1] for end in world.ends()] == ["reached"]
        await world.close()
    run_virtual(story())


def test_a_promise_taken_out_of_line_by_others_is_over():
    async def story():
        world = CallbackWorld(callback_settings())
        await world.promised()
        entry = next(iter(world.acd.find_queue("sales").line))
        world.acd.dispatcher.leave(entry, "withdrawn")
        await asyncio.sleep(0.1)
        assert world.of(facts.CallbackEnded)[0].why == "taken out of line"
        await world.close()
    run_virtual(story())


def test_no_attempt_is_begun_twice_when_retries_are_none():
    async def story():
        world = CallbackWorld(callback_settings(("1001",), retry=CallbackRetry(times=0)))
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(1.0, Cause.BUSY)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(10)
        assert [end[1] for end in world.ends()] == ["gave_up"]
        assert world.of(facts.CallbackMissed)[0].again_at == ""
        await world.close()
    run_virtual(story())


def test_the_settings_have_bounds():
    assert CALLBACK.retry.times == 2
    assert CALLBACK.expires == 4 * 3600.0
