"""A route: which request is which operation, who may send it, and what is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SAFE = ("GET", "HEAD")
STREAM = "STREAM"  # a WebSocket that sends the items of a streaming operation


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table (routes.py). Parameters that are not in `path` come in the query of a GET or DELETE, else
    in the body, a JSON object.
    """

    method: str  # GET, POST, PUT, DELETE, or STREAM
    path: str  # below /api/v1: "/calls/{call}"
    operation: str  # of the registry, or of a handler of ours: "session.show"
    scope: str  # what it needs (access.SCOPES); "": to be signed in
    answer: Any = Any  # its type: a TypedDict, list[…], or Any; of a stream: of one item
    own: str = ""  # without the scope: allowed if this parameter is one's own: "agent", "call", "station", "user"
    open: bool = False  # for everybody, signed in or not
    fixed: Mapping[str, Any] = field(default_factory=dict)  # parameters the route decides
    account: bool = False  # told in the journal although nothing changes: who has heard or exported what
    personal: bool = False  # what comes outside its path is a person's: the journal, which cannot erase, has none of it

    @property
    def safe(self) -> bool:
        """Does it change nothing?"""
        return self.method in (*SAFE, STREAM)

    @property
    def in_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH")

    @property
    def places(self) -> tuple[str, ...]:
        """The parameters in its path."""
        return tuple(re.findall(r"{(\w+)}", self.path))
