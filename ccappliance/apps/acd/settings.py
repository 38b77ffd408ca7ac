"""What an owner can say of queues and agents: frozen, bounded settings, and the checks between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ccappliance.apps.acd.callback_settings import NUMBERS, CallbackSettings
from ccappliance.apps.acd.skills import MOST, Requirement
from ccappliance.apps.acd.skills import vocabulary as skill_problem
from ccappliance.apps.acd.waiting_settings import Announce, Messages, Playlist, check_exit_keys, playlist, prompts
from ccappliance.base.dialplan import pattern_problem
from ccappliance.base.expressions import ExpressionError
from ccappliance.base.limits import MAX_QUEUE_LEN
from ccappliance.config.keys import Report, key, required

STRATEGIES = ("longest-idle", "longest-idle-weighted", "fewest-calls", "least-talk", "least-occupied", "round-robin",
              "linear", "top-down", "random", "weighted-random", "ring-progressive", "ring-all")
MOST_TIERS = 9
LANGUAGES = ("zh", "en")  # callers may have; an agent speaks one with the skill lang_zh, lang_en


@dataclass(frozen=True, kw_only=True)
class MaxWait:
    """How long a caller may wait here before he is sent elsewhere."""

    after: float = required(unit="s", least=1, most=86_400, doc="Seconds after which a waiting caller is sent on.")
    to: str = required(doc="Destination of a caller who waited too long.")


@dataclass(frozen=True, kw_only=True)
class MaxLen:
    """How many may wait here."""

    n: int = required(least=1, most=MAX_QUEUE_LEN, doc="Callers that may wait at once.")
    to: str = required(doc="Destination of the next caller when the queue is full.")


@dataclass(frozen=True, kw_only=True)
class NoAgents:
    """What happens when nobody is there to serve the queue, when a caller arrives or while he waits."""

    to: str = required(doc="Destination of callers when nobody serves the queue.")
    policy: str = key("logged-out", choices=("logged-out", "paused", "wait"),
                      doc="Nobody serves: 'logged-out' when nobody is logged in; 'paused' also when everybody who is "
                          "logged in is paused or has a line fault; 'wait' never, callers wait for max_wait.")


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Outside the opening hours."""

    to: str = required(doc="Destination of callers who come outside the opening hours.")
    calendar: str = key("", doc="Name of the calendar with the opening hours; empty: always open.")
    lunch: str = key("", doc="Destination in a break between two spans of the day; empty: `to`.")
    holiday: str = key("", doc="Destination on holidays; empty: `to`.")

    def destination(self, state: str) -> str:
        """Where a caller goes by why it is closed: "lunch", "holiday", "night"."""
        return {"lunch": self.lunch, "holiday": self.holiday}.get(state, "") or self.to


@dataclass(frozen=True, kw_only=True)
class OnNoAnswer:
    """What happens to an agent who lets his telephone ring."""

    pause_after: int = key(2, least=0, most=100,
                           doc="Calls not answered one after the other after which the agent is paused; 0: never.")


@dataclass(frozen=True, kw_only=True)
class Seat:
    """What is particular of one agent's seat in a queue."""

    tier: int = key(1, least=1, most=MOST_TIERS,
                    doc="Whom it is tried with first: tier 1, and a higher one each widen_after seconds of waiting.")
    weight: float = key(1.0, least=0.01, most=100, doc="How likely the strategy weighted-random chooses this seat.")


@dataclass(frozen=True, kw_only=True)
class Members:
    """Who serves the queue: those named, and those with a tag; or everybody. Agents may name the queue as well."""

    agents: tuple[str, ...] = key((), doc="Agent numbers, in the order of strategies that go by seats.")
    tag: str = key("", doc="Every agent with this tag.")
    all: bool = key(False, doc="Every agent.")
    seats: Mapping[str, Seat] = key(factory=dict, doc="Tier and weight of single agents, by number.")


