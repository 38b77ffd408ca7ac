"""Pickup: an agent takes a call that rings elsewhere, or one that he has let ring himself, on his own telephone."""

from typing import TYPE_CHECKING, cast

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.entry import Entry
from ccappliance.base.errors import Refused

if TYPE_CHECKING:
    from ccappliance.apps.acd.dispatcher import Dispatcher
    from ccappliance.call.call import Call


class Pickup:
    """Finds the call and hands the agent's leg over to it. What he takes is his by his own will, out of the order."""

    def __init__(self, dispatcher: "Dispatcher") -> None:
        self._dispatcher = dispatcher

    def station(self, call: "Call", whom: str) -> bool:
        """A call that rings at a telephone without any queue; `whom`: its number, or "" for whichever it is."""
        return call.pick_up(whom)

    def ringing(self, call: "Call", agent: Agent, whom: str) -> None:
        """The first call that rings for `whom`: an agent's or a station's number, a queue's name, or "" his own queues.

        Refused: no_call, and busy if he talks already.
        """
        mine = {queue.name for queue in self._dispatcher.seats.get(agent.number, ())}
        found = [entry for queue in self._dispatcher.queues for entry in queue.offered.values()
                 if (_rings_for(entry, whom) if whom else queue.name in mine)]
        self._take(call, agent, min(found, key=lambda entry: entry.key, default=None), "pickup")

    def missed(self, call: "Call", agent: Agent) -> None:
        """The last call that he let ring, if it is still in its queue. Refused: no_call, busy."""
        found = [entry for queue in self._dispatcher.queues for entry in queue.line
                 if agent.missed_call and entry.call.id == agent.missed_call]
        self._take(call, agent, found[0] if found else None, "missed")

    def _take(self, call: "Call", agent: Agent, entry: Entry | None, rule: str) -> None:
        if entry is None or entry.kind != "call":  # a callback has nobody to talk to yet
            raise Refused("no_call", "there is no call to take")
        if agent.call:
            raise Refused("busy", f"agent {agent.number} has call {agent.call}")
        self._dispatcher.pick_up(entry, agent, call.give_anchor(cast("Call", entry.call)), rule)


def _rings_for(entry: Entry, whom: str) -> bool:
    return entry.queue.name == whom or any(whom in (offer.agent.number, offer.agent.station)
                                           for offer in entry.offers.values())
