"""A recogniser's engine: pocketsphinx behind the pipe protocol of media/speech_protocol.py, as a program of its own.

    python -m ccappliance.media.sphinx ACOUSTIC_MODEL DICTIONARY RATE [LANGUAGE_MODEL]

It binds Debian's libpocketsphinx3 (0.8+5prealpha, the same in 12 and 13; Debian 13 has no python3-pocketsphinx) with
ctypes: an attribute of the library that does not fit crashes this process, and costs one recognition.

Each utterance is decoded twice: along the phrases, and along a loop of all phones, which fits anything. How much worse
the phrase fits than the loop, in log-likelihood per 10 ms, tells a phrase from other words; the confidence is a
logistic curve through where menu phrases and other words are told apart best (docs/accuracy/speech.md). With a language
model (pocketsphinx's -lm: an n-gram of how words follow each other) it takes dictation too.
"""

import ctypes
import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from ccappliance.base.errors import CcError
from ccappliance.base.units import RATE
from ccappliance.media.files import resample
from ccappliance.media.polish import from_pcm, little_endian
from ccappliance.media.speech import spoken_form
from ccappliance.media.speech_protocol import (
    MAX_LINE,
    Answer,
    Ask,
    Line,
    Malformed,
    encode_answer,
    encode_ready,
    parse_ask,
)

LIBRARIES = ("libsphinxbase.so.3", "libpocketsphinx.so.3")
NICENESS = 10  # behind calls: an answer may take a moment longer, a tick may not
MOST_SAMPLES = 20 * RATE  # of one utterance; more is no request of ours
MIDDLE, WIDTH = -4.0, 2.5  # of the logistic curve, in log-likelihood per frame (docs/accuracy/speech.md)
_PHONE = "_phone_"  # words of the loop are these and the phone's name


class SphinxError(CcError):
    """The engine cannot do it; the text says why."""


