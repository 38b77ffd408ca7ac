"""A card number told to the house in a story: it is in nothing the house stores, prints, shows or records."""

import logging
import re
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from storyteller import HERE, configured, site, trouble

from ccappliance.base.units import RATE
from ccappliance.call.journal import MemorySink
from ccappliance.house_view import View
from ccappliance.media.dsp import DtmfEar
from ccappliance.sim.play import Past, Stage, play
from ccappliance.sim.script import read_script
from ccappliance.store.database import Store

pytestmark = pytest.mark.slow
STORY = HERE / "ivr-secret.yaml"
CARD, WRONG = "4539148803436467", "4539148803436468"
PIECE = 5  # so many digits of it in a row are a leak; fewer stand in numbers and times by chance


def pieces() -> list[str]:
    return sorted({number[at:at + PIECE] for number in (CARD, WRONG) for at in range(len(CARD) - PIECE + 1)})


def leaks(text: str) -> list[str]:
    """Pieces of the card number as a word of their own digits, or one digit a line as facts would tell them."""
    singly = "".join(re.findall(r'"digit": ?"(.)"', text))
    return [piece for piece in pieces() if piece in text or piece in singly]


def test_the_search_finds_what_is_there() -> None:
    assert leaks(f"x {CARD[3:9]} y")
    assert leaks("".join(f'{{"digit":"{digit}"}}\n' for digit in CARD))
    assert not leaks("1795395600.000001 13800138000 61234567")


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_nobody_gets_the_digits(engine: bool, prompts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = read_script(STORY)
    where = {name: tmp_path / name for name in ("store.db", "queue_log", "recordings")}
    told: list[str] = []
    shown: list[str] = []

    def look(stage: Stage, view: View) -> None:
        """Everything the doors show, ten times a second."""
        shown.extend(repr(row) for row in [*view.calls(), *view.queues(), *view.agents()])
        shown.extend(repr(view.call(row["call"])) for row in view.calls())
        shown.extend(repr(leg.circuit.history()) for call in stage.house.switch.calls.values() for leg in call.legs)
        stage.loop.call_later(0.1, look, stage, view)

    def interfere(stage: Stage) -> None:
        look(stage, View(stage.house, HERE, None, None, None))  # type: ignore[arg-type]

    with caplog.at_level(logging.DEBUG):
        played = play(script, replace(site(script.config), queue_log=str(where["queue_log"])), engine=engine,
                      cache=prompts, configured=configured(), say=told.append, recordings=where["recordings"],
                      interfere=interfere, past=Past(MemorySink(), Store(where["store.db"], threaded=False)))
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    journal = b"\n".join(played.journal).decode()
    assert len(re.findall(r'"digit": ?"\?"', journal)) == 32
    assert leaks(journal) == []
    assert leaks(caplog.text) == []
    assert leaks("\n".join(line for line in told if "王芳" not in line.split("appliance")[0])) == []
    assert len(shown) > 100
    assert leaks("\n".join(shown)) == []
    assert leaks(repr(played.cdrs)) == []
    stored = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".wav"]
    assert {path.name for path in stored} >= {"store.db", "queue_log"}
    assert [path.name for path in stored if leaks(path.read_bytes().decode("latin-1"))] == []
    if engine:
        assert_not_recorded(played.journal, where["recordings"])


def assert_not_recorded(journal: tuple[bytes, ...], recordings: Path) -> None:
    """The key of the menu is before the recording; of the 32 digits no tone is on it, nor is it shorter for that."""
    text = b"\n".join(journal).decode()
    (path,) = re.findall(r'"fact":"RecordingEnded".*?"path":"(.+?)"', text)
    begin, end = (float(re.findall(rf'"fact":"{kind}".*?"seconds":([0-9.]+)', text)[0])
                  for kind in ("RecordingPaused", "RecordingResumed"))
    with wave.open(str(recordings / path)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    for channel in (both[0::2], both[1::2]):
        assert DtmfEar().hear(channel.tobytes()) == ""
        assert not channel[round(begin * RATE):round(end * RATE)].any()
        assert channel[:round(begin * RATE)].any()
        assert channel[round(end * RATE):].any()
    assert end - begin > 15.0
    assert len(both) / 2 / RATE == pytest.approx(float(re.findall(r'"fact":"RecordingEnded".*?"seconds":([0-9.]+)',
                                                                  text)[0]), abs=0.001)
