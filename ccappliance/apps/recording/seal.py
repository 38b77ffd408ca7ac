"""The seal of a box's recordings: their keys and their ledger, opened together, and what must be told about them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ccappliance.apps.recording.keys import Keys
from ccappliance.apps.recording.ledger import Ledger
from ccappliance.apps.recording.signing import Signer
from ccappliance.service.disk import Disk

LEDGER = "chain.log"  # below the recordings' directory


@dataclass(frozen=True)
class Vault:
    """Where keys lie and what they are made of."""

    directory: Path
    secret: Callable[[int], bytes]
    wall: Callable[[], datetime]


class Seal:
    """Keys and ledger of one recordings' directory."""

    def __init__(self, disk: Disk, recordings: Path, vault: Vault, signed: Callable[[int, str], None]) -> None:
        """`signed(n, hash)`: an entry of the ledger was signed."""
        self.keys = Keys(disk, vault.directory, vault.secret)
        self.signer = Signer(disk, vault.directory, vault.secret)
        self.ledger = Ledger(disk, recordings / LEDGER, self.signer, vault.wall, signed)
        self.key_of: Callable[[str], int] = lambda path: 0  # of a recording that still lies in the segments
        self._disk = disk
        self._names = (recordings, vault.directory)

    def open(self, *, sealing: bool, used: int) -> str:
        """At a start, and when `sealing` begins: make what is missing at the very first, tell what is wrong; "": all is
        well. `used`: the highest key any recording names."""
        recordings, directory = self._names
        try:
            first = LEDGER not in self._disk.names(recordings) or "sign.key" in self._disk.names(directory)
        except OSError as error:
            return f"{recordings} cannot be read ({error.strerror}): see to its disk"
        self.signer.open(first=first)
        self.keys.open(wanted=sealing, used=used)
        needed = sealing or self.keys.last
        return (self.keys.trouble if needed else "") or self.signer.trouble

    def has_key(self, number: int) -> bool:
        """Was it ever safe? What cannot be read is not taken for gone."""
        try:
            return self.keys.state(number) != 0
        except OSError:
            return True

    def purged(self, path: str, key: int) -> None:
        """The ledger first, then the key: what is gone stands there, whatever is cut off."""
        self.ledger.add("purged", path=path, key=key)
        if key:
            self.keys.erase(key)

    def recycled(self, number: int, link: bytes) -> None:
        """A segment is given back; its last link stays, so that the chain goes on over it."""
        self.ledger.add("recycled", segment=number, link=link.hex())
