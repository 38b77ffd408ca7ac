"""EXEC: Asterisk's applications that have a meaning here, each carried out by what the house has for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.hearing import get_data, record_file, say_digits, say_letters, say_number, sounds
from ccappliance.apps.ivr.agi.session import BadWord, Session
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call.leg import Leg, LegGone

UNKNOWN = grammar.result(-2)
DONE = grammar.result(0)
RING = 60.0  # s that Dial rings unless told
LONGEST = 86_400.0  # s of any wait

Application = Callable[[Session, list[str]], Awaitable[str]]


async def execute(session: Session, words: list[str]) -> str:
    """`EXEC Name "one,two"`. -2: there is no such application here; -1: the caller has left."""
    application = APPLICATIONS.get(words[0].lower())
    if application is None:
        return UNKNOWN
    if session.dead and application not in (nothing, assign):
        return grammar.result(-1)
    options = session.names.expand(words[1]) if len(words) > 1 else ""
    try:
        return await application(session, options.split(","))
    except BadWord:
        return grammar.result(-1)


async def nothing(session: Session, options: list[str]) -> str:
    return DONE


async def answer(session: Session, options: list[str]) -> str:
    await session.call.answer()
    return DONE


async def hangup(session: Session, options: list[str]) -> str:
    session.hang_up()
    return grammar.result(-1)


async def busy(session: Session, options: list[str]) -> str:
    session.call.end_cause = Cause.BUSY
    return await hangup(session, options)


async def congestion(session: Session, options: list[str]) -> str:
    session.call.end_cause = Cause.CONGESTION
    return await hangup(session, options)


async def assign(session: Session, options: list[str]) -> str:
    """Set(name=value): a comma belongs to the value."""
    name, sign, value = ",".join(options).partition("=")
    if not sign:
        raise BadWord
    session.names.set(name, value)
    return DONE


async def wait(session: Session, options: list[str]) -> str:
    """Keys pressed meanwhile are kept, so nothing is asked of them."""
    await session.keys.wait(_seconds(options[0]), "")
    return DONE


async def playback(session: Session, options: list[str]) -> str:
    return await _play(session, options[0], "")


async def background(session: Session, options: list[str]) -> str:
    """A key ends it, and is the answer."""
    return await _play(session, options[0], "0123456789*#")


async def music(session: Session, options: list[str]) -> str:
    """MusicOnHold(class,seconds)"""
    seconds = _seconds(options[1]) if len(options) > 1 and options[1] else LONGEST
    await session.call.answer()
    playing = session.call.anchor.start([session.visit.tools.book.get("music", session.call.language)], repeat=True)
    try:
        await session.keys.wait(seconds, "")
    finally:
        playing.stop()
    return DONE


async def read(session: Session, options: list[str]) -> str:
    """Read(variable,file,digits,,attempts,seconds)"""
    given = [*options, "", "", "", "", ""]
    milliseconds = str(round(_seconds(given[5]) * 1000)) if given[5] else ""
    told = await get_data(session, [given[1] or "beep", milliseconds, given[2]])
    digits = told.removeprefix("200 result=").partition(" ")[0]
    session.names.set(given[0], "" if digits == "-1" else digits)
    return DONE


async def record(session: Session, options: list[str]) -> str:
    """Record(name.wav,silence,seconds)"""
    given = [*options, "", ""]
    name, _, form = given[0].rpartition(".")
    told = await record_file(session, [name, form, "#", str(round(_seconds(given[2] or "-1") * 1000)), "0", "beep",
                                       f"s={given[1] or 0}"])
    return grammar.result(-1) if told.startswith("200 result=-1") else DONE


async def queue(session: Session, options: list[str]) -> str:
    """Queue(name): until the caller comes back, which is when his agent has hung up or nobody took him."""
    await session.send_to(f"queue:{options[0]}")
    return DONE


async def dial(session: Session, options: list[str]) -> str:
    """Dial(TECHNOLOGY/number,seconds): a station of the house, and the caller talks to it. DIALSTATUS says how it went.

    Outside numbers are for the nodes of a flow, whose patterns are in the configuration: a script could be talked into
    dialling anything.
    """
    number = options[0].rpartition("/")[2]
    seconds = _seconds(options[1]) if len(options) > 1 and options[1] else RING
    session.names.set("DIALSTATUS", "")
    try:
        leg = session.call.place(number)
    except Refused as refused:
        session.names.set("DIALSTATUS", "BUSY" if refused.code == "busy" else "CHANUNAVAIL")
        return DONE
    await session.away(_ring(session, leg, seconds))
    return DONE


async def _ring(session: Session, leg: Leg, seconds: float) -> None:
    """Until he answers and they have talked, or he does not. The caller hears music meanwhile."""
    call = session.call
    await call.answer()
    playing = call.anchor.start([session.visit.tools.book.get("music", call.language)], repeat=True)
    timer = asyncio.get_running_loop().call_later(seconds, leg.clear, Cause.NO_ANSWER)
    try:
        await leg.answered()
    except LegGone as gone:
        if gone.leg is not leg:
            raise
        answers = {Cause.BUSY: "BUSY", Cause.NO_ANSWER: "NOANSWER"}
        session.names.set("DIALSTATUS", answers.get(gone.cause, "CHANUNAVAIL"))
        return
    except asyncio.CancelledError:
        leg.clear(Cause.NORMAL)
        raise
    finally:
        timer.cancel()
        if not call.anchor.is_gone:
            playing.stop()
    session.names.set("DIALSTATUS", "ANSWER")
    end = await call.converse(leg)
    await session.walk(end.next)


async def digits(session: Session, options: list[str]) -> str:
    return await say_digits(session, [options[0], ""])


async def number(session: Session, options: list[str]) -> str:
    return await say_number(session, [options[0], ""])


async def letters(session: Session, options: list[str]) -> str:
    return await say_letters(session, [options[0], ""])


async def _play(session: Session, names: str, stops: str) -> str:
    """Files joined by &; -1 if one is not there."""
    await session.call.answer()
    for name in names.split("&"):
        found = await sounds(session, name)
        if found is None:
            session.names.set("PLAYBACKSTATUS", "FAILED")
            return grammar.result(-1)
        digit, _ = await session.keys.play(found, stops)
        if digit:
            return grammar.key_result(digit)
    session.names.set("PLAYBACKSTATUS", "SUCCESS")
    return DONE


def _seconds(word: str) -> float:
    """BadWord if it is no number of seconds."""
    try:
        seconds = float(word)
    except ValueError:
        raise BadWord from None
    if seconds != seconds or abs(seconds) > LONGEST:
        raise BadWord
    return seconds


APPLICATIONS: Mapping[str, Application] = MappingProxyType({
    "answer": answer, "background": background, "busy": busy, "congestion": congestion, "dial": dial, "hangup": hangup,
    "log": nothing, "musiconhold": music, "noop": nothing, "playback": playback, "progress": nothing, "queue": queue,
    "read": read, "record": record, "ringing": nothing, "sayalpha": letters, "saydigits": digits, "saynumber": number,
    "set": assign, "verbose": nothing, "wait": wait})
