"""Kill -9 with a callback promised, rung, dialled or talked: the next start keeps its place, or knows it is over."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from storyteller import HERE, PAIRS, ROOT, tell, unpaired

from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal_file import FileSink
from ccappliance.sim.play import Past
from ccappliance.store.database import Store

pytestmark = pytest.mark.slow

_KILLED = f"""
import os, signal, sys
sys.path.insert(0, {str(HERE)!r})
from pathlib import Path
from storyteller import tell
from ccappliance.call.journal_file import FileSink
from ccappliance.sim.play import Past
from ccappliance.store.database import Store
prompts, state, last, engine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "engine"
def interfere(stage):
    def hear(entry):
        callbacks = getattr(entry.fact, "kind", "callback") == "callback"
        if type(entry.fact).__name__ == last and callbacks and not killing:
            killing.append(stage.loop.call_later(2.0, os.kill, os.getpid(), signal.SIGKILL))
    stage.house.journal.follow(hear)
killing = []
tell(state / "before.yaml", prompts, engine=engine, recordings=state / "recordings",
     past=Past(FileSink(state / "journal"), Store(state / "cc.db", threaded=False)),
     interfere=interfere)
"""
_HEAD = """config: {queues: {sales: {callback: {enabled: true, group: pstn, retry: {times: 1, every: 40s}}}}}
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
  chen: {name: 陈静, number: "13900139000"}
"""
_BEFORE = _HEAD + """steps:
  - wang: {calls: "61234567"}
  - wang: {hears: welcome, within: 20}
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, kind: call, within: 15}
  - wait: 3
  - callback: {queue: sales, calling: "13800138000"}
  - wang: {hears: busy}
  - wang: hangs up
  - wait: 5
  - login: {agent: "1001", station: "8001"}
  - li: {rings: 2, within: 20}
  - li: lifts
  - wang: {rings: 2, within: 20}
  - wang: lifts
  - wang: {says: 喂，您好？}
  - expect: {fact: CallbackEnded, outcome: reached}
  - li: {says: 您好，给您回电。, to: wang}
  - wait: 60
"""
_CHEN = """  - chen: {calls: "61234567"}
  - chen: {hears: welcome, within: 20}
  - chen: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales, kind: call, position: 2, within: 15}
"""
_SERVED = """  - li: {rings: 2, shows: "13800138000", within: 60}
  - li: lifts
  - wang: {rings: 1, within: 20}
  - wang: lifts
  - wang: {says: 喂，您好？}
  - expect: {fact: CallbackEnded, outcome: reached, within: 15}
  - li: {says: 您好，给您回电。, to: wang}
  - li: hangs up
  - wang: {hears: busy, within: 15}
  - wang: hangs up
"""
# He came before her and keeps his place; but while he rests between two attempts, she is served.
_KEPT = _HEAD + 'at: "2026-11-23T09:00:50+08:00"\nsteps:\n' + _CHEN + """  - login: {agent: "1001", station: "8001"}
""" + _SERVED + """  - chen: hangs up
  - expect: {fact: CallEnded, within: 20}
"""
# The agent is logged in still, as he was.
_AGAIN = _HEAD + 'at: "2026-11-23T09:00:50+08:00"\nsteps:\n' + _SERVED
_OVER = _HEAD + 'at: "2026-11-23T09:05:00+08:00"\nsteps:\n' + """  - li: {is not rung: 20}
"""


def kill(tmp_path: Path, prompts: Path, last: str, engine: bool) -> list[Any]:
    """Play the beginning in a process of its own, killed two seconds after this fact: what its journal says."""
    (tmp_path / "before.yaml").write_text(_BEFORE, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(prompts), str(tmp_path), last,
                           "engine" if engine else "scripted"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    sink = FileSink(tmp_path / "journal")
    entries = list(sink.read())
    sink.close()
    return entries


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
@pytest.mark.parametrize(("last", "after", "attempts"), [
    ("QueueEntered", _KEPT, 1), ("OfferMade", _AGAIN, 1), ("CallbackTried", _AGAIN, 2), ("CallbackEnded", _OVER, 0)],
    ids=["waiting", "ringing", "dialling", "talking"])
def test_kill_9_and_restart(prompts: Path, tmp_path: Path, last: str, after: str, attempts: int,
                            engine: bool) -> None:
    before = kill(tmp_path, prompts, last, engine)
    steps = ["QueueEntered", "OfferMade", "CallbackTried", "CallbackEnded"]
    kinds = [type(entry.fact).__name__ for entry in before]
    assert [kind for kind in steps if kind in kinds][-1] == last, f"killed at another moment: {kinds[-10:]}"
    sink, store = FileSink(tmp_path / "journal"), Store(tmp_path / "cc.db", threaded=False)
    path = tmp_path / "after.yaml"
    path.write_text(after, encoding="utf-8")
    told: list[str] = []
    played = tell(path, prompts, engine=engine, recordings=tmp_path / "recordings", past=Past(sink, store),
                  say=told.append)
    assert not played.failed, f"{played.step}\n{played.failed}\n" + "\n".join(told[-30:])
    assert played.breaches == ()
    everything = [json.loads(entry.line()) for entry in sink.read()]
    for begins, ends, key in PAIRS:
        if begins not in ("PromptStarted", "TransferStarted"):  # nobody bills by these
            assert unpaired(everything, begins, ends, key) == []
    ended = [fact for fact in everything if fact["fact"] == "CallbackEnded"]
    assert [fact["outcome"] for fact in ended] == ["reached"]
    assert ended[0]["attempts"] == (attempts or 1)
    if last == "CallbackTried":
        missed = [fact for fact in everything if fact["fact"] == "CallbackMissed"]
        assert [(fact["outcome"], fact["attempts"]) for fact in missed] == [("interrupted", 1)]
    offers = Counter(fact["offer"] for fact in everything if fact["fact"] == "OfferMade")
    assert max(offers.values()) == 1, "an offer of the second run has a name of its own"
    rows = {cdr.call: cdr for cdr in CdrStore(store).recent(100)}
    reached = rows[ended[0]["call"]]
    assert (reached.queue, reached.agent, reached.direction, reached.called) == ("sales", "1001", "out", "13800138000")
    sink.close()
    store.close()
