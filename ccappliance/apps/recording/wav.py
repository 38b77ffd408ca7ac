"""Recordings as WAV files: how long one is, and those that an older version was cut off in made whole."""

import os
from pathlib import Path

from ccappliance.base.units import RATE
from ccappliance.media.files import HEADER, wav_header

CHANNELS = 2  # left: what arrived from the party; right: what he was sent
FRAME_BYTES = 2 * CHANNELS


def seconds_in(path: Path) -> float:
    """Sound in a recording of ours by its size; 0.0 if there is none."""
    try:
        return max(0, path.stat().st_size - HEADER) // FRAME_BYTES / RATE
    except OSError:
        return 0.0


def repair(path: Path) -> bool:
    """Make a recording that was cut off whole: header by its size. True if something had to be done; OSError.

    Idempotent. A file that is not ours (another header) is left as it is.
    """
    size = path.stat().st_size
    samples = max(0, size - HEADER) // FRAME_BYTES
    right = wav_header(CHANNELS, samples * FRAME_BYTES)
    with path.open("r+b") as file:
        header = file.read(HEADER)
        if header == right and size == HEADER + samples * FRAME_BYTES:
            return False
        ours = wav_header(CHANNELS, None)
        if len(header) == HEADER and (header[8:40] != ours[8:40] or header[:4] != ours[:4]):
            return False
        if len(header) < HEADER and header != ours[:len(header)]:
            return False
        file.seek(0)
        file.write(right)
        file.truncate(HEADER + samples * FRAME_BYTES)
        file.flush()
        os.fsync(file.fileno())
    return True


def repair_recent(directory: Path, days: int = 2) -> list[Path]:
    """Repair what a kill left unfinished in the newest `days` day folders (no call lasts longer); those repaired.

    What cannot be repaired (its disk fails) is left for its player, which reads to the end anyway.
    """
    repaired = []
    folders = sorted(folder for folder in directory.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"))
    for folder in folders[-days:]:
        for path in sorted(folder.glob("*.wav")):
            try:
                if repair(path):
                    repaired.append(path)
            except OSError:
                continue
    return repaired
