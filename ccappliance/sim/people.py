"""Simulated people with telephones: they lift, press, speak and hang up, and expect to hear what they should."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from ccappliance.base.errors import CcError
from ccappliance.drivers.api import RingBegan, RingEnded
from ccappliance.drivers.line import LineEvent, LoopBreaker, SimulatedLine
from ccappliance.media.ports import (
    DigitHeard,
    Ear,
    FskHeard,
    Heard,
    Media,
    Played,
    Sound,
    SoundHeard,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
)
from ccappliance.media.tones import Zone
from ccappliance.signalling.callerid import NOBODY, CallerId, DtmfCallerId, decode

EVENTS_KEPT = 64  # what a person remembers, for diagnostics
STILL_RINGING = 0.5  # seconds beyond the cadence's pause after which the bell has stopped for good
FLASH = 0.3  # seconds; telephones' R keys give 100 to 600 ms
PATIENCE = 10.0  # seconds a person waits for what he expects, if nobody says otherwise
VOICE = "somebody or something that is no tone"  # what `tell` hears of a voice
DISPLAY = Ear.FSK | Ear.DTMF  # what a caller ID display listens to while the telephone is on-hook


class Unmet(CcError):
    """What a person expected did not happen."""

    def __init__(self, person: str, what: str, heard_instead: str) -> None:
        self.person = person
        self.what = what
        self.heard_instead = heard_instead
        super().__init__(f"{person} expected {what}, but {heard_instead}")

    def because(self, lines: Sequence[str]) -> "Unmet":
        """With further lines that help to find out why."""
        return Unmet(self.person, self.what, "\n".join([self.heard_instead, *lines]))


class Telephone:
    """A telephone on a pair: hook, bell, keypad, display, mouth and ear. `tell` hears in words what happens to it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, media: Media, zone: Zone, line: SimulatedLine, name: str,
                 tell: Callable[[str], None]) -> None:
        self.port = media.port(f"telephone/{name}", line.closing.wire)
        self.off_hook = False
        self.plugged_in = True
        self.ringing = False
        self.rings = 0  # of the call that rings, or rang last; "ring-ring" is one
        self.display = NOBODY  # from the first sign of a call until it is missed or hung up
        self.tone = ""  # the progress tone that sounds now
        self.found = ""  # the sound that was listened for and came
        self.breaker = LoopBreaker(loop, line.closing)
        self._loop = loop
        self._tell = tell
        self._end = line.closing
        self._pause = max(zone.ring[1::2])  # between rings
        self._silent_since = 0.0
        self._bell_timer: asyncio.TimerHandle | None = None
        self._dtmf_id = DtmfCallerId()
        self._end.hear = self._line_changed
        self.port.on_heard = self._heard
        self.port.listen(DISPLAY)

    def lift(self) -> None:
        if not self.off_hook and self.plugged_in:
            self.off_hook = True
            self.ringing = False
            self._stop_bell_timer()
            self._end.close()
            self.listen_afresh()

    def hang_up(self) -> None:
        if self.off_hook:
            self.off_hook = False
            self.tone = ""
            self.display = NOBODY
            self._dtmf_id = DtmfCallerId()
            self.breaker.stop()
            self._end.open()
            self.port.silence()
            self.port.listen_for(None)
            self.port.listen(DISPLAY)

    def listen_afresh(self) -> None:
        """What sounds now will be told again."""
        self.tone = ""
        self.port.listen(Ear.NONE)
        self.port.listen(Ear.PROGRESS)

    def listen_for(self, sound: Sound | None) -> None:
        self.found = ""
        self.port.listen_for(sound)

    def close(self) -> None:
        """Unplug it."""
        self.hang_up()
        self.plugged_in = False
        self._stop_bell_timer()
        self._end.hear = None
        self.port.close()

    def _line_changed(self, event: LineEvent) -> None:
        if isinstance(event, RingBegan) and not self.off_hook:
            self._stop_bell_timer()
            if self.ringing and self._loop.time() - self._silent_since < self._pause / 2:
                return  # the second half of a double ring
            self.rings = self.rings + 1 if self.ringing else 1
            self.ringing = True
            self._tell(f"the bell (ring {self.rings})")
        elif isinstance(event, RingEnded) and self.ringing:
            self._silent_since = self._loop.time()
            self._bell_timer = self._loop.call_later(self._pause + STILL_RINGING, self._bell_over)

    def _heard(self, heard: Heard) -> None:
        match heard:
            case ToneHeard(name):
                self.tone = name
                self._tell(f"the tone {name}")
            case ToneEnded(name):
                if self.tone == name:
                    self.tone = ""
                self._tell(f"the end of the tone {name}")
            case VoiceHeard():
                self._tell(VOICE)
            case SoundHeard(name):
                self.found = name
                self._tell(f"the sound {name}")
            case FskHeard(data):
                self._show(decode(data))
            case DigitHeard(digit):
                shown = self._dtmf_id.heard(digit)
                if shown is not None:
                    self._show(shown)

    def _show(self, caller: CallerId) -> None:
        self.display = caller
        shown = " ".join(part for part in (caller.number, caller.name, caller.absence) if part)
        self._tell(f"its display show {shown}")

    def _bell_over(self) -> None:
        self._bell_timer = None
        self.ringing = False
        self.display = NOBODY
        self._dtmf_id = DtmfCallerId()
        self._tell("the bell stop")

    def _stop_bell_timer(self) -> None:
        if self._bell_timer is not None:
            self._bell_timer.cancel()
            self._bell_timer = None


