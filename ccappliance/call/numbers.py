"""Telephone numbers: what a number a caller shows means, in one form, with its place, carrier, kind and owner."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import phonenumbers
import yaml

from ccappliance.call.numbering import NOWHERE, Place, Plan, plan

KINDS = ("mobile", "fixed", "short", "free", "station", "international", "unknown", "withheld")
CACHED = 4_096  # numbers remembered; the one asked for longest ago is forgotten
COUNTRIES = ("cn",)  # whose numbering plan is known

# Carrier selection and IP telephony codes that callers dial before a long distance number; some exchanges pass them on.
_IP_CODES = ("17900", "17901", "17908", "17909", "17910", "17911", "17950", "17951", "17960", "17969", "17990", "17991",
             "12593", "10193", "11808", "96435", "96446")
# A dash is an extension's after a local number only: 0755-86123456-801, but not 138-0013-8000.
_EXTENSION = re.compile(r"(?:;?ext\.?=?|[,x转]|(?<=\d{7})-)\s*(\d{1,6})$", re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]\d{9}")
_FREE = re.compile(r"[48]00\d{7}")
_SHORT = re.compile(r"1[0-2]\d{1,3}|116114|1010\d{4}|95\d{3,6}|96\d{3,4}")  # emergency, carriers, services
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_LONG_DISTANCE = re.compile(r"0\d{9,11}")


@dataclass(frozen=True, slots=True)
class Number:
    """What is known of a number."""

    shown: str  # as it came
    normal: str = ""  # +8613800138000; a short number as dialled, with its area 010-12345 if it came so; "" withheld
    kind: str = "unknown"  # one of KINDS
    place: Place = NOWHERE
    carrier: str = ""  # 移动 联通 电信 广电; of mobile numbers
    carrier_english: str = ""
    service: str = ""  # who has a short number: 工商银行
    service_english: str = ""
    extension: str = ""
    country: str = ""  # ISO 3166 of an international number; "" if nobody knows

    @property
    def emergency(self) -> bool:
        return self.normal in ("110", "119", "120", "122", "12395")


class Numbers:
    """Reads numbers as they are written in one place. A look costs microseconds the first time, less the second."""

    def __init__(self, area_code: str = "", numbering: Plan | None = None) -> None:
        """`area_code`: of the site, such as 010, for local numbers; "" leaves those as they are."""
        self._area_code = area_code
        self._plan = numbering or plan()
        self._services = services()
        self.read = functools.lru_cache(CACHED)(self._read)

    def _read(self, shown: str) -> Number:
        """The number of a caller as the line showed it; "" is one that was withheld."""
        digits, extension = _clean(shown)
        if not digits:
            return Number(shown, kind="unknown" if shown else "withheld")
        for code in _IP_CODES:
            rest = digits.removeprefix(code)
            if rest != digits and (_MOBILE.fullmatch(rest) or _LONG_DISTANCE.fullmatch(rest)):
                digits = rest
                break
        if digits.startswith(("+", "00")):
            country = digits.removeprefix("+") if digits[0] == "+" else digits[2:]
            if not country.startswith("86"):
                return Number(shown, f"+{country}", "international", country=_country(country), extension=extension)
            rest = country[2:]
            digits = rest if _SHORT.fullmatch(rest) or _FREE.fullmatch(rest) or _MOBILE.fullmatch(rest) else f"0{rest}"
        return self._national(shown, digits, extension)

    def _national(self, shown: str, digits: str, extension: str) -> Number:
        bare = digits[1:] if digits[0] == "0" else digits
        if _MOBILE.fullmatch(bare):
            carrier, english = self._plan.carrier(bare)
            return Number(shown, f"+86{bare}", "mobile", self._plan.mobile(bare), carrier, english, extension=extension)
        if _FREE.fullmatch(digits):
            return Number(shown, f"+86{digits}", "free", extension=extension)
        if digits[0] == "0":
            return self._with_area(shown, digits, extension)
        if _SHORT.fullmatch(digits) or digits in self._services:
            service, english = self._services.get(digits, ("", ""))
            return Number(shown, digits, "short", service=service, service_english=english, extension=extension)
        if _LOCAL.fullmatch(digits) and self._area_code:
            return self._with_area(shown, self._area_code + digits, extension)
        return Number(shown, digits, "fixed" if _LOCAL.fullmatch(digits) else "unknown", extension=extension)

    def _with_area(self, shown: str, digits: str, extension: str) -> Number:
        area, place = self._plan.area(digits)
        local = digits[len(area):]
        if area and (_SHORT.fullmatch(local) or local in self._services):
            service, english = self._services.get(local, ("", ""))
            return Number(shown, f"{area}-{local}", "short", place, service=service, service_english=english,
                          extension=extension)
        if area and _LOCAL.fullmatch(local):
            return Number(shown, f"+86{digits[1:]}", "fixed", place, extension=extension)
        return Number(shown, digits, "unknown", place, extension=extension)


def _clean(shown: str) -> tuple[str, str]:
    """Digits with a leading + perhaps, and the extension; ("", "") for what is no number."""
    text = shown.strip().removeprefix("tel:")
    dialled, extension = text, ""
    found = _EXTENSION.search(text)
    if found:
        dialled, extension = text[:found.start()], found.group(1)
    digits = re.sub(r"[\s().\-]", "", dialled)
    return (digits, extension) if re.fullmatch(r"\+?\d{1,32}", digits) else ("", "")


def _country(digits: str) -> str:
    """ISO 3166 code; "" for what is no number. Only the library's metadata are asked: its places need 100 MB."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(number)
    return region or phonenumbers.region_code_for_country_code(number.country_code or 0)


@functools.cache  # pure: the file is part of the program
def services() -> Mapping[str, tuple[str, str]]:
    """Short numbers → (Chinese, English) name of who has them."""
    data = resources.files("ccappliance.call") / "data" / "services_cn.yaml"
    groups = yaml.safe_load(data.read_text(encoding="utf-8"))
    return {number: (chinese, english) for group in groups.values() for number, (chinese, english) in group.items()}
