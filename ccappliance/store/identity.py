"""Which box this is, to others who keep what it tells: a name made once, and how often it came back from a backup."""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ccappliance.store.database import StoreError

FILE = "box.json"  # in the state directory


@dataclass(frozen=True, slots=True)
class Identity:
    """A box. Journal numbers are unique within one life only: a restored box numbers on from its backup."""

    id: str  # 32 hexadecimal digits
    life: int  # 1; one more after each restore
    since: int  # the last entry of the journal that the life before had told


def identity(state: Path, random_bytes: Callable[[int], bytes]) -> Identity:
    """The box whose state this is; made if it has no name yet. StoreError if the file is no longer to be read."""
    try:
        text = (state / FILE).read_text("utf-8")
    except FileNotFoundError:
        made = Identity(random_bytes(16).hex(), 1, 0)
        write(state, made)
        return made
    return parse(text, str(state / FILE))


def parse(text: str, where: str) -> Identity:
    """StoreError."""
    try:
        told = json.loads(text)
        found = Identity(str(told["id"]), int(told["life"]), int(told["since"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{where} does not say which box this is ({error}); take it from a backup, or delete it: "
                         "then this is a new box, which needs a new branch name at headquarters") from error
    if len(found.id) != 32 or found.life < 1 or found.since < 0:
        raise StoreError(f"{where} does not say which box this is; take it from a backup")
    return found


def write(state: Path, box: Identity) -> None:
    """Whole or not at all. OSError."""
    state.mkdir(parents=True, exist_ok=True)
    beside = state / f"{FILE}.new"
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640), "wb") as file:
        file.write(json.dumps(asdict(box), indent=1).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(state / FILE)
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
