"""The music of one waiting caller: pieces one after the other; after an announcement it goes on where it was."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ccappliance.media.ports import Played, Playing, Sound

if TYPE_CHECKING:
    from ccappliance.call.leg import Leg

SHORTEST = 1.0  # s from the beginning of one piece to that of the next: an empty recording must not spin the loop


class Turns:
    """Pieces in turn, or at random but never the same twice in a row."""

    def __init__(self, pieces: tuple[str, ...], order: str, chance: Callable[[], float]) -> None:
        self.pieces = pieces
        self._random = order == "random"
        self._chance = chance
        self._taken = 0
        self._last = ""

    def next(self) -> str:
        others = [piece for piece in self.pieces if piece != self._last] if self._random else []
        if others:
            piece = others[int(self._chance() * len(others))]
        else:
            piece = self.pieces[self._taken % len(self.pieces)]
        self._taken += 1
        self._last = piece
        return piece


class Player:
    """`get(name)`: a prompt in the caller's language. Each piece is journalled by the leg: the caller's play log."""

    def __init__(self, leg: "Leg", turns: Turns, get: Callable[[str], Sound], loop: asyncio.AbstractEventLoop) -> None:
        self._leg = leg
        self._turns = turns
        self._get = get
        self._loop = loop
        self._piece = ""
        self._at = 0.0  # seconds into the piece, as of `_since`
        self._since = 0.0  # loop clock
        self._playing: Playing | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def plays(self) -> bool:
        return self._playing is not None or self._timer is not None

    def go_on(self) -> None:
        """Play, from where it was interrupted."""
        if self.plays or self._leg.is_gone:
            return
        alone = len(self._turns.pieces) == 1
        sound = self._get(self._piece) if self._piece else None
        if sound is None or (not alone and self._at >= sound.seconds):
            self._piece, self._at = self._turns.next(), 0.0
            sound = self._get(self._piece)
        if alone and sound.seconds > 0.0:
            self._at %= sound.seconds
        self._since = self._loop.time()
        playing = self._playing = self._leg.start([sound], repeat=alone, begin=self._at)
        playing.on_end(lambda played: self._ended(playing, played))

    def pause(self) -> None:
        """Something else is about to be played."""
        if self._playing is not None:
            self._at += self._loop.time() - self._since
            self._playing = None
        self._cancel()

    def exchange(self, turns: Turns) -> None:
        """Other pieces: now, if he listens, else when music goes on."""
        listening = self.plays
        self.pause()
        self._turns, self._piece, self._at = turns, "", 0.0
        if listening:
            self.go_on()

    def stop(self) -> None:
        playing = self._playing
        self.pause()
        if playing is not None:
            playing.stop()

    def _ended(self, playing: Playing, played: Played) -> None:
        if self._playing is playing and played.completed:
            self._playing = None
            self._at = float("inf")
            rest = SHORTEST - (self._loop.time() - self._since)
            if rest > 0.0:
                self._timer = self._loop.call_later(rest, self._rested)
            else:
                self.go_on()

    def _rested(self) -> None:
        self._timer = None
        self.go_on()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
