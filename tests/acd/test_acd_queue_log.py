"""`queue_log`: field for field as Asterisk writes it, whatever ends a call, over rotations, full disks and kills."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccappliance.apps.acd.queue_log import QueueLogLines
from ccappliance.call import facts
from ccappliance.call.journal import Entry, Journal, MemorySink
from ccappliance.call.line_file import LineFile

EPOCH = 1_790_000_000
SEATS = [{"agent": number, "tier": 1, "weight": 1.0, "skills": {}} for number in ("1001", "1002")]


class Told:
    """Entries of a journal, each a second after the other unless told; and the lines that come of them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.lines: list[str] = []
        self.log = QueueLogLines(self.lines.append)
        self.now = 0.0

    def tell(self, *given: facts.Fact, after: float = 0.0) -> None:
        self.now += after
        for fact in given:
            at = datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=self.now)
            entry = Entry(len(self.entries) + 1, at, self.now, fact)
            self.entries.append(entry)
            self.log.hear(entry)

    def begin(self) -> None:
        self.tell(facts.DaemonStarted("1", "site"), facts.QueueApplied("sales", "longest-idle", SEATS, "configuration"),
                  facts.ConfigApplied([], "start"), moved("1001", "logged_out", "ready"))

    def call(self, call: str = "7.1", queue: str = "sales") -> None:
        self.tell(facts.CallOffered(call, "fxo/1", "in", "95588", "13800138000", ""),
                  facts.QueueEntered(call, queue, 1, self.now, 0, 0.0), facts.QueueAnnounced(call, queue, 1))

    def answer(self, call: str = "7.1", agent: str = "1001") -> None:
        """After 1 s of waiting and 1 s of ringing."""
        self.tell(facts.OfferMade("o", call, "sales", agent, f"8{agent[1:]}", "", {}), after=1.0)
        self.tell(facts.LegMoved(call, f"{call}-l2", "fxs/1", f"8{agent[1:]}", "alerting", "answered", ""),
                  facts.OfferEnded("o", call, agent, "answered", 1.0),
                  facts.QueueLeft(call, "sales", "answered", 2.0, 1, agent), after=1.0)


def moved(agent: str, left: str, state: str, why: str = "") -> facts.AgentMoved:
    return facts.AgentMoved(agent, left, state, why, "", None, f"8{agent[1:]}")


def test_a_call_has_the_fields_of_the_transcript():
    """1795319743|1795319743.0|sales|NONE|ENTERQUEUE||13800138000|1 and so on (ast22.queue_log)."""
    told = Told()
    told.begin()
    told.call()
    told.answer()
    told.tell(facts.ConversationEnded("7.1", "callee", 3.2), after=3.2)
    assert told.lines == [
        f"{EPOCH}|NONE|NONE|NONE|QUEUESTART|",
        f"{EPOCH}|NONE|NONE|1001|AGENTLOGIN|8001",
        f"{EPOCH}|7.1|sales|NONE|ENTERQUEUE||13800138000|1",
        f"{EPOCH + 2}|7.1|sales|1001|CONNECT|2|7.1-l2|1",
        f"{EPOCH + 5}|7.1|sales|1001|COMPLETEAGENT|2|3|1"]


def outcome(name: str, waited: float = 8.0) -> tuple[facts.Fact, ...]:
    return (facts.QueueLeft("7.1", "sales", name, waited, 2, ""),)


@pytest.mark.parametrize(("end", "line"), [
    (outcome("abandoned"), "NONE|ABANDON|2|1|8"),
    (outcome("short_abandoned"), "NONE|ABANDON|2|1|8"),
    (outcome("timed_out"), "NONE|EXITWITHTIMEOUT|2|1|8"),
    (outcome("empty"), "NONE|EXITEMPTY|2|1|8"),
    (outcome("withdrawn"), "NONE|WITHDRAW|2|1|8|"),
    ((facts.DigitPressed("7.1", "l", "9"), *outcome("exit_key")), "NONE|EXITWITHKEY|9|2|1|8"),
    ((facts.OfferEnded("o", "7.1", "1001", "no_answer", 15.0),), "1001|RINGNOANSWER|15000"),
    ((facts.OfferEnded("o", "7.1", "1001", "caller_gone", 4.25),), "1001|RINGCANCELED|4250")])
def test_every_way_out_has_its_event(end, line):
    told = Told()
    told.call()
    told.tell(*end, after=8.0)
    assert told.lines[-1] == f"{EPOCH + 8}|7.1|sales|{line}"


@pytest.mark.parametrize("name", ["full", "closed", "empty"])
def test_a_call_that_never_joined_has_no_line(name):
    told = Told()
    told.tell(facts.QueueEntered("7.1", "sales", 1, 0.0, 0, 0.0), *outcome(name, 0.0))
    told.tell(facts.CallEnded("7.1", 16, "us"))
    assert told.lines == []


@pytest.mark.parametrize(("end", "line"), [
    (facts.ConversationEnded("7.1", "caller", 3.0), "COMPLETECALLER|2|3|1"),
    (facts.CallEnded("7.1", 16, "callee"), "COMPLETEAGENT|2|3|1"),
    (facts.TransferEnded("7.1", "leg", "8002", "blind"), "BLINDTRANSFER|8002||2|3|1"),
    (facts.TransferEnded("7.1", "leg", "8002", "attended"), "ATTENDEDTRANSFER|8002|2|3|1")])
def test_every_end_of_a_conversation_has_its_event_and_only_one(end, line):
    told = Told()
    told.call()
    told.answer()
    told.tell(end, after=3.0)
    told.tell(facts.ConversationEnded("7.1", "caller", 9.0), facts.CallEnded("7.1", 16, "caller"), after=9.0)
    assert [one.partition("|1001|")[2] for one in told.lines if "|1001|" in one][1:] == [line]


