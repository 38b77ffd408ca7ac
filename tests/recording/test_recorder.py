"""Recordings: sample-exact files, whatever the disk does; facts in order; files whole after a kill."""

import asyncio
import hashlib
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from array import array
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ccappliance.apps.recording.disk_watch import used_percent
from ccappliance.apps.recording.recorder import STOP_PATIENCE, Recorder, safe_name
from ccappliance.apps.recording.recovery import recover
from ccappliance.apps.recording.segment import SOUND
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.apps.recording.wav import repair, repair_recent
from ccappliance.base.clock import LoopClock, SystemClock
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.media.files import wav_header
from ccappliance.service.disk import Disk, RealDisk
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PATH = "2026/11/22/1.000001-r1.wav"


class CountingTape:
    """A tape whose sample n is n on the left and -n on the right, as long as its clock says; `ring` samples deep."""

    def __init__(self, now: Callable[[], float], ring: int = 10 * RATE) -> None:
        self._now = now
        self._began = now()
        self._stopped: int | None = None
        self._read = 0
        self._ring = ring
        self.lost = 0
        self.hidden = False

    @property
    def samples(self) -> int:
        return self._stopped if self._stopped is not None else round((self._now() - self._began) * RATE)

    def read(self) -> bytes:
        begin, end = self._read, self.samples
        self._read = end
        full = max(0, end - begin - self._ring)
        self.lost += full
        counted = (struct.pack("<hh", n % 30_000, -(n % 30_000)) for n in range(begin + full, end))
        return bytes(4 * full) + b"".join(counted)

    def stop(self) -> None:
        if self._stopped is None:
            self._stopped = self.samples

    def settle(self) -> None:
        self.settled = True


class Port:
    """As much of a MediaPort as a recorder sees."""

    name = "fxo/1"

    def __init__(self, tape: Any) -> None:
        self._tape = tape

    def tape(self, name: bytes = b"") -> Any:
        return self._tape


