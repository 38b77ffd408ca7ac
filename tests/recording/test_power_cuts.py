"""The power fails after every operation of record, recover, rotate, archive and purge: nothing that was told is
untrue."""

import random

import pytest
from simulated_disk import SimulatedDisk
from tape_world import ROOT, Office, opened

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.settings import ArchiveSettings

DAYS = 10
ROUNDS = 180
EACH = (0.0, 1.0, None, None)  # of what was not synced nothing is there, all, and twice any part


class Counted:
    """How many cuts there were."""

    def __init__(self) -> None:
        self.recording = 0
        self.recovering = 0


def go_on(office: Office, after: SimulatedDisk, chance: random.Random, counted: Counted) -> None:
    """A start after a cut, cut again after each of its operations."""
    seal = office.seal_of(after, told=False)
    state, log = opened(after, seal, sealing=office.sealed)
    archiver = Archiver(after, ROOT, ArchiveSettings(), seal)

    def cut(name: str) -> None:
        counted.recovering += 1
        office.check(after.cut(chance))

    after.on_operation = cut
    for take in state.interrupted:
        log.end(take.number, take.samples, take.missing, "interrupted")
    log.commit()
    for take in list(state.takes):
        fate = next(fate for fate in office.fates if fate.path == take.label.path)
        if not take.freed_in and not fate.purging and fate.whole:
            archiver.keep(TakeWav(log, take), take.label.path, take.label.recording, take.key)
            log.free(take.number)
            log.commit()
    log.recycle()
    for fate in office.fates:
        if fate.purging and not fate.gone:
            archiver.purge(fate.path, fate.key)
    after.on_operation = lambda name: None


@pytest.mark.slow
@pytest.mark.parametrize("day", range(DAYS))
def test_a_cut_after_every_operation(day: int, seed: int) -> None:
    chance = random.Random(f"{seed} {day}")
    disk = SimulatedDisk()
    office = Office(disk, chance, sealed=day % 2 == 1)
    counted = Counted()
    cuts = random.Random(f"{seed} {day} cuts")

    def cut(name: str) -> None:
        for kept in EACH:
            counted.recording += 1
            after = disk.cut(cuts, kept)
            office.check(after)
            if cuts.random() < 0.01:
                go_on(office, after, cuts, counted)

    disk.on_operation = cut
    for _ in range(ROUNDS):
        office.round()
    print(f"{counted.recording} cuts while recording, {counted.recovering} while recovering")
    assert counted.recording + counted.recovering >= 2_000  # of each day: 20,000 in all
    assert any(fate.gone for fate in office.fates)
    assert any(fate.filed for fate in office.fates)
    assert office.state.segments.last > 5
