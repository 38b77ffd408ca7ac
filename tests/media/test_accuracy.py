"""The accuracy report's parts: Wilson's interval, chance, the workbench, plots, the page, and its baseline."""

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from ccappliance.base.units import RATE, amplitude, dbm0
from ccappliance.media import dsp
from ccappliance.media.accuracy import signals
from ccappliance.media.accuracy.baseline import Baseline, Figure, figures
from ccappliance.media.accuracy.figures import (
    OURS,
    Axis,
    Limit,
    Line,
    Picture,
    Point,
    Silent,
    number,
    roc_from,
    wilson,
)
from ccappliance.media.accuracy.page import glance, page
from ccappliance.media.accuracy.plot import svg
from ccappliance.media.accuracy.report import Report
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.speakers import Speakers
from ccappliance.media.accuracy.trials import QUICK, Chance, curve, region, steps
from ccappliance.media.generation import Noise

X, Y = Axis("signal to noise, dB", 0.0, 20.0, 5.0), Axis("heard, %", 0.0, 100.0, 20.0)


def picture(*shares: float, trials: int = 20, kind: str = "curve", source: str = "", must: bool = True) -> Picture:
    """Ours over x = 0, 1, 2 …; all of it is asked for; a peer that hears nothing."""
    points = tuple(Point(float(k), share, trials, wish="more", must=must) for k, share in enumerate(shares))
    silent = tuple(Point(float(k), 0.0, trials) for k in range(len(shares)))
    return Picture("some-noise", "dtmf", "Some & noise", kind, X, Y, (Line(OURS, points), Line("libpeer", silent)),
                   "How <it> was measured.", (Limit("asked", ((1.0, 0.0), (1.0, 99.0))),), source)


# ---- figures ----


def test_wilson_is_what_the_books_say():
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)  # Newcombe 1998, method 3
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_where_a_line_is_good_is_told():
    def told(*shares: float) -> str:
        return next(glance(picture(*shares)))[2]

    assert told(0.2, 1.0, 0.9, 1.0, 1.0) == "99 % from 3 dB on"
    assert told(1.0, 1.0, 0.9, 0.9, 1.0) == "99 % up to 1 dB"
    assert told(0.0, 1.0, 1.0, 0.9) == "99 % from 1 to 2 dB"
    assert told(1.0, 1.0) == "99 % everywhere"


def test_a_roc_from_elsewhere_is_read_or_refused():
    told = {"lines": [{"name": "trees", "points": [[0.0, 0.5], [0.03, 0.9]]}]}
    assert roc_from("new", told) == (Line("new: trees", (Point(0.0, 0.5), Point(0.03, 0.9))),)
    for bad in ({}, {"lines": 3}, {"lines": [{"name": "x", "points": [[1]]}]},
                {"lines": [{"name": "x", "points": [[0.0, 1.5]]}]}):
        with pytest.raises(ValueError, match=r"expected|0 to 1"):
            roc_from("bad", bad)


# ---- chance and the workbench ----


def test_chance_is_its_names_and_nothing_elses():
    assert Chance("a").seed() == Chance("a").seed() != Chance("b").seed()
    known = Chance("a")
    known._state = 1234567  # SplitMix64's well-known first numbers for this seed
    assert [known.seed(), known.seed()] == [6457827717110365317, 3203168211198807973]
    numbers = [Chance(f"spread #{k}").number(-1.0, 1.0) for k in range(2000)]
    assert abs(sum(numbers) / 2000) < 0.05
    assert min(numbers) < -0.99
    assert max(numbers) > 0.99


def test_the_workbenchs_noise_is_generations():
    stretch = Stretch(500)
    stretch.noise(7, signals.rms(-20.0), 0, 500)
    assert np.frombuffer(stretch.pcm(), "<i2").tolist() == [round(x) for x in Noise(7).samples(500, -20.0)]


def test_the_workbenchs_sines_are_numpys():
    stretch = Stretch(300)
    stretch.sine(697.0, 5000.0, 0.3, 50, 400)  # its end is cut
    n = np.arange(250)
    expected = np.concatenate([np.zeros(50), np.rint(5000 * np.sin(2 * np.pi * 697 / RATE * n + 0.3))])
    assert np.abs(np.frombuffer(stretch.pcm(), "<i2") - expected).max() <= 1


