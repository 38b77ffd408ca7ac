"""The states of a B channel and the moves between them (Q.931 calls them U0 to U25 and N0 to N25, and has more)."""

from ccappliance.base.machine import MachineState


class State(MachineState):
    IDLE = "idle"
    COLLECTING = "collecting"  # SETUP came; the number is not whole
    OFFERED = "offered"
    SEIZED = "seized"  # SETUP sent
    PROCEEDING = "proceeding"
    ALERTING = "alerting"
    CONNECTED = "connected"
    GLARE = "glare"  # our call gave way to one that came; that one waits until ours is cleared here
    GONE = "gone"  # the far end has cleared; `clear` is awaited
    CLEARING = "clearing"  # both have cleared; the network's last word is awaited
    RESTARTING = "restarting"  # RESTART sent


_S = State
ENDS = frozenset({_S.GONE, _S.CLEARING})
MOVES = {
    _S.IDLE: frozenset({_S.COLLECTING, _S.OFFERED, _S.SEIZED, _S.RESTARTING, _S.CLEARING}),
    _S.COLLECTING: frozenset({_S.OFFERED, _S.IDLE, _S.CLEARING, _S.GONE}),
    _S.OFFERED: ENDS | {_S.CONNECTED},
    _S.SEIZED: ENDS | {_S.PROCEEDING, _S.ALERTING, _S.CONNECTED, _S.GLARE},
    _S.PROCEEDING: ENDS | {_S.ALERTING, _S.CONNECTED},
    _S.ALERTING: ENDS | {_S.CONNECTED},
    _S.CONNECTED: ENDS,
    _S.GLARE: frozenset({_S.COLLECTING, _S.OFFERED, _S.GONE}),
    _S.GONE: frozenset({_S.IDLE, _S.CLEARING, _S.RESTARTING, _S.GLARE}),
    _S.CLEARING: frozenset({_S.IDLE, _S.RESTARTING}),
    _S.RESTARTING: frozenset({_S.IDLE, _S.COLLECTING, _S.OFFERED}),
}
OUTGOING = frozenset({_S.SEIZED, _S.PROCEEDING, _S.ALERTING})
HAS_CALL = OUTGOING | {_S.COLLECTING, _S.OFFERED, _S.CONNECTED}
