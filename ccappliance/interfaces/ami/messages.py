"""What AMI says: an event with who may be told of it, and the answer to an action."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ccappliance.interfaces.ami.wire import Field, Fields

ACTION_ID: Field = ("ActionID", "")  # in a listed event: where the action's id stands (nowhere, if it has none)


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `privilege`: of the kinds a user may read; `call`: whose variables a user may want with it."""

    name: str
    privilege: str
    fields: Fields
    call: str = ""

    def all_fields(self) -> list[Field]:
        return [("Event", self.name), ("Privilege", f"{self.privilege},all"), *self.fields]


Listed = tuple[str, Fields]  # an event of a list: its name, and its fields with ACTION_ID among them


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: exactly one response, and perhaps a list or output after it."""

    response: str = "Success"
    message: str = ""
    fields: Fields = ()
    listed: Sequence[Listed] | None = None  # None: no list
    complete: str = ""  # name of the event that ends the list
    totals: Fields = ()  # of that event, after ListItems
    output: Sequence[str] | None = None  # of Command
    events: Sequence[Event] = field(default=())  # told to everybody who may be told, after the answer

    def head(self, action_id: str) -> list[Field]:
        """The response's fields."""
        head = [("Response", self.response)] + ([("ActionID", action_id)] if action_id else [])
        if self.listed is not None:
            head.append(("EventList", "start"))
        return [*head, *([("Message", self.message)] if self.message else []), *self.fields]

    def tail(self, action_id: str) -> list[list[Field]]:
        """The list's events."""
        if self.listed is None:
            return []
        ours = [("ActionID", action_id)] if action_id else []
        rows = [[("Event", name), *(one for given in fields for one in (ours if given is ACTION_ID else [given]))]
                for name, fields in self.listed]
        end = [("Event", self.complete), *ours, ("EventList", "Complete"), ("ListItems", str(len(rows)))]
        return [*rows, [*end, *self.totals]]


def failed(why: str) -> Answer:
    return Answer("Error", why)


def success(message: str = "", *fields: Field) -> Answer:
    return Answer(message=message, fields=fields)


def listing(message: str, rows: Sequence[Listed], complete: str, *totals: Field) -> Answer:
    return Answer(message=message, listed=rows, complete=complete, totals=totals)


def flag(value: object) -> str:
    return "1" if value else "0"


def truth(word: str) -> bool:
    """As Asterisk's ast_true."""
    return word.strip().lower() in ("yes", "true", "y", "t", "1", "on")


def whole(word: str, default: int) -> int:
    """A number in a field, or the default: Asterisk's clients leave much away, and write much there."""
    text = word.strip()
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else default
