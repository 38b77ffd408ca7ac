"""The accept key: who answers an agent's telephone must press it, so that his voice mail can never take a call."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ccappliance.apps.acd.announcer import Prompts
from ccappliance.apps.acd.offer import Offer, Step
from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.media.ports import Sound

ACCEPT, DECLINE = "1", "2"
WITHIN = 10.0  # s from the answer; a person has heard the announcement then, a voice mail greeting is still speaking
AGAIN = 1.0  # s between two announcements: keys pressed into speech are heard as well


class AcceptKey:
    """Asks one agent, in his language. Makes steps of offers, and screens legs that are nobody's offer."""

    def __init__(self, language: str, prompts: Prompts, loop: asyncio.AbstractEventLoop) -> None:
        self._language = language
        self._prompts = prompts
        self._loop = loop

    def step(self) -> Step:
        return Step(WITHIN, self._begin)

    def ask(self, leg: Leg, what: str, name: "Sound | None", accepted: Callable[[], None],
            declined: Callable[[], None]) -> None:
        """Say what calls (`what`: a prompt, and perhaps a name) and wait for a key.

        One of the two is told, or neither if the leg ends before.
        """
        language = self._language or leg.call.language
        sounds = [self._prompts.get(what, language), *([name] if name is not None else []),
                  self._prompts.get("press_to_accept", language)]
        keys = leg.on_digit
        timer: asyncio.TimerHandle | None = None

        def again() -> None:
            if not leg.is_gone and leg.on_digit is heard:
                leg.start(sounds).on_end(lambda played: wait() if played.completed else None)

        def wait() -> None:
            nonlocal timer
            timer = self._loop.call_later(AGAIN, again)

        def heard(digit: str) -> None:
            if digit in (ACCEPT, DECLINE):
                leg.on_digit = keys
                if timer is not None:
                    timer.cancel()
                leg.port.silence()
                (accepted if digit == ACCEPT else declined)()

        leg.on_digit = heard
        again()

    def _begin(self, offer: Offer) -> None:
        assert offer.leg is not None
        self.ask(offer.leg, "call_from_queue", self._name(offer.entry.queue, offer), offer.proceed,
                 lambda: offer.fail("no_answer", "declined"))

    def _name(self, queue: "Queue", offer: Offer) -> "Sound | None":
        assert offer.leg is not None
        language = self._language or offer.leg.call.language
        words = queue.settings.spoken.get(language)
        return self._prompts.text(words, language) if words else None
