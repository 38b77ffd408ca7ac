"""The expression language: a table of values, exact messages, and anything at all typed into it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.apps.ivr.names import vocabulary
from ccappliance.base.expressions import MAX_NESTING, Expression, ExpressionError, evaluate, evaluate_text, parse
from ccappliance.base.values import FUNCTIONS, MAX_NUMBER, MAX_TEXT, Value, text_of

NAMES: dict[str, Value] = {"caller": "01012345", "called": "8008", "weekday": Decimal(6), "time": "08:59",
                           "language": "zh", "line": "fxo/1", "name": "", "direction": "in", "date": "2026-11-22",
                           "vars.n": "3", "vars.pin": "007", "vars.big": "9" * 15}
VOCABULARY = vocabulary((), (), confidential=False)


def look_up(name: str) -> Value:
    return NAMES.get(name, "")


@pytest.mark.parametrize(("source", "value"), [
    ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("5 - 3 - 1", "1"), ("-2 * -3", "6"), ("7 % 4", "3"), ("10 / 4", "2.5"),
    ("1 / 3", "0.333333"), ("1 / 0", ""), ("1 % 0", ""), ('"x" * 2', ""), ("vars.n + 1", "4"), ("vars.none + 1", ""),
    ("0 * -1", "0"), ("vars.big * 10", ""), ('caller & "@" & 2', "01012345@2"), ("2.50", "2.5"), ("100", "100"),
    ("true", "1"), ("false", ""), ("not vars.none", "1"), ("not 0", "1"), ('not "0"', ""), ("true & false", "1"),
    ('vars.pin = "7"', ""), ("vars.pin = 7", "1"), ('vars.pin = "007"', "1"), ('"b" > "a"', "1"), ('"10" < "9"', "1"),
    ("10 < vars.none", ""), ("1 != vars.none", "1"), ("1 = vars.none", ""), ("1 <> 1", ""), ("2 >= 2", "1"),
    ('time < "09:00" and weekday = 6', "1"), ("weekday in [6, 7]", "1"), ('language not in ["zh", "en"]', ""),
    ("vars.n in []", ""), ('starts_with(caller, "020", "010")', "1"), ('ends_with(line, "/2")', ""),
    ('contains(line, "xo")', "1"), ("length(caller)", "8"), ("left(caller, 3)", "010"), ("right(caller, 2)", "45"),
    ("right(caller, 0)", ""), ("mid(caller, 2, 3)", "101"), ('upper("ab") & lower("CD")', "ABcd"), ('trim(" a ")', "a"),
    ('number("x")', ""), ("round(2.5)", "3"), ("round(2.345, 2)", "2.35"), ("min(3, vars.n, 5)", "3"),
    ('max(1, "x")', ""), ('if(vars.n > 2, "many", "few")', "many"), ('default(vars.none, "", 5)', "5"),
    ("true or 1 / 0", "1"), ("'single' & \"double\"", "singledouble"), ("1 = 1 and not (2 = 3 or false)", "1")])
def test_values(source: str, value: str) -> None:
    assert evaluate_text(parse(source, VOCABULARY), look_up) == value


@pytest.mark.parametrize(("source", "message"), [
    ("", "column 1: expected a value, found the end"),
    ("1 +", "column 4: expected a value, found the end"),
    ("1 2", "column 3: expected an operator or the end, found '2'"),
    ("(1", "column 3: expected ')', found the end"),
    ("1 < 2 < 3", "column 7: comparisons cannot be chained; join them with 'and'"),
    ('"abc', "column 1: the quote \" is never closed"),
    ("caller ! 1", "column 8: unexpected '!'"),
    ("callr", "column 1: unknown name 'callr', did you mean 'caller'?"),
    ("account", "column 1: unknown name 'account'; variables are written vars.account"),
    ("os.system", "column 1: unknown name 'os.system'; variables are written vars.x"),
    ("vars.Pin", "column 1: 'Pin' is no name of a variable: small letters, digits and _"),
    ("lenght(caller)", "column 1: unknown function 'lenght', did you mean 'length'?"),
    ("eval(caller)", "column 1: unknown function 'eval'"),
    ("left(caller)", "column 1: left is written left(text, count)"),
    ("caller in 5", "column 11: expected '[', found '5'"),
    ("caller not 5", "column 12: expected 'in' after 'not', found '5'"),
    ("13900000000123456", "column 1: this number is too long; put telephone numbers in quotes"),
    ("(" * 40 + "1" + ")" * 40, f"column {MAX_NESTING + 2}: nested more than {MAX_NESTING} deep"),
    ("1+" * 600, "column 1001: the expression has 1200 characters, more than 1000")])
def test_messages(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, VOCABULARY)
    assert str(caught.value) == message


WORDS = st.sampled_from([*NAMES, *FUNCTIONS, *"()[],=<-+*/%&10\n\"'", "and", "or", "not", "in", "true", "vars.x", "2.5",
                         '"x"', "'9'", "999999999999999"])


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=40).map(" ".join)))
def test_anything_may_be_typed(source: str) -> None:
    expression, error = parsed(source)
    assert error is None or 1 <= error.column <= len(source) + 1
    if expression is not None:
        check_bounded(evaluate(expression, look_up))


LEAVES = st.one_of(st.sampled_from(list(NAMES)), st.integers(0, 10**15 - 1).map(str),
                   st.text(alphabet="0123456789.-ab中 ", max_size=20).map(lambda text: f'"{text}"'))


def compound(inner: "st.SearchStrategy[str]") -> "st.SearchStrategy[str]":
    binary = st.tuples(inner, st.sampled_from([*"+-*/%&=<", "and", "or", ">="]), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")
    calls = st.sampled_from(list(FUNCTIONS)).flatmap(
        lambda name: st.lists(inner, min_size=FUNCTIONS[name].least, max_size=min(4, FUNCTIONS[name].most)).map(
            lambda arguments: f"{name}({', '.join(arguments)})"))
    return st.one_of(binary, calls, inner.map(lambda one: f"not {one}"), inner.map(lambda one: f"(-{one})"))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.recursive(LEAVES, compound, max_leaves=12))
def test_every_expression_has_a_bounded_value(source: str) -> None:
    expression, error = parsed(source)
    assert error is None or any(word in error.problem for word in ("nested", "characters", "expected"))
    if expression is not None:
        check_bounded(evaluate(expression, look_up))


def parsed(source: str) -> tuple[Expression | None, ExpressionError | None]:
    try:
        return parse(source, VOCABULARY), None
    except ExpressionError as error:
        return None, error


def check_bounded(value: Value) -> None:
    if isinstance(value, Decimal):
        assert value.is_finite()
        assert abs(value) < MAX_NUMBER
    assert len(text_of(value)) <= MAX_TEXT


def test_nothing_of_python_is_reached() -> None:
    for source in ("__import__('os')", "caller.__class__", "(1).real", "[1]", "caller[0]", "lambda: 1", "{1}", "1; 2"):
        with pytest.raises(ExpressionError):
            parse(source, VOCABULARY)
