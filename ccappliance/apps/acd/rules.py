"""The strategies a second time, as plain functions over what the journal tells: the rules `explain` holds decisions to.

Written from the description in docs and not from apps/acd/strategy.py: two that agree are seldom wrong together.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ccappliance.apps.acd.retold import Bench, Person, Stay
from ccappliance.call.figures import Figures

_LOT = re.compile(r"lot ([01]\.\d{9})")


@dataclass(frozen=True, slots=True)
class Case:
    """One decision to make: `candidates` are free and may take the entry, the longest idle first."""

    bench: Bench
    stay: Stay
    candidates: Sequence[Person]
    figures: Figures
    now: float
    recorded: str  # the rule's text as it was written: a lot can be drawn only once


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is rung, the rule's text, and the figure it compared for each candidate."""

    agents: tuple[str, ...]
    rule: str
    figures: Mapping[str, str]


def decide(case: Case) -> Verdict | None:
    """None: this strategy is not known here (a newer version wrote the journal)."""
    rule = _RULES.get(case.bench.strategy)
    return None if rule is None else rule(case)


def _lowest_tier(case: Case) -> list[Person]:
    tiers = {one.number: case.bench.seats[one.number].tier for one in case.candidates}
    return [one for one in case.candidates if tiers[one.number] == min(tiers.values())]


def _least(figure: Callable[[Case, Person], float], form: str) -> Callable[[Case], Verdict]:
    """Whose figure is smallest; of equals the longest idle."""
    def rule(case: Case) -> Verdict:
        figures = {one.number: figure(case, one) for one in _lowest_tier(case)}
        chosen = min(figures, key=lambda number: figures[number])
        return Verdict((chosen,), f"{case.bench.strategy}: {form.format(figures[chosen])}",
                       {number: form.format(value) for number, value in figures.items()})
    return rule


def _longest_idle(case: Case) -> Verdict:
    figures = {one.number: f"{case.now - one.idle_since:.1f} s" for one in _lowest_tier(case)}
    chosen = next(iter(figures))
    return Verdict((chosen,), f"{case.bench.strategy}: {figures[chosen]}", figures)


def _by_lot(weight: Callable[[Case, Person], float]) -> Callable[[Case], Verdict]:
    """The candidate into whose share of the weights the lot falls."""
    def rule(case: Case) -> Verdict:
        weights = {one.number: weight(case, one) for one in _lowest_tier(case)}
        found = _LOT.search(case.recorded)
        lot = float(found.group(1)) if found else 0.0
        target, passed, chosen = lot * sum(weights.values()), 0.0, ""
        for number, value in weights.items():
            chosen, passed = number, passed + value
            if passed > target:
                break
        return Verdict((chosen,), f"{case.bench.strategy}: lot {lot:.9f} among {len(weights)}",
                       {number: f"{value:.1f}" for number, value in weights.items()})
    return rule


def _by_seat(turn: Callable[[Case, int], tuple[int, ...]], words: Callable[[Case, int], str]
             ) -> Callable[[Case], Verdict]:
    """The first candidate by the places of the seats, counted as `turn` says."""
    def rule(case: Case) -> Verdict:
        places = {one.number: case.bench.seats[one.number].place for one in _lowest_tier(case)}
        chosen = min(places, key=lambda number: turn(case, places[number]))
        return Verdict((chosen,), f"{case.bench.strategy}: {words(case, places[chosen])}",
                       {number: f"seat {place + 1}" for number, place in places.items()})
    return rule


def _after_last_tried(case: Case, place: int) -> tuple[int, ...]:
    last = next(reversed(case.stay.tried), "")
    after = case.bench.seats[last].place if last in case.bench.seats else -1
    return (int(place <= after), place)


def _ring_all(case: Case) -> Verdict:
    everybody = tuple(one.number for one in case.candidates)
    return Verdict(everybody, f"{case.bench.strategy}: {len(everybody)}", {})


def _seat(case: Case, place: int) -> str:
    return f"seat {place + 1}"


_RULES: Mapping[str, Callable[[Case], Verdict]] = MappingProxyType({
    "longest-idle": _longest_idle,
    "longest-idle-weighted": _by_lot(lambda case, one: case.now - one.idle_since + 1.0),
    "weighted-random": _by_lot(lambda case, one: case.bench.seats[one.number].weight),
    "random": _by_lot(lambda case, one: 1.0),
    "fewest-calls": _least(lambda case, one: case.figures.answered_by(one.number), "{:g} calls"),
    "least-talk": _least(lambda case, one: round(case.figures.talked(one.number, case.now), 1), "{:.1f} s"),
    "least-occupied": _least(lambda case, one: round(100 * case.figures.occupancy(one.number, case.now), 1),
                             "{:.1f} %"),
    "round-robin": _by_seat(lambda case, place: ((place - case.bench.last - 1) % len(case.bench.seats),),
                            lambda case, place: f"seat {place + 1}, after {case.bench.last + 1}"),
    "linear": _by_seat(_after_last_tried, _seat),
    "top-down": _by_seat(lambda case, place: (place,), _seat),
    "ring-progressive": _by_seat(lambda case, place: (place,), _seat),
    "ring-all": _ring_all,
})
