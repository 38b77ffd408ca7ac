"""Finding calls that are over, and writing notes and tags to calls: the operations of every door."""

from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.interfaces.control.past import PastCalls
from ccappliance.interfaces.control.registry import Operations

MAX_FOUND = 1_000  # calls of one answer: they fit in MAX_CONTROL_LINE


def finding_operations(operations: Operations, past: PastCalls) -> None:
    @operations.operation("calls.search")
    async def calls_search(limit: int = 20, before: int = 0, since: str = "", until: str = "", number: str = "",
                           agent: str = "", queue: str = "", disposition: str = "", shortest: float | None = None,
                           longest: float | None = None, words: str = "", tags: list[str] | None = None,
                           variable: str = "") -> Any:
        """Calls that are over, newest first, which fit everything asked for; `before`: the `seq` to page on from."""
        _limit(limit, before)
        return await past.search(limit, before, since, until, number=number, agent=agent, queue=queue,
                                 disposition=disposition, shortest=shortest, longest=longest,
                                 words=words, tags=tags or [], variable=variable)

    @operations.operation("recordings.find")
    async def recordings_find(limit: int = 20, before: int = 0, since: str = "", until: str = "", number: str = "",
                              agent: str = "", queue: str = "", disposition: str = "", shortest: float | None = None,
                              longest: float | None = None, words: str = "", tags: list[str] | None = None,
                              variable: str = "") -> Any:
        """As calls.search, of the calls that have a recording."""
        _limit(limit, before)
        return await past.search(limit, before, since, until, number=number, agent=agent, queue=queue,
                                 disposition=disposition, shortest=shortest, longest=longest,
                                 words=words, tags=tags or [], variable=variable, recorded=True)

    @operations.operation("calls.note")
    async def calls_note(call: str, text: str, by: str) -> Any:
        """Write a note to a call, alive or over; it is found by its words."""
        return await past.note(call, text, by)

    @operations.operation("calls.tag")
    async def calls_tag(call: str, tag: str, by: str, on: bool = True) -> Any:
        """Give a call a tag, or take it away (`on`: false)."""
        return await past.tag(call, tag, on, by)


def _limit(limit: int, before: int) -> None:
    if not 1 <= limit <= MAX_FOUND:
        raise Refused("bad_parameters", f"'limit' must be from 1 to {MAX_FOUND}")
    if not 0 <= before < 2**62:
        raise Refused("bad_parameters", "'before' must be the 'seq' of a call found, or 0 for the newest")