class House:
    """A recorder and what it needs, in the running loop."""

    def __init__(self, directory: Path | None, *, threaded: bool = False, used: float = 50.0, disk: Disk | None = None,
                 **settings: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = LoopClock(self.loop, EPOCH)
        self.sink = MemorySink()
        self.journal = Journal(self.clock, self.sink)
        self.used = used
        settings.setdefault("segment", 1)
        self.recorder = Recorder(RecordingSettings(**settings), self.clock, self.journal, directory, Ids(1),
                                 threaded=threaded, used_space=lambda _: self.used, disk=disk)

    def port(self, now: Callable[[], float] | None = None) -> Any:
        return Port(CountingTape(now or self.loop.time))

    def facts(self) -> list[Fact]:
        return [entry.fact for entry in self.sink.read()]


def virtual(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_virtual(main())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def left(path: Path) -> list[int]:
    return samples(path.read_bytes()[44:])


def samples(stereo: bytes) -> list[int]:
    pcm = array("h", stereo)
    assert [-sample for sample in pcm[1::2]] == list(pcm[0::2])
    return list(pcm[0::2])


def test_a_recording_is_sample_exact(tmp_path: Path) -> None:
    size = 44 + 4 * round(2.34 * RATE)

    async def main() -> None:
        house = House(tmp_path)
        recording = house.recorder.start("1.000001", house.port(), "always")
        assert recording is not None
        await asyncio.sleep(2.34)
        house.recorder.stop("1.000001")
        recording.stop()
        assert house.recorder.active() == []
        assert house.facts() == [
            facts.RecordingStarted("1.000001", "1.000001-r1", PATH, "always"),
            facts.RecordingEnded("1.000001", "1.000001-r1", PATH, 2.34, 0.0, "complete"),
            facts.RecordingArchived("1.000001", "1.000001-r1", PATH, "wav", size, digest(tmp_path / PATH))]
        assert await recording.ended == house.facts()[1]
        await house.recorder.close()

    virtual(main)
    assert left(tmp_path / PATH) == [n % 30_000 for n in range(round(2.34 * RATE))]
    assert (tmp_path / PATH).read_bytes()[:44] == wav_header(2, 4 * round(2.34 * RATE))


def test_two_runs_give_one_digest(tmp_path: Path) -> None:
    digests = []

    async def main() -> None:
        house = House(tmp_path / str(len(digests)))
        for call in range(3):
            house.recorder.start(f"1.{call}", house.port(), "always")
            await asyncio.sleep(0.77)
        await house.recorder.close()
        digests.append(house.sink.digest())

    virtual(main)
    virtual(main)
    assert digests[0] == digests[1]


def test_a_recording_is_playable_while_it_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(3.25)
        wav = house.recorder.play(PATH)
        assert 3.25 * RATE - (wav.size - 44) // 4 <= 0.09 * RATE
        whole = wav.read(0, wav.size)
        assert whole[:44] == wav_header(2, wav.size - 44)
        assert samples(whole[44:]) == [n % 30_000 for n in range((wav.size - 44) // 4)]
        assert wav.read(0, 10**9) == whole
        for first, last in ((0, 0), (40, 47), (43, 44), (1001, 5003), (wav.size - 3, wav.size + 5),
                            (wav.size, wav.size)):
            assert wav.read(first, last + 1 - first) == whole[first:last + 1], "a range of HTTP"
        house.recorder.stop("1.000001")
        file = house.recorder.play(PATH)
        assert file.read(0, file.size) == (tmp_path / PATH).read_bytes()
        assert file.read(44, 1000) == whole[44:1044]
        file.close()
        with pytest.raises(Refused, match=r"there is no recording 2026/11/22/none\.wav"):
            house.recorder.play("2026/11/22/none.wav")
        await house.recorder.close()

    virtual(main)


def test_without_a_directory_there_are_facts_only() -> None:
    async def main() -> None:
        house = House(None)
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(86_400.0)  # nothing is pumped: this takes no time
        house.recorder.stop("1.000001")
        assert house.facts()[1] == facts.RecordingEnded("1.000001", "1.000001-r1", "", 86_400.0, 0.0, "complete")
        assert house.recorder.repair() == []
        with pytest.raises(Refused, match="no sound is kept"):
            house.recorder.play("")
        assert house.recorder.seconds_of("") == 0.0
        await house.recorder.close()

    virtual(main)


def test_a_slow_disk_costs_silence_not_length(tmp_path: Path) -> None:
    """F29: the ring was full; the length stays true, the gap is told, and the alarm is taken back."""

    async def main() -> None:
        house = House(tmp_path)
        port = Port(CountingTape(house.loop.time, ring=RATE // 24))  # half of what comes between two rounds
        house.recorder.start("1.000001", port, "always")  # type: ignore[arg-type]
        await asyncio.sleep(1.05)
        house.recorder.stop("1.000001")
        (alarm,) = [fact for fact in house.facts() if isinstance(fact, facts.AlarmRaised)]
        assert alarm.alarm == "recording_gap"
        (end,) = [fact for fact in house.facts() if isinstance(fact, facts.RecordingEnded)]
        assert (end.seconds, end.state) == (1.05, "complete")
        assert 0.4 < end.lost < 0.6
        await asyncio.sleep(62.0)
        assert isinstance(house.facts()[-1], facts.AlarmCleared)
        await house.recorder.close()

    virtual(main)


def test_a_full_disk(tmp_path: Path) -> None:
    """F27: alarm at 95 %, no optional recording at 98 %, obligatory ones always, all well again below."""

    async def main() -> None:
        house = House(tmp_path, used=94.9, obligatory=("queue complaints", "flow 1*"))
        assert house.recorder.start("1.000001", house.port(), "queue sales")
        house.used = 95.0
        await asyncio.sleep(1.5)
        assert [fact.alarm for fact in house.facts() if isinstance(fact, facts.AlarmRaised)] == ["disk_full"]
        assert house.recorder.start("1.000002", house.port(), "queue sales")
        house.used = 98.0
        assert house.recorder.start("1.000003", house.port(), "queue sales") is None
        assert house.facts()[-1] == facts.RecordingEnded("1.000003", "1.000003-r3", "", 0.0, 0.0, "refused")
        assert house.recorder.start("1.000004", house.port(), "queue complaints")
        assert house.recorder.start("1.000005", house.port(), "flow 110")
        assert len(house.recorder.active()) == 4
        house.used = 94.5
        await asyncio.sleep(1.0)
        assert not any(isinstance(fact, facts.AlarmCleared) for fact in house.facts())
        house.used = 93.0
        await asyncio.sleep(1.0)
        assert house.facts()[-1] == facts.AlarmCleared("disk_full", "recordings")
        await house.recorder.close()

    virtual(main)


def in_child(test: Callable[[], None]) -> None:
    """Run it in a forked child, so that its limits are its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            test()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_disk_that_takes_nothing_costs_the_recording_not_the_call(tmp_path: Path) -> None:
    """The system itself (RLIMIT_FSIZE) gives no room for a segment, and later does."""

    async def main() -> None:
        house = House(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * RATE, resource.RLIM_INFINITY))
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(5.0)
        _, alarm = house.facts()
        assert isinstance(alarm, facts.AlarmRaised)
        assert alarm.alarm == "recording_failed"
        assert "File too large" in alarm.words
        house.recorder.stop("1.000001")
        assert house.facts()[-1] == facts.RecordingEnded("1.000001", "1.000001-r1", PATH, 0.0, 5.0, "failed")
        house.recorder.start("1.000002", house.port(), "always")
        await asyncio.sleep(2.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await asyncio.sleep(2.0)
        assert facts.AlarmCleared("recording_failed", "recordings") in house.facts()
        house.recorder.stop("1.000002")
        end = next(fact for fact in reversed(house.facts()) if isinstance(fact, facts.RecordingEnded))
        assert (end.seconds, end.lost, end.state) == (4.0, 0.0, "complete"), "the ring has kept it all"
        await house.recorder.close()

    def test() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        virtual(main)
        assert left(tmp_path / "2026/11/22/1.000002-r2.wav") == [n % 30_000 for n in range(4 * RATE)]

    in_child(test)


def test_a_folder_that_cannot_be_made_fails_the_recording(tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("a file in the way")

    async def main() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(0.2)
        house.recorder.stop("1.000001")
        end = house.facts()[-1]
        assert isinstance(end, facts.RecordingEnded)
        assert end.state == "failed"
        await house.recorder.close()

    virtual(main)


def test_what_cannot_be_archived_stays_in_the_segments(tmp_path: Path) -> None:
    (tmp_path / "2026").write_text("a file in the way")

    async def main() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(0.5)
        house.recorder.stop("1.000001")
        end, alarm = house.facts()[-2:]
        assert isinstance(end, facts.RecordingEnded)
        assert isinstance(alarm, facts.AlarmRaised)
        assert (end.state, alarm.alarm) == ("complete", "archive")
        wav = house.recorder.play(PATH)
        assert samples(wav.read(44, wav.size)) == list(range(RATE // 2))
        await house.recorder.close()

    virtual(main)
    (tmp_path / "2026").unlink()

    async def again() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        assert house.recorder.recovered([], lambda call, recording: True) == []
        house.recorder.tidy()
        assert [type(fact).__name__ for fact in house.facts()] == ["RecordingArchived"]
        await house.recorder.close()

    virtual(again)
    assert left(tmp_path / PATH) == list(range(RATE // 2))


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_bytes(b"mine")

    async def main() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "always")
        await asyncio.sleep(1.0)
        await house.recorder.close()
        kept = house.facts()[-1]
        assert isinstance(kept, facts.RecordingArchived)
        assert kept.file == "2026/11/22/1.000001-r1-2.wav"

    virtual(main)
    assert (tmp_path / PATH).read_bytes() == b"mine"
    assert left(tmp_path / "2026/11/22/1.000001-r1-2.wav") == list(range(RATE))


# ---- the thread ----


def test_the_thread_writes_the_same(tmp_path: Path) -> None:
    seconds = 0.0

    async def main() -> None:
        nonlocal seconds
        house = House(tmp_path, threaded=True)
        recordings = [house.recorder.start(f"1.00000{n}", house.port(lambda: seconds), "always") for n in range(1, 4)]
        seconds = 1.5
        for recording in recordings:
            assert recording is not None
            recording.stop()
            end = await recording.ended
            assert (end.seconds, end.lost, end.state) == (1.5, 0.0, "complete")
        await house.recorder.close()

    asyncio.run(main())
    for n in range(1, 4):
        assert left(tmp_path / f"2026/11/22/1.00000{n}-r{n}.wav") == [m % 30_000 for m in range(12_000)]


def test_closing_writes_what_is_on_the_tapes(tmp_path: Path) -> None:
    seconds = 0.0

    async def main() -> None:
        nonlocal seconds
        house = House(tmp_path, threaded=True)
        house.recorder.start("1.000001", house.port(lambda: seconds), "always")
        seconds = 3.0
        await house.recorder.close()
        assert [type(fact).__name__ for fact in house.facts()] == ["RecordingStarted", "RecordingEnded",
                                                                   "RecordingArchived"]

    asyncio.run(main())
    assert len(left(tmp_path / PATH)) == 3 * RATE


def test_a_disk_that_hangs_for_ever_holds_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F29: the writer never comes back; the recording is given up after its patience, and the loop never waited."""
    released = threading.Event()
    monkeypatch.setattr(TapeLog, "push", lambda self: released.wait())
    monkeypatch.setattr("ccappliance.apps.recording.recorder.STOP_PATIENCE", 0.01)

    async def main() -> None:
        house = House(tmp_path, threaded=True)
        seconds = 0.0
        recording = house.recorder.start("1.000001", house.port(lambda: seconds), "always")
        assert recording is not None
        seconds = 4.0
        recording.stop()
        end = await recording.ended
        assert (end.seconds, end.lost, end.state) == (0.0, 4.0, "failed")
        released.set()
        await house.recorder.close()
        assert len([fact for fact in house.facts() if isinstance(fact, facts.RecordingEnded)]) == 1

    asyncio.run(main())
    assert STOP_PATIENCE == 10.0


def test_a_bug_in_one_tape_is_not_everybodys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(CountingTape):
        def read(self) -> bytes:
            raise ZeroDivisionError("a bug")

    async def main() -> None:
        house = House(tmp_path, threaded=True)
        bad = house.recorder.start("1.000001", Port(Broken(house.loop.time)), "always")  # type: ignore[arg-type]
        good = house.recorder.start("1.000002", house.port(), "always")
        assert bad is not None
        assert good is not None
        assert (await bad.ended).state == "failed"
        good.stop()
        assert (await good.ended).state == "complete"
        await house.recorder.close()

    asyncio.run(main())
    assert "a bug" in caplog.text


# ---- files ----


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "a\\b", "..", ".hidden", "", "王\x00\n", "x" * 500,
                                  "1.000001-r1"])
def test_no_id_leaves_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 100
    assert Path("/d", f"{safe}.wav").parent == Path("/d")
    assert not safe.startswith(".")
    assert safe.isascii()
    assert safe.isprintable()
    assert safe_name("1.000001-r1") == "1.000001-r1"


def test_a_cut_file_is_repaired_whatever_its_length(tmp_path: Path) -> None:
    path = tmp_path / "2026/11/22/cut.wav"
    path.parent.mkdir(parents=True)
    whole = wav_header(2, None) + bytes(range(40))
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        frames = max(0, length - 44) // 4
        assert repair_recent(tmp_path) == [path]
        assert path.read_bytes() == wav_header(2, 4 * frames) + bytes(range(4 * frames))
        assert repair_recent(tmp_path) == []


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    for data in (b"not a wav at all, not at all, but longer than a header", wav_header(1, None) + bytes(8), b"RIFX"):
        path = tmp_path / "other.wav"
        path.write_bytes(data)
        assert not repair(path)
        assert path.read_bytes() == data


def test_only_the_newest_days_are_looked_at(tmp_path: Path) -> None:
    paths = [tmp_path / f"2026/{day}/x.wav" for day in ("01/31", "02/01", "02/02")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(wav_header(2, None))
    assert repair_recent(tmp_path) == paths[1:]


def test_used_percent_is_dfs(tmp_path: Path) -> None:
    assert 0.0 <= used_percent(tmp_path) <= 100.0
    with pytest.raises(OSError, match="No such file"):
        used_percent(tmp_path / "none")


def test_settings_must_alarm_before_they_stop() -> None:
    said: list[str] = []

    class Report:
        def error(self, path: str, problem: str, advice: str = "") -> None:
            said.append(f"{path}: {problem}")

        warning = error

    RecordingSettings(alarm_at=99.0).check(Report(), "recording")
    RecordingSettings().check(Report(), "recording")
    assert said == ["recording.stop_at: 98 % is below alarm_at (99 %)"]


_RECORDS = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_recorder import House
async def main():
    seconds = 0.0
    house = House(Path(sys.argv[1]), threaded=True)
    recording = house.recorder.start("1.000001", house.port(lambda: seconds), "always")
    while True:
        await asyncio.sleep(0.02)
        seconds += 0.5
        print(recording.reel.samples, flush=True)
asyncio.run(main())
"""


@pytest.mark.slow
def test_kill_9_costs_nothing_that_was_pushed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _RECORDS, str(tmp_path), str(Path(__file__).parent)],
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [0]
        while lines[-1] < 20 * RATE:
            lines.append(int(process.stdout.readline()))
        process.kill()
    pushed = max(samples for samples in lines if samples < lines[-1])  # the last may have been under way

    async def start() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        there = house.recorder.seconds_of(PATH)
        assert there * RATE >= pushed
        ended = facts.RecordingEnded("1.000001", "1.000001-r1", PATH, there, 0.0, "interrupted")
        marks, left_of_it = house.recorder.recovered([ended], lambda call, recording: False)
        assert isinstance(marks, facts.SegmentsRecovered)
        assert (marks.recordings, marks.interrupted, marks.unreadable) == (1, 1, 0)
        assert left_of_it == facts.RecordingRecovered("1.000001", "1.000001-r1", round(there, 3), 0.0, [])
        house.recorder.tidy()
        await house.recorder.close()

    virtual(start)
    sound = left(tmp_path / PATH)
    assert len(sound) >= pushed
    assert sound == [n % 30_000 for n in range(len(sound))]
    assert (tmp_path / PATH).read_bytes()[:44] == wav_header(2, 4 * len(sound))


def test_a_recording_whose_end_the_journal_alone_has_lost_ends_as_it_did(tmp_path: Path) -> None:
    async def cut() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "queue sales")
        await asyncio.sleep(0.5)

    virtual(cut)
    state = recover(RealDisk(patient=False), tmp_path / "segments", 1 << 20)
    log = TapeLog(RealDisk(patient=False), state.takes, state.segments, 1 << 20)
    (take,) = state.takes
    log.end(take.number, take.samples, 80, "complete")  # and then the power is gone, and the journal's last second
    log.close()

    async def start() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        seconds = round(house.recorder.seconds_of(PATH), 3)
        cut_off = facts.RecordingEnded("1.000001", "1.000001-r1", PATH, seconds, 0.0, "interrupted")
        other = replace(cut_off, recording="1.000001-r2", path="nowhere.wav")
        end, as_it_was = house.recorder.as_ended([cut_off, other])
        assert end == replace(cut_off, state="complete", lost=0.01)
        assert as_it_was == other, "of which nothing is there"
        house.recorder.tidy()
        await house.recorder.close()

    virtual(start)


def test_a_recording_whose_start_the_journal_has_lost(tmp_path: Path) -> None:
    """The journal is synced once a second, sound four times: a power cut may leave it less. Every end is told once."""

    async def cut() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "queue sales")
        await asyncio.sleep(0.5)  # and no close: the power is gone

    virtual(cut)

    async def start() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        seconds = house.recorder.seconds_of(PATH)
        assert seconds == pytest.approx(0.5, abs=0.09)
        assert house.recorder.recovered([], lambda call, recording: False)[1:] == [
            facts.RecordingStarted("1.000001", "1.000001-r1", PATH, "queue sales"),
            facts.RecordingEnded("1.000001", "1.000001-r1", PATH, round(seconds, 3), 0.0, "interrupted"),
            facts.RecordingRecovered("1.000001", "1.000001-r1", round(seconds, 3), 0.0, [])]
        told = house.recorder.recovered([], lambda call, recording: recording == "1.000001-r1")
        assert [type(fact).__name__ for fact in told] == ["SegmentsRecovered"]
        house.recorder.tidy()
        await house.recorder.close()
        assert len(left(tmp_path / PATH)) == round(seconds * RATE)

    virtual(start)

    async def again() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        assert house.recorder.recovered([], lambda call, recording: False) == [], "it has its file, and is told no more"
        house.recorder.tidy()
        await house.recorder.close()

    virtual(again)


def test_what_is_missing_is_told_once(tmp_path: Path) -> None:
    """A start that was itself cut off before the segments were given back finds the same gap again."""
    async def cut() -> None:
        house = House(tmp_path)
        house.recorder.start("1.000001", house.port(), "queue sales")
        await asyncio.sleep(1.0)

    virtual(cut)
    (segment, *_) = sorted((tmp_path / "segments").iterdir())
    spoilt = bytearray(segment.read_bytes())
    middle = spoilt.index(b"CCTp", len(bytes(spoilt).rstrip(b"\0")) // 2)
    while spoilt[middle + 16] != SOUND:
        middle = spoilt.index(b"CCTp", middle + 1)
    spoilt[middle + 60] ^= 1
    segment.write_bytes(spoilt)

    async def start() -> None:
        house = House(tmp_path)
        house.recorder.repair()
        _, left_of_it = house.recorder.recovered([], lambda call, recording: True)
        assert isinstance(left_of_it, facts.RecordingRecovered)
        assert len(left_of_it.gaps) == 1
        for told, count in ((left_of_it.gaps, 1), ([[0, 0, 160]], 2)):
            found = house.recorder.recovered([], lambda call, recording: True, lambda call, recording, told=told: told)
            assert len(found) == count

    virtual(start)


def test_a_rows_file_and_gaps_come_from_the_journal(tmp_path: Path) -> None:
    store = Store(":memory:", threaded=False)
    cdrs = CdrStore(store)
    gaps = [[0, 800, 1600]]
    journal = Journal(SystemClock(), MemorySink())
    journal.follow(cdrs.hear, cdrs.KINDS)  # as in the house: it is told nothing else
    for fact in (
            facts.RecordingEnded("c", "r", PATH, 1.0, 0.0, "interrupted"),
            facts.RecordingRecovered("c", "r", 1.0, 0.1, gaps),
            facts.RecordingArchived("c", "r", "2026/11/22/r.flac", "flac", 4711, "ab" * 32)):
        journal.write(fact)
    (row,) = cdrs.recordings()
    assert (row.file, row.form, row.size, row.sha256, row.gaps) == (
        "2026/11/22/r.flac", "flac", 4711, "ab" * 32, "[[0, 800, 1600]]")
    assert (row.seq, row.path, row.lost, row.state) == (1, PATH, 0.0, "interrupted")
