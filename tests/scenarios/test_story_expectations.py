"""What stories may expect in short, what they say when it did not come, and what they have tried of the flows."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from storyteller import configured, tell

from ccappliance.base.errors import ConfigError, Refused
from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import CoverageResult, Roof, StoryResult, TestOptions
from ccappliance.sim.coverage import Coverage
from ccappliance.sim.rehearsal import play_files
from ccappliance.sim.rehearsed import first_number, rehearsed
from ccappliance.sim.script import read_script
from ccappliance.site import Site

pytestmark = pytest.mark.slow
CALL = 'people:\n  wang: {name: 王芳, number: "13800138000"}\nsteps:\n  - wang: calls\n' \
       '  - wang: {hears: main_menu, within: 30}\n'


def story(tmp_path: Path, steps: str, top: str = "") -> Path:
    path = tmp_path / "story.yaml"
    path.write_text(top + CALL + "".join(f"  - {step}\n" for step in steps.strip().splitlines()), encoding="utf-8")
    return path


@pytest.mark.parametrize(("steps", "said"), [
    ('wang: {presses: "1"}\nexpect: {queue: service, within: 5}',
     "the call went: flow main: greeting → menu (1) → sales → queue:sales"),
    ("wang: {hears: welcome, within: 2}", "it had begun"),
    ('wang: {presses: "9"}\nwang: {hears: zh/main_menu, within: 3}', "it had begun"),
    ('wang: {presses: "1"}\nwang: {hears: goodbye, within: 3}', "it was never played"),
    ('wang: {presses: "9"}\nwang: {hears: zh/for_english, within: 3}', "it was played as en/for_english"),
    ("expect: {variable: account, is: 1, within: 2}", "it is not set; set are: none"),
    ("expect: {cdr: {queue: sales}, within: 2}", "the call has not ended, so it has no CDR"),
    ("wang: hangs up\nexpect: {cdr: {disposition: BUSY}, within: 2}", "disposition is 'ANSWERED'"),
    ("never: {node: menu}", "never to say NodeEntered"),
])
def test_a_failed_expectation_says_what_was_instead(tmp_path: Path, prompts: Path, steps: str, said: str) -> None:
    played = tell(story(tmp_path, steps), prompts, engine=False)
    assert played.step
    assert said in played.failed


def test_short_expectations_are_met(tmp_path: Path, prompts: Path) -> None:
    steps = ('expect: {node: menu, flow: main}\nwang: {presses: "1"}\nexpect: {leaves: "queue:sales"}\n'
             'expect: {queue: sales}\nwang: hangs up\nexpect: {cdr: {queue: sales, calling: "13800138000"}, of: wang}')
    played = tell(story(tmp_path, steps), prompts, engine=False)
    assert played.failed == ""


@pytest.mark.parametrize(("step", "said"), [
    ("expect: {quue: sales}", "names no fact"), ("never: {variable: x, is: 1}", "names no fact"),
    ("expect: {cdr: {colour: red}}", "a CDR has no 'colour'"), ("expect: {queue: sales, agent: 1}", "unknown key"),
    ("expect: {variable: x, of: nobody}", "nobody of this name")])
def test_wrong_expectations_are_told_before_anything_is_played(tmp_path: Path, step: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_script(story(tmp_path, step))


def test_a_story_about_a_flow_there_is_not(tmp_path: Path) -> None:
    script = read_script(story(tmp_path, "wait: 1", "flow: nihgt\n"))
    with pytest.raises(ConfigError, match="there is no flow 'nihgt'"):
        rehearsed(configured().site(), script)


def test_a_site_with_cards_is_rehearsed_on_simulated_lines(tmp_path: Path, prompts: Path) -> None:
    """Channels have gaps there, where nothing is plugged in."""
    cards = ('config:\n  driver: dahdi\n  spans:\n    all: {type: analog, number: 1, ports: [\n'
             '        {port: fxo, channels: "9-12"}, {port: fxs, channels: "21-24"}]}\n  lines:\n'
             + "".join(f"    fxo/{n}: {{channel: {8 + n}}}\n    fxs/{n}: {{channel: {20 + n}}}\n" for n in range(1, 5)))
    script = read_script(story(tmp_path, 'wang: {presses: "1"}\nexpect: {queue: sales}\nwang: hangs up', cards))
    site = rehearsed(configured().site(*script.config), script)
    assert sorted(line.channel for line in site.lines.values()) == list(range(1, 9))
    assert first_number(site) == "61234567"
    with pytest.raises(ConfigError, match="no outside line"):
        first_number(Site())


def test_coverage_names_what_nobody_tried(tmp_path: Path, prompts: Path) -> None:
    whole = configured().load()
    coverage = Coverage(whole.value.flows, whole.origins)
    coverage.add(tell(story(tmp_path, 'wang: {presses: "1"}\nexpect: {queue: sales}\nwang: hangs up'), prompts,
                      engine=False).journal)
    [flow] = coverage.report()
    assert (flow.nodes, flow.nodes_tried, flow.ways, flow.ways_tried) == (8, 3, 15, 3)
    told = {one.what: one.place for one in flow.missing}
    assert told["way menu keys.2 → service"].startswith("flows/main.yaml:")
    assert "node english" in told


def test_a_configuration_without_stories(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("system: {name: demo}\n")
    with pytest.raises(Refused, match="there is no story in"):
        list(play_files(TestOptions((), None, engine=False), tmp_path))


def test_the_command_fails_if_too_little_was_covered(tmp_path: Path) -> None:
    def results(options: TestOptions) -> list[StoryResult | CoverageResult]:
        asked.append(options)
        return [StoryResult(tmp_path / "a.yaml", "A", True, "", "", 1.0, 0.1),
                CoverageResult("main", 2, 2, 4, 3, 83.3, ({"place": "flows/main.yaml:3:1", "what": "way a x → b"},))]

    def never(*_: Any) -> Any:
        raise AssertionError

    asked: list[TestOptions] = []
    roof = Roof(never, results, never, lambda: Site, lambda: tmp_path)
    run = CliRunner().invoke(build(roof), ["test", "--require", "90"])
    assert run.exit_code == 1
    assert "flow main: 83 % covered; nodes 2 of 2, ways 3 of 4" in run.output
    assert "flows/main.yaml:3:1: not tried: way a x → b" in run.output
    assert CliRunner().invoke(build(roof), ["test"]).exit_code == 0
    assert CliRunner().invoke(build(roof), ["test", "--require", "80", "--json"]).exit_code == 0
    assert [(one.paths, one.coverage, one.engine) for one in asked] == [((), True, False)] * 3
