"""Commands of custody: recordings begun, heard, taken away, held and deleted through a real socket."""

import csv
import json
import sys
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_house import FakeHouse, FakePast, FakeRecordings, served

from ccappliance.interfaces.cli.main import build

CALL = FakePast.ROW["id"]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHouse]:
    house, path = FakeHouse(), tmp_path / "control.sock"
    monkeypatch.setenv("CCAPPLIANCE_SOCKET", str(path))
    with served(path, house):
        yield house


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(build(), ["recordings", *words])
    assert result.exit_code == code, result.output
    return result


def by(house: FakeHouse) -> list[tuple[object, ...]]:
    """What was asked, without who asks."""
    return [tuple(part for part in one if not str(part).startswith("cli:")) for one in house.asked]


def test_requests_reach_the_house(house: FakeHouse) -> None:
    run("start", "--call", "c")
    run("stop", "--call", "c")
    run("hold", "--call", CALL, "--why", "a lawsuit")
    run("release", "--call", CALL, "--why", "settled", "--holder", "lawyer")
    run("delete", "--call", "c", "--why", "he asked for it")
    assert by(house) == [("start", "c"), ("stop", "c"), ("hold", CALL, "a lawsuit"),
                         ("release", CALL, "settled", "lawyer"), ("delete", "c", "he asked for it")]
    assert all(str(who).startswith("cli:") for who in (house.asked[0][-1], house.asked[2][-1]))


def test_a_refusal_tells_its_code(house: FakeHouse) -> None:
    refused = run("delete", "--call", "held", "--why", "room", "--json", code=1)
    assert json.loads(refused.output)["error"]["code"] == "held"


def test_a_reason_is_asked_for(house: FakeHouse) -> None:
    for words in (("delete", "--call", "c"), ("export", "--call", "c", "--to", "x"), ("hold", "--call", "c")):
        run(*words, code=2)
    assert house.asked == []


def test_one_call_is_exported_whole_and_told(house: FakeHouse, tmp_path: Path) -> None:
    to = tmp_path / "one.wav"
    run("export", "--call", CALL, "--to", str(to), "--why", "a complaint")
    assert to.read_bytes() == FakeRecordings.WAV
    assert by(house) == [("exported", CALL, "r1", "a complaint")]
    assert not list(tmp_path.glob("*.part"))


def test_many_are_exported_into_a_folder_with_an_index(house: FakeHouse, tmp_path: Path) -> None:
    run("export", "--queue", "sales", "--to", str(tmp_path / "out"), "--why", "an audit", "--mixed")
    with (tmp_path / "out" / "index.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = list(csv.DictReader(file))
    assert (row["call"], row["recording"], row["file"], row["agent"]) == (CALL, "r1", "r1.wav", "1001")
    with wave.open(str(tmp_path / "out" / "r1.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 8000, 2000)
        mixed = array("h", file.readframes(2000))
    both = array("h", FakeRecordings.WAV[44:])
    assert list(mixed) == [max(-32768, min(32767, both[n] + both[n + 1])) for n in range(0, 4000, 2)]


def test_all_recordings_of_the_house_are_not_taken_by_mistake(house: FakeHouse, tmp_path: Path) -> None:
    run("export", "--to", str(tmp_path / "out"), "--why", "an audit", code=1)
    run("hold", "--why", "an audit", code=1)
    assert by(house) == []


def test_a_player_gets_the_sound(house: FakeHouse, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    code = f"import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, open({str(heard)!r}, 'wb'))"
    run("play", "--call", CALL, "--with", f'{sys.executable} -c "{code}"')
    assert heard.read_bytes() == FakeRecordings.WAV
    assert by(house) == [("played", CALL, "", "")]
    assert "does not start" in run("play", "--call", CALL, "--with", "/no/such/player", code=1).output


def test_who_has_heard_it(house: FakeHouse) -> None:
    assert "a complaint" in run("heard", "--call", CALL).output
