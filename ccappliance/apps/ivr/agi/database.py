"""AGI's database: what scripts keep by family and key, over calls and restarts. In memory, and written behind."""

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_SCRIPT_DATABASE
from ccappliance.base.values import MAX_TEXT
from ccappliance.store.database import Store


class AgiDatabase:
    """One for all scripts; what one has put, the next one gets at once, whether or not the disk has it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._values: dict[tuple[str, str], str] | None = None

    def get(self, family: str, key: str) -> str | None:
        return self._all().get((family, key))

    def put(self, family: str, key: str, value: str) -> None:
        """Refused("database_full")."""
        values = self._all()
        if (family, key) not in values and len(values) >= MAX_SCRIPT_DATABASE:
            raise Refused("database_full", f"AGI's database has {MAX_SCRIPT_DATABASE} entries already")
        values[family, key] = value[:MAX_TEXT]
        self._store.put("INSERT OR REPLACE INTO agi_database (family, key, value) VALUES (?, ?, ?)",
                        (family, key, value[:MAX_TEXT]))

    def delete(self, family: str, key: str) -> bool:
        """Whether it was there."""
        there = self._all().pop((family, key), None) is not None
        self._store.put("DELETE FROM agi_database WHERE family = ? AND key = ?", (family, key))
        return there

    def delete_tree(self, family: str, tree: str = "") -> int:
        """A family, or the keys of it that are `tree` or lie below it (tree/…): how many there were."""
        gone = [one for one in self._all() if one[0] == family and _below(one[1], tree)]
        for one in gone:
            self.delete(*one)
        return len(gone)

    def _all(self) -> dict[tuple[str, str], str]:
        """Read once, when the first script asks: most houses have none."""
        if self._values is None:
            rows = self._store.query("SELECT family, key, value FROM agi_database ORDER BY family, key LIMIT ?",
                                     (MAX_SCRIPT_DATABASE,))
            self._values = {(row["family"], row["key"]): row["value"] for row in rows}
        return self._values


def _below(key: str, tree: str) -> bool:
    return not tree or key == tree or key.startswith(f"{tree}/")
