"""Before the guest boots: speaks the story's texts and plays it with the simulated card; `rehearse.py FOLDER`.

Leaves FOLDER/prompts, and FOLDER/simulated.jsonl with the journal that the real card's must resemble. Speech and
virtual time take seconds here and minutes in the guest.
"""

import sys
from pathlib import Path

from ccappliance.sim.configured import Configured
from ccappliance.sim.play import play
from ccappliance.sim.script import Script, read_script
from ccappliance.site import Site

HERE = Path(__file__).parent
STORY = HERE / "card-call.yaml"
CONFIGURATION = HERE.parent.parent / "etc" / "ccappliance"


def script_and_site() -> tuple[Script, Site]:
    """The story, and the shipped configuration it is played against."""
    script = read_script(STORY)
    return script, Configured(CONFIGURATION).site(*script.config)


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    script, site = script_and_site()
    played = play(script, site, engine=True, cache=folder / "prompts")
    (folder / "simulated.jsonl").write_bytes(b"\n".join(played.journal) + b"\n")
    trouble = [played.step, played.failed, *played.breaches, *played.in_use]
    print("\n".join(line for line in trouble if line) or f"rehearsed: {played.seconds:.0f} s, "
          f"{len(played.journal)} facts")
    return 1 if any(trouble) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
