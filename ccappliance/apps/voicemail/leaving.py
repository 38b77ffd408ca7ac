"""Who leaves a message: greeting, beep, words, then 1 sends, 2 plays, 3 begins anew; hanging up sends it."""

from typing import TYPE_CHECKING

from ccappliance.apps.voicemail.dictation import Draft, written
from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.collect import Collect
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.apps.voicemail.mailroom import Mailroom
    from ccappliance.call.call import Call

SENT, FULL, SHORT, FAILED = "sent", "full", "short", "failed"  # how it ended, for flows
SEND, LISTEN, AGAIN = "1", "2", "3"
ATTEMPTS = 5  # times one caller may speak anew
CHOICES = 10  # times he is asked what to do with it; then it is sent
SKIP_BY_KEY = Collect(most=1, least=0, terminator="", first=0.0)


class Leaving:
    """`voicemail:8001`: one caller leaves one message."""

    def __init__(self, room: "Mailroom", mailbox: str) -> None:
        self._room = room
        self._box = mailbox
        self._settings = room.boxes[mailbox]

    async def run(self, call: "Call") -> str | None:
        """As a destination: afterwards the call is over."""
        await self.take(call)
        call.anchor.clear(Cause.NORMAL)
        return None

    async def take(self, call: "Call") -> str:
        """SENT, FULL (nothing was recorded), SHORT (nobody spoke), FAILED (there can be no recording now)."""
        await call.answer()
        if self._room.is_full(self._box):
            await call.play([self._prompt(call, "mailbox_full")])
            return FULL
        await call.collect(SKIP_BY_KEY, [*await self._greeting(call.language),
                                   self._prompt(call, "leave_message")])
        for _ in range(ATTEMPTS):
            verdict = await self._attempt(call)
            if verdict != AGAIN:
                return verdict
        return SHORT

    async def _attempt(self, call: "Call") -> str:
        """One message; AGAIN if the caller wants another, or was too short."""
        draft = ""
        keep = True

        def begun(one: Draft) -> None:
            nonlocal draft
            draft = one.recording
            self._room.begin(call, self._box, one)

        try:
            end = await self._room.dictations.take(call, f"voicemail {self._box}", self._settings.most,
                                                   self._prompt(call, "beep"), begun)
            if end is None:
                await call.play([self._prompt(call, "mailbox_full")])
                return FAILED
            ended = await written(end)
            if ended is not None and ended.seconds < self._settings.least:
                await call.play([self._prompt(call, "voicemail_too_short")])
                return AGAIN
            keep = await self._choose(call, ended)
        finally:
            if draft and keep:
                self._room.bring(draft)  # also if he has hung up
            elif draft:
                self._room.drop(draft, "again")
        if not keep:
            return AGAIN
        await call.play([self._prompt(call, "message_saved")])
        return SENT

    async def _choose(self, call: "Call", ended: facts.RecordingEnded | None) -> bool:
        """Whether he sends it."""
        for _ in range(CHOICES):
            key = (await call.collect(Collect(most=1, terminator=""), [self._prompt(call, "voicemail_menu")])).digits
            if key == LISTEN and ended is not None:
                await call.collect(SKIP_BY_KEY, [await self._spoken(ended)])
            elif key == AGAIN:
                return False
            elif key in (SEND, ""):
                return True
        return True

    async def _spoken(self, ended: facts.RecordingEnded) -> Sound:
        files = self._room.means.files
        sound: Sound = await self._room.means.aside(lambda: files.spoken(ended.path, ended.seconds))
        return sound

    async def _greeting(self, language: str) -> list[Sound]:
        """What callers hear first: the owner's own words, or what the configuration says."""
        means, written = self._room.means, self._settings.greeting
        own = self._room.kept.own(self._box).greeting
        if own:
            return [await means.aside(lambda: means.files.sound(own, 1.0))]
        if isinstance(written, str):
            return [means.prompts.get(written, language)]
        spoken = language if language in written else next(iter(written))  # the check sees that there is one
        return [means.prompts.text(written[spoken], spoken)]

    def _prompt(self, call: "Call", name: str) -> Sound:
        return self._room.means.prompts.get(name, call.language)
