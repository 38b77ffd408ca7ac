"""What a waiting caller hears and can press: announcements, playlists, exit keys, the dialog about a callback."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from acd_world import FakeCall, World, queue_settings, settings

from ccappliance.apps.acd import player, room
from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.callback_settings import CallbackSettings
from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.settings import QueueSettings
from ccappliance.apps.acd.waiting_settings import Announce, Messages, Playlist
from ccappliance.base.errors import Bug, Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

QUIET = Announce(position=False, wait=False)


def spoken(world: World, call: FakeCall) -> list[tuple[float, int]]:
    return [(round(at, 3), fact.position) for at, fact in world.facts
            if isinstance(fact, facts.QueueAnnounced) and fact.call == call.id]


def outcome(world: World, call: FakeCall) -> str:
    return next((fact.outcome for fact in world.of(facts.QueueLeft) if fact.call == call.id), "")


class Callbacks:
    """The engine of callbacks as the dialog sees it; it remembers what was promised."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open = True
        self.promised: list[tuple[str, str]] = []
        self.told: list[tuple[float, float] | None] = []
        world.acd.waiting.callbacks = self

    def offered(self, entry: Entry) -> bool:
        return self.open

    def number_problem(self, number: str) -> str:
        return "" if len(number) == 11 else "a mobile number has eleven digits"

    def promise(self, entry: Entry, number: str, told: tuple[float, float] | None = None) -> None:
        self.promised.append((entry.call.id, number))
        self.told.append(told)
        self.world.acd.dispatcher.leave(entry, "callback_taken")


def with_callback(after: float = 60.0, **changes) -> QueueSettings:
    callback = CallbackSettings(enabled=True, group="pstn", after=after)
    return queue_settings(callback=callback, **{"announce": QUIET, **changes})


# ---- announcements ----


def test_an_improvement_is_spoken_in_the_moment_of_the_improvement():
    """No looking every 30 s: the line's move is what makes it speak."""
    async def story():
        world = World(settings({"sales": queue_settings()}, []))
        ahead = [world.offer("sales") for _ in range(2)]
        call = world.offer("sales")
        await asyncio.sleep(47.3)
        ahead[0].anchor.hang_up()
        await asyncio.sleep(5.0)
        ahead[1].anchor.hang_up()
        await asyncio.sleep(60.0)
        assert spoken(world, call) == [(0.0, 3), (47.3, 2), (77.3, 1)]
        await world.close()
    run_virtual(story())


def test_scenario_9_five_four_four_six_is_spoken_exactly_when_it_improves():
    async def story():
        world = World(settings({"sales": queue_settings(), "vip": queue_settings(order_class=1)}, []))
        ahead = [world.offer("sales") for _ in range(4)]
        call = world.offer("sales")
        await asyncio.sleep(40)
        ahead[0].anchor.hang_up()
        await asyncio.sleep(40)
        vips = [world.offer("sales", order_class=1) for _ in range(2)]
        await asyncio.sleep(40)
        assert world.acd.entries("sales")[5]["call"] == call.id
        for one in (*vips, *ahead[1:]):
            one.anchor.hang_up()
            await asyncio.sleep(40)
        assert [position for _, position in spoken(world, call)] == [5, 4, 3, 2, 1]
        assert [at for at, _ in spoken(world, call)] == [0.0, 40.0, 200.0, 240.0, 280.0]
        await world.close()
    run_virtual(story())


def test_who_is_rung_for_and_then_waits_again_is_told_at_once_but_not_between_two_agents():
    async def story():
        world = World(settings({"sales": queue_settings(ring_timeout=10.0, pause_after=1)}, ["1001", "1002"]))
        world.login("1001", "1002")
        call = world.offer("sales")
        await asyncio.sleep(19.9)
        assert spoken(world, call) == []
        await asyncio.sleep(1.0)
        assert spoken(world, call) == [(20.0, 1)]
        await world.close()
    run_virtual(story())


