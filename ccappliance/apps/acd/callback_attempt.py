"""One attempt to bring an agent and the customer together: the agent is called first, or the customer is."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.entry import Connected, Entry
from ccappliance.base.causes import Cause
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call.collect import Collect
from ccappliance.call.leg import Leg, LegGone
from ccappliance.call.places import LINE_CAUSES
from ccappliance.call.routes import Routed
from ccappliance.media.ports import Playing

if TYPE_CHECKING:
    from ccappliance.apps.acd.callback import Means
    from ccappliance.apps.acd.callback_promise import Promise
    from ccappliance.apps.acd.callback_settings import CallbackSettings
    from ccappliance.apps.acd.dispatcher import Dispatcher
    from ccappliance.apps.acd.offer import Offer
    from ccappliance.call.call import Call

GRACE = 5.0  # s by which an offer outlives what it waits for, so that this decides how it ends
CONFIRM = 8.0  # s after the greeting in which the customer may press 1
GREETING = 20.0  # s the greeting takes at most
CONFIRMS = "1"
TO, HELLO, PRESS = "callback_to", "callback_hello", "callback_still"

_OUTCOMES = {Cause.BUSY: "busy", Cause.REJECTED: "busy", Cause.NO_ANSWER: "no_answer", Cause.NO_RESPONSE: "no_answer",
             Cause.UNALLOCATED: "unallocated", Cause.INVALID_NUMBER: "unallocated", Cause.CONGESTION: "congestion",
             Cause.NO_CIRCUIT: "congestion", Cause.TEMPORARY_FAILURE: "congestion", Cause.NORMAL: "hung_up"}
COUNTED = frozenset({"busy", "no_answer", "congestion", "unallocated", "hung_up", "not_confirmed", "failed",
                     "interrupted"})  # what is an attempt; the others were no fault of his


class Attempt:
    """From an agent's reservation until they talk or do not. `close` is called once, when they do not."""

    def __init__(self, promise: "Promise", offer: "Offer", means: "Means", dispatcher: "Dispatcher") -> None:
        self.call: Call | None = None
        self.customer: Leg | None = None
        self.dialled = ""  # the call in which he was dialled
        self.outcome = ""  # why he was not reached
        self._promise = promise
        self._offer = offer
        self._means = means
        self._dispatcher = dispatcher
        self._settings = promise.queue.settings.callback
        self._closed = False

    @property
    def holds(self) -> bool:
        """The customer was reached and waits for an agent."""
        return False

    def begin(self) -> None:
        raise NotImplementedError

    def place(self, station: str, name: str) -> Leg:
        raise NotImplementedError

    def place_out(self, group: str, number: str, but: Sequence[str], name: str) -> Leg:
        """As `place`, for an agent outside."""
        raise NotImplementedError

    def agent_answered(self) -> None:
        """All that the agent himself has to do is done."""

    async def run(self, call: "Call") -> str | None:
        raise NotImplementedError

    def go_live(self, entry: Entry) -> "Call":
        raise NotImplementedError

    def close(self) -> None:
        self._closed = True
        if self.customer is not None:
            self.customer.clear()

    # ---- inside ----

    @property
    def _routed(self) -> Routed:
        return Routed(f"callback:{self._promise.id}", f"queue {self._promise.queue.name}: callback")

    def _tried(self, call: "Call") -> None:
        self.dialled = call.id
        self._promise.tried(call, self._offer.agent.number)

    def _fail(self, outcome: str, cause: Cause = Cause.NORMAL) -> None:
        """He is not reached: the agent is let go, and the promise decides what follows."""
        self.outcome = outcome
        if self.call is not None:
            self.call.end_cause = cause
            self.call.ended_by = "callee"
        self._offer.fail("not_reached", f"customer: {outcome}")

    def _connected(self, call: "Call") -> bool:
        """From now on the call is the customer's, in whatever queue he may still come to wait."""
        promise, ended = self._promise, self._promise.entry.ended
        if not isinstance(ended, Connected) or ended.offer is not self._offer:
            return False
        self._be_his(call)
        promise.reached(call)
        return True

    def _be_his(self, call: "Call") -> None:
        promise = self._promise
        call.calling, call.name, call.language = promise.number, promise.name, promise.language
        call.variables.update(promise.known)
        call.queued_since = promise.entry.entered
        call.order_class, call.boost, call.require = promise.order_class, promise.boost, promise.require


