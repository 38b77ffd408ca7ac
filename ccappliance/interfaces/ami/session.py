"""One client of AMI: logs in, asks one action after the other, and is told events while it reads them."""

import asyncio
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from ccappliance.base.clock import Outside
from ccappliance.base.errors import Bug, CcError, ConfigError, Refused
from ccappliance.base.limits import MAX_AMI_ACTIONS, MAX_AMI_BYTES, MAX_AMI_EVENTS
from ccappliance.interfaces.ami.action import Action, Client
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.filters import Filters
from ccappliance.interfaces.ami.guard import Guard
from ccappliance.interfaces.ami.messages import Answer, Event, failed, success
from ccappliance.interfaces.ami.settings import PRIVILEGES, AmiSettings, AmiUser
from ccappliance.interfaces.ami.wire import Asked, Field, Parser, TooLong, legacy, message

log = logging.getLogger("ccappliance.ami")

LOGIN_TIME = 30.0  # s a stranger has to log in, as Asterisk's authtimeout
FAREWELL = 2.0  # s a client has to read why it is closed
DENIED = "Permission denied"


@dataclass(frozen=True)
class Lobby:
    """What all sessions share. `tell`: an event for all of them; `gone` is told of each session's end."""

    settings: Callable[[], AmiSettings]
    desk: Desk
    actions: Mapping[str, Action]
    guard: Guard
    outside: Outside
    uptime: Callable[[], float]
    tell: Callable[[Event], None]
    gone: Callable[["Session"], None]


