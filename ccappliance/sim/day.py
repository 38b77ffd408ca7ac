"""`ccappliance simulate`: a whole day of calls in virtual time, through the whole house, and what came of it."""

import asyncio
import gc
import math
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from ccappliance import VERSION
from ccappliance.base.clock import LoopClock, Outside, SystemClock
from ccappliance.base.errors import ConfigError, Finding
from ccappliance.base.ids import Ids
from ccappliance.call.figures import VARIANTS, Figures
from ccappliance.call.journal import Entry, MemorySink
from ccappliance.config.load import load_file
from ccappliance.house import House, Surroundings
from ccappliance.interfaces.cli.roof import DayOptions, DayResult
from ccappliance.media.render import Voice
from ccappliance.media.scripted_speech import ScriptedSpeech
from ccappliance.media.tones import load_zones
from ccappliance.places import cache_directory
from ccappliance.sim.crowd import Callers, Seat, Town
from ccappliance.sim.day_settings import Day
from ccappliance.sim.day_site import day_site, dialled_number, seats
from ccappliance.sim.embedded import DAYS, find
from ccappliance.sim.ledger import Ledger
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.world import Street, post, scripted_sound
from ccappliance.site import FxoLine, Site
from ccappliance.store.database import Store

OPENING = 2.0  # s between the house's start and the first caller: circuits look at their lines, agents log in
LOOK = 10.0  # s between two looks whether everybody has gone
CLOSING = 4 * 3600.0  # s after the last caller came until whoever is still there is a problem
QUIET = 10.0  # s given to lines and telephones to come to rest (the longest is 1.5 s of an FXO line's guard)

Reader = Callable[[Entry], None]


def run(options: DayOptions, cache: Path, default: Path, *, voice: Voice | None = None,
        watch: Reader | None = None) -> DayResult:
    """Run one day. `cache`: rendered prompts; `default`: the configuration if neither options nor the day name one.

    `watch` is told every fact besides. ConfigError for mistakes in the day file or the configuration.
    """
    began = SystemClock().now()
    day = load_file(options.path, Day).value
    named = options.path.parent / day.config if day.config else default
    site = day_site(day, options.path.name, options.config or named)
    with ExitStack() as stack:
        stack.callback(gc.unfreeze)
        sink = MemorySink(keep=False, copy=_journal_file(options.journal, stack))
        figures, problems = run_virtual(_day(day, site, options.seed, sink, cache, voice, watch))
    return DayResult(day.title or options.path.stem, figures, sink.digest(), tuple(problems),
                     round(SystemClock().now() - began, 3))


def run_file(options: DayOptions, default: Path) -> DayResult:
    """`run` for the command line: rendered prompts are kept where all tools keep them."""
    options = replace(options, path=find(str(options.path), DAYS))
    return run(options, cache_directory(os.environ, os.getuid()), default)


def _journal_file(path: Path | None, stack: ExitStack) -> BinaryIO | None:
    if path is None:
        return None
    try:
        return stack.enter_context(path.open("wb"))
    except OSError as error:
        raise ConfigError([Finding(str(path), "--journal", f"can't be written: {error.strerror}",
                                   "name a file in a folder of yours")]) from None


async def _day(day: Day, site: Site, seed: int, sink: MemorySink, cache: Path, voice: Voice | None,
               watch: Reader | None) -> tuple[dict[str, float | int | str], list[str]]:
    loop = asyncio.get_running_loop()
    zone = load_zones()[site.system.zone]
    clock = LoopClock(loop, day.begins)

    def stream(purpose: str) -> random.Random:
        """Chance for one purpose: more or less of one thing leaves all others as they were."""
        return random.Random(f"{seed}/{purpose}")

    sound = scripted_sound(loop, zone)
    treated = {"caller_id": day.exchange.caller_id, "disconnect": day.exchange.disconnect}
    street = Street(site, loop=loop, far=sound.far, zone=zone, chance=stream("exchange"), clock=clock,
                    lines={name: treated for name, line in site.lines.items() if isinstance(line, FxoLine)})
    house = House(site, Surroundings(
        loop=loop, outside=Outside(clock, stream("house"), Ids(int(day.begins.timestamp())),
                                   stream("secret").randbytes),
        zone=zone, media=sound.near, driver=street.driver, sink=sink, store=Store(":memory:", threaded=False),
        cache=cache, recordings=None, threaded=False, voice=voice, send=post, speech=ScriptedSpeech(loop)))
    ledger = Ledger(Figures(lambda queue: site.queues[queue].service_level, lambda at: date.min,
                            lambda queue: site.queues[queue].service_level_variant))
    house.journal.follow(ledger.hear, ledger.kinds)
    if watch is not None:
        house.journal.follow(watch)
    house.open(VERSION)
    gc.freeze()  # as the daemon does: what stands now stays
    town = Town(day, dialled_number(day, site), loop=loop, media=sound.far, zone=zone, exchange=street.exchange)
    staff = [Seat(agent, station, street.pairs[line], day, house.acd, stream=stream, loop=loop, media=sound.far,
                  zone=zone) for agent, station, line in seats(day, site)]
    problems = await _live(day, house, town, staff, stream)
    problems += ledger.close(house, street.exchange)
    figures = _figures(house, town, ledger)
    for seat in staff:
        seat.close()
    town.close()
    await house.close("the day is over")
    street.close()
    figures["facts"] = house.journal.seq
    return figures, problems


