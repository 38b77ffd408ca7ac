"""What an agent hears of himself: his state, how long it lasts, and today's figures."""

from collections.abc import Sequence
from typing import Protocol

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.apps.acd.strategy import Counts
from ccappliance.base.clock import Clock
from ccappliance.media.ports import Sound


class Values(Protocol):
    """Spoken values: media's Say."""

    def number(self, number: int, language: str) -> Sequence[Sound]: ...

    def duration(self, seconds: float, language: str) -> Sequence[Sound]: ...


class Spoken:
    """Sounds made of an agent."""

    def __init__(self, prompts: Prompts, say: Values, counts: Counts, clock: Clock) -> None:
        self._prompts = prompts
        self._say = say
        self._counts = counts
        self._clock = clock

    def state(self, agent: Agent, language: str) -> list[Sound]:
        """His state (of who is on the telephone without a call: the one he returns to), its rest, and today's calls."""
        now, say = self._clock.now(), self._say
        state = AgentState.READY if agent.state is AgentState.TALKING and not agent.call else agent.state
        sounds = [self._prompts.get(f"state_{state.value}", language)]
        if state in (AgentState.WRAPUP, AgentState.PAUSED) and agent.until is not None:
            sounds += [self._prompts.get("time_left", language), *say.duration(agent.until - now, language)]
        sounds += [self._prompts.get("calls_today", language),
                   *say.number(self._counts.answered_by(agent.number), language),
                   self._prompts.get("talk_today", language),
                   *say.duration(self._counts.talked(agent.number, now), language)]
        return sounds
