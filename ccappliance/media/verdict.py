"""Who answered: a person, an answering machine, a fax or the network; with the machine's beep and its greeting's end.

The model is a table made by tools/train_verdict.py; the data sheet heads ext/ccappliance/media/_verdict.pyx.
"""

import enum
from dataclasses import dataclass

from ccappliance.base.units import RATE
from ccappliance.media import _verdict
from ccappliance.media.tones import Zone


class Answer(enum.Enum):
    HUMAN = "human"
    MACHINE = "machine"  # answering machine or voice mail
    FAX = "fax"
    CARRIER = "carrier"  # an announcement of the network


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """Told once per call. `confidence` is the answer's probability; below 0.5: unsure, so taken for human."""

    answer: Answer
    confidence: float
    at: float  # seconds from the start of listening, as all times here


@dataclass(frozen=True, slots=True)
class BeepHeard:
    """A pure tone after speech, 150-1500 ms, that is none of the zone's."""

    hz: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class GreetingEnded:
    """What is no person has said all: at its beep's end, or its last word's if 2 s of silence followed."""

    at: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rested on. Log it with the agent's disposition, and the model can be refitted for a route."""

    model: str  # the table's name
    human: float  # probability of a person, by that model
    carrier: float  # that it is the network, if it is a machine
    special: Answer | None  # FAX or CARRIER if its tones were heard
    features: tuple[float, ...]  # in the order of FEATURES

    def named(self) -> dict[str, float]:
        return dict(zip(FEATURES, self.features, strict=True))


Found = VerdictGiven | BeepHeard | GreetingEnded

_ANSWERS = {_verdict.HUMAN: Answer.HUMAN, _verdict.MACHINE: Answer.MACHINE, _verdict.FAX: Answer.FAX,
            _verdict.CARRIER: Answer.CARRIER}


def zone_tones(zone: Zone) -> list[float]:
    """The frequencies that are no beep because exchanges send them; the beep is ours, the howler is no sine."""
    sent = {hz for name, tone in zone.tones.items() if name not in ("beep", "howler")
            for step in tone.steps for hz in step.frequencies}
    sent.update(hz for one in zone.recognised for hz in one.hz)
    return sorted(sent)[:_verdict.MOST_TONES]


class VerdictEar:
    """Hears who answered; opened when the answer is told, for the first seconds of a call."""

    def __init__(self, zone: Zone) -> None:
        self._ear = _verdict.Verdict(zone_tones(zone))

    def hear(self, pcm: bytes) -> list[Found]:
        """What became certain in these samples, in order."""
        return [self._fact(*told) for told in self._ear.run(pcm)]

    @staticmethod
    def _fact(kind: int, value: int, confidence: float, begins: int, at: int) -> Found:
        if kind == _verdict.GIVEN:
            return VerdictGiven(_ANSWERS[value], confidence, at / RATE)
        if kind == _verdict.BEEP:
            return BeepHeard(value, begins / RATE, at / RATE)
        return GreetingEnded(at / RATE)

    @property
    def features(self) -> dict[str, float]:
        """What the model sees now, by name."""
        return dict(zip(FEATURES, self._ear.features(), strict=True))

    @property
    def evidence(self) -> Evidence:
        """All that is known at this moment; taken when the verdict is told, it is what the verdict rested on."""
        human, carrier = self._ear.likely()
        return Evidence(_verdict.MODEL, human, carrier, _ANSWERS.get(self._ear.special), tuple(self._ear.features()))

    @property
    def human(self) -> float:
        """Probability of a person, as of the last 100 ms in which there was no verdict yet."""
        return self._ear.look()[0]

    def lost(self, count: int) -> None:
        """`count` samples did not arrive: time passes."""
        self._ear.fillin(count)

    def reset(self) -> None:
        self._ear.reset()


# in the order of _verdict.pyx; seconds, dB, dBm0, Hz
FEATURES = ("elapsed", "silence_before", "first_words", "longest_words", "last_words", "speech", "greeting",
            "silence_now", "stretches", "longest_pause", "mean_pause", "speech_share", "syllables", "syllable_rate",
            "tilt", "flatness", "centroid", "centroid_spread", "level_over_noise", "level_spread", "noise_before",
            "noise_step", "noise_now", "tone", "first_phrase", "last_phrase", "first_pause", "heard", "heard_first",
            "heard_last", "heard_silence", "heard_pause", "heard_second", "heard_three", "level_jumps", "purity")
