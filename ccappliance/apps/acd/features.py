"""What an agent does from his telephone: destinations `agent:login`, `agent:pause`, … that feature codes lead to."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.announcer import Prompts
from ccappliance.apps.acd.identity import TRIES, Identity, speak_as
from ccappliance.apps.acd.pickup import Pickup
from ccappliance.apps.acd.spoken import Spoken
from ccappliance.apps.acd.supervising import Supervising, supervising_finder
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.call.collect import Collect
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.apps.acd.acd import Acd
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

REASON_FIRST = 3.0  # s after the beep in which a key chooses the reason; then it is the first
MENU_ROUNDS = 20  # a menu nobody hangs up; with MENU_FIRST a line is given back after minutes
MENU_FIRST = 6.0  # s
MENU_UNHEARD = 3  # rounds without a key, then it is goodbye

BY_KEYPAD = "keypad"

INVALID, GOODBYE, BEEP, NOT_POSSIBLE = "invalid_key", "goodbye", "beep", "agent_not_possible"
_REFUSALS = {"not_logged_in": "agent_not_logged_in", "already_logged_in": "agent_logged_in_elsewhere",
             "wrong_pin": GOODBYE, "wrapup_longest": "wrapup_longest", "no_disposition": INVALID,
             "not_a_member": "queue_not_yours", "no_call": "no_call_to_take"}
MENU = ("login", "logout", "pause", "resume", "wrapup-end", "wrapup-extend", "disposition", "state")  # keys 1 to 8

Result = str | Sequence[Sound] | None  # a prompt, sounds, or nothing more to say
Act = Callable[["Call"], Coroutine[None, None, Result]]


class Feature:
    """One thing an agent does by keypad, from his telephone or, where a route leads there, from outside."""

    def __init__(self, act: Act, prompts: Prompts) -> None:
        self._act = act
        self._prompts = prompts

    async def run(self, call: "Call") -> str | None:
        await self.perform(call)
        return None

    async def perform(self, call: "Call") -> None:
        """Do it and say what came of it."""
        try:
            result = await self._act(call)
        except Refused as refused:
            result = _REFUSALS.get(refused.code, NOT_POSSIBLE)
        if result is not None:
            await call.play([self._prompts.get(result, call.language)] if isinstance(result, str) else result)


class Features:
    """Finds `agent:<feature>`, and `agent:pickup/<whom>`. Each act asks what every door can ask of the ACD."""

    def __init__(self, acd: "Acd", *, prompts: Prompts, spoken: Spoken, clock: Clock, journal: "Journal") -> None:
        self._acd = acd
        self._prompts = prompts
        self._spoken = spoken
        self._identity = Identity(acd.book, prompts=prompts, clock=clock, journal=journal)
        self._pickup = Pickup(acd.dispatcher)
        acts: Mapping[str, Act] = {
            "login": self._login, "logout": self._logout, "pause": self._pause, "resume": self._resume,
            "wrapup-end": self._end_wrapup, "wrapup-extend": self._extend_wrapup, "disposition": self._dispose,
            "queue-leave": lambda call: self._sit(call, False), "queue-join": lambda call: self._sit(call, True),
            "state": self._state, "pickup": self._take, "last-missed": self._take_missed, "menu": self._menu}
        self._features = {name: Feature(act, prompts) for name, act in acts.items()}
        self._supervising = supervising_finder(acd.book, self._identity.pins.right, prompts)

    def find(self, argument: str) -> Feature | Supervising | None:
        name, slash, whom = argument.partition("/")
        if name == "pickup" and slash:
            return Feature(lambda call: self._take(call, whom), self._prompts)
        return self._features.get(argument) or self._supervising(argument)

    # ---- coming and going ----

    async def _login(self, call: "Call") -> Result:
        agent, where = await self._identity.newcomer(call)
        self._acd.login(agent.number, where, BY_KEYPAD)
        speak_as(agent, call)
        return "agent_logged_in"

    async def _logout(self, call: "Call") -> Result:
        self._acd.logout((await self._who(call)).number, BY_KEYPAD)
        return "agent_logged_out"

    async def _pause(self, call: "Call") -> Result:
        agent = await self._who(call)
        reasons = self._acd.book.reasons
        sound = BEEP
        for _ in range(TRIES):
            digits = await self._ask(call, sound, Collect(most=1, first=REASON_FIRST))
            chosen = int(digits) if digits.isdigit() else (0 if digits else 1)
            if 1 <= chosen <= len(reasons):
                self._acd.pause(agent.number, reasons[chosen - 1].name)
                return "agent_paused"
            sound = INVALID
        return GOODBYE

    async def _resume(self, call: "Call") -> Result:
        self._acd.resume((await self._who(call)).number, BY_KEYPAD)
        return "agent_resumed"

    # ---- after a call ----

    async def _end_wrapup(self, call: "Call") -> Result:
        agent = await self._who(call)
        if agent.owes_disposition:
            return "disposition_required"
        self._acd.end_wrapup(agent.number, BY_KEYPAD)
        return "wrapup_ended"

    async def _extend_wrapup(self, call: "Call") -> Result:
        self._acd.extend_wrapup((await self._who(call)).number, BY_KEYPAD)
        return "wrapup_extended"

    async def _dispose(self, call: "Call") -> Result:
        agent = await self._who(call)
        work = agent.work
        if work is None or not work.dispositions:
            return NOT_POSSIBLE
        sound, most = BEEP, max(map(len, work.dispositions))
        for _ in range(TRIES):
            digits = await self._ask(call, sound, Collect(most=most))
            if digits in work.dispositions:
                self._acd.dispose(agent.number, digits)
                return "disposition_set"
            sound = INVALID
        return GOODBYE

    # ---- his queues, his state, calls of others ----

    async def _sit(self, call: "Call", present: bool) -> Result:
        agent = await self._who(call)
        digits = await self._ask(call, "enter_queue", Collect(most=4))
        for name, queue in self._acd.settings.queues.items():
            if digits and queue.keypad == digits:
                self._acd.sit(agent.number, name, present)
                return "queue_joined" if present else "queue_left"
        return INVALID

    async def _state(self, call: "Call") -> Result:
        return self._spoken.state(await self._who(call), call.language)

    async def _take(self, call: "Call", whom: str = "") -> Result:
        await call.answer()
        if call.direction != "in" and self._pickup.station(call, whom):
            return None
        agent = await self._who(call)
        self._pickup.ringing(call, agent, whom)
        return None

    async def _take_missed(self, call: "Call") -> Result:
        agent = await self._who(call)
        await call.answer()
        self._pickup.missed(call, agent)
        return None

    async def _menu(self, call: "Call") -> Result:
        """Everything on one number, for who calls from outside."""
        unheard = 0
        for _ in range(MENU_ROUNDS):
            digit = await self._ask(call, "agent_menu", Collect(most=1, terminator="", first=MENU_FIRST))
            unheard = unheard + 1 if not digit else 0
            if unheard == MENU_UNHEARD:
                break
            if digit.isdigit() and 1 <= int(digit) <= len(MENU):
                await self._features[MENU[int(digit) - 1]].perform(call)
            elif digit:
                await call.play([self._prompts.get(INVALID, call.language)])
        return GOODBYE

    async def _ask(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._prompts.get(prompt, call.language)])).digits

    async def _who(self, call: "Call") -> Agent:
        return await self._identity.who(call)
