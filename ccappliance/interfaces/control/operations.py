"""The operations of the house: each thing the command line, and later the console and AMI, can see or ask for."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.call.reports import columns
from ccappliance.interfaces.control.custody import custody_operations
from ccappliance.interfaces.control.customers import customer_operations
from ccappliance.interfaces.control.finding import finding_operations
from ccappliance.interfaces.control.floor import floor_operations
from ccappliance.interfaces.control.messages import voicemail_operations
from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.control.supervising import supervise
from ccappliance.interfaces.control.view import AGENT_REQUESTS, HouseView

MAX_RECORDINGS = 1_000  # rows of one answer: they fit in MAX_CONTROL_LINE
MAX_HISTORY = 1_000  # configurations of the past
MAX_LAST = 100_000  # journal entries asked for at once


def operations_of(house: HouseView) -> Operations:
    """All operations, bound to this house."""
    operations = Operations()
    _lines(operations, house)
    _calls(operations, house)
    _agents(operations, house)
    _callbacks(operations, house)
    _records(operations, house)
    _isdn(operations, house)
    _history(operations, house)
    _config(operations, house)
    custody_operations(operations, house.custody)
    finding_operations(operations, house.past)
    supervise(operations, house)
    floor_operations(operations, house)
    voicemail_operations(operations, house.messages)
    customer_operations(operations, house.customers)

    @operations.operation("operations.list")
    async def operations_list() -> list[dict[str, Any]]:
        """Every operation with its parameters."""
        return [operation.as_dict() for operation in operations.all()]

    return operations


def _lines(operations: Operations, house: HouseView) -> None:
    @operations.operation("status")
    async def status() -> Any:
        """The box at a glance."""
        return house.status()

    @operations.operation("status.watch")
    async def status_watch(every: float = 1.0) -> AsyncGenerator[Any, None]:
        """The box at a glance, again every so many seconds (0.2 to 60)."""
        if not 0.2 <= every <= 60.0:
            raise Refused("bad_parameters", "'every' must be from 0.2 to 60 seconds")
        while True:
            yield house.status()
            await asyncio.sleep(every)

    @operations.operation("spans.list")
    async def spans_list() -> Any:
        """The ports of the cards."""
        return house.spans()

    @operations.operation("spans.show")
    async def spans_show(span: int) -> Any:
        """One port of a card: its alarm in words, and the errors it has counted."""
        return house.span(span)

    @operations.operation("channels.list")
    async def channels_list() -> Any:
        """Every voice path with its state."""
        return house.channels()

    @operations.operation("channels.show")
    async def channels_show(channel: str) -> Any:
        """One voice path, by the line's name or the station's number."""
        return house.channel(channel)


def _calls(operations: Operations, house: HouseView) -> None:
    @operations.operation("calls.list")
    async def calls_list() -> Any:
        """The calls alive, oldest first."""
        return house.calls()

    @operations.operation("calls.show")
    async def calls_show(call: str) -> Any:
        """One call with its legs and variables; one that is over as its CDR has it."""
        try:
            return house.call(call)
        except Refused as refused:
            if refused.code != "no_such_call":
                raise
            return await house.past.show(call)

    @operations.operation("calls.hangup")
    async def calls_hangup(call: str, by: str) -> dict[str, str]:
        """Clear a call."""
        house.hang_up(call, by)
        return {"call": call}

    @operations.operation("calls.originate")
    async def calls_originate(station: str, number: str, by: str, group: str = "") -> Any:
        """Ring a station and dial a number for it, through a trunk group or as the routes say."""
        if not number or not all(digit in "0123456789*#ABCD" for digit in number):
            raise Refused("bad_parameters", f"{number!r} cannot be dialled: only 0-9, *, # and A-D")
        return house.originate(station, number, group, by)

    @operations.operation("prompts.play")
    async def prompts_play(name: str, station: str, by: str, language: str = "") -> Any:
        """Ring a station and play it a prompt."""
        return house.play_prompt(name, language, station, by)


def _agents(operations: Operations, house: HouseView) -> None:
    @operations.operation("agents.list")
    async def agents_list() -> Any:
        """Every agent with his state."""
        return house.agents()

    @operations.operation("agents.show")
    async def agents_show(agent: str) -> Any:
        """One agent with today's figures."""
        return house.agent(agent)

    @operations.operation("agents.set")
    async def agents_set(agent: str, request: str, by: str, station: str = "", reason: str = "") -> Any:
        """Log an agent in (at a station) or out, pause him (for a reason), resume, or end his wrap-up (ready)."""
        if request not in AGENT_REQUESTS:
            raise Refused("bad_parameters", f"'request' must be one of {', '.join(AGENT_REQUESTS)}")
        return house.agent_set(agent, request, station=station, reason=reason, by=by)

    @operations.operation("queues.list")
    async def queues_list() -> Any:
        """Every queue with its figures."""
        return house.queues()

    @operations.operation("queues.show")
    async def queues_show(queue: str) -> Any:
        """One queue with its entries and agents."""
        return house.queue(queue)

    @operations.operation("queues.playlist")
    async def queues_playlist(queue: str, pieces: list[str], by: str, order: str = "in-turn",
                              messages: bool = False) -> Any:
        """Other music for those who wait in a queue (or other messages between it), until a reload changes it."""
        return house.queue_playlist(queue, pieces, order, messages, by)


