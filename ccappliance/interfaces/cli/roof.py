"""What the command line asks of the roof, which it must not know: handed in by `ccappliance/__main__.py`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`ccappliance run`."""

    config: Path  # the directory to read: named, or `Roof.config_directory()`
    state: Path | None  # None: the roof decides
    socket: Path
    story: str | None  # name of an embedded story, or a path; None: no story
    quiet: bool  # say nothing but errors
    json: bool  # tell the story and the journal as JSON lines


@dataclass(frozen=True, slots=True)
class TestOptions:
    """`ccappliance test`."""

    __test__ = False  # no test case, pytest

    paths: tuple[Path, ...]  # none: the stories that lie with the configuration
    config: Path | None  # None: what the story names, or `Roof.config_directory()`
    engine: bool  # real samples; False: scripted media
    coverage: bool = False  # say also what the stories have tried of the flows


@dataclass(frozen=True, slots=True)
class StoryResult:
    """How one story went."""

    path: Path
    title: str
    passed: bool
    step: str  # the step that failed: "first-call.yaml:14: customer hears zh/welcome"; "" if passed
    problem: str  # what happened instead; may have several lines
    seconds: float  # of virtual time
    took: float  # of real time


@dataclass(frozen=True, slots=True)
class CoverageResult:
    """What the stories have tried of one flow."""

    flow: str
    nodes: int
    nodes_tried: int
    ways: int  # edges
    ways_tried: int
    percent: float  # of both together
    missing: tuple[Mapping[str, str], ...]  # {place, what} of each node and way nobody has tried


@dataclass(frozen=True, slots=True)
class DayOptions:
    """`ccappliance simulate DAY.yaml`."""

    path: Path
    seed: int
    config: Path | None  # None: what the day names, or `Roof.config_directory()`
    journal: Path | None  # where to write the journal; None: nowhere


@dataclass(frozen=True, slots=True)
class DayResult:
    """How a simulated day went."""

    title: str
    figures: Mapping[str, float | int | str]  # "calls", "service_level", "asa", "abandoned", "occupancy", …
    digest: str  # of the journal
    problems: tuple[str, ...]  # broken invariants; empty: a good day
    took: float  # seconds of real time


@dataclass(frozen=True, slots=True)
class Roof:
    """The roof's functions. Each may raise ConfigError, Refused or another CcError; the command line tells it."""

    run: Callable[[RunOptions], int]  # until stopped; answers the exit code
    test: Callable[[TestOptions], Iterable[StoryResult | CoverageResult]]  # stories as they are played, then coverage
    simulate: Callable[[DayOptions], DayResult]
    site: Callable[[], type[Any]]  # the dataclass the whole configuration is bound into
    config_directory: Callable[[], Path]  # what is read when no --config is given
    state_directory: Callable[[], Path] = Path  # where the daemon keeps its journal unless told
    cache_directory: Callable[[], Path] = Path  # where rendered prompts are kept, if the configuration does not say
