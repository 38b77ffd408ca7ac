"""Who speaks in the corpus: voices of espeak-ng, flite and festival, and who spoke Debian's telephone prompts.

A part of the corpus (TRAIN, DEVELOP, PROVE) shares neither voice nor text with another, but for the
Italian prompts of train and develop. Only espeak-ng must be installed; what else lacks is told by `missing`.
"""

import shutil
import subprocess
import tempfile
import wave
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from corpus_proof import PROVE as PROVE_TEXTS
from corpus_proof import PROVE_FESTIVAL, PROVE_FLITE, PROVE_VARIANTS
from corpus_texts import DEVELOP as DEVELOP_TEXTS
from corpus_texts import DEVELOP_FLITE, DEVELOP_VARIANTS, TRAIN_FLITE, TRAIN_VARIANTS, VOICES
from corpus_texts import TRAIN as TRAIN_TEXTS
from scipy.signal import resample_poly

from ccappliance.base.units import RATE, amplitude

TRAIN, DEVELOP, PROVE = 0, 1, 2
TEXTS = (TRAIN_TEXTS, DEVELOP_TEXTS, PROVE_TEXTS)
VARIANTS = (TRAIN_VARIANTS, DEVELOP_VARIANTS, PROVE_VARIANTS)
FLITE = (TRAIN_FLITE, DEVELOP_FLITE, PROVE_FLITE)
FESTIVAL: tuple[dict[str, tuple[str, str]], ...] = ({}, {}, PROVE_FESTIVAL)
# asterisk-core-sounds-{en,es,fr,it,ru}-wav, asterisk-prompt-it-menardi-wav
PROMPTS = Path("/usr/share/asterisk/sounds")
RECORDED = ({"fr": "fr_CA_f_June", "it": "it_IT_m_Carlo"}, {"it": "it_IT_f_Menardi"},
            {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"})
FAMILIES = ("espeak", "flite", "festival", "recorded")
WARPS = 40  # a voice is sped up or slowed down by k/40, k = 37…43: its pitch and its formants with it


def missing(family: str, part: int) -> str:
    """What must be installed before this family speaks; empty: nothing."""
    if family == "recorded":
        lacking = [name for name in RECORDED[part].values() if not (PROMPTS / name).is_dir()]
        return f"the asterisk sounds {', '.join(lacking)}" if lacking else ""
    command = {"espeak": "espeak-ng", "flite": "flite", "festival": "text2wave"}[family]
    return "" if shutil.which(command) else command


def texts_of(part: int, language: str, role: str) -> list[str]:
    return [text.strip() for text in TEXTS[part][language][role].split("|")]


def _trimmed(x: np.ndarray) -> np.ndarray:
    """Silence at the ends cut; the loud half is a quarter of a sine at 0 dBm0, so that 16 bits hold the peaks."""
    frames = np.sqrt((x[:len(x) // 80 * 80].reshape(-1, 80) ** 2).mean(1))
    loud = np.nonzero(frames > frames.max() * 0.03)[0]
    rms = np.sqrt((frames[frames > np.median(frames[frames > frames.max() * 0.05])] ** 2).mean())
    x = x[loud[0] * 80:(loud[-1] + 1) * 80]
    return np.clip(x * (0.25 * amplitude(0.0) / np.sqrt(2) / rms), -32767, 32767).astype(np.int16)


def _read(made: bytes) -> np.ndarray:
    with wave.open(BytesIO(made)) as file:
        rate = file.getframerate()
    raw = np.frombuffer(made[44:44 + 2 * (len(made[44:]) // 2)], "<i2").astype(float)
    return _trimmed(raw if rate == RATE else resample_poly(raw, RATE, rate))


def _run(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout


@lru_cache(maxsize=2500)
def _espeak(voice: str, text: str, speed: int, pitch: int) -> np.ndarray:
    return _read(_run("espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text))


@lru_cache(maxsize=500)
def _flite(voice: str, text: str, _speed: int, _pitch: int) -> np.ndarray:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        _run("flite", "-voice", voice, "-t", text, "-o", file.name)
        return _read(Path(file.name).read_bytes())


@lru_cache(maxsize=500)
def _festival(voice: str, text: str, _speed: int, _pitch: int) -> np.ndarray:
    name, encoding = voice.split("/")
    made = subprocess.run(["text2wave", "-eval", f"(voice_{name})", "-"], input=text.encode(encoding, "replace"),
                          capture_output=True, check=True).stdout
    return _read(made)


@lru_cache(maxsize=8)
def _recorded(voice: str) -> dict[str, list[np.ndarray]]:
    """Phrases of a reader by length: short ones pass for a person's, a house's, long ones for a machine's."""
    phrases: dict[str, list[np.ndarray]] = {"human": [], "office": [], "long": []}
    for path in sorted((PROMPTS / voice).rglob("*.wav")):
        raw = path.read_bytes()
        if any(word in path.stem for word in ("beep", "silence", "tone", "music", "monkeys")) or len(raw) < 5000:
            continue
        x = _read(raw)
        length = len(x) / RATE
        role = "human" if 0.25 < length < 1.3 else "office" if 1.5 < length < 3.2 else "long" if length > 2.0 else ""
        if role:
            phrases[role].append(x)
    return phrases


class Speaker:
    """One voice of one language of a part, with its own speed, pitch and mouth."""

    def __init__(self, rng: np.random.Generator, part: int, family: str = "espeak", language: str = "") -> None:
        languages = {"espeak": list(TEXTS[part]), "flite": ["en"], "festival": list(FESTIVAL[part]),
                     "recorded": list(RECORDED[part])}[family]
        if not language:
            share = np.array([len(languages) * 0.45 if one in ("en", "zh") else 1.0 for one in languages])
            language = languages[rng.choice(len(languages), p=share / share.sum())]
        self.language, self.part, self.family = language, part, family
        number = int(rng.integers(2 * len(VARIANTS[part])))
        speed, pitch = 140 + 12 * (number % 6), 28 + 9 * (number * 3 % 6)  # few, so that each is made once
        if family == "espeak":
            voice = VOICES[language] + VARIANTS[part][number // 2]
        elif family == "flite":
            voice = FLITE[part][number % len(FLITE[part])]
        elif family == "festival":
            voice = "/".join(FESTIVAL[part][language])
        else:
            voice = RECORDED[part][language]
        self.voice = voice
        self._made = (voice, speed, pitch)
        self._warp = int(rng.integers(37, 44))
        self._rng = rng

    def says(self, role: str) -> np.ndarray:
        """One of the role's texts, its loud half at 0 dBm0."""
        x = (self._prompt(role) if self.family == "recorded" else self._text(role)) * 4.0
        return x if self._warp == WARPS else resample_poly(x, WARPS, self._warp)

    def _text(self, role: str) -> np.ndarray:
        texts = texts_of(self.part, self.language, role)
        rare = np.array([len(text) if role == "human" else 1.0 for text in texts])  # most people say little
        text = texts[self._rng.choice(len(texts), p=1 / rare / (1 / rare).sum())]
        voice, speed, pitch = self._made
        make = {"espeak": _espeak, "flite": _flite, "festival": _festival}[self.family]
        return make(voice, text, speed, pitch)

    def _prompt(self, role: str) -> np.ndarray:
        phrases = _recorded(self.voice)
        if role in ("human", "office"):
            return phrases[role][self._rng.integers(len(phrases[role]))]
        parts: list[np.ndarray] = []
        least = self._rng.uniform(3.0, 7.0) * RATE
        while sum(map(len, parts)) < least:
            both = phrases["long"] if parts or self._rng.random() < 0.7 else phrases["human"]
            parts += [both[self._rng.integers(len(both))],
                      np.zeros(int(self._rng.uniform(0.15, 0.5) * RATE), np.int16)]
        return np.concatenate(parts[:-1])
