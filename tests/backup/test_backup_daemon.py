"""Backup and restore as a technician has them: a daemon with calls, its file, another box that goes on from it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from test_daemon import PATIENCE, ROOT, Box

pytestmark = pytest.mark.slow


def ccappliance(*words: str, code: int = 0) -> str:
    done = subprocess.run([sys.executable, "-m", "ccappliance", *words], cwd=ROOT, text=True, capture_output=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_box_with_calls_moves_to_another(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    box = Box(tmp_path / "old")
    file, word = tmp_path / "box.tar.gz", tmp_path / "word.txt"
    word.write_text("a long passphrase\n")
    keys = box.state / "recordings" / "keys"
    keys.mkdir(parents=True)
    (keys / "box.key").write_bytes(b"secret")
    try:
        box.start()
        box.told("READY=1")
        for _ in range(3):
            assert box.cli("calls", "originate", "--station", "8002", "--number", "8003").returncode == 0
            call = json.loads(box.cli("calls", "list", "--json").stdout)[0]["id"]
            assert box.cli("calls", "hangup", "--call", call).returncode == 0
        assert box.cli("calls", "originate", "--station", "8002", "--number", "8003").returncode == 0  # goes on
        told = json.loads(box.cli("backup", str(file), "--passphrase-file", str(word), "--json").stdout)
        assert (told["path"], told["keys"]) == (str(file), "sealed")
        loud = box.cli("backup", str(tmp_path / "without.tar.gz"))
        assert loud.returncode == 0, loud.stderr
        assert "KEYS ARE NOT IN THIS BACKUP" in loud.stderr
        refused = box.cli("backup", "/proc/nowhere/b.tar.gz", "--json")
        assert json.loads(refused.stdout)["error"]["code"] == "backup_failed"
        assert json.loads(box.cli("hq", "status", "--json").stdout)["state"] == "off"
        assert "already running" in ccappliance("backup", str(tmp_path / "x"), "--state", str(box.state), "--config",
                                                str(box.config), code=1)
        box.end(signal.SIGKILL)
    finally:
        box.close()
    journal = [json.loads(line) for path in sorted((box.state / "journal").glob("*.jsonl"))
               for line in path.read_bytes().splitlines()]
    assert [fact["fact"] for fact in journal if fact["fact"].startswith("Backup")] == ["BackupMade"] * 2 \
        + ["BackupFailed"]

    checked = json.loads(ccappliance("restore", str(file), "--check", "--json"))
    assert (checked["entry"], checked["keys"]) == (told["entry"], "sealed")
    ccappliance("restore", str(file), "--into", str(tmp_path / "new"), "--passphrase-file", str(word))
    new = tmp_path / "new"
    assert (new / "state" / "recordings" / "keys" / "box.key").read_bytes() == b"secret"
    for path in box.config.rglob("*.yaml"):
        assert (new / "config" / path.relative_to(box.config)).read_bytes() == path.read_bytes()
    assert "not empty" in ccappliance("restore", str(file), "--into", str(new), "--passphrase-file", str(word), code=1)

    (tmp_path / "second").mkdir()
    other = Box(tmp_path / "second")
    try:
        shutil.rmtree(other.config)
        other.config, other.state = new / "config", new / "state"
        other.start()
        other.told("READY=1")
        other.end(signal.SIGTERM)
    finally:
        other.close()
    rebuilt = ccappliance("journal", "replay", str(new / "state" / "journal"), "--into", str(tmp_path / "r.db"),
                          "--compare", str(new / "state" / "ccappliance.db"))
    assert "0 differences" in rebuilt
    assert "4 cdr" in rebuilt  # the one that was talking is there, and ended
    at_rest = ccappliance("backup", str(tmp_path / "rest.tar.gz"), "--state", str(other.state), "--config",
                          str(other.config))
    assert "whole" in at_rest
    assert os.listdir(other.state).count(".backup") == 0
    third = tmp_path / "third"
    own = {"CCAPPLIANCE_STATE": str(third / "state"), "CCAPPLIANCE_CONFIG": str(third / "etc")}
    said = subprocess.run([sys.executable, "-m", "ccappliance", "restore", str(tmp_path / "rest.tar.gz")], cwd=ROOT,
                          env={**os.environ, **own}, text=True, capture_output=True, timeout=PATIENCE, check=True)
    assert "Keys were not restored" in said.stdout
    assert (third / "state" / "ccappliance.db").exists()
    assert (third / "etc" / "ccappliance.yaml").exists()


def test_a_daemon_that_stops_gives_its_backup_up(tmp_path: Path) -> None:
    """A backup that would take minutes: the daemon ends at once, in order, and leaves no half file."""
    box = Box(tmp_path)
    (box.config / "conf.d" / "slow.yaml").write_text("backup: {pace: 1}\n")
    sound = box.state / "recordings" / "2026"
    sound.mkdir(parents=True)
    (sound / "a.wav").write_bytes(os.urandom(60 << 20))
    try:
        box.start()
        box.told("READY=1")
        words = ["backup", str(tmp_path / "b.tar.gz"), "--with-recordings", "--socket", str(box.socket)]
        asking = subprocess.Popen([sys.executable, "-m", "ccappliance", *words], cwd=ROOT, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        while not (box.state / ".backup").exists():
            assert asking.poll() is None, asking.communicate()[0]
            box.told("WATCHDOG=1")
        code, output = box.end(signal.SIGTERM)
        assert code == 0, output
        asking.communicate(timeout=PATIENCE)
        assert asking.returncode in (1, 3)
    finally:
        box.close()
    told = [json.loads(line)["fact"] for path in sorted((box.state / "journal").glob("*.jsonl"))
            for line in path.read_bytes().splitlines()]
    assert told[-1] == "DaemonStopped"
    assert "BackupFailed" in told
    assert list(tmp_path.glob("b.tar.gz*")) == []
    assert not (box.state / ".backup").exists()
