"""Names for calls, legs, offers and recordings: unique over restarts, and the same in every replay."""

from collections import defaultdict


class Ids:
    """Hands out `<epoch>.<n>` for calls (as Asterisk's Uniqueid) and `<call>-<letter><n>` for their parts.

    `epoch` is the wall clock's second at which the daemon started; a simulation passes a fixed one.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self._counts: defaultdict[str, int] = defaultdict(int)

    def call(self) -> str:
        return f"{self.epoch}.{self._next('call'):06d}"

    def part(self, call: str, kind: str) -> str:
        """An id for a part of a call (`kind` one of leg, offer, recording, callback).

        Unique over restarts: a part of what began in a former run (a callback kept) names the run it is made in.
        """
        run = "" if call.startswith(f"{self.epoch}.") else f"{self.epoch}."
        return f"{call}-{kind[0]}{run}{self._next(kind)}"

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]
