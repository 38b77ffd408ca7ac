"""What operations answer that view.py has no name for."""

from typing import Any, NotRequired, TypedDict

from ccappliance.interfaces.control import view
from ccappliance.interfaces.control.past import NoteRow

Named = dict[str, Any]  # what was asked for, by name


class HungUp(TypedDict):
    """The call it was done to."""

    call: str


class Explained(TypedDict):
    """One event of a call, with the words that tell it."""

    event: dict[str, Any]
    lines: list[str]


class Reached(view.AgentDetail):
    """An agent, and whether what was forced is so already (else it is after his call)."""

    at_once: bool


class Thresholds(TypedDict):
    """From where on figures of the wallboard are marked (settings.WallboardSettings)."""

    waiting_warning: int
    waiting_alarm: int
    wait_warning: float
    wait_alarm: float
    level_warning: float
    level_alarm: float


class FigureRow(TypedDict):
    """One column of a report, and what it means."""

    figure: str
    definition: str


class Waveform(TypedDict):
    """The loudest sample of each stretch of a recording, in thousandths of full scale."""

    recording: str
    seconds: float
    customer: list[int]  # the left channel
    heard: list[int]  # the right one: what the customer heard


class FoundCall(TypedDict):
    """A call alive (view.CallDetail), or one that is over (past.PastCallRow): each has its own further fields."""

    id: str
    direction: str
    calling: str
    called: str
    name: str
    agent: str
    started_at: str
    variables: dict[str, str]
    line: NotRequired[str]
    state: NotRequired[str]
    where: NotRequired[str]
    seconds: NotRequired[float]
    legs: NotRequired[list[view.LegRow]]
    recording: NotRequired[str]
    trail: NotRequired[list[str]]
    seq: NotRequired[int]
    queue: NotRequired[str]
    partner: NotRequired[str]
    disposition: NotRequired[str]
    wait: NotRequired[float]
    talk: NotRequired[float]
    duration: NotRequired[float]
    recordings: NotRequired[list[str]]
    notes: NotRequired[list[NoteRow]]
    tags: NotRequired[list[str]]


class ConsoleSession(TypedDict):
    """Who is signed in, for a console that begins."""

    user: str  # "": nobody
    role: str
    agent: str  # his number as an agent, "" if he is none
    scopes: list[str]
    csrf: str  # to be sent as X-CSRF-Token with everything that changes something
    site: str
    version: str
    needs_setup: bool  # there is no administrator yet: a setup code is asked for
