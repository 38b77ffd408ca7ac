"""The recorder: starts, pauses and stops recordings of calls, and tells in facts what became of each."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from ccappliance.apps.recording.archive import Archived
from ccappliance.apps.recording.disk_watch import DiskWatch, used_percent
from ccappliance.apps.recording.keeping import Keeping, Told
from ccappliance.apps.recording.playable import Playable
from ccappliance.apps.recording.salvage import Remains
from ccappliance.apps.recording.seal import Vault
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.wav import repair_recent, seconds_in
from ccappliance.apps.recording.writer import ROUND, Reel
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Journal
from ccappliance.media.ports import MediaPort, Tape
from ccappliance.service.disk import Disk

STOP_PATIENCE = 10.0  # s the disk may take for the rest of a stopped tape: as much as its ring holds (F29)
CLOSE_PATIENCE = 5.0  # s the daemon's end waits for the archiver; what has no file then gets it after the next start
MOST_GAPS = 100  # gaps told one by one; `lost` counts them all
_WATCH = 1.0  # s between looks at the disk's use and at gaps, while anything is recorded
_ODD = re.compile(r"[^A-Za-z0-9._-]")


class Recording:
    """One recording. `state`: recording, stopping; then complete or failed."""

    def __init__(self, recorder: "Recorder", name: str, call: str, path: str, why: str, tape: Tape,
                 reel: Reel | None, loop: asyncio.AbstractEventLoop) -> None:
        self.id = name
        self.call = call
        self.path = path  # below the recordings' directory; "" if no sound is kept
        self.why = why
        self.state = "recording"
        self.tape = tape
        self.reel = reel
        self.paused_by: dict[str, None] = {}  # it goes on when none of them wants it paused any more
        self.ended: asyncio.Future[facts.RecordingEnded] = loop.create_future()
        self.patience: asyncio.TimerHandle | None = None
        self._recorder = recorder

    @property
    def seconds(self) -> float:
        """Recorded so far."""
        return self.tape.samples / RATE

    def stop(self) -> None:
        """End it here; returns at once, RecordingEnded follows when all is safe. Harmless if it has ended."""
        self._recorder.stop_one(self)


class Recorder:
    """Owns all recordings. Calls never need the disk: what fails here ends a recording, never a call.

    directory=None keeps no sound (days of scripted sound): facts only. threaded=False does the writer's rounds by a
    loop timer and archives at once, so that virtual time stays deterministic; then the disk is waited for in the
    loop.
    """

    def __init__(self, settings: RecordingSettings, clock: Clock, journal: Journal, directory: Path | None, ids: Ids,
                 *, threaded: bool = True, used_space: Callable[[Path], float] = used_percent,
                 disk: Disk | None = None, vault: Vault | None = None, remains: Remains | None = None) -> None:
        self.directory = directory
        self._settings = settings
        self._clock = clock
        self._journal = journal
        self._ids = ids
        self._threaded = threaded
        self._loop: asyncio.AbstractEventLoop | None = None
        self._active: dict[str, Recording] = {}
        self._pumping: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._resuming: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._lost_seen = 0
        self._keeping: Keeping | None = None
        if directory is not None:
            self._watch = DiskWatch(clock, journal, directory, used_space)
            told = Told(self._hearer(self._finish), self._hearer(self._archived), self._hearer(self._watch.trouble),
                        self._hearer(self._watch.archive_trouble), self._hearer(self._watch.keys_trouble),
                        self._hearer(self._signed))
            self._keeping = Keeping(settings, directory, told, threaded=threaded, disk=disk, vault=vault,
                                    remains=remains)

    @property
    def settings(self) -> RecordingSettings:
        return self._settings

    @settings.setter
    def settings(self, settings: RecordingSettings) -> None:
        self._settings = settings
        if self._keeping is not None:
            self._keeping.apply(settings)

    # ---- requests ----

    def start(self, call_id: str, port: MediaPort, why: str) -> Recording | None:
        """Record this port from now on. None if the disk is too full for a recording that is not obligatory.

        Either way the journal says so: RecordingStarted, or RecordingEnded with state "refused".
        """
        loop = self._loop = asyncio.get_running_loop()
        name = self._ids.part(call_id, "recording")
        if self._keeping is not None and self._watch.look(self.settings) >= self.settings.stop_at \
                and not self._obligatory(why):
            self._journal.write(facts.RecordingEnded(call_id, name, "", 0.0, 0.0, "refused"))
            return None
        path, reel = "", None
        if self._keeping is not None:
            began = self._clock.wall()
            path = f"{began:%Y/%m/%d}/{safe_name(name)}.wav"
            label = Label(name, call_id, path, why, began.isoformat(timespec="milliseconds"))
            tape = port.tape(label.pack())
            reel = Reel(tape, label)
        else:
            tape = port.tape()
        recording = self._active[name] = Recording(self, name, call_id, path, why, tape, reel, loop)
        self._journal.write(facts.RecordingStarted(call_id, name, path, why))
        if reel is not None:
            self._begin(loop, reel)
        return recording

    def stop(self, call_id: str) -> None:
        """Stop all recordings of a call; harmless if there is none."""
        for recording in [one for one in self._active.values() if one.call == call_id]:
            self.stop_one(recording)

    def stop_one(self, recording: Recording) -> None:
        if recording.state != "recording":
            return
        recording.state = "stopping"
        recording.tape.stop()
        reel = recording.reel
        if reel is None:
            self._end(recording, "complete", recording.tape.samples, recording.tape.lost)
            return
        reel.stopping = True
        assert self._keeping is not None
        if self._threaded:
            assert self._loop is not None
            recording.patience = self._loop.call_later(STOP_PATIENCE, self._give_up, recording)
        else:
            self._keeping.round(commit=True)
            self._give_up(recording)  # harmless if it is over, as it should be

    def pause(self, call_id: str, by: str) -> bool:
        """Let nothing of what is said now get into any recording of a call; False if it is not recorded.

        Within 20 ms, and until everybody who has asked for it has asked to resume. The recordings keep their length.
        """
        found = [one for one in self._active.values() if one.call == call_id and one.state == "recording"]
        for recording in found:
            late = self._resuming.pop((recording.id, by), None)
            if late is not None:
                late.cancel()
            if not recording.paused_by:
                recording.tape.pause()
                self._journal.write(facts.RecordingPaused(call_id, recording.id, round(recording.seconds, 3), by))
            recording.paused_by[by] = None
        return bool(found)

    def resume(self, call_id: str, by: str, after: float = 0.0) -> bool:
        """Go on recording, if nobody else wants it paused; `after` so many seconds. False if `by` has not paused it."""
        found = [one for one in self._active.values() if one.call == call_id and by in one.paused_by]
        for recording in found:
            if after > 0.0:
                assert self._loop is not None
                key = (recording.id, by)
                if key in self._resuming:
                    self._resuming.pop(key).cancel()
                self._resuming[key] = self._loop.call_later(after, self._resume, recording, by)
            else:
                self._resume(recording, by)
        return bool(found)

    def _resume(self, recording: Recording, by: str) -> None:
        late = self._resuming.pop((recording.id, by), None)
        if late is not None:
            late.cancel()
        if recording.paused_by.pop(by, "not") is None and not recording.paused_by and recording.state == "recording":
            recording.tape.resume()
            self._journal.write(facts.RecordingResumed(recording.call, recording.id, round(recording.seconds, 3), by))

    def play(self, path: str) -> Playable:
        """The sound of a recording as a WAV or its archived form, wherever it lies, while it is made and after a cut.
        Refused("no_recording")."""
        if self._keeping is None:
            raise Refused("no_recording", "no sound is kept here")
        try:
            return self._keeping.play(path)
        except OSError as error:
            raise Refused("no_recording", f"there is no recording {path}: {error.strerror}") from error

    def remove(self, path: str) -> None:
        """Delete the file of a recording; after its RecordingPurged is safe."""
        if self._keeping is not None and path:
            self._keeping.remove(path)

    async def keep_text(self, file: str, text: bytes, recording: str) -> str:
        """Keep the transcript of an archived recording: why that cannot be; "" it is safe."""
        if self._keeping is None:
            return "no sound is kept here"
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._keeping.keep_text(file, text, recording, self._hearer(partial(_settle, done)))
        return await done

    def read_text(self, path: str) -> bytes:
        """A transcript. Refused("no_transcript"). Waits for the disk."""
        if self._keeping is None:
            raise Refused("no_transcript", "no sound is kept here")
        try:
            return self._keeping.read_text(path)
        except OSError as error:
            raise Refused("no_transcript", f"there is no transcript {path}: {error.strerror}") from error

    def used(self) -> float:
        """How full the recordings' disk is, in per cent; 0.0 if no sound is kept."""
        return self._watch.look(self.settings) if self._keeping is not None else 0.0

    def active(self) -> list[Recording]:
        """What is being recorded or written now, oldest first."""
        return list(self._active.values())

    async def close(self) -> None:
        """Stop everything and wait until it is written, or until the disk has used up its patience."""
        active = self.active()
        for recording in active:
            self.stop_one(recording)
        for recording in active:
            await recording.ended
        for timer in (self._pumping, self._watching):
            if timer is not None:
                timer.cancel()
        self._pumping = self._watching = None
        for timer in self._resuming.values():
            timer.cancel()
        if self._keeping is not None and self._threaded:
            await asyncio.get_running_loop().run_in_executor(None, self._keeping.close, CLOSE_PATIENCE)
            await asyncio.sleep(0)  # what the archiver has told meanwhile
        elif self._keeping is not None:
            self._keeping.close(CLOSE_PATIENCE)

    # ---- at start ----

    def repair(self) -> list[Path]:
        """Find out what a kill or a power cut has left, and make whole what an older version left. Waits for the disk;
        before `start`."""
        if self._keeping is None or self.directory is None:
            return []
        self._keeping.recover()
        return repair_recent(self.directory)

    def seconds_of(self, path: str) -> float:
        """Seconds of sound that are there of a RecordingStarted's path: what `interrupted` asks."""
        if self._keeping is None or self.directory is None or not path:
            return 0.0
        take = self._keeping.take(path)
        return take.samples / RATE if take is not None else seconds_in(self.directory / path)

    def as_ended(self, ends: Iterable[Fact]) -> list[Fact]:
        """`ends` of `interrupted`, but a recording whose end is safe in the segments, and which the journal alone has
        lost, ends as that says."""
        told: list[Fact] = []
        for fact in ends:
            take = self._keeping.take(fact.path) if self._keeping is not None and isinstance(
                fact, facts.RecordingEnded) else None
            told.append(_end_of(take) if take is not None and take.closed is not None else fact)
        return told

    def recovered(self, ends: Iterable[Fact], told: Callable[[str, str], bool],
                  gaps: Callable[[str, str], list[list[int]]] = lambda call, recording: []) -> list[Fact]:
        """What to write at the start beside `ends` (of `interrupted`), whatever the journal has lost, so that each
        recording that was cut off has one end. `told(call, recording)`: does the journal have it already?
        `gaps(call, recording)`: those it has told."""
        if self._keeping is None:
            return []
        state = self._keeping.recover()
        ending = {fact.recording: None for fact in ends if isinstance(fact, facts.RecordingEnded)}
        found: list[Fact] = []
        if state.interrupted or state.broken or state.unreadable or state.takes.orphans:
            found.append(facts.SegmentsRecovered(
                len(state.segments.in_use), len(state.takes.by_number), len(state.interrupted), state.broken,
                state.unreadable, state.takes.orphans // 2))
        for take in state.takes:
            label = take.label
            if take.freed_in:
                continue
            if label.recording not in ending and told(label.call, label.recording):
                left = _recovered(take)
                if take.missing and left.gaps != gaps(label.call, label.recording):
                    found.append(left)  # its end was told, and the disk has spoilt some of it since
                continue
            if label.recording not in ending:
                found.append(facts.RecordingStarted(label.call, label.recording, label.path, label.why))
                found.append(_end_of(take))
            found.append(_recovered(take))
        return found

    def tidy(self) -> None:
        """Go on where the last run was cut off: after what `recovered` answered was written."""
        self._loop = asyncio.get_running_loop()
        if self._keeping is not None:
            self._keeping.tidy()

    # ---- inside ----

    def _obligatory(self, why: str) -> bool:
        return any(fnmatchcase(why, pattern) for pattern in self.settings.obligatory)

    def _begin(self, loop: asyncio.AbstractEventLoop, reel: Reel) -> None:
        assert self._keeping is not None
        self._keeping.add(reel)
        if not self._threaded and self._pumping is None:
            self._pumping = loop.call_later(ROUND, self._pump)
        if self._watching is None:
            self._watching = loop.call_later(_WATCH, self._look)

    def _pump(self) -> None:
        """threaded=False: one round of the writer, in the loop."""
        assert self._loop is not None
        assert self._keeping is not None
        self._keeping.round()
        self._pumping = self._loop.call_later(ROUND, self._pump) if self._active else None

    def _hearer(self, hear: Callable[..., None]) -> Callable[..., None]:
        """To be called in a thread: lets the loop hear it."""
        def call(*told: Any) -> None:
            if not self._threaded or self._loop is None:
                hear(*told)
                return
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: the next start finds it out
                self._loop.call_soon_threadsafe(hear, *told)

        return call

    def _finish(self, reel: Reel) -> None:
        recording = next((one for one in self._active.values() if one.reel is reel), None)
        if recording is None:
            return  # its patience was over before
        if reel.error:
            self._watch.alarm("recording_failed", f"a recording of call {recording.call} failed ({reel.error}); the "
                                                  "call goes on")
        self._end(recording, "failed" if reel.error else "complete", reel.samples, reel.tape.lost + reel.missing)

    def _archived(self, take: Take, archived: Archived) -> None:
        self._journal.write(facts.RecordingArchived(take.label.call, take.label.recording, archived.path, archived.form,
                                                    archived.size, archived.digest))

    def _signed(self, entry: int, digest: str) -> None:
        self._journal.write(facts.LedgerSigned(entry, digest))

    def _give_up(self, recording: Recording) -> None:
        """What is safe by now is all that can be promised; the rest may still be written later."""
        if recording.state == "stopping" and recording.reel is not None:
            reel, assured = recording.reel, recording.reel.safe
            self._watch.trouble(self._keeping.trouble if self._keeping is not None and self._keeping.trouble
                                else f"nothing for {STOP_PATIENCE:.0f} s")
            self._end(recording, "failed", assured, reel.tape.lost + max(0, reel.tape.samples - assured))

    def _end(self, recording: Recording, state: str, samples: int, lost: int) -> None:
        recording.state = state
        recording.tape.stop()
        if recording.patience is not None:
            recording.patience.cancel()
        del self._active[recording.id]
        self._lost_seen -= min(self._lost_seen, recording.tape.lost)
        if lost and state == "complete":
            self._watch.gap(recording.call)
        end = facts.RecordingEnded(recording.call, recording.id, recording.path, round(samples / RATE, 3),
                                   round(lost / RATE, 3), state)
        self._journal.write(end)
        if not recording.ended.done():
            recording.ended.set_result(end)

    def _look(self) -> None:
        """Once a second: the disk's use, and gaps."""
        self._watch.look(self.settings)
        lost = sum(recording.tape.lost for recording in self._active.values())
        if lost > self._lost_seen:
            self._watch.gap("")
        else:
            self._watch.no_gap()
        self._lost_seen = lost
        assert self._loop is not None
        go_on = self._active or self._watch.standing
        self._watching = self._loop.call_later(_WATCH, self._look) if go_on else None


def _end_of(take: Take) -> facts.RecordingEnded:
    """As its CLOSE says; without one, a kill or a power cut has ended it."""
    closed = take.closed or {"lost": 0, "state": "interrupted"}
    return facts.RecordingEnded(take.label.call, take.label.recording, take.label.path, round(take.samples / RATE, 3),
                                round(int(closed["lost"]) / RATE, 3), str(closed["state"]))


def _recovered(take: Take) -> facts.RecordingRecovered:
    return facts.RecordingRecovered(take.label.call, take.label.recording, round(take.samples / RATE, 3),
                                    round(take.missing / RATE, 3), [list(gap) for gap in take.gaps()[:MOST_GAPS]])


def _settle(done: "asyncio.Future[str]", why: str) -> None:
    if not done.done():
        done.set_result(why)


def safe_name(name: str) -> str:
    """A file name of an id: letters, digits, dot, dash and underscore only, not hidden, at most 100 of them."""
    return _ODD.sub("_", name).lstrip(".")[-100:] or "_"
