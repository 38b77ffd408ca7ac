"""A kind of action: its name, who may ask for it, and what carries it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.messages import Answer, Event
from ccappliance.interfaces.ami.wire import Asked


@dataclass(frozen=True, slots=True)
class Client:
    """What an action may know of who asks. `tell`: an event for everybody who may be told of it."""

    user: str
    tell: Callable[[Event], None]

    @property
    def by(self) -> str:
        """As facts have it."""
        return f"ami:{self.user}"


Run = Callable[[Desk, Client, Asked], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Action:
    """One. `privileges`: one of these must be granted to write; none: everybody who has logged in may."""

    name: str
    privileges: tuple[str, ...]
    run: Run
    synopsis: str
    needs: tuple[str, ...] = ()  # fields without which it is refused: "No channel specified"

    @property
    def line(self) -> str:
        """As ListCommands tells it."""
        granted = ",".join([*self.privileges, "all"]) if self.privileges else "<none>"
        return f"{self.synopsis}  (Priv: {granted})"

    def missing(self, asked: Asked) -> str:
        """The first field it needs and has not."""
        return next((name for name in self.needs if not asked.get(name)), "")


def action(name: str, privileges: str, run: Run, synopsis: str, needs: str = "") -> Action:
    """One, with its words in texts: a table of them is easier to read so."""
    return Action(name, tuple(privileges.split()), run, synopsis, tuple(needs.split()))
