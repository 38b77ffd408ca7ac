"""`ccappliance callers`, `calendars` and the warning of `config check`, on the files of a configuration."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.site import Site

FILES = """
system: {area_code: "010"}
calendars:
  office: {country: cn, open: {mon: ["09:00-12:00", "13:30-18:00"]}}
vip:
  classes: {gold: {order_class: 1, language: en}}
  numbers: [{number: "138-0013-8000", class: gold, label: 王总}]
"""


def never(*_: Any) -> Any:
    raise AssertionError


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(FILES, encoding="utf-8")
    return tmp_path


def run(site: Path, *words: str) -> Result:
    roof = Roof(never, never, never, lambda: Site, lambda: site)
    return CliRunner().invoke(build(roof), words)


def test_what_is_known_of_a_number(site: Path) -> None:
    row = json.loads(run(site, "callers", "show", "17909013800138000", "--json").output)
    assert row == row | {"number": "+8613800138000", "region": "北京", "place": "Beijing", "carrier": "移动",
                         "vip": "gold", "label": "王总", "language": "en", "class": 1}
    assert "工商银行" in run(site, "callers", "show", "95588").output


def test_when_it_is_open_and_why(site: Path) -> None:
    rows = json.loads(run(site, "calendars", "show", "2026-10-09", "--days", "4", "--json").output)
    assert [(row["open"], row["why"]) for row in rows] == [
        ([], "fri"), (["09:00-12:00", "13:30-18:00"], "exchanged: works like mon"), ([], "sun"),
        (["09:00-12:00", "13:30-18:00"], "mon")]
    assert "国庆节" in run(site, "calendars", "show", "2026-10-01", "--calendar", "office").output
    refused = run(site, "calendars", "show", "2026-10-01", "--calendar", "offce")
    assert refused.exit_code == 1
    assert "known: office" in refused.output
    assert run(site, "calendars", "show", "tomorrow").exit_code == 2


class Far:
    """The machine's clock in a year nobody knows the holidays of."""

    def wall(self) -> datetime:
        return datetime(2099, 6, 1, tzinfo=UTC)


def test_config_check_warns_of_a_year_that_is_not_known(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccappliance.interfaces.cli.config.SystemClock", Far)
    checked = json.loads(run(site, "config", "check", "--config", str(site), "--json").output)
    assert checked["ok"]
    [late] = [finding for finding in checked["findings"] if finding["key"] == "calendars.office.country"]
    assert late["severity"] == "warning"
    assert late["place"].startswith("site.yaml:4")
    assert "2099" in late["problem"]