@dataclass(frozen=True, kw_only=True)
class Relax:
    """One step by which a requirement is loosened."""

    after: float = required(unit="s", least=0.1, most=86_400, doc="Seconds of waiting in this queue.")
    require: str = key("", doc="What is required from then on; empty: nothing.")

    def check(self, report: Report, path: str) -> None:
        check_requirement(report, f"{path}.require", self.require)


@dataclass(frozen=True, kw_only=True)
class Skills:
    """What agents must be able to do, besides what a flow asks for."""

    require: str = key("", doc='Expression over skills and levels: "chinese >= 3 and (sales or billing >= 2)".')
    relax: tuple[Relax, ...] = key((), doc="The schedule by which it is loosened, in the order of `after`.")
    language: bool = key(False, doc="Also require the skill lang_zh or lang_en, by the caller's language; it is never "
                                    "relaxed.")
    site_wait: float = key(0.0, unit="s", least=0, most=3600,
                           doc="Seconds for which the skill site_NAME is required as well, NAME being the site of the "
                               "line the caller dialled; 0: agents of all sites at once.")

    def check(self, report: Report, path: str) -> None:
        check_requirement(report, f"{path}.require", self.require)
        times = [step.after for step in self.relax]
        if times != sorted(set(times)):
            report.error(f"{path}.relax", f"its times {', '.join(f'{time:g}' for time in times)} do not rise",
                         "write the steps in the order in which they happen")


@dataclass(frozen=True, kw_only=True)
class AfterCall:
    """Customers go on when the agent hangs up: to a flow with a survey, as a rule."""

    to: str = key("", doc="Destination of a customer whom an agent of this queue has hung up on, such as flow:survey; "
                          "empty: the call is over. Who was not answered never goes there.")
    share: float = key(100.0, unit="%", least=0, most=100, doc="How many of them, by chance.")


