"""The decoded trace of a D channel: libpri's own account of its frames and states, kept and followed."""

from collections import deque
from collections.abc import Callable

from ccappliance.base.clock import Clock

KEPT = 2_000  # lines; older ones fall off
LAYER2, STATES2, MESSAGES, STATES3, ANOMALIES, FACILITIES = 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 8
USUAL = MESSAGES | STATES3 | ANOMALIES  # what a technician reads first: Q.931
EVERYTHING = USUAL | LAYER2 | STATES2 | FACILITIES
Follow = Callable[[float, str], None]  # loop clock, line


class Trace:
    """Lines with their time. Errors are always told; the rest only while somebody follows, for it costs much."""

    def __init__(self, clock: Clock, ask: Callable[[int], None]) -> None:
        self.lines: deque[tuple[float, str]] = deque(maxlen=KEPT)
        self.flags = 0
        self.errors = 0
        self._clock = clock
        self._ask = ask
        self._rest = ""
        self._followers: list[tuple[Follow, int]] = []

    def switch(self, flags: int) -> None:
        """What libpri shall tell from now on: a sum of the flags above, 0 for errors only."""
        self.flags = flags
        self._ask(flags)

    def follow(self, tell: Follow, flags: int = 0) -> None:
        """Tell every line from now on; `flags`: what this follower wants decoded while he follows."""
        self._followers.append((tell, flags))
        self._look()

    def unfollow(self, tell: Follow) -> None:
        self._followers = [one for one in self._followers if one[0] is not tell]
        self._look()

    def heard(self, text: str, error: bool) -> None:
        """A piece of libpri's text; lines may come in pieces."""
        self.errors += error
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self.note(line.rstrip())
        if len(self._rest) > 1_000:  # a line without an end
            self.note(self._rest)
            self._rest = ""

    def note(self, line: str) -> None:
        if line:
            at = self._clock.now()
            self.lines.append((at, line))
            for tell, _ in list(self._followers):
                tell(at, line)

    def _look(self) -> None:
        wanted = 0
        for _, flags in self._followers:
            wanted |= flags
        if wanted != self.flags:
            self.switch(wanted)
