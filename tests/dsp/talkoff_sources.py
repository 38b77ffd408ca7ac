"""What is said and played where a digit or a tone is a mistake: espeak-ng's languages, Debian's prompts and music."""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from corpus_texts import DEVELOP, TRAIN
from dsp_signals import EN, ZH, speech

from ccappliance.base.units import RATE

SPEECH = "speech"
# Recorded sound. Debian package: (kind, folder, the files' endings); the sounds of one package differ from another's
# in speaker, room and year. Beeps among the prompts are kept: a machine's beep is no digit and no busy tone either.
RECORDED = {
    "asterisk-core-sounds-en-wav": ("prompts", "/usr/share/asterisk/sounds/en_US_f_Allison", ".wav"),
    "asterisk-core-sounds-es-wav": ("prompts", "/usr/share/asterisk/sounds/es_MX_f_Allison", ".wav"),
    "asterisk-core-sounds-fr-wav": ("prompts", "/usr/share/asterisk/sounds/fr_CA_f_June", ".wav"),
    "asterisk-core-sounds-it-wav": ("prompts", "/usr/share/asterisk/sounds/it_IT_m_Carlo", ".wav"),
    "asterisk-core-sounds-ru-wav": ("prompts", "/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU", ".wav"),
    "asterisk-prompt-it-menardi-wav": ("prompts", "/usr/share/asterisk/sounds/it_IT_f_Menardi", ".wav"),
    "asterisk-prompt-es-co": ("prompts", "/usr/share/asterisk/sounds/es", ".gsm"),
    "asterisk-prompt-fr-armelle": ("prompts", "/usr/share/asterisk/sounds/fr", ".gsm"),
    "fillets-ng-data-cs": ("dialogue", "/usr/share/games/fillets-ng/sound/*/cs", ".ogg"),
    "fillets-ng-data-nl": ("dialogue", "/usr/share/games/fillets-ng/sound/*/nl", ".ogg"),
    "asterisk-moh-opsound-wav": ("music", "/usr/share/asterisk/moh", ".wav"),
    "singularity-music": ("music", "/usr/share/games/singularity/music", ".ogg"),
    "drascula-music": ("music", "/usr/share/scummvm/drascula*", ".ogg"),
}
# Languages whose script is not Latin read numbers and what is Latin; the rest read all texts by their own rules.
LANGUAGES = ("en-us", "en-gb", "en-gb-scotland", "cmn-latn-pinyin", "yue", "de", "fr-fr", "es", "es-419", "it", "pt",
             "pt-br", "ru", "uk", "pl", "cs", "sk", "hu", "ro", "bg", "el", "tr", "ar", "fa", "hi", "bn", "ta", "te",
             "ur", "id", "ms", "vi", "th", "ja", "ko", "sv", "da", "nb", "fi", "et", "lv", "lt", "nl", "sw", "haw",
             "eo")
VARIANTS = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+croak", "+whisper", "+klatt2")


@dataclass(frozen=True)
class Source:
    """A piece of sound and where it is from: `name` is enough to find it again."""

    corpus: str
    name: str
    load: Callable[[], np.ndarray]  # int16 units at 8 kHz


def inventory() -> dict[str, list[Path]]:
    """The files of every recorded corpus; empty where its package is not installed, or nothing here can decode it."""
    sox = shutil.which("sox") is not None
    found: dict[str, list[Path]] = {}
    for package, (_, folder, ending) in RECORDED.items():
        folders = sorted(Path("/").glob(folder.lstrip("/")))
        found[package] = [] if ending != ".wav" and not sox else sorted(
            path for one in folders for path in one.rglob("*" + ending) if path.stat().st_size > 2000)
    return found


def roll_call() -> list[str]:
    """One line for each recorded corpus: here, or what would bring it."""
    return [f"{package}: {len(files)} files" if files else
            f"{package}: ABSENT, not heard (apt install {package} sox libsox-fmt-base)"
            for package, files in inventory().items()]


