"""systemd, logs, supervised tasks and the lock file."""

import asyncio
import io
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_LOG_QUEUE
from ccappliance.service.lock import LockFile
from ccappliance.service.logs import JournaldHandler, Logs
from ccappliance.service.systemd import Systemd
from ccappliance.service.tasks import Supervisor
from ccappliance.sim.loop import run_virtual


class Noon:
    """A clock that stands still."""

    def wall(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, 1, 123_000, tzinfo=UTC)

    def now(self) -> float:
        return 12.5


# ---- systemd ----


def test_systemd_hears_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        server.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "15000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        systemd = Systemd(Noon())
        assert systemd.present
        assert systemd.watchdog_interval == 7.5
        systemd.ready("4 lines,\n2 agents")
        systemd.status("busy")
        systemd.reloading()
        systemd.watchdog()
        systemd.stopping()
        assert [server.recv(1000).decode() for _ in range(5)] == [
            "READY=1\nSTATUS=4 lines, 2 agents", "STATUS=busy", "RELOADING=1\nMONOTONIC_USEC=12500000", "WATCHDOG=1",
            "STOPPING=1"]


def test_without_systemd_all_is_silent() -> None:
    systemd = Systemd(Noon(), {})
    systemd.ready()
    systemd.watchdog()
    assert not systemd.present
    assert systemd.watchdog_interval is None
    Systemd(Noon(), {"NOTIFY_SOCKET": "/nobody/listens"}).ready()


def test_a_systemd_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        systemd = Systemd(Noon(), {"NOTIFY_SOCKET": address})
        for _ in range(10_000):
            systemd.watchdog()
        assert server.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize(("environ", "interval"), [
    ({"WATCHDOG_USEC": "2000000"}, 1.0), ({"WATCHDOG_USEC": "0"}, None), ({"WATCHDOG_USEC": "soon"}, None), ({}, None),
    ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, None)])
def test_the_watchdog_may_be_meant_for_another(environ: dict[str, str], interval: float | None) -> None:
    assert Systemd(Noon(), {"NOTIFY_SOCKET": "/x", **environ}).watchdog_interval == interval


# ---- logs ----


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines_of(stream: io.StringIO) -> list[str]:
    return [re.sub(r"^\d\d:\d\d:(\d\d\.\d{3})", r"H:M:\1", line) for line in stream.getvalue().splitlines()]


def test_a_log_line_is_a_fact_with_fields(stream: io.StringIO) -> None:
    logs = Logs(Noon(), stream=stream, roots=("cctest",))
    log = logging.getLogger("cctest.call")
    log.info("leg cleared", extra={"fields": {"call": "1.000001", "cause": 16, "waited": 1 / 3, "name": "王 先生",
                                              "empty": ""}})
    log.warning("%d lines", 4)
    log.debug("not at this level")
    logs.close()
    logs.close()
    log.info("after the end")
    assert lines_of(stream) == [
        'H:M:01.123 leg cleared call=1.000001 cause=16 waited=0.333333 name="王 先生" empty=""',
        "H:M:01.123 WARNING 4 lines"]


def test_hostile_values_forge_nothing(stream: io.StringIO) -> None:
    """F69: no line feed, escape sequence or quote of a caller ID passes through."""
    logs = Logs(Noon(), stream=stream, roots=("cctest",))
    logging.getLogger("cctest").info("offered\n", extra={"fields": {
        "name": 'x" call=2\r\n12:00 forged\x1b[2J\x9b\u2028\udcff', "also": "a=b"}})
    logs.close()
    (line,) = lines_of(stream)
    assert line == ('H:M:01.123 offered\\u000a name="x\\" call=2\\r\\n12:00 forged\\u001b[2J\\u009b\\u2028\\udcff" '
                    'also="a=b"')


def test_fields_are_those_of_the_moment(stream: io.StringIO) -> None:
    logs = Logs(Noon(), stream=stream, roots=("cctest",))
    legs = ["l1"]
    logging.getLogger("cctest").info("bridged", extra={"fields": {"legs": legs}})
    legs.append("l2")
    logs.close()
    assert lines_of(stream) == ["H:M:01.123 bridged legs=['l1']"]


def test_a_trace_follows(stream: io.StringIO) -> None:
    logs = Logs(Noon(), stream=stream, roots=("cctest",))
    try:
        raise ValueError("why\x1b")
    except ValueError:
        logging.getLogger("cctest").exception("task failed")
    logs.close()
    lines = lines_of(stream)
    assert lines[0] == "H:M:01.123 ERROR task failed"
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ValueError: why\\u001b"


