"""Who calls: everything that routes, flows and queues may go by, found once when a call is offered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ccappliance.base.values import Value
from ccappliance.call.facts import CallClassified
from ccappliance.call.numbers import Number, Numbers
from ccappliance.call.vip import NOT_KNOWN, Vip, VipList, VipSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """A calling number, understood."""

    number: Number
    vip: Vip = NOT_KNOWN
    language: str = ""  # known of him or of the line he has dialled; "": the site's
    site: str = ""  # where the line is

    @property
    def label(self) -> str:
        """For the agent's telephone, when the exchange sends no name."""
        return self.vip.label or self.number.service

    @property
    def order_class(self) -> int:
        return self.vip.settings.order_class

    @property
    def boost(self) -> float:
        return self.vip.settings.boost

    def classified(self, call: str) -> CallClassified:
        """What the journal keeps of it."""
        return CallClassified(call, self.number.normal, self.number.kind, self.number.place.words, self.number.carrier,
                              self.vip.name, self.language, self.site, self.order_class, self.boost, self.label)


NOBODY = Caller(Number("", kind="withheld"))

# What expressions call it. A text that is not known is empty, which counts as false.
NAMES: Mapping[str, Callable[[Caller], Value]] = {
    "caller_number": lambda caller: caller.number.normal,
    "caller_kind": lambda caller: caller.number.kind,
    "caller_region": lambda caller: caller.number.place.words,
    "caller_province": lambda caller: caller.number.place.province,
    "caller_city": lambda caller: caller.number.place.city,
    "caller_carrier": lambda caller: caller.number.carrier,
    "caller_service": lambda caller: caller.number.service,
    "caller_country": lambda caller: caller.number.country,
    "vip": lambda caller: caller.vip.name,
    "site": lambda caller: caller.site,
}


@dataclass(frozen=True, slots=True)
class LineInputs:
    """What a line itself says of those who call on it."""

    language: str = ""
    site: str = ""


class Callers:
    """Understands calling numbers. Immutable: a reload makes a new one. ConfigError if the VIP file is wrong."""

    def __init__(self, numbers: Numbers, vips: VipSettings, lines: Mapping[str, LineInputs]) -> None:
        self._numbers = numbers
        self._vips = VipList(vips, numbers.read)
        self._lines = lines

    def find(self, line: str, calling: str) -> Caller:
        """Who calls on an outside line."""
        number = self._numbers.read(calling)
        vip = self._vips.find(number)
        span = line.rpartition("/")[0]  # pri/1/17 is a line of pri/1
        inputs = self._lines.get(line) or self._lines.get(span) or LineInputs()
        return Caller(number, vip, vip.language or inputs.language, inputs.site)

    def station(self, station: str) -> Caller:
        """Somebody at a telephone of ours."""
        return replace(NOBODY, number=Number(station, station, "station"))
