"""A line of the simulated exchange, as its line card and register see it: battery, bell, dial tone, digits, signs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ccappliance.base.limits import MAX_DIALLED
from ccappliance.base.machine import MachineState
from ccappliance.drivers.api import HookChanged, Pulsed
from ccappliance.drivers.hook import HookDecoder, HookEvent
from ccappliance.drivers.line import LineEvent, LoopChanged, Ringer, SimulatedLine
from ccappliance.media.ports import DigitHeard, Ear, Heard, Media, MediaPort, Played, Sound
from ccappliance.media.tones import Zone, parse_tone

HUNG_UP = 0.5  # a break this long is on-hook: longer than any flash key, shorter than a caller's redial
LOOP_BREAK = 0.5  # kewl start's disconnect; exchanges use 250 to 1,000 ms
FIRST_DIGIT = 20.0  # seconds of dial tone before the register is taken away (E.180 allows 10 to 30)
NEXT_DIGIT = 4.0  # seconds without a digit after which the number is taken as it is
ID_AFTER_RING = 0.5  # silence between first ring and caller ID (EN 300 659-1: 500 to 2,000 ms)
ID_DIGIT = 0.07  # DTMF caller ID: 70 ms on and off (EN 300 659-1 annex B)
ID_BEFORE_RING = 0.3  # from DTMF caller ID to the first ring

CALLER_ID = ("fsk", "dtmf_before_ring", "dtmf_after_ring", "none")
ANSWER = ("polarity", "none")
DISCONNECT = ("polarity", "loop_break", "busy_tone", "dial_tone", "nothing")
FAULTS = ("", "no_battery", "no_dial_tone")


@dataclass(frozen=True, kw_only=True)
class LineSettings:
    """How the exchange treats one line. ValueError for a word it does not know.

    Disconnect: "polarity" and "loop_break" are signs, followed by busy tone; "busy_tone" comes without a sign; after
    "dial_tone" the line may dial again (F61); "nothing" is silence.
    """

    caller_id: str = "fsk"  # of CALLER_ID: how the line is told who calls
    answer: str = "none"  # of ANSWER: how it is told that its call was answered
    disconnect: str = "busy_tone"  # of DISCONNECT: how it is told that the other party left
    withheld: bool = False  # its own number is not shown to those it calls
    dial_tone_delay: float = 0.3  # seconds
    fault: str = ""  # of FAULTS
    tones: Mapping[str, str] = field(default_factory=dict)  # of a strange exchange: 480+620/500,0/500

    def __post_init__(self) -> None:
        for name, choices in (("caller_id", CALLER_ID), ("answer", ANSWER), ("disconnect", DISCONNECT),
                               ("fault", FAULTS)):
            if getattr(self, name) not in choices:
                known = ", ".join(choice for choice in choices if choice)
                raise ValueError(f"{name} of a line is {getattr(self, name)!r}; known are {known}")
        for tone, text in self.tones.items():
            parse_tone(tone, text)


class LineState(MachineState):
    IDLE = "idle"
    SEIZED = "seized"  # off-hook, dial tone soon or already
    DIALLING = "dialling"
    CALLING = "calling"  # its number is complete
    RINGING = "ringing"
    TALKING = "talking"
    CLEARED = "cleared"  # off-hook with nobody there: waits for on-hook


@dataclass(frozen=True, slots=True)
class CallerIdMessage:
    """Who calls, in both forms a line may be told."""

    fsk: bytes
    dtmf: str


class Connection(Protocol):
    """The call a line takes part in."""

    caller: "Party"
    number: str  # that was dialled

    def progressed(self, line: "Party") -> None: ...

    def lifted(self, line: "Party") -> None: ...

    def refused(self, line: "Party", tone: str) -> None: ...

    def hung_up(self, line: "Party") -> None: ...


class Party(Protocol):
    """Who takes part in a call of the exchange: one of its lines, or a B channel of an ISDN span."""

    number: str
    name: str
    settings: LineSettings
    port: MediaPort
    connection: Connection | None

    @property
    def state(self) -> LineState: ...

    @property
    def free(self) -> bool: ...

    @property
    def works(self) -> bool: ...

    def ring(self, connection: Connection, caller: CallerIdMessage) -> None: ...

    def stop_ringing(self) -> None: ...

    def hear_tone(self, name: str) -> None: ...

    def talk(self) -> None: ...

    def sign_answer(self) -> None: ...

    def part(self, tone: str) -> None: ...

    def announce(self, sounds: Sequence[Sound], tone: str) -> None: ...

    def sign_disconnect(self) -> None: ...


class ExchangeLine:
    """One line: what is plugged in at its far end, a telephone or an FXO port, makes no difference."""

    def __init__(self, loop: asyncio.AbstractEventLoop, media: Media, zone: Zone, line: SimulatedLine, number: str,
                 name: str, settings: LineSettings, dialled: "Callable[[ExchangeLine, str, bool], bool]") -> None:
        self.number = number
        self.name = name
        self.settings = settings
        self.line = line
        self.port = media.port(f"exchange/{number}", line.feeding.wire)
        self.state = LineState.IDLE
        self.connection: Connection | None = None
        self._loop = loop
        self._zone = zone
        self._dialled = dialled  # (line, digits, no more will come) → the number is complete
        self._digits = ""
        self._timer: asyncio.TimerHandle | None = None
        self._breaking = False
        self._caller: CallerIdMessage | None = None
        self._hook = HookDecoder(loop, self._hooked, longest_flash=HUNG_UP)
        self._ringer = Ringer(loop, line.feeding, self._burst_ended)
        self.fault = settings.fault
        self.port.on_heard = self._heard
        line.feeding.hear = self._line_changed
        line.feeding.battery(self.fault != "no_battery")

    @property
    def free(self) -> bool:
        """A call may be brought here."""
        return self.state is LineState.IDLE and self.works

    @property
    def works(self) -> bool:
        return self.fault != "no_battery"

    def fail(self, fault: str) -> None:
        """Break the line ("no_battery", "no_dial_tone"), or mend it ("")."""
        if fault not in FAULTS:
            raise ValueError(f"a line cannot have the fault {fault!r}; known are {', '.join(FAULTS[1:])}")
        self.fault = fault
        self.line.feeding.battery(self.works)

    def close(self) -> None:
        """Take the line out of the exchange: silent, dead."""
        self._reset()
        self._hook.reset()
        self.port.close()
        self.line.feeding.hear = None
        self.line.feeding.battery(False)

    # ---- what calls ask of it ----

    def ring(self, connection: Connection, caller: CallerIdMessage) -> None:
        """Ring what is at the far end, and show who calls as the line is set."""
        self.state = LineState.RINGING
        self.connection = connection
        self._caller = caller
        if self.settings.caller_id == "dtmf_before_ring":
            sending = self.port.digits(caller.dtmf, on=ID_DIGIT, off=ID_DIGIT)
            sending.on_end(lambda sent: self._shown_before_ring(connection, sent))
        else:
            self._ring()

    def stop_ringing(self) -> None:
        """Nobody calls any more."""
        self._idle()

    def hear_tone(self, name: str) -> None:
        strange = self.settings.tones.get(name)
        self.port.tone(parse_tone(name, strange) if strange else self._zone.tone(name))

    def talk(self) -> None:
        """The voice path is open from now on."""
        self._stop_timer()
        self._ringer.stop()
        self.port.silence()
        self.state = LineState.TALKING

    def sign_answer(self) -> None:
        if self.settings.answer == "polarity":
            self.line.feeding.reverse(True)

    def part(self, tone: str) -> None:
        """Its call came to nothing: a tone until it hangs up."""
        self._stop_timer()
        self.state = LineState.CLEARED
        self.connection = None
        self.hear_tone(tone)

    def announce(self, sounds: Sequence[Sound], tone: str) -> None:
        """Its call came to nothing: these words say why, then a tone. Without the sign of an answer."""
        self._stop_timer()
        self.state = LineState.CLEARED
        self.connection = None
        self.port.play(sounds).on_end(lambda said: self.hear_tone(tone) if said.completed else None)

    def sign_disconnect(self) -> None:
        """The other party left: tell as the line is set."""
        self.connection = None
        self.state = LineState.CLEARED
        match self.settings.disconnect:
            case "polarity":
                self.line.feeding.reverse(not self.line.feeding.reversed)
                self.hear_tone("busy")
            case "loop_break":
                self._breaking = True
                self.line.feeding.battery(False)
                self._after(LOOP_BREAK, self._loop_mended)
            case "busy_tone":
                self.hear_tone("busy")
            case "dial_tone":
                self._seize()

    # ---- the hook and the keys ----

    def _line_changed(self, event: LineEvent) -> None:
        if isinstance(event, LoopChanged) and not self._breaking:
            self._hook.loop_changed(event.closed)

    def _hooked(self, event: HookEvent) -> None:
        match event:
            case HookChanged(True):
                if self.connection is not None:
                    self.connection.lifted(self)
                elif self.state is LineState.IDLE:
                    self._seize()
            case HookChanged(False):
                connection, self.connection = self.connection, None
                self._idle()
                if connection is not None:
                    connection.hung_up(self)
            case Pulsed(digit):
                self._digit(digit)

    def _heard(self, heard: Heard) -> None:
        if isinstance(heard, DigitHeard):
            self._digit(heard.digit)

    def _seize(self) -> None:
        self.state = LineState.SEIZED
        self._digits = ""
        if self.fault != "no_dial_tone":
            self._after(self.settings.dial_tone_delay, self._invite)

    def _invite(self) -> None:
        self.hear_tone("dial")
        self.port.listen(Ear.DTMF)
        self._after(FIRST_DIGIT, self._nothing_dialled)

    def _nothing_dialled(self) -> None:
        self.port.listen(Ear.NONE)
        self.part("busy")

    def _digit(self, digit: str) -> None:
        if self.state not in (LineState.SEIZED, LineState.DIALLING):
            return
        if self.state is LineState.SEIZED:
            self.state = LineState.DIALLING
            self.port.silence()
        self._digits += digit
        self._number(no_more=len(self._digits) >= MAX_DIALLED)

    def _number(self, no_more: bool) -> None:
        """Ask whether the number is complete; if not, wait for the next digit."""
        self._stop_timer()
        if no_more or self._dialled(self, self._digits, False):
            self.port.listen(Ear.NONE)
            self.state = LineState.CALLING
            if no_more:
                self._dialled(self, self._digits, True)
        else:
            self._after(NEXT_DIGIT, lambda: self._number(no_more=True))

    # ---- the bell and caller ID ----

    def _shown_before_ring(self, connection: Connection, sent: Played) -> None:
        """Ring, unless the caller gave up or the line was lifted meanwhile."""
        if sent.completed and self.connection is connection and self.state is LineState.RINGING:
            self._after(ID_BEFORE_RING, self._ring)

    def _ring(self) -> None:
        self._ringer.start(self._zone.ring)

    def _burst_ended(self, bursts: int) -> None:
        first_ring = len(self._zone.ring) // 2  # bursts of it: some countries ring twice before the long pause
        if bursts == first_ring and self.settings.caller_id in ("fsk", "dtmf_after_ring"):
            self._after(ID_AFTER_RING, self._show_caller)

    def _show_caller(self) -> None:
        if self._caller is None:
            return
        if self.settings.caller_id == "fsk":
            self.port.fsk(self._caller.fsk)
        else:
            self.port.digits(self._caller.dtmf, on=ID_DIGIT, off=ID_DIGIT)

    # ---- the rest ----

    def _loop_mended(self) -> None:
        self._breaking = False
        self.line.feeding.battery(self.works)
        if self.line.feeding.current:
            self.hear_tone("busy")
        else:
            self._hook.loop_changed(False)

    def _idle(self) -> None:
        self._reset()
        self.state = LineState.IDLE
        self.line.feeding.reverse(False)

    def _reset(self) -> None:
        self._stop_timer()
        if self._breaking:  # on-hook was certain before the sign was over
            self._breaking = False
            self.line.feeding.battery(self.works)
        self._ringer.stop()
        self._caller = None
        self.connection = None
        self.port.silence()
        self.port.listen(Ear.NONE)

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, do)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __repr__(self) -> str:
        return f"<exchange line {self.number} {self.state.value} dialled {self._digits!r}>"
