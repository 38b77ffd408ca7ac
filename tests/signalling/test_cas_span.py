"""Thirty circuits of one span: the card's alarm is told once, a channel's own alarm stays its own."""

from ccappliance.signalling.cas_span import CasSpan
from ccappliance.signalling.signals import Blocked, Released, Signal, Unblocked

RED, YELLOW = Blocked("red", "no signal"), Blocked("yellow", "he does not hear us")
FAR = Blocked("far_blocked", "blocked by the exchange")
ALL = range(1, 31)


class Bench:
    def __init__(self) -> None:
        self.span: list[tuple[str, str | None]] = []
        self.heard: list[tuple[int, Signal]] = []
        cas = CasSpan(lambda alarm, words: self.span.append((alarm, words)))
        self.tell = {slot: cas.hears(f"r2/1/{slot}", lambda signal, slot=slot: self.heard.append((slot, signal)))
                     for slot in ALL}


def test_what_the_card_says_of_all_channels_is_told_once_and_over_with_the_last() -> None:
    bench = Bench()
    for slot in ALL:
        bench.tell[slot](RED)
    assert bench.span == [("red", RED.words)]
    for slot in ALL[:-1]:
        bench.tell[slot](Unblocked())
    assert len(bench.span) == 1
    bench.tell[30](Unblocked())
    assert bench.span[1:] == [("red", None)]
    assert bench.heard == []


def test_one_alarm_after_the_other() -> None:
    bench = Bench()
    for alarm in (RED, YELLOW):
        for slot in (1, 2):
            bench.tell[slot](alarm)
    assert bench.span == [("red", RED.words), ("yellow", YELLOW.words), ("red", None)]
    for slot in (1, 2):
        bench.tell[slot](Unblocked())
    assert bench.span[3:] == [("yellow", None)]


def test_a_channels_own_alarm_and_all_other_signals_go_on_to_the_switch() -> None:
    bench = Bench()
    bench.tell[5](FAR)
    bench.tell[6](Released())
    bench.tell[5](Unblocked())
    assert bench.heard == [(5, FAR), (6, Released()), (5, Unblocked())]
    assert bench.span == []


def test_its_own_alarm_before_and_after_the_spans() -> None:
    bench = Bench()
    for signal in (FAR, RED, FAR, Unblocked()):
        bench.tell[5](signal)
    assert bench.span == [("red", RED.words), ("red", None)]
    assert bench.heard == [(5, FAR), (5, Unblocked()), (5, FAR), (5, Unblocked())]
