"""Customers as the doors see them: cards, notes, tickets and erasure, asked beside the loop and told in the journal."""

import asyncio
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar, cast

from ccappliance.base.clock import Clock
from ccappliance.base.errors import CcError, Refused
from ccappliance.call import facts
from ccappliance.call.customers import MAX_FIELD, Customer, Customers
from ccappliance.interfaces.control.registry import Operations
from ccappliance.service.aside import Aside
from ccappliance.service.tasks import Supervisor

T = TypeVar("T")


class CustomerNote(TypedDict):
    """What somebody has written to a customer."""

    id: int
    at: str
    by: str
    text: str


class TicketRow(TypedDict):
    """A matter of a customer."""

    id: int
    subject: str
    call: str
    opened_at: str
    opened_by: str
    solved_at: str  # "": it is open
    solved_by: str


class CustomerCard(TypedDict):
    """A customer with his newest notes and tickets."""

    id: int
    name: str
    company: str
    email: str
    address: str
    language: str
    value: str  # his value class
    numbers: list[str]
    made_at: str
    changed_at: str
    notes: list[CustomerNote]
    tickets: list[TicketRow]
    open: int  # tickets among these that are not solved


class CustomerDesk:
    """What doors ask of the customers. The fact is written when the change is on the disk."""

    def __init__(self, customers: Customers, aside: Aside, clock: Clock,
                 write: Callable[[facts.Fact], object]) -> None:
        self._customers = customers
        self._aside = aside
        self._clock = clock
        self._write = write
        self._turn = asyncio.Lock()
        self._tasks = Supervisor("customers")

    async def show(self, customer: int) -> CustomerCard:
        """Refused("no_customer")."""
        return _card(await self._do(lambda: self._customers.show(customer)))

    async def by_number(self, number: str) -> CustomerCard:
        """Refused: no_customer, bad_number."""
        return _card(await self._do(lambda: self._customers.by_number(number)))

    async def make(self, texts: dict[str, str], numbers: list[str], by: str) -> CustomerCard:
        at = self._clock.wall()
        fields = [*texts, *(["numbers"] if numbers else [])]
        return await self.show(await self._do(lambda: self._customers.make(texts, numbers, at),
                                              lambda made: facts.CustomerChanged(made, "made", by, fields)))

    async def edit(self, customer: int, texts: dict[str, str], numbers: list[str] | None, by: str) -> CustomerCard:
        at = self._clock.wall()
        fields = [*texts, *(["numbers"] if numbers is not None else [])]
        if not fields:
            raise Refused("nothing_asked", "name a field to set; nothing was changed")
        await self._do(lambda: self._customers.edit(customer, texts, numbers, at),
                       lambda _: facts.CustomerChanged(customer, "edited", by, fields))
        return await self.show(customer)

    async def note(self, customer: int, text: str, by: str) -> CustomerCard:
        at = self._clock.wall()
        await self._do(lambda: self._customers.note(customer, text, by, at),
                       lambda _: facts.CustomerChanged(customer, "noted", by))
        return await self.show(customer)

    async def open_ticket(self, customer: int, subject: str, call: str, by: str) -> CustomerCard:
        at = self._clock.wall()
        await self._do(lambda: self._customers.open_ticket(customer, subject, call, by, at),
                       lambda _: facts.CustomerChanged(customer, "ticket_opened", by))
        return await self.show(customer)

    async def solve(self, customer: int, ticket: int, solved: bool, by: str) -> CustomerCard:
        at, what = self._clock.wall(), "ticket_solved" if solved else "ticket_reopened"
        await self._do(lambda: self._customers.solve(customer, ticket, solved, by, at),
                       lambda new: facts.CustomerChanged(customer, what, by) if new else None)
        return await self.show(customer)

    async def erase(self, customer: int, why: str, by: str) -> dict[str, int]:
        """Refused: no_customer, bad_parameters."""
        if not why.strip() or len(why) > MAX_FIELD:
            raise Refused("bad_parameters", f"say why, in 1 to {MAX_FIELD} characters, without naming the customer: it "
                          "stays in the journal; nothing was erased")
        await self._do(lambda: self._customers.erase(customer),
                       lambda _: facts.CustomerErased(customer, why.strip(), by))
        return {"customer": customer}

    async def _do(self, work: Callable[[], T], told: Callable[[T], facts.Fact | None] = lambda _: None) -> T:
        """What `work` answers, in its turn. Whoever asked may go away meanwhile (a browser does): the work, its turn
        and its fact are not cut short.
        """
        async def turn() -> tuple[T | None, CcError | None]:
            async with self._turn:
                try:
                    found = await self._aside.do(work)
                except CcError as error:
                    return None, error
                fact = told(found)
                if fact is not None:
                    self._write(fact)
                return found, None

        found, error = await asyncio.shield(self._tasks.spawn(turn(), "register"))
        if error is not None:
            raise error
        return cast(T, found)


