"""Reports: rows read from the roll-ups, every column a defined function of stored sums.

Definitions are shown beside the figures (`ccappliance reports figures`), because "service level" alone says nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.call.figures import OCCUPIED, VARIANTS
from ccappliance.call.rollup import GREATEST
from ccappliance.store.database import Store

BY = MappingProxyType({"hour": 13, "day": 10, "month": 7, "year": 4, "total": 0})  # characters of a row's time
MOST_ROWS = 20_000
_EACH = """SELECT name, start AS time, figure, value FROM rollup
    WHERE grain = ? AND subject = ? AND start >= ? AND start < ? AND (? = '' OR name = ?)"""

Sums = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a report. `of` answers None where there is nothing to divide by."""

    name: str
    definition: str
    of: Callable[[Sums], float | None]


def _sum(*figures: str) -> Callable[[Sums], float | None]:
    return lambda sums: round(sum(sums.get(figure, 0.0) for figure in figures), 3)


def _ratio(part: Callable[[Sums], float | None], whole: Callable[[Sums], float | None], digits: int = 4
           ) -> Callable[[Sums], float | None]:
    def of(sums: Sums) -> float | None:
        below = whole(sums)
        return round((part(sums) or 0.0) / below, digits) if below else None
    return of


def _ended(sums: Sums) -> float:
    return sum(value for figure, value in sums.items() if figure.startswith("out_"))


def _service_level(sums: Sums, variant: str) -> float | None:
    """By one of VARIANTS."""
    good, whole = sums.get("in_time", 0.0), _ended(sums)
    match variant:
        case "b":
            whole -= sums.get("out_short_abandoned", 0.0)
        case "c":
            whole = sums.get("out_answered", 0.0)
        case "d":
            good += sums.get("abandoned_in_time", 0.0)
    return round(good / whole, 4) if whole else None


def _greatest(figure: str) -> Callable[[Sums], float | None]:
    return lambda sums: sums.get(figure)


_ABANDONED = _sum("out_abandoned", "out_short_abandoned")
_OTHERWISE = ("out_timed_out", "out_exit_key", "out_empty", "out_full", "out_closed", "out_callback_taken",
              "out_withdrawn")
_TALK = _sum("time_talking", "time_hold")
_LOGGED_IN = _sum("time_ready", "time_reserved", "time_ringing", "time_talking", "time_hold", "time_wrapup",
                  "time_paused", "time_line_fault")
_OCCUPIED = _sum(*(f"time_{state}" for state in OCCUPIED))


def queue_columns(variant: str = "b") -> tuple[Column, ...]:
    """`variant` of the service level, one of VARIANTS."""
    return (
        Column("offered", "callers who entered the queue", _sum("offered")),
        Column("answered", "of them, those an agent answered", _sum("out_answered")),
        Column("abandoned", "of them, those who gave up waiting, short abandons included", _ABANDONED),
        Column("short", "abandons within the queue's short_abandon", _sum("out_short_abandoned")),
        Column("otherwise", "left the queue without either: time over, exit key, callback taken, full, closed, empty, "
                            "taken out", _sum(*_OTHERWISE)),
        Column("service_level", f"variant {variant}: {VARIANTS[variant]}; entries that have left the queue",
               lambda sums: _service_level(sums, variant)),
        Column("asa", "average seconds from entering to the agent's answer, of those answered",
               _ratio(_sum("answer_wait"), _sum("out_answered"), 1)),
        Column("abandon_wait", "average seconds those waited who gave up", _ratio(_sum("abandon_wait"), _ABANDONED, 1)),
        Column("longest_wait", "the longest wait in seconds, whatever its end", _greatest("max_wait")),
        Column("talk", "average seconds of conversation, of calls with one whose last queue this was",
               _ratio(_sum("talk"), _sum("talked"), 1)),
        Column("callbacks", "callbacks promised", _sum("callbacks")),
        Column("reached", "callbacks in which an agent spoke to the customer", _sum("callbacks_reached")),
    )


