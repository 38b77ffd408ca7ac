"""Random days, step by step: callers, answers, abandons, pauses, faults, transfers, reloads in any order, checked."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from acd_world import World, queue_settings, settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ccappliance.base.errors import Refused
from ccappliance.sim.loop import VirtualLoop

AGENTS = [f"10{n:02}" for n in range(1, 6)]
QUEUES = ("plain", "ring", "strict", "boosted")
OUTSIDE, MOBILE = "1005", "13912345678"

agents = st.sampled_from(AGENTS)
queues = st.sampled_from(QUEUES)
pick = st.integers(0, 30)
moment = st.sampled_from([0.0, 0.0, 0.01, 1.0, 4.0, 15.0, 40.0])


def configuration(without: tuple[str, ...] = (), away: tuple[str, ...] = (), wrapup: float = 7.0, policy: str = "wait"):
    everything = {
        "plain": queue_settings(agents=AGENTS[:4], wrapup=wrapup, policy=policy),
        "ring": queue_settings(strategy="ring-all", wrapup=0.0, pause_after=0, patience=50.0),
        "strict": queue_settings(order_class=3, agents=AGENTS[2:], wrapup=wrapup, room=4),
        "boosted": queue_settings(boost=25.0, agents=AGENTS[1:3], ring_timeout=5.0, pause_after=1,
                                  dispositions={"1": "sold"}, disposition_required=True)}
    chosen = {name: one for name, one in everything.items() if name not in without}
    present = [number for number in AGENTS if number not in away]
    chosen = {name: queue_settings_for(one, present) for name, one in chosen.items()}
    found = settings(chosen, present)
    people = {number: replace(one, station="", outside=MOBILE, group="pstn") if number == OUTSIDE else one
              for number, one in found.agents.items()}
    return replace(found, agents=people)


def queue_settings_for(one, present):
    return replace(one, members=replace(one.members, agents=tuple(n for n in one.members.agents if n in present)))


class Days(RuleBasedStateMachine):
    """Every rule acts and then lets some time pass; a rule that makes no sense at the moment does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()

    @initialize()
    def begin(self) -> None:
        async def make() -> None:
            self.world = World(configuration())
            self.world.login(*AGENTS[:3])
        self.loop.run_until_complete(make())

    def do(self, act: Callable[[], object], then: float) -> None:
        async def step() -> None:
            with contextlib.suppress(Refused):
                act()
            await asyncio.sleep(then)
        self.loop.run_until_complete(step())

    def call(self, number: int):
        living = [call for call in self.world.calls if not call.anchor.is_gone]
        return living[number % len(living)] if living else None

    def leg(self, number: int):
        living = [leg for leg in self.world.legs.values() if not leg.is_gone]
        return living[number % len(living)] if living else None

    @rule(queue=queues, then=moment)
    def a_call_comes(self, queue: str, then: float) -> None:
        if self.world.acd.find_queue(queue) is not None:
            self.do(lambda: self.world.offer(queue), then)

    @rule(number=pick, then=moment)
    def a_caller_hangs_up(self, number: int, then: float) -> None:
        if (call := self.call(number)) is not None:
            self.do(call.anchor.hang_up, then)

    @rule(number=pick, then=moment)
    def a_call_is_hung_up_by_order(self, number: int, then: float) -> None:
        if (call := self.call(number)) is not None:
            self.do(call.anchor.clear, then)

    @rule(number=pick, then=moment)
    def a_telephone_is_picked_up(self, number: int, then: float) -> None:
        if (leg := self.leg(number)) is not None:
            self.do(leg.pick_up, then)

    @rule(then=moment)
    def all_telephones_are_picked_up(self, then: float) -> None:
        self.do(lambda: [leg.pick_up() for leg in list(self.world.legs.values())], then)

    @rule(number=pick, then=moment)
    def a_telephone_is_hung_up(self, number: int, then: float) -> None:
        if (leg := self.leg(number)) is not None:
            self.do(leg.hang_up, then)

    @rule(number=pick, queue=queues, then=moment)
    def an_agent_transfers_to_a_queue(self, number: int, queue: str, then: float) -> None:
        leg, call = self.leg(number), self.call(number)
        if leg is not None and leg.is_answered and call is not None and self.world.acd.find_queue(queue) is not None:
            def act() -> None:
                call.transfer_to = f"queue:{queue}"
                leg.hang_up()
                self.loop.call_later(0.0, setattr, call, "transfer_to", None)
            self.do(act, then)

    @rule(agent=agents, then=moment)
    def login(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.login(agent), then)

    @rule(agent=agents, then=moment)
    def logout(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.logout(agent), then)

    @rule(agent=agents, then=moment)
    def pause(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.pause(agent, "lunch"), then)

    @rule(agent=agents, then=moment)
    def resume(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.resume(agent), then)

    @rule(agent=agents, then=moment)
    def end_wrapup(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.end_wrapup(agent), then)

    @rule(number=pick, key=st.sampled_from(["1", "1", "1", "2", "9"]), then=moment)
    def a_key_is_pressed(self, number: str, key: str, then: float) -> None:
        if (leg := self.leg(number)) is not None:
            self.do(lambda: leg.press(key), then)

    @rule(agent=agents, then=moment)
    def somebody_asks_for_an_agent(self, agent: str, then: float) -> None:
        if self.world.acd.find_agent(agent) is not None:
            self.do(lambda: self.world.call_agent(agent), then)

    @rule(agent=agents, feature=st.sampled_from(["pickup", "last-missed", "state", "wrapup-extend"]), then=moment)
    def an_agent_dials_a_feature(self, agent: str, feature: str, then: float) -> None:
        station = f"8{agent[1:]}"
        if station not in self.world.legs:
            self.do(lambda: self.world.dial(station, feature), then)

    @rule(agent=agents, queue=queues, present=st.booleans(), then=moment)
    def an_agent_leaves_or_joins_a_queue(self, agent: str, queue: str, present: bool, then: float) -> None:
        self.do(lambda: self.world.acd.sit(agent, queue, present), then)

    @rule(agent=agents, then=moment)
    def an_agent_says_what_became_of_it(self, agent: str, then: float) -> None:
        self.do(lambda: self.world.acd.dispose(agent, "1"), then)

    @rule(agent=agents, words=st.sampled_from(["dead", None]), then=moment)
    def a_line_fails_or_works(self, agent: str, words: str | None, then: float) -> None:
        self.do(lambda: self.world.acd.station_fault(f"8{agent[1:]}", words), then)

    @rule(agent=agents, busy=st.booleans(), wrapup=st.booleans(), then=moment)
    def a_station_is_used_otherwise(self, agent: str, busy: bool, wrapup: bool, then: float) -> None:
        station = f"8{agent[1:]}"
        if station not in self.world.legs:
            self.do(lambda: self.world.acd.station_busy(station, busy, wrapup), then)

    @rule(agent=agents, then=moment)
    def a_station_refuses_for_a_while(self, agent: str, then: float) -> None:
        station = f"8{agent[1:]}"
        self.world.blocked[station] = "off-hook"
        self.loop.call_later(20.0, self.world.blocked.pop, station, None)
        self.do(lambda: None, then)

    @rule(queue=queues, many=st.integers(1, 4), then=moment)
    def a_busy_minute(self, queue: str, many: int, then: float) -> None:
        """Callers come while nobody is away, and who is rung answers."""
        def act() -> None:
            for number in AGENTS:
                with contextlib.suppress(Refused):
                    self.world.acd.login(number)
                self.loop.call_later(1.0, lambda: [leg.pick_up() for leg in list(self.world.legs.values())])
            if self.world.acd.find_queue(queue) is not None:
                for _ in range(many):
                    self.world.offer(queue)
        self.do(act, then)

    @rule(without=st.lists(queues, max_size=2, unique=True), away=st.lists(agents, max_size=2, unique=True),
          wrapup=st.sampled_from([0.0, 7.0, 30.0]), policy=st.sampled_from(["wait", "paused", "logged-out"]),
          then=moment)
    def reload(self, without: list[str], away: list[str], wrapup: float, policy: str, then: float) -> None:
        new = configuration(tuple(without), tuple(away), wrapup, policy)
        self.do(lambda: self.world.acd.apply(new), then)

    @rule(then=st.sampled_from([60.0, 700.0, 7300.0]))
    def time_passes(self, then: float) -> None:
        self.do(lambda: None, then)

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "world"):
            assert not self.world.errors, self.world.errors
            self.world.checker.must_hold()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.loop.run_until_complete(self.world.close())
        self.loop.close()


@pytest.mark.slow
def test_random_days():
    """Forty random days of forty steps; `make nightly` runs a thousand."""
    run(40, 40)


@pytest.mark.nightly
def test_many_random_days():
    run(1000, 100)


def run(days: int, steps: int) -> None:
    run_state_machine_as_test(Days, settings=hypothesis_settings(
        max_examples=days, stateful_step_count=steps, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck)))
