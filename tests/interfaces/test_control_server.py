"""The control socket with real sockets: who comes in, what is answered, and what happens to the slow and the rude."""

import asyncio
import contextlib
import errno
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fake_house import CALL, STATUS, FakeHouse

from ccappliance.base import limits
from ccappliance.base.errors import Refused
from ccappliance.interfaces.control import server as serving
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.interfaces.control.peers import Peer, allowed
from ccappliance.interfaces.control.place import default_socket, find_socket, trusted
from ccappliance.interfaces.control.server import ControlServer

BY = "cli:" + Peer(0, os.getuid(), 0).name


class Caller:
    """A client that speaks raw lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, line: bytes) -> None:
        self.writer.write(line)
        await self.writer.drain()

    async def ask(self, number: int, do: str, **params: Any) -> None:
        await self.say(json.dumps({"id": number, "do": do, "with": params}).encode() + b"\n")

    async def hear(self) -> Any:
        line = await asyncio.wait_for(self.reader.readline(), 5)
        return json.loads(line) if line else None

    def hang_up(self) -> None:
        self.writer.close()


Play = Callable[[ControlServer, FakeHouse, Callable[[], Awaitable[Caller]]], Awaitable[None]]


def play(tmp_path: Path, scene: Play, **options: Any) -> FakeHouse:
    """Run a scene against a server on a real socket."""
    house = FakeHouse()

    async def run() -> None:
        server = ControlServer(tmp_path / "control.sock", operations_of(house), **options)
        await server.start()

        callers: list[Caller] = []

        async def connect() -> Caller:
            callers.append(Caller(*await asyncio.open_unix_connection(str(server.path), limit=limits.MAX_CONTROL_LINE)))
            return callers[-1]

        try:
            await scene(server, house, connect)
        finally:
            await server.stop()
            for caller in callers:
                caller.hang_up()
                with contextlib.suppress(ConnectionError):
                    await caller.writer.wait_closed()
        assert not server.path.exists()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == []

    asyncio.run(run())
    return house


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


def test_questions_are_answered_and_the_peer_is_named(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
        caller = await connect()
        await caller.ask(1, "status")
        assert await caller.hear() == {"id": 1, "ok": STATUS}
        await caller.ask(2, "calls.hangup", call=CALL["id"])
        assert await caller.hear() == {"id": 2, "ok": {"call": CALL["id"]}}
        await caller.ask(3, "calls.hangup", call="none")
        assert await caller.hear() == {"id": 3, "error": {"code": "no_such_call", "message": "there is no call 'none'"}}

    assert play(tmp_path, scene).asked == [("hang_up", CALL["id"], BY)]


def test_nonsense_gets_an_error_and_the_connection_goes_on(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        for line in (b"\n", b"\xff\x00\n", b"GET / HTTP/1.1\r\n", b"[" * 50_000 + b"\n", b'{"id": 7}\n'):
            await caller.say(line)
            answer = await caller.hear()
            assert answer["error"]["code"] == "malformed"
        assert answer["id"] == 7
        await caller.ask(8, "statsu")
        assert "did you mean 'status'" in (await caller.hear())["error"]["message"]
        await caller.ask(9, "status")
        assert "ok" in await caller.hear()

    play(tmp_path, scene)


def test_an_endless_line_ends_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MAX_CONTROL_LINE", 1000)

    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.say(b"x" * 3000)
        assert (await caller.hear())["error"]["code"] == "line_too_long"
        assert await caller.hear() is None

    play(tmp_path, scene)


def test_a_bug_in_an_operation_is_told_and_logged_and_nothing_else(tmp_path: Path,
                                                                   caplog: pytest.LogCaptureFixture) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        house.status = lambda: 1 / 0  # type: ignore[method-assign]
        house.calls = lambda: {1, 2}  # type: ignore[method-assign]
        house.spans = lambda: "x" * limits.MAX_CONTROL_LINE  # type: ignore[method-assign]
        caller = await connect()
        await caller.ask(1, "status")
        assert (await caller.hear())["error"]["code"] == "internal"
        await caller.ask(2, "calls.list")
        assert (await caller.hear())["error"]["code"] == "internal"
        await caller.ask(3, "spans.list")
        assert (await caller.hear())["error"]["code"] == "too_long"
        await caller.ask(4, "queues.list")
        assert "ok" in await caller.hear()

    play(tmp_path, scene)
    assert "ZeroDivisionError" in caplog.text


def test_a_stream_runs_beside_questions_and_ends_with_its_client(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.ask(1, "journal.tail", last=1, follow=True, kinds=["CallEnded"])
        assert (await caller.hear())["item"]["seq"] == 3
        await until(lambda: bool(house.feeds))
        await caller.ask(2, "status")
        assert (await caller.hear())["id"] == 2
        house.feeds[0].push({"seq": 4})
        assert await caller.hear() == {"id": 1, "item": {"seq": 4}}
        caller.hang_up()
        await until(lambda: house.closed == 1)

    play(tmp_path, scene)


def test_a_finite_stream_is_done(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.ask(1, "journal.tail", start=3)
        assert (await caller.hear())["item"]["fact"] == "CallEnded"
        assert await caller.hear() == {"id": 1, "done": True}

    play(tmp_path, scene)


def test_a_follower_too_far_behind_is_told_and_dropped(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.ask(1, "journal.tail", last=0, follow=True)
        await until(lambda: bool(house.feeds))
        for number in range(101):
            house.feeds[0].push({"seq": number})
        heard = [await caller.hear() for _ in range(101)]
        assert heard[100]["error"]["code"] == "too_slow"
        assert await caller.hear() is None
        assert house.closed == 1

    play(tmp_path, scene)


def test_a_client_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(server.path))
        deaf.sendall(b'{"id":1,"do":"journal.tail","with":{"follow":true}}\n')
        await until(lambda: bool(house.feeds))
        for number in range(90):
            house.feeds[0].push({"seq": number, "words": "x" * 20_000})
        await until(lambda: house.closed == 1)
        other = await connect()
        await other.ask(1, "status")
        assert "ok" in await other.hear()
        deaf.close()

    play(tmp_path, scene, patience=0.02)


def test_what_was_asked_is_carried_out_even_if_the_client_closes_its_half(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        house.gate = asyncio.Event()
        caller = await connect()
        await caller.ask(1, "recordings.list")
        caller.writer.write_eof()
        await until(lambda: ("recordings", 20, "") in house.asked)
        house.gate.set()
        assert (await caller.hear())["id"] == 1
        assert await caller.hear() is None

    assert ("recordings done",) in play(tmp_path, scene).asked


def test_limits_of_clients_and_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MAX_CONTROL_CLIENTS", 2)
    monkeypatch.setattr(serving, "MAX_CONTROL_REQUESTS", 2)

    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        house.gate = asyncio.Event()
        first, second = await connect(), await connect()
        for number in (1, 2, 3):
            await first.ask(number, "recordings.list")
        answer = await first.hear()
        assert (answer["id"], answer["error"]["code"]) == (3, "too_many_requests")
        await second.ask(1, "status")
        assert "ok" in await second.hear()
        third = await connect()
        assert (await third.hear())["error"]["code"] == "too_many_clients"
        assert await third.hear() is None
        second.hang_up()
        house.gate.set()
        assert {(await first.hear())["id"], (await first.hear())["id"]} == {1, 2}

    play(tmp_path, scene)


def test_the_server_stops_with_clients_connected(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.ask(1, "status.watch")
        assert "item" in await caller.hear()
        idle = await connect()
        await idle.ask(1, "status")
        assert "ok" in await idle.hear()
        late = await connect()
        await server.stop()
        assert await caller.hear() is None
        assert await idle.hear() is None
        with contextlib.suppress(ConnectionError):  # the kernel may have accepted it when nobody was left to
            assert await late.hear() is None

    play(tmp_path, scene)


def test_a_live_daemon_is_respected_and_a_dead_ones_socket_replaced(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "control.sock"))
    dead.close()

    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        second = ControlServer(server.path, operations_of(house))
        with pytest.raises(Refused) as caught:
            await second.start()
        assert caught.value.code == "already_running"
        caller = await connect()
        await caller.ask(1, "status")
        assert "ok" in await caller.hear()

    play(tmp_path, scene)
    play(tmp_path, scene)


def start_refused(path: Path, **options: Any) -> str:
    with pytest.raises(Refused) as caught:
        asyncio.run(ControlServer(path, operations_of(FakeHouse()), **options).start())
    return caught.value.code


def test_places_where_no_socket_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    assert start_refused(tmp_path / "file") == "socket_path"
    assert (tmp_path / "file").read_text() == "precious"
    assert start_refused(tmp_path / "file" / "control.sock") == "socket_path"
    assert start_refused(tmp_path / ("x" * 120)) == "socket_path"
    assert start_refused(tmp_path / "s", group="no-such-group-here") == "no_such_group"
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert start_refused(tmp_path / "open" / "s") == "unsafe_directory"


def test_out_of_file_descriptors_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_BACK_OFF", 0.001)

    class Poor:
        """A listener that has no file descriptor for the first two who knock."""

        def __init__(self, listener: socket.socket) -> None:
            self.listener = listener
            self.tries = 0

        def accept(self) -> Any:
            self.tries += 1
            if self.tries < 3:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return self.listener.accept()

        def fileno(self) -> int:
            return self.listener.fileno()

        def close(self) -> None:
            self.listener.close()

    listen = ControlServer._listen
    monkeypatch.setattr(ControlServer, "_listen", lambda self: Poor(listen(self)))

    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        await caller.ask(1, "status")
        assert "ok" in await caller.hear()

    play(tmp_path, scene)


def test_who_may_come_in() -> None:
    assert allowed(Peer(1, 0, 0), 990, "")
    assert allowed(Peer(1, 990, 5), 990, "")
    assert not allowed(Peer(1, 65_000, 65_000), 990, "")
    assert not allowed(Peer(1, 65_000, 0), 990, "no-such-group-here")
    assert allowed(Peer(1, 65_000, 0), 990, "root")  # its primary group
    assert not allowed(Peer(1, 65_000, 65_000), 990, "root")


def test_a_stranger_is_told_and_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "peer_of", lambda sock: Peer(1, 65_000, 65_000))

    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        caller = await connect()
        answer = await caller.hear()
        assert answer["error"]["code"] == "not_allowed"
        assert "65000 may not control the daemon" in answer["error"]["message"]
        assert await caller.hear() is None

    play(tmp_path, scene)


def test_the_group_owns_the_socket(tmp_path: Path) -> None:
    async def scene(server: ControlServer, house: FakeHouse, connect: Any) -> None:
        assert stat.S_IMODE(server.path.stat().st_mode) == 0o660

    if os.getuid() == 0:
        play(tmp_path, scene, group="root")


def test_where_the_socket_is(tmp_path: Path) -> None:
    system = tmp_path / "run" / "control.sock"
    assert default_socket({"CCAPPLIANCE_SOCKET": "/x/y"}, 5, system) == Path("/x/y")
    assert default_socket({}, 0, system) == system
    stranger = os.getuid() + 12_345
    assert default_socket({"XDG_RUNTIME_DIR": str(tmp_path)}, stranger, system) \
        == Path(f"/tmp/ccappliance-{stranger}/control.sock")
    if os.getuid():
        assert default_socket({"XDG_RUNTIME_DIR": str(tmp_path)}, os.getuid(), system) \
            == tmp_path / "ccappliance" / "control.sock"
    system.parent.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(system))
    assert find_socket({}, stranger, system) == system
    listener.close()


def test_a_directory_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    trusted(tmp_path / "s", os.getuid())
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(Refused):
        trusted(tmp_path / "link" / "s", os.getuid())
    os.chmod(tmp_path, 0o1777)
    trusted(tmp_path / "s", os.getuid())
    if os.getuid() == 0:
        os.chown(tmp_path, 12345, -1)
        with pytest.raises(Refused):
            trusted(tmp_path / "s", 0)
