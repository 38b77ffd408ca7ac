"""What a day file may say: when it begins, who calls whom and for how long, who serves, and what the exchange does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ccappliance.apps.acd.settings import STRATEGIES
from ccappliance.base.limits import MAX_CALLS, MAX_PORTS, MAX_QUEUE_LEN
from ccappliance.config.keys import Report, key, required
from ccappliance.sim.exchange_line import CALLER_ID, DISCONNECT

DAY = 86_400.0  # seconds
MOST_AGENTS = 500
MOST_CALLS = 1_000_000  # of one day: the journal of more would be gigabytes
SHAPES = ("exponential", "lognormal", "uniform", "constant")


@dataclass(frozen=True, kw_only=True)
class Times:
    """How a length of time is drawn."""

    shape: str = key("exponential", choices=SHAPES, doc="Its distribution; uniform is from 0 to twice the mean.")
    mean: float = required(unit="s", least=0, most=DAY, doc="Its mean.")
    spread: float = key(0.5, least=0.01, most=5,
                        doc="Of lognormal: the standard deviation as a share of the mean.")


@dataclass(frozen=True, kw_only=True)
class Callers:
    """What those who call are like."""

    keys: Mapping[str, float] = key(factory=dict, least=0, most=1e6, doc=(
        'Which key is pressed in the menu, with its weight: {"1": 3, "2": 1}. None: they press nothing.'))
    listen: Times = key(factory=lambda: Times(shape="lognormal", mean=9.0),
                        doc="How long the menu is listened to before the key is pressed.")
    leave_menu: float = key(0.0, least=0, most=1, doc="Share of callers who hang up in the menu instead.")
    patience: Times | None = key(None, doc="How long an agent is waited for; without it for ever.")
    talk: Times = key(factory=lambda: Times(mean=180.0), doc="How long is talked to an agent.")

    def check(self, report: Report, path: str) -> None:
        for name in self.keys:
            if len(name) != 1 or name not in "0123456789*#":
                report.error(f"{path}.keys.{name}", f"{name!r} is no key of a telephone", "0 to 9, * and #")
        if self.keys and sum(self.keys.values()) <= 0:
            report.error(f"{path}.keys", "all weights are 0", "give one key a weight above 0")


@dataclass(frozen=True, kw_only=True)
class Break:
    """A pause each agent takes now and then."""

    reason: str = required(doc="One of the configuration's pause_reasons.")
    after: Times = required(doc="How long is worked between two of them.")
    lasts: Times = required(doc="How long it lasts.")

    def check(self, report: Report, path: str) -> None:
        if self.after.mean < 60:
            report.error(f"{path}.after.mean", "nobody works for less than a minute between breaks",
                         "write 60s or more")


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Those who serve: one at each telephone."""

    agents: int = required(least=1, most=MOST_AGENTS, doc="How many are logged in all day.")
    answer: Times = key(factory=lambda: Times(shape="lognormal", mean=4.0),
                        doc="How long the telephone rings until it is lifted.")
    miss: float = key(0.0, least=0, most=1, doc="Share of calls that are left ringing.")
    back: Times = key(factory=lambda: Times(mean=120.0),
                      doc="After how long someone who was paused for calls left ringing resumes.")
    breaks: tuple[Break, ...] = key((), doc="Pauses.")


@dataclass(frozen=True, kw_only=True)
class QueueChange:
    """What is different from the configuration in a queue, for this day."""

    strategy: str | None = key(None, choices=STRATEGIES, doc="Who of the free agents is rung.")
    ring_timeout: float | None = key(None, unit="s", least=3, most=300, doc="How long an agent is rung.")
    wrapup: float | None = key(None, unit="s", least=0, most=3600, doc="Work after a call.")
    max_wait: float | None = key(None, unit="s", least=1, most=DAY, doc="max_wait.after.")
    max_len: int | None = key(None, least=1, most=MAX_QUEUE_LEN, doc="max_len.n.")
    service_level: float | None = key(None, unit="s", least=0, most=3600, doc="The service level's threshold.")
    short_abandon: float | None = key(None, unit="s", least=0, most=600, doc="Shorter waits are no abandons.")
    announce: bool | None = key(None, doc="announce.position.")


@dataclass(frozen=True, kw_only=True)
class ExchangeSettings:
    """How the exchange treats our lines."""

    caller_id: str = key("fsk", choices=CALLER_ID, doc="How it is told who calls.")
    disconnect: str = key("busy_tone", choices=DISCONNECT, doc="How it is told that the caller has left.")

    def check(self, report: Report, path: str) -> None:
        if self.disconnect == "nothing":
            report.error(f"{path}.disconnect", "calls whose caller leaves would never end",
                         "choose one of the others")


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day."""

    title: str = key("", doc="For people; the file's name without it.")
    start: str = key("2026-11-23T08:00:00+08:00", doc="What the clock shows when it begins, with its time zone.")
    duration: float = key(36_000.0, unit="s", least=60, most=366 * DAY, doc="For how long callers come.")
    config: str = key("", doc="Directory of the configuration, as seen from this file; without it the usual one.")
    calls: float = required(least=1, most=MOST_CALLS, doc="How many callers come, on average.")
    profile: tuple[float, ...] = key((), least=0, most=1e6, doc=(
        "The load's shape: a weight for each of as many equal parts of the day; none: even."))
    arrivals: str = key("exponential", choices=("exponential", "constant"),
                        doc="Time between callers: by chance (Poisson), or always the same.")
    lines: int = key(4, least=1, most=MAX_PORTS // 2, doc="Outside lines, if the configuration has fewer.")
    number: str = key("", pattern="[0-9]{0,15}", doc="The number that is dialled; without it the first line's.")
    queue: str = key("", doc="Send callers straight to this queue; without it as the configuration routes them.")
    callers: Callers = key(factory=Callers, doc="Those who call.")
    staff: Staff = required(doc="Those who serve.")
    ends: str = key("caller", choices=("caller", "agent"), doc="Who hangs up first after a talk.")
    queues: Mapping[str, QueueChange] = key(factory=dict, doc="Queues whose settings differ on this day.")
    exchange: ExchangeSettings = key(factory=ExchangeSettings, doc="The other end of the lines.")
    pure: bool = key(False, doc=(
        "For comparison with theory: what the line adds to a time drawn (to tell a hang-up from a flash, to recognise "
        "a voice) is taken off it, so that talk and patience are as drawn for the queue, not for the people."))

    def check(self, report: Report, path: str) -> None:
        try:
            aware = datetime.fromisoformat(self.start).tzinfo is not None
        except ValueError:
            aware = False
        if not aware:
            report.error("start", f"{self.start!r} is no moment with a time zone", 'write "2026-11-23T08:00:00+08:00"')
        if self.profile and sum(self.profile) <= 0:
            report.error("profile", "all weights are 0", "give one part of the day a weight above 0")
        if self.calls / self.duration * 600 > MAX_CALLS:
            report.warning("calls", f"{self.calls / self.duration:.1f} calls a second may be more than the house takes "
                                    f"({MAX_CALLS} at once)")

    @property
    def begins(self) -> datetime:
        return datetime.fromisoformat(self.start)
