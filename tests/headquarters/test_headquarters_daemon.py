"""Headquarters behind a whole daemon: killed in the middle, the server gone and back, and calls that go on."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from test_daemon import Box

pytestmark = pytest.mark.slow
LOOKS = 600  # at the status, each some 0.3 s of a new process


def call(box: Box) -> None:
    assert box.cli("calls", "originate", "--station", "8002", "--number", "8003").returncode == 0
    name = json.loads(box.cli("calls", "list", "--json").stdout)[0]["id"]
    assert box.cli("calls", "hangup", "--call", name).returncode == 0


def status(box: Box) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(box.cli("status", "--json").stdout)
    return found


def until_told(box: Box) -> None:
    """Until headquarters has what the journal had when we asked first."""
    wanted = status(box)["journal_seq"]
    for _ in range(LOOKS):
        if status(box)["headquarters"]["applied"] >= wanted:
            return
    raise AssertionError(status(box)["headquarters"])


def test_a_daemon_tells_headquarters_whatever_ends(tmp_path: Path, server: Any, url: str) -> None:
    box = Box(tmp_path)
    (tmp_path / "url").write_text(f"{url}\n")
    (box.config / "conf.d" / "hq.yaml").write_text(
        f"headquarters: {{url_file: {tmp_path / 'url'}, branch: foshan, every: 1, timeout: 2, batch: 10}}\n")
    try:
        box.start()
        box.told("READY=1")
        call(box)
        until_told(box)
        server.kill()
        call(box)  # nobody notices
        for _ in range(LOOKS):
            if status(box)["headquarters"]["state"] == "waiting":
                break
        hq = json.loads(box.cli("hq", "status", "--json").stdout)
        assert hq["trouble"]
        assert "foshan" in box.cli("status").stdout
        box.end(signal.SIGKILL)
        server.start()
        box.start()
        box.told("READY=1")
        call(box)
        until_told(box)
        box.end(signal.SIGTERM)
    finally:
        box.close()
        if not server.running():
            server.start()
    ended = [entry for path in sorted((box.state / "journal").glob("*.jsonl"))
             for entry in map(json.loads, path.read_bytes().splitlines()) if entry["fact"] == "CallEnded"]
    rows = server.ask("SELECT seq, call FROM ccappliance.call WHERE branch = 'foshan' ORDER BY seq", url)
    assert rows == [(entry["seq"], entry["call"]) for entry in ended]
    assert len(rows) == 3
