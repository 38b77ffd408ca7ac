"""The ISDN spans as the doors see them: layers 1 to 3, layer-2 statistics, and the decoded trace."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import TypedDict

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.interfaces.control.feed import Feed
from ccappliance.signalling.pri_span import PriSpan
from ccappliance.signalling.pri_trace import EVERYTHING, USUAL


class PriRow(TypedDict):
    """One span."""

    span: str
    side: str  # "user" or "network"
    switch: str
    state: str  # "up", or "down": signalling with the exchange
    channels: int
    idle: int
    in_use: int
    blocked: int
    helper: int  # its process; 0 when there is none now
    helper_deaths: int
    losses: int  # of layer 2
    words: str  # why it is down, "" when up


class PriDetail(PriRow):
    """One span, for a technician."""

    states: dict[str, int]  # of channels → how many
    sent: dict[str, int]  # frames of layer 2 by kind
    received: dict[str, int]
    trace_errors: int  # what libpri called an error
    library: str  # libpri's own account: timers, counters, calls


class TraceLine(TypedDict):
    """A line of the decoded trace."""

    ago: float  # seconds
    line: str


class Isdn:
    """Looks at the spans of a house, by line name."""

    def __init__(self, spans: Mapping[str, PriSpan], clock: Clock) -> None:
        self._spans = spans
        self._clock = clock

    def rows(self) -> list[PriRow]:
        return [_row(span) for span in self._spans.values()]

    async def detail(self, name: str) -> PriDetail:
        """Refused("no_such_span")."""
        span = self._span(name)
        library = await span.statistics() if span.helper is not None and span.helper.alive else ""
        return {**_row(span), "states": dict(Counter(circuit.state for circuit in span.circuits.values())),
                "sent": dict(span.layer2.sent), "received": dict(span.layer2.received),
                "trace_errors": span.trace.errors, "library": library}

    async def trace(self, name: str, *, last: int, follow: bool, everything: bool) -> AsyncIterator[TraceLine]:
        """The last lines kept; then, if `follow`, those to come: Q.931's messages and states, or with `everything`
        layer 2 as well. libpri decodes only while somebody follows. Refused("no_such_span"), ("too_slow").
        """
        span = self._span(name)
        feed: Feed[tuple[float, str]] = Feed()

        def push(at: float, line: str) -> None:
            feed.push((at, line))

        past = list(span.trace.lines)
        if follow:
            span.trace.follow(push, EVERYTHING if everything else USUAL)
        try:
            for at, line in past[len(past) - min(last, len(past)):]:
                yield self._line(at, line)
            if follow:
                async for at, line in feed:
                    yield self._line(at, line)
        finally:
            if follow:
                span.trace.unfollow(push)

    def _line(self, at: float, line: str) -> TraceLine:
        return {"ago": round(self._clock.now() - at, 3), "line": line}

    def _span(self, name: str) -> PriSpan:
        if name not in self._spans:
            raise Refused("no_such_span", f"there is no ISDN span {name!r}; there are: "
                          f"{', '.join(self._spans) or 'none'}")
        return self._spans[name]


def _row(span: PriSpan) -> PriRow:
    circuits = list(span.circuits.values())
    blocked = sum(circuit.blocked is not None for circuit in circuits)
    idle = sum(circuit.idle for circuit in circuits)
    return {"span": span.name, "side": span.settings.side, "switch": span.settings.switch,
            "state": "up" if span.up else "down", "channels": len(circuits), "idle": idle,
            "in_use": len(circuits) - idle - blocked, "blocked": blocked,
            "helper": span.helper.pid if span.helper is not None else 0, "helper_deaths": span.helper_deaths,
            "losses": span.layer2.losses, "words": span.down.words if span.down is not None else ""}

