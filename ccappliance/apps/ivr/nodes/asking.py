"""The node that asks the caller for a choice: menu."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.hearing import SPOKEN, UNSURE, key_or_phrase
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.silence import warn_of_silence
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed, Prompt, Prompts, edges_of, flat
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Sound
from ccappliance.media.speech import Phrase, check_phrases

KEY_PATTERN = r"[0-9*#A-D]{1,8}"


@dataclass(frozen=True, kw_only=True)
class Menu(Node):
    """Asks for one choice, a bounded number of times."""

    type: ClassVar[str] = "menu"
    waits: ClassVar[bool] = True
    prompt: Prompts = required(doc="What the caller can choose.")
    keys: Mapping[str, str] = required(doc="Per key (0-9 * # or several digits) the target. Put * and # in quotes.")
    speech: bool = key(False, doc="Whether callers may say what they want, besides pressing keys.")
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]] = key(
        factory=dict, doc="Per key of keys and per language what callers may say: 1: {zh: [销售], en: [sales]}.")
    confidence: float = key(0.5, least=0, most=1, doc="How sure the recogniser must be of a phrase; else it is asked "
                                                      "again, and there are the keys.")
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

    def languages(self) -> Keyed:
        return [(f"phrases.{pressed}.{language}", language) for pressed, said in self.phrases.items()
                for language in said]

    def inspect(self, report: Report, path: str) -> None:
        if not self.keys:
            report.error(f"{path}.keys", "the menu offers no key", "add at least one")
        for pressed in self.keys:
            if re.fullmatch(KEY_PATTERN, pressed) is None:
                report.error(f"{path}.keys.{pressed}", f"'{pressed}' cannot be pressed", "a key is 1 to 8 of 0-9 * #")
        self._inspect_phrases(report, path)
        if self.prompt == ():
            report.error(f"{path}.prompt", "there is nothing to play", "name a prompt")
        if not self.invalid:
            report.error(path, "nothing is said for callers who press wrong keys", f"add invalid: to {path}")
        if not self.timeout:
            report.error(path, "nothing is said for callers who press no key", f"add timeout: to {path}")
        for pressed in self.keys:
            longer = [key for key in self.keys if key != pressed and key.startswith(pressed)]
            if longer:
                report.warning(f"{path}.keys.{pressed}", f"{longer[0]} begins with it: who presses {pressed} hears "
                               f"nothing for {self.between:g} s", "give them keys that do not begin alike")
        warn_of_silence(report, path, self.seconds, self.between)

    def _inspect_phrases(self, report: Report, path: str) -> None:
        if self.speech and not self.phrases:
            report.error(f"{path}.speech", "there is nothing to be said", f"add phrases: to {path}")
        for pressed in self.phrases:
            if pressed not in self.keys:
                report.error(f"{path}.phrases.{pressed}", f"'{pressed}' is no key of this menu", "add it to keys")
        for language in dict.fromkeys(language for said in self.phrases.values() for language in said):
            if problem := check_phrases(self._said_in(language)):
                report.error(f"{path}.phrases", f"in '{language}' {problem}", "see docs/ivr.md, menu")

    def _said_in(self, language: str) -> list[Phrase]:
        return [Phrase(text, pressed) for pressed, said in self.phrases.items() for text in said.get(language, ())]

    async def run(self, visit: Visit) -> str:
        """Ask for a key, at most `tries` times; then the way for wrong keys or for silence, by the last try."""
        pressed, wrong = "", False
        sounds = visit.sounds(self.prompt)
        for _ in range(self.tries):
            pressed, reason = await self._key(visit, sounds)
            offered = pressed in self.keys
            visit.collected(pressed, reason if offered or not pressed else "invalid")
            if offered:
                return f"keys.{pressed}"
            wrong = bool(pressed) or reason == UNSURE
            sounds = visit.sounds(self.invalid_prompt if wrong else self.timeout_prompt, self.prompt)
        return "invalid" if wrong else "timeout"

    async def _key(self, visit: Visit, sounds: list[Sound]) -> tuple[str, str]:
        """One key of the menu, of one or several digits: complete as soon as no longer key begins with it."""
        phrases = self._said_in(visit.call.language) if self.speech else []
        came = await key_or_phrase(visit, Ask(most=1, terminator="", first=self.seconds), sounds, phrases,
                                   self.confidence)
        if came.reason in (SPOKEN, UNSURE):
            return came.digits, came.reason
        pressed = came.digits
        while True:
            longer = any(key != pressed and key.startswith(pressed) for key in self.keys)
            if came.reason == "timeout" or not longer:
                return pressed, came.reason
            came = await visit.collect(Ask(most=1, terminator="", first=self.between))
            pressed += came.digits
