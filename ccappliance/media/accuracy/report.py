"""The accuracy report: every ear measured, as pictures, a page, JSON, and held to a baseline."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccappliance.media.accuracy import dtmf, echo, fax, fsk, progress, talkoff, verdict, voice
from ccappliance.media.accuracy.figures import Line, Picture, Silent, as_dict
from ccappliance.media.accuracy.page import page
from ccappliance.media.accuracy.peers import SPANDSP, SPEEX, Spandsp, Speex
from ccappliance.media.accuracy.plot import svg
from ccappliance.media.accuracy.speakers import Speakers
from ccappliance.media.accuracy.trials import Size
from ccappliance.media.tones import Zone

EARS = ("dtmf", "progress", "fsk", "fax", "voice", "verdict", "echo")


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to measure with."""

    zone: Zone
    spandsp: Spandsp | None = None
    speex: Speex | None = None
    commands: Mapping[str, str] | None = None  # that speak, by language; None: nobody does
    others: tuple[Line, ...] = ()  # ROCs measured elsewhere

    @property
    def peers(self) -> list[str]:
        return [name for name, peer in ((SPANDSP, self.spandsp), (SPEEX, self.speex)) if peer is not None]


@dataclass(frozen=True, slots=True)
class Report:
    size: Size
    pictures: tuple[Picture, ...]
    silent: tuple[Silent, ...]  # what could not be measured here
    peers: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"size": self.size.name, "peers": list(self.peers),
                "pictures": [as_dict(picture) for picture in self.pictures],
                "not_measured": [{"ear": one.ear, "title": one.title, "why": one.why} for one in self.silent]}

    def write(self, folder: Path) -> list[Path]:
        """README.md, figures.json and a NAME.svg for each picture. OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {"README.md": page(self.size, self.pictures, self.silent, self.peers), "figures.json": self._json()}
        files |= {f"{picture.name}.svg": svg(picture) for picture in self.pictures if picture.kind != "numbers"}
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in files]

    def _json(self) -> str:
        """A line of a picture on one line of the file."""
        told = self.as_dict()
        heads = {key: value for key, value in told.items() if key != "pictures"}
        rows = []
        for picture in told["pictures"]:
            lines = ",\n".join("   " + json.dumps(line, ensure_ascii=False, separators=(",", ":"))
                               for line in picture.pop("lines"))
            rows.append(f'  {json.dumps(picture, ensure_ascii=False)[:-1]}, "lines": [\n{lines}]}}')
        return f'{json.dumps(heads, ensure_ascii=False)[:-1]},\n "pictures": [\n' + ",\n".join(rows) + "]}\n"


def measure(only: Sequence[str], size: Size, means: Means, tell: Callable[[str], None] = lambda title: None) -> Report:
    """Measure these ears (of EARS); `tell` hears the title of each picture when it is done."""
    pictures: list[Picture] = []
    silent: list[Silent] = []
    for ear in EARS:
        if ear not in only:
            continue
        for found in _EARS[ear](size, means):
            if isinstance(found, Silent):
                silent.append(found)
            else:
                pictures.append(found)
            tell(found.title)
    return Report(size, tuple(pictures), tuple(silent), tuple(means.peers))


def _dtmf(size: Size, means: Means) -> Iterator[Picture | Silent]:
    yield from dtmf.measure(size, means.spandsp)
    speakers = Speakers(means.commands or {})
    yield speakers.absent(dtmf.EAR, "Talk-off: what is told of speech") \
        or talkoff.measure(size, speakers, means.zone, means.spandsp)


def _verdict(size: Size, means: Means) -> Iterator[Picture | Silent]:
    speakers = Speakers(means.commands or {})
    absent = speakers.absent(verdict.EAR, "Person or machine")
    if absent is not None:
        yield absent
    else:
        yield from verdict.measure(size, speakers, means.zone, means.others)


_EARS: Mapping[str, Callable[[Size, Means], Iterator[Picture | Silent]]] = {
    "dtmf": _dtmf,
    "progress": lambda size, means: progress.measure(size, means.spandsp, means.zone),
    "fsk": lambda size, means: fsk.measure(size, means.spandsp),
    "fax": lambda size, means: fax.measure(size, means.spandsp),
    "voice": lambda size, means: voice.measure(size),
    "verdict": _verdict,
    "echo": lambda size, means: echo.measure(size, means.spandsp, means.speex),
}
