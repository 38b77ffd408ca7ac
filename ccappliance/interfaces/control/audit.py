"""The audit: every figure that is shown, and every row of the database, held against the journal read again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from ccappliance.apps.acd.explain import MOST_TOLD, zone_of
from ccappliance.apps.acd.journal_rules import JournalRules
from ccappliance.apps.acd.redone import Decision, Redone
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_legs import CallLeg, LegsReader
from ccappliance.call.cdr_store import RecordingRow
from ccappliance.call.journal import Entry
from ccappliance.call.recount import Recount, close, same_day

MOST_CALLS = 20  # calls named with one difference


@dataclass(frozen=True)
class Shown:
    """What the house shows, taken in one moment: after entry `seq` of the journal."""

    seq: int
    figures: Mapping[str, Any]  # call/recount.py: shown
    cdrs: Sequence[Cdr]  # of the database, all of the audited time or more
    recordings: Sequence[RecordingRow]
    legs: Callable[[str], Sequence[CallLeg]]  # of a call that is over, as the database has them


class Audit:
    """Reads the journal once. `shown` None: there is no house, only the journal is judged."""

    def __init__(self, wanted: Callable[[datetime], bool], shown: Shown | None, *, live: bool) -> None:
        """`live`: the figures shown are of the time audited; else only rows and rules are compared."""
        self.differences: list[dict[str, Any]] = []
        self.more = 0  # differences beyond MOST_TOLD
        self.decisions = 0
        self.zone: tzinfo = UTC
        self._wanted = wanted
        self._shown = shown
        self._live = live
        self._all = Recount(wanted)  # rows: of all runs
        self._run = Recount(wanted, per_run=True)  # figures: of the last run
        self._legs: dict[str, list[CallLeg]] = {}
        self._leg_reader = LegsReader(self._had_legs)
        self._rules = JournalRules(self._breach)
        self._redone = Redone(self._decided, lambda at: at.astimezone(self.zone).date())
        self._inside = False

    def read(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if self._shown is not None and entry.seq > self._shown.seq:
                break
            if isinstance(entry.fact, facts.DaemonStarted):
                self.zone = zone_of(entry.fact.timezone)
            self._inside = self._wanted(entry.at)
            for reader in (self._all, self._run, self._rules, self._redone, self._leg_reader):
                reader.hear(entry)
        self._redone.close()
        self._rules.close()
        if self._shown is not None:
            self._compare_rows(self._shown)
            if self._live:
                self._compare_figures(self._shown)

    def as_dict(self) -> dict[str, Any]:
        counted = self._all
        return {"entries": counted.entries, "calls": len(counted.calls), "queue_entries": len(counted.entered),
                "decisions": self.decisions, "cdrs": len(counted.cdrs), "recordings": len(counted.recordings),
                "compared": "journal" if self._shown is None else "figures and database" if self._live else "database",
                "differences": self.differences, "more": self.more}

    # ---- inside ----

    def _differs(self, what: str, where: str, shown: Any, recomputed: Any, calls: Iterable[str] = ()) -> None:
        if len(self.differences) >= MOST_TOLD:
            self.more += 1
            return
        self.differences.append({"what": what, "where": where, "shown": shown, "recomputed": recomputed,
                                 "calls": list(calls)[:MOST_CALLS]})

    def _breach(self, words: str, call: str) -> None:
        if self._inside or not call:
            self._differs("invariant", words, "", "", [call] if call else [])

    def _decided(self, decision: Decision) -> None:
        if self._wanted(decision.at):
            self.decisions += 1
            for words in decision.differs:
                self._differs("decision", f"entry {decision.seq}", decision.rule, words, [decision.call])

    def _had_legs(self, call: str, seq: int, legs: list[CallLeg]) -> None:
        if self._inside:
            self._legs[call] = legs

    def _compare_legs(self, shown: Shown, call: str) -> None:
        """Of a call whose row and journal agree on its end."""
        rows, legs = shown.legs(call), self._legs.get(call, [])
        if len(rows) != len(legs):
            self._differs("cdr", f"call {call} legs", len(rows), len(legs), [call])
        for row, leg in zip(rows, legs, strict=False):
            for name in (field.name for field in fields(CallLeg)):
                if not _same_cell(getattr(row, name), getattr(leg, name)):
                    self._differs("cdr", f"call {call} leg {leg.number} {name}", str(getattr(row, name)),
                                  str(getattr(leg, name)), [call])

    def _compare_figures(self, shown: Shown) -> None:
        queues, agents = shown.figures["queues"], shown.figures["agents"]
        counted = self._run
        for name in sorted({*queues, *(queue for _, queue in counted.entered), *(one.queue for one in counted.left)}):
            self._each("queue", name, queues.get(name, {}), counted.queue(name), counted.concerned(name))
        known = {fact.agent for fact in counted.offers} | {agent for agent, _, _ in counted.times}
        for number in sorted({*agents, *known}):
            mine = [fact.call for fact in counted.offers if fact.agent == number]
            self._each("agent", number, agents.get(number, {}), counted.agent(number), mine)
        self._each("totals", "", shown.figures["totals"], counted.totals(), counted.calls)

    def _each(self, what: str, where: str, one: Mapping[str, Any], other: Mapping[str, Any],
              calls: Sequence[str]) -> None:
        for figure, recomputed in other.items():
            if not close(one.get(figure, type(recomputed)()), recomputed):
                self._differs(what, f"{where} {figure}".strip(), one.get(figure), recomputed, calls)

    def _compare_rows(self, shown: Shown) -> None:
        rows = {cdr.call: cdr for cdr in shown.cdrs}
        for call, cdr in self._all.cdrs.items():
            row = rows.get(call)
            if row is None:
                self._differs("cdr", f"call {call}", "no row", cdr.disposition, [call])
            elif cdr.disposition != "INTERRUPTED":  # such a row may know more than the journal a power cut shortened
                for name in (field.name for field in fields(Cdr)):
                    if not _same_cell(getattr(row, name), getattr(cdr, name)):
                        self._differs("cdr", f"call {call} {name}", str(getattr(row, name)), str(getattr(cdr, name)),
                                      [call])
                self._compare_legs(shown, call)
        for cdr in shown.cdrs:
            if self._wanted(cdr.ended_at) and cdr.seq <= shown.seq and cdr.call not in self._all.cdrs \
                    and cdr.disposition != "INTERRUPTED":
                self._differs("cdr", f"call {cdr.call}", cdr.disposition, "not in the journal", [cdr.call])
        kept = {row.recording: row for row in shown.recordings}
        for name, (_, end) in self._all.recordings.items():
            one = kept.get(name)
            told = (end.call, end.path, end.seconds, end.lost, end.state)
            if one is None or (one.call, one.path, one.seconds, one.lost, one.state) != told:
                self._differs("recording", name, str(one), str(told), [end.call])


def audit(entries: Iterable[Entry], day: date | None, shown: Shown | None, zone: tzinfo, today: date | None
          ) -> dict[str, Any]:
    """One day of the site's calendar (None: today if there is a house, else the whole journal)."""
    day = day or today
    wanted = same_day(day, lambda at: at.astimezone(zone).date()) if day else (lambda at: True)
    one = Audit(wanted, shown, live=day is not None and day == today)
    one.read(entries)
    return {"day": day.isoformat() if day else "", **one.as_dict()}


def _same_cell(one: Any, other: Any) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs((one - other).total_seconds()) < 0.0015  # kept in milliseconds
    if isinstance(one, str) and isinstance(other, str):
        return one == other or one == other.encode("utf-8", "backslashreplace").decode()
    return close(one, other) if isinstance(one, float) else bool(one == other)
