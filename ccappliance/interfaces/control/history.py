"""What the journal can tell of the past when it is read again: a call explained, and every decision checked."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from ccappliance.apps.acd.explain import NEEDED, check, explain
from ccappliance.apps.acd.explain_words import lines_of, plain
from ccappliance.base.errors import Refused
from ccappliance.call.journal import Entry
from ccappliance.interfaces.control.audit import Shown, audit

LANGUAGES = ("zh", "en")
Read = Callable[[], Iterator[Entry]]
About = Callable[[str, Collection[str]], Iterator[Entry]]  # journal.Sink.about


class History(Protocol):
    """The past, as a door asks for it."""

    async def explain(self, call: str, language: str) -> list[dict[str, Any]]:
        """One call, {event, lines} for each event. Refused: no_such_call, bad_parameters."""
        ...

    async def check(self, day: str) -> dict[str, Any]:
        """Decisions of a day ("": all) made again: {decisions, unknown, differences}. Refused: bad_parameters."""
        ...

    async def audit(self, day: str) -> dict[str, Any]:
        """Figures (today's), rows and rules of a day ("": today) recomputed: {…, differences}. Refused: bad_parameters.
        """
        ...


class Told:
    """History from a journal, read anew for each question: in a thread, so that calls go on meanwhile."""

    def __init__(self, read: Read, about: About, shown: Callable[[], Awaitable[Shown]], zone: tzinfo,
                 wall: Callable[[], datetime]) -> None:
        """`shown`: what the house shows now, with the database's rows written; `zone`: of its calendar days."""
        self._read = read
        self._about = about
        self._shown = shown
        self._zone = zone
        self._wall = wall

    async def explain(self, call: str, language: str) -> list[dict[str, Any]]:
        return await asyncio.to_thread(explained, self._about, call, language)

    async def check(self, day: str) -> dict[str, Any]:
        return await asyncio.to_thread(checked, self._read, day)

    async def audit(self, day: str) -> dict[str, Any]:
        wanted, shown = day_of(day), await self._shown()
        today = self._wall().astimezone(self._zone).date()
        return await asyncio.to_thread(lambda: audit(self._read(), wanted, shown, self._zone, today))


def explained(about: About, call: str, language: str) -> list[dict[str, Any]]:
    """As History.explain."""
    if language not in LANGUAGES:
        raise Refused("bad_parameters", f"'language' must be one of {', '.join(LANGUAGES)}")
    found = explain(call, about(call, NEEDED))
    return [{"event": plain(event), "lines": lines_of(event, found.zone, language)} for event in found.events]


def checked(read: Read, day: str) -> dict[str, Any]:
    """As History.check."""
    return check(read(), day_of(day))


def day_of(text: str) -> date | None:
    """A day of the site's calendar; "": none. Refused("bad_parameters")."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("bad_parameters", f"{text!r} is no day: write it like 2026-11-22") from None
