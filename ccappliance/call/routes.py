"""Routes: from where a call comes, what was dialled, who calls and when, to a destination's name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import DialPlan, pattern_matches, pattern_problem
from ccappliance.call.calendar import Calendar
from ccappliance.config.keys import Report, key, required


@dataclass(frozen=True, kw_only=True)
class RouteSettings:
    """One rule; the first whose conditions all hold decides. A condition left out always holds."""

    source: str = required(choices=("lines", "stations"), doc="Whence the call comes: an outside line or a station.")
    line: str = key("", doc="The line it rings on, such as fxo/1.")
    called: str = key("", doc="Pattern of the called number: digits, X 0-9, Z 1-9, N 2-9, [2-5], at the end . (one or "
                              "more) or ! (any). Required for stations: it is what a telephone may dial.")
    calling: str = key("", doc="Pattern of the calling number.")
    calendar: str = key("", doc="Name of a calendar.")
    when: str = key("open", choices=("open", "closed"), doc="With `calendar`: whether it must be open or closed.")
    to: str = required(doc="Destination: kind:argument. {called} is the called number, {rest} what followed the fixed "
                           "digits of its pattern.")

    def check(self, report: Report, path: str) -> None:
        for name, pattern in (("called", self.called), ("calling", self.calling)):
            problem = pattern_problem(pattern) if pattern else None
            if problem:
                report.error(f"{path}.{name}", problem, "see the patterns in docs/configuration.md")
        if self.source == "stations" and not self.called:
            report.error(f"{path}.called", "a rule for stations must say what is dialled", 'such as called: "8XXX"')


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision: where to, and by which rule ("routes[2]")."""

    destination: str
    rule: str


class Routes:
    """All rules. Immutable: a reload makes a new one."""

    def __init__(self, rules: Sequence[RouteSettings], calendars: Mapping[str, Calendar], clock: Clock) -> None:
        self._rules = list(enumerate(rules))
        self._calendars = calendars
        self._clock = clock
        self.dialplan = DialPlan([rule.called for rule in rules if rule.source == "stations"])
        self.incoming = DialPlan([rule.called for rule in rules if rule.source == "lines" and rule.called])

    def from_line(self, line: str, called: str, calling: str) -> Routed | None:
        """For a call that an exchange offers on `line`."""
        return self._find("lines", line, called, calling)

    def from_station(self, dialled: str, calling: str = "") -> str | None:
        """The destination of a number dialled on a telephone, or None: no rule has it."""
        found = self._find("stations", "", dialled, calling)
        return found.destination if found else None

    def dialled(self, dialled: str, calling: str) -> Routed | None:
        return self._find("stations", "", dialled, calling)

    def _find(self, source: str, line: str, called: str, calling: str) -> Routed | None:
        for number, rule in self._rules:
            if rule.source == source and self._holds(rule, line, called, calling):
                rest = called[len(_fixed(rule.called)):]
                to = rule.to.replace("{called}", called).replace("{rest}", rest)
                return Routed(to, f"routes[{number}]")
        return None

    def _holds(self, rule: RouteSettings, line: str, called: str, calling: str) -> bool:
        if rule.line and line != rule.line and not line.startswith(f"{rule.line}/"):  # pri/1 is all of pri/1/17
            return False
        if rule.called and not pattern_matches(rule.called, called):
            return False
        if rule.calling and not pattern_matches(rule.calling, calling):
            return False
        if rule.calendar:
            return self._calendars[rule.calendar].is_open(self._clock.wall()) is (rule.when == "open")
        return True


def _fixed(pattern: str) -> str:
    """The pattern's part before `.` or `!`, when it is plain digits; what a prefix such as 9. strips."""
    plain = pattern.rstrip(".!")
    return plain if plain != pattern and all(c in "0123456789*#" for c in plain) else ""
