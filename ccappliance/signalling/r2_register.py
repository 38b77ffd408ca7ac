"""The registers of MFC/R2: how numbers pass in compelled signals, from either end (Q.440 to Q.480).

A forward signal sounds until a backward one is heard; that sounds until the forward one has ended; then the forward end
does as it was asked. A register knows neither bits nor calls; the circuit lends it a mouth and timers.
"""

from abc import ABC, abstractmethod
from typing import Protocol

from ccappliance.base.causes import Cause
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.signalling.r2_variants import Variant, digit_of, signal_of

FORWARD_ON = 15.0  # s a forward signal may wait for its answer (Q.476: 15 ± 3)
FORWARD_OFF = 24.0  # s of silence between them (Q.476: not less than 24)
FIRST = 15.0  # s an incoming register waits for the first signal (Q.476: 8 to 24)
PULSE = 0.15  # s of a backward signal that is not compelled (Q.442: 150 ± 30 ms)
BEFORE_PULSE = 0.1  # s of silence before it (Q.442: at least 100 ms)
MOST_CALLING = 20  # digits of a calling number


class Voice(Protocol):
    """What a register needs of its circuit."""

    def say(self, signal: int) -> None:
        """Sound this signal until `hush`, or another one."""
        ...

    def hush(self) -> None: ...

    def wait(self, seconds: float, do: "Register") -> None:
        """Call `do.late()` after this time unless `wait` is asked again."""
        ...

    def wait_no_more(self) -> None: ...


class Register(ABC):
    """One end of a compelled exchange."""

    def __init__(self, voice: Voice, variant: Variant) -> None:
        self.trail: list[str] = []  # what was said and heard, for people: ">3 <1"
        self._voice = voice
        self._variant = variant

    def _say(self, signal: int) -> None:
        self.trail.append(f">{signal}")
        self._voice.say(signal)

    def _heard(self, signal: int) -> None:
        self.trail.append(f"<{signal}")

    @abstractmethod
    def heard(self, signal: int) -> None:
        """A signal of the far end began."""

    @abstractmethod
    def ended(self) -> None: ...

    @abstractmethod
    def late(self) -> None:
        """Nothing came in time."""


class Outcome(Protocol):
    """Whom an outgoing register tells how it went; once."""

    def accepted(self, free: bool) -> None:
        """The number is whole. `free`: the called line is; else tones will tell."""
        ...

    def refused(self, cause: Cause, how: str) -> None: ...


class OutRegister(Register):
    """Sends a called number, and what it is asked for of the caller."""

    def __init__(self, voice: Voice, variant: Variant, outcome: Outcome, called: str, calling: str, *, category: int,
                 call_type: int) -> None:
        super().__init__(voice, variant)
        self._outcome = outcome
        self._called = called
        self._calling = [signal_of(digit) for digit in calling]
        self._calling.append(variant.end_calling if calling else variant.no_calling)
        self._category = category
        self._call_type = call_type
        self._at = 0  # the called digit sent last
        self._told = -2  # of the calling number: the signal sent last; -1: only the category, -2: not even that
        self._asked = 0
        self._group_b = False
        self._over = False

    def start(self) -> None:
        self._send(signal_of(self._called[0]))

    def heard(self, signal: int) -> None:
        self._heard(signal)
        self._asked = signal
        self._voice.hush()
        self._voice.wait(FORWARD_ON, self)

    def ended(self) -> None:
        asked, self._asked = self._asked, 0
        if asked and not self._over:
            self._voice.wait(FORWARD_OFF, self)
            self._answer_b(asked) if self._group_b else self._answer(asked)

    def late(self) -> None:
        self._refuse(Cause.RECOVERY_ON_TIMER, "register-timeout")

    def _answer(self, asked: int) -> None:
        variant = self._variant
        if asked == variant.category and self._told == -2:
            self._told = -1
            self._send(self._category)
        elif asked == variant.next_calling and -1 <= self._told < len(self._calling) - 1:
            self._told += 1
            self._send(self._calling[self._told])
        elif asked == variant.next_digit:
            self._next(self._at + 1)
        elif asked in variant.back:
            self._next(max(0, self._at - variant.back[asked]))
        elif asked == variant.address_complete:
            self._group_b = True
            self._send(self._call_type if variant.call_type else self._category)
        elif asked == variant.category:
            self._told = -1
            self._send(self._category)
        elif asked in variant.refusals:
            self._refuse(variant.refusals[asked], f"A{asked}")
        elif asked == variant.accepted:
            self._accept(free=False)
        else:
            self._refuse(Cause.INTERWORKING, f"A{asked}")

    def _next(self, at: int) -> None:
        if at < len(self._called):
            self._at = at
            self._send(signal_of(self._called[at]))
        elif self._variant.end_called:
            self._send(self._variant.end_called)
        # else silence says that there is no more; a pulse will come

    def _answer_b(self, asked: int) -> None:
        if asked in self._variant.frees:
            self._accept(free=True)
        else:
            self._refuse(self._variant.causes.get(asked, Cause.NORMAL_UNSPECIFIED), f"B{asked}")

    def _send(self, signal: int) -> None:
        self._say(signal)
        self._voice.wait(FORWARD_ON, self)

    def _accept(self, free: bool) -> None:
        self._end()
        self._outcome.accepted(free)

    def _refuse(self, cause: Cause, how: str) -> None:
        self._end()
        self._outcome.refused(cause, how)

    def _end(self) -> None:
        self._over = True
        self._voice.hush()
        self._voice.wait_no_more()


