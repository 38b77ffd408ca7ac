"""Faults no story can tell: a full disk, a failing room, prompts that vanish, a queue that vanishes, kill -9."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from storyteller import HERE, PAIRS, ROOT, facts, site, tell, trouble, unpaired

from ccappliance.apps.acd.restore import stands
from ccappliance.base.errors import Refused
from ccappliance.call.call import Call
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal_file import FileSink
from ccappliance.media.prompts import PromptBook
from ccappliance.sim.play import Past, Stage
from ccappliance.store.database import Store

pytestmark = pytest.mark.slow
PYTHON = [sys.executable, "-c"]
BEGIN = f"import sys; sys.path.insert(0, {str(HERE)!r}); from storyteller import *; from pathlib import Path\n"

_FULL_DISK = BEGIN + """
import resource
tell(FIRST_CALL, Path(sys.argv[1]), engine=True)  # so that every prompt is in the cache
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
played = tell(FIRST_CALL, Path(sys.argv[1]), engine=True, recordings=Path(sys.argv[2]))
print(json.dumps([played.failed, trouble(played), facts(played, "RecordingEnded", "CallEnded", "AlarmRaised")]))
"""

_KILLED = BEGIN + """
import os, signal
from ccappliance.call.journal_file import FileSink
from ccappliance.sim.play import Past
from ccappliance.store.database import Store
state, at = Path(sys.argv[2]), float(sys.argv[3])
tell(FIRST_CALL, Path(sys.argv[1]), engine=True, recordings=state / "recordings",
     past=Past(FileSink(state / "journal"), Store(state / "cc.db", threaded=False)),
     interfere=lambda stage: stage.loop.call_later(at, os.kill, os.getpid(), signal.SIGKILL))
