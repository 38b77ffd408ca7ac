"""The narrator's lines: who and what stand in columns, Chinese names included; prompts are told with their words."""

from datetime import UTC, datetime

from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.sim.narrator import Narrator


def test_names_of_any_width_keep_the_column() -> None:
    lines: list[str] = []
    narrator = Narrator(lines.append, 10.0)
    narrator.deed(11.5, "Li", "lifts")
    narrator.deed(75.0, "李明", "lifts")
    assert lines == ["00:01.5  Li          lifts", "01:05.0  李明        lifts"]


def test_a_prompt_is_told_with_its_words() -> None:
    lines: list[str] = []
    narrator = Narrator(lines.append, 0.0, {"zh/welcome": "您好"}.get)  # type: ignore[arg-type]
    fact = facts.PromptStarted("c", "l", ["zh/welcome", "zh/music"], True)
    narrator.hear(Entry(1, datetime(2026, 1, 1, tzinfo=UTC), 2.0, fact))
    assert lines == ["00:02.0  appliance   plays zh/welcome “您好”, zh/music (repeating)"]


def test_facts_of_no_interest_are_not_told() -> None:
    lines: list[str] = []
    Narrator(lines.append, 0.0).hear(Entry(1, datetime(2026, 1, 1, tzinfo=UTC), 2.0, facts.CallAnswered("c")))
    assert lines == []
