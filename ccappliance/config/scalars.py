"""One written value → one Python value within its bounds, or the reason why not and what to write instead."""

import datetime
import enum
import math
import re
from typing import Any

from ccappliance.config.keys import KeyInfo
from ccappliance.config.shapes import Plain
from ccappliance.config.tree import Meaning, Scalar

_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|ms|m|s) ?)+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)", re.ASCII)
_WHOLE = re.compile(r"[-+]?\d(?:_?\d)*", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d(?:_?\d)*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_LONGEST = 40  # characters of a value quoted in a message; and no number we know is longer


class Unfit(ValueError):
    """A value that does not fit its key. Never leaves the package: the binder makes a finding of it."""

    def __init__(self, problem: str, advice: str = "") -> None:
        self.problem = problem
        self.advice = advice
        super().__init__(problem)


def convert(scalar: Scalar, shape: Plain, info: KeyInfo) -> Any:
    """The value of `scalar` for a key of this shape. Unfit if its type, bounds, choices or pattern do not allow it."""
    if scalar.meaning is Meaning.NOTHING:
        raise Unfit("is empty", "give a value, or take the line away; '#' and '~' must be in quotes")
    if issubclass(shape.kind, enum.Enum):
        return _member(_text(scalar, info), shape.kind, info)
    if shape.kind is str:
        return fit_text(_text(scalar, info), info)
    if shape.kind is bool:
        return _truth(scalar, info)
    if shape.kind in (int, float):
        value = _seconds(scalar, info) if info.unit == "s" else _number(scalar, info, shape.kind)
        return _bounded(_whole(value, scalar, info) if shape.kind is int else value, info)
    return _time(scalar, info) if shape.kind is datetime.time else _date(scalar, info)


def shown(text: str, info: KeyInfo) -> str:
    """A value in a message: short, on one line, and never a secret."""
    if info.secret:
        return "the value"
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST - 1] + "…")


def _text(scalar: Scalar, info: KeyInfo) -> str:
    if scalar.meaning is Meaning.TEXT:
        return scalar.text
    loses = " and would lose leading zeros and '+'" if scalar.meaning is Meaning.NUMBER else ""
    advice = "put it in quotes" if info.secret else f'put it in quotes: "{scalar.text[:_LONGEST]}"'
    raise Unfit(f"a text is expected, but without quotes YAML takes {shown(scalar.text, info)} for "
                f"{scalar.meaning.value}{loses}", advice)


def fit_text(text: str, info: KeyInfo) -> str:
    """`text`, if choices and pattern allow it."""
    if info.choices and text not in info.choices:
        raise Unfit(f"{shown(text, info)} is none of {', '.join(info.choices)}")
    if info.pattern and re.fullmatch(info.pattern, text) is None:
        raise Unfit(f"{shown(text, info)} does not have the form {info.pattern}", info.doc)
    return text


def _member(text: str, kind: type[enum.Enum], info: KeyInfo) -> enum.Enum:
    for member in kind:
        if str(member.value) == text:
            return member
    raise Unfit(f"{shown(text, info)} is none of {', '.join(str(member.value) for member in kind)}")


def _truth(scalar: Scalar, info: KeyInfo) -> bool:
    if scalar.meaning is not Meaning.BOOLEAN:
        raise Unfit(f"true or false is expected, not {shown(scalar.text, info)}", "write true or false, without quotes")
    return scalar.text.lower() in ("true", "yes", "on")


def _seconds(scalar: Scalar, info: KeyInfo) -> float:
    text = scalar.text.strip()
    if _NUMBER.fullmatch(text) and len(text) <= _LONGEST:
        return _number(Scalar(text, Meaning.NUMBER, scalar.place), info, float)
    if not _DURATION.fullmatch(text) or len(text) > _LONGEST:
        raise Unfit(f"{shown(text, info)} is no duration", "write seconds (10, 0.5) or 500ms, 10s, 2m, 1h30m, 1d")
    parts = _PART.findall(text)
    units = [unit for _, unit in parts]
    if units != [unit for unit in _SECONDS if unit in units]:
        raise Unfit(f"{shown(text, info)} is no duration", "write each unit once, the largest first: 1h30m")
    return math.fsum(float(number) * _SECONDS[unit] for number, unit in parts)


def _number(scalar: Scalar, info: KeyInfo, kind: type) -> float | int:
    text = scalar.text
    expected = "a whole number" if kind is int else "a number"
    unit = f" of {info.unit}" if info.unit else ""
    if scalar.meaning is Meaning.TEXT and _NUMBER.fullmatch(text) and not re.search(r"[eE]", text):
        raise Unfit(f"{expected}{unit} is expected, but quotes make {shown(text, info)} a text", "take the quotes away")
    if not _NUMBER.fullmatch(text) or len(text) > _LONGEST:
        advice = f"write only the number; the unit is {info.unit}" if info.unit and info.unit in text else ""
        raise Unfit(f"{expected}{unit} is expected, not {shown(text, info)}", advice)
    if re.match(r"[-+]?0\d", text):
        raise Unfit(f"{shown(text, info)} begins with 0, which YAML takes for an octal number",
                    "take the leading zeros away")
    value = int(text) if _WHOLE.fullmatch(text) else float(text)
    if not math.isfinite(value):
        raise Unfit(f"{shown(text, info)} is too large to be a number")
    return value if kind is int else float(value)


def _whole(value: float | int, scalar: Scalar, info: KeyInfo) -> int:
    if value != int(value):
        unit = f" of {info.unit}" if info.unit else ""
        raise Unfit(f"a whole number{unit} is expected, not {shown(scalar.text, info)}")
    return int(value)


def _bounded(value: float | int, info: KeyInfo) -> float | int:
    unit = f" {info.unit}" if info.unit else ""
    said = "the value" if info.secret else f"{value:g}{unit}"
    if info.least is not None and value < info.least:
        raise Unfit(f"{said} is less than the least allowed, {info.least:g}{unit}")
    if info.most is not None and value > info.most:
        raise Unfit(f"{said} is more than the most allowed, {info.most:g}{unit}")
    return value


def _time(scalar: Scalar, info: KeyInfo) -> datetime.time:
    match = _CLOCK.fullmatch(scalar.text)
    if match:
        hour, minute, second = (int(part or 0) for part in match.groups())
        if hour < 24 and minute < 60 and second < 60:
            return datetime.time(hour, minute, second)
    raise Unfit(f"{shown(scalar.text, info)} is no time of day", "write it like 08:30, from 00:00 to 23:59:59")


def _date(scalar: Scalar, info: KeyInfo) -> datetime.date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", scalar.text, re.ASCII):
        try:
            return datetime.date.fromisoformat(scalar.text)
        except ValueError:
            raise Unfit(f"there is no day {scalar.text}") from None
    raise Unfit(f"{shown(scalar.text, info)} is no date", "write it like 2026-02-28")
