"""Reading calling numbers beside the library that knows them all: place and carrier of numbers not seen before."""

from collections.abc import Iterator

import phonenumbers
from phonenumbers import carrier, geocoder

from benchmarks.timing import best
from ccappliance.call.numbers import Numbers

NUMBERS = [str(13_000_000_000 + number * 2_996_989) for number in range(2_000)]  # no two of one block


def measure() -> Iterator[str]:
    """µs a number."""
    def ours() -> None:
        numbers = Numbers("010")  # has seen none
        for number in NUMBERS:
            numbers.read(number)

    def theirs() -> None:
        for number in NUMBERS:
            parsed = phonenumbers.parse(number, "CN")
            geocoder.description_for_number(parsed, "zh")
            carrier.name_for_number(parsed, "zh")

    known = Numbers("010")
    for number in NUMBERS:
        known.read(number)

    def again() -> None:
        for number in NUMBERS:
            known.read(number)

    mine, peer, cached = (best(run) / len(NUMBERS) * 1e6 for run in (ours, theirs, again))
    yield (f"numbers: {mine:.1f} µs a new number, {cached:.2f} µs a known one, phonenumbers {peer:.1f} µs: "
           f"ratio {mine / peer:.2f}")
