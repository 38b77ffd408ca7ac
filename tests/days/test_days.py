"""Simulated days: repeatable to the byte, nothing left over, figures that add up, and mistakes in a day file."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import fmean, pstdev

import pytest
from day_rig import CONFIG, HERE, PlainVoice, run_day, write_day

from ccappliance.base.errors import ConfigError
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.config.load import load_file
from ccappliance.config.schema import markdown
from ccappliance.interfaces.cli.roof import DayOptions
from ccappliance.sim.crowd import draw
from ccappliance.sim.day import arrivals, run
from ccappliance.sim.day_settings import Day, Staff, Times
from ccappliance.sim.day_site import day_site, dialled_number, seats

OFFICE = HERE.parent.parent / "ccappliance" / "sim" / "days" / "office-day.yaml"
ALONE = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from day_rig import run_day
result = run_day(Path({day!r}), {seed}, Path({cache!r}))
assert not result.problems, result.problems
print(result.digest)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prompts")


def busy(folder: Path, *, calls: int = 120, more: str = "") -> Path:
    """Ten minutes in which everything happens: menus left, patience lost, calls missed, breaks, a full queue."""
    return write_day(folder, f"""
        duration: 10m
        calls: {calls}
        lines: 12
        callers:
          keys: {{"1": 3, "2": 1}}
          listen: {{shape: uniform, mean: 6s}}
          leave_menu: 0.1
          patience: {{mean: 40s}}
          talk: {{shape: lognormal, mean: 40s}}
        staff:
          agents: 6
          miss: 0.15
          back: {{shape: constant, mean: 30s}}
          breaks: [{{reason: break, after: {{mean: 3m}}, lasts: {{mean: 30s}}}}]
        queues: {{sales: {{ring_timeout: 8s, max_len: 4, wrapup: 5s}}, service: {{max_wait: 30s}}}}
        {more}
        """)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("more", ["", "ends: agent", "exchange: {caller_id: dtmf_before_ring, disconnect: polarity}",
                                  "exchange: {caller_id: none, disconnect: loop_break}",
                                  "exchange: {caller_id: dtmf_after_ring, disconnect: dial_tone}"])
def test_after_a_busy_day_nothing_is_left_and_figures_add_up(seed: int, more: str, cache: Path, tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    result = run_day(busy(tmp_path, more=more), seed, cache,
                     watch=lambda entry: told.update([type(entry.fact).__name__]))
    figures = result.figures
    assert not result.problems, "\n".join(result.problems)
    assert told["CallOffered"] == told["CallEnded"] == figures["calls"] - figures["lost"]
    assert figures["queued"] == told["QueueEntered"] == told["QueueLeft"]
    assert figures["left_menu"] > 0
    assert figures["abandoned"] > 0
    assert figures["answered"] > 0
    assert 30 < figures["occupancy"] < 100


@pytest.mark.slow
def test_agents_miss_the_share_they_are_told_to(cache: Path, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()

    def hear(entry: Entry) -> None:
        if isinstance(entry.fact, facts.OfferEnded):
            outcomes[entry.fact.outcome] += 1

    day = write_day(tmp_path, """
        duration: 1h
        calls: 400
        lines: 20
        queue: sales
        callers: {talk: {shape: constant, mean: 10s}}
        staff: {agents: 12, answer: {shape: constant, mean: 2s}, miss: 0.2, back: {shape: constant, mean: 10s}}
        queues: {sales: {ring_timeout: 8s, wrapup: 0s}}
        """)
    result = run_day(day, 1, cache, watch=hear)
    assert not result.problems, "\n".join(result.problems)
    assert outcomes["answered"] == result.figures["answered"] == result.figures["calls"] > 300
    assert 0.14 < outcomes["no_answer"] / outcomes.total() < 0.26


@pytest.mark.slow
def test_callers_beyond_the_lines_hear_busy_tone(cache: Path, tmp_path: Path) -> None:
    result = run_day(busy(tmp_path, calls=400), 1, cache)
    assert not result.problems, "\n".join(result.problems)
    assert result.figures["lost"] > 50
    assert result.figures["longest_wait"] > 10


@pytest.mark.slow
def test_the_same_seed_is_the_same_day_under_any_hash_seed(cache: Path, tmp_path: Path) -> None:
    day = busy(tmp_path, calls=60)

    def digest(hash_seed: str, seed: int = 1) -> str:
        program = ALONE.format(here=str(HERE), day=str(day), seed=seed, cache=str(cache))
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True,
                              env={**os.environ, "PYTHONHASHSEED": hash_seed})
        return done.stdout.strip()

    digests = [digest("0"), digest("1"), digest("random")]
    assert len(digests[0]) == 64
    assert digests == [digests[0]] * 3
    assert digest("0", seed=2) != digests[0]


@pytest.mark.slow
def test_the_journal_is_written_and_is_what_the_digest_says(cache: Path, tmp_path: Path) -> None:
    journal = tmp_path / "day.jsonl"
    result = run_day(busy(tmp_path, calls=20), 5, cache, journal=journal)
    lines = journal.read_bytes().splitlines()
    assert len(lines) == result.figures["facts"]
    assert json.loads(lines[-1])["fact"] == "DaemonStopped"
    summed = subprocess.run(["sha256sum", str(journal)], check=True, capture_output=True, text=True).stdout.split()[0]
    assert summed == result.digest


@pytest.mark.slow
def test_a_breach_of_an_invariant_is_a_problem(cache: Path, tmp_path: Path) -> None:
    """The ledger is no rubber stamp: a call whose end the journal never tells is found."""
    from ccappliance.call.switch import Switch
    end, spared = Switch._end, []

    def forget(self: Switch, call: object) -> None:
        if not spared:
            spared.append(call)
            self.calls.pop(call.id)  # type: ignore[attr-defined]
        elif call not in spared:
            end(self, call)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Switch, "_end", forget)
        result = run_day(busy(tmp_path, calls=10), 1, cache)
    assert any("were offered" in problem for problem in result.problems), result.problems


@pytest.mark.nightly
@pytest.mark.slow
def test_a_day_of_ten_thousand_calls_has_no_problems(cache: Path) -> None:
    result = run_day(OFFICE, 1, cache)
    print(result)
    assert not result.problems
    assert result.figures["calls"] > 9_500


# ---- the parts ----


def test_the_shipped_day_fits_the_shipped_configuration() -> None:
    day = load_file(OFFICE, Day).value
    site = day_site(day, OFFICE.name, CONFIG)
    assert len(site.lines) == 160
    assert len(seats(day, site)) == 40
    assert dialled_number(day, site) == "95588"
    assert set(site.acd.members_of("sales")) == set(site.agents)


def test_a_queue_can_be_reached_straight_and_other_routes_stay() -> None:
    day = Day(calls=1, queue="sales", staff=Staff(agents=2))
    site = day_site(day, "day.yaml", CONFIG)
    assert (site.routes[0].source, site.routes[0].to) == ("lines", "queue:sales")
    assert len(site.routes) > 5
    assert len(seats(day, site)) == 2


def test_arrivals_follow_the_profile() -> None:
    day = Day(calls=4000, duration=4000.0, profile=(0, 1, 3, 0), staff=Staff(agents=1))
    times = list(arrivals(day, random.Random(1)))
    assert times == sorted(times)
    by_part = Counter(int(at // 1000) for at in times)
    assert set(by_part) == {1, 2}
    assert by_part[1] == pytest.approx(1000, abs=4 * 1000 ** 0.5)
    assert by_part[2] == pytest.approx(3000, abs=4 * 3000 ** 0.5)


def test_constant_arrivals_are_evenly_spaced() -> None:
    day = Day(calls=10, duration=100.0, arrivals="constant", staff=Staff(agents=1))
    assert list(arrivals(day, random.Random(1))) == pytest.approx([10.0 * n for n in range(1, 11)])


@pytest.mark.parametrize(("shape", "deviation"), [("exponential", 100.0), ("lognormal", 50.0), ("uniform", 57.7),
                                                  ("constant", 0.0)])
def test_times_have_the_mean_and_spread_they_say(shape: str, deviation: float) -> None:
    chance = random.Random(3)
    drawn = [draw(Times(shape=shape, mean=100.0), chance) for _ in range(20_000)]
    assert fmean(drawn) == pytest.approx(100.0, rel=0.03)
    assert pstdev(drawn) == pytest.approx(deviation, rel=0.05, abs=1e-9)
    assert min(drawn) >= 0


@pytest.mark.parametrize(("text", "words"), [
    ("calls: 10\nstaff: {agents: 2}\nqueue: sails", "there is no queue 'sails'"),
    ("calls: 10\nstaff: {agents: 2}\nqueues: {sail: {wrapup: 1s}}", "there is no queue 'sail'"),
    ("calls: 10\nstaff: {agents: 0}", "less than the least allowed"),
    ("calls: 10\nstaff: {agents: 2}\ncallers: {keys: {x: 1}}", "no key of a telephone"),
    ("calls: 10\nstaff: {agents: 2}\nstart: tomorrow", "no moment with a time zone"),
    ("calls: 10\nstaff: {agents: 2}\nprofile: [0, 0]", "all weights are 0"),
    ("calls: 10\nstaff: {agents: 2}\nexchange: {disconnect: nothing}", "would never end"),
    ("calls: 10\nstaff: {agents: 2, breaks: [{reason: nap, after: {mean: 1h}, lasts: {mean: 1m}}]}", "no reason 'nap'"),
    ("calls: 10\nstaff: {agents: 2, breaks: [{reason: lunch, after: {mean: 1s}, lasts: {mean: 1m}}]}",
     "less than a minute"),
    ("calls: 10", "this key is required"),
    ("calls: 10\nstaff: {agents: 2}\ncals: 3", "did you mean 'calls'"),
])
def test_mistakes_are_told_with_their_place(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        run_day(path, 1, tmp_path)
    assert words in str(error.value)
    assert "day.yaml" in str(error.value)


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be written"):
        run(DayOptions(busy(tmp_path), 1, None, tmp_path / "no" / "journal"), tmp_path, CONFIG, voice=PlainVoice())


def test_every_key_of_a_day_is_documented() -> None:
    page = (HERE.parent.parent / "docs" / "days.md").read_text(encoding="utf-8")
    _, _, keys = markdown(Day).partition("## Top level")
    assert page.endswith(keys), "run `make docs`"


def test_every_fact_that_opens_an_account_has_one_that_closes_it() -> None:
    """A reminder for whoever adds a pair of facts: the ledger must know it."""
    pairs = {name.removesuffix("Started") for name in facts.Kinds.BY_NAME if name.endswith("Started")}
    assert pairs == {"Daemon", "Prompt", "Conversation", "Recording", "Script", "Supervision", "Transfer"}
