"""A day of recordings on a disk of a test, with what must be true of it at every moment: for power cuts and faults."""

import hashlib
import json
import random
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.keys import ERASED, LIVE
from ccappliance.apps.recording.ledger import pack
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.apps.recording.sealed_file import SealedFile
from ccappliance.apps.recording.settings import ArchiveSettings
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.apps.recording.verify import Verified, Verifier
from ccappliance.media.dsp import through_alaw

ROOT = Path("/recordings")
SEGMENTS = ROOT / "segments"
KEYS = Path("/keys")
LEDGER = ROOT / "chain.log"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
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
    key: int = 0
    purging: bool = False
    gone: bool = False


class Office:
    """Records, ends, archives, purges and recycles by chance; `check` holds a disk against what was told."""

    def __init__(self, disk: SimulatedDisk, chance: random.Random, *, sealed: bool = False) -> None:
        """`sealed`: recordings have keys, and all of them a ledger."""
        self.disk = disk
        self.chance = chance
        self.sealed = sealed
        self.signed: dict[int, str] = {}
        seal = self.seal_of(disk)
        self.state, self.log = opened(disk, seal, sealing=sealed)
        self.seal = seal
        self.archiver = Archiver(disk, ROOT, ArchiveSettings(), seal)
        self.fates: list[Fate] = []
        self.rounds = 0

    def seal_of(self, disk: SimulatedDisk, *, told: bool = True) -> Seal | None:
        """Keys and ledger as a start finds them. `told`: the journal hears what is signed."""
        if not self.sealed:
            return None
        vault = Vault(KEYS, random.Random(f"{self.chance.random()} secret").randbytes, lambda: AT)
        return Seal(disk, ROOT, vault, self.signed.__setitem__ if told else lambda number, digest: None)

    def round(self) -> None:
        """A twelfth of a second."""
        active = [fate for fate in self.fates if not fate.over]
        if len(active) < 3 and self.chance.random() < 0.3:
            number = len(self.fates) + 1
            fate = Fate(f"2026/11/22/{number}.wav")
            self.fates.append(fate)
            fate.number = self.log.begin(Label(f"r{number}", f"c{number}", fate.path, "test", "2026-11-22T08:00:00Z"))
            fate.key = self.seal.keys.last if self.seal is not None else 0
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
                    self.archiver.keep(TakeWav(self.log, take), fate.path, take.label.recording, take.key)
                    fate.filed = True
                self.log.free(fate.number)
                self._commit()
            if fate.filed and not fate.purging and self.chance.random() < 0.1:
                fate.purging = True
            if fate.purging and not fate.gone:
                self.archiver.purge(fate.path, fate.key)
                fate.gone = True
        self.log.recycle()

    # ---- after a cut ----

    def check(self, disk: SimulatedDisk, *, cut: bool = True) -> Recovered:
        """Whatever was told must be true of this disk; AssertionError. Answers what a start would find there."""
        seal = self.seal_of(disk, told=False)
        has_key = seal.has_key if seal is not None else lambda number: True
        again = recover(disk, SEGMENTS, SIZE, has_key)
        state, log = opened(disk, seal, sealing=False)
        assert summary(state) == summary(again), "a second recovery finds something else"
        takes = {take.label.path: take for take in state.takes if not take.freed_in}
        for fate in self.fates:
            self._judge(fate, takes.get(fate.path), disk, log, cut)
        if seal is not None:
            self._judge_seal(seal, disk)
        return state

    def _judge_seal(self, seal: Seal, disk: SimulatedDisk) -> None:
        """What was purged has no key, what is needed has one, and the ledger tells of every file and every purge."""
        seal.ledger.open()
        lines = [json.loads(line) for line in bytes(disk.files[LEDGER].cache).split(b"\n") if line.startswith(b"{")] \
            if LEDGER in disk.files else []
        told = {(line["what"], line.get("path")) for line in lines}
        for fate in self.fates:
            if fate.gone:
                assert seal.keys.state(fate.key) == ERASED, f"{fate.path} was purged and its key is there"
                assert ("purged", fate.path) in told
            elif fate.safe and not fate.purging:
                assert seal.keys.state(fate.key) == LIVE, f"{fate.path} has lost its key {fate.key}"
            assert not fate.filed or ("kept", fate.path) in told
        assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
        for number, digest in self.signed.items():
            assert hashlib.sha256(pack(lines[number - 1])).hexdigest() == digest, "what was signed is not there"

    def verified(self, disk: SimulatedDisk) -> Verified:
        """What `recordings verify` says of this disk."""
        return Verifier(disk, ROOT, KEYS).verify(self.signed)

    def _judge(self, fate: Fate, take: Take | None, disk: SimulatedDisk, log: TapeLog, cut: bool) -> None:
        inode = disk.files.get(ROOT / fate.path)
        filed = None if inode is None else bytes(inode.cache)[44:]
        if inode is not None and self.sealed and not fate.purging:
            seal = self.seal_of(disk, told=False)
            assert seal is not None
            seal.keys.open(wanted=False)
            file = SealedFile(disk, disk.open(ROOT / fate.path), fate.key, seal.keys.key(fate.key))
            filed = file.read(44, file.size)
            file.close()
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


def opened(disk: SimulatedDisk, seal: Seal | None, *, sealing: bool) -> tuple[Recovered, TapeLog]:
    """A start."""
    if seal is None:
        state = recover(disk, SEGMENTS, SIZE)
        return state, TapeLog(disk, state.takes, state.segments, SIZE)
    state = recover(disk, SEGMENTS, SIZE, seal.has_key)
    log = TapeLog(disk, state.takes, state.segments, SIZE, seal.keys, seal.recycled)
    assert seal.open(sealing=sealing, used=state.last_key) == "" or not sealing
    log.sealing = sealing
    seal.ledger.head = lambda: log.head
    return state, log


def summary(state: Recovered) -> list[object]:
    """What a recovery says, as plain data."""
    return [state.broken, state.takes.orphans, sorted(
        (take.number, take.label.recording, take.samples, str(take.gaps()), str(take.closed), str(take.pauses),
         bool(take.freed_in)) for take in state.takes), sorted(state.segments.in_use.items())]
