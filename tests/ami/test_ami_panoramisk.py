"""AMI with panoramisk's Manager, an asyncio client: lists, events, originate."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from ami_house import PATIENCE, LiveHouse

panoramisk = pytest.importorskip("panoramisk", reason="panoramisk is not installed: make setup-test")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveHouse]:
    with LiveHouse() as house:
        yield house


def play(live: LiveHouse, scene: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE):
            manager = panoramisk.Manager(loop=asyncio.get_running_loop(), host="127.0.0.1", port=live.port,
                                         username="all", secret="s3cret", ping_delay=1, ping_interval=1)
            await manager.connect()
            await scene(manager)
            manager.close()
            await asyncio.sleep(0)
    asyncio.run(run())


def test_lists_are_whole(live: LiveHouse) -> None:
    async def scene(manager: Any) -> None:
        pong = await manager.send_action({"Action": "Ping"})
        assert pong.ping == "Pong"
        listed = [one async for one in aiter_of(await manager.send_action({"Action": "QueueStatus"}))]
        assert next(one.event for one in listed if one.event) == "QueueParams"
        assert listed[-1].event == "QueueStatusComplete"
        members = [one.location for one in listed if one.event == "QueueMember" and one.queue == "sales"]
        assert members == ["Agent/1001", "Agent/1002", "Agent/1003", "Agent/1004"]
        shown = await manager.send_command("core show uptime")
        assert "System uptime" in str(shown.output)
    play(live, scene)


async def aiter_of(answer: Any) -> Any:
    """A list of messages, or one."""
    for one in answer if isinstance(answer, list) else [answer]:
        yield one


def test_events_and_originate(live: LiveHouse) -> None:
    live.person("8001", station="8001")

    async def scene(manager: Any) -> None:
        heard: asyncio.Queue[Any] = asyncio.Queue()
        manager.register_event("Originate*", lambda _, message: heard.put_nowait(message))
        manager.register_event("Hangup", lambda _, message: heard.put_nowait(message))
        sent = await manager.send_action({"Action": "Originate", "Channel": "DAHDI/8001", "Context": "queue",
                                          "Exten": "sales", "Async": "true", "Timeout": "1000"}, as_list=False)
        assert sent.message == "Originate successfully queued"
        told = await heard.get()
        while told.event != "OriginateResponse":
            told = await heard.get()
        assert (told.response, told.reason, told.context, told.exten) == ("Failure", "3", "queue", "sales")
    play(live, scene)
