"""The end of a message: tones that say that the caller has gone, and his # key, are none of his words."""

from ccappliance.base.units import RATE
from ccappliance.media.analysis import analyze
from ccappliance.media.analysis_ears import Digits, Progress
from ccappliance.media.tones import Zone

LOOKED_AT = 20 * RATE  # samples at the end: the signalling has heard a busy tone after four seconds at most
SLACK = RATE  # samples of silence after a tone that belong to it: congestion pauses for 0.7 s
NOT_WORDS = ("busy", "congestion", "dial", "dtmf")


def without_tail(voice: bytes, zone: Zone) -> bytes:
    """What the caller has said (int16, 8 kHz), up to the tones at its end."""
    begin = max(0, len(voice) // 2 - LOOKED_AT)
    tail = voice[2 * begin:]
    end = len(tail) // 2
    for event in sorted(analyze(tail, [Digits(), Progress(zone)]), key=lambda event: event.end, reverse=True):
        if event.kind in NOT_WORDS and event.end >= end - SLACK:
            end = min(end, event.start)
    return voice[:2 * (begin + end)]
