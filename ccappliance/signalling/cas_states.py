"""The states of a circuit with signalling bits, R2 or E&M, and the moves between them (see Q.422)."""

from ccappliance.base.machine import MachineState


class State(MachineState):
    IDLE = "idle"
    SEIZED = "seized"  # we have; the acknowledgement (R2) or the wink (E&M) is awaited
    DIALLING = "dialling"
    PROCEEDING = "proceeding"
    ALERTING = "alerting"  # the called line is free
    CONNECTED = "connected"  # our call
    RECEIVING = "receiving"  # somebody calls; his number comes
    OFFERED = "offered"
    ANSWERED = "answered"  # his call
    GONE = "gone"  # Cleared is told; `clear` is awaited
    CLEARING = "clearing"  # both have cleared, or shall; the exchange's idle is awaited
    GUARD = "guard"


_S = State
_ENDS = frozenset({_S.GONE, _S.CLEARING})
MOVES = {
    _S.IDLE: frozenset({_S.SEIZED, _S.RECEIVING, _S.GUARD}),
    _S.SEIZED: _ENDS | {_S.DIALLING},
    _S.DIALLING: _ENDS | {_S.PROCEEDING, _S.ALERTING, _S.CONNECTED},
    _S.PROCEEDING: _ENDS | {_S.ALERTING, _S.CONNECTED},
    _S.ALERTING: _ENDS | {_S.CONNECTED},
    _S.CONNECTED: _ENDS,
    _S.RECEIVING: frozenset({_S.OFFERED, _S.CLEARING}),
    _S.OFFERED: _ENDS | {_S.ANSWERED},
    _S.ANSWERED: _ENDS,
    _S.GONE: frozenset({_S.CLEARING}),
    _S.CLEARING: frozenset({_S.GUARD}),
    _S.GUARD: frozenset({_S.IDLE}),
}
OURS = frozenset({_S.SEIZED, _S.DIALLING, _S.PROCEEDING, _S.ALERTING, _S.CONNECTED})
THEIRS = frozenset({_S.RECEIVING, _S.OFFERED, _S.ANSWERED})
