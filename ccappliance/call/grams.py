"""Grams: the short pieces by which calls are found, of numbers by three digits, of words by one and two characters.

SQLite's own trigram index misses words of two characters, which most Chinese words are. A piece is necessary, not
sufficient: who has found calls by their pieces looks at the whole (`call/search.py`).
"""

import unicodedata
from collections.abc import Iterable

from ccappliance.call.cdr import Cdr

NUMBER, TEXT, TAG, AGENT, QUEUE, DISPOSITION, VARIABLE, LONG, SHORT, RECORDED = "ntgaqdvlsr"  # kinds: first characters
DIGITS = 3  # fewer are found by looking at every call: they are in so many that the newest are soon together
LONGER = (120, 300, 600, 1200, 1800, 3600, 7200)  # seconds: calls that lasted at least so long
SHORTER = (2, 5, 10, 20)  # and at most so long
MAX_VALUE = 100  # characters of a variable's value that are a gram; longer ones are found by their name


def folded(text: str) -> str:
    """One form of what people write in several: width, case, white space; no control characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(" " if unicodedata.category(c).startswith("C") else c for c in plain).split())


def number_grams(number: str) -> list[str]:
    return [NUMBER + number[at:at + DIGITS] for at in range(len(number) - DIGITS + 1)]


def word_grams(word: str) -> list[str]:
    """What a folded word of a question needs: its pairs, or its one character."""
    return [TEXT + word[at:at + 2] for at in range(len(word) - 1)] or [TEXT + word]


def text_grams(folded_text: str) -> list[str]:
    """All pieces of a folded text, each once: its characters, and the pairs within words."""
    pieces = dict.fromkeys(TEXT + character for character in folded_text if character != " ")
    for word in folded_text.split(" "):
        if len(word) > 1:
            pieces.update(dict.fromkeys(word_grams(word)))
    return list(pieces)


def variable_grams(name: str, value: str) -> list[str]:
    return [f"{VARIABLE}{name}", f"{VARIABLE}{name}={value}"][:1 if not value or len(value) > MAX_VALUE else 2]


def cdr_grams(cdr: Cdr) -> list[str]:
    """All pieces of a CDR, each once."""
    pieces: list[str] = []
    for number in (cdr.calling, cdr.called, cdr.partner):
        pieces += number_grams(number)
    for name, value in cdr.variables.items():
        pieces += variable_grams(name, value)
    pieces += [kind + value for kind, value in ((AGENT, cdr.agent), (QUEUE, cdr.queue),
                                                (DISPOSITION, cdr.disposition)) if value]
    pieces += [f"{LONG}{seconds}" for seconds in LONGER if cdr.duration >= seconds]
    pieces += [f"{SHORT}{seconds}" for seconds in SHORTER if cdr.duration <= seconds]
    if cdr.recordings:
        pieces.append(RECORDED)
    return storable(dict.fromkeys(pieces))


def storable(pieces: Iterable[str]) -> list[str]:
    """As the database takes them: undecodable bytes of a caller ID spelt out."""
    return [piece.encode("utf-8", "backslashreplace").decode() for piece in pieces]
