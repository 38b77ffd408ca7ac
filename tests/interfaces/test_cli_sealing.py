"""`ccappliance recordings verify` and `rekey`, on what a recorder has left."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccappliance.__main__ import roof
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.seal import Vault
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import LoopClock
from ccappliance.base.ids import Ids
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink
from ccappliance.interfaces.cli.main import build
from ccappliance.sim.loop import run_virtual

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Tape:
    """A second of a steady voice."""

    lost, hidden, samples = 0, False, 8000

    def __init__(self) -> None:
        self.left = [b"\x10\x20\x30\x40" * 8000]

    def read(self) -> bytes:
        return self.left.pop() if self.left else b""

    def stop(self) -> None:
        """It is over by itself."""

    def settle(self) -> None:
        """There is no ring to be let go."""


class Port:
    """What a recorder sees of a port."""

    def tape(self, name: bytes = b"") -> Tape:
        return Tape()


def run(*words: str) -> Result:
    return CliRunner().invoke(build(roof()), ["recordings", *words], prog_name="ccappliance")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two sealed recordings and a journal, of a daemon that has ended."""
    sink = FileSink(tmp_path / "journal")

    async def main() -> None:
        clock = LoopClock(asyncio.get_running_loop(), AT)
        recorder = Recorder(RecordingSettings(segment=1, encrypt=True), clock, Journal(clock, sink),
                            tmp_path / "recordings", Ids(1), threaded=False, used_space=lambda _: 50.0,
                            vault=Vault(tmp_path / "keys", os.urandom, clock.wall))
        recorder.tidy()
        for number in (1, 2):
            recorder.start(f"1.00000{number}", Port(), "always")  # type: ignore[arg-type]
            recorder.stop(f"1.00000{number}")
        await recorder.close()

    run_virtual(main())
    sink.close()
    return tmp_path


def test_an_archive_is_verified_and_what_is_wrong_is_told(state: Path) -> None:
    good = run("verify", "--state", str(state))
    assert (good.exit_code, good.stdout.count("WRONG")) == (0, 0), good.output
    assert good.stdout.startswith("2 recordings (0.00 GB)")
    assert good.stdout.rstrip().endswith("all as they were kept")
    (path, *_) = sorted((state / "recordings").rglob("*.wav"))
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    bad = run("verify", "--state", str(state))
    assert bad.exit_code == 1
    assert f"WRONG  {path.relative_to(state / 'recordings')} bytes 0 to {len(data) - 1}: recording" in bad.stdout
    assert bad.stdout.rstrip().endswith("1 wrong")
    told = json.loads(run("verify", "--state", str(state), "--json").stdout)
    assert [finding["what"] for finding in told["findings"]] == ["recording"]
    none = run("verify", "--state", str(state), "--until", "2026-11-21")
    assert (none.exit_code, none.stdout[:12]) == (0, "0 recordings")


def test_the_ledger_s_end_cannot_be_cut_off(state: Path) -> None:
    """The journal knows what was signed."""
    log = state / "recordings" / "chain.log"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    cut = run("verify", "--state", str(state))
    assert cut.exit_code == 1
    assert f"entry {len(lines)} is not there; the journal was told of it" in cut.stdout


def test_another_public_key_is_not_believed(state: Path, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere.pub"
    kept.write_bytes((state / "keys" / "sign.pub").read_bytes())
    assert run("verify", "--state", str(state), "--public", str(kept)).exit_code == 0
    kept.write_text("ab" * 32 + "\n", encoding="ascii")
    other = run("verify", "--state", str(state), "--public", str(kept))
    assert other.exit_code == 1
    assert "was signed by another key" in other.stdout
    kept.write_text("no key", encoding="ascii")
    assert "no public key" in run("verify", "--state", str(state), "--public", str(kept)).output


def test_verify_does_not_say_well_of_nothing(tmp_path: Path) -> None:
    nothing = run("verify", "--state", str(tmp_path))
    assert nothing.exit_code == 1
    assert "no recordings with a ledger" in nothing.output


def test_a_new_box_key(state: Path) -> None:
    old = (state / "keys" / "box.key").read_bytes()
    done = run("rekey", "--state", str(state))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("2 keys are wrapped by a new box key")
    assert (state / "keys" / "box.key").read_bytes() != old
    assert run("verify", "--state", str(state)).exit_code == 0
    sink = FileSink(state / "journal")
    assert "is already running" in run("rekey", "--state", str(state)).output
    sink.close()
    (state / "keys" / "box.key").unlink()
    gone = run("rekey", "--state", str(state))
    assert (gone.exit_code, "bring it back from the backup" in gone.output) == (1, True)