def test_many_callers_are_told_in_portions_and_a_connection_comes_between():
    """500 callers improve at once: while they are told, the loop goes round, and an agent is rung in the second."""
    async def story():
        world = World(settings({"sales": queue_settings(), "other": queue_settings(agents=["1002"])}))
        first = world.offer("sales")
        calls = [world.offer("sales") for _ in range(500)]
        await asyncio.sleep(31)
        rounds, told = [], len(world.of(facts.QueueAnnounced))
        first.anchor.hang_up()
        while len(world.of(facts.QueueAnnounced)) < told + len(calls):
            await asyncio.sleep(0)
            rounds.append(len(world.of(facts.QueueAnnounced)) - told)
        assert max(after - before for before, after in pairwise([0, *rounds])) <= room.BATCH
        assert world.loop.time() == 31.0
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize("moment", ["prompt", "music", "callback dialog"])
def test_scenario_11_a_connect_is_not_delayed_by_a_millisecond(moment):
    async def story():
        world = World(settings({"sales": with_callback(announce=Announce())}, ["1001"]))
        Callbacks(world)
        world.answer_after = lambda station: 0.25
        call = world.offer("sales")
        await asyncio.sleep({"prompt": 0.1, "music": 20.0, "callback dialog": 100.0}[moment])
        if moment == "callback dialog":
            call.anchor.press("1")
            await asyncio.sleep(0.5)
            assert call.anchor.heard[-1].startswith("callback_number_is")
        playing = call.anchor.playing
        now = world.loop.time()
        world.login("1001")
        await asyncio.sleep(0.3)
        assert world.placed[0][0] == now
        answered = [at for at, fact in world.facts if isinstance(fact, facts.QueueLeft)]
        assert answered == [now + 0.25]
        assert call.conversing_since == now + 0.25
        assert playing.ended is not None
        heard = len(call.anchor.heard)
        call.anchor.press("1#0")
        await asyncio.sleep(60.0)
        assert len(call.anchor.heard) == heard, "nothing of the queue is heard in the conversation"
        assert world.agent("1001").state is AgentState.TALKING
        await world.close()
    run_virtual(story())


# ---- the wait ----


def test_the_wait_is_told_as_a_range_and_never_grows_unless_a_higher_class_comes():
    async def story():
        world = World(settings({"sales": queue_settings(wrapup=0.0, announce=Announce(position=True))}, ["1001"]))
        world.answer_after = lambda station: 0.0
        world.login("1001")
        talking = world.offer("sales")
        await asyncio.sleep(1)
        ahead = [world.offer("sales") for _ in range(3)]
        call = world.offer("sales")
        await asyncio.sleep(31)

        def told() -> list[tuple[float, float]]:
            return [(fact.least, fact.most) for fact in world.of(facts.QueueAnnounced) if fact.call == call.id]
        assert len(told()) == 1
        first = told()[0]
        assert 0.0 < first[0] < 4 * 180.0 < first[1]
        # the agent takes 20 minutes for one call: what was promised can't be repeated, and a longer wait is not told
        await asyncio.sleep(1200)
        talking.anchor.hang_up()
        await asyncio.sleep(31)
        assert told()[1:] == [(0.0, 0.0)], "the position improved; the wait had grown"
        for _ in range(3):
            world.offer("sales", order_class=1)
        await asyncio.sleep(1)
        ahead[0].anchor.hang_up()
        ahead[1].anchor.hang_up()
        ahead[2].anchor.hang_up()
        await asyncio.sleep(1)
        for vip in world.calls[-3:-1]:
            vip.anchor.hang_up()
        await asyncio.sleep(31)
        assert told()[2][1] > 0.0, "told again, for a higher class had come"
        await world.close()
    run_virtual(story())


def test_nothing_under_a_minute_and_nothing_without_agents_is_told():
    async def story():
        quick = queue_settings(announce=Announce(handling=40.0), wrapup=0.0)
        world = World(settings({"sales": quick, "empty": queue_settings(agents=["1002"])}))
        world.answer_after = lambda station: 0.0
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(1)
        calls = [world.offer("sales") for _ in range(5)]
        world.offer("empty")
        await asyncio.sleep(1)
        most = {fact.call: fact.most for fact in world.of(facts.QueueAnnounced)}
        assert [most[call.id] > 0 for call in calls] == [False, True, True, True, True]
        assert list(most.values())[-1] == 0
        await world.close()
    run_virtual(story())


