"""Routes: from where a call comes, what was dialled, who calls and when, to a destination's name."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal

from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import DialPlan, pattern_matches, pattern_problem
from ccappliance.base.expressions import Expression, ExpressionError, evaluate, hint, parse
from ccappliance.base.values import Value, is_true
from ccappliance.call.calendar import STATES, Calendar
from ccappliance.call.callers import NAMES, NOBODY, Caller
from ccappliance.call.numbering import plan
from ccappliance.call.numbers import KINDS
from ccappliance.config.keys import Report, key, required

WHEN = (*STATES, "closed")
_OF_CALL = ("caller", "called", "line", "language", "date", "time", "weekday", "calendar")


def vocabulary(name: str) -> str:
    """What is wrong with this name in a route's expression; "" if nothing is."""
    if name.startswith("vars."):
        return "a route decides before any flow has set a variable; branch in the flow instead"
    known = (*_OF_CALL, *NAMES)
    return "" if name in known else f"unknown name '{name}'{hint(name, known)}"


@dataclass(frozen=True, kw_only=True)
class RouteSettings:
    """One rule; the first whose conditions all hold decides. A condition left out always holds."""

    source: str = required(choices=("lines", "stations"), doc="Whence the call comes: an outside line or a station.")
    line: str = key("", doc="The line it rings on, such as fxo/1.")
    called: str = key("", doc="Pattern of the called number: digits, X 0-9, Z 1-9, N 2-9, [2-5], at the end . (one or "
                              "more) or ! (any). Required for stations: it is what a telephone may dial.")
    calling: str = key("", doc="Pattern of the calling number.")
    calendar: str = key("", doc="Name of a calendar.")
    when: str = key("", doc="With `calendar`: what it must be, open (unless told), closed, or one way of being closed: "
                            "lunch, holiday, night. Or an expression: 'caller_city = \"深圳\" and time < \"12:00\"'; "
                            "calendar in it is the state of `calendar`.")
    region: str = key("", doc="Province or city of the calling number, in Chinese or English: 北京, Guangdong, 深圳市.")
    carrier: str = key("", doc="Carrier of a calling mobile number: 移动, 联通, 电信, 广电, or in English.")
    kind: str = key("", choices=("", *KINDS), doc="Kind of the calling number.")
    vip: str = key("", doc="Class of the caller in the VIP list; `any`: he is in it.")
    language: str = key("", choices=("", "zh", "en"), doc="Language known of the caller or of his line.")
    site: str = key("", doc="Site of the line he called on.")
    to: str = required(doc="Destination: kind:argument. {called} is the called number, {rest} what followed the fixed "
                           "digits of its pattern.")

    def check(self, report: Report, path: str) -> None:
        for name, pattern in (("called", self.called), ("calling", self.calling)):
            problem = pattern_problem(pattern) if pattern else None
            if problem:
                report.error(f"{path}.{name}", problem, "see the patterns in docs/configuration.md")
        self._check_caller(report, path)
        if self.source == "stations" and not self.called:
            report.error(f"{path}.called", "a rule for stations must say what is dialled", 'such as called: "8XXX"')

    def _check_caller(self, report: Report, path: str) -> None:
        if self.region and not plan().named(self.region):
            report.error(f"{path}.region", f"there is no province or city {self.region!r}",
                         _close(self.region, plan().names()) or "write 北京, 广东, 深圳, Shenzhen, ...")
        if self.carrier and self.carrier.casefold() not in plan().carriers():
            report.error(f"{path}.carrier", f"there is no carrier {self.carrier!r}", "one of 移动, 联通, 电信, 广电")
        if not self.when or (self.calendar and self.when in WHEN):
            return
        if self.when in WHEN:
            report.error(f"{path}.when", f"{self.when!r} of no calendar", "name the calendar as well")
            return
        try:
            parse(self.when, vocabulary)
        except ExpressionError as error:
            report.error(f"{path}.when", f"at column {error.column} of {self.when[:80]!r}: {error.problem}",
                         f"write {', '.join(WHEN)}, or an expression, see docs/routes.md")


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision: where to, and by which rule ("routes[2]")."""

    destination: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a rule is held against."""

    source: str
    line: str
    called: str
    calling: str
    caller: Caller
    language: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, compiled."""

    settings: RouteSettings
    name: str  # "routes[2]"
    expression: Expression | None
    carrier: str


class Routes:
    """All rules. Immutable: a reload makes a new one. `zone`: in which `time` and `weekday` of expressions are told."""

    def __init__(self, rules: Sequence[RouteSettings], calendars: Mapping[str, Calendar], clock: Clock,
                 zone: tzinfo = UTC, language: str = "zh") -> None:
        """`language`: of callers of whom none is known."""
        self._rules = [_compiled(number, rule) for number, rule in enumerate(rules)]
        self._calendars = calendars
        self._clock = clock
        self._zone = zone
        self._language = language
        self.dialplan = DialPlan([rule.called for rule in rules if rule.source == "stations"])
        self.incoming = DialPlan([rule.called for rule in rules if rule.source == "lines" and rule.called])

    def from_line(self, line: str, called: str, calling: str, caller: Caller = NOBODY) -> Routed | None:
        """For a call that an exchange offers on `line`."""
        return self._find(self._asked("lines", line, called, calling, caller))

    def from_station(self, dialled: str, calling: str = "") -> str | None:
        """The destination of a number dialled on a telephone, or None: no rule has it."""
        found = self.dialled(dialled, calling)
        return found.destination if found else None

    def dialled(self, dialled: str, calling: str, caller: Caller = NOBODY) -> Routed | None:
        return self._find(self._asked("stations", "", dialled, calling, caller))

    def _asked(self, source: str, line: str, called: str, calling: str, caller: Caller) -> _Asked:
        return _Asked(source, line, called, calling, caller, caller.language or self._language)

    def _find(self, asked: _Asked) -> Routed | None:
        for rule in self._rules:
            if self._holds(rule, asked):
                rest = asked.called[len(_fixed(rule.settings.called)):]
                to = rule.settings.to.replace("{called}", asked.called).replace("{rest}", rest)
                return Routed(to, rule.name)
        return None

    def _holds(self, rule: _Rule, asked: _Asked) -> bool:
        given, line = rule.settings, asked.line
        if given.source != asked.source:
            return False
        if given.line and line != given.line and not line.startswith(f"{given.line}/"):  # pri/1 is all of pri/1/17
            return False
        if given.called and not pattern_matches(given.called, asked.called):
            return False
        if given.calling and not pattern_matches(given.calling, asked.calling):
            return False
        return self._is_caller(rule, asked) and self._is_time(rule, asked)

    def _is_caller(self, rule: _Rule, asked: _Asked) -> bool:
        given, caller = rule.settings, asked.caller
        if given.region and caller.number.place not in plan().named(given.region):
            return False
        if rule.carrier and caller.number.carrier != rule.carrier:
            return False
        if given.kind and caller.number.kind != given.kind:
            return False
        if given.vip and not (caller.vip.name if given.vip == "any" else caller.vip.name == given.vip):
            return False
        if given.language and given.language != asked.language:
            return False
        return not given.site or given.site == caller.site

    def _is_time(self, rule: _Rule, asked: _Asked) -> bool:
        given = rule.settings
        state = self._calendars[given.calendar].state(self._clock.wall()) if given.calendar else ""
        if rule.expression is not None:
            return is_true(evaluate(rule.expression, lambda name: self._look_up(name, asked, state)))
        return not given.calendar or state == (given.when or "open") or (given.when == "closed" and state != "open")

    def _look_up(self, name: str, asked: _Asked, state: str) -> Value:
        if name in NAMES:
            return NAMES[name](asked.caller)
        texts = {"caller": asked.calling, "called": asked.called, "line": asked.line, "language": asked.language,
                 "calendar": state}
        if name in texts:
            return texts[name]
        now = self._clock.wall().astimezone(self._zone)
        if name == "weekday":
            return Decimal(now.isoweekday())
        return now.strftime("%H:%M") if name == "time" else now.date().isoformat()


def _compiled(number: int, rule: RouteSettings) -> _Rule:
    """ExpressionError if `when` is wrong: it has not been checked before."""
    word = not rule.when or (bool(rule.calendar) and rule.when in WHEN)
    return _Rule(rule, f"routes[{number}]", None if word else parse(rule.when, vocabulary),
                 plan().carriers().get(rule.carrier.casefold(), "") if rule.carrier else "")


def _close(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name.casefold(), known, 1)
    return f"did you mean {close[0]}?" if close else ""


def _fixed(pattern: str) -> str:
    """The digits a pattern begins with, which a prefix such as 9. or 6XXXXXXXX strips; none of a whole number."""
    after = pattern.lstrip("0123456789*#")
    return pattern[:len(pattern) - len(after)] if after else ""
