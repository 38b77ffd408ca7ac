"""Ears of scripted media for people and machines: who talks, who talks into whose words, who answered."""

import asyncio
from collections.abc import Callable

from ccappliance.media.ports import (
    SIGNALS,
    BeepHeard,
    BothBegan,
    BothEnded,
    GreetingEnded,
    Heard,
    SilenceHeard,
    Sound,
    TalkBegan,
    TalkEnded,
    Tone,
    ToneStep,
    Verdict,
)
from ccappliance.media.scripted_signal import Signal, Thing, audible

# What the engine's ears need (tests/contracts/test_media.py), in seconds:
BEGINS, ENDS, SILENCE = 0.06, 0.17, 2.0  # ports.TalkBegan, TalkEnded, SilenceHeard
BOTH_NEEDS, BOTH_OVER = 0.26, 0.4  # ports.BothBegan, and after it is over
VERDICT_NEEDS = {"human": 1.0, "machine": 2.0, "carrier": 2.0, "fax": 2.0}  # from the first word
UNSURE, UNSURE_CONFIDENCE, CONFIDENCE = 8.0, 0.4, 0.95  # ports.Verdict
FAX_NEEDS = {"ced": 0.64, "modem": 0.64, "cng": 0.56}
SIT_NEEDS = 1.05
BEEP_SHORTEST, BEEP_LONGEST, BEEP_HELD = 0.15, 1.5, 0.12  # ports.BeepHeard; told when no other tone has followed
BEEP, BEEP_HZ = "beep", 800  # a sound of this name is a machine's beep
GREETING_OVER = 2.0  # ports.GreetingEnded


def is_talk(thing: Thing) -> bool:
    """Words: sound that is no signal of a machine. Tones are nobody's words, though the engine's ear may doubt it."""
    return isinstance(thing, Sound) and thing.name not in (*SIGNALS, BEEP) and audible(thing)


class TalkEar:
    """Tells TalkBegan, TalkEnded and SilenceHeard."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Heard], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._words: dict[Signal, None] = {}
        self._talking = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._wait(SILENCE, self._silent)

    def stop(self) -> None:
        self._words.clear()
        self._talking = False
        if self._timer is not None:
            self._timer.cancel()

    def arrived(self, signal: Signal) -> None:
        if not is_talk(signal.thing):
            return
        self._words[signal] = None
        if self._talking:
            self._wait(0.0, lambda: None)
        else:
            self._wait(BEGINS, self._began)

    def left(self, signal: Signal) -> None:
        if signal in self._words:
            del self._words[signal]
            if not self._words:
                self._wait(ENDS if self._talking else SILENCE, self._ended if self._talking else self._silent)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, then)

    def _began(self) -> None:
        self._talking = True
        self._tell(TalkBegan())

    def _ended(self) -> None:
        self._talking = False
        self._wait(SILENCE - ENDS, self._silent)
        self._tell(TalkEnded())

    def _silent(self) -> None:
        self._tell(SilenceHeard())


class BothEar:
    """Tells BothBegan and BothEnded, of what arrives and what is said."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Heard], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._heard = self._said = False
        self._told = False
        self._timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        self._told = self._heard = self._said = False
        self._wait(None, self._turn)

    def heard(self, signals: tuple[Signal, ...]) -> None:
        self._heard = any(is_talk(signal.thing) for signal in signals)
        self._weigh()

    def said(self, signals: tuple[Signal, ...]) -> None:
        self._said = any(is_talk(signal.thing) for signal in signals)
        self._weigh()

    def _weigh(self) -> None:
        if (self._heard and self._said) is self._told:
            self._wait(None, self._turn)
        elif self._timer is None:
            self._wait(BOTH_OVER if self._told else BOTH_NEEDS, self._turn)

    def _wait(self, seconds: float | None, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(seconds, then)

    def _turn(self) -> None:
        self._timer = None
        self._told = not self._told
        self._tell(BothBegan() if self._told else BothEnded())


class AnswerEar:
    """Tells the Verdict that a sound's `says` asks for, BeepHeard, and GreetingEnded."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Heard], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._began = 0.0
        self._words: dict[Signal, None] = {}
        self._spoke = False
        self._verdict = ""
        self._quiet_since = 0.0
        self._beeped = self._over = False

    def start(self) -> None:
        self._began = self._loop.time()
        self._spoke = self._beeped = self._over = False
        self._verdict = ""
        self._words.clear()
        self._after("verdict", UNSURE, lambda: self._answer("human", UNSURE_CONFIDENCE))

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def arrived(self, signal: Signal) -> None:
        thing = signal.thing
        name = thing.name if isinstance(thing, Sound | Tone) else ""
        if name in FAX_NEEDS:
            self._after("signal", FAX_NEEDS[name], lambda: self._answer("fax", 0.99))
        elif name == "sit":
            self._after("signal", SIT_NEEDS, lambda: self._answer("carrier", 0.99))
        elif isinstance(thing, Sound) and is_talk(thing):
            if not self._spoke and not self._verdict:
                says = thing.says
                self._after("verdict", VERDICT_NEEDS[says], lambda: self._answer(says, CONFIDENCE))
            self._spoke = True
            self._words[signal] = None
            self._stop("greeting")

    def left(self, signal: Signal) -> None:
        thing = signal.thing
        if isinstance(thing, Tone) and thing.name not in SIGNALS:
            self._tone_left(thing, self._loop.time() - signal.began)
        elif isinstance(thing, Sound | Tone) and thing.name in SIGNALS:
            self._stop("signal")
        elif isinstance(thing, Sound) and thing.name == BEEP:
            self._tone_left(Tone(BEEP, (ToneStep((BEEP_HZ,), thing.seconds),), 1), self._loop.time() - signal.began)
        elif signal in self._words:
            del self._words[signal]
            if not self._words:
                self._quiet_since = self._loop.time()
                self._after("greeting", GREETING_OVER, self._greeting_over)

    def _tone_left(self, tone: Tone, lasted: float) -> None:
        pure = {step.frequencies for step in tone.steps if step.frequencies}
        if self._spoke and tone.rounds and len(pure) == 1 and BEEP_SHORTEST <= lasted <= BEEP_LONGEST:
            (hz,) = pure
            if len(hz) == 1:
                self._after("beep", BEEP_HELD, lambda: self._beep(BeepHeard(round(hz[0]), lasted)))

    def _beep(self, beep: BeepHeard) -> None:
        self._beeped = True
        self._tell(beep)
        self._greeting_over()

    def _answer(self, kind: str, confidence: float) -> None:
        if self._verdict:
            return
        self._verdict = kind
        self._stop("verdict")
        self._tell(Verdict(kind, confidence, self._loop.time() - self._began))
        quiet = self._spoke and not self._words and self._loop.time() - self._quiet_since >= GREETING_OVER
        if self._beeped or quiet:
            self._greeting_over()

    def _greeting_over(self) -> None:
        if self._verdict in ("machine", "carrier") and not self._over:
            self._over = True
            self._tell(GreetingEnded())

    def _after(self, what: str, seconds: float, then: Callable[[], None]) -> None:
        self._stop(what)
        self._timers[what] = self._loop.call_later(seconds, then)

    def _stop(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()
