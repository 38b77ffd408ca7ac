"""The real cards of a box: driver, media and metronome by the configuration, and the alarms of their health."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ccappliance.base.errors import LineFault, Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.drivers.api import Driver
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_kernel import DahdiKernel, Kernel
from ccappliance.drivers.dahdi_settings import plans_of
from ccappliance.drivers.dahdi_words import fault
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.rings import Rings
from ccappliance.media.tones import Zone
from ccappliance.site import Site, occupied

GLITCHES = 5  # of one channel in a minute; more are an alarm (F15)
MINUTE = 60.0  # s
LEAST_PORTS = 8


@dataclass(frozen=True)
class Cards:
    """What the house gets instead of a simulated street."""

    driver: Driver
    media: EngineMedia
    beat: Metronome


def open_cards(loop: asyncio.AbstractEventLoop, site: Site, zone: Zone,
               make_kernel: Callable[[], Kernel] = DahdiKernel, rings: Rings | None = None) -> Cards:
    """Open what the configuration names. Refused("no_cards") says what is missing and what to do."""
    try:
        kernel = make_kernel()
    except OSError as error:
        raise Refused("no_cards", f"{fault('the cards cannot be opened', error)} (`ccappliance cards detect` says more)"
                      ) from None
    plans = plans_of(site.spans, [channel for line in site.lines.values() for channel in occupied(line)])
    try:
        driver = DahdiDriver(loop, kernel, wanted=plans, flash=zone.flash)
    except LineFault as missing:
        raise Refused("no_cards", str(missing)) from None
    media = EngineMedia(loop, zone, ports=max(LEAST_PORTS, len(plans)), rings=rings)
    return Cards(driver, media, Metronome([media], realtime=site.system.realtime, clock=driver.clock()))


class CardWatch:
    """Makes alarms of what the cards count. `look` it once in a while."""

    def __init__(self, cards: Cards, alarms: Alarms, write: Callable[[facts.Fact], object],
                 now: Callable[[], float]) -> None:
        self._cards = cards
        self._alarms = alarms
        self._write = write
        self._now = now
        self._stalls = 0
        self._worst: dict[int, deque[tuple[float, int]]] = {}

    def look(self) -> None:
        for span in self._cards.driver.spans():
            self._tell("span", f"span:{span.number}", span.health.words if span.health else "")
            if span.health is not None:
                self._glitches(span.number, span.health.worst)
        stalls = self._cards.beat.card_stalls
        self._tell("card_clock", "media", "the cards' clock stopped ticking: sound follows the machine's clock, and "
                   "may slip" if stalls > self._stalls else "")
        self._stalls = stalls

    def _glitches(self, span: int, worst: int) -> None:
        """More than 5 within a minute on one channel."""
        looks = self._worst.setdefault(span, deque())
        looks.append((self._now(), worst))
        while looks[0][0] < self._now() - MINUTE:
            looks.popleft()
        lately = worst - looks[0][1]
        self._tell("glitches", f"span:{span}", f"sound was interrupted {lately} times within a minute on a channel of "
                                               f"span {span}: the machine is too slow or too busy"
                   if lately > GLITCHES else "")

    def _tell(self, alarm: str, subject: str, words: str) -> None:
        standing = self._alarms.has(alarm, subject)
        if words and not standing:
            self._write(facts.AlarmRaised(alarm, subject, words))
        elif not words and standing:
            self._write(facts.AlarmCleared(alarm, subject))
