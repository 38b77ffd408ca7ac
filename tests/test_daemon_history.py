"""The daemon as a process is asked about its past: explain, audit, and the queue_log it writes and reopens."""

import csv
import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_daemon import Box, box  # noqa: F401  the fixture

from ccappliance.interfaces.cli.main import build

pytestmark = pytest.mark.slow


def test_the_daemon_explains_audits_and_writes_a_queue_log(box: Box, tmp_path: Path) -> None:  # noqa: F811
    log = tmp_path / "queue_log"
    (box.config / "conf.d" / "log.yaml").write_text(f"queue_log: {log}\nmaster_csv: {tmp_path / 'Master.csv'}\n")
    box.start()
    box.told("READY=1")
    assert box.cli("agents", "login", "--agent", "1001", "--station", "8001").returncode == 0
    assert box.cli("calls", "originate", "--station", "8002", "--number", "8003").returncode == 0
    call = json.loads(box.cli("calls", "list", "--json").stdout)[0]["id"]
    assert box.cli("calls", "note", "--call", call, "--text", "客户要求退款").returncode == 0
    assert box.cli("calls", "hangup", "--call", call).returncode == 0
    assert box.cli("calls", "tag", "--call", call, "--tag", "投诉").returncode == 0
    found = box.cli("calls", "search", "--words", "退款", "--tag", "投诉", "--number", "00", "--json")
    assert [row["id"] for row in json.loads(found.stdout)] == [call], found.stderr
    assert box.cli("recordings", "find", "--words", "退款").stdout.strip() == "no such calls"  # nobody talked
    assert box.cli("recordings", "find", "--since", "yesterday").returncode == 1
    explained = box.cli("explain", call)
    assert explained.returncode == 0, explained.stderr
    assert "call from" in explained.stdout
    assert box.cli("explain", "9.9").returncode == 1
    checked = box.cli("explain", "--check")
    assert (checked.returncode, "0 differences" in checked.stdout) == (0, True), checked.stdout
    audited = json.loads(box.cli("audit", "--json").stdout)
    assert audited["differences"] == []
    report = json.loads(box.cli("reports", "show", "calls", "--by", "total", "--json").stdout)
    assert isinstance(report, list), report
    assert [(row["name"], row["calls"], row["answered"]) for row in report] == [("", 1, 0)]
    assert box.cli("reports", "show", "lines", "--csv", str(tmp_path / "lines.csv")).returncode == 0
    assert (tmp_path / "lines.csv").read_bytes().startswith(b"\xef\xbb\xbftime,name,calls")
    assert (audited["compared"], audited["calls"], audited["cdrs"]) == ("figures and database", 1, 1)
    old = log.rename(log.with_name("queue_log.1"))
    assert box.process is not None
    box.process.send_signal(signal.SIGUSR1)
    assert box.cli("agents", "logout", "--agent", "1001").returncode == 0
    code, output = box.end(signal.SIGTERM)
    assert code == 0, output
    lines = [line.split("|") for line in [*old.read_text().splitlines(), *log.read_text().splitlines()]]
    with (tmp_path / "Master.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [(row[1], row[2], row[14], row[16]) for row in rows] == [("8002", "8003", "NO ANSWER", call)]
    printed = CliRunner().invoke(build(), ["journal", "master-csv", str(box.state / "journal")])
    assert printed.exit_code == 0, printed.output
    assert printed.output.splitlines() == (tmp_path / "Master.csv").read_text().splitlines()
    assert [(line[3], line[4]) for line in lines] == [("NONE", "QUEUESTART"), ("1001", "AGENTLOGIN"),
                                                      ("1001", "AGENTLOGOFF")]
    rebuilt = CliRunner().invoke(build(), [
        "journal", "replay", str(box.state / "journal"), "--into", str(tmp_path / "new.db"), "--compare",
        str(next(box.state.glob("*.db"))), "--json"])
    assert rebuilt.exit_code == 0, rebuilt.output
    assert json.loads(rebuilt.output)["differences"] == []
    assert json.loads(rebuilt.output)["rows"]["cdr"] == 1
    assert json.loads(rebuilt.output)["rows"]["call_note"] == 1
    assert json.loads(rebuilt.output)["rows"]["call_gram"] > 4
    offline = box.cli("audit", "--journal", str(box.state / "journal"))
    assert (offline.returncode, "0 differences" in offline.stdout) == (0, True), offline.stdout
