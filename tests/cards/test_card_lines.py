"""Outgoing calls, dials, DTMF caller ID, ringing, hook flash on real channels; the journal is the simulated card's."""

import itertools
from typing import Any

import pytest
from card_house import CardHouse, Told, tell
from rehearse import script_and_site
from test_card_story import REHEARSED, differences

from ccappliance.drivers.api import RingBegan
from ccappliance.media.tones import load_zones

STORY = "card-lines"
SLACK = 0.03  # s; the far end looks at the bits every 10 ms, DAHDI steps its cadence in ms
BELL: list[tuple[float, bool]] = []  # of zhao's telephone: when ring voltage came and went


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    script, site = script_and_site(STORY)
    return tell(script, site, REHEARSED / "prompts", tmp_path_factory.mktemp("recordings"), listen_to_bell)


def listen_to_bell(card: CardHouse) -> None:
    end = card.street.pairs["fxs/2"].closing
    telephone = end.hear
    assert telephone is not None

    def hear(event: Any) -> None:
        BELL.append((card.loop.time(), isinstance(event, RingBegan)))
        telephone(event)

    end.hear = hear


def test_everything_goes_as_told(told: Told) -> None:
    assert not told.failed
    assert told.breaches == ()
    assert told.in_use == ()
    assert (told.late, told.skipped) == (0, 0)


def test_the_bell_rings_in_the_countrys_cadence(told: Told) -> None:
    on, off = load_zones()["cn"].ring
    spells = [(began[1], ended[0] - began[0]) for began, ended in itertools.pairwise(BELL)
              if began[1] is not ended[1]]
    bursts = [seconds for rings, seconds in spells if rings and seconds > on / 2]
    assert sum(abs(seconds - on) < SLACK for seconds in bursts) >= 3, spells
    assert sum(abs(seconds - off) < SLACK for rings, seconds in spells if not rings) >= 3, spells


def test_the_journal_is_that_of_the_simulated_card(told: Told) -> None:
    assert differences(STORY, told) == ""
