"""Callbacks: callers hang up and keep their place; a promise stands in line for them until they are called back.

A promise is an entry like any other, in the one order, with its caller's enter time. One number is dialled once at a
time, whatever queues it waits in. Promises outlive the daemon: CallbackStore keeps them, `restore` takes them up again.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ccappliance.apps.acd.announcer import Prompts, Says
from ccappliance.apps.acd.callback_promise import Promise
from ccappliance.apps.acd.callback_store import Kept, kept_of
from ccappliance.apps.acd.dialog import PASSES, PROMISED, ask_number
from ccappliance.apps.acd.entry import Entry, Waiter
from ccappliance.base.clock import Outside
from ccappliance.base.dialplan import pattern_matches
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.calendar import Calendar
from ccappliance.call.routes import Routed
from ccappliance.media.ports import Tone

if TYPE_CHECKING:
    from ccappliance.apps.acd.acd import Acd
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Entry as JournalEntry
    from ccappliance.call.journal import Journal, Wanted

_COUNTRY = re.compile(r"^(?:\+|00)86")
_TRUNK_ZERO = re.compile(r"^0(?=1[3-9]\d{9}$)")  # dialled before mobile numbers of another province
NO_LINE, IN_USE = "no line is free", "the number is being called"


class Lines(Protocol):
    """What the switch does for callbacks. Each call is Refused with a stable code if it can't be made now."""

    numbers: Mapping[str, str]  # our own, by line

    def has_station(self, number: str) -> bool: ...

    def idle_lines(self, group: str) -> int: ...

    def call_station(self, station: str, routed: Routed, *, called: str, name: str = "", ring: float = 0.0
                     ) -> "Call": ...

    def call_outside(self, group: str, number: str, routed: Routed, *, but: Sequence[str] = (), kept: bool = False,
                     ring: float = 0.0) -> "Call": ...


@dataclass(frozen=True)
class Means:
    """What callbacks work with. `calendar(name)` answers None for one that is always open."""

    loop: asyncio.AbstractEventLoop
    outside: Outside
    journal: "Journal"
    lines: Lines
    prompts: Prompts
    say: Says
    calendar: Callable[[str], Calendar | None]
    ringback: Tone


