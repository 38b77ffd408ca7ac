"""Power cuts of a guest's disk: outside, what it has left is looked at; without it these tests skip and say why."""

import os
from pathlib import Path
from typing import Any

import pytest

LEFT = "POWER_LEFT"  # set by tools/powercut/test: a folder with `town`, and run-SEED for each run of the guest
OUTSIDE = "needs what a guest leaves: run `make test-power`"
HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in ("run", "fault"):
        if name in metafunc.fixturenames:
            found = sorted(Path(os.environ[LEFT]).glob(f"{name}-*")) if LEFT in os.environ else []
            none = pytest.param(None, id="none", marks=pytest.mark.skip(OUTSIDE))
            metafunc.parametrize(name, [pytest.param(path, id=path.name) for path in found if path.is_dir()] or [none],
                                 scope="module")


@pytest.fixture(scope="module")
def left() -> Path:
    """The folder of $POWER_LEFT."""
    return Path(os.environ[LEFT])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for report in terminalreporter.stats.get("passed", ()):
        for name, text in report.user_properties:
            if name == "power":
                terminalreporter.write_line(text)
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if f"{HERE.name}/" in report.nodeid]
    if skipped and not os.environ.get(LEFT):
        terminalreporter.write_line(f"SKIPPED: {len(skipped)} tests of power cuts need a guest: run `make test-power`",
                                    yellow=True)
