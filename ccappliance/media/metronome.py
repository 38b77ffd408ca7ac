"""Who ticks the engines: every 20 ms of real time in a thread without the GIL, or of a loop's own time.

A metronome ticks its engines one after the other in the order given; sides joined by memory wires belong to one
metronome. `ticks` counts up as long as sound moves: the watchdog looks at it.

Real time is the card's when there is one: its crystal counts out the samples, so a tick that follows it reads and
writes exactly what came and what is wanted, for years. A card that stops ticking for 40 ms is replaced by the machine's
clock until it ticks again (`card_stalls`): calls on other cards, and whoever waits for the end of a prompt, go on.
"""

import asyncio
import logging
import resource
import threading
from collections.abc import Sequence
from pathlib import Path

from ccappliance.base.units import TICK
from ccappliance.media._pulse import Pulse, lock_memory
from ccappliance.media.card import CardClock
from ccappliance.media.engine import EngineMedia

PRIORITY = 20  # SCHED_FIFO: above every ordinary thread, below the kernel's interrupt threads (50)
CAP_IPC_LOCK = 14  # bit in CapEff, capability.h

log = logging.getLogger(__name__)


class Metronome:
    """Real time. Late ticks (more than half a tick) are counted; after a stall up to 4 are made up, the rest skipped.

    `realtime`: SCHED_FIFO and locked memory when permitted, a warning and nice when not. `clock`: the card to follow.
    """

    def __init__(self, engines: Sequence[EngineMedia], *, realtime: bool = False,
                 clock: CardClock | None = None) -> None:
        self._engines = list(engines)
        self._realtime = realtime
        self._locked = False
        self._pulse = Pulse([media.engine for media in engines], TICK)
        if clock is not None:
            self._pulse.follow(clock.fd, clock.ack)
        self._thread = threading.Thread(target=self._run, name="tick", daemon=True)

    @property
    def ticks(self) -> int:
        return int(self._pulse.ticks)

    @property
    def late(self) -> int:
        return int(self._pulse.late)

    @property
    def worst_late(self) -> float:
        return float(self._pulse.worst_late)

    @property
    def skipped(self) -> int:
        """Ticks that were never made, because they were more than 4 behind."""
        return int(self._pulse.skipped)

    @property
    def card_ticks(self) -> int:
        """Ticks that came from the card's clock; the others from the machine's."""
        return int(self._pulse.carried)

    @property
    def card_stalls(self) -> int:
        """How often the card's clock stopped and the machine's took over."""
        return int(self._pulse.stalls)

    def start(self) -> None:
        """In the loop of the engines, once."""
        if self._realtime:
            self._lock_memory()
        for media in self._engines:
            media.attend(self, watch=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when no tick will follow; what was heard until then is told. Harmless the second time."""
        self._pulse.halt()
        if self._thread.is_alive():
            self._thread.join()
        for media in self._engines:
            media.unattend()
            media.dispatch()
        if self._locked:
            lock_memory(False)
            self._locked = False

    def _run(self) -> None:
        if self._realtime:
            self._pulse.hurry(PRIORITY)
            if self._pulse.hurried < 2:
                instead = "runs with nice -11 instead" if self._pulse.hurried else "runs like any other thread"
                log.warning("SCHED_FIFO is not permitted: the tick %s; allow LimitRTPRIO=%d or CAP_SYS_NICE", instead,
                            PRIORITY)
        self._pulse.run()

    def _lock_memory(self) -> None:
        if may_lock_memory():
            self._locked = lock_memory(True)
        if not self._locked:
            log.warning("memory cannot be locked: the tick may wait for a swapped page; allow LimitMEMLOCK=infinity")


class VirtualMetronome:
    """The time of a loop: ticks in the loop itself, then tells what was heard. Never late."""

    late = 0
    worst_late = 0.0
    skipped = 0

    def __init__(self, loop: asyncio.AbstractEventLoop, engines: Sequence[EngineMedia]) -> None:
        self.ticks = 0
        self._loop = loop
        self._engines = list(engines)
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._began = self._loop.time() - self.ticks * TICK
        for media in self._engines:
            media.attend(self, watch=False)
        self._schedule()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._timer = self._loop.call_at(self._began + (self.ticks + 1) * TICK, self._tick)

    def _tick(self) -> None:
        self.ticks += 1
        self._schedule()
        for media in self._engines:
            media.engine.tick(self.ticks)
        for media in self._engines:
            media.dispatch()


def may_lock_memory() -> bool:
    """With a finite RLIMIT_MEMLOCK, mlockall may succeed and later allocations fail: then rather not."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> CAP_IPC_LOCK & 1)
    return False