class Callbacks:
    """All promises that are open. Register `find` for destinations `callback:…`, and let the journal tell `hear`."""

    KINDS: ClassVar["Wanted"] = frozenset({facts.LegMoved})

    def __init__(self, acd: "Acd", means: Means) -> None:
        self.means = means
        self.dispatcher = acd.dispatcher
        self._acd = acd
        self._promises: dict[str, Promise] = {}
        self._places: dict[tuple[str, str], Promise] = {}  # by queue and number: one each
        self._dialled: dict[str, Promise] = {}  # by number: one attempt at a time
        self._short: dict[str, Promise] = {}  # those that found no line
        self._looking = False  # for those that a free line may serve

    # ---- for the dialogue with a waiting caller ----

    def offered(self, entry: Entry) -> bool:
        """May this caller be promised a callback now?"""
        return entry.kind == "call" and entry.in_line and self._offers(entry.queue)

    def number_problem(self, number: str) -> str:
        """Why this number can't be called back, for people; "" if it can."""
        if not number:
            return "there is no number"
        if not number.isascii() or not number.isdigit():
            return f"{number!r} is no telephone number: only digits can be dialled"
        own = {same_line(one) for one in self.means.lines.numbers.values()}
        if same_line(number) in own or self.means.lines.has_station(number):
            return f"{number} is a number of ours"
        if not any(pattern_matches(pattern, number) for pattern in self._acd.settings.callback_numbers):
            return f"{number} is no number that is called back (callback_numbers)"
        return ""

    def promise(self, entry: Entry, number: str, told: tuple[float, float] | None = None) -> None:
        """Let this caller hang up: an entry of the promise takes his place in the moment in which his own leaves.

        `told`: the seconds from now between which he was told to be called. Refused("bad_number"/"not_offered").
        """
        problem = self.number_problem(number)
        if problem:
            raise Refused("bad_number", problem)
        if not self.offered(entry):
            raise Refused("not_offered", f"queue {entry.queue.name} promises no callback now")
        queue = entry.queue
        self._make(entry.call, queue, number, entered=entry.entered,
                   order_class=entry.order_class - queue.settings.order_class,
                   boost=entry.boost - queue.settings.boost, told=told, instead_of=entry)
        self.dispatcher.leave(entry, "callback_taken")

    async def request(self, call: "Call", queue: str) -> str:
        """For flows: a caller who has not waited may be called back in his turn, as if he began to wait now.

        How it ended: "promised", "declined" (he wants none, or gives no number), "not_offered". LegGone.
        """
        found = self._acd.find_queue(queue)
        if found is None or not self._offers(found):
            return "not_offered"
        await call.answer()
        means = self.means
        number = await ask_number(call, means.prompts, means.say, self.number_problem, PASSES)
        if not number:
            return "declined"
        if not self._offers(found):  # he took his time
            return "not_offered"
        self._make(call, found, number, entered=means.outside.clock.now(), order_class=call.order_class,
                   boost=call.boost)
        await call.play([means.prompts.get(PROMISED, call.language)])
        return "promised"

    def _offers(self, queue: "Queue") -> bool:
        settings = queue.settings.callback
        return (settings.enabled and queue.callbacks_waiting < settings.most
                and (settings.closed == "wait" or self.is_open(queue)))

    def _make(self, call: Waiter, queue: "Queue", number: str, *, entered: float, order_class: int, boost: float,
              told: tuple[float, float] | None = None, instead_of: Entry | None = None) -> None:
        """A promise stands in line from now on, unless an older one to the same number does."""
        now, wall = self.means.outside.clock.now(), self.means.outside.clock.wall()
        low, high = (round(seconds, 3) for seconds in told) if told is not None else (None, None)
        fact = facts.CallbackPromised(
            self.means.outside.ids.part(call.id, "callback"), call.id, queue.name, number, call.name, call.language,
            stamp(wall - timedelta(seconds=now - entered)), order_class, boost, call.require, low, high,
            dict(call.known))
        written = self.means.journal.write(fact)
        promise = Promise(kept_of(written.seq, stamp(written.at), fact), queue, self, entered=entered, promised=now)
        other = self._waiting_for(queue, number)
        if other is not None and (other.attempt is not None or other.entry.key < promise.entry.key):
            promise.end("replaced", f"{other.id} stands before it")
        else:
            if other is not None:
                other.end("replaced", f"{promise.id} stands before it")
            self._take_up(promise, instead_of=instead_of)

    def regain(self, call: "Call", queue: "Queue") -> None:
        """Somebody enters this queue: if a promise to his number waits in it, he gets that place, and it ends."""
        promise = self._waiting_for(queue, call.calling) if call.calling else None
        if promise is None:
            return
        entered = promise.entry.entered
        call.queued_since = entered if call.queued_since is None else min(entered, call.queued_since)
        call.order_class = max(call.order_class, promise.entry.order_class - queue.settings.order_class)
        call.boost = max(call.boost, promise.entry.boost - queue.settings.boost)
        promise.end("withdrawn", "he called")

    # ---- destinations, and what it hears ----

    def find(self, argument: str) -> Promise | None:
        """`callback:<id>`: where the calls of its attempts go."""
        return self._promises.get(argument)

    def hear(self, entry: "JournalEntry") -> None:
        """A journal reader: a line that is free again may serve a promise that waits for one."""
        fact = entry.fact
        if isinstance(fact, facts.LegMoved) and fact.state == "released" and self._short and not self._looking:
            self._looking = True
            self.means.loop.call_soon(self._lines_free)

    # ---- the daemon's life ----

    def restore(self, kept: Iterable[Kept]) -> None:
        """Take up what the store has kept, each in its old place: wall times become times of this loop."""
        wall, now = self.means.outside.clock.wall(), self.means.outside.clock.now()

        def loop_time(at: str) -> float:
            return now - (wall - datetime.fromisoformat(at)).total_seconds()

        for one in kept:
            queue = self._acd.find_queue(one.queue)
            if queue is None:
                self.means.journal.write(facts.CallbackEnded(
                    one.callback, "", one.queue, one.number, "withdrawn", f"there is no queue {one.queue} any more",
                    round(now - loop_time(one.promised_at), 3), one.low, one.high, one.attempts, ""))
                continue
            promise = Promise(one, queue, self, entered=loop_time(one.entered_at),
                              promised=loop_time(one.promised_at))
            if one.trying:
                promise.interrupted(one.trying, loop_time(one.tried_at))
            elif one.again_at:
                promise.rest_until(loop_time(one.again_at))
            if not promise.over:
                self._take_up(promise)

    def applied(self) -> None:
        """Settings and calendars have changed: each promise looks whether it rests, and until when it lives."""
        for promise in list(self._promises.values()):
            promise.unblock()

    def close(self) -> None:
        """The daemon stops: nobody is called any more, and every promise is kept."""
        for promise in list(self._promises.values()):
            promise.suspend()
            self.forget(promise)

    # ---- control ----

    def list(self) -> list[dict[str, Any]]:
        """One mapping for each open promise, in the order of queues and lines; seconds are durations."""
        promises = sorted(self._promises.values(), key=lambda promise: (promise.queue.name, promise.entry.key))
        return [promise.as_row() for promise in promises]

    def cancel(self, callback: str, by: str) -> None:
        """Refused: no_callback."""
        self._get(callback).end("withdrawn", "cancelled", by)

    def retry(self, callback: str, by: str) -> None:
        """Do not wait for the next attempt. Refused: no_callback, being_called."""
        promise = self._get(callback)
        if promise.attempt is not None:
            raise Refused("being_called", f"callback {callback} is being tried now")
        promise.rest_until(None, by)

    # ---- what promises ask ----

    def is_open(self, queue: "Queue") -> bool:
        calendar = self.means.calendar(queue.settings.closed.calendar)
        return calendar is None or calendar.is_open(self.means.outside.clock.wall())

    def take(self, promise: Promise) -> str:
        """Begin an attempt: NO_LINE, IN_USE, or "" if the number is its own until `give_back`."""
        key = same_line(promise.number)
        if key in self._dialled:
            return IN_USE
        if self._lines_left(promise) <= 0:
            self._short[promise.id] = promise
            return NO_LINE
        self._dialled[key] = promise
        return ""

    def give_back(self, promise: Promise) -> None:
        """The attempt is over: whoever waits for the number or the line looks again."""
        key = same_line(promise.number)
        if self._dialled.get(key) is not promise:
            return
        del self._dialled[key]
        for other in list(self._promises.values()):
            if other.blocked == IN_USE and same_line(other.number) == key:
                other.unblock()

    def forget(self, promise: Promise) -> None:
        """It is over."""
        if self._promises.pop(promise.id, None) is not None:
            del self._places[promise.queue.name, same_line(promise.number)]
        self._short.pop(promise.id, None)

    # ---- inside ----

    def _take_up(self, promise: Promise, instead_of: Entry | None = None) -> None:
        self._promises[promise.id] = promise
        self._places[promise.queue.name, same_line(promise.number)] = promise
        promise.enter(instead_of)

    def _waiting_for(self, queue: "Queue", number: str) -> Promise | None:
        return self._places.get((queue.name, same_line(number)))

    def _get(self, callback: str) -> Promise:
        promise = self._promises.get(callback)
        if promise is None:
            raise Refused("no_callback", f"there is no callback {callback!r}; `ccappliance callbacks list` shows them")
        return promise

    def _lines_left(self, promise: Promise) -> int:
        """Lines of its group that are idle and not meant for an attempt whose agent has not answered yet."""
        group = promise.queue.settings.callback.group
        meant = sum(other.queue.settings.callback.group == group and other.attempt is not None
                    and other.attempt.customer is None for other in self._dialled.values())
        return self.means.lines.idle_lines(group) - meant

    def _lines_free(self) -> None:
        """As many as there are lines look again, in the one order."""
        self._looking = False
        self._short = {name: promise for name, promise in self._short.items() if promise.blocked == NO_LINE}
        woken: dict[str, int] = {}
        for promise in sorted(self._short.values(), key=lambda promise: promise.entry.key):
            group = promise.queue.settings.callback.group
            if self._lines_left(promise) > woken.get(group, 0):
                woken[group] = woken.get(group, 0) + 1
                promise.unblock()


def same_line(number: str) -> str:
    """Two numbers that are written alike here reach the same telephone (+86, and 0 before a mobile number)."""
    return _TRUNK_ZERO.sub("", _COUNTRY.sub("", number))


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
