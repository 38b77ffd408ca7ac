"""Real EIO under 30 recordings: calls go on, and nothing that is lost was told to be whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign import Campaign

ALARMS = {"write": (), "dead": ("recording_failed", "journal_disk", "recording_gap")}


@pytest.fixture(scope="module")
def campaign(fault: Path, left: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = Campaign(fault, left / "town", tmp_path_factory.mktemp("faults"))
    yield campaign
    campaign.close()


def test_calls_go_on(campaign: Campaign) -> None:
    ended = {fact["call"] for fact in campaign.told("CallEnded", before="enough")}
    assert len(campaign.staying()) == 30
    assert ended.isdisjoint(campaign.staying())


def test_what_is_told_complete_is_whole(campaign: Campaign) -> None:
    """At a start after the run: every sample of it, by what was said and played."""
    found = campaign.last()
    complete = campaign.complete()
    assert list(campaign.against_noise({name: found.wavs.get(name, b"") for name in complete})) == []
    if campaign.fault == "write":
        assert sorted(complete) == sorted(fact["recording"] for fact in campaign.told("RecordingStarted"))


def test_trouble_is_told(campaign: Campaign) -> None:
    raised = {fact["alarm"] for fact in campaign.told("AlarmRaised")}
    assert raised >= set(ALARMS[campaign.fault])
