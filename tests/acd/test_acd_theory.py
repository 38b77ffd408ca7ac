"""Proof of the queue: what the ACD does with random callers agrees with Erlang C and Erlang A."""

import asyncio
import math
import random
from statistics import fmean, stdev

import pytest
from acd_world import World, queue_settings, settings
from oracles import erlang_a, erlang_b, erlang_c, mean_wait_c, service_level_c

from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

SERVICE = 180.0
BATCHES = 20  # of consecutive calls; their means are all but independent
T_99 = 2.861  # Student's t, 19 degrees of freedom, two-sided 99 %


def test_the_oracles_agree_with_published_figures():
    assert erlang_b(10, 10.0) == pytest.approx(0.2146, abs=1e-4)
    assert erlang_c(14, 10.0) == pytest.approx(0.174, abs=5e-4)
    assert service_level_c(14, 10.0, SERVICE, 20.0) == pytest.approx(0.888, abs=5e-4)
    assert mean_wait_c(14, 10.0, SERVICE) == pytest.approx(7.8, abs=0.05)
    ten = erlang_a(10, 10.0, SERVICE, 120.0)
    assert ten.abandon == pytest.approx(0.137, abs=5e-4)
    assert ten.mean_wait == pytest.approx(16.5, abs=0.05)
    assert ten.wait == pytest.approx(0.497, abs=5e-4)
    with pytest.raises(ValueError, match="no steady state"):
        erlang_c(10, 10.0)


def simulate(agents: int, calls: int, patience: float | None, seed: int) -> tuple[list[float], list[bool]]:
    """(wait, abandoned) of each call in order of arrival; 10 Erlang, exponential everything, agents answer at once."""
    waits: dict[str, tuple[float, bool]] = {}

    async def story() -> list[str]:
        chance = random.Random(seed)
        numbers = [f"1{n:03}" for n in range(agents)]
        sales = queue_settings(wrapup=0.0, patience=86_400.0, pause_after=0, short_abandon=0.0)
        world = World(settings({"sales": sales}, numbers), keep=False, check=False)
        world.answer_after = lambda station: 0.0
        world.release_after = 0.0

        def hear(entry) -> None:
            fact = entry.fact
            if isinstance(fact, facts.QueueLeft):
                waits[fact.call] = (fact.waited, fact.outcome != "answered")
                if fact.outcome == "answered":
                    call = present[fact.call]
                    world.loop.call_later(services[fact.call], call.anchor.hang_up)
            elif isinstance(fact, facts.CallEnded):
                present.pop(fact.call, None)
        present, services, order = {}, {}, []
        world.journal.follow(hear)
        world.login(*numbers)
        for _ in range(calls):
            await asyncio.sleep(chance.expovariate(10.0 / SERVICE))
            call = world.offer("sales")
            world.calls.clear()
            present[call.id] = call
            order.append(call.id)
            services[call.id] = chance.expovariate(1.0 / SERVICE)
            if patience is not None:
                world.loop.call_later(chance.expovariate(1.0 / patience), give_up, call, waits)
        while present:
            await asyncio.sleep(60)
        await world.close()
        return order

    def give_up(call, waits) -> None:
        if call.id not in waits:
            call.anchor.hang_up()

    order = run_virtual(story())
    warm = len(order) // 20
    kept = [waits[call] for call in order[warm:]]
    return [wait for wait, _ in kept], [abandoned for _, abandoned in kept]


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half width of its 99 % confidence interval, by batch means."""
    size = len(values) // BATCHES
    means = [fmean(values[n * size:(n + 1) * size]) for n in range(BATCHES)]
    return fmean(means), T_99 * stdev(means) / math.sqrt(BATCHES)


def agrees(name: str, values: list[float], truth: float, narrow: float) -> None:
    mean, half = interval(values)
    print(f"{name}: simulated {mean:.4f} ± {half:.4f}, theory {truth:.4f}")
    assert half < narrow, f"{name}: the interval ± {half} proves nothing"
    assert abs(mean - truth) <= half, f"{name}: {mean} ± {half}, theory says {truth}"


@pytest.mark.slow
def test_erlang_c():
    waits, abandoned = simulate(14, 24_000, None, 7)
    assert not any(abandoned)
    agrees("P(wait)", [float(wait > 0) for wait in waits], erlang_c(14, 10.0), 0.05)
    agrees("ASA", waits, mean_wait_c(14, 10.0, SERVICE), 4.0)
    agrees("SL20", [float(wait <= 20) for wait in waits], service_level_c(14, 10.0, SERVICE, 20.0), 0.05)


@pytest.mark.slow
def test_erlang_a():
    waits, abandoned = simulate(10, 16_000, 120.0, 11)
    theory = erlang_a(10, 10.0, SERVICE, 120.0)
    agrees("P(wait)", [float(wait > 0) for wait in waits], theory.wait, 0.05)
    agrees("P(abandon)", [float(one) for one in abandoned], theory.abandon, 0.03)
    agrees("mean wait", waits, theory.mean_wait, 3.0)
