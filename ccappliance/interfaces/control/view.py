"""What every door sees of the house: plain data, field by field, and the few things it can be asked to do.

All methods are called in the loop. Those that are not async answer at once from memory: a query never waits for the
core. Times: `…_at` are texts, UTC, ISO 8601 with "Z"; durations are seconds on the loop clock. `by` says who asks
("cli:root") and goes into the facts.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol, TypedDict

from ccappliance.interfaces.control.configuring import ChangeRow as ChangeRow
from ccappliance.interfaces.control.configuring import Configuring as Configuring
from ccappliance.interfaces.control.configuring import ConfigVerdict as ConfigVerdict
from ccappliance.interfaces.control.configuring import FindingRow as FindingRow
from ccappliance.interfaces.control.configuring import KeyRow as KeyRow
from ccappliance.interfaces.control.configuring import ReloadOutcome as ReloadOutcome
from ccappliance.interfaces.control.custody import Recordings
from ccappliance.interfaces.control.customers import CustomerDesk
from ccappliance.interfaces.control.history import History
from ccappliance.interfaces.control.isdn import Isdn
from ccappliance.interfaces.control.messages import Messages
from ccappliance.interfaces.control.past import PastCalls


class Alarm(TypedDict):
    """An alarm that is raised now."""

    alarm: str  # "no_battery"
    subject: str  # "fxo/1"
    words: str
    since: float  # seconds ago


class Status(TypedDict):
    """The box at a glance."""

    version: str
    site: str  # the box's name
    pid: int
    uptime: float
    state: str  # "starting", "ready", "draining", "stopping"
    driver: str
    config: str  # where the configuration was read
    journal_seq: int  # number of the last entry
    calls: int  # calls alive
    waiting: int  # entries in all queues
    agents: dict[str, int]  # state → how many: {"ready": 2, "talking": 1}
    channels: dict[str, int]  # state → how many
    today: dict[str, float]  # offered, answered, abandoned, service_level (0..1) since midnight or start
    service_level_is: str  # how today's is reckoned: "b: answered in time / (offered − short abandons)"
    ticks: int  # of the media tick
    late_ticks: int
    worst_late: float
    headquarters: dict[str, Any]  # as hq.status: how far it was told, how much waits
    alarms: list[Alarm]


class SpanRow(TypedDict):
    """One port of a card."""

    number: int
    name: str
    description: str
    channels: int
    in_use: int
    alarm: str  # "" when well


class SpanDetail(SpanRow):
    """One port of a card, for a technician."""

    words: str  # the alarm in words, with what to do; "" when well
    health: dict[str, int]  # counted errors by name: slips, crc, code_violations, …; empty where nothing is measured
    lines: list[str]  # names of the lines on it


class ChannelRow(TypedDict):
    """One voice path."""

    name: str  # the line's name: "fxo/1"
    number: int  # the channel of the card
    span: int
    kind: str  # "fxo" or "fxs"
    station: str  # the telephone's number; "" for a line of the exchange
    state: str  # of the circuit: "idle", "offered", "seized", …, "blocked"
    call: str  # id of the call on it, "" when none
    alarm: str


class ChannelDetail(ChannelRow):
    """One voice path, for a technician."""

    off_hook: bool
    ringing: bool
    reversed: bool
    since: float  # seconds in this state
    calls_today: int
    settings: dict[str, Any]  # the line's settings as `config show` has them
    history: list[str]  # last moves, oldest first


class CallRow(TypedDict):
    """One call alive."""

    id: str
    direction: str  # "in", "out", "internal"
    calling: str
    called: str
    name: str
    line: str
    state: str  # "offered", "ivr", "waiting", "talking", "held", …: what the caller experiences
    where: str  # destination it is in: "queue:sales"
    agent: str  # number of the agent it is with, "" when none
    started_at: str
    seconds: float  # since it was offered


class LegRow(TypedDict):
    """One party of a call."""

    id: str
    line: str
    party: str
    state: str
    since: float


class CallDetail(CallRow):
    """One call with all that belongs to it."""

    legs: list[LegRow]
    variables: dict[str, str]
    recording: str  # path while it is recorded, else ""
    trail: list[str]  # destinations it has been in, oldest first


class AgentRow(TypedDict):
    """One agent."""

    number: str
    name: str
    state: str  # as in AgentMoved
    reason: str  # of a pause
    since: float
    until: float | None  # seconds until the state ends by itself
    station: str
    call: str
    queues: list[str]
    answered: int  # calls since midnight or start


class AgentDetail(AgentRow):
    """One agent with today's figures."""

    talk: float
    wrapup: float
    paused: float
    missed: int  # offers not answered
    history: list[str]
    variables: dict[str, str]  # of the call he is rung for or talks in: what his screen shows of the caller


