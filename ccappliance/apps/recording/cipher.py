"""How records of the segments are sealed: AES-256-GCM under the recording's own key.

No nonce repeats under a key. A record's nonce is its sequence, which no other record has; a record that is written
again after a disk's error is the same bytes again, because its place is no part of what is sealed; and no key seals
anything after the run that has made it, but what a kill has left in its rings, under numbers which that run cannot
have used. Files are sealed by `sealed_file.py`. docs/recording.md says it all.
"""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ccappliance.apps.recording.segment import Record
from ccappliance.base.errors import Refused

SEALED = 1  # bit 0 of a record's flags
TAG = 16  # bytes that a sealed content is longer
_ABOUT = struct.Struct("<BBBBQQQII")  # kind, leg, coding, flags, sequence, tape, first, samples, key


class Damaged(Refused):
    """What was sealed is not what is there. Code "damaged"."""

    def __init__(self, why: str) -> None:
        super().__init__("damaged", f"{why}: `ccappliance recordings verify` tells more")


def _about(record: Record) -> bytes:
    return _ABOUT.pack(record.kind, record.leg, record.coding, record.flags, record.sequence, record.tape, record.first,
                       record.samples, record.key)


def nonce(number: int) -> bytes:
    return struct.pack("<4xQ", number)


def seal(record: Record, number: int, key: bytes) -> Record:
    """The same record with its content sealed under key `number`; its head is authenticated with it."""
    record = record._replace(flags=record.flags | SEALED, key=number)
    return record._replace(content=AESGCM(key).encrypt(nonce(record.sequence), record.content, _about(record)))


def unseal(record: Record, key: bytes) -> bytes:
    """The content as it was. Damaged."""
    try:
        return AESGCM(key).decrypt(nonce(record.sequence), record.content, _about(record))
    except InvalidTag:
        raise Damaged(f"record {record.sequence} is not what was sealed") from None
