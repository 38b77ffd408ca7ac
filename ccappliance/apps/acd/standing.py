"""Who stands in a queue and who serves it: the half of a queue that the dispatcher works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.lane import Demand, Lane, Line
from ccappliance.apps.acd.settings import Seat
from ccappliance.apps.acd.skills import Requirement, both
from ccappliance.apps.acd.strategy import STRATEGIES, Counts, Strategy, Table

if TYPE_CHECKING:
    from ccappliance.apps.acd.entry import Entry
    from ccappliance.apps.acd.settings import QueueSettings

AWAY = (AgentState.LOGGED_OUT, AgentState.PAUSED, AgentState.LINE_FAULT)
MAX_LANES = 64  # lanes kept of one queue; beyond, those in which nobody stands are forgotten


@dataclass(frozen=True)
class Rules:
    """What every queue's decisions rest on besides its settings."""

    counts: Counts
    chance: Callable[[], float]  # a lot from 0 to 1


class Standing:
    """Entries in their one order and in the lanes of their demands; members on their seats; the strategy."""

    settings: "QueueSettings"
    strategy: Strategy

    def __init__(self, name: str, rules: Rules) -> None:
        self.name = name
        self.members: Mapping[str, Agent] = {}  # by number, in the order of the seats
        self.seats: dict[str, Seat] = {}
        self.tiers: list[int] = [1]  # those there are
        self.line = Line()  # everybody who waits, rung or not: what positions are counted in
        self.callbacks_waiting = 0  # of these, promises to call somebody back
        self.lanes: dict[Demand, Lane] = {}
        self.offered: dict[str, Entry] = {}  # those somebody is being rung for, by call
        self.ageing = True
        self.staff_changed = False
        self.removed = False  # taken out of the configuration: serves those who wait and then ends (F56)
        self._rules = rules
        self._requirements: dict[str, Requirement] = {}  # by text, of the lanes there are

    # ---- configuration ----

    def seat(self, members: Mapping[str, Agent], strategy: str) -> None:
        """These serve from now on, chosen by this strategy; entries keep their places."""
        self.members = members
        given = self.settings.members.seats
        self.seats = {number: given.get(number) or Seat() for number in members}
        self.tiers = sorted({seat.tier for seat in self.seats.values()}) or [1]
        places = {number: place for place, number in enumerate(members)}
        self.strategy = STRATEGIES[strategy](Table(self.seats, places, self._rules.counts, self._rules.chance))
        self.staff_changed = True
        self.reseat()

    def reseat(self) -> None:
        """Skills or seats have changed: every lane looks who is able."""
        for lane in self.lanes.values():
            lane.seat(self.members, self.seats)

    # ---- entries ----

    def position(self, entry: "Entry") -> int:
        """From 1."""
        return self.line.place(entry.key) + 1

    def add(self, entry: "Entry") -> None:
        self.line.add(entry)
        self.callbacks_waiting += entry.kind == "callback"
        self._join(entry)

    def offer(self, entry: "Entry") -> None:
        lane = self._lane_of(entry)
        lane.waiting.remove(entry)
        lane.offered += 1
        self.offered[entry.call.id] = entry

    def wait_again(self, entry: "Entry") -> None:
        lane = self._lane_of(entry)
        del self.offered[entry.call.id]
        lane.offered -= 1
        lane.waiting.add(entry)

    def remove(self, entry: "Entry") -> None:
        """Before the entry moves out of line."""
        self.line.remove(entry)
        self.callbacks_waiting -= entry.kind == "callback"
        self._part(entry)

    def change(self, entry: "Entry", demand: Demand, order_class: int, boost: float) -> None:
        """Another demand, another place; whoever is being rung for it goes on being rung."""
        self.remove(entry)
        entry.demand = demand
        entry.rank(order_class, boost)
        self.add(entry)

    # ---- agents ----

    def agent_free(self, agent: Agent) -> None:
        for lane in self.lanes.values():
            if agent.number in lane.able:
                lane.free.add(agent.idle_since, agent.number)

    def agent_taken(self, agent: Agent) -> None:
        for lane in self.lanes.values():
            if agent.number in lane.able:
                lane.free.remove(agent.idle_since, agent.number)

    def candidates(self, entry: "Entry") -> list[Agent]:
        """The free agents who may take this entry and have not let it ring, the longest idle first."""
        return [self.members[number] for _, number in self._lane_of(entry).free if number not in entry.tried]

    def asked_all(self, entry: "Entry") -> bool:
        """Everybody who could take this entry has let it ring."""
        return all(number in entry.tried for number, agent in self._lane_of(entry).able.items() if agent.serving)

    def may_take(self, entry: "Entry", agent: Agent) -> bool:
        """Whether `candidates` would name this agent now."""
        return agent.number in self._lane_of(entry).able and agent.ready and agent.number not in entry.tried

    def excluded(self, entry: "Entry", chosen: Sequence[Agent], now: float) -> dict[str, str]:
        """Why everybody else was not chosen, for `explain`."""
        names = {agent.number for agent in chosen}
        lane, demand = self._lane_of(entry), entry.demand
        reasons = {}
        for number, agent in self.members.items():
            if number in names:
                continue
            if not agent.ready:
                reasons[number] = agent.reason(now)
            elif number in lane.able:
                reasons[number] = ("did not answer this call" if number in entry.tried
                                   else f"idle {now - agent.idle_since:.1f} s")
            elif demand.rest:
                reasons[number] = "it rests"
            elif demand.wanted:
                reasons[number] = f"kept for {demand.wanted}"
            elif self.seats[number].tier > demand.tier:
                reasons[number] = f"tier {self.seats[number].tier}"
            else:
                reasons[number] = f"skills: {demand.require}"
        return reasons

    def unstaffed(self) -> bool:
        """Nobody serves, as `no_agents.policy` understands it."""
        policy = self.settings.no_agents.policy
        if policy == "wait":
            return False
        away = AWAY if policy == "paused" else (AgentState.LOGGED_OUT,)
        return all(agent.state in away for agent in self.members.values())

    def attended(self, demand: Demand) -> bool:
        """Somebody who fulfils this demand is there, or will be free by himself."""
        return not self._lane(demand).unattended()

    def requirement(self, entry: "Entry") -> str:
        """What this entry asks for after the steps of relaxation it has taken."""
        skills = self.settings.skills
        steps = min(entry.relaxed, len(skills.relax))
        asked = both(entry.call.require, skills.relax[steps - 1].require if steps else skills.require)
        if skills.language:
            asked = both(f"lang_{entry.call.language}", asked)
        return both(f"site_{entry.call.site}", asked) if entry.at_home else asked

    # ---- inside ----

    def _join(self, entry: "Entry") -> None:
        lane = entry.lane = self._lane(entry.demand)
        if entry.offers:
            lane.offered += 1
            self.offered[entry.call.id] = entry
        else:
            lane.waiting.add(entry)

    def _part(self, entry: "Entry") -> None:
        lane = self._lane_of(entry)
        if entry.call.id in self.offered:
            del self.offered[entry.call.id]
            lane.offered -= 1
        else:
            lane.waiting.remove(entry)
        entry.lane = None

    @staticmethod
    def _lane_of(entry: "Entry") -> Lane:
        assert entry.lane is not None
        return entry.lane

    def _lane(self, demand: Demand) -> Lane:
        lane = self.lanes.get(demand)
        if lane is None:
            if len(self.lanes) >= MAX_LANES:
                self.lanes = {key: kept for key, kept in self.lanes.items() if not kept.empty}
                self._requirements = {text: kept for text, kept in self._requirements.items()
                                      if any(key.require == text for key in self.lanes)}
            requirement = self._requirements.get(demand.require)
            if requirement is None:
                requirement = self._requirements[demand.require] = Requirement(demand.require)
            lane = self.lanes[demand] = Lane(demand, requirement)
            lane.seat(self.members, self.seats)
        return lane
