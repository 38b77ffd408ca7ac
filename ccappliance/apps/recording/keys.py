"""The keys of sealed recordings: one for each, wrapped by the box's own, in slots that are overwritten to forget one.

    keys/box.key             32 random bytes; wraps all others (AES Key Wrap, RFC 3394)
    keys/slots-000001.key    4096 slots of 64 bytes, preallocated: key 1 in the first, key 4097 in the first of the next

They lie apart from the sound, and in one place only: a key that is overwritten has no copy, and what it has sealed is
noise for ever, wherever that lies. A number is never given twice. Key Wrap needs no nonce that could repeat, and it
tells a wrong box key at once.
"""

import contextlib
import hashlib
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ccappliance.apps.recording.signing import place
from ccappliance.base.errors import Refused
from ccappliance.service.disk import Disk

KEY = 32  # bytes: AES-256
NONE, LIVE, ERASED = 0, 1, 2  # states of a slot
SLOT = 64  # bytes: never across two sectors, so a cut leaves the old one or the new one
SLOTS = 4096  # of a file: 256 KiB, quickly written anew when a disk has failed in it
MOST_OPEN = 256  # keys kept in memory, beside those not yet on the platter
_SLOT = struct.Struct("<IB3x8s40s4xI")  # number, state, which box key, wrapped key, CRC-32 of all before
_BOX, _NEXT = "box.key", "box.key.new"


class Locked(Refused):
    """A key cannot be had now, but its recording is not lost: the words say what to do. Code "locked"."""

    def __init__(self, why: str) -> None:
        super().__init__("locked", why)


class Erased(Refused):
    """The key was destroyed on purpose: nobody will hear this recording again. Code "erased"."""

    def __init__(self, number: int) -> None:
        super().__init__("erased", f"the recording was erased: its key {number} is destroyed, and nobody can hear it "
                                   "any more")


