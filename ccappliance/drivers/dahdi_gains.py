"""Gains as DAHDI wants them: a table that says for each A-law code by which code it is replaced."""

import array
import math

from ccappliance.media.dsp import alaw_to_linear, linear_to_alaw

MOST = 32767
CODES = bytes(range(256))


def gain_table(db: float) -> bytes:
    """256 A-law codes, the n-th instead of n. 0 dB is every code by itself, bit by bit."""
    if db == 0:
        return CODES
    factor = math.pow(10.0, db / 20.0)
    linear = array.array("h", alaw_to_linear(CODES))
    louder = array.array("h", (max(-MOST, min(MOST, round(sample * factor))) for sample in linear))
    return linear_to_alaw(louder.tobytes())


def gain_tables(heard: float, sent: float) -> tuple[bytes, bytes]:
    """(for what is heard, for what is sent), dB."""
    return gain_table(heard), gain_table(sent)
