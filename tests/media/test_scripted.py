"""Scripted media: when its facts arrive, how far they spread, and that a day of them is cheap.

What both implementations promise is in tests/contracts/test_media.py.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ccappliance.media.ports import (
    DigitHeard,
    Ear,
    FskHeard,
    Heard,
    MediaPort,
    Sound,
    SoundHeard,
    Tone,
    ToneEnded,
    ToneHeard,
    ToneStep,
    VoiceHeard,
)
from ccappliance.media.scripted import ScriptedMedia, ScriptedPort
from ccappliance.media.scripted_ears import air_time
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

ZONE = load_zones()["cn"]
SPEECH = Sound("speech", bytes([1]) * 16000)  # one second


class Pair:
    """Two sides and wires between them; every port writes down what it hears and when."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.near, self.far = ScriptedMedia(self.loop, ZONE), ScriptedMedia(self.loop, ZONE)
        self.heard: dict[MediaPort, list[tuple[float, Heard]]] = {}

    def wire(self, name: str) -> tuple[ScriptedPort, ScriptedPort]:
        one, other = self.near.wire()
        ports = self.near.port(name, one), self.far.port(name, other)
        for port in ports:
            notes = self.heard[port] = []
            port.on_heard = lambda heard, notes=notes: notes.append((round(self.loop.time(), 3), heard))
        return ports


