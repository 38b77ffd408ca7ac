"""What is on its way in scripted media: one thing a mouth says, in place of its samples."""

from ccappliance.media.ports import Sound, Tone

Thing = Sound | Tone | str | bytes  # what a signal says; str: one DTMF digit, bytes: one caller ID message
GLANCE = 1600  # bytes


class Signal:
    """One thing a mouth says, on its way; equal only to itself."""

    __slots__ = ("alive", "began", "seconds", "thing")

    def __init__(self, thing: Thing, seconds: float, began: float) -> None:
        self.thing = thing
        self.seconds = seconds
        self.began = began
        self.alive = True

    def __repr__(self) -> str:
        thing = self.thing
        return thing.name if isinstance(thing, Sound | Tone) else repr(thing)


def audible(sound: Sound) -> bool:
    """Not all of it is silence. A long sound is counted through only if it begins with silence."""
    start = sound.pcm[:GLANCE]
    return start.count(0) < len(start) or sound.pcm.count(0) < len(sound.pcm)
