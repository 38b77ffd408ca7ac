"""Queues: order, strategies, ways out, announcements; and the scenarios from other people's bugs (QUEUES)."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.settings import Closed
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual


def test_a_call_is_offered_answered_recorded_and_wrapped_up():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=10.0)}, ["1001"]))
        world.answer_after = lambda station: 4.0
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(4.5)
        assert world.agent("1001").state is AgentState.TALKING
        assert call.recorded == "queue sales"
        await asyncio.sleep(60)
        call.anchor.hang_up()
        await asyncio.sleep(9.9)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(0.2)
        assert world.agent("1001").state is AgentState.READY
        kinds = [type(fact).__name__ if not isinstance(fact, facts.AgentMoved) else fact.state for fact in
                 (fact for _, fact in world.facts)]
        assert kinds == ["QueueApplied", "ready", "QueueEntered", "OfferMade", "reserved", "ringing", "OfferEnded",
                         "talking", "QueueLeft", "wrapup", "CallEnded", "ready"]
        left = world.of(facts.QueueLeft)[0]
        assert (left.outcome, left.waited, left.agent, left.position) == ("answered", 4.0, "1001", 1)
        await world.close()
    run_virtual(story())


def test_recording_never():
    async def story():
        world = World(settings({"sales": queue_settings(record="never")}, ["1001"]))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(2)
        assert call.recorded == ""
        await world.close()
    run_virtual(story())


def test_longest_idle_rings_one_at_a_time_and_goes_on_without_a_gap():
    async def story():
        world = World(settings({"sales": queue_settings(ring_timeout=15.0)}, ["1001", "1002", "1003"]))
        for number in ("1002", "1001", "1003"):
            world.login(number)
            await asyncio.sleep(1)
        world.offer("sales")
        await asyncio.sleep(46)
        # everybody has been asked; nobody is asked again before all were: a new round begins with the longest idle
        assert [(round(at - 3, 3), station) for at, station, _ in world.placed] == [
            (0.0, "8002"), (15.0, "8001"), (30.0, "8003"), (45.0, "8002")]
        await world.close()
    run_virtual(story())


def test_longest_idle_counts_over_all_queues():
    async def story():
        world = World(settings({"a": queue_settings(wrapup=0.0), "b": queue_settings(wrapup=0.0)}, ["1001", "1002"]))
        world.answer_after = lambda station: 1.0
        world.login("1001", "1002")
        first = world.offer("a")
        await asyncio.sleep(5)
        first.anchor.hang_up()
        await asyncio.sleep(5)
        world.offer("b")
        await asyncio.sleep(5)
        assert [station for _, station, _ in world.placed] == ["8001", "8002"]
        await world.close()
    run_virtual(story())


def test_missed_calls_pause_the_agent_with_a_reason_and_a_bound():
    async def story():
        world = World(settings({"sales": queue_settings(pause_after=2)}, ["1001"]))
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(31)
        agent = world.agent("1001")
        assert (agent.state, agent.why) == (AgentState.PAUSED, "no_answer")
        assert agent.until is not None
        assert len(world.placed) == 2
        world.acd.resume("1001", "by himself")
        await asyncio.sleep(1)
        assert len(world.placed) == 3
        await world.close()
    run_virtual(story())


def test_order_is_class_then_waited_plus_boost_then_call_id():
    async def story():
        world = World(settings({"normal": queue_settings(), "boosted": queue_settings(boost=60.0),
                                "strict": queue_settings(order_class=1)}, ["1001"]))
        world.answer_after = lambda station: 0.0
        calls = {}
        for at, queue in ((0, "normal"), (30, "boosted"), (30, "normal"), (100, "boosted"), (120, "strict")):
            await asyncio.sleep(at - (world.loop.time()))
            calls[f"{queue}{at}"] = world.offer(queue)
        world.login("1001")
        await asyncio.sleep(1)
        order = []
        for _ in calls:
            talking = world.agent("1001").call
            order.append(next(name for name, call in calls.items() if call.id == talking))
            next(call for call in calls.values() if call.id == talking).anchor.hang_up()
            await asyncio.sleep(11)
        assert order == ["strict120", "boosted30", "normal0", "normal30", "boosted100"]
        await world.close()
    run_virtual(story())


def test_class_and_boost_of_the_flow_count_with_the_queues_own():
    async def story():
        world = World(settings({"sales": queue_settings(boost=10.0)}, ["1001"]))
        plain = world.offer("sales")
        await asyncio.sleep(20)
        boosted, first = world.offer("sales", boost=30.0), world.offer("sales", order_class=1)
        await asyncio.sleep(1)
        rows = world.acd.entries("sales")
        assert [row["call"] for row in rows] == [first.id, boosted.id, plain.id]
        assert [(row["class"], row["boost"]) for row in rows] == [(1, 10.0), (0, 40.0), (0, 10.0)]
        await world.close()
    run_virtual(story())


def test_the_enter_time_survives_a_transfer_to_another_queue():
    async def story():
        world = World(settings({"a": queue_settings(agents=["1001"], wrapup=0.0),
                                "b": queue_settings(agents=["1002"])}))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        world.acd.login("1002")
        transferred = world.offer("a")
        await asyncio.sleep(10)
        busy = world.offer("b")
        await asyncio.sleep(10)
        later = world.offer("b")
        await asyncio.sleep(10)
        transferred.transfer_to = "queue:b"
        world.legs["8001"].hang_up()
        await asyncio.sleep(1)
        assert world.of(facts.QueueEntered)[-1].entered == 0.0
        assert world.of(facts.QueueEntered)[-1].position == 1
        busy.anchor.hang_up()
        await asyncio.sleep(12)
        assert world.agent("1002").call == transferred.id
        assert not later.anchor.is_gone
        await world.close()
    run_virtual(story())


# ---- ways out: each exactly one outcome ----


@pytest.mark.parametrize(("changes", "outcome"), [
    ({"room": 1}, "full"), ({"policy": "logged-out"}, "empty"), ({"patience": 20.0}, "timed_out"),
    ({"closed": Closed(to="hangup:closed", calendar="office")}, "closed")])
def test_each_way_out_has_its_outcome_and_destination(changes, outcome):
    async def story():
        world = World(settings({"sales": queue_settings(**changes)}, ["1001"]))
        world.open = False
        first = world.offer("sales")
        await asyncio.sleep(1)
        second = world.offer("sales")
        await asyncio.sleep(30)
        last = second if outcome == "full" else first
        assert last.variables["ended"] == {"timed_out": "timeout"}.get(outcome, outcome)
        left = [fact for fact in world.of(facts.QueueLeft) if fact.call == last.id]
        assert [fact.outcome for fact in left] == [outcome]
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("policy", "gone"), [("logged-out", False), ("paused", True), ("wait", False)])
def test_when_everybody_pauses_only_the_policy_paused_sends_callers_away(policy, gone):
    async def story():
        world = World(settings({"sales": queue_settings(policy=policy)}, ["1001"]))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        talking = world.offer("sales")
        await asyncio.sleep(2)
        waiting = world.offer("sales")
        await asyncio.sleep(1)
        assert world.acd.pause("1001", "lunch") is False
        talking.anchor.hang_up()
        await asyncio.sleep(11)
        assert world.agent("1001").state is AgentState.PAUSED
        assert waiting.anchor.is_gone is gone
        world.acd.logout("1001")
        await asyncio.sleep(1)
        assert waiting.anchor.is_gone is (policy != "wait")
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("after", "outcome"), [(3.0, "short_abandoned"), (30.0, "abandoned")])
def test_abandons(after, outcome):
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        call = world.offer("sales")
        await asyncio.sleep(after)
        call.anchor.hang_up()
        await asyncio.sleep(0)
        assert world.outcomes() == [outcome]
        assert world.of(facts.QueueLeft)[0].waited == after
        await world.close()
    run_virtual(story())


def test_a_caller_we_hang_up_is_withdrawn_not_abandoned():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        call = world.offer("sales")
        await asyncio.sleep(10)
        call.anchor.clear()
        await asyncio.sleep(0)
        assert world.outcomes() == ["withdrawn"]
        await world.close()
    run_virtual(story())


# ---- scenarios from other people's bugs ----


def test_scenario_1_two_queues_share_an_agent_and_a_call_joins_at_position_1():
    async def story():
        world = World(settings({"a": queue_settings(boost=0.0), "b": queue_settings()}, ["1001"]))
        world.answer_after = lambda station: 1.0
        older_a, older_b = world.offer("a"), world.offer("b")
        await asyncio.sleep(60)
        joins = world.offer("a", since=-100.0)  # transferred: he waited before the others did
        await asyncio.sleep(1)
        assert world.of(facts.QueueEntered)[-1].position == 1
        world.login("1001")
        served = []
        for _ in range(3):
            await asyncio.sleep(12)
            served.append(world.agent("1001").call)
            next(call for call in world.calls if call.id == served[-1]).anchor.hang_up()
        assert served == [joins.id, older_a.id, older_b.id]
        await world.close()
    run_virtual(story())


def test_scenario_2_an_entry_its_agents_may_not_take_blocks_nobody():
    async def story():
        world = World(settings({"a": queue_settings(order_class=5, agents=["1001", "1002"], pause_after=0),
                                "b": queue_settings(agents=["1001"], pause_after=0)}))
        world.answer_after = lambda station: {"8002": 1.0}.get(station)
        world.login("1001", "1002")
        occupied = world.offer("a")
        await asyncio.sleep(20)  # 1001 lets it ring, 1002 takes it
        assert world.agent("1002").call == occupied.id
        heavy = world.offer("a")
        await asyncio.sleep(15.5)  # 1001 did not answer this one; 1002 serves and is busy
        assert world.agent("1001").state is AgentState.READY
        light = world.offer("b")
        await asyncio.sleep(0.1)
        assert world.placed[-1][1:] == ("8001", light.id)
        assert not heavy.anchor.is_gone
        await world.close()
    run_virtual(story())


def test_scenario_4_the_last_candidate_is_unavailable():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001", "1002", "1003"]))
        world.blocked = {"8002": "handset left off-hook", "8003": "dead"}
        world.answer_after = lambda station: 1.0
        for number in ("1003", "1002", "1001"):
            world.login(number)
            await asyncio.sleep(1)
        world.offer("sales")
        world.offer("sales")
        await asyncio.sleep(2)
        assert world.agent("1003").state is AgentState.LINE_FAULT
        assert world.agent("1001").state is AgentState.TALKING
        del world.blocked["8002"]
        await asyncio.sleep(31)  # tried again
        assert world.agent("1002").state is AgentState.TALKING
        await world.close()
    run_virtual(story())


def test_scenario_5_ring_all_to_twelve_has_one_winner_and_nobody_stays_reserved():
    async def story():
        numbers = [f"10{n:02}" for n in range(1, 13)]
        world = World(settings({"sales": queue_settings(strategy="ring-all")}, numbers))
        world.login(*numbers)
        world.offer("sales")
        await asyncio.sleep(5)
        assert len(world.ringing()) == 12
        legs = [world.legs[station] for station in world.ringing()]
        world.loop.call_soon(legs[7].pick_up)
        world.loop.call_soon(legs[3].pick_up)
        began = world.loop.time()
        await asyncio.sleep(0.001)
        assert [agent.state for agent in world.acd.book.by_number.values()].count(AgentState.TALKING) >= 1
        assert world.agent("1008").on_call
        assert sum(fact.outcome == "answered" for fact in world.of(facts.OfferEnded)) == 1
        assert sum(fact.outcome == "lost" for fact in world.of(facts.OfferEnded)) == 11
        assert all(leg.is_gone for leg in legs if leg is not legs[7])
        assert world.loop.time() - began < 0.3
        await asyncio.sleep(1)
        assert sum(agent.ready for agent in world.acd.book.by_number.values()) == 11
        await world.close()
    run_virtual(story())


def test_scenario_5_an_agent_who_gets_free_joins_the_ringing_and_wins():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all")}, ["1001", "1002"]))
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(5)
        world.login("1002")
        world.loop.call_soon(world.legs["8001"].pick_up)  # in the millisecond in which the other leg starts
        await asyncio.sleep(0.1)
        assert world.agent("1001").on_call
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["answered"] or world.agent("1002").ready
        await asyncio.sleep(1)
        assert world.agent("1002").ready
        await world.close()
    run_virtual(story())


def test_scenario_6_the_caller_hangs_up_while_the_agent_is_rung():
    async def story():
        world = World(settings({"sales": queue_settings(strategy="ring-all")}))
        world.login("1001", "1002")
        call = world.offer("sales")
        await asyncio.sleep(7)
        legs = list(world.legs.values())
        call.anchor.hang_up()
        await asyncio.sleep(0.29)
        assert all(leg.is_gone for leg in legs)
        assert world.agent("1001").ready
        assert world.agent("1002").ready
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["caller_gone"] * 2
        assert world.outcomes() == ["abandoned"]
        await world.close()
    run_virtual(story())


def test_scenario_7_a_pause_during_an_offer_is_one_requeue_and_no_fast_loop():
    async def story():
        world = World(settings({"sales": queue_settings()}))
        world.login("1001", "1002")
        world.offer("sales")
        await asyncio.sleep(3)
        assert world.acd.pause("1001", "break") is True
        await asyncio.sleep(3)
        assert [(at, station) for at, station, _ in world.placed] == [(0.0, "8001"), (3.0, "8002")]
        assert world.agent("1001").state is AgentState.PAUSED
        assert [fact.outcome for fact in world.of(facts.OfferEnded)] == ["withdrawn"]
        await world.close()
    run_virtual(story())


def test_scenario_8_wrap_up_holds_over_six_queues_and_after_an_attended_transfer():
    async def story():
        queues = {f"q{n}": queue_settings(wrapup=5.0 * n) for n in range(1, 7)}
        world = World(settings(queues, ["1001", "1002"]))
        world.answer_after = lambda station: 0.5
        world.login("1001")
        first = world.offer("q6")
        await asyncio.sleep(2)
        for n in range(1, 7):
            world.offer(f"q{n}")
        first.transfer_to = "hangup:transferred"  # he talked to the next one first, and then hung up
        world.legs["8001"].hang_up()
        hung_up = world.loop.time()
        await asyncio.sleep(60)
        assert world.placed[1][0] == pytest.approx(hung_up + 30.0)
        await world.close()
    run_virtual(story())


def test_the_agents_own_longer_wrap_up_counts():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=5.0)}, ["1001"], wrapup=20.0))
        world.answer_after = lambda station: 0.5
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(2)
        call.anchor.hang_up()
        await asyncio.sleep(19.9)
        assert world.agent("1001").state is AgentState.WRAPUP
        await asyncio.sleep(0.2)
        assert world.agent("1001").ready
        await world.close()
    run_virtual(story())


def test_scenario_9_the_position_is_spoken_exactly_when_it_has_improved():
    async def story():
        world = World(settings({"sales": queue_settings(), "vip": queue_settings()}, ["1001"]))
        ahead = [world.offer("sales") for _ in range(4)]
        await asyncio.sleep(1)
        call = world.offer("sales")
        await asyncio.sleep(10)
        ahead[0].anchor.hang_up()
        await asyncio.sleep(55)  # 5 at once, 4 after 30 s, 4 after 60 s
        for _ in range(2):
            world.offer("sales", since=0.0)
        await asyncio.sleep(30)
        spoken = [(at - 1, fact.position) for at, fact in world.facts
                  if isinstance(fact, facts.QueueAnnounced) and fact.call == call.id]
        assert spoken == [(0.0, 5), (30.0, 4)]
        assert call.anchor.heard == ["position 5", "music", "position 4", "music"]
        await world.close()
    run_virtual(story())


def test_nothing_is_announced_to_whom_an_agent_is_being_rung_for():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(14)
        assert call.anchor.heard == ["music"]
        world.acd.pause("1001", "lunch")
        await asyncio.sleep(2)
        assert call.anchor.heard[:2] == ["music", "position 1"]
        await world.close()
    run_virtual(story())


def test_scenario_11_a_prompt_never_delays_a_connect():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001"]))
        world.answer_after = lambda station: 0.25
        call = world.offer("sales")
        await asyncio.sleep(0.1)
        assert call.anchor.heard == ["position 1"]
        prompt = call.anchor.playing
        world.login("1001")
        await asyncio.sleep(0.26)
        assert prompt.ended is not None
        assert not prompt.ended.completed
        assert world.placed[0][0] == 0.1
        assert call.recorded
        await asyncio.sleep(2)
        assert call.anchor.heard == ["position 1"]
        await world.close()
    run_virtual(story())


def test_scenario_14_the_wall_clock_steps_and_nothing_waits_longer():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=10.0)}, ["1001"]))
        world.answer_after = lambda station: 4.0
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(2)
        clock = world.outside.clock
        real = clock.wall
        clock.wall = lambda: real().replace(hour=(real().hour + 1) % 24)
        await asyncio.sleep(3)
        call.anchor.hang_up()
        clock.wall = lambda: real().replace(hour=(real().hour - 1) % 24)
        await asyncio.sleep(10.1)
        assert world.agent("1001").ready
        assert world.of(facts.QueueLeft)[0].waited == 4.0
        await world.close()
    run_virtual(story())


def test_explain_says_why_everybody_else_was_not_chosen():
    async def story():
        world = World(settings({"sales": queue_settings()}, ["1001", "1002", "1003", "1004"]))
        world.login("1001", "1002", "1003")
        world.acd.pause("1003", "lunch")
        world.agent("1002").idle_since  # noqa: B018
        await asyncio.sleep(5)
        world.offer("sales")
        await asyncio.sleep(1)
        offer = world.of(facts.OfferMade)[0]
        assert offer.rule == "longest-idle: 5.0 s"
        assert offer.excluded == {"1002": "idle 5.0 s", "1003": "paused: lunch", "1004": "logged_out"}
        await world.close()
    run_virtual(story())


def test_control_views():
    async def story():
        world = World(settings({"sales": queue_settings(label="Sales")}, ["1001", "1002"]))
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(3)
        agents = world.acd.agents()
        assert [(one["agent"], one["state"], one["station"], one["queues"]) for one in agents] == [
            ("1001", "ringing", "8001", ["sales"]), ("1002", "logged_out", "", ["sales"])]
        queue = world.acd.queues()[0]
        assert (queue["queue"], queue["waiting"], queue["ringing"], queue["longest"], queue["logged_in"]) == (
            "sales", 1, 1, 3.0, 1)
        assert world.acd.entries("sales")[0]["ringing"] == ["1001"]
        await world.close()
    run_virtual(story())
