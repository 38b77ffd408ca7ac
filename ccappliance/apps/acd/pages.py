"""Pages of the journal: at the first word of a new day, what a reader must know to begin there."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from ccappliance.apps.acd.retold import HEARD, Retold
from ccappliance.call.facts import DayBegan, Fact

if TYPE_CHECKING:
    from ccappliance.call.journal import Entry, Wanted


class Pages:
    """A reader of the journal that writes DayBegan once in each local day after the one in which it began to hear.

    It knows of agents, queues and entries what the journal has told and nothing else; so who begins to read at a page
    knows what he would know had he read from the beginning. A page is written between two rounds of the loop, because
    one decision may write several facts.
    """

    KINDS: ClassVar["Wanted"] = frozenset(HEARD)

    def __init__(self, local: Callable[[datetime], date], timezone: Callable[[], str], *,
                 write: Callable[[Fact], object], soon: Callable[[Callable[[], None]], object]) -> None:
        """`local` tells the site's day, `timezone` its zone's name; `soon` calls in the loop's next round."""
        self._retold = Retold(local)
        self._local = local
        self._timezone = timezone
        self._write = write
        self._soon = soon
        self._day: date | None = None

    def hear(self, entry: "Entry") -> None:
        self._retold.hear(entry)
        day = self._local(entry.at)
        if self._day is None:
            self._day = day
        elif day > self._day:  # a clock set back begins no day again
            self._day = day
            self._soon(self._turn)

    def _turn(self) -> None:
        assert self._day is not None
        self._write(DayBegan(self._day.isoformat(), self._timezone(), self._retold.page()))
