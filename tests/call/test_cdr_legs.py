"""The legs of calls: who was on each and by which transfer he came, whatever was killed when."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ccappliance.call import facts
from ccappliance.call.cdr import interrupted
from ccappliance.call.cdr_legs import CallLeg
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Entry
from ccappliance.call.leg_store import LegStore
from ccappliance.store.database import Store
from ccappliance.store.rebuilt import differences

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def entries(told: Sequence[Fact], first: int = 1) -> list[Entry]:
    return [Entry(seq, EPOCH + timedelta(seconds=seq), float(seq), fact) for seq, fact in enumerate(told, first)]


def moved(leg: str, state: str, party: str = "", left: str = "x", call: str = "c", why: str = "") -> Fact:
    return facts.LegMoved(call, leg, f"line of {leg}", party, left, state, why)


def begun(leg: str, party: str, state: str = "seized", call: str = "c") -> Fact:
    return moved(leg, state, party, "", call)


OFFERED = [facts.CallOffered("c", "fxo/1", "in", "400", "138", ""), begun("l1", "138", "offered"),
           moved("l1", "answered"), begun("l2", "8001"), moved("l2", "answered")]


class Box:
    """Both readers as a house has them."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store(":memory:", threaded=False)
        self.cdrs, self.legs = CdrStore(self.store), LegStore(self.store)

    def hear(self, told: Sequence[Entry]) -> "Box":
        for entry in told:
            self.cdrs.hear(entry)
            self.legs.hear(entry)
        return self

    def of(self, told: Sequence[Fact]) -> list[CallLeg]:
        return self.hear(entries([*told, facts.CallEnded("c", 16, "caller")])).legs.legs("c")


def short(legs: Sequence[CallLeg]) -> list[tuple[str, str, str, str]]:
    return [(leg.leg, leg.role, leg.transfer_by, leg.transfer) for leg in legs]


@pytest.mark.parametrize("outcome", ["attended", "blind", "conference", "returned", "held_left", "abandoned"])
def test_a_consulted_leg_names_who_asked_it_and_what_came_of_it(outcome: str) -> None:
    legs = Box().of([*OFFERED, facts.TransferStarted("c", "l2", "8002"), begun("l3", "8002"),
                     facts.TransferEnded("c", "l2", "8002", outcome)])
    assert short(legs) == [("l1", "anchor", "", ""), ("l2", "partner", "", ""), ("l3", "consulted", "l2", outcome)]


def test_a_call_handed_to_a_queue_names_it_on_all_who_ring_until_one_answers() -> None:
    legs = Box().of([*OFFERED, facts.TransferStarted("c", "l2", "7100"),
                     facts.TransferEnded("c", "l2", "7100", "blind"), moved("l2", "cleared"),
                     begun("l3", "8002"), begun("l4", "8003"), moved("l4", "answered"),
                     begun("l5", "8004")])
    assert short(legs)[2:] == [("l3", "partner", "l2", "blind"), ("l4", "partner", "l2", "blind"),
                               ("l5", "partner", "", "")]


def test_who_is_rung_back_is_told_from_others() -> None:
    legs = Box().of([*OFFERED, facts.TransferStarted("c", "l2", "8002"), begun("l3", "8002"),
                     facts.TransferEnded("c", "l2", "8002", "failed"), begun("l4", "8001"), begun("l5", "8001")])
    assert short(legs)[2:] == [("l3", "consulted", "l2", "failed"), ("l4", "returned", "l2", "failed"),
                               ("l5", "partner", "", "")]


def test_times_and_the_reason_of_the_end() -> None:
    first, second = Box().of([*OFFERED, moved("l2", "cleared", why="hangs up")])[:2]
    at = [EPOCH + timedelta(seconds=seq) for seq in range(9)]
    assert (first.began_at, first.answered_at, first.ended_at, first.ended) == (at[2], at[3], at[7], "the call ended")
    assert (second.began_at, second.answered_at, second.ended_at, second.ended) == (at[4], at[5], at[6], "hangs up")


def test_a_leg_that_was_picked_up_ends_in_one_call_and_begins_in_the_other() -> None:
    box = Box()
    told = [facts.CallOffered("d", "fxs/2", "internal", "*8", "8002", ""), begun("m1", "8002", "offered", "d"),
            *OFFERED, moved("m1", "answered", "8002", "answered", "c", "picked up"), facts.CallEnded("d", 16, "us"),
            facts.CallEnded("c", 16, "caller")]
    box.hear(entries(told))
    assert box.legs.legs("d")[0].ended == "went to call c"
    assert short(box.legs.legs("c"))[-1] == ("m1", "partner", "", "")


def test_a_supervisor_is_named() -> None:
    legs = Box().of([*OFFERED, facts.SupervisionStarted("c", "s1", "8003", "monitor", "cli:root"),
                     facts.SupervisionEnded("c", "s1", "hung up", 3.0)])
    assert (legs[-1].role, legs[-1].party, legs[-1].ended) == ("supervisor", "8003", "hung up")


def _day(chance: random.Random) -> list[Fact]:
    told: list[Fact] = []
    for number in range(20):
        call, names = f"c{number}", [f"c{number}-l{leg}" for leg in range(4)]
        told += [facts.CallOffered(call, "fxo/1", "in", "400", "138", ""), begun(names[0], "138", "offered", call)]
        if chance.random() < 0.7:
            told += [begun(names[1], "8001", call=call), moved(names[1], "answered", call=call)]
        if chance.random() < 0.5:
            told += [facts.TransferStarted(call, names[1], "8002"), begun(names[2], "8002", call=call),
                     facts.TransferEnded(call, names[1], "8002", chance.choice(["attended", "failed", "blind"]))]
        if chance.random() < 0.5:
            told.append(facts.CallEnded(call, 16, "caller"))
    return told


def test_a_kill_anywhere_leaves_the_rows_that_the_journal_makes_again() -> None:
    """The database may have lost its newest rows, the journal its newest entries: both come out the same."""
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(30):
        day = entries(_day(chance))
        cut = chance.randrange(1, len(day))
        store = Store(":memory:", threaded=False)
        Box(store).hear(day[:chance.randrange(cut + 1)])
        again = Box(store)
        again.cdrs.catch_up(day[again.cdrs.replay_from - 1:cut])
        again.legs.catch_up(day[again.legs.replay_from - 1:cut])
        rest = entries([facts.DaemonStarted("1", "s", "UTC"), *interrupted(day[:cut])], cut + 1)
        again.hear(rest)
        whole = Box().hear([*day[:cut], *rest])
        assert differences(whole.store, store, ("cdr", "cdr_leg")) == [], (seed, cut)
        told = [entry.fact for entry in [*day[:cut], *rest]]
        ended = {fact.call: None for fact in told if isinstance(fact, facts.CallEnded)}
        seen = {fact.leg: None for fact in told if isinstance(fact, facts.LegMoved) and fact.call in ended}
        assert {leg.leg for call in ended for leg in again.legs.legs(call)} == set(seen), seed
