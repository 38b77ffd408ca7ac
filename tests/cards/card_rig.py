"""The contract suite's hands for real channels: the driver on span 1, the far end's tools on span 2 (plan `house`)."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from far_end import OFF_HOOK, ON_HOOK, RING_OFF, FarChannel

from ccappliance.base.ordered import use_numbered_tasks
from ccappliance.drivers.api import Channel
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_kernel import DahdiKernel

OURS = range(1, 9)  # FXO 1-4, FXS 5-8
FAR = 8  # channel n of ours meets n + FAR
FXO, FXS = 1, 5
AT_REST = 1.5  # s after hanging up until DAHDI is sure that it was no flash (1,250 ms)


class DahdiRig:
    """FXO port 1 with an exchange, FXS port 5 with a telephone. `close` in the loop it was built in."""

    def __init__(self) -> None:
        self.driver = DahdiDriver(asyncio.get_running_loop(), DahdiKernel(),
                                  wanted={number: ChannelPlan() for number in OURS})
        self.by_number = {channel.number: channel for channel in self.driver.channels()}
        self.fxo: Channel | None = self.by_number[FXO]
        self.fxs: Channel | None = self.by_number[FXS]
        self.feeding = FarChannel(FXO + FAR)
        self.telephones = FarChannel(FXS + FAR)
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """As an exchange does: who lifts is given the line, who has hung up is given none."""
        loop_closed = False
        while True:
            await asyncio.sleep(0.01)
            self.feeding.events()
            if self.feeding.sees_loop is not loop_closed:
                loop_closed = not loop_closed
                with contextlib.suppress(BlockingIOError, OSError):  # busy while it drops battery
                    self.feeding.hook(OFF_HOOK if loop_closed else RING_OFF)

    def exchange(self, do: str) -> None:
        if do == "ring":
            self.feeding.ring_long()
        elif do == "stop":
            self.feeding.hook(RING_OFF)
        elif do == "break":
            self.feeding.hook(ON_HOOK)  # DAHDI itself gives battery again after 500 ms
        elif do != "battery":
            raise AssertionError(f"local spans cannot carry {do!r}")

    def exchange_sees_loop(self) -> bool:
        return self.feeding.sees_loop

    def telephone(self, closed: bool) -> None:
        self.telephones.hook(OFF_HOOK if closed else ON_HOOK)

    def bell_rings(self) -> bool:
        return self.telephones.sees_ring

    async def close(self) -> None:
        """Everybody hangs up and the lines come to rest: the next test finds them as this one leaves them."""
        self.telephones.hook(ON_HOOK)
        self.exchange("stop")
        await asyncio.sleep(AT_REST)
        self._looking.cancel()
        await asyncio.wait([self._looking])
        self.driver.close()
        self.feeding.close()
        self.telephones.close()


class Rigs:
    """Makes rigs, and closes them all at the end of the loop they were made in."""

    def __init__(self) -> None:
        self._made: list[DahdiRig] = []

    def __call__(self) -> DahdiRig:
        self._made.append(DahdiRig())
        return self._made[-1]

    async def close(self) -> None:
        for rig in self._made:
            await rig.close()
        self._made.clear()

    def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        """What `run_virtual` is to the simulated card, in the card's own time."""
        async def whole() -> Any:
            use_numbered_tasks(asyncio.get_running_loop())
            try:
                return await story
            finally:
                await self.close()

        return asyncio.run(whole())


def contract(suite: Any, *marks: Any) -> list[tuple[str, Callable[..., None], tuple[Any, ...]]]:
    """The tests of the driver's contract that ask for a rig: (id, function, further arguments)."""
    found: list[tuple[str, Callable[..., None], tuple[Any, ...]]] = []
    for name, function in vars(suite).items():
        if not name.startswith("test_") or not any(mark.mark in function.pytestmark for mark in marks
                                                   if hasattr(function, "pytestmark")):
            continue
        others = [mark for mark in function.pytestmark if mark.args[0] != "make"]
        if not others:
            found.append((name, function, ()))
        for mark in others:
            found += [(f"{name}[{at}]", function, tuple(values)) for at, values in enumerate(mark.args[1])]
    return found