async def _live(day: Day, house: House, town: Town, staff: list[Seat],
                stream: Callable[[str], random.Random]) -> list[str]:
    """From the first login until everything is at rest; what did not come to rest."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(OPENING / 2)
    for seat in staff:
        seat.begin()
    await asyncio.sleep(OPENING / 2)
    began, callers = loop.time(), Callers(day, stream)
    coming = arrivals(day, stream("arrivals"))

    def next_caller() -> None:
        at = next(coming, None)
        if at is not None:
            loop.call_at(began + at, come)

    def come() -> None:
        town.call(callers.next())
        next_caller()

    next_caller()
    await asyncio.sleep(day.duration)
    closed = loop.time()
    while not town.gone and loop.time() < closed + CLOSING:
        await asyncio.sleep(LOOK)
    problems = [] if town.gone else [f"callers are still there {CLOSING:g} s after the last one came"]
    for seat in staff:
        seat.end()
    await asyncio.sleep(QUIET)
    problems += [f"agent {seat.number} is still off-hook" for seat in staff if seat.off_hook]
    problems += [f"agent {number} is still {agent.state.value}" for number, agent in house.acd.book.by_number.items()
                 if agent.state.value != "logged_out"]
    return problems


def arrivals(day: Day, chance: random.Random) -> Iterator[float]:
    """Seconds after the begin at which callers come: Poisson (or even) in the time in which the load is even."""
    weights = day.profile or (1.0,)
    length = day.duration / len(weights)
    expected = 0.0  # callers expected until now
    before, part = 0.0, 0  # callers expected before this part of the day
    while True:
        expected += 1.0 if day.arrivals == "constant" else -math.log(1.0 - chance.random())
        while part < len(weights) and expected > before + day.calls * weights[part] / sum(weights):
            before += day.calls * weights[part] / sum(weights)
            part += 1
        if part == len(weights):
            return
        yield length * (part + (expected - before) / (day.calls * weights[part] / sum(weights)))


def _figures(house: House, town: Town, ledger: Ledger) -> dict[str, float | int | str]:
    total = ledger.figures.total()
    thresholds = {f"{queue.service_level:g} s": None for queue in house.site.queues.values()}
    level, asa, occupancy = total.service_level, total.average_wait, ledger.occupancy()
    return {
        "calls": town.called,
        "lost": town.called - ledger.offered,
        "left_menu": town.left["left the menu"],
        "queued": total.offered,
        "answered": total.answered,
        "abandoned": total.outcomes.get("abandoned", 0),
        "short_abandoned": total.outcomes.get("short_abandoned", 0),
        **{outcome: count for outcome, count in sorted(total.outcomes.items())
           if outcome not in ("answered", "abandoned", "short_abandoned")},
        "service_level": "" if level is None else round(100 * level, 2),
        "service_level_is": f"%, variant {total.variant}: {VARIANTS[total.variant]}; "
                            f"in time is within {' or '.join(thresholds)}",
        "asa": "" if asa is None else round(asa, 2),
        "longest_wait": round(total.longest_wait, 2),
        "most_waiting": ledger.most_waiting,
        "occupancy": "" if occupancy is None else round(100 * occupancy, 2),
    }
