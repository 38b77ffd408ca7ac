"""Runs in the guest: the daemon on a disk whose writes are logged, 30 recordings and more, and what was told when.

`power_guest.py TOWN RESULTS SEED [FAULT]`: TOWN is of power_town.py; FAULT is what happens to the disk meanwhile, of
FAULTS. Leaves in RESULTS the log of the disk (logged_disk.py) and `told.json`: what the outside knew at each mark in
that log. A mark stands in the log behind every flush that was over when the mark was made.
"""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

from logged_disk import WHERE, LoggedDisk
from power_town import NUMBER, STAY, said

from ccappliance.base.clock import SystemClock
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.daemon import Daemon
from ccappliance.interfaces.cli.roof import RunOptions
from ccappliance.media.ports import Sound
from ccappliance.service.tasks import Supervisor
from ccappliance.sim.people import Person
from ccappliance.sim.script import Script

COME_AND_GO = 5  # callers whose calls are short, one after the other
PROMISED = 2  # callers who are promised a callback
APART = 0.15  # s between two callers who begin
SHORT = (1.0, 3.0)  # s a short call lasts, by chance
BETWEEN = 0.5  # s until he calls again
WATCHED = 12.0  # s all 30 are recorded
NOTED = ("call", "recording", "state", "callback", "alarm")  # of each fact
BEAT = 0.02  # s between two marks
PATIENCE = 120.0  # s until a call is answered or all are recorded
FAULT_AFTER = 3.0  # s after all are recorded
DISK_MIB = 200
FAULTS = {  # what happens then, and for how many seconds
    "": ("", 0.0),
    "write": ("spoil", 1.0),  # the segment being written cannot be written any more
    "dead": ("die", 4.0),  # nothing goes any more; ext4 gives up and does not come back
}


class Witness:
    """What somebody outside knows, at each mark in the disk's log."""

    def __init__(self, disk: LoggedDisk, daemon: "PowerDaemon") -> None:
        self._disk = disk
        self._daemon = daemon
        self.marks: list[dict[str, Any]] = []
        self.answered: dict[str, str] = {}  # caller's number → call
        self._calling: dict[str, str] = {}
        self.ends = 0  # of recordings
        self.changed = asyncio.Event()

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        match fact:
            case facts.CallOffered(call=call, calling=calling):
                self._calling[call] = calling
            case facts.CallAnswered(call=call) if call in self._calling:
                self.answered[self._calling[call]] = call
            case facts.RecordingEnded():
                self.ends += 1
        self.mark({"seq": entry.seq, "fact": type(fact).__name__,
                   **{name: getattr(fact, name) for name in NOTED if hasattr(fact, name)}})
        self.changed.set()
        self.changed = asyncio.Event()

    def mark(self, fact: dict[str, Any] | None = None) -> None:
        number = len(self.marks)
        house = self._daemon.house
        self.marks.append({"now": round(house.around.outside.clock.now(), 6), "wrote": house.journal.seq,
                           "fact": fact,
                           "samples": {} if fact else {one.id: one.tape.samples for one in house.recorder.active()
                                                       if one.state == "recording"}})
        self._disk.mark(str(number))

    async def beat(self) -> None:
        while True:
            self.mark()
            await asyncio.sleep(BEAT)


