"""`ccappliance prompts`: what callers hear, from the files of a configuration; and recordings brought in and tried."""

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Finding, Refused
from ccappliance.config.load import load
from ccappliance.interfaces.cli.command import REFUSED, Noun, ask, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean, table
from ccappliance.media.files import SoundFileError, wav_header, write_wav
from ccappliance.media.prompts import FRAGMENTS, PromptBook
from ccappliance.media.recordings import SUFFIXES, Made, level_of, make

_NAME = re.compile(r"[a-z][a-z0-9_-]*|say/[^/\0]+")
_PATH = click.Path(path_type=Path)
_DIRECTORY = click.option("--config", "directory", type=_PATH, metavar="DIR", help="The configuration's directory.")


@dataclass(frozen=True)
class Shelf:
    """The prompts of a configuration on disk."""

    site: Any
    book: PromptBook

    @property
    def settings(self) -> Any:
        return self.site.prompts


def _shelf(ctx: click.Context, directory: Path | None) -> Shelf:
    """ConfigError for a configuration that is wrong."""
    roof = roof_of(ctx)
    site = load(directory or roof.config_directory(), roof.site()).value
    return Shelf(site, PromptBook(site.prompts, cache=roof.cache_directory()))


@click.group(cls=Noun)
def prompts() -> None:
    """The prompts callers hear. Works from the configuration's files; only `play --on` needs the daemon."""


# ---- list ----


