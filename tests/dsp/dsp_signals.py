"""Signals for the DSP tests: tones of any phase and level, noise, lines that are A-law, and speech by espeak-ng."""

import shutil
import subprocess
import wave
from io import BytesIO

import numpy as np
from scipy.signal import resample_poly

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp

ZH = ("您好，欢迎致电客户服务中心，普通话请按一，英语请按二，返回上一级菜单请按星号键。您的来电对我们非常重要，"
      "目前坐席全忙，请不要挂机，我们会尽快为您接听。您前面还有十二位客户在等待，预计等待时间为三分钟。"
      "今天天气不错，我们一起去公园散步吧。请问您要查询什么业务？订单号码是八零零七六五四三二一，谢谢您的耐心等待。")
EN = ("Hello, and welcome to the customer service centre. For sales press one, for support press two, to hear this "
      "menu again press star. Your call is important to us. All of our agents are busy at the moment, please stay on. "
      "Oh, you know, I really do not mean to move you too soon, but the moon rose over the blue lagoon at noon. "
      "We were away a year ago. How are you? I owe you an hour. Peter picked a peck of pickled peppers, she said.")
VOICES = (("cmn-latn-pinyin", ZH), ("yue", ZH), ("cmn-latn-pinyin+f3", ZH), ("cmn-latn-pinyin+m7", ZH),
          ("en-us", EN), ("en-gb", EN), ("en-us+f2", EN), ("en-gb+f5", EN), ("en-us+m3", EN),
          ("en-gb-scotland+croak", EN))


def pcm(x: np.ndarray) -> bytes:
    return np.clip(np.rint(x), -32768, 32767).astype("<i2").tobytes()


def line(x: np.ndarray) -> bytes:
    """What arrives of this signal on an A-law line."""
    return dsp.through_alaw(pcm(x))


def sine(rng: np.random.Generator, hz: float, level: float, n: int) -> np.ndarray:
    return amplitude(level) * np.sin(2 * np.pi * hz / RATE * np.arange(n) + rng.uniform(0, 2 * np.pi))


def noise(rng: np.random.Generator, level: float, n: int) -> np.ndarray:
    """White noise whose power is that of a sine at `level` dBm0."""
    return rng.standard_normal(n) * amplitude(level) / np.sqrt(2)


def silence(n: int) -> np.ndarray:
    return np.zeros(n)


def digit_pair(digit: str) -> tuple[float, float]:
    place = "123A456B789C*0#D".index(digit)
    return (697.0, 770.0, 852.0, 941.0)[place // 4], (1209.0, 1336.0, 1477.0, 1633.0)[place % 4]


def dtmf(rng: np.random.Generator, digit: str, n: int, low: float = -10.0, high: float = -10.0, off: float = 0.0,
         off_high: float | None = None) -> np.ndarray:
    """One digit of random phases; `off` is the relative deviation of frequency, of both groups unless told."""
    row, column = digit_pair(digit)
    other = off if off_high is None else off_high
    return sine(rng, row * (1 + off), low, n) + sine(rng, column * (1 + other), high, n)


def cadence(rng: np.random.Generator, hz: tuple[float, ...], level: float, steps: tuple[tuple[int, int], ...],
            rounds: int) -> np.ndarray:
    """Rounds of (on ms, off ms); `level` is that of all frequencies together."""
    each = level - 10 * np.log10(len(hz))
    parts = []
    for _ in range(rounds):
        for on, off in steps:
            parts += [sum(sine(rng, one, each, on * 8) for one in hz), silence(off * 8)]
    return np.concatenate(parts)


def speech(voice: str, text: str, speed: int = 160, pitch: int = 50) -> np.ndarray | None:
    """espeak-ng's reading at 8 kHz, loudest words near -10 dBm0; None if there is no espeak-ng here."""
    if shutil.which("espeak-ng") is None:
        return None
    made = subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text],
                          capture_output=True, check=True).stdout
    with wave.open(BytesIO(made)) as file:
        rate = file.getframerate()
        raw = np.frombuffer(made[44:44 + 2 * (len(made[44:]) // 2)], "<i2").astype(float)
    at8k = resample_poly(raw, RATE, rate)
    return at8k * (amplitude(-6.0) / np.abs(at8k).max())


def report(what: str, measured: object, limit: object) -> None:
    """A measured value beside its limit; seen with pytest -s or -rP."""
    print(f"{what:<58} {measured!s:>22}   (limit {limit})")
