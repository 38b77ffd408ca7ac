"""`ccappliance dsp`: sounds made, heard back and learned on the command line; every coding and kind of damage."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccappliance.interfaces.cli.main import build
from ccappliance.media import dsp
from ccappliance.media.analysis import EARS
from ccappliance.media.files import read_channels, write_wav
from ccappliance.media.generation import ANSWER_TONES, SIGNALS
from ccappliance.media.tones import load_zones


def run(*args: str) -> Result:
    result = CliRunner().invoke(build(), ["dsp", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def generate(out: Path, *parts: str, options: tuple[str, ...] = ("--alaw", "--noise", "-55")) -> Path:
    result = run("generate", str(out), *options, *(word for part in parts for word in ("--what", part)))
    assert result.exit_code == 0, result.output
    return out


def events(path: Path, *options: str, quiet: bool = False) -> list[dict[str, Any]]:
    result = run("analyze", str(path), "--json", *options)
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in result.output.splitlines()]
    return [event for event in found if quiet or event["kind"] != "silence"]


# ---- round trips ----


def test_what_is_generated_is_analysed_back(tmp_path: Path) -> None:
    path = generate(tmp_path / "all.wav", "silence:0.6", "digits:159#,on=60,off=60,level=-12", "silence:0.5",
                    "callerid:13800138000,name=王芳,when=11221430", "silence:0.5", "tone:busy,seconds=4",
                    "silence:1", "tone:cng,seconds=7", "tone:ced", "silence:1", "tone:beep", "silence:1")
    found = events(path)
    assert [(event["kind"], event["value"]) for event in found] == [
        *(("dtmf", digit) for digit in "159#"), ("callerid", "13800138000"), ("busy", "450 350/350"),
        ("verdict", "fax"), ("cng", "1100"), ("cng", "1100"), ("ced", "2100"), ("beep", "1000")]
    first = found[0]
    assert list(first)[:7] == ["start_ms", "end_ms", "kind", "value", "level_dbm0", "confidence", "channel"]
    assert first["start_ms"] == pytest.approx(600, abs=5)
    assert first["end_ms"] == pytest.approx(660, abs=5)
    assert first["level_dbm0"] == pytest.approx(-9, abs=0.3)
    assert first["channel"] == 1
    caller = found[4]
    assert (caller["number"], caller["name"], caller["when"]) == ("13800138000", "王芳", "11-22 14:30")
    assert (caller["standard"], caller["checksum"]) == ("bell202", True)


@pytest.mark.parametrize(("part", "zone", "value", "standard"), [
    ("callerid:0207946000,name=Smith,alphabet=ascii", "gb", "0207946000", "v23"),
    ("callerid:2025550123,format=sdmf,when=12312359", "us", "2025550123", "bell202"),
    ("callerid:,absence=withheld", "cn", "withheld", "bell202"),
    ("callerid:,absence=unavailable,format=sdmf", "de", "unavailable", "v23"),
    ("callerid:31123456,standard=bell202", "gb", "31123456", "bell202"),
    ("callerid:31123456", "dk", "31123456", "dtmf"),
    ("callerid:13800138000,format=dtmf,on=60,off=60", "cn", "13800138000", "dtmf"),
    ("callerid:,format=dtmf,absence=withheld", "cn", "withheld", "dtmf"),
])
def test_caller_id(part: str, zone: str, value: str, standard: str, tmp_path: Path) -> None:
    path = generate(tmp_path / "id.wav", "silence:0.5", part, "silence:0.5", options=("--zone", zone, "--alaw"))
    (event,) = events(path, "--ears", "callerid", "--zone", zone)
    assert (event["value"], event["standard"]) == (value, standard)
    assert event["start_ms"] == pytest.approx(500, abs=10)


def test_a_spoilt_caller_id_says_so(tmp_path: Path) -> None:
    path = generate(tmp_path / "id.wav", "silence:0.5", "fsk:800402023131ff", "silence:0.5")
    (event,) = events(path, "--ears", "callerid")
    assert event["value"] == "bad_checksum"
    assert not event["checksum"]
    assert event["confidence"] < 0.5


def test_bare_digits_are_no_caller_id(tmp_path: Path) -> None:
    path = generate(tmp_path / "dial.wav", "digits:13800138000#,on=60,off=60", "silence:1", "digits:D12", "silence:1",
                    "digits:345C")
    assert events(path, "--ears", "callerid") == []


def test_text_is_one_line_an_event(tmp_path: Path) -> None:
    path = generate(tmp_path / "a.wav", "silence:0.2", "digits:5", "silence:0.2", options=())
    result = run("analyze", str(path), "--ears", "dtmf")
    (line,) = result.output.splitlines()
    assert line.split()[:7] == ["1", *line.split()[1:3], "ms", "dtmf", "5", "-6.0"]
    assert "100%" in line
    assert run("analyze", str(path), "--ears", "fax").output == "nothing is heard\n"
    assert run("analyze", str(path), "--ears", "fax", "--json").output == ""


def test_a_hostile_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    body = b"\x02\x0312\x1b\x07\x04\x1b[2J"
    message = bytes((0x80, len(body))) + body
    message += bytes((-sum(message) % 256,))
    path = generate(tmp_path / "a.wav", "silence:0.3", f"fsk:{message.hex()}", "silence:0.3", options=())
    result = run("analyze", str(path), "--ears", "callerid")
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_learned_patterns(tmp_path: Path) -> None:
    path = generate(tmp_path / "odd.wav", "silence:0.5", "tone:500/220,0/430,seconds=6", "silence:1")
    result = run("learn", str(path), "--name", "reorder")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("reorder: {hz: [500], on_ms: 2")
    kept = tmp_path / "learned.yaml"
    kept.write_text(result.output)
    assert [event["kind"] for event in events(path, "--ears", "progress", "--learned", str(kept))] == ["reorder"]
    assert events(path, "--ears", "progress") == []
    learned = json.loads(run("learn", str(path), "--name", "reorder", "--json").output)
    assert learned["hz"] == [500.0]
    assert learned["cycles"] >= 8
    busy = generate(tmp_path / "busy.wav", "silence:0.5", "tone:busy,seconds=4", "silence:1")
    again = run("learn", str(busy), "--name", "reorder")
    assert again.exit_code == 1
    assert "cannot be told from busy" in again.output
    assert run("learn", str(busy), "--name", "busy").exit_code == 0
    silent = generate(tmp_path / "silent.wav", "silence:2", options=())
    assert "nothing sounds" in run("learn", str(silent), "--name", "busy").output
    (tmp_path / "bad.yaml").write_text("busy: 5")
    for bad in ("bad.yaml", "none.yaml"):
        refused = run("analyze", str(path), "--learned", str(tmp_path / bad))
        assert refused.exit_code == 1
        assert len(refused.output.strip().splitlines()) == 1


# ---- files ----


def wav(data: bytes, *, coding: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", coding, channels, rate, rate * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def digit(rate: int, low: float = 770.0, high: float = 1336.0) -> np.ndarray:
    """A 5 of 120 ms after 200 ms, in 0.6 s; 1 is full scale."""
    t = np.arange(int(0.6 * rate)) / rate
    on = (t >= 0.2) & (t < 0.32)
    return 0.25 * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)) * on


def ulaw(x: np.ndarray) -> bytes:
    """G.711 µ-law by searching the table that is its definition."""
    codes = np.arange(256) ^ 0xFF
    table = ((((codes & 15) << 3) + 0x84) << ((codes >> 4) & 7)) - 0x84
    table = np.where(codes & 0x80, -table, table)
    return np.abs(np.rint(x * 32767)[:, None] - table[None, :]).argmin(1).astype(np.uint8).tobytes()


CODINGS = {
    "u8": (1, 8, lambda x: np.rint(x * 127 + 128).astype(np.uint8).tobytes()),
    "s16": (1, 16, lambda x: np.rint(x * 32767).astype("<i2").tobytes()),
    "s24": (1, 24, lambda x: b"".join(struct.pack("<i", int(v))[:3] for v in np.rint(x * 8388607))),
    "s32": (1, 32, lambda x: np.rint(x * 2147483647).astype("<i4").tobytes()),
    "f32": (3, 32, lambda x: x.astype("<f4").tobytes()),
    "f64": (3, 64, lambda x: x.astype("<f8").tobytes()),
    "alaw": (6, 8, lambda x: dsp.linear_to_alaw(np.rint(x * 32767).astype("<i2").tobytes())),
    "ulaw": (7, 8, ulaw),
}


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("rate", [8000, 11_025, 44_100])
def test_every_coding_with_and_without_a_header(name: str, rate: int, tmp_path: Path) -> None:
    coding, bits, encode = CODINGS[name]
    data = encode(digit(rate))
    path, raw = tmp_path / "a.wav", tmp_path / "a.raw"
    path.write_bytes(wav(data, coding=coding, bits=bits, rate=rate))
    raw.write_bytes(data)
    for found in (events(path, "--ears", "dtmf"),
                  events(raw, "--ears", "dtmf", "--raw", "--encoding", name, "--rate", str(rate))):
        (event,) = found
        assert event["value"] == "5"
        assert event["start_ms"] == pytest.approx(200, abs=6)
        assert event["end_ms"] == pytest.approx(320, abs=6)
        assert event["level_dbm0"] == pytest.approx(3.14 + 20 * math.log10(0.25) + 3.01, abs=0.4)


def test_channels_are_heard_by_themselves(tmp_path: Path) -> None:
    x = np.stack([digit(16_000), digit(16_000, 941.0, 1477.0)], 1)
    path = tmp_path / "stereo.wav"
    path.write_bytes(wav(np.rint(x * 32767).astype("<i2").tobytes(), channels=2, rate=16_000))
    assert [(one["channel"], one["value"]) for one in events(path, "--ears", "dtmf")] == [(1, "5"), (2, "#")]
    assert [(one["channel"], one["value"]) for one in events(path, "--ears", "dtmf", "--channel", "2")] == [(2, "#")]
    refused = run("analyze", str(path), "--channel", "3")
    assert (refused.exit_code, refused.output) == (1, f"ccappliance: {path}: there is no channel 3, it has 2\n")
    assert run("learn", str(path), "--name", "busy").exit_code == 2
    raw = tmp_path / "stereo.raw"
    raw.write_bytes(np.rint(x * 32767).astype("<i2").tobytes())
    found = events(raw, "--ears", "dtmf", "--raw", "--rate", "16000", "--channels", "2")
    assert [(one["channel"], one["value"]) for one in found] == [(1, "5"), (2, "#")]


def test_floats_that_are_none_are_silence_and_large_ones_are_clipped(tmp_path: Path) -> None:
    path = tmp_path / "f.wav"
    path.write_bytes(wav(np.array([np.nan, np.inf, -np.inf, 0.5, 1e30], "<f4").tobytes(), coding=3, bits=32))
    (pcm,) = read_channels(path)
    assert np.frombuffer(pcm, "<i2").tolist() == [0, 32767, -32768, 16384, 32767]


@pytest.mark.parametrize(("data", "said"), [
    (b"", "it is empty"),
    (b"abc", "not a WAV file"),
    (b"ID3\x03" + bytes(200), "not a WAV file"),
    (wav(bytes(80))[:40], "no data chunk"),
    (wav(b""), "no sound in it"),
    (wav(bytes(80), coding=0x55), "MP3"),
    (wav(bytes(80), bits=12), "12 bits"),
    (wav(bytes(80), coding=3, bits=16), "16 bits per floating point sample"),
    (wav(bytes(80), rate=100), "rate is 100 Hz"),
    (wav(bytes(80), channels=12), "12 channels"),
], ids=lambda value: value if isinstance(value, str) else "data")
@pytest.mark.parametrize("verb", [("analyze",), ("learn", "--name", "busy")])
def test_broken_files_are_told_in_one_sentence(data: bytes, said: str, verb: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    result = run(verb[0], str(path), *verb[1:])
    assert result.exit_code == 1
    assert result.output.startswith(f"ccappliance: {path}: it")
    assert said in result.output
    assert len(result.output.splitlines()) == 1
    as_json = run(verb[0], str(path), *verb[1:], "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["error"]["code"] == "sound_file"


def test_missing_files_and_directories(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.wav", "No such file"), (tmp_path, "Is a directory")):
        result = run("analyze", str(path))
        assert result.exit_code == 1
        assert said in result.output
    result = run("generate", str(tmp_path / "no" / "out.wav"), "--what", "silence:1")
    assert result.exit_code == 1
    assert "No such file" in result.output


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=400), at=st.integers(0, 60), patch=st.binary(max_size=6),
       raw=st.sampled_from(["", *CODINGS]))
def test_any_bytes_end_with_an_answer(tail: bytes, at: int, patch: bytes, raw: str, tmp_path: Path) -> None:
    good = bytearray(wav(tail * 8))
    good[at:at + len(patch)] = patch
    for data in (tail, bytes(good)):
        path = tmp_path / "any.wav"
        path.write_bytes(data)
        result = run("analyze", str(path), *(("--raw", "--encoding", raw) if raw else ()))
        assert result.exit_code in (0, 1), result.output
        assert result.output.strip()
        assert result.exit_code == 0 or len(result.output.splitlines()) == 1


# ---- usage ----


@pytest.mark.parametrize(("args", "said"), [
    (["analyze", "x.wav", "--zone", "zz"], "there is no tone zone 'zz'"),
    (["analyze", "x.wav", "--ears", "dtmf,nose"], "there is no ear 'nose'"),
    (["analyze", "x.wav", "--channel", "0"], "0 is not in the range"),
    (["analyze", "x.wav", "--encoding", "mp3"], "is not one of"),
    (["generate", "x.wav"], "Missing option '--what'"),
    (["generate", "x.wav", "--what", "tone:boo"], "there is no tone 'boo'"),
    (["generate", "x.wav", "--what", "silence:0"], "no sound at all"),
    (["generate", "x.wav", "--what", "callerid:12a"], "'12a' is no number"),
    (["generate", "x.wav", "--what", "callerid:1,format=morse"], "expected mdmf, sdmf, dtmf"),
    (["generate", "x.wav", "--what", "callerid:1,when=99999999"], "month, day, hour and minute"),
    (["generate", "x.wav", "--what", "callerid:1,colour=red"], "knows no colour"),
    (["generate", "x.wav", "--what", "callerid:+1,format=dtmf"], "digits only"),
    (["generate", "x.wav", "--what", "callerid:1,standard=v21"], "no FSK standard"),
    (["generate", "x.wav", "--what", "digits:1", "--noise", "20"], "20"),
])
def test_wrong_usage(args: list[str], said: str, tmp_path: Path) -> None:
    args[1] = str(tmp_path / "x.wav")
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
    assert not (tmp_path / "x.wav").exists()


def test_generate_tells_what_it_made(tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    assert run("generate", str(out), "--what", "silence:1.5").output == f"{out}: 1.50 s\n"
    told = json.loads(run("generate", str(out), "--what", "silence:1.5", "--json").output)
    assert told == {"path": str(out), "seconds": 1.5}
    assert out.stat().st_size == 44 + 24_000


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    a, b, c = (generate(tmp_path / f"{k}.wav", "tone:busy,seconds=0.5", options=("--noise", "-30", "--seed", seed))
               for k, seed in enumerate(("1", "1", "2")))
    assert a.read_bytes() == b.read_bytes() != c.read_bytes()


def test_alaw_is_what_a_line_would_bring(tmp_path: Path) -> None:
    plain = generate(tmp_path / "a.wav", "tone:busy,seconds=0.5", options=())
    law = generate(tmp_path / "b.wav", "tone:busy,seconds=0.5", options=("--alaw",))
    write_wav(tmp_path / "c.wav", dsp.through_alaw(plain.read_bytes()[44:]))
    assert law.read_bytes() == (tmp_path / "c.wav").read_bytes() != plain.read_bytes()
    assert len(read_channels(law)) == 1


def test_the_page_names_everything() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "dsp.md").read_text(encoding="utf-8")
    for name in [kind for kinds in EARS.values() for kind in kinds] + [*EARS, *SIGNALS, *ANSWER_TONES]:
        assert f"`{name}`" in page, name
    for zone in load_zones().values():
        unsure = "" if zone.certain else " (not certain)"
        left = sorted({"dial", "busy", "ringback", "congestion"} - {one.name for one in zone.recognised})
        assumed = ", ".join(sorted(zone.assumed))
        assert f"| `{zone.name}` | {zone.country}{unsure} | {', '.join(left)} | {assumed} |" in page


# ---- report ----


@pytest.mark.slow
def test_a_report_of_one_ear_is_written_held_and_accepted(tmp_path: Path) -> None:
    base, out = tmp_path / "baseline.json", tmp_path / "accuracy"
    again = ("report", "--quick", "--no-peers", "--only", "fsk", "--baseline", str(base))
    first = run(*again, "--accept", "--out", str(out))
    assert first.exit_code == 0, first.output
    assert "Caller ID in white noise" in first.output
    assert "new: fsk-noise: ccappliance, V.23: asked, more is better: " in first.output
    assert {"README.md", "figures.json", "fsk-noise.svg", "fsk-level.svg", "fsk-skew.svg"} == {
        path.name for path in out.iterdir()}
    second = run(*again)
    assert second.exit_code == 0, second.output
    assert "new:" not in second.output
    told = json.loads(base.read_text("utf-8"))
    name = "fsk-level: ccappliance, V.23: within reach, more is better"
    told["figures"]["quick"][name][0] += 1  # somebody was better once
    base.write_text(json.dumps(told), encoding="utf-8")
    third = run(*again)
    assert third.exit_code == 1
    assert f"{name}: " in third.output
    assert "--accept" in third.output
    assert run(*again, "--accept").exit_code == 1
    quiet = run(*again, "--json")
    assert quiet.exit_code == 1
    assert name in json.loads(quiet.stdout)["baseline"]["worse"][0]
    assert run(*again, "--accept", "--because", "a test").exit_code == 0
    assert json.loads(base.read_text("utf-8"))["traded"][0]["because"] == "a test"


def test_a_report_as_json_and_without_a_voice(tmp_path: Path) -> None:
    result = run("report", "--quick", "--no-peers", "--only", "verdict", "--json", "--voice", "en=no-such-speaker")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["pictures"] == []
    assert told["not_measured"][0]["why"].startswith("not measured: no speech synthesiser ('no-such-speaker'")
    roc = tmp_path / "roc.json"
    roc.write_text('{"lines": 5}', encoding="utf-8")
    for wrong in (("--accept",), ("--only", "nose"), ("--voice", "espeak"), ("--roc", str(roc)),
                  ("--baseline", str(roc))):
        refused = run("report", "--quick", "--only", "verdict", *wrong)
        assert refused.exit_code in (1, 2), wrong
        assert "Traceback" not in refused.output
