"""Finding calls that are over: what may be asked, and each question as pieces to look up and terms to check."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_ASKED
from ccappliance.call import grams

MAX_WORDS = 8  # words of one question
MAX_TAGS = 8
_WRITTEN = str.maketrans("", "", " -()./")  # what people write between digits
_DURATION_MOST = 10 * 365 * 86400.0
_NOTED = "EXISTS (SELECT 1 FROM call_note WHERE call_note.call = cdr.call AND instr(folded, ?))"
_HEARD = "EXISTS (SELECT 1 FROM call_transcript WHERE call_transcript.call = cdr.call AND instr(folded, ?))"

Term = tuple[str, list[str | float]]  # SQL over a row of `cdr`, and its parameters


@dataclass(frozen=True, slots=True)
class Asked:
    """What calls must have, all of it; "", () and None ask nothing.

    `since`, `until`: of the beginning, the second exclusive, with a time zone. `number`: any part of calling, called or
    the last party. `words`: each is in one of the notes, or with `recorded` in a transcript, as a part of them.
    `longest`, `shortest`: seconds, inclusive.
    Refused("bad_parameters") says what is wrong.
    """

    since: datetime | None = None
    until: datetime | None = None
    number: str = ""
    agent: str = ""
    queue: str = ""
    disposition: str = ""
    shortest: float | None = None
    longest: float | None = None
    words: str = ""
    tags: Sequence[str] = ()
    variable: str = ""  # NAME or NAME=VALUE
    recorded: bool = False  # only calls with a recording

    def __post_init__(self) -> None:
        for name in ("number", "agent", "queue", "disposition", "words", "variable"):
            _check(name, getattr(self, name))
        for tag in self.tags:
            _check("tags", tag)
            if not tag:
                raise Refused("bad_parameters", "'tags' has an empty one: leave it out")
        if self.number and not self.digits():
            raise Refused("bad_parameters", f"{self.number!r} has no digit of a number")
        if len(self.tags) > MAX_TAGS or len(self.spoken()) > MAX_WORDS:
            raise Refused("bad_parameters", f"at most {MAX_WORDS} words and {MAX_TAGS} tags can be asked for at once")
        if self.variable.startswith("="):
            raise Refused("bad_parameters", f"{self.variable!r} has no name: write NAME=VALUE")
        for name, seconds in (("shortest", self.shortest), ("longest", self.longest)):
            if seconds is not None and not 0 <= seconds <= _DURATION_MOST:
                raise Refused("bad_parameters", f"'{name}' must be seconds from 0 on, not {seconds}")
        if self.shortest is not None and self.longest is not None and self.shortest > self.longest:
            raise Refused("bad_parameters", "no call is at least 'shortest' and at most 'longest': exchange them")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise Refused("bad_parameters", "'since' must be before 'until'")

    def digits(self) -> str:
        return self.number.translate(_WRITTEN)

    def spoken(self) -> list[str]:
        return grams.folded(self.words).split()

    def pieces(self) -> list[str]:
        """Grams that all calls asked for have, each once; none: every call has to be looked at."""
        name, _, value = self.variable.partition("=")
        found = grams.number_grams(self.digits())
        for word in self.spoken():
            found += grams.word_grams(word)
        found += [grams.TAG + tag for tag in self.tags]
        found += [kind + given for kind, given in ((grams.AGENT, self.agent), (grams.QUEUE, self.queue),
                                                   (grams.DISPOSITION, self.disposition)) if given]
        found += grams.variable_grams(name, value)[-1:] if name else []
        at_least = [bound for bound in grams.LONGER if self.shortest is not None and bound <= self.shortest]
        at_most = [bound for bound in grams.SHORTER if self.longest is not None and bound >= self.longest]
        found += [f"{grams.LONG}{bound}" for bound in at_least[-1:]]
        found += [f"{grams.SHORT}{bound}" for bound in at_most[:1]]
        found += [grams.RECORDED] if self.recorded else []
        return list(dict.fromkeys(found))

    def terms(self) -> list[Term]:
        """What the pieces do not prove."""
        found: list[Term] = []
        if self.number:
            found.append(("(instr(calling, ?) OR instr(called, ?) OR instr(partner, ?))", [self.digits()] * 3))
        found += [(f"({_NOTED} OR {_HEARD})", [word, word]) if self.recorded else (_NOTED, [word])
                  for word in self.spoken()]
        name, _, value = self.variable.partition("=")
        if value:
            found.append(("EXISTS (SELECT 1 FROM json_each(cdr.variables) WHERE key = ? AND value = ?)", [name, value]))
        found += [(f"{column} {than} ?", [bound]) for column, than, bound in (
            ("duration", ">=", self.shortest), ("duration", "<=", self.longest),
            ("started_at", ">=", _instant(self.since)), ("started_at", "<", _instant(self.until)))
            if bound is not None]
        return found

    def days(self) -> tuple[str, str]:
        """The UTC days that may have such calls, both inclusive."""
        return (_instant(self.since) or "0000")[:10], (_instant(self.until) or "9999-99-99")[:10]


def instant(text: str, zone: tzinfo, *, end: bool = False) -> datetime:
    """A moment as people write it, in `zone` if they name none; `end`: of a day, its end. Refused("bad_parameters")."""
    try:
        at = datetime.fromisoformat(text)
        if end and len(text) <= len("2026-11-22"):
            at += timedelta(days=1)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("bad_parameters", f"{text!r} is no day or time: write 2026-11-22 or 2026-11-22T08:30") from None


def _instant(at: datetime | None) -> str | None:
    """As `cdr` keeps them: to a millisecond, the next one if between two."""
    if at is None:
        return None
    beyond = at.microsecond % 1000
    up = at.astimezone(UTC) + timedelta(microseconds=1000 - beyond if beyond else 0)
    return up.isoformat(timespec="milliseconds")


def _check(name: str, text: str) -> None:
    if len(text) > MAX_ASKED:
        raise Refused("bad_parameters", f"'{name}' has {len(text)} characters; at most {MAX_ASKED} can be asked for")
    if any(unicodedata.category(character).startswith("C") for character in text):
        raise Refused("bad_parameters", f"'{name}' has characters that cannot be printed: leave them out")
