"""Menus that can be spoken to: a phrase counts as its key, keys win, and what is not understood is left to the keys."""

import asyncio
from collections.abc import Sequence

import pytest
from ivr_world import World, one_flow, play_call
from test_flow_check import END, told

from ccappliance.apps.ivr.flow import Flows
from ccappliance.call import facts
from ccappliance.media.ports import MediaPort
from ccappliance.media.speech import FIRST, MOST, Listening, Phrase, Recognised

MENU = one_flow("""
menu:
  type: menu
  prompt: main_menu
  speech: true
  phrases: {1: {zh: [销售, 我要买东西], en: [sales]}, 22: {zh: [服务]}}
  keys: {1: sales, 22: end, 2: menu}
  confidence: 0.6
  invalid: queue:wrong
  timeout: queue:mute
sales: {type: queue, queue: sales}
end: {type: hangup}
""")
SALES = Recognised("matched", "销售", "1", 0.9)


class Said(Listening):
    """Somebody begins to speak at a moment (loop clock) and is understood, or not, a second later."""

    def __init__(self, loop: asyncio.AbstractEventLoop, first: float, moments: list[tuple[float, Recognised]]) -> None:
        super().__init__(loop, first=first, most=MOST)
        coming = [(at, result) for at, result in moments if at >= loop.time()]
        self._timers = [timer for at, result in coming[:1]
                        for timer in (loop.call_at(at, self.speech_began), loop.call_at(at + 1.0, self.end, result))]

    def _leave(self) -> None:
        for timer in self._timers:
            timer.cancel()


class Ears:
    """A recogniser whose answers are written down beforehand."""

    def __init__(self, world: World, *moments: tuple[float, Recognised]) -> None:
        self._loop = world.loop
        self._moments = list(moments)
        self.asked: list[list[Phrase]] = []

    def refusal(self, language: str) -> str:
        return "" if language == "zh" else f"there is no model for '{language}'"

    def listen(self, port: MediaPort, phrases: Sequence[Phrase], language: str, *, first: float = FIRST,
               most: float = MOST) -> Said:
        self.asked.append(list(phrases))
        return Said(self._loop, first, self._moments)


def spoken(*moments: tuple[float, Recognised], keys: Sequence[tuple[float, str]] = (), hang_up: float | None = None,
           language: str = "zh") -> tuple[World, str | None, float, Ears]:
    """One call to the menu; its recogniser too."""
    ears: list[Ears] = []

    def prepare(world: World) -> None:
        ears.append(Ears(world, *moments))
        world.call.language = language
        world.tools = type(world.tools)(**{**vars(world.tools), "speech": ears[0]})
        world.flows = Flows(MENU, world.tools)
    world, to, ended = play_call(MENU, keys=keys, hang_up=hang_up, prepare=prepare)
    return world, to, ended, ears[0]


def outcomes(world: World) -> list[str]:
    return [fact.outcome for fact in world.journal if isinstance(fact, facts.SpeechHeard)]


def test_a_phrase_counts_as_its_key_and_stops_the_prompt() -> None:
    world, to, ended, ears = spoken((1.0, SALES))
    assert (to, ended) == ("queue:sales", 2.0)
    assert world.inputs() == [("menu", "1", "spoken")]
    assert [fact for fact in world.journal if isinstance(fact, facts.SpeechHeard)] == [
        facts.SpeechHeard("1.000001", "menu", "matched", "销售", "1", 0.9, 2.0, "")]
    (stopped,) = [fact for fact in world.journal if isinstance(fact, facts.PromptEnded)]
    assert (stopped.completed, stopped.seconds) == (False, 1.0)
    assert ears.asked == [[Phrase("销售", "1"), Phrase("我要买东西", "1"), Phrase("服务", "22")]]


def test_a_key_of_two_digits_is_spoken_at_once() -> None:
    world, to, ended, _ = spoken((1.0, Recognised("matched", "服务", "22", 0.7)))
    assert (to, ended) == (None, 2.0)
    assert world.nodes() == ["menu", "end"]