def test_levels_of_what_is_laid_are_those_asked_for(chance):
    del chance
    some = Chance("levels")
    stretch = Stretch(RATE)
    signals.tone(some, stretch, (350.0, 440.0), -15.0, 0, RATE)
    assert dbm0(math.sqrt(stretch.power(0, RATE))) == pytest.approx(-15.0, abs=0.05)
    loud = Stretch(RATE)
    signals.noise(some, loud, -15.0)
    assert dbm0(math.sqrt(loud.power(0, RATE))) == pytest.approx(-15.0, abs=0.2)
    word = Stretch(RATE)
    signals.syllable(some, word, 0, RATE, -20.0)
    assert dbm0(math.sqrt(word.power(0, RATE))) == pytest.approx(-20.0, abs=0.05)


@pytest.mark.parametrize("standard", ["v23", "bell202"])
def test_fsk_of_the_workbench_is_heard(standard):
    data = bytes([0x80, 3, 1, 2, 3])
    data += bytes([-sum(data) & 255])
    assert dsp.FskEar().hear(signals.line(signals.fsk(Chance(standard), data, standard, -13.5))) == [data]


def test_a_stretch_clips_and_refuses_nonsense():
    stretch = Stretch(10)
    stretch.sine(1000.0, 90_000.0, math.pi / 2, 0, 10)
    assert np.frombuffer(stretch.pcm(), "<i2").max() == 32767
    assert np.frombuffer(stretch.pcm(), "<i2").min() == -32768
    stretch.sine(1000.0, 1.0, 0.0, -5, 3)  # all of it before the beginning
    stretch.noise(1, 1.0, 50, 10)
    stretch.lay(b"\0\1" * 30, 1.0, -10)
    stretch.gain(0.0, -5, 100)
    assert stretch.pcm() == bytes(20)
    for wrong in (lambda: Stretch(-1), lambda: stretch.turn(0, 0, 1), lambda: stretch.glide([1.0], 1.0, 5, 0, 5)):
        with pytest.raises(ValueError, match=r"stretch has|reversed every|do not reach"):
            wrong()


def test_curves_and_regions_hear_the_same_sounds():
    heard: dict[str, list[bytes]] = {"one": [], "two": []}
    ears = {who: (lambda pcm, who=who: heard[who].append(pcm) or True) for who in heard}
    lines = curve("c", 3, ears, steps(0.0, 2.0, 1.0), lambda chance, x: (chance.data(4), x < 2.0))
    assert [[point.hits for point in line.points] for line in lines] == [[3, 3, 0]] * 2
    assert heard["one"] == heard["two"]
    assert len(set(heard["one"])) == 9  # no two trials are alike
    cells = region("r", 2, ears, [0.0, 1.0], [5.0], lambda chance, x, y: (chance.data(4), True),
                   lambda x, y: ("", False))
    assert [(point.x, point.y, point.value) for point in cells[0].points] == [(0.0, 5.0, 1.0), (1.0, 5.0, 1.0)]


# ---- plots and the page ----


def test_plots_are_well_formed_and_show_everybody():
    points = tuple(Point(float(x), float(x > y) , 4, float(y)) for y in range(3) for x in range(4))
    cells = Picture("r", "dtmf", "Region", "region", Axis("x", 0.0, 3.0, 1.0), Axis("y", 0.0, 2.0, 1.0),
                    (Line(OURS, points), Line("libpeer", points)), "About.", (Limit("wall", ((0.0, 0.0), (3.0, 2.0))),))
    for one in (picture(0.0, 0.5, 1.0), cells, picture(0.0, 0.5, 1.0, kind="roc")):
        root = ET.fromstring(svg(one))
        texts = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))
        assert one.title in texts
        assert "libpeer" in texts
        assert one.limits[0].label in texts
        for element in root.iter():
            assert "nan" not in str(element.attrib)
    with pytest.raises(ValueError, match="nothing to draw"):
        svg(Picture("n", "dtmf", "N", "numbers", X, Y, (number("n", 1.0),), ""))


def test_the_page_tells_trials_and_confidence():
    silent = Silent("verdict", "Person or machine", "not measured: no speech synthesiser")
    text = page(QUICK, [picture(0.5, 1.0, 1.0)], [silent], ["libpeer"])
    assert "from 1 dB on" in text
    assert "50 % (29.9–70.1)" in text
    assert "20 a point" in text
    assert "not measured: no speech synthesiser" in text
    assert [row[2] for row in glance(picture(0.0, 0.0))] == ["99 % nowhere"] * 2


