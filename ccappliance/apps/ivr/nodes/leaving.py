"""Nodes that end the visit: queue, transfer and hang up."""

from ccappliance.apps.ivr.settings import CAUSES, Hangup, Queue, Transfer
from ccappliance.apps.ivr.visit import Leave, Visit


async def queue(node: Queue, visit: Visit) -> Leave:
    """To a queue, with the class and boost the flow gives this caller there, besides his own."""
    await visit.play(node.prompt)
    caller = visit.call.caller
    visit.call.order_class = caller.order_class + node.priority
    visit.call.boost = caller.boost + node.boost
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
