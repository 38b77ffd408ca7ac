"""The names a flow's expressions may use: what is known of the call, vars.x, open.<calendar>, secret.x."""

from collections.abc import Collection

from ccappliance.base.expressions import VARIABLE, Vocabulary, hint
from ccappliance.call.callers import NAMES as OF_CALLER

NAMES = ("caller", "called", "name", "line", "language", "direction", "date", "time", "weekday",
         *OF_CALLER)
VARS, OPEN, SECRET = "vars.", "open.", "secret."


def any_name(name: str) -> str:
    """The vocabulary of flows that have been checked."""
    return "" if name.startswith((OPEN, SECRET)) else _ordinary(name, ())


def vocabulary(calendars: Collection[str], secrets: Collection[str], *, confidential: bool) -> Vocabulary:
    """`secrets`: variables that are entered in secret; only what is `confidential` may use them, as secret.x."""

    def look(name: str) -> str:
        if name.startswith(OPEN):
            calendar = name.removeprefix(OPEN)
            return "" if calendar in calendars else (
                f"there is no calendar '{calendar}'{hint(calendar, sorted(calendars))}")
        if name.startswith(SECRET):
            return _secret(name, secrets, confidential)
        return _ordinary(name, secrets)
    return look


def _secret(name: str, secrets: Collection[str], confidential: bool) -> str:
    variable = name.removeprefix(SECRET)
    if not confidential:
        return (f"'{name}' would leak here: what was entered in secret may stand only where a node sends it on in "
                "secret (lookup, http)")
    if variable not in secrets:
        return f"no node asks for '{variable}' with secure: true{hint(variable, sorted(secrets))}"
    return ""


def _ordinary(name: str, secrets: Collection[str]) -> str:
    if name.startswith(VARS):
        variable = name.removeprefix(VARS)
        if VARIABLE.fullmatch(variable) is None:
            return f"'{variable}' is no name of a variable: small letters, digits and _"
        if variable in secrets:
            return f"'{variable}' is entered in secret: it is {SECRET}{variable}, and never a plain variable"
        return ""
    if name in NAMES:
        return ""
    advice = f"; variables are written vars.{'x' if '.' in name else name}"
    return f"unknown name '{name}'{hint(name, NAMES) or advice}"
