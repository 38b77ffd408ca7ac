"""`make test-power` on machines that cannot run it: skipped aloud with the reason; a daemon that fails is no skip."""

import shutil
import subprocess
from pathlib import Path

import pytest
from test_card_runner import SYSTEM, TOOLS, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    shutil.copytree(TOOLS.parent / "powercut", tmp_path / "tools" / "powercut")
    (tmp_path / "bin" / "basename").symlink_to(str(shutil.which("basename")))
    return machine


def run(machine: Machine) -> tuple[int, list[str]]:
    done = subprocess.run([machine.folder / "tools" / "powercut" / "test"], cwd=machine.folder, capture_output=True,
                          text=True, check=False, env={"PATH": str(machine.folder / "bin"),
                                                       "HOME": str(machine.folder), "TMPDIR": str(machine.folder)})
    return done.returncode, done.stdout.splitlines()


def test_where_the_guest_cannot_be_built_it_is_skipped_aloud(machine: Machine) -> None:
    machine.has("debugfs", "")
    machine.has("e2fsck", "")
    code, said = run(machine)
    assert code == 77
    assert said[-2] == "POWER CUTS SKIPPED because cannot build the guest: this is no Debian"
    assert said[-1].startswith("test-power: SKIPPED after ")


@pytest.mark.parametrize(("guest", "code", "verdict"), [
    ("exit 0", 0, "passed"),
    ("echo 'guest: it does not boot on this machine' >&2; exit 77", 77, "SKIPPED"),
    ("exit 124", 77, "SKIPPED"),
    ("echo Traceback; exit 1", 1, "FAILED"),
    ("case $* in *dead*) exit 1 ;; *) exit 77 ;; esac", 1, "FAILED"),
    ("case $* in *dead*) exit 77 ;; *) exit 1 ;; esac", 1, "FAILED"),
])
def test_what_all_guests_say_is_one_verdict(machine: Machine, guest: str, code: int, verdict: str) -> None:
    machine.has("debugfs", "")
    machine.has("e2fsck", "")
    machine.script(machine.tools / "prepare", f"echo {machine.folder / SYSTEM}")
    machine.script(machine.tools / "guest", guest)
    ended, said = run(machine)
    assert ended == code, said
    assert said[-1].startswith(f"test-power: {verdict} after ")
