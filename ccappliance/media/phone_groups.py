"""Telephone numbers as people read them: in groups, with a breath between.

China: mobiles 3-4-4 (138 0013 8000), area code apart (010, 0755), eight digits 4-4, seven 3-4, 400/800 3-3-4,
short codes (10086, 95588) in one breath. Others in fours.
"""

import re

from ccappliance.base.limits import MAX_DIALLED

_COUNTRY = re.compile(r"(\+86|0086)(?=[1-9])")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_SERVICE = re.compile(r"[48]00\d{7}", re.ASCII)
_AREA = re.compile(r"(010|02\d|0[3-9]\d{2})(\d{7,8})", re.ASCII)
_SHORT = 6  # digits somebody says in one breath
_FOUR = 4


def phone_groups(number: str) -> list[str]:
    """The groups of a number; what is no digit, *, # or + is left out. At most MAX_DIALLED characters are read."""
    plain = re.sub(r"[^0-9*#+]", "", number)[:MAX_DIALLED]
    country = _COUNTRY.match(plain)
    if country is not None:
        local = plain[country.end():]
        return [country.group(), *_national(local if _whole(local) else f"0{local}", local)]
    if plain.startswith("0") and _MOBILE.fullmatch(plain[1:]):  # a mobile of another city, as it is dialled
        return ["0", *_cut(plain[1:], 3, 4, 4)]
    return _national(plain, plain)


def _whole(number: str) -> bool:
    return bool(_MOBILE.fullmatch(number) or _SERVICE.fullmatch(number))


def _national(number: str, shown: str) -> list[str]:
    """`shown`: the same without the 0 of the area code, which is not dialled after +86."""
    if _MOBILE.fullmatch(number):
        return _cut(number, 3, 4, 4)
    if _SERVICE.fullmatch(number):
        return _cut(number, 3, 3, 4)
    area = _AREA.fullmatch(number)
    if area is not None:
        code = area.group(1) if shown == number else area.group(1)[1:]
        return [code, *_subscriber(area.group(2))]
    return _subscriber(shown)


def _subscriber(number: str) -> list[str]:
    if len(number) <= _SHORT or set(number) & {"*", "#"}:
        return [number] if number else []
    if len(number) == 7:
        return _cut(number, 3, 4)
    return [number[at:at + _FOUR] for at in range(0, len(number), _FOUR)]


def _cut(number: str, *sizes: int) -> list[str]:
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at:at + size])
        at += size
    return groups
