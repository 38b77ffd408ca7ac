"""A span of circuits with signalling bits as a whole: what its card says of all channels is told once, for the span."""

from collections.abc import Callable

from ccappliance.signalling.signals import Blocked, Hear, Signal, Unblocked

# Of a card's alarms (drivers/api.py) those that an E1 has as a whole; the others are one channel's, and stay so.
SPAN_ALARMS = frozenset({"red", "yellow", "blue", "loopback", "not_open", "recovering", "removed"})


class CasSpan:
    """Stands between the circuits of one span and who hears them.

    `tell(alarm, words)`: the first channel says so; `tell(alarm, None)`: the last one no longer does.
    """

    def __init__(self, tell: Callable[[str, str | None], None]) -> None:
        self._tell = tell
        self._shared: dict[str, str] = {}  # circuit → the span's alarm it is blocked by
        self._own: set[str] = set()  # circuits that have told an alarm of their own

    def hears(self, circuit: str, hear: Hear) -> Hear:
        """What `circuit` is to tell its signals to; all but the span's alarms go on to `hear`."""
        def listen(signal: Signal) -> None:
            match signal:
                case Blocked(alarm, words) if alarm in SPAN_ALARMS:
                    if circuit in self._own:
                        self._own.remove(circuit)
                        hear(Unblocked())
                    self._change(circuit, alarm, words)
                case Blocked():
                    self._change(circuit, "", "")
                    self._own.add(circuit)
                    hear(signal)
                case Unblocked() if circuit in self._shared:
                    self._change(circuit, "", "")
                case Unblocked():
                    self._own.discard(circuit)
                    hear(signal)
                case _:
                    hear(signal)

        return listen

    def _change(self, circuit: str, alarm: str, words: str) -> None:
        """`alarm` is what blocks the circuit now; "": none of the span's."""
        before = self._shared.pop(circuit, "")
        first = alarm not in self._shared.values()
        if alarm:
            self._shared[circuit] = alarm
        if before and before not in self._shared.values():
            self._tell(before, None)
        if alarm and first and alarm != before:
            self._tell(alarm, words)
