"""Recordings: one log beside a file for each call, a start beside mere reading, kill -9 without rings."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import best
from ccappliance.apps.recording.keys import Keys
from ccappliance.apps.recording.recovery import recover
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.apps.recording.takes import Label
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.apps.recording.verify import Verifier
from ccappliance.base.clock import SystemClock
from ccappliance.base.units import RATE
from ccappliance.media.dsp import through_alaw
from ccappliance.service.disk import RealDisk

CALLS = 30
ROUNDS = 12  # a second
SAMPLES = RATE // ROUNDS
SIZE = 32 << 20
SEGMENTS = 4  # of the start: 128 MiB
KILLS = 12

_CHILD = """
import asyncio, sys, time
from datetime import UTC, datetime
from pathlib import Path
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import SystemClock
from ccappliance.base.ids import Ids
from ccappliance.call.journal import Journal, MemorySink
class Tape:
    lost, hidden, stopped = 0, False, False
    def __init__(self): self.began, self.taken = time.monotonic(), 0
    @property
    def samples(self): return int((time.monotonic() - self.began) * 50) * 160
    def read(self):
        now = self.samples
        fresh, self.taken = now - self.taken, now
        return b"\\x10\\x20" * 2 * fresh
    def stop(self): pass
    def settle(self): pass
class Port:
    def __init__(self): self.one = Tape()
    def tape(self, name=b""): return self.one
async def main():
    clock = SystemClock()
    recorder = Recorder(RecordingSettings(), clock, Journal(clock, MemorySink()), Path(sys.argv[1]), Ids(1))
    ports = [Port() for _ in range(int(sys.argv[2]))]
    for number, port in enumerate(ports):
        recorder.start(f"1.{number:06d}", port, "always")
    print(*(port.one.began for port in ports), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("CCAPPLIANCE_BENCH")) as folder:
        yield _second(Path(folder))
    with tempfile.TemporaryDirectory(dir=os.environ.get("CCAPPLIANCE_BENCH")) as folder:
        yield _sealed(Path(folder))
    with tempfile.TemporaryDirectory(dir=os.environ.get("CCAPPLIANCE_BENCH")) as folder:
        yield _verified(Path(folder))
    for what, sound in (("A-law", _sound(SAMPLES)), ("silence", bytes(4 * SAMPLES))):
        with tempfile.TemporaryDirectory(dir=os.environ.get("CCAPPLIANCE_BENCH")) as folder:
            yield _start(Path(folder), what, sound)
    yield _kills()


def _sound(samples: int) -> bytes:
    return through_alaw(os.urandom(4 * samples))


def _second(folder: Path) -> str:
    """A second of 30 calls, 12 rounds and 4 syncs; the peer writes 30 files and syncs each of them 4 times."""
    disk, sound = RealDisk(), _sound(SAMPLES)
    state = recover(disk, folder / "segments", SIZE)
    log = TapeLog(disk, state.takes, state.segments, SIZE)
    numbers = [log.begin(Label(f"r{call}", "c", f"{call}.wav", "", "")) for call in range(CALLS)]
    at = 0

    def ours() -> None:
        nonlocal at
        for step in range(ROUNDS):
            for number in numbers:
                log.sound(number, at, sound)
            at += SAMPLES
            log.push() if step % 3 < 2 else log.commit()

    mine = best(ours, 5)
    files = [os.open(folder / f"{call}.wav", os.O_WRONLY | os.O_CREAT) for call in range(CALLS)]

    def theirs() -> None:
        for step in range(ROUNDS):
            for file in files:
                os.write(file, sound)
                if step % 3 == 2:
                    os.fdatasync(file)

    peer = best(theirs, 3)
    for file in files:
        os.close(file)
    log.close()
    return (f"recording: a second of {CALLS} calls {mine * 1e3:.1f} ms in one log, {peer * 1e3:.1f} ms in a file each: "
            f"ratio {mine / peer:.2f}")


