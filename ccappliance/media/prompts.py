"""The prompt book: every sound that can be played to a caller, by name or by text and language, held in memory.

Nothing is rendered while calls are up: `prepare` loads everything before the daemon is ready (or before a reload is
applied), `get` and `text` only look up. What is missing then is a moment of silence and a report, never an error (F57).
"""

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import yaml

from ccappliance.base.errors import Bug, ConfigError, Finding
from ccappliance.base.limits import MAX_PROMPT_MEMORY
from ccappliance.base.units import FRAME
from ccappliance.config.keys import Report, key
from ccappliance.media.cache import SoundCache
from ccappliance.media.files import SoundFileError
from ccappliance.media.music import beep, music
from ccappliance.media.ports import Sound
from ccappliance.media.recordings import SUFFIXES, look, read_recording
from ccappliance.media.render import MAX_TEXT, CommandVoice, Voice, VoiceError

COMPUTED: Mapping[str, Callable[[], bytes]] = MappingProxyType({"beep": beep, "music": music})  # alike in all languages
FRAGMENTS = "say"  # recordings in <directory>/<language>/say/<text>.wav stand in for spoken texts
DEFAULT_COMMANDS = MappingProxyType({
    "zh": "espeak-ng -v cmn-latn-pinyin --stdin --stdout",  # plain cmn of 1.51 reads some characters as English letters
    "en": "espeak-ng -v en-us --stdin --stdout",
})

Text = tuple[str, str]  # language, what is said in it


@dataclass(frozen=True, kw_only=True)
class PromptSettings:
    """Where the voices of the house come from."""

    directory: str = key("", doc=(
        "Folder of recorded prompts, <language>/<name>.wav (PCM, float or G.711, any rate; .al and .ul without "
        "header). A recording replaces the spoken text of its name; say/<text>.wav replaces a spoken fragment."))
    cache: str = key("", doc="Folder for rendered speech; may be emptied at any time. Empty: `cache` in the state "
                             "directory.")
    languages: tuple[str, ...] = key(("zh", "en"), doc="Languages every prompt must have.")
    default_language: str = key("zh", doc="Language of callers nobody has asked, and of prompts that lack another.")
    commands: Mapping[str, str] = key(factory=lambda: dict(DEFAULT_COMMANDS), doc=(
        "Per language the command that speaks: text on its standard input (or in place of {text}), WAV on its standard "
        "output (or in the file that replaces {file})."))
    timeout: float = key(20.0, unit="s", least=1, most=600, doc="Time after which a voice command is stopped.")
    level: float = key(-16.0, unit="dBm0", least=-30, most=-9, doc="Level of speech while it is active.")
    normalise: bool = key(True, doc="Bring recordings to `level` too, music as well, and take silence off their ends.")
    texts: Mapping[str, Mapping[str, str]] = key(factory=dict, doc="Announcements of this site: name: {zh: …, en: …}. "
                                                                   "A built-in name changes the built-in text.")

    def check(self, report: Report, path: str) -> None:
        if self.default_language not in self.languages:
            report.error(f"{path}.default_language", f"'{self.default_language}' is not one of languages",
                         f"languages are {', '.join(self.languages)}")
        for language in self.languages:
            if not self.commands.get(language, "").strip():
                report.error(f"{path}.commands", f"there is no command that speaks '{language}'",
                             f"add {path}.commands.{language}")
        for language, command in self.commands.items():
            try:
                shlex.split(command)
            except ValueError as error:
                report.error(f"{path}.commands.{language}", f"the command cannot be split into words: {error}",
                             "close the quotes")
        for name, texts in self.texts.items():
            _check_texts(report, f"{path}.texts.{name}", texts, self.languages)
            if name in COMPUTED:
                report.error(f"{path}.texts.{name}", "this sound is computed, not spoken", "record a WAV file instead")


def _check_texts(report: Report, path: str, texts: Mapping[str, str], languages: Iterable[str]) -> None:
    for language, text in texts.items():
        if language not in languages:
            report.error(f"{path}.{language}", f"'{language}' is not one of prompts.languages",
                         "remove it or add it there")
        if not text.strip():
            report.error(f"{path}.{language}", "the text is empty", "write what is to be said")
        elif len(text) > MAX_TEXT:
            report.error(f"{path}.{language}", f"the text has {len(text)} characters, more than {MAX_TEXT}", "split it")


