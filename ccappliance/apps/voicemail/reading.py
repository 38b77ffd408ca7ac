"""The owner at his mailbox: PIN, then new and old messages, greeting and PIN by keypad. Every question has an end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.voicemail.changing import Changing
from ccappliance.apps.voicemail.leaving import SKIP_BY_KEY
from ccappliance.apps.voicemail.messages import DELETED, NEW, OLD, SAVED, Message
from ccappliance.call.collect import Collect
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.apps.voicemail.mailroom import Mailroom
    from ccappliance.call.call import Call

ASK = "ask"  # `mailbox:ask`: whose it is, the caller enters
TRIES = 3  # PINs in one call; what is guessed over many calls, the mailroom locks
ROUNDS = 200  # choices of one visit
BY = "keypad"
ENTER_NUMBER = Collect(most=8, first=8.0)
ENTER_PIN = Collect(most=12, first=8.0, secure=True)
CHOICE = Collect(most=1, terminator="", first=6.0)


class Main:
    """Keys of the mailbox's menu."""

    NEW, OLD, GREETING, PIN, LEAVE = "1", "2", "8", "9", "*"


class Key:
    """Keys after a message."""

    HEAR, SAVE, DELETE, CALL_BACK, SKIP, BACK = "1", "2", "3", "4", "6", "*"


class Reading:
    """`mailbox:8001`, or `mailbox:ask`: a destination."""

    def __init__(self, room: "Mailroom", mailbox: str) -> None:
        self._room = room
        self._mailbox = "" if mailbox == ASK else mailbox

    async def run(self, call: "Call") -> str | None:
        await call.answer()
        mailbox = await self._enter(call)
        if not mailbox:
            return None
        call.language = self._room.boxes[mailbox].language or call.language
        return await _Visit(self._room, mailbox, call).run()

    async def _enter(self, call: "Call") -> str:
        """The mailbox, if the caller knows its PIN; "" if not."""
        with call.shield.over():
            for _ in range(TRIES):
                mailbox = self._mailbox or (await self._ask(call, "mailbox_enter_number", ENTER_NUMBER))
                pin = await self._ask(call, "agent_enter_pin", ENTER_PIN)
                if self._room.right(mailbox, pin):
                    return mailbox
                await call.play([self._room.means.prompts.get("mailbox_wrong_pin", call.language)])
        return ""

    async def _ask(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._room.means.prompts.get(prompt, call.language)])).digits


class PlayOne:
    """`mailbox:8001/<message>`: one message, to a telephone that somebody in charge has had rung for it."""

    def __init__(self, room: "Mailroom", message: Message) -> None:
        self._room = room
        self._message = message

    async def run(self, call: "Call") -> str | None:
        await call.play([await self._room.sound(self._message)])
        return None


class _Visit:
    """One owner in his mailbox. What he deletes can be restored as long as he is there."""

    def __init__(self, room: "Mailroom", mailbox: str, call: "Call") -> None:
        self._room = room
        self._mailbox = mailbox
        self._call = call
        self._deleted: dict[str, str] = {}  # message → the state it had

    async def run(self) -> str | None:
        try:
            await self._count()
            for _ in range(ROUNDS):
                key = await self._choose("mailbox_menu")
                match key:
                    case Main.NEW | Main.OLD:
                        to = await self._hear((NEW,) if key == Main.NEW else (OLD, SAVED))
                        if to:
                            return to
                    case Main.GREETING:
                        await Changing(self._room, self._mailbox, self._call).greeting()
                    case Main.PIN:
                        await Changing(self._room, self._mailbox, self._call).pin()
                    case Main.LEAVE | "":
                        break
            await self._say("goodbye")
            return None
        finally:
            for message in self._deleted:
                found = self._room.kept.find(message)
                if found is not None and found.state == DELETED:
                    self._room.purge(found)

    async def _count(self) -> None:
        """You have 2 new messages and 5 old messages."""
        number, language = self._room.means.say.number, self._call.language
        new, old = (len(self._room.kept.inside(self._mailbox, states)) for states in ((NEW,), (OLD, SAVED)))
        sounds = [self._sound("mailbox_you_have"), *number(new, language), self._sound("mailbox_new"),
                  *number(old, language), self._sound("mailbox_old")]
        await self._call.collect(SKIP_BY_KEY, sounds)

    async def _hear(self, states: tuple[str, ...]) -> str:
        """One message after the other; where the call goes if he calls somebody back, or ""."""
        messages = self._room.kept.inside(self._mailbox, states)
        for number, message in enumerate(messages, 1):
            key = await self._one(number, message)
            for _ in range(ROUNDS):
                match key:
                    case Key.HEAR:
                        key = await self._one(number, message)
                        continue
                    case Key.SAVE:
                        self._room.move(message.message, SAVED, BY)
                        await self._say("mailbox_saved")
                    case Key.DELETE:
                        key = await self._delete(message)
                        continue
                    case Key.CALL_BACK:
                        to = self._way_back(message)
                        if to:
                            return to
                        await self._say("mailbox_cannot_call")
                    case Key.SKIP | "":
                        break
                    case Key.BACK:
                        return ""
                key = await self._choose("mailbox_message_menu")
        await self._say("mailbox_no_more")
        return ""

    async def _one(self, number: int, message: Message) -> str:
        """Say who and when, play it, and ask; a key meanwhile answers at once. Who has heard it has heard it."""
        say, language = self._room.means.say, self._call.language
        at = message.at.astimezone(self._room.means.zone)
        who = say.digits(message.calling, language) if message.calling.isdigit() else [
            self._sound("mailbox_unknown_number")]
        sounds = [self._sound("mailbox_message"), *say.number(number, language), self._sound("mailbox_from"), *who,
                  *say.date(at.date(), language), *say.time(at.time(), language), await self._room.sound(message)]
        key = (await self._call.collect(SKIP_BY_KEY, sounds)).digits
        found = self._room.kept.find(message.message)
        if found is not None and found.state == NEW:
            self._room.move(message.message, OLD, BY)
        return key or await self._choose("mailbox_message_menu")

    async def _delete(self, message: Message) -> str:
        """Delete it, or bring it back if it is deleted; his next key."""
        found = self._room.kept.find(message.message)
        if found is None:  # somebody at the command line was faster
            return Key.SKIP
        if found.state == DELETED:
            self._room.move(message.message, self._deleted.pop(message.message, OLD), BY)
            return await self._choose("mailbox_restored")
        self._deleted[message.message] = found.state
        self._room.move(message.message, DELETED, BY)
        return await self._choose("mailbox_deleted", silent=Key.SKIP)

    def _way_back(self, message: Message) -> str:
        """Only from a telephone of the house: from outside a mailbox must be no way to dial at our cost."""
        return self._room.means.way_to(message.calling) if self._call.direction == "internal" else ""

    async def _choose(self, prompt: str, silent: str = "") -> str:
        """One key; `silent` if none comes, after the prompt was said twice."""
        sounds: Sequence[Sound] = [self._sound(prompt)]
        for _ in range(2):
            key = (await self._call.collect(CHOICE, sounds)).digits
            if key:
                return key
        return silent

    async def _say(self, name: str) -> None:
        await self._call.collect(SKIP_BY_KEY, [self._sound(name)])

    def _sound(self, name: str) -> Sound:
        return self._room.means.prompts.get(name, self._call.language)