@dataclass(frozen=True, kw_only=True)
class LastAgent:
    """A caller who calls again is offered to the agent he talked to last before anybody else."""

    enabled: bool = key(False, doc="Whether.")
    within: float = key(86_400.0, unit="s", least=60, most=30 * 86_400, doc="Seconds since their conversation at most.")
    wait: float = key(15.0, unit="s", least=1, most=600,
                      doc="Seconds he waits for this agent alone, in his place; then anybody may take him.")


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """One queue."""

    max_wait: MaxWait = required(doc="How long a caller may wait, and where he goes then.")
    max_len: MaxLen = required(doc="How many may wait, and where the next one goes.")
    no_agents: NoAgents = required(doc="Where callers go when nobody serves the queue.")
    closed: Closed = required(doc="Where callers go outside the opening hours.")
    label: str = key("", doc="The queue's name for people, shown on the agent's telephone for unnamed callers.")
    strategy: str = key("longest-idle", choices=STRATEGIES, doc="Who of the free agents is rung.")
    skills: Skills = key(factory=Skills, doc="What agents must be able to do to be offered a caller of this queue.")
    widen_after: float = key(15.0, unit="s", least=1, most=3600,
                             doc="Seconds of waiting after which a caller may be offered to the next tier as well.")
    progress: float = key(5.0, unit="s", least=1, most=60,
                          doc="With ring-progressive: seconds after which the next telephone rings as well.")
    ring_timeout: float = key(15.0, unit="s", least=3, most=300,
                              doc="Seconds an agent's telephone rings before the next one is tried.")
    wrapup: float = key(10.0, unit="s", least=0, most=3600,
                        doc="Seconds after a call in which the agent gets none from any queue; the longer of this and "
                            "the agent's own counts.")
    order_class: int = key(0, least=-100, most=100,
                           doc="Strict priority: every caller of a higher class is served before any of a lower one.")
    boost: float = key(0.0, unit="s", least=-86_400, most=86_400,
                       doc="Seconds a caller of this queue is treated as having waited longer.")
    announce: Announce = key(factory=Announce, doc="What waiting callers are told.")
    music: str | Playlist = key("music", doc="What is played to waiting callers: a prompt by name, or a playlist.")
    messages: Messages = key(factory=Messages, doc="What is said to waiting callers now and then.")
    exit_keys: Mapping[str, str] = key(factory=dict, doc="Keys that lead out of the queue at any moment of waiting, "
                                                         'and where to: {"0": "flow:main"}.')
    service_level: float = key(20.0, unit="s", least=0, most=3600,
                               doc="Seconds within which a call should be answered.")
    service_level_variant: str = key(
        "b", choices=("a", "b", "c", "d"),
        doc="How the service level is reckoned. a: answered in time / offered; b: answered in time / (offered − short "
            "abandons); c: answered in time / answered; d: (answered + abandoned in time) / offered.")
    short_abandon: float = key(5.0, unit="s", least=0, most=600,
                               doc="A caller who hangs up within these seconds counts as a short abandon.")
    on_no_answer: OnNoAnswer = key(factory=OnNoAnswer, doc="What happens to an agent who does not answer.")
    members: Members = key(factory=Members, doc="Who serves the queue.")
    spoken: Mapping[str, str] = key(factory=dict, doc="The queue's name by language, as an agent who must press a key "
                                                      "to accept hears it: {zh: 销售, en: Sales}.")
    keypad: str = key("", pattern=r"[0-9]{1,4}|", doc="Its number on the keypad, for agents who leave and join it.")
    dispositions: Mapping[str, str] = key(factory=dict, doc="What may become of a call, by the keys an agent dials in "
                                                            'his wrap-up: {"1": sold, "2": call again}.')
    disposition_required: bool = key(False, doc="Hold wrap-up until a disposition is given, up to the agent's "
                                                "wrapup_longest.")
    record: str = key("always", choices=("always", "never"), doc="Whether conversations are recorded.")
    callback: CallbackSettings = key(factory=CallbackSettings,
                                     doc="Callers may hang up, keep their place, and are called back.")
    survey: AfterCall = key(factory=AfterCall, doc="Asking customers how they were served.")
    last_agent: LastAgent = key(factory=LastAgent, doc="History routing.")
    resume_within: float = key(60.0, unit="s", least=0, most=3600,
                               doc="A caller who hung up or was cut off while he waited, and calls again within so "
                                   "many seconds with the same number, has his old place again; 0: never.")

    def destinations(self) -> Iterator[tuple[str, str]]:
        """(key, destination) of every way out, for the check that they exist."""
        yield "max_wait.to", self.max_wait.to
        yield "max_len.to", self.max_len.to
        yield "no_agents.to", self.no_agents.to
        yield "closed.to", self.closed.to
        for name, to in (("closed.lunch", self.closed.lunch), ("closed.holiday", self.closed.holiday),
                         ("survey.to", self.survey.to)):
            if to:
                yield name, to
        yield from ((f"exit_keys.{digit}", to) for digit, to in self.exit_keys.items())

    @property
    def playlist(self) -> Playlist:
        return playlist(self.music)

    def prompts(self) -> Iterator[tuple[str, str]]:
        """(key, prompt) of everything waiting callers may hear by name."""
        return prompts(self.playlist, self.messages)

    def check(self, report: Report, path: str) -> None:
        taken = {self.callback.key: "that of the callback"} if self.callback.enabled else {}
        check_exit_keys(report, f"{path}.exit_keys", self.exit_keys, taken)
        if self.ring_timeout > self.max_wait.after:
            report.warning(f"{path}.ring_timeout", "is longer than max_wait.after: no telephone rings to its end",
                           "make ring_timeout shorter or max_wait.after longer")
        for code in self.dispositions:
            if not (code.isascii() and code.isdigit() and len(code) <= 4):
                report.error(f"{path}.dispositions", f"{code!r} can't be dialled", "write 1 to 4 digits, in quotes")
        if self.disposition_required and not self.dispositions:
            report.error(f"{path}.disposition_required", "there are no dispositions", "name some, or leave this out")
        for name, to in self.destinations():
            if not to.partition(":")[0]:
                report.error(f"{path}.{name}", f"{to!r} is no destination", "write kind:name, for example hangup:busy")


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """One agent; his key is the number he logs in with."""

    name: str = key("", doc="The agent's name for people.")
    pin: str = required(secret=True, pattern=r"[0-9]{3,12}", doc="Digits the agent logs in with.")
    station: str = key("", doc="The station of a login that names none (command line, supervisor).")
    queues: tuple[str, ...] = key((), doc="Queues the agent serves, besides those that name him.")
    tags: tuple[str, ...] = key((), doc="Words by which queues choose their members.")
    skills: Mapping[str, int] = key(factory=dict, doc=f"What the agent can do, with a level from 1 to {MOST}.")
    wrapup: float | None = key(None, unit="s", least=0, most=3600,
                               doc="The agent's own wrap-up; the longer of this and the queue's counts.")
    wrapup_extend: float = key(60.0, unit="s", least=5, most=3600,
                               doc="Seconds by which the agent may extend his wrap-up, each time.")
    wrapup_longest: float = key(900.0, unit="s", least=5, most=7200,
                                doc="Seconds of one wrap-up at most, however often it is extended.")
    language: str = key("", doc="Language of the announcements to the agent; empty: the station's.")
    outside: str = key("", pattern=r"[0-9]{3,20}|", doc="The agent's mobile or telephone at home, as it is dialled; a "
                                                        "login at it, or at 'outside', has him rung there.")
    group: str = key("", doc="Trunk group on which he is dialled outside.")
    outside_ring: float = key(25.0, unit="s", least=5, most=120,
                              doc="Seconds from the seizure of a line until the next agent is tried.")
    accept_key: bool | None = key(None, doc="Whether he must press 1 to accept a call (2 declines); unless told, only "
                                            "when he is rung outside, where a voice mail may answer.")
    supervisor: bool = key(False, doc="May listen to, coach and take over conversations from a telephone.")

    def check(self, report: Report, path: str) -> None:
        if self.outside and not self.group:
            report.error(f"{path}.group", "a number outside needs a trunk group", "name one from trunks")
        for skill, level in self.skills.items():
            if problem := skill_problem(skill):
                report.error(f"{path}.skills", problem, "write it like english_2 or billing")
            if not 1 <= level <= MOST:
                report.error(f"{path}.skills.{skill}", f"level {level} is not from 1 to {MOST}",
                             "leave out a skill the agent has not")


