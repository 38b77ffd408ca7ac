"""The list of known callers: numbers and prefixes with a class, which says how such a caller is treated in queues."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ccappliance.base.dialplan import Pattern, pattern_problem
from ccappliance.base.errors import ConfigError, Finding
from ccappliance.call.numbers import Number
from ccappliance.config.keys import Report, key, required

MAX_LISTED = 100_000  # rows of the file; more is a configuration error
COLUMNS = ("number", "class", "label", "language")


@dataclass(frozen=True, kw_only=True)
class VipClass:
    """How callers of one class are treated."""

    order_class: int = key(0, least=-100, most=100, doc="Added to the queue's strict class; a higher one comes first.")
    boost: float = key(0.0, unit="s", least=-86_400, most=86_400, doc="Waiting time credited, besides the queue's.")
    language: str = key("", choices=("", "zh", "en"), doc="Their language; empty: the line's or the site's.")


@dataclass(frozen=True, kw_only=True)
class Known:
    """One caller, or everybody whose number begins so."""

    number: str = required(doc="The number as it is usually written, or a pattern such as 010612345XX or 400.")
    class_: str = required(doc="One of vip.classes.")
    label: str = key("", doc="Shown on the agent's telephone.")
    language: str = key("", choices=("", "zh", "en"), doc="Of this caller; empty: of his class.")


@dataclass(frozen=True, kw_only=True)
class VipSettings:
    """Who is known."""

    classes: Mapping[str, VipClass] = key(factory=dict, doc="Classes of callers, such as gold or nuisance, by name.")
    numbers: tuple[Known, ...] = key((), doc="Callers; the first one that fits counts, plain numbers before patterns.")
    file: str = key("", doc="A CSV file with the columns number, class, label and language (the last two may be left "
                            "out), in UTF-8; read at start and at every reload. A full path.")

    def check(self, report: Report, path: str) -> None:
        for index, known in enumerate(self.numbers):
            for field, problem, advice in _problems(known, self.classes):
                report.error(f"{path}.numbers[{index}].{field}", problem, advice)
        if self.file:
            if not Path(self.file).is_absolute():
                report.error(f"{path}.file", f"{self.file!r} is no full path", "begin with /")
                return
            try:
                read_file(Path(self.file), self.classes)
            except ConfigError as error:
                for finding in error.findings:
                    report.error(f"{path}.file", f"{finding.place}: {finding.problem}", finding.advice)


@dataclass(frozen=True, slots=True)
class Vip:
    """Who a caller is known as."""

    name: str  # of the class; "": not known
    settings: VipClass
    label: str = ""
    language: str = ""


NOT_KNOWN = Vip("", VipClass())


class VipList:
    """Finds a caller by his number. Immutable: a reload makes a new one."""

    def __init__(self, settings: VipSettings, normal: Callable[[str], Number]) -> None:
        """`normal`: Numbers.read. ConfigError if the file can't be read or is wrong."""
        self._exact: dict[str, Vip] = {}
        self._patterns: list[tuple[Pattern, Vip]] = []
        listed = [*settings.numbers, *(read_file(Path(settings.file), settings.classes) if settings.file else ())]
        for known in listed:
            given = settings.classes[known.class_]
            vip = Vip(known.class_, given, known.label, known.language or given.language)
            if _plain(known.number):
                number = normal(known.number)
                self._exact.setdefault(number.normal or known.number, vip)
            else:
                self._patterns.append((Pattern(known.number), vip))

    def find(self, number: Number) -> Vip:
        """By the whole number, then by the patterns in their order, on the number as it is usually written."""
        found = self._exact.get(number.normal) if number.normal else None
        if found is None and self._patterns and number.normal:
            national = _national(number)
            found = next((vip for pattern, vip in self._patterns if pattern.matches(national)), None)
        return found or NOT_KNOWN


def read_file(path: Path, classes: Mapping[str, VipClass]) -> list[Known]:
    """The file's callers. ConfigError with the place of each mistake."""
    findings: list[Finding] = []
    found: list[Known] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for place, known in _rows(path, file):
                wrong = [Finding(place, field, problem, advice) for field, problem, advice in _problems(known, classes)]
                findings += wrong
                if not wrong:
                    found.append(known)
                if len(found) > MAX_LISTED:
                    raise ConfigError([Finding(place, "vip.file", f"more than {MAX_LISTED} callers", "shorten it")])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([Finding(str(path), "vip.file", f"can't be read: {error}",
                                   "name a CSV file in UTF-8 that the daemon may read")]) from None
    if findings:
        raise ConfigError(findings)
    return found


def _rows(path: Path, file: Iterator[str]) -> Iterator[tuple[str, Known]]:
    reader = csv.DictReader(file)
    names = reader.fieldnames or ()
    if not {"number", "class"} <= set(names) or not set(names) <= set(COLUMNS):
        raise ConfigError([Finding(f"{path}:1", "vip.file", f"its columns are {', '.join(map(str, names)) or 'none'}",
                                   f"the first line names them: {', '.join(COLUMNS)}")])
    for row in reader:
        if None in row:
            raise ConfigError([Finding(f"{path}:{reader.line_num}", "vip.file", "this line has too many columns",
                                       'put a label with a comma in quotes: "王芳, 总经理"')])
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        yield f"{path}:{reader.line_num}", Known(number=told["number"], class_=told["class"], label=told["label"],
                                                 language=told["language"])


def _problems(known: Known, classes: Mapping[str, VipClass]) -> Iterator[tuple[str, str, str]]:
    """(key, problem, what to do)"""
    if known.class_ not in classes:
        yield "class", f"there is no class {known.class_!r}", f"known: {', '.join(classes) or 'none, see vip.classes'}"
    if known.language not in ("", "zh", "en"):
        yield "language", f"{known.language!r} is no language of callers", "zh or en"
    if not _plain(known.number) and (problem := pattern_problem(known.number)):
        yield "number", problem, "write 13800138000, 0755-86123456 or 010612345XX"


def _plain(number: str) -> bool:
    digits = [letter for letter in number if letter.isdigit()]
    return bool(digits) and all(letter.isdigit() or letter in "+-() " for letter in number)


def _national(number: Number) -> str:
    """As a Chinese writes it: 13800138000, 075586123456, 95588; what patterns are about."""
    normal = number.normal.replace("-", "")
    if not normal.startswith("+86"):
        return normal
    return f"0{normal[3:]}" if number.kind == "fixed" else normal[3:]

