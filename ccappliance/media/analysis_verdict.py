"""Who answered, under analysis: a machine detector is listened to from the last tone of the exchange on.

The detector is handed in (`media/verdict.py` has one): here only its shape is known.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from ccappliance.base.units import RATE
from ccappliance.media.analysis_track import Event, Track
from ccappliance.media.tones import TONES

FEED = 320  # bytes it is given at a time: a frame
ANSWERING = ("voice", "cng", "ced", "modem", "sit")  # without any of these nobody answered, and there is no verdict
_TONES = frozenset(TONES) - {"beep"}


@runtime_checkable
class Given(Protocol):
    """The fact that tells the verdict."""

    @property
    def answer(self) -> enum.Enum: ...

    @property
    def confidence(self) -> float: ...

    @property
    def at(self) -> float:
        """Seconds from the start of listening."""
        ...


class AnswerEar(Protocol):
    """A machine detector, fresh."""

    def hear(self, pcm: bytes) -> Sequence[object]: ...


class Verdict:
    """Who answered. Value: human, machine, fax or carrier, as the detector's answers are called."""

    def __init__(self, ear: Callable[[], AnswerEar]) -> None:
        self._ear = ear

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        answered = max((event.end for event in found if event.kind in _TONES), default=0)
        said = [event for event in found if event.kind in ANSWERING and event.end > answered]
        if not said:
            return
        ear = self._ear()
        for at in range(2 * answered, len(track.pcm), FEED):
            for fact in ear.hear(track.pcm[at:at + FEED]):
                if isinstance(fact, Given):
                    end = min(answered + round(fact.at * RATE), len(track.samples))
                    yield Event(answered, end, "verdict", str(fact.answer.value), max(event.level for event in said),
                                max(0.0, min(1.0, fact.confidence)), {})
                    return
