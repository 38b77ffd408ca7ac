"""Why an expectation was not met, told to who wrote it: where the caller was, what he heard instead, what to change."""

from collections import deque
from collections.abc import Callable

from ccappliance.call import facts
from ccappliance.call.journal import Entry

KEPT = 400  # facts of flows and prompts remembered
TRAIL = 8  # nodes told of a call
PLAYED = 4  # prompts told


class Hindsight:
    """A reader of the journal. `words(sound)` is what a sound says, "" if nobody knows."""

    def __init__(self, words: Callable[[str], str] = lambda sound: "") -> None:
        self._words = words
        self._facts: deque[Entry] = deque(maxlen=KEPT)

    def hear(self, entry: Entry) -> None:
        if isinstance(entry.fact, facts.PromptStarted | facts.NodeEntered | facts.FlowLeft | facts.InputCollected
                      | facts.CallOffered):
            self._facts.append(entry)

    def trail(self) -> str:
        """Where the newest call went: "flow main: greeting → menu (1) → sales → queue:sales"."""
        calls = [entry.fact.call for entry in self._facts if isinstance(entry.fact, facts.CallOffered)]
        told: list[str] = []
        flow = ""
        for entry in self._facts:
            match entry.fact:
                case facts.NodeEntered(call=call, flow=here, node=node) if call == calls[-1]:
                    told += [node] if here == flow else [f"flow {here}: {node}"]
                    flow = here
                case facts.InputCollected(call=call, digits=digits, reason=reason) if call == calls[-1] and told:
                    told[-1] += f" ({digits or reason})"
                case facts.FlowLeft(call=call, to=to) if call == calls[-1]:
                    told.append(to or "the end")
                    flow = ""
        return " → ".join((["…"] if len(told) > TRAIL else []) + told[-TRAIL:])

    def of_sound(self, wanted: str, since: float) -> list[str]:
        """Lines for a sound (its name in the journal) that did not come since then (loop clock)."""
        played = [(entry.now, sound) for entry in self._facts if isinstance(entry.fact, facts.PromptStarted)
                  for sound in entry.fact.sounds]
        told = [self._told(sound) for at, sound in played if at >= since - 1e-6]
        lines = [f"played meanwhile: {', '.join(told[-PLAYED:])}" if told else "nothing was played meanwhile"]
        lines += self.where()
        name = wanted.rpartition("/")[2]
        before = [at for at, sound in played if sound == wanted and at < since]
        other = next((sound for _, sound in reversed(played)
                      if sound != wanted and sound.rpartition("/")[2] == name), "")
        if before:
            lines.append(f"it had begun {since - before[-1]:.1f} s before this step: expect it earlier, or at the same "
                         "time as the step before (together)")
        elif other:
            lines.append(f"it was played as {other}: write that, or look where the caller's language is set")
        else:
            lines.append("it was never played: look at the way above, or change what the story expects")
        return lines

    def where(self) -> list[str]:
        trail = self.trail()
        return [f"the call went: {trail}"] if trail else ["no call has entered a flow"]

    def _told(self, sound: str) -> str:
        words = self._words(sound)
        return f"{sound} “{words}”" if words and words != sound.partition("/")[2] else sound
