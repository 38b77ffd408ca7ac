"""Everything heard in a recording: digits, tones, fax, caller ID, beeps, voice and silence, each from when to when.

Ears are plugged in: a `Listener` is shown the channel and what those before it have found. The streaming ears of
`media/dsp.py` say what there is; the samples around tell when it began and ended and how loud it was.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ccappliance.base.units import RATE
from ccappliance.media.analysis_cadence import Cadences
from ccappliance.media.analysis_ears import CallerIdData, Digits, Progress
from ccappliance.media.analysis_sines import Beep, Fax, SpecialInformation
from ccappliance.media.analysis_track import Event, Listener, Track
from ccappliance.media.analysis_verdict import AnswerEar, Verdict
from ccappliance.media.analysis_voice import Voice
from ccappliance.media.tones import TONES, Zone

# what `--ears` names → kinds of events
EARS = {
    "dtmf": ("dtmf",),
    "progress": (*(name for name in TONES if name != "beep"), "sit"),
    "fax": ("cng", "ced", "modem"),
    "callerid": ("callerid",),
    "voice": ("voice", "silence", "beep", "verdict"),
}


def listeners(zone: Zone, answer: Callable[[], AnswerEar] | None = None) -> list[Listener]:
    """All ears, in the order in which they must be asked: each takes what those before it have left.

    `answer` makes a machine detector; without one there is no verdict.
    """
    ears: list[Listener] = [Digits(), CallerIdData(), Cadences(zone, rhythms=True), Progress(zone),
                            SpecialInformation(), Cadences(zone), Fax(), Voice(), Beep(zone)]
    return ears if answer is None else [*ears, Verdict(answer)]


def analyze(pcm: bytes, ears: Sequence[Listener]) -> list[Event]:
    """What is heard in one channel (int16 little endian, 8 kHz), in order of time."""
    track = Track(pcm)
    found: list[Event] = []
    for ear in ears:
        found += ear.listen(track, found)
    beeps = [event for event in found if event.kind == "beep"]
    found = [event for event in found if event.kind != "voice" or not any(_within(event, beep) for beep in beeps)]
    return sorted(found, key=lambda event: (event.start, event.end, event.kind))


def _within(voice: Event, beep: Event) -> bool:
    """The voice that was heard is nothing but the beep."""
    slack = RATE // 20
    return voice.start >= beep.start - slack and voice.end <= beep.end + slack


def wanted(events: Sequence[Event], ears: Collection[str], zone: Zone) -> list[Event]:
    """Those of some ears. A learned pattern of a name of its own is a progress tone."""
    named = {name for ear in ears for kind in [EARS[ear]] for name in kind}
    if "progress" in ears:
        named |= {one.name for one in zone.recognised}
    return [event for event in events if event.kind in named]


def as_dict(event: Event, channel: int) -> dict[str, Any]:
    """An event as the command line and its JSON tell it: times in ms, level in dBm0, channels counted from 1."""
    return {"start_ms": round(event.start * 1000 / RATE, 1), "end_ms": round(event.end * 1000 / RATE, 1),
            "kind": event.kind, "value": event.value, "level_dbm0": round(event.level, 1),
            "confidence": round(event.confidence, 2), "channel": channel, **event.details}
