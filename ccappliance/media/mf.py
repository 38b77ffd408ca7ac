"""Multi-frequency signals as tones: two of six, of MFC/R2 (Q.441, forward and backward) and of R1 (Q.320)."""

import math
from collections.abc import Mapping

from ccappliance.media.ports import Ear, Tone, ToneStep

MF_EARS = (Ear.MF_FORWARD, Ear.MF_BACKWARD, Ear.MF_R1)  # by plan, as the tick counts them (_mf.pxd)
FREQUENCIES: Mapping[Ear, tuple[float, ...]] = {
    Ear.MF_FORWARD: (1380.0, 1500.0, 1620.0, 1740.0, 1860.0, 1980.0),
    Ear.MF_BACKWARD: (1140.0, 1020.0, 900.0, 780.0, 660.0, 540.0),
    Ear.MF_R1: (700.0, 900.0, 1100.0, 1300.0, 1500.0, 1700.0),
}
LEVELS: Mapping[Ear, float] = {Ear.MF_FORWARD: -11.5, Ear.MF_BACKWARD: -11.5, Ear.MF_R1: -7.0}  # dBm0: Q.454, Q.322
SIGNALS = 15
_PAIRS = [(low, high) for high in range(1, 6) for low in range(high)]  # Q.441 table 5, in order


def pair_of(plan: Ear, signal: int) -> tuple[float, float]:
    """The two frequencies of a signal, 1 to 15, in Hz."""
    if not 1 <= signal <= SIGNALS:
        raise ValueError(f"multi-frequency signals are 1 to {SIGNALS}, not {signal}")
    low, high = _PAIRS[signal - 1]
    return FREQUENCIES[plan][low], FREQUENCIES[plan][high]


def mf_tone(plan: Ear, signal: int, seconds: float = math.inf) -> Tone:
    """A signal of the plan whose ear this is; without `seconds` it sounds until it is stopped (compelled)."""
    name = (plan.name or "").lower()
    return Tone(f"{name} {signal}", (ToneStep(pair_of(plan, signal), seconds, LEVELS[plan]),), 1)


_SIGNALS = {(plan, pair_of(plan, signal)): signal for plan in MF_EARS for signal in range(1, SIGNALS + 1)}


def signal_of(tone: Tone, ears: Ear) -> int:
    """Which signal of the plan that is listened for this tone is; 0: none."""
    if len(tone.steps) != 1:
        return 0
    frequencies = tone.steps[0].frequencies
    return next((_SIGNALS.get((plan, frequencies), 0) for plan in MF_EARS if plan in ears), 0) if len(
        frequencies) == 2 else 0
