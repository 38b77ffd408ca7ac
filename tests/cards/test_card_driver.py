"""The driver on two E1 spans wired to each other: D channels, 30 voices by the sample, bits, a card pulled and back."""

import array
import asyncio
import json
import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from far_end import assign, configure, device_of, plug_in, unassign, unplug

from ccappliance.drivers.api import AlarmCleared, AlarmRaised, BitsChanged
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.media.dsp import alaw_to_linear
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.ports import Sound
from ccappliance.media.tones import load_zones
from ccappliance.site import Site

NEAR, FAR = "9:0", "9:1"  # addresses of the two local spans
E1 = 31
SECONDS = 5
SETTLED = 1.0  # s in which every channel has found its distance to the tick
SEED = 1
RATE = 8000


@dataclass
class Pair:
    """Two E1 spans: the numbers of the first channels, and of the spans."""

    near: int
    far: int
    span: int

    def ours(self, first: int) -> dict[int, ChannelPlan]:
        return {number: ChannelPlan(place="the E1 port") for number in range(first, first + E1)}

    def as_pri(self) -> list[str]:
        return [line for first in (self.near, self.far)
                for line in (f"bchan={first}-{first + 14},{first + 16}-{first + 30}", f"dchan={first + 15}")]

    def as_cas(self) -> list[str]:
        return [f"cas={first}-{first + 30}:1101" for first in (self.near, self.far)]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    plug_in(NEAR, E1)
    plug_in(FAR, E1)
    kernel = DahdiKernel()
    told = kernel.spans()
    first: dict[int, int] = {}
    for number in range(1, sum(one["channels"] for one in told) + 1):
        first.setdefault(kernel.params(number).span, number)
    kernel.close()
    spans = {one["name"]: one["number"] for one in told}
    near, far = spans[f"DYN/loc/{NEAR}"], spans[f"DYN/loc/{FAR}"]
    yield Pair(first[near], first[far], near)
    unplug(NEAR)
    unplug(FAR)


class Bench:
    """Both ends' drivers and engines, ticked by the card's clock."""

    def __init__(self, pair: Pair) -> None:
        loop, zone = asyncio.get_running_loop(), load_zones()["cn"]
        self.near = DahdiDriver(loop, DahdiKernel(), wanted=pair.ours(pair.near))
        self.far = DahdiDriver(loop, DahdiKernel(), wanted=pair.ours(pair.far))
        self.sides = [EngineMedia(loop, zone, ports=E1) for _ in range(2)]
        self.beat = Metronome(self.sides, clock=self.near.clock())
        self.ports = [[media.port(str(channel.number), channel.wire) for channel in driver.channels()]
                      for media, driver in zip(self.sides, (self.near, self.far), strict=True)]
        self.heard: dict[int, list[Any]] = {}
        for driver in (self.near, self.far):
            for channel in driver.channels():
                channel.connect(self.heard.setdefault(channel.number, []).append)
        self.beat.start()

    def close(self) -> None:
        self.beat.stop()
        for media in self.sides:
            media.close()
        self.near.close()
        self.far.close()

    def count(self, what: str) -> int:
        return sum(getattr(voice.sound.count, what) for driver in (self.near, self.far)
                   for voice in driver.channels())  # type: ignore[attr-defined]


