"""The dialects of MFC/R2 as data: which register signal means what (ITU: Q.441; China No. 1: GF 002-9002.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ccappliance.base.causes import Cause

# Line signals, bits A and B (Q.421). Forward and backward share patterns; the state tells them apart.
IDLE = 0b1000  # also clear-forward, and release-guard
SEIZE = 0b0000  # backward: forced release
ACKNOWLEDGE = 0b1100  # of a seizure; also clear-back, and blocked
ANSWER = 0b0100
LINE_BITS = 0b1100


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One dialect. Register signals are 1 to 15, 0: it has none; digits are 1 to 9, and 10 for 0."""

    name: str
    unused_bits: int  # C and D, which never change
    # backward, group A
    next_digit: int = 1
    back: Mapping[int, int]  # send again: signal → digits to step back from the last one sent; ALL: from the first
    address_complete: int = 3  # change to groups B and II
    category: int  # who calls: his category …
    next_calling: int  # … and the next digit of his number
    refusals: Mapping[int, Cause]  # group A signals that end the call
    accepted: int = 0  # set up the speech path, no group B
    # backward, group B
    free: int  # the one we send
    frees: frozenset[int]  # those that mean it
    causes: Mapping[int, Cause]
    # forward
    end_called: int = 0  # no further called digits; 0: silence says so
    end_calling: int = 15
    no_calling: int  # the calling number is not to be had
    call_type: bool = False  # group II is the kind of call (KD), not the category again

    def rejection(self, cause: Cause) -> int:
        """The group B signal that tells this cause best."""
        told = _TOLD_AS.get(cause, Cause.OUT_OF_ORDER)
        return next((signal for signal, meant in self.causes.items() if meant is told),
                    next(signal for signal, meant in self.causes.items() if meant is Cause.CONGESTION))


ALL = 99  # digits to step back: to the first
_TOLD_AS = {
    Cause.BUSY: Cause.BUSY, Cause.NO_ANSWER: Cause.BUSY, Cause.REJECTED: Cause.BUSY, Cause.NO_RESPONSE: Cause.BUSY,
    Cause.UNALLOCATED: Cause.UNALLOCATED, Cause.INVALID_NUMBER: Cause.UNALLOCATED,
    Cause.CONGESTION: Cause.CONGESTION, Cause.NO_CIRCUIT: Cause.CONGESTION,
    Cause.TEMPORARY_FAILURE: Cause.CONGESTION, Cause.NOT_AVAILABLE: Cause.CONGESTION,
}

ITU = Variant(
    name="itu", unused_bits=0b01,
    back=MappingProxyType({2: 1, 7: 2, 8: 3}), category=5, next_calling=5,
    refusals=MappingProxyType({4: Cause.CONGESTION, 15: Cause.CONGESTION}), accepted=6,
    free=6, frees=frozenset({1, 6, 7}),
    causes=MappingProxyType({3: Cause.BUSY, 4: Cause.CONGESTION, 5: Cause.UNALLOCATED, 8: Cause.OUT_OF_ORDER,
                             2: Cause.NORMAL_UNSPECIFIED}),
    end_called=15, no_calling=12)
CHINA = Variant(
    name="cn", unused_bits=0b11,
    back=MappingProxyType({2: ALL}), category=6, next_calling=1,
    refusals=MappingProxyType({4: Cause.CONGESTION, 5: Cause.UNALLOCATED}),
    free=1, frees=frozenset({1, 6}),
    causes=MappingProxyType({2: Cause.BUSY, 3: Cause.BUSY, 4: Cause.CONGESTION, 5: Cause.UNALLOCATED}),
    no_calling=15, call_type=True)
VARIANTS: Mapping[str, Variant] = MappingProxyType({one.name: one for one in (CHINA, ITU)})


def digit_of(signal: int) -> str:
    """The digit a forward signal of group I is; "" if it is none."""
    return str(signal % 10) if 1 <= signal <= 10 else ""


def signal_of(digit: str) -> int:
    """The group I signal of a digit."""
    return int(digit) or 10
