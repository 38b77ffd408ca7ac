"""What an owner of conference rooms can be told."""

from dataclasses import dataclass

from ccappliance.base.limits import MAX_BRIDGE_PORTS
from ccappliance.config.keys import key


@dataclass(frozen=True, kw_only=True)
class ConferenceSettings:
    """One conference room; its key is the number callers enter."""

    pin: str = key("", secret=True, pattern=r"([0-9]{4,12})?", doc="Digits that let somebody in; empty: everybody.")
    most: int = key(MAX_BRIDGE_PORTS, least=2, most=MAX_BRIDGE_PORTS, doc="How many there can be in it at once.")
    announce: bool = key(True, doc="Whether those in it hear that somebody has joined or left.")
    music: bool = key(True, doc="Whether somebody who is alone in it hears music.")
