"""The node that finds people by name: directory, spelled on the keypad."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.directory import Person, spoken_in
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Prompt, Prompts, edges_of, flat
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Sound

MOST_LETTERS = 16
MOST_READ = 9  # people read out: one key each
AGAIN = "*"
_SPOKEN = ("directory_for", "directory_press", "directory_again", "directory_nobody", "directory_many",
           "directory_away")


@dataclass(frozen=True, kw_only=True)
class Directory(Node):
    """Finds a person by the letters of his name and leaves the flow for his telephone."""

    type: ClassVar[str] = "directory"
    waits: ClassVar[bool] = True
    prompt: Prompts = key("directory_enter", doc="How a name is spelled.")
    least: int = key(2, least=1, most=MOST_LETTERS, doc="Fewer letters are refused: too many people begin so.")
    seconds: float = key(8.0, unit="s", least=1, most=60, doc="Time for the first letter, and for a choice.")
    between: float = key(3.0, unit="s", least=0.5, most=20, doc="Pause that ends the name, as # does.")
    tries: int = key(3, least=1, most=10, doc="How often it is asked.")
    timeout_prompt: Prompts = key("no_input", doc="Played before it is asked again, after no key at all.")
    failed: str = required(doc=f"When nobody was found or chosen after the last try. {TARGET}")
    away: str = key("", doc=f"When the person chosen cannot be reached; empty: as failed. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("person", "station:*"), *edges_of(("failed", self.failed), ("away", self.away))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return [*flat("prompt", self.prompt), *flat("timeout_prompt", self.timeout_prompt),
                *((f"<{name}>", name) for name in _SPOKEN)]

    def inspect(self, report: Report, path: str) -> None:
        if self.prompt == ():
            report.error(f"{path}.prompt", "there is nothing to play", "name a prompt")

    async def run(self, visit: Visit) -> str | Leave:
        ask = Ask(most=MOST_LETTERS, terminator="#", first=self.seconds, between=self.between)
        sounds = visit.sounds(self.prompt)
        for _ in range(self.tries):
            came = await visit.collect(ask, sounds)
            silent = came.reason == "timeout" and not came.digits
            visit.collected(came.digits, came.reason if silent or len(came.digits) >= self.least else "invalid")
            found = self._find(visit, came.digits)
            if found and len(found) <= MOST_READ:
                person = await self._choose(visit, found)
                if person is not None:
                    return await self._go(visit, person)
            told = self.timeout_prompt if silent else () if 0 < len(found) <= MOST_READ else (
                "directory_many" if found else "directory_nobody")
            sounds = visit.sounds(told, self.prompt)
        return "failed"

    def _find(self, visit: Visit, digits: str) -> list[Person]:
        return visit.tools.keypad.find(digits, visit.tools.people()) if len(digits) >= self.least else []

    async def _choose(self, visit: Visit, found: Sequence[Person]) -> Person | None:
        """Read out who was found, twice at most; None if the caller wants none of them."""
        keys = {str(index): person for index, person in enumerate(found, 1)}
        said: list[Sound] = []
        for pressed, person in keys.items():
            name = visit.tools.book.text(person.name, spoken_in(person.name))
            said += [*visit.sounds("directory_for"), name, *visit.sounds("directory_press"),
                     *visit.tools.say.number(int(pressed), visit.call.language)]
        said += visit.sounds("directory_again")
        for _ in range(2):
            came = await visit.collect(Ask(most=1, terminator="", first=self.seconds), said)
            visit.collected(came.digits, came.reason if came.digits in ("", AGAIN, *keys) else "invalid")
            if came.digits in keys:
                return keys[came.digits]
            if came.digits == AGAIN:
                break
        return None

    async def _go(self, visit: Visit, person: Person) -> str | Leave:
        if person.to:
            return Leave(person.to, "person")
        await visit.play("directory_away")
        return "away" if self.away else "failed"
