"""Roll-ups: sums that equal a plain recount, each entry once whatever is killed, and reports read from them."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from test_cdr import START, Teller, whole_call

from ccappliance.base.errors import Refused
from ccappliance.call import facts, reports
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.fact import Fact
from ccappliance.call.journal import Entry, MemorySink
from ccappliance.call.rollup_store import GRAINS, RollupStore
from ccappliance.store.database import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
KOLKATA = ZoneInfo("Asia/Kolkata")  # its hours are not those of UTC
OUTCOMES = ("answered", "abandoned", "short_abandoned", "timed_out", "callback_taken")
STATES = ("ready", "ringing", "talking", "wrapup", "paused", "logged_out")


def life(seed: int, steps: int = 300) -> MemorySink:
    """Days of calls, entries and agents, with a restart now and then."""
    chance, house = random.Random(seed), Teller()
    house.tell(facts.DaemonStarted("1", "site", "Asia/Shanghai"), facts.QueueApplied("sales", "linear", [], "start"))
    states: dict[str, str] = {}
    for number in range(steps):
        house.tell(chance.choice((0.5, 20.0, 900.0, 4000.0)))
        kind = chance.random()
        if kind < 0.3:
            house.tell(*whole_call(f"c{number}"))
        elif kind < 0.6:
            agent = chance.choice(("1001", "1002", "1003"))
            state = chance.choice(STATES)
            house.tell(facts.AgentMoved(agent, states.get(agent, "logged_out"), state, "", "", None, "8001"))
            states[agent] = state
        elif kind < 0.9:
            queue, outcome = chance.choice(("sales", "service")), chance.choice(OUTCOMES)
            waited = chance.choice((2.0, 19.9, 100.0))
            house.tell(facts.QueueEntered(f"q{number}", queue, 1, 0.0, 0, 0.0), waited,
                       facts.QueueLeft(f"q{number}", queue, outcome, waited, 1, ""))
        elif kind < 0.98:
            house.tell(facts.OfferEnded("o", "c", "1001", chance.choice(("answered", "no_answer", "lost")), 3.0))
        else:
            house.tell(facts.DaemonStarted("1", "site", "Asia/Shanghai"))
            states.clear()
    return house.sink


def follow(store: Store, entries: Iterator[Entry], zone: ZoneInfo = SHANGHAI, kill_after: int | None = None) -> None:
    """As the house does: catch up from where the last one was, then hear one by one; a kill forgets the unwritten."""
    cdrs = CdrStore(store)
    rollups = RollupStore(store, zone, cdrs)
    everything = list(entries)
    present = [entry for entry in everything if entry.seq <= max(cdrs.applied, rollups.applied)]
    cdrs.catch_up(entry for entry in present if entry.seq >= cdrs.replay_from)
    rollups.catch_up(entry for entry in present if entry.seq >= rollups.replay_from)
    for heard, entry in enumerate(everything[len(present):]):
        if heard == kill_after:
            return
        cdrs.hear(entry)
        if type(entry.fact) in rollups.KINDS:
            rollups.hear(entry)
    rollups.write()


def table(store: Store) -> dict[tuple[str, ...], float]:
    return {(row["grain"], row["subject"], row["start"], row["name"], row["figure"]): round(row["value"], 3)
            for row in store.query("SELECT * FROM rollup")}


def fresh() -> Store:
    return Store(":memory:", threaded=False)


@pytest.mark.parametrize("seed", range(6))
def test_sums_equal_a_plain_recount(seed: int) -> None:
    sink, store = life(seed), fresh()
    follow(store, sink.read())
    found = table(store)

    def total(subject: str, figure: str, name: str | None = None, grain: str = "month") -> float:
        return sum(value for key, value in found.items() if key[0] == grain and key[1] == subject and key[4] == figure
                   and name in (None, key[3]))

    cdrs: list[Cdr] = []
    reader, entered, left = CdrReader(cdrs.append), Counter[str](), Counter[tuple[str, str]]()
    for entry in sink.read():
        reader.hear(entry)
        if isinstance(entry.fact, facts.QueueEntered):
            entered[entry.fact.queue] += 1
        elif isinstance(entry.fact, facts.QueueLeft):
            left[entry.fact.queue, entry.fact.outcome] += 1
    for grain in GRAINS:
        assert total("all", "calls", grain=grain) == len(cdrs)
        assert total("all", "talk", grain=grain) == pytest.approx(sum(cdr.talk for cdr in cdrs))
        for queue in entered:
            assert total("queue", "offered", queue, grain) == entered[queue]
            for outcome in OUTCOMES:
                assert total("queue", f"out_{outcome}", queue, grain) == left[queue, outcome]
    for key, value in found.items():
        if key[0] == "hour" and key[1] == "agent" and key[4].startswith("time_"):
            assert 0 < value <= 3600.001, f"seed {seed}: an agent's hour has one hour: {key} {value}"


@pytest.mark.parametrize("seed", range(4))
def test_an_agents_time_is_whole(seed: int) -> None:
    """As much in all states as he was logged in, however it is split at full hours."""
    sink, store = life(seed), fresh()
    follow(store, sink.read(), KOLKATA)
    spent, since = Counter[str](), dict[str, tuple[str, float]]()
    for entry in sink.read():
        if isinstance(entry.fact, facts.DaemonStarted):
            since.clear()
            last_turn = dict[str, float]()
        elif isinstance(entry.fact, facts.AgentMoved):
            fact = entry.fact
            if fact.agent in since:
                spent[fact.agent] += entry.now - since[fact.agent][1]  # type: ignore[assignment]
            if fact.state == "logged_out":
                since.pop(fact.agent, None)
            else:
                since[fact.agent] = (fact.state, entry.now)
    assert last_turn == {}
    for agent, seconds in spent.items():
        stored = sum(value for key, value in table(store).items()
                     if key[0] == "day" and key[3] == agent and key[4].startswith("time_"))
        assert stored >= seconds - 0.1, f"seed {seed}"  # and what was counted at full hours before a restart
    assert {key[2][-2:] for key in table(store) if key[0] == "hour"} <= {f"{hour:02d}" for hour in range(24)}


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_and_started_again_every_entry_is_counted_once(seed: int) -> None:
    sink, chance = life(seed, 120), random.Random(seed)
    whole = fresh()
    follow(whole, sink.read())
    store, everything = fresh(), list(sink.read())
    for _ in range(12):
        follow(store, iter(everything), kill_after=chance.randrange(1, len(everything) // 8))
    follow(store, iter(everything))
    assert table(store) == table(whole), f"seed {seed}"


def test_a_clock_set_back_gives_no_hour_more_than_it_has() -> None:
    house = Teller(MemorySink())
    house.tell(facts.AgentMoved("1", "logged_out", "ready", "", "", None, "8001"), 600.0)
    house.wall_step = timedelta(hours=-3)
    house.tell(600.0, facts.AgentMoved("1", "ready", "logged_out", "", "", None, ""))
    store = fresh()
    follow(store, house.sink.read())
    assert sum(value for key, value in table(store).items() if key[0] == "hour" and key[4] == "time_ready") == 1200.0


# ---- reports ----


@pytest.fixture(scope="module")
def rolled() -> Store:
    store = fresh()
    follow(store, life(1, 3000).read())
    return store


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_range_the_total_is_the_sum_of_its_days(rolled: Store, seed: int) -> None:
    chance = random.Random(seed)
    since = date(2026, 11, 20) + timedelta(days=chance.randrange(40))
    until = since + timedelta(days=chance.randrange(90))
    for report, figure in (("calls", "calls"), ("queues", "offered"), ("agents", "ready")):
        days = reports.rows(rolled, report, since, until, by="day")
        for by in ("total", "month", "year"):
            rows = reports.rows(rolled, report, since, until, by=by)
            assert sum(row[figure] for row in rows) == pytest.approx(sum(row[figure] for row in days)), (seed, by)


def test_ratios_are_reckoned_for_each_row_anew(rolled: Store) -> None:
    rows = reports.rows(rolled, "queues", date(2026, 11, 1), date(2027, 12, 31), by="total", variant="a")
    assert [row["name"] for row in rows] == ["sales", "service"]
    for row in rows:
        assert row["offered"] == row["answered"] + row["abandoned"] + row["otherwise"]
        assert row["service_level"] is None or 0 <= row["service_level"] <= 1
        assert row["longest_wait"] == 100.0
    assert rows[1]["service_level"] == 0.0  # its threshold was never told
    hours = reports.rows(rolled, "calls", date(2026, 11, 22), date(2026, 11, 22), by="hour")
    assert hours[0]["time"] >= (START.astimezone(SHANGHAI)).strftime("%Y-%m-%dT%H")


@pytest.mark.parametrize(("report", "by", "variant"), [("quues", "day", "b"), ("queues", "week", "b"),
                                                       ("queues", "day", "x")])
def test_what_is_not_known_is_refused_with_what_is(rolled: Store, report: str, by: str, variant: str) -> None:
    with pytest.raises(Refused, match="one of"):
        reports.rows(rolled, report, date(2026, 11, 1), date(2026, 11, 2), by=by, variant=variant)
    with pytest.raises(Refused, match="comes before"):
        reports.rows(rolled, "queues", date(2026, 11, 3), date(2026, 11, 2))


def test_hours_are_pruned_and_days_stay() -> None:
    store, house = fresh(), Teller()
    house.tell(*whole_call("old"), 86400.0 * 900, *whole_call("new"))
    follow(store, house.sink.read())
    hours = {key[2] for key in table(store) if key[0] == "hour"}
    days = {key[2] for key in table(store) if key[0] == "day"}
    assert (len(hours), len(days)) == (1, 2)
    assert isinstance(next(iter(house.sink.read())).fact, Fact)
