"""How quickly a flow answers a digit, measured on the sound at the line; and 240 callers in it at once.

A caller presses a key while the menu plays, again and again. On the tape of his line (left what comes in, right what we
send) stand the digit's first and last sample, the sample after which the prompt is silent, and the next prompt's first
one. In virtual time the delays are those of detector, tick and loop alone: the peer of the same callers in real time.
"""

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ccappliance import VERSION
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.ids import Ids
from ccappliance.base.units import FRAME, RATE
from ccappliance.call.journal import MemorySink
from ccappliance.config.load import OVERRIDES, Source, bind_sources, read_directory
from ccappliance.config.tree import Findings
from ccappliance.house import House, Surroundings
from ccappliance.media.ports import MediaPort, Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.people import Person
from ccappliance.sim.world import Street, engine_sound
from ccappliance.site import Site
from ccappliance.store.database import Store

CONFIGURATION = Path("etc/ccappliance")
CALLERS, ALONE = 240, 12
PRESSES = 8
NEXT, SILENT = 0.060, 0.100  # asked, p99: from the digit's end to the next prompt, from its onset to silence
QUIET = 40  # of int16; A-law's silence is 8
GAP = RATE // 200  # 5 ms without a loud sample: the digit is over
MARK = RATE // 50  # the beginning of a prompt is louder than LOUD
LOUD = 4000
PROMPT = 30.0  # seconds: nobody hears its end
ARRIVALS = 30.0  # calls a second


class Hiss:
    """A voice whose every text is noise without a pause and begins with a mark: the first sample can be seen."""

    def __init__(self) -> None:
        noise = np.random.default_rng(7).integers(800, 2400, int(RATE * PROMPT)) * 1.0
        noise[:MARK] *= 6
        noise[::2] *= -1
        self._pcm = noise.astype("<i2").tobytes()

    def fingerprint(self, language: str) -> str:
        return f"hiss {language}"

    def speak(self, text: str, language: str) -> bytes:
        return self._pcm


@dataclass
class Heard:
    """Seconds, of all digits of all callers."""

    silent: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    unanswered: int = 0


@dataclass(frozen=True)
class Run:
    """What one run has shown."""

    heard: Heard
    calls: int
    share: float  # of one core: the house, its street, and the tick of both
    missed: int
    late: int
    ticks: int
    worst: float


def _site(lines: int) -> Site:
    """One flow of one menu, on as many lines."""
    prompt = {"zh": "菜单", "en": "menu"}
    menu = {"type": "menu", "prompt": prompt, "keys": {"1": "menu"}, "invalid": "over", "timeout": "over",
            "seconds": 60}
    added = {"lines": {f"speed/{number}": {"type": "fxo", "channel": 9 + number, "number": f"6300{number:04d}"}
                       for number in range(lines)},
             "flows": {"speed": {"start": "menu", "nodes": {"menu": menu, "over": {"type": "hangup"}}}},
             "routes": [{"source": "lines", "to": "flow:speed"}]}
    findings = Findings()
    sources = read_directory(CONFIGURATION, findings)
    findings.raise_errors()
    return bind_sources([*sources, Source(f"{OVERRIDES}/speed.yaml", json.dumps(added).encode())], Site).value


async def _caller(person: Person, number: str, port: MediaPort, wait: float, chance: random.Random,
                  heard: Heard) -> None:
    """Call, and press a key again and again while the menu plays."""
    await asyncio.sleep(wait)
    await person.call(number)
    await asyncio.sleep(6.0)  # rings, caller ID, answer, the first of the menu
    tape, sound = port.tape(), bytearray()
    for _ in range(PRESSES):
        await asyncio.sleep(chance.uniform(0.6, 1.2))
        await person.send(_digit(chance))
        await asyncio.sleep(0.1)
        sound += tape.read()
    await asyncio.sleep(0.5)
    tape.stop()
    sound += tape.read()
    person.hang_up()
    _measure(np.frombuffer(bytes(sound), "<i2").reshape(-1, 2), heard)


def _digit(chance: random.Random) -> Sound:
    """A 1 of 50 to 120 ms at any phase of the tick: before it stand 0 to 159 samples of silence."""
    samples = int(RATE * chance.uniform(0.05, 0.12))
    at = np.arange(samples) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * at) for hertz in (697, 1209)) * 4000
    lead = np.zeros(chance.randrange(FRAME))
    rest = np.zeros(-(len(lead) + samples) % FRAME)
    return Sound("digit 1", np.concatenate((lead, tones, rest)).astype("<i2").tobytes())