class Decoder:
    """pocketsphinx with one model."""

    def __init__(self, acoustic: str, dictionary: str, rate: int = 16_000, language_model: str = "") -> None:
        self._base, self._lib = _libraries()
        self._rate = rate
        self.words, phones = read_dictionary(dictionary)
        told = {"hmm": acoustic, "dict": dictionary, "samprate": str(rate), "logfn": os.devnull, "remove_silence": "no",
                "bestpath": "no"}
        words = [b"sphinx", *(part.encode() for name, value in told.items() for part in (f"-{name}", value))]
        options = (ctypes.c_char_p * len(words))(*words)
        settings = self._base.cmd_ln_parse_r(None, self._lib.ps_args(), len(words), options, 1)
        self._decoder = self._lib.ps_init(settings) if settings else None
        if not self._decoder:
            raise SphinxError(f"pocketsphinx cannot use the model {acoustic} with {dictionary} at {rate} Hz")
        for phone in phones:
            last = phone == phones[-1]
            self._lib.ps_add_word(self._decoder, f"{_PHONE}{phone}".encode(), phone.encode(), int(last))
        loop = " | ".join(f"{_PHONE}{phone}" for phone in phones)
        self._grammar("loop", f"( {loop} )+")
        self._dictates = bool(language_model)
        if language_model and self._lib.ps_set_lm_file(self._decoder, b"dictation", language_model.encode()):
            raise SphinxError(f"pocketsphinx cannot use the language model {language_model}")

    def dictate(self, pcm: bytes) -> str:
        """All that was said, in the dictionary's words; "": none. SphinxError without a language model."""
        if not self._dictates:
            raise SphinxError("no language model: set speech.models.LANGUAGE.language_model")
        heard, _, _ = self._decode("dictation", little_endian(resample(from_pcm(pcm), RATE, self._rate)))
        return heard

    def understand(self, phrases: Sequence[str], pcm: bytes) -> tuple[int | None, float]:
        """Which phrase was said, and how likely. SphinxError if the dictionary lacks a word."""
        ways = [" ".join(split_words(phrase, self.words)) for phrase in phrases]
        self._grammar("phrases", " | ".join(dict.fromkeys(ways)))
        samples = resample(from_pcm(pcm), RATE, self._rate)
        sound = little_endian(samples)
        heard, score, frames = self._decode("phrases", sound)
        if heard not in ways or not frames:
            return None, 0.0
        _, loop, _ = self._decode("loop", sound)
        likely = (score - loop) / frames
        return ways.index(heard), 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, (likely - MIDDLE) / WIDTH))))

    def _grammar(self, name: str, rule: str) -> None:
        text = f"#JSGF V1.0 UTF-8;\ngrammar g;\npublic <r> = {rule};\n"
        if self._lib.ps_set_jsgf_string(self._decoder, name.encode(), text.encode()):
            raise SphinxError(f"pocketsphinx cannot listen for {rule[:100]}")

    def _decode(self, search: str, sound: bytes) -> tuple[str, int, int]:
        """The text along a grammar, the logarithm of its likelihood, and the number of frames."""
        lib, score = self._lib, ctypes.c_int32()
        if lib.ps_set_search(self._decoder, search.encode()) or lib.ps_start_utt(self._decoder):
            raise SphinxError("pocketsphinx did not begin")
        lib.ps_process_raw(self._decoder, sound, len(sound) // 2, 0, 1)  # the whole utterance: its mean is subtracted
        if lib.ps_end_utt(self._decoder):
            raise SphinxError("pocketsphinx did not end")
        text = lib.ps_get_hyp(self._decoder, ctypes.byref(score))
        return (text or b"").decode("utf-8", "replace"), score.value, lib.ps_get_n_frames(self._decoder)


def read_dictionary(path: str) -> tuple[frozenset[str], list[str]]:
    """The words of a dictionary, and all phones in it, sorted. SphinxError."""
    words, phones = [], dict[str, None]()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                word, *sounds = line.split()
                words.append(word)
                phones.update(dict.fromkeys(sounds))
    except (OSError, ValueError) as error:
        raise SphinxError(f"the dictionary {path} cannot be read: {error}") from error
    if not phones:
        raise SphinxError(f"the dictionary {path} has no words in it")
    return frozenset(words), sorted(phones)


def split_words(phrase: str, words: Iterable[str]) -> list[str]:
    """The dictionary's words that a phrase is made of: between spaces, and within a Chinese text the longest first.

    SphinxError names the word that is not in the dictionary.
    """
    found, known = [], words if isinstance(words, frozenset) else frozenset(words)
    for part in spoken_form(phrase).split():
        while part:
            lengths = range(len(part), 0, -1) if "\u3400" <= part[0] <= "\u9fff" else (len(part),)
            length = next((one for one in lengths if part[:one] in known), 0)
            if not length:
                raise SphinxError(f"the dictionary has no word '{part}'; add it, or say '{phrase}' in other words")
            found.append(part[:length])
            part = part[length:]
    return found


def serve(decoder: Decoder, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the requests end. Malformed."""
    answers.write(encode_ready("pocketsphinx 5prealpha"))
    answers.flush()
    while line := requests.readline(MAX_LINE):
        ask = parse_ask(line)
        if ask.samples > MOST_SAMPLES:
            raise Malformed(f"{ask.samples} samples")
        pcm = requests.read(2 * ask.samples)
        if len(pcm) < 2 * ask.samples:
            return
        try:
            answer = _answered(decoder, ask, pcm)
        except SphinxError as error:
            answer = Answer(ask.id, error=str(error))
        answers.write(encode_answer(answer, dictated=ask.dictate))
        answers.flush()


def _answered(decoder: Decoder, ask: Ask, pcm: bytes) -> Answer:
    """SphinxError."""
    if ask.dictate:
        text = decoder.dictate(pcm)
        return Answer(ask.id, lines=(Line(0.0, ask.samples / RATE, text),) if text else ())
    phrase, confidence = decoder.understand(ask.phrases, pcm)
    return Answer(ask.id, phrase, "" if phrase is None else ask.phrases[phrase], confidence)


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """Both libraries with the signatures of what is used of them (pocketsphinx.h, cmd_ln.h)."""
    try:
        base, lib = (ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) for name in LIBRARIES)
    except OSError as error:
        raise SphinxError(f"pocketsphinx is not installed: apt install libpocketsphinx3 ({error})") from error
    pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
    signatures: tuple[tuple[ctypes.CDLL, str, object, tuple[object, ...]], ...] = (
        (base, "cmd_ln_parse_r", pointer, (pointer, pointer, whole, ctypes.POINTER(text), whole)),
        (lib, "ps_args", pointer, ()),
        (lib, "ps_init", pointer, (pointer,)),
        (lib, "ps_add_word", ctypes.c_int, (pointer, text, text, ctypes.c_int)),
        (lib, "ps_set_jsgf_string", ctypes.c_int, (pointer, text, text)),
        (lib, "ps_set_lm_file", ctypes.c_int, (pointer, text, text)),
        (lib, "ps_set_search", ctypes.c_int, (pointer, text)),
        (lib, "ps_start_utt", ctypes.c_int, (pointer,)),
        (lib, "ps_process_raw", ctypes.c_int, (pointer, text, ctypes.c_size_t, ctypes.c_int, ctypes.c_int)),
        (lib, "ps_end_utt", ctypes.c_int, (pointer,)),
        (lib, "ps_get_hyp", text, (pointer, ctypes.POINTER(whole))),
        (lib, "ps_get_n_frames", ctypes.c_int, (pointer,)),
    )
    for library, name, result, arguments in signatures:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return base, lib


def main() -> int:
    """Exit status 1: no engine, 2: wrong usage or a request that is not of the protocol."""
    if len(sys.argv) not in (4, 5) or not sys.argv[3].isdigit():
        print("usage: python -m ccappliance.media.sphinx ACOUSTIC_MODEL DICTIONARY RATE [LANGUAGE_MODEL]",
              file=sys.stderr)
        return 2
    os.nice(NICENESS)
    try:
        serve(Decoder(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]), sys.stdin.buffer, sys.stdout.buffer)
    except SphinxError as error:
        print(f"ccappliance speech: {error}", file=sys.stderr)
        return 1
    except Malformed as error:
        print(f"ccappliance speech: a request is not of the protocol: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
