"""Who is on the line: the agent of this telephone, of this calling number outside, or by number and PIN."""

import hmac
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.agents import Agents
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.call.collect import Collect
from ccappliance.call.facts import AlarmCleared, AlarmRaised

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

TRIES = 3
LOCKED = 60.0  # s in which a number takes no PIN after TRIES wrong ones: guessing four digits takes days (F61)
ENTER_NUMBER, ENTER_PIN, WRONG = "agent_enter_number", "agent_enter_pin", "agent_wrong_pin"


class PinGuard:
    """Checks PINs in constant time, and takes none for a number that was guessed at."""

    def __init__(self, clock: Clock, journal: "Journal") -> None:
        self._clock = clock
        self._journal = journal
        self._wrong: dict[str, tuple[int, float]] = {}  # configured numbers only: how often in a row, when last

    def right(self, number: str, pin: str, agent: Agent | None) -> bool:
        """Whether this is the PIN of this agent; an unknown number takes as long and sounds the same."""
        same = hmac.compare_digest(pin.encode(), (agent.settings.pin if agent is not None else "").encode())
        if agent is None:
            return False
        now = self._clock.now()
        wrong, last = self._wrong.get(number, (0, 0.0))
        locked = wrong >= TRIES and now - last < LOCKED
        if locked or not same:
            self._wrong[number] = (wrong + 1 if not locked else wrong, now if not locked else last)
            if not locked and wrong + 1 == TRIES:
                self._journal.write(AlarmRaised("pin_guessing", f"agent:{number}", f"{TRIES} wrong PINs in a row"))
            return False
        if wrong >= TRIES:
            self._journal.write(AlarmCleared("pin_guessing", f"agent:{number}"))
        self._wrong.pop(number, None)
        return True


class Identity:
    """Finds the agent of a call, asking only where the telephone does not say it.

    From outside only agents who have a number there are let in. The number that calls is believed: it can do no more
    than log him in at the number that is configured, change his state, and hear it.
    """

    def __init__(self, agents: Agents, *, prompts: Prompts, clock: Clock, journal: "Journal") -> None:
        self._agents = agents
        self._prompts = prompts
        self.pins = PinGuard(clock, journal)

    async def who(self, call: "Call") -> Agent:
        """The agent who is logged in. Refused: not_logged_in, not_from_outside, wrong_pin."""
        if call.direction == "in":
            agent = await self._from_outside(call)
            if agent.state is AgentState.LOGGED_OUT:
                raise Refused("not_logged_in", f"agent {agent.number} is not logged in")
            return agent
        here = self._agents.at(station_of(call))
        if here is None:
            raise Refused("not_logged_in", f"nobody is logged in at station {station_of(call)}")
        return speak_as(here, call)

    async def newcomer(self, call: "Call") -> tuple[Agent, str]:
        """An agent who wants to log in, and where. Refused: wrong_pin, not_from_outside."""
        if call.direction == "in":
            agent = await self._from_outside(call)
            return agent, agent.settings.outside
        return await self._ask(call), station_of(call)

    async def _from_outside(self, call: "Call") -> Agent:
        if not any(agent.settings.outside for agent in self._agents.by_number.values()):
            raise Refused("not_from_outside", "no agent has a number outside")
        agent = self._agents.outside(call.calling)
        if agent is not None:
            return speak_as(agent, call)
        agent = await self._ask(call)
        if not agent.settings.outside:
            raise Refused("not_from_outside", f"agent {agent.number} has no number outside")
        return speak_as(agent, call)

    async def _ask(self, call: "Call") -> Agent:
        with call.shield.over():
            for _ in range(TRIES):
                number = await self._digits(call, ENTER_NUMBER, Collect(most=8, first=8.0))
                pin = await self._digits(call, ENTER_PIN, Collect(most=12, first=8.0, secure=True))
                agent = self._agents.by_number.get(number)
                if self.pins.right(number, pin, agent) and agent is not None:
                    return agent
                await call.play([self._prompts.get(WRONG, call.language)])
        raise Refused("wrong_pin", f"{TRIES} wrong PINs")

    async def _digits(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._prompts.get(prompt, call.language)])).digits


def speak_as(agent: Agent, call: "Call") -> Agent:
    """In his language from here on."""
    if agent.settings.language:
        call.language = agent.settings.language
    return agent


def station_of(call: "Call") -> str:
    """The station that dialled."""
    return call.anchor.party.number or call.calling
