"""Calls over an ISDN span, told as stories: whole house, whole exchange, both by their own helpers, virtual time."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from storyteller import HERE, facts, tell, trouble

from ccappliance.base.causes import Cause
from ccappliance.sim.play import Played, Stage

pytestmark = pytest.mark.slow
CONFIG = """
config:
  lines:
    pri/1: {type: pri, channels: "101-115,117-131", dchannel: 116, numbers: ["80010001", "80010002"]%s}
  trunks:
    pstn: {lines: [pri/1], order: last}
  routes:
    - {source: lines, line: pri/1, called: "80010002", to: "queue:service"}
    - {source: lines, called: "80010001", to: "flow:main"}
    - {source: lines, line: fxo/1, to: "flow:main"}
    - {source: stations, called: "80XX", to: "station:{called}"}
    - {source: stations, called: "9.", to: "trunk:pstn/{rest}"}
people:
  li: {name: 李明, station: "8001"}
  zhao: {name: 赵敏, station: "8002"}
  wang: {name: 王芳, number: "13800138000"}
  chen: {name: 陈静, number: "13900139000", withheld: true}
steps:
  - wait: 3
"""
INCOMING = """
  - login: {agent: "1001", station: "8001"}
  - wang: {calls: "80010001"}
  - expect: {fact: CallOffered, called: "80010001", calling: "13800138000", within: 10}
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


def told(tmp_path: Path, prompts: Path, steps: str, *, engine: bool = False, signalling: str = "",
         interfere: Callable[[Stage], None] | None = None) -> Played:
    """The story must go as told and leave nothing behind."""
    path = tmp_path / "pri.yaml"
    path.write_text(CONFIG % signalling + steps, encoding="utf-8")
    played = tell(path, prompts, engine=engine, interfere=interfere)
    assert not played.failed, played.failed
    assert trouble(played) == []
    return played


def legs(played: Played, state: str) -> list[dict[str, Any]]:
    return [fact for fact in facts(played, "LegMoved") if fact["state"] == state and fact["line"].startswith("pri/1/")]


def test_an_incoming_call_goes_through_ivr_and_queue_to_an_agent_and_the_caller_hangs_up(
        tmp_path: Path, prompts: Path, engine: bool) -> None:
    played = told(tmp_path, prompts, INCOMING + """
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
  - expect: {fact: CallEnded, by: caller, cause: 16}
""", engine=engine)
    assert played.cdrs[0].disposition == "ANSWERED"
    assert {fact["line"] for fact in legs(played, "offered")} == {"pri/1/1"}


def test_the_agent_hangs_up_and_the_caller_hears_busy(tmp_path: Path, prompts: Path, engine: bool) -> None:
    told(tmp_path, prompts, INCOMING + """
  - li: hangs up
  - expect: {fact: CallEnded, by: callee, cause: 16}
  - wang: {hears: busy}
  - wang: hangs up
""", engine=engine)


def test_the_called_number_decides_where_the_call_goes_and_a_withheld_number_is_not_shown(
        tmp_path: Path, prompts: Path) -> None:
    told(tmp_path, prompts, """
  - chen: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", calling: "", name: "", within: 10}
  - expect: {fact: CallRouted, destination: "queue:service"}
  - wait: 3
  - chen: hangs up
""")


def test_an_outgoing_call_is_answered_and_both_hear_each_other(tmp_path: Path, prompts: Path, engine: bool) -> None:
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 10}
  - wang: lifts
  - li: {says: 您好。, to: wang}
  - wang: {says: 您好。, to: li}
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
""", engine=engine)
    assert [fact["line"] for fact in legs(played, "answered")] == ["pri/1/31"]


@pytest.mark.parametrize(("number", "cause", "before", "after"), [
    ("13800138000", 17, "  - wang: lifts\n", "  - wang: hangs up\n"), ("13700000000", 1, "", "")])
def test_an_outgoing_call_that_comes_to_nothing_tells_why(tmp_path: Path, prompts: Path, number: str, cause: int,
                                                         before: str, after: str) -> None:
    told(tmp_path, prompts, before + f"""
  - li: lifts
  - li: {{presses: "9{number}"}}
  - expect: {{fact: CallEnded, cause: {cause}, by: callee, within: 20}}
  - li: hangs up
""" + after)


def test_all_channels_in_use_are_congestion(tmp_path: Path, prompts: Path) -> None:
    def occupy(stage: Stage) -> None:
        for circuit in stage.house.lines.spans["pri/1"].circuits.values():
            circuit.blocked = circuit._own = _blocked()
    told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - expect: {fact: CallEnded, cause: 34, within: 20}
  - li: hangs up
""", interfere=lambda stage: stage.loop.call_later(4.0, occupy, stage))


