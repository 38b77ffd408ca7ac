"""AGI with the real client library, pyst2's asterisk.agi.AGI, unmodified: as a child process, and over a socket."""

import asyncio
import os
import textwrap
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from ivr_world import World, one_flow
from outside_world import Outdoors

from ccappliance.apps.ivr.agi import scripts
from ccappliance.apps.ivr.agi.settings import AgiSettings
from ccappliance.call import facts
from ccappliance.service import peers
from ccappliance.service.peers import MachinePeers

asterisk = pytest.importorskip("asterisk.agi", reason="pyst2 is not installed: make setup-test")
pytestmark = pytest.mark.slow
SITE = Path(asterisk.__file__).parent.parent
HEAD = "#!/usr/bin/env python3\nimport os, signal, subprocess, sys, time\nfrom asterisk.agi import *\n"
NODES = """
talk: {{type: agi, script: {script!r}, arguments: {{who: caller}}, next: done, failed: broken, seconds: {seconds}s}}
done: {{type: queue, queue: done}}
broken: {{type: queue, queue: broken}}
"""


class Real:
    """A world on a real loop: the caller is the test's, the script is the machine's."""

    def __init__(self, folder: Path, script: str = "s.py", seconds: float = 20.0) -> None:
        self.folder = folder
        self.outdoors = Outdoors()
        self.outdoors.peers = MachinePeers()  # type: ignore[assignment]
        self.world = World(one_flow(NODES.format(script=script, seconds=seconds)))
        self.outdoors.install(self.world)
        self.outdoors.scripts._settings = lambda: AgiSettings(directory=str(folder), python_path=str(SITE))

    async def run(self) -> str | None:
        """Where the call goes; "cancelled" if the caller leaves."""
        try:
            return await asyncio.create_task(self.world.run())
        except asyncio.CancelledError:
            return "cancelled"

    def ended(self) -> facts.ScriptEnded:
        (fact,) = [fact for fact in self.world.journal if isinstance(fact, facts.ScriptEnded)]
        return fact

    async def calm(self) -> None:
        """Until no script runs any more."""
        while self.outdoors.scripts.active:
            await asyncio.sleep(0.01)
        await self.outdoors.scripts.close()


def write(folder: Path, body: str) -> None:
    script = folder / "s.py"
    script.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
    script.chmod(0o755)


def live(main: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30.0):
            await main
    asyncio.run(limited())


SPEAKS = """
    agi = AGI()
    assert agi.env["agi_callerid"] == "13900000000" == agi.env["agi_arg_1"] == sys.argv[1]
    agi.answer()
    assert agi.channel_status() == 6
    assert agi.channel_status("DAHDI/other-1") == -1
    agi.verbose("你好", 2)
    assert agi.stream_file("beep") == ""
    assert agi.wait_for_digit(3000) == "7"
    assert agi.get_data("beep", 3000, 4) == "1234"
    agi.set_variable("Balance", "12.50 元")
    assert agi.get_variable("balance") == "12.50 元"
    assert agi.get_variable("nothing") == ""
    assert agi.get_full_variable("${BALANCE}/${EXTEN}") == "12.50 元/8008"
    agi.database_put("f", "k", "v w")
    assert agi.database_get("f", "k") == "v w"
    agi.database_del("f", "k")
    try:
        agi.database_get("f", "k")
        raise SystemExit("it was there")
    except AGIDBError:
        pass
    agi.database_deltree("f")
    agi.set_callerid("123")
    agi.set_autohangup(0)
    agi.set_context("x"); agi.set_extension("y"); agi.set_priority("1")
    assert agi.appexec("NoOp", "x") == "0"
    for wrong in (lambda: agi.appexec("Nonsense"), lambda: agi.stream_file("none")):
        try:
            wrong()
            raise SystemExit("no error")
        except AGIAppError:
            pass
    try:
        agi.execute("NONSENSE")
        raise SystemExit("no error")
    except AGIInvalidCommand:
        pass
    try:
        agi.execute("SAY NUMBER")
        raise SystemExit("no error")
    except AGIUsageError as error:
        assert "End of proper usage" in str(error)
    agi.noop()
"""


def test_a_program_talks_with_the_caller(tmp_path: Path) -> None:
    async def main() -> None:
        real = Real(tmp_path)
        heard = real.world.journal

        async def fingers() -> None:
            """Keys when they are asked for: seven for the digit, then four."""
            while not [fact for fact in heard if isinstance(fact, facts.PromptEnded)]:
                await asyncio.sleep(0.01)
            real.world.press("71234", real.world.loop.time() + 0.05, gap=0.05)
        pressing = asyncio.create_task(fingers())
        assert await real.run() == "queue:done", real.ended()
        await pressing
        assert (real.ended().outcome, real.ended().why) == ("done", "")
        assert real.world.call.variables == {"balance": "12.50 元"}
        assert real.world.inputs() == [("talk", "1234", "complete")]
        await real.calm()

    write(tmp_path, SPEAKS)
    live(main())


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    async def main() -> None:
        real = Real(tmp_path)
        assert await real.run() == "queue:broken"
        assert real.ended().why == "exit status 1: ValueError: no account"
        await real.calm()

    write(tmp_path, "agi = AGI()\nraise ValueError('no account')\n")
    live(main())


def test_a_program_that_is_not_there_or_none(tmp_path: Path) -> None:
    async def main() -> None:
        real = Real(tmp_path)
        assert await real.run() == "queue:broken"
        assert "No such file" in real.ended().why
        (tmp_path / "s.py").write_text("no program")
        real = Real(tmp_path)
        assert await real.run() == "queue:broken"
        assert "Permission denied" in real.ended().why

    live(main())


