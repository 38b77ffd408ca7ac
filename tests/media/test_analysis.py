"""What is in a recording: kinds, times and levels of all that sounds, through A-law, in noise, and of any bytes."""

import enum
import math
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp
from ccappliance.media.analysis import EARS, analyze, as_dict, listeners, wanted
from ccappliance.media.analysis_track import Event, Track
from ccappliance.media.generation import parse_part, render
from ccappliance.media.tones import DIGITS, load_zones

ZONES = load_zones()
CN = ZONES["cn"]
SEED = 7


def made(*parts: str, zone: str = "cn", noise: float | None = -55.0, seed: int = SEED) -> bytes:
    return dsp.through_alaw(render([parse_part(part) for part in parts], ZONES[zone], seed=seed, background=noise))


def heard(pcm: bytes, zone: str = "cn") -> list[Event]:
    return [event for event in analyze(pcm, listeners(ZONES[zone])) if event.kind != "silence"]


def told(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.value) for event in events]


def pcm(x: np.ndarray) -> bytes:
    return np.clip(np.rint(x), -32768, 32767).astype("<i2").tobytes()


def report(capsys: pytest.CaptureFixture[str], what: str, measured: float, limit: float) -> None:
    with capsys.disabled():
        print(f"\n  {what}: {measured:.2f} (limit {limit:g})", end="")


@pytest.mark.parametrize("twist", [0.0, 3.0, -5.0])
def test_digits_with_their_times_and_levels(twist: float, capsys: pytest.CaptureFixture[str]) -> None:
    events = heard(made("silence:0.2003", f"digits:{DIGITS},on=60,off=50,level=-15,twist={twist:g}"))
    assert "".join(event.value for event in events) == DIGITS
    assert {event.kind for event in events} == {"dtmf"}
    starts = [200.3 + 110.0 * k for k in range(16)]
    astray = max(max(abs(event.start / 8 - start), abs(event.end / 8 - start - 60.0))
                 for event, start in zip(events, starts, strict=True))
    report(capsys, "edges of digits, ms astray", astray, 6)
    assert astray < 6.0
    whole = 10 * math.log10(10 ** ((-15 - twist / 2) / 10) + 10 ** ((-15 + twist / 2) / 10))
    wrong = max(abs(event.level - whole) for event in events)
    report(capsys, "level of digits, dB wrong", wrong, 0.5)
    assert wrong < 0.5
    assert all(abs(event.details["high_dbm0"] - event.details["low_dbm0"] - twist) < 0.7 for event in events)


def expected(zone: str, name: str) -> str:
    """What a tone must be told as: itself, or busy where the zone says that they are the same."""
    tone, busy = ZONES[zone].tones[name], ZONES[zone].tones["busy"]
    same = [step.seconds for step in tone.steps][:2] == [step.seconds for step in busy.steps]
    alternating = len({step.seconds for step in tone.steps}) == 1  # Australia's: every other burst is quieter
    return "busy" if name == "congestion" and same and alternating and \
        name not in {one.name for one in ZONES[zone].recognised} else name


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_every_tone_of_every_zone(zone: str) -> None:
    for name in ("dial", "busy", "ringback", "congestion", "call_waiting"):
        steps = ZONES[zone].tones[name].steps
        if len({step.frequencies for step in steps if step.frequencies}) > 1:
            continue  # Estonia's call waiting changes its pitch: it is voice to us
        once = sum(step.seconds for step in steps)
        seconds = 3.0 if math.isinf(once) else max(4.5, 2 * once + 0.1)
        events = heard(made("silence:0.7", f"tone:{name},seconds={seconds:g}", "silence:2", zone=zone), zone)
        assert [event.kind for event in events] == [expected(zone, name)], name
        assert abs(events[0].start / 8 - 700.0) < 6.0
        assert events[0].confidence >= 0.5


def test_busy_says_its_cadence() -> None:
    (busy,) = heard(made("silence:0.5", "tone:450@-20/350,0/350,seconds=4.9", "silence:2"))
    assert (busy.kind, busy.value) == ("busy", "450 350/350")
    assert abs(busy.start / 8 - 500) < 4
    assert abs(busy.end / 8 - (500 + 6 * 700 + 350)) < 4
    assert abs(busy.level + 20.0) < 0.3
    assert busy.details["cycles"] == 7
    assert abs(busy.details["on_ms"] - 350) < 6
    assert busy.details["hz"] == [450]


