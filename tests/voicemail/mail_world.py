"""A mailroom on virtual time: journal, store and files are real, the recorder is whoever writes its facts."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccappliance.apps.voicemail.files import SoundFiles
from ccappliance.apps.voicemail.mailroom import Mailroom, Means
from ccappliance.apps.voicemail.messages import MessageStore
from ccappliance.apps.voicemail.settings import MailboxSettings, VoicemailSettings
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.media.files import write_wav
from ccappliance.media.tones import load_zones
from ccappliance.service.command import CommandFailed
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

EPOCH = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
VOICE = bytes(range(0, 250, 5)) * 640  # 2 s of the customer, int16
SETTINGS = {"8001": MailboxSettings(owner="李明", pin="4711", station="8001", email="li@example.com")}
SHARED = VoicemailSettings(mail="sendmail -t")


class World:
    """One run of the mailroom; `again` makes the next one after a kill, from what is on disk."""

    def __init__(self, folder: Path, boxes: Mapping[str, MailboxSettings] = SETTINGS, *, sink: MemorySink | None = None,
                 store: Store | None = None, shared: VoicemailSettings = SHARED) -> None:
        self.loop = asyncio.get_running_loop()
        self.folder = folder
        self.boxes = boxes
        self.sink = sink or MemorySink()
        self.store = store or Store(":memory:", threaded=False)
        clock = LoopClock(self.loop, EPOCH)
        self.kept = MessageStore(self.store)
        self.journal = Journal(clock, self.sink, at_least=self.kept.applied)
        self.kept.catch_up(self.sink.read(self.kept.replay_from))
        self.letters: list[bytes] = []
        self.failures = 0  # of the next e-mails
        self.lamps: list[tuple[str, bool]] = []
        self.full = False  # the disk takes nothing
        self.room = Mailroom(boxes, shared, self.kept, Means(
            loop=self.loop, outside=Outside(clock, random.Random(1), Ids(1)), journal=self.journal, prompts=None,  # type: ignore[arg-type]
            say=None, zone=UTC, files=SoundFiles(folder / "voicemail", folder / "recordings",
                                                                  load_zones()["cn"]), aside=self._aside,
            lamp=lambda station, on: self.lamps.append((station, on)), send=self._send, way_to=lambda number: ""))
        self.journal.follow(self.room.hear)

    def again(self) -> "World":
        """Killed and started: nothing but the disk is left."""
        world = World(self.folder, self.boxes, sink=self.sink, store=self.store)
        world.room.restore()
        return world

    def begin(self, name: str, mailbox: str = "8001", voice: bytes = VOICE) -> None:
        """A caller speaks, and his recording grows."""
        path = self.folder / "recordings" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        stereo = b"".join(voice[at:at + 2] + b"\1\2" for at in range(0, len(voice), 2))
        write_wav(path, stereo, channels=2)
        self.journal.write(facts.VoicemailBegun(f"c-{name}", mailbox, name, f"{name}.wav", "13800138000", "王芳"))

    def end(self, name: str, seconds: float = 2.0) -> None:
        self.journal.write(facts.RecordingEnded(f"c-{name}", name, f"{name}.wav", seconds, 0.0, "complete"))

    async def left(self, name: str, seconds: float = 2.0, mailbox: str = "8001") -> None:
        self.begin(name, mailbox)
        self.end(name, seconds)
        self.room.bring(name)
        await asyncio.sleep(1)

    def told(self, *kinds: type[facts.Fact]) -> list[facts.Fact]:
        return [entry.fact for entry in self.sink.read(1) if isinstance(entry.fact, kinds)]

    async def _aside(self, work: Callable[[], Any]) -> Any:
        if self.full:
            raise OSError(28, "No space left on device")
        return work()

    async def _send(self, command: Sequence[str], letter: bytes, timeout: float) -> None:
        assert command == ["sendmail", "-t"]
        if self.failures:
            self.failures -= 1
            raise CommandFailed("sendmail ended with code 75")
        self.letters.append(letter)


def play(story: Callable[[], Awaitable[None]]) -> None:
    run_virtual(story())
