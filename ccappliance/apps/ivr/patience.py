"""What a caller hears while his flow waits for somebody outside: after a second that it goes on, and then music."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import Prompts
from ccappliance.call.leg import LegState

T = TypeVar("T")

SOON = 1.0  # s of silence that a caller does not take for a line gone dead


async def patiently(visit: Visit, work: Coroutine[Any, Any, T], prompt: Prompts) -> T:
    """The result of `work`. Who has not been answered yet hears the exchange's ringback meanwhile; that will do.

    Keys he presses are kept for the next menu. When he leaves, `work` is cancelled.
    """
    task = asyncio.get_running_loop().create_task(work, name=f"ivr/{visit.call.id}/{visit.node}")
    try:
        await asyncio.wait([task], timeout=SOON)
        if not task.done() and visit.call.anchor.state is LegState.ANSWERED:
            await _entertain(visit, task, prompt)
        return await task
    finally:
        task.cancel()


async def _entertain(visit: Visit, task: "asyncio.Task[T]", prompt: Prompts) -> None:
    """Until the task is done."""
    anchor = visit.call.anchor
    music = [visit.tools.book.get("music", visit.call.language)]
    sounds = visit.sounds(prompt)
    playing = anchor.start(sounds or music, repeat=not sounds)
    try:
        if sounds:
            told = asyncio.get_running_loop().create_task(playing.wait())
            await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if not task.done():
                playing = anchor.start(music, repeat=True)
        await asyncio.wait([task])
    finally:
        playing.stop()