def _callbacks(operations: Operations, house: HouseView) -> None:
    @operations.operation("callbacks.list")
    async def callbacks_list() -> Any:
        """The promises to call somebody back that are open, by queue, in the order in which they will be served."""
        return house.callbacks()

    @operations.operation("callbacks.ended")
    async def callbacks_ended(limit: int = 20) -> Any:
        """The newest promises that are over."""
        if not 1 <= limit <= MAX_RECORDINGS:
            raise Refused("bad_parameters", f"'limit' must be from 1 to {MAX_RECORDINGS}")
        return await house.callbacks_ended(limit)

    @operations.operation("callbacks.report")
    async def callbacks_report() -> Any:
        """Today's callbacks by queue: what was promised beside what was kept."""
        return house.callbacks_report()

    @operations.operation("callbacks.cancel")
    async def callbacks_cancel(callback: str, by: str) -> dict[str, str]:
        """End a promise: he is not called back."""
        house.callback_set(callback, "cancel", by)
        return {"callback": callback}

    @operations.operation("callbacks.retry")
    async def callbacks_retry(callback: str, by: str) -> dict[str, str]:
        """Do not wait for the time of the next attempt."""
        house.callback_set(callback, "retry", by)
        return {"callback": callback}


def _records(operations: Operations, house: HouseView) -> None:
    @operations.operation("recordings.list")
    async def recordings_list(limit: int = 20, call: str = "") -> Any:
        """The newest recordings, or those of one call."""
        if not 1 <= limit <= MAX_RECORDINGS:
            raise Refused("bad_parameters", f"'limit' must be from 1 to {MAX_RECORDINGS}")
        return await house.recordings(limit=limit, call_id=call)

    @operations.operation("recordings.pause")
    async def recordings_pause(call: str, by: str) -> dict[str, str]:
        """Keep what is said now out of a call's recordings: a mark stands in its place."""
        house.pause_recording(call, True, by)
        return {"call": call}

    @operations.operation("recordings.resume")
    async def recordings_resume(call: str, by: str) -> dict[str, str]:
        """Record a call again that the same user has paused."""
        house.pause_recording(call, False, by)
        return {"call": call}

    @operations.operation("journal.tail")
    async def journal_tail(last: int = 10, start: int = 0, follow: bool = False,
                           kinds: list[str] | None = None) -> AsyncGenerator[Any, None]:
        """Journal entries: the last ones, or from a number on; and those to come."""
        if not 0 <= last <= MAX_LAST or start < 0:
            raise Refused("bad_parameters", f"'last' must be from 0 to {MAX_LAST}, 'start' 0 or more")
        entries = house.journal(last=last, start=start, follow=follow, kinds=kinds or [])
        try:
            async for entry in entries:
                yield entry
        finally:
            close = getattr(entries, "aclose", None)
            if close is not None:
                await close()