def test_without_positions_the_wait_is_told_by_itself_when_it_has_become_shorter():
    async def story():
        world = World(settings({"sales": queue_settings(announce=Announce(position=False))}, ["1001"]))
        world.answer_after = lambda station: 0.0
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(1)
        ahead = [world.offer("sales") for _ in range(6)]
        call = world.offer("sales")
        for one in ahead:
            await asyncio.sleep(40)
            one.anchor.hang_up()
        await asyncio.sleep(1)
        told = [fact.most for fact in world.of(facts.QueueAnnounced) if fact.call == call.id]
        assert len(told) > 3
        assert told == sorted(set(told), reverse=True)
        assert {position for _, position in spoken(world, call)} == {0}
        assert call.anchor.heard[0].startswith("wait ")
        await world.close()
    run_virtual(story())


# ---- music and messages ----


def test_music_goes_on_where_it_was_interrupted():
    async def story():
        world = World(settings({"sales": queue_settings()}, []))
        world.prompts.seconds["music"] = 24.0
        ahead = world.offer("sales")
        call = world.offer("sales")
        await asyncio.sleep(51)  # a second of position, 50 s of music: 2 s into its third round
        ahead.anchor.hang_up()
        await asyncio.sleep(5)
        assert call.anchor.heard == ["position 2", "music", "position 1", "music"]
        assert call.anchor.began == [0.0, 0.0, 0.0, 2.0]
        await world.close()
    run_virtual(story())


def test_a_playlist_in_turn_goes_on_in_the_middle_of_a_piece_and_logs_each():
    async def story():
        music = Playlist(pieces=("a", "b", "c"))
        world = World(settings({"sales": queue_settings(music=music, announce=QUIET, messages=Messages(
            pieces=("hello",), every=15.0))}, []))
        world.prompts.seconds |= {"a": 10.0, "b": 10.0, "c": 10.0, "hello": 2.0}
        call = world.offer("sales")
        await asyncio.sleep(48)
        log = list(zip(call.anchor.heard_at, call.anchor.heard, call.anchor.began, strict=True))
        assert log == [(0, "a", 0), (10, "b", 0), (15, "hello", 0), (17, "b", 5), (22, "c", 0), (30, "hello", 0),
                       (32, "c", 8), (34, "a", 0), (44, "b", 0), (45, "hello", 0), (47, "b", 1)]
        await world.close()
    run_virtual(story())


def test_a_random_playlist_depends_on_the_seed_and_repeats_no_piece():
    def heard(seed: int) -> list[str]:
        async def story() -> list[str]:
            world = World(settings({"sales": queue_settings(music=Playlist(pieces=("a", "b", "c"), order="random"),
                                                            announce=QUIET)}, []), seed=seed)
            call = world.offer("sales")
            await asyncio.sleep(200)
            await world.close()
            return call.anchor.heard
        return run_virtual(story())
    first = heard(3)
    assert first == heard(3)
    assert first != heard(4)
    assert all(one != after for one, after in pairwise(first))
    assert {first.count(piece) > 40 for piece in "abc"} == {True}


def test_an_empty_recording_does_not_spin():
    async def story():
        world = World(settings({"sales": queue_settings(music=Playlist(pieces=("a", "b")), announce=QUIET)}, []))
        world.prompts.seconds |= {"a": 0.0, "b": 0.0}
        call = world.offer("sales")
        await asyncio.sleep(10.5)
        assert len(call.anchor.heard) <= 1 + 10.5 / player.SHORTEST
        await world.close()
    run_virtual(story())


def test_a_message_that_falls_into_a_ring_is_told_when_it_has_come_to_nothing():
    async def story():
        world = World(settings({"sales": queue_settings(announce=QUIET, ring_timeout=10.0, pause_after=1,
                                                        messages=Messages(pieces=("hello",), every=15.0))}, ["1001"]))
        call = world.offer("sales")
        await asyncio.sleep(8)
        world.login("1001")
        await asyncio.sleep(9)
        assert call.anchor.heard == ["music"]
        await asyncio.sleep(2)
        assert call.anchor.heard == ["music", "hello", "music"]
        assert call.anchor.heard_at[1] == 18.0
        await world.close()
    run_virtual(story())


