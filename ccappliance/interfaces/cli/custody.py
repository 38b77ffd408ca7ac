"""`ccappliance recordings …`: begin, hear, take away, hold and delete; the commands of custody."""

import base64
import contextlib
import csv
import hashlib
import shlex
import shutil
import subprocess
from array import array
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, cast

import click

from ccappliance.base.errors import Refused
from ccappliance.interfaces.cli.command import ClientCommand, ask, connect, echo_json
from ccappliance.interfaces.cli.finding import asked
from ccappliance.interfaces.cli.table import clean, table
from ccappliance.media.files import HEADER, wav_header

_CALL = click.option("--call", required=True, metavar="ID", help="The call.")
_ONE = click.option("--call", default="", metavar="ID", help="One call, instead of those that are found.")
_WHY = click.option("--why", required=True, metavar="TEXT", help="The reason, for the journal.")
_PLAYERS = (("aplay", "aplay -q -"), ("play", "play -q -t wav -"), ("ffplay", "ffplay -nodisp -autoexit -i -"))
_INDEX = ("file", "call", "recording", "started_at", "calling", "called", "queue", "agent", "disposition", "talk",
          "sha256")
_LIMITS = ("limit", "before")


@click.command("start", cls=ClientCommand)
@_CALL
def start(call: str, as_json: bool, socket: Path | None) -> None:
    """Record a conversation from now on, where a rule does not forbid it."""
    done = ask(socket, "recordings.start", call=call)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} is being recorded")


@click.command("stop", cls=ClientCommand)
@_CALL
def stop(call: str, as_json: bool, socket: Path | None) -> None:
    """End a recording that was begun on demand."""
    done = ask(socket, "recordings.stop", call=call)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} is not recorded any more")


