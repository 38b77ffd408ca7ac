"""All sources of one configuration, asked by name; a question always has an outcome, in time."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ccappliance.apps.ivr.sources import json_path
from ccappliance.apps.ivr.sources.query import Database, SourceFault, SourceSlow
from ccappliance.apps.ivr.sources.settings import AnySource, CsvSource, HttpSource, SqliteSource
from ccappliance.apps.ivr.sources.table import Stamp, Table, read_table, stamp_of
from ccappliance.base.clock import Clock
from ccappliance.service.aside import Aside
from ccappliance.service.web import Web, WebFault, WebRequest, WebSlow

log = logging.getLogger("ccappliance.ivr.sources")

NOT_THERE = (204, 404, 410)  # a service's way to say that it does not know

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a question. `values`: per column or path asked for that was there, its text."""

    outcome: str  # "found", "missing", "failed", "timeout"
    values: Values = field(default_factory=dict)
    why: str = ""  # of a failure, for people


class Source(Protocol):
    """One source. SourceFault, SourceSlow; TimeoutError is raised into it."""

    async def find(self, given: Values, wanted: Sequence[str], seconds: float) -> Values | None:
        """Of `wanted` what there is; None: what was asked for is not known there."""
        ...


@dataclass(frozen=True)
class Means:
    """What sources work with."""

    web: Web
    aside: Aside
    clock: Clock


class Sources:
    """The sources by name. After a reload there is another one of these; a table that did not change is kept."""

    def __init__(self, settings: Mapping[str, AnySource], means: Means, former: "Sources | None" = None) -> None:
        self.settings = settings
        self._sources: dict[str, Source] = {name: former._sources[name] if former and former.settings.get(name) == one
                         else _source(one, means) for name, one in settings.items()}

    async def ask(self, name: str, given: Values, wanted: Sequence[str], seconds: float) -> Found:
        """Ask a source, for at most `seconds`. Never raises for anything that is the source's fault."""
        source = self._sources.get(name)
        if source is None:
            return Found("failed", why=f"there is no source {name!r}")
        try:
            async with asyncio.timeout(seconds):
                values = await source.find(given, wanted, seconds)
        except (TimeoutError, SourceSlow, WebSlow) as error:
            return Found("timeout", why=str(error) or f"no answer within {seconds:g} s")
        except (SourceFault, WebFault) as error:
            return Found("failed", why=str(error))
        return Found("missing") if values is None else Found("found", values)


class CsvTable:
    """A table in memory. While its file is wrong, what it held before stays in force, and the log says so."""

    def __init__(self, settings: CsvSource, means: Means) -> None:
        self._settings = settings
        self._aside = means.aside
        self._table: Table | None = None
        self._refused: Stamp | None = None  # of a file that was wrong: it is not read again and again
        self._reading = asyncio.Lock()

    async def find(self, given: Values, wanted: Sequence[str], seconds: float) -> Values | None:
        async with self._reading:
            table = await self._current()
        for name in wanted:
            if name not in table.columns:
                raise SourceFault(f"{self._settings.file} has no column {name!r}, only {', '.join(table.columns)}")
        row = table.find(tuple(given.get(name, "").strip() for name in self._settings.keys))
        return None if row is None else {name: row[name] for name in wanted}

    async def _current(self) -> Table:
        stamp: Stamp | None = None
        try:
            stamp = await self._aside.do(lambda: stamp_of(self._settings.file))
            if self._table is None or stamp not in (self._table.stamp, self._refused):
                self._table = await self._aside.do(lambda: read_table(self._settings))
        except SourceFault as fault:
            if self._table is None:
                raise
            if stamp is None or stamp != self._refused:
                log.warning("a table keeps what it held before", extra={"fields": {"why": str(fault)}})
            self._refused = stamp
        return self._table


class SqliteTable:
    """A statement on a database file."""

    def __init__(self, settings: SqliteSource, means: Means) -> None:
        self._database = Database(settings.file, settings.sql)
        self._asks = settings.asks()
        self._means = means

    async def find(self, given: Values, wanted: Sequence[str], seconds: float) -> Values | None:
        clock = self._means.clock
        until = clock.now() + seconds
        values = {name: given.get(name, "") for name in self._asks}
        row = await self._means.aside.do(lambda: self._database.find(values, lambda: clock.now() > until))
        if row is None:
            return None
        for name in wanted:
            if name not in row:
                raise SourceFault(f"the statement has no column {name!r}, only {', '.join(row)}")
        return {name: row[name] for name in wanted}


class Service:
    """A web service that answers with JSON."""

    def __init__(self, settings: HttpSource, means: Means) -> None:
        self._settings = settings
        self._web = means.web

    async def find(self, given: Values, wanted: Sequence[str], seconds: float) -> Values | None:
        settings = self._settings
        headers = {"Accept": "application/json", **settings.headers}
        body = b""
        if settings.method == "POST":
            headers["Content-Type"] = "application/json"
            body = json.dumps({name: given.get(name, "") for name in settings.body}, ensure_ascii=False).encode()
        answer = await self._web.ask(WebRequest(settings.method, settings.fill(given), headers, body, seconds))
        if answer.status in NOT_THERE:
            return None
        if not answer.fine:
            raise SourceFault(f"the service answered with status {answer.status}")
        try:
            document = json_path.parse(answer.body)
        except ValueError as error:
            raise SourceFault(f"the service's answer is no JSON: {error}") from None
        found = {path: json_path.pick(document, path) for path in wanted}
        values = {path: text for path, text in found.items() if text is not None}
        return values or None


def _source(settings: AnySource, means: Means) -> Source:
    if isinstance(settings, CsvSource):
        return CsvTable(settings, means)
    return SqliteTable(settings, means) if isinstance(settings, SqliteSource) else Service(settings, means)
