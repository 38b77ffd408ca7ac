"""The daemon's web door as its users have it: a code from the command line, TLS, the console, the house itself."""

import json
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_daemon import PATIENCE, ROOT, Box, facts_of

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.close()


class Desk:
    """A browser that trusts the machine's certificate and keeps its cookie."""

    def __init__(self, address: str, certificate: str) -> None:
        context = ssl.create_default_context(cafile=certificate)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
        self._address = address.rstrip("/")
        self._headers: dict[str, str] = {}

    def hear(self, recording: str, part: str = "") -> tuple[int, str, bytes]:
        """(status, Content-Range, what was sent) of a recording, or of a part of it; also of a refusal."""
        request = urllib.request.Request(f"{self._address}/api/v1/recordings/{urllib.parse.quote(recording, '')}/sound",
                                         headers={**self._headers, **({"Range": part} if part else {})})
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers.get("Content-Range", ""), answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers.get("Content-Range", ""), refused.read()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._address + path, data, {**self._headers, "Content-Type":
                                                                      "application/json"}, method=method)
        with self._opener.open(request, timeout=PATIENCE) as answer:
            cookie = answer.headers.get("Set-Cookie")
            found = json.loads(answer.read())
        if cookie:
            self._headers = {"Cookie": cookie.partition(";")[0], "X-CSRF-Token": found["csrf"]}
        return found


