"""The variables of a call: texts by name, what flows learn of a caller; each change is a fact, which CDRs read."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Protocol

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_VARIABLE, MAX_VARIABLES
from ccappliance.call import facts

if TYPE_CHECKING:
    from ccappliance.call.fact import Fact


class Writes(Protocol):
    """Where facts are written."""

    def write(self, fact: "Fact") -> object: ...


class Variables(MutableMapping[str, str]):
    """A mapping of texts. A value that did not change is no fact. Secrets are none of them: `Call.secrets`."""

    def __init__(self, call: str, journal: Writes) -> None:
        self._call = call
        self._journal = journal
        self._values: dict[str, str] = {}

    def shown(self) -> Mapping[str, str]:
        """All of them, as they are now."""
        return dict(self._values)

    def __setitem__(self, name: str, value: str) -> None:
        """Refused("too_many_variables"); a text longer than MAX_VARIABLE is cut there."""
        value = value[:MAX_VARIABLE]
        if self._values.get(name) == value:
            return
        if name not in self._values and len(self._values) >= MAX_VARIABLES:
            raise Refused("too_many_variables", f"call {self._call} has {MAX_VARIABLES} variables already")
        self._values[name] = value
        self._journal.write(facts.VariableSet(self._call, name, value))

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __delitem__(self, name: str) -> None:
        del self._values[name]
        self._journal.write(facts.VariableSet(self._call, name, ""))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Variables {self._call} {dict(self.shown())}>"
