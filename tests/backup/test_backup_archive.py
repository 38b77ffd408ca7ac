"""The file of a backup: what is put in comes out, every changed bit is found, and nothing hostile is unpacked."""

import hashlib
import io
import json
import random
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest

from ccappliance.apps.backup import archive
from ccappliance.apps.backup.archive import ArchiveError, Changed, Manifest, Member, Piece, Reading
from ccappliance.apps.backup.box import in_memory
from ccappliance.service.disk import RealDisk


def silent(done: int) -> None:
    pass


def manifest(members: list[Member]) -> Manifest:
    return Manifest("1.0", "2026-11-22T03:30:00+00:00", "店", "host", 7, 10, False, "none",
                    {"config": "/etc", "state": "/var", "recordings": "/var/r"}, tuple(members))


def made(path: Path, files: dict[str, bytes], disk: object = None) -> Manifest:
    pieces = [Piece(name, 0o640, in_memory(data)) for name, data in files.items()]
    said = manifest([archive.weigh(piece, silent) for piece in pieces])
    archive.write(disk or RealDisk(), path, said, pieces, silent)  # type: ignore[arg-type]
    return said


FILES = {"config/ccappliance.yaml": b"system: {}\n", "state/empty": b"", "state/多/" + "长" * 60: bytes(range(256)) * 9,
         "state/large": random.Random(5).randbytes(2_500_000)}


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    said = made(tmp_path / "b.tar.gz", FILES)
    with Reading(RealDisk(), tmp_path / "b.tar.gz") as reading:
        assert reading.manifest == said
        assert {member.name: b"".join(data) for member, data in reading.members()} == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz"]


def test_tar_reads_it(tmp_path: Path) -> None:
    made(tmp_path / "b.tar.gz", FILES)
    listed = subprocess.run(["tar", "tzf", tmp_path / "b.tar.gz"], capture_output=True, check=True, timeout=30)
    assert b"config/ccappliance.yaml" in listed.stdout
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        assert tar.getnames() == ["manifest.json", *FILES]


def whole_still(path: Path) -> bool:
    try:
        list(archive.verified(RealDisk(), path))
    except ArchiveError:
        return False
    return True


