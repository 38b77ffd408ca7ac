"""Other people's bug 13: blind and attended × to an agent, a queue, outside × answered, failed, abandoned.

Whatever becomes of it, the call has one continuous recording from the first agent's answer to its end.
"""

import itertools
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from storyteller import facts, tell, trouble
from test_recorded import likeness

from ccappliance.base.units import RATE
from ccappliance.sim.play import Stage
from ccappliance.sim.script import read_script

pytestmark = pytest.mark.slow

WAYS = ("blind", "attended")
TARGETS = ("agent", "queue", "outside")
ENDS = ("answered", "failed", "abandoned")
PRESENT = 0.95  # correlation of a sentence with itself, as in test_recorded.py

_HEAD = """title: matrix
config:
  queues:
    sales: {{members: {{all: false, agents: ["1001"]}}}}
    service:
      strategy: linear
      members: {{all: false, agents: ["1002"]}}
      max_wait: {{after: 12s, to: "hangup:busy"}}
people:
  li: {{name: 李明, station: "8001"}}
  zhao: {{name: 赵敏, station: "8002"}}
  wang: {{name: 王芳, number: "13800138000"}}
  chen: {{name: 陈静, number: "13900139000"}}
steps:
  - login: {{agent: "1001", station: "8001"}}
{before}
  - wang: {{calls: "61234567"}}
  - wang: {{hears: welcome, within: 20}}
  - wang: {{presses: "1"}}
  - li: {{rings: 1, within: 15}}
  - li: lifts
  - li: {{says: 您好，销售部。, to: wang}}
  - wang: {{says: 请转一下。, to: li}}
  - li: flashes
  - wang: {{hears: music}}
  - li: {{presses: "{number}"}}
"""
_NUMBERS = {"agent": "1002", "queue": "7002", "outside": "913900139000"}
_WHO = {"agent": "zhao", "queue": "zhao", "outside": "chen"}
_TALK = """  - {who}: {{says: 您好，我是新的同事。, to: wang}}
  - wang: {{says: 您好，我想退货。, to: {who}}}
  - wang: hangs up
  - {who}: {{hears: busy, within: 20}}
  - {who}: hangs up
"""
_BACK = """  - li: {says: 对不起，没有找到人。, to: wang}
  - wang: {says: 那我再打来吧。, to: li}
  - wang: hangs up
  - li: {hears: busy, within: 20}
  - li: hangs up
"""


@dataclass(frozen=True)
class Case:
    """One square: its story before and after the number is dialled, and what the journal must say of the transfer."""

    before: str
    after: str
    outcome: str


def _leaves(way: str) -> str:
    """On-hook for 1.3 s is a flash no more: from then on he is out of it."""
    return "  - expect: {fact: TransferStarted}\n  - li: hangs up\n  - wait: 2\n" if way == "blind" else ""


def _ringing(way: str, who: str) -> str:
    """It rings there; who transfers blind hangs up, who transfers attended is answered first."""
    if way == "blind":
        return f"  - {who}: {{rings: 1, within: 20}}\n{_leaves(way)}"
    return (f"  - {who}: {{rings: 2, within: 20}}\n  - {who}: lifts\n  - {who}: {{says: 喂，您好。, to: li}}\n"
            f"  - li: {{says: 有位客户找您。, to: {who}}}\n")


