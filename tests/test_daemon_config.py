"""The daemon as a process: its configuration planned, applied with a reason, and brought back."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_daemon import Box, box, facts_of  # noqa: F401  the fixture

from ccappliance.house_config import _planned

pytestmark = pytest.mark.slow


def asked(box: Box, *words: str) -> Any:  # noqa: F811
    told = box.cli("config", *words, "--json")
    return json.loads(told.stdout)


def override(box: Box) -> Path:  # noqa: F811
    return box.config / "conf.d" / "zz.yaml"


@pytest.mark.parametrize(("path", "inside"), [
    ("flows.main.nodes.menu.keys.1", ["1"]), ("flows.main", ["1"]), ("flows.mai.start", []),
    ("queues.sales.wrapup", ["2"]), ("prompts.texts.hi", ["1"]), ("lines.fxo/2.sound.agc", ["2"]), ("system.name", [])])
def test_which_calls_are_inside_of_a_change(path: str, inside: list[str]) -> None:
    alive: list[Any] = [{"id": "1", "where": "flow:main", "line": "fxo/1"},
                        {"id": "2", "where": "queue:sales", "line": "fxo/2"}, {"id": "3", "where": "", "line": "fxs/1"}]
    change: Any = {"path": path, "old": 1, "new": 2, "reload": True, "kind": "changed"}
    assert _planned(change, alive) == change | {"calls": inside}


def test_a_change_is_planned_applied_and_taken_back(box: Box) -> None:  # noqa: F811
    box.start()
    box.told("READY=1")
    assert "nothing would change" in box.cli("config", "plan").stdout
    override(box).write_text("queues: {sales: {wrapup: 20s}}\nflows: {main: {nodes: {menu: {seconds: 6s}}}}\n")
    plan = asked(box, "plan")
    assert [(row["path"], row["old"], row["new"]) for row in plan["changes"]] == [
        ("queues.sales.wrapup", 10.0, 20.0), ("flows.main.nodes.menu.seconds", 5.0, 6.0)]
    assert plan["calls"] == []
    applied = box.cli("config", "apply", "--comment", "after calls\nmore time 小结")
    assert applied.returncode == 0, applied.stderr
    assert asked(box, "plan")["changes"] == []
    history = asked(box, "history")
    assert [(row["id"], row["kind"], row["comment"], row["in_force"]) for row in history] == [
        (2, "applied", "after calls more time 小结", True), (1, "start", "", False)]
    assert history[0]["by"].startswith("cli:")
    assert "after calls more time" in box.cli("config", "history", "2").stdout
    back = box.cli("config", "rollback", "--comment", "too long")
    assert (back.returncode, override(box).exists()) == (0, False), back.stderr
    assert asked(box, "show", "--prefix", "queues.sales.wrapup")[0]["value"] == 10.0
    assert asked(box, "history")[0]["comment"] == "back to 1: too long"
    assert asked(box, "rollback", "2")["applied"], "and forward again"
    assert "20s" in override(box).read_text()
    facts = [fact for fact in facts_of(box) if fact["fact"] == "ConfigApplied"][1:]
    assert [(str(fact["by"])[:4], fact["comment"]) for fact in facts] == [
        ("cli:", "after calls more time 小结"), ("cli:", "back to 1: too long"), ("cli:", "back to 2")]
    assert facts[0]["digest"] == history[0]["digest"]


def test_edited_files_are_never_lost(box: Box) -> None:  # noqa: F811
    box.start()
    box.told("READY=1")
    override(box).write_text("queues: {sales: {wrapup: 20s}}\n")
    assert box.cli("config", "apply").returncode == 0
    override(box).write_text("queues: {sales: {wrapup: 30s}}\nnot even: right\n")
    refused = box.cli("config", "rollback")
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert "30s" in override(box).read_text()
    forced = asked(box, "rollback", "--force")
    assert (forced["applied"], forced["entry"], forced["kept"]) == (True, 1, 3)
    assert not override(box).exists()
    rows = {row["id"]: row for row in asked(box, "history")}
    assert [rows[number]["kind"] for number in (1, 2, 3, 4)] == ["start", "applied", "kept", "applied"]
    assert (Path(rows[3]["path"]) / "conf.d" / "zz.yaml").read_text().endswith("not even: right\n")
    wrong = box.cli("config", "rollback", "3")
    assert (wrong.returncode, "unknown key 'not even'" in wrong.stderr or "not even" in wrong.stderr) == (1, True)
    assert not override(box).exists(), "what is not right is not put back"
    assert box.cli("config", "rollback", "99").returncode == 1


def test_a_configuration_that_needs_a_restart_is_not_put_back(box: Box) -> None:  # noqa: F811
    box.start()
    box.told("READY=1")
    entry = box.state / "config-history" / "000001"
    told = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps(told | {"digest": "another"}))
    (entry / "files" / "conf.d" / "test.yaml").write_text("system: {realtime: true}\n")
    refused = box.cli("config", "rollback", "1")
    assert (refused.returncode, "system.realtime" in refused.stderr) == (1, True), refused.stderr
    assert "realtime: false" in (box.config / "conf.d" / "test.yaml").read_text()
