"""The web door on a loopback port, before a house made of plain data, with a client: for the tests of the web."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from fake_house import AGENT, CALL, FakeHouse
from yarl import URL

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.interfaces.control.backups import backup_operations
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.web.access import Visitor
from ccappliance.interfaces.web.feed import Source
from ccappliance.interfaces.web.passwords import Passwords
from ccappliance.interfaces.web.server import Means, WebServer
from ccappliance.interfaces.web.settings import WebSettings
from ccappliance.interfaces.web.sound import Sounds
from ccappliance.service.aside import Aside

PASSWORD = "correct horse battery"
SOUND = bytes(range(256)) * 4
ADDRESS = "127.0.0.1"


class Chance:
    """A machine's chance that is the same in every run."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, count: int) -> bytes:
        self._count += 1
        return (self._count.to_bytes(4, "big") * count)[:count]


class Clock(SystemClock):
    """The machine's clock, which a test can set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


class Owned:
    """Agent 1001 has the call, and sits at 8001."""

    def agent_of_call(self, call: str) -> str:
        return "1001" if call == CALL["id"] else ""

    def station_of_agent(self, agent: str) -> str:
        return "8001" if agent == "1001" else ""


class Sound:
    """A recording in memory."""

    size = len(SOUND)

    def read(self, offset: int, length: int) -> bytes:
        return SOUND[offset:offset + length]

    def close(self) -> None:
        return


class Copies:
    """Backups and headquarters, as far as doors ask for them."""

    async def make(self, path: str, recordings: bool, passphrase: str, by: str) -> dict[str, Any]:
        assert not path
        return {"path": "/backup/box.tar.gz", "recordings": recordings}

    def status(self) -> dict[str, Any]:
        return {"enabled": False}


class Answer:
    """One answer of the server."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Browser:
    """One user's browser: keeps its cookie as browsers do, and shows the session's token."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base = base
        self.session = session
        self.cookie = ""
        self.csrf = ""

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
                  **options: Any) -> Answer:
        url, given = URL(self.base + path, encoded=True), self.headers() | (headers or {})
        async with self.session.request(method, url, json=body, headers=given, allow_redirects=False,
                                        **options) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    def headers(self) -> dict[str, str]:
        found = {"Cookie": f"__Host-session={self.cookie}"} if self.cookie else {}
        return found | ({"X-CSRF-Token": self.csrf} if self.csrf else {})

    async def sign_in(self, user: str, password: str = PASSWORD) -> Answer:
        return self.keep(await self.ask("POST", "/api/v1/session", {"user": user, "password": password}))

    def keep(self, answer: Answer) -> Answer:
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0].partition("=")[2]
            self.csrf = answer.json["csrf"]
        return answer

    def socket(self, path: str, **headers: str) -> Any:
        given = self.headers() | ({"Origin": self.base} if self.cookie else {}) | headers
        return self.session.ws_connect(self.base + path, headers=given)


class WebHouse:
    """The server, its house, its journal, and browsers."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.house = FakeHouse()
        self.clock = Clock()
        self.sink = MemorySink()
        self.journal = Journal(self.clock, self.sink)
        self.operations: Operations = operations_of(self.house)  # type: ignore[arg-type]  # as far as it is asked
        backup_operations(self.operations, Copies(), Copies())
        self.heard: list[tuple[str, str, int, int]] = []
        self.folder = folder
        self.settings = WebSettings(**{"port": 0, "tls": False, "rate": 10_000.0, **settings})
        source = Source(follow=self.journal.follow, seq=lambda: self.journal.seq, past=self.sink.read,
                        having=lambda: [], snapshot=lambda visitor: {"agents": [AGENT]})
        self.server = WebServer(self.settings, Means(
            clock=self.clock, aside=Aside(threaded=True), write=self.journal.write, operations=self.operations,
            owned=Owned(), source=source, sounds=Sounds(self._sound, self._heard), draw=Chance(), state=folder / "web",
            site=lambda: "demo", version="1.2", passwords=Passwords(1, 64)))

    @property
    def base(self) -> str:
        return f"{'https' if self.settings.tls else 'http'}://{ADDRESS}:{self.server.port}"

    def facts(self, kind: type[facts.Fact]) -> list[Any]:
        return [entry.fact for entry in self.sink.read() if isinstance(entry.fact, kind)]

    async def user(self, name: str, role: str, agent: str = "") -> None:
        await self.server.accounts.add(name, role, agent, "test")
        await self.server.accounts.set_password(name, PASSWORD, "test")

    def _sound(self, recording: str) -> tuple[Sound, str]:
        if recording != "r1":
            raise Refused("no_recording", f"there is no recording {recording!r}")
        return Sound(), "2026/a.wav"

    def _heard(self, visitor: Visitor, recording: str, first: int, last: int) -> None:
        self.heard.append((visitor.by, recording, first, last))


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[tuple[WebHouse, Callable[[], Browser]]]:
    """The house with its door open, and a maker of browsers."""
    house = WebHouse(folder, **settings)
    await house.server.start()
    context = ssl.create_default_context(cafile=folder / "web" / "tls" / "certificate.pem") if house.settings.tls \
        else False
    connector = aiohttp.TCPConnector(limit=0, ssl=context)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        try:
            yield house, lambda: Browser(house.base, session)
        finally:
            await house.server.stop()


def play(folder: Path, story: Callable[[WebHouse, Callable[[], Browser]], Awaitable[None]], within: float = 60.0,
         **settings: Any) -> None:
    """Play a story in a loop of its own, within so many seconds."""
    async def run() -> None:
        async with opened(folder, **settings) as (house, browser):
            await asyncio.wait_for(story(house, browser), within)
    asyncio.run(run())