def test_a_report_is_written_whole(tmp_path):
    report = Report(QUICK, (picture(0.5, 1.0),), (), ("libpeer",))
    names = [path.name for path in report.write(tmp_path / "new")]
    assert names == ["README.md", "figures.json", "some-noise.svg"]
    told = json.loads((tmp_path / "new" / "figures.json").read_text("utf-8"))
    assert told == report.as_dict()
    assert told["pictures"][0]["columns"] == ["x", "y", "value", "hits", "trials", "low", "high"]
    assert told["pictures"][0]["lines"][0]["points"][0] == [0.0, 0.0, 0.5, 10, 20, 0.2993, 0.7007]


def test_without_a_voice_it_says_so():
    silent = Speakers({"en": "no-such-command-here --stdout"}).absent("verdict", "Person or machine")
    assert silent is not None
    assert silent.why.startswith("not measured: no speech synthesiser ('no-such-command-here' is not installed")
    assert Speakers({}).absent("verdict", "x") is not None


# ---- the baseline ----


def test_worse_is_told_with_its_place_and_better_may_be_accepted(tmp_path):
    path, baseline = tmp_path / "baseline.json", Baseline({}, [])
    names = ["some-noise"]
    baseline.accept("quick", figures([picture(0.5, 1.0)]), names)
    baseline.write(path)
    baseline = Baseline.read(path)
    same = baseline.compare("quick", figures([picture(0.5, 1.0)]), names)
    assert (same.worse, same.better, same.fresh) == ([], [], [])
    worse = figures([picture(0.5, 0.95)])
    assert baseline.compare("quick", worse, names).worse == [
        "some-noise: ccappliance: asked, more is better: 30 of 40 before, 29 of 40 now (more is better); "
        "amiss at 0 (10 of 20), 1 (19 of 20)"]
    with pytest.raises(ValueError, match="may only get better"):
        baseline.accept("quick", worse, names)
    better = figures([picture(0.6, 1.0)])
    assert len(baseline.compare("quick", better, names).better) == 1
    baseline.accept("quick", better, names)
    assert len(baseline.compare("quick", figures([picture(0.5, 1.0)]), names).worse) == 1
    baseline.accept("quick", worse, names, "half the instructions")
    assert baseline.traded[0]["because"] == "half the instructions"


def test_what_is_measured_otherwise_or_no_longer_is_worse():
    baseline, names = Baseline({}, []), ["some-noise"]
    baseline.accept("quick", figures([picture(0.5, 1.0)]), names)
    assert "now otherwise" in baseline.compare("quick", figures([picture(0.5, 1.0, trials=40)]), names).worse[0]
    gone = baseline.compare("quick", {}, names).worse
    assert len(gone) == 1
    assert "no longer measured" in gone[0]
    assert baseline.compare("quick", {}, ["another"]).worse == []  # --only another: this one is left in peace
    assert baseline.compare("full", figures([picture(0.0, 0.0)]), names).worse == []  # the other size has none yet


def test_other_voices_are_not_compared_and_values_have_slack():
    baseline, names = Baseline({}, []), ["some-noise", "n"]
    baseline.accept("quick", figures([picture(1.0, source="aa")]), names)
    compared = baseline.compare("quick", figures([picture(0.0, source="bb")]), names)
    assert compared.worse == []
    assert len(compared.skipped) == 1
    old, new = Figure("n: dB", 25.0, 0, "more", ""), Figure("n: dB", 24.99, 0, "more", "")
    assert not new.worse_than(old)
    assert Figure("n: dB", 24.9, 0, "more", "").worse_than(old)
    slow = Baseline({"quick": {"n: dB": old}}, [])
    slow.accept("quick", {"n: dB": new}, ["n"])
    assert slow.sizes["quick"]["n: dB"].value == 25.0  # slack does not add up


def test_a_broken_baseline_is_told(tmp_path: Path):
    path = tmp_path / "b.json"
    for text in ("{", "[]", '{"figures": {"quick": {"a": [1]}}, "traded": []}', '{"traded": []}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="is no baseline"):
            Baseline.read(path)
    assert Baseline.read(tmp_path / "absent.json").sizes == {}


def test_what_is_wished_for_the_other_way_round():
    less = Figure("n", 3.0, 40, "less", "")
    assert Figure("n", 4.0, 40, "less", "").worse_than(less)
    assert not Figure("n", 2.0, 40, "less", "").worse_than(less)
    assert amplitude(3.14) == pytest.approx(32767.0)