@pytest.mark.slow
def test_every_changed_bit_and_every_cut_is_found(tmp_path: Path, chance: random.Random, seed: int) -> None:
    path = tmp_path / "b.tar.gz"
    made(path, {"config/a.yaml": b"a: 1\n", "state/b": chance.randbytes(3000)})
    whole = path.read_bytes()
    places = [*range(30), *range(len(whole) - 130, len(whole)), *(chance.randrange(len(whole)) for _ in range(300))]
    for at in places:
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << chance.randrange(8)
        path.write_bytes(spoilt)
        assert not whole_still(path), f"a flip in byte {at} was not found, seed {seed}"
    for length in [0, 1, 40, *(chance.randrange(len(whole)) for _ in range(60)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert not whole_still(path), f"a cut after {length} bytes was not found, seed {seed}"
    path.write_bytes(whole + b"x")
    with pytest.raises(ArchiveError):
        list(archive.verified(RealDisk(), path))
    path.write_bytes(whole)
    assert len(list(archive.verified(RealDisk(), path))) == 2


def test_a_file_that_changes_between_two_readings_is_noticed(tmp_path: Path) -> None:
    times = iter([b"one", b"two"])
    piece = Piece("state/a", 0o640, lambda: iter([next(times)]))
    said = manifest([archive.weigh(piece, silent)])
    with pytest.raises(Changed):
        archive.write(RealDisk(), tmp_path / "b", said, [piece], silent)
    assert list(tmp_path.iterdir()) == []


# ---- hostile ones: right seal, wrong content ----

def sealed(path: Path, tar: bytes) -> None:
    zipped = zlib.compressobj(1, zlib.DEFLATED, 31)
    data = zipped.compress(tar) + zipped.flush()
    path.write_bytes(data + archive._seal(hashlib.sha256(data).digest()))


def entry(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", size: int | None = None
          ) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mode = len(data) if size is None else size, kind, link, 0o640
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def hostile(path: Path, listed: list[dict[str, object]], *entries: bytes) -> None:
    said = json.loads(manifest([]).encode()) | {"members": listed}
    sealed(path, entry("manifest.json", json.dumps(said).encode()) + b"".join(entries) + bytes(1024))


def listing(name: str, data: bytes = b"x", **other: object) -> dict[str, object]:
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mode": 0o640} | other


@pytest.mark.parametrize("name", ["state/../../etc/passwd", "/etc/passwd", "state//a", "state/./a", "other/a", "state",
                                  "state/a\nb", "state/", "../state/a", "state/..", "state\\a", "state/a\0b",
                                  "state/" + "a" * 5000])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    hostile(tmp_path / "b", [listing(name)], entry("state/a", b"x"))
    with pytest.raises(ArchiveError):
        list(archive.verified(RealDisk(), tmp_path / "b"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
                                  tarfile.DIRTYPE, tarfile.CONTTYPE, b"x", b"g", b"S", b"V"])
def test_only_plain_files_are_taken(tmp_path: Path, kind: bytes) -> None:
    hostile(tmp_path / "b", [listing("state/a", b"")], entry("state/a", kind=kind, link="/etc/passwd"))
    with pytest.raises(ArchiveError):
        list(archive.verified(RealDisk(), tmp_path / "b"))


def test_what_the_manifest_does_not_say_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b"
    cases: list[tuple[list[dict[str, object]], list[bytes]]] = [
        ([], [entry("state/a", b"x")]),  # more
        ([listing("state/a"), listing("state/b")], [entry("state/a", b"x")]),  # less
        ([listing("state/a")], [entry("state/b", b"x")]),  # another
        ([listing("state/a", b"y")], [entry("state/a", b"x")]),  # other bytes
        ([listing("state/a"), listing("state/a")], [entry("state/a", b"x")] * 2),  # twice
        ([listing("state/a"), listing("state/a/b")], [entry("state/a", b"x"), entry("state/a/b", b"x")]),
        ([listing("state/a", size=-1)], [entry("state/a", b"x")]),
        ([listing("state/a", size=10**15)], [entry("state/a", b"x", size=10**15)]),  # says it is a bomb
        ([listing("state/a", sha256=None)], [entry("state/a", b"x")])]
    for listed, entries in cases:
        hostile(path, listed, *entries)
        with pytest.raises(ArchiveError):
            list(archive.verified(RealDisk(), path))


@pytest.mark.slow
def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte, where the manifest has one byte; and as a long name, and as the manifest."""
    zipped, parts = zlib.compressobj(9, zlib.DEFLATED, 31), []
    said = json.dumps(json.loads(manifest([]).encode()) | {"members": [listing("state/a")]}).encode()
    parts.append(zipped.compress(entry("manifest.json", said) + entry("state/a", b"x")))
    parts += [zipped.compress(bytes(1 << 20)) for _ in range(64)]
    data = b"".join(parts) + zipped.flush()
    path = tmp_path / "b"
    path.write_bytes(data + archive._seal(hashlib.sha256(data).digest()))
    with pytest.raises(ArchiveError):
        list(archive.verified(RealDisk(), path))
    for head in (entry("x", b"", tarfile.GNUTYPE_LONGNAME, size=1 << 40), entry("manifest.json", b"", size=1 << 40)):
        sealed(path, head)
        with pytest.raises(ArchiveError):
            list(archive.verified(RealDisk(), path))


@pytest.mark.slow
def test_whatever_is_in_it_the_answer_is_an_error_of_ours(tmp_path: Path, chance: random.Random, seed: int) -> None:
    """The seal is right and the tar within is spoilt in a few bytes, cut or doubled."""
    path = tmp_path / "b"
    said = json.dumps(json.loads(manifest([]).encode()) | {"members": [listing("state/a", b"x" * 700)]}).encode()
    whole = entry("manifest.json", said) + entry("state/a", b"x" * 700) + bytes(1024)
    refused = 0
    for number in range(2000):
        spoilt = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        if number % 5 == 0:
            del spoilt[chance.randrange(len(spoilt)):]
        sealed(path, bytes(spoilt) * chance.choice((1, 1, 1, 2)))
        try:
            list(archive.verified(RealDisk(), path))
        except ArchiveError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"case {number}, seed {seed}") from error
    assert refused > 1500


def test_no_backup_and_a_newer_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "b"
    with pytest.raises(ArchiveError, match="cannot be read"):
        list(archive.verified(RealDisk(), path))
    sealed(path, entry("manifest.json", json.dumps({"ccappliance_backup": 2, "made_by": "9.0"}).encode()))
    with pytest.raises(ArchiveError, match=r"format 2.*9\.0"):
        list(archive.verified(RealDisk(), path))
    for name, wrong in (("places", 5), ("places", {"state": 5}), ("entry", "7"), ("keys", None), ("box", 1)):
        sealed(path, entry("manifest.json", json.dumps(json.loads(manifest([]).encode()) | {name: wrong}).encode()))
        with pytest.raises(ArchiveError, match=name):
            list(archive.verified(RealDisk(), path))
    sealed(path, entry("manifest.json", b"[" * 100_000))
    with pytest.raises(ArchiveError, match="understood"):
        list(archive.verified(RealDisk(), path))
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.add(__file__, "manifest.json")
    path.write_bytes(data.getvalue())
    with pytest.raises(ArchiveError, match="no whole backup"):
        list(archive.verified(RealDisk(), path))
