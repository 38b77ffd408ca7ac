"""A run of the guest and the power cuts tried on it: what was told before each, and what must be there after it."""

import json
import random
import shutil
import statistics
import subprocess
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aftermath import Started, check, extract, rows, start, verify
from power_town import ANNOUNCED, PERIOD, STAY, noise, said
from write_log import Epoch, WriteLog

from ccappliance.call import facts
from ccappliance.call.journal_file import read_journal
from ccappliance.config.load import load
from ccappliance.site import Site

RATE = 8000
MOST_LOST = 0.5  # s of sound of each call: docs/recording.md promises 0.36 and what one sync takes
JOURNAL = 1.0  # s between two syncs of the journal: daemon.CARE
ONE_SYNC = 0.25  # s that a sync, and the loop's way to it, may take in a machine as slow as the guest
ON_ITS_WAY = 800  # samples: what he said and has not arrived when he hangs up is not heard
SHARES = (0.0, 1.0, 0.5, 0.1, 0.9)  # of the unflushed sectors that survive


@dataclass
class Cut:
    """One power cut: what was wrong after it, and what it cost."""

    number: int
    epoch: Epoch
    share: float
    wrong: list[str] = field(default_factory=list)
    under_way: int = 0  # recordings
    lost: list[float] = field(default_factory=list)  # s of sound, of each recording under way
    journal_lost: float = 0.0  # s from the first fact that is not there to the cut
    sectors_lost: int = 0

    def __str__(self) -> str:
        middle, most = (statistics.median(self.lost), max(self.lost)) if self.lost else (0.0, 0.0)
        return (f"cut {self.number:3} at entry {self.epoch.end:5}, {self.share:3.0%} survive, {self.sectors_lost:5} "
                f"sectors lost: {self.under_way} recordings under way, lost {middle * 1000:.0f} ms in the middle, "
                f"{most * 1000:.0f} ms at most, of the journal {self.journal_lost * 1000:.0f} ms"
                + "".join(f"\n    WRONG: {words}" for words in self.wrong))