# ---- speech ----


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvwyz") + chance.choice("aeiouaeiouöüy") * chance.choice((1, 1, 2))
                   for _ in range(chance.randint(1, 4)))


def sentence(chance: random.Random, language: str) -> str:
    """A minute of something to read: native sentences where we have them, numbers, and words of open syllables."""
    native = {"en": EN, "cm": ZH, "yu": ZH}.get(language[:2], "")
    parts = [native] if native and chance.random() < 0.5 else []
    short = language.split("-")[0].replace("cmn", "zh")
    spoken = [texts[short] for texts in (TRAIN, DEVELOP) if short in texts]
    if spoken:
        parts += [text.strip() for texts in chance.choice(spoken).values() for text in texts.split("|")]
    for _ in range(10):
        kind = chance.random()
        if kind < 0.4:  # telephone numbers, sums, times
            parts.append(" ".join(str(chance.randrange(10 ** chance.randint(1, 6))) for _ in range(6)) + ".")
        else:
            parts.append(" ".join(_word(chance) for _ in range(9)) + chance.choice(".?!"))
    chance.shuffle(parts)
    return " ".join(parts)


def _reading(language: str, variant: str, speed: int, pitch: int, seed: int) -> np.ndarray:
    made = speech(language + variant, sentence(random.Random(seed), language), speed, pitch)
    if made is None:
        raise RuntimeError("espeak-ng is not installed: apt install espeak-ng")
    return made


def readings(chance: random.Random, count: int) -> Iterable[Source]:
    """Readings of about a minute; every language before any comes twice."""
    languages: list[str] = []
    for _ in range(count):
        if not languages:
            languages = chance.sample(LANGUAGES, len(LANGUAGES))
        how = (languages.pop(), chance.choice(VARIANTS), chance.randint(110, 230), chance.randint(10, 95),
               chance.getrandbits(32))
        yield Source(SPEECH, "espeak-ng " + " ".join(map(str, how)), lambda how=how: _reading(*how))


# ---- recordings ----


@lru_cache(maxsize=96)
def decoded(path: Path, most: float = 400.0) -> np.ndarray:
    """A file at 8 kHz, mono; of long ones the first `most` seconds."""
    if path.suffix == ".wav":  # of these packages: 8 kHz, 16 bit, mono
        raw = path.read_bytes()
        at = raw.index(b"data") + 8
        return np.frombuffer(raw[at:at + (len(raw) - at) // 2 * 2], "<i2").astype(np.float32)
    how = ["sox", str(path), "-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed", "-t", "raw", "-"]
    made = subprocess.run([*how, "trim", "0", str(most)], capture_output=True, check=False).stdout
    return np.frombuffer(made[:len(made) // 2 * 2], "<i2").astype(np.float32)


def _stretch(files: list[Path], first: int, begin: float, seconds: float) -> np.ndarray:
    """`seconds` from a place in a file on, through the next files when it ends."""
    parts, have, at = [], 0, first
    while have < seconds * RATE and at < first + 400:
        x = decoded(files[at % len(files)])
        skip = int(len(x) * begin) if at == first and len(x) > 2 * seconds * RATE else 0
        parts.append(x[skip:skip + int(seconds * RATE) - have])
        have += len(parts[-1])
        at += 1
    return np.concatenate(parts)


def recordings(chance: random.Random, kinds: tuple[str, ...], count: int, seconds: float) -> Iterable[Source]:
    """Stretches of the recorded corpora of these kinds that are here, in turn; none if none is."""
    here = [(package, files) for package, files in inventory().items() if files and RECORDED[package][0] in kinds]
    for k in range(count if here else 0):
        package, files = here[k % len(here)]
        first, begin = chance.randrange(len(files)), chance.random() * 0.8
        yield Source(package, f"{package} {files[first].name} from {begin:.3f}",
                     lambda files=files, first=first, begin=begin: _stretch(files, first, begin, seconds))