class QueueRow(TypedDict):
    """One queue."""

    name: str
    label: str
    strategy: str
    waiting: int
    longest_wait: float
    agents_ready: int
    agents_busy: int
    agents_paused: int
    offered: int  # calls since midnight or start
    answered: int
    abandoned: int
    service_level: float | None  # 0..1; None before the first call
    service_level_is: str  # "b, 20 s: answered in time / (offered − short abandons)"
    average_wait: float | None
    promised: int  # callers told a wait, of whom is known whether it came true
    promise_level: float | None  # 0..1; None before the first
    music: list[str]
    messages: list[str]


class EntryRow(TypedDict):
    """One waiting call."""

    position: int
    call: str
    calling: str
    name: str
    waited: float
    order_class: int
    boost: float  # seconds
    demand: str  # who may take it, for people: "tier 2, english >= 3"
    kind: str  # "call", "callback"
    ringing: list[str]  # agents who are being rung for it
    state: str  # "waiting" or "offered"
    variables: dict[str, str]  # what flows have learnt of him


class MembershipRow(TypedDict):
    """One agent's seat in a queue."""

    agent: str
    name: str
    state: str
    station: str


class QueueDetail(QueueRow):
    """One queue with its entries, in the order in which they will be served, and its agents."""

    entries: list[EntryRow]
    members: list[MembershipRow]


class CallbackRow(TypedDict):
    """One promise to call somebody back."""

    callback: str
    queue: str
    number: str
    name: str
    position: int
    state: str  # "waiting", "calling" (an agent or the customer), "resting" (nobody may take it now)
    why: str  # it rests
    promised: float  # seconds ago
    waited: float  # since he first began to wait
    attempts: int
    again: float | None  # seconds until it may be tried again
    low: float | None  # what he was told: seconds from the promise
    high: float | None


class EndedCallbackRow(TypedDict):
    """One promise that is over."""

    callback: str
    queue: str
    number: str
    promised_at: str
    ended_at: str
    outcome: str
    why: str
    waited: float
    attempts: int
    low: float | None
    high: float | None


class CallbackReportRow(TypedDict):
    """Callbacks of a queue since midnight or start: the promise beside the truth."""

    queue: str
    waiting: int
    promised: int
    tried: int
    reached: int
    gave_up: int
    expired: int
    withdrawn: int
    replaced: int
    average_wait: float | None  # of those reached, from the promise
    longest_wait: float
    told: int  # reached, and had been told when
    kept: int  # in the time they were told
    early: int
    late: int
    kept_share: float | None  # 0..1


class RecordingRow(TypedDict):
    """One recording."""

    id: str
    call: str
    path: str
    started_at: str
    seconds: float
    lost: float  # seconds replaced by silence
    state: str  # as in RecordingEnded; "purged" when it is deleted
    parties: list[str]


CALLBACK_REQUESTS = ("cancel", "retry")


class Supervisor(Protocol):
    """What a supervisor can decide in place of the rules. `why`: "" is "no reason given". All write Intervened.

    Refused("not_waiting"), ("no_queue"), ("no_agent"), ("no_call") for what there is not.
    """

    def move(self, call: str, queue: str, by: str, why: str = "") -> None:
        """To another queue, with its enter time. Refused("same_queue"), ("no_caller"), ("turned_away")."""
        ...

    def assign(self, call: str, agent: str, by: str, why: str = "") -> None:
        """To one agent alone. Refused("not_a_member"), ("not_serving")."""
        ...

    def prioritise(self, call: str, order_class: int | None, boost: float | None, by: str, why: str = "") -> None:
        """Refused("nothing_asked"), ("bad_class"), ("bad_boost")."""
        ...

    def pull(self, call: str, to: str, by: str, why: str = "") -> None:
        """Out of the queue. Refused("no_destination"), ("no_caller")."""
        ...

    def strategy(self, queue: str, strategy: str, by: str, why: str = "") -> None:
        """Refused("no_strategy")."""
        ...

    def force(self, agent: str, state: str, by: str, why: str = "", *, reason: str = "", now: bool = False) -> bool:
        """pause, ready or logout; False: when his call is over. Refused("bad_state"), ("not_logged_in"), ("no_reason"),
        ("leaving"), ("line_fault").
        """
        ...

    def skills(self, agent: str, levels: Sequence[str], by: str, why: str = "") -> Mapping[str, int]:
        """name=level, until a reload; answers all he has then. Refused("bad_skill")."""
        ...

    def release(self, call: str, by: str, why: str = "") -> None: ...


AGENT_REQUESTS = ("login", "logout", "pause", "resume", "ready")


