"""Writes ccappliance/call/data/numbering_cn.txt from python3-phonenumbers: which prefix belongs to which place.

    /usr/bin/python3 tools/numbering.py

The library keeps all the world's prefixes in memory, some 100 MB; China's alone, as runs, take a hundredth of it.
"""

from collections.abc import Iterable
from pathlib import Path

from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

FILE = Path(__file__).resolve().parent.parent / "ccappliance" / "call" / "data" / "numbering_cn.txt"
CHINA = "86"
BLOCK = 7  # digits of a mobile number that say its place
NAMES = {"天津": "天津市", "CBN": "中国广电"}  # what the library writes in two ways, or in English only
HEAD = """# China's numbering plan by prefix. Written by tools/numbering.py from libphonenumber's data
# (python3-phonenumbers 8.12.57, Copyright The Libphonenumber Authors, Apache-2.0).
# A line: place or carrier in Chinese, TAB, in English, TAB, prefixes.
# 0755 is an area code; 1300888+3 are the blocks 1300888 to 1300891 of mobile numbers; !139 is a carrier's prefix.
"""


def names(data: dict[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    """National prefix → (Chinese, English)."""
    found = {}
    for prefix, given in data.items():
        if prefix.startswith(CHINA):
            english = given.get("en", "")
            chinese = given.get("zh", english)
            found[prefix[len(CHINA):]] = (NAMES.get(chinese, chinese), english)
    return found


def blocks(places: dict[str, tuple[str, str]]) -> dict[int, tuple[str, str]]:
    """Every block of mobile numbers; a longer prefix wins over a shorter one."""
    mobile = [prefix for prefix in places if prefix[0] == "1" and prefix != "10" and len(prefix) <= BLOCK]
    found = {}
    for prefix in sorted(mobile, key=len):
        span = 10 ** (BLOCK - len(prefix))
        for block in range(int(prefix) * span, (int(prefix) + 1) * span):
            found[block] = places[prefix]
    return found


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """(first, how many follow it) of numbers without a gap."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == sum(found[-1]) + 1:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 0))
    return found


def main() -> None:
    places = names(GEOCODE_DATA)
    lines: dict[tuple[str, str], list[str]] = {}
    for prefix in sorted(prefix for prefix in places if prefix[0] != "1" or prefix == "10"):
        lines.setdefault(places[prefix], []).append(f"0{prefix}")
    by_place: dict[tuple[str, str], list[int]] = {}
    for block, place in blocks(places).items():
        by_place.setdefault(place, []).append(block)
    for place, numbers in by_place.items():
        lines.setdefault(place, []).extend(f"{first}+{more}" if more else str(first) for first, more in runs(numbers))
    for prefix, carrier in sorted(names(CARRIER_DATA).items()):
        lines.setdefault(carrier, []).append(f"!{prefix}")
    with FILE.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for (chinese, english), prefixes in sorted(lines.items()):
            file.write(f"{chinese}\t{english}\t{' '.join(prefixes)}\n")


if __name__ == "__main__":
    main()
