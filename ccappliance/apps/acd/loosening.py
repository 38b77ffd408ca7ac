"""How an entry's demand loosens while it waits: agent and site it is kept for, skills, tiers."""

from dataclasses import dataclass, replace

from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.lane import Demand


@dataclass(frozen=True, slots=True)
class Step:
    """The next change of an entry's demand: when (loop clock), and why, for people."""

    at: float
    why: str
    kind: str  # "wanted", "site", "relaxed", "widened"


def first(entry: Entry, wanted: str = "", until: float | None = None) -> Demand:
    """The demand of an entry that enters: perhaps one agent alone for a while, the first tier somebody attends."""
    entry.wanted_until = until
    require = entry.queue.requirement(entry)
    if wanted and entry.queue.attended(alone := Demand(require, entry.queue.tiers[0], wanted)):
        return alone
    demand = attended(entry, Demand(require, entry.queue.tiers[0]))
    if entry.at_home and not entry.queue.attended(demand):
        entry.at_home = False  # nobody of his site is there
        demand = attended(entry, replace(demand, require=entry.queue.requirement(entry)))
    return demand


def attended(entry: Entry, demand: Demand) -> Demand:
    """This demand, in the first tier from its own on that somebody attends; its own if nobody attends any."""
    for tier in entry.queue.tiers:
        if tier >= demand.tier:
            wider = replace(demand, tier=tier)
            if entry.queue.attended(wider):
                return wider
    return demand


def next_step(entry: Entry) -> Step | None:
    """What loosens next by the clock; None if nothing will."""
    steps = []
    queue, demand = entry.queue, entry.demand
    if demand.wanted and entry.wanted_until is not None:
        steps.append(Step(entry.wanted_until, f"{demand.wanted} did not get free in time", "wanted"))
    if entry.at_home:
        after = queue.settings.skills.site_wait
        steps.append(Step(entry.joined + after, f"waited {after:g} s", "site"))
    relax = queue.settings.skills.relax
    if entry.relaxed < len(relax):
        step = relax[entry.relaxed]
        steps.append(Step(entry.joined + step.after, f"waited {step.after:g} s", "relaxed"))
    higher = [tier for tier in queue.tiers if tier > demand.tier]
    if higher and not demand.wanted:
        after = queue.settings.widen_after * (queue.tiers.index(higher[0]) or 1)
        steps.append(Step(entry.joined + after, f"waited {after:g} s", "widened"))
    return min(steps, key=lambda step: step.at, default=None)


def take(entry: Entry, step: Step) -> Demand:
    """The demand after this step."""
    queue, demand = entry.queue, entry.demand
    if step.kind == "wanted":
        entry.wanted_until = None
        return attended(entry, replace(demand, wanted=""))
    if step.kind == "site":
        entry.at_home = False
        return replace(demand, require=queue.requirement(entry))
    if step.kind == "relaxed":
        entry.relaxed += 1
        return replace(demand, require=queue.requirement(entry))
    return replace(demand, tier=next(tier for tier in queue.tiers if tier > demand.tier))
