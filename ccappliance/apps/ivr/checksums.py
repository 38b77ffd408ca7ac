"""Check digits: whether a number a caller entered can be one at all."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

ID_CARD = 18  # characters of a Chinese identity number
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LAST = "10X98765432"


def luhn(number: str) -> bool:
    """Bank cards, IMEI (ISO/IEC 7812-1, annex B): at least two digits, the last of which checks the others."""
    if len(number) < 2 or not (number.isascii() and number.isdigit()):
        return False
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def id_card(number: str) -> bool:
    """Identity numbers (GB 11643-1999): 17 digits with a date of birth, and a check digit of which X is ten."""
    body = number[:-1]
    if len(number) != ID_CARD or not (body.isascii() and body.isdigit()):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return _LAST[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11] == number[-1]


CHECKSUMS: Mapping[str, Callable[[str], bool]] = MappingProxyType({
    "none": lambda number: True, "luhn": luhn, "id_card": id_card})
