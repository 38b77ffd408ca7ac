"""Destinations: where a call can be sent. Apps meet only here: a name → an object with `async run(call)`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ccappliance.base.errors import Refused

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.leg import Leg


class Destination(Protocol):
    """A room a call can be in."""

    async def run(self, call: "Call") -> str | None:
        """Serve the call; answer the next destination's name, or None when the call is over.

        Cancelled when the anchor leg clears: clean up in `finally`, never swallow CancelledError.
        """
        ...


@runtime_checkable
class Reachable(Protocol):
    """A destination that is a party: it can be rung on behalf of somebody who wants to talk to it first."""

    def place(self, call: "Call", *, calling: str = "") -> "Leg":
        """A ringing leg of the call; `calling`: who wants to talk. Refused if it can't be rung now."""
        ...


Finder = Callable[[str], Destination | None]


class Destinations:
    """Names of the form `kind:argument` ("queue:sales", "flow:main", "station:8001", "hangup:busy")."""

    def __init__(self) -> None:
        self._finders: dict[str, Finder] = {}

    def register(self, kind: str, find: Finder) -> None:
        """`find(argument)` answers the destination, or None if there is none of that name."""
        self._finders[kind] = find

    def find(self, name: str) -> Destination:
        kind, _, argument = name.partition(":")
        finder = self._finders.get(kind)
        found = finder(argument) if finder else None
        if found is None:
            raise Refused("no_destination", f"there is no destination {name!r}; kinds: {', '.join(self.kinds())}")
        return found

    def kinds(self) -> list[str]:
        return sorted(self._finders)


def known_destination(name: str, names: Mapping[str, object]) -> bool:
    """For configuration checks: is `kind:argument` one of `names`, or of a kind whose arguments are free (`kind:*`)?"""
    kind = name.partition(":")[0]
    return name in names or f"{kind}:*" in names
