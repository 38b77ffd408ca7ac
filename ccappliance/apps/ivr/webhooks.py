"""Webhooks: what flows tell others, delivered in the background, signed, tried again, and always accounted for.

The receiver proves the signature as with Stripe's: of `X-Ccappliance-Signature: t=TIME,v1=SIGN`, SIGN is the
HMAC-SHA-256 (hexadecimal) of TIME, a full stop and the body; an old TIME is a replay. Every attempt of one delivery
has the same `X-Ccappliance-Delivery`.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ccappliance.apps.ivr.sources import json_path
from ccappliance.base.clock import Clock
from ccappliance.base.limits import MAX_WEBHOOK_SENDERS, MAX_WEBHOOKS
from ccappliance.call import facts
from ccappliance.service.aside import Aside
from ccappliance.service.tasks import Supervisor
from ccappliance.service.web import Web, WebAnswer, WebFault, WebRequest

ATTEMPT = 10.0  # s for one attempt
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s between attempts; doubled each time
AGAIN = (408, 425, 429)  # statuses below 500 that may be another one next time
MAX_SECRET = 4096  # bytes


class Journal(Protocol):
    """Where facts are written."""

    def write(self, fact: facts.Fact) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is to be told, to whom."""

    call: str
    flow: str
    node: str
    url: str
    data: Mapping[str, str]
    secret_file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tries: int = 3


@dataclass(frozen=True)
class Sent:
    """What became of it: "ok", "failed", "timeout" (it is still being tried). `document`: the JSON answer, if any."""

    outcome: str
    document: Any = None


class Ticket:
    """One delivery, for who waits for it."""

    def __init__(self, done: "asyncio.Future[Sent]", *, dropped: bool = False) -> None:
        self.dropped = dropped
        self._done = done

    async def wait(self, seconds: float) -> Sent:
        """What became of it, or of the time."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._done)
        except TimeoutError:
            return Sent("timeout")


class Webhooks:
    """All deliveries under way. They outlive their calls and reloads; a stop of the daemon ends them, with a fact."""

    def __init__(self, web: Web, aside: Aside, journal: Journal, clock: Clock) -> None:
        self._web = web
        self._aside = aside
        self._journal = journal
        self._clock = clock
        self._tasks = Supervisor("webhooks")
        self._places = asyncio.Semaphore(MAX_WEBHOOK_SENDERS)
        self._waiting = 0
        self._count = 0

    @property
    def waiting(self) -> int:
        """How many have not been delivered yet."""
        return self._waiting

    def post(self, message: Message) -> Ticket:
        """Deliver it as soon as possible. Returns at once."""
        done: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        self._count += 1
        delivery = _Delivery(message, f"{message.call}-w{self._count}", self._clock.now(), self._clock.wall().isoformat(
            timespec="milliseconds"))
        if self._waiting >= MAX_WEBHOOKS:
            self._end(delivery, "dropped", f"{MAX_WEBHOOKS} webhooks wait already", done)
            return Ticket(done, dropped=True)
        self._waiting += 1
        self._tasks.spawn(self._deliver(delivery, done), delivery.name)
        return Ticket(done)

    async def close(self) -> None:
        """Give up what has not been delivered."""
        await asyncio.sleep(0)  # what was posted in this very moment has begun then, and can say that it ended
        await self._tasks.close()

    async def _deliver(self, delivery: "_Delivery", done: "asyncio.Future[Sent]") -> None:
        outcome, why, pause = "failed", "the daemon stopped", FIRST_PAUSE
        try:
            while True:
                async with self._places:
                    outcome, why = await self._attempt(delivery)
                if outcome != "again":
                    break
                if delivery.tries >= delivery.message.tries:
                    outcome = "failed"
                    break
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
        finally:
            self._waiting -= 1
            self._end(delivery, "failed" if outcome == "again" else outcome, why, done)

    async def _attempt(self, delivery: "_Delivery") -> tuple[str, str]:
        """Try once: "ok", "refused", "again", "failed", and why not ok."""
        message = delivery.message
        delivery.tries += 1
        delivery.answer = WebAnswer(0)
        headers = {**message.headers, "Content-Type": "application/json", "X-Ccappliance-Delivery": delivery.name}
        body = delivery.body()
        if message.secret_file:
            try:
                secret = await self._aside.do(lambda: read_secret(message.secret_file))
            except (OSError, ValueError) as error:
                return "failed", f"no secret to sign it with: {error}"
            headers["X-Ccappliance-Signature"] = sign(secret, int(self._clock.wall().timestamp()), body)
        try:
            answer = delivery.answer = await self._web.ask(WebRequest("POST", message.url, headers, body, ATTEMPT))
        except WebFault as fault:
            return "again", str(fault)
        if answer.fine:
            return "ok", ""
        again = answer.status >= 500 or answer.status in AGAIN
        return "again" if again else "refused", f"the service answered with status {answer.status}"

    def _end(self, delivery: "_Delivery", outcome: str, why: str, done: "asyncio.Future[Sent]") -> None:
        message = delivery.message
        self._journal.write(facts.WebhookEnded(message.call, message.node, delivery.name, outcome,
                                               delivery.answer.status, delivery.tries, why,
                                               round(self._clock.now() - delivery.began, 3)))
        if not done.done():
            done.set_result(Sent("ok" if outcome == "ok" else "failed", _document(delivery.answer)))


@dataclass
class _Delivery:
    """One message on its way."""

    message: Message
    name: str
    began: float
    at: str  # wall clock, UTC
    tries: int = 0
    answer: WebAnswer = field(default_factory=lambda: WebAnswer(0))

    def body(self) -> bytes:
        """The same in every attempt."""
        message = self.message
        return json.dumps({"delivery": self.name, "at": self.at, "call": message.call, "flow": message.flow,
                           "node": message.node, "data": dict(message.data)}, ensure_ascii=False).encode()


def sign(secret: bytes, at: int, body: bytes) -> str:
    """The header's value; `at`: seconds since 1970."""
    digest = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def read_secret(path: str) -> bytes:
    """The secret in a file, without white space around it. OSError; ValueError if there is none. Waits for the disk."""
    with Path(path).open("rb") as file:
        secret = file.read(MAX_SECRET + 1).strip()
    if not secret or len(secret) > MAX_SECRET:
        raise ValueError(f"{path} holds no secret of 1 to {MAX_SECRET} bytes")
    return secret


def _document(answer: WebAnswer) -> Any:
    try:
        return json_path.parse(answer.body) if answer.fine and answer.body else None
    except ValueError:
        return None
