"""What the daemon and a recogniser's engine say to each other, over the engine's standard input and output.

Version 1. The engine is any program; it is started once for each language and asked one thing at a time.

- It writes one line, when it is ready: {"ready": 1, "engine": "what it calls itself"}
- The daemon writes {"id": 7, "phrases": ["sales", "technical support"], "samples": 16000} on one line, then as many
  samples: int16 little endian, 8 kHz, mono, one utterance with the silence around it taken off.
- It answers with one line: {"id": 7, "phrase": 0, "text": "sales", "confidence": 0.83}; `phrase` is an index into
  `phrases`, or null when none was heard; `text` is what was heard; `confidence` is 0 to 1. Or {"id": 7, "error": "…"}
  when it cannot listen for these phrases: then the next request is none the worse.
- Dictation: {"id": 8, "dictate": true, "samples": 40000} and its samples ask for all that was said, whatever it is. The
  answer is {"id": 8, "lines": [{"from": 0.2, "to": 1.9, "text": "我要退款"}]}, seconds within these samples, in their
  order; no lines: nothing was said. An engine that only knows phrases answers with an error. Dictation is asked of a
  process of its own, which may take DICTATE_WITHIN and more (media/speech_engine.py).
- It ends when its standard input does. What it writes to its standard error is for the log.

Lines are UTF-8 JSON of at most MAX_LINE bytes. An answer that takes longer than ANSWER_WITHIN, another id, or a line
that is none of these, and the engine is killed and started anew; the request in hand has failed, those behind it not.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ccappliance.base.errors import CcError

VERSION = 1
SLACK = 0.5  # s by which a line's end may lie behind what was dictated: recognisers count in frames of their own
MAX_LINE = 64 * 1024  # bytes of a line; 200 phrases of 120 characters fit


class Malformed(CcError):
    """What came is not of this protocol."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine has loaded its model."""

    engine: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said: from when to when, in seconds of what was dictated."""

    begin: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard. `phrase`: an index, None: none of them. `error`: nothing could be listened for. `lines`: of a
    dictation."""

    id: int
    phrase: int | None = None
    text: str = ""
    confidence: float = 0.0
    error: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """The head of a request; `samples` follow it. `dictate`: free text, instead of one of the phrases."""

    id: int
    phrases: tuple[str, ...]
    samples: int
    dictate: bool = False


def encode_ask(number: int, phrases: Sequence[str], pcm: bytes) -> bytes:
    return _line({"id": number, "phrases": list(phrases), "samples": len(pcm) // 2}) + pcm


def encode_dictation(number: int, pcm: bytes) -> bytes:
    return _line({"id": number, "dictate": True, "samples": len(pcm) // 2}) + pcm


def parse_ask(line: bytes) -> Ask:
    """Malformed."""
    told = _parse(line)
    if told.get("dictate") is True:
        return Ask(_whole(told, "id"), (), _whole(told, "samples"), dictate=True)
    phrases = told.get("phrases")
    if not isinstance(phrases, list) or not all(isinstance(one, str) for one in phrases):
        raise Malformed(f"phrases: {phrases!r}")
    return Ask(_whole(told, "id"), tuple(phrases), _whole(told, "samples"))


def encode_ready(engine: str) -> bytes:
    return _line({"ready": VERSION, "engine": engine})


def encode_answer(answer: Answer, *, dictated: bool = False) -> bytes:
    if answer.error:
        return _line({"id": answer.id, "error": answer.error})
    if dictated:
        return _line({"id": answer.id, "lines": [
            {"from": round(one.begin, 3), "to": round(one.end, 3), "text": one.text} for one in answer.lines]})
    return _line({"id": answer.id, "phrase": answer.phrase, "text": answer.text,
                  "confidence": round(answer.confidence, 3)})


def parse_answer(line: bytes, phrases: int, dictated: float | None = None) -> Ready | Answer:
    """Malformed, also when `phrase` is none of so many. `dictated`: the answer to so many seconds of dictation."""
    told = _parse(line)
    if "ready" in told:
        if told["ready"] != VERSION:
            raise Malformed(f"it speaks version {told['ready']!r}, not {VERSION}")
        return Ready(str(told.get("engine", ""))[:100])
    number = _whole(told, "id")
    if "error" in told:
        return Answer(number, error=str(told["error"])[:300] or "it did not say why")
    if dictated is not None:
        return Answer(number, lines=_lines(told.get("lines"), dictated))
    phrase, confidence = told.get("phrase"), told.get("confidence", 0.0)
    if phrase is not None and (type(phrase) is not int or not 0 <= phrase < phrases):
        raise Malformed(f"phrase: {phrase!r} of {phrases}")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.0 <= confidence <= 1.0:
        raise Malformed(f"confidence: {confidence!r}")
    return Answer(number, phrase, str(told.get("text", ""))[:300], float(confidence))


def _lines(told: Any, seconds: float) -> tuple[Line, ...]:
    """Malformed unless they are texts with times within what was dictated, one after the other."""
    if not isinstance(told, list):
        raise Malformed(f"lines: {str(told)[:60]}")
    found: list[Line] = []
    for one in told:
        fields: dict[str, Any] = one if isinstance(one, dict) else {}
        begin, end, text = fields.get("from"), fields.get("to"), fields.get("text")
        if not _number(begin) or not _number(end) or not isinstance(text, str) or begin is None or end is None \
                or not (found[-1].begin if found else 0.0) <= begin <= end <= seconds + SLACK:
            raise Malformed(f"a line of {seconds:g} s: {str(one)[:60]}")
        if text.strip():
            found.append(Line(float(begin), float(end), text.strip()))
    return tuple(found)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def _parse(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it wrote {line[:60]!r}") from error
    if not isinstance(told, dict):
        raise Malformed(f"it wrote {line[:60]!r}")
    return told


def _whole(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    if type(value) is not int or value < 0:
        raise Malformed(f"{name}: {value!r}")
    return value
