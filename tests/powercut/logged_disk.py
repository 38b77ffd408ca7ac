"""The guest's disk: an ext4 in memory whose every write and flush is logged, and which can be made to fail.

    ext4 → `upper`: lets pass, or fails → `disk`: dm-log-writes → a memory disk
                                                       └──────→ another: the log

dm-log-writes writes down each write when it has completed, in the order in which flushes make them durable. So one run
holds every moment at which its power may fail (write_log.py). What `upper` refuses never reaches the log.
"""

import fcntl
import os
import re
import struct
import subprocess
from pathlib import Path

WHERE = Path("/run/disk")  # it is mounted there
# linux/dm-ioctl.h: DM_TARGET_MSG is _IOWR(0xfd, 14, struct dm_ioctl), whose size is 312.
DM_TARGET_MSG = 0xC138FD0E
DM_HEAD = struct.Struct("=3I I I I i I I I Q 128s 129s 7s")
EXTENT = re.compile(r"^ *\d+: +\d+\.\. +\d+: +(\d+)\.\. +(\d+):", re.MULTILINE)  # of filefrag -v, in blocks of 4 KiB
BLOCK = 8  # sectors of a block


class LoggedDisk:
    """Made and mounted when constructed. Needs root, and a machine of which nothing else is wanted: a guest."""

    def __init__(self, mib: int) -> None:
        self._sectors = mib * 2048
        for words in ("modprobe brd rd_nr=2 rd_size=1048576", "modprobe -a ext4 dm-log-writes dm-flakey",
                      f"dmsetup create disk --noudevsync --table '0 {self._sectors} log-writes /dev/ram0 /dev/ram1'",
                      f"dmsetup create upper --noudevsync --table '0 {self._sectors} linear /dev/dm-0 0'",
                      "mkfs.ext4 -q -b 4096 -E lazy_itable_init=0,lazy_journal_init=0,nodiscard /dev/dm-1",
                      f"mkdir -p {WHERE}", f"mount -o nodiscard /dev/dm-1 {WHERE}"):
            subprocess.run(words, shell=True, check=True)
        self._control = os.open("/dev/mapper/control", os.O_RDWR)

    def mark(self, text: str) -> None:
        """Into the log, behind every flush that is over."""
        message = struct.pack("=Q", 0) + f"mark {text}".encode() + b"\0"
        size = DM_HEAD.size + len(message)
        head = DM_HEAD.pack(4, 0, 0, size, DM_HEAD.size, 0, 0, 0, 0, 0, 0, b"disk", b"", b"")
        fcntl.ioctl(self._control, DM_TARGET_MSG, bytearray(head + message))

    # ---- failing ----

    def heal(self) -> None:
        """Everything passes again."""
        self._table([(self._sectors, "linear")])

    def die(self) -> None:
        """Every write and every flush gives EIO."""
        self._table([(self._sectors, "flakey")])

    def spoil(self, path: Path) -> None:
        """Reads and writes of this file's blocks give EIO; everything else passes, flushes too."""
        told = subprocess.run(["filefrag", "-v", str(path)], check=True, capture_output=True, text=True).stdout
        pieces: list[tuple[int, str]] = []
        at = 0
        for first, last in sorted((int(first), int(last)) for first, last in EXTENT.findall(told)):
            pieces += [(first * BLOCK - at, "linear"), ((last + 1 - first) * BLOCK, "error")]
            at = (last + 1) * BLOCK
        if not at:
            raise OSError(f"{path} has no blocks: {told}")
        self._table([*pieces, (self._sectors - at, "linear")])

    def _table(self, pieces: list[tuple[int, str]]) -> None:
        at, lines = 0, []
        for length, kind in pieces:
            more = {"linear": f" /dev/dm-0 {at}", "error": "",
                    "flakey": f" /dev/dm-0 {at} 0 86400 1 error_writes"}[kind]
            if length:
                lines.append(f"{at} {length} {kind}{more}")
            at += length
        subprocess.run(["dmsetup", "reload", "--noudevsync", "upper"], input="\n".join(lines), text=True, check=True)
        subprocess.run(["dmsetup", "resume", "--noudevsync", "--noflush", "--nolockfs", "upper"], check=True)

    # ---- end ----

    def close(self, log: Path) -> None:
        """Unmount, and leave the log in a file: as much of it as was written.

        A thread that waits for a dead disk keeps it mounted. Then the log is left as it is: up to the last flush.
        """
        os.close(self._control)
        idle = subprocess.run(["umount", str(WHERE)], check=False).returncode == 0
        if idle:
            subprocess.run(["dmsetup", "remove", "--noudevsync", "upper"], check=True)
        status = subprocess.run(["dmsetup", "status", "disk"], check=True, capture_output=True, text=True).stdout
        if idle:
            subprocess.run(["dmsetup", "remove", "--noudevsync", "disk"], check=True)  # writes the log's end
        sectors = int(status.split()[-1]) + 64
        subprocess.run(["dd", "if=/dev/ram1", f"of={log}", "bs=512", f"count={sectors}", "status=none"], check=True)
