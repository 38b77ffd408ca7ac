"""Settings of speech recognition: off, or with which engine and models."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ccappliance.config.keys import Report, key

PLACE = "/usr/share/pocketsphinx/model/en-us"  # of Debian's package pocketsphinx-en-us


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What an engine needs to know of one language."""

    acoustic: str = key("", doc="Folder of the acoustic model (pocketsphinx's -hmm), trained at 8 or 16 kHz.")
    dictionary: str = key("", doc="File of words and how they are pronounced (pocketsphinx's -dict).")
    rate: int = key(16_000, unit="Hz", least=8_000, most=16_000, doc=(
        "What the acoustic model was trained at: 8000 or 16000."))
    language_model: str = key("", doc="File of how words follow each other (pocketsphinx's -lm); only transcripts of "
                              "recordings need it.")

    def check(self, report: Report, path: str) -> None:
        for name, where in (("acoustic", self.acoustic), ("dictionary", self.dictionary)):
            if not where.strip():
                report.error(f"{path}.{name}", "is not set", "name where the model's files are")
        if self.rate not in (8_000, 16_000):
            report.error(f"{path}.rate", f"no model is trained at {self.rate} Hz", "write 8000 or 16000")


DEFAULT_MODELS = MappingProxyType({
    "en": ModelSettings(acoustic=f"{PLACE}/en-us", dictionary=f"{PLACE}/cmudict-en-us.dict",
                        language_model=f"{PLACE}/en-us.lm.bin"),
})


@dataclass(frozen=True, kw_only=True)
class SpeechSettings:
    """Whether callers may speak instead of pressing keys, and who understands them."""

    enabled: bool = key(False, reload=False, doc="Understand phrases in menus that have them. Keys work all the same.")
    command: str = key("", reload=False, doc=(
        "A recogniser of your own that speaks the protocol of docs/speech.md; {language}, {acoustic}, {dictionary}, "
        "{rate} and {language_model} are put in. Empty: pocketsphinx (Debian's libpocketsphinx3)."))
    models: Mapping[str, ModelSettings] = key(factory=lambda: dict(DEFAULT_MODELS), reload=False, doc=(
        "By language. English is that of Debian's package pocketsphinx-en-us; for Chinese name a model of your own."))
    threshold: float = key(0.5, least=0.05, most=0.99, doc="Least confidence with which a phrase is taken for said; "
                           "docs/accuracy/speech.md shows what another value gains and costs.", reload=False)

    def check(self, report: Report, path: str) -> None:
        if not self.enabled:
            return
        try:
            if self.command and not shlex.split(self.command):
                raise ValueError("it is empty")
        except ValueError as error:
            report.error(f"{path}.command", f"the command cannot be split into words: {error}", "close the quotes")
        for language, model in self.models.items():
            for name, where, there in (("acoustic", model.acoustic, Path(model.acoustic).is_dir()),
                                       ("dictionary", model.dictionary, Path(model.dictionary).is_file())):
                if where and not self.command and not there:
                    own = "name where it is"
                    advice = f"apt install pocketsphinx-en-us, or {own}" if where.startswith(PLACE) else own
                    report.error(f"{path}.models.{language}.{name}", f"there is no '{where}'", advice)

    def program(self, language: str, *, dictate: bool = False) -> list[str]:
        """The words of the command that understands this language, or takes dictation in it."""
        model = self.models[language]
        told = {"language": language, "acoustic": model.acoustic, "dictionary": model.dictionary,
                "rate": str(model.rate), "language_model": model.language_model}
        if self.command:
            return [_fill(word, told) for word in shlex.split(self.command)]
        words = [sys.executable, "-m", "ccappliance.media.sphinx", model.acoustic, model.dictionary, str(model.rate)]
        return [*words, model.language_model] if dictate else words


def _fill(word: str, told: Mapping[str, str]) -> str:
    for name, value in told.items():
        word = word.replace("{" + name + "}", value)
    return word
