"""The names a flow's expressions may use: what is known of the call, and its variables as vars.x."""

from ccappliance.base.expressions import VARIABLE, hint
from ccappliance.call.callers import NAMES as OF_CALLER

NAMES = ("caller", "called", "name", "line", "language", "direction", "date", "time", "weekday",
         *OF_CALLER)


def vocabulary(name: str) -> str:
    """What is wrong with this name in an expression; "" if nothing is."""
    if name.startswith("vars."):
        if VARIABLE.fullmatch(name[5:]) is None:
            return f"'{name[5:]}' is no name of a variable: small letters, digits and _"
        return ""
    if name in NAMES:
        return ""
    advice = f"; variables are written vars.{'x' if '.' in name else name}"
    return f"unknown name '{name}'{hint(name, NAMES) or advice}"