class Keys:
    """The store of keys. Methods may wait for the disk and raise OSError; any thread may call them."""

    def __init__(self, disk: Disk, directory: Path, secret: Callable[[int], bytes]) -> None:
        self.directory = directory
        self.trouble = "the keys have not been opened"  # why nothing can be sealed or heard; "": all is well
        self.last = 0  # the highest number ever given, as far as anything tells
        self._disk = disk
        self._secret = secret
        self._boxes: dict[bytes, bytes] = {}  # name of a box key → it; two while one replaces the other
        self._box = b""  # name of the one that wraps new keys
        self._fresh: dict[int, bytes] = {}  # slots not yet written
        self._unsafe: dict[int, bytes] = {}  # slots written, not yet on the platter
        self._open: dict[int, bytes] = {}  # keys, oldest first
        self._lock = threading.RLock()

    # ---- the box's own key ----

    def open(self, *, wanted: bool, used: int = 0, only_look: bool = False) -> None:
        """Read what is there. `wanted`: something will be sealed, so a box key is made at the very first start.
        `used`: the highest key any recording names. `only_look`: change nothing. Never raises: `trouble` says what is
        wrong."""
        with self._lock:
            try:
                self.last = max(self.last, used, self._highest())
                self.trouble = self._open_box(wanted, only_look)
            except Locked as error:
                self.trouble = str(error)
            except OSError as error:
                self.trouble = f"{self.directory} cannot be read ({error.strerror}): see to its disk"

    def _open_box(self, wanted: bool, only_look: bool) -> str:
        box, following = self._read_box(_BOX), self._read_box(_NEXT)
        if len(box) != KEY and len(following) != KEY:
            if self.last or box:
                return (f"{self.directory / _BOX} is {'damaged' if box else 'missing'}, and recordings were sealed "
                        "with it: bring it back from the backup; no new one is made")
            if not wanted:
                return "there is no box key: nothing was ever sealed here"
            box = self._secret(KEY)
            self._place(_BOX, box)
        self._boxes = {_name(one): one for one in (box, following) if len(one) == KEY}
        self._box = _name(following if len(following) == KEY else box)
        newest = next((slot for number in range(self.last, 0, -1) if (slot := self._slot(number))[0] == LIVE), None)
        if newest is not None and newest[1] not in self._boxes:
            return (f"{self.directory / _BOX} is another key than the one recordings were sealed with: bring the "
                    "right one back from the backup; nothing is sealed with this one")
        if len(following) == KEY and not only_look:  # a cut has ended `rekey` in its middle
            self._rewrap(following)
        return ""

    def rekey(self) -> int:
        """Wrap all keys by a new box key, and destroy the old one; how many. A cut in its middle is made good by the
        next `open`. Locked if the keys are not in order. No other process may use them meanwhile."""
        with self._lock:
            self._need_box()
            self.commit()
            following = self._secret(KEY)
            self._place(_NEXT, following)
            self._boxes[_name(following)] = following
            self._box = _name(following)
            return self._rewrap(following)

    def _rewrap(self, following: bytes) -> int:
        count = 0
        for number in range(1, self.last + 1):
            state, box, wrapped = self._slot(number)
            if state == LIVE and box != self._box:
                with contextlib.suppress(Locked):  # it is damaged: nothing can be done for it with either key
                    key = self._unwrap(number, box, wrapped)
                    self._fresh[number] = _pack(number, LIVE, self._box, aes_key_wrap(following, key))
                    count += 1
            if len(self._fresh) >= SLOTS:
                self.commit()
        self.commit()
        old = -1
        with contextlib.suppress(FileNotFoundError):
            old = self._disk.open(self.directory / _BOX, write=True)
        self._disk.rename(self.directory / _NEXT, self.directory / _BOX)
        self._disk.sync_directory(self.directory)
        if old >= 0:  # it has no name any more: overwrite what it was
            self._disk.write(old, [bytes(KEY)], 0)
            self._disk.sync(old)
            self._disk.close(old)
        self._boxes = {self._box: following}
        return count

    # ---- keys ----

    def make(self) -> int:
        """A new key; its number. It is in memory: `push` writes it, `commit` makes it safe, and it must be before
        anything sealed with it is. Locked."""
        with self._lock:
            self._need_box()
            key = self._secret(KEY)
            self.last += 1
            self._fresh[self.last] = _pack(self.last, LIVE, self._box, aes_key_wrap(self._boxes[self._box], key))
            self._remember(self.last, key)
            return self.last

    def key(self, number: int) -> bytes:
        """Locked, Erased, OSError."""
        with self._lock:
            known = self._open.get(number)
            if known is not None:
                return known
            state, box, wrapped = self._slot(number)
            if state == ERASED:
                raise Erased(number)
            if state == NONE:
                raise Locked(f"key {number} is missing in {self.directory}: bring its slots back from the backup")
            key = self._unwrap(number, box, wrapped)
            self._remember(number, key)
            return key

    def state(self, number: int) -> int:
        """NONE, LIVE or ERASED; NONE too if its slot is damaged. OSError."""
        with self._lock:
            return self._slot(number)[0]

    def erase(self, number: int) -> None:
        """Overwrite it in its place, on the platter when this returns; harmless if it is erased already."""
        with self._lock:
            self._open.pop(number, None)
            if self._slot(number)[0] != ERASED:
                self._fresh[number] = _pack(number, ERASED, bytes(8), bytes(KEY + 8))
                self.commit()

    def push(self) -> None:
        """What was made so far to the system: a kill does not lose it."""
        with self._lock:
            while self._fresh:
                part = (next(iter(self._fresh)) - 1) // SLOTS
                mine = {number: slot for number, slot in self._fresh.items() if (number - 1) // SLOTS == part}
                self._into(part, mine)
                for number in mine:
                    self._unsafe[number] = self._fresh.pop(number)

    def commit(self) -> None:
        """What was made so far onto the platter."""
        with self._lock:
            self.push()
            parts = dict.fromkeys((number - 1) // SLOTS for number in self._unsafe)
            for part in parts:
                try:
                    self._sync(part)
                except OSError:  # the file may have forgotten them: never ask it again
                    self._anew(part)
            self._unsafe.clear()

    # ---- inside ----

    def _need_box(self) -> None:
        if self.trouble:
            raise Locked(self.trouble)

    def _unwrap(self, number: int, box: bytes, wrapped: bytes) -> bytes:
        if box not in self._boxes:
            raise Locked(self.trouble or f"key {number} was wrapped by another box key than {self.directory / _BOX}: "
                         "bring that one back from the backup")
        try:
            return aes_key_unwrap(self._boxes[box], wrapped)
        except InvalidUnwrap:
            raise Locked(f"key {number} is damaged: bring its slots back from the backup") from None

    def _remember(self, number: int, key: bytes) -> None:
        self._open[number] = key
        if len(self._open) > MOST_OPEN:
            for old in list(self._open)[:len(self._open) - MOST_OPEN]:
                if old not in self._fresh and old not in self._unsafe:
                    del self._open[old]

    def _slot(self, number: int) -> tuple[int, bytes, bytes]:
        """(state, which box key, wrapped key)"""
        data = self._fresh.get(number) or self._unsafe.get(number)
        if data is None:
            part, at = divmod(number - 1, SLOTS)
            try:
                file = self._disk.open(self._path(part))
            except FileNotFoundError:
                return NONE, b"", b""
            try:
                data = self._disk.read(file, SLOT, at * SLOT)
            finally:
                self._disk.close(file)
        return _unpack(data, number)

    def _highest(self) -> int:
        for part in sorted(self._parts(), reverse=True):
            file = self._disk.open(self._path(part))
            try:
                data = self._disk.read(file, SLOT * SLOTS, 0)
            finally:
                self._disk.close(file)
            used = len(data.rstrip(b"\0"))
            if used:
                return part * SLOTS + -(-used // SLOT)
        return 0

    def _parts(self) -> Iterator[int]:
        for name in self._disk.names(self.directory):
            part = name.removeprefix("slots-").removesuffix(".key")
            if name == f"slots-{part}.key" and part.isdigit():
                yield int(part) - 1

    def _path(self, part: int) -> Path:
        return self.directory / f"slots-{part + 1:06d}.key"

    def _into(self, part: int, slots: dict[int, bytes]) -> None:
        try:
            file = self._disk.open(self._path(part), write=True)
        except FileNotFoundError:
            self._anew(part)
            file = self._disk.open(self._path(part), write=True)
        try:
            for number, slot in slots.items():
                self._disk.write(file, [slot], (number - 1) % SLOTS * SLOT)
        finally:
            self._disk.close(file)

    def _sync(self, part: int) -> None:
        file = self._disk.open(self._path(part), write=True)
        try:
            self._disk.sync(file)
        finally:
            self._disk.close(file)

    def _anew(self, part: int) -> None:
        """A new file in the place of one that failed (or of none): what it held, and what is not yet safe."""
        data = bytearray(SLOT * SLOTS)
        with contextlib.suppress(FileNotFoundError):
            file = self._disk.open(self._path(part))
            try:
                there = self._disk.read(file, SLOT * SLOTS, 0)
            finally:
                self._disk.close(file)
            data[:len(there)] = there
        for number, slot in self._unsafe.items():
            if (number - 1) // SLOTS == part:
                at = (number - 1) % SLOTS * SLOT
                data[at:at + SLOT] = slot
        self._place(self._path(part).name, bytes(data))

    def _place(self, name: str, data: bytes) -> None:
        """A whole file under its name, or nothing."""
        place(self._disk, self.directory / name, data)

    def _read_box(self, name: str) -> bytes:
        try:
            file = self._disk.open(self.directory / name)
        except FileNotFoundError:
            return b""
        try:
            return self._disk.read(file, KEY + 1, 0)
        finally:
            self._disk.close(file)


def _name(box: bytes) -> bytes:
    """Which box key: tells nothing of it."""
    return hashlib.sha256(b"ccappliance box key" + box).digest()[:8]


def _pack(number: int, state: int, box: bytes, wrapped: bytes) -> bytes:
    body = _SLOT.pack(number, state, box, wrapped, 0)[:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def _unpack(data: bytes, number: int) -> tuple[int, bytes, bytes]:
    if len(data) != SLOT or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return NONE, b"", b""
    there, state, box, wrapped, _ = _SLOT.unpack(data)
    return (state, box, wrapped) if there == number else (NONE, b"", b"")
