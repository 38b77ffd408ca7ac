"""`make instructions`: instructions per sample and channel, ours beside the peers', counted by callgrind.

Counts are the same in every run on a machine of the same kind, where times are not: the stable figure for a regression.
"""

import ctypes.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.instructed import BYTES, CHANNELS, SAMPLES, SECONDS, prepare
from ccappliance.media import _bank

ECHOES = 2 * SECONDS * 8000  # samples of the two channels that have one
DRIVER = Path(__file__).with_name("receivers.c")
OURS = {  # what: our function's name in the object file, samples it was given
    "A-law decoding": (r"_dsp_\d*alaw_decode$", SAMPLES),
    "A-law encoding": (r"_dsp_\d*alaw_encode$", SAMPLES),
    "DTMF alone": (r"_4Dtmf_\d+run$", SAMPLES),
    "all tone ears, A-law in": (r"_8Channels_\d+run$", SAMPLES),
    "caller ID FSK, both standards": (r"_11FskReceiver_\d+run$", SAMPLES),
    "echo canceller, 32 ms": (r"_4Echo_\d+run$", ECHOES),
}
# what: library, its receivers with their arguments, bytes of a channel, samples, sounds
PEERS: dict[str, tuple[str, tuple[tuple[str, int], ...], int, int, tuple[str, ...]]] = {
    "A-law decoding": ("spandsp", (("g711_decode", 0),), BYTES // 2, SAMPLES, ("alaw",)),
    "A-law encoding": ("spandsp", (("g711_encode", 0),), BYTES, SAMPLES, ("pcm",)),
    "DTMF alone": ("spandsp", (("dtmf_rx", 0),), BYTES, SAMPLES, ("pcm",)),
    "all tone ears, A-law in": ("spandsp", (("dtmf_rx", 0), ("modem_connect_tones_rx", 1),
                                            ("modem_connect_tones_rx", 6), ("super_tone_rx", 0)),
                                BYTES, SAMPLES, ("pcm",)),
    "caller ID FSK, both standards": ("spandsp", (("adsi_rx", 1), ("adsi_rx", 2)), BYTES, SAMPLES, ("pcm",)),
    "echo canceller, 32 ms": ("speexdsp", (("speex_echo_cancellation", 0),), BYTES, ECHOES, ("near", "far")),
}
BEFORE = f"""# Instructions per sample and channel

Counted by callgrind (`make instructions` writes this page). The traffic is a call centre's: of eight channels five
speak, one dials, one hears busy tone, one is silent; {CHANNELS} channels, {SECONDS} s. Counts do not depend on what
else the machine does; with AVX2 (v3) one instruction does more than with SSE2 (base). The ratio is of the best level to
the peer: less is better.
"""
AFTER = """
All tone ears: DTMF, China's progress tones and voice, SIT, fax and modem, A-law decoding included; the peer's: dtmf_rx,
two modem_connect_tones_rx and super_tone_rx with three cadences, of samples that are decoded already. FSK: ours hears
Bell 202 and V.23 at once, the peer needs two receivers. libspandsp's echo canceller prints in Debian's build and is not
compared.
"""


def _callgrind(out: Path, *words: str) -> str:
    """What callgrind wrote of this command."""
    subprocess.run(["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}", *words], check=True,
                   stdout=subprocess.DEVNULL)
    return out.read_text(encoding="utf-8", errors="replace")


def ours(folder: Path, level: str) -> dict[str, float]:
    """Instructions per sample of our functions, with all that they call."""
    out = folder / "callgrind.out"
    _callgrind(out, sys.executable, "-m", "benchmarks.instructed", str(folder), level)
    told = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", str(out)],
                          check=True, capture_output=True, text=True).stdout
    counts: dict[str, int] = {}
    for count, name in re.findall(r"^ *([\d,]+) \([^)]*\) +\S*?:(\S+)", told, re.MULTILINE):
        counts[name] = max(counts.get(name, 0), int(count.replace(",", "")))
    made = {}
    for what, (pattern, samples) in OURS.items():
        found = [count for name, count in counts.items() if re.search(pattern, name)]
        if len(found) != 1:
            raise SystemExit(f"callgrind counted {len(found)} functions {pattern}: is the compiled floor stripped?")
        made[what] = found[0] / samples
    return made


def theirs(folder: Path, driver: Path, what: str) -> tuple[str, float] | None:
    """The peer, and instructions per sample of its receivers; None: it is not installed."""
    library, receivers, size, samples, sounds = PEERS[what]
    found = ctypes.util.find_library(library)
    if found is None:
        return None

    def total(kind: str, argument: int, rounds: int) -> int:
        told = _callgrind(folder / "peer.out", str(driver), found, kind, str(argument), str(size), str(rounds),
                          *(str(folder / sound) for sound in sounds))
        return int(re.findall(r"^(?:totals|summary): (\d+)", told, re.MULTILINE)[-1])

    work = sum(total(*one, 2) - total(*one, 1) for one in receivers)
    return f"lib{library}", work / samples


def table(folder: Path) -> list[str]:
    prepare(folder)
    driver = folder / "receivers"
    subprocess.run(["gcc", "-O2", "-o", str(driver), str(DRIVER), "-ldl"], check=True)
    levels = [level for level in _bank.levels() if level != "plain"]
    mine = {level: ours(folder, level) for level in levels}
    rows = ["| | " + " | ".join(f"ours, {level}" for level in levels) + " | peer | | ratio |",
            "|---|" + "---|" * (len(levels) + 3)]
    for what in OURS:
        cells = [f"{mine[level][what]:.1f}" for level in levels]
        peer = theirs(folder, driver, what)
        cells += ["not installed", "", ""] if peer is None else \
            [peer[0], f"{peer[1]:.1f}", f"{mine[levels[-1]][what] / peer[1]:.3f}"]
        rows.append(f"| {what} | " + " | ".join(cells) + " |")
    return rows


def page() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return "\n".join([BEFORE, *table(Path(folder)), AFTER])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    print(f"written: {sys.argv[1]}")