class Campaign:
    """`results`: of power_guest.py; `town`: of power_town.py; `folder`: for images, a few times the disk's size."""

    def __init__(self, results: Path, town: Path, folder: Path) -> None:
        told = json.loads((results / "told.json").read_text(encoding="utf-8"))
        self.seed: int = told["seed"]
        self.fault: str = told["fault"]
        self._size = told["mib"] << 20
        self.marks: list[dict[str, Any]] = told["marks"]
        self._who: dict[str, int] = told["recordings"]  # call → number of the noise
        self._spoken: dict[str, int] = told["spoken"]  # call → samples recorded when he hung up
        self._log = WriteLog(results / "disk.log")
        self._folder = folder
        self._cache = folder / "cache"
        self._site: Site = load(town / "etc", Site).value
        self._base = folder / "base.img"  # everything up to the flush before the cut that is tried
        self._at = 0
        self._new(self._base)
        # what a run whose disk failed for good has left is no measure
        self.reference = {} if self.fault == "dead" else self._reference()

    def close(self) -> None:
        self._log.close()

    # ---- the whole run ----

    def choose(self, count: int, name: str) -> list[Epoch]:
        """Epochs at `count` moments that are random in time while all 30 are recorded, oldest first."""
        chance = random.Random(f"{self.seed} {name}")
        return self._at_moments(sorted(chance.uniform(self._when("all recorded"), self._when("enough"))
                                       for _ in range(count)))

    def choose_after(self, count: int, name: str) -> list[Epoch]:
        """The same while they hang up, files are made and the daemon ends."""
        chance = random.Random(f"{self.seed} {name}")
        return self._at_moments(sorted(chance.uniform(self._when("enough"), self.marks[-1]["now"])
                                       for _ in range(count)))

    def _when(self, name: str) -> float:
        return next(mark["now"] for mark in self.marks if mark["fact"] is not None and mark["fact"]["fact"] == name)

    def _at_moments(self, moments: list[float]) -> list[Epoch]:
        epochs = [epoch for epoch in self._log.epochs() if epoch.last_mark >= 0]
        ends = [self.marks[epoch.last_mark]["now"] for epoch in epochs]
        return [epochs[min(bisect_left(ends, moment), len(epochs) - 1)] for moment in moments]

    def against_noise(self, wavs: Mapping[str, bytes]) -> Iterator[str]:
        """What is wrong with recordings that are told to be whole: every sample of both legs can be computed."""
        base, announced = noise(1, PERIOD), noise(2, ANNOUNCED)
        for name, pcm in wavs.items():
            call = next((call for call in self._who if name.startswith(call)), "")
            if not call:
                yield f"{name} is nobody's"
                continue
            left, right = legs(pcm)
            mine = said(base, self._who[call])
            begin, spoken = _find(left, mine[:128]), 2 * (self._spoken[call] - ON_ITS_WAY)
            if len(left) < spoken:
                yield f"{name} has {len(left) // 2} samples, and {self._spoken[call]} were told"
            if not 0 <= begin < RATE or left[begin:spoken] != (mine * 3)[:spoken - begin]:
                yield f"{name}: caller {self._who[call]} is not heard as he spoke"
            if (begin := _find(right, announced[:128])) < 0 or right[begin:spoken] != announced[:spoken - begin]:
                yield f"{name}: what the caller was sent is not the announcement"

    def last(self) -> Started:
        """What a start finds after the whole run, which has a fault of the disk in it."""
        image = self._folder / "last.img"
        self._new(image)
        self._log.durable(image, 0, len(self._log.entries))
        wrong = check(image)
        if wrong:
            raise AssertionError(f"the file system is not whole: {wrong}")
        try:
            return start(self._site, extract(image, self._folder / "last"), self._cache, end=True)
        finally:
            shutil.rmtree(self._folder / "last")
            image.unlink()

    def told(self, fact: str, before: str = "") -> list[dict[str, Any]]:
        """Facts of this kind that were told, in their order; `before`: as long as that one was not."""
        found = [mark["fact"] for mark in self.marks if mark["fact"] is not None]
        end = next((number for number, one in enumerate(found) if one["fact"] == before), len(found))
        return [one for one in found[:end] if one["fact"] == fact]

    def complete(self) -> list[str]:
        """The recordings that were told complete, ever."""
        return [fact["recording"] for fact in self.told("RecordingEnded") if fact["state"] == "complete"]

    def staying(self) -> list[str]:
        """The calls of those who talk to the end."""
        return [call for call, who in self._who.items() if who < STAY]

    # ---- one cut ----

    def cut(self, number: int, epoch: Epoch, share: float) -> Cut:
        """Let the power fail just before the flush that ends this epoch. Epochs must come in their order."""
        chance = random.Random(f"{self.seed} {number} {share}")
        self._log.durable(self._base, self._at, epoch.first)
        self._at = epoch.first
        image = self._folder / "cut.img"
        _copy(self._base, image)
        cut = Cut(number, epoch, share)
        cut.sectors_lost = self._log.cut(image, epoch, chance, share)
        cut.wrong += check(image)
        folder = self._folder / "cut"
        state = extract(image, folder)
        try:
            cut.wrong += verify(state)
            first = start(self._site, state, self._cache, end=False)
            self._compare(cut, first)
            second = start(self._site, state, self._cache, end=True)
            cut.wrong += _changed(first, second)
            cut.wrong += verify(state)
            third = [entry.seq for entry in read_journal(state / "journal", 0)]
            if third != list(range(1, len(third) + 1)):
                cut.wrong.append("the journal has not every number once")
        finally:
            shutil.rmtree(folder)
        return cut

    def _compare(self, cut: Cut, found: Started) -> None:
        told = self.marks[:cut.epoch.last_mark + 1]
        now = told[-1]["now"]
        if found.set_aside:
            cut.wrong.append("the database was corrupt")
        self._compare_journal(cut, found, told, now)
        self._compare_recordings(cut, found, told)
        self._compare_calls(cut, found)
        promised = {fact.callback for fact in found.of(facts.CallbackPromised)}
        if sorted(promised) != sorted(found.callbacks):
            cut.wrong.append(f"promised callbacks {sorted(promised)}, in the queue are {sorted(found.callbacks)}")

    def _compare_journal(self, cut: Cut, found: Started, told: list[dict[str, Any]], now: float) -> None:
        """What was told longer ago than one sync of the journal is in it, in its place."""
        there = len(found.numbers) - len(found.told)
        if found.numbers[:there] != list(range(1, there + 1)):
            cut.wrong.append("numbers are missing in the middle of the journal")
        for mark in told:
            fact = mark["fact"]
            if fact is None or not fact["seq"]:
                continue
            if fact["seq"] > there:
                cut.journal_lost = now - mark["now"]
                break
            if type(found.facts[fact["seq"] - 1]).__name__ != fact["fact"]:
                cut.wrong.append(f"entry {fact['seq']} was {fact['fact']} when it was told")
        if cut.journal_lost > JOURNAL + ONE_SYNC:
            cut.wrong.append(f"{cut.journal_lost:.2f} s of the journal are lost")

    def _compare_recordings(self, cut: Cut, found: Started, told: list[dict[str, Any]]) -> None:
        complete = {mark["fact"]["recording"] for mark in told if mark["fact"] is not None
                    and mark["fact"]["fact"] == "RecordingEnded" and mark["fact"]["state"] == "complete"}
        samples = next(mark["samples"] for mark in reversed(told) if mark["fact"] is None)
        gaps = {fact.recording: fact.gaps for fact in found.of(facts.RecordingRecovered)}
        for name in sorted(complete):
            if found.wavs.get(name) != self.reference[name]:
                cut.wrong.append(f"{name} was told complete and is not")
        for name, pcm in sorted(found.wavs.items()):
            cut.wrong += _samples(name, pcm, self.reference[name], gaps.get(name, []))
        under_way = {name: count for name, count in samples.items() if name not in complete}
        cut.under_way = len(under_way)
        for name, count in sorted(under_way.items()):
            inside = sum(end - begin for _, begin, end in gaps.get(name, []))
            there = len(found.wavs.get(name, b"")) // 4 - inside
            cut.lost.append(max(0, count - there) / RATE)
            if cut.lost[-1] > MOST_LOST:
                cut.wrong.append(f"{cut.lost[-1]:.3f} s of {name} are lost: {there} of {count} samples are there")

    def _compare_calls(self, cut: Cut, found: Started) -> None:
        offered = [fact.call for fact in found.of(facts.CallOffered)]
        ended = [fact.call for fact in found.of(facts.CallEnded)]
        recorded = [row["call"] for row in found.cdrs]
        if not sorted(offered) == sorted(ended) == sorted(recorded):
            cut.wrong.append(f"{len(offered)} calls offered, {len(ended)} ended, {len(recorded)} CDRs")
        begun = sorted(fact.recording for fact in found.of(facts.RecordingStarted))
        over = sorted(fact.recording for fact in found.of(facts.RecordingEnded))
        if begun != over:
            cut.wrong.append(f"{len(begun)} recordings begun, {len(over)} ended")
        cut_off = {fact.call for fact in found.told if isinstance(fact, facts.CallEnded)}
        states = {row["call"]: row["disposition"] for row in found.cdrs}
        if any(states.get(call) != "INTERRUPTED" for call in cut_off):
            cut.wrong.append("a call was cut off and its CDR does not say INTERRUPTED")

    # ---- inside ----

    def _new(self, image: Path) -> None:
        with image.open("wb") as file:
            file.truncate(self._size)

    def _reference(self) -> dict[str, bytes]:
        """Of each recording of the run that was not cut: its samples."""
        image = self._folder / "whole.img"
        self._new(image)
        self._log.durable(image, 0, len(self._log.entries))
        wrong = check(image)
        if wrong:
            raise AssertionError(f"the file system is not whole after a clean end: {wrong}")
        state = extract(image, self._folder / "whole")
        self.rows = rows(state / "ccappliance.db")
        found = start(self._site, state, self._cache, end=False).wavs  # some have no file of their own yet
        image.unlink()
        shutil.rmtree(self._folder / "whole")
        return found


