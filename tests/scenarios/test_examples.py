"""The example flows, copied as their README says: right, drawn, played by their stories, and tried whole."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from storyteller import ROOT

from ccappliance.__main__ import roof
from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import CoverageResult, StoryResult, TestOptions
from ccappliance.sim.rehearsal import play_files

pytestmark = pytest.mark.slow
EXAMPLES = ROOT / "examples"


@pytest.fixture
def site(tmp_path: Path, prompts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration with all examples in it."""
    site = tmp_path / "etc"
    shutil.copytree(ROOT / "etc" / "ccappliance", site)
    for folder in ("flows", "tests", "conf.d", "tables"):
        shutil.copytree(EXAMPLES / folder, site / folder, dirs_exist_ok=True)
    for path in (site / "conf.d").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("/etc/ccappliance", str(site)), "utf-8")
    monkeypatch.setenv("CCAPPLIANCE_STATE", str(prompts))
    return site


def test_every_story_passes_and_every_node_and_way_is_tried(site: Path) -> None:
    results = list(play_files(TestOptions((), site, engine=False, coverage=True), site))
    stories = [one for one in results if isinstance(one, StoryResult)]
    flows = [one for one in results if isinstance(one, CoverageResult)]
    assert {one.path.name: one.problem for one in stories if not one.passed} == {}
    assert len(stories) == len(list((site / "tests").glob("*.yaml")))
    assert {one.flow for one in flows} == {path.stem for path in (site / "flows").glob("*.yaml")}
    assert {one.flow: one.missing for one in flows if one.percent < 100} == {}


def test_they_are_right_and_can_be_drawn_together(site: Path, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(build(roof()), [*words, "--config", str(site)])
        assert result.exit_code == 0, result.output
        return result.output

    assert "all flows are right" in run("flows", "check")
    run("flows", "draw", "--all", "--out", str(tmp_path / "all.svg"))
    words = {text for node in ElementTree.parse(tmp_path / "all.svg").iter() for text in [node.text] if text}
    assert words >= {"流程 bank_balance", "queue:service", "查询"}
    assert "bank_balance" in run("flows", "list")
    assert "您的账户余额为" in run("flows", "show", "bank_balance")
