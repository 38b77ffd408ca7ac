"""13, for supervisors: whoever took a conversation over can do all an agent can; one call, one recording, nothing left.

Also what listening is not: heard by the customer, or on the recording, sample by sample.
"""

import wave
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pytest
from storyteller import HERE, facts, tell, trouble
from test_recorded import ABSENT, PRESENT, likeness

from ccappliance.sim.play import Stage
from ccappliance.sim.script import Script, read_script

pytestmark = pytest.mark.slow

HEAD = """\
title: A takeover and what follows
people:
  li: {name: 李明, station: "8001"}
  chen: {name: 陈主管, station: "8002"}
  zhao: {name: 赵敏, station: "8003"}
  wang: {name: 王芳, number: "13800138000"}
  liu: {name: 刘洋, station: "8004"}
  sun: {name: 孙丽, number: "13900139000"}
config:
  agents: {"1002": {supervisor: true}}
  routes:
    - {source: lines, to: "flow:main"}
    - {source: stations, called: "*31.", to: "agent:monitor/{rest}"}
    - {source: stations, called: "*34.", to: "agent:takeover/{rest}"}
    - {source: stations, called: "80XX", to: "station:{called}"}
    - {source: stations, called: "7002", to: "queue:service"}
    - {source: stations, called: "9.", to: "trunk:pstn/{rest}"}
steps:
  - login: {agent: "1001", station: "8001"}
"""
INCOMING = """\
- wang: {calls: "61234567"}
- wang: {hears: welcome, within: 20}
- wang: {presses: "1"}
- li: {rings: 1, within: 15}
- li: lifts
- li: {says: 您好，销售部。, to: wang}
"""
DIAL = """\
- chen: lifts
- chen: {presses: "*341001#"}
- chen: {hears: agent_enter_number}
- chen: {presses: "1002#"}
- chen: {hears: agent_enter_pin}
- chen: {presses: "1002#"}
"""
TAKEN = INCOMING + DIAL + """\
- expect: {fact: SupervisionChanged, mode: takeover}
- li: {hears: busy}
- li: hangs up
- chen: {says: 我是主管，您好。, to: wang}
"""
MATRIX = {
    "blind to an agent, answered": """\
        - chen: flashes
        - wang: {hears: music}
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - chen: hangs up
        - wait: 2                    # a shorter break would be a flash
        - zhao: lifts
        - expect: {fact: TransferEnded, outcome: blind}
        - zhao: {says: 王女士您好。, to: wang}
        - wang: hangs up
        - zhao: {hears: busy}
        - zhao: hangs up
    """,
    "blind to an agent, failed": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - chen: hangs up
        - zhao: {bell stops: null, within: 60}
        - chen: {rings: 1, within: 10}
        - chen: lifts
        - chen: {says: 没有人接。, to: wang}
        - chen: hangs up
        - wang: {hears: busy}
        - wang: hangs up
    """,
    "blind to an agent, abandoned": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - chen: hangs up
        - wait: 3
        - wang: hangs up
        - zhao: bell stops
        - expect: {fact: TransferEnded}
    """,
    "attended to an agent, answered": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - zhao: lifts
        - chen: {says: 有位王女士找您。, to: zhao}
        - chen: hangs up
        - expect: {fact: TransferEnded, outcome: attended}
        - zhao: {says: 王女士您好。, to: wang}
        - zhao: hangs up
        - wang: {hears: busy}
        - wang: hangs up
    """,
    "attended to an agent, refused": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - zhao: lifts
        - chen: {says: 有位王女士找您。, to: zhao}
        - zhao: hangs up
        - chen: {hears: busy}
        - wait: 3.5                  # the tone's three seconds, then he is back
        - chen: {says: 他没有空。, to: wang}
        - wang: hangs up
        - chen: {hears: busy}
        - chen: hangs up
    """,
    "attended to an agent, abandoned": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - zhao: lifts
        - chen: {says: 有位王女士找您。, to: zhao}
        - wang: hangs up
        - expect: {fact: TransferEnded, outcome: abandoned}
        - together:
            - chen: {hears: busy}
            - zhao: {hears: busy}
        - chen: hangs up
        - zhao: hangs up
    """,
    "to a queue, answered": """\
        - login: {agent: "1003", station: "8003"}
        - chen: flashes
        - chen: {presses: "7002"}
        - expect: {fact: TransferEnded, outcome: blind}
        - expect: {fact: QueueEntered, queue: service}
        - chen: hangs up
        - zhao: {rings: 1}
        - zhao: lifts
        - zhao: {says: Hello., to: wang}
        - wang: hangs up
        - zhao: {hears: busy}
        - zhao: hangs up
    """,
    "to a queue, abandoned": """\
        - chen: flashes
        - chen: {presses: "7002"}
        - expect: {fact: QueueEntered, queue: service}
        - chen: hangs up
        - wait: 2
        - wang: hangs up
        - expect: {fact: QueueLeft, queue: service}
    """,
    "attended to outside, answered": """\
        - chen: flashes
        - chen: {presses: "913900139000"}
        - sun: {rings: 1, within: 20}
        - sun: lifts
        - sun: {says: 喂，您好。}
        - expect: {fact: LegMoved, party: "13900139000", state: answered}
        - chen: {says: 有位王女士找您。, to: sun}
        - chen: hangs up
        - expect: {fact: TransferEnded, outcome: attended}
        - sun: {says: 王女士您好。, to: wang}
        - wang: hangs up
        - sun: {hears: busy, within: 20}
        - sun: hangs up
    """,
    "conference": """\
        - chen: flashes
        - chen: {presses: "8003"}
        - zhao: {rings: 1}
        - zhao: lifts
        - chen: flashes
        - expect: {fact: TransferEnded, outcome: conference}
        - zhao: {says: 大家好。, to: wang}
        - zhao: hangs up
        - chen: {says: 再见。, to: wang}
        - chen: hangs up
        - wang: {hears: busy}
        - wang: hangs up
    """,
    "the customer leaves": """\
        - wang: hangs up
        - chen: {hears: busy}
        - chen: hangs up
        - expect: {fact: SupervisionEnded, why: conversation over}
    """,
}


def story(tmp_path: Path, *parts: str) -> Script:
    path = tmp_path / "takeover.yaml"
    path.write_text(HEAD + "".join(indent(dedent(part), "  ") for part in parts), encoding="utf-8")
    return read_script(path)


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
@pytest.mark.parametrize("tail", MATRIX, ids=lambda name: name.replace(" ", "-").replace(",", ""))
def test_scenario_13_after_a_takeover(tail: str, engine: bool, prompts: Path, tmp_path: Path) -> None:
    played = tell(story(tmp_path, TAKEN, MATRIX[tail]), prompts, engine=engine)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    assert len(facts(played, "RecordingEnded")) == 1, "one call, one recording"
    assert {fact["agent"]: fact["state"] for fact in facts(played, "AgentMoved")}["1001"] in ("ready", "wrapup")


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_the_call_of_an_agent_who_dialled_it_is_taken_over(engine: bool, prompts: Path, tmp_path: Path) -> None:
    """The agent is the call's anchor; the call goes on without him."""
    played = tell(story(tmp_path, """\
        - li: lifts
        - li: {presses: "913900139000"}
        - sun: {rings: 1, within: 20}
        - sun: lifts
        - sun: {says: 喂，您好。}
        - expect: {fact: LegMoved, party: "13900139000", state: answered}
        - li: {says: 您好，销售部。, to: sun}
        """, DIAL, """\
        - expect: {fact: SupervisionChanged, mode: takeover}
        - li: {hears: busy}
        - li: hangs up
        - sun: {says: 您好。, to: chen}
        - chen: {says: 我是主管，您好。, to: sun}
        - chen: hangs up
        - sun: {hears: busy}
        - sun: hangs up
        """), prompts, engine=engine)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_an_agent_who_consults_is_not_taken_over_until_he_is_back(engine: bool, prompts: Path, tmp_path: Path) -> None:
    played = tell(story(tmp_path, INCOMING, DIAL.replace("*34", "*31"), """\
        - expect: {fact: SupervisionStarted}
        - li: flashes
        - wang: {hears: music}
        - li: {hears: dial}
        - chen: {presses: "7"}
        - wait: 1
        - never: {fact: SupervisionChanged}
        - li: flashes
        - li: {says: 您还在吗。, to: wang}
        - wang: {says: 在的。, to: chen}
        - chen: {presses: "7"}
        - expect: {fact: SupervisionChanged, mode: takeover}
        - li: hangs up
        - chen: {says: 我是主管，您好。, to: wang}
        - wang: hangs up
        - chen: {hears: busy}
        - chen: hangs up
        """), prompts, engine=engine)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_several_supervisors_do_not_hear_each_other_unless_one_barges_in(engine: bool, prompts: Path,
                                                                         tmp_path: Path) -> None:
    """And whoever comes back from hold hears no more of them than before, nor does whom the agent consults."""
    played = tell(story(tmp_path, INCOMING, """\
        - intervene: {do: listen, call: "13800138000", station: "8002", mode: whisper}
        - chen: {rings: 1}
        - chen: lifts
        - expect: {fact: SupervisionStarted, station: "8002", mode: whisper}
        - intervene: {do: listen, call: "13800138000", station: "8003", mode: monitor}
        - zhao: {rings: 1}
        - zhao: lifts
        - expect: {fact: SupervisionStarted, station: "8003", mode: monitor}
        - together:
            - chen: {says: 给她打九折。, to: li}
            - zhao: {hears nothing: 1.5}
            - wang: {hears nothing: 1.5}
        - wang: {says: 我想买两张票。, to: zhao}
        - li: flashes
        - li: {hears: dial}
        - li: {presses: "8004"}
        - liu: {rings: 1}
        - liu: lifts
        - together:
            - chen: {says: 给她打九折。, to: li}
            - liu: {hears nothing: 1.5}
        - liu: hangs up
        - li: {hears: busy}
        - wait: 3.5
        - together:
            - chen: {says: 给她打九折。, to: li}
            - zhao: {hears nothing: 1.5}
            - wang: {hears nothing: 1.5}
        - zhao: {presses: "6"}
        - expect: {fact: SupervisionChanged, mode: barge}
        - zhao: {says: 大家好。, to: chen}
        - zhao: {says: 大家好。, to: wang}
        - chen: hangs up
        - expect: {fact: SupervisionEnded, why: hung up}
        - wang: hangs up
        - expect: {fact: SupervisionEnded, why: conversation over}
        - together:
            - zhao: {hears: busy}
            - li: {hears: busy}
        - zhao: hangs up
        - li: hangs up
        """), prompts, engine=engine)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []


def test_more_supervisors_than_there_are_seats_are_told_so(prompts: Path, tmp_path: Path) -> None:
    """And an agent who does not talk can't be heard."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ccappliance.call.supervision.MAX_SUPERVISORS", 1)
        played = tell(story(tmp_path, DIAL.replace("*34", "*31"), """\
            - chen: {hears: supervise_nobody}
            - chen: hangs up
            - wait: 2
            """, INCOMING, DIAL.replace("*34", "*31"), """\
            - expect: {fact: SupervisionStarted}
            - zhao: lifts
            - zhao: {presses: "*311001#"}
            - zhao: {hears: agent_enter_number}
            - zhao: {presses: "1002#"}
            - zhao: {hears: agent_enter_pin}
            - together:
                - zhao: {presses: "1002#"}
                - zhao: {hears: supervise_nobody}
            - zhao: hangs up
            - wang: hangs up
            - li: {hears: busy}
            - li: hangs up
            - chen: {hears: busy}
            - chen: hangs up
            """), prompts, engine=False)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []


def test_the_recording_holds_two_sides_and_a_barge_but_no_whisper(prompts: Path, tmp_path: Path) -> None:
    """By its samples: right is what the customer was sent."""
    script = read_script(HERE / "supervise-whisper-barge.yaml")
    spoken: dict[str, np.ndarray] = {}
    sentences = {"没有人听见我。": False, "给她打九折。": False, "我是主管，您好。": True, "好的，请稍等。": True}

    def interfere(stage: Stage) -> None:
        for text in sentences:
            spoken[text] = np.frombuffer(stage.house.prompts.text(text, "zh").pcm, "<i2").astype(float)

    played = tell(script, prompts, engine=True, recordings=tmp_path, interfere=interfere)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    with wave.open(str(tmp_path / facts(played, "RecordingEnded")[0]["path"])) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    right = both[1::2]
    for text, sent in sentences.items():
        likely = likeness(right, spoken[text])
        assert likely > PRESENT if sent else likely < ABSENT, f"{text}: {likely:.2f}"