def legs(pcm: bytes) -> tuple[bytes, bytes]:
    """int16 of left and right."""
    both = array("h", pcm)
    return both[0::2].tobytes(), both[1::2].tobytes()


def _find(pcm: bytes, wanted: bytes) -> int:
    """Where these samples are: a place in bytes, -1 if nowhere."""
    at = pcm.find(wanted)
    while at % 2 == 1:
        at = pcm.find(wanted, at + 1)
    return at


def _samples(name: str, pcm: bytes, whole: bytes, gaps: list[list[int]]) -> list[str]:
    """Every sample that is there is right, and every gap that was told is silence."""
    if len(pcm) > len(whole):
        return [f"{name} is longer than it was"]
    if not gaps:
        return [] if whole.startswith(pcm) else [f"{name}: a sample is wrong"]
    for leg, (mine, right) in enumerate(zip(legs(pcm), legs(whole), strict=True)):
        at = 0
        for begin, end in [(begin, end) for which, begin, end in gaps if which == leg] + [(len(mine) // 2,) * 2]:
            if mine[2 * at:2 * begin] != right[2 * at:2 * begin]:
                return [f"{name}: a sample between {at} and {begin} is wrong"]
            if any(mine[2 * begin:2 * end]):
                return [f"{name}: the gap {begin}-{end} is not silence"]
            at = end
    return []


def _changed(first: Started, second: Started) -> list[str]:
    """A second start finds what the first one did, and has nothing to tell of the cut."""
    wrong = []
    if second.wavs != first.wavs:
        wrong.append("a second start finds other recordings")
    if second.cdrs != first.cdrs:
        wrong.append("a second start finds other CDRs")
    if second.callbacks != first.callbacks:
        wrong.append("a second start finds other callbacks")
    late = [fact for fact in second.told if isinstance(
        fact, facts.CallEnded | facts.RecordingEnded | facts.RecordingRecovered)]
    if late:
        wrong.append(f"a second start tells of the cut once more: {late[0]}")
    return wrong


def _copy(source: Path, target: Path) -> None:
    """A sparse file stays sparse."""
    target.unlink(missing_ok=True)
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)
