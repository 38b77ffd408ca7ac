"""The node that asks for digits: collect, with check digits, confirmation, and in secret."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.checksums import CHECKSUMS, ID_CARD
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.silence import warn_of_silence
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, VARIABLE_PATTERN, Edge, Keyed, Prompt, Prompts, edges_of, flat
from ccappliance.base.dialplan import pattern_matches, pattern_problem
from ccappliance.base.limits import MAX_COLLECT
from ccappliance.call.collect import Collect as Ask
from ccappliance.call.collect import Collected
from ccappliance.config.keys import Report, key, required

RIGHT, AGAIN = "1", "2"  # the keys that answer whether it was heard right
READINGS = 2  # how often it is read back to somebody who presses neither, before he is asked for it anew


@dataclass(frozen=True, kw_only=True)
class Collect(Node):
    """Asks for digits and keeps them in a variable."""

    type: ClassVar[str] = "collect"
    waits: ClassVar[bool] = True
    prompt: Prompts = required(doc="What the caller is asked for.")
    variable: str = required(pattern=VARIABLE_PATTERN, doc="Name of the variable: small letters, digits and _.")
    most: int = key(20, least=1, most=MAX_COLLECT, doc="Digits after which it is complete.")
    least: int = key(1, least=0, most=MAX_COLLECT, doc="Fewer digits are refused.")
    accept: tuple[str, ...] = key((), doc="Patterns as in routes (1[3-9]XXXXXXXXX), one of which it must match; "
                                          "none: any digits.")
    checksum: str = key("none", choices=tuple(CHECKSUMS), doc="Check digit it must have: luhn (bank cards), id_card "
                                                              "(18 digits; * is the X).")
    confirm: bool = key(False, doc="Reads the digits back: 1 if they are right, 2 to enter them anew.")
    terminator: str = key("#", pattern=r"[0-9*#A-D]{0,4}", doc="Keys that end the input; \"\" for none.")
    seconds: float = key(8.0, unit="s", least=1, most=120, doc="Time for the first digit, after the prompt.")
    between: float = key(4.0, unit="s", least=0.5, most=60, doc="Time for each further digit.")
    tries: int = key(3, least=1, most=10, doc="How often it is asked.")
    secure: bool = key(False, doc="Nobody but the flow gets the digits: ? in the journal, silence in recordings, and "
                                  "the variable is secret.<variable>, for nodes that send it on in secret.")
    invalid_prompt: Prompts = key("invalid_key", doc="Played before it is asked again, after what cannot be right.")
    timeout_prompt: Prompts = key("no_input", doc="Played before it is asked again, after no digit at all.")
    confirm_prompt: Prompts = key("collect_confirm", doc="Played after the digits were read back: which key is which.")
    next: str = required(doc=f"When it was given. {TARGET}")
    failed: str = key("", doc=f"After the last try. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next), *edges_of(("failed", self.failed))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        asked = [*flat("prompt", self.prompt), *flat("invalid_prompt", self.invalid_prompt),
                 *flat("timeout_prompt", self.timeout_prompt)]
        return [*asked, *flat("confirm_prompt", self.confirm_prompt)] if self.confirm else asked

    def sets(self) -> list[str]:
        return [] if self.secure else [self.variable]

    def secrets(self) -> Keyed:
        return [("variable", self.variable)] if self.secure else []

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
        for index, pattern in enumerate(self.accept):
            if problem := pattern_problem(pattern):
                report.error(f"{path}.accept[{index}]", problem, "write it like 1[3-9]XXXXXXXXX")
        if self.secure and self.confirm:
            report.error(f"{path}.confirm", "a secret would be said aloud", "leave out confirm or secure")
        if self.checksum == "id_card" and self.most < ID_CARD:
            report.error(f"{path}.most", f"an identity number has {ID_CARD} characters", f"write most: {ID_CARD}")
        if self.checksum == "id_card" and "*" in self.terminator:
            report.error(f"{path}.terminator", "* is the X of an identity number and cannot end it", 'write "#"')

    async def run(self, visit: Visit) -> str:
        """Ask for digits, at most `tries` times, and keep them in the variable."""
        most = ID_CARD if self.checksum == "id_card" else self.most
        ask = Ask(most=most, least=self.least, terminator=self.terminator, first=self.seconds, between=self.between,
                  secure=self.secure)
        sounds = visit.sounds(self.prompt)
        for _ in range(self.tries):
            came = await visit.collect(ask, sounds)
            digits = came.digits.replace("*", "X") if self.checksum == "id_card" else came.digits
            silent = came.reason == "timeout" and not digits
            right = not (silent and self.least) and self._may_be(digits)
            visit.collected(came.digits, came.reason if right or silent else "invalid", secure=self.secure)
            if right and await self._confirmed(visit, digits):
                (visit.call.secrets if self.secure else visit.call.variables)[self.variable] = digits
                return "next"
            before = self.timeout_prompt if silent else () if right else self.invalid_prompt
            sounds = visit.sounds(before, self.prompt)
        return "failed"

    def _may_be(self, digits: str) -> bool:
        """Nothing at all has no check digit: whoever allows it (least: 0) gets it."""
        if len(digits) < self.least:
            return False
        known = not self.accept or any(pattern_matches(pattern, digits) for pattern in self.accept)
        return not digits or (known and CHECKSUMS[self.checksum](digits))

    async def _confirmed(self, visit: Visit, digits: str) -> bool:
        if not self.confirm or not digits:
            return True
        said = [*visit.sounds("collect_entered"), *visit.tools.say.spelled(digits, visit.call.language),
                *visit.sounds(self.confirm_prompt)]
        answer = Collected("", "timeout")
        for _ in range(READINGS):
            answer = await visit.collect(Ask(most=1, terminator="", first=self.seconds), said)
            if answer.digits in (RIGHT, AGAIN):
                break
        if answer.digits != RIGHT:
            visit.collected("", "rejected")
        return answer.digits == RIGHT
