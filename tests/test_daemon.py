"""The daemon as its users have it: a process, a socket, signals; ready to systemd, refused twice, killed and back."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccappliance.media.files import write_wav

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # s a step of the daemon may take on a busy machine
pytestmark = pytest.mark.slow


class Box:
    """One daemon's files and its process."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "etc"
        self.state = folder / "state"
        self.socket = folder / "run" / "control.sock"
        self.process: subprocess.Popen[str] | None = None
        shutil.copytree(ROOT / "etc" / "ccappliance", self.config)
        wav = folder / "word.wav"
        write_wav(wav, b"\x00\x10\x00\xf0" * 400)
        # every text is the same short sound: a daemon of this test is up in a second or two
        (self.config / "conf.d" / "test.yaml").write_text(
            f"prompts: {{commands: {{zh: 'cat {wav}', en: 'cat {wav}'}}}}\nsystem: {{realtime: false}}\n"
            "web: {port: 0}\n")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        self.notify.settimeout(PATIENCE)
        self._environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "2000000"}

    def start(self, *options: str) -> None:
        command = [sys.executable, "-m", "ccappliance", "run", "--config", str(self.config), "--state",
                   str(self.state), "--socket", str(self.socket), *options]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def told(self, wanted: str) -> None:
        """Wait until systemd has been told this."""
        while wanted not in self.notify.recv(4096).decode():
            pass

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "ccappliance", *words, "--socket", str(self.socket)], cwd=ROOT,
                              text=True, capture_output=True, timeout=PATIENCE, check=False)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.notify.close()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.close()


