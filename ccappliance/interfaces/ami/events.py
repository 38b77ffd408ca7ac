"""What happens in the house as AMI's events: a reader of the journal that tells each fact's events, in order."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.journal import Entry
from ccappliance.call.master_csv import AMA_FLAGS, disposition
from ccappliance.interfaces.ami.channels import Channels, Wire
from ccappliance.interfaces.ami.events_calls import CallEvents
from ccappliance.interfaces.ami.events_queues import QueueEvents
from ccappliance.interfaces.ami.messages import Event
from ccappliance.interfaces.ami.station_state import station_state


class Ear:
    """Follow the journal with `hear`, before it is opened. `tell` gets every event; `zone`: whose times CDRs have."""

    def __init__(self, wires: Mapping[str, Wire], names: dict[str, str], zone: tzinfo, tell: Callable[[Event], None]
                 ) -> None:
        self.channels = Channels(wires)
        self.queues = QueueEvents(self.channels, names)
        self._calls = CallEvents(self.channels)
        self._cdrs = CdrReader(self._cdr)
        self.zone = zone
        self._tell = tell
        self._stations: dict[str, int] = {}

    def hear(self, entry: Entry) -> None:
        fact, epoch = entry.fact, int(entry.at.timestamp())
        if isinstance(fact, facts.ConversationEnded | facts.CallEnded):  # before the channels are gone
            for event in self.queues.hear(fact, epoch):
                self._tell(event)
            for event in self._calls.hear(fact, entry.now):
                self._tell(event)
        else:
            for event in self._calls.hear(fact, entry.now):
                self._tell(event)
            for event in self.queues.hear(fact, epoch):
                self._tell(event)
        for event in self._of_the_box(fact):
            self._tell(event)
        self._cdrs.hear(entry)

    def _of_the_box(self, fact: facts.Fact) -> Iterator[Event]:
        match fact:
            case facts.LegMoved():
                yield from self._station(fact)
            case facts.AlarmRaised() | facts.AlarmCleared():
                yield from self._alarm(fact)
            case facts.ConfigApplied() if fact.by != "start":
                yield Event("Reload", "system", [("Module", "All"), ("Status", "0")])
            case facts.DaemonStopped():
                yield Event("Shutdown", "system", [("Shutdown", "Cleanly"), ("Restart", "False")])

    def _station(self, fact: facts.LegMoved) -> Iterator[Event]:
        wire = self.channels.wires.get(fact.line)
        if wire is None or not wire.station:
            return
        status, words = station_state(self.channels, wire.station)
        if self._stations.get(wire.station, 0) != status:
            self._stations[wire.station] = status
            yield Event("ExtensionStatus", "call", [
                ("Exten", wire.station), ("Context", "station"), ("Hint", f"DAHDI/{wire.station}"),
                ("Status", str(status)), ("StatusText", words)])

    def _alarm(self, fact: facts.AlarmRaised | facts.AlarmCleared) -> Iterator[Event]:
        """Of a line: by its channel; of a span: by its number."""
        raised = isinstance(fact, facts.AlarmRaised)
        kind, _, rest = fact.subject.partition("/")
        if fact.subject in self.channels.wires:
            words = [("Alarm", fact.alarm)] if raised else []
            number = self.channels.wires[fact.subject].number
            yield Event("Alarm" if raised else "AlarmClear", "system", [*words, ("Channel", str(number))])
        elif kind in ("span", "pri", "r2", "em"):
            words = [("Alarm", fact.alarm)] if raised else []
            yield Event("SpanAlarm" if raised else "SpanAlarmClear", "system", [("Span", rest), *words])

    def _cdr(self, cdr: Cdr) -> None:
        kind, _, argument = cdr.destination.partition(":")
        served = ("Queue", cdr.queue) if cdr.queue else ("Dial", cdr.partner) if cdr.partner else ("", cdr.destination)
        self._tell(Event("Cdr", "cdr", [
            ("AccountCode", ""), ("Source", cdr.calling), ("Destination", cdr.called or argument),
            ("DestinationContext", kind), ("CallerID", f'"{cdr.name}" <{cdr.calling}>'),
            ("Channel", self._last(cdr.line)), ("DestinationChannel", self._last(cdr.partner_line)),
            ("LastApplication", served[0]), ("LastData", served[1]), ("StartTime", self._local(cdr.started_at)),
            ("AnswerTime", self._local(cdr.answered_at)), ("EndTime", self._local(cdr.ended_at)),
            ("Duration", str(int(cdr.duration))), ("BillableSeconds", str(int(cdr.billable))),
            ("Disposition", disposition(cdr)), ("AMAFlags", AMA_FLAGS), ("UniqueID", cdr.call),
            ("UserField", " ".join(cdr.recordings))]))

    def _last(self, line: str) -> str:
        wire = self.channels.wires.get(line)
        return f"DAHDI/{wire.number}-1" if wire is not None else line

    def _local(self, at: datetime | None) -> str:
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")
