"""Customers: who a number belongs to, with notes and tickets; each kept where it can be erased, and nowhere else.

All of it waits for the disk (store/register.py): ask beside the loop. Times are ISO 8601, UTC.
"""

import sqlite3
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ccappliance.base.errors import Refused
from ccappliance.call.numbers import Number
from ccappliance.store.register import Register

TEXTS = ("name", "company", "email", "address", "language", "class")
MAX_FIELD = 200  # characters of a field of the card
MAX_NUMBERS = 20  # of one customer
MAX_CUSTOMER_NOTE = 4_000  # characters
MAX_SUBJECT = 200  # characters of what a ticket is about
MAX_SHOWN = 100  # notes and tickets of an answer: the newest, so that a pop stays short
NOTHING_CHANGED = "nothing was changed"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody has written to a customer."""

    id: int
    at: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A matter of a customer; open until somebody has solved it."""

    id: int
    subject: str
    call: str  # about which, "" none
    opened_at: str
    opened_by: str
    solved_at: str  # "": it is open
    solved_by: str


@dataclass(frozen=True, slots=True)
class Customer:
    """One card."""

    id: int
    texts: Mapping[str, str]  # by TEXTS
    numbers: tuple[str, ...]  # normal, in the order of the card
    made_at: str
    changed_at: str
    notes: tuple[Note, ...]  # newest first
    tickets: tuple[Ticket, ...]  # open ones first, then newest first


class Customers:
    """The register of customers. A number belongs to one customer at most."""

    def __init__(self, register: Register, read: Callable[[str], Number]) -> None:
        """`read`: Numbers.read."""
        self._register = register
        self._read = read

    # ---- looking ----

    def by_number(self, shown: str) -> Customer:
        """Whose number this is: with its extension, else the one that has the number itself.

        Refused: no_customer, bad_number.
        """
        number = self._number(shown)
        keys = list(dict.fromkeys((_key(number), number.normal)))
        for key in keys:
            rows = self._register.query("SELECT customer FROM customer_number WHERE normal = ?", (key,))
            if rows:
                return self.show(rows[0]["customer"])
        raise Refused("no_customer", f"nobody is known by the number {number.normal}; make a card for him")

    def show(self, customer: int) -> Customer:
        """Refused("no_customer")."""
        rows = self._register.query("SELECT * FROM customer WHERE id = ?", (_id("customer", customer),))
        if not rows:
            raise Refused("no_customer", f"there is no customer {customer}; he may have been erased")
        row = rows[0]
        numbers = self._register.query("SELECT normal FROM customer_number WHERE customer = ? ORDER BY place",
                                       (customer,))
        notes = self._register.query("SELECT id, at, by, text FROM customer_note WHERE customer = ? "
                                     "ORDER BY id DESC LIMIT ?", (customer, MAX_SHOWN))
        tickets = self._register.query(
            "SELECT id, subject, call, opened_at, opened_by, solved_at, solved_by FROM customer_ticket "
            "WHERE customer = ? ORDER BY solved_at != '', id DESC LIMIT ?", (customer, MAX_SHOWN))
        return Customer(customer, {name: row[name] for name in TEXTS}, tuple(each["normal"] for each in numbers),
                        row["made_at"], row["changed_at"], tuple(Note(**dict(each)) for each in notes),
                        tuple(Ticket(**dict(each)) for each in tickets))

    # ---- changing ----

    def make(self, texts: Mapping[str, str], numbers: Sequence[str], at: datetime) -> int:
        """The new customer's id. Refused: bad_parameters, bad_number, number_taken."""
        given = _texts(texts)
        keys = self._keys(numbers)
        if not given.get("name") and not keys:
            raise Refused("bad_parameters", f"a customer needs a name or a number; {NOTHING_CHANGED}")

        def work(connection: sqlite3.Connection) -> int:
            names = ", ".join(TEXTS)
            marks = ", ".join("?" * (len(TEXTS) + 2))
            row = connection.execute(f"INSERT INTO customer ({names}, made_at, changed_at) VALUES ({marks})",
                                     [*(given.get(name, "") for name in TEXTS), _stamp(at), _stamp(at)])
            made = int(row.lastrowid or 0)
            _put_numbers(connection, made, keys)
            return made
        return self._register.change(work)

    def edit(self, customer: int, texts: Mapping[str, str], numbers: Sequence[str] | None, at: datetime) -> None:
        """Set these fields, and (unless None) all of his numbers. Refused as `make`, and no_customer."""
        given = _texts(texts)
        keys = self._keys(numbers) if numbers is not None else None

        def work(connection: sqlite3.Connection) -> None:
            _known(connection, customer)
            sets = ", ".join(f"{name} = ?" for name in (*given, "changed_at"))
            connection.execute(f"UPDATE customer SET {sets} WHERE id = ?", [*given.values(), _stamp(at), customer])
            if keys is not None:
                connection.execute("DELETE FROM customer_number WHERE customer = ?", (customer,))
                _put_numbers(connection, customer, keys)
            (named,) = connection.execute(
                "SELECT name != '' OR EXISTS (SELECT 1 FROM customer_number WHERE customer = customer.id) "
                "FROM customer WHERE id = ?", (customer,)).fetchone()
            if not named:
                raise Refused("bad_parameters", f"a customer needs a name or a number; {NOTHING_CHANGED}")
        self._register.change(work)

    def note(self, customer: int, text: str, by: str, at: datetime) -> None:
        """Refused: no_customer, bad_parameters."""
        _check("text", text, MAX_CUSTOMER_NOTE, allowed="\n\t")

        def work(connection: sqlite3.Connection) -> None:
            _known(connection, customer)
            connection.execute("INSERT INTO customer_note (customer, at, by, text) VALUES (?, ?, ?, ?)",
                               (customer, _stamp(at), by, text.strip()))
        self._register.change(work)

    def open_ticket(self, customer: int, subject: str, call: str, by: str, at: datetime) -> None:
        """Refused: no_customer, bad_parameters."""
        _check("subject", subject, MAX_SUBJECT)

        def work(connection: sqlite3.Connection) -> None:
            _known(connection, customer)
            connection.execute("INSERT INTO customer_ticket (customer, opened_at, opened_by, subject, call, solved_at, "
                               "solved_by) VALUES (?, ?, ?, ?, ?, '', '')",
                               (customer, _stamp(at), by, subject.strip(), call[:MAX_FIELD]))
        self._register.change(work)

    def solve(self, customer: int, ticket: int, solved: bool, by: str, at: datetime) -> bool:
        """Say that a ticket is solved, or open again; False if it was so already. Refused: no_customer, no_ticket."""
        def work(connection: sqlite3.Connection) -> bool:
            _known(connection, customer)
            row = connection.execute("SELECT solved_at FROM customer_ticket WHERE id = ? AND customer = ?",
                                     (_id("ticket", ticket), customer)).fetchone()
            if row is None:
                raise Refused("no_ticket", f"customer {customer} has no ticket {ticket}")
            if bool(row["solved_at"]) == solved:
                return False
            connection.execute("UPDATE customer_ticket SET solved_at = ?, solved_by = ? WHERE id = ?",
                               (*((_stamp(at), by) if solved else ("", "")), ticket))
            return True
        return self._register.change(work)

    def erase(self, customer: int) -> None:
        """Card, numbers, notes and tickets, overwritten on the disk. Refused("no_customer")."""
        def work(connection: sqlite3.Connection) -> None:
            _known(connection, customer)
            connection.execute("DELETE FROM customer WHERE id = ?", (customer,))  # the rest goes by the foreign keys
        self._register.change(work)
        self._register.forget()

    def close(self) -> None:
        self._register.close()

    # ---- numbers ----

    def _number(self, shown: str) -> Number:
        number = self._read(shown)
        if not number.normal:
            raise Refused("bad_number", f"{shown[:40]!r} is no telephone number; write 13800138000, 010-62345678 or "
                          "+85221234567")
        return number

    def _keys(self, numbers: Sequence[str]) -> list[tuple[str, str]]:
        """(normal, as written) of each, once."""
        found = {_key(self._number(shown)): shown.strip() for shown in numbers}
        if len(found) > MAX_NUMBERS:
            raise Refused("bad_parameters", f"a customer has at most {MAX_NUMBERS} numbers; {NOTHING_CHANGED}")
        return list(found.items())