def test_an_exchange_that_is_off_its_frequency() -> None:
    for hz in (430, 468):
        (busy,) = heard(made("silence:0.5", f"tone:{hz}/350,0/350,seconds=4", "silence:2"))
        assert busy.kind == "busy"
        assert busy.details["hz"] == pytest.approx([hz], abs=1)


def test_a_call_from_dial_tone_to_busy() -> None:
    events = heard(made("silence:0.3", "tone:dial,seconds=2", "silence:0.3", "digits:114", "silence:1.5",
                        "tone:ringback,seconds=7", "silence:4", "tone:busy,seconds=4", "silence:1"))
    assert [event.kind for event in events] == ["dial", "dtmf", "dtmf", "dtmf", "ringback", "busy"]


@pytest.mark.parametrize(("part", "kinds"), [
    ("tone:cng,seconds=8", [("cng", "1100")] * 3),
    ("tone:ced", [("ced", "2100")]),
    ("tone:ced_reversals", [("ced", "2100 with phase reversals"), ("modem", "V.25 answer tone")]),
    ("tone:ansam", [("ced", "2100 with phase reversals"), ("modem", "V.8 answer tone")]),
    ("tone:ansam_plain", [("ced", "2100"), ("modem", "V.8 answer tone")]),
    ("tone:bell103", [("modem", "Bell 103")]),
    ("tone:sit,seconds=1.5", [("sit", "E.180")]),
    ("tone:sit_intercept,seconds=1.5", [("sit", "intercept")]),
    ("tone:sit_vacant,seconds=1.5", [("sit", "vacant")]),
    ("tone:sit_reorder,seconds=1.5", [("sit", "reorder")]),
    ("tone:sit_no_circuit,seconds=1.5", [("sit", "no circuit")]),
    ("tone:beep", [("beep", "1000")]),
    ("tone:1400/500,0/500x1", [("beep", "1400")]),
    ("tone:450/400,0/1000x1", []),  # a tone of the zone, but of no cadence: no beep
    ("tone:1400/100,0/1000x1", []),  # too short for a beep
])
@pytest.mark.parametrize("noise", [-55.0, -18.0])
def test_single_sines(part: str, kinds: list[tuple[str, str]], noise: float) -> None:
    """At -10 dBm0, over a quiet line and 8 dB over white noise."""
    events = [event for event in heard(made("silence:0.6", part, "silence:2", noise=noise))
              if event.kind not in ("voice", "call_waiting")]
    assert told(events) == kinds
    if events and noise < -50:
        assert abs(events[0].start / 8 - 600) < 6
        assert abs(events[0].level + 10.0) < 0.5


@pytest.mark.parametrize("hz", [1060.0, 1140.0, 2070.0, 2130.0])
def test_what_is_off_the_standards_frequency_is_no_fax(hz: float) -> None:
    events = heard(made("silence:0.5", f"tone:{hz:g}/500,0/3000,seconds=8" if hz < 2000 else f"tone:{hz:g}/3000x1"))
    assert not {event.kind for event in events} & {"cng", "ced", "modem"}


