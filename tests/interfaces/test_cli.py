"""The command line: every command against a house on a real socket, as text and JSON, with the right exit codes."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from fake_house import CALL, QUEUE, STATUS, FakeHouse, served

from ccappliance.config.keys import key
from ccappliance.interfaces.cli import table as tables
from ccappliance.interfaces.cli.command import connect
from ccappliance.interfaces.cli.main import COMMANDS, build
from ccappliance.interfaces.cli.roof import DayOptions, DayResult, Roof, RunOptions, StoryResult, TestOptions


@dataclass(frozen=True)
class Site:
    """A site with two keys."""

    name: str = key("demo", doc="Its name.")
    calendars: Mapping[str, str] = key(factory=dict, doc="None.")


class FakeRoof:
    """Remembers its options, answers what it was told to."""

    def __init__(self, config: Path) -> None:
        self.options: list[Any] = []
        self.passed = True
        self.config = config

    def run(self, options: RunOptions) -> int:
        self.options.append(options)
        return 0

    def test(self, options: TestOptions) -> Iterator[StoryResult]:
        self.options.append(options)
        for path in options.paths:
            yield StoryResult(path, "A call", self.passed, "" if self.passed else "a.yaml:3: customer hears x",
                              "" if self.passed else "heard y\nthen z", 12.5, 0.25)

    def simulate(self, options: DayOptions) -> DayResult:
        self.options.append(options)
        return DayResult("A day", {"calls": 10, "asa": 4.5}, "abc", () if self.passed else ("leak",), 1.0)

    def roof(self) -> Roof:
        return Roof(self.run, self.test, self.simulate, lambda: Site, lambda: self.config)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeHouse, Path]]:
    house, path = FakeHouse(), tmp_path_factory.mktemp("run") / "control.sock"
    with served(path, house):
        yield house, path


def run(*words: str, roof: Roof | None = None) -> Result:
    return CliRunner().invoke(build(roof), [str(word) for word in words], prog_name="ccappliance")


def ask(house: tuple[FakeHouse, Path], *words: str) -> Result:
    return run(*words, "--socket", str(house[1]))


QUESTIONS = [
    (["status"], "up 1:01:01"), (["status"], "ALARM no_battery fxo/2: no battery?[2J (for 1:01)"),
    (["spans", "list"], "simulated"), (["pri", "status"], "euroisdn"),
    (["pri", "status", "--span", "pri/1"], "Switchtype: EuroISDN"), (["pri", "trace", "--span", "pri/1"], "SETUP (5)"),
    (["channels", "list"], "fxo/1"),
    (["channels", "show", "--channel", "fxo/1"], "idle -> offered"), (["calls", "list"], "1:05"),
    (["calls", "show", "--call", CALL["id"]], "LEG"), (["agents", "list"], "李明"),
    (["agents", "list", "--language", "zh"], "空闲"),
    (["agents", "show", "--agent", "1001", "--language", "zh"], "空闲"),
    (["agents", "show", "--agent", "1001"], "ready -> talking"), (["queues", "list"], "75.0%"),
    (["queues", "show", "--queue", "sales"], "POSITION"), (["recordings", "list"], "2026/a.wav"),
    (["callbacks", "list"], "tried again later"), (["callbacks", "list", "--ended"], "reached"),
    (["callbacks", "report"], "66.7%"), (["calls", "search", "--variable", "account=4711"], "account=4711"),
    (["calls", "show", "--call", "9.000001"], "ANSWERED"),
    (["voicemail", "list"], "9.000001-r1"), (["voicemail", "list", "--mailbox", "8001"], "1:05"),
    (["journal", "tail"], "CallEnded"), (["config", "show"], "queues.sales.wrapup  10.0 s"),
    (["config", "show", "--origin"], "queues.yaml:3:5"),
]


@pytest.mark.parametrize(("words", "shown"), QUESTIONS)
def test_questions_as_text(house: tuple[FakeHouse, Path], words: list[str], shown: str) -> None:
    result = ask(house, *words)
    assert result.exit_code == 0, result.output
    assert shown in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize("words", [words for words, _ in QUESTIONS[1:]], ids=" ".join)
def test_questions_as_json(house: tuple[FakeHouse, Path], words: list[str]) -> None:
    result = ask(house, *words, "--json")
    assert result.exit_code == 0
    if words[0] == "journal":
        assert [json.loads(line)["seq"] for line in result.output.splitlines()] == [1, 2, 3]
    elif words[:2] == ["pri", "trace"]:
        assert [json.loads(line)["ago"] for line in result.output.splitlines()] == [1.5, 1.5]
    else:
        assert json.loads(result.output)


def test_json_is_the_daemons_own_data(house: tuple[FakeHouse, Path]) -> None:
    assert json.loads(ask(house, "status", "--json").output) == STATUS
    assert json.loads(ask(house, "queues", "list", "--json").output) == [QUEUE]


def test_journal_tail_chooses(house: tuple[FakeHouse, Path]) -> None:
    one = ask(house, "journal", "tail", "-n", "5", "--kind", "CallEnded", "--kind", "CallOffered", "--json")
    assert [json.loads(line)["fact"] for line in one.output.splitlines()] == ["CallOffered", "CallEnded"]
    assert len(ask(house, "journal", "tail", "-n", "1").output.splitlines()) == 1
    assert len(ask(house, "journal", "tail", "--start", "2").output.splitlines()) == 2


def test_requests_reach_the_house(house: tuple[FakeHouse, Path]) -> None:
    house[0].asked.clear()
    for words in (["calls", "hangup", "--call", CALL["id"]],
                  ["calls", "originate", "--station", "8001", "--number", "95588"],
                  ["agents", "login", "--agent", "1001", "--station", "8002"], ["agents", "logout", "--agent", "1001"],
                  ["agents", "pause", "--agent", "1001", "--reason", "lunch"], ["agents", "resume", "--agent", "1001"],
                  ["queues", "playlist", "--queue", "sales", "--piece", "jazz", "--order", "random"],
                  ["recordings", "pause", "--call", CALL["id"]], ["recordings", "resume", "--call", CALL["id"]],
                  ["callbacks", "cancel", "--callback", "1000.000001-c1"],
                  ["callbacks", "retry", "--callback", "1000.000001-c1"],
                  ["voicemail", "play", "--message", "9.000001-r1", "--station", "8002"],
                  ["voicemail", "delete", "--message", "9.000001-r1"],
                  ["config", "reload"]):
        result = ask(house, *words)
        assert result.exit_code == 0, result.output
        assert result.output
    assert [request[:-1] for request in house[0].asked] == [
        ("hang_up", CALL["id"]), ("originate", "8001", "95588", ""), ("agent_set", "1001", "login", "8002", ""),
        ("agent_set", "1001", "logout", "", ""), ("agent_set", "1001", "pause", "", "lunch"),
        ("agent_set", "1001", "resume", "", ""), ("queue_playlist", "sales", ["jazz"], "random", False),
        ("pause_recording", CALL["id"], True), ("pause_recording", CALL["id"], False),
        ("callback_set", "1000.000001-c1", "cancel"),
        ("callback_set", "1000.000001-c1", "retry"), ("play", "9.000001-r1", "8002"), ("delete", "9.000001-r1"),
        ("reload",)]


def test_a_supervisors_decisions_reach_the_house(house: tuple[FakeHouse, Path]) -> None:
    house[0].asked.clear()
    call = ["--call", CALL["id"]]
    why = ["--why", "VIP"]
    for words in (["queues", "move", *call, "--to", "service", *why], ["queues", "assign", *call, "--agent", "1001"],
                  ["queues", "prioritise", *call, "--class", "-2", "--boost", "60", *why],
                  ["queues", "pull", *call, "--to", "hangup:busy"],
                  ["queues", "strategy", "--queue", "sales", "--strategy", "ring-all", *why],
                  ["agents", "force", "--agent", "1001", "--state", "pause", "--reason", "lunch", "--now", *why],
                  ["agents", "skills", "--agent", "1001", "--set", "english=3", "--set", "billing=0"],
                  ["calls", "release", *call, *why],
                  ["calls", "monitor", *call, "--station", "8002", "--mode", "whisper"]):
        result = ask(house, *words)
        assert result.exit_code == 0, result.output
        assert result.output
    by = house[0].asked[0][3]
    one = CALL["id"]
    assert by.startswith("cli:")
    assert house[0].asked == [
        ("move", one, "service", by, "VIP"), ("assign", one, "1001", by, ""),
        ("prioritise", one, -2, 60.0, by, "VIP"), ("pull", one, "hangup:busy", by, ""),
        ("strategy", "sales", "ring-all", by, "VIP"), ("force", "1001", "pause", by, "VIP", "lunch", True),
        ("skills", "1001", ["english=3", "billing=0"], by, ""), ("release", one, by, "VIP"),
        ("listen", one, "8002", "whisper", by)]
    refused = ask(house, "queues", "move", *call, "--to", "nowhere", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.output)["error"]["code"] == "no_queue"


def test_a_queue_can_be_watched(house: tuple[FakeHouse, Path]) -> None:
    """One picture after the other, on one connection; entries with demand, boost and who is being rung."""
    with connect(house[1]) as client, closing(client.stream("queues.watch", queue="sales", every=0.2)) as pictures:
        shown = [next(pictures), next(pictures)]
    assert [one["entries"][0]["ringing"] for one in shown] == [["1001"], ["1001"]]
    text = ask(house, "queues", "show", "--queue", "sales").output
    assert all(word in text for word in ("tier 2", "RINGING", "5.0", "b, 20 s: answered in time / offered"))


def test_a_refusal_is_exit_code_1(house: tuple[FakeHouse, Path]) -> None:
    result = ask(house, "agents", "ready", "--agent", "1001")
    assert (result.exit_code, result.output) == (1, "ccappliance: the agent is not in wrap-up\n")
    result = ask(house, "agents", "ready", "--agent", "1001", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["error"]["code"] == "illegal_state"


def test_a_reload_that_is_refused(house: tuple[FakeHouse, Path]) -> None:
    house[0].reload_applies = False
    result = ask(house, "config", "reload")
    house[0].reload_applies = True
    assert result.exit_code == 1
    assert "a.yaml:1:1: x: wrong (fix it)" in result.output
    assert "nothing was applied" in result.output


@pytest.mark.parametrize("words", [["calls"], ["calls", "show"], ["nonsense"], ["status", "--nonsense"], ["test"],
                                   ["simulate", "/nowhere.yaml", "--seed", "1"], ["recordings", "list", "-n", "0"]])
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    result = run(*words)
    if words == ["calls"]:  # click 8.1 shows the help and says 0, 8.2 says 2
        assert "hangup" in result.output
    else:
        assert result.exit_code == 2


def test_not_running_is_exit_code_3_and_says_how_to_start(tmp_path: Path) -> None:
    result = run("status", "--socket", str(tmp_path / "none"))
    assert result.exit_code == 3
    assert "start it with `ccappliance run`" in result.output
    result = run("calls", "list", "--json", "--socket", str(tmp_path / ("x" * 200)))
    assert result.exit_code == 3
    assert json.loads(result.output)["error"]["code"] == "not_running"


def test_a_change_is_planned_applied_and_its_history_told(house: tuple[FakeHouse, Path]) -> None:
    planned = ask(house, "config", "plan")
    assert planned.exit_code == 0
    assert "flows.main.start: a -> b  calls inside: " in planned.output
    assert "1 changes would be applied; live calls inside of them: 1" in planned.output
    assert ask(house, "config", "apply", "--comment", "longer").exit_code == 0
    assert ("apply", "longer") in house[0].asked
    told = ask(house, "config", "history").output
    assert "in force" in told
    assert "longer" in told
    assert "flows.main.start" in ask(house, "config", "history", "7").output
    assert ask(house, "config", "history", "8").exit_code == 1
    refused = ask(house, "config", "rollback")
    assert refused.exit_code == 1
    assert "--force" in refused.output


def test_the_running_daemons_own_configuration_is_checked(house: tuple[FakeHouse, Path]) -> None:
    result = ask(house, "config", "check")
    assert (result.exit_code, result.output) == (0, "/etc/ccappliance: right; a reload would change 0 keys\n")


def test_the_configuration_is_checked_without_a_daemon(tmp_path: Path) -> None:
    roof = FakeRoof(tmp_path).roof()
    (tmp_path / "a.yaml").write_text("nmae: x\n")
    nobody = ("--socket", str(tmp_path / "none"))
    result = run("config", "check", *nobody, roof=roof)
    assert result.exit_code == 1
    assert "a.yaml:1:1: nmae: there is no such key (did you mean 'name'?)" in result.output
    found = json.loads(run("config", "check", "--json", *nobody, roof=roof).output)
    assert found["error"]["findings"][0]["place"] == "a.yaml:1:1"
    (tmp_path / "a.yaml").write_text("name: x\n")
    assert "right; files: 1" in run("config", "check", "--config", str(tmp_path), roof=roof).output
    assert json.loads(run("config", "check", "--json", *nobody, roof=roof).output)["ok"]
    shown = run("config", "show", "--origin", "--config", str(tmp_path), roof=roof).output
    assert shown.splitlines() == ["KEY        VALUE  ORIGIN", "name       x      a.yaml:1:7",
                                  "calendars  -      default"]
    assert "| `name` | text | `\"demo\"` |" in run("config", "docs", roof=roof).output
    assert json.loads(run("config", "docs", "--json", roof=roof).output)[0]["path"] == "name"
    assert "$defs" in json.loads(run("config", "schema", roof=roof).output)


def test_run_hands_its_options_to_the_roof(tmp_path: Path) -> None:
    fake = FakeRoof(tmp_path / "etc")
    sock = tmp_path / "s"
    assert run("run", "--socket", str(sock), "--story", roof=fake.roof()).exit_code == 0
    assert run("run", "--socket", str(sock), "--story", "busy", "--quiet", "--config", str(tmp_path), "--state",
               str(tmp_path), roof=fake.roof()).exit_code == 0
    assert fake.options == [RunOptions(tmp_path / "etc", None, sock, "first-call", False, False),
                            RunOptions(tmp_path, tmp_path, sock, "busy", True, False)]


def test_stories_and_days(tmp_path: Path) -> None:
    fake = FakeRoof(tmp_path)
    (tmp_path / "a.yaml").write_text("")
    path = str(tmp_path / "a.yaml")
    good = run("test", path, path, "--scripted", roof=fake.roof())
    assert good.exit_code == 0
    assert "2 passed, 0 failed" in good.output
    assert fake.options[0].engine is False
    assert run("simulate", path, "--seed", "7", roof=fake.roof()).exit_code == 0
    assert json.loads(run("simulate", path, "--seed", "7", "--json", roof=fake.roof()).output)["digest"] == "abc"
    fake.passed = False
    bad = run("test", path, roof=fake.roof())
    assert bad.exit_code == 1
    assert "  at a.yaml:3: customer hears x\n        heard y\n        then z\n0 passed, 1 failed" in bad.output
    assert json.loads(run("test", path, "--json", roof=fake.roof()).output)["passed"] is False
    assert run("simulate", path, "--seed", "7", roof=fake.roof()).exit_code == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    assert "_CCAPPLIANCE_COMPLETE" in run("completion", shell).output
    assert json.loads(run("completion", shell, "--json").output)["shell"] == shell


def commands(group: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))
    else:
        yield words, group


def test_every_command_has_json_and_help() -> None:
    found = dict(commands(build()))
    assert {words[0] for words in found} == set(COMMANDS)
    for words, command in found.items():
        assert command.help, words
        options = [option for parameter in command.params for option in parameter.opts]
        assert "--json" in options, words
        assert run(*words, "--help").exit_code == 0


def test_tables_are_aligned_with_chinese_and_neutralise_what_could_move_the_cursor() -> None:
    text = tables.table([{"name": "李明", "n": 7, "x": None}, {"name": "Jo\x1b[2J\u202e", "n": 12, "x": True}],
                        ["name", "n:count", "x"])
    assert text.splitlines() == ["NAME     COUNT  X", "李明         7  -", "Jo?[2J?     12  yes"]
    assert tables.width("e\u0301") == 1
    assert tables.duration(None) == "-"
    assert tables.duration(3725.9) == "1:02:05"
    assert tables.clean("a\nb") == "a?b"


@pytest.mark.slow
def test_the_program_itself(house: tuple[FakeHouse, Path], tmp_path: Path) -> None:
    def program(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", "ccappliance", *words], capture_output=True, text=True, timeout=60,
                              check=False)

    good = program("calls", "list", "--json", "--socket", str(house[1]))
    assert (good.returncode, json.loads(good.stdout), good.stderr) == (0, [CALL], "")
    dead = program("status", "--socket", str(tmp_path / "none"))
    assert dead.returncode == 3
    assert "not running" in dead.stderr
    assert program("--version").stdout.startswith("ccappliance ")


def test_a_message_is_exported_once(house: tuple[FakeHouse, Path], tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    row = dict(house[0].messages.ROW)
    monkeypatch.setattr(type(house[0].messages), "ROW", row)
    words = ["voicemail", "export", "--message", "9.000001-r1", str(target)]
    assert "keeps no sound" in ask(house, *words).output
    row["path"] = str(source)
    refused = ask(house, *words)
    assert (refused.exit_code, "cannot be copied" in refused.output) == (1, True)
    source.write_bytes(b"RIFF")
    assert ask(house, *words).exit_code == 0
    assert target.read_bytes() == b"RIFF"
    assert "exists already" in ask(house, *words).output
