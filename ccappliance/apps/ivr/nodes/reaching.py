"""Nodes that bring somebody to the caller: dial; and the announced transfer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.ringing import accepted, reach
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed, Prompt, Prompts, edges_of, flat
from ccappliance.base.dialplan import pattern_matches, pattern_problem
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.call.leg import Leg
from ccappliance.config.keys import Report, key
from ccappliance.media.ports import Sound

RINGABLE = ("station", "agent-number", "trunk")  # kinds of destinations that are a party
TRANSFERRED = "transferred"  # the way of a caller whom his partner has sent elsewhere
MOST_TARGETS = 8


@dataclass(frozen=True, kw_only=True)
class Dial(Node):
    """Rings telephones or a number outside for the caller; when they have talked, he may come back to the flow."""

    type: ClassVar[str] = "dial"
    to: str | tuple[str, ...] = key((), doc="Who is rung: station:8001, agent-number:1001, trunk:pstn/13800138000, or "
                                            "a list of them.")
    number: str = key("", doc="Instead of `to`: expression of the number that is dialled through `group`.")
    group: str = key("", doc="Trunk group on which `number` is dialled.")
    allow: tuple[str, ...] = key((), doc="Patterns of the numbers that `number` may be; any other one takes the way "
                                         "`failed`. What a caller enters is dialled at your cost.")
    order: str = key("together", choices=("together", "in-turn"), doc="How several are rung.")
    seconds: float = key(30.0, unit="s", least=3, most=300, doc="How long it rings; with in-turn, each.")
    hears: str = key("ringback", choices=("ringback", "music"), doc="What the caller hears meanwhile.")
    record: bool = key(False, doc="Whether the conversation is recorded.")
    prompt: Prompts = key((), doc="Played before.")
    answered: str = key("", doc=f"When they have talked and the other one has hung up; empty: the call is over. "
                                f"{TARGET}")
    busy: str = key("", doc=f"When everybody is busy; empty: as failed. {TARGET}")
    no_answer: str = key("", doc=f"When nobody answers; empty: as failed. {TARGET}")
    failed: str = key("", doc=f"When nobody can be rung, or the number is not allowed. {TARGET}")

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.to,) if isinstance(self.to, str) else self.to

    def edges(self) -> list[Edge]:
        rung = [Edge("to" if isinstance(self.to, str) else f"to[{index}]", target)
                for index, target in enumerate(self.targets) if ":" in target]
        return [*rung, *edges_of(("group", f"trunk:{self.group}/*" if self.group else ""), ("answered", self.answered),
                                 ("busy", self.busy), ("no_answer", self.no_answer), ("failed", self.failed))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    def expressions(self) -> Keyed:
        return [("number", self.number)] if self.number else []

    def inspect(self, report: Report, path: str) -> None:
        if bool(self.targets) == bool(self.number):
            report.error(path, "it must be said who is rung, in one way", "write either to:, or number: and group:")
        if self.number and not self.group:
            report.error(f"{path}.group", "a number needs a trunk group", "name one from trunks")
        if self.number and not self.allow:
            report.error(f"{path}.allow", "any number could be dialled, at any price",
                         'write what may be dialled, such as allow: ["1[3-9]XXXXXXXXX"]')
        if len(self.targets) > MOST_TARGETS:
            report.error(f"{path}.to", f"{len(self.targets)} are too many to be rung", f"name at most {MOST_TARGETS}")
        for target in self.targets:
            if target.partition(":")[0] not in RINGABLE:
                report.error(f"{path}.to", f"'{target}' is nobody who can be rung",
                             f"one of {', '.join(f'{kind}:…' for kind in RINGABLE)}")
        for index, pattern in enumerate(self.allow):
            if problem := pattern_problem(pattern):
                report.error(f"{path}.allow[{index}]", f"{pattern!r}: {problem}", "write it like 1[3-9]XXXXXXXXX")
        if not self.failed:
            report.error(path, "nothing is said for callers who reach nobody", f"add failed: to {path}")

    async def run(self, visit: Visit) -> str | Leave:
        await visit.play(self.prompt)
        targets = self._dialled(visit) if self.number else self.targets
        if not targets:
            return "failed"
        call = visit.call
        await call.answer()
        await call.recording.tell(self._asked(visit))
        _keep_company(visit, self.hears)
        try:
            reached = await reach(call, targets, self.seconds, in_turn=self.order == "in-turn")
        finally:
            call.anchor.port.silence()
        if reached.leg is None:
            return reached.way if reached.way in {edge.key for edge in self.edges()} else "failed"
        gone_on = await _talk(visit, reached.leg, self._asked(visit))
        return gone_on or ("answered" if self.answered else Leave(way="answered"))

    def _asked(self, visit: Visit) -> str:
        return f"flow {visit.flow}" if self.record else ""

    def _dialled(self, visit: Visit) -> tuple[str, ...]:
        """None, if the number may not be dialled."""
        number = visit.compute(self.number)
        fit = number.isascii() and number.isdigit() and len(number) <= MAX_DIALLED
        allowed = fit and any(pattern_matches(pattern, number) for pattern in self.allow)
        return (f"trunk:{self.group}/{number}",) if allowed else ()


async def announce_and_connect(visit: Visit, to: str, seconds: float, announcement: Sequence[Sound]) -> str | Leave:
    """Ring `to`; if who answers takes the call, let them talk, and the call is over. Else the way "failed"."""
    call, tools = visit.call, visit.tools
    await call.answer()
    _keep_company(visit, "music")
    sounds = [*announcement, *tools.say.digits(call.calling, call.language),
              tools.book.get("press_to_accept", call.language)]
    try:
        reached = await reach(call, (to,), seconds)
        taken = reached.leg is not None and await accepted(reached.leg, sounds)
    finally:
        call.anchor.port.silence()
    if reached.leg is None or not taken:
        if reached.leg is not None:
            reached.leg.clear()
        return "failed"
    return await _talk(visit, reached.leg, "") or Leave(way="to")


def _keep_company(visit: Visit, hears: str) -> None:
    """What the caller hears while others are rung."""
    anchor = visit.call.anchor
    if hears == "music":
        anchor.start([visit.tools.book.get("music", visit.call.language)], repeat=True)
    else:
        anchor.tone(visit.call.switch.zone.tones["ringback"])


async def _talk(visit: Visit, leg: Leg, record: str) -> Leave | None:
    """The conversation; where the call goes if not on in this flow."""
    caller = visit.call.anchor
    end = await visit.call.converse(leg, record=record)
    if end.next is not None:
        return Leave(end.next, TRANSFERRED)
    return None if visit.call.anchor is caller and not caller.is_gone else Leave(way="answered")