AGENT_COLUMNS = (
    Column("answered", "offers answered", _sum("answered")),
    Column("missed", "offers that rang out", _sum("missed")),
    Column("logged_in", "seconds logged in, pauses included", _LOGGED_IN),
    Column("ready", "seconds waiting for a call", _sum("time_ready")),
    Column("talk", "seconds in conversation and on hold", _TALK),
    Column("hold", "seconds in which the customer was held", _sum("time_hold")),
    Column("wrapup", "seconds of wrap-up", _sum("time_wrapup")),
    Column("paused", "seconds paused", _sum("time_paused")),
    Column("aht", "average handling time: (talk + wrap-up) / answered",
           _ratio(lambda sums: (_TALK(sums) or 0.0) + sums.get("time_wrapup", 0.0), _sum("answered"), 1)),
    Column("occupancy", "(rung, talking, hold, wrap-up) / (the same + ready)",
           _ratio(_OCCUPIED, lambda sums: (_OCCUPIED(sums) or 0.0) + sums.get("time_ready", 0.0))),
)
CALL_COLUMNS = (
    Column("calls", "calls that began", _sum("calls")),
    Column("answered", "of them, those whose voice path was opened, by a flow or a person", _sum("answered")),
    Column("conversations", "of them, those with a conversation between two people", _sum("talked")),
    Column("talk", "average seconds of conversation, of calls with one", _ratio(_sum("talk"), _sum("talked"), 1)),
    Column("duration", "seconds from offer to end, all together", _sum("duration")),
    Column("longest", "seconds of the longest call", _greatest("max_duration")),
    Column("transfers", "transfers", _sum("transfers")),
)
SUBJECTS = MappingProxyType({"queues": "queue", "agents": "agent", "lines": "line", "numbers": "number",
                             "dispositions": "disposition", "directions": "direction", "calls": "all"})


def columns(report: str, variant: str = "b") -> tuple[Column, ...]:
    """Of a report, one of SUBJECTS. Refused: bad_parameters."""
    if report not in SUBJECTS:
        raise Refused("bad_parameters", f"there is no report {report!r}: one of {', '.join(SUBJECTS)}")
    if variant not in VARIANTS:
        raise Refused("bad_parameters", f"there is no variant {variant!r}: one of {', '.join(VARIANTS)}")
    return queue_columns(variant) if report == "queues" else AGENT_COLUMNS if report == "agents" else CALL_COLUMNS


def rows(store: Store, report: str, since: date, until: date, *, by: str = "day", name: str = "", variant: str = "b"
         ) -> list[dict[str, Any]]:
    """One mapping for each name and time with anything to tell; `until` is the last day. Refused: bad_parameters.

    Whole years and months are read as such, and days only at the edges: ten years are ten sums of a figure, not 3,650.
    """
    wanted = columns(report, variant)
    if by not in BY:
        raise Refused("bad_parameters", f"'by' must be one of {', '.join(BY)}")
    if until < since:
        raise Refused("bad_parameters", f"{until} comes before {since}")
    sums: dict[tuple[str, str], dict[str, float]] = {}
    length = BY[by]
    for grain, begin, end in _cover(since, until + timedelta(days=1), by):
        for who, time, figure, value in store.query(_EACH, (grain, SUBJECTS[report], begin, end, name, name)):
            found = sums.setdefault((time[:length], who), {})
            was = found.get(figure, 0.0)
            found[figure] = max(was, value) if figure.startswith(GREATEST) else was + value
    if len(sums) > MOST_ROWS:
        raise Refused("too_many", f"these are {len(sums)} rows, more than {MOST_ROWS}: ask for a shorter time, or by "
                      "something longer")
    return [{"time": time, "name": who} | {column.name: column.of(found) for column in wanted}
            for (time, who), found in sorted(sums.items())]


def _cover(since: date, after: date, by: str) -> Iterator[tuple[str, str, str]]:
    """(grain, from, before) of sums that are the days from `since` to before `after` together, the fewest there are."""
    if by in ("hour", "day"):
        yield by, since.isoformat(), after.isoformat()
        return
    coarse = ("month", 7, _next_month) if by == "month" else ("year", 4, _next_year)
    yield from _split(since, after, (coarse, ("month", 7, _next_month)) if by != "month" else (coarse,))


def _split(since: date, after: date, grains: Sequence[tuple[str, int, Callable[[date], date]]]
           ) -> Iterator[tuple[str, str, str]]:
    """Whole units of the first grain in the middle; the edges by the grains that follow, and at last by days."""
    if since >= after:
        return
    if not grains:
        yield "day", since.isoformat(), after.isoformat()
        return
    grain, length, following = grains[0]
    first = following(since - timedelta(days=1))
    last = after if following(after - timedelta(days=1)) == after else _begin(after, length)
    if first >= last:
        yield from _split(since, after, grains[1:])
        return
    yield from _split(since, first, grains[1:])
    yield grain, first.isoformat()[:length], last.isoformat()[:length]
    yield from _split(last, after, grains[1:])


def _begin(day: date, length: int) -> date:
    """Of its month or year."""
    return day.replace(day=1) if length == 7 else day.replace(month=1, day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1)
