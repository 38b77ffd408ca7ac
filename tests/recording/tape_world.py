"""A day of recordings on a disk of a test, with what must be true of it at every moment: for power cuts and faults."""

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.settings import ArchiveSettings
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.media.dsp import through_alaw

ROOT = Path("/recordings")
SEGMENTS = ROOT / "segments"
SIZE = 8192  # bytes of a segment: many are filled in a short day
ROUND = 667  # samples of a leg that come in a round of 1/12 s; here they are fewer, and a sample is worth so much more
SAMPLES = 24  # of a round
COMMIT = 3  # rounds from commit to commit: 250 ms
HALF_A_SECOND = 6  # rounds


@dataclass
class Fate:
    """What is known of one recording, as it is told to the outside."""

    path: str
    produced: bytearray = field(default_factory=bytearray)  # stereo, what was said
    safe: int = 0  # bytes of it that were committed
    number: int = 0
    over: bool = False  # its end has been added
    whole: bool = False  # RecordingEnded has told that it is whole
    filed: bool = False
    purging: bool = False
    gone: bool = False


class Office:
    """Records, ends, archives, purges and recycles by chance; `check` holds a disk against what was told."""

    def __init__(self, disk: SimulatedDisk, chance: random.Random, state: Recovered | None = None) -> None:
        self.disk = disk
        self.chance = chance
        self.state = state or recover(disk, SEGMENTS, SIZE)
        self.log = TapeLog(disk, self.state.takes, self.state.segments, SIZE)
        self.archiver = Archiver(disk, ROOT, ArchiveSettings())
        self.fates: list[Fate] = []
        self.rounds = 0

    def round(self) -> None:
        """A twelfth of a second."""
        active = [fate for fate in self.fates if not fate.over]
        if len(active) < 3 and self.chance.random() < 0.3:
            number = len(self.fates) + 1
            fate = Fate(f"2026/11/22/{number}.wav")
            self.fates.append(fate)
            fate.number = self.log.begin(Label(f"r{number}", f"c{number}", fate.path, "test", "2026-11-22T08:00:00Z"))
            active.append(fate)
        for fate in active:
            self._say(fate)
        self.log.push()
        self.rounds += 1
        if self.rounds % COMMIT == 0:
            self._commit()
            self._tidy()

    def _say(self, fate: Fate) -> None:
        first, kind = len(fate.produced) // 4, self.chance.random()
        if kind < 0.1:
            self.log.pause(fate.number, first, SAMPLES)
            fate.produced += bytes(4 * SAMPLES)
        else:
            stereo = b"" if kind < 0.2 else self.chance.randbytes(4 * SAMPLES)
            stereo = (through_alaw(stereo) if kind < 0.7 else stereo) or bytes(4 * SAMPLES)
            self.log.sound(fate.number, first, stereo)
            fate.produced += stereo
        if self.chance.random() < 0.04:
            self.log.end(fate.number, len(fate.produced) // 4, 0, "complete")
            fate.over = True

    def _commit(self) -> None:
        self.log.commit()
        for fate in self.fates:
            fate.safe = len(fate.produced)
            fate.whole = fate.whole or fate.over

    def _tidy(self) -> None:
        """What the archiver and the owner of the recordings do, in the order in which they must."""
        for fate in self.fates:
            if fate.whole and not fate.filed and not fate.purging and self.chance.random() < 0.5:
                take = self.log.takes.by_number[fate.number]
                if self.chance.random() < 0.2:
                    fate.purging = True  # it is taken away before it has a file
                else:
                    self.archiver.keep(TakeWav(self.log, take), fate.path)
                    fate.filed = True
                self.log.free(fate.number)
                self._commit()
            if fate.filed and not fate.purging and self.chance.random() < 0.1:
                fate.purging = True
            if fate.purging and not fate.gone:
                self.archiver.purge(fate.path)
                fate.gone = True
        self.log.recycle()

    # ---- after a cut ----

    def check(self, disk: SimulatedDisk, *, cut: bool = True) -> Recovered:
        """Whatever was told must be true of this disk; AssertionError. Answers what a start would find there."""
        state = recover(disk, SEGMENTS, SIZE)
        again = recover(disk, SEGMENTS, SIZE)
        assert summary(state) == summary(again), "a second recovery finds something else"
        log = TapeLog(disk, state.takes, state.segments, SIZE)
        takes = {take.label.path: take for take in state.takes if not take.freed_in}
        for fate in self.fates:
            self._judge(fate, takes.get(fate.path), disk, log, cut)
        return state

    def _judge(self, fate: Fate, take: Take | None, disk: SimulatedDisk, log: TapeLog, cut: bool) -> None:
        inode = disk.files.get(ROOT / fate.path)
        filed = None if inode is None else bytes(inode.cache)[44:]
        if fate.gone:
            assert take is None, f"{fate.path} was purged and is in the segments again"
            assert filed is None, f"{fate.path} was purged and has a file again"
        if fate.purging:
            return
        said = bytes(fate.produced)
        if filed is not None:
            assert filed == said, f"{fate.path}: its file is not what was said"
        if take is None:
            assert filed is not None or not fate.safe, f"{fate.path}: {fate.safe} safe bytes are lost"
            return
        sound = TakeWav(log, take)
        got = sound.read(44, sound.size)
        self._compare(fate, take, got, said)
        if fate.whole and filed is None:
            assert got == said, f"{fate.path} was told whole and is not"
        told_whole = take.closed is not None and take.closed["state"] == "complete" and not take.missing
        if told_whole:
            assert got == said, f"{fate.path} calls itself whole and is not"
        lost = (len(said) - len(got)) // 4 / SAMPLES + (take.missing / SAMPLES)
        limit = HALF_A_SECOND if cut else 0
        assert lost <= limit, f"{fate.path}: {lost:.1f} rounds are lost"

    @staticmethod
    def _compare(fate: Fate, take: Take, got: bytes, said: bytes) -> None:
        """What is there is what was said; what was safe is there; what is not there is told."""
        assert len(got) <= len(said), f"{fate.path}: more than was said"
        assert got[:fate.safe] == said[:fate.safe], f"{fate.path}: what was safe is not there bit for bit"
        if got != said[:len(got)]:
            gaps = take.gaps()
            for leg in (0, 1):
                mine, theirs = (list(struct.unpack(f"<{len(pcm) // 2}h", pcm)[leg::2]) for pcm in (got, said))
                wrong = [at for at in range(len(mine)) if mine[at] != theirs[at]]
                untold = [at for at in wrong if not any(
                    one == leg and first <= at < end for one, first, end in gaps)]
                assert not untold, f"{fate.path}: leg {leg} is wrong at {untold[:5]} and no gap tells it"


def summary(state: Recovered) -> list[object]:
    """What a recovery says, as plain data."""
    return [state.broken, state.takes.orphans, sorted(
        (take.number, take.label.recording, take.samples, str(take.gaps()), str(take.closed), str(take.pauses),
         bool(take.freed_in)) for take in state.takes), sorted(state.segments.in_use.items())]