def customer_operations(operations: Operations, desk: CustomerDesk) -> None:
    """Add them."""
    @operations.operation("customers.show")
    async def customers_show(customer: int) -> Any:
        """One customer with his newest notes and tickets."""
        return await desk.show(customer)

    @operations.operation("customers.by-number")
    async def customers_by_number(number: str) -> Any:
        """Whose number this is, however it is written: for the screen pop."""
        return await desk.by_number(number)

    @operations.operation("customers.make")
    async def customers_make(by: str, name: str = "", numbers: list[str] | None = None, company: str = "",
                             email: str = "", address: str = "", language: str = "", value: str = "") -> Any:
        """Make a card, with a name or a number at least."""
        given = {"name": name, "company": company, "email": email, "address": address, "language": language,
                 "class": value}
        return await desk.make({key: text for key, text in given.items() if text}, numbers or [], by)

    @operations.operation("customers.edit")
    async def customers_edit(customer: int, by: str, name: str | None = None, numbers: list[str] | None = None,
                             company: str | None = None, email: str | None = None, address: str | None = None,
                             language: str | None = None, value: str | None = None) -> Any:
        """Set the fields that are named; `numbers` are all of his numbers from now on."""
        given = {"name": name, "company": company, "email": email, "address": address, "language": language,
                 "class": value}
        return await desk.edit(customer, {key: text for key, text in given.items() if text is not None}, numbers, by)

    @operations.operation("customers.note")
    async def customers_note(customer: int, text: str, by: str) -> Any:
        """Write a note to a customer."""
        return await desk.note(customer, text, by)

    @operations.operation("customers.ticket")
    async def customers_ticket(customer: int, subject: str, by: str, call: str = "") -> Any:
        """Open a ticket for a customer, about a call perhaps."""
        return await desk.open_ticket(customer, subject, call, by)

    @operations.operation("customers.solve")
    async def customers_solve(customer: int, ticket: int, by: str, solved: bool = True) -> Any:
        """Say that a ticket is solved, or (`solved`: false) open again."""
        return await desk.solve(customer, ticket, solved, by)

    @operations.operation("customers.erase")
    async def customers_erase(customer: int, why: str, by: str) -> dict[str, int]:
        """Erase a customer: card, numbers, notes and tickets, for good."""
        return await desk.erase(customer, why, by)


def _card(found: Customer) -> CustomerCard:
    texts = found.texts
    tickets: list[TicketRow] = [
        {"id": each.id, "subject": each.subject, "call": each.call, "opened_at": each.opened_at,
         "opened_by": each.opened_by, "solved_at": each.solved_at, "solved_by": each.solved_by}
        for each in found.tickets]
    return {"id": found.id, "name": texts["name"], "company": texts["company"], "email": texts["email"],
            "address": texts["address"], "language": texts["language"], "value": texts["class"],
            "numbers": list(found.numbers), "made_at": found.made_at, "changed_at": found.changed_at,
            "notes": [{"id": each.id, "at": each.at, "by": each.by, "text": each.text} for each in found.notes],
            "tickets": tickets, "open": sum(not each["solved_at"] for each in tickets)}
