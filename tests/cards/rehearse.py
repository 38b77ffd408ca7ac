"""Before the guest boots: speaks the stories' texts and plays them with the simulated card; `rehearse.py FOLDER`.

Leaves FOLDER/prompts, and for each story FOLDER/NAME.jsonl with the journal that the real card's must resemble. Speech
and virtual time take seconds here and minutes in the guest.
"""

import sys
from pathlib import Path

from ccappliance.sim.configured import Configured
from ccappliance.sim.play import play
from ccappliance.sim.script import Script, read_script
from ccappliance.site import Site

HERE = Path(__file__).parent
STORIES = ("card-call", "card-lines")
CONFIGURATION = HERE.parent.parent / "etc" / "ccappliance"


def script_and_site(story: str) -> tuple[Script, Site]:
    """A story, and the shipped configuration it is played against."""
    script = read_script(HERE / f"{story}.yaml")
    return script, Configured(CONFIGURATION).site(*script.config)


def rehearse(story: str, folder: Path) -> bool:
    """Did it go as told?"""
    script, site = script_and_site(story)
    played = play(script, site, engine=True, cache=folder / "prompts")
    (folder / f"{story}.jsonl").write_bytes(b"\n".join(played.journal) + b"\n")
    trouble = [played.step, played.failed, *played.breaches, *played.in_use]
    print(f"{story}: " + ("; ".join(line for line in trouble if line)
                          or f"rehearsed, {played.seconds:.0f} s, {len(played.journal)} facts"))
    return not any(trouble)


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return 0 if all(rehearse(story, folder) for story in STORIES) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
