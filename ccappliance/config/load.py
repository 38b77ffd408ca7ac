"""Loading: a directory of YAML files, or one file → settings that know where each of their values was written."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ccappliance.base.errors import Bug, Finding
from ccappliance.base.limits import MAX_CONFIG_FILE, MAX_CONFIG_FILES
from ccappliance.config.binder import FAILED, Binder
from ccappliance.config.tree import Entry, Findings, Meaning, Place, Scalar, Table, merge, replaced
from ccappliance.config.yaml import parse

T = TypeVar("T")

FLOWS = "flows"  # flows/main.yaml becomes flows.main
OVERRIDES = "conf.d"  # laid over all other files, in the order of their names


class Source(NamedTuple):
    """One file as read; `name` is relative to the configuration's directory, with '/'."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """A configuration that is right."""

    value: T
    origins: Mapping[str, Place]  # dotted path ("queues.sales.max_wait", "routes[0].to") → where; absent: default
    files: tuple[str, ...]  # relative names, in the order in which they were laid over each other
    digest: str  # SHA-256 over names and contents: equal digests are equal configurations
    warnings: tuple[Finding, ...]


def load(directory: Path, into: type[T]) -> Loaded[T]:
    """Read `*.yaml`, `flows/*.yaml` and `conf.d/*.yaml` of a directory, each group in the order of names.

    Raises ConfigError with all findings.
    """
    findings = Findings()
    sources = read_directory(directory, findings)
    findings.raise_errors()
    return bind_sources(sources, into, findings)


def load_file(path: Path, into: type[T]) -> Loaded[T]:
    """Bind one YAML file (a story, a day) with the same rules. Raises ConfigError."""
    findings = Findings()
    data = _read(path, path.name, findings)
    findings.raise_errors()
    return bind_sources([Source(path.name, data or b"")], into, findings)


def bind_sources(sources: Iterable[Source], into: type[T], findings: Findings | None = None) -> Loaded[T]:
    """Bind files that are already in memory. Raises ConfigError with all findings."""
    findings = findings or Findings()
    sources = list(sources)
    tables = [(source.name, parse(source.data, source.name, findings)) for source in sources]
    if any(table is None for _, table in tables):
        findings.raise_errors()  # what is missing in a file that cannot be read would only be noise
    root = Table({}, Place(sources[0].name if sources else "configuration", 1, 1))
    for name, table in tables:
        if table is not None:
            root = _lay(root, name, table, findings)
    binder = Binder(findings)
    value = binder.bind(root, into)
    findings.raise_errors()
    if value is FAILED:
        raise Bug("the binder failed without a finding")
    return Loaded(value, binder.origins, tuple(source.name for source in sources), digest_of(sources),
                  tuple(findings.warnings))


def digest_of(sources: Iterable[Source]) -> str:
    """As Loaded.digest."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.name}\0{len(source.data)}\0".encode() + source.data)
    return digest.hexdigest()


def _lay(root: Table, name: str, table: Table, findings: Findings) -> Table:
    folder, _, file = name.rpartition("/")
    if folder == FLOWS:
        top = table.place
        flow = Entry(Scalar(file.removesuffix(".yaml"), Meaning.TEXT, top), table)
        table = Table({FLOWS: Entry(Scalar(FLOWS, Meaning.TEXT, top), Table({flow.key.text: flow}, top))}, top)
    if folder != OVERRIDES:
        for path, before, now in replaced(root, table):
            findings.warning(now, path, f"also given at {before}, which has no effect",
                             f"keep one of them; files in {OVERRIDES}/ may override")
    merged = merge(root, table)
    return merged if isinstance(merged, Table) else root


def read_directory(directory: Path, findings: Findings) -> list[Source]:
    """All files of a configuration in the order in which they count."""
    advice = "give the directory with --config"
    if not directory.exists():
        findings.error(str(directory), "configuration", "there is no such directory", advice)
        return []
    if not directory.is_dir():
        findings.error(str(directory), "configuration", "this is not a directory", advice)
        return []
    paths = [*_yaml_files(directory, "", findings), *_yaml_files(directory / FLOWS, f"{FLOWS}/", findings),
             *_yaml_files(directory / OVERRIDES, f"{OVERRIDES}/", findings)]
    if len(paths) > MAX_CONFIG_FILES:
        findings.error(str(directory), "configuration", f"{len(paths)} files; at most {MAX_CONFIG_FILES} are read")
        return []
    if not paths and not findings.errors:
        findings.error(str(directory), "configuration", "there is no *.yaml file in this directory", advice)
    read = [(name, _read(path, name, findings)) for name, path in paths]
    return [Source(name, data) for name, data in read if data is not None]


def _yaml_files(folder: Path, prefix: str, findings: Findings) -> list[tuple[str, Path]]:
    """Names are compared by code point, so that the order is the same in every locale."""
    try:
        paths = sorted(folder.iterdir(), key=lambda path: path.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.error(str(folder), "configuration", f"cannot be read: {error.strerror}", _advice(error))
        return []
    found = []
    for path in paths:
        if path.name.startswith("."):
            continue  # an editor's
        if path.suffix == ".yml":
            findings.warning(f"{prefix}{path.name}", "configuration", "not read", "rename it to .yaml")
        if path.suffix == ".yaml":
            found.append((prefix + path.name.encode("utf-8", "replace").decode(), path))
    return found


def _read(path: Path, name: str, findings: Findings) -> bytes | None:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting for ever
            findings.error(name, "configuration", "this is not a plain file", "move it away")
            return None
        with path.open("rb") as file:
            return file.read(MAX_CONFIG_FILE + 1)
    except OSError as error:
        findings.error(name, "configuration", f"cannot be read: {error.strerror}", _advice(error))
        return None


def _advice(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "run as root or as the daemon's user, or allow reading with chmod"
    return "a link that leads nowhere?" if isinstance(error, FileNotFoundError) else ""
