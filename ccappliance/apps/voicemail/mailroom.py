"""The mailroom: all mailboxes, their messages and lamps, notices, PINs, and the days messages are kept."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from ccappliance.apps.voicemail.dictation import Dictations, Draft
from ccappliance.apps.voicemail.files import Brought, SoundFiles
from ccappliance.apps.voicemail.leaving import FAILED, Leaving
from ccappliance.apps.voicemail.messages import BEGUN, DELETED, ENDED, KEPT, NEW, OLD, Message, MessageStore
from ccappliance.apps.voicemail.notices import Desk, Send
from ccappliance.apps.voicemail.reading import ASK, PlayOne, Reading
from ccappliance.apps.voicemail.settings import MailboxSettings, VoicemailSettings
from ccappliance.base.clock import Outside
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Wanted
from ccappliance.media.files import SoundFileError
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Entry, Journal

log = logging.getLogger("ccappliance.voicemail")
T = TypeVar("T")
RETRY = 30.0  # s after which a message that the disk did not take is tried again
PATIENCE = 5.0  # s that a stopping daemon gives a message to be brought in
LOOK = 86_400.0  # s after which, at the latest, the age of messages is looked at: the wall clock may have been set
TRIES, LOCKED = 3, 300.0  # wrong PINs in a row, and s for which the mailbox then takes none (F61)
_ALARM = "voicemail_failed"


class Prompts(Protocol):
    """The prompt book."""

    def get(self, name: str, language: str) -> Sound: ...
    def text(self, text: str, language: str) -> Sound: ...


@dataclass(frozen=True)
class Means:
    """What the mailroom works with. `aside` runs what may wait for the disk; `lamp(station, on)`: messages wait there;
    `way_to(number)`: the destination that dials it, "" if it is not allowed to be.
    """

    loop: asyncio.AbstractEventLoop
    outside: Outside
    journal: "Journal"
    prompts: Prompts
    say: Any  # media's Say
    zone: tzinfo
    files: SoundFiles
    aside: Callable[[Callable[[], Any]], Awaitable[Any]]
    lamp: Callable[[str, bool], None]
    send: Send
    way_to: Callable[[str], str]


class Mailroom:
    """Owner of every message. Let the journal tell `hear`, then `restore`; a reload calls `apply`."""

    def __init__(self, boxes: Mapping[str, MailboxSettings], shared: VoicemailSettings, kept: MessageStore,
                 means: Means) -> None:
        self.means = means
        self.boxes = boxes
        self.shared = shared
        self.kept = kept
        self.dictations = Dictations(means.outside.clock, means.loop)
        self.desk = Desk(loop=means.loop, journal=means.journal, send=means.send, zone=means.zone, wav=self._wav)
        self.desk.settings = shared
        self._wrong: dict[str, tuple[int, float]] = {}  # by mailbox: wrong PINs in a row, and when the last
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by message: those that are being brought in
        self._lit: dict[str, bool] = {}  # by station
        self._timer: asyncio.TimerHandle | None = None
        self._failing: dict[str, None] = {}
        self._closing = False

    # ---- the daemon's life ----

    KINDS: ClassVar[Wanted] = frozenset({
        facts.VoicemailBegun, facts.VoicemailLeft, facts.VoicemailDropped, facts.VoicemailMoved, facts.NoticeSent,
        facts.NoticeFailed, facts.MailboxChanged, facts.RecordingStarted, facts.RecordingEnded})

    def hear(self, entry: "Entry") -> None:
        self.kept.hear(entry)
        self.dictations.hear(entry)

    def restore(self) -> None:
        """After a start: what a kill left on the way is brought in, lamps are lit, old messages go."""
        for message in self.kept.inside(states=(BEGUN, ENDED)):
            self.bring(message.message)
        for message in self.kept.inside(states=(DELETED,)):
            self.purge(message)
        for message in self.kept.inside(states=(NEW,)):
            if not message.notice and message.mailbox in self.boxes:
                self.desk.tell(message, self.boxes[message.mailbox])
        self._look()
        self._lamps()

    def apply(self, boxes: Mapping[str, MailboxSettings], shared: VoicemailSettings) -> None:
        """Another configuration. Messages of a mailbox that is gone are kept until they are old."""
        self.boxes, self.shared, self.desk.settings = boxes, shared, shared
        self._look()
        self._lamps()

    async def close(self) -> None:
        """Bring in what can be; what the disk does not take now goes on after the next start."""
        if self._timer is not None:
            self._timer.cancel()
        await self.desk.close()
        for task in list(self._tasks.values()):
            await asyncio.wait([task], timeout=PATIENCE)
        self._closing = True
        for task in list(self._tasks.values()):
            task.cancel()

    # ---- destinations ----

    def find(self, argument: str) -> Leaving | None:
        """`voicemail:8001`: leave a message there."""
        return Leaving(self, argument) if argument in self.boxes else None

    def find_owner(self, argument: str) -> Reading | PlayOne | None:
        """`mailbox:8001` and `mailbox:ask`: hear them; `mailbox:8001/<message>`: one, by somebody's order."""
        mailbox, slash, name = argument.partition("/")
        if slash:
            found = self.kept.find(name)
            return PlayOne(self, found) if found is not None and found.mailbox == mailbox else None
        return Reading(self, mailbox) if mailbox in (ASK, *self.boxes) else None

    async def take(self, call: "Call", mailbox: str) -> str:
        """For flows: how it ended, as Leaving.take; "failed" if there is no such mailbox any more."""
        return await Leaving(self, mailbox).take(call) if mailbox in self.boxes else FAILED

    # ---- those who leave messages ----

    def is_full(self, mailbox: str) -> bool:
        return len(self.kept.inside(mailbox, (BEGUN, ENDED, *KEPT))) >= self._box(mailbox).capacity

    def begin(self, call: "Call", mailbox: str, draft: Draft) -> None:
        self.means.journal.write(facts.VoicemailBegun(call.id, mailbox, draft.recording, draft.path, call.calling,
                                                      call.name))

    def drop(self, message: str, why: str) -> None:
        found = self.kept.find(message)
        if found is not None:
            self.means.journal.write(facts.VoicemailDropped(found.call, found.mailbox, message, why))

    def bring(self, message: str) -> None:
        """Bring a message into its mailbox, as soon as its recording is written. Returns at once."""
        if message not in self._tasks and not self._closing:
            task = self._tasks[message] = self.means.loop.create_task(self._bring(message),
                                                                      name=f"voicemail {message}")
            task.add_done_callback(lambda _: self._tasks.pop(message, None))

    # ---- those who hear them ----

    @staticmethod
    def hashed(mailbox: str, pin: str) -> str:
        """What is kept of a PIN: whoever reads journal or database cannot dial it, nor see which two are alike."""
        return hashlib.scrypt(pin.encode(), salt=f"ccappliance mailbox {mailbox}".encode(), n=2**12, r=8, p=1,
                              dklen=24).hex()

    def right(self, mailbox: str, pin: str) -> bool:
        """Whether this is the mailbox's PIN. One that was guessed at takes none for a while, and sounds the same."""
        box, own, now = self.boxes.get(mailbox), self.kept.own(mailbox).pin, self.means.outside.clock.now()
        wanted = own or (self.hashed(mailbox, box.pin) if box is not None and box.pin else "")
        same = hmac.compare_digest(self.hashed(mailbox, pin), wanted or self.hashed(mailbox, ""))
        if box is None or not wanted:
            return False
        wrong, last = self._wrong.get(mailbox, (0, 0.0))
        if wrong >= TRIES and now - last < LOCKED:
            return False
        if not same:
            self._wrong[mailbox] = (wrong + 1, now)
            if wrong + 1 == TRIES:
                self.means.journal.write(facts.AlarmRaised("pin_guessing", f"mailbox:{mailbox}",
                                                           f"{TRIES} wrong PINs in a row"))
            return False
        if wrong >= TRIES:
            self.means.journal.write(facts.AlarmCleared("pin_guessing", f"mailbox:{mailbox}"))
        self._wrong.pop(mailbox, None)
        return True

    def change(self, mailbox: str, what: str, value: str, by: str) -> None:
        """Its owner chooses a PIN (`what` "pin": a hash) or a greeting (a path; "": the configured one)."""
        former = self.kept.own(mailbox).greeting
        self.means.journal.write(facts.MailboxChanged(mailbox, what, value, by))
        if what == "greeting" and former and former != value:
            self._aside(lambda: self.means.files.remove(former), "greeting")

    def move(self, message: str, state: str, by: str) -> Message:
        """Refused("no_message")."""
        found = self.kept.find(message)
        if found is None or found.state in (BEGUN, ENDED):
            raise Refused("no_message", f"there is no message {message!r}; `ccappliance voicemail list` shows them")
        if found.state != state:
            self.means.journal.write(facts.VoicemailMoved(found.mailbox, message, found.state, state, by))
            self._lamps()
            self._look()
        return found

    def purge(self, message: Message) -> None:
        """A deleted message is not to come back."""
        self.kept.forget(message.message)
        self._aside(lambda: self.means.files.remove(message.path), message.message)

    async def sound(self, message: Message) -> Sound:
        files = self.means.files
        sound: Sound = await self.means.aside(lambda: files.sound(message.path, message.seconds))
        return sound

    # ---- control ----

    def rows(self, mailbox: str = "") -> list[dict[str, Any]]:
        """Messages, oldest first. Refused("no_mailbox")."""
        if mailbox and mailbox not in self.boxes:
            raise Refused("no_mailbox", f"there is no mailbox {mailbox!r}; mailboxes: "
                          + (", ".join(self.boxes) or "none"))
        directory = self.means.files.directory
        return [{"message": one.message, "mailbox": one.mailbox, "owner": self._owner(one.mailbox),
                 "left_at": one.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "calling": one.calling, "name": one.name,
                 "seconds": one.seconds, "state": one.state, "notice": one.notice, "call": one.call,
                 "path": str(directory / one.path) if directory is not None and one.path else ""}
                for one in self.kept.inside(mailbox)]

    def delete(self, message: str, by: str) -> None:
        """For good. Refused("no_message")."""
        self.purge(self.move(message, DELETED, by))

    # ---- inside ----

    def _box(self, mailbox: str) -> MailboxSettings:
        """Of one that a reload has taken away, the usual settings: its messages and callers go on."""
        return self.boxes.get(mailbox, MailboxSettings())

    def _owner(self, mailbox: str) -> str:
        return self.boxes[mailbox].owner if mailbox in self.boxes else ""

    async def _bring(self, message: str) -> None:
        while (found := self.kept.find(message)) is not None and not self._closing:
            if found.state == BEGUN:
                await asyncio.sleep(0.1)  # the recorder's disk is slow; it gives up by itself
                continue
            box = self._box(found.mailbox)
            try:
                brought: Brought = await self.means.aside(self._writer(found, box.least))
            except SoundFileError as error:
                log.error("message lost", extra={"fields": {"message": message, "why": str(error)}})
                self.drop(message, "lost")
                return
            except OSError as error:
                self._alarm(message, error)
                await asyncio.sleep(RETRY)
                continue
            self._well(message)
            if brought.seconds < box.least:
                self.drop(message, "short")
                return
            self.means.journal.write(facts.VoicemailLeft(found.call, found.mailbox, message, brought.path,
                                                         found.calling, found.name, brought.seconds))
            self._arrived(message, box)
            return

    def _writer(self, found: Message, least: float) -> Callable[[], Brought]:
        to = f"{found.mailbox}/{found.message}.wav"
        return lambda: self.means.files.bring(found.source, found.seconds, to, least)

    def _arrived(self, message: str, box: MailboxSettings) -> None:
        found = self.kept.find(message)
        if found is not None:
            self.desk.tell(found, box)
        self._lamps()
        self._look()

    async def _wav(self, message: Message) -> bytes:
        files = self.means.files
        data: bytes = await self.means.aside(lambda: files.read(message.path))
        return data

    def _aside(self, work: Callable[[], None], name: str) -> None:
        async def run() -> None:
            await self.means.aside(work)
        key = f"aside {name}"
        task = self._tasks[key] = self.means.loop.create_task(run(), name=f"voicemail {key}")
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def _lamps(self) -> None:
        """Each telephone whose mailboxes have new messages is told, and each whose have none any more."""
        lit: dict[str, bool] = {}
        for mailbox, box in self.boxes.items():
            if box.station:
                lit[box.station] = lit.get(box.station, False) or bool(self.kept.inside(mailbox, (NEW,)))
        for station in [*lit, *(one for one in self._lit if one not in lit)]:
            on = lit.get(station, False)
            if self._lit.get(station, False) != on:
                self._lit[station] = on
                self.means.lamp(station, on)

    def _look(self) -> None:
        """Delete what is too old, and look again when the next message will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wall, ahead = self.means.outside.clock.wall(), LOOK
        for message in self.kept.inside(states=(NEW, OLD)):
            left = self._until(message) - wall
            if left <= timedelta(0):
                self.means.journal.write(facts.VoicemailMoved(message.mailbox, message.message, message.state, DELETED,
                                                              "expired"))
                self.purge(message)
            else:
                ahead = min(ahead, left.total_seconds())
        if self.kept.inside(states=(NEW, OLD)):
            self._timer = self.means.loop.call_later(ahead + 1.0, self._look_again)

    def _look_again(self) -> None:
        self._look()
        self._lamps()

    def _until(self, message: Message) -> Any:
        return message.at + timedelta(days=self._box(message.mailbox).keep)

    def _alarm(self, message: str, error: OSError) -> None:
        if not self._failing:
            self.means.journal.write(facts.AlarmRaised(_ALARM, "voicemail", (
                f"the disk of {self.means.files.directory} takes no messages ({error.strerror}); they wait: see to "
                "it")))
        self._failing[message] = None

    def _well(self, message: str) -> None:
        if self._failing.pop(message, self) is None and not self._failing:
            self.means.journal.write(facts.AlarmCleared(_ALARM, "voicemail"))
