"""What an owner changes of his mailbox by keypad: his greeting, recorded and heard before it counts, and his PIN."""

from typing import TYPE_CHECKING

from ccappliance.apps.voicemail.dictation import Draft, written
from ccappliance.apps.voicemail.leaving import SKIP_BY_KEY
from ccappliance.call.collect import Collect
from ccappliance.media.files import SoundFileError
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.apps.voicemail.mailroom import Mailroom
    from ccappliance.call.call import Call

LONGEST = 60.0  # s of a greeting: callers wait for its end
LEAST_PIN, MOST_PIN = 4, 12
ATTEMPTS = 3
BY = "keypad"


class Key:
    """Keys after a greeting."""

    KEEP, LISTEN, AGAIN, CONFIGURED = "1", "2", "3", "0"


class Changing:
    """One owner, who has shown that he is."""

    def __init__(self, room: "Mailroom", mailbox: str, call: "Call") -> None:
        self._room = room
        self._mailbox = mailbox
        self._call = call

    async def pin(self) -> None:
        """Twice the same, of 4 to 12 digits."""
        with self._call.shield.over():
            for _ in range(ATTEMPTS):
                new = await self._digits("mailbox_new_pin")
                if len(new) >= LEAST_PIN and new == await self._digits("mailbox_pin_again"):
                    self._room.change(self._mailbox, "pin", self._room.hashed(self._mailbox, new), BY)
                    await self._say("mailbox_pin_changed")
                    return
                await self._say("mailbox_pin_differs")

    async def greeting(self) -> None:
        """Record, hear, keep; or go back to the configured one."""
        for _ in range(ATTEMPTS):
            await self._say("mailbox_record_greeting")
            draft = Draft("", "")

            def begun(one: Draft) -> None:
                nonlocal draft
                draft = one

            end = await self._room.dictations.take(self._call, f"greeting {self._mailbox}", LONGEST,
                                                   self._sound("beep"), begun)
            if end is None:
                break
            ended = await written(end)
            if ended is None or await self._judge(draft, ended.seconds):
                return
        await self._say("error")

    async def _judge(self, draft: Draft, seconds: float) -> bool:
        """Whether it is settled: kept, or given up."""
        files = self._room.means.files
        for _ in range(ATTEMPTS):
            key = (await self._call.collect(Collect(most=1, terminator="", first=6.0),
                                            [self._sound("mailbox_greeting_menu")])).digits
            match key:
                case Key.KEEP:
                    return await self._keep(draft)
                case Key.LISTEN:
                    sound = await self._room.means.aside(lambda: files.spoken(draft.path, seconds))
                    await self._call.collect(SKIP_BY_KEY, [sound])
                case Key.AGAIN:
                    return False
                case Key.CONFIGURED:
                    self._room.change(self._mailbox, "greeting", "", BY)
                    await self._say("mailbox_greeting_saved")
                    return True
        return True  # he says nothing: it stays as it was

    async def _keep(self, draft: Draft) -> bool:
        files, to = self._room.means.files, f"{self._mailbox}/greeting-{draft.recording}.wav"
        try:
            brought = await self._room.means.aside(lambda: files.bring(draft.path, 0.0, to))
        except (OSError, SoundFileError):
            return False
        if brought.path:
            self._room.change(self._mailbox, "greeting", brought.path, BY)
        await self._say("mailbox_greeting_saved")
        return True

    async def _digits(self, prompt: str) -> str:
        return (await self._call.collect(Collect(most=MOST_PIN, first=8.0, secure=True), [self._sound(prompt)])).digits

    async def _say(self, name: str) -> None:
        await self._call.play([self._sound(name)])

    def _sound(self, name: str) -> Sound:
        return self._room.means.prompts.get(name, self._call.language)
