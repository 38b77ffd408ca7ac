"""Skills: what an agent can do and how well, and what an entry asks for, as an expression over them.

    chinese >= 3 and (sales or billing >= 2)

A skill an agent has not is level 0; a level alone is true from 1 on.
"""

from collections.abc import Mapping
from decimal import Decimal

from ccappliance.base.expressions import VARIABLE, Expression, evaluate, parse
from ccappliance.base.values import Value, is_true

MOST = 100  # the highest level: fine enough for per cents
_NONE = Decimal(0)


def vocabulary(name: str) -> str:
    """Any skill may be named: one that nobody has is level 0 for everybody."""
    return "" if VARIABLE.fullmatch(name) else f"{name!r} is no name of a skill: small letters, digits and _"


class Requirement:
    """What agents must be able to do. The empty text asks for nothing. ExpressionError if it is wrong."""

    __slots__ = ("_expression", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._expression: Expression | None = parse(text, vocabulary) if text else None

    def met_by(self, skills: Mapping[str, int]) -> bool:
        if self._expression is None:
            return True

        def level(name: str) -> Value:
            return Decimal(skills[name]) if name in skills else _NONE
        return is_true(evaluate(self._expression, level))


def both(one: str, other: str) -> str:
    """The requirement that asks for both."""
    return f"({one}) and ({other})" if one and other else one or other
