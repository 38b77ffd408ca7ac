"""The language of conditions and values in configuration: small, total, our own; parsed once, never handed to Python.

    caller & "@" & line            weekday >= 6 or time < "09:00"           not (language = "en")
    vars.account in ["", "0"]      starts_with(caller, "010", "+86")        number(vars.tries) + 1

Values are texts, numbers and truths. Every expression has a value, whatever the variables hold: what has no sensible
result (1/0, "x" * 2, an unset variable) is the empty text, which counts as false. Texts compare as texts ("007" is not
"7"); as soon as one side is a number both are compared as numbers. Bounded in length, depth and size of results.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ccappliance.base.errors import CcError
from ccappliance.base.values import FUNCTIONS, Value, calculate, compare, is_true, text_of

MAX_SOURCE = 1_000  # characters of an expression
MAX_NESTING = 32  # parentheses, calls and signs inside one another; keeps the parser far from Python's own bound

VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)

Lookup = Callable[[str], Value]  # a name → its value now
Vocabulary = Callable[[str], str]  # a name → what is wrong with it, for people; "" if it may be used


class ExpressionError(CcError):
    """The expression is wrong. `column` counts from 1."""

    def __init__(self, problem: str, column: int) -> None:
        self.problem = problem
        self.column = column
        super().__init__(f"column {column}: {problem}")


# ---- what an expression is made of ----


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function with its arguments."""

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, from left to right: first op value op value …"""

    first: "Expression"
    rest: "tuple[tuple[str, Expression], ...]"


@dataclass(frozen=True, slots=True)
class Compare:
    left: "Expression"
    operator: str
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Member:
    """left in [items]"""

    left: "Expression"
    items: "tuple[Expression, ...]"
    negated: bool


@dataclass(frozen=True, slots=True)
class Logic:
    """Parts joined by "and" or "or"; not all need to be looked at."""

    word: str
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"


Expression = Literal | Name | Apply | Chain | Compare | Member | Logic | Not


def evaluate(expression: Expression, lookup: Lookup) -> Value:
    """The value of the expression. Never raises, whatever `lookup` answers."""
    match expression:
        case Literal(value):
            return value
        case Name(name):
            return lookup(name)
        case Apply(function, arguments):
            return FUNCTIONS[function].apply([evaluate(argument, lookup) for argument in arguments])
        case Chain(first, rest):
            value = evaluate(first, lookup)
            for operator, operand in rest:
                value = calculate(operator, value, evaluate(operand, lookup))
            return value
        case Compare(left, operator, right):
            return compare(operator, evaluate(left, lookup), evaluate(right, lookup))
        case Member(left, items, negated):
            wanted = evaluate(left, lookup)
            return any(compare("=", wanted, evaluate(item, lookup)) for item in items) is not negated
        case Logic(word, parts):
            check = all if word == "and" else any
            return check(is_true(evaluate(part, lookup)) for part in parts)
        case Not(part):
            return not is_true(evaluate(part, lookup))


def evaluate_text(expression: Expression, lookup: Lookup) -> str:
    """The value as it is kept in a variable."""
    return text_of(evaluate(expression, lookup))


def names_read(expression: Expression, but: str = "") -> Iterator[str]:
    """Every name the expression asks for, as often as it does; not those in arguments of the function `but`."""
    parts: Sequence[Expression] = ()
    match expression:
        case Name(name):
            yield name
        case Apply(function, arguments) if function != but:
            parts = arguments
        case Chain(first, rest):
            parts = [first, *(operand for _, operand in rest)]
        case Compare(left, _, right):
            parts = [left, right]
        case Member(left, items):
            parts = [left, *items]
        case Logic(_, inner):
            parts = inner
        case Not(part):
            parts = [part]
    for part in parts:
        yield from names_read(part, but)


def parse(source: str, vocabulary: Vocabulary) -> Expression:
    """Read an expression whose names are those of `vocabulary`. ExpressionError, with the column, if it is wrong."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"the expression has {len(source)} characters, more than {MAX_SOURCE}", MAX_SOURCE + 1)
    return _Parser(source, vocabulary).whole()


def hint(name: str, known: Sequence[str]) -> str:
    """", did you mean …?" if one of the known names is close to this one."""
    close = difflib.get_close_matches(name.lower(), known, 1)
    return f", did you mean '{close[0]}'?" if close else ""


# ---- reading ----

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)|(?P<sign>==|!=|<>|<=|>=|[-=<>+*/%&()\[\],])")
_WORDS = ("and", "or", "not", "in", "true", "false")
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MAX_NUMBER_DIGITS = 15


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "number", "text", "word", "sign", "end"
    text: str
    column: int

    @property
    def shown(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.text}'"


