"""Calls over a span with MFC/R2, told as stories: whole house, whole exchange, ITU and China, virtual time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from storyteller import HERE, facts, tell, trouble

from ccappliance.sim.play import Played, Stage

pytestmark = pytest.mark.slow
CONFIG = """
config:
  lines:
    r2/1: {type: r2, variant: %s, channels: "101-115,117-131", numbers: ["80010001", "80010002"]%s}
  trunks:
    pstn: {lines: [r2/1], order: last}
  routes:
    - {source: lines, line: r2/1, called: "80010002", to: "queue:service"}
    - {source: lines, called: "80010001", to: "flow:main"}
    - {source: lines, line: fxo/1, to: "flow:main"}
    - {source: stations, called: "80XX", to: "station:{called}"}
    - {source: stations, called: "9.", to: "trunk:pstn/{rest}"}
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
  chen: {name: 陈静, number: "13900139000", withheld: true}
steps:
  - wait: 3
"""
INCOMING = """
  - login: {agent: "1001", station: "8001"}
  - wang: {calls: "80010001"}
  - expect: {fact: CallOffered, called: "80010001", calling: "13800138000", within: 15}
  - wang: {hears: welcome, within: 20}
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales}
  - li: {rings: 2, shows: "13800138000", within: 15}
  - li: lifts
  - wang: {says: 您好，我想订货。, to: li}
  - li: {says: 好的，请讲。, to: wang}
"""


@pytest.fixture(params=[False, True], ids=["scripted", "engine"])
def engine(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=["cn", "itu"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told(tmp_path: Path, prompts: Path, steps: str, *, engine: bool = False, variant: str = "cn", more: str = "",
         interfere: Callable[[Stage], None] | None = None) -> Played:
    """The story must go as told and leave nothing behind."""
    path = tmp_path / "r2.yaml"
    path.write_text(CONFIG % (variant, more) + steps, encoding="utf-8")
    played = tell(path, prompts, engine=engine, interfere=interfere)
    assert not played.failed, played.failed
    assert trouble(played) == []
    return played


def legs(played: Played, state: str) -> list[dict[str, Any]]:
    return [fact for fact in facts(played, "LegMoved") if fact["state"] == state and fact["line"].startswith("r2/1/")]


def test_an_incoming_call_goes_through_ivr_and_queue_to_an_agent_and_the_caller_hangs_up(
        tmp_path: Path, prompts: Path, engine: bool, variant: str) -> None:
    played = told(tmp_path, prompts, INCOMING + """
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
  - expect: {fact: CallEnded, by: caller, cause: 16}
""", engine=engine, variant=variant)
    assert played.cdrs[0].disposition == "ANSWERED"
    assert {fact["line"] for fact in legs(played, "offered")} == {"r2/1/1"}


def test_the_agent_hangs_up_and_the_caller_hears_busy(tmp_path: Path, prompts: Path, engine: bool) -> None:
    told(tmp_path, prompts, INCOMING + """
  - li: hangs up
  - expect: {fact: CallEnded, by: callee, cause: 16}
  - wang: {hears: busy}
  - wang: hangs up
""", engine=engine)


def test_the_called_number_decides_and_a_withheld_number_is_not_shown(tmp_path: Path, prompts: Path,
                                                                      variant: str) -> None:
    told(tmp_path, prompts, """
  - chen: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", calling: "", name: "", within: 15}
  - expect: {fact: CallRouted, destination: "queue:service"}
  - wait: 3
  - chen: hangs up
""", variant=variant)


def test_an_outgoing_call_is_answered_and_both_hear_each_other(tmp_path: Path, prompts: Path, engine: bool,
                                                               variant: str) -> None:
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 15}
  - wang: lifts
  - wait: 1
  - li: {says: 您好。, to: wang}
  - wang: {says: 您好。, to: li}
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
""", engine=engine, variant=variant)
    assert [fact["line"] for fact in legs(played, "answered")] == ["r2/1/31"]


@pytest.mark.parametrize(("number", "cause", "before", "after"), [
    ("13800138000", 17, "  - wang: lifts\n", "  - wang: hangs up\n"), ("13700000000", 1, "", "")])
def test_an_outgoing_call_that_comes_to_nothing_tells_why(tmp_path: Path, prompts: Path, number: str, cause: int,
                                                          before: str, after: str, variant: str) -> None:
    told(tmp_path, prompts, before + f"""
  - li: lifts
  - li: {{presses: "9{number}"}}
  - expect: {{fact: CallEnded, cause: {cause}, by: callee, within: 20}}
  - li: hangs up
""" + after, variant=variant)


