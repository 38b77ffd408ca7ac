"""The floor in one picture, again every so often: what a supervisor's desk and its wallboard draw."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, TypedDict

from ccappliance.base.errors import Refused
from ccappliance.interfaces.control import view
from ccappliance.interfaces.control.registry import Operations


class Floor(TypedDict):
    """Everything of one moment, so that figures and rows agree with each other."""

    status: view.Status
    queues: list[view.QueueDetail]  # with who waits, in the order in which they will be served
    agents: list[view.AgentRow]
    calls: list[view.CallRow]


def floor_operations(operations: Operations, house: view.HouseView) -> None:
    @operations.operation("floor.show")
    async def floor_show() -> Any:
        """Status, queues with their entries, agents and calls of one moment."""
        return floor(house)

    @operations.operation("floor.watch")
    async def floor_watch(every: float = 0.5) -> AsyncGenerator[Any, None]:
        """The same again every so many seconds (0.2 to 60)."""
        if not 0.2 <= every <= 60.0:
            raise Refused("bad_parameters", "'every' must be from 0.2 to 60 seconds")
        while True:
            yield floor(house)
            await asyncio.sleep(every)


def floor(house: view.HouseView) -> Floor:
    return {"status": house.status(), "queues": [house.queue(row["name"]) for row in house.queues()],
            "agents": house.agents(), "calls": house.calls()}
