"""AMI's door with raw sockets: who comes in, in what order he is answered, and what the slow and the rude get."""

import contextlib
import hashlib
import random
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ami_house import PATIENCE, LiveHouse

from ccappliance.base.limits import MAX_AMI_BYTES, MAX_AMI_EVENTS, MAX_AMI_STRANGERS
from ccappliance.interfaces.ami.messages import Event

pytestmark = pytest.mark.slow
SEED = 8


@pytest.fixture(scope="module")
def live() -> Iterator[LiveHouse]:
    with LiveHouse() as house:
        yield house


class Raw:
    """A client that speaks bytes and reads messages."""

    def __init__(self, live: LiveHouse) -> None:
        self.socket = live.connect()
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    def hear(self) -> dict[str, str]:
        """The next message; empty at the end."""
        fields: dict[str, str] = {}
        for line in self.file:
            if line == b"\r\n":
                return fields
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            fields[name] = value
        return fields

    def until(self, name: str, value: str) -> dict[str, str]:
        while (heard := self.hear()).get(name) != value:
            assert heard, f"closed before {name}: {value}"
        return heard

    def ask(self, *lines: str) -> dict[str, str]:
        self.say(*lines, "ActionID: a")
        return self.until("ActionID", "a")

    def login(self, user: str = "all", secret: str = "s3cret", *more: str) -> dict[str, str]:
        return self.ask("Action: Login", f"Username: {user}", f"Secret: {secret}", *more)

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def raw(live: LiveHouse) -> Iterator[Raw]:
    client = Raw(live)
    yield client
    client.close()


def test_a_stranger_is_told_nothing(raw: Raw) -> None:
    assert raw.greeting == b"Asterisk Call Manager/5.0.5\r\n"
    assert raw.ask("Action: Ping") == {"Response": "Error", "ActionID": "a", "Message": "Permission denied"}
    refused = raw.login("all", "wrong")
    assert (refused["Message"], raw.hear()) == ("Authentication failed", {})


@pytest.mark.parametrize(("user", "secret"), [("far", "far"), ("nobody", ""), ("all", "")])
def test_who_is_not_let_in(raw: Raw, user: str, secret: str) -> None:
    assert raw.login(user, secret)["Message"] == "Authentication failed"


def test_a_challenge_is_good_once(live: LiveHouse, raw: Raw) -> None:
    challenge = raw.ask("Action: Challenge", "AuthType: MD5")["Challenge"]
    key = hashlib.md5(f"{challenge}s3cret".encode()).hexdigest()
    words = ("Action: Login", "AuthType: MD5", "Username: all", f"Key: {key}")
    assert raw.ask(*words)["Message"] == "Authentication accepted"
    other = Raw(live)
    assert other.ask(*words)["Message"] == "Authentication failed"
    other.close()


def test_answers_come_in_order_and_each_once(raw: Raw) -> None:
    raw.login("all", "s3cret", "Events: off")
    raw.socket.sendall(b"".join(f"Action: Ping\r\nActionID: {n}\r\n\r\n".encode() for n in range(500)))
    for byte in b"Action: Ping\r\nActionID: 500\r\n\r\n":
        raw.socket.sendall(bytes([byte]))
    answers = []
    while len(answers) < 501:
        heard = raw.hear()
        if "Response" in heard:
            answers.append(heard["ActionID"])
    assert answers == [str(n) for n in range(501)]
    assert raw.ask("Action: Logoff") == {"Response": "Goodbye", "ActionID": "a", "Message": "Thanks for all the fish."}
    assert raw.hear() == {}


def test_privileges_are_held_for_actions_and_events(live: LiveHouse, raw: Raw) -> None:
    raw.login("eyes", "eyes")
    assert raw.ask("Action: Originate", "Channel: DAHDI/8001", "Exten: 8002")["Message"] == "Permission denied"
    assert raw.ask("Action: Reload")["Message"] == "Permission denied"
    assert raw.ask("Action: CoreStatus")["Response"] == "Success"
    live.ask(lambda: live.server.tell(Event("UserEvent", "user", [("UserEvent", "hidden")])))
    live.ask(lambda: live.server.tell(Event("Hangup", "call", [("Channel", "shown")])))
    assert raw.hear() == {"Event": "Hangup", "Privilege": "call,all", "Channel": "shown"}


def test_a_user_event_reaches_others_and_breaks_nothing(live: LiveHouse, raw: Raw) -> None:
    other = Raw(live)
    for client in (raw, other):
        client.login()
        assert client.ask("Action: Filter", "Operation: Add", "Filter: ^Event: UserEvent$")["Response"] == "Success"
    assert raw.ask("Action: Filter", "Filter: (a+)+$")["Response"] == "Error"
    sent = raw.ask("Action: UserEvent", "UserEvent: Hello", "Foo: bar\x1b[2J", "ChanVariable: x=1", "Response: Follows")
    assert sent["Message"] == "Event Sent"
    heard = other.until("Event", "UserEvent")
    assert heard == {"Event": "UserEvent", "Privilege": "user,all", "UserEvent": "Hello", "ActionID": "a",
                     "Foo": "bar [2J"}
    other.close()


