"""The commands of AGI about the call, its variables and the database; and the table of all commands."""

import asyncio
import logging
from collections.abc import Mapping
from types import MappingProxyType

from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.applications import execute
from ccappliance.apps.ivr.agi.hearing import (
    control_stream_file,
    get_data,
    get_option,
    record_file,
    say_date,
    say_datetime,
    say_digits,
    say_letters,
    say_number,
    say_time,
    stream_file,
    wait_for_digit,
)
from ccappliance.apps.ivr.agi.names import channel_name, channel_status
from ccappliance.apps.ivr.agi.session import Command, Session, whole
from ccappliance.base.causes import Cause

log = logging.getLogger("ccappliance.ivr.agi")

NO_SUCH_CHANNEL = grammar.result(-1)
MAX_AUTOHANGUP = 86_400  # s


def _ours(session: Session, words: list[str]) -> bool:
    """No channel is named, or our own: a script has no business with other calls."""
    return not words or words[0] in ("", channel_name(session.call))


async def answer(session: Session, words: list[str]) -> str:
    await session.call.answer()
    return grammar.result(0)


async def hangup(session: Session, words: list[str]) -> str:
    if not _ours(session, words):
        return NO_SUCH_CHANNEL
    session.hang_up()
    return grammar.result(1)


async def status(session: Session, words: list[str]) -> str:
    return grammar.result(channel_status(session.call)) if _ours(session, words) else NO_SUCH_CHANNEL


async def get_variable(session: Session, words: list[str]) -> str:
    value = session.names.get(words[0])
    return grammar.result(0) if value is None else grammar.result(1, grammar.one_line(value))


async def get_full_variable(session: Session, words: list[str]) -> str:
    if not _ours(session, words[1:]):
        return grammar.result(0)
    value = session.names.expand(words[0])
    return grammar.result(1, grammar.one_line(value)) if value else grammar.result(0)


async def set_variable(session: Session, words: list[str]) -> str:
    session.names.set(words[0], words[1])
    return grammar.result(1)


async def set_callerid(session: Session, words: list[str]) -> str:
    session.names.set_caller(f'"{words[0]}" {words[1]}' if len(words) == 2 else words[0])
    return grammar.result(1)


async def set_autohangup(session: Session, words: list[str]) -> str:
    """It holds for the call, also after the script has ended."""
    seconds = whole(words[0])
    if session.autohangup is not None:
        session.autohangup.cancel()
        session.autohangup = None
    if seconds > 0:
        anchor = session.call.anchor
        session.autohangup = timer = asyncio.get_running_loop().call_later(min(seconds, MAX_AUTOHANGUP), anchor.clear,
                                                                           Cause.NORMAL, "SET AUTOHANGUP")
        anchor.on_gone(lambda _: timer.cancel())
    return grammar.result(0)


async def set_music(session: Session, words: list[str]) -> str:
    session.music = words[0].lower() == "on"
    return grammar.result(0)


async def verbose(session: Session, words: list[str]) -> str:
    log.info("a script says", extra={"fields": {"call": session.call.id, "script": session.script,
                                                "text": words[0][:500]}})
    return grammar.result(1)


async def nothing(session: Session, words: list[str]) -> str:
    """What has no meaning here, and is harmless to leave undone."""
    return grammar.result(0)


async def receive(session: Session, words: list[str]) -> str:
    """Telephones send no text."""
    return grammar.result(-1, "hangup")


async def gosub(session: Session, words: list[str]) -> str:
    """There is no dialplan to go to."""
    return grammar.NO_GOSUB


async def database_get(session: Session, words: list[str]) -> str:
    value = session.workshop.database.get(words[0], words[1])
    return grammar.result(0) if value is None else grammar.result(1, grammar.one_line(value))


async def database_put(session: Session, words: list[str]) -> str:
    session.workshop.database.put(words[0], words[1], words[2])
    return grammar.result(1)


async def database_del(session: Session, words: list[str]) -> str:
    return grammar.result(1 if session.workshop.database.delete(words[0], words[1]) else 0)


async def database_deltree(session: Session, words: list[str]) -> str:
    session.workshop.database.delete_tree(*words)
    return grammar.result(1)


