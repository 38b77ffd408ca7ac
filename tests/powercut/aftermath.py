"""What a power cut has left: the file system checked, the house started on it, all of it as plain values to compare."""

import asyncio
import os
import random
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccappliance import VERSION
from ccappliance.apps.recording.verify import Verifier
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.facts import Fact
from ccappliance.call.journal_file import FileSink, read_journal
from ccappliance.house import House, Surroundings
from ccappliance.media.render import MuteVoice
from ccappliance.media.tones import load_zones
from ccappliance.service.disk import RealDisk
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.world import Street, post, scripted_sound
from ccappliance.site import Site
from ccappliance.store.database import Store

LATER = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # the start after the cut; the guest's own time is an hour earlier
CLOCK = Path(__file__).with_name("e2fsck.conf")  # the guest's calendar is not ours
HEAD = 44  # bytes of a WAV before its samples
# What e2fsck may do after a power cut on a file system that is well: replay its journal, finish what a process that is
# no more had begun (files without a name), and add up what is free. (ext4 writes that sum when it is unmounted, and
# adds it up itself when it is mounted.) Anything else is damage, also such a sum of a single group.
HARMLESS = re.compile(r"e2fsck |.*: recovering journal$|Pass \d|.*FILE SYSTEM WAS MODIFIED|.*: \d+/\d+ files|$"
                      r"|Fix\? yes|Clearing orphaned inode|Setting free (blocks|inodes) count"
                      r"|Free (blocks|inodes) count wrong \(\d+, counted=\d+\)\.$")


def check(image: Path) -> list[str]:
    """Repair a file system as a start of the machine does; answers what was found beyond the journal's replay."""
    environment = {**os.environ, "E2FSCK_CONFIG": str(CLOCK), "LC_ALL": "C"}
    done = subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True, text=True, check=False, env=environment)
    wrong = [line for line in (done.stdout + done.stderr).splitlines() if not HARMLESS.match(line)]
    if done.returncode not in (0, 1):
        wrong.append(f"e2fsck -fy ended with {done.returncode}")
    again = subprocess.run(["e2fsck", "-fn", str(image)], capture_output=True, text=True, check=False, env=environment)
    if again.returncode != 0:
        wrong.append(f"e2fsck -fn ended with {again.returncode}: {again.stdout}")
    return wrong


def extract(image: Path, folder: Path) -> Path:
    """The state directory of an image, without mounting it."""
    folder.mkdir()
    done = subprocess.run(["debugfs", "-R", f"rdump /state {folder}", str(image)], capture_output=True, text=True,
                          check=False)
    if not (folder / "state").is_dir():
        raise OSError(f"debugfs could not read {image}: {done.stderr}")
    return folder / "state"


@dataclass
class Started:
    """What a start has found and said."""

    facts: list[Fact] = field(default_factory=list)  # the whole journal
    numbers: list[int] = field(default_factory=list)  # of its entries
    told: list[Fact] = field(default_factory=list)  # by this start
    wavs: dict[str, bytes] = field(default_factory=dict)  # by recording
    cdrs: list[dict[str, Any]] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)  # that stand in a queue
    set_aside: bool = False  # the database was corrupt

    def of(self, kind: type) -> Iterator[Any]:
        return (fact for fact in self.facts if isinstance(fact, kind))


def start(site: Site, state: Path, cache: Path, *, end: bool) -> Started:
    """The house started on a state directory; `end`: and ended as it should be, else it is as if it were killed."""
    return run_virtual(_start(site, state, cache, end))


async def _start(site: Site, state: Path, cache: Path, end: bool) -> Started:
    loop = asyncio.get_running_loop()
    zone = load_zones()[site.system.zone]
    clock, chance = LoopClock(loop, LATER), random.Random(1)
    sound = scripted_sound(loop, zone)
    street = Street(site, loop=loop, far=sound.far, zone=zone, chance=chance, clock=clock)
    sink = FileSink(state / "journal")
    store = Store(state / "ccappliance.db", threaded=False)
    before = sink.last_seq
    house = House(site, Surroundings(
        loop=loop, outside=Outside(clock, chance, Ids(int(LATER.timestamp()))), zone=zone, media=sound.near,
        driver=street.driver, sink=sink, store=store, cache=cache, recordings=state / "recordings",
        keys=state / "keys", threaded=False,
        used_space=lambda _: 0.0, voice=MuteVoice(), send=post))
    house.open(VERSION)
    found = Started(set_aside=store.set_aside is not None)
    for entry in sink.read(0):
        found.numbers.append(entry.seq)
        found.facts.append(entry.fact)
        if entry.seq > before:
            found.told.append(entry.fact)
    for row in house.tables.cdrs.recordings(10_000):
        sound_of = house.recorder.play(row.path)
        found.wavs[row.recording] = sound_of.read(0, sound_of.size)[HEAD:]
    found.callbacks = [row["callback"] for row in house.callbacks.list()]
    found.cdrs = rows(state / "ccappliance.db")
    if end:
        await house.close("the test")
    sink.close()
    store.close()
    street.close()
    return found


def verify(state: Path) -> list[str]:
    """What `recordings verify` finds wrong. A power cut is no burglar: it must find nothing."""
    signed = {entry.fact.entry: entry.fact.sha256 for entry in read_journal(state / "journal", 0)
              if isinstance(entry.fact, facts.LedgerSigned)}
    found = Verifier(RealDisk(), state / "recordings", state / "keys").verify(signed)
    return [f"verify: {one.file}: {one.words} ({one.first} to {one.last})" for one in found.findings]


def rows(database: Path) -> list[dict[str, Any]]:
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute("SELECT * FROM cdr ORDER BY seq")]
    finally:
        connection.close()