def _tokens(source: str) -> list[_Token]:
    tokens = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            character = source[at]
            problem = f"the quote {character} is never closed" if character in "\"'" else f"unexpected '{character}'"
            raise ExpressionError(problem, at + 1)
        if match.lastgroup != "space":
            tokens.append(_Token(match.lastgroup or "", match.group(), at + 1))
        at = match.end()
    return [*tokens, _Token("end", "", len(source) + 1)]


class _Parser:
    """Recursive descent, one method per rank of operators."""

    def __init__(self, source: str, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokens = _tokens(source)
        self._at = 0
        self._nesting = 0

    def whole(self) -> Expression:
        expression = self._either()
        if self._next.kind != "end":
            raise self._unexpected("an operator or the end")
        return expression

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        """The next token if it is one of these words or signs."""
        token = self._next
        if token.kind in ("sign", "word") and token.text in texts:
            self._at += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise self._unexpected(f"'{text}'")

    def _unexpected(self, expected: str) -> ExpressionError:
        return ExpressionError(f"expected {expected}, found {self._next.shown}", self._next.column)

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError(f"nested more than {MAX_NESTING} deep", self._next.column)

    def _either(self) -> Expression:
        return self._joined("or", self._both)

    def _both(self) -> Expression:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Logic(word, tuple(parts))

    def _negation(self) -> Expression:
        if not self._take("not"):
            return self._comparison()
        self._deeper()
        inner = self._negation()
        self._nesting -= 1
        return Not(inner)

    def _comparison(self) -> Expression:
        left = self._concatenation()
        negated = self._next.text == "not" and self._next.kind == "word"
        if negated:
            self._at += 1
            if not (self._next.kind == "word" and self._next.text == "in"):
                raise self._unexpected("'in' after 'not'")
        if self._take("in"):
            self._expect("[")
            compared: Expression = Member(left, self._arguments("]"), negated)
        else:
            sign = self._take(*_COMPARISONS)
            if sign is None:
                return left
            compared = Compare(left, _COMPARISONS[sign.text], self._concatenation())
        if self._next.kind == "sign" and self._next.text in _COMPARISONS:
            raise ExpressionError("comparisons cannot be chained; join them with 'and'", self._next.column)
        return compared

    def _concatenation(self) -> Expression:
        return self._chain(self._sum, "&")

    def _sum(self) -> Expression:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Expression:
        return self._chain(self._signed, "*", "/", "%")

    def _chain(self, operand: Callable[[], Expression], *operators: str) -> Expression:
        first = operand()
        rest = []
        while (operator := self._take(*operators)) is not None:
            rest.append((operator.text, operand()))
        return Chain(first, tuple(rest)) if rest else first

    def _signed(self) -> Expression:
        if not self._take("-"):
            return self._primary()
        self._deeper()
        inner = self._signed()
        self._nesting -= 1
        return Chain(Literal(FUNCTIONS["number"].apply(["0"])), (("-", inner),))

    def _primary(self) -> Expression:
        token = self._next
        if token.kind == "number":
            if len(token.text) > _MAX_NUMBER_DIGITS:
                raise ExpressionError("this number is too long; put telephone numbers in quotes", token.column)
            self._at += 1
            return Literal(FUNCTIONS["number"].apply([token.text]))
        if token.kind == "text":
            self._at += 1
            return Literal(token.text[1:-1])
        if token.kind == "word" and (token.text not in _WORDS or token.text in ("true", "false")):
            self._at += 1
            return self._word(token)
        if self._take("("):
            self._deeper()
            inner = self._either()
            self._expect(")")
            self._nesting -= 1
            return inner
        raise self._unexpected("a value")

    def _word(self, token: _Token) -> Expression:
        name = token.text
        if name in ("true", "false"):
            return Literal(name == "true")
        if self._take("("):
            return self._application(token)
        problem = self._vocabulary(name)
        if problem:
            raise ExpressionError(problem, token.column)
        return Name(name)

    def _application(self, token: _Token) -> Expression:
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise ExpressionError(f"unknown function '{token.text}'{hint(token.text, list(FUNCTIONS))}", token.column)
        arguments = self._arguments(")")
        if not function.least <= len(arguments) <= function.most:
            raise ExpressionError(f"{token.text} is written {function.usage}", token.column)
        return Apply(token.text, arguments)

    def _arguments(self, closing: str) -> tuple[Expression, ...]:
        self._deeper()
        arguments: list[Expression] = []
        while not self._take(closing):
            if arguments:
                self._expect(",")
            arguments.append(self._either())
        self._nesting -= 1
        return tuple(arguments)