class HouseView(Protocol):
    """The house, seen from its doors. What it cannot do it answers with Refused and a stable code."""

    @property
    def isdn(self) -> Isdn: ...

    @property
    def custody(self) -> Recordings: ...

    @property
    def past(self) -> PastCalls: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def customers(self) -> CustomerDesk: ...

    @property
    def history(self) -> History: ...

    def status(self) -> Status: ...

    async def report(self, report: str, since: str, until: str, per: str, name: str, variant: str
                     ) -> list[dict[str, Any]]:
        """As call/reports.py: rows. Refused("bad_parameters"), ("too_many")."""
        ...

    def spans(self) -> list[SpanRow]: ...

    def span(self, number: int) -> SpanDetail:
        """Refused("no_such_span")."""
        ...

    def channels(self) -> list[ChannelRow]: ...

    def channel(self, name: str) -> ChannelDetail:
        """By the line's name, or a station's number. Refused("no_such_channel")."""
        ...

    def calls(self) -> list[CallRow]:
        """Oldest first."""
        ...

    def call(self, call_id: str) -> CallDetail:
        """Refused("no_such_call")."""
        ...

    def hang_up(self, call_id: str, by: str) -> None:
        """Clear a call; CallEnded follows. Refused("no_such_call")."""
        ...

    def originate(self, station: str, number: str, group: str, by: str) -> CallRow:
        """Ring a station, and when it answers dial `number` for it: through the trunk group, or by the routes for
        stations if `group` is "". Answers at once with the new call. Refused("no_such_station"), ("busy"),
        ("no_circuit"), ("not_allowed").
        """
        ...

    def play_prompt(self, name: str, language: str, station: str, by: str) -> CallRow:
        """Ring a station, and play it a prompt of the configuration in force when it answers; "": the default language.
        Refused("no_such_prompt"), ("no_such_station"), ("busy").
        """
        ...

    def agents(self) -> list[AgentRow]: ...

    def agent(self, number: str) -> AgentDetail:
        """Refused("no_such_agent")."""
        ...

    def agent_set(self, number: str, request: str, *, station: str, reason: str, by: str) -> AgentRow:
        """Carry out one of AGENT_REQUESTS. `station` only for login ("": the agent's own), `reason` for pause.

        Refused("no_such_agent"), ("no_such_station"), ("no_such_reason"), ("illegal_state").
        """
        ...

    @property
    def supervisor(self) -> Supervisor: ...

    def listen(self, call_id: str, station: str, mode: str, by: str) -> CallRow:
        """Ring a station, and let it hear a call's conversation when it answers: monitor, whisper, barge, takeover.

        Refused("no_such_call"), ("no_conversation"), ("bad_mode"), ("no_such_station"), ("busy").
        """
        ...

    def queues(self) -> list[QueueRow]: ...

    def queue(self, name: str) -> QueueDetail:
        """Refused("no_such_queue")."""
        ...

    def queue_playlist(self, name: str, pieces: Sequence[str], order: str, messages: bool, by: str) -> QueueRow:
        """Other music (or `messages`) for those who wait, at once and until a reload changes the queue.

        Refused("no_such_queue"), ("no_such_prompt"), ("bad_playlist").
        """
        ...

    def callbacks(self) -> list[CallbackRow]:
        """Open promises, by queue, in the order in which they will be served."""
        ...

    async def callbacks_ended(self, limit: int) -> list[EndedCallbackRow]:
        """Those that are over, newest first."""
        ...

    def callbacks_report(self) -> list[CallbackReportRow]:
        """One row for each queue that promises callbacks or has done so today."""
        ...

    def callback_set(self, callback: str, request: str, by: str) -> None:
        """Carry out one of CALLBACK_REQUESTS. Refused("no_callback"), ("being_called")."""
        ...

    def pause_recording(self, call_id: str, paused: bool, by: str) -> None:
        """Pause a call's recordings, or let them go on. Refused("not_recorded"), ("not_paused")."""
        ...

    async def recordings(self, *, limit: int, call_id: str) -> list[RecordingRow]:
        """Newest first; only those of one call unless `call_id` is ""."""
        ...

    def journal(self, *, last: int, start: int, follow: bool, kinds: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Entries as in the journal's lines, as dicts: from number `start` on, or if that is 0 the `last` ones; then,
        if `follow`, those to come. `kinds`: only facts of these names (all, if empty; `last` counts after choosing).

        A follower more than MAX_JOURNAL_BACKLOG entries behind gets Refused("too_slow"). `aclose()` ends it.
        """
        ...

    async def config_check(self, directory: str) -> ConfigVerdict:
        """Read a directory ("": the daemon's own) without applying anything."""
        ...

    async def config_reload(self, by: str) -> ReloadOutcome:
        """Read the daemon's directory again and apply it, whole or not at all."""
        ...

    def config_show(self) -> list[KeyRow]: ...

    @property
    def configuring(self) -> Configuring:
        """What changes the configuration, and its past."""
        ...
