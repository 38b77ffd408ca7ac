"""Where a value stands in JSON: `balance`, `accounts[0].name`, and the text it is kept as."""

import json
import re
from typing import Any

from ccappliance.base.values import MAX_TEXT

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(\d{1,4})\]")


def steps(path: str) -> list[str | int] | None:
    """The names and numbers of a path; None if it is none."""
    found: list[str | int] = []
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (at and step[1] is not None and path[at] != "."):
            return None
        found.append(step[1] if step[1] is not None else int(step[2]))
        at = step.end()
    return found or None


def parse(body: bytes) -> Any:
    """ValueError if this is no JSON. Numbers stay the texts they are: 12.50 is told as it was written."""
    try:
        return json.loads(body, parse_float=str, parse_int=str)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def pick(document: Any, path: str) -> str | None:
    """The text at a path; None if there is nothing, or null."""
    for step in steps(path) or ():
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return None
            document = document[step]
        else:
            if not isinstance(document, dict) or step not in document:
                return None
            document = document[step]
    if document is None:
        return None
    if isinstance(document, bool):
        return "1" if document else ""  # as expressions keep a truth
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return text[:MAX_TEXT]
