"""Kill -9 while 30 lines are recorded with real sound: every sample that was pushed is there after the next start.

The far ends write down what they send into rings of their own, which the kill leaves too: they are the witness.
"""

import random
import signal
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from ccappliance.apps.recording.keeping import Keeping, Told
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.media.dsp import through_alaw
from ccappliance.media.rings import Rings
from ccappliance.places import boot_id
from ccappliance.service.disk import RealDisk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LINES = 30
SECONDS = 9  # of noise that is like nothing else; the witness holds ten
FRAME = 160

_CHILD = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).resolve().parent)!r})
from test_kill_recorded import LINES, noise
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import SystemClock
from ccappliance.base.ids import Ids
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.ports import Sound
from ccappliance.media.rings import Rings
from ccappliance.media.tones import load_zones
from ccappliance.places import boot_id
folder = Path(sys.argv[1])
async def main():
    loop, zone, clock = asyncio.get_running_loop(), load_zones()["cn"], SystemClock()
    ours = Rings(folder / "rings", LINES, boot_id())
    theirs = Rings(folder / "witness", LINES, boot_id())
    near, far = EngineMedia(loop, zone, rings=ours), EngineMedia(loop, zone, name="street", rings=theirs)
    recorder = Recorder(RecordingSettings(segment=4), clock, Journal(clock, MemorySink()), folder / "recordings",
                        Ids(1), remains=ours)
    recorder.repair()
    ends = [near.wire() for _ in range(LINES)]
    ports = [near.port(f"fxo/{{line}}", one) for line, (one, _) in enumerate(ends)]
    others = [far.port(f"far {{line}}", other) for line, (_, other) in enumerate(ends)]
    sounds = [[Sound("noise", noise(line, leg)) for leg in (0, 1)] for line in range(LINES)]
    tapes = []
    for line in range(LINES):
        recorder.start(f"1.{{line:06d}}", ports[line], "always")
        ports[line].play([sounds[line][1]])
        others[line].play([sounds[line][0]])
        tapes.append(others[line].tape(str(line).encode()))
    beat = Metronome([near, far], realtime=False)
    beat.start()
    print("ticking", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def noise(line: int, leg: int) -> bytes:
    return through_alaw(random.Random(2 * line + leg).randbytes(2 * 8000 * SECONDS))


def started(folder: Path, rings: Rings) -> dict[int, tuple[Take, bytes]]:
    """By line: what a next start has of each recording."""
    told = Told(lambda _: None, lambda *_: None, lambda words: None, lambda words: None)
    keeping = Keeping(RecordingSettings(segment=4), folder / "recordings", told, threaded=True, remains=rings)
    state = keeping.recover()
    log = TapeLog(RealDisk(), state.takes, state.segments, 4 << 20)
    found = {}
    for take in state.takes:
        wav = TakeWav(log, take)
        found[int(take.label.call.split(".")[1])] = (take, wav.read(44, wav.size))
    return found


def killed(folder: Path, after: float) -> None:
    with subprocess.Popen([sys.executable, "-c", _CHILD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ticking\n"
        with pytest.raises(subprocess.TimeoutExpired):  # it runs, in real time
            child.wait(after)
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kill", [*range(3), *(pytest.param(kill, marks=pytest.mark.nightly) for kill in range(3, 23))])
def test_every_sample_that_was_pushed_is_recovered(tmp_path: Path, kill: int) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    after = random.Random(seed).uniform(0.02, 6.0)
    print(f"seed {seed}: killed {after:.3f} s after the first tick")
    killed(tmp_path, after)
    rings, witness = Rings(tmp_path / "rings", 0, boot_id()), Rings(tmp_path / "witness", 0, boot_id())
    pushed = {Label.unpack(ring.name).call: ring.frames * FRAME for ring in rings.left()}
    sent = {int(ring.name): ring for ring in witness.left()}
    assert len(pushed) == len(sent) == LINES
    found = started(tmp_path, rings)
    late: list[int] = []
    for line in range(LINES):
        take, stereo = found[line]
        assert take.samples == pushed[take.label.call], f"seed {seed}: line {line}"
        assert take.missing == 0, f"seed {seed}: line {line}"
        legs = array("h", stereo)
        heard, spoken = legs[0::2], legs[1::2]
        said = array("h", b"".join(frame.stereo for frame in sent[line].newest))[1::2]
        begins = [_begin(leg) for leg in (heard, spoken, said)]
        assert heard[begins[0]:] == array("h", noise(line, 0))[:len(heard) - begins[0]], f"seed {seed}: line {line}"
        assert spoken[begins[1]:] == array("h", noise(line, 1))[:len(spoken) - begins[1]], f"seed {seed}: line {line}"
        late.append((len(said) - begins[2]) - (len(heard) - begins[0]))
    print(f"of what the far ends sent {min(late)} to {max(late)} samples were still on the wire or not ticked")
    assert max(late) <= 2 * FRAME, f"seed {seed}: {late}"  # one frame is on the wire, one was not ticked
    again = Rings(tmp_path / "rings", 0, boot_id())
    assert not list(again.left()), "what is safe is not forgotten"
    assert {line: stereo for line, (_, stereo) in started(tmp_path, again).items()} == \
        {line: stereo for line, (_, stereo) in found.items()}, f"seed {seed}: the second start finds something else"


def _begin(leg: array) -> int:
    """Of the noise: what comes before it is silence, within two frames."""
    first = next((at for at, sample in enumerate(leg) if abs(sample) > 8), len(leg))
    return first // FRAME * FRAME
