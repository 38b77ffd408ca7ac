"""AMI with its oldest client, pyst2's asterisk.manager.Manager, unmodified: it drives calls, queues and agents."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ami_house import PATIENCE, LiveHouse

manager = pytest.importorskip("asterisk.manager", reason="pyst2 is not installed: make setup-test")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveHouse]:
    with LiveHouse() as house:
        yield house


class Client:
    """pyst2's Manager, and the events it has told."""

    def __init__(self, house: LiveHouse, user: str = "pyst", secret: str = "s3cret") -> None:
        self.manager = manager.Manager()
        self.manager.connect("127.0.0.1", house.port)
        self.events: list[dict[str, str]] = []
        self._news = threading.Condition()
        self.manager.register_event("*", self._hear)
        self.login = self.manager.login(user, secret)

    def _hear(self, event: Any, _: Any) -> None:
        with self._news:
            self.events.append(dict(event.headers))
            self._news.notify_all()

    def wait(self, name: str, met: Callable[[dict[str, str]], bool] = lambda _: True) -> dict[str, str]:
        """The first such event, from the beginning."""
        found: list[dict[str, str]] = []

        def there() -> bool:
            found[:] = [one for one in self.events if one.get("Event") == name and met(one)]
            return bool(found)
        with self._news:
            assert self._news.wait_for(there, PATIENCE), (name, [one.get("Event") for one in self.events])
        return found[0]

    def ask(self, action: str, **fields: str) -> Any:
        return self.manager.send_action({"Action": action, **fields})

    def close(self) -> None:
        self.manager.close()


@pytest.fixture
def client(live: LiveHouse) -> Iterator[Client]:
    client = Client(live)
    yield client
    client.close()