class PromptBook:
    """All prompts of one configuration. `cache`: where, if the settings name no folder; `voice`: instead of commands.

    `on_missing(name, language)` is told in `get` and `text` whenever a sound is wanted that is not there: the house
    raises an alarm, at most once an hour for a name.
    """

    def __init__(self, settings: PromptSettings, *, cache: Path | None = None, voice: Voice | None = None,
                 on_missing: Callable[[str, str], None] | None = None) -> None:
        self.languages = settings.languages
        self.default_language = settings.default_language
        self.on_missing = on_missing
        self._directory = Path(settings.directory) if settings.directory else None
        voice = voice or CommandVoice(settings.commands, timeout=settings.timeout, level=settings.level)
        folder = Path(settings.cache) if settings.cache else cache
        self._cache = SoundCache(folder, voice) if folder is not None else None
        self._level = settings.level if settings.normalise else None
        self.bad: dict[Text, str] = {}  # (language, name) of recordings `prepare` could not read: why
        self._built_in = built_in_announcements()
        self._texts: dict[str, Mapping[str, str]] = {**self._built_in, **settings.texts}
        self._files = self._find_files()
        self._named: dict[Text, Sound] = {}  # (language, name)
        self._spoken: dict[Text, Sound] = {}  # (language, text)

    # ---- what there is ----

    def names(self) -> list[str]:
        """Every prompt that can be asked for by name, whether or not it can be played."""
        recorded = {name for _, name in self._files if not name.startswith(f"{FRAGMENTS}/")}
        return sorted({*self._texts, *COMPUTED, *recorded})

    def missing(self, name: str) -> list[str]:
        """The languages this prompt lacks; all of them if there is no such prompt."""
        if name in COMPUTED:
            return []
        texts = self._texts.get(name, {})
        return [one for one in self.languages if one not in texts and (one, name) not in self._files]

    def source(self, name: str, language: str) -> str:
        """Where it comes from: "recorded", "text" or "computed"; "" if it lacks this language."""
        if (language, name) in self._files:
            return "recorded"
        return "text" if language in self._texts.get(name, {}) else "computed" if name in COMPUTED else ""

    def is_built_in(self, name: str) -> bool:
        """Whether the house itself may play it: an announcement, the music, the beep."""
        return name in self._built_in or name in COMPUTED

    def size(self) -> tuple[int, float]:
        """How many sounds are in memory, and their seconds."""
        pcms = {id(sound.pcm): sound.seconds for sound in (*self._named.values(), *self._spoken.values())}
        return len(pcms), sum(pcms.values())

    def files(self) -> Mapping[Text, Path]:
        """(language, name) → recording; of a spoken fragment the name is say/<text>."""
        return MappingProxyType(self._files)

    def ready(self, name: str, language: str) -> bytes | None:
        """Its PCM, if it can be had without rendering speech; None otherwise. SoundFileError of a recording."""
        cache = self._prepared_cache()
        match self.source(name, language):
            case "recorded":
                path = self._files[language, name]
                return read_recording(path) if self._level is None else cache.recording(path, self._level)
            case "text":
                return cache.rendered(language, self._texts[name][language])
            case "computed":
                return cache.computed(name, COMPUTED[name])
        return None

    # ---- while calls are up ----

    def get(self, name: str, language: str) -> Sound:
        """The prompt of that name; in the default language, then in any other, if it lacks this one."""
        for one in (language, self.default_language, *self.languages):
            sound = self._named.get((one, name))
            if sound is not None:
                return sound
        return self._silence(name, language)

    def words(self, sound: str) -> str:
        """What a sound of that name ("zh/welcome", "en/twenty") says, as text; "" if it is a recording or music."""
        language, _, name = sound.partition("/")
        if (language, name) in self._files and (language, name) not in self.bad:
            return ""
        return self._texts.get(name, {}).get(language) or (name if (language, name) in self._spoken else "")

    def text(self, text: str, language: str) -> Sound:
        """The sound of a text that was prepared."""
        return self._spoken.get((language, text)) or self._silence(text, language)

    def _silence(self, name: str, language: str) -> Sound:
        if self.on_missing is not None:
            self.on_missing(name, language)
        return Sound(f"missing/{language}/{name}", bytes(2 * FRAME))

    # ---- before the calls ----

    def prepare(self, texts: Iterable[Text] = ()) -> int:
        """Load or render every named prompt and `texts`; answers how many had to be rendered (seconds, the first time).

        A recording that cannot be read is in `bad` then, and the text of its name is spoken instead (F57). ConfigError
        if a voice cannot speak, or memory would exceed MAX_PROMPT_MEMORY.
        """
        cache = self._prepared_cache()
        findings: list[Finding] = []
        for where, path in self._files.items():
            self._load(cache, where, path)
        wanted = self._wanted(texts)
        try:
            spoken, rendered = cache.sounds([text for text in wanted if text not in self._spoken])
        except VoiceError as error:
            place = f"prompts.commands.{error.language}"
            raise ConfigError([*findings, Finding("prompts", place, error.problem, error.advice)]) from error
        for (language, text), pcm in spoken.items():
            self._spoken[language, text] = Sound(f"{language}/{text}", pcm)
        self._name_the_spoken(cache)
        self._check_memory(findings)
        if findings:
            raise ConfigError(findings)
        return rendered

    def _prepared_cache(self) -> SoundCache:
        if self._cache is None:
            raise Bug("a prompt book without a cache folder can only be checked")
        return self._cache

    def _wanted(self, texts: Iterable[Text]) -> list[Text]:
        named = [(language, text) for name, by_language in self._texts.items()
                 for language, text in by_language.items() if (language, name) not in self._named]
        return list(dict.fromkeys([*named, *texts]))

    def _name_the_spoken(self, cache: SoundCache) -> None:
        for name, by_language in self._texts.items():
            for language, text in by_language.items():
                sound = self._spoken.get((language, text))
                if (language, name) not in self._named and sound is not None:
                    self._named[language, name] = Sound(f"{language}/{name}", sound.pcm)
        for name, make in COMPUTED.items():
            pcm = cache.computed(name, make)
            for language in self.languages:
                self._named.setdefault((language, name), Sound(f"{language}/{name}", pcm))

    def _check_memory(self, findings: list[Finding]) -> None:
        sounds = [*self._named.values(), *self._spoken.values()]
        size = sum({id(sound.pcm): len(sound.pcm) for sound in sounds}.values())
        if size > MAX_PROMPT_MEMORY:
            findings.append(Finding("prompts", "prompts", f"all prompts together take {size // 2**20} MB, more than "
                                    f"{MAX_PROMPT_MEMORY // 2**20} MB", "remove or shorten recordings"))

    # ---- when the configuration is checked ----

    def check(self, report: Report, path: str = "prompts") -> None:
        """Everything that is wrong with recordings and texts, without rendering anything."""
        if self._directory is not None and not self._directory.is_dir():
            report.error(f"{path}.directory", f"there is no folder '{self._directory}'",
                         "create it, or leave this empty")
        for where, file in self._files.items():
            try:
                look(file)
            except SoundFileError as error:
                report.warning(f"{path}.directory", f"{error.findings[0].problem}; callers hear {self.instead(*where)}",
                               error.advice)
        for name in self.names():
            for language in self.missing(name):
                report.error(f"{path}.texts.{name}", f"prompt '{name}' has no '{language}'",
                             f"add {path}.texts.{name}.{language} or record {language}/{name}.wav")

    def instead(self, language: str, name: str) -> str:
        """What callers hear who should hear a recording that cannot be read, in words."""
        if name.startswith(f"{FRAGMENTS}/") or language in self._texts.get(name, {}):
            return "its text spoken instead"
        others = [one for one in self.languages if one in self._texts.get(name, {}) or (one, name) in self._files]
        others = [one for one in others if one != language]
        return f"it in '{others[0]}' instead" if others else "silence instead"

    def _load(self, cache: SoundCache, where: Text, path: Path) -> None:
        """One recording. One that cannot be read is remembered, and does not keep the calls from coming."""
        try:
            pcm = read_recording(path) if self._level is None else cache.recording(path, self._level)
        except SoundFileError as error:
            self.bad[where] = error.findings[0].problem
            return
        sound = Sound("/".join(where), pcm)
        if where[1].startswith(f"{FRAGMENTS}/"):
            self._spoken[where[0], where[1].removeprefix(f"{FRAGMENTS}/")] = sound
        else:
            self._named[where] = sound

    def _find_files(self) -> dict[Text, Path]:
        files: dict[Text, Path] = {}
        if self._directory is not None:
            for language in self.languages:
                folder = self._directory / language
                for suffix in SUFFIXES:
                    for file in sorted(folder.rglob(f"*{suffix}")):
                        files.setdefault((language, file.relative_to(folder).with_suffix("").as_posix()), file)
        return files


def built_in_announcements() -> dict[str, Mapping[str, str]]:
    """The texts of media/data/announcements.yaml."""
    data = resources.files("ccappliance.media") / "data" / "announcements.yaml"
    loaded: dict[str, Mapping[str, str]] = yaml.safe_load(data.read_text("utf-8"))
    return loaded