@dataclass(frozen=True, kw_only=True)
class PauseReason:
    """One reason an agent may give for a pause; its place in the list is its key on the keypad."""

    name: str = required(pattern=r"[a-z][a-z0-9_-]{0,30}", doc="The reason, as reports show it.")
    longest: float = key(7200.0, unit="s", least=60, most=86_400,
                         doc="Seconds after which an agent who has not come back is logged out.")


def default_reasons() -> tuple[PauseReason, ...]:
    """What every site has until it says otherwise."""
    return (PauseReason(name="break", longest=3600.0), PauseReason(name="lunch"), PauseReason(name="training"))


@dataclass(frozen=True, kw_only=True)
class AcdSettings:
    """All of the ACD's configuration."""

    queues: Mapping[str, QueueSettings] = key(factory=dict, doc="Queues by name.")
    agents: Mapping[str, AgentSettings] = key(factory=dict, doc="Agents by the number they log in with.")
    pause_reasons: tuple[PauseReason, ...] = key(factory=default_reasons,
                                                 doc="Reasons for a pause; the first is key 1 on the keypad.")
    ageing: bool = key(True, doc="Callers of one class stand by waiting time plus boost, in one order over all queues; "
                                 "false: by boost, then by time.")
    callback_numbers: tuple[str, ...] = key(NUMBERS, doc="Patterns of the numbers that may be called back. A caller "
                                                         "may enter any number: allow none that costs more than a "
                                                         "call at home.")

    def check(self, report: Report, path: str) -> None:
        dot = f"{path}." if path else ""
        if not 1 <= len(self.pause_reasons) <= 9:
            report.error(f"{dot}pause_reasons", f"{len(self.pause_reasons)} reasons", "give 1 to 9, one for each key")
        names = [reason.name for reason in self.pause_reasons]
        for name in sorted({name for name in names if names.count(name) > 1}):
            report.error(f"{dot}pause_reasons", f"the reason {name!r} is given twice", "remove one")
        for number, agent in self.agents.items():
            self._check_agent(report, f"{dot}agents.{number}", number, agent)
        for other, queue_name in _pairs(self.queues):
            if self.queues[other].keypad and self.queues[other].keypad == self.queues[queue_name].keypad:
                report.error(f"{dot}queues.{queue_name}.keypad", f"queue {other} has this number already",
                             "give each queue its own")
        for pattern in self.callback_numbers:
            if problem := pattern_problem(pattern):
                report.error(f"{dot}callback_numbers", f"{pattern!r}: {problem}", "write it like 1[3-9]XXXXXXXXX")
        for queue_name, queue in self.queues.items():
            self._check_queue(report, f"{dot}queues.{queue_name}", queue_name, queue)

    def members_of(self, queue_name: str) -> list[str]:
        """Numbers of the agents who serve a queue: those it names, in its order, then others as they are configured."""
        seats = self.queues[queue_name].members
        named = [number for number in dict.fromkeys(seats.agents) if number in self.agents]
        return named + [number for number, agent in self.agents.items()
                if number not in seats.agents
                and (seats.all or (seats.tag and seats.tag in agent.tags) or queue_name in agent.queues)]

    def _check_agent(self, report: Report, path: str, number: str, agent: AgentSettings) -> None:
        if not (number.isascii() and number.isdigit() and len(number) <= 8):
            report.error(path, f"{number!r} can't be dialled", "an agent's key is his number, 1 to 8 digits, in quotes")
        for other, one in self.agents.items():
            if other < number and agent.outside and one.outside == agent.outside:
                report.error(f"{path}.outside", f"agent {other} has {agent.outside} already",
                             "give each his own number")
        for queue_name in agent.queues:
            if queue_name not in self.queues:
                report.error(f"{path}.queues", f"there is no queue {queue_name!r}", _known(self.queues))

    def _check_queue(self, report: Report, path: str, name: str, queue: QueueSettings) -> None:
        for number in queue.members.agents:
            if number not in self.agents:
                report.error(f"{path}.members.agents", f"there is no agent {number!r}", _known(self.agents))
        members = self.members_of(name)
        for number in queue.members.seats:
            if number not in members:
                report.error(f"{path}.members.seats", f"agent {number!r} does not serve this queue",
                             "a seat is for a member: name him in agents, by tag, or `all: true`")
        if not members:
            report.warning(f"{path}.members", "nobody serves this queue", "name agents, a tag, or `all: true`")
            return
        if queue.skills.site_wait and not any(skill.startswith("site_") for one in members
                                              for skill in self.agents[one].skills):
            report.warning(f"{path}.skills.site_wait", "nobody who serves this queue has a skill such as site_shenzhen",
                           "give it to the agents of the site, or leave site_wait out")
        for language in LANGUAGES if queue.skills.language else ():
            if not any(self.agents[one].skills.get(f"lang_{language}") for one in members):
                report.warning(f"{path}.skills.language", f"nobody who serves this queue has the skill lang_{language}",
                               f"callers with the language {language} wait for max_wait; give it to somebody")
        for where, text in (("require", queue.skills.require),
                            *((f"relax[{n}].require", step.require) for n, step in enumerate(queue.skills.relax))):
            if _is_requirement(text) and not any(Requirement(text).met_by(self.agents[one].skills) for one in members):
                report.warning(f"{path}.skills.{where}", f"nobody who serves this queue fulfils {text!r}",
                               "callers wait until it is relaxed, or for max_wait")


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except ExpressionError:
        return False
    return bool(text)


def check_requirement(report: Report, path: str, text: str) -> None:
    """Is this an expression over skills?"""
    try:
        Requirement(text)
    except ExpressionError as error:
        report.error(path, f"{text!r}: {error}", 'write it like "english >= 3 and (sales or billing)"')


def _pairs(names: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return combinations(names, 2)


def _known(names: Mapping[str, Any]) -> str:
    return "known: " + ", ".join(list(names)[:10]) if names else "none is configured"
