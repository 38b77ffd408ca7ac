"""Recording rules: the first that fits, what it says of whom, and a share that is drawn once for a call."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from ccappliance.apps.recording.rules import RecordingRule, RetentionSettings, Rules
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.call.recorded import NO, ON_DEMAND, YES, Subject


def rules(*table: RecordingRule, chance: Callable[[], float] = lambda: 0.5, **retention: Any) -> Rules:
    settings = RecordingSettings(rules=table, retention=RetentionSettings(**retention))
    return Rules(lambda: settings, chance)


def subject(**given: Any) -> Subject:
    return Subject(**{"direction": "in", "calling": ("13800138000", "+8613800138000"), "called": ("4008001",),
                      "line": "fxo/1", "queue": "sales", "agent": "1001", "asked": "queue sales", **given})


@pytest.mark.parametrize(("rule", "given", "fits"), [
    ({"queues": ("sales",)}, {}, True), ({"queues": ("service",)}, {}, False), ({"queues": ("sal*",)}, {}, True),
    ({"queues": ("sales",)}, {"queue": ""}, False), ({"agents": ("1001",)}, {}, True),
    ({"agents": ("1002",)}, {}, False), ({"agents": ("1001",)}, {"agent": None}, None),
    ({"agents": ("1001",), "queues": ("service",)}, {"agent": None}, False), ({"calling": ("138",)}, {}, True),
    ({"calling": ("+86138",)}, {}, True), ({"calling": ("139", "137")}, {}, False),
    ({"calling": ("138",)}, {"calling": ()}, False), ({"called": ("400",)}, {}, True),
    ({"called": ("800",)}, {}, False), ({"lines": ("fxo/*",)}, {}, True), ({"lines": ("pri/*",)}, {}, False),
    ({"direction": "in"}, {}, True), ({"direction": "internal"}, {}, False), ({}, {}, True)])
def test_a_rule_fits_what_has_all_it_names(rule: dict[str, Any], given: dict[str, Any], fits: bool | None) -> None:
    assert RecordingRule(name="r", **rule).fits(subject(**given)) is fits


def test_the_first_that_fits_counts() -> None:
    table = rules(RecordingRule(name="vip", calling=("139",), record="never"),
                  RecordingRule(name="sales", queues=("sales",), record="always", days=30.0),
                  RecordingRule(name="rest", record="on-demand"))
    first = table.judge(subject(calling=("13900139000",)), {})
    second = table.judge(subject(asked=""), {})
    third = table.judge(subject(queue="service"), {})
    assert [(one.record, one.rule) for one in (first, second, third)] == [(NO, "vip"), (YES, "sales"),
                                                                          (ON_DEMAND, "rest")]
    assert second.days == 30.0


@pytest.mark.parametrize(("asked", "record"), [("queue sales", YES), ("", ON_DEMAND)])
def test_without_a_rule_it_is_as_the_queue_says(asked: str, record: str) -> None:
    assert rules().judge(subject(asked=asked), {}).record == record
    assert rules(RecordingRule(name="r")).judge(subject(asked=asked), {}).record == record


def test_a_share_is_drawn_once_for_a_call_and_comes_true() -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    table = rules(RecordingRule(name="r", record="always", share=20.0), chance=random.Random(seed).random)
    drawn = 0
    for _ in range(5000):
        lots: dict[str, float] = {}
        first = table.judge(subject(), lots)
        assert all(table.judge(subject(agent=str(agent)), lots) == first for agent in range(3)), seed
        drawn += first.record == YES
        assert "20 %" in first.why
    assert 850 < drawn < 1150, f"seed {seed}: {drawn} of 5000 at 20 %"  # 1000 ± 5 standard deviations of 28


def test_a_caller_is_told_if_the_agent_may_be_one_who_is_recorded() -> None:
    table = rules(RecordingRule(name="quiet", agents=("1002",), record="never"),
                  RecordingRule(name="told", agents=("1001",), record="always", announce="recording_told"))
    assert table.judge(subject(agent=None), {}).announce == "recording_told"
    assert table.judge(subject(agent="1003"), {}).rule == ""


def test_the_retention_of_a_rule_is_that_of_all_where_it_is_silent() -> None:
    table = rules(RecordingRule(name="a", days=5.0), RecordingRule(name="b", least=9.0), least=2.0, days=7.0)
    assert table.kept("a", 0.0) == (2.0, 5.0)
    assert table.kept("b", 0.0) == (9.0, 9.0), "never deleted before its least"
    assert table.kept("b", 12.0) == (12.0, 12.0), "nor before what was promised"
    assert table.kept("gone", 0.0) == (2.0, 7.0)