def test_a_key_wins_over_what_is_being_said() -> None:
    world, to, ended, _ = spoken((1.0, SALES), keys=[(1.5, "2"), (1.8, "2")])
    assert (to, ended) == (None, 1.8)
    assert world.inputs() == [("menu", "22", "complete")]
    assert outcomes(world) == []


@pytest.mark.parametrize("unsure", [Recognised("matched", "销售", "1", 0.59), Recognised("unsure", "销售", "1", 0.2)])
def test_what_is_not_understood_is_asked_again(unsure: Recognised) -> None:
    world, to, _, ears = spoken((1.0, unsure), keys=[(8.0, "1")])
    assert to == "queue:sales"
    assert world.inputs() == [("menu", "", "unsure"), ("menu", "1", "complete")]
    assert world.played() == ["zh/main_menu", "zh/invalid_key zh/main_menu"]
    assert len(ears.asked) == 2


def test_who_is_never_understood_goes_the_way_of_wrong_keys() -> None:
    mumbles = Recognised("unsure")
    world, to, ended, _ = spoken((1.0, mumbles), (3.0, mumbles), (5.0, mumbles))
    assert (to, ended) == ("queue:wrong", 6.0)
    assert world.inputs() == [("menu", "", "unsure")] * 3


@pytest.mark.parametrize("lost", [Recognised("failed", why="the engine died"), Recognised("too_long")])
def test_without_ears_there_are_the_keys(lost: Recognised) -> None:
    world, to, _, _ = spoken((1.0, lost), keys=[(3.0, "1")])
    assert to == "queue:sales"
    assert world.inputs() == [("menu", "1", "complete")]
    assert outcomes(world) == [lost.outcome]


def test_who_begins_late_is_heard_out() -> None:
    """The prompt takes 4 s, then he has 5 to press a key; he has begun to speak just before."""
    _, to, ended, _ = spoken((8.8, SALES))
    assert (to, ended) == ("queue:sales", 9.8)


def test_silence_is_silence() -> None:
    world, to, ended, _ = spoken()
    assert to == "queue:mute"
    assert world.inputs() == [("menu", "", "timeout")] * 3
    assert ended == pytest.approx(9.1 + 10.1 + 10.1)
    assert outcomes(world) == []


def test_a_language_without_a_model_is_served_by_keys() -> None:
    _, to, _, ears = spoken((1.0, SALES), keys=[(3.0, "1")], language="en")
    assert (to, ears.asked) == ("queue:sales", [])


def test_a_caller_who_leaves_while_he_speaks() -> None:
    world, to, _, _ = spoken((1.0, SALES), hang_up=1.5)
    assert to == "cancelled"
    assert world.inputs() == []


def test_what_a_menu_may_not_say() -> None:
    findings = told("""
a: {type: menu, prompt: main_menu, keys: {1: end}, invalid: end, timeout: end, speech: true}
b: {type: menu, prompt: main_menu, keys: {1: a}, invalid: end, timeout: end, phrases: {2: {zh: [销售], fr: [oui]}}}
c: {type: menu, prompt: main_menu, keys: {1: b, 3: b}, invalid: c, timeout: c, phrases: {1: {zh: [好]}, 3: {zh: [好]}}}
""" + END, start="c")
    assert [finding.split(": ", 1)[1] for finding in findings] == [
        "flows.main.nodes.a.speech: there is nothing to be said (add phrases: to flows.main.nodes.a)",
        "flows.main.nodes.b.phrases.2: '2' is no key of this menu (add it to keys)",
        "flows.main.nodes.b.phrases.2.fr: 'fr' is no language of this site (one of zh, en, see prompts.languages)",
        "flows.main.nodes.c.phrases: in 'zh' '好' stands for both 1 and 3; keep one (see docs/ivr.md, menu)"]