def test_playlists_are_exchanged_while_people_listen_by_order_and_by_a_reload():
    async def story():
        given = settings({"sales": queue_settings(announce=QUIET), "other": queue_settings()}, [])
        world = World(given)
        call = world.offer("sales")
        await asyncio.sleep(10)
        world.acd.set_playlist("sales", ["jazz", "blues"], "in-turn", "supervisor li")
        await asyncio.sleep(0.5)
        assert call.anchor.heard == ["music", "jazz"]
        world.acd.set_playlist("sales", ["news"], "in-turn", "supervisor li", messages=True)
        await asyncio.sleep(63)
        assert "news" in call.anchor.heard
        assert world.acd.queues()[0]["music"] == ["jazz", "blues"]
        world.acd.apply(replace(given, queues={**given.queues, "other": queue_settings(boost=1.0)}))
        assert world.acd.queues()[0]["music"] == ["jazz", "blues"], "this queue was not changed"
        world.acd.apply(replace(given, queues={"sales": queue_settings(announce=QUIET, music="classic")}))
        await asyncio.sleep(0.5)
        assert call.anchor.heard[-1] == "classic"
        assert [(fact.kind, fact.pieces, fact.why) for fact in world.of(facts.PlaylistChanged)] == [
            ("music", ["jazz", "blues"], "supervisor li"), ("messages", ["news"], "supervisor li"),
            ("music", ["classic"], "configuration"), ("messages", [], "configuration")]
        said = call.anchor.heard.count("news")
        await asyncio.sleep(120)
        assert call.anchor.heard.count("news") == said
        for queue, pieces, code in (("nowhere", ["a"], "no_queue"), ("sales", [], "bad_playlist")):
            with pytest.raises(Refused) as refused:
                world.acd.set_playlist(queue, pieces, "in-turn", "me")
            assert refused.value.code == code
        await world.close()
    run_virtual(story())


# ---- exit keys ----


@pytest.mark.parametrize("moment", ["prompt", "music", "ring", "message", "ring to all"])
def test_scenario_10_an_exit_key_is_honoured_at_any_moment(moment):
    async def story():
        strategy = "ring-all" if moment == "ring to all" else "longest-idle"
        world = World(settings({"sales": queue_settings(exit_keys={"0": "hangup:zero", "#": "hangup:hash"},
                                                        strategy=strategy, messages=Messages(pieces=("hello",)))}))
        if moment.startswith("ring"):
            world.login("1001", "1002")
        call = world.offer("sales")
        await asyncio.sleep({"prompt": 0.5, "message": 60.5}.get(moment, 10.0))
        assert len(world.ringing()) == {"ring": 1, "ring to all": 2}.get(moment, 0)
        call.anchor.press("5")  # means nothing
        await asyncio.sleep(0.1)
        assert outcome(world, call) == ""
        call.anchor.press("#0")  # the first counts
        assert not world.ringing()
        await asyncio.sleep(0.1)
        assert outcome(world, call) == "exit_key"
        assert call.variables["ended"] == "hash"
        assert {fact.outcome for fact in world.of(facts.OfferEnded)} <= {"withdrawn"}
        await world.close()
    run_virtual(story())


def test_a_key_in_the_millisecond_of_the_answer_loses():
    async def story():
        world = World(settings({"sales": queue_settings(exit_keys={"0": "hangup:zero"})}, ["1001"]))
        world.login("1001")
        call = world.offer("sales")
        await asyncio.sleep(3)
        world.legs["8001"].pick_up()
        call.anchor.press("0")
        await asyncio.sleep(1)
        assert outcome(world, call) == "answered"
        assert world.agent("1001").call == call.id
        await world.close()
    run_virtual(story())


# ---- the callback ----


def test_a_callback_is_offered_after_a_minute_and_taken_with_his_own_number():
    async def story():
        world = World(settings({"sales": with_callback()}, []))
        callbacks = Callbacks(world)
        call = world.offer("sales", calling="13800138000")
        call.anchor.press("1")  # nobody has offered it yet
        await asyncio.sleep(59.9)
        assert call.anchor.heard == ["music"]
        await asyncio.sleep(0.2)
        assert call.anchor.heard[1] == "callback_press+1+callback_keeps"
        await asyncio.sleep(5)
        call.anchor.press("1")
        await asyncio.sleep(1)
        assert call.anchor.heard[-1] == "callback_number_is+13800138000+callback_confirm"
        assert world.acd.entries("sales")[0]["call"] == call.id, "he stays in line"
        call.anchor.press("1")
        await asyncio.sleep(3.1)  # that it was not the first digit of a number
        assert callbacks.promised == [(call.id, "13800138000")]
        assert outcome(world, call) == "callback_taken"
        assert call.anchor.heard[-1] == "callback_promised"
        assert not call.anchor.is_gone
        await asyncio.sleep(2)
        assert call.anchor.is_gone
        assert world.of(facts.QueueAnnounced)[0].callback
        await world.close()
    run_virtual(story())


