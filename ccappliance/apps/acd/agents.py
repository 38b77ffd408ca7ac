"""All agents and the stations they sit at: who may log in where, and what the house tells of stations."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ccappliance.apps.acd.accept import AcceptKey
from ccappliance.apps.acd.agent import Agent, AgentState, Pause
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.apps.acd.reach import reach_of, same_number
from ccappliance.apps.acd.restore import WHY, WITHIN, Stand
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused

if TYPE_CHECKING:
    from ccappliance.apps.acd.settings import AgentSettings, PauseReason
    from ccappliance.call.journal import Journal


OUTSIDE = "outside"  # a login's station: the agent's own number outside


class Agents:
    """One station has one agent, one agent one station, fixed from login to logout."""

    def __init__(self, *, clock: Clock, loop: asyncio.AbstractEventLoop, journal: "Journal",
                 known_station: Callable[[str], bool], hear: Callable[[Agent, AgentState], None],
                 prompts: Prompts) -> None:
        self.by_number: dict[str, Agent] = {}
        self.reasons: tuple[PauseReason, ...] = ()
        self._leaving: dict[str, Agent] = {}  # taken out of the configuration while on a call
        self._clock = clock
        self._loop = loop
        self._journal = journal
        self._known_station = known_station
        self._tell = hear
        self._prompts = prompts
        self._at: dict[str, Agent] = {}  # by station
        self._in_use: dict[str, bool] = {}
        self._faults: dict[str, str] = {}

    # ---- requests; all Refused with a stable code when they don't fit ----

    def get(self, number: str) -> Agent:
        agent = self.by_number.get(number)
        if agent is None:
            raise Refused("no_agent", f"there is no agent {number}")
        return agent

    def here(self, number: str) -> Agent | None:
        """An agent who is configured, or was and is still on a call."""
        return self.by_number.get(number) or self._leaving.get(number)

    def at(self, station: str) -> Agent | None:
        """Who sits there."""
        return self._at.get(station)

    def login(self, number: str, station: str, why: str, pause: Pause | None = None, wrapup: float = 0.0) -> None:
        """Refused: no_agent, no_station, station_taken, already_logged_in."""
        agent = self.get(number)
        station = station or agent.settings.station or agent.settings.outside
        if station == OUTSIDE:
            station = agent.settings.outside
        if not station or (station != agent.settings.outside and not self._known_station(station)):
            raise Refused("no_station", f"there is no station {station}" if station else
                          f"agent {number} has no station of his own: name one")
        other = self._at.get(station)
        if other is not None and other is not agent:
            raise Refused("station_taken", f"agent {other.number} is logged in at station {station}")
        agent.login(reach_of(station, agent.settings), station, why,
                    in_use=self._in_use.get(station, False), fault=self._faults.get(station, ""),
                    pause=pause, wrapup=wrapup)
        self._equip(agent)

    def restore(self, number: str, stand: Stand, wall: datetime, wrapup: float) -> bool:
        """He goes on where he stood; False: his pause is over its bound, or there is no such agent or station now.

        `wrapup`: seconds of work after a call that the stop has cut.
        """
        moved, pause = stand.moved, None
        if wall - stand.at > WITHIN:
            return False
        if moved.state == AgentState.PAUSED.value:
            if not stand.left(wall):
                return False
            reason, _, by = moved.why.partition(" by ")
            pause = Pause(reason, stand.left(wall), by)
        elif moved.state == AgentState.WRAPUP.value:
            wrapup = stand.left(wall)
        elif not moved.call or moved.state not in (AgentState.TALKING.value, AgentState.HOLD.value):
            wrapup = 0.0
        try:
            self.login(number, moved.station, WHY, pause, wrapup)
        except Refused:
            return False
        return True

    def outside(self, calling: str) -> Agent | None:
        """Whose mobile or telephone at home has this number."""
        return next((agent for agent in self.by_number.values() if same_number(agent.settings.outside, calling)),
                    None)

    def logout(self, number: str, why: str) -> bool:
        """True: at once; False: when his call is over. Refused: no_agent, not_logged_in."""
        return self.get(number).logout(why)

    def pause(self, number: str, reason: str, by: str) -> bool:
        """True: at once; False: when his call is over. Refused: no_agent, no_reason, not_logged_in, leaving."""
        for known in self.reasons:
            if known.name == reason:
                return self.get(number).pause(Pause(reason, known.longest, by))
        raise Refused("no_reason", f"there is no reason {reason!r}; known: {', '.join(r.name for r in self.reasons)}")

    def resume(self, number: str, why: str) -> None:
        """Refused: no_agent, not_logged_in, not_paused."""
        self.get(number).resume(why)

    def end_wrapup(self, number: str, why: str) -> None:
        """Refused: no_agent, not_logged_in, not_in_wrapup."""
        self.get(number).end_wrapup(why)

    # ---- what the house tells ----

    def station_busy(self, station: str, busy: bool, wrapup: bool = False) -> None:
        """A station came into use, or is free again (offers of ours may be told as well).

        `wrapup`: what is over was a call of his that leaves work: his own wrap-up follows.
        """
        self._in_use[station] = busy
        agent = self._at.get(station)
        if agent is not None:
            agent.station_busy(busy, (agent.settings.wrapup or 0.0) if wrapup else 0.0)

    def station_fault(self, station: str, words: str | None) -> None:
        """A station is out of order (`words` says how), or works again (None)."""
        self._faults[station] = words or ""
        agent = self._at.get(station)
        if agent is not None:
            agent.station_fault(words or "")

    def held(self, call: str, leg: str, held: bool) -> None:
        """Somebody of a call hears hold music, or does no more: the call's agent has put him there, if not himself."""
        for agent in self._at.values():
            if agent.call == call and agent.leg is not None and agent.leg.id != leg:
                agent.hold(held)

    # ---- configuration ----

    def apply(self, settings: Mapping[str, "AgentSettings"], reasons: tuple["PauseReason", ...]) -> None:
        """Agents come, change and go; whoever is logged in stays so, and who is removed ends his call first."""
        self.reasons = reasons
        kept: dict[str, Agent] = {}
        for number, one in settings.items():
            agent = self.by_number.get(number) or self._leaving.pop(number, None)
            if agent is None:
                agent = Agent(number, one, clock=self._clock, loop=self._loop, journal=self._journal, hear=self._hear)
            agent.settings = one
            if agent.outside and agent.station == one.outside:
                agent.reach = reach_of(agent.station, one)  # perhaps another group, or ring time
            self._equip(agent)
            kept[number] = agent
        removed = [agent for number, agent in self.by_number.items() if number not in kept]
        self.by_number = kept
        for agent in removed:
            if agent.state is not AgentState.LOGGED_OUT:
                self._leaving[agent.number] = agent
                agent.logout("removed from the configuration")

    # ---- inside ----

    def _equip(self, agent: Agent) -> None:
        """What his seat asks of him before a connection. A new number outside counts from his next login on."""
        wanted = agent.settings.accept_key
        key = AcceptKey(agent.settings.language, self._prompts, self._loop)
        agent.accept = key if wanted or (wanted is None and agent.outside) else None
        agent.steps = (agent.accept.step(),) if agent.accept is not None else ()

    def _hear(self, agent: Agent, left: AgentState) -> None:
        if left is AgentState.LOGGED_OUT:
            self._at[agent.station] = agent
        elif agent.state is AgentState.LOGGED_OUT:
            del self._at[agent.station]
            self._leaving.pop(agent.number, None)
        self._tell(agent, left)
