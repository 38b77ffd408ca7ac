"""Today's figures and standing alarms: folds over the journal that add up."""

from datetime import UTC, datetime, timedelta

import pytest

from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.facts import Fact
from ccappliance.call.figures import VARIANTS, Figures
from ccappliance.call.journal import Entry

BEGIN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def told(*steps: tuple[float, Fact]) -> Figures:
    figures = Figures(lambda queue: 20.0, lambda at: (at + timedelta(hours=8)).date())
    for seq, (now, fact) in enumerate(steps, 1):
        figures.hear(Entry(seq, BEGIN + timedelta(seconds=now), now, fact))
    return figures


def left(outcome: str, waited: float) -> facts.QueueLeft:
    return facts.QueueLeft("c", "sales", outcome, waited, 1, "")


def entered() -> facts.QueueEntered:
    return facts.QueueEntered("c", "sales", 1, 0.0, 0, 0.0)


def announced(least: float, most: float) -> facts.QueueAnnounced:
    return facts.QueueAnnounced("c", "sales", 1, least, most, (least + most) / 2)


def moved(left_: str, state: str) -> facts.AgentMoved:
    return facts.AgentMoved("1001", left_, state, "", "", None, "8001")


def test_service_level_counts_answered_in_time_over_all_but_short_abandons() -> None:
    figures = told(*((0.0, entered()) for _ in range(5)), (1.0, left("answered", 10.0)), (2.0, left("answered", 30.0)),
                   (3.0, left("abandoned", 60.0)), (4.0, left("short_abandoned", 2.0)), (5.0, left("timed_out", 90.0)))
    sales = figures.queue("sales")
    assert (sales.offered, sales.answered, sales.abandoned) == (5, 2, 2)
    assert sales.service_level == pytest.approx(1 / 4)
    assert sales.average_wait == pytest.approx(20.0)
    assert sales.longest_wait == 90.0
    assert sum(sales.outcomes.values()) == sales.offered
    assert figures.total().outcomes == sales.outcomes


@pytest.mark.parametrize(("variant", "level"), [("a", 1 / 6), ("b", 1 / 5), ("c", 1 / 2), ("d", 3 / 6)])
def test_the_four_service_levels_of_one_day(variant: str, level: float) -> None:
    """Answered after 10 and 30 s, abandoned after 15 and 60 s, after 2 s (short), timed out; in time is 20 s."""
    figures = Figures(lambda queue: 20.0, lambda at: at.date(), lambda queue: variant)
    steps = [*((0.0, entered()) for _ in range(6)), *((1.0, left(*one)) for one in (
        ("answered", 10.0), ("answered", 30.0), ("abandoned", 15.0), ("abandoned", 60.0), ("short_abandoned", 2.0),
        ("timed_out", 90.0)))]
    for seq, (now, fact) in enumerate(steps, 1):
        figures.hear(Entry(seq, BEGIN, now, fact))
    assert figures.queue("sales").service_level == pytest.approx(level)
    assert (figures.total().variant, figures.total().service_level) == (variant, pytest.approx(level))
    assert variant in VARIANTS


def test_queues_of_different_variants_are_totalled_by_b() -> None:
    figures = Figures(lambda queue: 20.0, lambda at: at.date(), lambda queue: {"sales": "a", "service": "c"}[queue])
    for name in ("sales", "service"):
        figures.hear(Entry(1, BEGIN, 0.0, facts.QueueEntered("c", name, 1, 0.0, 0, 0.0)))
        figures.hear(Entry(2, BEGIN, 0.0, facts.QueueLeft("c", name, "answered", 5.0, 1, "")))
    assert figures.queue("sales").variant == "a"
    assert figures.total().variant == "b"


def test_a_queue_nobody_has_called_has_no_service_level() -> None:
    assert told().queue("sales").service_level is None
    assert told().queue("sales").average_wait is None


def test_an_agents_day_is_the_time_in_his_states() -> None:
    figures = told((0.0, moved("logged_out", "ready")), (100.0, moved("ready", "talking")),
                   (160.0, moved("talking", "wrapup")), (170.0, moved("wrapup", "ready")),
                   (175.0, facts.OfferEnded("o", "c", "1001", "answered", 3.0)),
                   (176.0, facts.OfferEnded("o", "c", "1001", "no_answer", 15.0)))
    agent = figures.agent("1001")
    assert (agent.seconds("talking", 999.0), agent.seconds("wrapup", 999.0), agent.seconds("ready", 200.0)) == (
        60.0, 10.0, 130.0)
    assert (agent.answered, agent.missed) == (1, 1)


