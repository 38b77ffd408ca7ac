"""The house keeps its own rules: floors, rooms, time and chance, compiled modules, sizes; proved with ast."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ccappliance"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "defaults" not in path.parts)

FLOORS = {"base": 0, "config": 1, "store": 1, "service": 1, "media": 2, "drivers": 3, "signalling": 4, "call": 5,
          "apps": 6, "interfaces": 7, "site": 8, "places": 8, "house_lines": 9, "house_tables": 9, "cards": 9,
          "house": 10, "house_config": 11, "house_ami": 11, "sim": 11, "copies": 11, "house_view": 12,
          "house_web": 12, "daemon": 13, "__main__": 14}
ROOMS = ("apps", "interfaces")  # their sub-packages do not know each other
# The command line is a client of the control socket; web and AMI carry out the operations of every door.
NEIGHBOURS = {("interfaces.cli", "interfaces.control"), ("interfaces.web", "interfaces.control"),
              ("interfaces.ami", "interfaces.control")}

# module → what it may use although it is above floor 0, with the reason
MAY_USE = {
    "base.clock": {"time", "datetime.now", "random"},  # the door itself
    "media.metronome": {"threading"},  # the tick thread
    "apps.recording.writer": {"threading"},  # the tape writer
    "apps.recording.keys": {"threading"},  # a lock: writer, archiver and players share the keys
    "apps.recording.ledger": {"threading"},  # a lock: writer, archiver and purger append to one file
    "store.database": {"threading"},  # the store writer
    "media.render": {"threading"},  # voices are rendered side by side before calls are taken
    "sim.play": {"random"},
    "sim.world": {"random"},
    "service.logs": {"threading"},  # the log thread
    "sim.day": {"random"},  # a seed replays a day
    "sim.story": {"random"},
    "daemon": {"random"},
}
COMPILED = {"media._resample": {"media.files"}, "media._wire": {"media.engine", "media.card"},
            "drivers._dahdi": {"drivers.dahdi_kernel"}, "media._engine": {"media.engine"},
            "media._pulse": {"media.metronome"}, "call._line": {"call.journal"}, "sim._loop": {"sim.loop"},
            "media._dsp": {"media.dsp"}, "media._verdict": {"media.verdict"}, "media._levels": {"media.levels"},
            "media._stretch": {"media.accuracy.signals"}, "media._echo": {"media.levels"},
            "media._voice": {"media.levels"}, "media._conceal": {"media.levels"}}


def dotted(path: Path) -> str:
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def trees() -> list[tuple[Path, str, ast.Module]]:
    return [(path, dotted(path), ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


TREES = trees()


def imports(tree: ast.AST, *, typing_too: bool = False) -> list[tuple[int, str]]:
    """(line, module) of every import that happens at run time."""
    skipped: set[ast.AST] = set()
    if not typing_too:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                skipped.update(inner for statement in node.body for inner in ast.walk(statement))
    found = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [(node.lineno, node.module)]
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def ours(name: str) -> str | None:
    return name.removeprefix("ccappliance.") if name.startswith("ccappliance.") else None


def test_a_floor_imports_only_lower_floors_or_its_own_package() -> None:
    wrong = []
    for path, name, tree in TREES:
        here = name.split(".")[0]
        if not here:
            continue
        for line, imported in imports(tree, typing_too=True):
            there = (ours(imported) or "").split(".")[0]
            if there and there in FLOORS and there != here and FLOORS[there] >= FLOORS[here]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {here} (floor {FLOORS[here]}) imports {there} "
                             f"(floor {FLOORS[there]})")
    assert not wrong, "\n".join(wrong)


def test_every_package_has_a_floor() -> None:
    assert {name.split(".")[0] for _, name, _ in TREES if name} <= set(FLOORS)


def test_rooms_on_one_floor_do_not_know_each_other() -> None:
    wrong = []
    for path, name, tree in TREES:
        parts = name.split(".")
        if parts[0] not in ROOMS or len(parts) < 2:
            continue
        for line, imported in imports(tree, typing_too=True):
            there = (ours(imported) or "").split(".")
            pair = (f"{parts[0]}.{parts[1]}", ".".join(there[:2]))
            if len(there) > 1 and there[0] == parts[0] and there[1] != parts[1] and pair not in NEIGHBOURS:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {pair[0]} imports {pair[1]}")
    assert not wrong, "\n".join(wrong)


def test_init_files_hold_a_docstring_only() -> None:
    for path, name, tree in TREES:
        if path.name == "__init__.py" and name:
            assert len(tree.body) == 1, f"{path}: an __init__.py holds a docstring and nothing else"
            assert ast.get_docstring(tree), path


def test_time_chance_and_threads_come_in_by_the_door() -> None:
    wrong = []
    for path, name, tree in TREES:
        allowed = MAY_USE.get(name, set())
        for line, imported in imports(tree):
            if imported.split(".")[0] in {"time", "random", "uuid", "threading", "secrets"} \
                    and imported.split(".")[0] not in allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: imports {imported}")
        if "datetime.now" not in allowed:
            wrong += [f"{path.relative_to(ROOT)}:{node.lineno}: asks the machine for the time"
                      for node in ast.walk(tree)
                      if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
                      and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date", "dt"}]
    assert not wrong, "\n".join(wrong)


def test_compiled_modules_are_imported_in_named_places_only() -> None:
    wrong = []
    for path, name, tree in TREES:
        for line, imported in imports(tree, typing_too=True):
            module = ours(imported) or ""
            for compiled, users in COMPILED.items():
                if (module == compiled or module.startswith(compiled + ".")) and name not in users:
                    wrong.append(f"{path.relative_to(ROOT)}:{line}: imports {compiled}")
    assert not wrong, "\n".join(wrong)


def test_no_import_hides_in_a_function() -> None:
    wrong = []
    for path, _, tree in TREES:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [f"{path.relative_to(ROOT)}:{node.lineno}" for node in ast.walk(function)
                          if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not wrong, "\n".join(wrong)


def test_except_exception_stands_only_at_the_edges() -> None:
    """The task and call supervisors, readers of the journal, a loop of our own, and the doors' outer edges."""
    edges = {"service.tasks", "call.switch", "call.journal", "apps.recording.writer", "apps.ivr.flow",
             "interfaces.control.server", "interfaces.web.gate", "interfaces.cli.main", "sim.loop"}
    wrong = []
    for path, name, tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and name not in edges:
                caught = node.type
                if caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"}):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_file_says_what_it_is_and_stays_a_room(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path}: the first line says what the file is"
    assert text.count("\n") <= 500, f"{path}: over 500 lines; is there a wall missing?"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{path}:{node.lineno}: {node.name} is {length} lines long"


@pytest.mark.parametrize("path", sorted((ROOT / "ext").rglob("*.pyx")), ids=lambda path: path.stem)
def test_a_compiled_file_says_what_it_is_and_stays_a_room(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    says = next(line for line in text.splitlines() if not line.startswith("# cython:"))
    assert says.startswith("#") or says.startswith('"""'), f"{path}: the first line says what the file is"
    assert text.count("\n") <= 500, f"{path}: over 500 lines; is there a wall missing?"


def test_the_median_module_is_short() -> None:
    sizes = [path.read_text(encoding="utf-8").count("\n") for path in MODULES if path.name != "__init__.py"]
    assert statistics.median(sizes) <= 160


def test_no_duplicate_first_lines() -> None:
    """Two files that say they are the same thing are one file too many."""
    first: dict[str, Path] = {}
    for path, name, tree in TREES:
        line = (ast.get_docstring(tree) or "").splitlines()[0]
        assert line not in first or not name, f"{path} and {first[line]} say the same of themselves: {line}"
        first[line] = path