def _case(way: str, target: str, end: str) -> Case:
    who = _WHO[target]
    login = '  - login: {agent: "1002", station: "8002"}\n' if who == "zhao" and end != "failed" else ""
    if target == "queue":
        return Case(login, _to_queue(way, end), "blind")
    if end == "answered":
        rung = _ringing(way, who)
        hello = f"  - {who}: {{says: 喂，您好。}}\n" if target == "outside" else ""  # by his voice the line is answered
        rung += "  - li: hangs up\n  - wait: 2\n" if way == "attended" else f"  - {who}: lifts\n{hello}"
        return Case(login, rung + _TALK.format(who=who), way)
    if end == "abandoned":  # the call ends with its customer, and everybody else is let go
        rest = (f"  - {who}: bell stops\n" if way == "blind" else
                f"  - li: {{hears: busy, within: 20}}\n  - li: hangs up\n"
                f"  - {who}: {{hears: busy}}\n  - {who}: hangs up\n")
        return Case(login, f"{_ringing(way, who)}  - wang: hangs up\n{rest}", "abandoned")
    back = (f"{_leaves(way)}  - li: {{rings: 1, within: 45}}\n  - li: lifts\n" if way == "blind" else
            "  - li: {hears: busy, within: 25}\n  - wait: 4\n") + _BACK
    if target == "agent":  # not logged in: he is not rung, wherever he is
        return Case("", back, "failed")
    return Case("  - chen: lifts\n", back + "  - chen: hangs up\n", "failed")


def _to_queue(way: str, end: str) -> str:
    """Nobody to talk with first: it goes there at once, and who transfers is let go."""
    leaves = "  - li: hangs up\n" if way == "blind" else "  - li: {hears: busy}\n  - li: hangs up\n"
    return leaves + {
        "answered": f"  - zhao: {{rings: 1, within: 20}}\n  - zhao: lifts\n{_TALK.format(who='zhao')}",
        "failed": "  - wang: {hears: busy, within: 30}\n  - wang: hangs up\n",
        "abandoned": "  - zhao: {rings: 1, within: 20}\n  - wang: hangs up\n  - zhao: bell stops\n"}[end]


@pytest.mark.parametrize(("way", "target", "end"), [
    pytest.param(*case, id="-".join(case)) for case in itertools.product(WAYS, TARGETS, ENDS)])
def test_scenario_13_one_continuous_recording_of_one_call(way: str, target: str, end: str, prompts: Path,
                                                          tmp_path: Path) -> None:
    case = _case(way, target, end)
    path = tmp_path / "matrix.yaml"
    path.write_text(_HEAD.format(before=case.before.rstrip("\n"), number=_NUMBERS[target]) + case.after,
                    encoding="utf-8")
    script = read_script(path)
    spoken: dict[str, np.ndarray] = {}

    def interfere(stage: Stage) -> None:
        for step in script.steps:
            if step.verb == "says" and "wang" in (step.who, step.options.get("to")):
                spoken[step.argument] = _samples(stage.house.prompts.text(step.argument, "zh").pcm)

    told: list[str] = []
    played = tell(script, prompts, engine=True, recordings=tmp_path, interfere=interfere, say=told.append)
    assert not played.failed, f"{played.step} {played.failed}\n" + "\n".join(told[-25:])
    assert trouble(played) == []
    assert [fact["outcome"] for fact in facts(played, "TransferEnded")] == [case.outcome]
    call = facts(played, "TransferEnded")[0]["call"]
    begun, ended = facts(played, "RecordingStarted"), facts(played, "RecordingEnded")
    assert [fact["call"] for fact in (*begun, *ended)] == [call, call], "one call, one recording"
    assert (ended[0]["state"], ended[0]["lost"]) == ("complete", 0.0)
    with wave.open(str(tmp_path / ended[0]["path"])) as file:
        both = _samples(file.readframes(file.getnframes()))
    assert len(both) / 2 / RATE == pytest.approx(ended[0]["now"] - begun[0]["now"], abs=0.05), "it has a gap"
    answered = next(fact["now"] for fact in facts(played, "QueueLeft") if fact["outcome"] == "answered")
    call_ended = next(fact["now"] for fact in facts(played, "CallEnded") if fact["call"] == call)
    assert begun[0]["now"] - answered < 0.1
    assert abs(ended[0]["now"] - call_ended) < 0.1
    missing = [words for words, sound in spoken.items()
               if max(likeness(both[0::2], sound), likeness(both[1::2], sound)) < PRESENT]
    assert not missing, f"not on the recording: {missing}"


def _samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(float)
