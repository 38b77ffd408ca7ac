"""The ledger of a day: a reader of the journal that opens and closes an account for whatever begins and must end."""

from collections import Counter
from collections.abc import Callable

from ccappliance.call import facts
from ccappliance.call.figures import Figures
from ccappliance.call.journal import Entry, Wanted
from ccappliance.house import House
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import LineState

SERVING = ("reserved", "ringing", "talking", "hold", "wrapup")  # agent states that are work
COUNTED = frozenset({facts.AgentMoved, facts.QueueEntered, facts.QueueLeft, facts.OfferEnded})  # what figures need
TOLD = 20  # problems of one kind that are told one by one


class Ledger:
    """Counts what the figures need, and keeps what is open: when everybody has gone, nothing may be."""

    def __init__(self, figures: Figures) -> None:
        """`figures` folds the whole day, without a midnight between."""
        self.figures = figures
        self.offered = 0
        self.most_waiting = 0
        self.problems: list[str] = []
        self._open: dict[tuple[str, str], int] = {}  # (what, id) → how often it began
        self._ended: Counter[str] = Counter()  # CallEnded by call
        self._waiting = 0
        self._readers: dict[type, Callable[..., None]] = {
            facts.CallOffered: self._offered, facts.CallEnded: self._call_ended, facts.LegMoved: self._leg_moved,
            facts.QueueEntered: self._entered, facts.QueueLeft: self._left,
            facts.OfferMade: lambda fact: self._begin("offer", fact.offer),
            facts.OfferEnded: lambda fact: self._end("offer", fact.offer),
            facts.ConversationStarted: lambda fact: self._begin("conversation of call", fact.call),
            facts.ConversationEnded: lambda fact: self._end("conversation of call", fact.call),
            facts.ScriptStarted: lambda fact: self._begin("script by call", fact.call),
            facts.ScriptEnded: lambda fact: self._end("script by call", fact.call),
            facts.SupervisionStarted: lambda fact: self._begin("supervision by leg", fact.leg),
            facts.SupervisionEnded: lambda fact: self._end("supervision by leg", fact.leg),
            facts.PromptStarted: lambda fact: self._begin("prompt on leg", fact.leg),
            facts.PromptEnded: lambda fact: self._end("prompt on leg", fact.leg),
            facts.RecordingStarted: lambda fact: self._begin("recording", fact.recording),
            facts.RecordingEnded: lambda fact: self._end("recording", fact.recording),
            facts.AlarmRaised: lambda fact: self._begin(f"alarm {fact.alarm}: {fact.words}; of", fact.subject),
        }

    @property
    def kinds(self) -> Wanted:
        """What the journal must tell."""
        return COUNTED.union(self._readers)

    def hear(self, entry: Entry) -> None:
        if type(entry.fact) in COUNTED:
            self.figures.hear(entry)
        read = self._readers.get(type(entry.fact))
        if read is not None:
            read(entry.fact)

    def close(self, house: House, exchange: Exchange) -> list[str]:
        """Everybody has gone: all that is wrong, empty if nothing is."""
        problems = [*house.invariants.breaches[:TOLD], *self.problems[:TOLD]]
        problems += [f"not over: {what} {name}" for (what, name), count in list(self._open.items())[:TOLD] if count]
        problems += [f"call {call} ended {count} times" for call, count in self._ended.items() if count != 1][:TOLD]
        if len(self._ended) != self.offered:
            problems.append(f"{self.offered} calls were offered, {len(self._ended)} ended")
        rows = house.around.store.query("SELECT COUNT(*) AS n, COUNT(DISTINCT call) AS calls FROM cdr")[0]
        if not rows["n"] == rows["calls"] == self.offered:
            problems.append(f"{self.offered} calls were offered, there are {rows['n']} CDRs of {rows['calls']} calls")
        total = self.figures.total()
        if total.offered != sum(total.outcomes.values()):
            problems.append(f"{total.offered} entered queues, but outcomes are {total.outcomes}")
        problems += [f"call {call} is still in the switch" for call in house.switch.calls]
        problems += [f"circuit {name} is {circuit.state}" for name, circuit in house.switch.circuits.items()
                     if not circuit.idle]
        return problems + [f"line {line.number} of the exchange is {line.state.value}" for line in exchange.lines
                           if line.state is not LineState.IDLE]

    def occupancy(self) -> float | None:
        """Work as a share of the time in which agents were there and not paused."""
        spent: Counter[str] = Counter()
        for agent in self.figures.agents.values():
            spent.update(agent.spent)
        present = sum(seconds for state, seconds in spent.items() if state in (*SERVING, "ready"))
        return sum(spent[state] for state in SERVING) / present if present else None

    # ---- facts ----

    def _offered(self, fact: facts.CallOffered) -> None:
        self.offered += 1

    def _call_ended(self, fact: facts.CallEnded) -> None:
        self._ended[fact.call] += 1

    def _leg_moved(self, fact: facts.LegMoved) -> None:
        if not fact.left:
            self._begin("leg", fact.leg)
        elif fact.state == "released":
            self._end("leg", fact.leg)

    def _entered(self, fact: facts.QueueEntered) -> None:
        self._begin(f"waiting in {fact.queue} of call", fact.call)
        self._waiting += 1
        self.most_waiting = max(self.most_waiting, self._waiting)

    def _left(self, fact: facts.QueueLeft) -> None:
        self._end(f"waiting in {fact.queue} of call", fact.call)
        self._waiting -= 1

    def _begin(self, what: str, name: str) -> None:
        self._open[what, name] = self._open.get((what, name), 0) + 1

    def _end(self, what: str, name: str) -> None:
        count = self._open.get((what, name), 0)
        if count > 1:
            self._open[what, name] = count - 1
        elif count:
            del self._open[what, name]
        else:
            self.problems.append(f"ended without having begun: {what} {name}")