def _sealed(folder: Path) -> str:
    """The processor's share of a second of 30 calls, sealed; the peer is the same log in clear. No syncs."""
    disk, sound, used = RealDisk(patient=False), _sound(SAMPLES), []
    for sealing in (True, False):
        state = recover(disk, folder / f"segments-{sealing}", SIZE)
        keys = Keys(disk, folder / f"keys-{sealing}", os.urandom)
        keys.open(wanted=True)
        log = TapeLog(disk, state.takes, state.segments, SIZE, keys)
        log.sealing = sealing
        numbers = [log.begin(Label(f"r{call}", "c", f"{call}.wav", "", "")) for call in range(CALLS)]
        taken = []
        for second in range(8):
            began = time.process_time()
            for step in range(ROUNDS):
                for number in numbers:
                    log.sound(number, (second * ROUNDS + step) * SAMPLES, sound)
                log.push() if step % 3 < 2 else log.commit()
            taken.append(time.process_time() - began)
        used.append(min(taken))
        log.close()
    return (f"recording: a second of {CALLS} calls takes {used[0] * 1e3:.1f} ms of a processor sealed, "
            f"{used[1] * 1e3:.1f} ms in clear: ratio {used[0] / used[1]:.2f}")


def _verified(folder: Path) -> str:
    """An hour of recordings in files, verified; the peer takes the SHA-256 of the same files."""
    disk, hour = RealDisk(patient=False), os.urandom(1 << 20)
    seal = Seal(disk, folder, Vault(folder / "keys", os.urandom, SystemClock().wall), lambda number, digest: None)
    seal.open(sealing=False, used=0)
    (folder / "day").mkdir()
    parts = f"{zlib.crc32(hour):08x}" * 6
    for number in range(20):
        (folder / "day" / f"{number}.wav").write_bytes(hour * 6)
        seal.ledger.add("kept", path=f"day/{number}.wav", size=6 << 20, key=0, parts=parts, form="wav",
                        sha256=hashlib.sha256(hour * 6).hexdigest(), recording=str(number))
    seal.ledger.sign()
    mine = best(lambda: Verifier(disk, folder, folder / "keys").verify({}), 3)
    peer = best(lambda: [hashlib.sha256(path.read_bytes()).digest() for path in (folder / "day").iterdir()], 3)
    gigabytes = 20 * (6 << 20) / 1e9
    return (f"recording: verify takes {mine / gigabytes:.1f} s/GB, mere SHA-256 {peer / gigabytes:.1f} s/GB: "
            f"ratio {mine / peer:.2f}")


def _start(folder: Path, what: str, sound: bytes) -> str:
    """Segments full of it, as a day leaves them; the peer reads the same bytes and takes their CRC."""
    disk, segments = RealDisk(patient=False), SEGMENTS if any(sound) else 1
    state = recover(disk, folder, SIZE)
    log = TapeLog(disk, state.takes, state.segments, SIZE)
    numbers = [log.begin(Label(f"r{call}", "c", f"{call}.wav", "", "")) for call in range(CALLS)]
    at = 0
    while log.segments.last <= segments:
        for step in range(3):
            for number in numbers:
                log.sound(number, at, sound)
            log.push() if step < 2 else log.settle()
            at += SAMPLES
    log.close()
    mine = best(lambda: recover(disk, folder, SIZE), 3)
    paths = sorted(folder.iterdir())
    peer = best(lambda: [zlib.crc32(path.read_bytes()) for path in paths], 3)
    gigabytes = segments * SIZE / 1e9
    used = time.process_time()
    recover(disk, folder, SIZE)
    used = time.process_time() - used
    return (f"recording: a start reads {what} at {mine / gigabytes:.1f} s/GB ({used / gigabytes:.1f} s of a "
            f"processor), mere reading and CRC {peer / gigabytes:.2f} s/GB: ratio {mine / peer:.1f}")


def _kills() -> str:
    """kill -9 at any moment while 30 calls are recorded: the sound on the line until then, less what a start finds."""
    lost: list[float] = []
    for kill in range(KILLS):
        with tempfile.TemporaryDirectory(dir=os.environ.get("CCAPPLIANCE_BENCH")) as folder:
            with subprocess.Popen([sys.executable, "-c", _CHILD, folder, str(CALLS)], stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                began = [float(word) for word in child.stdout.readline().split()]
                time.sleep(0.6 + kill * 0.037)
                child.send_signal(signal.SIGKILL)
                at = time.monotonic()
            takes = {take.label.call: take for take in recover(RealDisk(), Path(folder) / "segments", SIZE).takes}
            for number, since in enumerate(began):
                lost.append(at - since - takes[f"1.{number:06d}"].samples / RATE)
    lost.sort()
    return (f"recording: kill -9 without tape rings costs {lost[len(lost) // 2] * 1e3:.0f} ms of a call in the "
            f"median, {lost[-1] * 1e3:.0f} ms at most ({len(lost)} calls, {KILLS} kills), the frame not yet begun "
            "included")