def _blocked() -> Any:
    from ccappliance.signalling.signals import Blocked
    return Blocked("dead", "for the test")


def test_a_number_in_parts_both_ways(tmp_path: Path, prompts: Path) -> None:
    told(tmp_path, prompts, """
  - wang: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", within: 5}
  - wang: hangs up
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 10}
  - li: hangs up
  - wang: {bell stops: null}
""".replace("{bell stops: null}", "bell stops"), signalling=", signalling: {overlap: both}")


def test_thirty_callers_at_once_are_answered_by_the_ivr(tmp_path: Path, prompts: Path, engine: bool) -> None:
    people = "".join(f'  p{n}: {{name: P{n}, number: "1370000{n:04d}"}}\n' for n in range(30))
    calls = "".join(f'    - p{n}: {{calls: "80010001"}}\n' for n in range(30))
    hears = "".join(f"    - p{n}: {{hears: welcome, within: 30}}\n" for n in range(30))
    keys = "".join(f'    - p{n}: {{presses: "2"}}\n' for n in range(30))
    ends = "".join(f"    - p{n}: hangs up\n" for n in range(30))
    path = tmp_path / "thirty.yaml"
    path.write_text((CONFIG % "").replace("steps:", people + "steps:") + f"""
  - together:
{calls}
  - together:
{hears}
  - wang: {{calls: "80010001"}}
  - wang: {{hears: busy, within: 10}}
  - wang: hangs up
  - together:
{keys}
  - wait: 5
  - together:
{ends}
""", encoding="utf-8")
    played = tell(path, prompts, engine=engine)
    assert not played.failed, played.failed
    assert trouble(played) == []
    assert len(facts(played, "CallOffered")) == 30
    assert len(facts(played, "QueueEntered")) == 30  # every digit was heard
    assert {fact["line"] for fact in legs(played, "answered")} == {f"pri/1/{n}" for n in range(1, 32) if n != 16}


def test_glare_the_caller_gets_the_channel_and_our_call_goes_out_on_another(tmp_path: Path, prompts: Path) -> None:
    def meet(stage: Stage) -> None:
        """In the same moment a caller gets channel 31, which an agent's call takes as well."""
        near = stage.house.lines.spans["pri/1"].circuits[31]
        bearer = stage.street.spans["pri/1"].bearers[31]
        seize = near.seize

        def both(*told: str) -> None:
            near.seize = seize  # type: ignore[method-assign]
            seize(*told)
            bearer.circuit.seize("80010002", "13700000001", "")
            stage.loop.call_later(20.0, bearer.circuit.clear, Cause.NORMAL)
        near.seize = both  # type: ignore[method-assign,assignment]
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - expect: {fact: CallOffered, called: "80010002", calling: "13700000001", within: 20}
  - wang: {rings: 1, within: 10}
  - wang: lifts
  - li: {says: 您好。, to: wang}
  - wang: hangs up
  - li: hangs up
  - wait: 70
""", interfere=lambda stage: stage.loop.call_later(3.0, meet, stage))
    seized = legs(played, "seized")
    assert [fact["line"] for fact in seized] == ["pri/1/31", "pri/1/30"]
    cleared = next(fact for fact in legs(played, "cleared") if fact["line"] == "pri/1/31")
    assert cleared["why"] == "glare"
    assert datetime.fromisoformat(seized[1]["at"]) - datetime.fromisoformat(cleared["at"]) <= timedelta(seconds=0.5)


def test_calls_go_on_while_the_d_channel_is_down_and_new_ones_wait_for_it(tmp_path: Path, prompts: Path) -> None:
    def lose(stage: Stage) -> None:
        stage.street.cables["pri/1"].cut_data()
        stage.loop.call_later(30.0, stage.street.cables["pri/1"].cut_data, False)
    played = told(tmp_path, prompts, INCOMING + """
  - expect: {fact: AlarmRaised, alarm: dchannel_down, subject: pri/1, within: 60}
  - wang: {says: 您好，我想订货。, to: li}
  - chen: {calls: "80010001"}
  - chen: {hears: busy, within: 15}
  - chen: hangs up
  - expect: {fact: AlarmCleared, alarm: dchannel_down, subject: pri/1, within: 60}
  - li: {says: 好的，请讲。, to: wang}
  - chen: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", within: 10}
  - chen: hangs up
  - wang: hangs up
  - li: hangs up
