"""Every message of a busy scene has the fields, in the order, that Asterisk 22 was heard to give them."""

import threading
from pathlib import Path

import pytest
from ami_house import LiveHouse

pytestmark = pytest.mark.slow
BLOCK = ["Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum",
         "ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"]
ASKED = (  # in order; {caller} is his channel
    "CoreSettings", "CoreStatus", "CoreShowChannels", "Status", "QueueStatus", "QueueSummary", "Agents",
    "DBPut|Family: cc|Key: a|Val: 1", "DBGet|Family: cc|Key: a", "DBDel|Family: cc|Key: a", "Ping",
    "Events|EventMask: on",
    "ModuleCheck|Module: app_queue", "UserEvent|UserEvent: Hello|Foo: bar", "Challenge|AuthType: MD5", "ParkedCalls",
    "ExtensionState|Exten: 8001|Context: default", "MailboxCount|Mailbox: 100@default",
    "MailboxStatus|Mailbox: 100@default", "Command|Command: core show uptime",
    "Setvar|Channel: {caller}|Variable: x|Value: 4",
    "Getvar|Channel: {caller}|Variable: x", "PlayDTMF|Channel: {caller}|Digit: 5|Receive: true",
    "MixMonitor|Channel: {caller}|File: /etc/passwd", "MixMonitorMute|Channel: {caller}|Direction: both|State: 1",
    "MixMonitorMute|Channel: {caller}|Direction: both|State: 0", "StopMixMonitor|Channel: {caller}",
    "AbsoluteTimeout|Channel: {caller}|Timeout: 300",
    "QueuePenalty|Queue: sales|Interface: Agent/1002|Penalty: 0")
Told = list[tuple[str, str]]


def table() -> dict[tuple[str, str], list[list[str]]]:
    known: dict[tuple[str, str], list[list[str]]] = {}
    for line in (Path(__file__).parent / "ast22_fields.txt").read_text().splitlines():
        if not line.startswith("#"):
            kind, name, *fields = line.split(" ")
            whole = [one for field in fields for one in
                     (BLOCK if field == "CHANNEL" else [f"Dest{b}" for b in BLOCK] if field == "DEST" else [field])]
            known.setdefault((kind, name.lower()), []).append(whole)
    return known


class Eye:
    """A client that keeps all it is told."""

    def __init__(self, live: LiveHouse) -> None:
        self.socket = live.connect()
        self.told: list[Told] = []
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("Login|Username: all|Secret: s3cret", "login")

    def ask(self, action: str, action_id: str) -> Told:
        name, *fields = action.split("|")
        self.socket.sendall("".join(f"{line}\r\n" for line in (
            f"Action: {name}", *fields, f"ActionID: {action_id}", "")).encode())
        return self.wait(lambda told: told[0][0] == "Response" and ("ActionID", action_id) in told)

    def wait(self, met: object) -> Told:
        with self._news:
            assert self._news.wait_for(lambda: any(met(one) for one in self.told), 20.0), self.told[-5:]  # type: ignore
            return next(one for one in self.told if met(one))  # type: ignore[operator]

    def event(self, name: str) -> Told:
        return self.wait(lambda told: told[0] == ("Event", name))

    def _read(self) -> None:
        fields: Told = []
        with self.socket.makefile("rb") as file:
            file.readline()
            for line in file:
                name, _, value = line.decode().rstrip("\r\n").partition(":")
                if name:
                    fields.append((name, value.strip()))
                    continue
                with self._news:
                    self.told.append(fields)
                    self._news.notify_all()
                fields = []


def test_a_busy_scene_has_asterisks_fields() -> None:
    known, answers = table(), {}
    with LiveHouse() as live:
        eye = Eye(live)
        station, caller = live.person("李明", station="8001"), live.person("顾客", station="8004")
        assert ("Message", "Added interface to queue") in eye.ask(
            "QueueAdd|Queue: sales|Interface: Agent/1001|StateInterface: DAHDI/8001", "add")
        live.ask(caller.lift)
        live.do(caller.press("7001"))
        eye.event("AgentCalled")
        live.do(station.ring(1))
        live.ask(station.lift)
        name = dict(eye.event("AgentConnect"))["Channel"]
        for number, action in enumerate(ASKED):
            answers[action.partition("|")[0]] = eye.ask(action.format(caller=name), f"n{number}")
        live.ask(station.hang_up)
        eye.event("AgentComplete")
        live.ask(caller.hang_up)
        eye.event("Cdr")
        assert ("Message", "Removed interface from queue") in eye.ask(
            "QueueRemove|Queue: sales|Interface: Agent/1001", "remove")
        eye.event("QueueMemberRemoved")
    for name, told in answers.items():
        assert told[0] == ("Response", "Success"), (name, told)
        names = [field for field, _ in told]
        once = [field for number, field in enumerate(names) if number == 0 or names[number - 1] != field]
        assert once in known["Response", name.lower()], (name, once)
    compared = set()
    for told in eye.told:
        kind, name = told[0]
        if kind == "Event" and ("Event", name.lower()) in known and not (
                name == "ExtensionStatus" and told[1][0] == "Privilege"):  # heard in a list only
            assert [field for field, _ in told] in known["Event", name.lower()], (name, told)
            compared.add(name)
    assert len(compared) >= 35, sorted(compared)