def scripted(story: Callable[[Pair], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        await story(Pair())

    run_virtual(play())


def test_a_detector_takes_its_time() -> None:
    async def story(pair: Pair) -> None:
        for name, heard_after, stopped_after, over_after in (
                ("dial", 1.15, 10.0, 0.06),
                ("busy", 1.11, 7.5, 0.35 * 1.1 - 0.15 + 0.06), ("busy", 1.11, 7.1, 0.35 * 1.1 + 0.06),
                ("ringback", 1.06, 10.0, 0.4 + 0.06),
                ("ringback", 1.06, 8.0, 4 * 1.1 - 2 + 0.06), ("ringback", 1.06, 5.5, 4 * 1.1 + 0.06),
                ("congestion", 2.16, 8.3, 0.7 * 1.1 + 0.06 - 0.6)):
            near, far = pair.wire(name)
            near.listen(Ear.PROGRESS)
            began = pair.loop.time()
            far.tone(ZONE.tone(name))
            await asyncio.sleep(stopped_after)
            far.silence()
            await asyncio.sleep(10)
            assert pair.heard[near] == [(pytest.approx(began + heard_after, abs=0.002), ToneHeard(name)),
                                        (pytest.approx(began + stopped_after + over_after, abs=0.002), ToneEnded(name))]

    scripted(story)


def test_digits_messages_sounds_and_voice_arrive_when_they_would() -> None:
    async def story(pair: Pair) -> None:
        near, far = pair.wire("a")
        near.listen(Ear.DTMF | Ear.FSK | Ear.PROGRESS)
        near.listen_for(SPEECH)
        message = bytes(range(20))
        await far.digits("1", on=0.1).wait()
        await far.fsk(message).wait()
        await far.play([SPEECH]).wait()
        starts = 0.1, 0.1 + air_time(message)
        assert pair.heard[near][0] == (0.06, DigitHeard("1"))
        [(at, _)] = [note for note in pair.heard[near] if note[1] == FskHeard(message)]
        assert starts[0] + 480 / 1200 + 200 / 1200 <= at <= starts[1]
        assert (round(starts[1] + 0.2, 3), SoundHeard("speech")) in pair.heard[near]
        assert [note for note in pair.heard[near] if note[1] == VoiceHeard()] == [(0.32, VoiceHeard())]

    scripted(story)


def test_what_is_too_short_late_or_cut_is_not_heard() -> None:
    async def story(pair: Pair) -> None:
        near, far = pair.wire("a")
        near.listen(Ear.DTMF | Ear.FSK)
        await far.digits("1", on=0.02).wait()
        far.digits("2")
        await asyncio.sleep(0.02)
        far.silence()
        far.fsk(bytes(20))
        await asyncio.sleep(0.5)
        near.listen(Ear.DTMF)
        near.listen(Ear.DTMF | Ear.FSK)  # FSK afresh in the middle of the data: not heard
        await asyncio.sleep(0.5)
        near.listen(Ear.PROGRESS)
        far.tone(ZONE.tone("dial"))
        await asyncio.sleep(0.9)
        far.silence()
        far.play([Sound("hush", bytes(8000))])
        await asyncio.sleep(2)
        assert pair.heard[near] == []

    scripted(story)


def test_other_tones_are_voice_only_beside_the_frequencies_of_the_zone() -> None:
    async def story(pair: Pair) -> None:
        near, far = pair.wire("a")
        near.listen(Ear.PROGRESS)
        far.tone(ZONE.tone("call_waiting"))
        await asyncio.sleep(3)
        assert pair.heard[near] == []
        far.tone(Tone("beep", (ToneStep((1000.0,), 0.5),), rounds=1))
        await asyncio.sleep(1)
        assert [heard for _, heard in pair.heard[near]] == [VoiceHeard()]

    scripted(story)


def test_a_call_is_heard_through_bridges_of_both_sides() -> None:
    """Caller's telephone - exchange - our trunk port - our station port - agent's telephone."""

    async def story(pair: Pair) -> None:
        line, caller = pair.wire("subscriber")  # here `near` plays the exchange's end
        trunk_at_exchange, trunk = pair.wire("trunk")
        station_far, station = pair.wire("station")
        exchange, ours = pair.near.bridge("exchange"), pair.far.bridge("ours")
        for port in (line, trunk_at_exchange):
            exchange.join(port)
        for port in (trunk, station):
            ours.join(port)
        agent = station_far
        for port in (agent, trunk, caller):
            port.listen(Ear.DTMF)
        await caller.digits("7").wait()
        await agent.digits("8").wait()
        assert [[heard for _, heard in pair.heard[port]] for port in (trunk, agent, caller)] == [
            [DigitHeard("7")], [DigitHeard("7")], [DigitHeard("8")]]
        caller.play([SPEECH], repeat=True)
        agent.listen_for(SPEECH)
        await asyncio.sleep(5)
        agent.listen(Ear.PROGRESS)  # an ear switched on in the middle hears what goes on
        await asyncio.sleep(0.5)
        exchange.close()
        agent.listen_for(SPEECH)
        await asyncio.sleep(3)
        assert [heard for _, heard in pair.heard[agent]][1:] == [SoundHeard("speech"), VoiceHeard()]

    scripted(story)


def test_bridges_in_a_ring_do_not_spin() -> None:
    """A call out and in again: each side bridges both wires. The talker is heard, nothing goes round for ever."""

    async def story(pair: Pair) -> None:
        a_near, a_far = pair.wire("a")
        b_near, b_far = pair.wire("b")
        for media, ports in ((pair.near, (a_near, b_near)), (pair.far, (a_far, b_far))):
            bridge = media.bridge("loop")
            for port in ports:
                bridge.join(port)
        for port in (a_near, a_far, b_near, b_far):
            port.listen(Ear.DTMF)
        await a_near.digits("5").wait()
        await asyncio.sleep(1)
        assert DigitHeard("5") in [heard for _, heard in pair.heard[a_far]]
        assert all(port.incoming == () for port in (a_near, a_far, b_near, b_far))

    scripted(story)


def test_a_port_attached_late_hears_what_is_on_the_wire() -> None:
    async def story(pair: Pair) -> None:
        one, other = pair.near.wire()
        talker = pair.near.port("talker", one)
        talker.tone(ZONE.tone("dial"))
        await asyncio.sleep(5)
        late = pair.far.port("late", other)
        heard: list[Heard] = []
        late.on_heard = heard.append
        late.listen(Ear.PROGRESS)
        await asyncio.sleep(1.2)
        assert heard == [ToneHeard("dial")]
        talker.close()
        await asyncio.sleep(1)
        assert heard == [ToneHeard("dial"), ToneEnded("dial")]

    scripted(story)


def test_without_audio_a_tape_has_length_only() -> None:
    async def story(pair: Pair) -> None:
        near, _ = pair.wire("a")
        tape = near.tape()
        await asyncio.sleep(1.5)
        assert (tape.samples, tape.read()) == (12000, b"")

    scripted(story)


@pytest.mark.slow
def test_a_thousand_calls_take_a_fraction_of_a_second() -> None:
    """One call: greeting, digit, music in the queue, a recorded conversation; a tenth of a day's 10,000 calls."""
    music = Sound("music", bytes([1]) * 16000 * 30)

    async def call(pair: Pair, caller: ScriptedPort, trunk: ScriptedPort, station: ScriptedPort,
                   agent: ScriptedPort) -> None:
        trunk.listen(Ear.DTMF | Ear.PROGRESS)
        trunk.play([SPEECH] * 4)
        await asyncio.sleep(3)
        await caller.digits("12").wait()
        waiting = trunk.play([music], repeat=True)
        await asyncio.sleep(60)
        waiting.stop()
        bridge, tape = pair.near.bridge("call"), trunk.tape()
        bridge.join(trunk)
        bridge.join(station)
        for talker in (caller, agent) * 5:
            await talker.play([SPEECH]).wait()
        caller.tone(ZONE.tone("busy"))
        await asyncio.sleep(3)
        tape.stop()
        bridge.close()
        caller.silence()
        trunk.listen(Ear.NONE)

    async def story(pair: Pair) -> None:
        for n in range(10):
            trunk, caller = pair.wire(f"trunk/{n}")
            station, agent = pair.wire(f"station/{n}")

            async def calls(ports: tuple[ScriptedPort, ...] = (caller, trunk, station, agent)) -> None:
                for _ in range(100):
                    await call(pair, *ports)

            pair.loop.create_task(calls())
        await asyncio.sleep(100 * 110)
        assert sum(heard == DigitHeard("2") for notes in pair.heard.values() for _, heard in notes) == 1000
        assert sum(heard == ToneHeard("busy") for notes in pair.heard.values() for _, heard in notes) == 1000

    began = time.process_time()
    scripted(story)
    took = time.process_time() - began
    print(f"1,000 calls: {took:.2f} s of CPU")
    assert took < 3.0  # measured 0.4 s; the bound allows for a noisy machine
