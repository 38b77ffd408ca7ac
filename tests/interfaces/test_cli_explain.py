"""`ccappliance explain` against a house on a real socket, and against journals on disk without any house."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_house import CALL, FakeHouse, served

from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink
from ccappliance.interfaces.cli.main import build


class Stopped:
    """A clock a test winds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wall(self):
        return datetime(2026, 11, 22, 16, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)


def run(*words: object, command: str = "explain") -> Result:
    return CliRunner().invoke(build(), [command, *map(str, words)], prog_name="ccappliance")


@pytest.fixture(scope="module")
def sock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("run") / "control.sock"
    with served(path, FakeHouse()):
        yield path


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """One call, offered at once, answered; the decision is told wrongly if the rule says so."""
    write(tmp_path, "longest-idle: 5.0 s")
    return tmp_path


def write(directory: Path, rule: str) -> None:
    clock, sink = Stopped(), FileSink(directory)
    journal = Journal(clock, sink)
    journal.write(facts.DaemonStarted("1", "site", "Asia/Shanghai"))
    journal.write(facts.QueueApplied("sales", "longest-idle", [
        {"agent": number, "tier": 1, "weight": 1.0, "skills": {}} for number in ("1001", "1002")], "configuration"))
    journal.write(facts.AgentMoved("1001", "logged_out", "ready", "", "", None, "8001"))
    clock.seconds = 5.0
    journal.write(facts.CallOffered("7.1", "fxo/1", "in", "95588", "13800138000", "王"))
    journal.write(facts.QueueEntered("7.1", "sales", 1, 5.0, 0, 0.0))
    journal.write(facts.OfferMade("7.1-o1", "7.1", "sales", "1001", "8001", rule, {"1002": "logged_out"}, 5.0))
    journal.write(facts.OfferEnded("7.1-o1", "7.1", "1001", "answered", 0.0))
    journal.write(facts.QueueLeft("7.1", "sales", "answered", 0.0, 1, "1001"))
    sink.close()


def test_the_daemon_explains_in_both_languages(sock: Path) -> None:
    told = run(CALL["id"], "--socket", sock)
    assert told.exit_code == 0
    assert "entered queue sales?[2J" in told.output  # no control character passes
    assert "    1001: busy" in told.output
    assert "进入队列" in run(CALL["id"], "--language", "zh", "--socket", sock).output
    assert json.loads(run(CALL["id"], "--json", "--socket", sock).output)["events"] == [{"what": "QueueEntered"}]
    missing = run("9.9", "--socket", sock)
    assert (missing.exit_code, "no call" in missing.output) == (1, True)


def test_a_check_fails_if_anything_differs(sock: Path) -> None:
    assert run("--check", "--socket", sock).exit_code == 0
    told = run("--check", "--day", "2026-11-22", "--socket", sock)
    assert told.exit_code == 1
    assert "3 decisions made again, 1 differences; 1 older" in told.output


def test_a_call_or_a_check(sock: Path) -> None:
    assert run("--socket", sock).exit_code == 2
    assert run("7.1", "--check", "--socket", sock).exit_code == 2


def test_a_journal_on_disk_needs_no_daemon(journal: Path) -> None:
    told = run("7.1", "--journal", journal)
    assert told.exit_code == 0, told.output
    assert "00:00:05.000  offered to 1001 by the rule longest-idle: 5.0 s" in told.output  # Shanghai's midnight
    assert "1002: not logged in" in told.output
    assert "recomputed: the same" in told.output
    assert "1002: 未签入" in run("7.1", "--journal", journal, "--language", "zh").output
    one_file = next(journal.glob("journal-*.jsonl"))
    assert run("7.1", "--journal", one_file).output == told.output
    events = json.loads(run("7.1", "--journal", journal, "--json").output)["events"]
    assert [event["what"] for event in events] == ["CallOffered", "QueueEntered", "Decision", "OfferEnded", "QueueLeft"]
    assert run("7.2", "--journal", journal).exit_code == 1


def test_the_day_is_the_site_s(journal: Path) -> None:
    assert "1 decisions made again, 0 differences" in run("--check", "--journal", journal, "--day", "2026-11-23").output
    assert "0 decisions made again" in run("--check", "--journal", journal, "--day", "2026-11-22").output
    assert run("--check", "--journal", journal, "--day", "yesterday").exit_code == 1


def test_a_decision_that_does_not_come_out_the_same_is_told(tmp_path: Path) -> None:
    write(tmp_path, "longest-idle: 3.0 s")
    told = run("--check", "--journal", tmp_path)
    assert told.exit_code == 1
    assert "the rule was 'longest-idle: 3.0 s'; made again, it is 'longest-idle: 5.0 s'" in told.output
    assert "!! recomputed differs" in run("7.1", "--journal", tmp_path).output


def test_a_directory_without_a_journal_says_what_to_do(tmp_path: Path) -> None:
    told = run("7.1", "--journal", tmp_path)
    assert told.exit_code == 1
    assert "name the directory that holds" in told.output


def test_an_audit_that_finds_nothing_is_content(sock: Path) -> None:
    told = run("--socket", sock, command="audit")
    assert told.exit_code == 0, told.output
    assert "compared with figures and database: 0 differences" in told.output


def test_an_audit_names_what_differs_and_the_calls(sock: Path) -> None:
    told = run("--day", "2026-11-21", "--socket", sock, command="audit")
    assert told.exit_code == 1
    assert "sales offered" in told.output
    assert CALL["id"] in told.output
    assert json.loads(run("--day", "2026-11-21", "--json", "--socket", sock, command="audit").output)["calls"] == 1


def test_a_journal_is_audited_without_a_daemon(tmp_path: Path) -> None:
    write(tmp_path, "longest-idle: 3.0 s")
    told = run("--journal", tmp_path, "--json", command="audit")
    assert told.exit_code == 1
    found = json.loads(told.output)
    assert (found["calls"], found["queue_entries"], found["decisions"], found["compared"]) == (1, 1, 1, "journal")
    assert [one["what"] for one in found["differences"]] == ["decision"]


def test_a_journal_is_printed_as_a_queue_log(journal: Path) -> None:
    told = CliRunner().invoke(build(), ["journal", "queue-log", str(journal)], prog_name="ccappliance")
    assert told.exit_code == 0, told.output
    events = [line.split("|")[4] for line in told.output.splitlines()]
    assert events == ["QUEUESTART", "AGENTLOGIN", "ENTERQUEUE", "CONNECT"]
