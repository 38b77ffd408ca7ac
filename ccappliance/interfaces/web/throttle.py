"""The throttle of sign-ins: who fails is looked at again only after a while that doubles."""

from collections import OrderedDict
from dataclasses import dataclass

from ccappliance.base.limits import MAX_THROTTLED

FIRST, LONGEST = 1.0, 300.0  # s of the first and the longest wait
FORGET = 3600.0  # s without a failure after which all is forgotten
# How many failures are free: a person mistypes; an office's address is many persons; a user may be attacked from many
# addresses, but who shuts him out so must take the longest way.
FREE_PAIR, FREE_ADDRESS, FREE_USER = 3, 20, 50


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last: float = 0.0


class Throttle:
    """Counts failures by user and address together, by address, and by user. Times on the loop clock."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def wait(self, user: str, address: str, now: float) -> float:
        """Seconds until the next attempt is looked at; 0: now."""
        return max(0.0, *(self._wait(key, free, now) for key, free in _keys(user, address)))

    def failed(self, user: str, address: str, now: float) -> None:
        for key, _ in _keys(user, address):
            count = self._counts.setdefault(key, _Count())
            if now - count.last > FORGET:
                count.failures = 0
            count.failures += 1
            count.last = now
            self._counts.move_to_end(key)
        while len(self._counts) > MAX_THROTTLED:
            self._counts.popitem(last=False)

    def succeeded(self, user: str, address: str) -> None:
        """He is who he says: his own failures here are forgotten, those of his address are not."""
        self._counts.pop((user, address), None)

    def _wait(self, key: tuple[str, str], free: int, now: float) -> float:
        count = self._counts.get(key)
        if count is None or count.failures < free or now - count.last > FORGET:
            return 0.0
        pause = min(LONGEST, FIRST * 2.0 ** min(20, count.failures - free))
        return max(0.0, count.last + pause - now)


def _keys(user: str, address: str) -> list[tuple[tuple[str, str], int]]:
    return [((user, address), FREE_PAIR), (("", address), FREE_ADDRESS), ((user, ""), FREE_USER)]
