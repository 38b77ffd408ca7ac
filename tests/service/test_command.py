"""Running a technician's command: it gets its input, and whatever it does, it is over in time."""

import asyncio
from pathlib import Path

import pytest

from ccappliance.service.command import CommandFailed, run_command


def test_it_gets_what_it_is_given(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    asyncio.run(run_command(["sh", "-c", f"cat > {kept}"], "语音留言".encode(), 10.0))
    assert kept.read_text(encoding="utf-8") == "语音留言"


@pytest.mark.parametrize(("words", "problem"), [
    (["/nonexistent/sendmail"], "sendmail cannot be started: No such file or directory"),
    (["sh", "-c", "echo no such user >&2; exit 67"], "sh ended with code 67: no such user"),
    (["sh", "-c", "exec sleep 60"], "sh did not end within 0.05 s")])
def test_it_fails_in_words(words: list[str], problem: str) -> None:
    with pytest.raises(CommandFailed, match=problem):
        asyncio.run(run_command(words, b"x" * 100_000, 0.05 if "sleep" in words[-1] else 10.0))