def _key(number: Number) -> str:
    """RFC 3966's way to write an extension."""
    return f"{number.normal};ext={number.extension}" if number.extension else number.normal


def _put_numbers(connection: sqlite3.Connection, customer: int, keys: Sequence[tuple[str, str]]) -> None:
    """Refused("number_taken") with whose it is."""
    for place, (normal, shown) in enumerate(keys):
        row = connection.execute("SELECT customer FROM customer_number WHERE normal = ?", (normal,)).fetchone()
        if row is not None:
            raise Refused("number_taken", f"{normal} belongs to customer {row['customer']}; take it from his card "
                          f"first; {NOTHING_CHANGED}")
        connection.execute("INSERT INTO customer_number (normal, customer, place, shown) VALUES (?, ?, ?, ?)",
                           (normal, customer, place, shown))


def _known(connection: sqlite3.Connection, customer: int) -> None:
    if connection.execute("SELECT 1 FROM customer WHERE id = ?", (_id("customer", customer),)).fetchone() is None:
        raise Refused("no_customer", f"there is no customer {customer}; he may have been erased")


def _id(name: str, value: int) -> int:
    if not 0 <= value < 2**62:
        raise Refused("bad_parameters", f"{name!r} must be the number of one")
    return value


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, text in texts.items():
        if text.strip():
            _check(name, text, MAX_FIELD)
        found[name] = text.strip()
    if found.get("language", "") not in ("", "zh", "en"):
        raise Refused("bad_parameters", f"'language' is zh, en or empty; {NOTHING_CHANGED}")
    return found


def _check(name: str, text: str, most: int, allowed: str = "") -> None:
    if not text.strip() or len(text) > most:
        raise Refused("bad_parameters", f"{name!r} must have 1 to {most} characters, not {len(text)}; "
                      f"{NOTHING_CHANGED}")
    if any(unicodedata.category(character).startswith("C") for character in text if character not in allowed):
        raise Refused("bad_parameters", f"{name!r} has characters that cannot be printed; {NOTHING_CHANGED}")


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
