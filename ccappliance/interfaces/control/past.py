"""Calls that are over, as the doors see them: found by what is known of them, and notes and tags written to them."""

import unicodedata
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from typing import Any, TypedDict

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_NOTE, MAX_TAG
from ccappliance.call import facts
from ccappliance.call.cdr_legs import CallLeg
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.call.leg_store import LegStore
from ccappliance.call.search import Asked, instant
from ccappliance.call.search_store import Found, SearchStore


class NoteRow(TypedDict):
    """What somebody has written to a call."""

    at: str
    by: str
    text: str


class PastCallRow(TypedDict):
    """A call that is over: its CDR, with what people have written to it."""

    seq: int  # of its CDR: `before` of the next page
    id: str
    started_at: str
    direction: str
    calling: str
    called: str
    name: str
    queue: str
    agent: str
    partner: str
    disposition: str
    wait: float
    talk: float
    duration: float
    variables: dict[str, str]
    recordings: list[str]  # paths below the recordings' directory
    notes: list[NoteRow]
    tags: list[str]
    words_in: list[str]  # where the words asked for are: "note", "transcript"; empty if none were


class PastLegRow(TypedDict):
    """One party of a call that is over; see docs/cdr.md."""

    number: int
    leg: str
    role: str  # "anchor", "partner", "consulted", "returned", "supervisor"
    line: str
    party: str
    began_at: str
    answered_at: str  # "" never
    ended_at: str
    ended: str
    transfer_by: str  # leg
    transfer: str


class PastCallDetail(PastCallRow):
    """A call that is over, with all that is known of it."""

    legs: list[PastLegRow]
    recorded: list[dict[str, Any]]  # why it was recorded or not: record, rule, why, queue, agent
    kept: list[dict[str, Any]]  # its recordings: recording, rule, file, gone_at, gone_by, gone_why
    holds: list[dict[str, Any]]  # who holds it: by, why, at
    heard: list[dict[str, Any]]  # at, what, by, why, recording


class PastCalls:
    """Looks into the CDRs and their index. `flush`: what ended a moment ago is in the answer."""

    def __init__(self, cdrs: CdrStore, legs: LegStore, keeping: KeepingStore, index: SearchStore,
                 flush: Callable[[], Awaitable[object]], zone: tzinfo, alive: Callable[[str], bool],
                 write: Callable[[facts.Fact], object]) -> None:
        """`zone`: of days and times asked for; `write`: into the journal."""
        self._cdrs = cdrs
        self._legs = legs
        self._keeping = keeping
        self._index = index
        self._flush = flush
        self._zone = zone
        self._alive = alive
        self._write = write

    async def search(self, limit: int, before: int = 0, since: str = "", until: str = "", **asked: Any
                     ) -> list[PastCallRow]:
        """`asked`: as call.search.Asked. `since`, `until`: days or times. Refused("bad_parameters")."""
        wanted = Asked(since=instant(since, self._zone) if since else None,
                       until=instant(until, self._zone, end=True) if until else None, **asked)
        await self._flush()
        return [_row(found) for found in await self._index.find(wanted, limit, before)]

    async def show(self, call: str) -> PastCallDetail:
        """Refused("no_such_call")."""
        await self._flush()
        cdr = self._cdrs.find(call)
        if cdr is None:
            raise Refused("no_such_call", f"there is no call {call}; `ccappliance calls search` shows those that are "
                          "over, `ccappliance calls list` those alive")
        kept: list[dict[str, Any]] = [
            {"recording": one.recording, "rule": one.rule, "file": one.file, "gone_by": one.gone_by,
             "gone_at": _stamp(one.gone_at) if one.gone_at else "", "gone_why": one.gone_why}
            for one in self._keeping.of_call(call)]
        return {**_row(self._index.written(cdr)), "legs": [_leg(leg) for leg in self._legs.legs(call)],
                "recorded": self._keeping.decisions(call), "kept": kept, "holds": self._keeping.holds(call),
                "heard": self._keeping.heard(call)}

    async def note(self, call: str, text: str, by: str) -> dict[str, str]:
        """Refused: no_such_call, bad_parameters."""
        _check("text", text, MAX_NOTE, allowed="\n\t")
        await self._known(call)
        self._write(facts.CallNoted(call, by, text.strip()))
        return {"call": call}

    async def tag(self, call: str, tag: str, on: bool, by: str) -> dict[str, Any]:
        """Nothing is written if it is so already. Refused: no_such_call, bad_parameters."""
        _check("tag", tag, MAX_TAG)
        await self._known(call)
        if (tag in self._index.tags(call)) != on:
            self._write(facts.CallTagged(call, by, tag, on))
        return {"call": call, "tag": tag, "on": on}

    async def _known(self, call: str) -> None:
        await self._flush()
        if not self._alive(call):
            await self.show(call)


def _check(name: str, text: str, most: int, allowed: str = "") -> None:
    if not text.strip() or len(text) > most:
        raise Refused("bad_parameters", f"{name!r} must have 1 to {most} characters, not {len(text)}; nothing was "
                      "written")
    if any(unicodedata.category(character).startswith("C") for character in text if character not in allowed):
        raise Refused("bad_parameters", f"{name!r} has characters that cannot be printed; nothing was written")


def _row(found: Found) -> PastCallRow:
    cdr = found.cdr
    return {"seq": cdr.seq, "id": cdr.call, "started_at": _stamp(cdr.started_at), "direction": cdr.direction,
            "calling": cdr.calling, "called": cdr.called, "name": cdr.name, "queue": cdr.queue, "agent": cdr.agent,
            "partner": cdr.partner, "disposition": cdr.disposition, "wait": cdr.wait, "talk": cdr.talk,
            "duration": cdr.duration, "variables": dict(cdr.variables), "recordings": list(cdr.recordings),
            "notes": [{"at": at, "by": by, "text": text} for at, by, text in found.notes], "tags": list(found.tags),
            "words_in": list(found.words_in)}


def _leg(leg: CallLeg) -> PastLegRow:
    return {"number": leg.number, "leg": leg.leg, "role": leg.role, "line": leg.line, "party": leg.party,
            "began_at": _stamp(leg.began_at), "answered_at": _stamp(leg.answered_at) if leg.answered_at else "",
            "ended_at": _stamp(leg.ended_at), "ended": leg.ended, "transfer_by": leg.transfer_by,
            "transfer": leg.transfer}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
