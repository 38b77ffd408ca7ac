"""Telling headquarters: beside the loop, batch by batch, patient while the line is down, with an alarm in time.

The journal on the disk is the queue. Nothing is kept in memory for headquarters, so nothing of it can be lost or grow;
a line that is down for a week costs some minutes of one thread that gives way to everybody.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccappliance.apps.headquarters.delivery import Delivery, needs_a_person
from ccappliance.apps.headquarters.settings import HeadquartersSettings
from ccappliance.base.clock import Clock
from ccappliance.base.errors import CcError
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.service.aside import Aside

ALARM = "headquarters"
LONGEST = 600.0  # s between two attempts: a server that is back is found within ten minutes
REST = 0.25  # of the time a batch took, left to everybody else before the next
PRUNE = 3600.0  # s between two looks at what is kept long enough
GRACE = 5.0  # s a thread has to come back after its socket was shut down


@dataclass(frozen=True)
class Means:
    """What a courier works with."""

    clock: Clock
    alarms: Alarms
    write: Callable[[facts.Fact], object]
    aside: Aside  # a thread of its own
    last: Callable[[], int]  # number of the journal's last entry


class Courier:
    """One for the life of the daemon."""

    def __init__(self, settings: HeadquartersSettings, delivery: Delivery | None, means: Means) -> None:
        """`delivery` None: there is no headquarters."""
        self._settings, self._delivery, self._means = settings, delivery, means
        self._state = "off" if delivery is None else "starting"
        self._trouble = ""
        self._wait = settings.every
        self._good_at = means.clock.now()
        self._told_at = ""
        self._told = 0
        self._pruned_at = means.clock.now() - PRUNE
        self._work: asyncio.Future[Any] | None = None

    def status(self) -> dict[str, Any]:
        """For people and metrics."""
        delivery = self._delivery
        if delivery is None:
            return {"state": "off", "branch": "", "applied": 0, "behind": 0, "told": 0, "last_told_at": "",
                    "silent": 0.0, "next": 0.0, "refused": 0, "trouble": ""}
        return {"state": self._state, "branch": self._settings.branch, "applied": delivery.applied,
                "behind": max(0, self._means.last() - delivery.applied) if delivery.applied else self._means.last(),
                "told": self._told, "last_told_at": self._told_at,
                "silent": round(self._means.clock.now() - self._good_at, 1), "next": round(self._wait, 1),
                "refused": delivery.refused, "trouble": self._trouble}

    async def keep_going(self) -> None:
        """For as long as the daemon lives."""
        while self._delivery is not None:
            await asyncio.sleep(await self.round(self._delivery))

    async def round(self, delivery: Delivery) -> float:
        """Tell all there is; how long to wait until the next time."""
        clock = self._means.clock
        try:
            while True:
                began = clock.now()
                count = await self._aside(delivery.step)
                self._good(delivery)
                if count == 0:
                    break
                self._told += count
                self._told_at = self._means.clock.wall().isoformat(timespec="seconds")
                self._state = "delivering"
                await asyncio.sleep((clock.now() - began) * REST)
            if clock.now() - self._pruned_at >= PRUNE:
                while await self._aside(delivery.prune):
                    await asyncio.sleep(1.0)
                self._pruned_at = clock.now()
        except (CcError, OSError) as error:
            return self._bad(error)
        self._state, self._wait = "up to date", self._settings.every
        return self._wait

    async def close(self) -> None:
        """Leave the server, whatever it does."""
        if self._delivery is not None:
            self._delivery.abort()
            if self._work is not None:
                await asyncio.wait([self._work], timeout=GRACE)

    # ---- inside ----

    async def _aside(self, work: Callable[[], int]) -> int:
        """Done in the thread. A server that does not answer is left: its socket is shut down under the thread."""
        assert self._delivery is not None
        task = self._work = asyncio.ensure_future(self._means.aside.do(work))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        while not task.done():
            await asyncio.wait([task], timeout=2 * self._settings.timeout)
            if not task.done():
                self._delivery.abort()
                self._late("the server does not answer")
        return int(task.result())

    def _good(self, delivery: Delivery) -> None:
        self._good_at, self._trouble = self._means.clock.now(), ""
        if delivery.refused and not self._means.alarms.has(ALARM, "rows"):
            self._means.write(facts.AlarmRaised(ALARM, "rows", f"headquarters took no rows of {delivery.refused} "
                              "entries; this is a bug: report it with the daemon's log"))
        if self._means.alarms.has(ALARM, self._settings.branch):
            self._means.write(facts.AlarmCleared(ALARM, self._settings.branch))

    def _bad(self, error: CcError | OSError) -> float:
        person = needs_a_person(error)
        self._state = "refused" if person else "waiting"
        self._wait = min(LONGEST, self._wait * 2)
        self._late(str(error), now=person)
        return self._wait

    def _late(self, words: str, *, now: bool = False) -> None:
        """Remember why; raise the alarm if it lasts, or if only a person can help."""
        self._trouble = words
        silent = self._means.clock.now() - self._good_at
        if (now or silent >= self._settings.alarm_after) and not self._means.alarms.has(ALARM, self._settings.branch):
            self._means.write(facts.AlarmRaised(ALARM, self._settings.branch, f"headquarters has not been told since "
                              f"{silent / 60:.0f} min: {words}. The journal keeps everything until it is"))