@pytest.mark.parametrize(("calling", "keys", "number"), [
    ("13800138000", ["13900139000#", "1#"], "13900139000"),
    ("13800138000", ["139#", "13900139000#", "1"], "13900139000"),
    ("", ["13900139000", "1"], "13900139000"),
    ("13800138000", ["*"], ""), ("13800138000", [""], ""), ("", ["1", "2", "3", "4", "5"], "")])
def test_another_number_is_said_before_it_counts_and_a_wrong_one_is_refused(calling, keys, number):
    async def story():
        world = World(settings({"sales": with_callback()}, []))
        callbacks = Callbacks(world)
        call = world.offer("sales", calling=calling)
        await asyncio.sleep(62)
        call.anchor.press("1")
        for pressed in keys:
            await asyncio.sleep(2)
            call.anchor.press(pressed)
            await asyncio.sleep(4)
        await asyncio.sleep(10)
        assert [promised for _, promised in callbacks.promised] == ([number] if number else [])
        if number and number != calling:
            assert f"callback_number_is+{number}+callback_confirm" in call.anchor.heard
        if not number:
            assert outcome(world, call) == ""
            assert call.anchor.heard[-2:] == ["callback_not_taken", "music"]
            call.anchor.press("1")
            await asyncio.sleep(1)
            assert call.anchor.heard[-1].startswith("callback_"), "he may think better of it"
        await world.close()
    run_virtual(story())


def test_what_is_no_longer_possible_when_he_confirms_leaves_him_in_line():
    async def story():
        world = World(settings({"sales": with_callback(exit_keys={"0": "hangup:zero"})}, []))
        callbacks = Callbacks(world)
        call = world.offer("sales")
        await asyncio.sleep(62)
        call.anchor.press("1")
        await asyncio.sleep(2)
        callbacks.open = False
        call.anchor.press("1")
        await asyncio.sleep(5)
        assert call.anchor.heard[-2:] == ["callback_not_taken", "music"]
        call.anchor.press("1")
        await asyncio.sleep(1)
        assert call.anchor.heard[-1] == "music"
        call.anchor.press("0")
        await asyncio.sleep(1)
        assert outcome(world, call) == "exit_key"
        await world.close()
    run_virtual(story())


def test_who_hangs_up_in_the_dialog_has_abandoned():
    async def story():
        world = World(settings({"sales": with_callback()}, []))
        Callbacks(world)
        call = world.offer("sales")
        await asyncio.sleep(62)
        call.anchor.press("1")
        await asyncio.sleep(2)
        call.anchor.hang_up()
        await asyncio.sleep(1)
        assert outcome(world, call) == "abandoned"
        await world.close()
    run_virtual(story())


def test_after_the_offer_every_announcement_repeats_it_and_the_time_of_a_former_queue_counts():
    async def story():
        world = World(settings({"sales": with_callback(announce=Announce(wait=False))}, []))
        Callbacks(world)
        ahead = world.offer("sales")
        call = world.offer("sales")
        await asyncio.sleep(100)
        ahead.anchor.hang_up()
        await asyncio.sleep(5)
        assert [(fact.position, fact.callback) for fact in world.of(facts.QueueAnnounced) if fact.call == call.id] == [
            (2, False), (0, True), (1, True)]
        moved = world.offer("sales", since=world.loop.time() - 90.0)
        await asyncio.sleep(1)
        assert [fact.callback for fact in world.of(facts.QueueAnnounced) if fact.call == moved.id] == [True]
        await world.close()
    run_virtual(story())


