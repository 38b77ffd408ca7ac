"""A million calls with every checker on, in shards of one seed each: no invariant breaks, no call is unaccounted for.

Each shard plays two strategies, classes and boosts over shared agents, and chance by its seed. Agents miss calls,
pause, resume, log out and in; settings are reloaded; at times more callers come than can be served. CI plays two
shards, `make nightly` a hundred; the outcomes are printed (`pytest -s`).
"""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import replace

import pytest
from acd_world import FakeCall, World, queue_settings, settings

from ccappliance.apps.acd.settings import STRATEGIES, AcdSettings
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

CALLS = 10_000  # of a shard
AGENTS = [f"10{n:02}" for n in range(1, 11)]
TALK, WRAPUP, PATIENCE = 40.0, 8.0, 150.0  # s, means
OUTCOMES = {"answered", "abandoned", "short_abandoned", "timed_out", "empty", "full"}


def configuration(seed: int) -> AcdSettings:
    """Three queues that share agents: everybody's, a weighty one of seven, a small strict one that turns many away."""
    one, two = STRATEGIES[seed % len(STRATEGIES)], STRATEGIES[(seed * 5 + 3) % len(STRATEGIES)]
    return settings({
        "all": queue_settings(strategy=one, wrapup=WRAPUP, patience=120.0),
        "some": queue_settings(strategy=two, agents=AGENTS[3:], boost=20.0, wrapup=WRAPUP / 2, policy="paused",
                               ring_timeout=6.0),
        "vip": queue_settings(order_class=2, agents=AGENTS[:4], wrapup=0.0, room=3, pause_after=1)}, AGENTS)


class Shard:
    """One world with its callers and people."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"million/{seed}")
        self.settings = configuration(seed)
        self.world = World(self.settings, keep=False, seed=seed)
        self.world.answer_after = self._picks_up
        self.world.journal.follow(lambda entry: self._hear(entry.fact))
        self.outcomes: Counter[str] = Counter()
        self.living: dict[str, FakeCall] = {}  # calls by id, until they are over
        self.waiting: dict[str, FakeCall] = {}  # of them those who have not left their queue

    def _picks_up(self, station: str) -> float | None:
        return None if self.chance.random() < 0.05 else 1.0 + 4.0 * self.chance.random()

    def _hear(self, fact: facts.Fact) -> None:
        if isinstance(fact, facts.QueueLeft):
            self.outcomes[fact.outcome] += 1
            call = self.waiting.pop(fact.call)
            if fact.outcome == "answered":
                self.world.loop.call_later(self.chance.expovariate(1 / TALK), call.anchor.hang_up)
        elif isinstance(fact, facts.CallEnded):
            self.living.pop(fact.call, None)

    async def play(self, calls: int) -> None:
        world, chance = self.world, self.chance
        world.login(*AGENTS)
        rate = len(AGENTS) / (TALK + WRAPUP + 3.0)
        for number in range(calls):
            busy = 1.4 if number // 500 % 3 == 0 else 0.8  # rushes of five hundred
            await asyncio.sleep(chance.expovariate(busy * rate))
            call = world.offer(chance.choices(("all", "some", "vip"), (5, 3, 1))[0],
                               boost=chance.choice((0.0, 0.0, 60.0)))
            self.living[call.id] = self.waiting[call.id] = call
            world.calls.clear()  # the world would keep them all
            world.loop.call_later(chance.expovariate(1 / PATIENCE), self._loses_patience, call.id)
            if number % 10 == 0:
                with contextlib.suppress(Refused):
                    self._act(chance.choice(AGENTS))
            if number % 200 == 0:
                label = f"after {number}"
                world.acd.apply(replace(self.settings, queues={name: replace(one, label=label) for name, one in
                                                               self.settings.queues.items()}))
        await asyncio.sleep(1.0)  # the last one enters too
        world.calls.extend(self.living.values())
        await world.close()

    def _loses_patience(self, call_id: str) -> None:
        if call_id in self.waiting:
            self.waiting[call_id].anchor.hang_up()

    def _act(self, agent: str) -> None:
        acd, kind = self.world.acd, self.chance.randrange(20)
        if kind < 4:
            acd.pause(agent, "lunch")
        elif kind < 7:
            acd.logout(agent)
        elif kind < 10:
            acd.end_wrapup(agent)
        elif kind == 10:  # a fire drill
            for number in AGENTS:
                with contextlib.suppress(Refused):
                    acd.pause(number, "break")
        else:  # whoever was away comes back
            for number in AGENTS:
                with contextlib.suppress(Refused):
                    acd.login(number)
                with contextlib.suppress(Refused):
                    acd.resume(number)


def prove(seed: int, calls: int = CALLS) -> Counter[str]:
    async def story() -> Counter[str]:
        shard = Shard(seed)
        await shard.play(calls)
        assert shard.world.checker.offered == calls, f"seed {seed}: {shard.outcomes}"
        assert shard.world.checker.outcomes == shard.outcomes, f"seed {seed}: {shard.outcomes}"
        assert sum(shard.outcomes.values()) == calls, f"seed {seed}: {shard.outcomes}"
        return shard.outcomes
    outcomes = run_virtual(story())
    assert outcomes["answered"] > calls / 3, f"seed {seed}: {outcomes}"
    print(f"seed {seed}: {dict(sorted(outcomes.items()))}")
    return outcomes


@pytest.mark.slow
def test_twenty_thousand_calls() -> None:
    met = prove(1) + prove(8)
    assert set(met) == OUTCOMES, met


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100))
def test_a_million_calls(seed: int) -> None:
    prove(seed)
