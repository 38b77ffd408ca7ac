"""The index of calls in the database: a reader of the journal that posts what they are found by, and finds them."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from typing import ClassVar

from ccappliance.call import facts, grams
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.cdr_store import COLUMNS, cdr_of
from ccappliance.call.journal import Entry, Wanted
from ccappliance.call.search import Asked
from ccappliance.store.database import Statement, Store

STEP = 3_000  # calls looked at in one round of the loop: some ms
_SAMPLE = 3_000  # postings by which the rarest piece is chosen
_NEWEST = 2**62
_READER = "search"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"
_POST = "INSERT OR IGNORE INTO call_gram (gram, cdr) SELECT value, cdr.seq FROM cdr, json_each(?) WHERE cdr.call = ?"
_POST_TAGS = (f"INSERT OR IGNORE INTO call_gram (gram, cdr) SELECT '{grams.TAG}' || tag, cdr.seq "
              "FROM cdr JOIN call_tag ON call_tag.call = cdr.call WHERE cdr.call = ?")
_UNPOST = "DELETE FROM call_gram WHERE gram = ? AND cdr IN (SELECT seq FROM cdr WHERE call = ?)"
_DAY = ("INSERT INTO call_day (day, first, last) SELECT substr(started_at, 1, 10), seq, seq FROM cdr WHERE call = ? "
        "ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)")
_NOTE = "INSERT OR REPLACE INTO call_note (seq, call, at, by, text, folded) VALUES (?, ?, ?, ?, ?, ?)"
_TAG = "INSERT OR REPLACE INTO call_tag (call, tag, seq, by) VALUES (?, ?, ?, ?)"
_UNTAG = "DELETE FROM call_tag WHERE call = ? AND tag = ?"
_HEARD = "INSERT OR REPLACE INTO call_transcript (recording, call, folded, pieces) VALUES (?, ?, ?, ?)"
_POST_HEARD = ("INSERT OR IGNORE INTO call_gram (gram, cdr) SELECT value, cdr.seq FROM cdr JOIN call_transcript "
               "ON call_transcript.call = cdr.call, json_each(pieces) WHERE cdr.call = ?")
# The pieces of a transcript that are in no note and no other transcript of its call. A piece lies within a word, so
# instr finds it where it was made of.
_UNPOST_HEARD = (
    "DELETE FROM call_gram WHERE gram IN (SELECT value FROM call_transcript, json_each(pieces) WHERE recording = ?1) "
    "AND cdr IN (SELECT seq FROM cdr WHERE call = ?2) "
    "AND NOT EXISTS (SELECT 1 FROM call_note WHERE call = ?2 AND instr(folded, substr(gram, 2))) AND NOT EXISTS "
    "(SELECT 1 FROM call_transcript WHERE call = ?2 AND recording != ?1 AND instr(folded, substr(gram, 2)))")
_UNHEARD = "DELETE FROM call_transcript WHERE recording = ?"
_WHICH = "SELECT 1 FROM call_transcript WHERE call = ? AND instr(folded, ?) LIMIT 1"
_REACH = "SELECT count(*) AS many, min(cdr) AS least FROM (SELECT cdr FROM call_gram WHERE gram = ? AND cdr < ? " \
         "ORDER BY cdr DESC LIMIT ?)"
_POSTED = "SELECT cdr AS at FROM call_gram WHERE gram = ? AND cdr BETWEEN ? AND ? ORDER BY cdr DESC LIMIT ?"
_ALL = "SELECT seq AS at FROM cdr WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?"
_HAS = "EXISTS (SELECT 1 FROM call_gram WHERE gram = ? AND cdr = seq)"


@dataclass(frozen=True, slots=True)
class Found:
    """A call with what people have written to it: notes as (at, by, text), oldest first."""

    cdr: Cdr
    notes: tuple[tuple[str, str, str], ...] = ()
    tags: tuple[str, ...] = ()
    words_in: tuple[str, ...] = ()  # where the words asked for are: "note", "transcript"


@dataclass
class _Search:
    """A search under way: from which posting list, and how far it has come."""

    source: str
    given: list[str]
    where: str
    params: list[str | float]
    first: int
    last: int
    found: list[Cdr] = field(default_factory=list)


class SearchStore:
    """Keeps the tables `call_gram`, `call_note`, `call_tag` and `call_day`; hears each entry after CdrStore has.

    At start as that one: `applied`, `catch_up` from `replay_from`, then `hear`. Postings name the CDR that is in the
    database for the call, in whichever order their facts came.
    """

    KINDS: ClassVar[Wanted] = CdrReader.KINDS | {facts.CallNoted, facts.CallTagged, facts.RecordingTranscribed,
                                                facts.RecordingPurged}

    def __init__(self, store: Store, transcript: Callable[[str], str] = lambda file: "") -> None:
        """`transcript(file)`: all its words, which the journal does not tell; "" if it is gone or sealed."""
        self._store = store
        self._transcript = transcript
        self._reader = CdrReader(self._ended)
        self._rows: list[Statement] = []
        self._noted: dict[str, list[str]] = {}  # of calls under way: folded notes
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1

    def catch_up(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.hear(entry)

    def hear(self, entry: Entry) -> None:
        """The next entry of the journal; one that is stored already is heard to know what is open."""
        fact = entry.fact
        self._reader.hear(entry)
        if isinstance(fact, facts.CallNoted):
            self._note(entry, fact)
        elif isinstance(fact, facts.CallTagged):
            self._tag(entry, fact)
        elif isinstance(fact, facts.RecordingTranscribed) and entry.seq > self.applied:
            self._transcribed(fact)
        elif isinstance(fact, facts.RecordingPurged):
            self._rows += [(_UNPOST_HEARD, (fact.recording, fact.call)), (_UNHEARD, (fact.recording,))]
        elif isinstance(fact, facts.CallEnded):
            self._noted.pop(fact.call, None)
        rows, self._rows = self._rows, []
        if rows and entry.seq > self.applied:
            self.applied = entry.seq
            self._store.put_all([*rows, (_APPLIED, (_READER, entry.seq, self._reader.replay_from()))])

    async def find(self, asked: Asked, limit: int, before: int = 0) -> list[Found]:
        """At most `limit` calls, newest first; `before`: only CDRs older than this seq, to page on. 0: the newest.

        It looks at STEP calls in one round of the loop; between them calls go on.
        """
        search = self._begin(asked, before or _NEWEST)
        while search is not None and self._step(search, limit):
            await asyncio.sleep(0)
        return [self.written(cdr, asked) for cdr in search.found] if search is not None else []

    def written(self, cdr: Cdr, asked: Asked | None = None) -> Found:
        """A CDR with its notes and tags, and where the words are by which it was found."""
        notes = self._store.query("SELECT at, by, text FROM call_note WHERE call = ? ORDER BY seq", (cdr.call,))
        return Found(cdr, tuple((row["at"], row["by"], row["text"]) for row in notes), self.tags(cdr.call),
                     self._words_in(cdr.call, asked) if asked is not None else ())

    def _words_in(self, call: str, asked: Asked) -> tuple[str, ...]:
        words = asked.spoken()
        noted = any(self._store.query("SELECT 1 FROM call_note WHERE call = ? AND instr(folded, ?) LIMIT 1",
                                      (call, word)) for word in words)
        heard = asked.recorded and any(self._store.query(_WHICH, (call, word)) for word in words)
        return tuple(name for name, there in (("note", noted), ("transcript", heard)) if there)

    def tags(self, call: str) -> tuple[str, ...]:
        return tuple(row["tag"] for row in self._store.query("SELECT tag FROM call_tag WHERE call = ? ORDER BY tag",
                                                             (call,)))

    # ---- writing ----

    def _ended(self, cdr: Cdr) -> None:
        if cdr.disposition == "INTERRUPTED":  # a power cut may have taken its end from the journal, not from `cdr`
            rows = self._store.query(f"SELECT {', '.join(COLUMNS)} FROM cdr WHERE call = ?", (cdr.call,))
            cdr = cdr_of(rows[0]) if rows else cdr
        pieces = grams.cdr_grams(cdr)
        for text in self._noted.get(cdr.call, ()):
            pieces += grams.text_grams(text)
        self._rows += [(_POST, (_json(pieces), cdr.call)), (_POST_TAGS, (cdr.call,)),
                       (_POST_HEARD, (cdr.call,)), (_DAY, (cdr.call,))]

    def _transcribed(self, fact: facts.RecordingTranscribed) -> None:
        text = grams.folded(self._transcript(fact.file))
        if text:
            self._rows += [(_HEARD, (fact.recording, fact.call, text, _json(grams.text_grams(text)))),
                           (_POST_HEARD, (fact.call,))]

    def _note(self, entry: Entry, fact: facts.CallNoted) -> None:
        text = grams.folded(fact.text)
        if self._reader.is_open(fact.call):
            self._noted.setdefault(fact.call, []).append(text)
        self._rows += [(_NOTE, (entry.seq, fact.call, entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
                                fact.by, fact.text, text)), (_POST, (_json(grams.text_grams(text)), fact.call))]

    def _tag(self, entry: Entry, fact: facts.CallTagged) -> None:
        piece = grams.TAG + fact.tag
        self._rows += [(_TAG, (fact.call, fact.tag, entry.seq, fact.by)), (_POST, (_json([piece]), fact.call))] \
            if fact.on else [(_UNTAG, (fact.call, fact.tag)), (_UNPOST, (piece, fact.call))]

    # ---- finding ----

    def _begin(self, asked: Asked, before: int) -> _Search | None:
        """Begin at the rarest piece; None: one of them no call has, or no call is of those days."""
        (days,) = self._store.query("SELECT min(first) AS first, max(last) AS last FROM call_day "
                                    "WHERE day BETWEEN ? AND ?", asked.days())
        if days["first"] is None:
            return None
        first, last = days["first"], min(days["last"], before - 1)
        pieces = asked.pieces()
        reach = {piece: self._reach(piece, last + 1) for piece in pieces}
        if any(many == 0 for many, _ in reach.values()):
            return None
        pieces.sort(key=lambda piece: reach[piece])
        terms = [(_HAS, [piece]) for piece in pieces[1:]] + asked.terms()
        return _Search(_POSTED if pieces else _ALL, pieces[:1], " AND ".join(term for term, _ in terms) or "1",
                       [param for _, params in terms for param in params], first, last)

    def _reach(self, piece: str, before: int) -> tuple[int, int]:
        """How many of the newest _SAMPLE postings there are, and how far back they reach: less is rarer."""
        (row,) = self._store.query(_REACH, (piece, before, _SAMPLE))
        return row["many"], row["least"] or 0

    def _step(self, search: _Search, limit: int) -> bool:
        """Look at the next STEP calls; False: it has all, or enough."""
        window = [*search.given, search.first, search.last, STEP]
        (seen,) = self._store.query(f"SELECT count(*) AS many, min(at) AS least FROM ({search.source})", window)
        rows = self._store.query(
            f"SELECT {', '.join(COLUMNS)} FROM ({search.source}) CROSS JOIN cdr ON seq = at "
            f"WHERE {search.where} ORDER BY at DESC LIMIT ?", [*window, *search.params, limit - len(search.found)])
        search.found += [cdr_of(row) for row in rows]
        search.last = (seen["least"] or 0) - 1
        return seen["many"] == STEP and len(search.found) < limit


def _json(pieces: Iterable[str]) -> str:
    return json.dumps(grams.storable(pieces), ensure_ascii=False)
