"""The table of proofs (docs/queues-proof.md): every test it names is there, each scenario and invariant has a row."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parent.parent / "docs" / "queues-proof.md"


def test_every_test_the_table_names_is_there() -> None:
    defined = {name for path in HERE.parent.rglob("test_*.py")
               for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)}
    named = set(re.findall(r"`(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    assert len(named) > 20
    assert not named - defined


def test_every_scenario_and_every_invariant_has_one_row() -> None:
    invariants, scenarios = TABLE.read_text(encoding="utf-8").split("## Scenarios")
    assert re.findall(r"^\| (\d+) \|", scenarios, re.MULTILINE) == [str(n) for n in range(1, 16)]
    assert re.findall(r"^\| (\d) ", invariants, re.MULTILINE) == [str(n) for n in range(1, 7)]


def test_every_scenario_test_is_in_the_table() -> None:
    """A room that adds `test_scenario_N_…` adds it to its row."""
    rows = {row[1]: row[0] for row in re.finditer(r"^\| (\d+) \|.*$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)}
    for path in HERE.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        for name, number in re.findall(r"^def (test_scenario_(\d+)_\w+)", text, re.MULTILINE):
            assert f"`{name}`" in rows[number], f"{path.name}: name {name} in row {number} of docs/queues-proof.md"
