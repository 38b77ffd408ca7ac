"""What happens to calls when the card does: alarms that flap, a span that is taken out and put back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from card_house import CardHouse, Told, tell
from far_end import assign, configure, plug_in, unassign, unplug
from rehearse import CONFIGURATION, HERE
from test_card_story import REHEARSED

from ccappliance.call.facts import ConversationStarted
from ccappliance.call.journal import Entry
from ccappliance.sim.configured import Configured
from ccappliance.sim.script import read_script

OURS = "dynamic:loc:0"  # span 1 of plan `house`
STORM = ("5:0", "5:1")  # two spans more, whose clocks wait for each other: all dynamic spans flap while they exist
AFTER = 1.0  # s of conversation
AT_ONCE = 0.5  # s from the first alarm to the end of the call; DAHDI tells both channels within some 10 ms


def once_they_talk(card: CardHouse, *deeds: tuple[float, Callable[[], None]]) -> None:
    """Do each deed so many seconds into the first conversation, in a thread: some take their time."""
    begun: list[str] = []

    def hear(entry: Entry) -> None:
        if isinstance(entry.fact, ConversationStarted) and not begun:
            begun.append(entry.fact.call)
            for seconds, do in deeds:
                card.loop.call_later(seconds, lambda do=do: card.loop.run_in_executor(None, do))

    card.house.journal.follow(hear)


def storm_begins() -> None:
    for address in STORM:
        plug_in(address, 2, timing=1)


def storm_ends() -> None:
    for address in STORM:
        unplug(address)


def taken_out() -> None:
    unassign(OURS)


def put_back() -> None:
    assign(OURS, 1, 1)
    configure("fxsks=1-4", "fxoks=5-8", "alaw=1-8")


MISHAPS: dict[str, tuple[tuple[float, Callable[[], None]], ...]] = {
    "storm": ((AFTER, storm_begins), (AFTER + 6, storm_ends)),
    "removed": ((AFTER, taken_out), (AFTER + 6, put_back)),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_call_ends_and_the_next_one_goes(mishap: str, tmp_path: Path) -> None:
    script = read_script(HERE / "card-storm.yaml")
    site = Configured(CONFIGURATION).site(*script.config)
    told = tell(script, site, REHEARSED / "prompts", tmp_path, lambda card: once_they_talk(card, *MISHAPS[mishap]))
    print("\n".join(story(told)))
    assert not told.failed
    assert told.breaches == ()
    assert told.in_use == ()
    assert told.spans[0].alarm is None
    facts = [json.loads(line) for line in told.journal]
    raised, ended = (next(fact["now"] for fact in facts if fact["fact"] == name and
                          (name == "CallEnded" or fact["subject"] in ("fxo/1", "fxs/1")))
                     for name in ("AlarmRaised", "CallEnded"))
    assert 0 <= ended - raised < AT_ONCE  # by the first alarm of its two channels, whichever that is
    if mishap == "removed":  # told once, however long DAHDI takes to forget the span
        alarms = [fact["alarm"] for fact in facts
                  if fact["fact"] == "AlarmRaised" and fact["subject"] == "fxs/1"]
        assert alarms == ["removed"]


def story(told: Told) -> list[str]:
    """The journal in short, for whoever must find out what went wrong."""
    return [f"{fact['now']:9.3f} {fact['fact']} " + " ".join(str(fact[key]) for key in
            ("subject", "alarm", "line", "call", "cause", "by", "state") if key in fact)
            for fact in map(json.loads, told.journal)]
