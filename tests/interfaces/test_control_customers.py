"""Customers through a door, upon a register on a disk: numbers, cards, tickets, and what an erasure leaves."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.customers import MAX_NUMBERS, Customers
from ccappliance.call.numbers import Numbers
from ccappliance.interfaces.control.customers import CustomerDesk, customer_operations
from ccappliance.interfaces.control.registry import Operations
from ccappliance.service.aside import Aside
from ccappliance.store.register import CUSTOMERS, Register


class Box:
    """The operations upon one register, and the facts they told."""

    def __init__(self, path: Path | None) -> None:
        self.register = Register(path, CUSTOMERS)
        self.told: list[facts.Fact] = []
        self.operations = Operations()
        customer_operations(self.operations, CustomerDesk(
            Customers(self.register, Numbers("010").read), Aside(threaded=False), SystemClock(), self.told.append))

    def ask(self, operation: str, **params: Any) -> Any:
        return asyncio.run(self.operations.run(f"customers.{operation}", params, "web:li"))

    def refused(self, operation: str, **params: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.ask(operation, **params)
        return caught.value.code


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "c.db")


def test_a_number_is_found_however_it_is_written(box: Box) -> None:
    wang = box.ask("make", name="王芳", numbers=["138 0013 8000", "010-62345678"])
    for shown in ("13800138000", "+86 138-0013-8000", "008613800138000", "013800138000", "62345678", "01062345678"):
        assert box.ask("by-number", number=shown)["id"] == wang["id"], shown
    assert wang["numbers"] == ["+8613800138000", "+861062345678"]
    assert box.refused("by-number", number="13900139000") == "no_customer"
    assert box.refused("by-number", number="nobody") == "bad_number"


def test_an_extension_has_its_own_customer_and_else_the_number_counts(box: Box) -> None:
    firm = box.ask("make", name="公司", numbers=["010-62345678"])
    li = box.ask("make", name="李", numbers=["010-62345678-801"])
    assert box.ask("by-number", number="62345678-801")["id"] == li["id"]
    assert box.ask("by-number", number="62345678-802")["id"] == firm["id"]


def test_a_number_of_somebody_else_is_refused_and_nothing_is_half_done(box: Box) -> None:
    box.ask("make", name="A", numbers=["13800138000"])
    assert box.refused("make", name="B", numbers=["13900139000", "+8613800138000"]) == "number_taken"
    assert box.refused("by-number", number="13900139000") == "no_customer"
    b = box.ask("make", name="B", numbers=["13900139000"])
    assert box.refused("edit", customer=b["id"], name="C", numbers=["13700137000", "13800138000"]) == "number_taken"
    assert box.ask("show", customer=b["id"]) == b
    assert len(box.told) == 2


def test_a_card_is_edited_field_by_field(box: Box) -> None:
    made = box.ask("make", name="A", company="X", numbers=["13800138000"])
    edited = box.ask("edit", customer=made["id"], company="", language="zh", numbers=["13900139000"])
    assert (edited["name"], edited["company"], edited["language"]) == ("A", "", "zh")
    assert edited["numbers"] == ["+8613900139000"]
    assert box.refused("by-number", number="13800138000") == "no_customer"
    assert box.told[-1] == facts.CustomerChanged(made["id"], "edited", "web:li", ["company", "language", "numbers"])


def test_what_is_wrong_is_refused(box: Box) -> None:
    made = box.ask("make", name="A")
    many = [f"1380013{number:04}" for number in range(MAX_NUMBERS + 1)]
    assert box.refused("make") == box.refused("make", name="  ") == "bad_parameters"
    assert box.refused("make", name="A", numbers=many) == "bad_parameters"
    assert box.refused("edit", customer=made["id"], name="") == "bad_parameters"
    assert box.refused("edit", customer=made["id"]) == "nothing_asked"
    assert box.refused("edit", customer=made["id"], name="a\x00b") == "bad_parameters"
    assert box.refused("edit", customer=made["id"], language="fr") == "bad_parameters"
    assert box.refused("show", customer=-1) == box.refused("show", customer=2**70) == "bad_parameters"
    assert box.refused("note", customer=99, text="x") == "no_customer"
    assert box.refused("solve", customer=made["id"], ticket=1) == "no_ticket"
    assert box.ask("show", customer=made["id"]) == made


def test_tickets_are_open_until_they_are_solved(box: Box) -> None:
    one = box.ask("make", name="A")["id"]
    other = box.ask("make", name="B")["id"]
    box.ask("ticket", customer=one, subject="退款", call="1.2")
    card = box.ask("ticket", customer=one, subject="发票")
    assert (card["open"], [each["subject"] for each in card["tickets"]]) == (2, ["发票", "退款"])
    first = card["tickets"][1]["id"]
    assert box.refused("solve", customer=other, ticket=first) == "no_ticket"
    card = box.ask("solve", customer=one, ticket=card["tickets"][0]["id"])
    assert (card["open"], [each["subject"] for each in card["tickets"]]) == (1, ["退款", "发票"])
    assert card["tickets"][1]["solved_by"] == "web:li"
    told = len(box.told)
    box.ask("solve", customer=one, ticket=card["tickets"][1]["id"])
    assert len(box.told) == told, "it was solved already"
    assert box.ask("solve", customer=one, ticket=card["tickets"][1]["id"], solved=False)["open"] == 2


def test_erasure_leaves_no_byte_of_him_in_the_files_nor_in_the_facts(tmp_path: Path) -> None:
    box = Box(tmp_path / "c.db")
    box.ask("make", name="Keeper")
    secret = ("Zhuangzi", "13812345678", "likes-butterflies", "lost-dream")
    made = box.ask("make", name=secret[0], numbers=[secret[1]])["id"]
    box.ask("note", customer=made, text=secret[2])
    box.ask("ticket", customer=made, subject=secret[3])

    def lies_about() -> list[str]:
        stored = b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))
        return [word for word in secret if word.encode() in stored]

    assert lies_about() == list(secret), "the test looks where the words are"
    assert box.refused("erase", customer=made, why=" ") == "bad_parameters"
    assert box.ask("erase", customer=made, why="he asked") == {"customer": made}
    assert lies_about() == []
    assert box.refused("show", customer=made) == box.refused("by-number", number=secret[1]) == "no_customer"
    assert not [word for word in secret if word in repr(box.told)]
    assert box.told[-1] == facts.CustomerErased(made, "he asked", "web:li")
    assert box.ask("make", name="Next")["id"] > made, "an id is never given again"


def test_cards_survive_a_restart_and_a_damaged_register_is_left_for_a_backup(tmp_path: Path) -> None:
    box = Box(tmp_path / "c.db")
    made = box.ask("make", name="A", numbers=["13800138000"])
    box.register.close()
    assert Box(tmp_path / "c.db").ask("by-number", number="13800138000") == made
    (tmp_path / "d.db").write_bytes(b"no database, but the only copy of something" * 100)
    assert Box(tmp_path / "d.db").refused("show", customer=1) == "damaged"
    assert (tmp_path / "d.db").read_bytes().startswith(b"no database")
    assert (tmp_path / "c.db").stat().st_mode & 0o077 == 0


def test_a_register_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    box = Box(tmp_path / "c.db")
    box.ask("make", name="A")
    other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert box.refused("make", name="B") == "not_written"
    other.execute("ROLLBACK")
    assert box.ask("make", name="B")["name"] == "B"


class SlowAside(Aside):
    """A disk that takes until it is told."""

    def __init__(self) -> None:
        super().__init__(threaded=False)
        self.go = asyncio.Event()
        self.busy = 0
        self.most = 0

    async def do(self, work: Any) -> Any:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await self.go.wait()
        self.busy -= 1
        return work()


def test_who_goes_away_meanwhile_leaves_nothing_half_told_and_one_works_at_a_time() -> None:
    async def story() -> None:
        told: list[facts.Fact] = []
        aside = SlowAside()
        desk = CustomerDesk(Customers(Register(None, CUSTOMERS), Numbers("010").read), aside, SystemClock(),
                            told.append)
        asked = [asyncio.create_task(desk.make({"name": name}, [], "web:li")) for name in ("A", "B")]
        for _ in range(5):
            await asyncio.sleep(0)
        asked[0].cancel()
        await asyncio.sleep(0)
        aside.go.set()
        assert (await asked[1])["name"] == "B"
        assert asked[0].cancelled()
        assert [fact.what for fact in told if isinstance(fact, facts.CustomerChanged)] == ["made", "made"]
        assert (await desk.show(1))["name"] == "A"
        assert aside.most == 1
    asyncio.run(story())