def test_a_line_without_end_ends_the_program(tmp_path: Path) -> None:
    async def main() -> None:
        real = Real(tmp_path)
        assert await real.run() == "queue:broken"
        assert "a line is longer than" in real.ended().why
        await real.calm()

    write(tmp_path, "sys.stdout.write('x' * 100_000); sys.stdout.flush(); time.sleep(60)\n")
    live(main())


def test_a_caller_who_hangs_up_is_told_to_the_program_by_sighup(tmp_path: Path) -> None:
    """pyst2 raises AGISIGHUPHangup at its next command; the program puts its things in order and ends."""
    async def main() -> None:
        real = Real(tmp_path)
        running = asyncio.create_task(real.run())
        while not (tmp_path / "ready").exists():
            await asyncio.sleep(0.01)
        real.world.hang_up(real.world.loop.time())
        assert await running == "cancelled"
        assert real.ended().outcome == "gone"
        await real.calm()
        assert (tmp_path / "end").read_text() == "AGISIGHUPHangup"

    write(tmp_path, f"""
        agi = AGI()
        open({str(tmp_path / "ready")!r}, "w").close()
        try:
            while True:
                agi.noop()
                time.sleep(0.02)
        except AGIHangup as gone:
            open({str(tmp_path / "end")!r}, "w").write(type(gone).__name__)
    """)
    live(main())


def test_nothing_of_a_program_that_will_not_end_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ignores every signal it can, and so does its own child: the whole group is killed."""
    monkeypatch.setattr(scripts, "AFTER", 0.2)
    monkeypatch.setattr(peers, "PATIENCE", 0.2)

    async def main() -> None:
        real = Real(tmp_path)
        running = asyncio.create_task(real.run())
        while not (tmp_path / "pids").exists():
            await asyncio.sleep(0.01)
        processes = [int(word) for word in (tmp_path / "pids").read_text().split()]
        assert len(processes) == 2
        real.world.hang_up(real.world.loop.time())
        assert await running == "cancelled"
        await real.calm()
        for _ in range(200):
            if not any(is_alive(process) for process in processes):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"still alive: {[process for process in processes if is_alive(process)]}")

    write(tmp_path, f"""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "300"])
        with open({str(tmp_path / "pids~")!r}, "w") as file:
            file.write(f"{{os.getpid()}} {{child.pid}}")
        os.rename({str(tmp_path / "pids~")!r}, {str(tmp_path / "pids")!r})
        time.sleep(300)
    """)
    live(main())


def is_alive(process: int) -> bool:
    """It runs; a zombie, which nobody in a container may have reaped, does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "AFTER", 0.1)
    monkeypatch.setattr(peers, "PATIENCE", 0.1)

    async def main() -> None:
        real = Real(tmp_path, seconds=1.0)
        assert await real.run() == "queue:broken"
        assert real.ended().outcome == "timeout"
        await real.calm()

    write(tmp_path, "time.sleep(300)\n")
    live(main())


def test_the_environment_of_a_program_holds_nothing_of_ours(tmp_path: Path) -> None:
    async def main() -> None:
        os.environ["OUR_SECRET"] = "1"
        try:
            real = Real(tmp_path)
            assert await real.run() == "queue:done", real.ended()
        finally:
            del os.environ["OUR_SECRET"]
        await real.calm()

    write(tmp_path, "assert 'OUR_SECRET' not in os.environ, 1\n"
                    "assert os.getpgid(0) == os.getpid(), 2\n"
                    "assert len(os.listdir('/proc/self/fd')) == 4, os.listdir('/proc/self/fd')\n")
    live(main())


# ---- FastAGI ----


def test_a_server_talks_with_the_caller(tmp_path: Path) -> None:
    """Over TCP, environment to hang-up; HANGUP comes after the answer to what was under way."""
    async def main() -> None:
        told: dict[str, Any] = {}
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines = []
            while (line := (await reader.readline()).decode().rstrip("\n")):
                lines.append(line)
            told["environment"] = lines
            for command in ("ANSWER", 'SET VARIABLE "City" "北京"', 'STREAM FILE beep ""', "HANGUP"):
                writer.write(f"{command}\n".encode())
                told[command] = (await reader.readline()).decode().rstrip("\n")
            told["end"] = (await reader.readline()).decode().rstrip("\n")
            writer.write(b"ANSWER\n")
            told["dead"] = (await reader.readline()).decode().rstrip("\n")
            writer.close()
            served.set()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        real = Real(tmp_path, f"agi://127.0.0.1:{port}/balance/zh?kind=1")
        assert await real.run() is None
        await served.wait()
        await real.calm()
        server.close()
        assert told.pop("environment")[:3] == ["agi_network: yes", "agi_network_script: balance/zh?kind=1",
                                               f"agi_request: agi://127.0.0.1:{port}/balance/zh?kind=1"]
        assert told.pop('STREAM FILE beep ""').startswith("200 result=0 endpos=4")  # by the real clock
        assert told == {"ANSWER": "200 result=0", 'SET VARIABLE "City" "北京"': "200 result=1",
                        "HANGUP": "200 result=1", "end": "HANGUP",
                        "dead": "511 Command Not Permitted on a dead channel or intercept routine"}
        assert real.world.call.variables == {"city": "北京"}

    live(main())


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async def main() -> None:
        real = Real(tmp_path, "agi://127.0.0.1:1/x")
        assert await real.run() == "queue:broken"
        assert "127.0.0.1:1 can't be reached" in real.ended().why

    live(main())
