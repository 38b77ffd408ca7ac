"""A real daemon killed with -9 in every state of its calls and agents: what the next start restores, ends and tells."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from test_daemon import PATIENCE, Box, box, facts_of  # noqa: F401  the fixture

pytestmark = pytest.mark.slow

BACK = 2.0  # s of a processor that a start may use until calls are taken (F40: lines clean within 2 s)
PAIRS = (("CallOffered", "CallEnded", "call"), ("QueueEntered", "QueueLeft", "call"),
         ("OfferMade", "OfferEnded", "offer"), ("RecordingStarted", "RecordingEnded", "recording"),
         ("ConversationStarted", "ConversationEnded", "call"))
CONF = "queues: {sales: {wrapup: 600s, callback: {enabled: true, group: pstn, retry: {times: 2, every: 600s}}}}\n"
STORY = """title: A short morning
people:
  li: {name: 李明, station: "8001"}
  zhao: {name: 赵敏, station: "8002"}
  wang: {name: 王芳, number: "13800138000"}
  chen: {name: 陈静, number: "13900139000"}
steps:
  - login: {agent: "1002", station: "8002"}
  - intervene: {do: force, agent: "1002", state: pause, reason: lunch, why: noon}
  - wait: 1
  - wang: {calls: "61234567"}
  - expect: {node: menu, within: 30}
  - wait: 1
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, position: 1, within: 30}
  - chen: {calls: "61234567"}
  - expect: {node: menu, within: 30}
  - wait: 1
  - chen: {presses: "1"}
  - expect: {fact: QueueEntered, position: 2, within: 30}
  - callback: {queue: sales, calling: "13800138000"}
  - wang: hangs up
  - wait: 2
  - login: {agent: "1001", station: "8001"}
  - li: {rings: 1, within: 30}
  - li: lifts
  - expect: {fact: CallbackTried, within: 30}
  - wang: {rings: 1, within: 40}
  - wang: lifts
  - expect: {fact: CallbackEnded, outcome: reached, within: 30}
  - wait: 2
  - li: flashes
  - expect: {fact: HoldChanged, within: 20}
  - wait: 2
  - li: flashes
  - wait: 2
  - wang: hangs up
  - expect: {fact: AgentMoved, agent: "1001", state: wrapup, within: 30}
  - wait: 30
