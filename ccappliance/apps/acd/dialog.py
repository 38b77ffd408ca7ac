"""The dialog with a waiting caller who asks to be called back: his number said, confirmed, or another one entered.

He stays in line all the while: whoever gets free for him ends it, and they talk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.entry import Entry
from ccappliance.base.errors import Bug
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.call.collect import Collect
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.apps.acd.announcer import Prompts, Says
    from ccappliance.call.call import Call

CONFIRM = "1"
TRIES = 3
NUMBER_IS, CONFIRM_OR_ENTER = "callback_number_is", "callback_confirm"
ENTER, WRONG, KEPT, PROMISED = "callback_enter", "callback_wrong_number", "callback_not_taken", "callback_promised"
# "1" and then nothing confirms, "13…#" is a number: the gap between two keys tells. `*` is no digit and gives it up.
ASK = Collect(most=MAX_DIALLED, terminator="#*", first=8.0, between=3.0)


class Callbacks(Protocol):
    """Who keeps promises to call back."""

    def offered(self, entry: Entry) -> bool:
        """Whether this caller may be called back now: configured, open, room for one more promise."""
        ...

    def number_problem(self, number: str) -> str:
        """Why this number can't be called back, in words for people; "" if it can."""
        ...

    def promise(self, entry: Entry, number: str, told: tuple[float, float] | None = None) -> None:
        """Take the entry out of line (outcome "callback_taken") and put the promise in its place.

        `told`: the seconds from now within which he was told to be served; None: he was told no wait.
        """
        ...


class NoCallbacks:
    """Nobody is ever called back."""

    def offered(self, entry: Entry) -> bool:
        return False

    def number_problem(self, number: str) -> str:
        return "nobody is called back here"

    def promise(self, entry: Entry, number: str, told: tuple[float, float] | None = None) -> None:
        raise Bug(f"{entry} was promised a call, but nobody calls back here")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said where a caller waits, or does not; prompts by name."""

    confirm: str = CONFIRM_OR_ENTER
    enter: str = ENTER
    kept: str = KEPT  # he wants none; "": nothing is said


WAITS, PASSES = Words(), Words("callback_confirm_or_back", "callback_enter_or_back", "")


async def ask_number(call: "Call", prompts: "Prompts", say: "Says", problem: Callable[[str], str],
                     said: Words = WAITS) -> str:
    """The number the caller wants to be called back at; "" if he wants none. LegGone if he leaves.

    The first is his own, if it can be called; every number he enters is said to him before it counts.
    """
    def words(*names: str) -> list[Sound]:
        return [prompts.get(name, call.language) for name in names]

    number = call.calling if call.calling and not problem(call.calling) else ""
    before: Sequence[Sound] = ()
    for _ in range(TRIES + 1):
        if number:
            sounds = [*before, *words(NUMBER_IS), *say.digits(number, call.language), *words(said.confirm)]
        else:
            sounds = [*before, *words(said.enter)]
        answer = await call.anchor.collect(ASK, sounds)
        pressed, before = answer.digits, ()
        if not pressed:
            break  # nothing, or a star: he has thought better of it
        if number and pressed == CONFIRM:
            return number
        if problem(pressed):
            before = words(WRONG)
        else:
            number = pressed
    if said.kept:
        await call.anchor.play(words(said.kept))
    return ""
