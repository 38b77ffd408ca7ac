"""A branch for headquarters' tests: a journal on disk with a day of calls, its local tables, and a delivery."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ccappliance.apps.headquarters.delivery import Delivery
from ccappliance.apps.headquarters.link import Self, connect
from ccappliance.apps.headquarters.settings import HeadquartersSettings
from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry, Journal
from ccappliance.call.journal_file import FileSink, read_journal
from ccappliance.call.rollup_store import RollupStore
from ccappliance.call.survey_store import SurveyStore
from ccappliance.store import identity
from ccappliance.store.database import Store


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wall(self) -> datetime:
        return datetime(2026, 11, 20, 22, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def now(self) -> float:
        return self.seconds


class Branch:
    """Calls happen when told; `deliver` tells all there is."""

    def __init__(self, folder: Path, url: str, name: str = "shenzhen", seed: int = 1, **settings: Any) -> None:
        self.state, self.chance, self.clock = folder, random.Random(seed), Hand()
        self.settings = replace(HeadquartersSettings(url=url, branch=name, timeout=5.0, batch=100), **settings)
        self.sink = FileSink(folder / "journal")
        self.journal = Journal(self.clock, self.sink)
        self.box = identity.identity(folder, self.chance.randbytes)
        self.count = 0
        self.delivery = self.new_delivery()

    def new_delivery(self, link: Callable[..., Any] = connect, breathe: Callable[[], None] = lambda: None) -> Delivery:
        return Delivery(self.settings, self.me, UTC, self.state / "journal", link, breathe)

    def me(self) -> Self:
        return Self(self.settings.branch, identity.identity(self.state, self.chance.randbytes), "site", "UTC", "1.0")

    def begin(self) -> None:
        """A run of the daemon."""
        self.write(facts.DaemonStarted("1.0", "site", "UTC"))
        self.write(facts.QueueApplied("sales", "longest-idle", [], "configuration", True, 20.0))
        self.write(facts.AgentMoved("1001", "logged_out", "ready", "login", "", None, "8001"))

    def write(self, fact: facts.Fact) -> None:
        self.clock.seconds += self.chance.random() * 3
        self.journal.write(fact)

    def calls(self, count: int) -> None:
        for _ in range(count):
            for fact in self.call():
                self.write(fact)

    def call(self) -> list[facts.Fact]:
        """What the journal tells of one call."""
        self.count += 1
        call, leg, offer = f"1.{self.count:06d}", f"l{self.count}", f"o{self.count}"
        number = f"138{self.chance.randrange(10**8):08d}"
        said: list[facts.Fact] = [
            facts.CallOffered(call, "fxo/1", "in", "55512345", number, self.chance.choice(["王芳", "a\0b", "\udc80x"])),
            facts.LegMoved(call, leg, "fxo/1", number, "", "offered", ""),
            facts.CallAnswered(call), facts.LegMoved(call, leg, "fxo/1", number, "offered", "answered", ""),
            facts.CallRouted(call, "queue:sales", "r"),
            facts.QueueEntered(call, "sales", 1, 0.0, 0, 0.0)]
        if self.chance.random() < 0.7:
            said += [facts.OfferMade(offer, call, "sales", "1001", "8001", "longest-idle", {}),
                     facts.AgentMoved("1001", "ready", "ringing", "offer", call, None, "8001"),
                     facts.OfferEnded(offer, call, "1001", "answered", 3.0),
                     facts.AgentMoved("1001", "ringing", "talking", "answered", call, None, "8001"),
                     facts.QueueLeft(call, "sales", "answered", self.chance.random() * 30, 1, "1001"),
                     facts.SurveyAnswered(call, "main", "how", "5", "sales", "1001"),
                     facts.AgentMoved("1001", "talking", "ready", "over", call, None, "8001")]
        else:
            said += [facts.QueueLeft(call, "sales", "abandoned", 12.5, 1, "")]
        return [*said, facts.LegMoved(call, leg, "fxo/1", number, "answered", "cleared", "caller"),
                facts.LegMoved(call, leg, "fxo/1", number, "cleared", "released", ""),
                facts.CallEnded(call, 16, "caller")]

    def deliver(self, delivery: Delivery | None = None) -> int:
        """Tell all there is: how many batches it took."""
        delivery, steps = delivery or self.delivery, 0
        while delivery.step():
            steps += 1
        return steps

    def entries(self) -> list[Entry]:
        return list(read_journal(self.state / "journal"))

    def local(self, scratch: Path) -> Store:
        """The box's own tables."""
        store = Store(scratch, threaded=False)
        cdrs = CdrStore(store)
        rollups, surveys = RollupStore(store, UTC, cdrs), SurveyStore(store)
        cdrs.catch_up(self.entries())
        rollups.catch_up(self.entries())
        surveys.catch_up(self.entries())
        return store

    def close(self) -> None:
        self.delivery.end()
        self.sink.close()
