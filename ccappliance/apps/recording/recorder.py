"""The recorder: starts and stops recordings of calls, and tells in facts what became of each."""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.wav import GrowingWav, repair_recent, seconds_in
from ccappliance.apps.recording.writer import PUMP, Reel, WriterThread
from ccappliance.base.clock import Clock
from ccappliance.base.ids import Ids
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.media.ports import MediaPort, Tape

STOP_PATIENCE = 10.0  # s the disk may take for the rest of a stopped tape: as much as its ring holds (F29)
_WATCH = 1.0  # s between looks at the disk's use and at gaps, while anything is recorded
_QUIET = 60.0  # s without a gap until that alarm is cleared
_CLEAR = 1.0  # % of the disk that must have become free before an alarm is cleared, so that it does not flap
_SUBJECT = "recordings"
_ODD = re.compile(r"[^A-Za-z0-9._-]")


class Recording:
    """One recording. `state`: recording, stopping; then complete or failed."""

    def __init__(self, recorder: "Recorder", name: str, call: str, path: str, why: str, tape: Tape,
                 reel: Reel | None, loop: asyncio.AbstractEventLoop) -> None:
        self.id = name
        self.call = call
        self.path = path  # below the recordings' directory; "" if no file is kept
        self.why = why
        self.state = "recording"
        self.paused_by: dict[str, None] = {}  # it goes on when none of them wants it paused any more
        self.tape = tape
        self.reel = reel
        self.ended: asyncio.Future[facts.RecordingEnded] = loop.create_future()
        self.patience: asyncio.TimerHandle | None = None
        self._recorder = recorder

    @property
    def seconds(self) -> float:
        """Recorded so far."""
        return self.tape.samples / RATE

    def stop(self) -> None:
        """End it here; returns at once, RecordingEnded follows when all is written. Harmless if it has ended."""
        self._recorder.stop_one(self)


def used_percent(directory: Path) -> float:
    """How full the disk under a directory is, as `df` counts: of what is not reserved. OSError."""
    disk = os.statvfs(directory)
    used = disk.f_blocks - disk.f_bfree
    return 100.0 * used / max(1, used + disk.f_bavail)


