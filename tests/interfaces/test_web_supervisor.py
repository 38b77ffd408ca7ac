"""What the supervisor's desk stands on: the floor in one picture, thresholds, waveforms; and who may not."""

import json
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from web_house import CALL, SOUND, Browser, WebHouse, play

from ccappliance.call import facts
from ccappliance.interfaces.web import peaks
from ccappliance.interfaces.web.peaks import HEADER, MOST_POINTS, waves
from ccappliance.interfaces.web.settings import WallboardSettings, WebSettings

Browsers = Callable[[], Browser]


class Tape:
    """Two channels as a WAV in memory; counts how often it was read."""

    def __init__(self, customer: list[int], heard: list[int]) -> None:
        both = array("h", [sample for pair in zip(customer, heard, strict=True) for sample in pair])
        self.content = bytes(HEADER) + both.tobytes()
        self.size = len(self.content)
        self.most = 0

    def read(self, offset: int, length: int) -> bytes:
        self.most = max(self.most, length)
        return self.content[offset:offset + length]

    def close(self) -> None:
        return


def test_the_floor_is_one_picture_again_and_again(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "supervisor")
        chief = browser()
        await chief.sign_in("chief")
        picture = (await chief.ask("GET", "/api/v1/floor")).json
        assert picture["queues"][0]["entries"][0]["call"] == CALL["id"]
        assert sorted(picture) == ["agents", "calls", "queues", "status"]
        async with chief.socket("/api/v1/streams/floor?every=0.2") as socket:
            for _ in range(2):
                assert json.loads((await socket.receive(timeout=10)).data)["item"] == picture
        async with chief.socket("/api/v1/streams/floor?every=0.1") as socket:
            assert json.loads((await socket.receive(timeout=10)).data)["error"]["code"] == "bad_parameters"
    play(tmp_path, story)


def test_an_agent_is_not_shown_the_floor(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("li", "agent", "1001")
        one = browser()
        await one.sign_in("li")
        assert (await one.ask("GET", "/api/v1/floor")).status == 403
        assert (await one.ask("GET", "/api/v1/recordings/r1/peaks")).status == 403
        assert (await one.ask("GET", "/api/v1/wallboard")).json["wait_alarm"] == WallboardSettings().wait_alarm
    play(tmp_path, story)


def test_a_waveform_by_the_web_is_that_of_the_sound_and_is_reckoned_once(tmp_path: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    reckoned = []

    def counted(playable: peaks.Playable, points: int) -> peaks.Waves:
        reckoned.append(points)
        return waves(playable, points)

    monkeypatch.setattr(peaks, "waves", counted)

    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("ear", "auditor")
        one = browser()
        await one.sign_in("ear")
        for _ in range(3):
            found = (await one.ask("GET", "/api/v1/recordings/r1/peaks?points=7")).json
            assert found["seconds"] == round((len(SOUND) - HEADER) // 4 / 8000, 3)
            assert len(found["customer"]) == len(found["heard"]) == 7
        assert reckoned == [7]
        assert (await one.ask("GET", "/api/v1/recordings/r2/peaks")).code == "no_recording"
        assert (await one.ask("GET", f"/api/v1/recordings/r1/peaks?points={MOST_POINTS + 1}")).code == "bad_parameters"
    play(tmp_path, story)


def test_peaks_are_the_loudest_of_each_stretch_and_side() -> None:
    tape = Tape([0, 16384, 0, 0, -32768, 1], [0, 0, 0, 0, 0, 8192])
    assert waves(tape, 3) == ([500, 0, 1000], [0, 0, 250])
    assert waves(tape, 1) == ([1000], [250])
    assert waves(tape, 100) == ([0, 500, 0, 0, 1000, 0], [0, 0, 0, 0, 0, 250])
    assert waves(Tape([], []), 5) == ([], [])


def test_a_long_recording_is_read_in_small_pieces() -> None:
    silence = [0] * 100_000
    loud = [*silence[:-1], 32767]
    tape = Tape(loud, silence)
    assert waves(tape, 2) == ([0, 999], [0, 0])
    assert tape.most <= 4 * peaks.STRETCH


def test_thresholds_in_the_wrong_order_are_told() -> None:
    told: list[str] = []

    class Report:
        def error(self, path: str, problem: str, advice: str = "") -> None:
            told.append(path)

        def warning(self, path: str, problem: str, advice: str = "") -> None:
            raise AssertionError(path)

    WallboardSettings(waiting_alarm=1, wait_alarm=5.0, level_alarm=0.9).check(Report(), "web.wallboard")
    assert told == ["web.wallboard.waiting_alarm", "web.wallboard.wait_alarm", "web.wallboard.level_alarm"]
    WallboardSettings().check(Report(), "web.wallboard")
    assert len(told) == 3
    assert WebSettings().wallboard == WallboardSettings()


def test_a_report_as_a_file_computes_nothing_and_is_accounted_for(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "supervisor")
        chief = browser()
        await chief.sign_in("chief")
        figures = (await chief.ask("GET", "/api/v1/reports/queues/figures?variant=c")).json
        answer = await chief.ask("GET", "/api/v1/reports/queues/file?since=2026-11-22&variant=c")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="queues-2026-11-22-day.csv"'
        assert answer.body.startswith(b"\xef\xbb\xbf")
        head, row = answer.body.decode("utf-8-sig").splitlines()
        assert head.split(",") == ["time", "name", *(one["figure"] for one in figures)]
        assert row.startswith("2026-11-22,'=sales,4,")
        assert next(one for one in figures if one["figure"] == "service_level")["definition"].startswith("variant c:")
        asked = [fact for fact in house.facts(facts.WebAsked) if fact.operation == "reports.file"]
        assert [(fact.by, fact.outcome) for fact in asked] == [("web:chief", "ok")]
        assert (await chief.ask("GET", "/api/v1/reports/none/file")).status == 400
    play(tmp_path, story)
