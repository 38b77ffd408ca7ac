"""Numbers, presentation and causes between this house and Q.931."""

from dataclasses import dataclass

from ccappliance.base.causes import Cause
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.signalling.pri_settings import PLANS, TYPES, NumberingSettings

_DIALLABLE = "0123456789*#+ABCD"
_RESTRICTED, _UNAVAILABLE, _PRESENTATION = 0x20, 0x40, 0x60  # Q.931 table 4-11, octet 3a
_PASSED = 0x01  # user-provided, verified and passed
# Causes that blame the channel, not the party: the call is tried on another one (Q.850 6, 34 is the whole span)
_CHANNEL = {6: Cause.NOT_AVAILABLE, 44: Cause.NOT_AVAILABLE, 66: Cause.NOT_AVAILABLE, 82: Cause.NOT_AVAILABLE}
_MEANT = {2: Cause.UNALLOCATED, 3: Cause.UNALLOCATED, 20: Cause.NO_RESPONSE, 22: Cause.UNALLOCATED,
          26: Cause.NORMAL, 38: Cause.TEMPORARY_FAILURE, 47: Cause.CONGESTION}


def cause_of(number: int) -> Cause:
    """Our cause for one of the network's; any byte has one."""
    number &= 0x7F
    return _CHANNEL.get(number) or _MEANT.get(number) or Cause.of(number)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as he is shown: `absence` is "" or why there is no number."""

    number: str
    name: str
    absence: str


def caller(number: str, plan: int, presentation: int, name: str, settings: NumberingSettings) -> Caller:
    """From SETUP's calling party number. A restricted number is known to nobody here, and neither is the name."""
    shown = presentation & _PRESENTATION
    if shown == _RESTRICTED:
        return Caller("", "", "withheld")
    whole = incoming(number, plan, settings)
    return Caller(whole, name.strip(), "" if whole else "unavailable")


def incoming(number: str, plan: int, settings: NumberingSettings) -> str:
    """A number of the network as it is written in this house: only what can be dialled, with its prefix."""
    digits = clean(number)
    kind = plan >> 4 & 7
    if not digits or digits.startswith("+"):
        return digits
    if kind == TYPES["international"]:
        return (settings.international_prefix + digits)[:MAX_DIALLED]
    if kind == TYPES["national"]:
        return (settings.national_prefix + digits)[:MAX_DIALLED]
    return digits


def clean(number: str) -> str:
    """Of what a network sent, what can be dialled."""
    return "".join(sign for sign in number.upper() if sign in _DIALLABLE)[:MAX_DIALLED]


def outgoing(number: str, type_: str, settings: NumberingSettings) -> tuple[str, int]:
    """A number of ours as it is sent, and the octet of its type and plan."""
    plan = PLANS[settings.plan]
    if type_ != "prefix":
        return number, TYPES[type_] << 4 | plan
    for prefix, kind in ((settings.international_prefix, "international"), ("+", "international"),
                         (settings.national_prefix, "national")):
        if prefix and number.startswith(prefix) and len(number) > len(prefix):
            return number[len(prefix):], TYPES[kind] << 4 | plan
    return number, TYPES["subscriber"] << 4 | plan


def shown_name(name: str) -> str:
    """A name as Display can carry it: IA5, 7 bits (Q.931 4.5.16). Another is not sent: half of it would arrive."""
    return name if name.isascii() and name.isprintable() else ""


def presentation(allowed: bool, number: str) -> int:
    """Octet 3a for what we show."""
    if not number:
        return _UNAVAILABLE | 0x03
    return _PASSED if allowed else _RESTRICTED | _PASSED