class AgentFirst(Attempt):
    """The agent's telephone rings and shows the customer's number; when he has answered, the customer is dialled."""

    def __init__(self, promise: "Promise", offer: "Offer", means: "Means", dispatcher: "Dispatcher") -> None:
        super().__init__(promise, offer, means, dispatcher)
        self._may_dial: asyncio.Future[None] = means.loop.create_future()

    @staticmethod
    def before(_settings: "CallbackSettings") -> float:
        """Seconds at most before the station rings."""
        return 0.0

    @staticmethod
    def after(settings: "CallbackSettings") -> float:
        """Seconds at most from the agent's answer to the customer's."""
        return settings.ring + GRACE

    def begin(self) -> None:
        self._offer.proceed()

    def place(self, station: str, name: str) -> Leg:
        promise = self._promise
        self.call = self._means.lines.call_station(station, self._routed, called=promise.number, name=name,
                                                   ring=promise.queue.settings.ring_timeout + GRACE)
        return self.call.anchor

    def place_out(self, group: str, number: str, but: Sequence[str], name: str) -> Leg:
        reach = self._offer.agent.reach
        assert reach is not None
        self.call = self._means.lines.call_outside(
            group, number, self._routed, but=but, ring=reach.seconds(self._promise.queue.settings.ring_timeout) + GRACE)
        return self.call.anchor

    def agent_answered(self) -> None:
        if not self._may_dial.done():
            self._may_dial.set_result(None)

    async def run(self, call: "Call") -> str | None:
        await self._may_dial
        agent = call.anchor
        self._tried(call)
        self._tell_whom(agent, self._offer.agent.settings.language or call.language)
        try:
            customer = await self._reach(call)
        except LegGone as gone:
            self._fail(_OUTCOMES.get(gone.cause, "failed"), gone.cause)
            return None
        except (Refused, LineFault):
            self._fail("no_line", Cause.NO_CIRCUIT)
            return None
        self._closed = True  # nothing more is played to the agent
        call.re_anchor(customer)
        self._offer.proceed()
        return await self._promise.queue.talk(call, self._promise.entry) if self._connected(call) else None

    def _tell_whom(self, agent: Leg, language: str) -> None:
        words = [self._means.prompts.get(TO, language), *self._means.say.digits(self._promise.number, language)]
        agent.start(words).on_end(lambda _: self._ringback(agent))

    def _ringback(self, agent: Leg) -> None:
        if not self._closed and not agent.is_gone:
            agent.tone(self._means.ringback)

    async def _reach(self, call: "Call") -> Leg:
        """The customer's leg, answered; on another line if one fails us. LegGone, or Refused when no line is left."""
        until = self._means.loop.time() + self._settings.ring
        tried: list[str] = []
        while True:
            leg = self.customer = call.place_out(self._settings.group, self._promise.number, but=tried, kept=True)
            tried.append(leg.circuit.name)
            timer = self._means.loop.call_at(until, leg.clear, Cause.NO_ANSWER)
            try:
                await leg.answered()
                return leg
            except LegGone as gone:
                if gone.cause not in LINE_CAUSES:
                    raise
            finally:
                timer.cancel()


class CallerFirst(Attempt):
    """The agent is kept; the customer is dialled and asked to hold; then the agent's telephone rings."""

    def __init__(self, promise: "Promise", offer: "Offer", means: "Means", dispatcher: "Dispatcher") -> None:
        super().__init__(promise, offer, means, dispatcher)
        self._until = means.loop.time() + self._settings.ring
        self._failed_lines: list[str] = []
        self._answered = False
        self._live: Entry | None = None
        self._playing: Playing | None = None

    @staticmethod
    def before(settings: "CallbackSettings") -> float:
        """Seconds at most before the station rings."""
        return settings.ring + GREETING + CONFIRM + GRACE

    @property
    def holds(self) -> bool:
        return self._answered and self.customer is not None and not self.customer.is_gone

    def begin(self) -> None:
        """Dial him, on another line if one has failed us."""
        try:
            call = self._means.lines.call_outside(
                self._settings.group, self._promise.number, self._routed, but=self._failed_lines, kept=True,
                ring=max(0.0, self._until - self._means.loop.time()))
        except (Refused, LineFault):
            self._fail("no_line", Cause.NO_CIRCUIT)
            return
        self.call, self.customer = call, call.anchor
        call.language = self._promise.language
        self._tried(call)
        call.anchor.on_gone(self._customer_gone)

    def place(self, station: str, name: str) -> Leg:
        assert self.call is not None
        return self.call.place(station, calling=self._promise.number, name=name)

    def place_out(self, group: str, number: str, but: Sequence[str], name: str) -> Leg:
        assert self.call is not None
        return self.call.place_out(group, number, but=but, calling=self._promise.number, name=name)

    async def run(self, call: "Call") -> str | None:
        entry, queue = self._promise.entry, self._promise.queue
        try:
            if not await self._greeted(call):
                return None
            self._answered = True
            self._offer.proceed()  # the agent's telephone rings
            await asyncio.shield(entry.verdict)
            if self._playing is not None:
                self._playing.stop()
            if self._live is not None:
                return await queue.serve(call, self._live)
            return await queue.talk(call, entry) if self._connected(call) else None
        finally:
            if self._live is not None:
                self._dispatcher.leave(self._live, "abandoned")

    def go_live(self, entry: Entry) -> "Call":
        """The agent did not come: from this moment he waits as a caller, in his place."""
        assert self.call is not None
        self._closed = True
        self._be_his(self.call)
        self._live = Entry(self.call, entry.queue, entered=entry.entered, clock=self._means.outside.clock,
                           loop=self._means.loop)
        self._dispatcher.enter(self._live, instead_of=entry)
        return self.call

    async def _greeted(self, call: "Call") -> bool:
        """He hears who calls; False: he did not press the key that is asked for."""
        language, prompts = call.language, self._means.prompts
        hello = prompts.get(HELLO, language)
        if self._settings.confirm:
            digits = ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GREETING + CONFIRM):  # or his agent would be kept for a long recording
                    digits = (await call.collect(Collect(most=1, first=CONFIRM),
                                                 [hello, prompts.get(PRESS, language)])).digits
            if digits != CONFIRMS:
                self._fail("not_confirmed")
                return False
            self._hold(call.anchor)
        else:
            self._playing = call.anchor.start([hello])
            self._playing.on_end(lambda _: self._hold(call.anchor))
        return True

    def _hold(self, customer: Leg) -> None:
        if not self._closed and not customer.is_gone and self._promise.entry.in_line:
            pieces = self._promise.queue.room.music.pieces
            music = [self._means.prompts.get(piece, self._promise.language) for piece in pieces]
            self._playing = customer.start(music, repeat=True)

    def _customer_gone(self, leg: Leg) -> None:
        if self._offer.over or leg is not self.customer:
            return  # they talk, or it was we who ended it
        cause = leg.gone.result()
        if not self._answered and cause in LINE_CAUSES:
            self._failed_lines.append(leg.circuit.name)
            self.begin()
        else:
            self._fail(_OUTCOMES.get(cause, "failed"), cause)
