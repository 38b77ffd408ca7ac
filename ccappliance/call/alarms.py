"""The alarms that are raised now: a fold over the journal."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.call import facts
from ccappliance.call.journal import Entry, Wanted


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that stands."""

    alarm: str
    subject: str
    words: str
    since: float  # loop clock


class Alarms:
    """A reader of the journal. An alarm stands once for its code and subject, until it is cleared."""

    KINDS: ClassVar[Wanted] = frozenset({facts.AlarmRaised, facts.AlarmCleared})

    def __init__(self) -> None:
        self._standing: dict[tuple[str, str], Alarm] = {}

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, facts.AlarmRaised):
            alarm = Alarm(fact.alarm, fact.subject, fact.words, entry.now)
            self._standing.setdefault((fact.alarm, fact.subject), alarm)
        elif isinstance(fact, facts.AlarmCleared):
            self._standing.pop((fact.alarm, fact.subject), None)

    def standing(self) -> list[Alarm]:
        """Oldest first."""
        return list(self._standing.values())

    def has(self, alarm: str, subject: str) -> bool:
        return (alarm, subject) in self._standing
