"""`ccappliance cards`: a system.conf is printed, and written only when asked, the old one kept. Cards: tests/cards."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ccappliance.interfaces.cli import cards
from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.site import Site

SPANS = """\
driver: dahdi
spans: {office: {type: analog, number: 1, ports: [{port: fxo, channels: "1-4"}]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cards.shutil, "which", lambda *args, **kwargs: None)  # no dahdi_cfg on this machine
    (tmp_path / "spans.yaml").write_text(SPANS, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    def nothing(*_: object) -> Any:
        raise AssertionError("not asked for here")

    roof = Roof(run=nothing, test=nothing, simulate=nothing, site=lambda: Site, config_directory=lambda: folder)
    return CliRunner().invoke(build(roof), ["cards", *words])


def test_nothing_is_written_unless_asked(folder: Path) -> None:
    target = folder / "system.conf"
    done = run(folder, "system-conf", "--to", str(target))
    assert done.exit_code == 0
    assert "fxsks=1-4" in done.output
    assert "not checked: there is no dahdi_cfg" in done.output
    assert not target.exists()


def test_what_was_there_is_kept_and_never_overwritten(folder: Path) -> None:
    target = folder / "dahdi" / "system.conf"
    told = json.loads(run(folder, "system-conf", "--to", str(target), "--write", "--json").stdout)
    assert (told["written"], told["kept"]) == (str(target), None)
    assert target.read_text(encoding="utf-8") == told["text"]
    for number, name in enumerate(("system.conf.before-ccappliance", "system.conf.before-ccappliance.1")):
        target.write_text(f"# mine {number}\n", encoding="utf-8")
        told = json.loads(run(folder, "system-conf", "--to", str(target), "--write", "--json").stdout)
        assert told["kept"] == str(target.with_name(name))
        assert target.with_name(name).read_text(encoding="utf-8") == f"# mine {number}\n"
    again = json.loads(run(folder, "system-conf", "--to", str(target), "--write", "--json").stdout)
    assert again["kept"] is None  # nothing has changed


def test_a_place_that_cannot_be_written_is_refused(folder: Path) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    done = run(folder, "system-conf", "--to", str(folder / "file" / "system.conf"), "--write")
    assert done.exit_code == 1
    assert "cannot be written" in done.output


def test_a_site_without_cards_is_sent_to_detect(folder: Path) -> None:
    (folder / "spans.yaml").write_text("driver: simulated\n", encoding="utf-8")
    done = run(folder, "system-conf")
    assert done.exit_code == 1
    assert "cards detect" in done.output


def test_where_there_are_no_cards_detect_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise FileNotFoundError(2, "no /dev/dahdi")

    monkeypatch.setattr(cards, "DahdiKernel", none)
    done = run(folder, "detect")
    assert done.exit_code == 1
    assert "dahdi" in done.output
    found = json.loads(run(folder, "detect", "--json").stdout)
    assert (found["spans"], found["proposal"]) == ([], "")
    assert found["missing"]
