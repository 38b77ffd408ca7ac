"""The switch: the only one who changes the call table. Signals come in, calls walk from destination to destination."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Outside
from ccappliance.base.errors import LineFault, Refused
from ccappliance.base.limits import MAX_CALLS, MAX_FLOW_DEPTH
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.callers import Callers
from ccappliance.call.journal import Journal
from ccappliance.call.leg import Leg, LegGone, LegState, Party
from ccappliance.call.recorded import AsAsked, RecordingPolicy
from ccappliance.call.routes import Routed, Routes
from ccappliance.call.routing import Destinations
from ccappliance.call.trunks import TrunkGroup
from ccappliance.media.ports import Media, MediaPort, Sound
from ccappliance.media.tones import Zone
from ccappliance.signalling import signals

ORIGINATE_RING = 30.0  # s a station rings before an originated call is given up
APOLOGY_LIMIT = 10.0  # s an apology may take before the call is cleared anyway


class Sounds(Protocol):
    """Announcements by name: PromptBook."""

    def get(self, name: str, language: str) -> Sound: ...


class CallRecorder(Protocol):
    """Recording by call: apps/recording."""

    def start(self, call_id: str, port: MediaPort, why: str) -> object: ...

    def stop(self, call_id: str) -> None: ...

    def pause(self, call_id: str, by: str) -> bool: ...

    def resume(self, call_id: str, by: str, after: float = 0.0) -> bool: ...


class Switch:
    """Owns circuits, legs and calls. `routes`, `callers` and `groups` are replaced whole by a reload.

    `joins(one, other)`: asks the exchange to join the calls on these two circuits and to free both (ECT); None where it
    can't be asked. Refused("no_transfer") if it does not.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop, outside: Outside, journal: Journal, media: Media,
                 zone: Zone, destinations: Destinations, sounds: Sounds, recorder: CallRecorder, routes: Routes,
                 callers: Callers, language: str = "zh", policy: RecordingPolicy | None = None) -> None:
        self.loop = loop
        self.outside = outside
        self.journal = journal
        self.media = media
        self.zone = zone
        self.destinations = destinations
        self.sounds = sounds
        self.recorder = recorder
        self.policy: RecordingPolicy = policy or AsAsked()
        self.routes = routes
        self.callers = callers
        self.language = language
        self.groups: Mapping[str, TrunkGroup] = {}
        self.numbers: Mapping[str, str] = {}  # by circuit name: what callers of an outside line have dialled
        self.joins: Callable[[str, str], Coroutine[Any, Any, None] | None] = lambda one, other: None
        self.log = logging.getLogger("ccappliance.call")
        self._closed = False
        self.calls: dict[str, Call] = {}
        self.circuits: dict[str, signals.Circuit] = {}
        self._legs: dict[str, Leg] = {}  # by circuit name: a channel has at most one leg
        self._stations: dict[str, signals.Circuit] = {}
        self._station_of: dict[str, str] = {}
        self._alarms: dict[str, str] = {}  # by circuit name: the code of what blocks it
        self._busy_watchers: list[Callable[[str, bool], None]] = []
        self._fault_watchers: list[Callable[[str, str | None], None]] = []

    # ---- circuits ----

    def add(self, circuit: signals.Circuit, *, station: str = "") -> None:
        """Own this circuit from now on; `station` is the number of the telephone behind it."""
        self.circuits[circuit.name] = circuit
        if station:
            self._stations[station] = circuit
            self._station_of[circuit.name] = station

    def hears(self, name: str) -> signals.Hear:
        """The callback to construct the circuit of this name with."""
        return lambda signal: self._hear(name, signal)

    def watch_stations(self, busy: Callable[[str, bool], None], fault: Callable[[str, str | None], None]) -> None:
        """Tell when a station's telephone comes into use or is free again, and when it is faulty (words) or well."""
        self._busy_watchers.append(busy)
        self._fault_watchers.append(fault)

    def station(self, number: str) -> signals.Circuit:
        circuit = self._stations.get(number)
        if circuit is None:
            raise Refused("no_station", f"there is no station {number}")
        return circuit

    def has_station(self, number: str) -> bool:
        return number in self._stations

    def trunk(self, group: str, but: Sequence[str] = (), *, kept: bool = False) -> signals.Circuit:
        if group not in self.groups:
            known = ", ".join(self.groups) or "none"
            raise Refused("no_group", f"there is no trunk group {group!r}; there are: {known}")
        return self.groups[group].choose(but=but, kept=kept)

    def idle_lines(self, group: str) -> int:
        """How many callbacks could leave on this group now."""
        return self.groups[group].idle() if group in self.groups else 0

    # ---- calls ----

    def make_leg(self, call: Call, circuit: signals.Circuit, party: Party, state: LegState) -> Leg:
        """A new leg on this circuit; Refused if the circuit has one, or can't be used now."""
        former = self._legs.get(circuit.name)
        if former is not None and not former.is_gone:
            raise Refused("busy", f"{circuit.name} is in use by call {former.call.id}")
        if state is LegState.SEIZED and not circuit.idle:
            if circuit.blocked is not None:
                raise Refused("blocked", f"{circuit.name} can't be used: {circuit.blocked.words}")
            raise Refused("busy", f"{circuit.name} is {circuit.state}")
        leg = Leg(self.outside.ids.part(call.id, "leg"), call, circuit, party, state)
        self._legs[circuit.name] = leg
        call.adopt(leg)
        self._tell_busy(circuit.name, True)
        return leg

    def ringing(self, station: str = "") -> Leg | None:
        """A leg that rings at a station (this one, if named) and may be answered by somebody else; the oldest."""
        found = [leg for leg in self._legs.values() if leg.may_be_taken and not leg.is_gone
                 and leg.state in (LegState.SEIZED, LegState.ALERTING) and station in ("", leg.party.number)]
        return min(found, key=lambda leg: leg.id, default=None)

    def originate(self, station: str, to: str, group: str, by: str) -> Call:
        """Ring a station; when it answers, dial `to` through a trunk group, or as the routes say if `group` is ""."""
        self.station(station)  # Refused if there is none
        if group:
            self.trunk(group)  # Refused if there is no such group, or no line now
            routed = Routed(f"trunk:{group}/{to}", f"originated by {by}")
        else:
            found = self.routes.dialled(to, station)
            if found is None:
                raise Refused("no_route", f"no rule of routes lets a station dial {to!r}")
            routed = Routed(found.destination, f"originated by {by}")
        return self.ring(station, to, routed)

    def ring(self, station: str, to: str, routed: Routed, variables: Mapping[str, str] | None = None) -> Call:
        """Ring a station that shows `to`; when it answers, its call goes where `routed` says."""
        return self.call_station(station, routed, called=to, variables=variables)

    def call_station(self, station: str, routed: Routed, *, called: str, name: str = "",
                     ring: float = ORIGINATE_RING, variables: Mapping[str, str] | None = None) -> Call:
        """A call of ours whose anchor is a station: it is rung and shows `called`; when it answers, the call goes on.

        Refused("no_station"/"busy"/"blocked") if it can't be rung now.
        """
        circuit = self.station(station)
        return self._originate(circuit, station, routed, called=called, calling=station, shown=(called, name),
                               ring=ring, variables=variables)

    def call_outside(self, group: str, number: str, routed: Routed, *, but: Sequence[str] = (), kept: bool = False,
                     ring: float = ORIGINATE_RING) -> Call:
        """A call of ours whose anchor is somebody outside. Refused("no_group"/"no_line")."""
        circuit = self.trunk(group, but, kept=kept)
        return self._originate(circuit, number, routed, called=number, calling="", shown=("", ""), ring=ring)

    def _originate(self, circuit: signals.Circuit, number: str, routed: Routed, *, called: str, calling: str,
                   shown: tuple[str, str], ring: float, variables: Mapping[str, str] | None = None) -> Call:
        if self._closed:
            raise Refused("closing", "the daemon is ending: no call is begun any more: try again after its start")
        if circuit.name in self._legs or not circuit.idle:
            if circuit.blocked is not None:
                raise Refused("blocked", f"{circuit.name} can't be used: {circuit.blocked.words}")
            raise Refused("busy", f"{circuit.name} is {circuit.state}")
        call = Call(self, self.outside.ids.call(), "out", called, calling, "", circuit.name, self.language)
        self.journal.write(facts.CallOffered(call.id, circuit.name, "out", called, calling, ""))
        call.variables.update(variables or {})
        try:
            leg = call.place_on(circuit, number, calling=shown[0], name=shown[1])
        except (Refused, LineFault):
            for made in call.legs:
                made.clear(Cause.INVALID_NUMBER)
            self.journal.write(facts.CallEnded(call.id, int(Cause.INVALID_NUMBER), "us"))
            raise
        self._launch(call, routed, leg, ring)
        return call

    def leg_on(self, circuit: str) -> Leg | None:
        """The leg on this circuit, also one that waits for its release."""
        return self._legs.get(circuit)

    def hang_up(self, call_id: str, cause: Cause, by: str) -> None:
        call = self.calls.get(call_id)
        if call is None:
            raise Refused("no_call", f"there is no call {call_id}")
        call.anchor.clear(cause, f"hung up by {by}")

    def send(self, call_id: str, to: str, by: str) -> None:
        """A call goes elsewhere from wherever it is: what it is in ends as if the caller had left.

        Refused("no_call"), ("no_destination"), ("not_now") while it is rung, or consults.
        """
        call = self.calls.get(call_id)
        if call is None or call.task is None:
            raise Refused("no_call", f"there is no call {call_id}")
        self.destinations.find(to)
        if call.anchor.is_gone or call.anchor.state in (LegState.SEIZED, LegState.ALERTING):
            raise Refused("not_now", f"call {call_id} can't be sent elsewhere before it is answered")
        if call.conversation is not None:
            call.conversation.send(to)
        else:
            call.sent = Routed(to, f"sent by {by}")
            call.task.cancel()

    async def close(self) -> None:
        """Clear every call and wait until their tasks have cleaned up. Whoever comes later is turned away."""
        self._closed = True
        tasks = [call.task for call in self.calls.values() if call.task is not None]
        for call in list(self.calls.values()):
            call.anchor.clear(Cause.NORMAL, "shutdown")
        for task in tasks:
            await asyncio.wait([task])

    # ---- signals ----

    def _hear(self, name: str, signal: signals.Signal) -> None:
        circuit = self.circuits[name]
        leg = self._legs.get(name)
        match signal:
            case signals.Offered():
                self._offered(circuit, signal)
            case signals.Occupied():
                self._tell_busy(name, True)
            case signals.Blocked(alarm, words):
                if name in self._alarms:  # red, and then recovering: one alarm stands in place of the other
                    self.journal.write(facts.AlarmCleared(self._alarms[name], name))
                self._alarms[name] = alarm
                self.journal.write(facts.AlarmRaised(alarm, name, words))
                self._tell_fault(name, words)
            case signals.Unblocked():
                self.journal.write(facts.AlarmCleared(self._alarms.pop(name, ""), name))
                self._tell_fault(name, None)
            case _ if leg is not None:
                leg.hear(signal)
        if isinstance(signal, signals.Released):  # it follows every end, also that of a blocked line
            if self._legs.get(name) is leg and leg is not None and leg.is_gone:
                del self._legs[name]
            if name not in self._legs:
                self._tell_busy(name, False)

    def _offered(self, circuit: signals.Circuit, offered: signals.Offered) -> None:
        station = self._station_of.get(circuit.name, "")
        called = offered.called or self.numbers.get(circuit.name, "")
        former = self._legs.get(circuit.name)
        if former is not None and former.is_gone:
            former.hear(signals.Released())  # a new call says that the old one is over (glare)
        if len(self.calls) >= MAX_CALLS or self._closed:
            circuit.clear(Cause.CONGESTION)  # F62: shed before answer
            return
        if station:
            caller = self.callers.station(station)
            routed = self.routes.dialled(called, station, caller)
        else:
            caller = self.callers.find(circuit.name, offered.calling)
            routed = self.routes.from_line(circuit.name, called, offered.calling, caller)
        call = Call(self, self.outside.ids.call(), "internal" if station else "in", called, offered.calling,
                    offered.name, circuit.name, self.language, caller)
        self.journal.write(facts.CallOffered(call.id, circuit.name, call.direction, call.called, call.calling,
                                             call.name))
        if not station:
            self.journal.write(caller.classified(call.id))
        leg = self.make_leg(call, circuit, Party(offered.calling, call.name), LegState.OFFERED)
        circuit.accept()
        self._launch(call, routed or Routed("hangup:unallocated", "no rule"), leg)

    # ---- a call's life ----

    def _launch(self, call: Call, routed: Routed, leg: Leg, ring: float = ORIGINATE_RING) -> None:
        self.calls[call.id] = call
        call.task = self.loop.create_task(self._run(call, routed, leg, ring), name=f"call {call.id}")
        # a task that is cancelled before its first step never reaches its `finally`
        call.task.add_done_callback(lambda _: self._end(call))

    async def _run(self, call: Call, routed: Routed, leg: Leg, ring: float) -> None:
        try:
            if not leg.incoming:
                timer = self.loop.call_later(ring, leg.clear, Cause.NO_ANSWER)
                try:
                    await leg.answered()
                finally:
                    timer.cancel()
                call.note_answered()
            await self._walk_on(call, routed)
        except LegGone:
            pass  # the anchor left while we were asking it something
        except asyncio.CancelledError:
            if not call.anchor.is_gone:
                raise
        except Refused as refused:  # a wrong number, or a destination that a reload has removed: no bug of ours
            self.log.warning("a call can't go on", extra={"fields": {"call": call.id, "why": str(refused)}})
            await self._apologise(call, Cause.UNALLOCATED if refused.code == "no_destination" else Cause.NOT_AVAILABLE)
        except Exception:
            # F46: this call gets an apology and its end; the others never notice
            self.log.exception("a call failed", extra={"fields": {"call": call.id}})
            await self._apologise(call, Cause.TEMPORARY_FAILURE)
        finally:
            self._end(call)

    async def _walk_on(self, call: Call, routed: Routed) -> None:
        """Walk, and begin anew where somebody sends it."""
        while True:
            try:
                return await self._walk(call, routed)
            except asyncio.CancelledError:
                if call.sent is None or call.anchor.is_gone:
                    raise
                routed, call.sent = call.sent, None
                if call.task is not None:
                    call.task.uncancel()
                call.anchor.port.silence()
                for leg in call.legs:
                    if leg is not call.anchor:
                        leg.clear(Cause.NORMAL, routed.rule)

    async def _walk(self, call: Call, routed: Routed) -> None:
        destination: str | None = routed.destination
        rule = routed.rule
        walked = 0
        while destination is not None and not call.anchor.is_gone:
            walked += 1
            if walked > MAX_FLOW_DEPTH:
                raise Refused("too_deep", f"call {call.id} was sent through more than {MAX_FLOW_DEPTH} destinations")
            self.journal.write(facts.CallRouted(call.id, destination, rule))
            rule = destination
            destination = await self.destinations.find(destination).run(call)

    async def _apologise(self, call: Call, cause: Cause) -> None:
        call.end_cause = cause
        try:
            if call.anchor.state is LegState.ANSWERED:
                async with asyncio.timeout(APOLOGY_LIMIT):
                    await call.anchor.play([self.sounds.get("error", call.language)])
        except (LegGone, TimeoutError, asyncio.CancelledError):
            pass  # he did not wait for it

    def _end(self, call: Call) -> None:
        if call.id not in self.calls:
            return
        call.ended_by = call.ended_by or "us"
        for leg in call.legs:
            leg.clear(call.end_cause if leg is call.anchor else Cause.NORMAL)
        call.stop_recording()
        del self.calls[call.id]
        self.journal.write(facts.CallEnded(call.id, int(call.end_cause), call.ended_by))

    def _tell_busy(self, name: str, busy: bool) -> None:
        station = self._station_of.get(name)
        if station:
            for tell in self._busy_watchers:
                tell(station, busy)

    def _tell_fault(self, name: str, words: str | None) -> None:
        station = self._station_of.get(name)
        if station:
            for tell in self._fault_watchers:
                tell(station, words)
