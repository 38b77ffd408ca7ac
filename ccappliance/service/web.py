"""The border of HTTP: what the house asks of the web, whoever carries it (aiohttp, or a story's table of answers)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ccappliance.base.errors import LineFault
from ccappliance.base.limits import MAX_WEB_ANSWER


class WebFault(LineFault):
    """No answer was had: nobody there, a wrong certificate, an answer too long. What was asked may have come."""


class WebSlow(WebFault):
    """No answer came in time."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request. `url` is percent-encoded already; `seconds` bounds everything, from name to end."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 5.0
    most: int = MAX_WEB_ANSWER  # bytes of an answer; a longer one is a WebFault


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer of any status, redirections included: they are not followed."""

    status: int
    body: bytes = b""

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


class Web(Protocol):
    """One HTTP client for the whole house."""

    async def ask(self, request: WebRequest) -> WebAnswer:
        """WebSlow, WebFault. Cancelled, it lets go of the connection."""
        ...


class NoWeb:
    """Where there is no network: every request fails, and says so."""

    async def ask(self, request: WebRequest) -> WebAnswer:
        raise WebFault(f"{request.url[:80]} cannot be reached from here")
