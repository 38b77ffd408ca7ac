"""Recording rules: which conversations are recorded, who is told, and how long the recording is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from ccappliance.call.recorded import NO, ON_DEMAND, YES, Subject, Verdict
from ccappliance.config.keys import Report, key, required

WHOLE = 100.0  # %
LONGEST = 36_525.0  # days: a hundred years
_ANY = "any"


@dataclass(frozen=True, kw_only=True)
class RetentionSettings:
    """How long recordings are kept that no rule says more of, and what is deleted when the disk fills."""

    least: float = key(0.0, unit="days", least=0, most=LONGEST,
                       doc="Nobody deletes a recording before so many days, whatever the disk says: what the law asks.")
    days: float = key(0.0, unit="days", least=0, most=LONGEST,
                      doc="A recording is deleted after so many days; 0: when its disk is needed.")
    purge_at: float = key(90.0, unit="%", least=1, most=100,
                          doc="Use of the disk at which the oldest recordings are deleted that are beyond their least "
                              "age, archived and not held, until it is 1 % lower.")
    pace: int = key(5, least=1, most=1000, doc="Recordings deleted in one second at most, so that calls do not wait "
                                               "for the disk.")

    def check(self, report: Report, path: str) -> None:
        if self.days and self.days < self.least:
            report.error(f"{path}.days", f"{self.days:g} days are less than least ({self.least:g})",
                         "keep recordings at least as long as they must be kept")


@dataclass(frozen=True, kw_only=True)
class RecordingRule:
    """One rule. It fits a conversation that has all it names; what it does not name may be anything."""

    name: str = required(pattern=r"[A-Za-z0-9_.-]{1,40}", doc="What the journal and `calls show` call it.")
    queues: tuple[str, ...] = key((), doc="Queues; a final * stands for anything.")
    agents: tuple[str, ...] = key((), doc="Agents by number; a final * stands for anything.")
    lines: tuple[str, ...] = key((), doc="Lines; a final * stands for anything.")
    calling: tuple[str, ...] = key((), doc='Beginnings of calling numbers, as they come or as +8613…: ["139", "+852"].')
    called: tuple[str, ...] = key((), doc="Beginnings of called numbers.")
    direction: str = key(_ANY, choices=(_ANY, "in", "out", "internal"), doc="Of the call.")
    record: str = key("as-set", choices=("as-set", "always", "never", "on-demand"),
                      doc="as-set: as the queue, station or flow says. never: also not on demand, and silence if the "
                          "call is being recorded already. on-demand: from when it is asked for, by key or command.")
    share: float = key(WHOLE, unit="%", least=0, most=WHOLE, doc="How many of them, by chance; the others on demand.")
    announce: str = key("", doc="Prompt that tells a caller before he waits or is connected, such as recording_told.")
    refuse_key: str = key("", pattern=r"[0-9]?", doc="Key by which he may say no, such as 9 with "
                                                     "recording_told_refuse.")
    least: float | None = key(None, unit="days", least=0, most=LONGEST, doc="As retention.least, for these.")
    days: float | None = key(None, unit="days", least=0, most=LONGEST, doc="As retention.days, for these.")

    def check(self, report: Report, path: str) -> None:
        if self.refuse_key and not self.announce:
            report.error(f"{path}.refuse_key", "nobody is told of this key", "name a prompt in announce that tells it")
        for where in ("calling", "called"):
            for number in getattr(self, where):
                if not number.removeprefix("+").isdigit():
                    report.error(f"{path}.{where}", f"{number!r} is no beginning of a number", 'write digits: ["139"]')

    def fits(self, subject: Subject) -> bool | None:
        """None: it may, if the agent is one of them who will answer."""
        fits = (self.direction in (_ANY, subject.direction) and _one_of(self.queues, subject.queue)
                and _one_of(self.lines, subject.line) and _begins(self.calling, subject.calling)
                and _begins(self.called, subject.called))
        if not fits or not self.agents:
            return fits
        return None if subject.agent is None else _one_of(self.agents, subject.agent)


class Policy(Protocol):
    """The settings in force, as far as they say what is recorded and kept."""

    @property
    def rules(self) -> Sequence[RecordingRule]: ...

    @property
    def retention(self) -> RetentionSettings: ...


class Rules:
    """The policy: the rule table of the configuration in force. `chance`: 0 to 1; a call draws once for a rule."""

    def __init__(self, settings: Callable[[], "Policy"], chance: Callable[[], float]) -> None:
        self._settings = settings
        self._chance = chance

    def judge(self, subject: Subject, lots: dict[str, float]) -> Verdict:
        """The first rule that fits. Before an agent is known, the first that may: a caller is told rather than not."""
        for rule in self._settings().rules:
            fits = rule.fits(subject)
            if fits is None and not rule.announce:
                continue
            if fits is not False:
                return self._by(rule, subject, lots)
        least, days = self.kept("", 0.0)
        asked = subject.asked
        return Verdict(YES if asked else ON_DEMAND, "", asked or "nobody has asked for it", least=least, days=days)

    def kept(self, rule: str, promised: float) -> tuple[float, float]:
        """(least, days) in force for what was recorded by this rule, and was promised to be kept so long. A rule that
        is no more leaves the retention of all, and what was promised."""
        found = next((one for one in self._settings().rules if one.name == rule), None)
        every = self._settings().retention
        least = every.least if found is None or found.least is None else found.least
        days = every.days if found is None or found.days is None else found.days
        least = max(least, promised)
        return least, max(days, least) if days else 0.0

    def _by(self, rule: RecordingRule, subject: Subject, lots: dict[str, float]) -> Verdict:
        least, days = self.kept(rule.name, 0.0)

        def verdict(record: str, why: str) -> Verdict:
            return Verdict(record, rule.name, why, rule.announce, rule.refuse_key, least, days)

        if rule.record == "never":
            return verdict(NO, f"rule {rule.name}: never")
        if rule.record == "on-demand" or (rule.record == "as-set" and not subject.asked):
            return verdict(ON_DEMAND, f"rule {rule.name}: on demand" if rule.record == "on-demand"
                           else "nobody has asked for it")
        why = f"rule {rule.name}: always" if rule.record == "always" else subject.asked
        if rule.share >= WHOLE:
            return verdict(YES, why)
        if rule.name not in lots:
            lots[rule.name] = round(self._chance() * WHOLE, 2)
        lot = lots[rule.name]
        drawn = lot < rule.share
        return verdict(YES if drawn else ON_DEMAND, f"{why}, a share of {rule.share:g} %: drew {lot:g}")


def _one_of(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _begins(prefixes: Sequence[str], numbers: Sequence[str]) -> bool:
    return not prefixes or any(number.startswith(prefix) for prefix in prefixes for number in numbers)
