"""Calls over an E&M span, told as stories: wink and immediate, DTMF and R1, whole house, virtual time."""

from pathlib import Path

import pytest
from storyteller import facts, tell, trouble

from ccappliance.sim.play import Played

pytestmark = pytest.mark.slow
CONFIG = """
config:
  lines:
    em/1: {type: em, channels: "101-115,117-131", numbers: ["4001"], signalling: {start: %s, dialling: %s}}
  trunks:
    tie: {lines: [em/1], order: last}
  routes:
    - {source: lines, line: em/1, called: "4001", to: "flow:main"}
    - {source: lines, line: fxo/1, to: "flow:main"}
    - {source: stations, called: "9.", to: "trunk:tie/{rest}"}
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
steps:
  - wait: 3
"""


def told(tmp_path: Path, prompts: Path, how: tuple[str, str], engine: bool, steps: str) -> Played:
    """The story must go as told and leave nothing behind."""
    path = tmp_path / "em.yaml"
    path.write_text(CONFIG % how + steps, encoding="utf-8")
    played = tell(path, prompts, engine=engine)
    assert not played.failed, played.failed
    assert trouble(played) == []
    return played


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
@pytest.mark.parametrize("how", [("wink", "dtmf"), ("immediate", "mf")], ids="-".join)
def test_a_call_comes_and_one_goes(tmp_path: Path, prompts: Path, how: tuple[str, str], engine: bool) -> None:
    played = told(tmp_path, prompts, how, engine, """
  - wang: {calls: "4001"}
  - expect: {fact: CallOffered, called: "4001", calling: "", within: 15}
  - wang: {hears: welcome, within: 20}
  - wang: hangs up
  - expect: {fact: CallEnded, by: caller, cause: 16, within: 5}
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 20}
  - wang: lifts
  - wait: 1
  - li: {says: 您好。, to: wang}
  - wang: {says: 您好。, to: li}
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
""")
    lines = [fact["line"] for fact in facts(played, "LegMoved") if fact["state"] == "answered"]
    assert lines[0] == "em/1/1"
    assert "em/1/31" in lines


def test_a_busy_subscriber_and_a_number_nobody_has_are_known_by_their_tones(tmp_path: Path, prompts: Path) -> None:
    told(tmp_path, prompts, ("wink", "dtmf"), True, """
  - wang: lifts
  - li: lifts
  - li: {presses: "913800138000"}
  - expect: {fact: CallEnded, cause: 17, by: callee, within: 30}
  - li: hangs up
  - wang: hangs up
  - wait: 3
  - li: lifts
  - li: {presses: "913700000000"}
  - expect: {fact: CallEnded, cause: 42, by: callee, within: 30}
  - li: hangs up
""")
