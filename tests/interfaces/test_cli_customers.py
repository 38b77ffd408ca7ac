"""`ccappliance customers` against a house on a real socket."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result
from fake_house import FakeHouse, served

from ccappliance.interfaces.cli.main import build


def run(sock: Path, *words: str) -> Result:
    return CliRunner().invoke(build(), ["customers", *words, "--socket", str(sock)], prog_name="ccappliance")


def test_a_customer_is_shown_and_erased(tmp_path: Path) -> None:
    house, sock = FakeHouse(), tmp_path / "control.sock"
    asyncio.run(house.customers.make({"name": "王芳", "language": "zh"}, ["138 0013 8000"], "web:li"))
    asyncio.run(house.customers.open_ticket(1, "退款", "", "web:li"))
    asyncio.run(house.customers.note(1, "明天再打", "web:li"))
    with served(sock, house):
        shown = run(sock, "show", "--number", "+86 138-0013-8000")
        assert shown.exit_code == 0, shown.output
        for words in ("王芳", "+8613800138000", "退款", "明天再打"):
            assert words in shown.output
        assert json.loads(run(sock, "show", "--customer", "1", "--json").output)["open"] == 1
        assert run(sock, "show").exit_code == run(sock, "show", "--customer", "1", "--number", "1").exit_code == 2
        assert "customer 1 is erased" in run(sock, "erase", "--customer", "1", "--why", "he asked").output
        gone = run(sock, "show", "--customer", "1")
        assert (gone.exit_code, "no customer 1" in gone.output) == (1, True)
