"""A telephone's state as AMI tells extensions' states."""

from ccappliance.interfaces.ami.channels import RINGING, UP, Channels

IDLE, IN_USE, UNAVAILABLE, RINGS = 0, 1, 4, 8
WORDS = {IDLE: "Idle", IN_USE: "InUse", UNAVAILABLE: "Unavailable", RINGS: "Ringing", -1: "Unknown"}


def station_state(channels: Channels, station: str) -> tuple[int, str]:
    """Number and words; -1 if there is no such telephone."""
    names = [name for name, wire in channels.wires.items() if wire.station == station]
    if not station or not names:
        return -1, WORDS[-1]
    on_it = next((channel for channel in channels if channel.circuit == names[0]), None)
    if on_it is None:
        status = IDLE
    else:
        status = RINGS if on_it.state == RINGING or (on_it.state < UP and not on_it.incoming) else IN_USE
    return status, WORDS[status]
