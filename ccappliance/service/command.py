"""Running a command of the technician's: what it is given on its input, bounded in time, never in the loop's way."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

from ccappliance.base.errors import CcError

MAX_COMPLAINT = 300  # characters of its error output that are told


class CommandFailed(CcError):
    """It could not be started, took too long, or ended with a code; the sentence says which."""


async def run_command(words: Sequence[str], given: bytes, timeout: float) -> None:
    """Run a command without a shell and wait for its good end. It is dead when this returns. CommandFailed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            start_new_session=True)
    except OSError as error:
        raise CommandFailed(f"{words[0]} cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(timeout):
            _, complaint = await process.communicate(given)
    except TimeoutError as error:
        raise CommandFailed(f"{words[0]} did not end within {timeout:g} s") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode != 0:
        said = complaint.decode("utf-8", "replace").strip()[:MAX_COMPLAINT]
        raise CommandFailed(f"{words[0]} ended with code {process.returncode}" + (f": {said}" if said else ""))