@prompts.command("list")
@_DIRECTORY
@click.pass_context
def prompts_list(ctx: click.Context, directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Every prompt in every language: where it comes from, how long and how loud it is, and who plays it.

    Seconds and level (dBm0 of active speech) are empty for speech that is not rendered yet: `prompts render`.
    """
    rows = list(_rows(_shelf(ctx, directory)))
    if as_json:
        echo_json(rows)
        return
    click.echo(table(rows, ["name", "language", "source", "seconds", "level_dbm0:dBm0", "used"]))


def _rows(shelf: Shelf) -> Iterator[dict[str, Any]]:
    uses = shelf.site.prompt_uses()
    for name in shelf.book.names():
        for language in shelf.book.languages:
            source, pcm, problem = shelf.book.source(name, language), None, ""
            try:
                pcm = shelf.book.ready(name, language)
            except SoundFileError as error:
                problem = error.problem
            yield {"name": name, "language": language, "source": source or "missing",
                   "seconds": None if pcm is None else round(len(pcm) / 16_000, 2),
                   "level_dbm0": None if pcm is None else round(level_of(pcm), 1), "problem": problem,
                   "used": uses.get(name, []) + (["announcements"] if shelf.book.is_built_in(name) else [])}


# ---- render ----


@prompts.command("render")
@_DIRECTORY
@click.pass_context
def prompts_render(ctx: click.Context, directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Render what is missing into the cache, so that the next start or reload need not."""
    shelf, clock = _shelf(ctx, directory), SystemClock()
    began = clock.now()
    texts = shelf.site.texts()
    rendered = shelf.book.prepare(texts)
    sounds, seconds = shelf.book.size()
    done = {"rendered": rendered, "sounds": sounds, "seconds": round(seconds, 1), "took": round(clock.now() - began, 2),
            "bad": [f"{language}/{name}" for language, name in shelf.book.bad]}
    if as_json:
        echo_json(done)
        return
    click.echo(f"{rendered} rendered in {done['took']} s; {sounds} sounds of {seconds:.0f} s are ready")
    for (language, name), why in shelf.book.bad.items():
        click.echo(f"warning: {clean(why)}: {shelf.book.instead(language, name)}", err=True)


# ---- import ----


@prompts.command("import")
@click.argument("files", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option("--name", metavar="NAME", help="What it is called; the file's own name unless given.")
@click.option("--language", metavar="LANGUAGE", help="Of which language; the configuration's default unless given.")
@_DIRECTORY
@click.pass_context
def prompts_import(ctx: click.Context, files: tuple[Path, ...], name: str | None, language: str | None,
                   directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Bring recordings in: converted, silence taken off, at the level of all prompts.

    FILES are WAV of any rate, 8 to 32 bit, floating point or G.711, mono or more; or .al and .ul without a header.
    """
    if name is not None and len(files) > 1:
        raise click.UsageError("--name is for one file")
    shelf = _shelf(ctx, directory)
    where = _target(shelf, language)
    for called in (name or path.stem for path in files):
        if not _NAME.fullmatch(called):
            raise Refused("bad_name", f"{called!r} is no name of a prompt: write small letters, digits, _ and -, or "
                          "say with --name what it is called")
    made = {path: make(path, shelf.settings.level) for path in files}  # all are fit, or none is put there
    rows = []
    for path, one in made.items():
        target = where / f"{name or path.stem}.wav"
        _put(target, one.pcm)
        rows.append(_told(path, target, one))
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{clean(row['path'])}: {row['seconds']} s, from {row['coding']}, {row['rate']} Hz, "
                   f"channels: {row['channels']}; {row['trimmed']} s of silence taken off; "
                   f"level {row['level_before']} -> {row['level']} dBm0")
        for complaint in row["complaints"]:
            click.echo(f"warning: {clean(row['file'])}: {complaint}", err=True)
    click.echo("`ccappliance config reload` lets callers hear it")


def _told(path: Path, target: Path, made: Made) -> dict[str, Any]:
    return {"file": str(path), "path": str(target), "coding": made.source.coding, "rate": made.source.rate,
            "channels": made.source.channels, "seconds": round(made.seconds, 2), "trimmed": round(made.trimmed, 2),
            "level_before": round(made.level_before, 1), "level": round(made.level, 1),
            "complaints": list(made.complaints)}


def _target(shelf: Shelf, language: str | None) -> Path:
    if not shelf.settings.directory:
        raise Refused("no_directory", "there is nowhere to put it: set prompts.directory")
    chosen = language or shelf.settings.default_language
    if chosen not in shelf.settings.languages:
        raise Refused("bad_language", f"{chosen!r} is not one of prompts.languages: "
                      + ", ".join(shelf.settings.languages))
    return Path(shelf.settings.directory) / chosen


def _put(target: Path, pcm: bytes) -> None:
    """Whole or not at all, also when the power fails. Refused("cannot_write")."""
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(wav_header(1, len(pcm)) + pcm)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise Refused("cannot_write", f"{target}: {error.strerror or error}") from error


# ---- play ----


@prompts.command("play")
@click.argument("name")
@click.option("--language", default="", metavar="LANGUAGE", help="The configuration's default unless given.")
@click.option("--on", "station", metavar="STATION", help="Ring this telephone and play it there.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it as a WAV file.")
@_DIRECTORY
@click.pass_context
def prompts_play(ctx: click.Context, name: str, language: str, station: str | None, out: Path | None,
                 directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Hear a prompt as callers hear it: at a telephone through the running daemon, or as a file."""
    if (station is None) == (out is None):
        raise click.UsageError("say where: --on STATION or --out FILE.wav")
    if station is not None:
        made = ask(socket, "prompts.play", name=name, language=language, station=station)
        echo_json(made) if as_json else click.echo(f"call {clean(made['id'])}: station {clean(station)} is rung")
        return
    assert out is not None
    shelf = _shelf(ctx, directory)
    chosen = language or shelf.settings.default_language
    if not shelf.book.source(name, chosen):
        raise Refused("no_such_prompt", f"there is no prompt {name!r} in {chosen!r}; see `ccappliance prompts list`")
    pcm = shelf.book.ready(name, chosen)
    if pcm is None:
        shelf.book.prepare()
        pcm = shelf.book.get(name, chosen).pcm
    try:
        write_wav(out, pcm)
    except OSError as error:
        raise Refused("cannot_write", f"{out}: {error.strerror or error}") from error
    seconds = round(len(pcm) / 16_000, 2)
    echo_json({"path": str(out), "seconds": seconds}) if as_json else click.echo(f"{clean(out)}: {seconds} s")


# ---- check ----


@prompts.command("check")
@_DIRECTORY
@click.pass_context
def prompts_check(ctx: click.Context, directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Listen to every recording and say what is not well: missing, corrupt, too long, too quiet, clipped, unused."""
    shelf = _shelf(ctx, directory)
    errors, warnings = _faults(shelf)
    if as_json:
        echo_json({"ok": not errors, "errors": [one.as_dict() for one in errors],
                   "warnings": [one.as_dict() for one in warnings]})
    else:
        for word, found in (("error", errors), ("warning", warnings)):
            for one in found:
                click.echo(f"{word}: {clean(one)}", err=True)
        recorded = len(shelf.book.files())
        click.echo(f"prompts: {len(shelf.book.names())}; recordings: {recorded}; errors: {len(errors)}; "
                   f"warnings: {len(warnings)}")
    if errors:
        ctx.exit(REFUSED)


def _faults(shelf: Shelf) -> tuple[list[Finding], list[Finding]]:
    """What callers do not hear as it was meant, and what is only not well."""
    book, errors, warnings = shelf.book, list[Finding](), list[Finding]()
    for (language, name), path in book.files().items():
        try:
            made = make(path, shelf.settings.level)
        except SoundFileError as error:
            errors.append(Finding(str(path), name, error.problem,
                                  f"{error.advice}; callers hear {book.instead(language, name)}"))
        else:
            warnings += [Finding(str(path), name, words, "record it again") for words in made.complaints]
    errors += [Finding("prompts", name, f"prompt '{name}' has no '{language}'",
                       f"record {language}/{name}.wav, or add prompts.texts.{name}.{language}")
               for name in book.names() for language in book.missing(name)]
    return errors, warnings + list(_unused(shelf))


def _unused(shelf: Shelf) -> Iterator[Finding]:
    """Recordings nobody plays, and files that are none."""
    uses, texts, book = shelf.site.prompt_uses(), set(shelf.site.texts()), shelf.book
    for (language, name), path in book.files().items():
        text = name.removeprefix(f"{FRAGMENTS}/")
        played = (language, text) in texts if text != name else name in uses or book.is_built_in(name)
        if not played:
            yield Finding(str(path), name, "nobody plays this recording", "name it in a flow or queue, or remove it")
    if shelf.settings.directory:
        for path in sorted(Path(shelf.settings.directory).rglob("*")):
            if path.is_file() and path.suffix not in SUFFIXES:
                yield Finding(str(path), path.stem, "this is no recording that can be played",
                              "bring it in with `ccappliance prompts import`, or remove it")
