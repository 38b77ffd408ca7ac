"""One E1 span as the daemon drives it: 31 channels on file descriptors, each recorded, with every ear open.

First the tick's cost, with the same channels on memory wires and without ears as peers. Then ten seconds of real time
beside another process that plays the card: its clock, a frame each way on every channel every 20 ms. A frame is lost
when the tick did not find it, or could not give its own, after the first second.
"""

import asyncio
import contextlib
import gc
import os
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.ears import traffic
from ccappliance.base.units import TICK
from ccappliance.media.card import CardGroup, CardWire
from ccappliance.media.dsp import linear_to_alaw
from ccappliance.media.engine import EngineMedia, EnginePort
from ccappliance.media.metronome import Metronome
from ccappliance.media.ports import Ear, Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

CHANNELS = 31
FRAME = 160
TICKS, WARM = 600, 50
SECONDS = 10.0
SETTLED = 1.0
PRIORITY = 30  # SCHED_FIFO, above the tick's
ALL = ~Ear.NONE


def _channels() -> tuple[list[socket.socket], list[CardWire]]:
    """The card's ends, and ours."""
    cards, wires, group = [], [], CardGroup()
    for _ in range(CHANNELS):
        near, card = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (near, card):
            end.setblocking(False)
        cards.append(card)
        wires.append(CardWire(near.detach(), group))
    return cards, wires


def _frames(talk: Sequence[bytes]) -> list[list[bytes]]:
    """Of each channel, A-law."""
    codes = [linear_to_alaw(pcm) for pcm in talk]
    return [[code[at:at + FRAME] for at in range(0, len(code) - FRAME + 1, FRAME)] for code in codes]


async def _cost(talk: Sequence[bytes], ears: Ear, *, cards: bool, taped: bool) -> float:
    """Median of a tick, in seconds of its thread."""
    loop = asyncio.get_running_loop()
    media = EngineMedia(loop, load_zones()["cn"], ports=CHANNELS)
    far = EngineMedia(loop, media.zone, ports=CHANNELS, name="street")
    ends, wires = _channels()
    frames, tapes, bridge = _frames(talk), [], media.bridge("b")
    for number, wire in enumerate(wires):
        memory = media.wire()
        port = media.port(f"p{number}", wire.end if cards else memory[0])
        if not cards:
            far.port(f"m{number}", memory[1]).play([Sound(f"s{number}", talk[number])], repeat=True)
        port.listen(ears)
        if number % 2 == 0:
            bridge = media.bridge(f"b{number}")
        bridge.join(port)
        if taped:
            tapes.append(port.tape())
    took = []
    for beat in range(1, TICKS + 1):
        if cards:
            for end, sent in zip(ends, frames, strict=True):
                end.send(sent[beat % len(sent)])
        began = time.thread_time()
        media.engine.tick(beat)
        took.append(time.thread_time() - began)
        far.engine.tick(beat)
        _empty(ends)
        media.dispatch()
        for tape in tapes:
            tape.read()
    media.close()
    far.close()
    for end in ends:
        end.close()
    return statistics.median(took[WARM:])


def _empty(ends: Sequence[socket.socket]) -> None:
    for end in ends:
        while True:
            try:
                end.recv(FRAME)
            except BlockingIOError:
                break


def _be_the_card(ends: Sequence[socket.socket], frames: Sequence[Sequence[bytes]], until: float) -> int:
    """In a process of its own: every 20 ms a frame each way, whatever the other side does. How often it was late."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))  # an interrupt waits for nobody
    gc.disable()
    beat, due, late = 0, time.monotonic() + TICK / 2, 0  # half a tick beside ours: nobody's frames end at the very tick
    while due < until:
        due += TICK
        time.sleep(max(0.0, due - time.monotonic()))
        late += time.monotonic() - due > TICK / 4
        for end, sent in zip(ends, frames, strict=True):
            end.send(sent[beat % len(sent)])
        _empty(ends)
        beat += 1
    return late


@dataclass(frozen=True)
class Held:
    """Ten seconds in the company of a card."""

    frames: int
    missed: int
    unsent: int
    dropped: int
    late: int
    worst: float
    taped: int  # frames
    card_late: int  # times the card itself was late, which no card is


async def _hold(talk: Sequence[bytes]) -> Held:
    media = EngineMedia(asyncio.get_running_loop(), load_zones()["cn"], ports=CHANNELS)
    ends, wires = _channels()
    ports: list[EnginePort] = [media.port(f"p{number}", wire.end) for number, wire in enumerate(wires)]
    tapes = [port.tape() for port in ports]
    for port in ports:
        port.listen(ALL)
    frames, until = _frames(talk), time.monotonic() + SETTLED + SECONDS + 0.5
    card = os.fork()
    if card == 0:
        os._exit(min(255, _be_the_card(ends, frames, until)))
    beat = Metronome([media], realtime=True)
    beat.start()
    await asyncio.sleep(SETTLED)
    before, late = [wire.count for wire in wires], beat.late
    for tape in tapes:
        tape.read()
    taped = 0
    for _ in range(round(SECONDS / 0.1)):
        await asyncio.sleep(0.1)
        taped += sum(len(tape.read()) // (FRAME * 4) for tape in tapes)
    after, late = [wire.count for wire in wires], beat.late - late
    worst = beat.worst_late
    beat.stop()
    card_late = os.waitstatus_to_exitcode(os.waitpid(card, 0)[1])
    media.close()
    for end in ends:
        end.close()

    def more(what: str) -> int:
        return sum(getattr(now, what) - getattr(then, what) for now, then in zip(after, before, strict=True))

    return Held(more("frames"), more("missed"), more("unsent"), more("dropped"), late, worst, taped, card_late)


def measure() -> Iterator[str]:
    """µs of a tick with its share of 20 ms; frames lost in real time."""
    talk = traffic()[:CHANNELS]
    whole = run_virtual(_cost(talk, ALL, cards=True, taped=True))
    memory = run_virtual(_cost(talk, ALL, cards=False, taped=True))
    bare = run_virtual(_cost(talk, Ear.NONE, cards=True, taped=False))
    yield (f"tick of a span, {CHANNELS} channels on file descriptors, every ear, bridged, recorded: "
           f"{whole * 1e6:.0f} µs, {whole / TICK:.2%} of its 20 ms; ratio to memory wires "
           f"{whole / memory:.2f}, to no ears and tapes {whole / bare:.1f}")
    held = asyncio.run(_hold(talk))
    yield (f"  {SECONDS:g} s beside a card: {held.frames} frames heard, {held.missed} missed, {held.unsent} not taken, "
           f"{held.dropped} left out, {held.taped} recorded; {held.late} ticks late, the worst by "
           f"{held.worst * 1000:.1f} ms; the card was late {held.card_late} times (asked: no frame lost)")
