"""A recording's own file, sealed: chunks of AES-256-GCM behind a header that says how long it must be.

    0   64 bytes       header: magic, version, key number, bytes of sound, salt, bytes of a chunk; its tag
    64  65552 bytes    each chunk: 65536 bytes of the WAV and a tag; the last is shorter

Any range is had from the chunks it lies in. The file's key is derived from the recording's and from a salt, which is
made of the recording's key and what is in the file: the same sound gives the same file to the byte, so that what a cut
has left is known again, and other sound has another key, so that no nonce repeats.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ccappliance.apps.recording.cipher import TAG, Damaged, nonce
from ccappliance.apps.recording.playable import Playable
from ccappliance.service.disk import Disk

CHUNK = 65536  # bytes of sound sealed together: what a player's range costs at least
HEADER = 64
_MAGIC = b"CCSEAL\r\n"
_HEADER = struct.Struct("<8sHHIQ16sI4x")  # magic, version, 0, key, bytes of sound, salt, CHUNK; then its tag
_VERSION = 1


def _file_key(key: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, b"ccappliance file").derive(key)


def _header_nonce() -> bytes:
    return b"\xff" * 12  # of no chunk


class SealedSound:
    """A WAV as its sealed file: any range of its bytes. The same sound and key give the same bytes always."""

    def __init__(self, sound: Playable, number: int, key: bytes) -> None:
        """Reads all of `sound` once."""
        digest = hashlib.sha256()
        for offset in range(0, sound.size, 1 << 20):
            digest.update(sound.read(offset, 1 << 20))
        salt = hmac.digest(key, b"salt" + digest.digest(), "sha256")[:16]  # tells nothing of the sound
        head = _HEADER.pack(_MAGIC, _VERSION, 0, number, sound.size, salt, CHUNK)
        self._aead = AESGCM(_file_key(key, salt))
        self._sound = sound
        self._head = head
        self._header = head + self._aead.encrypt(_header_nonce(), b"", head)
        self._last = (-1, b"")
        self.size = sealed_size(sound.size)

    def read(self, offset: int, length: int) -> bytes:
        return _range(offset, min(self.size, offset + max(0, length)), self._header, CHUNK + TAG, self._chunk)

    def close(self) -> None:
        self._sound.close()

    def _chunk(self, index: int) -> bytes:
        if self._last[0] != index:
            plain = self._sound.read(index * CHUNK, CHUNK)
            self._last = index, self._aead.encrypt(nonce(index), plain, self._head)
        return self._last[1]


class SealedFile:
    """A sealed file as the WAV that is in it: any range of its bytes."""

    def __init__(self, disk: Disk, file: int, number: int, key: bytes) -> None:
        """Damaged if its header is not what was sealed, or it is not all there."""
        self._disk, self._file = disk, file
        head = disk.read(file, HEADER, 0)
        if len(head) < HEADER:
            raise Damaged(f"it has {len(head)} bytes, not even its header")
        _, _, _, there, self.size, salt, chunk = _HEADER.unpack_from(head)
        self._head = head[:_HEADER.size]
        self._aead = AESGCM(_file_key(key, salt))
        self._last = (-1, b"")
        try:
            self._aead.decrypt(_header_nonce(), head[_HEADER.size:], self._head)
        except InvalidTag:
            raise Damaged("its header is not what was sealed") from None
        if disk.size(file) != sealed_size(self.size) or there != number or chunk != CHUNK:
            raise Damaged(f"it has {disk.size(file)} bytes where {sealed_size(self.size)} were sealed")

    def read(self, offset: int, length: int) -> bytes:
        """Damaged if any of it is not what was sealed: never noise."""
        return _range(offset, min(self.size, offset + max(0, length)), b"", CHUNK, self._chunk)

    def close(self) -> None:
        self._disk.close(self._file)

    def _chunk(self, index: int) -> bytes:
        if self._last[0] != index:
            sealed = self._disk.read(self._file, CHUNK + TAG, HEADER + index * (CHUNK + TAG))
            try:
                self._last = index, self._aead.decrypt(nonce(index), sealed, self._head)
            except InvalidTag:
                first = HEADER + index * (CHUNK + TAG)
                raise Damaged(f"bytes {first} to {first + len(sealed) - 1} are not what was sealed") from None
        return self._last[1]


def sealed_size(size: int) -> int:
    """Bytes of the sealed file of so many bytes."""
    return HEADER + size + TAG * -(-size // CHUNK)


def key_of(head: bytes) -> int:
    """The key of the sealed file that begins so; 0: it is no sealed file."""
    if len(head) < HEADER or head[:8] != _MAGIC:
        return 0
    _, version, _, number, _, _, _ = _HEADER.unpack_from(head)
    return int(number) if version == _VERSION else 0


def _range(offset: int, end: int, header: bytes, step: int, chunk: Callable[[int], bytes]) -> bytes:
    """Bytes from `offset` up to `end` of a header and what `chunk(index)` gives, `step` bytes each."""
    if offset < 0 or offset >= end:
        return b""
    parts = [header[offset:end]] if offset < len(header) else []
    begin, stop = max(0, offset - len(header)), end - len(header)
    parts += [chunk(index)[max(0, begin - index * step):stop - index * step]
              for index in range(begin // step, -(-stop // step) if stop > begin else 0)]
    return b"".join(parts)