class Person:
    """Somebody with a telephone. What he does takes its real time; what he waits for and misses raises Unmet."""

    def __init__(self, loop: asyncio.AbstractEventLoop, media: Media, zone: Zone, name: str,
                 line: SimulatedLine) -> None:
        self.name = name
        self.events: deque[tuple[float, str]] = deque(maxlen=EVENTS_KEPT)  # (loop time, what was noticed)
        self._loop = loop
        self._noticed = 0  # events ever
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.phone = Telephone(loop, media, zone, line, name, self._notice)

    @property
    def off_hook(self) -> bool:
        return self.phone.off_hook

    @property
    def ringing(self) -> bool:
        return self.phone.ringing

    # ---- what he does ----

    def lift(self) -> None:
        self.phone.lift()

    def hang_up(self) -> None:
        self.phone.hang_up()

    async def flash(self, seconds: float = FLASH) -> None:
        self._must_be_off_hook("press the flash key")
        await asyncio.sleep(self.phone.breaker.flash(seconds))

    async def press(self, digits: str, on: float = 0.1, off: float = 0.1) -> None:
        """Press keys; returns after the last one's pause, or when the telephone is hung up."""
        self._must_be_off_hook(f"press {digits}")
        played = await self.phone.port.digits(digits, on=on, off=off).wait()
        if played.completed:
            await asyncio.sleep(off)

    async def pulse(self, digits: str) -> None:
        """Dial with a dial."""
        self._must_be_off_hook(f"dial {digits}")
        await asyncio.sleep(self.phone.breaker.pulse(digits))

    async def say(self, *sounds: Sound) -> Played:
        """Speak, one sound after the other; returns when all is said, or hanging up cut it short."""
        self._must_be_off_hook(f"say {', '.join(sound.name for sound in sounds)}")
        return await self.phone.port.play(sounds).wait()

    async def send(self, sound: Sound, *, repeat: bool = False) -> None:
        """Let a machine speak; returns when it has, or at once if it goes on until something else is said."""
        self._must_be_off_hook(f"send {sound.name}")
        playing = self.phone.port.play([sound], repeat=repeat)
        if not repeat:
            await playing.wait()

    async def call(self, number: str, within: float = PATIENCE) -> None:
        """Lift, wait for dial tone, and dial."""
        self.lift()
        await self.hear_tone("dial", within)
        await self.press(number)

    # ---- what he expects ----

    async def hear_tone(self, name: str, within: float = PATIENCE) -> None:
        """The tone sounds, now or soon."""
        await self._until(lambda: self.phone.tone == name, f"to hear the tone {name}", within)

    async def hear_sound(self, sound: Sound, within: float = PATIENCE) -> None:
        """The sound arrives from now on; only one sound is waited for at a time."""
        self.phone.listen_for(sound)
        try:
            await self._until(lambda: self.phone.found == sound.name, f"to hear the sound {sound.name}", within)
        finally:
            self.phone.listen_for(None)

    async def hear_silence(self, seconds: float = 2.0) -> None:
        """For so long there is nothing to be heard, neither tone nor voice."""
        self.phone.listen_afresh()
        began, noticed = self._loop.time(), self._noticed
        await asyncio.sleep(seconds)
        if self._noticed > noticed:
            raise Unmet(self.name, f"silence for {seconds:g} s", self._instead(began, noticed))

    async def ring(self, times: int = 2, within: float = PATIENCE) -> CallerId:
        """The bell rings for the `times`th time; what the display shows then."""
        await self._until(lambda: self.ringing and self.phone.rings >= times,
                          f"the bell to ring {times} times" if times > 1 else "the bell to ring", within)
        return self.phone.display

    async def not_rung(self, seconds: float) -> None:
        """For so long nobody calls."""
        began, noticed = self._loop.time(), self._noticed
        try:
            await self._until(lambda: self.ringing, "the bell", seconds)
        except Unmet:
            return
        raise Unmet(self.name, f"no call for {seconds:g} s", self._instead(began, noticed))

    async def bell_stops(self, within: float = PATIENCE) -> None:
        """The bell is silent longer than between two rings."""
        await self._until(lambda: not self.ringing, "the bell to stop", within)

    # ---- the rest ----

    def close(self) -> None:
        """Unplug the telephone."""
        self.phone.close()

    def _must_be_off_hook(self, what: str) -> None:
        if not self.off_hook:
            raise Unmet(self.name, f"to {what}", "the telephone is on-hook")

    def _notice(self, what: str) -> None:
        self._noticed += 1
        self.events.append((self._loop.time(), what))
        for met, done in list(self._waiters):
            if not done.done() and met():
                done.set_result(None)

    async def _until(self, met: Callable[[], bool], what: str, within: float) -> None:
        if met():
            return
        began, noticed = self._loop.time(), self._noticed
        waiter = (met, self._loop.create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(within):
                await waiter[1]
        except TimeoutError:
            raise Unmet(self.name, f"{what} within {within:g} s", self._instead(began, noticed)) from None
        finally:
            self._waiters.remove(waiter)

    def _instead(self, began: float, noticed: int) -> str:
        """What happened since `began`, when `noticed` events had been noticed."""
        recent = list(self.events)[-min(self._noticed - noticed, 6):] if self._noticed > noticed else []
        if recent:
            return "noticed " + ", ".join(f"{what} after {at - began:.1f} s" for at, what in recent)
        hook = "off-hook" if self.off_hook else "on-hook"
        if not self.events:
            return f"noticed nothing ({hook})"
        at, what = self.events[-1]
        return f"noticed nothing ({hook}; the last thing was {what}, {began - at:.1f} s before)"

    def __repr__(self) -> str:
        return f"<{self.name} {'off-hook' if self.off_hook else 'on-hook'} noticed {list(self.events)[-3:]}>"
