"""Who is outside the house in a story: web services that answer from a table, scripts that say what they shall."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccappliance.service.peers import Peer, PeerFault
from ccappliance.service.web import WebAnswer, WebFault, WebRequest, WebSlow

Lines = Sequence[str | float | Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One address. `url`: whole, or its beginning and a *."""

    url: str
    status: int = 200
    answer: Any = None  # JSON; a text is sent as it is
    after: float = 0.0  # s
    fails: str = ""  # why there is no answer

    def is_at(self, url: str) -> bool:
        return url.startswith(self.url[:-1]) if self.url.endswith("*") else url == self.url


class TableWeb:
    """The web as a story has it: the first service whose address fits answers. `asked`: what came, in order."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self.asked: list[WebRequest] = []

    async def ask(self, request: WebRequest) -> WebAnswer:
        self.asked.append(request)
        service = next((one for one in self._services if one.is_at(request.url)), None)
        if service is None:
            raise WebFault(f"the story has no service at {request.url}")
        await asyncio.sleep(min(service.after, request.seconds))
        if service.after > request.seconds:
            raise WebSlow(f"no answer within {request.seconds:g} s")
        if service.fails:
            raise WebFault(service.fails)
        answer = service.answer
        body = b"" if answer is None else (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        return WebAnswer(service.status, body)


class ScriptedPeers:
    """Scripts as a story has them: by name or agi:// address, the lines each says. `told`: by name, what it heard."""

    def __init__(self, scripts: Mapping[str, Lines]) -> None:
        self._scripts = scripts
        self.told: dict[str, list[str]] = {}

    async def start(self, program: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Peer:
        return self._begin(program.name)

    async def connect(self, host: str, port: int) -> Peer:
        return self._begin(f"{host}:{port}")

    def _begin(self, name: str) -> Peer:
        if name not in self._scripts:
            raise PeerFault(f"the story has no script {name}")
        return ScriptedPeer(self._scripts[name], self.told.setdefault(name, []))


class ScriptedPeer(Peer):
    """A script: a text is a command, a number so many seconds, {COMMAND: ANSWER} a command that must be answered so."""

    def __init__(self, lines: Lines, told: list[str]) -> None:
        self._lines = list(lines)
        self._told = told
        self._expected = ""

    async def read(self) -> str | None:
        if self._expected and self._told[-1] != self._expected:
            raise PeerFault(f"the script expected {self._expected!r} and was answered {self._told[-1]!r}")
        self._expected = ""
        while self._lines:
            line = self._lines.pop(0)
            if isinstance(line, str):
                return line
            if isinstance(line, Mapping):
                command, self._expected = next(iter(line.items()))
                return command
            await asyncio.sleep(line)
        return None

    async def write(self, text: str) -> None:
        self._told.append(text.rstrip("\n"))

    def hang_up(self) -> None:
        self._told.append("HANGUP")

    async def close(self) -> str:
        return ""
