"""A site as stories play it: simulated lines in place of its cards, and calls led to the flow that is tried."""

from dataclasses import replace

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.call.routes import RouteSettings
from ccappliance.signalling.pri_settings import channels_of
from ccappliance.sim.configured import Configured
from ccappliance.sim.script import Script
from ccappliance.site import FxoLine, FxsLine, Line, PriLine, Site, SpanLine

BEYOND = 2_000  # added to channels of E1 spans, so that analog ones can be numbered from 1


def rehearsed(site: Site, script: Script) -> Site:
    """The site of a story. ConfigError if it tries a flow there is not."""
    if site.driver != "simulated":
        site = replace(site, lines=_renumbered(site), driver="simulated")
    if not script.flow:
        return site
    if script.flow not in site.flows:
        raise ConfigError([Finding(script.path.name, "flow", f"there is no flow {script.flow!r}",
                                   f"flows: {', '.join(site.flows)}")])
    return replace(site, routes=(RouteSettings(source="lines", to=f"flow:{script.flow}"), *site.routes))


def site_of(script: Script, configured: Configured) -> Site:
    """The site of a story over a configuration. ConfigError."""
    return rehearsed(configured.site(*script.config), script)


def first_number(site: Site) -> str:
    """What a caller dials who calls "here": the number of the first outside line. ConfigError if there is none."""
    for line in sorted(site.lines.values(), key=lambda line: line.channel):
        if isinstance(line, FxoLine):
            return line.number or unlisted(line)
        if isinstance(line, SpanLine) and line.numbers:
            return line.numbers[0]
    raise ConfigError([Finding("story", "lines", "no outside line has a number", "say whom he calls: calls: \"…\"")])


def unlisted(line: FxoLine) -> str:
    """A line nobody calls still needs a number at the exchange."""
    return f"999{line.channel:04d}"


def _renumbered(site: Site) -> dict[str, Line]:
    """Real cards number their channels with gaps where nothing is plugged in; simulated ones do not."""
    lines: dict[str, Line] = {}
    analog = 0
    for name, line in sorted(site.lines.items(), key=lambda item: item[1].channel):
        if isinstance(line, FxoLine | FxsLine):
            analog += 1
            lines[name] = replace(line, channel=analog)
            continue
        channels = ",".join(str(number + BEYOND) for number in channels_of(line.channels))
        lines[name] = (replace(line, channels=channels, dchannel=line.dchannel + BEYOND) if isinstance(line, PriLine)
                       else replace(line, channels=channels))
    return {name: lines[name] for name in site.lines}
