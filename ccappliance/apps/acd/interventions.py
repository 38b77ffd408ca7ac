"""What a supervisor decides in place of the rules: where an entry stands and who gets it, what an agent does.

Each is one fact first (Intervened: who and why), then what it says, in the same turn of the loop. Requests that do not
fit are Refused with a stable code before anything is written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.skills import MOST
from ccappliance.apps.acd.skills import vocabulary as skill_problem
from ccappliance.apps.acd.strategy import STRATEGIES
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call.facts import Intervened

if TYPE_CHECKING:
    from ccappliance.apps.acd.acd import Acd
    from ccappliance.apps.acd.agent import Agent
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.journal import Journal

NO_REASON = "no reason given"  # what the journal says if nobody said why
STATES = ("pause", "ready", "logout")
MOST_CLASS, MOST_BOOST = 100, 86_400.0  # as a queue's order_class and boost
_LEVEL = re.compile(r"(?P<name>[^=]+)=(?P<level>[0-9]{1,3})")


class Interventions:
    """All of them. `find_destination(name)` raises Refused("no_destination"); `hang_up(call, cause, by)` "no_call"."""

    def __init__(self, acd: "Acd", *, journal: "Journal", find_destination: Callable[[str], object],
                 hang_up: Callable[[str, Cause, str], None], known_call: Callable[[str], bool]) -> None:
        self._acd = acd
        self._journal = journal
        self._find_destination = find_destination
        self._hang_up = hang_up
        self._known_call = known_call

    # ---- entries; Refused: not_waiting if the call is in no queue ----

    def move(self, call: str, queue: str, by: str, why: str = "") -> None:
        """To another queue, where he stands by the time he has waited already.

        Refused: no_queue, same_queue, no_caller, turned_away (the queue is closed, full, or nobody serves it).
        """
        entry = self._caller(call)
        target = self._queue(queue)
        if target is entry.queue:
            raise Refused("same_queue", f"call {call} waits in {queue} already")
        left = target.closed_to_all()
        if left is not None:
            raise Refused("turned_away", f"queue {queue} takes nobody now: {left.outcome}")
        self._write("move", by, why, call=call, queue=entry.queue.name, what=queue)
        self._acd.dispatcher.leave(entry, "withdrawn", f"queue:{queue}")

    def assign(self, call: str, agent: str, by: str, why: str = "") -> None:
        """To one agent alone, as his next call. If he leaves before, everybody may take it again, as the next.

        Refused: no_agent, not_a_member, not_serving.
        """
        entry = self._entry(call)
        person = self._agent(agent)
        if agent not in entry.queue.members:
            raise Refused("not_a_member", f"agent {agent} does not serve queue {entry.queue.name}: "
                          f"move the call to a queue of his, {self._queues_of(agent)}")
        if not person.serving:
            raise Refused("not_serving", f"agent {agent} is {person.state.value} and would not take it: make him ready")
        self._write("assign", by, why, call=call, queue=entry.queue.name, agent=agent)
        self._acd.dispatcher.assign(entry, person, by)

    def prioritise(self, call: str, order_class: int | None, boost: float | None, by: str, why: str = "") -> None:
        """Another class, another boost in seconds, or both; as the call goes to other queues as well.

        Refused: nothing_asked, bad_class, bad_boost.
        """
        entry = self._entry(call)
        if order_class is None and boost is None:
            raise Refused("nothing_asked", "say which class, or which boost")
        if order_class is not None and not -MOST_CLASS <= order_class <= MOST_CLASS:
            raise Refused("bad_class", f"class {order_class} is not from {-MOST_CLASS} to {MOST_CLASS}")
        if boost is not None and not -MOST_BOOST <= boost <= MOST_BOOST:
            raise Refused("bad_boost", f"a boost of {boost} s is not from {-MOST_BOOST:g} to {MOST_BOOST:g}")
        told = [f"class {order_class}" if order_class is not None else "",
                f"boost {boost:g} s" if boost is not None else ""]
        self._write("prioritise", by, why, call=call, queue=entry.queue.name, what=", ".join(filter(None, told)))
        settings = entry.queue.settings
        if order_class is not None:
            entry.call.order_class = order_class - settings.order_class
        if boost is not None:
            entry.call.boost = boost - settings.boost
        self._acd.dispatcher.change(entry, "prioritised", order_class=order_class, boost=boost, by=by)

    def pull(self, call: str, to: str, by: str, why: str = "") -> None:
        """Out of the queue, to a destination. Refused: no_destination, no_caller."""
        entry = self._caller(call)
        self._find_destination(to)
        self._write("pull", by, why, call=call, queue=entry.queue.name, what=to)
        self._acd.dispatcher.leave(entry, "withdrawn", to)

    def strategy(self, queue: str, strategy: str, by: str, why: str = "") -> None:
        """Of a queue, from the next decision until a reload changes the queue. Refused: no_queue, no_strategy."""
        self._queue(queue)
        if strategy not in STRATEGIES:
            raise Refused("no_strategy", f"there is no strategy {strategy!r}; known: {', '.join(STRATEGIES)}")
        self._write("strategy", by, why, queue=queue, what=strategy)
        self._acd.set_strategy(queue, strategy, by)

    # ---- agents ----

    def force(self, agent: str, state: str, by: str, why: str = "", *, reason: str = "", now: bool = False) -> bool:
        """`state`: one of STATES. True: at once; False: when his call is over, unless `now` ends it.

        Refused: bad_state, no_agent, not_logged_in, no_reason, leaving, line_fault.
        """
        person = self._agent(agent)
        if state not in STATES:
            raise Refused("bad_state", f"{state!r} is no state to force; known: {', '.join(STATES)}")
        book = self._acd.book
        reason = reason or (book.reasons[0].name if book.reasons else "")
        self._check_force(person, state, reason)
        what = ", ".join(filter(None, [reason if state == "pause" else "", "now" if now else ""]))
        self._write(state, by, why, call=person.call, agent=agent, what=what)
        done = self._ask(person, state, reason, by)
        if not done and now and person.leg is not None:
            person.leg.clear(Cause.NORMAL, f"released by {by}")
            if person.state is AgentState.WRAPUP:
                self._ask(person, state, reason, by)  # a pause that was to follow his wrap-up: at once
            return True
        return done

    def skills(self, agent: str, levels: Sequence[str], by: str, why: str = "") -> Mapping[str, int]:
        """`levels`: "english=3"; 0 takes a skill away. Until the next reload. Refused: no_agent, bad_skill."""
        person = self._agent(agent)
        skills = dict(person.settings.skills)
        for one in levels:
            given = _LEVEL.fullmatch(one)
            if given is None or skill_problem(given["name"]) or int(given["level"]) > MOST:
                raise Refused("bad_skill", f"{one!r}: write name=level, such as english=3; levels go from 0 to {MOST}")
            skills[given["name"]] = int(given["level"])
        skills = {name: level for name, level in skills.items() if level}
        self._write("skills", by, why, agent=agent, what=", ".join(levels))
        self._acd.set_skills(agent, skills, by)
        return skills

    # ---- calls ----

    def release(self, call: str, by: str, why: str = "") -> None:
        """End a call by force, wherever it is. Refused: no_call."""
        if not self._known_call(call):
            raise Refused("no_call", f"there is no call {call}")
        self._write("release", by, why, call=call)
        self._hang_up(call, Cause.NORMAL, by)

    # ---- inside ----

    def _write(self, verb: str, by: str, why: str, *, call: str = "", queue: str = "", agent: str = "",
               what: str = "") -> None:
        self._journal.write(Intervened(verb, call, queue, agent, what, by, why or NO_REASON))

    def _ask(self, person: "Agent", state: str, reason: str, by: str) -> bool:
        match state:
            case "pause":
                return self._acd.book.pause(person.number, reason, by)
            case "logout":
                return self._acd.book.logout(person.number, f"logged out by {by}")
            case _:
                return person.make_ready(f"made ready by {by}")

    def _check_force(self, person: "Agent", state: str, reason: str) -> None:
        if person.state is AgentState.LOGGED_OUT:
            raise Refused("not_logged_in", f"agent {person.number} is not logged in")
        if state == "pause" and reason not in [known.name for known in self._acd.book.reasons]:
            raise Refused("no_reason", f"there is no reason {reason!r}; known: "
                          + ", ".join(known.name for known in self._acd.book.reasons))
        if state == "pause" and person.pending == "logout":
            raise Refused("leaving", f"agent {person.number} is logged out after this call")
        if state == "ready" and person.state is AgentState.LINE_FAULT:
            raise Refused("line_fault", f"agent {person.number} can't be ready: {person.why}")

    def _entry(self, call: str) -> Entry:
        for queue in self._acd.dispatcher.queues:
            for entry in queue.line:
                if entry.call.id == call:
                    return entry
        raise Refused("not_waiting", f"call {call} waits in no queue; `ccappliance queues show` says who does")

    def _caller(self, call: str) -> Entry:
        entry = self._entry(call)
        if entry.kind != "call":
            raise Refused("no_caller", f"{call} is a promise to call back: nobody is there to be sent elsewhere")
        return entry

    def _queue(self, name: str) -> "Queue":
        queue = self._acd.find_queue(name)
        if queue is None:
            raise Refused("no_queue", f"there is no queue {name!r}; known: {', '.join(self._acd.settings.queues)}")
        return queue

    def _agent(self, number: str) -> "Agent":
        return self._acd.book.get(number)

    def _queues_of(self, agent: str) -> str:
        return ", ".join(queue.name for queue in self._acd.dispatcher.seats.get(agent, ())) or "he has none"
