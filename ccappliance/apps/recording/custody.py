"""Custody of recordings: who may hear, hold and delete them, each time with who and why in the journal first."""

import json
import shlex
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from ccappliance.apps.recording.playable import Playable
from ccappliance.apps.recording.purging import Purger
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.rules import Rules
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.keeping_store import KeepingStore, Kept
from ccappliance.call.transcript_store import TranscriptStore
from ccappliance.service.aside import Aside

T = TypeVar("T")
MOST_WHY = 200  # characters of a reason
CHUNK = 1 << 20
_DECODE_PATIENCE = 600.0  # s: ten hours of sound at a sixtieth of their length


class MemoryWav:
    """A WAV in a file that has no name any more: it goes with its last reader."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._file = path.open("rb")

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(max(0, length))

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Means:
    """What custody needs of the house."""

    recorder: Recorder
    rules: Rules
    kept: KeepingStore
    purger: Purger
    journal: Journal
    clock: Clock
    untrusted: Callable[[], str]
    flush: Callable[[], Awaitable[object]]  # what was told a moment ago is in the database
    aside: Aside  # what waits for the disk
    transcripts: TranscriptStore | None = None


class Custody:
    """All requests name who asks (`by`), and raise Refused with a code of their own."""

    def __init__(self, means: Means) -> None:
        self._means = means

    # ---- hearing ----

    async def give(self, call: str, recording: str, what: str, by: str, why: str) -> tuple[Kept, Playable]:
        """The sound of a recording as a WAV, and RecordingGiven before it. `recording`: "" the first there still is.
        `what`: "played" or "exported". Refused: no_recording, deleted, no_reason."""
        if what != "played":
            _reason(why)
        one = await self._find(call, recording)
        means = self._means
        means.journal.write(facts.RecordingGiven(call, one.recording, what, by, why[:MOST_WHY]))
        return one, await self.sound(one.file or one.path)

    async def sound(self, path: str) -> Playable:
        """A recording as a WAV, for who has told the journal, or lets nobody hear it. Refused."""
        playable = await self._aside(lambda: self._means.recorder.play(path))
        if path.endswith((".flac", ".opus")):
            return await self._aside(lambda: self._decoded(playable, path))
        return playable

    async def transcript(self, call: str, recording: str, by: str, why: str) -> dict[str, Any]:
        """What was said in a recording, and RecordingGiven("read") before it: {recording, call, engine, language,
        lines: [{from, to, leg, text}]}. Refused: no_recording, deleted, no_transcript."""
        means = self._means
        one = await self._find(call, recording)
        known = means.transcripts.of(one.recording) if means.transcripts is not None else None
        if known is None or known.state != "made":
            state = "none will be made" if known is None else f"it was given up: {known.why}" \
                if known.state == "given up" else "none has been made yet (recording.transcripts makes them)"
            raise Refused("no_transcript", f"recording {one.recording} has no transcript: {state}")
        means.journal.write(facts.RecordingGiven(call, one.recording, "read", by, why[:MOST_WHY]))
        return cast("dict[str, Any]", json.loads(await self._aside(lambda: means.recorder.read_text(known.text))))

    # ---- holding ----

    async def hold(self, call: str, why: str, by: str) -> None:
        """Nothing of this call is deleted until `by` releases it. Refused: no_recording, no_reason."""
        _reason(why)
        await self._find(call, "")
        self._means.purger.held[call] = None
        self._means.journal.write(facts.RecordingHeld(call, by, why, True))

    async def release(self, call: str, why: str, by: str, holder: str = "") -> None:
        """Let go what `by` holds, or somebody else (`holder`). Refused: not_held, no_reason."""
        _reason(why)
        await self._means.flush()
        holders = [row["by"] for row in self._means.kept.holds(call)]
        holder = holder or by
        if holder not in holders:
            raise Refused("not_held", f"{holder} does not hold call {call}; "
                          + (f"held by {', '.join(holders)}: name one with --holder" if holders else "nobody does"))
        self._means.journal.write(facts.RecordingHeld(call, holder, why if holder == by else f"{why} (by {by})", False))
        if len(holders) == 1:
            self._means.purger.held.pop(call, None)

    # ---- deleting ----

    async def delete(self, call: str, why: str, by: str) -> list[str]:
        """Delete all recordings of a call; their ids. Nothing is deleted if any may not be. Refused: no_reason,
        no_recording, deleted, under_way, held, too_young, clock_untrusted."""
        _reason(why)
        means = self._means
        await self._find(call, "")
        rows = [one for one in means.kept.of_call(call) if one.gone_at is None]
        holds = means.kept.holds(call)
        if holds or call in means.purger.held:
            words = "; ".join(f"{row['by']}: {row['why']}" for row in holds)
            raise Refused("held", f"call {call} is held ({words}): nothing of it can be deleted until it is released")
        for one in rows:
            self._may_delete(one)
        for one in rows:
            means.purger.purge(one, why, by)
        return [one.recording for one in rows]

    async def heard(self, call: str) -> list[dict[str, Any]]:
        """Who has heard, held, released or deleted recordings of a call: {at, what, by, why, recording}."""
        await self._means.flush()
        return self._means.kept.heard(call)

    # ---- inside ----

    def _may_delete(self, one: Kept) -> None:
        means = self._means
        if not one.file:
            raise Refused("under_way", f"recording {one.recording} has no file of its own yet: ask when it is over")
        least, _ = means.rules.kept(one.rule, one.least)
        age = means.purger.age(one, means.clock.wall())
        untrusted = means.untrusted() if least else ""
        if untrusted:
            raise Refused("clock_untrusted", f"how old recording {one.recording} is cannot be known: {untrusted}")
        if age < least:
            raise Refused("too_young", f"recording {one.recording} must be kept for {least:g} days and is {age:.1f} "
                                       "days old")

    async def _find(self, call: str, recording: str) -> Kept:
        await self._means.flush()
        rows = [one for one in self._means.kept.of_call(call) if recording in ("", one.recording)]
        there = [one for one in rows if one.gone_at is None and (one.file or one.path)]
        if there:
            return there[0]
        gone = [one for one in rows if one.gone_at is not None]
        if gone:
            raise Refused("deleted", f"recording {gone[0].recording} was deleted {gone[0].gone_at:%Y-%m-%d} by "
                                     f"{gone[0].gone_by}: {gone[0].gone_why}")
        raise Refused("no_recording", f"there is no recording {recording} of call {call}".replace("  ", " ")
                      + "; `ccappliance recordings find` shows those there are")

    async def _aside(self, work: Callable[[], T]) -> T:
        return await self._means.aside.do(work)

    def _decoded(self, coded: Playable, path: str) -> Playable:
        """FLAC or Opus as a WAV again, through the configured command. Refused("not_decoded")."""
        settings = self._means.recorder.settings.archive
        command = settings.flac_check if path.endswith(".flac") else settings.opus_check
        with tempfile.TemporaryDirectory(prefix="playing-", dir=self._means.recorder.directory) as folder:
            source, wav = Path(folder, f"it{Path(path).suffix}"), Path(folder, "it.wav")
            with source.open("wb") as file:
                for offset in range(0, coded.size, CHUNK):
                    file.write(coded.read(offset, CHUNK))
            coded.close()
            places = {"{from}": str(source), "{to}": str(wav)}
            words = [places.get(word, word) for word in shlex.split(command)]
            try:
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                      timeout=_DECODE_PATIENCE)
                if done.returncode == 0:
                    return MemoryWav(wav)
                said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            except (OSError, subprocess.SubprocessError) as error:
                said = str(error)
        raise Refused("not_decoded", f"{path} cannot be played: '{words[0]}' says {said}")


def _reason(why: str) -> None:
    if not why.strip():
        raise Refused("no_reason", "say why, with --why: it stands in the journal beside who you are")
    if len(why) > MOST_WHY:
        raise Refused("bad_parameters", f"'why' has {len(why)} characters; at most {MOST_WHY} are kept")
