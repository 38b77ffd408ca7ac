"""What the check of the configuration says of sources, and of flows that ask them."""

import sqlite3
from pathlib import Path

from ivr_world import one_flow
from outside_world import sources

from ccappliance.apps.ivr.sources.check import check_sources

NODES = """
ask: {type: lookup, source: %s, with: {%s: "1"}, variables: {a: %s}, found: end, missing: end, failed: end}
end: {type: hangup}
"""


class Report:
    """What was said."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        self.errors.append(f"{path}: {problem} ({advice})")

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        self.warnings.append(f"{path}: {problem}")


def check(given: str, *asked: str) -> Report:
    report = Report()
    check_sources(sources(f"sources:\n  {given}\n"), one_flow(NODES % asked), report)
    return report


def test_all_is_well(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("k,v\n1,2\n")
    report = check(f"s: {{type: csv, file: {tmp_path}/a.csv, keys: [k]}}", "s", "k", "v")
    assert (report.errors, report.warnings) == ([], [])


def test_what_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("k,v\n1,2\n")
    given = f"s: {{type: csv, file: {tmp_path}/a.csv, keys: [k]}}"
    node = "flows.main.nodes.ask"
    assert check(given, "t", "k", "v").errors == [f"{node}.source: there is no source 't' (known: s)"]
    assert check(given, "s", "z", "v").errors == [
        f"{node}.with: the source s has to be asked with 'k' (add with: {{k: EXPRESSION}})",
        f"{node}.with.z: the source s is not asked with 'z' (it is asked with k)"]
    assert check(given, "s", "k", "w").errors == [
        f"{node}.variables.a: the source s has no column 'w' (it has k, v)"]
    web = check("s: {type: http, url: 'https://a.example/{k}'}", "s", "k", "a..b")
    assert [error.partition(" (")[0] for error in web.errors] == [
        f"{node}.variables.a: 'a..b' is no place in a JSON answer"]


def test_files_that_are_wrong_or_not_there_are_warnings_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    given = f"s: {{type: csv, file: {file}, keys: [k]}}"
    assert check(given, "s", "k", "v").warnings == [f"sources.s.file: {file}: No such file or directory"]
    file.write_text("k,v\n1\n1,2,3\n")
    assert check(given, "s", "k", "v").warnings == [
        f"sources.s.file: {file}:2: 1 fields where the first line has 2",
        f"sources.s.file: {file}:3: 3 fields where the first line has 2"]
    database = tmp_path / "a.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (k)")
    connection.close()
    given = f"s: {{type: sqlite, file: {database}, sql: 'SELECT v FROM t WHERE k = :k'}}"
    assert check(given, "s", "k", "v").warnings == ["sources.s.sql: SQLite says: no such column: v"]
