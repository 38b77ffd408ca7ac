"""China's numbering plan: the place an area code or a block of mobile numbers belongs to, and the carrier it has."""

import functools
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

_BLOCK = 7  # digits of a mobile number that say its place
_PROVINCE = re.compile(r"(内蒙古|广西|西藏|宁夏|新疆|北京市|上海市|天津市|重庆市|.+?省)(.*)")
_PEOPLES = ("柯尔克孜", "哈萨克", "朝鲜族", "土家族", "傈僳族", "哈尼族", "布依族", "景颇族", "蒙古族", "蒙古",
            "彝族", "藏族", "羌族", "白族", "傣族", "壮族", "苗族", "侗族", "回族")


@dataclass(frozen=True, slots=True)
class Place:
    """A province and a city, in short Chinese; an area code that several cities share has them joined by 、."""

    province: str = ""
    city: str = ""
    english: str = ""  # "Shenzhen, Guangdong"

    @property
    def words(self) -> str:
        """广东深圳; of a municipality 北京."""
        return self.province if self.city == self.province else self.province + self.city


NOWHERE = Place()


class Plan:
    """The whole plan, read once and kept small: 60,000 runs of blocks in two arrays."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.places: list[Place] = []
        self._areas: dict[str, Place] = {}
        self._carriers: dict[str, tuple[str, str]] = {}
        self._names: dict[str, list[Place]] = {}  # every way to write a place, in small letters
        runs: list[tuple[int, int, int]] = []  # first block, last block, place
        for line in lines:
            if line.startswith("#"):
                continue
            chinese, english, prefixes = line.rstrip("\n").split("\t")
            if prefixes.startswith("!"):
                self._carriers |= {prefix[1:]: (chinese.removeprefix("中国"), english) for prefix in prefixes.split()}
                continue
            place = self._place(chinese, english)
            for prefix in prefixes.split():
                if prefix.startswith("0"):
                    self._areas[prefix] = place
                else:
                    first, _, more = prefix.partition("+")
                    runs.append((int(first), int(first) + int(more or 0), len(self.places) - 1))
        runs.sort()
        self._firsts = array("I", (first for first, _, _ in runs))
        self._lasts = array("I", (last for _, last, _ in runs))
        self._of_run = array("H", (place for _, _, place in runs))

    def area(self, national: str) -> tuple[str, Place]:
        """The area code a number with its leading 0 begins with, and its place; ("", NOWHERE) if it has none."""
        for length in (4, 3):  # the three-digit codes 010 and 02X begin no four-digit one
            place = self._areas.get(national[:length])
            if place is not None:
                return national[:length], place
        return "", NOWHERE

    def mobile(self, number: str) -> Place:
        """Where a mobile number of 11 digits was issued; NOWHERE for blocks issued after the data."""
        block = int(number[:_BLOCK])
        run = bisect_right(self._firsts, block) - 1
        return self.places[self._of_run[run]] if run >= 0 and block <= self._lasts[run] else NOWHERE

    def carrier(self, number: str) -> tuple[str, str]:
        """(移动, China Mobile) by a mobile number's prefix. Who has taken his number along is not seen in it."""
        return next((self._carriers[number[:length]] for length in (4, 3, 2) if number[:length] in self._carriers),
                    ("", ""))

    def named(self, written: str) -> list[Place]:
        """The places a province or city may mean, in Chinese or English; none if there is no such place."""
        return self._names.get(written.strip().casefold(), [])

    def names(self) -> list[str]:
        return list(self._names)

    def carriers(self) -> dict[str, str]:
        """Every way to write a carrier, in small letters → its short Chinese name."""
        found = {}
        for chinese, english in self._carriers.values():
            for name in (chinese, f"中国{chinese}", english, english.removeprefix("China ")):
                found[name.casefold()] = chinese
        return found

    def _place(self, chinese: str, english: str) -> Place:
        match = _PROVINCE.fullmatch(chinese)
        province, cities = (match.group(1), match.group(2)) if match else ("", chinese)
        short = _short(province)
        place = Place(short, "、".join(_short(city) for city in cities.split("、")) if cities else short, english)
        self.places.append(place)
        city_english, _, province_english = english.rpartition(", ")
        names = [province, short, province_english or english, *place.city.split("、"), *cities.split("、"),
                 *city_english.split("/"), place.words]
        for name in dict.fromkeys(name.casefold() for name in names if name):
            self._names.setdefault(name, []).append(place)
        return place


def _short(name: str) -> str:
    """深圳 of 深圳市, 凉山 of 凉山彝族自治州."""
    for ending in ("自治州", "自治区", "地区", "省", "市", "盟", "州"):
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            name = name.removesuffix(ending)
            break
    if not name.endswith(_PEOPLES):
        return name
    while (people := next((one for one in _PEOPLES if name.endswith(one) and len(name) > len(one) + 1), "")):
        name = name.removesuffix(people)
    return name


@functools.cache  # pure: the file is part of the program
def plan() -> Plan:
    """The plan as shipped."""
    data = resources.files("ccappliance.call") / "data" / "numbering_cn.txt"
    with data.open(encoding="utf-8") as lines:
        return Plan(iter(lines))
