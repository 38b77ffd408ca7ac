"""The talk-off: hours of speech, prompts and music through bad lines; every digit or tone that is told is a mistake."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from corpus import BAND, echoed, hum, impulses, noise_of, slipped
from scipy.signal import sosfilt
from talkoff_ears import Hit, Ours, Peer, hits
from talkoff_sources import SPEECH, Source, readings, recordings

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp
from ccappliance.media.tones import Zone

PIECE = 60.0  # seconds of a call
MIXTURE = ((SPEECH, 4), ("prompts", 3), ("music", 3))  # tenths of the hours; what is absent is made up for with speech


@dataclass
class Tally:
    """What was heard, for how long, and what each listener took for a signal."""

    seconds: Counter[str] = field(default_factory=Counter)  # of each corpus
    peer_seconds: float = 0.0
    found: list[tuple[str, int, Hit]] = field(default_factory=list)  # piece, its line's seed, the hit

    @property
    def hours(self) -> float:
        return sum(self.seconds.values()) / 3600

    def count(self, who: str, *kinds: str) -> int:
        return sum(hit.who == who and hit.kind in kinds for _, _, hit in self.found)

    def alone(self, *kinds: str) -> int:
        """Our hits of these kinds in pieces where the peer has none of them."""
        both = {(name, line) for name, line, hit in self.found if hit.who == Peer.who and hit.kind in kinds}
        return sum(hit.who == Ours.who and hit.kind in kinds and (name, line) not in both
                   for name, line, hit in self.found)

    def share(self, corpora: frozenset[str], *kinds: str) -> int:
        """Our hits of these kinds in these corpora."""
        return sum(hit.who == Ours.who and hit.kind in kinds and name.split()[0] in corpora
                   for name, _, hit in self.found)

    def lines(self, kinds: tuple[str, ...]) -> Iterator[str]:
        """The table: hours of each corpus, then false hits of both, then every one of ours with where it is."""
        yield f"{'hours heard':<40}{self.hours:>10.2f}   (by libspandsp {self.peer_seconds / 3600:.2f})"
        for corpus, seconds in sorted(self.seconds.items()):
            yield f"  {corpus:<38}{seconds / 3600:>10.2f}"
        yield f"{'false, in all':<40}{Ours.who:>12}{Peer.who:>12}"
        for kind in kinds:
            yield f"  {kind:<38}{self.count(Ours.who, kind):>12}{self.count(Peer.who, kind):>12}"
        yield f"{'our digits where libspandsp has none':<40}{self.alone('digit'):>12}"
        for name, seed, hit in self.found:
            if hit.who == Ours.who or hit.kind == "digit":
                yield f"  {hit.who} {hit.kind} {hit.value} at {hit.at:.1f} s of [{name}] line {seed}"


@lru_cache(maxsize=128)  # of a minute: 250 MB
def _loud(source: Source) -> np.ndarray:
    """A source whose louder moments have the power of a sine at 0 dBm0."""
    x = source.load().astype(np.float32)
    frames = np.sqrt((x[:len(x) // 160 * 160].reshape(-1, 160) ** 2).mean(1)) if len(x) >= 160 else np.zeros(1)
    return x * np.float32(amplitude(0.0) / np.sqrt(2) / max(float(np.percentile(frames, 90)), 1.0))


def piece(source: Source, seed: int) -> bytes:
    """The source through a line of this seed: speed and pitch, loss, band, echo, hum, impulses, slips, A-law twice."""
    rng = np.random.default_rng(seed)
    x = _loud(source)
    factor = rng.choice((1.0, rng.uniform(0.86, 1.18)))  # a clock that runs slow or fast: all frequencies move
    if factor != 1.0:
        x = np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x)
    x = x * 10 ** (rng.uniform(-30, -5) / 20)
    if rng.random() < 0.7:
        x = sosfilt(BAND, x)
    if rng.random() < 0.4:
        x = echoed(x, rng.uniform(2, 60), rng.uniform(-35, -8))
    if rng.random() < 0.3:
        x = x + hum(rng, len(x), rng.uniform(-60, -35))
    if rng.random() < 0.2:
        x = x + impulses(rng, len(x), rng.uniform(0.1, 3))
    if rng.random() < 0.2:
        x = slipped(rng, x, rng.uniform(1, 30))
    if rng.random() < 0.7:
        x = x + noise_of(rng, len(x), rng.uniform(-75, -38), bool(rng.random() < 0.4))
    once = dsp.through_alaw(np.clip(np.rint(x), -32768, 32767).astype("<i2").tobytes())
    again = np.frombuffer(once, "<i2") * 10 ** (rng.uniform(-6, 0) / 20)
    return dsp.through_alaw(np.rint(again).astype("<i2").tobytes())


def pieces(hours: float, seed: int, spoken: int) -> Iterator[tuple[Source, int]]:
    """Sources with the seeds of their lines; `spoken` readings are rendered and come again through other lines."""
    chance = random.Random(seed)
    parts = sum(share for _, share in MIXTURE)
    minutes = round(hours * 3600 / PIECE)
    rendered = list(readings(chance, spoken))
    recorded = {"prompts": ("prompts", "dialogue"), "music": ("music",)}
    plan: list[Source] = []
    for kind, share in MIXTURE:
        wanted = minutes * share // parts
        if kind != SPEECH:
            plan += recordings(chance, recorded[kind], wanted, PIECE)
    plan += [rendered[k % len(rendered)] for k in range(minutes - len(plan))]
    chance.shuffle(plan)
    for source in plan:
        yield source, chance.getrandbits(32)


def run(hours: float, seed: int, zone: Zone, *, spoken: int, peer: bool = True) -> Tally:
    """Hear so many hours; both listeners hear the same samples."""
    tally = Tally()
    for source, line in pieces(hours, seed, spoken):
        pcm = piece(source, line)
        tally.seconds[source.corpus] += len(pcm) / 2 / RATE  # type: ignore[assignment]
        listeners: list[Ours | Peer] = [Ours(zone)]
        if peer:
            tally.peer_seconds += len(pcm) / 2 / RATE
            listeners.append(Peer(zone))
        tally.found += [(source.name, line, hit) for ears in listeners for hit in hits(ears, pcm)]
        if peer:
            listeners[1].close()  # type: ignore[union-attr]
    return tally


def smallest(pcm: bytes, zone: Zone, hit: Hit) -> bytes:
    """The shortest stretch around a hit, to 50 ms at either end, in which ours still tell it; empty: in none."""
    begin, end = 0, min(len(pcm), int((hit.at + 0.4) * RATE) * 2)

    def tells(a: int, b: int) -> bool:
        return any(found.kind == hit.kind and found.value == hit.value for found in hits(Ours(zone), pcm[a:b]))

    if not tells(begin, end):
        return b""
    for step in (160_000, 32_000, 8_000, 800):
        while begin + step < end and tells(begin + step, end):
            begin += step
        while end - step > begin and tells(begin, end - step):
            end -= step
    return pcm[begin:end]
