"""The simulated cable with bits: they cross each way, an alarm drops them, an owner hears how it is."""

import asyncio

import pytest

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import AlarmCleared, AlarmRaised, BitsChanged, Kind
from ccappliance.drivers.simulated import SimulatedDriver
from ccappliance.drivers.simulated_cas import UNUSED, SimulatedCas
from ccappliance.sim.loop import run_virtual


def test_bits_cross_within_a_multiframe_and_an_alarm_stops_them():
    async def story():
        cable = SimulatedCas(asyncio.get_running_loop(), 1, [1, 2], [(None, None)] * 2)
        near, far, told = cable.ours[1], cable.theirs[1], []
        near.connect(told.append)
        await asyncio.sleep(0.01)
        assert told == [BitsChanged(UNUSED)]
        far.signal(0b1001)
        far.signal(0b1001)
        await asyncio.sleep(0.0021)
        assert told[1:] == [BitsChanged(0b1001)]
        cable.theirs[2].signal(0b0001)
        await asyncio.sleep(0.01)
        assert len(told) == 2
        cable.near.fail("red", "no signal")
        await asyncio.sleep(0.01)
        assert told[2:] == [AlarmRaised("red", "no signal")]
        assert near.status().alarm == "red"
        with pytest.raises(LineFault, match="no signal"):
            near.signal(0b0001)
        far.signal(0b0001)
        await asyncio.sleep(0.01)
        assert len(told) == 3
        cable.near.mend()
        await asyncio.sleep(0.01)
        assert told[3:] == [AlarmCleared(), BitsChanged(0b0001)]
        for bits in (-1, 16):
            with pytest.raises(ValueError, match="0 to 15"):
                near.signal(bits)
        with pytest.raises(LineFault, match="owned already"):
            near.connect(told.append)
        with pytest.raises(LineFault, match="hook"):
            near.off_hook()
    run_virtual(story())


def test_the_driver_has_its_channels_and_no_data_channel():
    async def story():
        cable = SimulatedCas(asyncio.get_running_loop(), 1, [5, 4], [(None, None)] * 2)
        driver = SimulatedDriver(asyncio.get_running_loop(), [], ends=[cable.near])
        assert [(channel.number, channel.kind) for channel in driver.channels()] == [(4, Kind.CAS), (5, Kind.CAS)]
        assert driver.data_channels() == []
        assert driver.spans()[0].channels == (4, 5)
        with pytest.raises(LineFault, match="2 channels and 1 wires"):
            SimulatedCas(asyncio.get_running_loop(), 1, [1, 2], [(None, None)])
    run_virtual(story())