class Session(asyncio.Protocol):
    """Actions are carried out one after the other, each with exactly one response. A client that does not read is
    closed when MAX_AMI_EVENTS messages or MAX_AMI_BYTES wait for it; nobody else notices.
    """

    def __init__(self, lobby: Lobby, admit: Callable[["Session"], bool]) -> None:
        self._lobby = lobby
        self._admit = admit
        self._loop = asyncio.get_running_loop()
        self._parser = Parser()
        self._asked: deque[Asked] = deque()
        self._waiting: deque[bytes] = deque()  # unread, because the client does not read
        self._waiting_bytes = 0
        self._paused = False  # the socket takes nothing now
        self._worker: asyncio.Task[None] | None = None
        self._mask: tuple[str, ...] | None = None  # kinds of events it wants; None: all it may read
        self._filters = Filters()
        self._challenge = ""
        self._closing = False
        self.address = ""
        self.port = 0
        self.name = ""  # "" until it has logged in
        self.user = AmiUser()
        self._timer: asyncio.TimerHandle | None = None

    # ---- the connection ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = self._transport.get_extra_info("peername") or ("", 0)
        self.address, self.port = str(peer[0]), int(peer[1])
        if not self._admit(self):
            self._closing = True
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=MAX_AMI_BYTES // 4)
        self._timer = self._loop.call_later(LOGIN_TIME, self._transport.abort)
        self._transport.write(self._lobby.settings().greeting.encode() + b"\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._worker is not None:
            self._worker.cancel()
        self._lobby.gone(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            self._asked.extend(self._parser.feed(data))
        except TooLong as too_long:
            self._say([("Response", "Error"), ("Message", str(too_long))])
            self.close()
            return
        if len(self._asked) >= MAX_AMI_ACTIONS:
            self._transport.pause_reading()
        if self._asked and self._worker is None:
            self._worker = self._loop.create_task(self._work(), name="ami")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        while self._waiting and not self._paused:
            said = self._waiting.popleft()
            self._waiting_bytes -= len(said)
            self._transport.write(said)

    def close(self) -> None:
        """Let it read what was said, then be gone."""
        if not self._closing:
            self._closing = True
            self._transport.close()
            self._timer = self._loop.call_later(FAREWELL, self._transport.abort)

    # ---- saying ----

    def tell(self, event: Event, said: bytes) -> None:
        """An event, and its bytes for those who want nothing special."""
        if self._closing or not self.name or not self._wants(event):
            return
        fields = event.all_fields()
        if self.user.chan_variables and event.call:
            known = self._lobby.desk.known(event.call)
            fields += [("ChanVariable", f"{name}={value}") for name, value in known.items()]
            said = message(fields)
        if self._filters and not self._filters.passes([f"{name}: {value}" for name, value in fields]):
            return
        self._write(said)

    def _wants(self, event: Event) -> bool:
        wanted = self._mask is None or event.privilege in self._mask
        return wanted and self.user.may(self.user.read, (event.privilege,))

    def _say(self, fields: list[Field]) -> None:
        self._write(message(fields))

    def _write(self, said: bytes) -> None:
        if self._closing:
            return
        if not self._paused:
            self._transport.write(said)
            return
        self._waiting.append(said)
        self._waiting_bytes += len(said)
        if len(self._waiting) > MAX_AMI_EVENTS or self._waiting_bytes > MAX_AMI_BYTES:
            log.warning("AMI client closed: it does not read", extra={"fields": {"user": self.name,
                                                                                 "address": self.address}})
            self._closing = True
            self._waiting.clear()
            self._transport.abort()

    # ---- actions ----

    async def _work(self) -> None:
        while self._asked and not self._closing:
            asked = self._asked.popleft()
            if len(self._asked) < MAX_AMI_ACTIONS // 2:
                self._transport.resume_reading()
            await self._carry_out(asked)
        self._worker = None

    async def _carry_out(self, asked: Asked) -> None:
        name = asked.action.lower()
        if not self.name:
            await self._of_a_stranger(name, asked)
            return
        own = {"login": self._again, "challenge": self._challenged, "logoff": self._logoff, "events": self._events,
               "filter": self._filter}.get(name)
        answer = own(asked) if own is not None else await self._of_the_house(name, asked)
        self._answer(asked, answer)
        if name == "logoff":
            self.close()

    def _answer(self, asked: Asked, answer: Answer) -> None:
        head = answer.head(asked.action_id)
        if answer.output is None:
            self._say(head)
        elif self.user.command_format == "legacy":
            ours = [("ActionID", asked.action_id)] if asked.action_id else []
            self._write(legacy([("Response", "Follows"), ("Privilege", "Command"), *ours], answer.output))
        else:
            self._say([*head, *(("Output", line) for line in answer.output)])
        for fields in answer.tail(asked.action_id):
            self._say(fields)
        for event in answer.events:
            self._lobby.tell(event)

    async def _of_the_house(self, name: str, asked: Asked) -> Answer:
        action = self._lobby.actions.get(name)
        if not name:
            return failed("Missing action in request")
        if action is None:
            return failed(f"Invalid/unknown command: {asked.action[:80]}. Use Action: ListCommands to show available "
                          "commands.")
        if not self.user.may(self.user.write, action.privileges):
            return failed(DENIED)
        missing = action.missing(asked)
        if missing:
            return failed(f"{missing} not specified")
        try:
            answer = action.run(self._lobby.desk, Client(self.name, self._lobby.tell), asked)
            return await answer if isinstance(answer, Awaitable) else answer
        except (Refused, ConfigError) as refused:
            return failed(str(refused))
        except (CcError, LookupError, TypeError, ValueError) as wrong:
            bug = Bug(f"AMI's {action.name} failed: {wrong!r}")
            log.exception("AMI action failed", exc_info=wrong, extra={"fields": {"action": action.name,
                                                                                "user": self.name}})
            return failed(f"{action.name} failed; the daemon's log has the details ({type(bug).__name__})")

    # ---- who it is ----

    async def _of_a_stranger(self, name: str, asked: Asked) -> None:
        if name == "challenge":
            self._answer(asked, self._challenged(asked))
        elif name == "login":
            await self._login(asked)
        elif name == "logoff":
            self._answer(asked, self._logoff(asked))
            self.close()
        else:
            self._answer(asked, failed(DENIED))

    async def _login(self, asked: Asked) -> None:
        name = asked.get("username")
        user = self._lobby.settings().users.get(name)
        secret = self._lobby.guard.secret_of(user) if user is not None else ""
        right = self._proof(asked, secret) and user is not None and user.comes_from(self.address)
        if not right or user is None or not secret:
            wait = self._lobby.guard.failed(self.address)
            log.warning("AMI login refused", extra={"fields": {"user": name[:80], "address": self.address}})
            self._lobby.tell(self._security("InvalidPassword", "Error", name[:80]))
            await asyncio.sleep(wait)
            self._answer(asked, failed("Authentication failed"))
            self.close()
            return
        self._lobby.guard.passed(self.address)
        self.name, self.user = name, user
        if self._timer is not None:
            self._timer.cancel()
        if asked.get("events"):
            self._set_mask(asked.get("events"))
        self._answer(asked, success("Authentication accepted"))
        uptime = str(int(self._lobby.uptime()))
        booted = Event("FullyBooted", "system", [("Uptime", uptime), ("LastReload", uptime),
                                                 ("Status", "Fully Booted")])
        self.tell(booted, message(booted.all_fields()))
        self._lobby.tell(self._security("SuccessfulAuth", "Informational", name))

    def _proof(self, asked: Asked, secret: str) -> bool:
        """Also made for a user there is none of: whether there is one must not be told by the time it takes."""
        if asked.get("authtype").upper() == "MD5":
            challenge, self._challenge = self._challenge, ""
            key = hashlib.md5(f"{challenge}{secret}".encode(), usedforsecurity=False).hexdigest()
            return bool(challenge) and hmac.compare_digest(key.encode(), asked.get("key").lower().encode())
        return hmac.compare_digest(secret.encode(), asked.get("secret").encode())

    def _security(self, name: str, severity: str, account: str) -> Event:
        at = self._lobby.outside.clock.wall().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        using = [("UsingPassword", "1")] if name == "SuccessfulAuth" else [("Challenge", ""),
                                                                           ("ReceivedChallenge", "")]
        local = self._transport.get_extra_info("sockname") or ("", 0)
        return Event(name, "security", (
            ("EventTV", at), ("Severity", severity), ("Service", "AMI"), ("EventVersion", "1"), ("AccountID", account),
            ("SessionID", f"0x{id(self):x}"), ("LocalAddress", f"IPV4/TCP/{local[0]}/{local[1]}"),
            ("RemoteAddress", f"IPV4/TCP/{self.address}/{self.port}"), *using))

    def _challenged(self, asked: Asked) -> Answer:
        if asked.get("authtype").upper() != "MD5":
            return failed("Must specify AuthType")
        self._challenge = str(self._lobby.outside.chance.getrandbits(63))
        return success("", ("Challenge", self._challenge))

    # ---- its own actions ----

    def _again(self, asked: Asked) -> Answer:
        return failed("Already logged in")

    def _logoff(self, asked: Asked) -> Answer:
        return Answer("Goodbye", "Thanks for all the fish.")

    def _events(self, asked: Asked) -> Answer:
        self._set_mask(asked.get("eventmask"))
        return success("", ("Events", "Off" if self._mask == () else "On"))

    def _set_mask(self, written: str) -> None:
        words = [word.strip().lower() for word in written.split(",")]
        if words[0] in ("off", "no", "false", "0"):
            self._mask = ()
        elif words[0] in ("on", "all", "yes", "true", "1"):
            self._mask = None
        else:
            self._mask = tuple(word for word in words if word in PRIVILEGES)

    def _filter(self, asked: Asked) -> Answer:
        if not self.user.may(self.user.write, ("system",)):
            return failed(DENIED)
        if asked.get("operation", "Add").lower() != "add":
            return failed("Unknown operation")
        try:
            self._filters.add(asked.get("filter"))
        except Refused as refused:
            return failed(str(refused))
        return success("Filter added successfully")
