"""The states of an FXO circuit and the legal moves between them."""

from ccappliance.base.machine import MachineState


class State(MachineState):
    """On-hook: IDLE RINGING OFFERED GONE REFUSED GUARD. Off-hook: all others, and OFFERED after glare."""

    IDLE = "idle"
    RINGING = "ringing"  # caller ID is being read, nothing is told yet
    OFFERED = "offered"
    SEIZING = "seizing"  # waits for dial tone
    DIALLING = "dialling"
    PROCEEDING = "proceeding"
    ALERTING = "alerting"
    CONNECTED = "connected"
    GONE = "gone"  # Cleared is told, `clear` not asked yet
    GLARE = "glare"  # as GONE, while the caller who came first is on the line already
    REFUSED = "refused"  # cleared unanswered: it rings until the caller gives up
    GUARD = "guard"
    TESTING = "testing"  # blocked, listens for dial tone


MOVES = {
    State.IDLE: frozenset({State.RINGING, State.SEIZING, State.TESTING, State.GUARD}),
    State.RINGING: frozenset({State.IDLE, State.OFFERED, State.REFUSED}),
    State.OFFERED: frozenset({State.CONNECTED, State.GONE, State.REFUSED, State.GUARD}),
    State.SEIZING: frozenset({State.DIALLING, State.GONE, State.GLARE, State.GUARD}),
    State.DIALLING: frozenset({State.PROCEEDING, State.GONE, State.GUARD}),
    State.PROCEEDING: frozenset({State.ALERTING, State.CONNECTED, State.GONE, State.GUARD}),
    State.ALERTING: frozenset({State.CONNECTED, State.GONE, State.GUARD}),
    State.CONNECTED: frozenset({State.GONE, State.GUARD}),
    State.GONE: frozenset({State.GUARD}),
    State.GLARE: frozenset({State.OFFERED, State.GONE}),
    State.REFUSED: frozenset({State.GUARD}),
    State.GUARD: frozenset({State.IDLE}),
    State.TESTING: frozenset({State.OFFERED, State.GUARD}),
}
DIALLED = frozenset({State.DIALLING, State.PROCEEDING, State.ALERTING})
