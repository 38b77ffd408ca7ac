"""Proof of the queue, by the whole house: simulated days agree with Erlang C and Erlang A.

Callers are displaced by dialling, switching and ringing, each by an independent time, so they reach the queue as the
Poisson stream they set out as. Agents lift at once when the bell rings; that takes no time on the wire. `pure: true`
takes off what the line adds to a time drawn: an agent's hang-up counts after 1.25 s (a shorter break is a flash), a
caller's after 0.5 s, and he needs 0.22 s to know that he is waiting. What cannot be taken off: a talk lasts at least
1.25 s and a wait that is given up at least 0.72 s (0.7 % and 0.6 % of those drawn are shorter: 0.004 s and 0.002 s on
average), and a caller whose patience would end within 0.5 s after an agent's answer has hung up already.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev

import pytest
from day_rig import HERE, run_day
from scipy.stats import t as student

from ccappliance.call import facts
from ccappliance.call.journal import Entry

from oracles import erlang_a, erlang_c, mean_wait_c, service_level_c  # isort: skip  # day_rig says where it is

SERVICE = 180.0
PATIENCE = 120.0
BATCHES = 10  # of each day: so many consecutive callers that their means are all but independent
INSTANT = 0.0005  # s; a caller who finds a free agent waits less


class Queue:
    """A reader of the journal: wait and abandonment of each caller, in the order in which they left the queue."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.abandoned: list[bool] = []

    def hear(self, entry: Entry) -> None:
        if isinstance(entry.fact, facts.QueueLeft):
            assert entry.fact.outcome in ("answered", "abandoned")
            self.waits.append(entry.fact.waited)
            self.abandoned.append(entry.fact.outcome == "abandoned")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prompts")


def days(name: str, seeds: range, hours: int, cache: Path, folder: Path) -> list[Queue]:
    text = (HERE / name).read_text().replace("24h", f"{hours}h").replace("4800", str(200 * hours))
    path = folder / name
    path.write_text(text)
    queues = []
    for seed in seeds:
        queue = Queue()
        result = run_day(path, seed, cache, watch=queue.hear)
        assert not result.problems, result.problems
        assert result.figures["lost"] == 0
        queues.append(queue)
    return queues


def batches(series: list[list[float]]) -> Iterator[float]:
    """Batch means of each day, its first twentieth (an empty queue) left out."""
    for values in series:
        kept = values[len(values) // 20:]
        size = len(kept) // BATCHES
        yield from (fmean(kept[n * size:(n + 1) * size]) for n in range(BATCHES))


def agrees(name: str, series: list[list[float]], truth: float, narrow: float) -> None:
    """The theory lies in the 99 % confidence interval, and that is narrow enough to prove something."""
    means = list(batches(series))
    mean, half = fmean(means), student.ppf(0.995, len(means) - 1) * stdev(means) / math.sqrt(len(means))
    print(f"{name}: {mean:.4f} ± {half:.4f} of {len(means)} batches, theory {truth:.4f}")
    assert half < narrow, f"{name}: the interval ± {half} proves nothing"
    assert abs(mean - truth) <= half, f"{name}: {mean} ± {half}, theory says {truth}"


def prove_c(queues: list[Queue], width: float) -> None:
    assert not any(any(queue.abandoned) for queue in queues)
    agrees("C: P(wait)", [[wait > INSTANT for wait in queue.waits] for queue in queues], erlang_c(14, 10.0),
           0.09 * width)
    agrees("C: SL20", [[wait <= 20 for wait in queue.waits] for queue in queues],
           service_level_c(14, 10.0, SERVICE, 20.0), 0.08 * width)
    agrees("C: ASA", [queue.waits for queue in queues], mean_wait_c(14, 10.0, SERVICE), 7.0 * width)


def prove_a(queues: list[Queue], width: float) -> None:
    theory = erlang_a(10, 10.0, SERVICE, PATIENCE)
    agrees("A: P(wait)", [[wait > INSTANT for wait in queue.waits] for queue in queues], theory.wait, 0.09 * width)
    agrees("A: P(abandon)", [[float(one) for one in queue.abandoned] for queue in queues], theory.abandon, 0.05 * width)
    agrees("A: mean wait", [queue.waits for queue in queues], theory.mean_wait, 6.0 * width)


@pytest.mark.slow
def test_erlang_c(cache: Path, tmp_path: Path) -> None:
    prove_c(days("erlang-c.yaml", range(1, 3), 12, cache, tmp_path), 1.0)


@pytest.mark.slow
def test_erlang_a(cache: Path, tmp_path: Path) -> None:
    prove_a(days("erlang-a.yaml", range(101, 103), 12, cache, tmp_path), 1.0)


@pytest.mark.nightly
@pytest.mark.slow
def test_erlang_c_in_a_week(cache: Path, tmp_path: Path) -> None:
    prove_c(days("erlang-c.yaml", range(1, 7), 24, cache, tmp_path), 0.5)


@pytest.mark.nightly
@pytest.mark.slow
def test_erlang_a_in_a_week(cache: Path, tmp_path: Path) -> None:
    prove_a(days("erlang-a.yaml", range(101, 107), 24, cache, tmp_path), 0.5)
