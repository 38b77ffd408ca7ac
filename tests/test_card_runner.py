"""`make test-cards` on machines that cannot run it: skipped aloud with the reason, and never failed for being slow."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools" / "cards"
NEEDED = ("sh", "cat", "cksum", "cp", "date", "dirname", "env", "grep", "mkdir", "mktemp", "nproc", "rm", "sed", "tail",
          "tr")
SYSTEM = "6.1.0-1_dahdi-2.11.1/system-1.cpio"


class Machine:
    """A machine with few programs: those of NEEDED, and scripts in place of others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = shutil.copytree(TOOLS, folder / "tools" / "cards")
        self._bin = folder / "bin"
        self._bin.mkdir()
        for name in NEEDED:
            (self._bin / name).symlink_to(str(shutil.which(name)))
        (folder / ".venv" / "bin").mkdir(parents=True)
        self.script(folder / ".venv" / "bin" / "python", "exit 0")

    def script(self, path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def has(self, name: str, text: str) -> None:
        self.script(self._bin / name, text)

    def guest(self, text: str) -> None:
        """It can be built, and this is what it does; $results is where it leaves what it found."""
        self.script(self.tools / "prepare", f"echo {self.folder / SYSTEM}")
        self.script(self.tools / "guest", text)

    def test(self, *files: str) -> tuple[int, list[str]]:
        done = subprocess.run([self.tools / "test", *files], cwd=self.folder, capture_output=True, text=True,
                              check=False, env={"PATH": str(self._bin), "HOME": str(self.folder),
                                                "TMPDIR": str(self.folder)})
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("programs", "reason"), [
    ({}, "this is no Debian"),
    ({"dpkg": "echo arm64"}, "the guest is made for amd64, this is arm64"),
    ({"dpkg": "echo amd64"}, "qemu-system-x86_64 is not installed (qemu-system-x86)"),
    ({"dpkg": "echo amd64", "qemu-system-x86_64": "", "dpkg-query": ""}, "linux-image-amd64 is not installed"),
    ({"dpkg": "echo amd64", "qemu-system-x86_64": "", "dpkg-query": "echo linux-image-0.0-none"},
     "/boot/vmlinuz-0.0-none is not there"),
])
def test_where_the_guest_cannot_be_built_it_is_skipped_aloud(machine: Machine, programs: dict[str, str],
                                                             reason: str) -> None:
    for name, text in programs.items():
        machine.has(name, text)
    code, said = machine.test("tests/cards/test_card_wires.py")
    assert code == 77
    assert said[-2] == f"CARDS SKIPPED because cannot build the guest: {reason}"
    assert said[-1].startswith("test-cards: SKIPPED after ")
    assert said[-1].endswith(reason)


@pytest.mark.parametrize(("guest", "code", "verdict"), [
    ("echo all well", 0, "passed"),
    ("echo 'guest: it does not boot on this machine' >&2; exit 77", 77, "SKIPPED"),
    ("exit 124", 77, "SKIPPED"),
    ("echo 'FAILED test_one'; exit 124", 1, "FAILED"),
    ("echo 'FAILED test_one'; exit 1", 1, "FAILED"),
    ("exit 1", 1, "FAILED"),
    ("case $* in *_pri.py*) exit 77 ;; *) exit 1 ;; esac", 1, "FAILED"),
    ("case $* in *_pri.py*) exit 1 ;; *) exit 77 ;; esac", 1, "FAILED"),
    ("case $* in *_pri.py*) exit 124 ;; esac", 77, "SKIPPED"),
])
def test_what_two_guests_say_is_one_verdict(machine: Machine, guest: str, code: int, verdict: str) -> None:
    """A failure is one, whatever became of the other half; out of our time is not, for the guest's own clock judges."""
    machine.guest(guest)
    ended, said = machine.test("tests/cards/test_card_pri.py", "tests/cards/test_card_story.py")
    assert ended == code
    assert said[-1].startswith(f"test-cards: {verdict} after ")
    assert ("CARDS SKIPPED because" in "\n".join(said)) is (verdict == "SKIPPED")


def test_each_file_is_run_once(machine: Machine) -> None:
    machine.guest(f'echo "$@" >>{machine.folder / "runs"}')
    files = sorted(str(path.relative_to(TOOLS.parent.parent)) for path in
                   (TOOLS.parent.parent / "tests" / "cards").glob("test_*.py"))
    assert machine.test(*files)[0] == 0
    runs = (machine.folder / "runs").read_text(encoding="utf-8").splitlines()
    assert len(runs) == 2
    assert sorted(word for run in runs for word in run.split() if word.startswith("tests/cards/")) == files
    assert os.path.basename(files[0]) == "test_card_cas.py"
