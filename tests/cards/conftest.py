"""Tests against DAHDI's own kernel modules: in the guest they run, elsewhere they skip and say how to run them."""

import os
from pathlib import Path
from typing import Any

import pytest

GUEST = "CARDS_GUEST"  # set by tools/cards/guest: kernel and DAHDI it runs
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(GUEST):
        return
    outside = pytest.mark.skip(reason="needs DAHDI's kernel modules: run `make test-cards`")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(outside)


def pytest_report_header() -> str | None:
    guest = os.environ.get(GUEST)
    return f"guest: Linux and DAHDI {guest}" if guest else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if f"{HERE.name}/" in report.nodeid]
    if skipped and not os.environ.get(GUEST):
        terminalreporter.write_line(f"SKIPPED: {len(skipped)} tests of real cards need DAHDI's kernel modules: "
                                    "run `make test-cards`", yellow=True)