def test_a_fax_that_answers_with_reversals_is_told_from_a_modem_by_its_flags() -> None:
    bits = np.tile([0, 1, 1, 1, 1, 1, 1, 0], 40)  # HDLC flags; V.21 channel 2: 0 is 1850 Hz, 1 is 1650 Hz
    hz = np.where(bits[(np.arange(RATE) * 300 // RATE) % len(bits)] == 1, 1650.0, 1850.0)
    flags = pcm(amplitude(-12.0) * np.sin(2 * np.pi * np.cumsum(hz) / RATE))
    answer = made("silence:0.5", "tone:ced_reversals,seconds=3", "silence:0.1")
    events = heard(answer + dsp.through_alaw(flags) + bytes(8000))
    assert [event.kind for event in events if event.kind != "voice"] == ["ced"]
    assert events[0].details["fax_flags"]


def test_caller_id_data() -> None:
    for standard in ("bell202", "v23"):
        body = b"\x02\x0b13800138000"
        message = bytes((0x80, len(body))) + body
        message += bytes((-sum(message) % 256,))
        (event,) = heard(made("silence:0.5", f"fsk:{message.hex()},standard={standard}", "silence:0.5"))
        assert (event.kind, event.value) == ("callerid", message.hex())
        assert event.details == {"standard": standard, "checksum": True}
        bits = 300 + 180 + 10 * len(message)
        assert abs(event.start / 8 - 500) < 10
        assert abs(event.end / 8 - 500 - bits / 1.2) < 30
        assert abs(event.level + 13.5) < 0.5
        wrong = message[:-1] + bytes((message[-1] ^ 1,))
        (event,) = heard(made("silence:0.5", f"fsk:{wrong.hex()}", "silence:0.5"))
        assert event.confidence < 0.5
        assert not event.details["checksum"]


def syllables(seconds: float, level: float = -20.0) -> np.ndarray:
    """Something like speech: gliding harmonics in syllables of changing loudness."""
    t = np.arange(int(seconds * RATE)) / RATE
    pitch = 2 * np.pi * np.cumsum(120 + 25 * np.sin(2 * np.pi * 0.9 * t) + 9 * np.sin(2 * np.pi * 3.1 * t)) / RATE
    formant = 700 + 350 * np.sin(2 * np.pi * 1.7 * t)
    voiced = sum(np.exp(-(((120 * k - formant) / 300) ** 2)) * np.sin(k * pitch) for k in range(1, 20))
    loud = np.clip(np.sin(2 * np.pi * 3.7 * t) + 0.4, 0, None) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.31 * t))
    x = voiced * loud
    return x * amplitude(level) / np.sqrt(2) / max(1e-9, float(np.sqrt(np.mean(x ** 2)))) if len(x) else x


def test_voice_and_silence_and_the_beep_after_it() -> None:
    rng = np.random.default_rng(SEED)
    x = np.concatenate([np.zeros(8000), syllables(3.0), np.zeros(4000),
                        amplitude(-12.0) * np.sin(2 * np.pi * 850 / RATE * np.arange(3200)), np.zeros(12_000)])
    x = x + rng.standard_normal(len(x)) * amplitude(-52.0) / np.sqrt(2)
    events = analyze(dsp.through_alaw(pcm(x)), listeners(CN))
    assert [event.kind for event in events] == ["silence", "voice", "silence", "beep", "silence"]
    _, voice, _, beep, _ = events
    assert abs(voice.start / 8 - 1000) < 60
    assert abs(voice.end / 8 - 4000) < 250
    assert abs(voice.level + 20.0) < 1.5
    assert beep.value == "850"
    assert abs(beep.start / 8 - 4500) < 4
    assert beep.confidence > 0.9
    assert beep.details["after_voice"]


def test_three_equal_beeps_are_somebodys_cadence() -> None:
    events = heard(made("silence:0.5", "tone:800/300,0/700,seconds=4", "silence:1"))
    assert [event.kind for event in events] == ["beep"] * 4
    assert all(event.confidence < 0.5 for event in events)


@pytest.mark.parametrize("level", [-30.0, -10.0])
def test_steady_noise_is_neither_voice_nor_tone_nor_silence(level: float) -> None:
    assert analyze(made(f"noise:6,level={level:g}", noise=None), listeners(CN)) == []
    burst = heard(made("silence:2", f"noise:2,level={level:g}", "silence:2"))
    assert burst == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
@pytest.mark.parametrize(("voice", "text"), [
    ("en-us", "Oh, you know, I really do not mean to move you too soon, but the moon rose over the lagoon at noon."),
    ("en-gb+f2", "We were away a year ago. How are you? I owe you an hour. Please leave a message after the tone."),
    ("cmn-latn-pinyin", "您好，欢迎致电客户服务中心，普通话请按一，英语请按二，返回上一级菜单请按星号键。"),
])
def test_speech_is_voice_and_nothing_else(voice: str, text: str) -> None:
    wav = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True).stdout
    x = np.frombuffer(wav[44:len(wav) // 2 * 2], "<i2").astype(float)
    at = np.arange(0, len(x) - 1, 22_050 / RATE)
    x = np.interp(at, np.arange(len(x)), np.convolve(x, np.ones(3) / 3, "same")) * 0.5
    for zone in ("cn", "us", "gb"):
        assert {event.kind for event in heard(dsp.through_alaw(pcm(x)), zone)} == {"voice"}


def test_progress_to_6_db_over_noise() -> None:
    events = [event for event in heard(made("silence:0.7", "tone:busy,seconds=5", "silence:1", noise=-16.0))
              if event.kind != "voice"]
    assert [event.kind for event in events] == ["busy"]
    assert abs(events[0].start / 8 - 700) < 12


class Knock:
    """An ear of somebody else's: hears the first loud sample, and remembers what others found."""

    def __init__(self) -> None:
        self.found: list[Event] = []

    def listen(self, track: Track, found: Sequence[Event]) -> list[Event]:
        self.found = list(found)
        first = next((k for k, x in enumerate(track.samples) if abs(x) > 1000), None)
        return [] if first is None else [Event(first, first + 1, "verdict", "human", 0.0, 0.8, {"why": "knock"})]


def test_an_ear_can_be_plugged_in() -> None:
    ear = Knock()
    events = analyze(made("silence:0.5", "digits:5", noise=None), [*listeners(CN), ear])
    assert [event.kind for event in ear.found if event.kind != "silence"] == ["dtmf"]
    verdict = next(event for event in events if event.kind == "verdict")
    assert [event.kind for event in wanted(events, ["voice"], CN) if event.kind != "silence"] == ["verdict"]
    assert as_dict(verdict, 2) == {
        "start_ms": round(verdict.start / 8, 1), "end_ms": round(verdict.end / 8, 1), "kind": "verdict",
        "value": "human", "level_dbm0": 0.0, "confidence": 0.8, "channel": 2, "why": "knock"}


class Who(enum.Enum):
    HUMAN = "human"


@dataclass
class Given:
    answer: Who
    confidence: float
    at: float


class Detector:
    """A machine detector that is sure after a second of listening; counts what it was given."""

    def __init__(self) -> None:
        self.samples = 0

    def hear(self, pcm: bytes) -> list[object]:
        before, self.samples = self.samples, self.samples + len(pcm) // 2
        return [object(), Given(Who.HUMAN, 0.9, 1.0)] if before < RATE <= self.samples else []


def test_who_answered_is_asked_after_the_last_tone() -> None:
    ringing = made("silence:0.5", "tone:ringback,seconds=6", "silence:0.5")
    sound = ringing + dsp.through_alaw(pcm(syllables(2.0))) + bytes(16_000)
    (verdict,) = [event for event in analyze(sound, listeners(CN, Detector)) if event.kind == "verdict"]
    assert (verdict.value, verdict.confidence) == ("human", 0.9)
    assert abs(verdict.start / 8 - 6500) < 6  # where the second ring ended
    assert verdict.end - verdict.start == RATE
    for nobody in (ringing, made("silence:0.5", "digits:12345", "silence:2"), b""):
        assert "verdict" not in {event.kind for event in analyze(nobody, listeners(CN, Detector))}


def test_ears_choose_kinds() -> None:
    events = analyze(made("silence:1", "digits:5", "silence:0.5", "tone:ced", "tone:sit"), listeners(CN))
    assert {event.kind for event in wanted(events, ["dtmf"], CN)} == {"dtmf"}
    assert {event.kind for event in wanted(events, ["fax"], CN)} == {"ced"}
    assert {event.kind for event in wanted(events, ["progress"], CN)} == {"sit"}
    assert wanted(events, list(EARS), CN) == events


def test_it_is_fast_enough(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.concatenate([syllables(3.0), np.zeros(4000)])
    sound = made("silence:0.3", "tone:ringback,seconds=5", "digits:123456", noise=-40.0) + dsp.through_alaw(pcm(x))
    seconds = len(sound) / 16_000
    analyze(sound[:16_000], listeners(CN))
    began = time.process_time()
    analyze(sound, listeners(CN))
    cost = (time.process_time() - began) / seconds
    report(capsys, "seconds of analysis per second of sound", cost, 0.2)
    assert cost < 0.2


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3000), st.integers(1, 40), st.sampled_from(["cn", "us", "jp"]))
def test_any_bytes_are_harmless(junk: bytes, times: int, zone: str) -> None:
    sound = junk * times
    for event in analyze(sound[:60_000], listeners(ZONES[zone])):
        assert 0 <= event.start <= event.end <= len(sound) // 2
        assert 0.0 <= event.confidence <= 1.0
        assert -99.0 <= event.level <= 7.0


@pytest.mark.parametrize("wave", ["square", "silence", "full", "click"])
def test_extremes_are_harmless(wave: str) -> None:
    t = np.arange(RATE)
    x = {"square": 32767 * np.sign(np.sin(0.3 * t + 0.1)), "silence": 0 * t, "full": 0 * t - 32768,
         "click": np.where(t == 4000, 32767, 0)}[wave]
    events = analyze(pcm(x.astype(float)), listeners(CN))
    assert all(math.isfinite(event.level) and event.end <= RATE for event in events)
    assert {event.kind for event in events} <= {"silence", "voice", "beep"}