def facts_of(box: Box) -> list[dict[str, object]]:
    paths = sorted((box.state / "journal").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def test_a_day_of_the_daemon(box: Box) -> None:
    box.start()
    box.told("READY=1")
    box.told("WATCHDOG=1")
    status = json.loads(box.cli("status", "--json").stdout)
    assert (status["state"], status["driver"], status["channels"]) == ("ready", "simulated", {"idle": 8})
    # a second one, with the same state, then with the same socket
    for changed in (("--socket", str(box.socket.with_name("other"))), ("--state", str(box.state.with_name("other")))):
        second = subprocess.run(
            [sys.executable, "-m", "ccappliance", "run", "--config", str(box.config), "--state", str(box.state),
             "--socket", str(box.socket), *changed], cwd=ROOT, text=True, capture_output=True, timeout=PATIENCE,
            check=False)
        assert second.returncode == 1, second.stderr
        assert "already running" in second.stderr
    assert box.cli("agents", "login", "--agent", "1001", "--station", "8001").returncode == 0
    refused = box.cli("agents", "login", "--agent", "1001", "--station", "9999", "--json")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (1, "no_station")
    assert box.cli("calls", "originate", "--station", "8002", "--number", "8003").returncode == 0
    calls = json.loads(box.cli("calls", "list", "--json").stdout)
    assert [call["direction"] for call in calls] == ["out"]
    assert box.cli("calls", "hangup", "--call", calls[0]["id"]).returncode == 0
    code, output = box.end(signal.SIGTERM)
    assert code == 0, output
    told = facts_of(box)
    assert told[-1]["fact"] == "DaemonStopped"
    assert [fact["seq"] for fact in told] == list(range(1, len(told) + 1))
    assert not box.socket.exists()
    assert box.cli("status").returncode == 3


def test_a_playlist_is_exchanged_by_command(box: Box) -> None:
    box.start()
    box.told("READY=1")
    assert box.cli("queues", "playlist", "--queue", "sales", "--piece", "beep", "--piece", "music").returncode == 0
    assert json.loads(box.cli("queues", "show", "--queue", "sales", "--json").stdout)["music"] == ["beep", "music"]
    for words, problem in ((("sales", "--piece", "jazz"), "no_such_prompt"), (("sales",), "bad_playlist"),
                           (("nowhere", "--piece", "beep"), "no_such_queue")):
        refused = box.cli("queues", "playlist", "--queue", *words, "--json")
        assert json.loads(refused.stdout)["error"]["code"] == problem
    assert box.end(signal.SIGTERM)[0] == 0
    changed = [fact for fact in facts_of(box) if fact["fact"] == "PlaylistChanged"]
    assert [(fact["kind"], fact["pieces"]) for fact in changed] == [("music", ["beep", "music"])]
    assert str(changed[0]["why"]).startswith("cli:")


def test_a_reload_by_signal_is_applied_whole_or_not_at_all(box: Box) -> None:
    box.start()
    box.told("READY=1")
    assert box.process is not None
    override = box.config / "conf.d" / "zz.yaml"
    override.write_text("queues: {sales: {wrapupp: 20s}}\n")
    box.process.send_signal(signal.SIGHUP)
    box.told("READY=1")
    override.write_text("queues: {sales: {wrapup: 20s}}\nsystem: {zone: us}\n")
    restart = box.cli("config", "reload")
    assert restart.returncode == 1
    assert "system.zone" in restart.stdout
    shown = box.cli("config", "show", "--prefix", "queues.sales.wrapup", "--json")
    assert json.loads(shown.stdout)[0]["value"] == 10.0
    override.write_text("queues: {sales: {wrapup: 20s}}\n")
    box.process.send_signal(signal.SIGHUP)
    box.told("READY=1")
    shown = json.loads(box.cli("config", "show", "--prefix", "queues.sales.wrapup", "--json").stdout)[0]
    assert (shown["value"], shown["origin"]) == (20.0, "conf.d/zz.yaml:1:26")
    code, output = box.end(signal.SIGINT)
    assert code == 0
    assert "did you mean 'wrapup'?" in output
    applied = [fact for fact in facts_of(box) if fact["fact"] == "ConfigApplied"]
    assert [(fact["by"], fact["changes"]) for fact in applied] == [("start", []), ("SIGHUP", ["queues.sales.wrapup"])]


def test_kill_9_in_the_middle_of_a_call_loses_no_cdr(box: Box) -> None:
    box.start()
    box.told("READY=1")
    assert box.cli("calls", "originate", "--station", "8001", "--number", "8002").returncode == 0
    code, _ = box.end(signal.SIGKILL)
    assert code == -signal.SIGKILL
    box.start()
    box.told("READY=1")
    code, output = box.end(signal.SIGTERM)
    assert code == 0, output
    told = facts_of(box)
    assert [fact["seq"] for fact in told] == list(range(1, len(told) + 1))
    ends = [fact for fact in told if fact["fact"] == "CallEnded"]
    assert [(fact["by"], fact["cause"]) for fact in ends] == [("interrupted", 41)]
    database = sqlite3.connect(box.state / "ccappliance.db")
    rows = database.execute("SELECT disposition, calling, called FROM cdr").fetchall()
    assert rows == [("INTERRUPTED", "8001", "8002")]
    database.close()


def test_a_state_directory_that_cannot_be_is_told_in_one_sentence(box: Box) -> None:
    box.state = Path("/proc/nowhere")
    box.start()
    assert box.process is not None
    output, _ = box.process.communicate(timeout=PATIENCE)
    assert (box.process.returncode, output.count("\n")) == (1, 1)
    assert "the daemon can't run: No such file or directory (/proc/nowhere)" in output


@pytest.mark.parametrize(("text", "said"), [
    ("queues: {sales: {max_wait: 5}}\n", "conf.d/zz.yaml:1:28: queues.sales.max_wait: a table of keys is expected"),
    ("queues: [\n", "conf.d/zz.yaml:2:1: yaml: not valid YAML"),
    ("lines: {fxo/1: {channel: 77}}\n", "number the channels of simulated lines from 1 without gaps"),
    ("prompts: {commands: {zh: 'false'}}\n", "prompts.commands.zh: 'false'"),
])
def test_a_daemon_that_cannot_begin_says_why(box: Box, text: str, said: str) -> None:
    (box.config / "conf.d" / "zz.yaml").write_text(text)
    box.start()
    assert box.process is not None
    output, _ = box.process.communicate(timeout=PATIENCE)
    assert box.process.returncode == 1
    assert said in output
    assert "Traceback" not in output
