"""The key that signs the ledger: Ed25519 (RFC 8032), made at the first start, its public half for whoever checks.

    keys/sign.key   32 bytes, private
    keys/sign.pub   the public key, 64 hexadecimal digits: keep a copy elsewhere, or whoever owns the box can exchange
                    both
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ccappliance.service.disk import Disk

SEED = 32


class Signer:
    """Signs, once `open` has found or made its key. `name` "": it cannot, and `trouble` says why."""

    def __init__(self, disk: Disk, directory: Path, secret: Callable[[int], bytes]) -> None:
        self.name = ""  # the beginning of the public key's hash
        self.trouble = ""
        self._disk = disk
        self._directory = directory
        self._secret = secret
        self._key: Ed25519PrivateKey | None = None

    def open(self, *, first: bool) -> None:
        """`first`: nothing was ever signed here, so a key may be made. Never raises."""
        path = self._directory / "sign.key"
        try:
            seed = self._read(path)
            public = self._read(path.with_suffix(".pub"))
            if seed is None and not first:
                self.trouble = f"{path} is missing: bring it back from the backup; until then nothing is signed"
                return
            if seed is None:
                seed = self._secret(SEED)
                self._place(path, seed)
            if len(seed) != SEED:
                self.trouble = f"{path} is damaged: bring it back from the backup; until then nothing is signed"
                return
            self._key = Ed25519PrivateKey.from_private_bytes(seed)
            mine = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            if public is None:
                self._place(path.with_suffix(".pub"), mine.hex().encode() + b"\n")
            self.name, self.trouble = name_of(mine), ""
        except OSError as error:
            self.trouble = f"{path} cannot be read or made ({error.strerror}): see to its disk"

    def sign(self, data: bytes) -> str:
        """Hexadecimal."""
        assert self._key is not None
        return self._key.sign(data).hex()

    def _read(self, path: Path) -> bytes | None:
        try:
            file = self._disk.open(path)
        except FileNotFoundError:
            return None
        try:
            return self._disk.read(file, 4096, 0)
        finally:
            self._disk.close(file)

    def _place(self, path: Path, data: bytes) -> None:
        place(self._disk, path, data)


def place(disk: Disk, path: Path, data: bytes) -> None:
    """A whole private file under its name, or nothing; safe when this returns."""
    disk.make_directory(path.parent, private=True)
    part = path.with_name(f"{path.name}.part")
    if part.name in disk.names(path.parent):  # of an attempt that was cut
        disk.unlink(part)
    file = disk.create(part, private=True)
    try:
        disk.allocate(file, len(data))
        disk.write(file, [data], 0)
        disk.sync(file)
    finally:
        disk.close(file)
    disk.rename(part, path)
    disk.sync_directory(path.parent)


def name_of(public: bytes) -> str:
    """What a signed entry calls the key it was signed with."""
    return hashlib.sha256(public).hexdigest()[:16]


def right(public: bytes, data: bytes, signature: str) -> bool:
    """Is it a signature of this data by this key?"""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
