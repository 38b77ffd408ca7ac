"""The daemon's web door as its users have it: a code from the command line, TLS, the console, the house itself."""

import json
import signal
import ssl
import subprocess
import urllib.error
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
