"""Rules the journal alone proves: who lost an offer is free within 300 ms, every queue adds up, classes are strict."""

from dataclasses import replace

import pytest
from test_acd_redone import recorded, told

from ccappliance.apps.acd.journal_rules import OUTCOMES, JournalRules
from ccappliance.call import facts
from ccappliance.call.journal import Entry

AT = recorded()[0].at


def breaches(*given: tuple[float, facts.Fact]) -> list[str]:
    found: list[str] = []
    rules = JournalRules(lambda words, call: found.append(words))
    for seq, (now, fact) in enumerate(given, 1):
        rules.hear(Entry(seq, AT, now, fact))
    rules.close()
    return found


def offer(agent: str) -> list[tuple[float, facts.Fact]]:
    return [(0.0, facts.OfferMade(f"o{agent}", "7.1", "sales", agent, f"8{agent[1:]}", "", {})),
            (0.0, facts.LegMoved("7.1", f"l{agent}", "fxs/1", f"8{agent[1:]}", "seized", "alerting", ""))]


def lost(now: float, agent: str = "1002") -> tuple[float, facts.Fact]:
    return (now, facts.OfferEnded(f"o{agent}", "7.1", agent, "lost", 1.0))


def freed(now: float, agent: str = "1002") -> tuple[float, facts.Fact]:
    return (now, facts.AgentMoved(agent, "ringing", "ready", "", "", None, f"8{agent[1:]}"))


def stopped(now: float, agent: str = "1002") -> tuple[float, facts.Fact]:
    return (now, facts.LegMoved("7.1", f"l{agent}", "fxs/1", f"8{agent[1:]}", "alerting", "cleared", ""))


LATER = (9.0, facts.CallAnswered("7.1"))


def test_who_lost_is_free_and_his_telephone_stops_in_time():
    assert breaches(*offer("1002"), lost(1.0), freed(1.0), stopped(1.29), LATER) == []
    assert breaches(*offer("1002"), lost(1.0), freed(1.0), stopped(1.31), LATER) == [
        "3: station 8002 rings for call 7.1 over 0.3 s after its offer ended"]
    assert breaches(*offer("1002"), lost(1.0), stopped(1.0), freed(1.31), LATER) == [
        "3: agent 1002 is kept for offer o1002 over 0.3 s after it ended"]


def test_who_is_rung_again_at_once_is_not_taken_for_one_who_was_not_let_go():
    again = (1.1, facts.OfferMade("o9", "7.1", "sales", "1002", "8002", "", {}))
    assert breaches(*offer("1002"), lost(1.0), freed(1.0), stopped(1.0), again, LATER) == []


def test_a_new_run_begins_with_everybody_free():
    assert breaches(*offer("1002"), lost(1.0), (1.1, facts.DaemonStarted("1", "s")), LATER) == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_in_the_sum(outcome):
    entered = (0.0, facts.QueueEntered("7.1", "sales", 1, 0.0, 0, 0.0))
    assert breaches(entered, (1.0, facts.QueueLeft("7.1", "sales", outcome, 1.0, 1, ""))) == []


def test_a_queue_that_does_not_add_up_is_told():
    entered = (0.0, facts.QueueEntered("7.1", "sales", 1, 0.0, 0, 0.0))
    left = (1.0, facts.QueueLeft("7.1", "sales", "abandoned", 1.0, 1, ""))
    assert breaches(left)[0] == "6: call 7.1 left sales, where it was not"
    assert "6: sales: 1 offered, outcomes {'abandoned': 2}, 0 waiting" in breaches(entered, left, left)
    assert "6: call 7.1 entered sales twice" in breaches(entered, entered, left)
    gone = (1.0, facts.QueueLeft("7.1", "sales", "vanished", 1.0, 1, ""))
    assert "6: call 7.1 left sales as 'vanished', which is no outcome" in breaches(entered, gone)


def test_a_lower_class_that_is_served_before_a_higher_one_is_told():
    """Between classes: strict. The second caller is made one of a higher class in the journal."""
    entries = recorded()
    entered = [entry for entry in entries if isinstance(entry.fact, facts.QueueEntered)]
    higher = entered[2]._replace(fact=replace(entered[2].fact, order_class=5))
    made = [entry for entry in entries if isinstance(entry.fact, facts.OfferMade)]
    assert not told(entries)
    changed = [higher if entry is entered[2] else entry for entry in entries]
    late = next(index for index, entry in enumerate(changed) if entry is made[2])
    assert any("stands before it" in words for words in told(changed[:late + 1]))