@pytest.mark.nightly
def test_what_the_house_answers_is_what_the_document_says(box: Box, tmp_path: Path) -> None:
    """Every question of the document asked of a real house, by schemathesis."""
    box.start()
    box.told("READY=1")
    box.told("WATCHDOG=1")
    address = json.loads(box.cli("web", "certificate", "--json").stdout)["address"]
    scopes = [word for role in json.loads(box.cli("users", "roles", "--json").stdout) if role["role"] == "auditor"
              for scope in [*role["scopes"], "lines:read", "voicemail:read"] for word in ("--scope", scope)]
    token = box.cli("tokens", "create", "--name", "tester", *scopes).stdout.strip()
    (tmp_path / "openapi.json").write_text(box.cli("web", "openapi").stdout)
    tester = ROOT / ".venv" / "api" / "bin" / "python"
    assert tester.exists(), "run `make setup-test`"
    done = subprocess.run(
        [tester, "-m", "schemathesis.cli", "run", tmp_path / "openapi.json", "--url", f"{address}api/v1",
         "--tls-verify", "false", "-H", f"Authorization: Bearer {token}", "--include-method", "GET", "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance", "--phases",
         "fuzzing", "--mode", "all", "--max-examples", "5", "--seed", "20261122", "--generation-database", "none",
         "--no-color", "--rate-limit", "40/s"], cwd=tmp_path, text=True, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert box.end(signal.SIGTERM)[0] == 0


def test_the_web_door_of_the_daemon(box: Box) -> None:
    box.start()
    box.told("READY=1")
    box.told("WATCHDOG=1")
    told = json.loads(box.cli("web", "certificate", "--json").stdout)
    assert len(told["sha256"].split(":")) == 32
    code = json.loads(box.cli("users", "setup-code", "--json").stdout)["code"]
    desk = Desk(told["address"], told["path"])
    desk.ask("POST", "/api/v1/session/code", {"code": code, "user": "chief", "password": PASSWORD})
    assert desk.ask("GET", "/api/v1/status")["state"] == "ready"
    assert desk.ask("POST", "/api/v1/agents/1001/state", {"request": "login", "station": "8001"})["state"] == "ready"
    with pytest.raises(urllib.error.HTTPError) as refused:
        desk.ask("POST", "/api/v1/agents/1001/state", {"request": "login", "station": "9999"})
    assert refused.value.code == 404
    assert json.loads(refused.value.read())["error"]["code"] == "no_station"
    added = json.loads(box.cli("users", "add", "--user", "li", "--role", "agent", "--agent", "1001", "--json").stdout)
    assert (added["role"], len(added["code"])) == ("agent", 19)
    token = box.cli("tokens", "create", "--name", "crm", "--scope", "calls:read").stdout.strip()
    assert token.startswith("cct_")
    assert json.loads(box.cli("web", "openapi").stdout)["openapi"] == "3.1.0"
    for path in ("channels/fxo%2F1", "spans", "queues/sales", "config", "config/plan", "config/history", "calls",
                 "recordings", "audit", "reports/queues", "history/calls", "journal?last=5", "isdn", "callbacks"):
        assert desk.ask("GET", f"/api/v1/{path}") is not None
    assert box.end(signal.SIGTERM)[0] == 0
    asked = [(fact["by"], fact["operation"], fact["outcome"]) for fact in facts_of(box) if fact["fact"] == "WebAsked"]
    assert asked[:2] == [("web:chief", "agents.set", "ok"), ("web:chief", "agents.set", "no_station")]
    assert {operation for _, operation, _ in asked[2:]} == {"reports.show", "calls.search", "journal.tail"}
    box.start()  # the accounts are still there
    box.told("READY=1")
    names = [user["name"] for user in json.loads(box.cli("users", "list", "--json").stdout)]
    assert names == ["chief", "li"]
    assert box.end(signal.SIGTERM)[0] == 0


CALL_IN = """title: A call is recorded
people:
  li: {name: Li, station: "8001"}
  wang: {name: Wang, number: "13800138000"}
exchange:
  fxo/1: {caller_id: fsk, answer: none, disconnect: busy_tone}
steps:
  - wang: {calls: "61234567"}
  - wang: {hears: ringback, within: 30}
  - expect: {fact: CallAnswered, within: 30}
  - wait: 2
  - wang: {presses: "1"}
  - li: {rings: 1, within: 60}
  - li: lifts
  - expect: {fact: RecordingStarted, within: 15}
  - wait: 8
  - wang: hangs up
  - li: hangs up
"""


def test_a_recording_of_the_house_is_heard_while_it_is_made_and_after(box: Box, tmp_path: Path) -> None:
    story = tmp_path / "call-in.yaml"
    story.write_text(CALL_IN)
    box.start("--story", str(story))
    box.told("READY=1")
    told = json.loads(box.cli("web", "certificate", "--json").stdout)
    code = json.loads(box.cli("users", "setup-code", "--json").stdout)["code"]
    assert box.cli("agents", "login", "--agent", "1001", "--station", "8001").returncode == 0
    desk = Desk(told["address"], told["path"])
    desk.ask("POST", "/api/v1/session/code", {"code": code, "user": "chief", "password": PASSWORD})
    begun = _told(box, "RecordingStarted")
    name = str(begun["recording"])
    until = time.monotonic() + PATIENCE
    status, _, early = desk.hear(name)
    while status == 404 and time.monotonic() < until:  # its first piece is safe a quarter of a second after it began
        status, _, early = desk.hear(name)
    assert (status, early[:4], early[8:12]) == (200, b"RIFF", b"WAVE")
    _told(box, "RecordingEnded")
    assert [row["id"] for row in desk.ask("GET", "/api/v1/recordings")] == [name]
    status, _, whole = desk.hear(name)
    size = len(whole)
    assert (status, whole[:4]) == (200, b"RIFF")
    assert size > max(len(early), 44 + 4 * 8000 * 4), "eight seconds of two sides were talked"
    assert desk.hear(name, "bytes=0-43") == (206, f"bytes 0-43/{size}", whole[:44])
    assert desk.hear(name, "bytes=44001-") == (206, f"bytes 44001-{size - 1}/{size}", whole[44001:])
    assert desk.hear(name, "bytes=-1000") == (206, f"bytes {size - 1000}-{size - 1}/{size}", whole[-1000:])
    status, where, refusal = desk.hear(name, f"bytes={size}-")
    assert (status, where, json.loads(refusal)["error"]["code"]) == (416, f"bytes */{size}", "bad_range")
    for unknown in (name + "x", "../../ccappliance.db", "%"):
        status, _, refusal = desk.hear(unknown)
        assert (status, json.loads(refusal)["error"]["code"]) == (404, "no_recording"), unknown
    assert box.end(signal.SIGTERM)[0] == 0
    heard = [(fact["by"], fact["outcome"]) for fact in facts_of(box)
             if fact["fact"] == "WebAsked" and fact["operation"] == "recordings.sound"]
    given = [(fact["what"], fact["by"], fact["call"]) for fact in facts_of(box) if fact["fact"] == "RecordingGiven"]
    assert given == [("played", "web:chief", begun["call"])], "once, however many pieces"
    assert heard[-9:] == [("web:chief", "ok")] * 5 + [("web:chief", "bad_range")] + [("web:chief", "no_recording")] * 3


def _told(box: Box, kind: str) -> dict[str, object]:
    """The first fact of a kind, as soon as the daemon, which lives in real time, has written it."""
    until = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < until:
        found = next((fact for fact in facts_of(box) if fact["fact"] == kind), None)
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {kind} within {2 * PATIENCE} s")
