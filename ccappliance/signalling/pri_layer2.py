"""Layer-2 statistics of a D channel: its frames counted by kind, each way (Q.921 table 5)."""

from collections import Counter

_SUPERVISORY = {0x01: "RR", 0x05: "RNR", 0x09: "REJ"}
_UNNUMBERED = {0x6F: "SABME", 0x0F: "DM", 0x03: "UI", 0x43: "DISC", 0x63: "UA", 0x87: "FRMR", 0xAF: "XID"}
_POLL = 0x10
KINDS = ("I", *_SUPERVISORY.values(), *_UNNUMBERED.values(), "other")


def kind_of(frame: bytes) -> str:
    """The name of a frame that begins with its two octets of address; "other" for what Q.921 does not know."""
    if len(frame) < 3:
        return "other"
    control = frame[2]
    if not control & 1:
        return "I"
    if control & 3 == 1:
        return _SUPERVISORY.get(control, "other")
    return _UNNUMBERED.get(control & ~_POLL & 0xFF, "other")


class Layer2:
    """Counts what passes, and how often layer 2 was lost."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.losses = 0

    def as_dict(self) -> dict[str, dict[str, int] | int]:
        """Kinds that came at all, in the order of KINDS."""
        return {"received": _told(self.received), "sent": _told(self.sent), "losses": self.losses}


def _told(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS if counts[kind]}