def test_chan_variables_are_for_who_asked_for_them(live: LiveHouse, raw: Raw) -> None:
    raw.login("variables", "v")
    live.person("chan", station="8003")
    raw.say("Action: Originate", "Channel: DAHDI/8003", "Context: queue", "Exten: sales", "Variable: Kind=gold",
            "Async: true")
    assert raw.until("Event", "DialState")["ChanVariable"] == "kind=gold"
    raw.ask("Action: Hangup", "Channel: DAHDI/7-1")


def test_garbage_closes_its_own_client_only(live: LiveHouse, raw: Raw) -> None:
    raw.login("all", "s3cret", "Events: off")
    chance = random.Random(SEED)
    for _ in range(20):
        rude = live.connect()
        rude.sendall(chance.randbytes(chance.randrange(1, 20_000)))
        rude.close()
    long = Raw(live)
    long.socket.sendall(b"A: " + b"x" * 5_000)
    assert "at most" in long.hear()["Message"]
    assert long.hear() == {}
    long.close()
    assert raw.ask("Action: Ping")["Ping"] == "Pong", f"seed {SEED}"


def test_a_client_that_never_reads_is_closed_and_nobody_notices(live: LiveHouse, raw: Raw) -> None:
    raw.login("all", "s3cret", "Events: off")
    deaf = Raw(live)
    deaf.login()
    sessions = live.ask(lambda: len(live.server._sessions))
    event = Event("UserEvent", "user", [("UserEvent", "x" * 1_000)])

    def flood() -> None:
        for _ in range(500):
            live.server.tell(event)
    told = 0
    while live.ask(lambda: len(live.server._sessions)) == sessions:
        live.ask(flood)
        told += 500
        assert told < 20 * MAX_AMI_EVENTS
        assert raw.ask("Action: Ping")["Ping"] == "Pong"
    assert told * 1_000 < 16 * MAX_AMI_BYTES  # ours, and what the kernel holds
    deaf.close()


def test_two_hundred_clients_hear_everything(live: LiveHouse) -> None:
    clients = []
    for _ in range(200):
        clients.append(Raw(live))
        clients[-1].login("all", "s3cret", "Events: user")
    for number in range(20):
        live.ask(lambda number=number: live.server.tell(Event("UserEvent", "user", [("UserEvent", f"n{number}")])))
    for client in clients:
        assert [client.until("Event", "UserEvent")["UserEvent"] for _ in range(20)] == [f"n{n}" for n in range(20)]
        client.close()


def test_a_flood_of_strangers_and_of_wrong_passwords(live: LiveHouse, raw: Raw) -> None:
    raw.login("all", "s3cret", "Events: off")
    strangers = [live.connect() for _ in range(MAX_AMI_STRANGERS)]
    for stranger in strangers:
        assert stranger.recv(100).startswith(b"Asterisk")
    turned_away = live.connect()
    turned_away.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionResetError):
        assert turned_away.recv(100) == b""
    for stranger in strangers:
        stranger.close()
    guesses, began = [Raw(live) for _ in range(4)], time.monotonic()
    for guess in guesses:
        guess.say("Action: Login", "Username: all", "Secret: guess")
    for guess in guesses:
        assert guess.hear()["Message"] == "Authentication failed"
        guess.close()
    assert time.monotonic() - began > 1.0  # the fourth waits 2 s
    good = Raw(live)
    assert good.login()["Message"] == "Authentication accepted"  # the right one is not held up
    good.close()
    assert raw.ask("Action: Ping")["Ping"] == "Pong"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: it makes the certificate")
def test_with_a_certificate_it_speaks_tls_and_reads_secrets_from_files(tmp_path: Path) -> None:
    pem, key, secret = tmp_path / "ami.pem", tmp_path / "ami.key", tmp_path / "secret"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", str(key), "-out", str(pem)], check=True, capture_output=True)
    secret.write_text("from a file\n")
    more = f"ami: {{certificate: {pem}, private_key: {key}, users: {{filed: {{secret_file: {secret}}}}}}}\n"
    with LiveHouse(more) as live:
        context = ssl.create_default_context(cafile=str(pem))
        with live.connect() as plain, context.wrap_socket(plain, server_hostname="localhost") as safe:
            file = safe.makefile("rb")
            assert file.readline().startswith(b"Asterisk")
            safe.sendall(b"Action: Login\r\nUsername: filed\r\nSecret: from a file\r\n\r\n")
            assert file.readline() == b"Response: Success\r\n"
            file.close()
