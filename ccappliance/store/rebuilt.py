"""Two databases held against each other, table by table: rows only one has, and rows that differ."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ccappliance.store.database import Store

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
    rows = [{tuple(row[key] for key in keys): dict(row) for row in store.query(f"SELECT * FROM {table}")}
            for store in (one, other)]
    for key in sorted({**rows[0], **rows[1]}):
        here, there = rows[0].get(key), rows[1].get(key)
        if here is None or there is None or not _alike(here, there):
            yield {"table": table, "key": ", ".join(map(str, key)), "one": here, "other": there}


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(math.isclose(value, other[name], rel_tol=ROUNDING, abs_tol=1e-3)
               if isinstance(value, float) and isinstance(other[name], float) else value == other[name]
               for name, value in one.items())