def _measure(sound: "np.ndarray", heard: Heard) -> None:
    came, sent = (np.flatnonzero(np.abs(sound[:, side].astype(int)) > QUIET) for side in (0, 1))
    breaks = np.flatnonzero(np.diff(came) > GAP)
    onsets = came[np.concatenate(([0], breaks + 1))] if len(came) else came
    ends = came[np.concatenate((breaks, [len(came) - 1]))] if len(came) else came
    marked = np.flatnonzero(np.abs(sound[:, 1].astype(int)) > LOUD)
    starts = marked[np.concatenate(([True], np.diff(marked) > MARK))] if len(marked) else marked
    for onset, end in zip(onsets, ends, strict=True):
        after = starts[starts > onset]
        if not len(after) or after[0] > end + RATE / 2:
            heard.unanswered += 1
            continue
        heard.answered.append((after[0] - end) / RATE)
        heard.silent.append((sent[np.searchsorted(sent, after[0]) - 1] - onset) / RATE)
    heard.unanswered += max(0, PRESSES - len(onsets))


async def _run(lines: int, cache: Path, *, virtual: bool) -> Run:
    loop = asyncio.get_running_loop()
    site, chance = _site(lines), random.Random(9)
    zone = load_zones()[site.system.zone]
    clock = LoopClock(loop, datetime(2026, 11, 23, 1, tzinfo=UTC))
    sound = engine_sound(loop, zone, site.voice_paths, virtual=virtual, realtime=not virtual)
    street = Street(site, loop=loop, far=sound.far, zone=zone, chance=chance, clock=clock, stepped=virtual)
    house = House(site, Surroundings(
        loop=loop, outside=Outside(clock, chance, Ids(1)), zone=zone, media=sound.near, driver=street.driver,
        sink=MemorySink(keep=False), store=Store(":memory:", threaded=False), cache=cache, recordings=None,
        threaded=False, voice=Hiss()))
    house.open(VERSION)
    sound.beat.start()
    heard = Heard()
    people = [street.person(f"caller {number}", number=f"1380000{number:04d}") for number in range(lines)]
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(
        _caller(person, f"6300{number:04d}", house.switch.circuits[f"speed/{number}"].port, number / ARRIVALS,
                random.Random(number), heard) for number, person in enumerate(people)))
    share = (time.process_time() - used) / (time.perf_counter() - began)
    beat = sound.beat
    run = Run(heard, lines, share, sound.near.stats().missed, getattr(beat, "late", 0), getattr(beat, "ticks", 0),
              getattr(beat, "worst_late", 0.0))
    await asyncio.sleep(3.0)
    await house.close("measured")
    beat.stop()
    street.close()
    return run


def _p99(delays: list[float]) -> float:
    return statistics.quantiles(delays, n=100)[98]


def measure() -> Iterator[str]:
    """Delays on the line in virtual and in real time, and what 240 calls cost."""
    with tempfile.TemporaryDirectory(prefix="ccappliance-ivr-") as folder:
        cache = Path(folder)
        alone = run_virtual(_run(ALONE, cache, virtual=True))
        many = asyncio.run(_run(CALLERS, cache, virtual=False))
    for name, run in (("virtual time", alone), (f"{CALLERS} at once, real time", many)):
        heard = run.heard
        yield (f"IVR, {name}: from a digit's end to the next prompt's first sample p50 "
               f"{statistics.median(heard.answered) * 1e3:.0f} ms, p99 {_p99(heard.answered) * 1e3:.0f} (asked: "
               f"{NEXT * 1e3:.0f}); from its onset until the prompt is silent p50 "
               f"{statistics.median(heard.silent) * 1e3:.0f}, p99 {_p99(heard.silent) * 1e3:.0f} (asked: "
               f"{SILENT * 1e3:.0f}); {len(heard.answered)} digits, {heard.unanswered} not answered")
    yield (f"  ratio of the p99 of silence to virtual time {_p99(many.heard.silent) / _p99(alone.heard.silent):.2f} "
           f"(below 0: it is answered while the key is still pressed); {CALLERS} calls, their callers and the exchange "
           f"took {many.share:.0%} of a core; {many.missed} frames missed, {many.late} of {many.ticks} ticks late "
           f"(worst {many.worst * 1e3:.1f} ms)")
