"""Callbacks by chance: customers and agents do anything at any moment; every rule holds, every promise has one end."""

import asyncio
import contextlib
import random
from collections import Counter
from itertools import pairwise

import pytest
from acd_world import settings
from callback_world import CallbackWorld, Does, callback_queue

from ccappliance.apps.acd.callback_settings import CallbackRetry
from ccappliance.apps.acd.settings import Announce
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual

AGENTS = ("1001", "1002", "1003")
CAUSES = (Cause.BUSY, Cause.NO_ANSWER, Cause.CONGESTION, Cause.OUT_OF_ORDER, Cause.NORMAL, Cause.UNALLOCATED)


async def a_while(seed: int) -> CallbackWorld:
    """Twenty minutes in which something happens every two seconds."""
    chance = random.Random(seed)
    quick = CallbackRetry(times=2, every=15.0)
    order = chance.choice(("agent-first", "caller-first"))
    given = settings({
        "sales": callback_queue({"wrapup": 5.0, "ring_timeout": 8.0, "strategy": chance.choice(("ring-all", "random")),
                                 "announce": Announce(position=False)}, order=order, retry=quick, expires=180.0),
        "service": callback_queue({"ring_timeout": 8.0, "pause_after": 0, "boost": 20.0}, order="agent-first",
                                  retry=quick, confirm=True)}, AGENTS)
    world = CallbackWorld(given, lines=tuple(f"fxo/{number}" for number in range(1, chance.randint(2, 5))))
    world.answer_after = lambda station: chance.choice((None, 0.5, 2.0, 4.0))
    world.does = lambda number: chance.choice((None, Does(2.0), *[Does(3.0, chance.choice(CAUSES))] * 3))
    numbers = [f"138000000{digit:02d}" for digit in range(40)]

    def call() -> None:
        world.offer(chance.choice(("sales", "service")), chance.choice([*numbers, *[""] * 120]))

    def promise() -> None:
        waiting = [entry for queue in world.acd.dispatcher.queues for entry in queue.line if entry.kind == "call"]
        if waiting:
            entry = chance.choice(waiting)
            world.callbacks.promise(entry, chance.choice(numbers))

    def hang_up() -> None:
        live = [call.anchor for call in world.calls if not call.anchor.is_gone]
        if live:
            chance.choice(live).hang_up()

    def telephone() -> None:
        legs = [leg for leg in world.legs.values() if not leg.is_gone]
        if legs:
            chance.choice((chance.choice(legs).hang_up, chance.choice(legs).pick_up))()

    def agent() -> None:
        number = chance.choice(AGENTS)
        chance.choice((lambda: world.acd.login(number), lambda: world.acd.pause(number, "break"),
                       lambda: world.acd.resume(number), lambda: world.acd.logout(number)))()

    def supervisor() -> None:
        rows = world.callbacks.list()
        if rows:
            row = chance.choice(rows)
            chance.choice((world.callbacks.cancel, world.callbacks.retry))(row["callback"], "chance")

    deeds = [call] * 6 + [promise] * 6 + [hang_up] * 3 + [telephone] * 4 + [agent] * 3 + [supervisor]
    world.login(*AGENTS)
    for _ in range(600):
        await asyncio.sleep(chance.choice((0.0, 0.001, 0.5, 2.0, 5.5)))
        with contextlib.suppress(Refused):  # what does not fit is refused, and changes nothing
            chance.choice(deeds)()
    return world


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.nightly)
                                                for seed in range(12, 300))])
def test_whatever_happens_every_promise_has_one_end_and_nothing_is_left(seed):
    async def story():
        world = await a_while(seed)
        promised = len(world.of(facts.CallbackPromised))
        await world.close()  # the invariants, no line in use, each promise ended once
        assert promised > 20, f"seed {seed}"
        tries = Counter(fact.callback for fact in world.of(facts.CallbackMissed)
                        if fact.outcome not in ("broken_off", "no_line"))
        assert max(tries.values(), default=0) <= 3, f"seed {seed}"
        times = [at for at, _ in world.dialled]
        assert all(earlier <= later for earlier, later in pairwise(times))
        return Counter(fact.outcome for fact in world.of(facts.CallbackEnded))
    try:
        run_virtual(story())
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise


@pytest.mark.slow
def test_chance_meets_every_end():
    async def story(seed: int) -> Counter[str]:
        world = await a_while(seed)
        await world.close()
        return Counter(fact.outcome for fact in world.of(facts.CallbackEnded))
    met: Counter[str] = Counter()
    for seed in range(3):
        met += run_virtual(story(seed))
    assert set(met) == {"reached", "gave_up", "expired", "withdrawn", "replaced"}, met


@pytest.mark.slow
def test_the_same_seed_gives_the_same_journal():
    async def story() -> str:
        world = await a_while(7)
        await world.close()
        return world.sink.digest()
    assert run_virtual(story()) == run_virtual(story())