def play(pair: Pair, story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        bench = Bench(pair)
        try:
            await asyncio.sleep(0.5)
            await story(bench)
        finally:
            bench.close()

    asyncio.run(run())


def test_frames_cross_a_d_channel_whole(pair: Pair) -> None:
    configure(*pair.as_pri())
    chance = random.Random(SEED)
    frames = [chance.randbytes(chance.randrange(2, 261)) for _ in range(60)]

    async def story(bench: Bench) -> None:
        [near], [far] = bench.near.data_channels(), bench.far.data_channels()
        heard: dict[str, list[bytes]] = {"near": [], "far": []}
        events: list[Any] = []
        near.connect(heard["near"].append, events.append)
        far.connect(heard["far"].append, events.append)
        for frame in frames:
            near.send(frame)
            far.send(frame[::-1])
            await asyncio.sleep(0.05)  # 260 octets take 33 ms
        await asyncio.sleep(0.5)
        assert heard["far"] == frames
        assert heard["near"] == [frame[::-1] for frame in frames]
        assert events == []
        for span in (*bench.near.spans(), *bench.far.spans()):
            assert span.health is not None
            assert span.health.bad_frames == 0

    play(pair, story)


def test_thirty_channels_carry_every_sample_and_no_frame_slips(pair: Pair) -> None:
    configure(*pair.as_pri())
    noise = alaw_to_linear(random.Random(SEED).randbytes(RATE * SECONDS))

    async def story(bench: Bench) -> None:
        await asyncio.sleep(SETTLED)
        # A channel whose frames end at the very moment of the tick may miss one, once: it comes 20 ms later, and one is
        # in reserve from then on. Nothing else happens at attaching, and this is counted.
        begun = [voice.sound.count for driver in (bench.near, bench.far) for voice in driver.channels()]
        assert max(count.missed for count in begun) <= 1, begun
        assert {(count.unsent, count.dropped) for count in begun} == {(0, 0)}, begun
        before = {what: bench.count(what) for what in ("missed", "unsent", "dropped", "refused")}
        tapes = [port.tape() for port in bench.ports[1]]
        for port in bench.ports[0]:
            port.play([Sound("noise", noise)])
        pcm = [bytearray() for _ in tapes]
        for _ in range(round((SECONDS + 1) / 0.25)):
            await asyncio.sleep(0.25)
            for taken, tape in zip(pcm, tapes, strict=True):
                taken += tape.read()
        for taken in pcm:
            assert noise in array.array("h", bytes(taken))[0::2].tobytes()
        assert {what: bench.count(what) for what in before} == before
        assert bench.beat.card_ticks == bench.beat.ticks
        assert bench.beat.card_stalls == bench.beat.skipped == 0
        print(f"{len(tapes)} channels, {bench.count('frames')} frames, none missed, no slip, {bench.beat.ticks} ticks")

    play(pair, story)


def test_a_card_pulled_is_let_go_and_used_again(pair: Pair) -> None:
    configure(*pair.as_pri())
    device = device_of(pair.span)

    async def story(bench: Bench) -> None:
        [data], [other] = bench.near.data_channels(), bench.far.data_channels()
        frames: list[bytes] = []
        data.connect(lambda frame: None, lambda event: None)
        other.connect(frames.append, lambda event: None)
        unassign(device)
        await asyncio.sleep(1.5)
        ours = [bench.heard[channel.number] for channel in bench.near.channels()]
        assert all([event.alarm for event in heard] == ["removed"] for heard in ours)
        assert bench.near.spans()[0].alarm == "removed"
        assert bench.beat.ticks > 50  # sound of other cards goes on
        assign(device, pair.span, pair.near)
        configure(*pair.as_pri())
        await asyncio.sleep(3)
        assert all(isinstance(heard[-1], AlarmCleared) for heard in ours)
        assert bench.near.spans()[0].alarm is None
        data.send(b"\x00\x01\x7f")
        await asyncio.sleep(0.3)
        assert frames == [b"\x00\x01\x7f"]
        before = bench.count("frames")
        await asyncio.sleep(1)
        assert bench.count("frames") - before > 45 * 60  # both sides hear again

    play(pair, story)


def test_bits_cross_and_a_neighbours_do_not(pair: Pair) -> None:
    configure(*pair.as_cas())

    async def story(bench: Bench) -> None:
        near, far = bench.near.channels(), bench.far.channels()
        await asyncio.sleep(0.2)
        for heard in bench.heard.values():
            assert heard[-1] == BitsChanged(0b1101)
            heard.clear()
        near[5].signal(0b0001)
        await asyncio.sleep(0.1)
        near[5].signal(0b1001)
        await asyncio.sleep(0.1)
        told = {number: heard for number, heard in bench.heard.items() if heard}
        assert told == {far[5].number: [BitsChanged(0b0001), BitsChanged(0b1001)]}
        assert not any(isinstance(event, AlarmRaised) for heard in bench.heard.values() for event in heard)

    play(pair, story)


def test_what_is_detected_makes_a_system_conf_that_dahdi_cfg_takes(pair: Pair, tmp_path: Path) -> None:
    configure(*pair.as_pri())
    run = CliRunner()
    found = json.loads(run.invoke(build(_roof(tmp_path)), ["cards", "detect", "--json"]).stdout)
    assert {span["kind"] for span in found["spans"]} == {"analog", "e1"}
    (tmp_path / "spans.yaml").write_text(found["proposal"].replace("crc4: true", "crc4: false"), encoding="utf-8")
    target = tmp_path / "system.conf"
    target.write_text("# another\n", encoding="utf-8")
    done = run.invoke(build(_roof(tmp_path)), ["cards", "system-conf", "--config", str(tmp_path), "--write", "--to",
                                               str(target), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["checked"] == "checked by dahdi_cfg"
    assert target.read_text(encoding="utf-8") == told["text"]
    assert Path(told["kept"]).read_text(encoding="utf-8") == "# another\n"
    assert f"dchan={pair.near + 15}" in told["text"]


def _roof(folder: Path) -> Roof:
    def nothing(*_: object) -> Any:
        raise AssertionError("not asked for here")

    return Roof(run=nothing, test=nothing, simulate=nothing, site=lambda: Site, config_directory=lambda: folder)
