"""The waveform of a recording: the loudest sample of each stretch, of both channels, reckoned aside and remembered."""

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Callable
from sys import byteorder

from aiohttp import web

from ccappliance.base.errors import Refused
from ccappliance.interfaces.web.rest import Ask, to_json
from ccappliance.interfaces.web.sound import Playable

HEADER = 44  # bytes of a WAV before its sound
RATE = 8_000  # samples a second of each channel
FRAME = 4  # bytes of one sample of both channels, 16 bits each
STRETCH = 4_096  # frames looked at in one go: half a second of sound, about 0.2 ms in which nobody else computes
FULL = 32_768  # the loudest sample there is
MOST_POINTS = 4_000
REMEMBERED = 64  # waveforms of two short lists each

Waves = tuple[list[int], list[int]]


class Peaks:
    """Answers waveforms. One at a time is reckoned: a desk that pages through recordings is no load for the voices."""

    def __init__(self, open_recording: Callable[[str], tuple[Playable, str]]) -> None:
        """`open_recording`: as of Sounds."""
        self._open = open_recording
        self._turn = asyncio.Lock()
        self._known: OrderedDict[tuple[str, int, int], Waves] = OrderedDict()

    async def peaks(self, ask: Ask, recording: str, points: int = 800) -> web.StreamResponse:
        """A recording's waveform: so many peaks (0 to 1000 of full scale) of the customer and of what he heard."""
        if not 1 <= points <= MOST_POINTS:
            raise Refused("bad_parameters", f"'points' must be from 1 to {MOST_POINTS}")
        loop = asyncio.get_running_loop()
        playable, _ = await loop.run_in_executor(None, self._open, recording)
        try:
            key = (recording, playable.size, points)  # one that goes on has another size a moment later
            async with self._turn:
                if key not in self._known:
                    self._known[key] = await loop.run_in_executor(None, waves, playable, points)
                self._known.move_to_end(key)
                customer, heard = self._known[key]
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        finally:
            await loop.run_in_executor(None, playable.close)
        frames = max(0, playable.size - HEADER) // FRAME
        return web.json_response({"recording": recording, "seconds": round(frames / RATE, 3), "customer": customer,
                                  "heard": heard}, dumps=to_json)


def waves(playable: Playable, points: int) -> Waves:
    """Peaks of both channels in thousandths of full scale; fewer than `points` if there are fewer samples. Waits for
    the disk.
    """
    frames = max(0, playable.size - HEADER) // FRAME
    points = min(points, frames)
    sides: Waves = ([], [])
    for point in range(points):
        at, end = frames * point // points, frames * (point + 1) // points
        loudest = [0, 0]
        while at < end:
            samples = array("h")
            samples.frombytes(playable.read(HEADER + at * FRAME, FRAME * min(STRETCH, end - at)))
            if byteorder == "big":
                samples.byteswap()
            for side in (0, 1):
                of_side = samples[side::2]
                if of_side:
                    loudest[side] = max(loudest[side], max(of_side), -min(of_side))
            at += STRETCH
        for side in (0, 1):
            sides[side].append(loudest[side] * 1000 // FULL)
    return sides
