"""Routes and trunk groups: the first rule that holds, what a telephone may dial, which line is taken."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ccappliance.base.dialplan import Match
from ccappliance.base.errors import Refused
from ccappliance.call.calendar import Calendar, CalendarSettings
from ccappliance.call.routes import Routed, Routes, RouteSettings
from ccappliance.call.trunks import TrunkGroup, TrunkGroupSettings


class Noon:
    at = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in China

    def wall(self) -> datetime:
        return self.at

    def now(self) -> float:
        return 0.0


def routes(clock: Noon) -> Routes:
    office = Calendar(CalendarSettings(open={"mon": ("09:00-18:00",)}), ZoneInfo("Asia/Shanghai"))
    return Routes([
        RouteSettings(source="lines", line="fxo/2", to="queue:vip"),
        RouteSettings(source="lines", calling="139.", to="queue:sales"),
        RouteSettings(source="lines", calendar="office", when="closed", to="flow:night"),
        RouteSettings(source="lines", called="6123456X", to="flow:main"),
        RouteSettings(source="stations", called="80XX", to="station:{called}"),
        RouteSettings(source="stations", called="9.", to="trunk:pstn/{rest}"),
        RouteSettings(source="stations", called="*11", to="agent:login"),
        RouteSettings(source="stations", called="6ZXX", to="trunk:pbx/{rest}"),
        RouteSettings(source="stations", called="110", to="trunk:pstn/{rest}"),
    ], {"office": office}, clock)


@pytest.mark.parametrize(("line", "called", "calling", "expected"), [
    ("fxo/2", "", "", Routed("queue:vip", "routes[0]")),
    ("fxo/1", "61234567", "13912345678", Routed("queue:sales", "routes[1]")),
    ("fxo/1", "61234567", "", Routed("flow:main", "routes[3]")),
    ("fxo/1", "7", "", None),
])
def test_the_first_rule_that_holds_decides(line: str, called: str, calling: str, expected: Routed | None) -> None:
    assert routes(Noon()).from_line(line, called, calling) == expected


def test_a_closed_office_goes_elsewhere() -> None:
    clock = Noon()
    clock.at = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert routes(clock).from_line("fxo/1", "61234567", "") == Routed("flow:night", "routes[2]")


@pytest.mark.parametrize(("dialled", "to"), [("8001", "station:8001"), ("913800138000", "trunk:pstn/13800138000"),
                                             ("*11", "agent:login"), ("9", None), ("5", None),
                                             ("6123", "trunk:pbx/123"), ("110", "trunk:pstn/110")])
def test_what_a_telephone_may_dial(dialled: str, to: str | None) -> None:
    assert routes(Noon()).from_station(dialled) == to


def test_a_telephone_knows_when_a_number_is_whole() -> None:
    plan = routes(Noon()).dialplan
    assert [plan.match(digits) for digits in ("8", "8001", "9", "91", "*1", "*11", "5")] == [
        Match.PARTIAL, Match.COMPLETE, Match.PARTIAL, Match.COMPLETE_OR_MORE, Match.PARTIAL, Match.COMPLETE,
        Match.IMPOSSIBLE]


class Line:
    kind = "fxo"
    state = "idle"

    def __init__(self, name: str) -> None:
        self.name = name
        self.idle = True


def group(order: str) -> tuple[TrunkGroup, dict[str, Line]]:
    lines = {name: Line(name) for name in ("fxo/1", "fxo/2", "fxo/3")}
    return TrunkGroup("pstn", TrunkGroupSettings(lines=tuple(lines), order=order), lines), lines  # type: ignore[arg-type]


@pytest.mark.parametrize(("order", "chosen"), [
    ("first", ["fxo/1", "fxo/1"]), ("last", ["fxo/3", "fxo/3"]), ("rotary", ["fxo/1", "fxo/2", "fxo/3", "fxo/1"])])
def test_the_order_of_hunting(order: str, chosen: list[str]) -> None:
    trunks, _ = group(order)
    assert [trunks.choose().name for _ in chosen] == chosen


def test_busy_and_tried_lines_are_passed_over_and_none_left_is_refused() -> None:
    trunks, lines = group("first")
    lines["fxo/1"].idle = False
    assert trunks.choose().name == "fxo/2"
    assert trunks.choose(but=["fxo/2"]).name == "fxo/3"
    with pytest.raises(Refused, match="no idle line in trunk group pstn") as refused:
        trunks.choose(but=["fxo/2", "fxo/3"])
    assert refused.value.code == "no_line"


def test_lines_at_the_end_of_a_group_are_kept_for_callbacks() -> None:
    """Others never get them; callbacks take them first, and then any other line."""
    lines = {name: Line(name) for name in ("fxo/1", "fxo/2", "fxo/3")}
    settings = TrunkGroupSettings(lines=tuple(lines), order="last", reserve=1)
    trunks = TrunkGroup("pstn", settings, lines)  # type: ignore[arg-type]
    assert [trunks.choose().name for _ in range(2)] == ["fxo/2", "fxo/2"]
    assert trunks.choose(kept=True).name == "fxo/3"
    assert trunks.idle() == 3
    lines["fxo/3"].idle = False
    assert trunks.choose(kept=True).name == "fxo/2"
    lines["fxo/3"].idle = True
    lines["fxo/1"].idle = lines["fxo/2"].idle = False
    with pytest.raises(Refused, match="kept for callbacks"):
        trunks.choose()
    assert trunks.choose(kept=True).name == "fxo/3"
    assert trunks.idle() == 1