def test_agents_come_pause_change_and_go():
    told = Told()
    told.begin()
    told.lines.clear()
    told.tell(moved("1001", "ready", "paused", "lunch by cli:root"), after=10.0)
    told.tell(moved("1001", "paused", "ready"), after=10.0)
    told.tell(moved("1001", "ready", "logged_out"), after=10.0)
    told.tell(facts.QueueApplied("sales", "random", [{**SEATS[1], "tier": 2}, {**SEATS[1], "agent": "1003"}], "cli"),
              facts.ConfigApplied(["queues"], "SIGHUP"))
    assert [line.partition("|NONE|")[2] for line in told.lines] == [
        "NONE|1001|PAUSEALL|lunch", "sales|1001|PAUSE|lunch", "NONE|1001|UNPAUSEALL|", "sales|1001|UNPAUSE|",
        "NONE|1001|AGENTLOGOFF|8001|30", "sales|1002|PENALTY|1", "sales|1003|ADDMEMBER|", "sales|1001|REMOVEMEMBER|",
        "NONE|NONE|CONFIGRELOAD|"]


def test_a_callers_number_can_not_forge_a_line():
    told = Told()
    told.tell(facts.CallOffered("7.1", "fxo/1", "in", "1", "1|2\n3|x", ""),
              facts.QueueEntered("7.1", "sales", 1, 0.0, 0, 0.0), facts.CallAnswered("7.1"))
    assert told.lines == [f"{EPOCH}|7.1|sales|NONE|ENTERQUEUE||1_2_3_x|1"]


# ---- the file ----


class Clock:
    def now(self) -> float:
        return 5.0

    def wall(self) -> datetime:
        return datetime.fromtimestamp(EPOCH, UTC)


class Rig:
    """A journal in memory, followed by a queue_log in a directory; `kill` forgets the file without closing it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sink = MemorySink()
        self.alarms: list[facts.Fact] = []
        self.start()

    def start(self) -> None:
        self.log = LineFile(self.path, QueueLogLines, name="queue_log", on_alarm=self.alarms.append)
        self.log.begin(self.sink.read, self.sink.last_seq)
        self.journal = Journal(Clock(), self.sink)
        self.journal.follow(self.log.hear)
        self.journal.write(facts.DaemonStarted("1", "site"))

    def kill(self) -> None:
        self.journal.unfollow(self.log.hear)

    def calls(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.journal.write(facts.CallOffered(f"7.{number}", "fxo/1", "in", "1", "138", ""))
            self.journal.write(facts.QueueEntered(f"7.{number}", "sales", 1, 0.0, 0, 0.0))
            self.journal.write(facts.CallAnswered(f"7.{number}"))
            self.journal.write(facts.QueueLeft(f"7.{number}", "sales", "abandoned", 3.0, 1, ""))
            self.journal.write(facts.CallEnded(f"7.{number}", 16, "caller"))

    def expected(self) -> list[str]:
        lines: list[str] = []
        fold = QueueLogLines(lines.append)
        for entry in self.sink.read():
            fold.hear(entry)
        return lines


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "queue_log")


def test_a_kill_neither_loses_nor_doubles_a_line(rig: Rig):
    """The file may end anywhere: behind the mark, within a line, or before lines the journal has."""
    for cut in (0, 1, 30, 75, 150):
        rig.calls(100 * cut, 3)
        rig.kill()
        os.truncate(rig.path, rig.path.stat().st_size - cut)  # what the power cut took
        rig.calls(100 * cut + 50, 2)  # and what the journal has although nobody wrote it here
        rig.start()
        assert rig.path.read_text().splitlines() == rig.expected(), f"after a cut of {cut} bytes"
    assert rig.alarms == []


def test_a_clean_stop_and_a_start_without_a_file_before(rig: Rig):
    rig.calls(1, 2)
    rig.log.close()
    rig.kill()
    rig.start()
    rig.calls(10, 1)
    assert rig.path.read_text().splitlines() == rig.expected()
    other = Rig(rig.path.with_name("other"))
    assert other.path.read_text().count("\n") == 1  # QUEUESTART: what was before the file is not told again


@pytest.mark.parametrize("signal", [True, False])
def test_a_rotation_splits_the_file_and_loses_nothing(rig: Rig, signal: bool):
    rig.calls(1, 2)
    old = rig.path.with_name("queue_log.1")
    rig.path.rename(old)
    if signal:
        rig.log.reopen()
    rig.calls(10, 2)
    assert rig.path.exists()
    assert [*old.read_text().splitlines(), *rig.path.read_text().splitlines()] == rig.expected()


def test_a_rotation_while_it_was_down_is_found(rig: Rig):
    rig.calls(1, 2)
    rig.kill()
    old = rig.path.with_name("queue_log.1")
    rig.path.rename(old)
    rig.start()
    rig.calls(10, 1)
    assert [*old.read_text().splitlines(), *rig.path.read_text().splitlines()] == rig.expected()


def test_while_it_can_not_be_written_lines_wait_and_an_alarm_tells_once(rig: Rig):
    rig.calls(1, 1)
    saved = rig.path.read_text()
    rig.path.unlink()
    rig.path.mkdir()
    rig.calls(10, 2)
    assert [type(alarm) for alarm in rig.alarms] == [facts.AlarmRaised]
    assert "queue_log can't be written" in rig.alarms[0].words
    rig.path.rmdir()
    rig.calls(20, 1)
    assert [type(alarm) for alarm in rig.alarms] == [facts.AlarmRaised, facts.AlarmCleared]
    assert (saved + rig.path.read_text()).splitlines() == rig.expected()
