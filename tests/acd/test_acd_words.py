"""Every state of an agent has its name in every language, and no two are the same."""

import pytest

from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.words import STATES, state_words


@pytest.mark.parametrize("language", STATES)
def test_every_state_has_a_name(language):
    names = [state_words(state.value, language) for state in AgentState]
    assert list(STATES[language]) == [state.value for state in AgentState]
    assert len(set(names)) == len(AgentState)


def test_what_is_unknown_is_shown_as_it_is():
    assert state_words("paused", "zh") == "小休/示忙"
    assert state_words("paused", "fr") == "paused"
    assert state_words("asleep", "zh") == "asleep"
