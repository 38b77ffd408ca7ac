"""The virtual loop's own round beside asyncio's: the same program of chance runs in the same order on both."""

import asyncio
import contextvars
import random
import selectors
import weakref
from typing import Any

import pytest

from ccappliance.sim.loop import Deadlock, VirtualLoop, run_virtual


class _Jump(selectors.SelectSelector):
    """A selector that never waits: it moves the loop's clock by the time it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += max(0.0, timeout or 0.0)
        return []


class Plain(asyncio.SelectorEventLoop):
    """asyncio's loop, unchanged but for its clock."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jump.now


def play(loop: asyncio.AbstractEventLoop, seed: int) -> list[tuple[float, int]]:
    """What ran when: timers on few moments, so that many fall together; most are cancelled, so that they are swept."""
    chance, ran, timers = random.Random(seed), [], []

    def run(name: int) -> None:
        ran.append((loop.time(), name))
        for _ in range(chance.choice((0, 1, 1, 2)) if len(timers) < 1500 else 0):
            later = chance.choice((0.0, 0.1, 0.1, 0.25, 1.0, chance.random()))
            timers.append(loop.call_later(later, run, len(timers)) if later else loop.call_soon(run, len(timers)))
        for _ in range(chance.choice((0, 0, 2))):
            chance.choice(timers).cancel()

    for _ in range(300):
        timers.append(loop.call_at(chance.choice((0.1, 0.2, 0.5)), run, len(timers)))
    for timer in timers[:180]:
        timer.cancel()
    loop.run_until_complete(asyncio.sleep(30.0, loop.time()))
    loop.close()
    return ran


@pytest.mark.parametrize("seed", range(8))
def test_timers_run_in_asyncios_own_order(seed: int) -> None:
    ran = play(VirtualLoop(), seed)
    assert len(ran) > 120
    assert ran == play(Plain(), seed)


def test_a_closed_loop_takes_no_timer() -> None:
    loop = VirtualLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1.0, print)


class Held:
    """Something a callback is given."""


def test_a_timer_that_was_cancelled_is_swept_and_forgets_what_it_held() -> None:
    loop, held = VirtualLoop(), Held()
    timers = [loop.call_later(1000.0, print, held) for _ in range(300)]
    alive = weakref.ref(held)
    for timer in timers:
        timer.cancel()
        timer.cancel()  # the second time nothing
    del held
    assert alive() is None
    loop.run_until_complete(asyncio.sleep(0.1))
    assert not loop._scheduled
    assert all(timer.cancelled() for timer in timers)
    loop.close()


def test_a_callback_runs_in_the_context_in_which_it_was_asked_for() -> None:
    loop, told = VirtualLoop(), list[str]()
    asked = contextvars.ContextVar("asked", default="nobody")

    def tell(change: str) -> None:
        told.append(asked.get())
        asked.set(change)  # seen by nobody else

    asked.set("first")
    loop.call_soon(tell, "spoilt")
    loop.call_later(1.0, tell, "spoilt")
    asked.set("second")
    loop.call_at(2.0, tell, "spoilt")
    loop.call_soon(tell, "spoilt", context=contextvars.Context())
    loop.run_until_complete(asyncio.sleep(3.0))
    loop.close()
    assert (told, asked.get()) == (["first", "nobody", "first", "second"], "second")


def test_nothing_scheduled_and_nothing_to_do_is_a_deadlock_that_names_who_waits() -> None:
    async def wait_for_ever() -> None:
        await asyncio.sleep(7.0)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock, match=r"at 7\.000 s:\n +.*test_loop.py:\d+"):
        run_virtual(wait_for_ever())


def test_an_interrupt_leaves_the_loop() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    loop = VirtualLoop()
    loop.call_later(1.0, interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    loop.close()


@pytest.mark.parametrize("make", [VirtualLoop, Plain])
def test_a_callback_that_fails_is_told_and_ends_nothing(make: type[asyncio.SelectorEventLoop]) -> None:
    loop, told, ran = make(), list[str](), list[str]()
    loop.set_exception_handler(lambda _, context: told.append(repr(context["exception"])))

    def fails() -> None:
        raise ZeroDivisionError("a bug")

    loop.call_soon(fails)
    loop.call_later(1.0, fails)
    loop.call_later(2.0, ran.append, "goes on")
    loop.run_until_complete(asyncio.sleep(3.0))
    loop.close()
    assert (told, ran) == (["ZeroDivisionError('a bug')"] * 2, ["goes on"])


@pytest.mark.parametrize("make", [VirtualLoop, Plain])
def test_a_loop_that_is_stopped_finishes_its_round_and_goes_on_later(make: type[asyncio.SelectorEventLoop]) -> None:
    loop, ran = make(), list[int]()
    loop.call_soon(loop.stop)
    loop.call_soon(ran.append, 1)
    loop.call_soon(lambda: loop.call_soon(ran.append, 2))
    loop.run_forever()
    assert ran == [1]
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert ran == [1, 2]
