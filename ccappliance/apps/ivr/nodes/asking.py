"""The node that asks the caller for a choice: menu."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Prompt, Prompts, edges_of, flat
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Sound

KEY_PATTERN = r"[0-9*#A-D]{1,8}"


@dataclass(frozen=True, kw_only=True)
class Menu(Node):
    """Asks for one choice, a bounded number of times."""

    type: ClassVar[str] = "menu"
    waits: ClassVar[bool] = True
    prompt: Prompts = required(doc="What the caller can choose.")
    keys: Mapping[str, str] = required(doc="Per key (0-9 * # or several digits) the target. Put * and # in quotes.")
    seconds: float = key(5.0, unit="s", least=1, most=60, doc="How long a caller may think after the prompt.")
    between: float = key(2.0, unit="s", least=0.5, most=20, doc="Pause that ends a key of several digits.")
    tries: int = key(3, least=1, most=10, doc="How often the menu is played before the call goes on elsewhere.")
    invalid_prompt: Prompts = key("invalid_key", doc="Played before the menu again, after a key that is not offered.")
    timeout_prompt: Prompts = key("no_input", doc="Played before the menu again, after no key at all.")
    invalid: str = key("", doc=f"After the last try, if a wrong key was pressed. {TARGET}")
    timeout: str = key("", doc=f"After the last try, if no key was pressed. {TARGET}")

    def edges(self) -> list[Edge]:
        ways = [Edge(f"keys.{key}", target) for key, target in self.keys.items()]
        return ways + edges_of(("invalid", self.invalid), ("timeout", self.timeout))

    def prompts(self) -> list[tuple[str, Prompt]]:
        return [*flat("prompt", self.prompt), *flat("invalid_prompt", self.invalid_prompt),
                *flat("timeout_prompt", self.timeout_prompt)]

    def inspect(self, report: Report, path: str) -> None:
        if not self.keys:
            report.error(f"{path}.keys", "the menu offers no key", "add at least one")
        for pressed in self.keys:
            if re.fullmatch(KEY_PATTERN, pressed) is None:
                report.error(f"{path}.keys.{pressed}", f"'{pressed}' cannot be pressed", "a key is 1 to 8 of 0-9 * #")
        if self.prompt == ():
            report.error(f"{path}.prompt", "there is nothing to play", "name a prompt")
        if not self.invalid:
            report.error(path, "nothing is said for callers who press wrong keys", f"add invalid: to {path}")
        if not self.timeout:
            report.error(path, "nothing is said for callers who press no key", f"add timeout: to {path}")

    async def run(self, visit: Visit) -> str:
        """Ask for a key, at most `tries` times; then the way for wrong keys or for silence, by the last try."""
        pressed = ""
        sounds = visit.sounds(self.prompt)
        for _ in range(self.tries):
            pressed, reason = await self._key(visit, sounds)
            offered = pressed in self.keys
            visit.collected(pressed, reason if offered or not pressed else "invalid")
            if offered:
                return f"keys.{pressed}"
            sounds = visit.sounds(self.invalid_prompt if pressed else self.timeout_prompt, self.prompt)
        return "invalid" if pressed else "timeout"

    async def _key(self, visit: Visit, sounds: list[Sound]) -> tuple[str, str]:
        """One key of the menu, of one or several digits: complete as soon as no longer key begins with it."""
        pressed = ""
        while True:
            ask = Ask(most=1, terminator="", first=self.between if pressed else self.seconds)
            came = await visit.collect(ask, () if pressed else sounds)
            pressed += came.digits
            longer = any(key != pressed and key.startswith(pressed) for key in self.keys)
            if came.reason == "timeout" or not longer:
                return pressed, came.reason