class Recorder:
    """Owns all recordings. Calls never need the disk: what fails here ends a recording, never a call.

    directory=None keeps no files (days of scripted sound): facts only. threaded=False pumps by a loop timer, so that
    virtual time stays deterministic; then the disk is waited for in the loop.
    """

    def __init__(self, settings: RecordingSettings, clock: Clock, journal: Journal, directory: Path | None, ids: Ids,
                 *, threaded: bool = True, used_space: Callable[[Path], float] = used_percent) -> None:
        self.settings = settings
        self.directory = directory
        self._clock = clock
        self._journal = journal
        self._ids = ids
        self._used_space = used_space
        self._loop: asyncio.AbstractEventLoop | None = None
        self._active: dict[str, Recording] = {}
        self._writer = WriterThread(self._over) if threaded and directory is not None else None
        self._pumping: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._alarms: dict[str, None] = {}
        self._lost_seen = 0
        self._gap_at = 0.0

    # ---- requests ----

    def start(self, call_id: str, port: MediaPort, why: str) -> Recording | None:
        """Record this port from now on. None if the disk is too full for a recording that is not obligatory.

        Either way the journal says so: RecordingStarted, or RecordingEnded with state "refused".
        """
        loop = self._loop = asyncio.get_running_loop()
        name = self._ids.part(call_id, "recording")
        if self.directory is not None and self._check_disk() >= self.settings.stop_at and not self._obligatory(why):
            self._journal.write(facts.RecordingEnded(call_id, name, "", 0.0, 0.0, "refused"))
            return None
        path, reel, tape = "", None, port.tape()
        if self.directory is not None:
            path = f"{self._clock.wall():%Y/%m/%d}/{safe_name(name)}.wav"
            reel = Reel(tape, GrowingWav(self.directory / path, self.settings.sync if self._writer else 0.0))
        recording = self._active[name] = Recording(self, name, call_id, path, why, tape, reel, loop)
        self._journal.write(facts.RecordingStarted(call_id, name, path, why))
        if reel is not None:
            self._begin(loop, reel)
        return recording

    def stop(self, call_id: str) -> None:
        """Stop all recordings of a call; harmless if there is none."""
        for recording in self._of(call_id):
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
        if self._writer is None:
            reel.pump()
            self._finish(reel)
        else:
            assert self._loop is not None
            recording.patience = self._loop.call_later(STOP_PATIENCE, self._give_up, recording)
            self._writer.hurry()

    def pause(self, call_id: str, by: str) -> bool:
        """What a call's recordings take from now on is silence, until all who asked so want to resume. False if it has
        none."""
        recordings = self._of(call_id)
        for recording in recordings:
            first = not recording.paused_by
            recording.paused_by[by] = None
            if first:
                at = recording.tape.samples
                if recording.reel is not None:
                    recording.reel.hushed = (*recording.reel.hushed, (at, None))
                self._journal.write(facts.RecordingPaused(call_id, recording.id, round(at / RATE, 3), by))
        return bool(recordings)

    def resume(self, call_id: str, by: str) -> bool:
        """A call's recordings take sound again, if nobody else wants them paused. False if `by` has not paused any."""
        recordings = [one for one in self._of(call_id) if by in one.paused_by]
        for recording in recordings:
            del recording.paused_by[by]
            if not recording.paused_by:
                at = recording.tape.samples
                if recording.reel is not None:
                    *before, (since, _) = recording.reel.hushed
                    recording.reel.hushed = (*before, (since, at))
                self._journal.write(facts.RecordingResumed(call_id, recording.id, round(at / RATE, 3), by))
        return bool(recordings)

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
        if self._writer is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._writer.close, 1.0)

    def _of(self, call_id: str) -> list[Recording]:
        return [one for one in self._active.values() if one.call == call_id and one.state == "recording"]

    # ---- at start ----

    def repair(self) -> list[Path]:
        """Make whole what a kill left unfinished. Waits for the disk; before `start`."""
        return repair_recent(self.directory) if self.directory is not None else []

    def seconds_of(self, path: str) -> float:
        """Seconds of sound in the file of a RecordingStarted: what `interrupted` asks."""
        return seconds_in(self.directory / path) if self.directory is not None and path else 0.0

    # ---- inside ----

    def _obligatory(self, why: str) -> bool:
        return any(fnmatchcase(why, pattern) for pattern in self.settings.obligatory)

    def _begin(self, loop: asyncio.AbstractEventLoop, reel: Reel) -> None:
        if self._writer is not None:
            self._writer.add(reel)
        elif self._pumping is None:
            self._pumping = loop.call_later(PUMP, self._pump)
        if self._watching is None:
            self._watching = loop.call_later(_WATCH, self._watch)

    def _pump(self) -> None:
        """threaded=False: one round of the writer, in the loop."""
        for recording in self.active():
            if recording.reel is not None and recording.reel.pump():
                self._finish(recording.reel)
        assert self._loop is not None
        self._pumping = self._loop.call_later(PUMP, self._pump) if self._active else None

    def _over(self, reel: Reel) -> None:
        """In the writer's thread."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: the next start repairs the journal
            self._loop.call_soon_threadsafe(self._finish, reel)

    def _finish(self, reel: Reel) -> None:
        recording = next((one for one in self._active.values() if one.reel is reel), None)
        if recording is None:
            return  # its patience was over before
        if reel.error:
            self._alarm("recording_failed", f"a recording of call {recording.call} failed ({reel.error}); "
                                            f"the call goes on: see to the disk of {self.directory}")
        else:
            self._clear("recording_failed")
        self._end(recording, "failed" if reel.error else "complete", reel.file.samples,
                  reel.tape.lost + reel.missing)

    def _give_up(self, recording: Recording) -> None:
        if recording.state == "stopping" and recording.reel is not None:
            reel = recording.reel
            self._alarm("recording_failed", f"the disk of {self.directory} took nothing for {STOP_PATIENCE:.0f} s; "
                                            f"the end of a recording of call {recording.call} may be lost")
            written = reel.file.samples
            self._end(recording, "failed", written, reel.tape.lost + max(0, reel.tape.samples - written))

    def _end(self, recording: Recording, state: str, samples: int, lost: int) -> None:
        recording.state = state
        recording.tape.stop()
        if recording.patience is not None:
            recording.patience.cancel()
        del self._active[recording.id]
        self._lost_seen -= min(self._lost_seen, recording.tape.lost)
        if lost and state == "complete":
            self._gap(recording.call)
        end = facts.RecordingEnded(recording.call, recording.id, recording.path, round(samples / RATE, 3),
                                   round(lost / RATE, 3), state)
        self._journal.write(end)
        if not recording.ended.done():
            recording.ended.set_result(end)

    # ---- watching the disk ----

    def _watch(self) -> None:
        self._check_disk()
        lost = sum(recording.tape.lost for recording in self._active.values())
        if lost > self._lost_seen:
            self._gap("")
        elif self._clock.now() - self._gap_at > _QUIET:
            self._clear("recording_gap")
        self._lost_seen = lost
        assert self._loop is not None
        go_on = self._active or self._alarms
        self._watching = self._loop.call_later(_WATCH, self._watch) if go_on else None

    def _check_disk(self) -> float:
        """How full it is; alarms by the way. A disk that cannot be asked is not full: writing will tell."""
        assert self.directory is not None
        try:
            used = self._used_space(_existing(self.directory))
        except OSError:
            return 0.0
        if used >= self.settings.alarm_at:
            self._alarm("disk_full", f"the disk of {self.directory} is {used:.1f} % full; at "
                                     f"{self.settings.stop_at:g} % recordings stop: make room there")
        elif used < self.settings.alarm_at - _CLEAR:
            self._clear("disk_full")
        return used

    def _gap(self, call: str) -> None:
        self._gap_at = self._clock.now()
        of = f" of call {call}" if call else ""
        self._alarm("recording_gap", f"the disk of {self.directory} is too slow: parts{of} were recorded as silence")

    def _alarm(self, alarm: str, words: str) -> None:
        if alarm not in self._alarms:
            self._alarms[alarm] = None
            self._journal.write(facts.AlarmRaised(alarm, _SUBJECT, words))

    def _clear(self, alarm: str) -> None:
        if alarm in self._alarms:
            del self._alarms[alarm]
            self._journal.write(facts.AlarmCleared(alarm, _SUBJECT))


def safe_name(name: str) -> str:
    """A file name of an id: letters, digits, dot, dash and underscore only, not hidden, at most 100 of them."""
    return _ODD.sub("_", name).lstrip(".")[-100:] or "_"


def _existing(directory: Path) -> Path:
    """The directory, or the nearest one above that exists (it is made with the first recording)."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory
