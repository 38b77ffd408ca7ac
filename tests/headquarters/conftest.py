"""The PostgreSQL of this folder's tests: one cluster for all, a database for each; skipped loudly without one."""

import itertools
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[object]:
    missing = ""
    try:
        import postgres
    except ImportError as error:
        missing = f"psycopg is not installed ({error}): apt install python3-psycopg"
    else:
        if postgres.programs() is None:
            missing = "PostgreSQL is not installed: apt install postgresql"
    if missing:
        warnings.warn(f"HEADQUARTERS IS NOT TESTED: {missing}", stacklevel=1)
        pytest.skip(f"HEADQUARTERS IS NOT TESTED: {missing}")
    found = postgres.programs()
    assert found is not None
    running = postgres.Server(found)
    yield running
    running.close()


@pytest.fixture
def url(server: object) -> str:
    """Of an empty database."""
    return str(server.database(f"test{next(_numbers)}"))  # type: ignore[attr-defined]
