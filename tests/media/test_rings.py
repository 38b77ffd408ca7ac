"""Tape rings that outlive the process: what a later run reads, what it does not believe, where they lie."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ccappliance.media.dsp import through_alaw
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import VirtualMetronome
from ccappliance.media.ports import MediaPort, Sound
from ccappliance.media.rings import BASE, TAPE_FRAMES, Left, Rings, open_rings, read_ring
from ccappliance.media.tones import load_zones
from ccappliance.places import boot_id, ring_folders
from ccappliance.sim.loop import run_virtual

BOOT = "a boot"
FRAME = 160


def left(folder: Path, boot: str = BOOT) -> list[Left]:
    """What a next run would find there now, without forgetting it."""
    rings = Rings(folder, 0, boot)
    found = list(rings.left())
    rings.close()
    return found


def played(folder: Path, then: Callable[[MediaPort, Rings], Awaitable[None]], count: int = 2) -> None:
    """A port that hears five seconds of noise over and over, on an engine with rings."""
    async def run() -> None:
        loop, zone, rings = asyncio.get_running_loop(), load_zones()["cn"], Rings(folder, count, BOOT)
        here, there = EngineMedia(loop, zone, rings=rings), EngineMedia(loop, zone, name="street")
        VirtualMetronome(loop, [here, there]).start()
        ours, theirs = here.wire()
        port = here.port("fxo/1", ours)
        there.port("far", theirs).play([Sound("noise", through_alaw(random.Random(7).randbytes(80_000)))], repeat=True)
        await then(port, rings)
        here.close()
        there.close()

    run_virtual(run())


def test_every_frame_is_found_until_it_is_settled(tmp_path: Path) -> None:
    async def then(port: MediaPort, rings: Rings) -> None:
        tape = port.tape(b"one")
        await asyncio.sleep(3.01)
        read = tape.read()
        await asyncio.sleep(4.0)
        (ring,) = left(tmp_path / "rings")
        assert (ring.name, ring.frames) == (b"one", tape.samples // FRAME)
        assert [frame.at for frame in ring.newest] == list(range(ring.frames))  # what was read is there still
        sound = b"".join(frame.stereo for frame in ring.newest)
        assert sound == read + tape.read()
        assert len(set(sound)) > 100  # it is no silence
        tape.settle()
        assert not left(tmp_path / "rings")

    played(tmp_path / "rings", then)


def test_a_ring_keeps_its_newest_frames_and_what_was_lost_is_counted(tmp_path: Path) -> None:
    async def then(port: MediaPort, rings: Rings) -> None:
        tape = port.tape(b"one")
        for _ in range(9):
            await asyncio.sleep(2.0)
            tape.read()
        (ring,) = left(tmp_path / "rings")
        assert ring.newest[-1].at == ring.frames - 1
        assert len(ring.newest) > TAPE_FRAMES
        await asyncio.sleep(12.0)  # nobody reads: two seconds find no room
        (full,) = left(tmp_path / "rings")
        assert full.frames == tape.samples // FRAME
        assert full.newest[-1].at == full.frames - 1 - tape.lost // FRAME
        tape.read()
        await asyncio.sleep(0.1)
        (after,) = left(tmp_path / "rings")
        assert after.newest[-1].at == after.frames - 1
        steps = {later.at - sooner.at for sooner, later in zip(after.newest, after.newest[1:], strict=False)}
        assert steps == {1, tape.lost // FRAME + 1}

    played(tmp_path / "rings", then)


def test_what_is_paused_is_in_no_ring(tmp_path: Path) -> None:
    async def then(port: MediaPort, rings: Rings) -> None:
        tape = port.tape(b"one")
        await asyncio.sleep(1.0)
        tape.pause()
        await asyncio.sleep(1.0)
        (ring,) = left(tmp_path / "rings")
        hidden = [frame for frame in ring.newest if frame.paused]
        assert 45 < len(hidden) < 55
        assert not any(any(frame.stereo) for frame in hidden)

    played(tmp_path / "rings", then)


def test_a_ring_is_wiped_and_used_again_and_when_none_is_free_a_tape_lies_elsewhere(tmp_path: Path) -> None:
    async def then(port: MediaPort, rings: Rings) -> None:
        tapes = [port.tape(name) for name in (b"one", b"two", b"three", b"", b"x" * 4000)]
        await asyncio.sleep(1.0)
        assert [ring.name for ring in left(tmp_path / "rings")] == [b"one", b"two"]
        assert all(len(tape.read()) == 4 * tape.samples for tape in tapes)
        for tape in tapes:
            tape.settle()
            tape.stop()
        await asyncio.sleep(0.1)
        tapes.clear()
        tape = None  # type: ignore[assignment]  # the last one
        assert not any(rings.memory[BASE:])
        tapes.append(port.tape(b"four"))
        await asyncio.sleep(0.1)
        assert [ring.name for ring in left(tmp_path / "rings")] == [b"four"]
        rings.close()  # it is needed by the next start
        assert left(tmp_path / "rings")
        tapes[0].settle()
        rings.close()
        assert not left(tmp_path / "rings")

    played(tmp_path / "rings", then)


def test_another_boot_is_nothing_of_ours_and_is_forgotten(tmp_path: Path) -> None:
    async def then(port: MediaPort, rings: Rings) -> None:
        tape = port.tape(b"one")
        await asyncio.sleep(0.5)
        assert left(tmp_path / "rings")
        assert not left(tmp_path / "rings", "another")
        assert tape.samples

    played(tmp_path / "rings", then)
    later = Rings(tmp_path / "rings", 1, "another")
    later.forget()
    assert len(list((tmp_path / "rings").iterdir())) == 1


@pytest.mark.slow
def test_no_flipped_bit_makes_a_ring_that_is_out_of_bounds(tmp_path: Path) -> None:
    """Whatever lies in the file: a ring in order, or none."""
    kept = bytearray()

    async def then(port: MediaPort, rings: Rings) -> None:
        tape = port.tape(b"one")
        await asyncio.sleep(0.5)
        kept.extend(rings.memory[BASE:])
        assert tape.samples

    played(tmp_path / "rings", then, count=1)
    assert read_ring(bytes(kept)) is not None
    chance = random.Random(5)
    for _ in range(400):
        spoilt = bytearray(kept)
        for _ in range(chance.choice((1, 8))):
            spoilt[chance.choice((chance.randrange(200), chance.randrange(4096), 4096 + chance.randrange(16_000)))] \
                ^= 1 << chance.randrange(8)
        ring = read_ring(bytes(spoilt))
        assert ring is None or [frame.at for frame in ring.newest] == sorted({frame.at for frame in ring.newest})
        assert ring is None or (ring.name == b"one" and all(0 <= frame.at < ring.frames for frame in ring.newest))
    assert read_ring(bytes(kept[:-1])) is None
    assert read_ring(b"") is None


def test_what_is_no_file_of_rings_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "rings"
    folder.mkdir(mode=0o700)
    (folder / "000001.rings").write_bytes(b"")
    (folder / "000002.rings").write_bytes(os.urandom(9000))
    (folder / "note.txt").write_bytes(b"mine")
    rings = Rings(folder, 1, BOOT)
    assert not list(rings.left())
    rings.forget()
    assert sorted(path.name for path in folder.iterdir()) == ["000003.rings", "note.txt"]


def test_a_folder_that_is_not_ours_alone_or_full_is_refused_and_the_next_is_taken(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    for name in ("open", "link", "file"):
        with pytest.raises(PermissionError):
            Rings(tmp_path / name, 1, BOOT)
    rings, why = open_rings([tmp_path / "open", tmp_path / "ours"], 1, BOOT)
    assert (rings is not None, why) == (True, "")
    none, why = open_rings([tmp_path / "open"], 1, BOOT)
    assert none is None
    assert "remove it" in why
    none, why = open_rings([tmp_path / "large"], 1 << 30, BOOT)  # 350 TB
    assert none is None
    assert not list((tmp_path / "large").iterdir()), "a file without room is left there"


MOUNTS = """/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sda2 /run/disk ext4 rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
"""


@pytest.mark.parametrize(("told", "runtime", "mounts", "where"), [
    ("", "", MOUNTS, ["/run/ccappliance", "/dev/shm"]),
    ("", "/run/other", MOUNTS, ["/run/other", "/run/ccappliance", "/dev/shm"]),
    ("", "/run/disk/x", MOUNTS, ["/run/ccappliance", "/dev/shm"]),
    ("", "", MOUNTS + "/dev/sda3 /run ext4 rw 0 0\n", ["/dev/shm"]),
    ("", "", "/dev/sda1 / ext4 rw 0 0\n", []),
    ("/somewhere", "/run/other", MOUNTS, ["/somewhere"])])
def test_rings_lie_in_memory_or_where_somebody_says(tmp_path: Path, told: str, runtime: str, mounts: str,
                                                   where: list[str]) -> None:
    found = ring_folders(told, {"RUNTIME_DIRECTORY": runtime}, tmp_path, mounts)
    assert [str(path.parent) for path in found] == where
    other = ring_folders(told, {"RUNTIME_DIRECTORY": runtime}, tmp_path / "other", mounts)
    assert not set(map(str, found)) & set(map(str, other)), "two daemons share a folder"


def test_the_machine_says_which_boot_it_is() -> None:
    assert len(boot_id()) == 36
    assert boot_id() == boot_id()
