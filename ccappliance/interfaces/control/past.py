"""Calls that are over, as the doors see them: found by number, agent, queue, or what a flow has learnt."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypedDict

from ccappliance.base.errors import Refused
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_store import CdrStore


class PastCallRow(TypedDict):
    """A call that is over: its CDR."""

    id: str
    started_at: str
    direction: str
    calling: str
    called: str
    name: str
    queue: str
    agent: str
    disposition: str
    wait: float
    talk: float
    duration: float
    variables: dict[str, str]
    recordings: list[str]  # paths below the recordings' directory


class PastCalls:
    """Looks into the CDRs. `flush`: what ended a moment ago is in the answer."""

    def __init__(self, cdrs: CdrStore, flush: Callable[[], Awaitable[object]]) -> None:
        self._cdrs = cdrs
        self._flush = flush

    async def search(self, limit: int, *, number: str, agent: str, queue: str, variable: str) -> list[PastCallRow]:
        """`variable`: NAME, or NAME=VALUE. Refused("bad_parameters")."""
        name, _, value = variable.partition("=")
        if variable and not name:
            raise Refused("bad_parameters", f"{variable!r} has no name: write NAME=VALUE")
        await self._flush()
        return [_row(cdr) for cdr in self._cdrs.search(limit, number=number, agent=agent, queue=queue, variable=name,
                                                       value=value)]

    async def show(self, call: str) -> PastCallRow:
        """Refused("no_such_call")."""
        await self._flush()
        cdr = self._cdrs.find(call)
        if cdr is None:
            raise Refused("no_such_call", f"there is no call {call}; `ccappliance calls search` shows those that are "
                          "over, `ccappliance calls list` those alive")
        return _row(cdr)


def _row(cdr: Cdr) -> PastCallRow:
    return {"id": cdr.call, "started_at": _stamp(cdr.started_at), "direction": cdr.direction, "calling": cdr.calling,
            "called": cdr.called, "name": cdr.name, "queue": cdr.queue, "agent": cdr.agent,
            "disposition": cdr.disposition, "wait": cdr.wait, "talk": cdr.talk, "duration": cdr.duration,
            "variables": dict(cdr.variables), "recordings": list(cdr.recordings)}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