def test_who_logs_never_waits() -> None:
    """The terminal takes nothing: records are dropped and counted, and the end is still reached."""
    entered, released = io.StringIO(), threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            released.wait()
            return entered.write(text)

    logs = Logs(Noon(), stream=Stuck(), roots=("cctest",))
    for _ in range(MAX_LOG_QUEUE + 100):
        logging.getLogger("cctest").info("x")
    assert 98 <= logs.dropped <= 100
    released.set()
    logs.close()
    assert len(lines_of(entered)) == MAX_LOG_QUEUE + 100 - logs.dropped


def test_journald_gets_fields() -> None:
    sent: list[tuple[str, dict[str, Any]]] = []

    def send(MESSAGE: str, **fields: Any) -> None:  # noqa: N803  systemd's name
        sent.append((MESSAGE, fields))

    handler = JournaldHandler(send)
    record = logging.LogRecord("ccappliance.call", logging.WARNING, "", 0, "leg cleared", None, None)
    record.fields = {"call": "1.1", "odd-name": "x y"}
    handler.emit(record)
    assert sent == [('leg cleared call=1.1 odd-name="x y"',
                     {"PRIORITY": 4, "LOGGER": "ccappliance.call", "CC_CALL": "1.1", "CC_ODD_NAME": "x y"})]


# ---- tasks ----


def test_a_failed_task_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        told: list[tuple[str, str]] = []
        supervisor = Supervisor("acd", on_failure=lambda name, error: told.append((name, str(error))))

        async def fails() -> None:
            await asyncio.sleep(1)
            raise ValueError("no")

        async def answers() -> int:
            return 42

        supervisor.spawn(fails(), "dispatcher")
        assert await supervisor.spawn(answers(), "answer") == 42
        await asyncio.sleep(2)
        assert told == [("acd/dispatcher", "no")]
        assert supervisor.failures == 1
        assert supervisor.running() == []

    run_virtual(main())
    assert "Traceback" in caplog.text
    assert [record.fields for record in caplog.records] == [{"task": "acd/dispatcher"}]  # type: ignore[attr-defined]


def test_closing_cancels_newest_first_and_waits_for_the_cleaning() -> None:
    async def main() -> None:
        ended: list[str] = []
        supervisor = Supervisor()

        async def works(name: str, cleaning: float) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(f"{name} cancelled")
                await asyncio.sleep(cleaning)
                ended.append(f"{name} clean")

        for name, cleaning in (("a", 1.0), ("b", 2.0), ("c", 0.0)):
            supervisor.spawn(works(name, cleaning), name)
        await asyncio.sleep(0)
        assert supervisor.running() == ["house/a", "house/b", "house/c"]
        await supervisor.close()
        assert ended == ["c cancelled", "b cancelled", "a cancelled", "c clean", "a clean", "b clean"]
        late = supervisor.spawn(works("d", 0.0), "d")
        await asyncio.wait([late])
        assert late.cancelled()

    run_virtual(main())


def test_a_task_that_will_not_end_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        supervisor = Supervisor(patience=3.0)
        released = asyncio.Event()

        async def stubborn() -> None:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

        task = supervisor.spawn(stubborn(), "stubborn")
        await asyncio.sleep(0)
        await supervisor.close()
        released.set()
        await task

    run_virtual(main())
    assert [record.message for record in caplog.records] == ["task did not end"]
    assert "stubborn" in str(caplog.records[0].fields)  # type: ignore[attr-defined]


def test_a_task_may_close_its_own_supervisor() -> None:
    async def main() -> None:
        supervisor = Supervisor()
        task = supervisor.spawn(supervisor.close(), "closer")
        await task
        assert supervisor.running() in ([], ["house/closer"])

    run_virtual(main())


# ---- lock ----


def test_the_second_one_is_told_who_was_first(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "run" / "daemon.lock")
    with pytest.raises(Refused, match=f"already running as process {os.getpid()} ") as refused:
        LockFile(tmp_path / "run" / "daemon.lock")
    assert refused.value.code == "already_running"
    lock.release()
    lock.release()
    LockFile(tmp_path / "run" / "daemon.lock").release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    code = ("import sys; from ccappliance.service.lock import LockFile; lock = LockFile(sys.argv[1]); "
            "print('held', flush=True); sys.stdin.read()")
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "l")], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(Refused, match=f"process {holder.pid} "):
            LockFile(tmp_path / "l")
        holder.kill()
    LockFile(tmp_path / "l").release()
