"""Tells a story while it happens: one sentence for each deed of a person and each fact worth hearing."""

from collections.abc import Callable, Mapping

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Entry
from ccappliance.interfaces.cli.table import width

WIDTH = 12  # of the column that says who


class Narrator:
    """Follows a journal and the deeds of simulated people; `say` gets finished lines.

    `words(sound)` are those a sound speaks, "" if it is none that speaks.
    """

    def __init__(self, say: Callable[[str], None], since: float,
                 words: Callable[[str], str] = lambda sound: "") -> None:
        self._say = say
        self._since = since
        self._words = words

    def deed(self, now: float, who: str, what: str) -> None:
        """Somebody outside did or heard something."""
        self._line(now, who, what)

    def hear(self, entry: Entry) -> None:
        """A reader of the journal."""
        if isinstance(entry.fact, facts.PromptStarted):
            sentence: str | None = self._prompt(entry.fact)
        else:
            tell = _SENTENCES.get(type(entry.fact))
            sentence = tell(entry.fact) if tell else None
        if sentence:
            self._line(entry.now, "appliance", sentence)

    def _prompt(self, fact: facts.PromptStarted) -> str:
        spoken = [f"{sound} “{words}”" if (words := self._words(sound)) else sound for sound in fact.sounds]
        return f"plays {', '.join(spoken)}" + (" (repeating)" if fact.repeat else "")

    def _line(self, now: float, who: str, what: str) -> None:
        seconds = max(0.0, now - self._since)
        clock = f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"
        self._say(f"{clock}  {who}{' ' * max(1, WIDTH - width(who))}{what}")


def _offered(fact: Fact) -> str:
    assert isinstance(fact, facts.CallOffered)
    who = f"{fact.calling or 'unknown number'} {fact.name}".strip()
    if fact.direction == "in":
        return f"{fact.line} rings: caller ID says {who}. Call {fact.call}"
    if not fact.calling:
        return f"calls {fact.called} on {fact.line}. Call {fact.call}"
    return f"station {fact.calling} dialled {fact.called}. Call {fact.call}"


def _leg(fact: Fact) -> str | None:
    assert isinstance(fact, facts.LegMoved)
    if fact.state == "answered":
        return f"{fact.line} is answered ({fact.why})" if fact.why else f"{fact.line} is answered"
    if fact.state == "cleared":
        return f"{fact.line} clears: {fact.why}"
    return None


def _ended(fact: Fact) -> str:
    assert isinstance(fact, facts.CallEnded)
    return f"call {fact.call} ended by {fact.by}: {Cause.of(fact.cause).words}"


def _agent(fact: Fact) -> str:
    assert isinstance(fact, facts.AgentMoved)
    return f"agent {fact.agent}: {fact.left} → {fact.state}" + (f" ({fact.why})" if fact.why else "")


def _recorded(fact: Fact) -> str:
    assert isinstance(fact, facts.RecordingEnded)
    return f"recording {fact.state}: {fact.seconds:.1f} s in {fact.path}"


def _announced(fact: Fact) -> str:
    assert isinstance(fact, facts.QueueAnnounced)
    told = [f"position {fact.position}" if fact.position else "",
            f"{fact.least / 60:.0f} to {fact.most / 60:.0f} minutes" if fact.most else "",
            "how to be called back" if fact.callback else ""]
    return "tells the caller: " + ", ".join(part for part in told if part)


def _field(template: str) -> Callable[[Fact], str]:
    return lambda fact: template.format(**fact.as_dict())


_SENTENCES: Mapping[type[Fact], Callable[[Fact], str | None]] = {
    facts.CallOffered: _offered,
    facts.CallRouted: _field("goes to {destination} ({rule})"),
    facts.LegMoved: _leg,
    facts.DigitPressed: _field("hears digit {digit}"),
    facts.FlashPressed: _field("hears a hook flash"),
    facts.QueueEntered: _field("call waits in queue {queue} at position {position}"),
    facts.QueueAnnounced: _announced,
    facts.PlaylistChanged: _field("queue {queue} plays other {kind}: {pieces} ({why})"),
    facts.QueueLeft: _field("leaves queue {queue}: {outcome} after {waited:.1f} s"),
    facts.OfferMade: _field("offers the call to agent {agent} at {station} ({rule})"),
    facts.AgentMoved: _agent,
    facts.CallbackPromised: _field("promises to call {number} back; the place in queue {queue} is kept"),
    facts.CallbackTried: _field("dials {number} for agent {agent}: attempt {attempt}"),
    facts.CallbackMissed: _field("does not reach the customer: {outcome}"),
    facts.CallbackEnded: _field("callback to {number} is over: {outcome} after {waited:.1f} s"),
    facts.ConversationStarted: _field("a conversation begins"),
    facts.TransferStarted: _field("transfer to {target} begins"),
    facts.TransferEnded: _field("transfer to {target}: {outcome}"),
    facts.HandedOver: _field("the exchange has joined the two itself: our channels are free"),
    facts.RecordingStarted: _field("records the conversation"),
    facts.RecordingPaused: _field("pauses the recording at {seconds:.1f} s ({by})"),
    facts.RecordingResumed: _field("resumes the recording at {seconds:.1f} s"),
    facts.RecordingEnded: _recorded,
    facts.AlarmRaised: _field("ALARM {alarm} on {subject}: {words}"),
    facts.AlarmCleared: _field("alarm {alarm} on {subject} is over"),
    facts.CallEnded: _ended,
}