class Offer(Protocol):
    """Whom an incoming register tells, and asks whether a number is whole."""

    def whole(self, called: str) -> bool: ...

    def came(self, called: str, calling: str, absence: str) -> None:
        """Somebody calls; `decide` is awaited. `absence`: why there is no calling number (signals.Offered)."""
        ...

    def told(self) -> None:
        """The far end knows our decision and its last signal is over."""
        ...

    def failed(self, how: str) -> None: ...


class InRegister(Register):
    """Asks for a called number and its caller, then tells the far end what becomes of the call."""

    def __init__(self, voice: Voice, variant: Variant, offer: Offer, *, calling: str, between: float) -> None:
        super().__init__(voice, variant)
        self.category = 0  # of the caller
        self._offer = offer
        self._calling_when = calling  # "first", "last", "none"
        self._between = between
        self._called = ""
        self._whole = False
        self._calling = ""
        self._absence = "none"
        self._calling_asked = False
        self._stage = "called"  # called, category, calling, kind, asked, decided, over
        self._decision = 0
        self._sounding = False  # the far end's signal
        self._pulse = 0  # the backward signal to be sent as a pulse; -1: it sounds

    def start(self) -> None:
        self._voice.wait(FIRST, self)

    def heard(self, signal: int) -> None:
        self._heard(signal)
        self._sounding = True
        if self._pulse:
            self._pulse = 0
            self._voice.hush()
        self._voice.wait(FORWARD_ON, self)
        match self._stage:
            case "called":
                self._called_came(signal)
            case "category":
                self.category = signal
                self._stage = "calling"
                self._say(self._variant.next_calling)
            case "calling":
                self._calling_came(signal)
            case "kind":
                self._stage = "asked"
                self._voice.wait_no_more()
                self._offer.came(self._called, self._calling, "" if self._calling else self._absence)

    def ended(self) -> None:
        self._sounding = False
        if self._pulse:
            return
        self._voice.hush()
        match self._stage:
            case "decided":
                self._stage = "over"
                self._voice.wait_no_more()
                self._offer.told()
            case "asked":
                self._fail("group-ii-lost")
            case "over":
                pass
            case _:
                self._voice.wait(self._between, self)

    def late(self) -> None:
        if self._pulse > 0:
            self._say(self._pulse)
            self._pulse = -1
            self._voice.wait(PULSE, self)
        elif self._pulse < 0:
            self._pulse = 0
            self._voice.hush()
            if self._stage == "over":
                self._offer.failed("register-timeout")
            else:
                self._voice.wait(self._between, self)
        elif self._sounding or self._stage in ("kind", "asked", "decided") or not self._called:
            self._fail("register-timeout")
        else:  # no further digit comes: the number is what it is (also where the caller's was asked in vain)
            self._absence = "unavailable" if self._stage in ("category", "calling") else self._absence
            self._stage = "kind"
            self._pulse_soon(self._variant.address_complete)

    def decide(self, signal: int) -> None:
        """Tell the far end by this group B signal; `told` follows. The first decision holds, and is said again."""
        if self._stage == "asked":
            self._stage = "decided"
            self._decision = signal
        if self._stage == "decided" and self._sounding:
            self._say(self._decision)
            self._voice.wait(FORWARD_ON, self)

    @property
    def undecided(self) -> bool:
        return self._stage == "asked"

    def _called_came(self, signal: int) -> None:
        digit = digit_of(signal)
        if digit:
            self._called += digit
            self._whole = self._offer.whole(self._called) or len(self._called) >= MAX_DIALLED
        elif signal == self._variant.end_called:
            self._whole = True
        else:
            self._fail(f"I{signal}")
            return
        if self._calling_when != "none" and not self._calling_asked \
                and (self._whole or self._calling_when == "first"):
            self._calling_asked = True
            self._stage = "category"
            self._say(self._variant.category)
        else:
            self._go_on()

    def _calling_came(self, signal: int) -> None:
        digit = digit_of(signal)
        if digit and len(self._calling) < MOST_CALLING:
            self._calling += digit
            self._say(self._variant.next_calling)
            return
        if signal == self._variant.no_calling and not self._calling:
            self._absence = "withheld" if self._variant.no_calling != self._variant.end_calling else "unavailable"
        elif not digit and signal != self._variant.end_calling:
            self._fail(f"I{signal}")
            return
        self._go_on()

    def _go_on(self) -> None:
        """Further digits, or the address is complete."""
        if self._whole:
            self._stage = "kind"
            self._say(self._variant.address_complete)
        else:
            self._stage = "called"
            self._say(self._variant.next_digit)

    def _pulse_soon(self, signal: int) -> None:
        self._pulse = signal
        self._voice.wait(BEFORE_PULSE, self)

    def _fail(self, how: str) -> None:
        """The far end is told congestion; it clears."""
        sounding, self._stage = self._sounding, "over"
        refusal = next(signal for signal, cause in self._variant.refusals.items() if cause is Cause.CONGESTION)
        if sounding:
            self._say(refusal)
            self._voice.wait_no_more()
            self._offer.failed(how)
        else:
            self._pulse_soon(refusal)
