"""Nodes that ask the caller for something: menu and collect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, VARIABLE_PATTERN, Edge, Prompt, Prompts, edges_of, flat
from ccappliance.base.limits import MAX_COLLECT
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Sound

KEY_PATTERN = r"[0-9*#A-D]{1,8}"
LONG_SILENCE = 20.0  # seconds; callers take a longer one for a broken line, and many hang up


def warn_of_silence(report: Report, path: str, seconds: float, between: float) -> None:
    """Of times a caller is given in which he hears nothing."""
    for key_name, silent in (("seconds", seconds), ("between", between)):
        if silent > LONG_SILENCE:
            report.warning(f"{path}.{key_name}", f"for {silent:g} s the caller hears nothing and takes the line for "
                           "dead",
                           f"at most {LONG_SILENCE:g} s; ask again instead, see tries")


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
        for pressed in self.keys:
            longer = [key for key in self.keys if key != pressed and key.startswith(pressed)]
            if longer:
                report.warning(f"{path}.keys.{pressed}", f"{longer[0]} begins with it: who presses {pressed} hears "
                               f"nothing for {self.between:g} s", "give them keys that do not begin alike")
        warn_of_silence(report, path, self.seconds, self.between)

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


@dataclass(frozen=True, kw_only=True)
class Collect(Node):
    """Asks for digits and keeps them in a variable."""

    type: ClassVar[str] = "collect"
    waits: ClassVar[bool] = True
    prompt: Prompts = required(doc="What the caller is asked for.")
    variable: str = required(pattern=VARIABLE_PATTERN, doc="Name of the variable: small letters, digits and _.")
    most: int = key(20, least=1, most=MAX_COLLECT, doc="Digits after which it is complete.")
    least: int = key(1, least=0, most=MAX_COLLECT, doc="Fewer digits are refused.")
    terminator: str = key("#", pattern=r"[0-9*#A-D]{0,4}", doc="Keys that end the input; \"\" for none.")
    seconds: float = key(8.0, unit="s", least=1, most=120, doc="Time for the first digit, after the prompt.")
    between: float = key(4.0, unit="s", least=0.5, most=60, doc="Time for each further digit.")
    tries: int = key(3, least=1, most=10, doc="How often it is asked.")
    secure: bool = key(False, doc="The digits appear as ? in the journal.")
    invalid_prompt: Prompts = key("invalid_key", doc="Played before it is asked again, after too few digits.")
    timeout_prompt: Prompts = key("no_input", doc="Played before it is asked again, after no digit at all.")
    next: str = required(doc=f"When it was given. {TARGET}")
    failed: str = key("", doc=f"After the last try. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next), *edges_of(("failed", self.failed))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return [*flat("prompt", self.prompt), *flat("invalid_prompt", self.invalid_prompt),
                *flat("timeout_prompt", self.timeout_prompt)]

    def sets(self) -> list[str]:
        return [self.variable]

    def inspect(self, report: Report, path: str) -> None:
        if not self.failed:
            report.error(path, "nothing is said for callers who enter nothing valid", f"add failed: to {path}")
        if self.least > self.most:
            report.error(f"{path}.least", f"least is {self.least}, more than most, {self.most}", "raise most")
        for ends in self.terminator:
            if ends.isdigit():
                report.warning(f"{path}.terminator", f"{ends} ends the input, so nobody can enter a number with "
                               f"a {ends}", "end it with # or *")
        warn_of_silence(report, path, self.seconds, self.between)

    async def run(self, visit: Visit) -> str:
        """Ask for digits, at most `tries` times, and keep them in the variable."""
        ask = Ask(most=self.most, least=self.least, terminator=self.terminator, first=self.seconds,
                      between=self.between, secure=self.secure)
        sounds = visit.sounds(self.prompt)
        for _ in range(self.tries):
            came = await visit.collect(ask, sounds)
            silent = came.reason == "timeout" and not came.digits
            enough = len(came.digits) >= self.least and not (silent and self.least)
            visit.collected(came.digits, came.reason if enough or silent else "invalid", secure=self.secure)
            if enough:
                visit.call.variables[self.variable] = came.digits
                return "next"
            sounds = visit.sounds(self.timeout_prompt if silent else self.invalid_prompt, self.prompt)
        return "failed"
