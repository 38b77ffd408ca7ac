"""R2 on real channels against r2test, libopenr2's test program: an independent far end, ITU and China, both ways."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from far_end import configure, plug_in, unplug

from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.dialplan import DialPlan
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.tones import load_zones
from ccappliance.signalling import signals
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS

pytestmark = pytest.mark.skipif(shutil.which("r2test") is None, reason="needs r2test: apt install libopenr2-bin")
NEAR, FAR = "8:0", "8:1"  # addresses of the two local spans
E1 = 31
CALLS = 4  # at once
CALLING, CALLED = "13800138000", "4321"
R2TEST = """category=NATIONAL_SUBSCRIBER
loglevel=all
callfiles=no
variant={variant}
maxani=20
maxdnis=4
getanifirst=yes
usedahdimf=no
mfthreshold=0
mfbacktimeout=-1
meteringpulsetimeout=-1
collectcalls=no
chargecalls=yes
dnid=4321
cid=13800138000
caller={caller}
channel={first}-{last}
"""


@pytest.fixture(scope="module")
def first() -> Iterator[tuple[int, int]]:
    """The numbers of the first channels of our span and of the far one."""
    plug_in(NEAR, E1)
    plug_in(FAR, E1)
    kernel = DahdiKernel()
    told = kernel.spans()
    of_span: dict[int, int] = {}
    for number in range(1, sum(one["channels"] for one in told) + 1):
        of_span.setdefault(kernel.params(number).span, number)
    kernel.close()
    spans = {one["name"]: one["number"] for one in told}
    near, far = of_span[spans[f"DYN/loc/{NEAR}"]], of_span[spans[f"DYN/loc/{FAR}"]]
    configure(*(f"cas={one}-{one + 14},{one + 16}-{one + 30}:1101" for one in (near, far)))
    yield near, far
    unplug(NEAR)
    unplug(FAR)


class Bench:
    """Our circuits on real channels, and what they told."""

    def __init__(self, near: int, variant: str, settings: R2Settings) -> None:
        loop, zone = asyncio.get_running_loop(), load_zones()["cn"]
        numbers = range(near, near + CALLS)
        self.driver = DahdiDriver(loop, DahdiKernel(), wanted={number: ChannelPlan(kind="cas") for number in numbers})
        self.media = EngineMedia(loop, zone, ports=CALLS)
        self.beat = Metronome([self.media], clock=self.driver.clock())
        self.told: list[list[signals.Signal]] = []
        self.circuits: list[R2Circuit] = []
        clock = LoopClock(loop, datetime(2026, 11, 22, tzinfo=UTC))
        for at, channel in enumerate(self.driver.channels()):
            port = self.media.port(f"r2/{at}", channel.wire)
            self.told.append([])
            self.circuits.append(R2Circuit(f"r2/{at}", channel, port, VARIANTS[variant], settings, zone,
                                           DialPlan(["XXXX"]), clock=clock, loop=loop, hear=self._hears(at)))
        self.beat.start()

    def _hears(self, at: int) -> Callable[[signals.Signal], None]:
        def hear(signal: signals.Signal) -> None:
            self.told[at].append(signal)
            circuit = self.circuits[at]
            if isinstance(signal, signals.Offered):
                asyncio.get_running_loop().call_soon(lambda: (circuit.accept(), circuit.answer()))
            elif isinstance(signal, signals.Cleared):
                circuit.clear(Cause.NORMAL)
        return hear

    def kinds(self) -> list[list[str]]:
        return [[type(signal).__name__ for signal in told
                 if not isinstance(signal, signals.Blocked | signals.Unblocked)] for told in self.told]

    def close(self) -> None:
        self.beat.stop()
        self.media.close()
        self.driver.close()


class R2Test:
    """The program, and what it has said."""

    def __init__(self, folder: Path, variant: str, far: int, *, caller: bool) -> None:
        conf, self._out = folder / "r2test.conf", folder / "said"
        conf.write_text(R2TEST.format(variant=variant, caller="yes" if caller else "no", first=far,
                                      last=far + CALLS - 1))
        with self._out.open("w") as out:
            self._program = subprocess.Popen(["stdbuf", "-oL", "r2test", "-c", str(conf)], stdout=out,
                                             stderr=subprocess.STDOUT, cwd=folder)

    def said(self, words: str) -> int:
        """In how many lines."""
        return sum(words in line for line in self.all().splitlines())

    def all(self) -> str:
        return self._out.read_text(errors="replace")

    def close(self) -> None:
        self._program.kill()
        self._program.wait()


async def until(true: Callable[[], bool], seconds: float) -> bool:
    for _ in range(round(seconds / 0.05)):
        if true():
            return True
        await asyncio.sleep(0.05)
    return False


Story = Callable[[Bench, R2Test], Coroutine[Any, Any, None]]


def tell(story: Story, folder: Path, first: tuple[int, int], variant: str, *, caller: bool, **settings: Any) -> None:
    async def main() -> None:
        bench = Bench(first[0], variant, R2Settings(**settings))
        program = None
        try:
            await asyncio.sleep(0.2)
            program = R2Test(folder, variant, first[1], caller=caller)
            await story(bench, program)
        except AssertionError:
            print([circuit.history() for circuit in bench.circuits], bench.told,
                  program.all()[-6000:] if program is not None else "", sep="\n")
            raise
        finally:
            if program is not None:
                program.close()
            bench.close()
    asyncio.run(main())


@pytest.mark.parametrize("variant", ["itu", "cn"])
def test_four_calls_to_it_at_once_with_called_and_calling_number(tmp_path: Path, first: tuple[int, int],
                                                                 variant: str) -> None:
    async def story(bench: Bench, program: R2Test) -> None:
        assert await until(lambda: all(circuit.idle for circuit in bench.circuits), 10.0)
        for circuit in bench.circuits:
            circuit.seize(CALLED, CALLING)
        assert await until(lambda: bench.kinds() == [["Proceeding", "Alerting", "Answered"]] * CALLS, 30.0)
        assert program.said(f"ANI = {CALLING}, DNIS = {CALLED}") == CALLS
        await asyncio.sleep(1.0)
        for circuit in bench.circuits:
            circuit.clear(Cause.NORMAL)
        assert await until(lambda: all(circuit.idle for circuit in bench.circuits), 5.0)
        assert program.said("protocol error") == 0
        assert program.said("call ended") == CALLS
    tell(story, tmp_path, first, variant, caller=False)


def test_four_calls_from_it_at_once_with_called_and_calling_number(tmp_path: Path, first: tuple[int, int]) -> None:
    async def story(bench: Bench, program: R2Test) -> None:
        assert await until(lambda: bench.kinds() == [["Offered", "Answered"]] * CALLS, 40.0)
        assert [told for all_told in bench.told for told in all_told if isinstance(told, signals.Offered)] \
            == [signals.Offered(CALLED, CALLING)] * CALLS
        assert await until(lambda: program.said("call has been answered") == CALLS, 2.0)
        for circuit in bench.circuits:
            circuit.clear(Cause.NORMAL)  # clear-back; it clears forward
        assert await until(lambda: all(circuit.idle for circuit in bench.circuits), 5.0)
        assert program.said("protocol error") == 0
        assert program.said("USER: got disconnect") == CALLS
    tell(story, tmp_path, first, "itu", caller=True)


def test_a_refusal_is_understood_by_it(tmp_path: Path, first: tuple[int, int]) -> None:
    async def story(bench: Bench, program: R2Test) -> None:
        for circuit in bench.circuits:
            circuit.answer = lambda c=circuit: c.clear(Cause.BUSY)  # type: ignore[method-assign,misc]
        assert await until(lambda: program.said("USER: got disconnect") == CALLS, 40.0)
        assert program.said("Busy Number") >= CALLS
        assert await until(lambda: all(circuit.idle for circuit in bench.circuits), 5.0)
        assert program.said("protocol error") == 0
    tell(story, tmp_path, first, "itu", caller=True)


@pytest.mark.parametrize(("calling", "absence"), [("last", "unavailable"), ("none", "none")])
def test_chinas_calls_from_it_are_taken_although_it_never_tells_the_calling_number(
        tmp_path: Path, first: tuple[int, int], calling: str, absence: str) -> None:
    """libopenr2's caller takes A1 for "next called digit" even after A6, so who asks it for the calling number waits
    in vain: its own called end then gives up ("Multi Frequency Cycle Timeout"). Ours goes on with a pulse (Q.442)."""
    async def story(bench: Bench, program: R2Test) -> None:
        assert await until(lambda: bench.kinds() == [["Offered", "Answered"]] * CALLS, 40.0)
        assert [told for all_told in bench.told for told in all_told if isinstance(told, signals.Offered)] \
            == [signals.Offered(CALLED, "", "", absence)] * CALLS
        assert await until(lambda: program.said("call has been answered") == CALLS, 2.0)
        assert program.said("protocol error") == 0
    tell(story, tmp_path, first, "cn", caller=True, calling=calling)
