"""Stories and days are found by name or by path, and what is missing is told with what there is."""

from pathlib import Path

import pytest

from ccappliance.base.errors import ConfigError
from ccappliance.sim.embedded import DAYS, STORIES, find


def test_by_name_and_by_path(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("title: mine\n")
    assert find("first-call", STORIES) == STORIES / "first-call.yaml"
    assert find("office-day", DAYS) == DAYS / "office-day.yaml"
    assert find(str(own), STORIES) == own


@pytest.mark.parametrize("name", ["nothing", "nothing.yaml", "/nowhere/first-call.yaml", ""])
def test_what_is_missing_is_told_with_what_there_is(name: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no such file.*embedded stories: .*first-call"):
        find(name, STORIES)
