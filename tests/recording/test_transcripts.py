"""Transcripts: made once whatever is killed, found by their words, sealed and deleted with their recording."""

import asyncio
import random
import struct
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_recorder import EPOCH, CountingTape, Port

from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.room import KeepRoom
from ccappliance.apps.recording.rules import Rules
from ccappliance.apps.recording.seal import Vault
from ccappliance.apps.recording.settings import RecordingSettings, TranscriptSettings
from ccappliance.apps.recording.transcribing import TRIES, count_words
from ccappliance.apps.recording.transcript import clear_words
from ccappliance.apps.recording.verify import Verifier
from ccappliance.base.clock import LoopClock
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.call.search import Asked
from ccappliance.house_tables import Tables
from ccappliance.interfaces.cli.replay import replay
from ccappliance.media.speech_engine import Engine, SteppedEngine
from ccappliance.service.aside import Aside
from ccappliance.service.disk import RealDisk
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

CALL, FILE = "1.000001", "2026/11/22/1.000001-r1.wav"
# Says the texts it was started with, one after the other; "!" dies.
ENGINE = """
import json, sys
texts = sys.argv[1:]
print(json.dumps({"ready": 1, "engine": "scripted"}), flush=True)
while line := sys.stdin.buffer.readline():
    ask = json.loads(line)
    sys.stdin.buffer.read(2 * ask["samples"])
    text = texts.pop(0)
    if text == "!":
        sys.exit(9)
    lines = [{"from": 0.1, "to": 0.5, "text": text}] if text else []
    print(json.dumps({"id": ask["id"], "lines": lines}), flush=True)
"""


