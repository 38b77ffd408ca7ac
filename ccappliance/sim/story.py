"""Plays stories: people do and hear what the script says, against a whole house, in real or in virtual time."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ccappliance.base.clock import Clock
from ccappliance.base.errors import CcError, ConfigError, Finding
from ccappliance.call.call import Call
from ccappliance.call.facts import Kinds
from ccappliance.call.journal import Entry
from ccappliance.house import House
from ccappliance.media.ports import Sound
from ccappliance.media.tones import TONES
from ccappliance.sim.configured import Configured
from ccappliance.sim.hindsight import Hindsight
from ccappliance.sim.machines import MACHINE_SOUNDS, REPEATED, machine_sound
from ccappliance.sim.mishaps import Mishaps, matches
from ccappliance.sim.people import Person, Unmet
from ccappliance.sim.rehearsed import first_number
from ccappliance.sim.script import MISHAPS, WITHIN, Record, Script, Step, Variable
from ccappliance.sim.world import Street

REMEMBERED = 2_000  # facts an `expect` may look back on


@dataclass(frozen=True)
class StepFailed:
    """Where and why a story failed."""

    step: Step
    why: str
    now: float


Tell = Callable[[float, str, str], None]  # when, who, what


class Story:
    """One story in one house. `tell` hears each deed as it happens; `configured`: what reloads are laid over."""

    def __init__(self, script: Script, house: House, street: Street, *, clock: Clock,
                 tell: Tell = lambda now, who, what: None, configured: Configured | None = None) -> None:
        self._script = script
        self._house = house
        self._clock = clock
        self._tell = tell
        self.people: dict[str, Person] = {}
        self._facts: deque[Entry] = deque(maxlen=REMEMBERED)
        self._looked = house.journal.seq  # entries up to this one were expected already, or are past
        self._fresh = asyncio.Event()
        self._failed: Step | None = None  # the innermost one
        self._calls: dict[str, Call] = {}  # all there were, oldest first, for what is expected of them
        self._hindsight = Hindsight(house.prompts.book.words)
        self._mishaps = Mishaps(house, street, configured, script.config)
        for role in script.roles.values():
            self.people[role.key] = street.person(role.name, station=role.station, number=role.number,
                                                   withheld=role.withheld)
        for number, text in script.announcements.items():
            words = replace(self._spoken(text), says="carrier")
            street.exchange.announce(number, [machine_sound("sit", house.around.zone), words, words])
        house.journal.follow(self._hear)

    async def play(self) -> StepFailed | None:
        """All steps in order; None when all went as told."""
        try:
            for step in self._script.steps:
                try:
                    await self._step(step)
                except CcError as error:
                    return StepFailed(self._failed or step, str(error), self._clock.now())
            return None
        finally:
            self._house.journal.unfollow(self._hear)

    def close(self) -> None:
        """Unplug everybody."""
        for person in self.people.values():
            person.close()

    # ---- steps ----

    async def _step(self, step: Step) -> None:
        try:
            if step.verb == "wait":
                await asyncio.sleep(step.argument)
            elif step.verb == "together":
                await self._together(step.argument)
            elif step.verb == "in turn":
                for inner in step.argument:
                    await self._step(inner)
            elif step.verb == "expect":
                await self._expect(step)
            elif step.verb == "never":
                self._never(step)
            elif step.verb in MISHAPS:
                self._tell(self._clock.now(), "—", str(step))
                await self._mishaps.happen(step)
            else:
                await self._deed(step)
        except CcError:
            self._failed = self._failed or step
            raise

    async def _together(self, steps: tuple[Step, ...]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for inner in steps:
                    group.create_task(self._step(inner))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others were cancelled, or failed in the same moment

    async def _deed(self, step: Step) -> None:
        role = self._script.roles[step.who]
        person = self.people[step.who]
        within = float(step.options.get("within", WITHIN))
        argument = "" if step.argument is None else str(step.argument)
        match step.verb:
            case "lifts":
                person.lift()
            case "hangs up":
                person.hang_up()
            case "flashes":
                await person.flash()
            case "presses":
                await person.press(argument)
            case "pulses":
                await person.pulse(argument)
            case "calls":
                await person.call(argument or first_number(self._house.site), within)
            case "says":
                sound = replace(self._spoken(argument), says=str(step.options.get("as", "human")))
                await self._says(person, argument, sound, str(step.options.get("to", "")), within)
                return
            case "sends":
                self._tell(self._clock.now(), role.name, _told(step, argument))
                await person.send(machine_sound(argument, self._house.around.zone), repeat=argument in REPEATED)
                return
            case "hears":
                await self._hears(person, argument, within)
            case "hears nothing":
                await person.hear_silence(float(argument))
            case "is not rung":
                await person.not_rung(float(argument))
            case "bell stops":
                await person.bell_stops(within)
            case "rings":
                shown = await person.ring(int(argument), within)
                self._check_display(step, role.name, shown.number)
        self._tell(self._clock.now(), role.name, _told(step, argument))

    async def _says(self, person: Person, text: str, sound: Sound, to: str, within: float) -> None:
        """Speak; `to`: and somebody hears it meanwhile."""
        self._tell(self._clock.now(), person.name, f"says “{text}”")
        if not to:
            await person.say(sound)
            return
        listener = self.people[to]
        hearing = asyncio.get_running_loop().create_task(listener.hear_sound(sound, within))
        try:
            await person.say(sound)
            await hearing
        finally:
            hearing.cancel()
        self._tell(self._clock.now(), listener.name, f"hears “{text}”")

    async def _hears(self, person: Person, what: str, within: float) -> None:
        if what in MACHINE_SOUNDS:
            await person.hear_sound(machine_sound(what, self._house.around.zone), within)
            return
        if what in TONES:
            await person.hear_tone(what, within)
            return
        began, sound = self._clock.now(), self._sound(what)
        try:
            await person.hear_sound(sound, within)
        except Unmet as unmet:
            raise unmet.because(self._hindsight.of_sound(sound.name, began)) from None

    def _check_display(self, step: Step, name: str, number: str) -> None:
        wanted = step.options.get("shows")
        if wanted is not None and str(wanted) != number:
            raise Unmet(name, f"the display to show {wanted}", f"it shows {number or 'nothing'}")

    def _sound(self, what: str) -> Sound:
        """A prompt by name ("welcome", "en/welcome"), or what somebody says."""
        language, slash, name = what.rpartition("/")
        if name in self._house.prompts.book.names():
            return self._house.prompts.get(name, language if slash else self._house.site.system.language)
        return self._spoken(what)

    def _spoken(self, text: str) -> Sound:
        return self._house.prompts.text(text, self._house.site.system.language)

    # ---- facts ----

    async def _expect(self, step: Step) -> None:
        if isinstance(step.argument, Variable | Record):
            await self._expect_of_call(step, step.argument)
            return
        wanted = _known(step)
        since = self._looked
        try:
            async with asyncio.timeout(float(step.options["within"])):
                while not self._find(wanted, since):
                    self._fresh.clear()
                    await self._fresh.wait()
        except TimeoutError:
            told = [type(entry.fact).__name__ for entry in self._facts if entry.seq > since]
            heard = ", ".join(told[-12:]) or "nothing"
            raise Unmet("the journal", _wanted(wanted), f"since the last expectation it says: {heard}").because(
                self._hindsight.where()) from None

    async def _expect_of_call(self, step: Step, wanted: Variable | Record) -> None:
        """A variable, or the CDR, of somebody's call; looked at again with each fact."""
        try:
            async with asyncio.timeout(float(step.options["within"])):
                while self._differs(wanted):
                    self._fresh.clear()
                    await self._fresh.wait()
        except TimeoutError:
            raise Unmet("the story", str(wanted), self._differs(wanted)).because(self._hindsight.where()) from None

    def _differs(self, wanted: Variable | Record) -> str:
        """What is otherwise than wanted, "" if nothing is."""
        number = self._script.roles[wanted.of].number if wanted.of else ""
        calls = [call for call in self._calls.values() if not number or call.calling == number]
        if not calls:
            return f"{wanted.of or 'nobody'} has called"
        call = calls[-1]
        if isinstance(wanted, Variable):
            if wanted.name not in call.variables:
                return f"it is not set; set are: {', '.join(call.variables) or 'none'}"
            value = call.variables[wanted.name]
            return "" if value == wanted.value else f"it is {value!r}"
        cdr = self._house.tables.cdrs.find(call.id)
        if cdr is None:
            return "the call has not ended, so it has no CDR: let everybody hang up before"
        other = [f"{name} is {found!r}" for name, value in wanted.fields.items()
                 if str(found := getattr(cdr, name)) != str(value)]
        return ", ".join(other)

    def _find(self, wanted: Mapping[str, Any], since: int) -> bool:
        for entry in self._facts:
            if entry.seq > since and matches(entry.fact, wanted):
                self._looked = max(self._looked, entry.seq)
                return True
        return False

    def _never(self, step: Step) -> None:
        """Since the story began there was no such fact."""
        wanted = _known(step)
        for entry in self._facts:
            if matches(entry.fact, wanted):
                raise Unmet("the journal", f"never {_wanted(wanted)}", f"it did: {entry.fact}")

    def _hear(self, entry: Entry) -> None:
        self._facts.append(entry)
        self._hindsight.hear(entry)
        call = self._house.switch.calls.get(getattr(entry.fact, "call", ""))
        if call is not None:
            self._calls.setdefault(call.id, call)
        self._fresh.set()


def spoken_texts(script: Script) -> list[str]:
    """Everything somebody says, in order: what the voice must render before the story begins."""
    def walk(steps: tuple[Step, ...]) -> list[str]:
        texts: list[str] = []
        for step in steps:
            if step.verb in ("together", "in turn"):
                texts += walk(step.argument)
            elif step.verb == "says":
                texts.append(str(step.argument))
        return texts
    return list(dict.fromkeys([*walk(script.steps), *script.announcements.values()]))


def _known(step: Step) -> Mapping[str, Any]:
    wanted: Mapping[str, Any] = step.argument
    if wanted["fact"] not in Kinds.BY_NAME:
        raise ConfigError([Finding(step.place, step.verb, f"there is no fact {wanted['fact']!r}",
                                   "see docs/journal.md")])
    return wanted


def _told(step: Step, argument: str) -> str:
    return f"{step.verb} {argument}".strip()


def _wanted(wanted: Mapping[str, Any]) -> str:
    rest = ", ".join(f"{key} {value}" for key, value in wanted.items() if key != "fact")
    return f"to say {wanted['fact']}" + (f" with {rest}" if rest else "")
