"""Nodes that tell the caller something: play and say."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed, Prompt, Prompts, each, flat
from ccappliance.base.errors import Refused
from ccappliance.base.values import number_of, text_of
from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Sound
from ccappliance.media.say import MAX_AMOUNT

SAYABLE = ("digits", "number", "amount", "date", "time", "duration", "phone", "spelled")


@dataclass(frozen=True, kw_only=True)
class Play(Node):
    """Plays prompts; a digit pressed meanwhile stops it and is kept for the next menu or collect."""

    type: ClassVar[str] = "play"
    prompt: Prompts = required(doc="What is played.")
    choose: str = key("all", choices=("all", "random"), doc="Of several prompts: all in this order, or one by chance.")
    barge_in: bool = key(True, doc="A digit stops it and is kept for the next menu or collect.")
    early: bool = key(False, doc="Played before the call is answered, so that the caller pays nothing: on ISDN, E&M "
                                 "and telephones of ours. Other lines are answered first. No digits are heard.")
    next: str = required(doc=TARGET)

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next)]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    def inspect(self, report: Report, path: str) -> None:
        if self.prompt == ():
            report.error(f"{path}.prompt", "there is nothing to play", "name a prompt")
        elif self.choose == "random" and len(each(self.prompt)) < 2:
            report.error(f"{path}.choose", "there is one prompt to choose from",
                         "write several: prompt: [one, another]")

    async def run(self, visit: Visit) -> str:
        several = each(self.prompt)
        prompt = self.prompt if self.choose == "all" else several[visit.tools.chance.randrange(len(several))]
        if self.early:
            await visit.play_early(prompt)
        elif self.barge_in:
            await visit.listen(visit.sounds(prompt))
        else:
            await visit.play(prompt)
        return "next"


@dataclass(frozen=True, kw_only=True)
class Say(Node):
    """Says a value in the caller's language. Refused("bad_value") if it is not what the node says it is."""

    type: ClassVar[str] = "say"
    what: str = required(choices=SAYABLE, doc="How the value is read.")
    value: str = key("", doc="Expression of the value; a date is 2026-11-22, a time 14:30, a duration seconds. "
                             "Empty, for date and time: now.")
    currency: str = key("CNY", choices=("CNY", "USD"), doc="Of an amount.")
    weekday: bool = key(False, doc="Of a date: whether the day of the week is said.")
    next: str = required(doc=TARGET)

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next)]

    def expressions(self) -> Keyed:
        return [("value", self.value)] if self.value else []

    def inspect(self, report: Report, path: str) -> None:
        if not self.value and self.what not in ("date", "time"):
            report.error(path, f"there is no value to be said as {self.what}", f"add value: to {path}")

    async def run(self, visit: Visit) -> str:
        value = visit.compute(self.value) if self.value else ""
        sounds = _sounds(self, value, visit)
        if sounds:  # an empty value has no digits: nothing to be heard
            await visit.call.play(sounds)
        return "next"


def _sounds(node: Say, value: str, visit: Visit) -> list[Sound]:
    words, language = visit.tools.say, visit.call.language
    match node.what:
        case "digits":
            return words.digits(value, language)
        case "phone":
            return words.phone(value, language)
        case "spelled":
            return words.spelled(value, language)
        case "number":
            return words.number(_number(node, value), language)
        case "amount":
            amount = _number(node, value)
            if abs(amount) > MAX_AMOUNT:
                raise _bad(node, value)
            return words.amount(amount, language, node.currency)
        case "duration":
            return words.duration(float(_number(node, value)), language)
        case "date":
            return words.date(_date(node, value, visit), language, weekday=node.weekday)
        case _:
            return words.time(_time(node, value, visit), language)


def _number(node: Say, value: str) -> Decimal:
    number = number_of(value)
    if number is None:
        raise _bad(node, value)
    return Decimal(text_of(number))  # without the zeros of its six places


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
