"""The commands of AGI that the caller hears, and those that hear him."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.keys import ANY
from ccappliance.apps.ivr.agi.session import BadWord, Session, whole
from ccappliance.apps.ivr.agi.taping import tape
from ccappliance.base.limits import MAX_COLLECT
from ccappliance.base.units import RATE
from ccappliance.media.ports import Sound

OPTION = 5.0  # s that GET OPTION waits after the sound unless told
FIRST, BETWEEN = 6.0, 2.0  # s that GET DATA waits unless told, as Asterisk's
NO_FILE = "200 result=-1 endpos=0"
DATE, TIME, WEEKDAY = "ABbdehmYQq", "HIklMSTpPR", "Aa"  # letters of a format of SAY DATETIME


async def sounds(session: Session, name: str) -> list[Sound] | None:
    """What is to be played; None if there is no such sound."""
    found = await session.workshop.folder.find(name, session.call.language, anywhere=session.local)
    return None if found is None else [found]


async def _say(session: Session, said: Sequence[Sound], stops: str) -> str:
    digit, _ = await session.keys.play(said, stops)
    return grammar.key_result(digit)


# ---- files ----


async def stream_file(session: Session, words: list[str]) -> str:
    found = await sounds(session, words[0])
    if found is None:
        return NO_FILE
    begin = max(0, whole(words[2] or "0")) / RATE if len(words) > 2 else 0.0
    begin = min(begin, found[0].seconds)
    digit, played = await session.keys.play(found, words[1], begin)
    return grammar.key_result(digit, endpos=round((begin + played.seconds) * RATE))


async def control_stream_file(session: Session, words: list[str]) -> str:
    """As STREAM FILE; keys (# * and none unless told) skip forward, back and pause. endpos counts milliseconds."""
    found = await sounds(session, words[0])
    if found is None:
        return NO_FILE
    stops = words[1]
    skip = max(0, whole(words[2] or "3000")) / 1000 if len(words) > 2 else 3.0
    given = [*words[3:], "", "", ""]
    forward, back, pause = given[0] or "#", given[1] or "*", given[2]
    at, total = 0.0, found[0].seconds
    while at < total:
        digit, played = await session.keys.play(found, f"{stops}{forward}{back}{pause}", at)
        at = min(total, at + played.seconds)
        if digit and digit in stops:
            return grammar.key_result(digit, endpos=round(at * 1000))
        if digit and digit in pause:
            digit = await session.keys.wait(None, f"{stops}{pause}")
            if digit in stops:
                return grammar.key_result(digit, endpos=round(at * 1000))
        elif digit:
            at = min(total, at + skip) if digit in forward else max(0.0, at - skip)
    return grammar.result(0, endpos=-1)


async def record_file(session: Session, words: list[str]) -> str:
    name, form, stops, milliseconds = words[:4]
    more = words[4:]
    silence = next((whole(word[2:]) for word in more if word.lower().startswith("s=")), 0)
    beep = any(word and not word.lstrip("-").isdigit() and not word.lower().startswith("s=") for word in more)
    return await tape(session, name, form, stops=stops, most=whole(milliseconds) / 1000, beep=beep, silence=silence)


# ---- keys ----


async def get_data(session: Session, words: list[str]) -> str:
    """Digits until #, so many, or the time; the first one stops the sound."""
    found = await sounds(session, words[0])
    if found is None:
        return grammar.result(-1)
    milliseconds = whole(words[1] or "-1") if len(words) > 1 else -1
    most = min(max(1, whole(words[2] or "0") or MAX_COLLECT), MAX_COLLECT) if len(words) > 2 else MAX_COLLECT
    first, between = (milliseconds / 1000, milliseconds / 1000) if milliseconds > 0 else (FIRST, BETWEEN)
    digit, _ = await session.keys.play(found, ANY)
    digit = digit or await session.keys.wait(first)
    digits = ""
    while digit and digit != "#":
        digits += digit
        if len(digits) == most:
            break
        digit = await session.keys.wait(between)
    reason = "timeout" if not digit else "terminator" if digit == "#" else "complete"
    session.visit.collected(digits, reason)
    return f"200 result={digits} (timeout)" if not digit else grammar.result(digits)


async def get_option(session: Session, words: list[str]) -> str:
    found = await sounds(session, words[0])
    if found is None:
        return NO_FILE
    seconds = whole(words[2]) / 1000 if len(words) > 2 and words[2] else OPTION
    digit, played = await session.keys.play(found, words[1])
    if not digit and seconds > 0:
        digit = await session.keys.wait(seconds, words[1])
    return grammar.key_result(digit, endpos=round(played.seconds * RATE))


async def wait_for_digit(session: Session, words: list[str]) -> str:
    milliseconds = whole(words[0])
    return grammar.key_result(await session.keys.wait(None if milliseconds < 0 else milliseconds / 1000))


# ---- values ----


async def say_digits(session: Session, words: list[str]) -> str:
    if not words[0] or any(digit not in "0123456789*#" for digit in words[0]):
        raise BadWord
    return await _say(session, session.visit.tools.say.digits(words[0], session.call.language), words[1])


async def say_number(session: Session, words: list[str]) -> str:
    return await _say(session, session.visit.tools.say.number(whole(words[0]), session.call.language), words[1])


async def say_letters(session: Session, words: list[str]) -> str:
    """Digits only: for letters there are no announcements, which is answered as an error."""
    if not words[0] or any(character not in "0123456789*#" for character in words[0]):
        return grammar.result(-1)
    return await say_digits(session, words)


async def say_date(session: Session, words: list[str]) -> str:
    said = session.visit.tools.say.date(_moment(session, words[0]).date(), session.call.language)
    return await _say(session, said, words[1])


async def say_time(session: Session, words: list[str]) -> str:
    said = session.visit.tools.say.time(_moment(session, words[0]).time(), session.call.language)
    return await _say(session, said, words[1])


async def say_datetime(session: Session, words: list[str]) -> str:
    """Date and time in the language's own order; the format says only which of the two, and whether the weekday."""
    form = words[2] if len(words) > 2 and words[2] else f"{DATE}{TIME}"
    when = _moment(session, words[0], words[3] if len(words) > 3 else "")
    say, language = session.visit.tools.say, session.call.language
    said: list[Sound] = []
    if any(letter in DATE for letter in form):
        said += say.date(when.date(), language, weekday=any(letter in WEEKDAY for letter in form))
    if any(letter in TIME for letter in form):
        said += say.time(when.time(), language)
    if not said:
        raise BadWord
    return await _say(session, said, words[1])


def _moment(session: Session, word: str, zone: str = "") -> datetime:
    """Seconds since 1970 where the caller lives, or in that zone. BadWord."""
    where: tzinfo = session.visit.tools.zone
    try:
        where = ZoneInfo(zone) if zone else where
        return datetime.fromtimestamp(whole(word), where)
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        raise BadWord from None
