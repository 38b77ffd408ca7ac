"""A country's holidays and the weekend days it works instead, by year, as its government has announced them."""

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import yaml

COUNTRIES = ("cn",)


@dataclass(frozen=True)
class Holidays:
    """Years that are known, days off with their names, and weekend days that are worked."""

    years: tuple[int, ...]
    off: Mapping[dt.date, str]
    work: frozenset[dt.date]


NONE = Holidays((), {}, frozenset())


@functools.cache  # pure: the file is part of the program
def holidays(country: str) -> Holidays:
    """Of one of COUNTRIES; none for ""."""
    if not country:
        return NONE
    data = resources.files("ccappliance.call") / "data" / f"holidays_{country}.yaml"
    years = yaml.safe_load(data.read_text(encoding="utf-8"))
    off = {first + dt.timedelta(days=day): name for told in years.values()
           for name, (first, last) in told["holidays"].items() for day in range((last - first).days + 1)}
    return Holidays(tuple(years), off, frozenset(day for told in years.values() for day in told["work"]))
