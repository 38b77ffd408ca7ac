"""The prompt book: what is found, what stands in for what is missing, and what is said of every kind of trouble."""

import math
import shutil
import stat
import struct
import sys
import threading
from array import array
from pathlib import Path

import pytest

from ccappliance.base.errors import Bug, ConfigError
from ccappliance.base.units import RATE, dbm0
from ccappliance.config.keys import Report
from ccappliance.media import recordings
from ccappliance.media.cache import SoundCache
from ccappliance.media.dsp import linear_to_alaw
from ccappliance.media.files import SoundFileError, wav_header, write_wav
from ccappliance.media.polish import from_pcm, level, polish, to_pcm, trim
from ccappliance.media.prompts import COMPUTED, PromptBook, PromptSettings, built_in_announcements
from ccappliance.media.recordings import level_of
from ccappliance.media.render import MAX_TEXT, CommandVoice, MuteVoice, VoiceError

HUM = to_pcm([8000.0 * (-1) ** (index // 8) for index in range(RATE // 2)])  # half a second of a square wave


class CountingVoice:
    """Says everything as the same hum, and counts."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def fingerprint(self, language: str) -> str:
        return "hum"

    def speak(self, text: str, language: str) -> bytes:
        self.said.append(f"{language}/{text}")
        return HUM


class Findings:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        self.errors.append(f"{path}: {problem} ({advice})")

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        self.warnings.append(f"{path}: {problem} ({advice})")


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the computed sounds are: making the music takes a third of a second."""
    folder = tmp_path_factory.mktemp("computed")
    cache = SoundCache(folder, CountingVoice())
    for name, make in COMPUTED.items():
        cache.computed(name, make)
    return folder


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, computed: Path) -> None:
    shutil.copytree(computed, tmp_path / "cache")


def book(tmp_path: Path, voice: CountingVoice | None = None, **keys: object) -> PromptBook:
    return PromptBook(PromptSettings(**keys), cache=tmp_path / "cache", voice=voice or CountingVoice())


def finding(error: pytest.ExceptionInfo[ConfigError]) -> str:
    return str(error.value)


# ---- the book ----


def test_every_announcement_has_both_languages(tmp_path: Path) -> None:
    one = book(tmp_path)
    report = Findings()
    one.check(report)
    assert report.errors == []
    assert len(one.names()) == len(built_in_announcements()) + 2
    assert all(text.strip() and len(text) < MAX_TEXT for texts in built_in_announcements().values()
               for text in texts.values())


def test_prepared_prompts_are_found_by_name_and_text(tmp_path: Path) -> None:
    one = book(tmp_path)
    one.prepare([("en", "Hi"), ("en", "Hi")])
    assert one.get("welcome", "en").name == "en/welcome"
    assert one.text("Hi", "en").name == "en/Hi"
    assert one.get("welcome", "en").pcm == HUM
    assert one.get("music", "zh").seconds == 24.0
    assert one.get("beep", "en").pcm is one.get("beep", "zh").pcm


def test_the_default_language_stands_in(tmp_path: Path) -> None:
    one = book(tmp_path, texts={"hi": {"zh": "你好"}, "bye": {"en": "Bye"}})
    one.prepare()
    assert one.get("hi", "en").name == "zh/hi"
    assert one.get("bye", "fr").name == "en/bye"
    assert (one.missing("hi"), one.missing("bye"), one.missing("none"), one.missing("music")) == (
        ["en"], ["zh"], ["zh", "en"], [])
    report = Findings()
    one.check(report, "prompts")
    assert report.errors == [
        "prompts.texts.bye: prompt 'bye' has no 'zh' (add prompts.texts.bye.zh or record zh/bye.wav)",
        "prompts.texts.hi: prompt 'hi' has no 'en' (add prompts.texts.hi.en or record en/hi.wav)"]


def test_what_is_missing_while_calls_are_up_is_a_moment_of_silence(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    one = PromptBook(PromptSettings(), cache=tmp_path / "cache", voice=CountingVoice(),
                     on_missing=lambda name, language: told.append((name, language)))
    one.prepare()
    sound = one.get("no such thing", "en")
    assert (sound.name, sound.seconds, set(sound.pcm)) == ("missing/en/no such thing", 0.02, {0})
    assert one.text("never prepared", "zh").seconds == 0.02
    assert told == [("no such thing", "en"), ("never prepared", "zh")]


def test_everything_is_rendered_once(tmp_path: Path) -> None:
    first, second = CountingVoice(), CountingVoice()
    rendered = book(tmp_path, first).prepare([("zh", "你好")])
    texts = {(language, text) for one in built_in_announcements().values() for language, text in one.items()}
    assert rendered == len(first.said) == len(texts) + 1
    assert book(tmp_path, second).prepare([("zh", "你好")]) == 0
    assert second.said == []


def test_own_texts_replace_built_in_ones(tmp_path: Path) -> None:
    voice = CountingVoice()
    book(tmp_path, voice, texts={"welcome": {"zh": "一路发公司", "en": "Good morning"}}).prepare()
    assert "en/Good morning" in voice.said
    assert "en/Hello, and thank you for calling." not in voice.said


def test_recordings_replace_texts_and_fragments(tmp_path: Path) -> None:
    for name in ("zh/welcome", "en/own", "zh/say/二"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_wav(tmp_path / f"{name}.wav", HUM + HUM)
    voice = CountingVoice()
    one = book(tmp_path, voice, directory=str(tmp_path))
    one.prepare([("zh", "二"), ("zh", "三")])
    assert one.get("welcome", "zh").seconds == 1.0
    assert (one.get("own", "zh").name, one.missing("own")) == ("en/own", ["zh"])
    assert (one.text("二", "zh").seconds, one.text("三", "zh").seconds) == (1.0, 0.5)
    assert "zh/二" not in voice.said
    assert "zh/您好，欢迎致电。" not in voice.said
    assert "say/二" not in one.names()


@pytest.mark.parametrize(("data", "problem"), [
    (b"", "it is empty"), (b"RIFF", "it is not a WAV file"), (b"x" * 5000, "it is not a WAV file")],
    ids=["empty", "short", "other"])
def test_a_bad_recording_is_told_and_its_text_is_spoken(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "zh").mkdir()
    file = tmp_path / "zh" / "welcome.wav"
    file.write_bytes(data)
    one = book(tmp_path, directory=str(tmp_path))
    report = Findings()
    one.check(report)
    assert report.errors == []
    (warning,) = report.warnings
    assert warning.startswith(f"prompts.directory: {file}: {problem}; callers hear its text spoken instead (")
    one.prepare()
    assert list(one.bad) == [("zh", "welcome")]
    assert problem in one.bad["zh", "welcome"]
    assert one.get("welcome", "zh").pcm == HUM
    assert one.words("zh/welcome") == built_in_announcements()["welcome"]["zh"]


def test_an_hour_long_recording_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    file = tmp_path / "en" / "tale.wav"
    with file.open("wb") as stream:
        stream.write(wav_header(1, 2 * RATE * 3600))
        stream.truncate(44 + 2 * RATE * 3600)
    report = Findings()
    one = book(tmp_path, directory=str(tmp_path), languages=("zh", "en"), texts={"tale": {"zh": "故事"}})
    one.check(report)
    assert ["3600 s long, the longest allowed is 600 s; callers hear it in 'zh' instead" in one
            for one in report.warnings] == [True]
    one.prepare()
    assert "3600 s long" in one.bad["en", "tale"]
    assert one.get("tale", "en").name == "zh/tale"


def test_a_recording_is_brought_to_the_level_of_speech_once(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    quiet = [value / 20 for value in from_pcm(HUM)]
    write_wav(tmp_path / "zh" / "own.wav", to_pcm([0.0] * RATE + quiet + [0.0] * RATE))
    for normalise, level_, seconds in ((True, -16.0, 0.5), (False, -32.2, 2.5)):
        one = book(tmp_path, directory=str(tmp_path), normalise=normalise)
        one.prepare()
        assert level_of(one.get("own", "zh").pcm) == pytest.approx(level_, abs=0.5)
        assert one.get("own", "zh").seconds == pytest.approx(seconds, abs=0.1)
    files = len(list((tmp_path / "cache").iterdir()))
    book(tmp_path, directory=str(tmp_path)).prepare()
    assert len(list((tmp_path / "cache").iterdir())) == files


def test_samples_without_header_and_floating_point_are_prompts(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "raw.al").write_bytes(linear_to_alaw(HUM))
    floats = array("f", [value / 32768 for value in from_pcm(HUM)]).tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(floats), b"WAVE", b"fmt ", 16, 3, 1, RATE, 4 * RATE, 4,
                         32, b"data", len(floats))
    (tmp_path / "zh" / "float.wav").write_bytes(header + floats)
    one = book(tmp_path, directory=str(tmp_path))
    one.prepare()
    assert one.bad == {}
    assert [one.get(name, "zh").seconds for name in ("raw", "float")] == [0.5, 0.5]


def test_what_is_wrong_with_a_recording_is_said(tmp_path: Path) -> None:
    square = [(-1.0) ** (k // 8) for k in range(RATE)]
    for peak, length, said in ((20.0, RATE, "too quiet"), (32700.0, RATE, "clipped"), (8000.0, 400, "only 0.05")):
        write_wav(tmp_path / "one.wav", to_pcm([peak * sample for sample in square[:length]]))
        (complaint,) = recordings.make(tmp_path / "one.wav", -16.0).complaints
        assert said in complaint
    write_wav(tmp_path / "one.wav", bytes(2 * RATE))
    with pytest.raises(SoundFileError, match="nothing but silence"):
        recordings.make(tmp_path / "one.wav", -16.0)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    report = Findings()
    book(tmp_path, directory=str(tmp_path / "none")).check(report, "prompts")
    assert report.errors == [f"prompts.directory: there is no folder '{tmp_path / 'none'}' "
                             "(create it, or leave this empty)"]


def checked(**keys: object) -> list[str]:
    report: Report = Findings()
    PromptSettings(**keys).check(report, "prompts")
    assert isinstance(report, Findings)
    return report.errors


def test_settings_are_checked() -> None:
    assert checked() == []
    assert checked(languages=("zh",), default_language="en") == [
        "prompts.default_language: 'en' is not one of languages (languages are zh)"]
    assert checked(languages=("zh", "fr")) == [
        "prompts.commands: there is no command that speaks 'fr' (add prompts.commands.fr)"]
    assert checked(texts={"a": {"zh": " ", "fr": "x", "en": "y" * 2001}, "music": {"zh": "a"}}) == [
        "prompts.texts.a.zh: the text is empty (write what is to be said)",
        "prompts.texts.a.fr: 'fr' is not one of prompts.languages (remove it or add it there)",
        "prompts.texts.a.en: the text has 2001 characters, more than 2000 (split it)",
        "prompts.texts.music: this sound is computed, not spoken (record a WAV file instead)"]
    assert checked(commands={"zh": "espeak-ng 'x", "en": "espeak-ng"}) == [
        "prompts.commands.zh: the command cannot be split into words: No closing quotation (close the quotes)"]


def test_a_book_without_a_cache_can_only_be_checked() -> None:
    one = PromptBook(PromptSettings())
    assert one.missing("welcome") == []
    with pytest.raises(Bug):
        one.prepare()


def test_the_settings_folder_comes_first(tmp_path: Path) -> None:
    book(tmp_path, cache=str(tmp_path / "named")).prepare()
    assert len(list((tmp_path / "named").iterdir())) > 50
    assert len(list((tmp_path / "cache").iterdir())) == 2


# ---- the cache ----


def test_a_damaged_cache_file_is_made_again(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path / "own", CountingVoice())
    assert cache.sounds([("en", "a")]) == ({("en", "a"): HUM}, 1)
    (file,) = (tmp_path / "own").iterdir()
    for damage in (b"", file.read_bytes()[:100], b"RIFF" + bytes(200)):
        file.write_bytes(damage)
        assert cache.sounds([("en", "a")]) == ({("en", "a"): HUM}, 1)
    assert cache.sounds([("en", "a")]) == ({("en", "a"): HUM}, 0)
    assert [path.name for path in (tmp_path / "own").iterdir()] == [file.name]


def test_two_processes_may_render_the_same(tmp_path: Path) -> None:
    texts = [("en", str(number)) for number in range(20)]
    caches = [SoundCache(tmp_path / "own", CountingVoice()) for _ in range(4)]
    results: list[object] = []
    threads = [threading.Thread(target=lambda one=cache: results.append(one.sounds(texts)[0])) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [dict.fromkeys(texts, HUM)] * 4
    assert len(list((tmp_path / "own").iterdir())) == 20


def test_another_voice_is_another_file(tmp_path: Path) -> None:
    loud = CommandVoice({"en": "espeak-ng"}, level=-10.0)
    soft = CommandVoice({"en": "espeak-ng"}, level=-20.0)
    assert loud.fingerprint("en") != soft.fingerprint("en")
    assert SoundCache(tmp_path / "own", MuteVoice()).sounds([("en", "a")])[1] == 1
    assert SoundCache(tmp_path / "own", CountingVoice()).sounds([("en", "a")])[1] == 1


def test_a_cache_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError) as caught:
        SoundCache(tmp_path / "file" / "cache", CountingVoice()).sounds([("en", "a")])
    assert finding(caught) == (f"prompts: prompts.cache: '{tmp_path / 'file' / 'cache'}' cannot be made: "
                               "Not a directory (choose a folder the daemon may write to)")


# ---- voices ----


def script(tmp_path: Path, body: str) -> str:
    """A voice command of our own."""
    file = tmp_path / "voice"
    file.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def trouble(command: str, timeout: float = 20.0, text: str = "hello") -> str:
    with pytest.raises(VoiceError) as caught:
        CommandVoice({"en": command}, timeout=timeout).speak(text, "en")
    return f"{caught.value.problem} ({caught.value.advice})"


def test_a_missing_command_says_how_to_get_it() -> None:
    assert trouble("no-such-voice") == "'no-such-voice' is not installed (install it, or change prompts.commands)"
    with pytest.raises(VoiceError, match="no command speaks this language"):
        CommandVoice({}).speak("hello", "en")


def test_a_missing_espeak_says_apt_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    one = PromptBook(PromptSettings(), cache=tmp_path / "cache")
    with pytest.raises(ConfigError) as caught:
        one.prepare()
    assert finding(caught) == ("prompts: prompts.commands.zh: 'espeak-ng' is not installed (apt install espeak-ng)")


def test_a_failing_command_is_quoted(tmp_path: Path) -> None:
    command = script(tmp_path, "sys.exit('no such voice: klingon')")
    assert trouble(command) == f"'{command}' ended with code 1: no such voice: klingon (try it by hand)"


@pytest.mark.slow
def test_a_hanging_command_is_stopped_with_its_children(tmp_path: Path) -> None:
    command = script(tmp_path, "import subprocess; subprocess.run(['sleep', '1000'])")
    assert trouble(command, timeout=0.3) == (f"'{command}' was not done after 0.3 s and was stopped "
                                             "(try it by hand, or raise prompts.timeout)")


@pytest.mark.slow
def test_a_babbling_command_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccappliance.media.render.MAX_WAV", 2**20)
    command = script(tmp_path, "while True: sys.stdout.write('x' * 65536)")
    assert trouble(command) == f"'{command}' answered more than 1 MB and was stopped (try it by hand)"


@pytest.mark.parametrize(("body", "problem"), [
    ("", "cannot be used: it is empty"), ("print('hello')", "cannot be used: it is not a WAV file")])
def test_what_is_no_wav(tmp_path: Path, body: str, problem: str) -> None:
    assert problem in trouble(script(tmp_path, body))


def test_a_command_may_take_the_text_and_a_file_as_words(tmp_path: Path) -> None:
    write_wav(tmp_path / "hum.wav", HUM)
    copy = f"import shutil; shutil.copy({str(tmp_path / 'hum.wav')!r}, sys.argv[2])"
    command = script(tmp_path, f"assert sys.argv[1] == '-- $(rm) \"x\"'; {copy}") + " {text} {file}"
    pcm = CommandVoice({"en": command}).speak('-- $(rm) "x"', "en")
    assert len(pcm) == pytest.approx(len(HUM), rel=0.05)


def test_silence_is_no_speech(tmp_path: Path) -> None:
    write_wav(tmp_path / "hum.wav", bytes(16000))
    command = script(tmp_path, f"sys.stdout.buffer.write(open({str(tmp_path / 'hum.wav')!r}, 'rb').read())")
    assert "wrote nothing but silence for 'hello'" in trouble(command)


def test_texts_are_bounded() -> None:
    assert trouble("espeak-ng", text="x" * 2001) == "the text has 2001 characters, more than 2000 (split it)"


@pytest.mark.parametrize(("text", "language"), [
    ("您好，欢迎致电。", "zh"), ("二", "zh"), ("Thank you for calling.", "en")])
def test_espeak_speaks_at_the_right_level(text: str, language: str) -> None:
    settings = PromptSettings()
    pcm = CommandVoice(settings.commands).speak(text, language)
    samples = from_pcm(pcm)
    frames = [dbm0(rms(samples[start:start + 160])) for start in range(0, len(samples) - 159, 160)]
    active = [frame for frame in frames if frame > max(frames) - 25.0]
    measured = 10.0 * math.log10(sum(10 ** (frame / 10.0) for frame in active) / len(active))
    assert measured == pytest.approx(-16.0, abs=0.3)
    assert max(map(abs, samples)) <= 30_000
    assert abs(samples[0]) + abs(samples[-1]) < 300  # no click at either edge
    assert 0.15 < len(samples) / RATE < 4.0


def rms(samples: "list[int]") -> float:
    return (sum(float(sample) ** 2 for sample in samples) / len(samples)) ** 0.5


def test_a_mute_voice_takes_its_time() -> None:
    voice = MuteVoice()
    assert len(voice.speak("您好欢迎致电", "zh")) / 2 / RATE == pytest.approx(1.32)
    assert len(voice.speak("a", "en")) / 2 / RATE == pytest.approx(0.1)
    assert not any(voice.speak("hello", "en"))


# ---- polish ----


def test_trim_keeps_a_little_before_and_after() -> None:
    quiet = [0.0] * RATE
    loud = [5000.0, -5000.0] * (RATE // 2)
    assert len(trim(quiet + loud + quiet)) == RATE + 160 + 400
    assert trim(quiet) == []
    assert trim([]) == []


def test_level_spares_the_peaks() -> None:
    click = [100.0, -100.0] * 4000
    click[4000] = 30_000.0
    assert max(abs(sample) for sample in level(click, -10.0)) <= 30_000.1
    assert level([0.0] * 500, -16.0) == [0.0] * 500


def test_polish_of_nothing_is_nothing() -> None:
    assert polish(b"", -16.0) == b""
    assert polish(bytes(3200), -16.0) == b""
    assert len(polish(HUM, -16.0)) == len(HUM)


def test_a_voice_that_does_not_read_its_input_is_no_failure(tmp_path: Path) -> None:
    word = tmp_path / "word.wav"
    write_wav(word, b"\x00\x10\x00\xf0" * 800)
    voice = CommandVoice({"en": f"cat {word}"})
    for _ in range(20):  # whether the pipe breaks is a matter of moments
        assert voice.speak("a text it never reads, long enough to be noticed " * 20, "en")
