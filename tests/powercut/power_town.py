"""What the guest of the power cuts reads: 40 lines configured, their prompts, and noise of which every sample is known.

`power_town.py FOLDER` makes all of it outside, where it takes seconds; in the guest it would take minutes.
"""

import random
import shutil
import sys
from pathlib import Path

from ccappliance.config.load import load
from ccappliance.media.dsp import alaw_to_linear, linear_to_alaw
from ccappliance.media.files import write_wav
from ccappliance.media.prompts import PromptBook
from ccappliance.site import Site

HERE = Path(__file__).resolve().parent
CONFIGURATION = HERE.parent.parent / "etc" / "ccappliance"
NUMBER = "61234567"  # of all lines together
STAY = 30  # callers who stay to the end
LINES = 40  # 30 whose callers stay, and ten for those who come and go
RATE = 8000
LOUD = 3000  # of the noise: some -20 dBm0
PERIOD = 10 * RATE - 7  # samples after which the noise begins again: no multiple of a frame, a record or a sector
SHIFT = 1931  # samples by which one caller's noise is ahead of the one's before him
ANNOUNCED = 30 * RATE  # samples of what the callers hear
OVERLAY = """
system: {{realtime: false, drain: 1s}}
prompts:
  directory: {folder}/recorded
  cache: {folder}/cache
  normalise: false
  commands: {{zh: "cat {folder}/word.wav", en: "cat {folder}/word.wav"}}
recording: {{segment: 2, encrypt: true}}
queues: {{sales: {{callback: {{enabled: true, group: pstn}}}}}}
callback_numbers: ["1[3-9]XXXXXXXXX"]
routes:
  - {{source: lines, calling: "139.", to: "flow:promise"}}
  - {{source: lines, to: "flow:power"}}
lines:
"""
FLOWS = {
    "power": 'start: told\nnodes:\n  told: {type: play, prompt: known, next: "hangup:normal"}\n',
    "promise": 'start: later\nnodes:\n  later: {type: callback, queue: sales, next: "hangup:normal", '
               'declined: "hangup:normal", not_offered: "hangup:normal"}\n',
}


def noise(seed: int, samples: int) -> bytes:
    """int16, such as A-law carries without loss."""
    chance = random.Random(seed)
    pcm = b"".join(chance.randint(-LOUD, LOUD).to_bytes(2, "little", signed=True) for _ in range(samples))
    return alaw_to_linear(linear_to_alaw(pcm))


def said(base: bytes, caller: int) -> bytes:
    """One period of what the caller of this number says, of `base`: sample n is base[(n + caller * SHIFT) % PERIOD]."""
    at = 2 * (caller * SHIFT % PERIOD)
    return base[at:] + base[:at]


def make(folder: Path) -> None:
    """FOLDER/etc, FOLDER/recorded, FOLDER/cache and FOLDER/noise; what was there before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "recorded" / "zh").mkdir(parents=True)
    (folder / "noise").write_bytes(noise(1, PERIOD))
    for language in ("zh", "en"):
        (folder / "recorded" / language).mkdir(exist_ok=True)
        write_wav(folder / "recorded" / language / "known.wav", noise(2, ANNOUNCED))
    write_wav(folder / "word.wav", b"\x00\x10\x00\xf0" * 400)
    shutil.copytree(CONFIGURATION, folder / "etc")
    more = [f'  fxo/{number}: {{type: fxo, channel: {number + 4}, number: "{NUMBER}"}}'
            for number in range(5, LINES + 1)]
    (folder / "etc" / "conf.d" / "power.yaml").write_text(OVERLAY.format(folder=folder) + "\n".join(more) + "\n",
                                                          encoding="utf-8")
    for name, flow in FLOWS.items():
        (folder / "etc" / "flows" / f"{name}.yaml").write_text(flow, encoding="utf-8")
    site = load(folder / "etc", Site).value
    PromptBook(site.prompts).prepare(site.texts())


if __name__ == "__main__":
    make(Path(sys.argv[1]))
