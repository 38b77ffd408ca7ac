"""What a supervisor does from a telephone: `agent:monitor`, `agent:whisper`, `agent:barge`, `agent:takeover`.

He gives his PIN (and his number, unless he is logged in there), then the number of an agent who talks.
`agent:monitor/1001`, as a route to `agent:monitor/{rest}` makes it, names the agent already.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.agents import Agents
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.call.collect import Collect

if TYPE_CHECKING:
    from ccappliance.call.call import Call

MODES = ("monitor", "whisper", "barge", "takeover")
TRIES = 3
ENTER_NUMBER, ENTER_PIN, WRONG, GOODBYE = "agent_enter_number", "agent_enter_pin", "agent_wrong_pin", "goodbye"
ENTER_AGENT, NOBODY, NOT_POSSIBLE = "supervise_enter_number", "supervise_nobody", "agent_not_possible"


class Supervising:
    """One mode; `target`: the agent's number, if what was dialled names him. Only from stations of the house."""

    def __init__(self, mode: str, target: str, agents: Agents, *, right: Callable[[str, str, Agent | None], bool],
                 prompts: Prompts) -> None:
        self._mode = mode
        self._target = target
        self._agents = agents
        self._right = right
        self._prompts = prompts

    async def run(self, call: "Call") -> str | None:
        """The conversation to listen to, as a destination; or None when it has been said why not."""
        name = NOT_POSSIBLE
        if call.direction != "in":  # nobody supervises from outside
            supervisor = await self._supervisor(call)
            name = GOODBYE
            if supervisor is not None:
                call.variables["supervisor"] = supervisor.number
                call.language = supervisor.settings.language or call.language
                number = self._target or await self._ask(call, ENTER_AGENT, Collect(most=8, first=8.0))
                station = self._talking_at(number)
                if station:
                    return f"supervise:{station}/{self._mode}"
                name = NOBODY
        await call.play([self._prompts.get(name, call.language)])
        return None

    async def _supervisor(self, call: "Call") -> Agent | None:
        """Who he is, by his PIN; None after TRIES wrong ones."""
        here = self._agents.at(call.anchor.party.number or call.calling)
        known = here.number if here is not None and here.settings.supervisor else ""
        for _ in range(TRIES):
            number = known or await self._ask(call, ENTER_NUMBER, Collect(most=8, first=8.0))
            pin = await self._ask(call, ENTER_PIN, Collect(most=12, first=8.0, secure=True))
            agent = self._agents.by_number.get(number)
            if self._right(number, pin, agent) and agent is not None and agent.settings.supervisor:
                return agent
            await call.play([self._prompts.get(WRONG, call.language)])
        return None

    def _talking_at(self, number: str) -> str:
        """The station where this agent talks now."""
        agent = self._agents.by_number.get(number)
        talks = agent is not None and agent.state in (AgentState.TALKING, AgentState.HOLD)
        return agent.station if agent is not None and talks else ""

    async def _ask(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._prompts.get(prompt, call.language)])).digits


def supervising_finder(agents: Agents, right: Callable[[str, str, Agent | None], bool], prompts: Prompts
                       ) -> Callable[[str], Supervising | None]:
    """Finds `agent:<mode>` and `agent:<mode>/<agent>`."""
    def find(argument: str) -> Supervising | None:
        mode, _, target = argument.partition("/")
        return Supervising(mode, target, agents, right=right, prompts=prompts) if mode in MODES else None
    return find
