"""`ccappliance prompts`: listed, rendered, brought in, played and checked, from files and without a daemon."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fake_house import CALL, FakeHouse, served

from ccappliance.base.units import amplitude
from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.media.files import read_wav, write_wav
from ccappliance.media.polish import to_pcm
from ccappliance.media.recordings import level_of
from ccappliance.site import Site

SITE = """
prompts:
  directory: {directory}
  commands: {{zh: "{command}", en: "{command}"}}
  texts: {{offer: {{zh: "优惠", en: "Offer"}}}}
flows:
  main:
    start: hello
    nodes:
      hello: {{type: play, prompt: [welcome, offer], next: "hangup:normal"}}
"""


def never(*_: Any) -> Any:
    raise AssertionError


def tone(path: Path, seconds: float, level: float, rate: int = 16_000, silence: float = 0.0) -> Path:
    """A warbling tone with silence around it."""
    quiet, peak = [0.0] * round(silence * rate), amplitude(level)
    loud = [peak * math.sin(2 * math.pi * (600 * k / rate + 20 * math.sin(6 * k / rate)))
            for k in range(round(seconds * rate))]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, to_pcm([*quiet, *loud, *quiet]), rate=rate)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration whose voice says everything as the same tone."""
    spoken = tone(tmp_path / "spoken.wav", 0.5, -16.0, 8_000)
    (tmp_path / "etc").mkdir()
    (tmp_path / "prompts").mkdir()
    text = SITE.format(directory=tmp_path / "prompts", command=f"cat {spoken}")
    (tmp_path / "etc" / "ccappliance.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(site: Path, *words: object) -> Result:
    roof = Roof(never, never, never, lambda: Site, lambda: site / "etc", cache_directory=lambda: site / "cache")
    return CliRunner().invoke(build(roof), ["prompts", *map(str, words)], prog_name="ccappliance")


def told(site: Path, *words: object) -> Any:
    result = run(site, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def row(site: Path, name: str, language: str) -> Any:
    return next(row for row in told(site, "list") if (row["name"], row["language"]) == (name, language))


@pytest.mark.slow
def test_a_recording_is_brought_in_listed_and_checked(site: Path) -> None:
    file = tone(site / "Welcome 2.wav", 1.0, -30.0, 44_100, silence=1.5)
    (made,) = told(site, "import", file, "--name", "welcome", "--language", "en")
    target = site / "prompts" / "en" / "welcome.wav"
    assert made == made | {"path": str(target), "coding": "PCM 16 bit", "rate": 44_100, "channels": 1, "complaints": []}
    assert made["level_before"] == pytest.approx(-30.0, abs=0.3)
    assert made["level"] == pytest.approx(-16.0, abs=0.3)
    assert made["trimmed"] == pytest.approx(2.95, abs=0.1)
    sound = read_wav(target)
    assert sound.seconds == pytest.approx(1.05, abs=0.1)
    assert level_of(sound.pcm) == pytest.approx(-16.0, abs=0.3)
    assert [path.name for path in target.parent.iterdir()] == ["welcome.wav"]
    assert row(site, "welcome", "en") == row(site, "welcome", "en") | {
        "source": "recorded", "level_dbm0": pytest.approx(-16.0, abs=0.2), "used": ["flow:main", "announcements"]}
    assert row(site, "offer", "zh")["source"] == "text"
    assert row(site, "offer", "zh")["used"] == ["flow:main"]
    assert row(site, "beep", "zh")["source"] == "computed"
    assert told(site, "check")["ok"]


@pytest.mark.slow
def test_what_is_no_sound_is_refused_and_nothing_is_written(site: Path) -> None:
    good, bad = tone(site / "good.wav", 0.5, -20.0), site / "bad.wav"
    write_wav(site / "silent.wav", bytes(16_000))
    bad.write_bytes(b"MZ" * 100)
    for words, said in (((good, bad), "not a WAV file"), ((site / "silent.wav",), "nothing but silence"),
                        ((good, "--name", "../x"), "no name of a prompt"), ((good, "--language", "fr"), "bad_language"),
                        ((good, good, "--name", "x"), "--name is for one file")):
        result = run(site, "import", *words, *(["--json"] if said == "bad_language" else []))
        assert result.exit_code in (1, 2)
        assert said in result.output
        assert not list((site / "prompts").rglob("*"))


@pytest.mark.slow
def test_what_is_missing_is_rendered_once(site: Path) -> None:
    assert row(site, "offer", "en")["seconds"] is None
    first, second = told(site, "render"), told(site, "render")
    assert first["rendered"] > 300
    assert second == second | {"rendered": 0, "bad": [], "sounds": first["sounds"]}
    assert row(site, "offer", "en")["seconds"] == pytest.approx(0.55, abs=0.1)


@pytest.mark.slow
def test_a_prompt_is_written_to_a_file(site: Path) -> None:
    file = tone(site / "prompts" / "zh" / "welcome.wav", 2.0, -25.0)
    done = told(site, "play", "welcome", "--out", site / "out.wav")
    assert done["seconds"] == pytest.approx(2.0, abs=0.1)
    assert level_of(read_wav(site / "out.wav").pcm) == pytest.approx(-16.0, abs=0.3)
    assert run(site, "play", "welcom", "--out", site / "out.wav").exit_code == 1
    assert run(site, "play", "welcome").exit_code == 2
    assert file.exists()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[FakeHouse, Path]]:
    house, path = FakeHouse(), tmp_path / "run" / "control.sock"
    with served(path, house):
        yield house, path


def test_a_station_is_rung_to_hear_a_prompt(site: Path, house: tuple[FakeHouse, Path]) -> None:
    fake, socket = house
    result = run(site, "play", "welcome", "--language", "en", "--on", "8001", "--socket", socket)
    assert (result.exit_code, result.output) == (0, f"call {CALL['id']}: station 8001 is rung\n")
    assert fake.asked[-1][:4] == ("play_prompt", "welcome", "en", "8001")


@pytest.mark.slow
def test_all_that_is_not_well_is_found(site: Path) -> None:
    folder = site / "prompts" / "zh"
    tone(folder / "welcome.wav", 1.0, -52.0)
    tone(folder / "own.wav", 1.0, 3.1)
    tone(folder / "say" / "二.wav", 0.5, -16.0)
    tone(folder / "say" / "没人说.wav", 0.5, -16.0)
    (folder / "offer.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("?", encoding="utf-8")
    result = run(site, "check", "--json")
    assert result.exit_code == 1
    errors = json.loads(result.output)["error"]["findings"]  # a prompt in one language only: the configuration is wrong
    assert [one["problem"] for one in errors if one["severity"] == "error"] == ["prompt 'own' has no 'en'"]
    tone(site / "prompts" / "en" / "own.wav", 1.0, -16.0)
    result = run(site, "check", "--json")
    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    assert [(one["key"], "empty" in one["problem"]) for one in found["errors"]] == [("offer", True)]
    assert "its text spoken instead" in found["errors"][0]["advice"]
    said = [f"{one['key']}: {one['problem']}" for one in found["warnings"]]
    for start in ("welcome: it is too quiet", "own: it is clipped", "own: nobody plays", "say/没人说: nobody plays",
                  "notes: this is no recording"):
        assert any(one.startswith(start) for one in said), (start, said)
    assert len(said) == 6
