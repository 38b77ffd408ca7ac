"""A flooded web door of a real daemon (F66): caps hold, memory is bounded, others get in, and the tick goes on."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM

import pytest
from test_daemon import PATIENCE, Box

pytestmark = pytest.mark.slow
HALF_OPEN = 150  # connections of one address that never say a word; its cap is 100
HOSTILE = 2_000  # requests
GROWN = 64 * 1024  # KiB the daemon may have grown by
REQUESTS = (b"GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /api/v1/feed HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n[]",
            b"GET /api/v1/calls HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer cct_x\r\n\r\n")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.close()


def resident(box: Box) -> int:
    """KiB of memory the daemon has now."""
    assert box.process is not None
    text = Path(f"/proc/{box.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")))


def from_address(source: str, port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))


def closed(one: socket.socket) -> bool:
    """Has the door closed this connection?"""
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_a_flood_of_the_door_costs_neither_the_house_nor_honest_people(box: Box) -> None:
    box.start()
    box.told("READY=1")
    box.told("WATCHDOG=1")
    told = json.loads(box.cli("web", "certificate", "--json").stdout)
    port = int(told["address"].rstrip("/").rpartition(":")[2])
    trusting = ssl.create_default_context(cafile=told["path"])
    before, ticks, began = resident(box), json.loads(box.cli("status", "--json").stdout)["ticks"], time.monotonic()
    silent = [from_address("127.0.0.2", port) for _ in range(HALF_OPEN)]
    statuses: dict[bytes, int] = {}
    sent = 0
    while sent < HOSTILE:  # the door may end a connection it has refused something on: then another one
        with trusting.wrap_socket(from_address("127.0.0.3", port), server_hostname="localhost") as rude:
            reader = rude.makefile("rb")
            while sent < HOSTILE:
                try:
                    rude.sendall(REQUESTS[sent % len(REQUESTS)])
                    sent += 1
                    status, length = reader.readline()[9:12], 0
                    while (line := reader.readline().lower()) not in (b"\r\n", b""):
                        if line.startswith(b"content-length:"):
                            length = int(line.partition(b":")[2])
                    reader.read(length)
                except OSError:
                    break
                if not status:
                    break
                statuses[status] = statuses.get(status, 0) + 1
    assert sum(closed(one) for one in silent) >= HALF_OPEN - 100, "one address has 100 connections at most"
    assert set(statuses) <= {b"400", b"401", b"403", b"404", b"421", b"429"}, statuses
    assert statuses[b"429"] > HOSTILE // 4, statuses
    with trusting.wrap_socket(from_address("127.0.0.4", port), server_hostname="localhost") as honest:
        honest.sendall(b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert honest.recv(12) == b"HTTP/1.1 200"
    for one in silent:
        one.close()
    status = json.loads(box.cli("status", "--json").stdout)
    print(f"{sent} requests, {statuses}, {resident(box) - before} KiB more, late ticks {status['late_ticks']}")
    assert status["state"] == "ready"
    assert status["ticks"] - ticks >= 0.9 * (time.monotonic() - began - 1.0) / 0.02, "the tick makes up what it is late"
    assert resident(box) - before < GROWN
    assert box.end(SIGTERM)[0] == 0