"""


def story(tmp_path: Path, steps: str, config: str = "") -> Path:
    """A story of a customer, another one, and two telephones."""
    people = ('people:\n  wang: {name: 王芳, number: "13800138000"}\n  chen: {name: 陈静, number: "13900139000"}\n'
              '  li: {name: 李明, station: "8001"}\n')
    path = tmp_path / "story.yaml"
    path.write_text(config + people + "steps:\n" + steps, encoding="utf-8")
    return path


def at(seconds: float, act: Callable[[Stage], Any]) -> Callable[[Stage], None]:
    """Do it then."""
    kept: list[asyncio.Task[Any]] = []  # or they may be collected

    def run(stage: Stage) -> None:
        done = act(stage)
        if isinstance(done, Coroutine):
            kept.append(stage.loop.create_task(done))

    def interfere(stage: Stage) -> None:
        stage.loop.call_later(seconds, run, stage)

    return interfere


class Broken:
    """A room with a bug."""

    async def run(self, call: Call) -> str | None:
        await call.answer()
        await asyncio.sleep(1.0)
        raise ZeroDivisionError("a bug in a room")


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_an_exception_in_a_room_costs_one_call_an_apology(tmp_path: Path, prompts: Path, engine: bool,
                                                          caplog: pytest.LogCaptureFixture) -> None:
    """F46: he hears that it can't be done, and busy tone; the other caller never notices; the log keeps the trace."""
    path = story(tmp_path, """
  - login: {agent: "1001", station: "8001"}
  - wang: {calls: "61234567"}
  - wang: {hears: welcome, within: 20}
  - wang: {presses: "1"}
  - li: {rings: 1, within: 15}
  - li: lifts
  - li: {says: 您好。, to: wang}
  - chen: {calls: "61234567"}
  - chen: {hears: welcome, within: 20}
  - chen: {presses: "2"}
  - chen: {hears: error, within: 15}
  - chen: {hears: busy}
  - chen: hangs up
  - expect: {fact: CallEnded, cause: 41, by: us}
  - wang: {says: 再见。, to: li}
  - wang: hangs up
  - li: {hears: busy}
""")
    break_it = at(0.0, lambda stage: stage.house.destinations.register(
        "queue", lambda name: Broken() if name == "service" else stage.house.acd.find_queue(name)))
    with caplog.at_level(logging.ERROR):
        played = tell(path, prompts, engine=engine, interfere=break_it)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_prompts_that_are_missing_cost_a_moment_and_one_alarm(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """F57: every prompt is gone while the house runs: silence, the flow goes on, an alarm for each name, once."""
    path = story(tmp_path, """
  - wang: {calls: "61234567"}
  - expect: {fact: CallOffered, within: 15}
  - wait: 2
  - wang: {presses: "*"}
  - wait: 1
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales, within: 2}
  - wang: hangs up
  - expect: {fact: CallEnded, by: caller}
""")

    def lose_all(stage: Stage) -> None:
        empty = PromptBook(stage.house.site.prompts, on_missing=stage.house.prompts.book.on_missing)
        stage.house.prompts.book = empty

    played = tell(path, prompts, engine=engine, interfere=at(0.0, lose_all))
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    alarms = [fact["subject"] for fact in facts(played, "AlarmRaised")]
    assert {"prompt:zh/welcome", "prompt:zh/main_menu", "prompt:zh/please_hold", "prompt:zh/music"} <= set(alarms)
    assert len(alarms) == len(set(alarms))


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_a_queue_is_removed_while_callers_wait_in_it(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """F56: who waits is served under the settings he came under; who comes later is told that it can't be done."""
    path = story(tmp_path, """
  - wang: {calls: "61234567"}
  - wang: {hears: welcome, within: 20}
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales}
  - expect: {fact: ConfigApplied, by: test, within: 30}
  - chen: {calls: "61234567"}
  - chen: {hears: welcome, within: 20}
  - chen: {presses: "1"}
  - expect: {fact: CallEnded, by: us, within: 20}
  - chen: {hears: busy}
  - chen: hangs up
  - login: {agent: "1001", station: "8001"}
  - li: {rings: 1, within: 5}
  - li: lifts
  - li: {says: 您好。, to: wang}
  - wang: hangs up
  - li: {hears: busy}
  - li: hangs up
""")
    shipped = site(())
    without = replace(shipped, queues={name: queue for name, queue in shipped.queues.items() if name != "sales"})
    played = tell(path, prompts, engine=engine, interfere=at(20.0, lambda stage: stage.house.apply(without, "test")))
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []


def test_a_disk_that_fills_up_during_the_recording(prompts: Path, tmp_path: Path) -> None:
    """F27, F30: the recording fails, the alarm is told, and the story is told to its end."""
    done = subprocess.run([*PYTHON, _FULL_DISK, str(prompts), str(tmp_path)], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    failed, wrong, told = json.loads(done.stdout)
    assert "RecordingEnded" in failed, "the story expects a complete recording, and only that may fail"
    assert wrong == []
    assert [fact["state"] for fact in told if fact["fact"] == "RecordingEnded"] == ["failed"]
    assert [fact["alarm"] for fact in told if fact["fact"] == "AlarmRaised"] == ["recording_failed",
                                                                                           "recording_gap"]
    assert [fact["by"] for fact in told if fact["fact"] == "CallEnded"][-1] == "caller"
    assert [path.name for path in tmp_path.rglob("*.wav")] == [], "what failed has no file that looks whole"


def test_a_second_writer_of_the_journal_is_refused(prompts: Path, tmp_path: Path) -> None:
    """While a house is up, nobody else may write into its directory; he is told who does."""
    refused: list[str] = []

    def try_it(stage: Stage) -> None:
        with pytest.raises(Refused) as caught:
            FileSink(tmp_path / "journal")
        refused.append(str(caught.value))

    sink, store = FileSink(tmp_path / "journal"), Store(":memory:", threaded=False)
    path = story(tmp_path, "  - wait: 2\n")
    tell(path, prompts, engine=False, past=Past(sink, store), interfere=at(1.0, try_it))
    sink.close()
    assert len(refused) == 1
    assert f"as process {os.getpid()}" in refused[0]
    FileSink(tmp_path / "journal").close()


@pytest.mark.parametrize("seconds", [3.0, 20.0, 28.0, 33.0, 45.0, 52.0])
def test_kill_9_with_calls_up(prompts: Path, tmp_path: Path, seconds: float) -> None:
    """F40: the next start ends what was open, keeps every CDR, and counts on in the journal."""
    done = subprocess.run([*PYTHON, _KILLED, str(prompts), str(tmp_path), str(seconds)], cwd=ROOT, capture_output=True,
                          check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    sink, store = FileSink(tmp_path / "journal"), Store(tmp_path / "cc.db", threaded=False)
    before = list(sink.read())
    was_open = _open_calls(before)
    assert was_open, "nothing was up"
    played = tell(story(tmp_path, "  - wait: 1\n"), prompts, engine=True, recordings=tmp_path / "recordings",
                  past=Past(sink, store))
    assert not played.failed
    everything = list(sink.read())
    assert [entry.seq for entry in everything] == list(range(1, len(everything) + 1))
    assert everything[len(before)].fact.__class__.__name__ == "DaemonStarted"
    assert _open_calls(everything) == []
    told = [json.loads(entry.line()) for entry in everything]
    back = {fact["agent"]: fact["station"] for fact in told[len(before):] if fact["fact"] == "AgentMoved"
            and fact["left"] == "logged_out"}
    assert back == {number: stand.moved.station for number, stand in stands(before).items()}
    for begins, ends, key in PAIRS:
        if begins not in ("PromptStarted", "TransferStarted"):  # nobody bills by these
            assert unpaired(told, begins, ends, key) == []
    for fact in told:
        if fact["fact"] == "RecordingEnded":
            assert fact["state"] == "interrupted"
            assert 0.0 < fact["seconds"] <= seconds
    rows = {cdr.call: cdr.disposition for cdr in CdrStore(store).recent(100)}
    offered = [entry.fact.call for entry in everything if type(entry.fact).__name__ == "CallOffered"]
    assert sorted(rows) == sorted(offered)
    assert [call for call, disposition in rows.items() if disposition == "INTERRUPTED"] == was_open
    sink.close()
    store.close()


def _open_calls(entries: list[Any]) -> list[str]:
    calls: dict[str, None] = {}
    for entry in entries:
        if type(entry.fact).__name__ == "CallOffered":
            calls[entry.fact.call] = None
        elif type(entry.fact).__name__ == "CallEnded":
            del calls[entry.fact.call]
    return list(calls)
