"""What expressions compute with: values, operators and functions. Nothing here raises, and every result is bounded."""

import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

Value = str | Decimal | bool

MAX_TEXT = 1_000  # characters of any result; longer ones are cut
MAX_NUMBER = Decimal(10) ** 15  # any result beyond is none (the empty text)
PLACES = Decimal("0.000001")  # numbers are kept to six places
NOTHING = ""
_CONTEXT = decimal.Context(prec=40, traps=[])  # no trap: an impossible operation gives NaN, which becomes NOTHING


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language: how many arguments it takes, how it is written, what it does."""

    least: int
    most: int
    usage: str
    apply: Callable[[Sequence[Value]], Value]


def is_true(value: Value) -> bool:
    """False: the empty text, the number 0, the truth false. Everything else is true, the text "0" too."""
    return bool(value)


def text_of(value: Value) -> str:
    """As kept in a variable or joined to a text. A truth is "1" or the empty text, so that it stays one."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value[:MAX_TEXT]


def number_of(value: Value) -> Decimal | None:
    """The number a value is, or a text reads as; None if it is none."""
    if isinstance(value, Decimal):
        return value
    text = text_of(value).strip()
    digits = text.removeprefix("-")
    if not digits or len(digits) > 40 or not digits.isascii() or digits.count(".") > 1:
        return None
    if not digits.replace(".", "").isdigit():
        return None
    bounded = _bounded(_CONTEXT.create_decimal(text))
    return bounded if isinstance(bounded, Decimal) else None


def calculate(operator: str, left: Value, right: Value) -> Value:
    """One of & + - * / %. The empty text if a side is no number, or the result is none."""
    if operator == "&":
        return (text_of(left) + text_of(right))[:MAX_TEXT]
    one, other = number_of(left), number_of(right)
    if one is None or other is None:
        return NOTHING
    operations: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
        "+": _CONTEXT.add, "-": _CONTEXT.subtract, "*": _CONTEXT.multiply, "/": _CONTEXT.divide,
        "%": _CONTEXT.remainder}
    return _bounded(operations[operator](one, other))


def compare(operator: str, left: Value, right: Value) -> bool:
    """= != < <= > >=. As numbers if either side is a number, else as texts; a number is never equal to a plain text."""
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        one, other = number_of(left), number_of(right)
        if one is None or other is None:
            return operator == "!="
        return _ordered(operator, (one > other) - (one < other))
    first, second = text_of(left), text_of(right)
    return _ordered(operator, (first > second) - (first < second))


def _ordered(operator: str, sign: int) -> bool:
    return {"=": sign == 0, "!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def _bounded(number: Decimal) -> Value:
    if not number.is_finite() or abs(number) >= MAX_NUMBER:
        return NOTHING
    rounded = _CONTEXT.quantize(number, PLACES)
    return rounded if rounded else Decimal(0)  # never -0


def _count(value: Value) -> int:
    number = number_of(value)
    return 0 if number is None else max(0, min(MAX_TEXT, int(number)))


def _starts_with(arguments: Sequence[Value]) -> Value:
    text, *beginnings = map(text_of, arguments)
    return any(text.startswith(beginning) for beginning in beginnings)


def _ends_with(arguments: Sequence[Value]) -> Value:
    text, *endings = map(text_of, arguments)
    return any(text.endswith(ending) for ending in endings)


def _contains(arguments: Sequence[Value]) -> Value:
    return text_of(arguments[1]) in text_of(arguments[0])


def _length(arguments: Sequence[Value]) -> Value:
    return Decimal(len(text_of(arguments[0])))


def _left(arguments: Sequence[Value]) -> Value:
    return text_of(arguments[0])[:_count(arguments[1])]


def _right(arguments: Sequence[Value]) -> Value:
    text = text_of(arguments[0])
    return text[max(0, len(text) - _count(arguments[1])):]


def _mid(arguments: Sequence[Value]) -> Value:
    start = max(0, _count(arguments[1]) - 1)
    return text_of(arguments[0])[start:start + _count(arguments[2])]


def _number(arguments: Sequence[Value]) -> Value:
    number = number_of(arguments[0])
    return NOTHING if number is None else number


def _round(arguments: Sequence[Value]) -> Value:
    number = number_of(arguments[0])
    places = min(6, _count(arguments[1])) if len(arguments) > 1 else 0
    if number is None:
        return NOTHING
    return _bounded(number.quantize(Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP, _CONTEXT))


def _extreme(arguments: Sequence[Value], best: Callable[[Sequence[Decimal]], Decimal]) -> Value:
    numbers = [number for number in map(number_of, arguments) if number is not None]
    return best(numbers) if len(numbers) == len(arguments) else NOTHING


def _if(arguments: Sequence[Value]) -> Value:
    return arguments[1] if is_true(arguments[0]) else arguments[2]


def _default(arguments: Sequence[Value]) -> Value:
    return next((argument for argument in arguments if text_of(argument)), NOTHING)


_MANY = 20
FUNCTIONS: Mapping[str, Function] = MappingProxyType({
    "starts_with": Function(2, _MANY, "starts_with(text, beginning, …)", _starts_with),
    "ends_with": Function(2, _MANY, "ends_with(text, ending, …)", _ends_with),
    "contains": Function(2, 2, "contains(text, part)", _contains),
    "length": Function(1, 1, "length(text)", _length),
    "left": Function(2, 2, "left(text, count)", _left),
    "right": Function(2, 2, "right(text, count)", _right),
    "mid": Function(3, 3, "mid(text, first, count)", _mid),
    "upper": Function(1, 1, "upper(text)", lambda arguments: text_of(arguments[0]).upper()[:MAX_TEXT]),
    "lower": Function(1, 1, "lower(text)", lambda arguments: text_of(arguments[0]).lower()[:MAX_TEXT]),
    "trim": Function(1, 1, "trim(text)", lambda arguments: text_of(arguments[0]).strip()),
    "number": Function(1, 1, "number(text)", _number),
    "round": Function(1, 2, "round(number, places)", _round),
    "min": Function(1, _MANY, "min(number, …)", lambda arguments: _extreme(arguments, min)),
    "max": Function(1, _MANY, "max(number, …)", lambda arguments: _extreme(arguments, max)),
    "if": Function(3, 3, "if(condition, then, else)", _if),
    "default": Function(1, _MANY, "default(value, …)", _default),
})