""", interfere=lambda stage: stage.loop.call_later(45.0, lose, stage))
    assert [cdr.disposition for cdr in played.cdrs][:1] == ["ANSWERED"]


def test_a_killed_helper_clears_its_calls_with_cdrs_and_the_next_call_comes_through(
        tmp_path: Path, prompts: Path) -> None:
    def kill(stage: Stage) -> None:
        helper = stage.house.lines.spans["pri/1"].helper
        assert helper is not None
        os.kill(helper.pid, signal.SIGKILL)
    played = told(tmp_path, prompts, INCOMING + """
  - expect: {fact: AlarmRaised, alarm: pri_helper, subject: pri/1, within: 60}
  - expect: {fact: CallEnded, cause: 41, within: 5}
  - expect: {fact: AlarmCleared, alarm: pri_helper, subject: pri/1, within: 5}
  - li: {hears: busy}
  - li: hangs up
  - wang: {hears: busy, within: 10}
  - wang: hangs up
  - chen: {calls: "80010002"}
  - expect: {fact: CallOffered, called: "80010002", within: 10}
  - chen: hangs up
""", interfere=lambda stage: stage.loop.call_later(45.0, kill, stage))
    assert played.cdrs[0].disposition == "ANSWERED"


def test_restart_of_a_channel_in_use_ends_its_call_with_a_cdr(tmp_path: Path, prompts: Path) -> None:
    def restart(stage: Stage) -> None:
        from ccappliance.signalling.pri_protocol import Restart
        stage.street.spans["pri/1"].span.ask(Restart(1))
    told(tmp_path, prompts, INCOMING + """
  - expect: {fact: LegMoved, line: pri/1/1, state: cleared, why: restart, within: 60}
  - expect: {fact: LegMoved, line: pri/1/1, state: released, within: 1}
  - expect: {fact: CallEnded, cause: 41, within: 1}
  - li: hangs up
  - wang: hangs up
  - wait: 130
""", interfere=lambda stage: stage.loop.call_later(45.0, restart, stage))


def test_the_exchange_takes_two_calls_over_and_their_parties_talk_on(tmp_path: Path, prompts: Path,
                                                                     engine: bool) -> None:
    kept = []

    def transfer(stage: Stage) -> None:
        span = stage.house.lines.spans["pri/1"]
        kept.append(stage.loop.create_task(span.transfer(span.circuits[31], span.circuits[30])))
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - wang: {rings: 1, within: 10}
  - wang: lifts
  - zhao: lifts
  - zhao: {presses: "913900139000"}
  - chen: {rings: 1, within: 10}
  - chen: lifts
  - wait: 30
  - li: {hears: busy}
  - zhao: {hears: busy}
  - wang: {says: 您好，我想订货。, to: chen}
  - chen: {says: 好的，请讲。, to: wang}
  - chen: hangs up
  - wang: {hears: busy}
  - wang: hangs up
  - li: hangs up
  - zhao: hangs up
""", engine=engine, signalling=", signalling: {transfer: true}",
                  interfere=lambda stage: stage.loop.call_later(40.0, transfer, stage))
    assert kept[0].exception() is None
    assert len(played.cdrs) == 2


