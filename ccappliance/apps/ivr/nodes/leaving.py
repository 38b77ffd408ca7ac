"""Nodes that end the visit: queue, transfer and hang up."""

from ccappliance.apps.ivr.settings import CAUSES, Hangup, Queue, Transfer
from ccappliance.apps.ivr.visit import Leave, Visit

PRIORITY, BOOST = "priority", "boost"  # variables of the call in which a queue finds what the flow has decided


async def queue(node: Queue, visit: Visit) -> Leave:
    """To a queue, with the caller's class and boost in the call's variables."""
    await visit.play(node.prompt)
    visit.call.variables[PRIORITY] = str(node.priority)
    visit.call.variables[BOOST] = f"{node.boost:g}"
    return Leave(f"queue:{node.queue}")


async def transfer(node: Transfer, visit: Visit) -> Leave:
    """To any destination."""
    await visit.play(node.prompt)
    return Leave(node.to)


async def hangup(node: Hangup, visit: Visit) -> Leave:
    """End the call with a cause."""
    await visit.play(node.prompt)
    visit.call.anchor.clear(CAUSES[node.cause])
    return Leave(None)
