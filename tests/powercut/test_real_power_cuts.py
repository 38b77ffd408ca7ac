"""Real power cuts: a real kernel's ext4 under 30 recordings, cut at random moments, any part of the unflushed lost."""

import os
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from campaign import SHARES, Campaign, Cut

CUTS = int(os.environ.get("POWER_CUTS", "20"))  # of each run, while all are recorded
AFTERWARDS = CUTS // 4  # … and while the calls end, files are made, and the daemon ends
LEAST_UNDER_WAY = 30


@pytest.fixture(scope="module")
def campaign(run: Path, left: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = Campaign(run, left / "town", tmp_path_factory.mktemp("cuts"))
    yield campaign
    campaign.close()


def test_a_run_that_is_not_cut_is_recorded_to_the_sample(campaign: Campaign) -> None:
    assert list(campaign.against_noise(campaign.reference)) == []
    assert len(campaign.reference) >= LEAST_UNDER_WAY
    assert {row["disposition"] for row in campaign.rows} <= {"ANSWERED", "FAILED", "NO ANSWER"}


def test_nothing_that_was_told_is_lost(campaign: Campaign, record_property: Callable[[str, object], None]) -> None:
    """While 30 calls and more are recorded: a cut costs at most half a second of sound, and nothing promised."""
    epochs = campaign.choose(CUTS, "recorded")
    cuts = [campaign.cut(number, epoch, SHARES[number % len(SHARES)]) for number, epoch in enumerate(epochs)]
    told(cuts, campaign, record_property)
    assert all(cut.under_way >= LEAST_UNDER_WAY for cut in cuts)


def test_the_end_may_be_cut_as_well(campaign: Campaign, record_property: Callable[[str, object], None]) -> None:
    epochs = campaign.choose_after(AFTERWARDS, "afterwards")
    cuts = [campaign.cut(CUTS + number, epoch, SHARES[number % len(SHARES)]) for number, epoch in enumerate(epochs)]
    told(cuts, campaign, record_property)


def told(cuts: list[Cut], campaign: Campaign, record_property: Callable[[str, object], None]) -> None:
    lost = [seconds for cut in cuts for seconds in cut.lost] or [0.0]
    record_property("power", f"power cuts of run {campaign.seed}: {len(cuts)}, {len(lost)} recordings under way; lost "
                             f"{statistics.median(lost) * 1000:.0f} ms in the median, {max(lost) * 1000:.0f} ms at "
                             f"most; of the journal {max(cut.journal_lost for cut in cuts) * 1000:.0f} ms at most; "
                             f"{sum(cut.sectors_lost for cut in cuts)} unflushed sectors lost")
    wrong = [str(cut) for cut in cuts if cut.wrong]
    assert not wrong, f"seed {campaign.seed}:\n" + "\n".join(wrong)
