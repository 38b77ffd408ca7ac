"""An exchange's tones learned from a sample: frequencies and cadence, in noise, and what is refused."""

import pytest

from ccappliance.media import dsp
from ccappliance.media.analysis import analyze, listeners
from ccappliance.media.generation import parse_part, render
from ccappliance.media.learning import Learned, learn
from ccappliance.media.ports import ToneHeard
from ccappliance.media.tones import Recognised, load_learned, load_zones

CN = load_zones()["cn"]


def sample(*parts: str, noise: float = -45.0, seed: int = 3) -> bytes:
    return dsp.through_alaw(render([parse_part(part) for part in parts], CN, seed=seed, background=noise))


@pytest.mark.parametrize(("tone", "hz", "on", "off"), [
    ("450/350,0/350", (450,), 350, 350),
    ("441/200,0/300", (441,), 200, 300),
    ("620/730,0/270", (620,), 730, 270),
    ("480+620/250,0/250", (480, 620), 250, 250),
    ("384+416/1000,0/2000", (384, 416), 1000, 2000),
    ("413+438/400,0/200,413+438/400,0/2000", (413, 438), 400, 2000),
    ("425/80,0/120", (425,), 80, 120),
    ("425/1000,0/4000", (425,), 1000, 4000),
])
@pytest.mark.parametrize("noise", [-50.0, -25.0])
def test_a_cadence(tone: str, hz: tuple[int, ...], on: int, off: int, noise: float,
                   capsys: pytest.CaptureFixture[str]) -> None:
    learned = learn(sample("silence:0.5", f"tone:{tone},seconds={max(4.0, 3.6 * (on + off) / 1000):g}", "silence:0.5",
                           noise=noise), "busy")
    one = learned.pattern
    with capsys.disabled():
        print(f"\n  {tone} at {noise:g} dBm0 noise: {one.hz} {one.on_ms}/{one.off_ms} "
              "(limits 2 Hz, 4 % and 10 ms)", end="")
    assert one.name == "busy"
    assert one.hz == pytest.approx(hz, abs=2)
    assert abs(one.on_ms - on) <= 0.04 * on + 10
    assert abs(one.off_ms - off) <= 0.04 * off + 10
    assert learned.cycles >= 2
    assert learned.spread < 0.12
    assert abs(learned.level - (-10.0 if len(hz) == 1 else -7.0)) < 1.0


def test_a_continuous_tone() -> None:
    learned = learn(sample("silence:0.2", "tone:425,seconds=3", "silence:0.2"), "dial")
    assert learned.pattern == Recognised("dial", (425.0,), 1000, 0)


def test_what_was_learned_is_heard() -> None:
    """From the sample to the pattern's YAML, from there to the ear that works in the tick, and to the analysis."""
    odd = sample("silence:0.4", "tone:500/220,0/430,seconds=6", "silence:1")
    patterns = load_learned(learn(odd, "reorder").yaml())
    zone = CN.learned(patterns)
    assert ToneHeard("reorder") in dsp.ProgressEar(zone).hear(odd)
    events = [event.kind for event in analyze(odd, listeners(zone)) if event.kind != "silence"]
    assert events == ["reorder"]
    assert "reorder" not in {event.kind for event in analyze(odd, listeners(CN))}


def test_yaml() -> None:
    learned = Learned(Recognised("busy", (480.0, 620.0), 500, 505), 4, 0.01, -10.0)
    assert learned.yaml() == "busy: {hz: [480, 620], on_ms: 500, off_ms: 505}"
    assert load_learned(learned.yaml()) == (learned.pattern,)


@pytest.mark.parametrize(("parts", "said"), [
    (["silence:3"], "nothing sounds"),
    (["noise:3,level=-20"], "no tone of one or two frequencies"),
    (["silence:0.5", "digits:1", "silence:1"], "only 1 times"),
    (["silence:0.5", "tone:450/350,0/350,seconds=1", "silence:1"], "only"),
    (["silence:0.5", "tone:450/250,0/250,450/750,0/250,seconds=6", "silence:1"], "no single cadence"),
    (["silence:0.5", "tone:busy,seconds=3", "silence:0.7", "tone:congestion,seconds=4"], "no single cadence"),
    (["silence:0.5", "tone:400+500+600/300,0/300,seconds=4"], "no tone of one or two frequencies"),
])
def test_what_cannot_be_learned(parts: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        learn(sample(*parts, noise=-60.0), "busy")


@pytest.mark.parametrize("pcm", [b"", b"\x01", bytes(100), b"\xff\x7f" * 50, b"\x00\x80" * 8000])
def test_next_to_nothing_is_refused(pcm: bytes) -> None:
    with pytest.raises(ValueError, match=r"sound|tone"):
        learn(pcm, "busy")


@pytest.mark.parametrize("name", ["", "a b", "1x", "busy:", "忙音"])
def test_a_name_is_a_word(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        learn(sample("tone:busy"), name)
