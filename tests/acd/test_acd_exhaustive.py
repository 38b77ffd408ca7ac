"""Every interleaving of a small queue: the real dispatcher, agents and entries, searched breadth first by their states.

Two or three agents, two callers, and all that may happen to them, each either when all is calm or in the same round of
the loop as what came before: races included. A world cannot be copied, so each sequence is played from the beginning;
from states already seen (up to times and ids) none goes on. After each sequence everybody leaves: nothing may be left.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from acd_world import FakeCall, World, queue_settings, settings

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.sim.loop import run_virtual

CALLERS = 2
CALM = 0.05  # s: longer than a telephone takes to be free again


@dataclass(frozen=True)
class Small:
    """A world to search."""

    strategy: str
    agents: int
    depth: int


class Impossible(Exception):
    """An action that is not possible any more in this round: who hung up cannot answer."""


class Board:
    """One play of a sequence of actions."""

    def __init__(self, small: Small) -> None:
        self.numbers = [f"100{n + 1}" for n in range(small.agents)]
        queue = queue_settings(strategy=small.strategy, ring_timeout=10.0, wrapup=4.0, pause_after=2, progress=3.0)
        self.world = World(settings({"sales": queue}, self.numbers))
        self.world.login(*self.numbers)
        self.callers: list[FakeCall | None] = [None] * CALLERS

    def actions(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What may happen now, by name; callers who have not come yet come in their order."""
        world = self.world
        for n, call in enumerate(self.callers):
            if call is None:
                yield f"caller {n} comes", lambda n=n: self._come(n)
                break
        for n, call in enumerate(self.callers):
            if call is not None and not call.anchor.is_gone:
                yield f"caller {n} hangs up", call.anchor.hang_up
        for number in self.numbers:
            station = f"8{number[1:]}"
            leg = world.legs.get(station)
            if leg is not None and not leg.is_gone:
                if not leg.is_answered:
                    yield f"{number} answers", leg.pick_up
                    yield f"{number}'s line fails", lambda leg=leg: leg.hang_up(Cause.OUT_OF_ORDER)
                else:
                    yield f"{number} hangs up", leg.hang_up
            yield f"{number} pauses", lambda number=number: self._ask(world.acd.pause, number, "break")
            yield f"{number} resumes", lambda number=number: self._ask(world.acd.resume, number)
            yield f"{number} leaves", lambda number=number: self._ask(world.acd.logout, number)
        yield "the ring times out", lambda: None

    async def play(self, moves: list[str]) -> None:
        """Each move: the action's name, "+" before it if it comes in the same round as the one before."""
        for at, move in enumerate(moves):
            if at and not move.startswith("+"):
                await asyncio.sleep(CALM)
            name = move.removeprefix("+")
            act = dict(self.actions()).get(name)
            if act is None:
                raise Impossible
            act()
            if name == "the ring times out":
                await asyncio.sleep(10.0)

    def state(self) -> tuple[object, ...]:
        """What matters of the world, without times and ids."""
        world = self.world
        queue = world.acd.find_queue("sales")
        names = {call.id: n for n, call in enumerate(self.callers) if call is not None}
        line = tuple((names[entry.call.id], entry.state.value, tuple(entry.offers), tuple(entry.tried))
                     for entry in queue.line)
        agents = tuple((agent.state.value, names.get(agent.call), bool(agent.pending), agent.in_use,
                        agent.missed_in_a_row) for agent in world.acd.book.by_number.values())
        legs = tuple((station, leg.is_answered, leg.is_gone) for station, leg in sorted(world.legs.items()))
        callers = tuple(None if call is None else call.anchor.is_gone for call in self.callers)
        return line, agents, legs, callers

    def _come(self, n: int) -> None:
        self.callers[n] = self.world.offer("sales", calling=f"1380000000{n}")

    @staticmethod
    def _ask(request: Callable[..., object], *what: str) -> None:
        try:
            request(*what)
        except Refused as refused:
            assert refused.code in ("not_paused", "not_logged_in", "leaving")  # noqa: PT017 - any other is a fault


def played(small: Small, moves: list[str]) -> tuple[tuple[object, ...], list[str]]:
    """The state after these moves when all is calm, and what may happen then; at the end everybody leaves."""
    async def story() -> tuple[tuple[object, ...], list[str]]:
        board = Board(small)
        await board.play(moves)
        await asyncio.sleep(CALM)
        state, next_ = board.state(), [name for name, _ in board.actions()]
        await board.world.close()
        return state, next_
    try:
        return run_virtual(story())
    except Impossible:
        raise
    except (Exception, asyncio.CancelledError) as error:
        raise AssertionError(f"{small}: {moves}") from error


def search(small: Small) -> tuple[int, int]:
    """Breadth first to the depth. Answers how many states there are and how many sequences were played."""
    start, first = played(small, [])
    seen = {start}
    edge: list[tuple[list[str], list[str]]] = [([], first)]
    plays = 1
    for _ in range(small.depth):
        beyond: list[tuple[list[str], list[str]]] = []
        for moves, next_ in edge:
            for name in next_:
                for how in ("", "+") if moves else ("",):
                    try:
                        state, then = played(small, [*moves, how + name])
                    except Impossible:
                        continue
                    plays += 1
                    if state not in seen:
                        seen.add(state)
                        beyond.append(([*moves, how + name], then))
        edge = beyond
    return len(seen), plays


@pytest.mark.slow
@pytest.mark.parametrize("small", [Small("longest-idle", 2, 4), Small("ring-all", 2, 4),
                                   Small("ring-progressive", 3, 3)], ids=str)
def test_every_interleaving_to_a_small_depth(small: Small) -> None:
    states, plays = search(small)
    print(f"{small}: {states} states, {plays} sequences")
    assert states > 50


@pytest.mark.nightly
@pytest.mark.parametrize("small", [Small("longest-idle", 2, 7), Small("ring-all", 2, 7), Small("ring-all", 3, 6),
                                   Small("ring-progressive", 3, 6)], ids=str)
def test_every_interleaving_to_a_greater_depth(small: Small) -> None:
    states, plays = search(small)
    print(f"{small}: {states} states, {plays} sequences")
    assert states > 500


def test_the_search_finds_a_fault_that_is_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatcher that forgets to stop the losers of ring-all: two callers and three steps are enough to see it."""
    from ccappliance.apps.acd.dispatcher import Dispatcher

    end = Dispatcher.end
    monkeypatch.setattr(Dispatcher, "end", lambda self, offer, outcome, why:
                        None if outcome == "lost" else end(self, offer, outcome, why))
    with pytest.raises(AssertionError, match="answers"):
        search(Small("ring-all", 2, 2))