"""
# state: the fact after which it is killed, which of them, what it must say; in the order of the story
MOMENTS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "idle": ("ConfigApplied", 1, {}),
    "paused agent": ("AgentMoved", 1, {"agent": "1002", "state": "paused"}),
    "ringing": ("CallOffered", 1, {}),
    "IVR": ("NodeEntered", 2, {}),
    "one waits": ("QueueEntered", 1, {}),
    "several wait": ("QueueEntered", 2, {"kind": "call"}),
    "callback promised": ("CallbackPromised", 1, {}),
    "offered": ("OfferMade", 1, {}),
    "dialling": ("CallbackTried", 1, {}),
    "talking": ("ConversationStarted", 1, {}),
    "hold": ("HoldChanged", 1, {}),
    "wrap-up": ("AgentMoved", 1, {"agent": "1001", "state": "wrapup"}),
}
IN_CI = ("callback promised", "talking")


def moments(told: list[dict[str, Any]], kind: str, wanted: dict[str, Any]) -> int:
    return sum(fact["fact"] == kind and all(fact.get(name) == value for name, value in wanted.items())
               for fact in told)


def await_fact(box: Box, kind: str, times: int, wanted: dict[str, Any]) -> None:  # noqa: F811
    assert box.process is not None
    for _ in range(4000):
        paths = sorted((box.state / "journal").glob("*.jsonl"))
        lines = [line for path in paths for line in path.read_bytes().splitlines(keepends=True)]
        if moments([json.loads(line) for line in lines if line.endswith(b"\n")], kind, wanted) >= times:
            return
        try:
            box.process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the daemon ended: {box.process.communicate()[0]}")
    raise AssertionError(f"no {kind} came: {[fact['fact'] for fact in facts_of(box)][-20:]}")


def restart(box: Box) -> float:  # noqa: F811
    """Start it again; the processor's seconds it used until it took calls. The wall's are printed."""
    box.notify.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while box.notify.recv(4096):  # what the killed one has told
            pass
    box.notify.settimeout(PATIENCE)
    began = time.monotonic()
    box.start()
    box.told("READY=1")
    assert box.process is not None
    words = Path(f"/proc/{box.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    used = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    print(f"ready {time.monotonic() - began:.2f} s after the start, {used:.2f} s of a processor")
    return used


def shown(box: Box, *words: str) -> Any:  # noqa: F811
    done = box.cli(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unpaired(told: list[dict[str, Any]]) -> list[str]:
    bad = []
    for begins, ends, key in PAIRS:
        balance = Counter[str]()
        for fact in told:
            balance[fact.get(key, "")] += (fact["fact"] == begins) - (fact["fact"] == ends)
        bad += [f"{begins} of {name}: {count:+}" for name, count in balance.items() if count]
    return bad


def last_states(told: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {fact["agent"]: fact for fact in told if fact["fact"] == "AgentMoved"}


def check(box: Box, before: list[dict[str, Any]], used: float) -> None:  # noqa: F811
    """After the kill: everything is ended once, agents and promises are as they were, all lines are idle."""
    assert used < BACK + 2.0, "reading what is there takes longer than it may"  # Python and its modules take 1 to 2 s
    agents = {row["number"]: row for row in shown(box, "agents", "list")}
    promised = [fact["callback"] for fact in before if fact["fact"] == "CallbackPromised"]
    over = {fact["callback"] for fact in before if fact["fact"] == "CallbackEnded"}
    at_work = promised and agents["1001"]["state"] != "logged_out" and len(over) < len(promised)
    if not at_work:  # else he is already offered the callback that was kept
        assert shown(box, "status")["channels"] == {"idle": 8}
        assert shown(box, "calls", "list") == []
    for number, fact in last_states(before).items():
        row = agents[number]
        assert (row["state"] == "logged_out") == (fact["state"] == "logged_out"), row
        if fact["state"] == "paused":
            assert (row["state"], row["reason"]) == ("paused", fact["why"]), row
        elif fact["state"] != "logged_out" and not at_work:
            assert row["state"] in ("ready", "wrapup"), row
        if fact["state"] != "logged_out":
            assert row["station"] == fact["station"], row
    kept = {row["callback"] for row in shown(box, "callbacks", "list")}
    assert kept == {name for name in promised if name not in over}
    assert box.end(signal.SIGTERM)[0] == 0
    told = facts_of(box)
    assert [fact["seq"] for fact in told] == list(range(1, len(told) + 1))
    assert unpaired(told) == []
    assert told[:len(before)] == before, "the journal of before the kill was changed"
    offered = [fact["call"] for fact in told if fact["fact"] == "CallOffered"]
    open_then = set(offered) - {fact["call"] for fact in before if fact["fact"] == "CallEnded"}
    with sqlite3.connect(box.state / "ccappliance.db") as database:
        rows = database.execute("SELECT call, disposition FROM cdr").fetchall()
    assert sorted(call for call, _ in rows) == sorted(set(offered))
    assert {disposition for call, disposition in rows if call in open_then} <= {"INTERRUPTED"}


def kill_in(box: Box, state: str) -> list[dict[str, Any]]:  # noqa: F811
    (box.config / "conf.d" / "zz.yaml").write_text(CONF)
    story = box.config.parent / "story.yaml"
    story.write_text(STORY, encoding="utf-8")
    box.start("--story", str(story))
    await_fact(box, *MOMENTS[state])
    seed = random.SystemRandom().randrange(1 << 30)
    later = random.Random(seed).uniform(0.0, 0.4)
    print(f"seed {seed}: killed {later:.3f} s later")
    assert box.process is not None
    with pytest.raises(subprocess.TimeoutExpired):
        box.process.wait(later)
    code, output = box.end(signal.SIGKILL)
    assert code == -signal.SIGKILL, output
    return facts_of(box)


@pytest.mark.parametrize("state", [
    pytest.param(state, marks=() if state in IN_CI else pytest.mark.nightly) for state in MOMENTS])
def test_killed_in_every_state(box: Box, state: str) -> None:  # noqa: F811
    before = kill_in(box, state)
    check(box, before, restart(box))


@pytest.mark.nightly
def test_killed_while_a_reload_is_under_way(box: Box) -> None:  # noqa: F811
    box.start()
    box.told("READY=1")
    assert box.process is not None
    (box.config / "conf.d" / "zz.yaml").write_text(CONF)
    box.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        box.process.wait(0.02)
    assert box.end(signal.SIGKILL)[0] == -signal.SIGKILL
    before = facts_of(box)
    check(box, before, restart(box))


@pytest.mark.nightly
def test_killed_again_while_it_starts(box: Box) -> None:  # noqa: F811
    """Whatever of the recovery was done: the next start does the rest, and nothing twice."""
    before = kill_in(box, "talking")
    seed = random.SystemRandom().randrange(1 << 30)
    chance = random.Random(seed)
    print(f"seed {seed}")
    for _ in range(5):
        box.start()
        assert box.process is not None
        with pytest.raises(subprocess.TimeoutExpired):
            box.process.wait(chance.uniform(0.3, PATIENCE / 40))
        box.end(signal.SIGKILL)
    told = facts_of(box)
    assert told[:len(before)] == before
    check(box, before, restart(box))
    recordings = Counter(fact["recording"] for fact in facts_of(box) if fact["fact"] == "RecordingEnded")
    assert set(recordings.values()) == {1}
