"""The whole tree of settings: the shipped site is right, and what does not fit together is told with its place."""

from pathlib import Path

import pytest

from ccappliance.base.errors import ConfigError
from ccappliance.config.load import Source, bind_sources, load, read_directory
from ccappliance.config.tree import Findings
from ccappliance.site import Site

SHIPPED = Path(__file__).resolve().parent.parent / "etc" / "ccappliance"


def overlaid(text: str) -> Site:
    sources = [*read_directory(SHIPPED, Findings()), Source("conf.d/test.yaml", text.encode())]
    return bind_sources(sources, Site).value


def test_the_shipped_site_is_right_and_has_no_warnings() -> None:
    loaded = load(SHIPPED, Site)
    assert loaded.warnings == ()
    assert loaded.value.lines["fxs/1"].station == "8001"  # type: ignore[union-attr]


def test_the_embedded_site_is_the_shipped_one() -> None:
    embedded = load(SHIPPED.parent.parent / "ccappliance" / "defaults", Site)
    assert embedded.digest == load(SHIPPED, Site).digest


@pytest.mark.parametrize(("text", "expected"), [
    ("routes: [{source: lines, to: 'queue:salse'}]",
     "conf.d/test.yaml:1:30: routes[0].to: there is no destination 'queue:salse'"),
    ("lines: {fxo/9: {type: fxo, channel: 1}}",
     "conf.d/test.yaml:1:37: lines.fxo/9.channel: channel 1 belongs to fxo/1 already"),
    ("lines: {fxs/9: {type: fxs, channel: 9, station: '8001'}}",
     "lines.fxs/9.station: station 8001 is fxs/1 already"),
    ("lines: {pri/1: {type: pri, channels: '8-22,24-38', dchannel: 23}}",
     "lines.pri/1.channels: channel 8 belongs to fxs/4 already"),
    ("lines: {pri/1: {type: pri, channels: '9-23,25-39', dchannel: 20}}",
     "lines.pri/1.channels: channel 20 is the D channel and carries no calls"),
    ("lines: {pri/1: {type: pri, channels: '9-23', dchannel: 200}}",
     "lines.pri/1.channels: these channels and D channel 200 are not of one span"),
    ("lines: {r2/1: {type: r2, variant: cn, channels: '9-39'}}",
     "lines.r2/1.channels: these channels are not those of one span: its 16th carries the bits of the others "
     '(write for example "9-23,25-39")'),
    ("lines: {r2/1: {type: r2, variant: cn, channels: '8-22,24-38'}}",
     "lines.r2/1.channels: channel 8 belongs to fxs/4 already"),
    ("lines: {r2/1: {type: r2, variant: mx, channels: '9-23'}}", "lines.r2/1.variant"),
    ("lines: {em/1: {type: em, channels: '9-50'}}", "'9-50' is no range of at most 31 channels"),
    ("lines: {em/1: {type: em, channels: '9', signalling: {on_hook: '0101'}}}",
     "lines.em/1.signalling.off_hook: on-hook and off-hook are the same bits"),
    ("lines: {pri/1: {type: pri, channels: '9-', dchannel: 24}}", "'9-' is no channel and no range of channels"),
    ("lines: {pri/1: {type: pri, channels: '9', dchannel: 24, signalling: {side: network, transfer: true}}}",
     "lines.pri/1.signalling.transfer: the network's side cannot ask for a transfer"),
    ("trunks: {pstn: {lines: [fxs/1]}}", "trunks.pstn.lines: 'fxs/1' is no outside line"),
    ("agents: {'1001': {station: '9999'}}", "agents.1001.station: there is no station 9999"),
    ("routes: [{source: lines, calendar: never, to: 'flow:main'}]",
     "routes[0].calendar: there is no calendar 'never'"),
    ("system: {timezone: Mars/Olympus}", "system.timezone: 'Mars/Olympus' is no time zone of this machine"),
    ("system: {zone: xx}", "system.zone: there is no tone zone 'xx'"),
    ("queues: {sales: {max_wait: {to: 'flow:nowhere'}}}",
     "queues.sales.max_wait.to: there is no destination 'flow:nowhere'"),
    ("lines: {fxo/1: {tones: nowhere}}", "conf.d/test.yaml:1:24: lines.fxo/1.tones: there are no tones 'nowhere'"),
    ("tones: {old: {busy: {hz: [450], on_ms: 345, off_ms: 350}, reorder: {hz: [450], on_ms: 350, off_ms: 350}}}",
     "conf.d/test.yaml:1:9: tones.old: busy cannot be told from reorder"),
    ("tones: {old: {busy: {hz: [1, 2], on_ms: 345, off_ms: 350}}}", "conf.d/test.yaml:1:27: tones.old.busy.hz[0]"),
    ("tones: {old: {busy: {hz: [450, 480, 620], on_ms: 345, off_ms: 350}}}",
     "conf.d/test.yaml:1:22: tones.old.busy.hz: a tone has one or two frequencies, not 3"),
    ("lines: {fxo/1: {sound: {gain_in: 40}}}", "conf.d/test.yaml:1:34: lines.fxo/1.sound.gain_in"),
    ("queues: {sales: {music: {pieces: [music, jazz]}}}", "queues.sales.music: there is no prompt 'jazz'"),
    ("queues: {sales: {music: jazz}}", "conf.d/test.yaml:1:25: queues.sales.music: there is no prompt 'jazz'"),
    ("queues: {sales: {music: {pieces: []}}}", "queues.sales.music.pieces: there is no piece"),
    ("queues: {sales: {messages: {pieces: [news]}}}", "queues.sales.messages.pieces: there is no prompt 'news'"),
    ("queues: {sales: {exit_keys: {'0': 'flow:nowhere'}}}",
     "queues.sales.exit_keys.0: there is no destination 'flow:nowhere'"),
    ("queues: {sales: {exit_keys: {'00': 'flow:main'}}}", "queues.sales.exit_keys.00: '00' is no key"),
    ("queues: {sales: {exit_keys: {'1': 'flow:main'}, callback: {enabled: true, group: pstn}}}",
     "queues.sales.exit_keys.1: this key is that of the callback"),
    ("queues: {sales: {announce: {every: 10s}}}", "queues.sales.announce.every:"),
    ("queues: {sales: {wrapup: 2h}}", "queues.sales.wrapup:"),
    ("queues: {sales: {wrapupp: 2s}}", "(did you mean 'wrapup'?)"),
    ("flows: {main: {nodes: {sales: {queue: nobody}}}}", "flows.main.nodes.sales.queue:"),
    ("agents: {'1001': {pin: 1234}}", "agents.1001.pin:"),
    ("routes: [{source: lines, region: Beijin, to: 'flow:main'}]",
     "conf.d/test.yaml:1:34: routes[0].region: there is no province or city 'Beijin' (did you mean beijing?)"),
    ("routes: [{source: lines, vip: gold, to: 'flow:main'}]", "routes[0].vip: there is no class 'gold'"),
    ("routes: [{source: lines, site: moon, to: 'flow:main'}]", "routes[0].site: no line is at the site 'moon'"),
    ("routes: [{source: lines, when: 'caller_city =', to: 'flow:main'}]", "conf.d/test.yaml:1:32: routes[0].when: at"),
    ("vip: {numbers: [{number: '139', class: gold}]}",
     "conf.d/test.yaml:1:40: vip.numbers[0].class: there is no class"),
    ("vip: {file: /nowhere/vip.csv}", "conf.d/test.yaml:1:13: vip.file: /nowhere/vip.csv: can't be read"),
    ("system: {area_code: '10'}", "conf.d/test.yaml:1:21: system.area_code:"),
    ("system: {country: xx}", "system.country:"),
    ("calendars: {office: {country: xx}}", "calendars.office.country:"),
    ("queues: {sales: {closed: {lunch: 'flow:nowhere'}}}",
     "conf.d/test.yaml:1:34: queues.sales.closed.lunch: there is no destination 'flow:nowhere'"),
])
def test_what_does_not_fit_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        overlaid(text)
    assert expected in str(wrong.value)


def test_a_span_is_thirty_lines_beside_the_others() -> None:
    site = overlaid("lines: {pri/1: {type: pri, channels: '9-23,25-39', dchannel: 24}}\n"
                    "trunks: {pstn: {lines: [fxo/1, pri/1]}}\n"
                    "routes: [{source: lines, line: pri/1, to: 'flow:main'}]")
    circuits = site.circuits(site.trunks["pstn"].lines)
    assert circuits == ("fxo/1", *(f"pri/1/{slot}" for slot in range(1, 32) if slot != 16))
    assert site.voice_paths == 38


def test_a_template_may_lead_to_any_destination_of_its_kind_only() -> None:
    assert overlaid("routes: [{source: stations, called: '7X', to: 'queue:{called}'}]")
    with pytest.raises(ConfigError, match=r"there is no destination 'room:\{called\}'"):
        overlaid("routes: [{source: stations, called: '7X', to: 'room:{called}'}]")
