"""What machines send instead of words: a beep, fax and modem tones, the special information tone."""

from ccappliance.media.generation import parse_part, render
from ccappliance.media.ports import Sound
from ccappliance.media.tones import Zone

_PARTS = {
    "beep": "tone:800/600x1",  # of an answering machine
    "sit": "tone:950/330,1400/330,1800/330x1",  # E.180: an announcement of the network follows
    "cng": "tone:1100/500,0/3000x1",  # T.30: a fax machine calls; again and again
    "ced": "tone:2100/3000x1",  # T.30: a fax machine answers
    "modem": "tone:ced_reversals",  # V.25: a modem answers
}
MACHINE_SOUNDS = tuple(_PARTS)
REPEATED = ("cng",)


def machine_sound(name: str, zone: Zone) -> Sound:
    """One of MACHINE_SOUNDS."""
    return Sound(name, render([parse_part(_PARTS[name])], zone))
