"""A call of a whole house: its recording is heard, held, deleted; its legs and reasons are in its records."""

import asyncio
from pathlib import Path

import pytest
from storyteller import HERE, facts, tell, trouble

from ccappliance.base.errors import Refused
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.leg_store import LegStore
from ccappliance.interfaces.control.custody import HouseRecordings
from ccappliance.sim.play import Stage
from ccappliance.store.database import Store

pytestmark = pytest.mark.slow


def test_a_recording_is_heard_held_and_deleted(prompts: Path, tmp_path: Path) -> None:
    seen: dict[str, object] = {}

    async def visit(stage: Stage, call: str) -> None:
        house = stage.house
        doors = HouseRecordings(house.keep.custody, house.switch, house.aside)
        head, *data = [item async for item in doors.give(call, "", "exported", "cli:chen", "a complaint")]
        seen["size"], seen["items"] = head["size"], len(data)
        await doors.hold(call, "a lawsuit", "cli:lawyer")
        with pytest.raises(Refused) as refused:
            await doors.delete(call, "room", "cli:chen")
        seen["refused"] = refused.value.code
        await doors.release(call, "settled", "cli:lawyer", "")
        seen["deleted"] = await doors.delete(call, "asked for", "cli:chen")
        seen["there"] = len(list(tmp_path.rglob("*.wav")))
        for _ in range(3):
            house.keep.care()
        seen["left"] = len(list(tmp_path.rglob("*.wav")))
        seen["heard"] = [row["what"] for row in await doors.heard(call)]

    def interfere(stage: Stage) -> None:
        tasks: list[asyncio.Task[None]] = []

        def hear(entry: Entry) -> None:
            if type(entry.fact).__name__ == "RecordingArchived":
                tasks.append(stage.loop.create_task(visit(stage, entry.fact.call)))  # type: ignore[attr-defined]
        stage.house.journal.follow(hear)

    story = HERE / "transfer-attended-station.yaml"
    played = tell(story, prompts, engine=True, recordings=tmp_path, interfere=interfere)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    assert seen.pop("size") > 44 + 32_000  # type: ignore[operator]
    ended = facts(played, "RecordingEnded")[0]["recording"]
    assert seen == {"items": seen["items"], "refused": "held", "deleted": [ended], "there": 1, "left": 0,
                    "heard": ["exported", "held", "released", "deleted"]}
    told = [fact["fact"] for fact in facts(played, "RecordingGiven", "RecordingHeld", "RecordingPurged")]
    assert told == ["RecordingGiven", "RecordingHeld", "RecordingHeld", "RecordingPurged"]


def test_what_rules_say_is_what_doors_can_ask(prompts: Path) -> None:
    """In the recorded queue nobody needs to ask, nor may anybody stop it; where it must not be, nobody can."""
    said: list[str] = []

    def interfere(stage: Stage) -> None:
        doors = HouseRecordings(stage.house.keep.custody, stage.house.switch, stage.house.aside)

        def ask(call: str) -> None:
            for request in (doors.start, doors.stop):
                try:
                    request(call, "cli:chen")
                except Refused as refused:
                    said.append(refused.code)

        def hear(entry: Entry) -> None:
            if type(entry.fact).__name__ == "Bridged":
                stage.loop.call_soon(ask, entry.fact.call)  # type: ignore[attr-defined]
        stage.house.journal.follow(hear)
        with pytest.raises(Refused, match="no call nobody"):
            doors.start("nobody", "cli:chen")

    played = tell(HERE / "recorded-then-not.yaml", prompts, engine=False, interfere=interfere)
    assert not played.failed, f"{played.step} {played.failed}"
    assert said[:2] == ["recorded_already", "must_be_recorded"]
    assert said[-2:] == ["never_recorded", "must_be_recorded"]


def test_the_records_of_a_transfer_are_made_again_from_its_journal(prompts: Path) -> None:
    played = tell(HERE / "transfer-attended-station.yaml", prompts, engine=False)
    store = Store(":memory:", threaded=False)
    cdrs, legs, keeping = CdrStore(store), LegStore(store), KeepingStore(store)
    entries = [Entry.parse(line) for line in played.journal]
    cdrs.catch_up(entries)
    legs.catch_up(entries)
    keeping.catch_up(entries)
    (cdr,) = [cdr for cdr in played.cdrs if cdr.direction == "in"]
    told = legs.legs(cdr.call)
    assert [(leg.role, leg.party, leg.transfer) for leg in told] == [
        ("anchor", "13800138000", ""), ("partner", "8001", ""), ("consulted", "8002", "attended")]
    assert told[2].transfer_by == told[1].leg
    assert told[1].answered_at < told[2].answered_at < told[1].ended_at < told[2].ended_at  # type: ignore[operator]
    (decided,) = keeping.decisions(cdr.call)
    assert (decided["record"], decided["queue"], decided["agent"]) == ("yes", "sales", "1001")
