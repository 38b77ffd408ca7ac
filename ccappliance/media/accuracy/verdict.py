"""How well persons are told from machines: calls spoken by the speech command, heard by the verdict's ear."""

import itertools
import math
import statistics
from collections.abc import Iterator
from typing import NamedTuple

from ccappliance.base.units import RATE, amplitude
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Axis, Limit, Line, Picture, Point, number
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.speakers import LEVEL, Speakers
from ccappliance.media.accuracy.trials import Chance, Size
from ccappliance.media.accuracy.words import MACHINES, PERSONS
from ccappliance.media.tones import Zone
from ccappliance.media.verdict import Answer, VerdictEar, VerdictGiven

EAR = "verdict"
SECONDS = 9  # of a call that are heard: after 8 the ear says human


class Heard(NamedTuple):
    """One call: was it a person, how likely did the ear find that when it decided, what did it say, and when."""

    person: bool
    likely: float
    kept: bool
    at: float  # seconds after the answer


def measure(size: Size, speakers: Speakers, zone: Zone, others: tuple[Line, ...] = ()) -> Iterator[Picture]:
    """The ROC and the figures; `others`: lines of ROCs measured elsewhere, to be drawn with ours."""
    calls = [_call(speakers, zone, Chance(f"verdict {person} #{k}"), person)
             for k in range(size.calls) for person in (True, False)]
    calls_print = speakers.fingerprint
    persons, machines = ([call for call in calls if call.person == person] for person in (True, False))
    kept = sum(call.kept for call in persons) / len(persons)
    found = 1.0 - sum(call.kept for call in machines) / len(machines)
    lines = (Line(OURS, tuple(_roc(persons, machines))),
             Line(f"{OURS}, as it decides", (Point(1.0 - kept, found),)), *others)
    about = (f"{len(persons)} persons and {len(machines)} machines, spoken by {sum(map(len, speakers.of.values()))} "
             f"voices in {len(speakers.of)} languages, noise -65 to -30 dBm0, A-law. Synthetic voices flatter.")
    yield Picture("verdict-roc", EAR, "Person or machine", "roc", Axis("persons taken for machines, %", 0.0, 20.0, 2.0),
                  Axis("machines found, %", 50.0, 100.0, 10.0), lines,
                  f"{about} The score is the probability of a person at the moment of the verdict.",
                  (Limit("asked: 97 % kept, 90 % found", ((0.0, 90.0), (3.0, 90.0), (3.0, 100.0))),),
                  source=calls_print)
    figures = (Line(f"{OURS}: persons kept, %", (_share(persons, kept),)),
               Line(f"{OURS}: machines found, %", (_share(machines, found),)),
               number(f"{OURS}: area under the curve", _area(lines[0].points), "more"),
               number(f"{OURS}: a person is known after, median, s", statistics.median(call.at for call in persons)))
    yield Picture("verdict-numbers", EAR, "Person or machine in figures", "numbers", NOWHERE, NOWHERE, figures,
                  f"{about} Asked: 97 %, 90 %, 1.5 s.", source=calls_print)


def _share(calls: list[Heard], share: float) -> Point:
    return Point(0.0, share, len(calls), wish="more", must=True)


def _call(speakers: Speakers, zone: Zone, chance: Chance, person: bool) -> Heard:
    pcm = _sound(speakers, chance, person)
    ear = VerdictEar(zone)
    given = next((fact for fact in ear.hear(pcm) if isinstance(fact, VerdictGiven)), None)
    if given is None:
        return Heard(person, 0.5, True, float(SECONDS))  # no word of it within the call: a person
    return Heard(person, ear.human, given.answer is Answer.HUMAN, given.at)


def _sound(speakers: Speakers, chance: Chance, person: bool) -> bytes:
    """A person says a word or two and waits, and says it again; a machine talks, and mostly beeps."""
    texts = PERSONS if person else MACHINES
    language = chance.one_of(sorted(set(speakers.of) & set(texts)))
    speaker = chance.one_of(speakers.of[language])
    stretch, gain = Stretch(SECONDS * RATE), 10.0 ** ((chance.number(-24.0, -10.0) - LEVEL) / 20.0)
    at = round(chance.number(0.15, 1.2 if person else 2.0) * RATE)
    while at < stretch.n:
        said = speakers.says(speaker, chance.one_of(texts[language]))
        stretch.lay(said, gain, at)
        at += len(said) // 2 + round(chance.number(1.2, 3.0) * RATE)
        if not person:
            if chance.whole(5):
                beep = at - RATE
                length = round(chance.number(0.2, 0.9) * RATE)
                stretch.sine(chance.number(400.0, 2000.0), amplitude(-18.0), 0.0, beep, length)
            break
    signals.noise(chance, stretch, chance.number(-65.0, -30.0))
    return signals.line(stretch)


def _roc(persons: list[Heard], machines: list[Heard]) -> Iterator[Point]:
    """x: persons lost, value: machines found, for every threshold at which either changes."""
    yield Point(0.0, 0.0)
    for limit in sorted({call.likely for call in (*persons, *machines)}):
        yield Point(sum(call.likely <= limit for call in persons) / len(persons),
                    sum(call.likely <= limit for call in machines) / len(machines))


def _area(points: tuple[Point, ...]) -> float:
    return math.fsum((b.x - a.x) * (a.value + b.value) / 2 for a, b in itertools.pairwise(points))
