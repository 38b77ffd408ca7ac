"""A promise: who stands in line for a caller who has hung up, rests between attempts, and ends in one outcome."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ccappliance.apps.acd.callback_attempt import COUNTED, AgentFirst, Attempt, CallerFirst
from ccappliance.apps.acd.entry import Connected, Entry, EntryState, Left
from ccappliance.apps.acd.offer import Offer, Step
from ccappliance.call import facts

if TYPE_CHECKING:
    from ccappliance.apps.acd.callback import Callbacks
    from ccappliance.apps.acd.callback_store import Kept
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.call import Call
    from ccappliance.call.leg import Leg

LINE_RETRY = 30.0  # s after which a promise looks again for a line, should none have told that it is free
CLOCK_SET = 600.0  # s after which a wall clock that was set is noticed where opening hours matter


class Promise:
    """A Waiter. `entered` and `promised` are on the loop clock; before a restart they may be negative."""

    def __init__(self, kept: "Kept", queue: "Queue", host: "Callbacks", *, entered: float, promised: float) -> None:
        self.id = kept.callback
        self.queue = queue
        self.number = self.calling = kept.number
        self.name = kept.name
        self.language = kept.language
        self.order_class = kept.order_class
        self.boost = kept.boost
        self.require = kept.require
        self.known: dict[str, str] = json.loads(kept.variables)
        self.site = ""  # where he called from does not matter any more
        self.attempts = kept.attempts
        self.attempt: Attempt | None = None
        self.blocked = ""  # what it waits for besides an agent, as `Callbacks.take` says
        self.over = False
        self._kept = kept
        self._host = host
        self._promised = promised
        self._again: float | None = None  # loop clock
        self._timer: asyncio.TimerHandle | None = None
        self.entry = Entry(self, queue, entered=entered, clock=host.means.outside.clock, loop=host.means.loop,
                           kind="callback")
        self.entry.verdict.add_done_callback(self._left)

    # ---- a Waiter ----

    @property
    def before(self) -> Sequence[Step]:
        settings = self.queue.settings.callback
        kind = CallerFirst if settings.order == "caller-first" else AgentFirst
        return (Step(kind.before(settings), self._begin),)

    @property
    def steps(self) -> Sequence[Step]:
        settings = self.queue.settings.callback
        return () if settings.order == "caller-first" else (Step(AgentFirst.after(settings), self._agent_answered),)

    def place(self, station: str, *, calling: str = "", name: str = "") -> "Leg":
        assert self.attempt is not None
        return self.attempt.place(station, name)

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), calling: str = "",
                  name: str = "") -> "Leg":
        assert self.attempt is not None
        return self.attempt.place_out(group, number, but, name)

    # ---- a destination ----

    async def run(self, call: "Call") -> str | None:
        """A call of its present attempt was answered."""
        attempt = self.attempt
        return await attempt.run(call) if attempt is not None and attempt.call is call else None

    # ---- its life ----

    def enter(self, instead_of: Entry | None) -> None:
        self._host.dispatcher.enter(self.entry, instead_of=instead_of)
        self._review()

    def interrupted(self, call: str, tried: float) -> None:
        """A restart finds that he was being dialled: that was an attempt."""
        self._missed(call, "interrupted", tried)

    def rest_until(self, at: float | None, by: str = "") -> None:
        """Do not try before then (loop clock; None: as soon as somebody can)."""
        self._again, self.blocked = at, ""
        self._review(by)

    def unblock(self) -> None:
        self.blocked = ""
        self._review()

    def suspend(self) -> None:
        """Leave the line, for the next start of the daemon."""
        self._stop()
        self._host.dispatcher.leave(self.entry, "withdrawn")

    def end(self, outcome: str, why: str = "", by: str = "", call: str = "") -> None:
        """It is over. Harmless if it was already."""
        if self.over:
            return
        self._stop()
        self._host.forget(self)
        kept, attempts = self._kept, self.attempts + (outcome == "reached")
        waited = round(self._host.means.outside.clock.now() - self._promised, 3)
        self._host.means.journal.write(facts.CallbackEnded(
            self.id, call, self.queue.name, self.number, outcome, why, waited, kept.low, kept.high, attempts, by))
        if self.entry.lane is not None:
            self._host.dispatcher.leave(self.entry, "withdrawn")

    def tried(self, call: "Call", agent: str) -> None:
        """Write that he is being dialled now."""
        self._host.means.journal.write(facts.CallbackTried(self.id, call.id, self.queue.name, agent, self.number,
                                                           self.attempts + 1))

    def reached(self, call: "Call") -> None:
        """An agent talks to him."""
        self.attempt = None
        self.end("reached", call=call.id)
        call.anchor.on_gone(lambda _: self._host.give_back(self))  # while he talks, nobody else need try him

    def as_row(self) -> dict[str, Any]:
        """For people; seconds are durations."""
        now, entry = self._host.means.outside.clock.now(), self.entry
        again = None if self._again is None or self._again <= now else round(self._again - now, 1)
        state = ("calling" if self.attempt is not None and self.attempt.call is not None
                 else "waiting" if not entry.demand.rest else "resting")
        return {"callback": self.id, "queue": self.queue.name, "number": self.number, "name": self.name,
                "position": self.queue.position(entry), "state": state, "why": self._reason(now),
                "promised": round(now - self._promised, 1), "waited": round(now - entry.entered, 1),
                "attempts": self.attempts, "again": again, "low": self._kept.low, "high": self._kept.high}

    # ---- attempts ----

    def _begin(self, offer: Offer) -> None:
        """An agent is kept for him: is there a line, and does nobody call this number already?"""
        kind = CallerFirst if self.queue.settings.callback.order == "caller-first" else AgentFirst
        offer.tell = self._over
        self.blocked = self._host.take(self)
        if self.blocked:
            offer.fail("not_reached", self.blocked)
            return
        self.attempt = kind(self, offer, self._host.means, self._host.dispatcher)
        self.attempt.begin()

    def _agent_answered(self, _offer: Offer) -> None:
        assert self.attempt is not None
        self.attempt.agent_answered()

    def _over(self, _offer: Offer, outcome: str) -> None:
        """The offer has ended, and they do not talk."""
        attempt, self.attempt = self.attempt, None
        if attempt is not None:
            if attempt.holds and self.entry.in_line and outcome != "not_reached":
                call = attempt.go_live(self.entry)  # he is there, the agent is not: he waits as a caller does
                self.end("reached", "waits in line", call=call.id)
                call.anchor.on_gone(lambda _: self._host.give_back(self))
            else:
                attempt.close()
                if attempt.dialled and not self.over:
                    self._missed(attempt.dialled, attempt.outcome or "broken_off",
                                 self._host.means.outside.clock.now())
                self._host.give_back(self)
        self._review()

    def _missed(self, call: str, outcome: str, tried: float) -> None:
        """Write that he was not reached, and when he is tried again; give up after the last time."""
        retry, clock = self.queue.settings.callback.retry, self._host.means.outside.clock
        counts = outcome in COUNTED
        self.attempts += counts
        last = counts and self.attempts > retry.times
        wait = None if last else retry.every if counts else LINE_RETRY if outcome == "no_line" else None
        self._again = None if wait is None else tried + wait
        again_at = "" if self._again is None else (
            clock.wall() + timedelta(seconds=self._again - clock.now())).isoformat(timespec="milliseconds")
        self._host.means.journal.write(facts.CallbackMissed(self.id, call, outcome, self.attempts, again_at))
        if last:
            self.end("gave_up", outcome)

    # ---- rest ----

    def _review(self, by: str = "") -> None:
        """Rest or be eligible as the moment demands, and look again when that may change."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.over or self.entry.lane is None:
            return
        host, settings, now = self._host, self.queue.settings, self._host.means.outside.clock.now()
        calendar = host.means.calendar(settings.closed.calendar)
        expires = self._promised + settings.callback.expires
        times = [now + LINE_RETRY] if self.blocked else []
        if calendar is not None:
            wall = host.means.outside.clock.wall()
            promised = wall - timedelta(seconds=now - self._promised)
            expires = now + (calendar.open_for(promised, settings.callback.expires) - wall).total_seconds()
            turn = calendar.turn(wall)
            times += [now + CLOCK_SET, *([now + (turn - wall).total_seconds()] if turn is not None else [])]
        if self.attempt is None:
            if now >= expires:
                self.end("expired", f"promised {now - self._promised:.0f} s ago")
                return
            if settings.callback.closed == "end" and not host.is_open(self.queue):
                self.end("expired", "the queue has closed")
                return
            self._rest(self._reason(now), by)
        times += [at for at in (self._again, expires) if at is not None and at > now]
        if times:
            self._timer = host.means.loop.call_at(min(times), self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self.blocked = ""
        self._review()

    def _reason(self, now: float) -> str:
        """Why nobody may take it now; "" if somebody may."""
        if not self._host.is_open(self.queue):
            return "closed"
        if self._again is not None and now < self._again:
            return "tried again later"
        return self.blocked

    def _rest(self, reason: str, by: str) -> None:
        if self.entry.demand.rest is not bool(reason):
            self._host.dispatcher.change(self.entry, f"rests: {reason}" if reason else "rests no more",
                                         demand=replace(self.entry.demand, rest=bool(reason)), by=by)

    def _stop(self) -> None:
        self.over = True
        if self._timer is not None:
            self._timer.cancel()

    def _left(self, verdict: "asyncio.Future[Connected | Left]") -> None:
        """Somebody has taken it out of line."""
        if not verdict.cancelled() and self.entry.state is EntryState.LEFT:
            self.end("withdrawn", "taken out of line")
