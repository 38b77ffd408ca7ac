"""Recordings as sound for browsers and programs, with HTTP's ranges (RFC 9110 §14)."""

import asyncio
import re
from collections.abc import Callable
from typing import Protocol

from aiohttp import hdrs, web

from ccappliance.interfaces.web.access import Visitor
from ccappliance.interfaces.web.errors import BadRange
from ccappliance.interfaces.web.rest import Ask

CHUNK = 256 * 1024  # bytes read and sent at once: 8 s of sound
PATIENCE = 60.0  # s a client may leave a chunk unread
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Playable(Protocol):
    """As apps/recording/playable.py has it; reading waits for the disk."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def close(self) -> None: ...


class Sounds:
    """Plays recordings to who may hear them."""

    def __init__(self, open_recording: Callable[[str], tuple[Playable, str]],
                 heard: Callable[[Visitor, str, int, int], None]) -> None:
        """`open_recording`: id → its sound and its file's name; Refused("no_recording"); waits for the disk. `heard`:
        called once for each answer with the visitor, the recording, and the first and last byte he is sent.
        """
        self.open = open_recording
        self._heard = heard

    async def sound(self, ask: Ask, recording: str) -> web.StreamResponse:
        """A recording as WAV, or a part of it."""
        visitor, loop = ask.known, asyncio.get_running_loop()
        playable, name = await loop.run_in_executor(None, self.open, recording)
        try:
            first, last, partial = wanted(ask.request.headers.get(hdrs.RANGE, ""), playable.size)
            answer = web.StreamResponse(status=206 if partial else 200, headers={
                hdrs.CONTENT_TYPE: "audio/wav", hdrs.ACCEPT_RANGES: "bytes", hdrs.CONTENT_LENGTH: str(last + 1 - first),
                hdrs.CONTENT_DISPOSITION: f'inline; filename="{_plain(name)}"', hdrs.CACHE_CONTROL: "no-store"})
            if partial:
                answer.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{last}/{playable.size}"
            self._heard(visitor, recording, first, last)
            await ask.begin(answer)
            while first <= last:
                chunk = await loop.run_in_executor(None, playable.read, first, min(CHUNK, last + 1 - first))
                if not chunk:
                    raise ConnectionResetError("the recording is shorter than it was")
                async with asyncio.timeout(PATIENCE):
                    await answer.write(chunk)
                first += len(chunk)
            await answer.write_eof()
            return answer
        finally:
            await loop.run_in_executor(None, playable.close)


def wanted(header: str, size: int) -> tuple[int, int, bool]:
    """(first, last, partial): the bytes a Range header asks for. Several ranges, or another unit: all of it, as RFC
    9110 §14.2 allows. Refused("bad_range") for what lies behind the end.
    """
    found = _RANGE.fullmatch(header.strip().lower())
    if found is None or found.group(1) == found.group(2) == "":
        return 0, size - 1, False
    if found.group(1) == "":
        first, last = max(0, size - int(found.group(2))), size - 1
        empty = int(found.group(2)) == 0
    else:
        first, last = int(found.group(1)), min(size - 1, int(found.group(2) or size - 1))
        if found.group(2) and int(found.group(2)) < first:
            return 0, size - 1, False
        empty = False
    if first >= size or empty:
        raise BadRange(size)
    return first, last, True


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name.rpartition("/")[2])[:100] or "recording.wav"