def _table() -> dict[str, Command]:
    keys = "ESCAPE_DIGITS: keys that end it."
    call = {
        "ANSWER": Command(0, 0, answer, "ANSWER: answers the call."),
        "HANGUP": Command(0, 1, hangup, "HANGUP [CHANNEL]: ends the call."),
        "CHANNEL STATUS": Command(0, 1, status, "CHANNEL STATUS [CHANNEL]: 6 is up, 4 rings."),
        "SET AUTOHANGUP": Command(1, 1, set_autohangup, "SET AUTOHANGUP SECONDS: ends the call then; 0: no more."),
        "SET CALLERID": Command(1, 2, set_callerid, 'SET CALLERID "NAME"<NUMBER>'),
        "SET CONTEXT": Command(1, 1, nothing, "SET CONTEXT NAME: has no effect here."),
        "SET EXTENSION": Command(1, 1, nothing, "SET EXTENSION NUMBER: has no effect here."),
        "SET PRIORITY": Command(1, 1, nothing, "SET PRIORITY NUMBER: has no effect here."),
        "SET MUSIC": Command(1, 2, set_music, "SET MUSIC on|off [CLASS]: music while the script says nothing."),
        "SEND TEXT": Command(1, 1, nothing, "SEND TEXT TEXT: telephones show no text."),
        "RECEIVE CHAR": Command(1, 1, receive, "RECEIVE CHAR MILLISECONDS"),
        "RECEIVE TEXT": Command(1, 1, receive, "RECEIVE TEXT MILLISECONDS"),
        "TDD MODE": Command(1, 1, nothing, "TDD MODE on|off: telephones have none."),
        "GOSUB": Command(3, 4, gosub, "GOSUB CONTEXT EXTENSION PRIORITY [ARGUMENT]: there is no dialplan."),
        "EXEC": Command(1, 2, execute, "EXEC APPLICATION [OPTIONS]", dead=True),
        "VERBOSE": Command(1, 2, verbose, "VERBOSE MESSAGE [LEVEL]: writes to the log.", dead=True),
        "NOOP": Command(0, grammar.MAX_WORDS, nothing, "NOOP", dead=True),
        "ASYNCAGI BREAK": Command(0, 0, nothing, "ASYNCAGI BREAK", dead=True),
        "GET VARIABLE": Command(1, 1, get_variable, "GET VARIABLE NAME", dead=True),
        "GET FULL VARIABLE": Command(1, 2, get_full_variable, "GET FULL VARIABLE TEXT [CHANNEL]: with each ${NAME} "
                                                              "replaced.", dead=True),
        "SET VARIABLE": Command(2, 2, set_variable, "SET VARIABLE NAME VALUE", dead=True),
        "DATABASE GET": Command(2, 2, database_get, "DATABASE GET FAMILY KEY", dead=True),
        "DATABASE PUT": Command(3, 3, database_put, "DATABASE PUT FAMILY KEY VALUE", dead=True),
        "DATABASE DEL": Command(2, 2, database_del, "DATABASE DEL FAMILY KEY", dead=True),
        "DATABASE DELTREE": Command(1, 2, database_deltree, "DATABASE DELTREE FAMILY [TREE]", dead=True)}
    played = "200 result=-1 endpos=0"
    sound = {
        "STREAM FILE": Command(2, 3, stream_file, f"STREAM FILE NAME ESCAPE_DIGITS [SAMPLES]. {keys}", gone=played),
        "CONTROL STREAM FILE": Command(2, 6, control_stream_file, "CONTROL STREAM FILE NAME ESCAPE_DIGITS "
                                       f"[MILLISECONDS] [FORWARD] [REWIND] [PAUSE]. {keys}", gone=played),
        "GET DATA": Command(1, 3, get_data, "GET DATA NAME [MILLISECONDS] [DIGITS]: # ends them."),
        "GET OPTION": Command(2, 3, get_option, f"GET OPTION NAME ESCAPE_DIGITS [MILLISECONDS]. {keys}", gone=played),
        "WAIT FOR DIGIT": Command(1, 1, wait_for_digit, "WAIT FOR DIGIT MILLISECONDS; -1: for ever."),
        "RECORD FILE": Command(4, 7, record_file, "RECORD FILE NAME wav ESCAPE_DIGITS MILLISECONDS [SAMPLES] [BEEP] "
                               f"[s=SILENCE]. {keys}", gone="200 result=-1 (hangup) endpos=0"),
        "SAY DIGITS": Command(2, 2, say_digits, f"SAY DIGITS DIGITS ESCAPE_DIGITS. {keys}"),
        "SAY NUMBER": Command(2, 3, say_number, f"SAY NUMBER NUMBER ESCAPE_DIGITS. {keys}"),
        "SAY ALPHA": Command(2, 3, say_letters, f"SAY ALPHA TEXT ESCAPE_DIGITS. {keys}"),
        "SAY PHONETIC": Command(2, 2, say_letters, f"SAY PHONETIC TEXT ESCAPE_DIGITS. {keys}"),
        "SAY DATE": Command(2, 2, say_date, f"SAY DATE SECONDS ESCAPE_DIGITS: seconds since 1970. {keys}"),
        "SAY TIME": Command(2, 2, say_time, f"SAY TIME SECONDS ESCAPE_DIGITS: seconds since 1970. {keys}"),
        "SAY DATETIME": Command(2, 4, say_datetime, f"SAY DATETIME SECONDS ESCAPE_DIGITS [FORMAT] [ZONE]. {keys}")}
    return call | sound


COMMANDS: Mapping[tuple[str, ...], Command] = MappingProxyType(
    {tuple(name.split(" ")): command for name, command in _table().items()})
