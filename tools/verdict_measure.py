"""How well the verdict tells persons from machines: ROC and calibration on the corpus, from seeds, as data for plots.

`roc(part, first, count, …)` answers what json.dumps can write; `.venv/bin/python tools/verdict_measure.py` prints it
for the texts and voices of the development part. The compiled ear does the hearing and the judging, nothing is redone.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "dsp")]

import corpus  # noqa: E402

from ccappliance.media import _verdict  # noqa: E402
from ccappliance.media.verdict import FEATURES  # noqa: E402

STEP = 800  # samples between two snapshots
FIRST, LAST = 3, 80  # snapshots at 0.3 … 8.0 s
STRETCHES, HEARD = FEATURES.index("stretches"), FEATURES.index("heard")
HEARD_ENOUGH = 0.145  # seconds: _verdict.pyx's 15 hops, between two of them
NEVER = 999
SHIFTS = (-6.0, -5.0, -4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
NOISES = ((-70.0, -45.0), (-45.0, -34.0), (-34.0, -24.0))
TONGUES = ("en", "zh", "others")


@dataclass(frozen=True)
class Seen:
    """What the ear measured of calls, every 100 ms."""

    features: np.ndarray  # [call, time, feature]
    likely: np.ndarray  # [call, time]: the model's probability of a person
    tone: np.ndarray  # [call]: snapshot at which a beep, SIT or fax decided, or NEVER
    special: np.ndarray  # [call]: it was SIT or fax
    kind: np.ndarray
    noise: np.ndarray
    language: np.ndarray
    family: np.ndarray

    def of(self, mask: np.ndarray) -> "Seen":
        return Seen(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    @property
    def speaks(self) -> np.ndarray:
        """[call, time]: enough was heard for a decision."""
        return (self.features[:, :, STRETCHES] > 0) | (self.features[:, :, HEARD] > HEARD_ENOUGH)

    @property
    def human(self) -> np.ndarray:
        return self.kind == "human"


def look(seed: int, part: int, family: str, noise: float | None = None, kind: str = "") -> tuple:
    """One call through the ear."""
    call = corpus.call(seed, part, family=family, noise=noise, kind=kind)
    ear = _verdict.Verdict()
    rows, likely, tone, special = [], [], NEVER, False
    for at in range(LAST):
        piece = call.pcm[2 * STEP * at:2 * STEP * (at + 1)]
        told = ear.run(piece + bytes(2 * STEP - len(piece)))
        if tone == NEVER and (ear.special or any(fact[0] == _verdict.BEEP for fact in told)):
            tone, special = max(0, at + 1 - FIRST), ear.special != 0
        if at + 1 >= FIRST:
            rows.append(ear.features())
            likely.append(ear.likely()[0])
    return (np.array(rows, np.float32), np.array(likely, np.float32), tone, special, call.kind, call.noise,
            call.language, family)


def gather(part: int, first: int, count: int, family: str = "espeak", noise: float | None = None, kind: str = "",
           jobs: int = 2) -> Seen:
    """The calls of seeds first … first + count - 1."""
    one = partial(look, part=part, family=family, noise=noise, kind=kind)
    seeds = range(first, first + count)
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            made = list(pool.map(one, seeds, chunksize=max(1, count // (4 * jobs))))
    else:
        made = [one(seed) for seed in seeds]
    return Seen(*(np.array(column) for column in zip(*made, strict=True)))


def joined(parts: Sequence[Seen]) -> Seen:
    return Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in Seen.__dataclass_fields__))


def decide(seen: Seen, p: np.ndarray, below: np.ndarray, above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each call: is it taken for a machine, and at which second; the rule of _verdict.pyx. p [call, time]."""
    speaks = seen.speaks
    low = speaks & (p < below)
    low &= np.concatenate([np.zeros((len(p), 1), bool), low[:, :-1]], 1)  # twice in a row
    high = speaks & (p > above) & ~(p < below)
    times = p.shape[1]
    low[:, -1] = False
    high[:, -1] = True  # when unsure: a person
    machine_at = np.where(low.any(1), low.argmax(1), times)
    machine_at = np.minimum(machine_at, np.where(seen.tone < times, seen.tone, times))
    human_at = high.argmax(1)
    machine = machine_at <= human_at
    return machine, (np.minimum(machine_at, human_at) + FIRST) / 10


def logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def shifted(limits: np.ndarray, shift: float) -> np.ndarray:
    """Probabilities moved by log-odds."""
    return 1 / (1 + np.exp(-(logit(limits) + shift)))


def figures(seen: Seen, machine: np.ndarray, at: np.ndarray) -> dict[str, float]:
    human = seen.human
    others = (seen.kind == "machine") | (seen.kind == "carrier")
    return {"humans": int(human.sum()), "kept": round(float(1 - machine[human].mean()), 4) if human.any() else 1.0,
            "machines": int(others.sum()), "found": round(float(machine[others].mean()), 4) if others.any() else 1.0,
            "human_median_s": round(float(np.median(at[human])), 2) if human.any() else 0.0,
            "human_slowest_tenth_s": round(float(np.quantile(at[human], 0.9)), 2) if human.any() else 0.0,
            "machine_median_s": round(float(np.median(at[others])), 2) if others.any() else 0.0}


def groups(seen: Seen) -> dict[str, np.ndarray]:
    """Masks by language and by noise."""
    masks = {"all": np.ones(len(seen.kind), bool)}
    for tongue in TONGUES:
        here = seen.language == tongue if tongue != "others" else ~np.isin(seen.language, TONGUES)
        if here.any():
            masks[f"language {tongue}"] = here
    for low, high in NOISES:
        masks[f"noise {low:g}…{high:g} dBm0"] = (seen.noise >= low) & (seen.noise < high)
    return {name: mask for name, mask in masks.items() if mask.any()}


def curve(seen: Seen, p: np.ndarray, below: np.ndarray, above: np.ndarray) -> dict[str, object]:
    """ROC by shifting both limits; `shift` 0 is where the model stands."""
    answer: dict[str, object] = {}
    for name, mask in groups(seen).items():
        here = seen.of(mask)
        points = []
        for shift in SHIFTS:
            machine, at = decide(here, p[mask], shifted(below, shift), shifted(above, shift))
            points.append({"shift": shift, **figures(here, machine, at)})
        answer[name] = {"points": points, "chosen": points[SHIFTS.index(0.0)]}
    return answer


def calibration(seen: Seen, p: np.ndarray) -> list[dict[str, float]]:
    """Of all snapshots with words, by tenths of what the model says: how many are a person's."""
    use = seen.speaks & (seen.kind != "fax")[:, None]
    said, true = p[use], np.repeat(seen.human, p.shape[1]).reshape(p.shape)[use]
    place = np.minimum((said * 10).astype(int), 9)
    return [{"said": round(float(said[place == k].mean()), 3), "true": round(float(true[place == k].mean()), 3),
             "snapshots": int((place == k).sum())} for k in range(10) if (place == k).any()]


def roc(part: int, first: int, count: int, *, family: str = "espeak", noise: float | None = None,
        jobs: int = 2) -> dict[str, object]:
    """ROC per language and noise, and calibration, of the compiled model on these seeds."""
    seen = gather(part, first, count, family, noise, jobs=jobs)
    below, above = np.array(_verdict.MACHINE_BELOW), np.array(_verdict.HUMAN_ABOVE)
    return {"part": ("train", "develop", "prove")[part], "family": family, "first_seed": first, "calls": count,
            "noise": noise, "asked": {"kept": 0.97, "found": 0.90, "human_median_s": 1.5},
            "roc": curve(seen, seen.likely, below, above), "calibration": calibration(seen, seen.likely)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--first", type=int, default=700_000)
    parser.add_argument("--family", choices=corpus.FAMILIES, default="espeak")
    asked = parser.parse_args()
    print(json.dumps(roc(corpus.DEVELOP, asked.first, asked.calls, family=asked.family), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
