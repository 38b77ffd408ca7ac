"""Nodes that tell the caller something: play and say."""

from datetime import date, time
from decimal import Decimal

from ccappliance.apps.ivr.settings import Play, Say
from ccappliance.apps.ivr.visit import Visit
from ccappliance.base.errors import Refused
from ccappliance.base.values import number_of
from ccappliance.media.ports import Sound


async def play(node: Play, visit: Visit) -> str:
    """Play to the end. With barge-in a digit ends it and is kept for the next node that asks for digits."""
    if node.barge_in:
        await visit.listen(visit.sounds(node.prompt))
    else:
        await visit.play(node.prompt)
    return node.next


async def say(node: Say, visit: Visit) -> str:
    """Say a value. Refused("bad_value") if it is not what the node says it is."""
    value = visit.compute(node.value) if node.value else ""
    await visit.call.play(_sounds(node, value, visit))
    return node.next


def _sounds(node: Say, value: str, visit: Visit) -> list[Sound]:
    words, language = visit.tools.say, visit.call.language
    match node.what:
        case "digits":
            return words.digits(value, language)
        case "number":
            return words.number(int(_number(node, value)), language)
        case "amount":
            return words.amount(_number(node, value), language, node.currency)
        case "duration":
            return words.duration(float(_number(node, value)), language)
        case "date":
            return words.date(_date(node, value, visit), language)
        case _:
            return words.time(_time(node, value, visit), language)


def _number(node: Say, value: str) -> Decimal:
    number = number_of(value)
    if number is None:
        raise _bad(node, value)
    return number


def _date(node: Say, value: str, visit: Visit) -> date:
    if not node.value:
        return visit.now().date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _bad(node, value) from None


def _time(node: Say, value: str, visit: Visit) -> time:
    if not node.value:
        return visit.now().time()
    try:
        return time.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        raise _bad(node, value) from None


def _bad(node: Say, value: str) -> Refused:
    return Refused("bad_value", f"{value[:40]!r} cannot be said as {node.what}; the expression is {node.value}")
