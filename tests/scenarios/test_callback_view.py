"""Callbacks as the doors see them, in a whole house: lists, the report beside the truth, and orders."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from storyteller import tell

from ccappliance.base.errors import Refused
from ccappliance.config.history import ConfigHistory
from ccappliance.house_view import View
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.sim.play import Stage

pytestmark = pytest.mark.slow

_STORY = """config: {queues: {sales: {callback: {enabled: true, group: pstn}}}}
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
  chen: {name: 陈静, number: "13900139000"}
steps:
  - wang: {calls: "61234567"}
  - wang: {hears: welcome, within: 20}
  - wang: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales, within: 15}
  - callback: {queue: sales, calling: "13800138000", told: [5, 600]}
  - chen: {calls: "61234567"}
  - chen: {hears: welcome, within: 20}
  - chen: {presses: "1"}
  - expect: {fact: QueueEntered, queue: sales, kind: call, position: 2, within: 15}
  - callback: {queue: sales, calling: "13900139000"}
  - chen: hangs up
  - wang: hangs up
  - wait: 10
  - login: {agent: "1001", station: "8001"}
  - li: {rings: 1}
  - li: lifts
  - wang: {rings: 1, within: 20}
  - wang: lifts
  - wang: {says: 喂，您好？}
  - expect: {fact: CallbackEnded, outcome: reached}
  - wang: hangs up
  - li: {hears: busy, within: 20}
  - li: hangs up
  - expect: {fact: CallbackEnded, outcome: withdrawn, by: "cli:root", within: 60}
"""


def test_lists_report_and_orders(prompts: Path, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(_STORY, encoding="utf-8")
    seen: dict[str, Any] = {}
    kept: list[asyncio.Task[None]] = []

    async def look(stage: Stage) -> None:
        view = View(stage.house, None, tmp_path, None, ConfigHistory(tmp_path))  # type: ignore[arg-type]
        operations = operations_of(view)
        while len(stage.house.callbacks.list()) < 2:
            await asyncio.sleep(1.0)
        seen["open"] = await operations.run("callbacks.list", {}, "cli:root")
        seen["queue"] = view.queue("sales")
        with pytest.raises(Refused, match="callbacks list"):
            await operations.run("callbacks.cancel", {"callback": "nothing"}, "cli:root")
        while not view.callbacks_report()[0]["reached"]:
            await asyncio.sleep(1.0)
        second = seen["open"][1]["callback"]
        await operations.run("callbacks.cancel", {"callback": second}, "cli:root")
        seen["report"] = await operations.run("callbacks.report", {}, "cli:root")
        seen["ended"] = await operations.run("callbacks.ended", {}, "cli:root")

    played = tell(path, prompts, engine=False,
                  interfere=lambda stage: kept.append(stage.loop.create_task(look(stage))))
    assert not played.failed, f"{played.step}\n{played.failed}"
    assert kept[0].done()
    kept[0].result()
    assert [(row["number"], row["name"], row["position"], row["state"]) for row in seen["open"]] == [
        ("13800138000", "王芳", 1, "waiting"), ("13900139000", "陈静", 2, "waiting")]
    assert [entry["name"] for entry in seen["queue"]["entries"]] == ["王芳", "陈静"]
    report = seen["report"][0]
    assert (report["queue"], report["promised"], report["reached"], report["told"], report["kept"]) == (
        "sales", 2, 1, 1, 1)
    assert [(row["outcome"], row["why"]) for row in seen["ended"]] == [("withdrawn", "cancelled"), ("reached", "")]
    assert played.breaches == ()
