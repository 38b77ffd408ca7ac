"""Feature keys: a star and a digit within two seconds, whatever else is pressed around them."""

import asyncio

import pytest

from ccappliance.call.feature_keys import TOGETHER, FeatureKeys
from ccappliance.sim.loop import run_virtual


@pytest.mark.parametrize(("keys", "acts"), [
    ("*1", ["flash"]), ("*2", ["leave"]), ("*1*2", ["flash", "leave"]), ("**1", ["flash"]), ("12", []), ("*3", []),
    ("*31", []), ("*#1", []), ("5*1", ["flash"]), ("*11", ["flash"])])
def test_keys(keys, acts):
    async def story():
        done = []
        feature = FeatureKeys(asyncio.get_running_loop(), lambda: done.append("flash"), lambda: done.append("leave"))
        for key in keys:
            feature.digit(key)
            await asyncio.sleep(0.3)
        assert done == acts
    run_virtual(story())


@pytest.mark.parametrize(("pause", "acts"), [(TOGETHER - 0.1, ["flash"]), (TOGETHER + 0.1, [])])
def test_a_star_alone_is_nothing_after_a_while(pause, acts):
    async def story():
        done = []
        feature = FeatureKeys(asyncio.get_running_loop(), lambda: done.append("flash"), lambda: done.append("leave"))
        feature.digit("*")
        await asyncio.sleep(pause)
        feature.digit("1")
        assert done == acts
    run_virtual(story())
