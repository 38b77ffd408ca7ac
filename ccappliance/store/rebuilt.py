"""Two databases held against each other, table by table: rows only one has, and rows that differ."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ccappliance.store.database import Store

PAGE = 10_000  # rows in memory of each table
ROUNDING = 1e-6  # sums of seconds may be added in another order


def differences(one: Store, other: Store, tables: Sequence[str], most: int = 100) -> list[dict[str, Any]]:
    """At most `most` of {table, key, one, other}; a row that is missing is None."""
    found: list[dict[str, Any]] = []
    for table in tables:
        for difference in _of_table(one, other, table):
            if len(found) >= most:
                return found
            found.append(difference)
    return found


def count(store: Store, table: str) -> int:
    rows = store.query(f"SELECT count(*) AS rows FROM {table}")
    return int(rows[0]["rows"])


def _of_table(one: Store, other: Store, table: str) -> Iterator[dict[str, Any]]:
    keys = [row["name"] for row in sorted(one.query(f"PRAGMA table_info({table})"), key=lambda row: row["pk"])
            if row["pk"]]
    here, there = _rows(one, table, keys), _rows(other, table, keys)
    mine, theirs = next(here, None), next(there, None)
    while mine is not None or theirs is not None:
        key = min(row[0] for row in (mine, theirs) if row is not None)
        left = mine[1] if mine is not None and mine[0] == key else None
        right = theirs[1] if theirs is not None and theirs[0] == key else None
        if left is None or right is None or not _alike(left, right):
            yield {"table": table, "key": ", ".join(map(str, key)), "one": left, "other": right}
        mine = next(here, None) if left is not None else mine
        theirs = next(there, None) if right is not None else theirs


def _rows(store: Store, table: str, keys: list[str]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """All rows in the order of their keys, a page at a time: a table may be larger than the memory."""
    names, last = ", ".join(keys), None
    while True:
        where, params = (f"WHERE ({names}) > ({', '.join('?' * len(keys))}) ", last) if last else ("", ())
        page = store.query(f"SELECT * FROM {table} {where}ORDER BY {names} LIMIT ?", [*params, PAGE])
        for row in page:
            last = tuple(row[key] for key in keys)
            yield last, dict(row)
        if len(page) < PAGE:
            return


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(math.isclose(value, other[name], rel_tol=ROUNDING, abs_tol=1e-3)
               if isinstance(value, float) and isinstance(other[name], float) else value == other[name]
               for name, value in one.items())
