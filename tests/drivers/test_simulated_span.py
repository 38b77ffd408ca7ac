"""The simulated E1 cable: frames take their time and arrive in order; the cut and the spoilt do not arrive."""

import asyncio

import pytest

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import AlarmCleared, AlarmRaised, Kind
from ccappliance.drivers.simulated import SimulatedDriver
from ccappliance.drivers.simulated_span import QUEUED, SimulatedE1
from ccappliance.sim.loop import run_virtual

BEARERS = [*range(1, 16), *range(17, 32)]


def cable(story):
    async def main():
        loop = asyncio.get_running_loop()
        made = SimulatedE1(loop, 1, BEARERS, 16, [(f"near{n}", f"far{n}") for n in BEARERS])
        heard, events = [], []
        made.far.data.connect(lambda frame: heard.append((loop.time(), frame)), events.append)
        await story(made, heard, events)
    run_virtual(main())


def test_a_frame_takes_the_time_of_its_octets_at_64_kbit_s():
    async def story(made, heard, events):
        made.near.data.send(b"x" * 36)  # and four of framing: 40 octets, 5 ms
        made.near.data.send(b"y" * 4)
        await asyncio.sleep(1)
        assert heard == [(pytest.approx(0.005), b"x" * 36), (pytest.approx(0.006), b"y" * 4)]
    cable(story)


def test_what_is_cut_spoilt_to_nothing_or_too_much_is_lost():
    async def story(made, heard, events):
        made.cut_data()
        made.near.data.send(b"cut")
        await asyncio.sleep(1)
        made.cut_data(False)
        made.near.data.spoil = lambda frame: b"" if frame == b"lost" else frame[::-1]
        for frame in (b"lost", b"abc", b"", b"z" * 2_000):
            made.near.data.send(frame)
        await asyncio.sleep(1)
        assert [frame for _, frame in heard] == [b"cba"]
        for _ in range(QUEUED + 5):
            made.near.data.send(b"abc")
        await asyncio.sleep(5)
        assert len(heard) == 1 + QUEUED
    cable(story)


def test_an_alarm_is_told_for_every_channel_and_the_d_channel_and_nothing_comes_through():
    async def story(made, heard, events):
        told = []
        for channel in made.far.channels():
            channel.connect(told.append)
        driver = SimulatedDriver(asyncio.get_running_loop(), [], ends=[made.far])
        driver.fail(1, "red", "no signal")
        made.near.data.send(b"abc")
        await asyncio.sleep(1)
        assert (told, events, heard) == ([AlarmRaised("red", "no signal")] * 30, [AlarmRaised("red", "no signal")], [])
        assert driver.spans()[0].alarm == made.far.channels()[0].status().alarm == "red"
        driver.mend(1)
        made.near.data.send(b"abc")
        await asyncio.sleep(1)
        assert (told[30:], events[1:], len(heard)) == ([AlarmCleared()] * 30, [AlarmCleared()], 1)
    cable(story)


def test_the_driver_tells_what_it_has_and_a_channel_has_one_owner():
    async def story(made, heard, events):
        driver = SimulatedDriver(asyncio.get_running_loop(), [], ends=[made.near])
        assert [channel.number for channel in driver.channels()] == BEARERS
        assert {channel.kind for channel in driver.channels()} == {Kind.BEARER}
        assert [data.number for data in driver.data_channels()] == [16]
        assert driver.spans()[0].channels == tuple(range(1, 32))
        with pytest.raises(LineFault, match="owned"):
            made.far.data.connect(print, print)
        with pytest.raises(LineFault, match="BEARER"):
            driver.channels()[0].off_hook()
    cable(story)
