"""libFuzzer with sanitizers on every kernel, at night: it finds what is planted, and nothing in what we ship."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fuzz.py"
SECONDS = 600  # of the kernels as they are
MISSING = 3  # exit code: clang or its run-time library is not installed


def fuzzed(*asked: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOOL), *asked], capture_output=True, text=True, errors="replace")
    if done.returncode == MISSING:
        pytest.skip(done.stderr.strip())
    return done.returncode, done.stdout


@pytest.mark.nightly
@pytest.mark.parametrize(("plant", "seen"), [("fsk", "heap-buffer-overflow"), ("conceal", "out of bounds")])
def test_planted_mistakes_are_found(plant, seen):
    code, said = fuzzed("--plant", plant, "--seconds", "300")
    assert code not in (0, 2), said
    assert seen in said


@pytest.mark.nightly
def test_nothing_is_found_in_the_kernels(capsys):
    code, said = fuzzed("--seconds", str(SECONDS))
    with capsys.disabled():
        print(f"\nlibFuzzer, {SECONDS} s: {said.splitlines()[-1]}")
    assert code == 0, said
