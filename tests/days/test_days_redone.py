"""Whole days, every decision of which is made again from the journal: recomputed equals recorded."""

from pathlib import Path

import pytest
from day_rig import HERE, run_day, write_day

from ccappliance.apps.acd.redone import Decision, Redone
from ccappliance.apps.acd.settings import STRATEGIES

OFFICE = HERE.parent.parent / "ccappliance" / "sim" / "days" / "office-day.yaml"


def differences(day: Path, seed: int, cache: Path) -> tuple[int, list[str]]:
    decisions: list[Decision] = []
    redone = Redone(decisions.append)
    result = run_day(day, seed, cache, watch=redone.hear)
    redone.close()
    assert not result.problems, "\n".join(result.problems)
    assert redone.unknown == 0
    assert redone.decisions == len(decisions)
    return len(decisions), [f"{one.seq} {one.call}: {words}" for one in decisions for words in one.differs]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_decision_of_a_busy_quarter_of_an_hour_differs(strategy: str, tmp_path: Path) -> None:
    day = write_day(tmp_path, f"""
        duration: 10m
        calls: 150
        lines: 20
        queue: sales
        callers: {{talk: {{shape: exponential, mean: 40s}}, patience: {{shape: exponential, mean: 60s}}}}
        staff: {{agents: 8, answer: {{shape: uniform, mean: 4s}}, miss: 0.2, back: {{shape: exponential, mean: 20s}}}}
        queues: {{sales: {{strategy: {strategy}, ring_timeout: 8s, wrapup: 5s}}}}
        """)
    made, told = differences(day, 3, tmp_path)
    assert not told, "\n".join(told[:20])
    assert made > 80


@pytest.mark.nightly
@pytest.mark.slow
def test_no_decision_of_ten_thousand_calls_differs(tmp_path: Path) -> None:
    made, told = differences(OFFICE, 7, tmp_path)
    assert not told, "\n".join(told[:20])
    assert made > 9_000
