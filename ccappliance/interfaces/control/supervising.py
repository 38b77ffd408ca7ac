"""The operations of a supervisor: a queue watched live, and what he decides in place of the rules."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.control.view import HouseView


def supervise(operations: Operations, house: HouseView) -> None:
    """Add them."""
    _queues(operations, house)
    _entries(operations, house)
    _agents(operations, house)
    _calls(operations, house)


def _queues(operations: Operations, house: HouseView) -> None:
    @operations.operation("queues.watch")
    async def queues_watch(queue: str, every: float = 1.0) -> AsyncGenerator[Any, None]:
        """One queue with its entries and agents, again every so many seconds (0.2 to 60)."""
        if not 0.2 <= every <= 60.0:
            raise Refused("bad_parameters", "'every' must be from 0.2 to 60 seconds")
        while True:
            yield house.queue(queue)
            await asyncio.sleep(every)

    @operations.operation("queues.strategy")
    async def queues_strategy(queue: str, strategy: str, by: str, why: str = "") -> Any:
        """Choose agents of a queue by another strategy, until a reload changes the queue."""
        house.supervisor.strategy(queue, strategy, by, why)
        return house.queue(queue)


def _entries(operations: Operations, house: HouseView) -> None:
    @operations.operation("queues.move")
    async def queues_move(call: str, queue: str, by: str, why: str = "") -> dict[str, str]:
        """Move a waiting call to another queue; it keeps the time it has waited."""
        house.supervisor.move(call, queue, by, why)
        return {"call": call, "queue": queue}

    @operations.operation("queues.assign")
    async def queues_assign(call: str, agent: str, by: str, why: str = "") -> dict[str, str]:
        """Give a waiting call to one agent, as his next."""
        house.supervisor.assign(call, agent, by, why)
        return {"call": call, "agent": agent}

    @operations.operation("queues.prioritise")
    async def queues_prioritise(call: str, by: str, order_class: int | None = None, boost: float | None = None,
                                why: str = "") -> dict[str, Any]:
        """Give a waiting call another class, another boost in seconds, or both."""
        house.supervisor.prioritise(call, order_class, boost, by, why)
        return {"call": call, "order_class": order_class, "boost": boost}

    @operations.operation("queues.pull")
    async def queues_pull(call: str, to: str, by: str, why: str = "") -> dict[str, str]:
        """Take a waiting call out of its queue and send it to a destination."""
        house.supervisor.pull(call, to, by, why)
        return {"call": call, "to": to}


def _agents(operations: Operations, house: HouseView) -> None:
    @operations.operation("agents.force")
    async def agents_force(agent: str, state: str, by: str, reason: str = "", now: bool = False, why: str = "") -> Any:
        """Pause an agent, make him ready or log him out; during a call after it, or `now`, which ends the call."""
        at_once = house.supervisor.force(agent, state, by, why, reason=reason, now=now)
        return {**house.agent(agent), "at_once": at_once}

    @operations.operation("agents.skills")
    async def agents_skills(agent: str, skills: list[str], by: str, why: str = "") -> dict[str, Any]:
        """Give an agent levels of skills (name=level; 0 takes it away), until the next reload."""
        return {"agent": agent, "skills": dict(house.supervisor.skills(agent, skills, by, why))}


def _calls(operations: Operations, house: HouseView) -> None:
    @operations.operation("calls.release")
    async def calls_release(call: str, by: str, why: str = "") -> dict[str, str]:
        """End a call by force, with who and why in the journal."""
        house.supervisor.release(call, by, why)
        return {"call": call}

    @operations.operation("calls.monitor")
    async def calls_monitor(call: str, station: str, by: str, mode: str = "monitor") -> Any:
        """Ring a station and let it hear a call: monitor, whisper (to the agent), barge, or takeover."""
        return house.listen(call, station, mode, by)
