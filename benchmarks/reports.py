"""Reports over ten years and ten million calls: how long the longest take, beside one year of the same."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ccappliance.call import reports
from ccappliance.store.database import Store

BEGAN, YEARS = date(2016, 1, 1), 10
QUEUES, AGENTS, LINES = 10, 200, 60
CALLS = 10_000_000
REPEATS = 20
ASKED = 0.5  # seconds, p95
_PUT = "INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?)"
_QUEUE = ("offered", "out_answered", "out_abandoned", "out_short_abandoned", "out_timed_out", "in_time", "answer_wait",
          "abandon_wait", "wait", "max_wait", "talk", "talked")
_AGENT = ("answered", "missed", "time_ready", "time_ringing", "time_talking", "time_hold", "time_wrapup", "time_paused")
_CALL = ("calls", "answered", "talked", "talk", "duration", "max_duration")


def _fill(store: Store, calls: int) -> None:
    """Sums as that many calls leave them: days and months of ten years, hours of the last two."""
    chance = random.Random(1)
    subjects = [("all", "", _CALL), *(("queue", f"queue{number}", _QUEUE) for number in range(QUEUES)),
                *(("agent", f"{1000 + number}", _AGENT) for number in range(AGENTS)),
                *(("line", f"fxo/{number}", _CALL) for number in range(LINES))]
    for day in range(365 * YEARS):
        at = BEGAN + timedelta(days=day)
        times = [("day", at.isoformat())]
        if at.day == 1:
            times.append(("month", at.isoformat()[:7]))
        if at.day == at.month == 1:
            times.append(("year", at.isoformat()[:4]))
        if day >= 365 * (YEARS - 2):
            times += [("hour", f"{at.isoformat()}T{hour:02d}") for hour in range(8, 18)]
        store.put_all([(_PUT, (grain, subject, start, name, figure, float(chance.randrange(1, calls // 3650))))
                       for grain, start in times for subject, name, figures in subjects
                       if grain != "hour" or subject != "line" for figure in figures])


def _p95(ask: Callable[[], Any]) -> float:
    took = []
    for _ in range(REPEATS):
        began = time.thread_time()
        ask()
        took.append(time.thread_time() - began)
    return statistics.quantiles(took, n=20)[18]


def measure() -> Iterator[str]:
    """p95 of the reports people ask for, and the ratio of ten years to one."""
    end = BEGAN + timedelta(days=365 * YEARS - 1)
    with tempfile.TemporaryDirectory(prefix="ccappliance-reports-") as folder:
        store = Store(Path(folder) / "cc.db", threaded=False)
        _fill(store, CALLS)
        size = (Path(folder) / "cc.db").stat().st_size / 1e6
        asked = {"a day by hour": ("queues", end, "hour"), "a year by month": ("queues", date(2025, 1, 1), "month"),
                 "a month by day, agents": ("agents", end.replace(day=1), "day"),
                 "ten years by month": ("queues", BEGAN, "month"),
                 "ten years by year, agents": ("agents", BEGAN, "year"),
                 "ten years together, agents": ("agents", BEGAN, "total")}
        took = {words: _p95(lambda report=report, since=since, by=by: reports.rows(store, report, since, end, by=by))
                for words, (report, since, by) in asked.items()}
        store.close()
    yield (f"reports over {CALLS:,} calls ({size:.0f} MB of sums), p95 of processor time: "
           + ", ".join(f"{words} {seconds * 1e3:.0f} ms" for words, seconds in took.items())
           + f" (asked: {ASKED * 1e3:.0f}); ratio of ten years by month to one "
           f"{took['ten years by month'] / took['a year by month']:.1f}")
