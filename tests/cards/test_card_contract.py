"""What every driver promises, kept by the DAHDI driver on real channels: the suite of tests/contracts, in real time."""

import asyncio
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from card_rig import DahdiRig, Rigs, contract

from ccappliance.drivers.api import Channel, Event, HookChanged, Kind, LoopBroken

sys.path.append(str(Path(__file__).parent.parent / "contracts"))
suite = importlib.import_module("test_driver")
CONTRACT = contract(suite, suite.every_driver, suite.every_lined_driver)
NOT_CARRIED = {
    "test_the_exchange_reverses_breaks_and_loses_battery":
        "DAHDI's local spans carry no polarity, and lose battery for 500 ms at most: no alarm can follow",
}


@pytest.mark.parametrize(("name", "promise", "arguments"), CONTRACT, ids=[name for name, _, _ in CONTRACT])
def test_contract(name: str, promise: Callable[..., None], arguments: tuple[Any, ...],
                  monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NOT_CARRIED:
        pytest.skip(NOT_CARRIED[name])
    rigs = Rigs()
    monkeypatch.setattr(suite, "run_virtual", rigs.run)
    promise(rigs, *arguments)


def test_the_contract_is_not_empty() -> None:
    names = {name for name, _, _ in CONTRACT}
    assert len(CONTRACT) >= 20
    assert names >= set(NOT_CARRIED)


def test_the_exchange_breaks_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What of the skipped promise can be carried."""
    async def story(rig: DahdiRig, channel: Channel, events: list[Event]) -> None:
        channel.off_hook()
        await asyncio.sleep(1)
        assert rig.exchange_sees_loop()
        assert events == []
        rig.exchange("break")
        await asyncio.sleep(2)
        assert events == [LoopBroken()]
        channel.on_hook()
        await asyncio.sleep(0.2)
        assert not rig.exchange_sees_loop()

    rigs = Rigs()
    monkeypatch.setattr(suite, "run_virtual", rigs.run)
    suite.play(rigs, story, Kind.FXO)


def test_events_that_were_lost_leave_no_wrong_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel keeps 63 events and drops the rest without a word: hanging up is among them, and is found out."""
    async def story(rig: DahdiRig, channel: Channel, events: list[Event]) -> None:
        rig.telephone(True)
        await asyncio.sleep(1)
        assert events == [HookChanged(True)]
        for _ in range(40):  # two events each, and the loop has no time for them
            rig.telephone(False)
            time.sleep(0.15)
            rig.telephone(True)
            time.sleep(0.05)
        rig.telephone(False)
        time.sleep(0.15)
        await asyncio.sleep(3)
        assert events[-1] == HookChanged(False)
        assert not channel.status().off_hook
        assert rig.driver.spans()[0].health.events_lost >= 1

    rigs = Rigs()
    monkeypatch.setattr(suite, "run_virtual", rigs.run)
    suite.play(rigs, story, Kind.FXS)
