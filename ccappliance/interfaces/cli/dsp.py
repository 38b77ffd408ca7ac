"""`ccappliance dsp`: hear what is in a recording, make sounds to order, learn an exchange's tones; needs no daemon."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ccappliance.base.errors import Refused
from ccappliance.interfaces.cli.callerid import callerid_part, told_callers
from ccappliance.interfaces.cli.command import Command, echo_json, echo_line
from ccappliance.interfaces.cli.dsp_report import dsp_report
from ccappliance.interfaces.cli.table import clean
from ccappliance.media import dsp as kernels
from ccappliance.media.analysis import EARS, analyze, as_dict, listeners, wanted
from ccappliance.media.files import RAW_ENCODINGS, SoundFileError, read_channels, read_raw, write_wav
from ccappliance.media.generation import parse_part, render
from ccappliance.media.learning import learn
from ccappliance.media.tones import Zone, load_learned, load_zones
from ccappliance.media.verdict import VerdictEar

_FILE = click.Path(path_type=Path)
_FRAME = ("start_ms", "end_ms", "kind", "value", "level_dbm0", "confidence", "channel")  # what every event has
_Function = Callable[..., Any]


def _zone(_: click.Context, __: click.Parameter, name: str) -> Zone:
    zones = load_zones()
    if name not in zones:
        raise click.BadParameter(f"there is no tone zone {name!r}; known: {', '.join(sorted(zones))}")
    return zones[name]


def _ears(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(EARS) if text.strip() == "all" else tuple(name.strip() for name in text.split(","))
    if strange := [name for name in names if name not in EARS]:
        raise click.BadParameter(f"there is no ear {strange[0]!r}; there are all, {', '.join(EARS)}")
    return names


_ZONE = click.option("--zone", default="cn", show_default=True, metavar="NAME", callback=_zone,
                     help="The country whose tones are meant: cn, us, gb, de, …")


def _input(function: _Function) -> _Function:
    """The options that say what the file is."""
    for option in reversed([
            click.option("--channel", type=click.IntRange(1, 8), help="Only this channel of the file; the first is 1."),
            click.option("--raw", is_flag=True, help="The file has no header; the next three say what it holds."),
            click.option("--rate", type=click.IntRange(4_000, 192_000), default=8000, show_default=True,
                         help="Samples per second, with --raw."),
            click.option("--encoding", type=click.Choice(list(RAW_ENCODINGS)), default="s16", show_default=True,
                         help="Of a sample, with --raw; little endian."),
            click.option("--channels", type=click.IntRange(1, 8), default=1, show_default=True,
                         help="Interleaved, with --raw.")]):
        function = option(function)
    return function


def _read(file: Path, channel: int | None, raw: bool, rate: int, encoding: str, channels: int) -> dict[int, bytes]:
    """Channels by number, 8 kHz. Refused("sound_file")."""
    try:
        found = read_raw(file, encoding, rate, channels) if raw else read_channels(file)
    except SoundFileError as error:
        raise Refused("sound_file", str(error)) from error
    if channel is not None and channel > len(found):
        raise Refused("no_channel", f"{file}: there is no channel {channel}, it has {len(found)}")
    return {number: pcm for number, pcm in enumerate(found, 1) if channel in (None, number)}


@click.group()
def dsp() -> None:
    """Sound: hear what is in a recording, make sounds to order, learn tones."""


dsp.add_command(dsp_report)


@dsp.command("analyze", cls=Command)
@click.argument("file", type=_FILE)
@_ZONE
@click.option("--ears", default="all", show_default=True, metavar="NAMES", callback=_ears,
              help=f"What to listen for, joined by commas: {', '.join(EARS)}.")
@_input
@click.option("--learned", type=_FILE, metavar="FILE", help="Patterns by `dsp learn`, instead of the zone's own.")
def dsp_analyze(file: Path, zone: Zone, ears: tuple[str, ...], channel: int | None, raw: bool, rate: int,
                encoding: str, channels: int, learned: Path | None, as_json: bool) -> None:
    """Everything heard in a recording, one line an event. With --json one object a line."""
    if learned is not None:
        zone = _with_learned(zone, learned)
    count = 0
    for number, pcm in _read(file, channel, raw, rate, encoding, channels).items():
        for event in wanted(told_callers(analyze(pcm, listeners(zone, lambda: VerdictEar(zone)))), ears, zone):
            count += 1
            told = as_dict(event, number)
            echo_line(told) if as_json else click.echo(_line(told))
    if not count and not as_json:
        click.echo("nothing is heard")


def _with_learned(zone: Zone, path: Path) -> Zone:
    try:
        return zone.learned(load_learned(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refused("learned", f"{path}: {error}") from error


def _line(told: Mapping[str, Any]) -> str:
    more = "  ".join(f"{name} {clean(value)}" for name, value in told.items() if name not in _FRAME)
    value = clean(told["value"]) if told["value"] else ""
    return (f"{told['channel']}  {told['start_ms']:>9.1f} {told['end_ms']:>9.1f} ms  {clean(told['kind']):<12} "
            f"{value:<22} {told['level_dbm0']:>6.1f} dBm0  {told['confidence']:>4.0%}  {more}").rstrip()


@dsp.command("generate", cls=Command)
@click.argument("out", type=_FILE)
@click.option("--what", "texts", multiple=True, required=True, metavar="PART",
              help="A sound, like tone:busy,seconds=3 (see below); repeat it for several, one after the other.")
@_ZONE
@click.option("--noise", type=click.FloatRange(-90.0, 3.0), metavar="DBM0", help="White noise beneath everything.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the noise: the same seed gives the same file.")
@click.option("--alaw", is_flag=True, help="As it arrives over a digital line: through A-law.")
def dsp_generate(out: Path, texts: tuple[str, ...], zone: Zone, noise: float | None, seed: int, alaw: bool,
                 as_json: bool) -> None:
    """Make sounds into a WAV file (8 kHz, 16 bit, mono).

    A PART is kind:what,name=value,… Kinds: tone (dial, busy, ringback, congestion, call_waiting, sit, cng, ced, ansam,
    … or 450/350,0/350), digits (on, off, level, twist), callerid (name, standard, format, when, absence), fsk, noise,
    silence. docs/dsp.md has them all.
    """
    try:
        pcm = render([callerid_part(parse_part(text), zone) for text in texts], zone, seed=seed, background=noise)
        if not pcm:
            raise ValueError("that is no sound at all; give a part some length")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if alaw:
        pcm = kernels.through_alaw(pcm)
    try:
        write_wav(out, pcm)
    except OSError as error:
        raise Refused("cannot_write", f"{out}: {error.strerror or error}") from error
    seconds = len(pcm) / 16_000
    echo_json({"path": str(out), "seconds": seconds}) if as_json else click.echo(f"{clean(out)}: {seconds:.2f} s")


@dsp.command("learn", cls=Command)
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="What the tone is called: busy, congestion, dial, ringback.")
@_ZONE
@_input
def dsp_learn(file: Path, name: str, zone: Zone, channel: int | None, raw: bool, rate: int, encoding: str,
              channels: int, as_json: bool) -> None:
    """Learn a tone from a recording of it: its frequencies and cadence, as YAML for `recognised` of a zone."""
    sounds = _read(file, channel, raw, rate, encoding, channels)
    if len(sounds) > 1:
        raise click.UsageError(f"{file} has {len(sounds)} channels; say with --channel which one to learn from")
    try:
        found = learn(next(iter(sounds.values())), name)
        zone.learned([found.pattern])
    except ValueError as error:
        raise Refused("not_learned", f"{file}: {error}") from error
    if as_json:
        one = found.pattern
        echo_json({"name": one.name, "hz": list(one.hz), "on_ms": one.on_ms, "off_ms": one.off_ms,
                   "cycles": found.cycles, "spread": found.spread, "level_dbm0": round(found.level, 1)})
    else:
        click.echo(found.yaml())
