"""The configuration of a running house as its doors change it: checked, planned, applied, and kept in the history."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ccappliance.base.errors import ConfigError, Refused
from ccappliance.call import calendar_watch
from ccappliance.config.history import KEPT, ConfigHistory, HistoryEntry
from ccappliance.config.load import Loaded, Source, bind_sources, digest_of, read_directory
from ccappliance.config.show import Change, changes, show
from ccappliance.config.tree import Findings
from ccappliance.house import House
from ccappliance.interfaces.control import view
from ccappliance.interfaces.control.configuring import HistoryRow, Plan, PlannedRow, Restoring
from ccappliance.site import Site

T = TypeVar("T")
MAX_COMMENT = 200  # characters
PLACES = {"flows": "flow", "queues": "queue"}  # part of the configuration → kind of destination a call is in
log = logging.getLogger("ccappliance.config")


class ConfigDesk:
    """One at a time asks it; what waits for the disk waits beside the loop. `calls`: those alive."""

    def __init__(self, house: House, loaded: Loaded[Site], directory: Path, history: ConfigHistory,
                 calls: Callable[[], list[view.CallRow]]) -> None:
        self.loaded = loaded
        self._house = house
        self._directory = directory
        self._history = history
        self._calls = calls
        self._one = asyncio.Lock()

    async def begin(self) -> None:
        """Note in the history what the house was started with, if that is new."""
        newest = await self._aside(self._history.in_force)
        if newest is None or newest.digest != self.loaded.digest:
            sources = await self._aside(self._read)
            if digest_of(sources) == self.loaded.digest:  # else somebody edits at this moment
                await self._note(sources, "start", "", "start", self.loaded.digest, [])

    # ---- looking ----

    async def check(self, directory: str) -> view.ConfigVerdict:
        """As HouseView.config_check."""
        path = Path(directory) if directory else self._directory
        try:
            _, loaded = await self._aside(self._load, path)
        except ConfigError as error:
            return {"ok": False, "directory": str(path), "changes": [], "findings": _findings(error)}
        late = calendar_watch.warnings(loaded.value, self._house.around.outside.clock.wall(), loaded.origins)
        return {"ok": True, "directory": str(path),
                "changes": [_change(one) for one in changes(self._house.site, loaded.value)],
                "findings": [_finding(finding.as_dict()) for finding in (*loaded.warnings, *late)]}

    async def plan(self) -> Plan:
        """As Configuring.plan."""
        verdict = await self.check("")
        alive = self._calls()
        rows = [_planned(change, alive) for change in verdict["changes"]]
        named = dict.fromkeys(call for row in rows for call in row["calls"])
        return {"ok": verdict["ok"], "directory": verdict["directory"], "findings": verdict["findings"],
                "changes": rows, "restart": [row["path"] for row in rows if not row["reload"]],
                "calls": [{"call": row["id"], "calling": row["calling"], "where": row["where"]} for row in alive
                          if row["id"] in named]}

    def rows(self) -> list[view.KeyRow]:
        """As HouseView.config_show."""
        return [{"path": row.path, "value": row.value, "unit": row.unit, "origin": row.origin}
                for row in show(self.loaded)]

    async def history(self, limit: int) -> list[HistoryRow]:
        """As Configuring.history."""
        entries = await self._aside(self._history.entries)
        present = next((entry.id for entry in entries if entry.kind != KEPT), 0)
        return [{"id": entry.id, "at": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "by": entry.by,
                 "comment": entry.comment, "kind": entry.kind, "digest": entry.digest, "changes": list(entry.changes),
                 "files": list(entry.files), "path": str(self._history.files(entry)), "in_force": entry.id == present}
                for entry in entries[:limit]]

    # ---- changing ----

    async def apply(self, by: str, comment: str = "") -> view.ReloadOutcome:
        """As Configuring.apply: all of it or nothing, and then an entry of the history."""
        comment = " ".join(comment.split())[:MAX_COMMENT]
        async with self._one:
            try:
                sources, loaded = await self._aside(self._load, self._directory)
            except ConfigError as error:
                return {"applied": False, "changes": [], "restart": [], "findings": _findings(error)}
            plan = [_change(one) for one in changes(self._house.site, loaded.value)]
            waiting = [one["path"] for one in plan if not one["reload"]]
            if waiting:
                return {"applied": False, "changes": plan, "restart": waiting, "findings": []}
            try:
                await self._house.apply(loaded.value, by, comment=comment, digest=loaded.digest)
            except ConfigError as error:
                return {"applied": False, "changes": plan, "restart": [], "findings": _findings(error)}
            edited = loaded.digest != self.loaded.digest
            self.loaded = loaded
            if edited or comment:
                await self._note(sources, by, comment, "applied", loaded.digest, [one["path"] for one in plan])
            return {"applied": True, "changes": plan, "restart": [],
                    "findings": [_finding(finding.as_dict()) for finding in loaded.warnings]}

    async def restoring(self, entry: int, force: bool, by: str) -> Restoring:
        """As Configuring.restoring."""
        async with self._one:
            wanted = await self._aside(self._wanted, entry)
            sources = await self._aside(self._history.sources, wanted)
            loaded: Loaded[Site] = await self._aside(bind_sources, sources, Site)
            waiting = [one.path for one in changes(self._house.site, loaded.value) if not one.reload]
            if waiting:
                raise Refused("needs_restart", f"entry {wanted.id} differs in what needs a restart of the daemon: "
                              f"{', '.join(waiting)}. Copy its files from {self._history.files(wanted)} and restart")
            kept = await self._keep_edited(force, by)
            return {"entry": wanted.id, "directory": str(self._directory), "path": str(self._history.files(wanted)),
                    "files": list(wanted.files), "kept": kept}

    async def _keep_edited(self, force: bool, by: str) -> int:
        """The entry in which files are kept that are not those in force; 0 if they are."""
        present = await self._aside(self._read)
        digest = digest_of(present)
        if digest == self.loaded.digest:
            return 0
        if not force:
            raise Refused("edited", f"the files in {self._directory} were edited since they were applied: apply them, "
                          "or say --force (they are kept in the history)")
        entry = await self._note(present, by, "edited, never applied", KEPT, digest, [])
        if entry is None:
            raise Refused("not_kept", f"the edited files can't be kept in {self._history.directory}; nothing is done")
        return entry.id

    def _wanted(self, number: int) -> HistoryEntry:
        """The entry of that number; 0: the newest that was in force and is another one than now."""
        if number:
            return self._history.find(number)
        for entry in self._history.entries():
            if entry.kind != KEPT and entry.digest != self.loaded.digest:
                return entry
        raise Refused("no_such_entry", "there is no earlier configuration in the history")

    async def _note(self, sources: list[Source], by: str, comment: str, kind: str, digest: str, paths: list[str]
                    ) -> HistoryEntry | None:
        """An entry of the history; a disk that takes none is told in the log, and stops nobody."""
        at = self._house.around.outside.clock.wall()
        try:
            return await self._aside(lambda: self._history.add(sources, at=at, by=by, comment=comment, kind=kind,
                                                               digest=digest, changes=paths))
        except OSError as error:
            log.error("the configuration's history takes no entry", extra={"fields": {
                "folder": str(self._history.directory), "error": error.strerror or str(error)}})
            return None

    # ---- beside the loop ----

    async def _aside(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    def _read(self) -> list[Source]:
        findings = Findings()
        sources = read_directory(self._directory, findings)
        findings.raise_errors()
        return sources

    def _load(self, directory: Path) -> tuple[list[Source], Loaded[Site]]:
        findings = Findings()
        sources = read_directory(directory, findings)
        findings.raise_errors()
        return sources, bind_sources(sources, Site, findings)


def _planned(change: view.ChangeRow, alive: list[view.CallRow]) -> PlannedRow:
    """A change with the calls in the flow or queue it changes, or on its line; of prompts, those in any flow."""
    part, _, rest = change["path"].partition(".")
    inside: list[str] = []
    for call in alive:
        kind, _, name = call["where"].partition(":")
        if (PLACES.get(part) == kind and (rest == name or rest.startswith(f"{name}."))) \
                or (part == "prompts" and kind == "flow") \
                or (part == "lines" and rest.partition(".")[0] == call["line"]):
            inside.append(call["id"])
    return {**change, "calls": inside}


def _findings(error: ConfigError) -> list[view.FindingRow]:
    return [_finding(finding.as_dict()) for finding in error.findings]


def _finding(told: dict[str, str]) -> view.FindingRow:
    return {"place": told["place"], "key": told["key"], "problem": told["problem"], "advice": told["advice"],
            "severity": told["severity"]}


def _change(change: Change) -> view.ChangeRow:
    told = change.as_dict()
    return {"path": told["path"], "old": told["old"], "new": told["new"], "reload": told["reload"],
            "kind": told["kind"]}
