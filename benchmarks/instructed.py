"""Our kernels, fed with a call centre's sound, for callgrind to count; and that sound. Run by benchmarks.instructions.

`python -m benchmarks.instructed FOLDER LEVEL`: prints nothing; the counts are callgrind's. The sound is made before and
read from files, so that nothing is counted but what is listed here.
"""

import sys
from pathlib import Path

from ccappliance.base.units import FRAME, RATE
from ccappliance.media import _bank, _dsp, _echo, dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.trials import Chance
from ccappliance.media.tones import load_zones

CHANNELS = 16
SECONDS = 2
SAMPLES = CHANNELS * SECONDS * RATE
BYTES = 2 * SECONDS * RATE  # of a channel's PCM
FIRST, EVERY = 3, 8  # channels that have an echo: two that speak


def _traffic() -> list[bytes]:
    """PCM of each channel: of eight, five speak, one dials, one hears busy, one is silent; nobody in step."""
    chance = Chance("instructions")
    busy = dsp.render_tone(load_zones()["cn"].tones["busy"], float(SECONDS))
    dialled = dsp.render_digits("13800138000", 0.09, 0.09)[:len(busy)].ljust(len(busy), b"\0")
    made = []
    for channel in range(CHANNELS):
        kinds = {0: dialled, 1: busy, 2: bytes(len(busy))}
        spoken = kinds.get(channel % 8) or signals.line(signals.chatter(chance, SECONDS * RATE, -16.0))
        shift = 2 * chance.whole(SECONDS * RATE)
        made.append(spoken[shift:] + spoken[:shift])
    return made


def prepare(folder: Path) -> None:
    """pcm: all channels one after the other; alaw: their codes; far and near: two with their echoes."""
    channels = _traffic()
    far, near = channels[FIRST::EVERY], []
    for pcm in far:
        echo = signals.Stretch(len(pcm) // 2)
        for late in range(40, 120, 4):
            echo.lay(pcm, 0.1, late)
        near.append(signals.line(echo))
    for name, parts in (("pcm", channels), ("alaw", map(dsp.linear_to_alaw, channels)), ("far", far), ("near", near)):
        (folder / name).write_bytes(b"".join(parts))


def _parts(folder: Path, name: str, size: int) -> list[bytes]:
    sound = (folder / name).read_bytes()
    return [sound[at:at + size] for at in range(0, len(sound), size)]


def main(folder: Path, level: str) -> None:
    _bank.use(level)
    codes = _parts(folder, "alaw", BYTES // 2)
    for code in codes:
        _dsp.alaw_decode(code)
    every = _dsp.Channels(CHANNELS, [(one.hz, one.on_ms, one.off_ms) for one in load_zones()["cn"].recognised])
    for at in range(0, SECONDS * RATE, FRAME):
        every.run(b"".join(code[at:at + FRAME] for code in codes))
    for pcm in _parts(folder, "pcm", BYTES):
        _dsp.alaw_encode(pcm)
        _dsp.Dtmf().run(pcm)
        _dsp.FskReceiver().run(pcm)
    for far, near in zip(_parts(folder, "far", BYTES), _parts(folder, "near", BYTES), strict=True):
        _echo.Echo().run(far, near)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