@click.command("play", cls=ClientCommand)
@_CALL
@click.option("--recording", default="", metavar="ID", help="Which, if it has several; else the first.")
@click.option("--with", "player", default="", metavar="COMMAND", help="What plays a WAV from its standard input.")
@click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")
def play(call: str, recording: str, player: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Hear a recording on this machine; the journal says who did."""
    command = player or next((words for name, words in _PLAYERS if shutil.which(name)), "")
    if not command:
        raise Refused("no_player", "there is no aplay, play or ffplay here: apt install alsa-utils, or name one --with")
    with _sound(socket, "recordings.play", call=call, recording=recording, why=why) as (head, sound):
        try:
            with subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE) as process:
                assert process.stdin is not None
                for data in sound:
                    process.stdin.write(data)
        except BrokenPipeError:
            pass  # he has heard enough
        except OSError as error:
            raise Refused("no_player", f"'{command}' does not start: {error.strerror}") from error
    echo_json(head) if as_json else click.echo(f"recording {clean(head['recording'])} was played")


@click.command("export", cls=ClientCommand)
@_ONE
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="PATH",
              help="A file for one call; a folder, which gets an index.csv, for many.")
@_WHY
@click.option("--mixed", is_flag=True, help="Both voices in one channel; else left the customer, right what he heard.")
@asked
def export(call: str, to: Path, why: str, mixed: bool, as_json: bool, socket: Path | None, **options: Any) -> None:
    """Take recordings away as WAV files: of one call, or of all that are found."""
    rows = _rows(socket, call, options)
    folder = to.is_dir() or not call
    if folder:
        to.mkdir(parents=True, exist_ok=True)
    done = []
    for row in rows:
        kept = [one for one in row.get("kept", []) if not one["gone_at"]]
        for number, one in enumerate(kept):
            name = to / f"{_safe(one['recording'])}.wav" if folder else to if number == 0 else to.with_stem(
                f"{to.stem}-{number + 1}")
            asked_for = {"call": row["id"], "recording": one["recording"], "why": why}
            with _sound(socket, "recordings.export", **asked_for) as (head, sound):
                digest = _write(name, head["size"], sound, mixed)
            done.append({**{column: row.get(column, "") for column in _INDEX}, "file": name.name, "call": row["id"],
                         "recording": one["recording"], "sha256": digest})
    if call and not done:
        raise Refused("no_recording", f"call {call} is not over, or has no recording that is still there")
    if folder:
        _index(to / "index.csv", done)
    echo_json(done) if as_json else click.echo(f"{len(done)} recordings in {to}")


@click.command("hold", cls=ClientCommand)
@_ONE
@_WHY
@asked
def hold(call: str, why: str, as_json: bool, socket: Path | None, **options: Any) -> None:
    """Let nothing of a call, or of all calls that are found, be deleted until it is released."""
    _each(socket, as_json, call, options, "held", lambda one: ask(socket, "recordings.hold", call=one, why=why))


@click.command("release", cls=ClientCommand)
@_ONE
@_WHY
@click.option("--holder", default="", metavar="WHO", help="Who holds it, if it is not you.")
@asked
def release(call: str, why: str, holder: str, as_json: bool, socket: Path | None, **options: Any) -> None:
    """Let go what is held; then it is deleted as the rules say."""
    _each(socket, as_json, call, options, "released",
          lambda one: ask(socket, "recordings.release", call=one, why=why, holder=holder))


@click.command("delete", cls=ClientCommand)
@_CALL
@_WHY
def delete(call: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Delete the recordings of a call for good; refused while it is held or must be kept."""
    done = ask(socket, "recordings.delete", call=call, why=why)
    many = len(done["recordings"])
    echo_json(done) if as_json else click.echo(f"{many} recordings of call {clean(call)} are deleted")


@click.command("heard", cls=ClientCommand)
@_CALL
def heard(call: str, as_json: bool, socket: Path | None) -> None:
    """Who has played, exported, held, released or deleted recordings of a call."""
    rows = ask(socket, "recordings.heard", call=call)
    if as_json:
        echo_json(rows)
        return
    click.echo(table(rows, ["at", "what", "by", "recording", "why"]) if rows else "nobody")


@click.command("transcript", cls=ClientCommand)
@_CALL
@click.option("--recording", default="", metavar="ID", help="Which, if it has several; else the first.")
@click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")
def transcript(call: str, recording: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Read what was said in a recording; the journal says who did."""
    found = ask(socket, "recordings.transcript", call=call, recording=recording, why=why)
    if as_json:
        echo_json(found)
        return
    click.echo(f"recording {clean(found['recording'])}, by {clean(found['engine'])} ({clean(found['language'])})")
    rows = [line | {"from": f"{line['from']:.1f}", "to": f"{line['to']:.1f}"} for line in found["lines"]]
    click.echo(table(rows, ["from", "to", "leg", "text"]) if rows else "nothing was understood")


COMMANDS = (start, stop, play, export, hold, release, delete, heard, transcript)


def _rows(socket: Path | None, call: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls meant, each as `calls.show` has it."""
    given = {name: list(value) if name == "tags" else value for name, value in options.items()
             if value is not None and value != () and value != ""}
    if not call and not set(given) - set(_LIMITS):
        raise Refused("bad_parameters", "name a call, or what to find it by: --since, --queue, --number …")
    found = [{"id": call}] if call else ask(socket, "recordings.find", **given)
    if not call and len(found) == options["limit"]:
        raise Refused("too_many", f"there are {len(found)} or more: raise --limit, or ask for fewer")
    return [ask(socket, "calls.show", call=row["id"]) for row in found]


def _each(socket: Path | None, as_json: bool, call: str, options: dict[str, Any], done: str,
          act: Callable[[str], object]) -> None:
    calls = [call] if call else [row["id"] for row in _rows(socket, "", options)]
    for one in calls:
        act(one)
    echo_json({done: calls}) if as_json else click.echo(f"{len(calls)} calls are {done}")


@contextlib.contextmanager
def _sound(socket: Path | None, do: str, **params: Any) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """What is told of a recording, and the bytes of its WAV."""
    with connect(socket) as client, contextlib.closing(
            cast("Generator[dict[str, Any], None, None]", client.stream(do, **params))) as items:
        yield next(items), (base64.b64decode(item["data"]) for item in items)


def _write(path: Path, size: int, sound: Iterator[bytes], mixed: bool) -> str:
    """Write a WAV whole or not at all; its SHA-256."""
    part, digest, header = path.with_name(f"{path.name}.part"), hashlib.sha256(), b""
    try:
        with part.open("wb") as file:
            for data in sound:
                if mixed:
                    if not header:  # 44 bytes, in the first piece: the rest are whole samples of both voices
                        header, data = wav_header(1, (size - HEADER) // 2), data[HEADER:]
                        file.write(header)
                        digest.update(header)
                    data = _mix(data)
                file.write(data)
                digest.update(data)
        part.replace(path)
    except OSError as error:
        raise Refused("not_written", f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def _mix(stereo: bytes) -> bytes:
    both = array("h", stereo)
    return array("h", (max(-32768, min(32767, one + other)) for one, other in zip(both[0::2], both[1::2], strict=True))
                 ).tobytes()


def _index(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:  # with its mark spreadsheets know it for UTF-8
        writer = csv.writer(file)
        writer.writerow(_INDEX)
        writer.writerows([_cell(row[column]) for column in _INDEX] for row in rows)


def _cell(value: object) -> str:
    """A spreadsheet must not compute it."""
    text = clean(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _safe(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
