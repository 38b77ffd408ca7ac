"""Hear hours of talk-off beside libspandsp: `python tools/talkoff.py --hours 3 --seed 5 --save DIR`.

Prints which recorded corpora are here, the hours heard, the false hits of both, and each of ours with what makes it
again; --save writes the smallest stretch that still makes it as a WAV for `ccappliance dsp analyze`.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "dsp")]

import talkoff  # noqa: E402
from talkoff_ears import KINDS, Ours  # noqa: E402
from talkoff_sources import roll_call  # noqa: E402

from ccappliance.media.files import write_wav  # noqa: E402
from ccappliance.media.tones import load_zones  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--zone", default="cn")
    parser.add_argument("--spoken", type=int, help="readings to render, about a minute each; else a third of all")
    parser.add_argument("--alone", action="store_true", help="without libspandsp")
    parser.add_argument("--save", type=Path, help="folder for the smallest stretch of every false hit of ours")
    asked = parser.parse_args()
    zone = load_zones()[asked.zone]
    print("\n".join(roll_call()))
    spoken = asked.spoken or max(1, round(asked.hours * 60 / 3))
    tally = talkoff.run(asked.hours, asked.seed, zone, spoken=spoken, peer=not asked.alone)
    print("\n".join(tally.lines(KINDS)))
    if asked.save:
        asked.save.mkdir(parents=True, exist_ok=True)
        sources = {(source.name, line): source for source, line in talkoff.pieces(asked.hours, asked.seed, spoken)}
        for number, (name, line, hit) in enumerate(one for one in tally.found if one[2].who == Ours.who):
            cut = talkoff.smallest(talkoff.piece(sources[name, line], line), zone, hit)
            if cut:
                write_wav(asked.save / f"{number:03}-{hit.kind}-{hit.value.replace('*', 'star')}.wav", cut)
    return 0


if __name__ == "__main__":
    sys.exit(main())