def test_the_same_story_gives_the_same_journal_under_any_hash_seed(tmp_path: Path, prompts: Path) -> None:
    path = tmp_path / "pri.yaml"
    path.write_text(CONFIG % "" + INCOMING + "  - wang: hangs up\n  - li: hangs up\n", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(HERE)!r}); from storyteller import *; " \
           "print(both(Path(sys.argv[1]), Path(sys.argv[2])))"
    digests = {subprocess.run([sys.executable, "-c", code, str(path), str(prompts)], check=True, text=True,
                              capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
               for seed in ("1", "2")}
    assert len(digests) == 1


def test_the_exchange_says_in_band_that_nobody_has_the_number_and_then_the_cause(tmp_path: Path, prompts: Path,
                                                                                engine: bool) -> None:
    """The agent who has dialled it hears what is said, before anybody has answered (PROGRESS, indicator 8)."""
    def announce(stage: Stage) -> None:
        book = stage.house.prompts
        stage.street.exchange.announce("13600000000", [book.get("error", "zh")])
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913600000000"}
  - li: {hears: error, within: 20}
  - expect: {fact: CallEnded, cause: 1, by: callee, within: 40}
  - li: {hears: busy}
  - li: hangs up
""", engine=engine, interfere=lambda stage: stage.loop.call_later(1.0, announce, stage))
    assert [fact["why"] for fact in legs(played, "cleared")] == ["disconnect"]
    assert len(facts(played, "LegProgressed")) == 1
    assert facts(played, "CallAnswered") == []


def test_the_networks_own_ringback_is_heard(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """ALERTING with progress indicator 8: our ringback does not sound over it, and it ends with the answer."""
    played = told(tmp_path, prompts, """
  - li: lifts
  - li: {presses: "913800138000"}
  - li: {hears: ringback, within: 15}
  - wang: {rings: 2, within: 15}
  - wang: lifts
  - wait: 1
  - wang: {says: 您好。, to: li}
  - wang: hangs up
  - li: hangs up
""", engine=engine)
    [progressed] = facts(played, "LegProgressed")
    alerting = [fact for fact in legs(played, "alerting") if fact["leg"] == progressed["leg"]]
    assert progressed["now"] <= alerting[0]["now"] < legs(played, "answered")[0]["now"]


EARLY = """
config:
  flows:
    closed:
      start: tell
      nodes:
        tell: {type: play, prompt: error, early: true, next: "hangup:unallocated"}
  lines:
    pri/1: {type: pri, channels: "101-115,117-131", dchannel: 116, numbers: ["80010001"]}
  routes:
    - {source: lines, to: "flow:closed"}
    - {source: stations, called: "80XX", to: "station:{called}"}
    - {source: stations, called: "7", to: "flow:closed"}
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
steps:
  - wait: 3
"""


@pytest.mark.parametrize(("who", "number", "answered"), [
    ("wang", "80010001", 0), ("li", "7", 0), ("wang", "61234567", 1)])
def test_a_flow_says_something_before_the_answer_where_the_line_can(tmp_path: Path, prompts: Path, engine: bool,
                                                                    who: str, number: str, answered: int) -> None:
    """ISDN and a telephone of ours carry it; an FXO line is answered first, for nobody would hear it else."""
    path = tmp_path / "early.yaml"
    path.write_text(EARLY + f"""
  - {who}: {{calls: "{number}"}}
  - {who}: {{hears: error, within: 20}}
  - expect: {{fact: CallEnded, within: 20}}
  - {who}: hangs up
""", encoding="utf-8")
    played = tell(path, prompts, engine=engine)
    assert not played.failed, played.failed
    assert trouble(played) == []
    assert len(facts(played, "CallAnswered")) == answered
    assert played.cdrs[0].cause == Cause.UNALLOCATED


TRANSFER = INCOMING + """
  - li: flashes
  - li: {hears: dial}
  - li: {presses: "913900139000"}
  - chen: {rings: 1, within: 15}
"""


@pytest.mark.parametrize("attended", [True, False], ids=["attended", "blind"])
def test_a_transfer_back_to_the_exchange_frees_both_channels(tmp_path: Path, prompts: Path, engine: bool,
                                                             attended: bool) -> None:
    """ECT: caller and third party go on talking, our call is over, and its CDR says how."""
    ends = ["  - chen: lifts\n", "  - wait: 1\n", "  - li: hangs up\n"]
    played = told(tmp_path, prompts, TRANSFER + "".join(ends if attended else ends[::-1]) + """
  - expect: {fact: HandedOver, within: 10}
  - expect: {fact: CallEnded, by: exchange, cause: 16, within: 5}
  - wait: 2
  - wang: {says: 您好，我想订货。, to: chen}
  - chen: {says: 好的，请讲。, to: wang}
  - chen: hangs up
  - wang: {hears: busy}
  - wang: hangs up
""", engine=engine, signalling=", signalling: {transfer: true}")
    [cdr] = played.cdrs
    assert (cdr.ended_by, cdr.transfers, cdr.disposition) == ("exchange", 1, "ANSWERED")
    assert len(legs(played, "released")) == 2
    assert facts(played, "ConversationEnded")[-1]["by"] == "exchange"


@pytest.mark.parametrize("signalling", ["", ", signalling: {transfer: true}"], ids=["not asked", "refused"])
def test_where_the_exchange_does_not_take_them_over_they_talk_through_us(tmp_path: Path, prompts: Path, engine: bool,
                                                                         signalling: str) -> None:
    def refuse(stage: Stage) -> None:
        stage.street.spans["pri/1"].span.on_transfer = lambda one, other: False
    played = told(tmp_path, prompts, TRANSFER + """
  - chen: lifts
  - wait: 1
  - li: hangs up
  - wait: 15
  - wang: {says: 您好，我想订货。, to: chen}
  - chen: {says: 好的，请讲。, to: wang}
  - wang: hangs up
  - expect: {fact: CallEnded, by: caller, cause: 16, within: 5}
  - chen: {hears: busy}
  - chen: hangs up
""", engine=engine, signalling=signalling, interfere=refuse)
    assert facts(played, "HandedOver") == []
    assert (played.cdrs[0].ended_by, played.cdrs[0].transfers) == ("caller", 1)
