"""The ground floor: state machines, ids, clocks, causes, units, tasks in order."""

import asyncio
import enum
from datetime import UTC, datetime

import pytest

from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.errors import Bug, ConfigError, Finding
from ccappliance.base.ids import Ids
from ccappliance.base.limits import MACHINE_HISTORY
from ccappliance.base.machine import Machine
from ccappliance.base.units import FULL_SCALE_DBM0, amplitude, dbm0, samples
from ccappliance.sim.loop import Deadlock, VirtualLoop, run_virtual


class Light(enum.Enum):
    RED = "red"
    GREEN = "green"


class Watch:
    now_ = 0.0

    def now(self) -> float:
        return self.now_

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


def light() -> Machine[Light]:
    return Machine("light", {Light.RED: frozenset({Light.GREEN})}, Light.RED, Watch())


def test_a_machine_moves_as_declared_and_remembers() -> None:
    machine = light()
    assert machine.move(Light.GREEN, "go") is Light.RED
    assert machine.state is Light.GREEN
    assert [(left.value, to.value, why) for _, left, to, why in machine.moves()] == [("red", "green", "go")]


def test_an_undeclared_move_is_a_bug_that_tells_the_history() -> None:
    machine = light()
    machine.move(Light.GREEN, "go")
    with pytest.raises(Bug, match=r"light: no move from green to red \(back\)(.|\n)*red -> green  go"):
        machine.move(Light.RED, "back")
    assert machine.state is Light.GREEN


def test_history_has_a_limit() -> None:
    machine = Machine("light", {Light.RED: frozenset({Light.GREEN}), Light.GREEN: frozenset({Light.RED})}, Light.RED,
                      Watch())
    for _ in range(50):
        machine.move(Light.GREEN)
        machine.move(Light.RED)
    assert len(machine.moves()) == MACHINE_HISTORY


def test_ids_are_counted_and_carry_their_epoch() -> None:
    ids = Ids(1700000000)
    call = ids.call()
    assert call == "1700000000.000001"
    assert ids.call() == "1700000000.000002"
    assert [ids.part(call, "leg"), ids.part(call, "offer"), ids.part(call, "leg")] == [
        f"{call}-l1", f"{call}-o1", f"{call}-l2"]


def test_both_clocks_of_a_virtual_loop_jump_together() -> None:
    async def main() -> tuple[float, datetime]:
        clock = LoopClock(asyncio.get_running_loop(), datetime(2026, 2, 28, 23, 0, tzinfo=UTC))
        await asyncio.sleep(7200)
        return clock.now(), clock.wall()
    assert run_virtual(main()) == (7200.0, datetime(2026, 3, 1, 1, 0, tzinfo=UTC))


def test_an_epoch_without_a_time_zone_is_refused() -> None:
    loop = VirtualLoop()
    with pytest.raises(ValueError, match="aware"):
        LoopClock(loop, datetime(2026, 1, 1))
    loop.close()


def test_nothing_to_do_and_nothing_scheduled_is_a_deadlock_that_names_who_waits() -> None:
    async def main() -> None:
        asyncio.current_task().set_name("the one who waits")  # type: ignore[union-attr]
        await asyncio.get_running_loop().create_future()
    with pytest.raises(Deadlock, match=r"(?s)everybody waits.*the one who waits waits at .*test_base\.py"):
        run_virtual(main())


def test_tasks_end_in_the_order_of_their_creation_whatever_their_addresses() -> None:
    async def main() -> tuple[list[int], list[int]]:
        cancelled: list[int] = []

        async def wait(number: int) -> None:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                cancelled.append(number)
                raise

        async def fail() -> None:
            await asyncio.sleep(0.01)
            raise ValueError

        async def together() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(40):
                    group.create_task(wait(number))
                group.create_task(fail())
        with pytest.raises(ExceptionGroup):
            await together()
        done, _ = await asyncio.wait([asyncio.create_task(asyncio.sleep(0, number)) for number in range(40)])
        return cancelled, [task.result() for task in done]
    cancelled, done = run_virtual(main())
    assert cancelled == sorted(cancelled)
    assert done == sorted(done)


@pytest.mark.parametrize(("number", "cause"), [(16, Cause.NORMAL), (17, Cause.BUSY), (3, Cause.NORMAL_UNSPECIFIED),
                                               (47, Cause.TEMPORARY_FAILURE), (65, Cause.NOT_ALLOWED),
                                               (97, Cause.PROTOCOL_ERROR), (126, Cause.INTERWORKING)])
def test_any_number_of_q850_is_a_cause(number: int, cause: Cause) -> None:
    assert Cause.of(number) is cause
    assert cause.words
    assert cause.words_zh


def test_levels_are_dbm0() -> None:
    assert dbm0(32767 / 2 ** 0.5) == pytest.approx(FULL_SCALE_DBM0)
    assert amplitude(FULL_SCALE_DBM0) == pytest.approx(32767)
    assert dbm0(amplitude(-10.0) / 2 ** 0.5) == pytest.approx(-10.0)
    assert dbm0(0.0) == -99.0
    assert samples(0.02) == 160


def test_a_finding_says_where_what_and_what_to_do() -> None:
    finding = Finding("queues.yaml:3:5", "queues.sales.wrapup", "must be 0 to 3600", "write 10s")
    error = ConfigError([finding, Finding("a.yaml:1:1", "x", "no")])
    assert str(error) == "queues.yaml:3:5: queues.sales.wrapup: must be 0 to 3600 (write 10s)\na.yaml:1:1: x: no"
