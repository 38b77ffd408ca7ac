"""Dictation: what a caller speaks after the beep, as a recording of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.base.clock import Clock
from ccappliance.call import facts
from ccappliance.call.collect import Collect

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Entry
    from ccappliance.media.ports import Sound

ENDS = "#"
WRITTEN = 15.0  # s the recorder's disk may take before a caller goes on all the same
_WORTH = 0.05  # s of a dictation still left for which another wait is worth while


@dataclass(frozen=True, slots=True)
class Draft:
    """A dictation that was begun: the recording's id and path."""

    recording: str
    path: str


class Dictations:
    """Who takes dictations. A reader of the journal: the recorder says there what it has begun and ended."""

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = clock
        self._loop = loop
        self._begun: dict[str, Draft] = {}  # by call, while it is asked for
        self._ends: dict[str, asyncio.Future[facts.RecordingEnded]] = {}  # by recording

    def hear(self, entry: "Entry") -> None:
        fact = entry.fact
        if isinstance(fact, facts.RecordingStarted) and fact.call in self._begun:
            self._begun[fact.call] = Draft(fact.recording, fact.path)
            self._ends[fact.recording] = self._loop.create_future()
        elif isinstance(fact, facts.RecordingEnded):
            end = self._ends.pop(fact.recording, None)
            if end is not None and not end.done():
                end.set_result(fact)

    async def take(self, call: "Call", why: str, most: float, beep: "Sound", begun: Callable[[Draft], None]
                   ) -> "asyncio.Future[facts.RecordingEnded] | None":
        """Beep, and record the caller until #, `most` seconds or his end; None: no recording can be begun now.

        `begun` is told in the moment in which it begins; the future, when all of it is written. LegGone.
        """
        await call.play([beep])
        draft = self._start(call, why)
        if draft is None:
            return None
        end = self._ends[draft.recording]
        begun(draft)
        until = self._clock.now() + most
        try:
            while (left := until - self._clock.now()) > _WORTH:
                came = await call.collect(Collect(most=1, terminator=ENDS, first=left))
                if came.reason != "complete":  # other keys are part of the message
                    break
        finally:
            call.stop_recording()
        return end

    def _start(self, call: "Call", why: str) -> Draft | None:
        call.stop_recording()  # of the conversation before: a message is a recording of its own
        nothing = self._begun[call.id] = Draft("", "")
        call.record(why)
        draft = self._begun.pop(call.id)
        if draft is nothing:
            call.stop_recording()
            return None
        return draft


async def written(end: "asyncio.Future[facts.RecordingEnded]") -> facts.RecordingEnded | None:
    """The end of a dictation, when it is on disk; None if that takes so long that nobody waits for it."""
    try:
        async with asyncio.timeout(WRITTEN):
            return await asyncio.shield(end)
    except TimeoutError:
        return None
