"""Trains the verdict's model on the corpus and writes ext/ccappliance/media/src/verdict_model.h: needs numpy and scipy.

`.venv/bin/python tools/train_verdict.py`, then build again: about ten minutes on two cores, nearly all for making the
calls. Boosted trees of depth 4 on snapshots of the features, every 100 ms of the training calls; calibrated, and limits
chosen, on the development part, which shares neither voice nor text with training. `--prove` does not train: it
looks at the proof with the model that is built in, for once, when a model is done; docs/dsp.md records the looks.
"""

import argparse
import hashlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import verdict_measure as measure
from verdict_measure import ROOT, Seen, corpus, decide, figures, logit

HEADER = ROOT / "ext" / "ccappliance" / "media" / "src" / "verdict_model.h"
# family: (first seed, calls)
TRAIN_CALLS = {"espeak": (0, 5000), "flite": (100_000, 500), "recorded": (200_000, 1200)}
DEVELOP_CALLS = {"espeak": (0, 1500), "flite": (100_000, 150), "recorded": (200_000, 400)}
PROVE_CALLS = {"espeak": (9_000_000, 1200), "flite": (9_100_000, 200), "festival": (9_200_000, 120),
               "recorded": (9_300_000, 400)}
BINS, DEPTH, RATE, TREES, CARRIER_TREES = 32, 4, 0.12, 400, 60
INNER = 2**DEPTH - 1
SHARE = 0.15  # of the snapshots are trained on: neighbours say the same
WRONGS = (3.0, 6.0, 10.0)  # what a person taken for a machine costs, a machine taken for a person being 1
DELAYS = (0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.013, 0.017, 0.022, 0.03)  # what 100 ms of a person's waiting cost
LIFTS = (0.0, 0.4, 0.8, 1.2, 1.6, 2.0)  # log-odds added to the limits for machines: smoothing made them too strict
KEPT_LEAST, SLOWEST = 0.976, 1.45  # of the development part; the specification asks 0.97 and 1.5 s of the proof
HURRY = 12  # snapshots: from 1.5 s on waiting costs a person a quarter, most are known by then


# ---- boosting ----


@dataclass
class Trees:
    """Complete binary trees: node k has the children 2k+1 (not over its threshold) and 2k+2."""

    feature: np.ndarray  # [tree, INNER]
    threshold: np.ndarray  # [tree, INNER] float32
    leaf: np.ndarray  # [tree, INNER + 1]
    bias: float

    def score(self, x: np.ndarray) -> np.ndarray:
        sums = np.full(len(x), self.bias)
        rows = np.arange(len(x))
        for feature, threshold, leaf in zip(self.feature, self.threshold, self.leaf, strict=True):
            node = np.zeros(len(x), int)
            for _ in range(DEPTH):
                node = 2 * node + 1 + (x[rows, feature[node]] > threshold[node])
            sums += leaf[node - INNER]
        return sums

    def likely(self, seen: Seen) -> np.ndarray:
        calls, times, features = seen.features.shape
        return 1 / (1 + np.exp(-self.score(seen.features.reshape(-1, features)))).reshape(calls, times)


