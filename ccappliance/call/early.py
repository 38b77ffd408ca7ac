"""Early sound: a caller hears the line that is called for him before it answers, its ringback and its announcements."""

from typing import TYPE_CHECKING

from ccappliance.base.errors import Refused
from ccappliance.call.leg import Leg, LegState
from ccappliance.media.ports import Bridge

if TYPE_CHECKING:
    from ccappliance.call.call import Call


class EarlySound:
    """From the moment in which `leg` says that it can be heard until `close`; nothing happens if it never does.

    A caller who was not answered hears it where his wire carries sound before the answer, and else what his exchange
    plays. Our ringback does not sound over that of the network.
    """

    def __init__(self, call: "Call", leg: Leg) -> None:
        self._call = call
        self._bridge: Bridge | None = None
        self._closed = False
        leg.on_progressed(self._open)

    def close(self) -> None:
        """Before those two talk, or when the call has come to nothing."""
        self._closed = True
        self._call.hears_early = False
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None

    def _open(self, leg: Leg) -> None:
        anchor = self._call.anchor
        if self._closed or anchor.is_gone:
            return
        if anchor.state is LegState.OFFERED:
            try:
                anchor.circuit.progress()
            except Refused:
                return
        self._call.hears_early = True
        anchor.port.silence()
        self._bridge = self._call.switch.media.bridge(f"{self._call.id}/early")
        self._bridge.join(anchor.port)
        self._bridge.join(leg.port)
