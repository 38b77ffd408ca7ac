"""The node that asks a caller how he was served: survey."""

import re
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, VARIABLE_PATTERN, Edge, Prompt, Prompts, edges_of, flat
from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import Report, key, required

COMMENT, RECORDED = "comment", "recorded"  # the comment's place among the questions, and its answer
MOST_QUESTIONS = 10
PREFIX = "survey_"  # of the variables that keep the answers
MIN_COMMENT = 0.05  # s of a comment still left for which another wait is worth while


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question, answered with one key."""

    name: str = required(pattern=r"[a-z][a-z0-9_]{0,20}", doc="Its name in reports; the answer is also the variable "
                                                              "survey_NAME.")
    prompt: Prompts = required(doc="The question, and what its keys mean.")
    keys: str = key("12345", pattern=r"[0-9]{2,10}", doc="Keys that answer it.")


@dataclass(frozen=True, kw_only=True)
class Survey(Node):
    """Asks questions of one key each, and perhaps for a comment; the answers belong to call, queue and agent."""

    type: ClassVar[str] = "survey"
    waits: ClassVar[bool] = True
    prompt: Prompts = key("survey_welcome", doc="Played before the first question.")
    questions: tuple[Question, ...] = required(doc="Asked in this order.")
    seconds: float = key(6.0, unit="s", least=1, most=60, doc="How long a caller may think after a question.")
    tries: int = key(2, least=1, most=5, doc="How often a question is asked; then the next one is.")
    comment: Prompts = key((), doc="If written, played at the end, and then a comment is recorded after the beep.")
    most: float = key(60.0, unit="s", least=5, most=600, doc="Longest comment; # ends it.")
    thanks: Prompts = key("survey_thanks", doc="Played when all is answered.")
    next: str = key("", doc=f"Afterwards; empty: the call is over. {TARGET}")

    def edges(self) -> list[Edge]:
        return edges_of(("next", self.next))

    def prompts(self) -> list[tuple[str, Prompt]]:
        asked = [one for index, question in enumerate(self.questions)
                 for one in flat(f"questions[{index}].prompt", question.prompt)]
        return [*flat("prompt", self.prompt), *asked, *flat("comment", self.comment), *flat("thanks", self.thanks)]

    def sets(self) -> list[str]:
        return [f"{PREFIX}{question.name}" for question in self.questions]

    def inspect(self, report: Report, path: str) -> None:
        names = [question.name for question in self.questions]
        if not 1 <= len(names) <= MOST_QUESTIONS:
            report.error(f"{path}.questions", f"there are {len(names)} questions",
                         f"ask 1 to {MOST_QUESTIONS}; few callers answer more than three")
        for index, question in enumerate(self.questions):
            if question.name in (*names[:index], COMMENT) or not re.fullmatch(VARIABLE_PATTERN, question.name):
                report.error(f"{path}.questions[{index}].name", f"'{question.name}' is taken", "give it another name")
            if len(dict.fromkeys(question.keys)) < len(question.keys):
                report.error(f"{path}.questions[{index}].keys", f"'{question.keys}' has a key twice", "name each once")

    async def run(self, visit: Visit) -> str | Leave:
        """A caller who hangs up has answered what he has answered: each answer is written when it is given."""
        await visit.play(self.prompt)
        for question in self.questions:
            self._keep(visit, question.name, await self._asked(visit, question))
        if self.comment != ():
            await self._comment(visit)
        await visit.play(self.thanks)
        if self.next:
            return "next"
        visit.call.anchor.clear(Cause.NORMAL)
        return Leave()

    async def _asked(self, visit: Visit, question: Question) -> str:
        """The key; "" if none of them came."""
        sounds = visit.sounds(question.prompt)
        for _ in range(self.tries):
            came = await visit.collect(Ask(most=1, terminator="", first=self.seconds), sounds)
            right = came.digits != "" and came.digits in question.keys
            visit.collected(came.digits, came.reason if right or not came.digits else "invalid")
            if right:
                return came.digits
            sounds = visit.sounds("invalid_key" if came.digits else "no_input", question.prompt)
        return ""

    async def _comment(self, visit: Visit) -> None:
        await visit.play(self.comment)
        await visit.play("beep")
        call, clock = visit.call, visit.tools.clock
        call.stop_recording()  # of the conversation: a comment is a recording of its own
        call.record(f"survey {visit.flow}")
        self._keep(visit, COMMENT, RECORDED)
        until = clock.now() + self.most
        try:
            while (left := until - clock.now()) > MIN_COMMENT:
                if (await call.collect(Ask(most=1, terminator="#", first=left))).reason != "complete":
                    break
        finally:
            call.stop_recording()

    @staticmethod
    def _keep(visit: Visit, question: str, answer: str) -> None:
        served = visit.call.served
        visit.tools.journal.write(facts.SurveyAnswered(visit.call.id, visit.flow, question, answer, served.queue,
                                                       served.agent))
        if answer:
            visit.call.variables[f"{PREFIX}{question}"] = answer
