"""Who calls: the VIP list with its file, what a line says, and routes that go by all of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccappliance.base.errors import ConfigError
from ccappliance.call.calendar import Calendar, CalendarSettings
from ccappliance.call.callers import Caller, Callers, LineInputs
from ccappliance.call.numbers import Numbers
from ccappliance.call.routes import Routes, RouteSettings
from ccappliance.call.vip import Known, VipClass, VipList, VipSettings, read_file

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLASSES = {"gold": VipClass(order_class=1, boost=60.0, language="en"), "nuisance": VipClass(boost=-600.0)}
VIPS = VipSettings(classes=CLASSES, numbers=(
    Known(number="010612345XX", class_="nuisance"),
    Known(number="138-0013-8000", class_="gold", label="王总"),
    Known(number="+86 10 6123 4567", class_="gold", language="zh")))


class Report:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        self.told.append((path, problem))

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        raise AssertionError


class Clock:
    def __init__(self, at: str = "2026-11-23T10:00+08:00") -> None:
        self.at = datetime.fromisoformat(at)

    def wall(self) -> datetime:
        return self.at.astimezone(UTC)

    def now(self) -> float:
        return 0.0


def callers(vips: VipSettings = VIPS) -> Callers:
    return Callers(Numbers("010"), vips, {"fxo/2": LineInputs("en", "shenzhen")})


@pytest.mark.parametrize(("calling", "vip", "language", "label"), [
    ("13800138000", "gold", "en", "王总"), ("013800138000", "gold", "en", "王总"), ("61234567", "gold", "zh", ""),
    ("01061234599", "nuisance", "", ""), ("61234600", "", "", ""), ("95588", "", "", "工商银行"), ("", "", "", "")])
def test_a_caller_is_known_however_his_number_is_written(calling: str, vip: str, language: str, label: str) -> None:
    caller = callers().find("fxo/1", calling)
    assert (caller.vip.name, caller.language, caller.label) == (vip, language, label)


def test_what_the_line_says_counts_where_the_list_says_nothing() -> None:
    assert [callers().find("fxo/2", calling).language for calling in ("13911112222", "61234567", "13800138000")] == [
        "en", "zh", "en"]
    assert callers().find("fxo/2", "").site == "shenzhen"
    assert callers().find("fxo/2/17", "").site == "shenzhen", "a B channel of a span has what the span says"


def test_a_file_of_callers_and_each_of_its_mistakes_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "vip.csv"
    file.write_text("\ufeffnumber,class,label\n13900001111,gold,\"李, 总\"\n400.,nuisance,\n", encoding="utf-8")
    listed = VipList(VipSettings(classes=CLASSES, file=str(file)), Numbers().read)
    assert listed.find(Numbers().read("+8613900001111")).label == "李, 总"
    assert listed.find(Numbers().read("4008101234")).name == "nuisance"
    file.write_text("number,class\n13900001111,platinum\n1390000Q,gold\n139,gold,x,y\n", encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        read_file(file, CLASSES)
    assert "vip.csv:4" in str(wrong.value)
    file.write_text("number,class,language\n13900001111,platinum,\n1390000Q,gold,fr\n", encoding="utf-8")
    report = Report()
    VipSettings(classes=CLASSES, file=str(file)).check(report, "vip")
    assert [problem.partition("vip.csv:")[2][:2] for _, problem in report.told] == ["2:", "3:", "3:"]
    for text in ("telephone,class\n", ""):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="its columns are"):
            read_file(file, CLASSES)
    report = Report()
    VipSettings(file="vip.csv").check(report, "vip")
    VipSettings(file=str(tmp_path / "none.csv")).check(report, "vip")
    VipSettings(numbers=(Known(number="12?", class_="x"),)).check(report, "vip")
    assert [path for path, _ in report.told] == ["vip.file"] * 2 + ["vip.numbers[0].class", "vip.numbers[0].number"]


def route(**rule: str) -> Callable[[Caller], bool]:
    """Whether a caller on fxo/1 goes by this rule."""
    report = Report()
    settings = RouteSettings(source="lines", to="queue:here", **rule)
    settings.check(report, "routes[0]")
    assert not report.told
    office = Calendar(CalendarSettings(open={"mon": ("09:00-12:00", "13:30-18:00")}, country="cn"), SHANGHAI)
    routes = Routes([settings, RouteSettings(source="lines", to="queue:else")], {"office": office}, Clock(), SHANGHAI)

    def holds(caller: Caller) -> bool:
        found = routes.from_line("fxo/1", "61234567", caller.number.shown, caller)
        assert found is not None
        return found.destination == "queue:here"
    return holds


@pytest.mark.parametrize(("rule", "who"), [
    ({"region": "北京"}, ["gold", "city", "beijing"]), ({"region": "Shenzhen"}, ["south"]),
    ({"region": "广东省"}, ["south"]),
    ({"carrier": "移动"}, ["gold", "beijing"]), ({"carrier": "China Telecom"}, ["telecom"]),
    ({"kind": "short"}, ["bank"]), ({"kind": "withheld"}, ["nobody"]),
    ({"vip": "gold"}, ["gold", "city"]), ({"vip": "any"}, ["gold", "city"]), ({"language": "en"}, ["gold"]),
    ({"site": "shenzhen"}, []), ({"calling": "139."}, ["beijing"]),
    ({"when": 'caller_city = "深圳" or vip'}, ["gold", "city", "south"]),
    ({"when": 'caller_kind in ["short", "withheld"]'}, ["bank", "nobody"]),
    ({"when": 'weekday = 1 and time >= "10:00" and caller_service = "工商银行"'}, ["bank"]),
    ({"calendar": "office", "when": 'calendar = "open" and caller_carrier = "电信"'}, ["telecom"]),
    ({"region": "北京", "carrier": "移动", "when": "not vip"}, ["beijing"]),
])
def test_routes_go_by_who_calls(rule: dict[str, str], who: list[str]) -> None:
    people = {"gold": "13800138000", "city": "61234567", "beijing": "13911112222", "south": "075586123456",
              "telecom": "18912345678", "bank": "95588", "nobody": ""}
    holds = route(**rule)
    assert [name for name, calling in people.items() if holds(callers().find("fxo/1", calling))] == who


@pytest.mark.parametrize(("at", "destination"), [
    ("2026-11-23T10:00+08:00", "open"), ("2026-11-23T12:30+08:00", "lunch"), ("2026-11-23T08:00+08:00", "shut"),
    ("2026-10-01T10:00+08:00", "holiday"), ("2026-11-22T10:00+08:00", "shut"), ("2026-10-10T10:00+08:00", "open")])
def test_open_lunch_holiday_and_closed_each_have_a_destination(at: str, destination: str) -> None:
    """F53, F54."""
    office = Calendar(CalendarSettings(open=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (
        "09:00-12:00", "13:30-18:00")), country="cn"), SHANGHAI)
    rules = [RouteSettings(source="lines", calendar="office", when=when, to=to) for when, to in (
        ("holiday", "holiday"), ("lunch", "lunch"), ("closed", "shut"), ("", "open"))]
    found = Routes(rules, {"office": office}, Clock(at), SHANGHAI).from_line("fxo/1", "", "")
    assert found is not None
    assert found.destination == destination


@pytest.mark.parametrize(("rule", "key", "words"), [
    ({"region": "Beijin"}, "region", "Beijin"), ({"carrier": "沃达丰"}, "carrier", "沃达丰"),
    ({"when": "caller_cty = 1"}, "when", "did you mean 'caller_city'"), ({"when": "vars.x = 1"}, "when", "branch"),
    ({"when": "open"}, "when", "of no calendar"), ({"calendar": "office", "when": "often"}, "when", "often")])
def test_what_a_route_cannot_mean_is_told(rule: dict[str, str], key: str, words: str) -> None:
    report = Report()
    RouteSettings(source="lines", to="queue:here", **rule).check(report, "routes[0]")
    assert [path for path, _ in report.told] == [f"routes[0].{key}"]
    assert words in report.told[0][1]


def test_the_wall_clock_steps_and_the_calendar_follows_it() -> None:
    """Scenario 14 of QUEUES, the calendar's half."""
    clock = Clock("2026-11-23T17:30+08:00")
    office = Calendar(CalendarSettings(open={"mon": ("09:00-18:00",)}), SHANGHAI)
    routes = Routes([RouteSettings(source="lines", calendar="office", to="queue:open"),
                     RouteSettings(source="lines", to="queue:closed")], {"office": office}, clock, SHANGHAI)
    seen = []
    for step in (0, 1, -1, -9):
        clock.at += timedelta(hours=step)
        found = routes.from_line("fxo/1", "", "")
        assert found is not None
        seen.append(found.destination)
    assert seen == ["queue:open", "queue:closed", "queue:open", "queue:closed"]