def test_at_local_midnight_the_figures_begin_afresh_and_nobody_is_logged_out() -> None:
    midnight = 15 * 3600.0  # 01:00 UTC is 09:00 in China
    figures = told((0.0, moved("logged_out", "ready")), (1.0, left("answered", 5.0)),
                   (midnight - 1, left("answered", 5.0)))
    assert figures.queue("sales").answered == 2
    figures.hear(Entry(9, BEGIN + timedelta(seconds=midnight), midnight, entered()))
    assert (figures.queue("sales").answered, figures.queue("sales").offered) == (0, 1)
    assert figures.agent("1001").state == "ready"
    assert figures.agent("1001").seconds("ready", midnight + 60.0) == 60.0


def test_an_alarm_stands_once_until_it_is_cleared() -> None:
    alarms = Alarms()
    for seq, fact in enumerate([facts.AlarmRaised("dead", "fxo/1", "no frames"),
                                facts.AlarmRaised("dead", "fxo/1", "still none"),
                                facts.AlarmRaised("disk_full", "recordings", "full"),
                                facts.AlarmCleared("dead", "fxo/1"), facts.AlarmCleared("dead", "fxo/9")], 1):
        alarms.hear(Entry(seq, BEGIN, float(seq), fact))
    assert [(one.alarm, one.subject, one.since) for one in alarms.standing()] == [("disk_full", "recordings", 3.0)]
    assert alarms.has("disk_full", "recordings")
    assert not alarms.has("dead", "fxo/1")


@pytest.mark.parametrize(("outcome", "at", "counts"), [
    ("answered", 200.0, (1, 1, 0)), ("answered", 60.0, (1, 0, 0)), ("answered", 400.0, (1, 0, 1)),
    ("timed_out", 400.0, (1, 0, 1)), ("abandoned", 200.0, (0, 0, 0)), ("abandoned", 400.0, (1, 0, 1))])
def test_the_wait_that_was_told_first_is_judged_when_it_is_known(outcome: str, at: float, counts: tuple[int, ...]
                                                                  ) -> None:
    figures = told((0.0, entered()), (5.0, announced(0.0, 0.0)), (10.0, announced(120.0, 300.0)),
                   (50.0, announced(60.0, 120.0)), (at, left(outcome, at)))
    for sales in (figures.queue("sales"), figures.total()):
        assert (sales.promised, sales.promises_kept, sales.promises_late) == counts
        assert sales.promise_level == (counts[1] / counts[0] if counts[0] else None)


def over(outcome: str, waited: float, low: float | None = None, high: float | None = None) -> facts.CallbackEnded:
    return facts.CallbackEnded("c-c1", "d", "sales", "138", outcome, "", waited, low, high, 1, "")


def test_a_promise_is_told_beside_the_truth_and_its_caller_counts_once() -> None:
    """He was offered and left as callback_taken; that his promise stands in line is no second offer."""
    promised = facts.CallbackPromised("c-c1", "c", "sales", "138", "", "zh", "", 0, 0.0, "", 60.0, 180.0)
    kept = facts.QueueEntered("c-c1", "sales", 1, 0.0, 0, 0.0, "callback")
    taken = facts.QueueLeft("c", "sales", "callback_taken", 60.0, 1, "")
    answered = facts.QueueLeft("c-c1", "sales", "answered", 100.0, 1, "1001")
    figures = told((0.0, entered()), (60.0, promised), (60.0, kept), (60.0, taken),
                   (100.0, facts.CallbackTried("c-c1", "d", "sales", "1001", "138", 1)), (160.0, answered),
                   (160.0, over("reached", 100.0, 60.0, 180.0)), (161.0, over("reached", 30.0, 60.0, 180.0)),
                   (162.0, over("reached", 300.0, 60.0, 180.0)), (163.0, over("reached", 50.0)),
                   (164.0, over("gave_up", 400.0, 60.0, 180.0)), (165.0, over("expired", 900.0)))
    sales = figures.queue("sales")
    assert (sales.offered, sales.outcomes) == (1, {"callback_taken": 1})
    row = figures.callbacks["sales"].as_row()
    assert (row["promised"], row["tried"], row["reached"], row["gave_up"], row["expired"]) == (1, 1, 4, 1, 1)
    assert (row["told"], row["kept"], row["early"], row["late"], row["kept_share"]) == (3, 1, 1, 1, 0.3333)
    assert (row["average_wait"], row["longest_wait"]) == (120.0, 300.0)


def test_a_new_day_begins_at_midnight_though_nobody_said_a_word_then() -> None:
    figures = told((0.0, facts.AgentMoved("1001", "logged_out", "ready", "", "", None, "8001")),
                   (16 * 3600.0, facts.AgentMoved("1001", "ready", "talking", "", "1.1", None, "8001")))
    assert figures.agent("1001").spent == {"ready": 3600.0}, "midnight was at 15 h; an hour is today's"
