"""A call's visit to a flow: what the nodes share while one call walks through them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from ccappliance.apps.ivr.directory import Keypad, Person
from ccappliance.apps.ivr.names import OPEN, SECRET, VARS
from ccappliance.apps.ivr.reach import Reach
from ccappliance.apps.ivr.written import Prompt, Prompts, each
from ccappliance.base.clock import Clock
from ccappliance.base.expressions import Expression, evaluate_text
from ccappliance.base.values import Value
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.callers import NAMES as OF_CALLER
from ccappliance.call.collect import Collect, Collected
from ccappliance.media.ports import Sound
from ccappliance.media.say import Say
from ccappliance.media.speech import Speech


class Journal(Protocol):
    """Where facts are written."""

    def write(self, fact: facts.Fact) -> object: ...


class Book(Protocol):
    """What the flows need of the prompt book."""

    @property
    def default_language(self) -> str: ...
    def get(self, name: str, language: str) -> Sound: ...
    def text(self, text: str, language: str) -> Sound: ...


class Chance(Protocol):
    """What the flows need of chance."""

    def randrange(self, stop: int, /) -> int: ...


class TakesMessages(Protocol):
    """Mailboxes: apps/voicemail."""

    async def take(self, call: Call, mailbox: str) -> str:
        """Let the caller leave a message: "sent", "full", "short" (nobody spoke), "failed". LegGone if he leaves."""
        ...


class PromisesCalls(Protocol):
    """Callbacks: apps/acd."""

    async def request(self, call: Call, queue: str) -> str:
        """Ask the caller where to call him back in his turn: "promised", "declined", "not_offered". LegGone."""
        ...


class LetsIn(Protocol):
    """Conference rooms: apps/conference."""

    async def enter(self, call: Call, number: str) -> str:
        """Let the caller in until he leaves: "left", "full", "failed" (no such room, or a wrong PIN). LegGone."""
        ...


@dataclass(frozen=True)
class Tools:
    """What every flow is given: the same objects for all of them."""

    book: Book
    say: Say
    journal: Journal
    clock: Clock
    mail: TakesMessages
    callbacks: PromisesCalls
    conferences: LetsIn
    zone: tzinfo  # in which the caller lives: "time" and "weekday" of expressions, and what `say` tells
    chance: Chance
    calendar: Callable[[str], str]  # a calendar's state now, one of call/calendar.py's STATES
    speech: Speech  # who understands callers; NoSpeech if nobody does
    keypad: Keypad
    people: Callable[[], Sequence[Person]]  # who can be asked for by name, now
    reach: Reach  # what is outside the house


@dataclass(frozen=True, slots=True)
class Leave:
    """A node's answer that ends the visit: to a destination that is known only now, or None when the call is over.

    `way` is the key of the edge whose target is a pattern ("station:*"). `back`: not away but out of a sub-flow, with
    the result `way`.
    """

    to: str | None = None
    way: str = ""
    back: bool = False


class Through(Protocol):
    """How a visit goes through another flow: the result it returned, or Leave if it led the call away."""

    async def __call__(self, flow: str, visit: "Visit") -> str | Leave: ...


class Visit:
    """One call in one flow. `node` is the name of the node it is in; `steps` counts nodes, those of sub-flows too."""

    def __init__(self, call: Call, flow: str, tools: Tools, expressions: Mapping[str, Expression],
                 through: Through) -> None:
        self.call = call
        self.flow = flow
        self.tools = tools
        self.node = ""
        self.way = ""  # the edge by which it came there
        self.steps = 0
        self._expressions = expressions
        self._through = through
        self._kept = ""  # a digit that ended a played prompt: the first one of the next menu or collect

    def enter(self, node: str) -> None:
        self.node = node
        self.tools.journal.write(facts.NodeEntered(self.call.id, self.flow, node, self.way))

    def leave(self, to: str | None) -> str | None:
        """The visit is over."""
        self.tools.journal.write(facts.FlowLeft(self.call.id, self.flow, self.node, self.way, to or ""))
        return to

    async def through(self, flow: str) -> str | Leave:
        """Go through a sub-flow and come back: its result, or Leave if it has led the call away."""
        return await self._through(flow, self)

    @property
    def has_key(self) -> bool:
        """A key was pressed ahead: the next menu or collect begins with it."""
        return bool(self._kept)

    def take_over(self, other: "Visit") -> None:
        """The same call goes on here: what it has pressed ahead, and how far it has gone."""
        self.steps, self._kept = other.steps, other._kept

    def collected(self, digits: str, reason: str, *, secure: bool = False) -> None:
        """Journal what the caller entered."""
        shown = "?" * len(digits) if secure else digits
        self.tools.journal.write(facts.InputCollected(self.call.id, self.node, shown, reason))

    def sounds(self, *written: Prompts) -> list[Sound]:
        """The prompts in the caller's language."""
        return [self._sound(prompt) for prompts in written for prompt in each(prompts)]

    async def play(self, written: Prompts) -> None:
        """Answer if need be and play to the end; nothing at all if nothing is written."""
        sounds = self.sounds(written)
        if sounds:
            await self.call.play(sounds)

    async def play_early(self, written: Prompts) -> None:
        """Play to the end without answering, where the caller's line carries sound before the answer; else answer."""
        sounds = self.sounds(written)
        if sounds:
            await self.call.play_early(sounds)

    async def listen(self, sounds: Sequence[Sound]) -> None:
        """Play until the end or a digit, which is kept; not at all if one is kept already."""
        if not self._kept:
            barge = Collect(most=1, least=0, terminator="", first=0.0)
            self._kept = (await self.call.collect(barge, sounds)).digits

    def keep(self, digits: str) -> None:
        """The first of these counts for the next menu or collect."""
        self._kept = self._kept or digits[:1]

    async def collect(self, ask: Collect, sounds: Sequence[Sound] = ()) -> Collected:
        """Collect digits, beginning with the kept one."""
        kept, self._kept = self._kept, ""
        if not kept:
            return await self.call.collect(ask, sounds)
        if kept in ask.terminator:
            return Collected("", "terminator")
        if ask.most == 1:
            return Collected(kept, "complete")
        rest = await self.call.collect(replace(ask, most=ask.most - 1, first=ask.between))
        return Collected(kept + rest.digits, rest.reason)

    def now(self) -> datetime:
        """The time where the caller lives."""
        return self.tools.clock.wall().astimezone(self.tools.zone)

    def compute(self, source: str) -> str:
        """The value of one of the flow's expressions, as a text."""
        return evaluate_text(self._expressions[source], self._look_up)

    def _sound(self, prompt: Prompt) -> Sound:
        book, language = self.tools.book, self.call.language
        if isinstance(prompt, str):
            forced, slash, name = prompt.rpartition("/")
            return book.get(name, forced) if slash else book.get(prompt, language)
        for one in (language, book.default_language, *prompt):
            if one in prompt:
                return book.text(prompt[one], one)
        return book.get("", language)

    def _look_up(self, name: str) -> Value:
        call = self.call
        if name.startswith(VARS):
            return call.variables.get(name.removeprefix(VARS), "")
        if name.startswith(SECRET):
            return call.secrets.get(name.removeprefix(SECRET), "")
        if name.startswith(OPEN):
            return self.tools.calendar(name.removeprefix(OPEN)) == "open"
        if name in OF_CALLER:
            return OF_CALLER[name](call.caller)
        texts = {"caller": call.calling, "called": call.called, "name": call.name, "line": call.line,
                 "language": call.language, "direction": call.direction}
        if name in texts:
            return texts[name]
        now = self.now()
        if name == "weekday":
            return Decimal(now.isoweekday())
        return now.strftime("%H:%M") if name == "time" else now.date().isoformat()