class Talk(CountingTape):
    """Of each four seconds the customer speaks the second one and the agent the fourth; `mute`: a pause of it all."""

    def __init__(self, now: Callable[[], float], *, mute: bool = False) -> None:
        super().__init__(now)
        self._mute = mute
        self._chance = random.Random(5)

    def read(self) -> bytes:
        begin, end = self._read, self.samples
        self._read = end
        return b"".join(self._both(n // 8000 % 4) for n in range(begin, end))

    def _both(self, second: int) -> bytes:
        loud = 0 if self._mute else self._chance.randrange(-9000, 9000)
        return struct.pack("<hh", loud if second == 1 else 0, loud if second == 3 else 0)


class House:
    """A recorder with its room and tables, in one directory that outlives it; nothing of it is threaded."""

    def __init__(self, root: Path, *texts: str, encrypt: bool = False, enabled: bool = True,
                 sink: MemorySink | None = None, command: list[str] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.recordings, self.root = root / "recordings", root
        self.clock, self.sink = LoopClock(loop, EPOCH), sink or MemorySink()
        root.mkdir(exist_ok=True)
        self.store = Store(root / "house.db", threaded=False)
        self.tables = Tables(self.store, ZoneInfo("UTC"), lambda file: clear_words(self.recordings, file))
        self.journal = Journal(self.clock, self.sink, at_least=self.tables.applied)
        settings = RecordingSettings(segment=1, encrypt=encrypt, transcripts=TranscriptSettings(
            enabled=enabled, language="zh", least=1.0))
        self.recorder = Recorder(settings, self.clock, self.journal, self.recordings, Ids(1), threaded=False,
                                 used_space=lambda _: 50.0, vault=Vault(root / "keys", random.Random(1).randbytes,
                                                                        lambda: datetime(2026, 11, 22, tzinfo=UTC)))
        words = command or [sys.executable, "-c", ENGINE, *texts]
        self.started = 0

        def engine(language: str, told: Callable[[str], None]) -> Engine:
            self.started += 1
            return SteppedEngine(loop, words, told)

        self.room = KeepRoom(self.recorder, Rules(lambda: settings, random.Random(1).random), self.tables.keeping,
                             journal=self.journal, clock=self.clock, aside=Aside(threaded=False),
                             flush=self.store.flush, synchronised=str, built=EPOCH,
                             transcripts=self.tables.transcripts, dictation=engine)
        self.tables.cdrs.catch_up(self.sink.read(self.tables.cdrs.replay_from))
        self.tables.catch_up(self.sink.read)
        tables = self.tables
        for table in (tables.cdrs, tables.search, tables.keeping, tables.transcripts):
            self.journal.follow(table.hear, table.KINDS)
        self.recorder.tidy()
        self.room.open(self.sink)

    async def call(self, seconds: float = 8.0, *, mute: bool = False) -> None:
        """One that is recorded and over."""
        self.journal.write(facts.CallOffered(CALL, "fxo/1", "in", "13800000000", "4711", ""))
        self.recorder.start(CALL, Port(Talk(asyncio.get_running_loop().time, mute=mute)), "always")  # type: ignore[arg-type]
        await asyncio.sleep(seconds)
        self.recorder.stop(CALL)
        self.journal.write(facts.CallEnded(CALL, 16, "caller"))

    def told(self, *kinds: type) -> list[Any]:
        return [entry.fact for entry in self.sink.read() if isinstance(entry.fact, kinds)]

    async def found(self, words: str, *, recorded: bool = True) -> list[tuple[str, ...]]:
        rows = await self.tables.search.find(Asked(words=words, recorded=recorded), 10)
        return [row.words_in for row in rows]

    async def read(self) -> dict[str, Any]:
        return await self.room.custody.transcript(CALL, "", "cli:chen", "a complaint")

    def grams(self) -> list[str]:
        return [row["gram"] for row in self.store.query("SELECT gram FROM call_gram WHERE gram LIKE 't%'")]

    def wrong(self) -> list[str]:
        signed = {fact.entry: fact.sha256 for fact in self.told(facts.LedgerSigned)}
        return [finding.words for finding in Verifier(RealDisk(), self.recordings, self.root / "keys").verify(
            signed).findings]

    async def close(self) -> None:
        """As a kill would leave it: nothing is written."""
        await self.room.transcriber.close()
        self.store.close()


def story(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_virtual(main())


pytestmark = pytest.mark.slow

TEXTS = ("您好 我要退款", "Good morning", "谢谢", "")


def test_what_was_said_is_read_found_by_two_characters_and_in_no_fact(tmp_path: Path) -> None:
    async def main() -> None:
        house = House(tmp_path, *TEXTS)
        await house.call()
        await asyncio.sleep(30.0)
        (made,) = house.told(facts.RecordingTranscribed)
        assert (made.file, made.engine, made.language, made.words) == (f"{FILE}.transcript", "scripted", "zh", 10)
        told = await house.read()
        assert [(line["leg"], line["text"]) for line in told["lines"]] == [
            ("caller", "您好 我要退款"), ("agent", "Good morning"), ("caller", "谢谢")]
        assert [round(line["from"]) for line in told["lines"]] == [1, 3, 5]
        assert house.told(facts.RecordingGiven)[-1].what == "read"
        assert "退款".encode() not in b"".join(entry.line() for entry in house.sink.read())
        assert await house.found("退款") == [("transcript",)]
        assert await house.found("good 谢谢") == [("transcript",)]
        assert await house.found("退货") == []
        assert await house.found("退款", recorded=False) == [], "calls search looks at notes only"
        house.journal.write(facts.CallNoted(CALL, "cli:chen", "退款 done"))
        assert await house.found("退款") == [("note", "transcript")]
        assert house.wrong() == []
        rows = replay(house.sink.read, tmp_path / "again.db", "UTC", house.recordings)
        assert rows["call_transcript"] == 1
        assert rows["call_gram"] == len(house.store.query("SELECT 1 FROM call_gram"))
        await house.close()

    story(main)


@pytest.mark.parametrize("encrypt", [False, True])
def test_it_goes_when_the_recording_goes(tmp_path: Path, encrypt: bool) -> None:
    async def main() -> None:
        house = House(tmp_path, *TEXTS, encrypt=encrypt)
        await house.call()
        await asyncio.sleep(30.0)
        house.journal.write(facts.CallNoted(CALL, "cli:chen", "您好"))
        lies = house.recordings / f"{FILE}.transcript"
        assert ("退款".encode() in lies.read_bytes()) is not encrypt
        assert (await house.read())["lines"][0]["text"] == "您好 我要退款"
        assert house.wrong() == []
        await house.room.custody.delete(CALL, "asked for", "cli:chen")
        for _ in range(3):
            house.room.care()
        assert not lies.exists()
        assert not (house.recordings / FILE).exists()
        assert house.grams() == ["t好", "t您", "t您好"]
        assert house.store.query("SELECT 1 FROM call_transcript") == []
        assert await house.found("退款") == []
        assert house.wrong() == []
        with pytest.raises(Refused) as refused:
            await house.read()
        assert refused.value.code == "deleted"
        await house.close()

    story(main)


def test_what_is_sealed_is_not_in_the_index(tmp_path: Path) -> None:
    async def main() -> None:
        house = House(tmp_path, *TEXTS, encrypt=True)
        await house.call()
        await asyncio.sleep(30.0)
        assert len(house.told(facts.RecordingTranscribed)) == 1
        assert house.grams() == []
        assert await house.found("退款") == []
        await house.close()
        assert "退款".encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    story(main)


def test_a_kill_in_the_middle_costs_the_work_on_one_recording(tmp_path: Path) -> None:
    sink = MemorySink()

    async def first() -> None:
        house = House(tmp_path, *TEXTS, sink=sink)
        kept = house.recorder.keep_text

        async def killed(*given: Any) -> str:
            await kept(*given)  # the file is safe, and the journal never hears of it
            await asyncio.sleep(1e6)
            return ""

        house.recorder.keep_text = killed  # type: ignore[method-assign]
        await house.call()
        await asyncio.sleep(30.0)
        assert (house.recordings / f"{FILE}.transcript").exists()
        assert house.told(facts.RecordingTranscribed) == []
        with pytest.raises(Refused) as refused:
            await house.read()
        assert refused.value.code == "no_transcript"
        await house.close()

    async def second() -> None:
        house = House(tmp_path, "又", "一", "次", "好", sink=sink)
        await asyncio.sleep(30.0)
        assert len(house.told(facts.RecordingTranscribed)) == 1
        assert [line["text"] for line in (await house.read())["lines"]] == ["又", "一", "次", "好"]
        assert house.wrong() == []
        await house.close()

    async def third() -> None:
        house = House(tmp_path, sink=sink)
        await asyncio.sleep(100.0)
        assert house.started == 0, "what is made is not made again"
        await house.close()

    for life in (first, second, third):
        story(life)


def test_an_engine_that_dies_of_a_recording_gives_it_up_with_an_alarm(tmp_path: Path) -> None:
    async def main() -> None:
        house = House(tmp_path, "a", "!")
        await house.call()
        await asyncio.sleep(1000.0)
        failed = house.told(facts.TranscriptFailed)
        assert [(fact.tries, fact.given_up) for fact in failed] == [(n, n == TRIES) for n in range(1, TRIES + 1)]
        assert "died" in failed[0].why
        assert "transcript_failed" in [fact.alarm for fact in house.told(facts.AlarmRaised)]
        assert not (house.recordings / f"{FILE}.transcript").exists()
        await house.close()

    story(main)


def test_an_engine_that_is_not_there_costs_no_try(tmp_path: Path) -> None:
    async def main() -> None:
        house = House(tmp_path, command=["/no/such/engine"])
        await house.call()
        await asyncio.sleep(1000.0)
        assert house.told(facts.TranscriptFailed) == []
        assert [fact.alarm for fact in house.told(facts.AlarmRaised)] == ["transcript_engine"]
        await house.close()

    story(main)


def test_a_pause_gives_nothing_and_off_does_nothing(tmp_path: Path) -> None:
    async def silent() -> None:
        house = House(tmp_path / "silent")
        await house.call(mute=True)
        await asyncio.sleep(30.0)
        assert [fact.words for fact in house.told(facts.RecordingTranscribed)] == [0]
        assert (await house.read())["lines"] == []
        await house.close()

    async def off() -> None:
        house = House(tmp_path / "off", enabled=False)
        await house.call()
        await asyncio.sleep(100.0)
        assert house.started == 0
        await house.close()

    story(silent)
    story(off)


def test_one_seed_one_journal(tmp_path: Path) -> None:
    lines: list[bytes] = []

    def run(name: str) -> bytes:
        async def main() -> None:
            house = House(tmp_path / name, *TEXTS)
            await house.call()
            await asyncio.sleep(30.0)
            lines.append(b"".join(entry.line() for entry in house.sink.read()))
            await house.close()

        story(main)
        return lines[-1]

    assert run("one") == run("two")


@pytest.mark.parametrize(("text", "words"), [("我要退款", 4), ("good morning", 2), ("VIP 客户", 3), ("", 0)])
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words
