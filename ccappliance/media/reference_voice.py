"""Slow, obvious twins of the voice ears and the verdict's features: computed from all samples so far, by definition.

For tests and for reading, as media/reference.py is; PCM is a list of int16. The mouths' are in reference_mouths.py.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ccappliance.base.units import FULL_SCALE_DBM0, RATE, dbm0

HOP = 80
BANDS = (  # FIR filters, newest sample first, and what makes their white noise equally loud
    ((1, 1, 1, 1, 0, 0, 0, 0, -2, -2, -2, -2, 0, 0, 0, 0, 1, 1, 1, 1), 24.0),
    ((1, 1, -1, -1), 4.0),
    ((1, -1, -1, 1), 4.0),
    ((1, -1, 1, -1), 4.0),
)
LEAST = -66.0


@dataclass
class Hop:
    """What 10 ms are taken for."""

    level: float
    bands: list[float]
    floors: list[float] = field(default_factory=list)
    smooth: list[float] = field(default_factory=list)
    snr: float = 0.0
    active: bool = False


def _band(x: Sequence[int], start: int, taps: Sequence[int], weight: float) -> float:
    energy = 0.0
    for n in range(start, start + HOP):
        energy += sum(tap * x[n - k] for k, tap in enumerate(taps) if tap and n >= k) ** 2
    return max(LEAST, dbm0(math.sqrt(energy / weight / HOP)))


def hops_of(x: Sequence[int]) -> list[Hop]:
    """The whole hops of a stream and their floors: the least smoothed energy of eight to nine stretches of 12 hops."""
    hops: list[Hop] = []
    smooth: list[list[float]] = []
    for start in range(0, len(x) - HOP + 1, HOP):
        level = dbm0(math.sqrt(sum(value * value for value in x[start:start + HOP]) / HOP))
        hop = Hop(level, [_band(x, start, taps, weight) for taps, weight in BANDS])
        before = smooth[-1] if smooth else hop.bands
        smooth.append([old + 0.35 * (new - old) for old, new in zip(before, hop.bands, strict=True)])
        hop.smooth = smooth[-1]
        number = len(hops)
        stretch = number // 12
        first = max(0, 12 * (stretch - min(stretch, 8)) - 1)
        least = [min(one[band] for one in smooth[first:]) + 1.5 for band in range(4)]
        floors = hops[-1].floors if hops else hop.bands
        hop.floors = [new if new < old or stretch == 0 else min(new, old + 0.4)
                      for old, new in zip(floors, least, strict=True)]
        hop.snr = sum(min(max(raw - floor, 0.0), 18.0) for raw, floor in zip(hop.bands, hop.floors, strict=True)) / 4
        hop.active = hop.snr > 5.0 and level > -48.0
        hops.append(hop)
    return hops


def edges_of(active: Sequence[bool]) -> list[tuple[bool, int]]:
    """(begins, hop) of each stretch of talk: 4 of 6 active hops begin it, 15 of 16 that are not end it."""
    edges: list[tuple[bool, int]] = []
    talking = False
    for now in range(len(active)):
        last = active[max(0, now - 5):now + 1]
        if not talking and sum(last) >= 4:
            talking = True
            edges.append((True, now - len(last) + 1 + last.index(True)))
        elif talking and not active[now] and sum(active[max(0, now - 15):now + 1]) <= 1:
            talking = False
            edges.append((False, max(k for k in range(now + 1) if active[k]) + 1))
    return edges


def look_at(x: Sequence[int]) -> tuple[float, float, float, float, float, float]:
    """hz, purity, dBm0 of the peak, flatness, centroid, tilt of 256 samples, by the sum that defines a DFT."""
    window = [(0.5 - 0.5 * math.cos(2 * math.pi * n / 256)) * value for n, value in enumerate(x)]
    power = [abs(sum(value * cmath.exp(-2j * math.pi * k * n / 256) for n, value in enumerate(window))) ** 2
             for k in range(128)]
    total = sum(power[7:125])
    if total < 1.0:
        return 0.0, 0.0, -99.0, 0.0, 0.0, 0.0
    best = max(range(11, 72), key=lambda k: power[k])
    left, here, right = (math.log10(power[k] + 1e-6) for k in (best - 1, best, best + 1))
    bend = left - 2 * here + right
    off = max(-0.5, min(0.5, 0.5 * (left - right) / bend)) if bend < -1e-6 else 0.0
    energy = sum(power[best - 2:best + 3])
    level = 10 * math.log10((energy + 1e-6) * 2 / (256 * 256 * 0.375)) + FULL_SCALE_DBM0 + 10 * math.log10(2 / 32767**2)
    bands = [sum(power[k:k + 6]) for k in range(10, 106, 6)]
    flatness = sum(10 * math.log10(band + 1e-3) for band in bands) / 16 - 10 * math.log10(sum(bands) / 16 + 1e-3)
    centroid = RATE / 256 * sum(k * power[k] for k in range(10, 106)) / (sum(bands) + 1e-3)
    low = sum(power[10:32])
    tilt = 10 * math.log10((low + 1e-3) / (max(0.0, sum(bands) - low) + 1e-3))
    return (best + off) * RATE / 256, energy / total, max(-99.0, level), flatness, centroid, tilt


def syllables_of(hops: Sequence[Hop]) -> int:
    """Rises of 4 dB after falls of 4 dB, of the smoothed level."""
    count, rising, envelope, turn = 0, False, -70.0, -70.0
    for hop in hops:
        envelope += 0.4 * (hop.level - envelope)
        turn = max(turn, envelope) if rising else min(turn, envelope)
        if rising and envelope < turn - 4.0:
            rising, turn = False, envelope
        elif not rising and envelope > turn + 4.0 and hop.active:
            rising, turn = True, envelope
            count += 1
    return count


def timing_of(hops: Sequence[Hop]) -> list[float]:
    """The first fourteen features of the verdict (VerdictEar's FEATURES) of a stream without tones, in its order."""
    active = [hop.active for hop in hops]
    now = len(hops)
    edges = edges_of(active)
    begins = [hop for begun, hop in edges if begun]
    ends = [hop for begun, hop in edges if not begun]
    if not begins:
        return [now / 100, now / 100, *[0.0] * 10, float(syllables_of(hops)), 0.0]
    last = max(k for k in range(now) if active[k]) + 1 if len(ends) < len(begins) else ends[-1]
    stretches = [end - begin for begin, end in zip(begins, [*ends, last], strict=False)]
    pauses = [begin - end for begin, end in zip(begins[1:], ends, strict=False)]
    speech, greeting = sum(stretches), last - begins[0]
    syllables = syllables_of(hops)
    return [now / 100, begins[0] / 100, stretches[0] / 100, max(stretches) / 100, stretches[-1] / 100, speech / 100,
            greeting / 100, (now - last) / 100, float(len(begins)), max(pauses, default=0) / 100,
            sum(pauses) / 100 / len(pauses) if pauses else 0.0, speech / greeting if greeting > 0 else 0.0,
            float(syllables), 100 * syllables / speech if speech > 0 else 0.0]


def heard_of(hops: Sequence[Hop]) -> list[float]:
    """Features heard … heard_pause: hops in which any band, smoothed, is 4.5 dB over its floor, and their stretches.

    Pauses of up to half a second are within a stretch; a first stretch of less than 5 such hops is forgotten.
    """
    heard = [at + 1 for at, hop in enumerate(hops) if hop.level > -48.0
             and max(one - floor for one, floor in zip(hop.smooth, hop.floors, strict=True)) > 4.5]
    stretches: list[list[int]] = []
    pauses: list[int] = []
    for at in heard:
        pause = at - stretches[-1][-1] if stretches else 0
        if stretches and pause <= 50:
            stretches[-1].append(at)
            pauses.append(pause)
        elif len(stretches) == 1 and len(stretches[0]) < 5:
            stretches, pauses = [[at]], []
        else:
            pauses.append(pause)
            stretches.append([at])
    if not stretches:
        return [0.0] * 5
    first, last = stretches[0], stretches[-1]
    return [len(heard) / 100, (first[-1] - first[0]) / 100, (last[-1] - last[0]) / 100,
            (len(hops) - last[-1]) / 100, max(pauses, default=0) / 100]


def trees_say(features: Sequence[float], feature: Sequence[Sequence[int]], threshold: Sequence[Sequence[float]],
              leaf: Sequence[Sequence[float]], bias: float) -> float:
    """Probability that complete boosted trees give: node k's children are 2k+1 and, over its threshold, 2k+2."""
    total = bias
    for names, limits, leaves in zip(feature, threshold, leaf, strict=True):
        node = 0
        while node < len(limits):
            node = 2 * node + (2 if features[names[node]] > limits[node] else 1)
        total += leaves[node - len(limits)]
    return 1.0 / (1.0 + math.exp(-total))
