"""The examples of docs/ivr.md are what the configuration takes."""

import re
from pathlib import Path

import pytest
import yaml
from ivr_world import bind

from ccappliance.apps.ivr.names import any_name
from ccappliance.apps.ivr.settings import AnyNode
from ccappliance.base.expressions import parse

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ivr.md").read_text(encoding="utf-8")
EXAMPLES = [block for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
            if re.match(r"[a-z_]+:\n? +(type|\{type)", block)]
FLOWS = [block for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if "\nstart:" in block]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.partition(":")[0])
def test_examples_of_nodes(block: str) -> None:
    lines = "".join(f"      {line}\n" for line in block.splitlines())
    (name,) = yaml.safe_load(block)
    flow = bind(f"flows:\n  main:\n    start: {name}\n    nodes:\n{lines}")["main"]
    for _, source in (*flow.nodes[name].expressions(), *flow.nodes[name].confidential()):
        parse(source, any_name)


@pytest.mark.parametrize("block", FLOWS)
def test_examples_of_flows(block: str) -> None:
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    assert bind(f"flows:\n  main:\n{lines}")["main"].nodes


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10
    assert FLOWS


def test_kinds_of_deciding_and_asking_are_told() -> None:
    """Each kind of node that has a section is a kind there is."""
    kinds = {kind.type for kind in AnyNode.__args__}
    sections = re.findall(r"^## ([a-z]+)$", PAGE, re.MULTILINE)
    assert [section for section in sections if section not in kinds] == []
    assert {"play", "say", "menu", "collect", "directory", "branch", "schedule", "set", "language", "loop", "subflow",
            "return"} <= set(sections)