def best_split(codes: np.ndarray, g: np.ndarray, h: np.ndarray, node: np.ndarray,
               nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """For each node the feature and the bin that lower the loss most."""
    gain = np.full((nodes, codes.shape[1], BINS), -1.0)
    for feature in range(codes.shape[1]):
        place = node * BINS + codes[:, feature]
        left_g = np.bincount(place, g, nodes * BINS).reshape(nodes, BINS).cumsum(1)
        left_h = np.bincount(place, h, nodes * BINS).reshape(nodes, BINS).cumsum(1)
        all_g, all_h = left_g[:, -1:], left_h[:, -1:]
        ok = (left_h > 12.0) & (all_h - left_h > 12.0)
        gain[:, feature] = np.where(ok, left_g**2 / (left_h + 2) + (all_g - left_g)**2 / (all_h - left_h + 2)
                                    - all_g**2 / (all_h + 2), -1.0)
    best = gain.reshape(nodes, -1).argmax(1)
    return best // BINS, best % BINS


def boost(x: np.ndarray, y: np.ndarray, trees: int, seed: int) -> Trees:
    """Newton's boosting of the logistic loss; each tree sees half of the rows, so that none learns a text by heart."""
    rng = np.random.default_rng(seed)
    edges = np.quantile(x, np.arange(1, BINS) / BINS, axis=0).astype(np.float32)  # [bin, feature]
    codes = np.stack([np.searchsorted(edges[:, k], x[:, k], "left") for k in range(x.shape[1])], 1)
    bias = float(np.log(y.mean() / (1 - y.mean())))
    score = np.full(len(y), bias)
    made = Trees(np.zeros((trees, INNER), int), np.zeros((trees, INNER), np.float32),
                 np.zeros((trees, INNER + 1)), bias)
    rows = np.arange(len(y))
    for tree in range(trees):
        p = 1 / (1 + np.exp(-score))
        g, h = y - p, p * (1 - p)
        half = rows[rng.random(len(y)) < 0.5]
        node, part = np.zeros(len(y), int), codes[half]
        for level in range(DEPTH):
            first, wide = 2**level - 1, 2**level
            feature, split = best_split(part, g[half], h[half], node[half] - first, wide)
            split = np.minimum(split, BINS - 2)
            made.feature[tree, first:first + wide] = feature
            made.threshold[tree, first:first + wide] = edges[split, feature]
            place = node - first
            node = 2 * node + 1 + (codes[rows, feature[place]] > split[place])
        place = node - INNER
        leaf = RATE * np.bincount(place[half], g[half], INNER + 1) / (np.bincount(place[half], h[half], INNER + 1) + 4)
        made.leaf[tree] = leaf
        score += leaf[place]
    return made


def calibrate(trees: Trees, x: np.ndarray, y: np.ndarray) -> None:
    """Platt's scaling, by Newton, folded into leaves and bias."""
    score = trees.score(x)
    a, b = 1.0, 0.0
    for _ in range(20):
        p = 1 / (1 + np.exp(-(a * score + b)))
        w = p * (1 - p) + 1e-6
        gradient = np.array([((y - p) * score).sum(), (y - p).sum()])
        hessian = np.array([[(w * score * score).sum(), (w * score).sum()], [(w * score).sum(), w.sum()]])
        a, b = np.array([a, b]) + np.linalg.solve(hessian, gradient)
    trees.leaf *= a
    trees.bias = a * trees.bias + b


def rows_of(seen: Seen, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Snapshots with words, before any tone has decided, and their calls' kinds."""
    calls, times, _ = seen.features.shape
    use = seen.speaks & (np.arange(times) < seen.tone[:, None]) & (seen.kind != "fax")[:, None]
    use &= np.random.default_rng(1).random((calls, times)) < share
    return seen.features[use], np.repeat(seen.kind, times).reshape(calls, times)[use]


# ---- the sequential decision ----


def best_limit(p: np.ndarray, now: np.ndarray, later: np.ndarray, worst: float) -> float:
    """The limit over which to take `now` instead of `later` costs least; never below `worst`."""
    order = np.argsort(-p)
    gain = np.cumsum((later - now)[order])
    gain[p[order] < worst] = -np.inf
    best = int(gain.argmax()) if len(gain) else 0
    return float(p[order][best]) if len(gain) and gain[best] > 0 else 1.0


def policy(seen: Seen, p: np.ndarray, wrong: float, delay: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits by backward induction: at each snapshot what costs least if all later ones are decided at their best."""
    human, times = seen.human, p.shape[1]
    as_human, as_machine = (~human).astype(float), wrong * human
    cost = as_human.copy()  # when unsure: a person
    below, above = np.zeros(times), np.ones(times)
    speaks = seen.speaks
    for at in range(times - 2, -1, -1):
        cost = cost + delay * human * (1.0 if at < HURRY else 0.25)
        cost = np.where(seen.tone <= at, as_machine * ~human + 0.0, cost)
        use = speaks[:, at] & (seen.tone > at)
        above[at] = best_limit(p[use, at], as_human[use], cost[use], 0.6)
        below[at] = 1 - best_limit(1 - p[use, at], as_machine[use], cost[use], 0.8)
        cost = np.where(use & (p[:, at] >= above[at]), as_human, cost)
        cost = np.where(use & (p[:, at] <= below[at]), as_machine, cost)
    return smooth(below, 1e-4, 0.2), smooth(above, 0.6, 0.9999)


def smooth(limits: np.ndarray, low: float, high: float) -> np.ndarray:
    """In log-odds, over eleven snapshots: a call more or less in the development part moves no limit."""
    x = logit(np.clip(limits, low, high))
    padded = np.concatenate([np.full(5, x[0]), x, np.full(5, x[-1])])
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 11), 1)
    return np.round(1 / (1 + np.exp(-middle)), 5)


def limits(seen: Seen, trees: Trees) -> tuple[np.ndarray, np.ndarray]:
    """The policy that finds most machines while persons are kept and known in time."""
    p = trees.likely(seen)
    best, chosen = -1.0, None
    for wrong in WRONGS:
        for delay in DELAYS:
            strict, above = policy(seen, p, wrong, delay)
            for lift in LIFTS:
                below = np.round(measure.shifted(strict, lift), 5)
                got = figures(seen, *decide(seen, p, below, above))
                if got["kept"] >= KEPT_LEAST and got["human_median_s"] <= SLOWEST and got["found"] > best:
                    best, chosen = got["found"], (below, above)
                    print(f"  wrong {wrong:g} delay {delay:g} lift {lift:g}: {got}")
    if chosen is None:
        raise SystemExit("no policy keeps the persons and is in time: the features or the corpus must change")
    return chosen


def show(what: str, seen: Seen, p: np.ndarray, below: np.ndarray, above: np.ndarray) -> None:
    print(what)
    for name, mask in measure.groups(seen).items():
        got = figures(seen.of(mask), *decide(seen.of(mask), p[mask], below, above))
        print(f"  {name:<24} persons {got['humans']:5} kept {got['kept']:6.1%}, machines {got['machines']:5} found "
              f"{got['found']:6.1%}; median {got['human_median_s']:.2f} s, slowest tenth "
              f"{got['human_slowest_tenth_s']:.1f} s, machines {got['machine_median_s']:.1f} s")


# ---- the table ----


def table(name: str, kind: str, values: np.ndarray, form: str) -> str:
    rows = ",\n".join("    {" + ", ".join(form.format(value) for value in row) + "}" for row in values)
    return f"static const {kind} {name}[{len(values)}][{values.shape[1]}] = {{\n{rows}\n}};\n"


def line(name: str, values: np.ndarray) -> str:
    return f"static const float {name}[{len(values)}] = {{{', '.join(f'{value:.5f}f' for value in values)}}};\n"


def write(human: Trees, carrier: Trees, below: np.ndarray, above: np.ndarray) -> None:
    text = f"#define VERDICT_TREES {len(human.leaf)}\n#define CARRIER_TREES {len(carrier.leaf)}\n"
    text += f"#define VERDICT_DEPTH {DEPTH}\n#define VERDICT_INNER {INNER}\n"
    text += f"#define VERDICT_LIMITS {len(below)}\n"
    text += line("verdict_machine_below", below) + line("verdict_human_above", above)
    for name, trees in (("verdict", human), ("carrier", carrier)):
        text += table(f"{name}_feature", "signed char", trees.feature, "{:d}")
        text += table(f"{name}_threshold", "float", trees.threshold, "{:.9g}f")
        text += table(f"{name}_leaf", "float", trees.leaf, "{:.6f}f")
        text += f"static const float {name}_bias = {float(trees.bias):.6f}f;\n"
    text = re.sub(r"(?<![\w.])(-?\d+)f\b", r"\1.0f", text)
    name = hashlib.sha256(text.encode()).hexdigest()[:8]
    head = "/* The verdict's model: made by tools/train_verdict.py from the corpus, not by hand. */\n"
    HEADER.write_text(f'{head}#define VERDICT_MODEL "{name}"\n{text}', encoding="utf-8")


# ---- ----


def made(part: int, plan: dict[str, tuple[int, int]]) -> Seen:
    """The calls of a plan. Nothing but `prove` may ask for the proof's."""
    if part == corpus.PROVE:
        raise ValueError("the proof is not to be trained or tuned on: see --prove")
    for family in plan:
        lacking = corpus.missing(family, part)
        if lacking:
            raise SystemExit(f"training needs {lacking}: see TEST_PACKAGES in the Makefile")
    return measure.joined([measure.gather(part, *seeds, family) for family, seeds in plan.items()])


def train(fit: Seen, tune: Seen) -> None:
    x, kind = rows_of(fit, SHARE)
    print(f"{len(fit.kind)} calls, {len(x)} snapshots")
    human = boost(x, (kind == "human").astype(float), TREES, 1)
    late = kind != "human"
    carrier = boost(x[late], (kind[late] == "carrier").astype(float), CARRIER_TREES, 2)
    tuned, kinds = rows_of(tune, 1.0)
    calibrate(human, tuned, (kinds == "human").astype(float))
    calibrate(carrier, tuned[kinds != "human"], (kinds[kinds != "human"] == "carrier").astype(float))
    below, above = limits(tune, human)
    write(human, carrier, below, above)
    for name, seen in (("trained on", fit), ("tuned on", tune)):
        p = human.likely(seen)
        show(name, seen, p, below, above)
        for family in corpus.FAMILIES:
            if (seen.family == family).any():
                mask = seen.family == family
                show(f"  {name}, {family}", seen.of(mask), p[mask], below, above)


def prove(path: str) -> None:
    """One look at the proof, by the model that is built in; what is not installed is left out, and told."""
    told = {}
    for family, (first, count) in PROVE_CALLS.items():
        if corpus.missing(family, corpus.PROVE):
            print(f"{family}: not looked at, it needs {corpus.missing(family, corpus.PROVE)}")
            continue
        told[family] = measure.roc(corpus.PROVE, first, count, family=family)
        for name, group in told[family]["roc"].items():  # type: ignore[attr-defined]
            print(family, name, group["chosen"])
    Path(path).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--prove", metavar="FILE.json", help="do not train: look at the proof, write its ROC")
    asked = parser.parse_args()
    if asked.prove:
        prove(asked.prove)
    else:
        train(made(corpus.TRAIN, TRAIN_CALLS), made(corpus.DEVELOP, DEVELOP_CALLS))


if __name__ == "__main__":
    main()
