"""The roof's cards: what is missing is refused with words, and what cards count becomes alarms in the journal."""

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.cards import CardWatch, open_cards
from ccappliance.config.load import load
from ccappliance.drivers.api import Span, SpanHealth
from ccappliance.drivers.dahdi_kernel import Kernel
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual
from ccappliance.site import Site

SPANS = """\
driver: dahdi
spans: {office: {type: analog, number: 1, ports: [{port: fxo, channels: "1"}]}}
lines: {fxo/1: {type: fxo, channel: 1}}
"""


def health(**counted: Any) -> SpanHealth:
    nothing = dict.fromkeys(SpanHealth.__dataclass_fields__, 0) | {"words": ""}
    return SpanHealth(**{**nothing, **counted})


class FakeCards:
    """A driver of one span and a metronome, as numbers."""

    def __init__(self) -> None:
        self.health = health()
        self.card_stalls = 0
        self.driver = self.beat = self

    def spans(self) -> list[Span]:
        return [Span(1, "A/1", "a card", None, (1,), self.health)]


class Bench:
    """A watch, its journal, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cards: Any = FakeCards()
        self.alarms = Alarms()
        self.written: list[Any] = []
        self.watch = CardWatch(self.cards, self.alarms, self._write, lambda: self.now)

    def _write(self, fact: Any) -> None:
        self.written.append(fact)

        class Entry:
            now = self.now

        entry: Any = Entry()
        entry.fact = fact
        self.alarms.hear(entry)

    def look(self, times: int = 1) -> list[Any]:
        self.written.clear()
        for _ in range(times):
            self.watch.look()
            self.now += 1.0
        return [(type(fact).__name__, fact.alarm, fact.subject) for fact in self.written]


def test_a_spans_alarm_is_raised_once_with_its_words_and_cleared() -> None:
    bench = Bench()
    assert bench.look(3) == []
    bench.cards.health = health(words="RED: check the cable")
    assert bench.look(3) == [("AlarmRaised", "span", "span:1")]
    assert bench.written[0] == facts.AlarmRaised("span", "span:1", "RED: check the cable")
    bench.cards.health = health()
    assert bench.look(3) == [("AlarmCleared", "span", "span:1")]


def test_more_than_five_glitches_a_minute_are_an_alarm() -> None:
    bench = Bench()
    bench.look()
    bench.cards.health = health(worst=5)
    assert bench.look(5) == []
    bench.cards.health = health(worst=6)
    assert bench.look(5) == [("AlarmRaised", "glitches", "span:1")]
    assert bench.look(70) == [("AlarmCleared", "glitches", "span:1")]
    for worst in range(7, 100):  # five a minute, for ever
        bench.cards.health = health(worst=worst)
        assert bench.look(12) == []


def test_a_clock_that_stops_is_an_alarm() -> None:
    bench = Bench()
    bench.cards.card_stalls = 1
    assert bench.look() == [("AlarmRaised", "card_clock", "media")]
    assert bench.look() == [("AlarmCleared", "card_clock", "media")]


def test_without_cards_the_daemon_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "spans.yaml").write_text(SPANS, encoding="utf-8")
    site = load(tmp_path, Site).value

    def no_kernel() -> Kernel:
        raise OSError(errno.ENOENT, "no")

    async def run() -> None:
        with pytest.raises(Refused, match="cards detect") as refused:
            open_cards(asyncio.get_running_loop(), site, load_zones()["cn"], no_kernel)
        assert refused.value.code == "no_cards"

    run_virtual(run())
