"""Every ear is measured anew, from the same seeds, and must hear as well as docs/accuracy/baseline.json says."""

from pathlib import Path

import pytest

from ccappliance.media.accuracy.baseline import Baseline, figures
from ccappliance.media.accuracy.peers import speex
from ccappliance.media.accuracy.report import EARS, Means, measure
from ccappliance.media.accuracy.trials import FULL, QUICK, Size
from ccappliance.media.prompts import DEFAULT_COMMANDS
from ccappliance.media.tones import load_zones

BASELINE = Path(__file__).resolve().parents[2] / "docs" / "accuracy" / "baseline.json"
ADVICE = ("mend it; `make accuracy` accepts what is better, and `make accuracy BECAUSE=\"…\"` writes down what a worse "
          "figure was traded for")


def hold(ear: str, size: Size) -> None:
    report = measure([ear], size, Means(load_zones()["cn"], commands=dict(DEFAULT_COMMANDS)))
    names = [one.name for one in report.pictures]
    compared = Baseline.read(BASELINE).compare(size.name, figures(report.pictures), names)
    print("\n".join([*compared.better, *compared.skipped, *(one.why for one in report.silent)]))
    assert report.pictures or report.silent
    assert not compared.worse, "\n".join([*compared.worse, ADVICE])
    assert not compared.fresh, "\n".join(["not in the baseline yet: `make accuracy`", *compared.fresh])


@pytest.mark.slow
@pytest.mark.parametrize("ear", EARS)
def test_no_ear_has_become_worse(ear):
    hold(ear, QUICK)


@pytest.mark.nightly
@pytest.mark.parametrize("ear", EARS)
def test_no_ear_has_become_worse_in_many_trials(ear):
    hold(ear, FULL)


@pytest.mark.slow
def test_the_peers_do_not_change_our_figures():
    """Measured beside a peer or alone, ours hear the same."""
    cn = load_zones()["cn"]
    alone = figures(measure(["echo"], QUICK, Means(cn)).pictures)
    if speex() is None:
        pytest.skip("libspeexdsp is not installed: `apt install libspeexdsp1` for the comparison")
    assert figures(measure(["echo"], QUICK, Means(cn, speex=speex())).pictures) == alone
