"""Calls told as stories: the whole house in virtual time, with real samples and with scripted media."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from storyteller import FIRST_CALL, HERE, ROOT, both, facts, stories, tell, trouble

from ccappliance.sim.script import read_script

pytestmark = pytest.mark.slow
FIDELITIES = {"scripted": False, "engine": True}
REPLAYED = [FIRST_CALL, HERE / "queue-ring-all.yaml", HERE / "transfer-conference.yaml", HERE / "out-no-dial-tone.yaml",
            HERE / "reload-during-calls.yaml"]
_DIGESTS = """
import sys; sys.path.insert(0, {here!r})
from pathlib import Path
from storyteller import both
for path in sys.argv[2:]:
    print(both(Path(path), Path(sys.argv[1])))
"""


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_story(path: Path, fidelity: str, prompts: Path) -> None:
    """Told as it is written; afterwards nothing is in use and every account is closed; told again, word for word."""
    told: list[str] = []
    script = read_script(path)
    played = tell(script, prompts, engine=FIDELITIES[fidelity], say=told.append)
    last = "\n".join(told[-25:])
    assert not played.failed, f"{played.step}\n{played.failed}\nseed {script.seed}, {fidelity}\n{last}"
    assert trouble(played) == [], last
    assert facts(played, "CallOffered") or path.stem == "queue-left-off-hook"
    again = tell(script, prompts, engine=FIDELITIES[fidelity])
    assert again.digest == played.digest, f"seed {script.seed}: two tellings differ"


@pytest.mark.parametrize("hashing", ["0", "4711"])
def test_the_same_seed_gives_the_same_journal_under_any_hash_seed(hashing: str, prompts: Path) -> None:
    here = [both(path, prompts) for path in REPLAYED]
    there = subprocess.run([sys.executable, "-c", _DIGESTS.format(here=str(HERE)), str(prompts), *map(str, REPLAYED)],
                           env={**os.environ, "PYTHONHASHSEED": hashing}, cwd=ROOT, capture_output=True, text=True,
                           check=True)
    assert there.stdout.split("\n")[:-1] == here


def test_another_seed_is_another_day(prompts: Path, tmp_path: Path) -> None:
    """The exchange switches at another moment, so the digest does not hide what happened."""
    other = tmp_path / "first-call.yaml"
    other.write_text("seed: 2\n" + FIRST_CALL.read_text(encoding="utf-8"), encoding="utf-8")
    one, two = tell(FIRST_CALL, prompts, engine=False), tell(other, prompts, engine=False)
    assert not two.failed
    assert one.digest != two.digest


def test_a_story_that_goes_wrong_says_where_and_what_was_heard_instead(prompts: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text('people:\n  li: {name: 李明, station: "8001"}\nsteps:\n  - li: lifts\n  - together:\n'
                    "      - wait: 1\n      - li: {hears: busy, within: 3}\n", encoding="utf-8")
    played = tell(path, prompts, engine=False)
    assert played.step == "wrong.yaml:7: li hears busy"
    assert "李明 expected to hear the tone busy within 3 s, but noticed the tone dial" in played.failed
    assert trouble(played) == []
