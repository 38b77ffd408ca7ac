"""The first call, with a mishap at every moment of it: all is let go, every account is closed."""

import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from storyteller import FIRST_CALL, facts, stories, tell, trouble

from ccappliance.apps.acd.acd import Acd
from ccappliance.base.errors import Refused
from ccappliance.sim.play import Played, Stage
from ccappliance.sim.script import read_script

pytestmark = pytest.mark.slow

LENGTH = 56.0  # s the first call takes
MENDED = 3.0  # s a line or card stays broken
NOTICED = 6.0  # s: 0.5 until the exchange knows, 4 until busy tone is certain (F18), and a little for the rest


def hang_up(who: str) -> Callable[[Stage], None]:
    return lambda stage: stage.story.people[who].hang_up()


def cut(line: str) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        stage.street.pairs[line].cut()
        stage.loop.call_later(MENDED, stage.street.pairs[line].mend)
    return act


def fail(span: int) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        stage.street.driver.fail(span, "red", "the card was pulled out")
        stage.loop.call_later(MENDED, stage.street.driver.mend, span)
    return act


def hang_up_by_order(stage: Stage) -> None:
    for call in list(stage.house.switch.calls.values()):
        call.anchor.clear()


MISHAPS: dict[str, Callable[[Stage], None]] = {
    "caller hangs up": hang_up("wang"), "agent hangs up": hang_up("li"), "colleague hangs up": hang_up("zhao"),
    "line cut": cut("fxo/1"), "agent's pair cut": cut("fxs/1"), "trunk card fails": fail(1),
    "station card fails": fail(2), "all calls cleared": hang_up_by_order,
}


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize(("engine", "every"), [(False, 0.5), (True, 2.0)], ids=["scripted", "engine"])
def test_a_mishap_at_every_moment(mishap: str, engine: bool, every: float, prompts: Path) -> None:
    bad = []
    happened = 0
    for step in range(int(LENGTH / every)):
        at = step * every
        done: list[float] = []

        def interfere(stage: Stage, at: float = at, done: list[float] = done) -> None:
            def act() -> None:
                done.append(stage.loop.time())
                MISHAPS[mishap](stage)
            stage.loop.call_later(at, act)

        played = tell(FIRST_CALL, prompts, engine=engine, interfere=interfere)
        happened += len(done)
        found = trouble(played)
        if mishap == "caller hangs up" and done:
            found += [f"call {ended['call']} ended {ended['now'] - done[0]:.1f} s later"
                      for ended in facts(played, "CallEnded")
                      if ended["call"] in _from_outside(played, done[0]) and ended["now"] > done[0] + NOTICED]
        if found:
            bad.append(f"{mishap} at {at:g} s ({played.step or 'story went on'}): {'; '.join(found)}")
    assert happened == int(LENGTH / every), "some mishaps never happened: the story is shorter than thought"
    assert not bad, "\n".join(bad)


def lift(who: str) -> Callable[[Stage], None]:
    return lambda stage: stage.story.people[who].lift()


def flash(who: str) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        if stage.story.people[who].off_hook:
            stage.story.people[who].phone.breaker.flash(0.3)
    return act


def press(who: str, keys: str) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        if stage.story.people[who].off_hook:
            stage.story.people[who].phone.port.digits(keys, on=0.1, off=0.1)
    return act


def ask(request: Callable[[Acd], object]) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        with contextlib.suppress(Refused):
            request(stage.house.acd)
    return act


COMMANDS: tuple[Callable[[Acd], object], ...] = (
    lambda acd: acd.logout("1001"), lambda acd: acd.pause("1001", "break"), lambda acd: acd.resume("1001"),
    lambda acd: acd.login("1003", "8003"), lambda acd: acd.end_wrapup("1001"))


def _any_mishap(chance: random.Random, people: list[str]) -> tuple[str, Callable[[Stage], None]]:
    who, line = chance.choice(people), chance.choice(["fxo/1", "fxo/4", "fxs/1", "fxs/2"])
    keys = chance.choice(["8002", "1", "#", "9139", "*12", "7002"])
    choices = [
        (f"{who} hangs up", hang_up(who)), (f"{who} lifts", lift(who)), (f"{who} flashes", flash(who)),
        (f"{who} presses {keys}", press(who, keys)), (f"{line} is cut", cut(line)), ("span 1 fails", fail(1)),
        ("span 2 fails", fail(2)), ("all calls cleared", hang_up_by_order),
        ("a command", ask(chance.choice(COMMANDS)))]
    return chance.choice(choices)


@pytest.mark.parametrize("engine", [False, True], ids=["scripted", "engine"])
def test_several_mishaps_in_any_story(engine: bool, prompts: Path, seed: int) -> None:
    """Up to three of anything at any moment of any story; the run's seed says which."""
    for number in range(60):
        chance = random.Random(seed * 1000 + number)
        script = read_script(chance.choice(stories()))
        plan = [(round(chance.uniform(0.0, 20.0), 2), *_any_mishap(chance, list(script.roles)))
                for _ in range(chance.randint(1, 3))]

        def interfere(stage: Stage, plan: list[tuple[float, str, Callable[[Stage], None]]] = plan) -> None:
            for when, _, act in plan:
                stage.loop.call_later(when, act, stage)

        played = tell(script, prompts, engine=engine, interfere=interfere)
        words = ", ".join(f"{what} at {when:g} s" for when, what, _ in plan)
        assert trouble(played) == [], f"CCAPPLIANCE_SEED={seed}, round {number}: {script.path.stem}: {words}"


def _from_outside(played: Played, before: float) -> list[str]:
    return [fact["call"] for fact in facts(played, "CallOffered")
            if fact["direction"] == "in" and fact["now"] <= before]