def test_nobody_is_promised_a_call_where_nobody_calls_back():
    async def story():
        world = World(settings({"sales": with_callback()}, []))
        call = world.offer("sales")
        await asyncio.sleep(90)
        assert call.anchor.heard == ["music"]
        entry = world.acd.find_queue("sales").line[0]
        nobody = world.acd.waiting.callbacks
        assert nobody.number_problem("13800138000")
        with pytest.raises(Bug):
            nobody.promise(entry, "13800138000")
        await world.close()
    run_virtual(story())


# ---- everything at once ----


def random_hours(seed: int, steps: int) -> tuple[str, list[str]]:
    """Callers who press anything at any time, agents who answer or not, playlists exchanged; every rule checked.

    Answers the journal's digest, and the outcomes.
    """
    async def story() -> tuple[str, list[str]]:
        chance = random.Random(seed)
        world = World(settings({
            "a": with_callback(5.0, announce=Announce(handling=90.0), ring_timeout=8.0, pause_after=0,
                               strategy="ring-all", exit_keys={"0": "hangup:zero"},
                               messages=Messages(pieces=("hello", "news"), every=20.0, order="random")),
            "b": with_callback(5.0, announce=Announce(position=False), exit_keys={"0": "queue:a"}, order_class=1,
                               music=Playlist(pieces=("x", "y"), order="random"), patience=200.0, pause_after=0)},
            ["1001", "1002", "1003"]), seed=seed)
        callbacks = Callbacks(world)
        world.answer_after = lambda station: chance.choice([None, None, 0.0, 7.999])
        world.login("1001", "1002")
        for _ in range(steps):
            present = [call for call in world.calls if not call.anchor.is_gone] or [world.offer("a")]
            call = chance.choice(present)
            match chance.randrange(10):
                case 0 | 1:
                    world.offer(chance.choice("ab"), calling=chance.choice(["13800138000", "", "110"]))
                case 2:
                    call.anchor.hang_up()
                case 3 | 4 | 5:
                    call.anchor.press(chance.choice(["0", "1", "1", "1#", "5", "13900139000#", "*", "139"]))
                case 6:
                    world.acd.set_playlist(chance.choice("ab"), [chance.choice("xyz")], "in-turn", "me",
                                           messages=chance.random() < 0.5)
                case 7:
                    callbacks.open = not callbacks.open
                case 8:
                    for key in "11":
                        present[0].anchor.press(key)  # who has waited longest takes the callback, if it is offered
                        await asyncio.sleep(2.0)
                case 9:
                    for leg in list(world.legs.values()):
                        if leg.is_answered:
                            leg.hang_up()
            await asyncio.sleep(chance.choice([0.0, 0.0, 0.5, 1.0, 3.0, 12.0, 45.0]))
        await world.close()
        said = world.of(facts.QueueAnnounced)
        assert said
        return world.sink.digest(), world.outcomes()
    return run_virtual(story())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_callers_may_press_anything_at_any_time(seed: int):
    digest, outcomes = random_hours(seed, 1500)
    print(f"seed {seed}: {Counter(outcomes)}")
    assert {"answered", "exit_key", "callback_taken", "abandoned"} <= set(outcomes)
    if seed == 0:
        assert random_hours(seed, 1500)[0] == digest


def test_the_promise_is_given_the_range_he_was_told_less_the_time_since():
    async def story():
        world = World(settings({"sales": with_callback(wrapup=0.0, announce=Announce(position=True))}, ["1001"]))
        callbacks = Callbacks(world)
        world.answer_after = lambda station: 0.0
        world.login("1001")
        world.offer("sales")
        await asyncio.sleep(1)
        for _ in range(3):
            world.offer("sales")
        call = world.offer("sales", calling="13800138000")
        entered = world.loop.time()
        await asyncio.sleep(70)
        call.anchor.press("1")
        await asyncio.sleep(1)
        call.anchor.press("1")
        await asyncio.sleep(4)
        at, fact = next((at, fact) for at, fact in world.facts if isinstance(fact, facts.QueueAnnounced)
                        and fact.call == call.id and fact.most)
        assert callbacks.promised == [(call.id, "13800138000")]
        left = next(at for at, fact in world.facts if isinstance(fact, facts.QueueLeft) and fact.call == call.id)
        assert left - entered > 70.0
        assert callbacks.told == [(pytest.approx(fact.least - (left - at), abs=0.01),
                                   pytest.approx(fact.most - (left - at), abs=0.01))]
        await world.close()
    run_virtual(story())