class PowerDaemon(Daemon):
    """The daemon, and the callers of its simulated street."""

    def __init__(self, state: Path, town: Path, disk: LoggedDisk, chance: random.Random, fault: str) -> None:
        super().__init__(RunOptions(town / "etc", state, Path("/run/power.sock"), None, True, False), SystemClock(),
                         sys.stdout)
        self._noise = (town / "noise").read_bytes()
        self._dice = chance
        self._disk = disk
        self._state = state
        self._fault = fault
        self.witness = Witness(disk, self)
        self.recordings: dict[str, int] = {}  # call → who calls: the number of his noise
        self.spoken: dict[str, int] = {}  # call → samples that were recorded when he hung up

    @property
    def house(self) -> Any:
        return self._house

    async def _serve(self, script: Script | None, tasks: Supervisor, state: Path) -> None:
        self._house.journal.follow(self.witness.hear)
        beat = tasks.spawn(self.witness.beat(), "witness")
        staying = [tasks.spawn(self._stay(number), f"caller {number}") for number in range(STAY)]
        going = [tasks.spawn(self._come_and_go(STAY + number), f"caller {STAY + number}")
                 for number in range(COME_AND_GO)]
        going += [tasks.spawn(self._be_promised(number), f"promised {number}") for number in range(PROMISED)]
        async with asyncio.timeout(PATIENCE):
            while sum(self.recordings.get(one.call, STAY) < STAY for one in self._house.recorder.active()) < STAY:
                failed = [task for task in (*staying, *going) if task.done() and task.exception()]
                if failed:
                    await failed[0]
                await self.witness.changed.wait()
        self.witness.mark({"fact": "all recorded", "seq": 0})
        await self._watched()
        self.witness.mark({"fact": "enough", "seq": 0})
        for task in (*staying, *going):
            task.cancel()
        await asyncio.wait([*staying, *going])
        await asyncio.sleep(3.0)  # recordings end, files are made
        beat.cancel()

    async def _watched(self) -> None:
        """While all are recorded; meanwhile the fault."""
        what, seconds = FAULTS[self._fault]
        await asyncio.sleep(FAULT_AFTER)
        if what:
            segments = (self._state / "recordings" / "segments").iterdir()
            newest = max(segments, key=lambda path: path.stat().st_mtime)
            getattr(self._disk, what)(*([newest] if what == "spoil" else []))
            self.witness.mark({"fact": "fault", "seq": 0})
            await asyncio.sleep(seconds)
            self._disk.heal()
            self.witness.mark({"fact": "healed", "seq": 0})
        await asyncio.sleep(WATCHED - FAULT_AFTER - seconds)

    async def _call(self, person: Person, number: str, who: int) -> None:
        """Somebody calls and is recorded from the answer on; he talks until he hangs up."""
        await person.call(NUMBER, within=PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while number not in self.witness.answered:
                await self.witness.changed.wait()
        call = self._house.switch.calls[self.witness.answered.pop(number)]
        self.recordings[call.id] = who
        call.record(f"power {who}")
        await person.send(Sound(f"noise {who}", said(self._noise, who)), repeat=True)

    async def _stay(self, who: int) -> None:
        await asyncio.sleep(who * APART)
        person = self._street.person(f"caller {who}", number=(number := f"1380013{who:04d}"))
        try:
            await self._call(person, number, who)
            await asyncio.Event().wait()
        finally:
            self._hang_up(person, who)

    async def _come_and_go(self, who: int) -> None:
        await asyncio.sleep(who * APART)
        person = self._street.person(f"caller {who}", number=(number := f"1370013{who:04d}"))
        while True:
            try:
                await self._call(person, number, who)
                await asyncio.sleep(self._dice.uniform(*SHORT))
            finally:
                self._hang_up(person, who)
            await asyncio.sleep(BETWEEN)

    def _hang_up(self, person: Person, who: int) -> None:
        for one in self._house.recorder.active():
            if self.recordings.get(one.call) == who:
                self.spoken.setdefault(one.call, one.tape.samples)
        person.hang_up()

    async def _be_promised(self, who: int) -> None:
        await asyncio.sleep((STAY + COME_AND_GO) * APART + 3.0 * who)
        person = self._street.person(f"promised {who}", number=(number := f"1390013{who:04d}"))
        try:
            await person.call(NUMBER, within=PATIENCE)
            while number not in self.witness.answered:
                await self.witness.changed.wait()
            await asyncio.sleep(1.5)
            await person.press("1")
            await asyncio.Event().wait()
        finally:
            person.hang_up()


async def live(town: Path, results: Path, seed: int, fault: str) -> int:
    disk = LoggedDisk(DISK_MIB)
    daemon = PowerDaemon(WHERE / "state", town, disk, random.Random(seed), fault)
    code = await daemon.live()
    daemon.house.journal.unfollow(daemon.witness.hear)
    disk.close(results / "disk.log")
    (results / "told.json").write_text(json.dumps({
        "seed": seed, "fault": fault, "mib": DISK_MIB, "marks": daemon.witness.marks,
        "recordings": daemon.recordings, "spoken": daemon.spoken}), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(live(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]),
                              "".join(sys.argv[4:5]))))
