"""What an agent does from his telephone: destinations `agent:login`, `agent:pause`, … that feature codes lead to."""

import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.agents import Agents
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.apps.acd.supervising import Supervising, supervising_finder
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.call.collect import Collect
from ccappliance.call.facts import AlarmCleared, AlarmRaised

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

TRIES = 3
LOCKED = 60.0  # s in which a number takes no PIN after TRIES wrong ones: guessing four digits takes days (F61)
REASON_FIRST = 3.0  # s after the beep in which a key chooses the reason; then it is the first

BY_KEYPAD = "keypad"

ENTER_NUMBER, ENTER_PIN = "agent_enter_number", "agent_enter_pin"
WRONG, INVALID, GOODBYE, BEEP = "agent_wrong_pin", "invalid_key", "goodbye", "beep"
LOGGED_IN, LOGGED_OUT, PAUSED, RESUMED = "agent_logged_in", "agent_logged_out", "agent_paused", "agent_resumed"
WRAPUP_ENDED, NOT_LOGGED_IN, NOT_POSSIBLE = "wrapup_ended", "agent_not_logged_in", "agent_not_possible"
_REFUSALS = {"not_logged_in": NOT_LOGGED_IN, "already_logged_in": "agent_logged_in_elsewhere"}


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


class Feature:
    """One thing an agent does by keypad; only from stations of the house."""

    def __init__(self, do: Callable[["Call"], Coroutine[None, None, str]], prompts: Prompts) -> None:
        self._do = do
        self._prompts = prompts

    async def run(self, call: "Call") -> str | None:
        if call.direction == "in":
            name = NOT_POSSIBLE  # nobody becomes an agent from outside
        else:
            try:
                name = await self._do(call)
            except Refused as refused:
                name = _REFUSALS.get(refused.code, NOT_POSSIBLE)
        await call.play([self._prompts.get(name, call.language)])
        return None


class Features:
    """Finds `agent:<feature>`."""

    def __init__(self, agents: Agents, *, prompts: Prompts, clock: Clock, journal: "Journal") -> None:
        self._agents = agents
        self._prompts = prompts
        self._pins = PinGuard(clock, journal)
        acts = {"login": self._login, "logout": self._logout, "pause": self._pause, "resume": self._resume,
                "wrapup-end": self._end_wrapup}
        self._features: Mapping[str, Feature] = {name: Feature(do, prompts) for name, do in acts.items()}

        self._supervising = supervising_finder(agents, self._pins.right, prompts)

    def find(self, argument: str) -> Feature | Supervising | None:
        return self._features.get(argument) or self._supervising(argument)

    async def _login(self, call: "Call") -> str:
        for _ in range(TRIES):
            number = await self._ask(call, ENTER_NUMBER, Collect(most=8, first=8.0))
            pin = await self._ask(call, ENTER_PIN, Collect(most=12, first=8.0, secure=True))
            agent = self._agents.by_number.get(number)
            if self._pins.right(number, pin, agent):
                self._agents.login(number, station_of(call), BY_KEYPAD)
                self._speak_as(call)
                return LOGGED_IN
            await call.play([self._prompts.get(WRONG, call.language)])
        return GOODBYE

    async def _logout(self, call: "Call") -> str:
        self._agents.logout(self._who(call).number, BY_KEYPAD)
        return LOGGED_OUT

    async def _pause(self, call: "Call") -> str:
        agent = self._who(call)
        reasons = self._agents.reasons
        sound = BEEP
        for _ in range(TRIES):
            digits = await self._ask(call, sound, Collect(most=1, first=REASON_FIRST))
            chosen = int(digits) if digits.isdigit() else (0 if digits else 1)
            if 1 <= chosen <= len(reasons):
                self._agents.pause(agent.number, reasons[chosen - 1].name, "")
                return PAUSED
            sound = INVALID
        return GOODBYE

    async def _resume(self, call: "Call") -> str:
        self._agents.resume(self._who(call).number, BY_KEYPAD)
        return RESUMED

    async def _end_wrapup(self, call: "Call") -> str:
        self._agents.end_wrapup(self._who(call).number, BY_KEYPAD)
        return WRAPUP_ENDED

    async def _ask(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._prompts.get(prompt, call.language)])).digits

    def _who(self, call: "Call") -> Agent:
        agent = self._agents.at(station_of(call))
        if agent is None:
            raise Refused("not_logged_in", f"nobody is logged in at station {station_of(call)}")
        self._speak_as(call)
        return agent

    def _speak_as(self, call: "Call") -> None:
        agent = self._agents.at(station_of(call))
        if agent is not None and agent.settings.language:
            call.language = agent.settings.language


def station_of(call: "Call") -> str:
    """The station that dialled."""
    return call.anchor.party.number or call.calling
