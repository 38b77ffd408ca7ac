"""Numbers and patterns as technicians write them: `*11`, `8XXX`, `9.`, `[2-5]XX`; matched whole or digit by digit.

`X` is 0-9, `Z` 1-9, `N` 2-9, `[2-57]` one of 2 3 4 5 7; a last `.` is one or more digits, a last `!` zero or more.
Everything else stands for itself: `0-9 * # +` and `A-D` (the fourth column of a DTMF keypad). Small letters do as well.
"""

import enum
from collections.abc import Iterable, Iterator
from typing import Protocol

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.base.limits import MAX_DIALLED

_LITERALS = "0123456789*#+ABCD"
_CLASSES = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
# What `.` and `!` take. Not * and #: # ends dialling, and codes such as *72 (forward my line) are allowed by name only.
_OPEN = "0123456789+"
_RANGE_ENDS = "0123456789"
_EXAMPLE = "write for example 8XXX, [2-5]XX, *11 or 9."


class Match(enum.Enum):
    """What the digits dialled so far are to a dial plan."""

    PARTIAL = "partial"  # the beginning of a number: wait for more
    COMPLETE = "complete"  # a number, and no longer one begins so
    COMPLETE_OR_MORE = "complete_or_more"  # a number, but a longer one begins so too
    IMPOSSIBLE = "impossible"  # no number begins so


class Pattern:
    """One pattern, understood. ConfigError says what is wrong with it and what to write instead."""

    __slots__ = ("_least", "_open", "_sets", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        body = text.upper()
        self._open = body.endswith((".", "!"))
        self._sets = tuple(_sets(text, body[:-1] if self._open else body))
        if not self._sets and not self._open:
            raise _wrong(text, "is empty")
        self._least = len(self._sets) + (1 if body.endswith(".") else 0)
        if self._least > MAX_DIALLED:
            raise _wrong(text, f"wants {self._least} digits", f"a number has at most {MAX_DIALLED}")

    def match(self, digits: str) -> Match:
        """What `digits` are to this pattern alone."""
        fixed = len(self._sets)
        if len(digits) > (MAX_DIALLED if self._open else fixed):
            return Match.IMPOSSIBLE
        if any(digit not in allowed for digit, allowed in zip(digits, self._sets, strict=False)):
            return Match.IMPOSSIBLE
        if any(digit not in _OPEN for digit in digits[fixed:]):
            return Match.IMPOSSIBLE
        if len(digits) < self._least:
            return Match.PARTIAL
        return Match.COMPLETE_OR_MORE if self._open and len(digits) < MAX_DIALLED else Match.COMPLETE

    def matches(self, number: str) -> bool:
        """True if the whole number fits."""
        return self.match(number) in (Match.COMPLETE, Match.COMPLETE_OR_MORE)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


class Dials(Protocol):
    """Whoever knows which numbers may be dialled."""

    def match(self, digits: str) -> Match: ...


class DialPlan:
    """Which numbers may be dialled, so that a telephone knows when one is whole. ConfigError tells all bad patterns."""

    def __init__(self, patterns: Iterable[str]) -> None:
        findings: list[Finding] = []
        self.patterns: list[Pattern] = []
        for text in patterns:
            try:
                self.patterns.append(Pattern(text))
            except ConfigError as error:
                findings += error.findings
        if findings:
            raise ConfigError(findings)

    def match(self, digits: str) -> Match:
        """What `digits` are to all patterns together. Without digits: PARTIAL, or IMPOSSIBLE if there is no pattern."""
        found = {pattern.match(digits) for pattern in self.patterns}
        complete = Match.COMPLETE in found or Match.COMPLETE_OR_MORE in found
        more = Match.PARTIAL in found or Match.COMPLETE_OR_MORE in found
        if complete:
            return Match.COMPLETE_OR_MORE if more else Match.COMPLETE
        return Match.PARTIAL if more else Match.IMPOSSIBLE


def pattern_matches(pattern: str, number: str) -> bool:
    """True if the whole `number` fits `pattern`. ConfigError if the pattern is wrong."""
    return Pattern(pattern).matches(number)


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern and what to do about it, for `check(report, path)`; "" if nothing is."""
    try:
        Pattern(pattern)
    except ConfigError as error:
        finding = error.findings[0]
        return f"{finding.problem} ({finding.advice})"
    return ""


def _sets(text: str, body: str) -> Iterator[str]:
    """The digits allowed at each place of a pattern, in order."""
    at = 0
    while at < len(body):
        sign = body[at]
        if sign == "[":
            end = body.find("]", at)
            if end < 0:
                raise _wrong(text, "has a [ without ]", "write for example [2-5]")
            yield _bracket(text, body[at + 1:end])
            at = end
        elif sign in _CLASSES:
            yield _CLASSES[sign]
        elif sign in _LITERALS:
            yield sign
        elif sign in ".!":
            raise _wrong(text, f"has {sign!r} before its end", "'.' and '!' stand for all further digits: put it last")
        else:
            raise _wrong(text, f"has {sign!r}, which cannot be dialled")
        at += 1


def _bracket(text: str, inside: str) -> str:
    """The digits between [ and ]: single ones and ranges, such as `13-579`."""
    allowed = ""
    at = 0
    while at < len(inside):
        first = inside[at]
        if inside[at + 1:at + 2] == "-":
            last = inside[at + 2:at + 3]
            if first not in _RANGE_ENDS or not last or last not in _RANGE_ENDS or last < first:
                raise _wrong(text, f"has a wrong range in [{inside}]", "a range goes upwards, such as [2-5]")
            allowed += _RANGE_ENDS[int(first):int(last) + 1]
            at += 3
        elif first in _LITERALS:
            allowed += first
            at += 1
        else:
            raise _wrong(text, f"has {first!r} in [{inside}]", "put digits, * or # between [ and ]")
    if not allowed:
        raise _wrong(text, "has nothing between [ and ]", "write for example [2-5]")
    return allowed


def _wrong(pattern: str, problem: str, advice: str = _EXAMPLE) -> ConfigError:
    return ConfigError([Finding("dial plan", pattern, f"the pattern {pattern!r} {problem}", advice)])