def until(met: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < limit, "not met in time"
        time.sleep(0.02)


def test_login_ping_and_command(live: LiveHouse, client: Client) -> None:
    assert (client.manager.title, client.manager.version) == ("Asterisk Call Manager", "5.0.5")
    assert client.login.headers["Message"] == "Authentication accepted"
    client.wait("FullyBooted")
    assert client.manager.ping().headers["Ping"] == "Pong"
    shown = client.manager.command("queue show sales")
    assert shown.headers["Response"] == "Follows"
    assert "sales has 0 calls" in shown.data
    assert client.ask("SIPpeers").headers["Message"].startswith("Invalid/unknown command: SIPpeers")
    assert client.manager.status().headers["Message"] == "Channel status will follow"


def test_a_wrong_password_is_an_error_of_its_own(live: LiveHouse) -> None:
    with pytest.raises(manager.ManagerAuthException):
        Client(live, "pyst", "wrong")


def test_an_agent_takes_a_queues_call_and_all_of_it_is_told(live: LiveHouse, client: Client) -> None:
    station, caller = live.person("李明", station="8001"), live.person("顾客", station="8004")
    assert client.ask("QueueAdd", Queue="nowhere", Interface="Agent/1001").headers["Response"] == "Error"
    added = client.ask("QueueAdd", Queue="sales", Interface="Agent/1001", StateInterface="DAHDI/8001")
    assert added.headers["Message"] == "Added interface to queue"
    assert client.wait("AgentLogin")["Agent"] == "1001"
    paused = client.ask("QueuePause", Interface="Agent/1001", Paused="true")
    assert paused.headers["Message"] == "Interface paused successfully"
    assert client.wait("QueueMemberPause")["Paused"] == "1"
    live.ask(caller.lift)
    live.do(caller.press("7001"))
    joined = client.wait("QueueCallerJoin")
    assert (joined["Channel"], joined["Queue"], joined["Position"], joined["Count"]) == ("DAHDI/8-1", "sales", "1", "1")
    status = client.ask("QueueStatus", Queue="sales")
    assert status.headers["Message"] == "Queue status will follow"
    client.ask("QueuePause", Interface="Agent/1001", Paused="false")
    called = client.wait("AgentCalled")
    assert (called["Interface"], called["DestChannel"]) == ("Agent/1001", "DAHDI/5-1")
    live.do(station.ring(1))
    live.ask(station.lift)
    connected = client.wait("AgentConnect")
    assert (connected["MemberName"], connected["Uniqueid"], connected["DestChannel"]) == (
        "李明", joined["Uniqueid"], "DAHDI/5-1")
    entered = client.wait("BridgeEnter", lambda one: one["BridgeNumChannels"] == "2")
    assert entered["Linkedid"] == joined["Uniqueid"]
    moved = client.manager.redirect("DAHDI/8-1", "s", context="nowhere")
    assert moved.headers["Message"] == "Extension does not exist."
    moved = client.manager.redirect("DAHDI/8-1", "service", context="queue")
    assert moved.headers["Message"] == "Redirect successful"
    over = client.wait("AgentComplete")
    assert (over["Reason"], over["Queue"], over["Channel"]) == ("transfer", "sales", "DAHDI/8-1")
    client.wait("QueueCallerJoin", lambda one: one["Queue"] == "service" and one["Channel"] == "DAHDI/8-1")
    live.ask(station.hang_up)
    live.ask(caller.hang_up)
    client.wait("Cdr", lambda one: one["UniqueID"] == joined["Uniqueid"])
    left = client.wait("QueueCallerAbandon")
    assert (left["Queue"], left["Uniqueid"]) == ("service", joined["Uniqueid"])
    assert client.ask("AgentLogoff", Agent="1001").headers["Message"] == "Agent logged out"
    client.wait("AgentLogoff")
    until(lambda: not live.ask(lambda: list(live.house.switch.calls)))


def test_originate_hangs_up_and_is_told(live: LiveHouse, client: Client) -> None:
    station = live.person("8002", station="8002")
    asked = client.manager.originate("DAHDI/8002", "8003", context="default", priority="1", caller_id='"Cust" <138>',
                                     run_async=True, variables={"FOO": "bar"})
    assert asked.headers["Message"] == "Originate successfully queued"
    begun = client.wait("Newchannel", lambda one: one["Channel"] == "DAHDI/6-1")
    live.do(station.ring(1))
    live.ask(station.lift)
    told = client.wait("OriginateResponse")
    assert (told["Response"], told["Reason"], told["Uniqueid"]) == ("Success", "4", begun["Uniqueid"])
    assert client.ask("Getvar", Channel="DAHDI/6-1", Variable="FOO").headers["Value"] == "bar"
    assert client.manager.hangup("DAHDI/6-1").headers["Message"] == "Channel Hungup"
    over = client.wait("Hangup", lambda one: one["Uniqueid"] == begun["Uniqueid"])
    assert (over["Cause"], over["Cause-txt"]) == ("16", "Normal Clearing")
    client.wait("Cdr", lambda one: one["UniqueID"] == begun["Uniqueid"])
    live.ask(station.hang_up)
    assert client.manager.hangup("nope").headers["Message"] == "No such channel"


def test_a_caller_is_sent_out_of_a_flow_and_then_transferred(live: LiveHouse, client: Client) -> None:
    caller, first, second = (live.person(number, station=number) for number in ("8004", "8001", "8003"))
    live.ask(caller.lift)
    live.do(caller.press("7000"))
    began = client.wait("Newexten", lambda one: one["Context"] == "flow")
    assert client.manager.redirect("DAHDI/8-1", "8001", context="station").headers["Message"] == "Redirect successful"
    live.do(first.ring(1))
    live.ask(first.lift)
    client.wait("BridgeEnter", lambda one: one["BridgeNumChannels"] == "2")
    refused = client.ask("BlindTransfer", Channel="DAHDI/8-1", Context="x", Exten="8003")
    assert "redirect it instead" in refused.headers["Message"]
    assert client.ask("Atxfer", Channel="DAHDI/5-1", Context="x", Exten="8003").headers["Response"] == "Success"
    live.do(second.ring(1))
    assert client.wait("MusicOnHoldStart")["Channel"] == "DAHDI/8-1"
    live.ask(second.lift)
    until(lambda: [one for one in client.events if one["Event"] == "BridgeEnter" and one["Channel"] == "DAHDI/7-1"])
    live.ask(first.hang_up)
    client.wait("AttendedTransfer")
    moved = client.ask("BlindTransfer", Channel="DAHDI/7-1", Context="queue", Exten="service")
    assert moved.headers["Response"] == "Success"
    client.wait("BlindTransfer")
    joined = client.wait("QueueCallerJoin", lambda one: one["Queue"] == "service" and one["Channel"] == "DAHDI/8-1")
    assert joined["Linkedid"] == began["Linkedid"]
    for person in (caller, second):
        live.ask(person.hang_up)
    client.wait("Hangup", lambda one: one["Uniqueid"] == began["Uniqueid"])
    until(lambda: not live.ask(lambda: list(live.house.switch.calls)))
    assert not live.ask(lambda: list(live.house.invariants.breaches))
