"""Transcribing: archived recordings given to a dictation engine, one at a time, slowly, when nobody needs the machine.

    due (database) → cut into utterances → engine → file beside the recording, safe → RecordingTranscribed

What is due is known by the database alone, so a kill at any moment costs no more than the work on one recording.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ccappliance.apps.recording.archive import TRANSCRIPT, lowest_priority
from ccappliance.apps.recording.playable import FRAME, Playable
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.settings import TranscriptSettings
from ccappliance.base.errors import Refused
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.transcript_store import Transcript, TranscriptStore
from ccappliance.media.dictation import Cutter, Utterance
from ccappliance.media.files import HEADER
from ccappliance.media.speech_engine import Engine, Question
from ccappliance.media.speech_protocol import Answer
from ccappliance.service.aside import Aside
from ccappliance.service.tasks import Supervisor

LOOK = 10.0  # s between two looks for something due while there is nothing
READY = 1.0  # s between two looks whether the engine has loaded its model
TRIES = 3  # an engine that dies of a recording three times dies a fourth time
AFTER_FAILURE = 60.0  # s until the next try of anything: a disk or an engine in trouble is not pressed
PIECE = 10 * RATE * FRAME  # bytes read and cut at once: 10 s, some tens of ms of a processor
MOST_LINES = 20_000  # of one transcript: ten hours of people who speak two seconds at a time
FAILED, ENGINE, _SUBJECT = "transcript_failed", "transcript_engine", "recordings"


class NotTranscribed(Exception):
    """One recording could not be; the sentence says why."""


@dataclass(frozen=True)
class TranscriptMeans:
    """What transcribing needs of the house."""

    settings: Callable[[], TranscriptSettings]
    engine: Callable[[str, Callable[[str], None]], Engine]  # (language, told of its troubles): not yet started
    store: TranscriptStore
    recorder: Recorder
    sound: Callable[[str], Awaitable[Playable]]  # a recording by its file, as a WAV
    is_gone: Callable[[str], bool]  # was this recording deleted?
    journal: Journal
    flush: Callable[[], Awaitable[object]]
    aside: Aside


class Transcriber:
    """`apply` begins and ends the work by its settings. Everything but the disk and the engine is done in the loop."""

    def __init__(self, means: TranscriptMeans) -> None:
        self._means = means
        self._tasks = Supervisor("transcripts")
        self._task: asyncio.Task[None] | None = None
        self._engine: Engine | None = None
        self._alarms: dict[str, None] = {}

    def apply(self) -> None:
        """After the start and each reload: what is under way is begun again by the settings of now."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._leave()
        if self._means.settings().enabled:
            self._task = self._tasks.spawn(self._run(), "transcripts")

    async def close(self) -> None:
        await self._tasks.close()
        self._leave()

    # ---- inside ----

    async def _run(self) -> None:
        means = self._means
        while True:
            await means.flush()
            one = means.store.due(means.settings().least)
            if one is None or means.is_gone(one.recording):
                self._leave()
                await asyncio.sleep(LOOK)
                continue
            engine = await self._ready(means.settings().language)
            try:
                await self._transcribe(one, engine)
            except NotTranscribed as error:
                self._failed(one, str(error))
                await asyncio.sleep(AFTER_FAILURE)
            else:
                self._alarm(FAILED, "")

    async def _ready(self, language: str) -> Engine:
        """The engine, when it is; one that cannot be started costs no recording a try."""
        if self._engine is None:
            self._engine = self._means.engine(language, self._told)
            self._engine.start()
        while not self._engine.ready:
            await asyncio.sleep(READY)
        if self._engine.pid:
            lowest_priority(self._engine.pid)
        return self._engine

    async def _transcribe(self, one: Transcript, engine: Engine) -> None:
        """NotTranscribed."""
        means, settings = self._means, self._means.settings()
        lines: list[dict[str, Any]] = []
        seconds = 0.0
        async with aclosing(self._utterances(one.file)) as utterances:
            async for said in utterances:
                answer = await self._paced(self._dictate(engine, said))
                if answer.error:
                    raise NotTranscribed(answer.error)
                seconds += len(said.pcm) / 2 / RATE
                lines += [{"from": round(said.begin + line.begin, 2), "to": round(said.begin + line.end, 2),
                           "leg": said.leg, "text": line.text} for line in answer.lines]
                if len(lines) > MOST_LINES:
                    raise NotTranscribed(f"it has more than {MOST_LINES} lines")
        lines.sort(key=lambda line: (line["from"], line["leg"]))
        text = {"recording": one.recording, "call": one.call, "engine": engine.name, "language": settings.language,
                "lines": lines}
        if means.is_gone(one.recording):
            return
        wrong = await means.recorder.keep_text(one.file, json.dumps(text, ensure_ascii=False).encode(), one.recording)
        if means.is_gone(one.recording):
            means.recorder.remove(one.file)  # again: its transcript may have come after
        elif wrong:
            raise NotTranscribed(wrong)
        else:
            means.journal.write(facts.RecordingTranscribed(
                one.call, one.recording, one.file + TRANSCRIPT, engine.name, settings.language,
                sum(count_words(line["text"]) for line in lines), round(seconds, 1)))

    async def _utterances(self, file: str) -> AsyncGenerator[Utterance, None]:
        """NotTranscribed."""
        means, cutter = self._means, Cutter()
        try:
            sound = await means.sound(file)
            try:
                for offset in range(HEADER, sound.size, PIECE):
                    for one in await self._paced(means.aside.do(_cut(cutter, sound, offset))):
                        yield one
            finally:
                sound.close()
        except (Refused, OSError) as error:
            raise NotTranscribed(str(error)) from error
        for one in cutter.end():
            yield one

    async def _paced(self, work: Awaitable[Any]) -> Any:
        """Its result, after a rest as long as the pace asks for."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        done = await work
        await asyncio.sleep((loop.time() - began) * (100.0 / self._means.settings().pace - 1.0))
        return done

    async def _dictate(self, engine: Engine, said: Utterance) -> Answer:
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def tell(answer: Answer) -> None:
            if not done.done():
                done.set_result(answer)

        engine.ask(Question((), said.pcm, tell, dictate=True))
        return await done

    def _failed(self, one: Transcript, why: str) -> None:
        if self._means.is_gone(one.recording):
            return
        tries = one.tries + 1
        self._means.journal.write(facts.TranscriptFailed(one.call, one.recording, tries, why[:300], tries >= TRIES))
        if tries >= TRIES:
            self._alarm(FAILED, f"recording {one.recording} of call {one.call} gets no transcript, after {tries} "
                                f"tries: {why[:300]}")

    def _told(self, words: str) -> None:
        self._alarm(ENGINE, f"recordings are not transcribed: {words}" if words else "")

    def _alarm(self, alarm: str, words: str) -> None:
        if words and alarm not in self._alarms:
            self._alarms[alarm] = None
            self._means.journal.write(facts.AlarmRaised(alarm, _SUBJECT, words))
        elif not words and alarm in self._alarms:
            del self._alarms[alarm]
            self._means.journal.write(facts.AlarmCleared(alarm, _SUBJECT))

    def _leave(self) -> None:
        """Let the engine and its memory go; the next work starts another."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def _cut(cutter: Cutter, sound: Playable, offset: int) -> Callable[[], list[Utterance]]:
    return lambda: list(cutter.feed(sound.read(offset, PIECE)))


def count_words(text: str) -> int:
    """Words between spaces; each Chinese character is one."""
    return sum(max(1, sum("\u3400" <= one <= "\u9fff" for one in word)) for word in text.split())
