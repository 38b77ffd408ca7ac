"""What tests of days share: a voice that needs no program, a day of the given lines, and a run of it."""

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from ccappliance.call.journal import Entry
from ccappliance.interfaces.cli.roof import DayOptions, DayResult
from ccappliance.sim.day import run

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent.parent / "etc" / "ccappliance"
sys.path.insert(0, str(HERE.parent / "acd"))  # oracles.py, the formulas of queueing theory


class PlainVoice:
    """Says every text as something that is neither silence nor a tone, 70 ms a character."""

    def fingerprint(self, language: str) -> str:
        return "plain"

    def speak(self, text: str, language: str) -> bytes:
        return b"\x10\x20\x90\xe0" * (280 * max(4, len(text)))


def run_day(path: Path, seed: int, cache: Path, *, journal: Path | None = None,
            watch: Callable[[Entry], None] | None = None) -> DayResult:
    return run(DayOptions(path, seed, None, journal), cache, CONFIG, voice=PlainVoice(), watch=watch)


def write_day(folder: Path, text: str) -> Path:
    path = folder / "day.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path
