"""The door's memory: how often somebody has failed to log in, and where secrets are kept."""

import logging
from collections.abc import Callable
from pathlib import Path

from ccappliance.interfaces.ami.settings import AmiUser

log = logging.getLogger("ccappliance.ami")

FIRST, MOST = 0.25, 8.0  # s until a wrong password is answered: at first, and at most; doubled each time
FORGET = 300.0  # s after which an address begins anew
ADDRESSES = 1_000  # remembered; the oldest goes


class Guard:
    """A wrong password is answered later each time. A right one is never held up: nobody can lock others out."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: dict[str, tuple[int, float]] = {}  # by address: how many, and when the last was

    def failed(self, address: str) -> float:
        """How long the answer waits."""
        count, at = self._failures.pop(address, (0, 0.0))
        count = count + 1 if self._now() - at < FORGET else 1
        self._failures[address] = (count, self._now())
        while len(self._failures) > ADDRESSES:
            del self._failures[next(iter(self._failures))]
        return float(min(FIRST * 2.0 ** min(count - 1, 10), MOST))

    def passed(self, address: str) -> None:
        self._failures.pop(address, None)

    def secret_of(self, user: AmiUser) -> str:
        """"" if it can't be read: then nobody logs in with it."""
        if not user.secret_file:
            return user.secret
        try:
            with Path(user.secret_file).open(encoding="utf-8") as file:
                return file.readline(1_000).strip()
        except (OSError, UnicodeDecodeError) as error:
            log.error("AMI secret can't be read", extra={"fields": {"file": user.secret_file, "why": str(error)}})
            return ""