def _isdn(operations: Operations, house: HouseView) -> None:
    @operations.operation("pri.list")
    async def pri_list() -> Any:
        """The ISDN spans."""
        return house.isdn.rows()

    @operations.operation("pri.show")
    async def pri_show(span: str) -> Any:
        """One ISDN span with its layer-2 statistics."""
        return await house.isdn.detail(span)

    @operations.operation("pri.trace")
    async def pri_trace(span: str, last: int = 100, follow: bool = False,
                        everything: bool = False) -> AsyncGenerator[Any, None]:
        """What is said on a D channel, decoded: the last lines, and those to come."""
        if not 0 <= last <= MAX_LAST:
            raise Refused("bad_parameters", f"'last' must be from 0 to {MAX_LAST}")
        lines = house.isdn.trace(span, last=last, follow=follow, everything=everything)
        try:
            async for line in lines:
                yield line
        finally:
            close = getattr(lines, "aclose", None)
            if close is not None:
                await close()


def _config(operations: Operations, house: HouseView) -> None:
    @operations.operation("config.check")
    async def config_check(directory: str = "") -> Any:
        """What a configuration would change, without applying it."""
        return await house.config_check(directory)

    @operations.operation("config.reload")
    async def config_reload(by: str) -> Any:
        """Read the configuration again and apply it, whole or not at all."""
        return await house.config_reload(by)

    @operations.operation("config.show")
    async def config_show() -> Any:
        """Every key in force with its origin."""
        return house.config_show()

    @operations.operation("config.plan")
    async def config_plan() -> Any:
        """What applying the daemon's files would change, key by key, and which live calls are in it."""
        return await house.configuring.plan()

    @operations.operation("config.apply")
    async def config_apply(by: str, comment: str = "") -> Any:
        """Read the configuration again and apply it, whole or not at all, with a comment for the history."""
        return await house.configuring.apply(by, comment)

    @operations.operation("config.history")
    async def config_history(limit: int = 20) -> Any:
        """The configurations that were in force, newest first."""
        if not 1 <= limit <= MAX_HISTORY:
            raise Refused("bad_parameters", f"'limit' must be from 1 to {MAX_HISTORY}")
        return await house.configuring.history(limit)

    @operations.operation("config.restoring")
    async def config_restoring(by: str, entry: int = 0, force: bool = False) -> Any:
        """Check that an earlier configuration (0: the one before) can come back, and keep files that were edited."""
        return await house.configuring.restoring(entry, force, by)


def _history(operations: Operations, house: HouseView) -> None:
    @operations.operation("explain.call")
    async def explain_call(call: str, language: str = "en") -> AsyncGenerator[Any, None]:
        """Why a call went as it did, recomputed from the journal: its events, each with lines of words (zh or en)."""
        for event in await house.history.explain(call, language):
            yield event

    @operations.operation("explain.check")
    async def explain_check(day: str = "") -> Any:
        """Every decision of a day (or of the whole journal) made again, and those that differ."""
        return await house.history.check(day)

    @operations.operation("reports.show")
    async def reports_show(report: str, since: str = "", until: str = "", per: str = "day", name: str = "",
                           variant: str = "b") -> AsyncGenerator[Any, None]:
        """Rows of a report (queues, agents, lines, numbers, dispositions, directions, calls) over days of the site.

        `until` is today if not named, `since` a week before it.
        """
        for row in await house.report(report, since, until, per, name, variant):
            yield row

    @operations.operation("reports.figures")
    async def reports_figures(report: str, variant: str = "b") -> list[dict[str, str]]:
        """What each column of a report means."""
        return [{"figure": column.name, "definition": column.definition} for column in columns(report, variant)]

    @operations.operation("audit")
    async def audit(day: str = "") -> Any:
        """Every figure and row of a day (today's if none is named) recomputed from the journal, and what differs."""
        return await house.history.audit(day)
