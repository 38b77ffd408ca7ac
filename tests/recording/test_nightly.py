"""The daemon verifies by itself: at its time, at its pace; what it finds stands as an alarm until it is put right."""

import asyncio
import hashlib
import os
import zlib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ccappliance.apps.recording.nightly import ALARM, PACE, Nightly
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.base.clock import LoopClock
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.service.disk import RealDisk
from ccappliance.sim.loop import run_virtual

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SIZE = 3 << 20


async def at_once(work: Any) -> Any:
    return work()


def test_it_verifies_every_night_and_the_alarm_goes_when_all_is_well(tmp_path: Path) -> None:
    steps: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock, sink, alarms = LoopClock(loop, EPOCH), MemorySink(), Alarms()
        journal = Journal(clock, sink)
        journal.follow(alarms.hear)
        vault = Vault(tmp_path / "keys", os.urandom, clock.wall)
        seal = Seal(RealDisk(patient=False), tmp_path, vault, lambda n, sha: journal.write(facts.LedgerSigned(n, sha)))
        seal.open(sealing=False, used=0)
        (tmp_path / "day").mkdir()
        path, sound = tmp_path / "day" / "1.wav", os.urandom(SIZE)
        path.write_bytes(sound)
        parts = "".join(f"{zlib.crc32(sound[at:at + (1 << 20)]):08x}" for at in range(0, SIZE, 1 << 20))
        seal.ledger.add("kept", path="day/1.wav", size=SIZE, key=0, parts=parts, form="wav", recording="1",
                        sha256=hashlib.sha256(sound).hexdigest())
        nightly = Nightly(tmp_path, vault, sink, zone=UTC, aside=at_once, write=journal.write, alarms=alarms)

        def told() -> list[int]:
            return [entry.fact.wrong for entry in sink.read() if isinstance(entry.fact, facts.RecordingsVerified)]

        nightly.apply(time(3, 30))
        await asyncio.sleep(timedelta(hours=19).total_seconds())
        assert told() == []
        await asyncio.sleep(3600)
        assert told() == [0]
        at = next(entry.at for entry in sink.read() if isinstance(entry.fact, facts.RecordingsVerified))
        steps.append((at - datetime(2026, 11, 23, 3, 30, tzinfo=UTC)).total_seconds())
        path.write_bytes(sound[:-1] + b"x")
        await asyncio.sleep(86400)
        assert told() == [0, 1]
        assert alarms.has(ALARM, "recordings")
        path.write_bytes(sound)
        await asyncio.sleep(86400)
        assert told() == [0, 1, 0]
        assert not alarms.has(ALARM, "recordings")
        nightly.apply(None)
        await asyncio.sleep(3 * 86400)
        assert len(told()) == 3
        await nightly.close()

    run_virtual(main())
    assert SIZE / PACE <= steps[0] < 1.0, "slowly"