def test_nobody_answers_and_the_call_is_cleared_forward(tmp_path: Path, prompts: Path, engine: bool) -> None:
    told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 3, within: 30}
  - expect: {fact: CallEnded, cause: 19, within: 90}
  - li: hangs up
""", engine=engine)


def test_the_caller_hangs_up_while_it_rings(tmp_path: Path, prompts: Path) -> None:
    told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 15}
  - li: hangs up
  - wang: bell stops
""")


def test_channels_the_exchange_has_blocked_are_alarms_and_not_used(tmp_path: Path, prompts: Path) -> None:
    def block(stage: Stage) -> None:
        for number in range(103, 132):
            if number != 116:
                stage.street.cas_cables["r2/1"].theirs[number].signal(0b1111)
    played = told(tmp_path, prompts, """
  - expect: {fact: AlarmRaised, alarm: far_blocked, subject: r2/1/31, within: 10}
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 15}
  - wang: lifts
  - wang: hangs up
  - li: hangs up
""", interfere=lambda stage: stage.loop.call_later(2.5, block, stage))
    assert [fact["line"] for fact in legs(played, "answered")] == ["r2/1/2"]


def test_glare_our_call_goes_out_on_another_channel(tmp_path: Path, prompts: Path) -> None:
    def meet(stage: Stage) -> None:
        """In the same moment the exchange seizes channel 31, which an agent's call takes as well."""
        near = stage.house.switch.circuits["r2/1/31"]
        far = stage.street.cas["r2/1"].trunks[31].circuit
        seize = near.seize

        def both(*told: str) -> None:
            near.seize = seize  # type: ignore[method-assign]
            seize(*told)
            far.seize("80010002", "13700000001", "")
        near.seize = both  # type: ignore[method-assign]
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 20}
  - wang: lifts
  - wait: 1
  - li: {says: 您好。, to: wang}
  - wang: hangs up
  - li: hangs up
""", interfere=lambda stage: stage.loop.call_later(3.0, meet, stage))
    assert [fact["line"] for fact in legs(played, "seized")] == ["r2/1/31", "r2/1/30"]
    assert next(fact["why"] for fact in legs(played, "cleared")) == "glare"


def test_thirty_callers_at_once(tmp_path: Path, prompts: Path, engine: bool) -> None:
    people = "".join(f'  p{n}: {{name: P{n}, number: "1370000{n:04d}"}}\n' for n in range(30))
    calls = "".join(f'    - p{n}: {{calls: "80010001"}}\n' for n in range(30))
    hears = "".join(f"    - p{n}: {{hears: welcome, within: 30}}\n" for n in range(30))
    ends = "".join(f"    - p{n}: hangs up\n" for n in range(30))
    path = tmp_path / "thirty.yaml"
    path.write_text((CONFIG % ("cn", "")).replace("steps:", people + "steps:") + f"""
  - together:
{calls}
  - together:
{hears}
  - together:
{ends}
""", encoding="utf-8")
    played = tell(path, prompts, engine=engine)
    assert not played.failed, played.failed
    assert trouble(played) == []
    assert {fact["calling"] for fact in facts(played, "CallOffered")} == {f"1370000{n:04d}" for n in range(30)}


def test_an_alarm_of_the_span_during_a_call(tmp_path: Path, prompts: Path) -> None:
    def fail(stage: Stage) -> None:
        cable = stage.street.cas_cables["r2/1"]
        for end in (cable.near, cable.far):
            end.fail("red", "no signal from the exchange")
            stage.loop.call_later(10.0, end.mend)
    told(tmp_path, prompts, INCOMING + """
  - expect: {fact: AlarmRaised, alarm: red, subject: r2/1, within: 60}
  - expect: {fact: CallEnded, cause: 27, within: 5}
  - expect: {fact: AlarmCleared, alarm: red, subject: r2/1, within: 30}
  - li: hangs up
  - wang: hangs up
  - chen: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", within: 15}
  - chen: hangs up
""", interfere=lambda stage: stage.loop.call_later(55.0, fail, stage))


def test_the_same_story_gives_the_same_journal_under_any_hash_seed(tmp_path: Path, prompts: Path) -> None:
    path = tmp_path / "r2.yaml"
    path.write_text(CONFIG % ("cn", "") + INCOMING + "  - wang: hangs up\n  - li: hangs up\n", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(HERE)!r}); from storyteller import *; " \
           "print(both(Path(sys.argv[1]), Path(sys.argv[2])))"
    digests = {subprocess.run([sys.executable, "-c", code, str(path), str(prompts)], check=True, text=True,
                              capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
               for seed in ("1", "2")}
    assert len(digests) == 1
