"""Notices: owners are told of new messages by e-mail, one at a time, again if it fails; nobody ever waits for it."""

import asyncio
import logging
import shlex
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import tzinfo
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol

from ccappliance.apps.voicemail.messages import Message
from ccappliance.apps.voicemail.settings import MailboxSettings, VoicemailSettings
from ccappliance.base.errors import CcError
from ccappliance.base.limits import MAX_NOTICES
from ccappliance.call import facts

log = logging.getLogger("ccappliance.voicemail")
AGAIN = (60.0, 300.0, 1800.0, 7200.0)  # s before each further attempt: a server that restarts, then one that is ill

Send = Callable[[Sequence[str], bytes, float], Awaitable[None]]  # command, e-mail, time; a CcError says why it failed


class Writes(Protocol):
    """Where facts are written."""

    def write(self, fact: facts.Fact) -> object: ...


class Desk:
    """Sends the notices, oldest first. `wav`: the sound of a message as a file."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, journal: Writes, send: Send, zone: tzinfo,
                 wav: Callable[[Message], Awaitable[bytes]]) -> None:
        self.settings = VoicemailSettings()
        self._loop = loop
        self._journal = journal
        self._send = send
        self._zone = zone
        self._wav = wav
        self._waiting: deque[tuple[Message, MailboxSettings]] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(self, message: Message, box: MailboxSettings) -> None:
        """Send one soon, if it is configured."""
        if not self.settings.mail or not box.email:
            return
        if len(self._waiting) >= MAX_NOTICES:
            self._journal.write(facts.NoticeFailed(message.mailbox, message.message, box.email,
                                                   f"{MAX_NOTICES} notices wait already"))
            return
        self._waiting.append((message, box))
        if self._task is None:
            self._task = self._loop.create_task(self._work(), name="voicemail notices")

    async def close(self) -> None:
        """Give up for now: what was not sent is sent after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    # ---- inside ----

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._one(*self._waiting[0])
                self._waiting.popleft()
        finally:
            self._task = None

    async def _one(self, message: Message, box: MailboxSettings) -> None:
        why = ""
        for attempt, rest in enumerate((*AGAIN, 0.0), 1):
            try:
                letter = compose(message, box, self.settings.sender, self._zone,
                                 await self._wav(message) if box.attach else b"")
                await self._send(shlex.split(self.settings.mail), letter, self.settings.timeout)
            except CcError as error:
                why = str(error)
                log.warning("notice not sent", extra={"fields": {"message": message.message, "why": why,
                                                                 "attempt": attempt}})
                await asyncio.sleep(rest)
                continue
            self._journal.write(facts.NoticeSent(message.mailbox, message.message, box.email, attempt))
            return
        self._journal.write(facts.NoticeFailed(message.mailbox, message.message, box.email, why))


def compose(message: Message, box: MailboxSettings, sender: str, zone: tzinfo, wav: bytes) -> bytes:
    """The e-mail (RFC 5322): who, when, how long, and the message itself. Chinese owners get Chinese."""
    at = message.at.astimezone(zone)
    number, minutes = message.calling or ("未知号码" if box.language != "en" else "unknown number"), message.seconds
    letter = EmailMessage(policy=policy.SMTP.clone(linesep="\n"))
    letter["From"], letter["To"], letter["Date"] = sender, box.email, format_datetime(at)
    letter["Message-ID"] = f"<{message.message}@{sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers to it
    who = f"{number} {message.name}".strip()
    if box.language == "en":
        letter["Subject"] = f"Voice message from {who}"
        letter.set_content(f"Mailbox {message.mailbox} {box.owner}\nFrom: {who}\nAt: {at:%Y-%m-%d %H:%M:%S}\n"
                           f"Length: {minutes:.0f} s\n")
    else:
        letter["Subject"] = f"语音留言:{who}"
        letter.set_content(f"信箱:{message.mailbox} {box.owner}\n来电:{who}\n时间:{at:%Y-%m-%d %H:%M:%S}\n"
                           f"时长:{minutes:.0f} 秒\n")
    if wav:
        letter.add_attachment(wav, maintype="audio", subtype="x-wav", filename=f"{message.message}.wav")
        letter.set_boundary(f"=_{message.message}")  # not by chance: the same message is the same letter
    return letter.as_bytes()
