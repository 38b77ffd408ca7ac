"""Dial plan patterns, digit by digit and whole, and what is said of wrong ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccappliance.base.dialplan import DialPlan, Match, Pattern, pattern_matches, pattern_problem
from ccappliance.base.errors import ConfigError
from ccappliance.base.limits import MAX_DIALLED

PLAN = DialPlan(["*11", "8XXX", "9.", "0", "00Z", "[2-4]N"])


@pytest.mark.parametrize(("digits", "match"), [
    ("", Match.PARTIAL),
    ("*", Match.PARTIAL), ("*1", Match.PARTIAL), ("*11", Match.COMPLETE), ("*12", Match.IMPOSSIBLE),
    ("8", Match.PARTIAL), ("8001", Match.COMPLETE), ("80011", Match.IMPOSSIBLE), ("80*", Match.IMPOSSIBLE),
    ("9", Match.PARTIAL), ("91", Match.COMPLETE_OR_MORE), ("9*", Match.IMPOSSIBLE), ("91#", Match.IMPOSSIBLE),
    ("0", Match.COMPLETE_OR_MORE), ("00", Match.PARTIAL), ("000", Match.IMPOSSIBLE), ("005", Match.COMPLETE),
    ("32", Match.COMPLETE), ("31", Match.IMPOSSIBLE), ("5", Match.IMPOSSIBLE), ("#", Match.IMPOSSIBLE),
])
def test_digits_so_far(digits, match):
    assert PLAN.match(digits) is match


def test_an_open_pattern_ends_at_the_limit():
    assert PLAN.match("9" * (MAX_DIALLED - 1)) is Match.COMPLETE_OR_MORE
    assert PLAN.match("9" * MAX_DIALLED) is Match.COMPLETE
    assert PLAN.match("9" * (MAX_DIALLED + 1)) is Match.IMPOSSIBLE


def test_an_empty_plan_lets_nobody_dial():
    assert DialPlan([]).match("") is Match.IMPOSSIBLE


@pytest.mark.parametrize(("pattern", "number", "fits"), [
    ("!", "", True), ("!", "12345", True), ("!", "+8613800138000", True), (".", "", False), (".", "1", True),
    ("9!", "9", True), ("9.", "9", False), ("+86.", "+8613800138000", True), ("8xxx", "8001", True),
    ("[13-5#]", "4", True), ("[13-5#]", "2", False), ("[13-5#]", "#", True), ("A1", "A1", True), ("a1", "A1", True),
    ("X", "*", False), ("Z", "0", False), ("N", "1", False), ("N", "2", True), ("9.", "9*721", False),
])
def test_whole_numbers(pattern, number, fits):
    assert pattern_matches(pattern, number) is fits


@pytest.mark.parametrize(("pattern", "words"), [
    ("", "is empty"), ("8-XXX", "'-'"), ("[2-5", "a [ without ]"), ("[]", "nothing between"), ("[5-2]", "upwards"),
    ("[2-]", "upwards"), ("[*-#]", "upwards"), ("[x]", "'X' in [X]"), ("9.1", "before its end"), ("!!", "before its"),
    ("_8XXX", "'_'"), ("8 1", "' '"), ("X" * 40, "40 digits"), ("８", "cannot be dialled"), ("9..", "before its end"),
])
def test_wrong_patterns_say_what_is_wrong(pattern, words):
    assert words in pattern_problem(pattern)
    with pytest.raises(ConfigError):
        DialPlan(["8XXX", pattern])


def test_all_wrong_patterns_are_told_at_once():
    with pytest.raises(ConfigError) as error:
        DialPlan(["8-1", "8XXX", "[1"])
    assert [finding.key for finding in error.value.findings] == ["8-1", "[1"]
    assert pattern_problem("8XXX") == ""


@given(st.text(max_size=50))
def test_any_text_is_a_pattern_or_told_to_be_wrong(text):
    if not pattern_problem(text):
        assert Pattern(text).match("") in Match


@given(st.lists(st.sampled_from(["*11", "8XXX", "9.", "0!", "[2-5]Z", "XX", "88."]), max_size=4),
       st.text("0123456789*#", max_size=6))
def test_every_answer_is_true_of_the_future(patterns, digits):
    """PARTIAL and OR_MORE: some longer number fits. IMPOSSIBLE and COMPLETE: none does (tried with each one's end)."""
    plan = DialPlan(patterns)
    match = plan.match(digits)
    assert any(pattern_matches(p, digits) for p in patterns) == (match in (Match.COMPLETE, Match.COMPLETE_OR_MORE))
    tails = [example[at:] for example in ("*11", "8111", "91", "01", "21", "881") for at in range(len(example))]
    longer = any(pattern_matches(p, digits + tail) for p in patterns for tail in tails)
    assert longer == (match in (Match.PARTIAL, Match.COMPLETE_OR_MORE))
