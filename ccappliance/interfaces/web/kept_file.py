"""A small JSON file that is either as it was or as it shall be: accounts and sessions of the web door.

A file and not the database: that one is a view of the journal and is made anew from it when it is damaged, and what
passwords are compared with must not stand in the journal.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.service.aside import Aside


class KeptFile:
    """One file, for its owner alone (0600), written beside the loop in the order in which it was asked."""

    def __init__(self, path: Path, aside: Aside) -> None:
        self.path = path
        self._aside = aside
        self._turn = asyncio.Lock()

    def load(self) -> dict[str, Any]:
        """What it holds; nothing, if there is no such file. Refused("damaged")."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._damaged(str(error)) from error
        if not isinstance(found, dict):
            raise self._damaged("it is no object")
        return found

    async def save(self, content: dict[str, Any]) -> None:
        """Safe on the disk when this returns. Refused("not_written"): nothing has changed."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        async with self._turn:
            try:
                await self._aside.do(lambda: write_whole(self.path, text.encode()))
            except OSError as error:
                raise Refused("not_written", f"{self.path} cannot be written: {error.strerror}; nothing was changed; "
                                             "make room on its disk") from error

    def _damaged(self, why: str) -> Refused:
        return Refused("damaged", f"{self.path} cannot be read: {why}; put it back from a backup, or move it away to "
                                  "begin without what it held")


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """All of it or nothing of it, also in a power cut. OSError. Waits for the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".new")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(file, "wb") as writer:
            writer.write(content)
            writer.flush()
            os.fchmod(writer.fileno(), mode)  # a part left over by a power cut may have another
            os.fsync(writer.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
