"""What every test run begins with: the seed and the machine in the header, and the segfault canary."""

import faulthandler
import os
import random

import pytest
from hypothesis import HealthCheck, settings

# A busy machine draws examples slowly and calls it unhealthy; what a test asks for has nothing to do with it.
settings.register_profile("house", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("house")

SEED = int(os.environ.get("CCAPPLIANCE_SEED", "20261122"))


def pytest_configure(config: pytest.Config) -> None:
    faulthandler.enable()  # a crash of the compiled floor names the test and the Python stack


def pytest_report_header(config: pytest.Config) -> list[str]:
    hashing = os.environ.get("PYTHONHASHSEED", "random")
    return [f"seed: {SEED} (CCAPPLIANCE_SEED replays another), PYTHONHASHSEED={hashing}", _canary()]


def _canary() -> str:
    """The compiled floor is loaded before the first test: if it can't be, the run says so instead of 500 errors."""
    try:
        from ccappliance.media import dsp, engine
    except ImportError as error:
        return f"canary: the compiled floor is missing ({error}); run `make build`"
    if dsp.alaw_to_linear(dsp.linear_to_alaw(b"\x00\x10" * 8)) == b"":
        raise pytest.UsageError("canary: the compiled floor answers nonsense; run `make build`")
    return f"canary: {engine.__name__} and {dsp.__name__} are alive"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="run the long proofs too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--nightly"):
        kept = [item for item in items if "nightly" not in item.keywords]
        items[:] = kept


@pytest.fixture
def chance() -> random.Random:
    """Chance for one test, from the run's seed."""
    return random.Random(SEED)


@pytest.fixture
def seed() -> int:
    return SEED
