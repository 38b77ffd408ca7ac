"""The feed: what is now, every fact after it in order, to whom it may be told; resumed, and dropped when too slow."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from web_house import CALL, Browser, WebHouse, play

from ccappliance.base.limits import MAX_FEED_BYTES
from ccappliance.call import facts
from ccappliance.interfaces.web import feed, sockets
from ccappliance.interfaces.web.access import ROLES, Visitor
from ccappliance.interfaces.web.feed_views import kinds_for, own_kinds

Browsers = Callable[[], Browser]
HIS = CALL["id"]


def moved(agent: str, state: str, call: str = "") -> facts.AgentMoved:
    return facts.AgentMoved(agent, "ready", state, "", call, None, "8001")


async def entered(house: WebHouse, browser: Browsers, name: str, role: str, agent: str = "") -> Browser:
    await house.user(name, role, agent)
    one = browser()
    assert (await one.sign_in(name)).status == 200
    return one


async def told(socket: Any, count: int) -> list[dict[str, Any]]:
    """The next facts, at least so many."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = await socket.receive(timeout=10)
        assert message.type == aiohttp.WSMsgType.TEXT, message
        found += json.loads(message.data)["facts"]
    return found


def test_a_feed_begins_with_what_is_now_and_goes_on_without_a_gap(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await entered(house, browser, "chief", "admin")
        async with chief.socket("/api/v1/feed") as socket:
            hello = (await socket.receive_json(timeout=10))["hello"]
            assert (hello["seq"], hello["resumed"], hello["role"]) == (house.journal.seq, False, "admin")
            assert hello["snapshot"]["agents"][0]["number"] == "1001"
            for number in range(100):
                house.journal.write(facts.CallAnswered(f"1.{number}"))
            seen = await told(socket, 100)
        assert [fact["seq"] for fact in seen] == list(range(hello["seq"] + 1, hello["seq"] + 101))
        assert seen[0] == json.loads(house.sink.lines[hello["seq"]])
        async with chief.socket(f"/api/v1/feed?since={seen[49]['seq']}&kinds=CallAnswered") as socket:
            hello = (await socket.receive_json(timeout=10))["hello"]
            assert (hello["resumed"], hello["snapshot"]) == (True, {})
            house.journal.write(facts.CallAnswered("after"))
            rest = await told(socket, 51)
        assert [fact["call"] for fact in rest] == [f"1.{number}" for number in range(50, 100)] + ["after"]
    play(tmp_path, story)


def test_an_agent_is_told_what_is_his_and_nothing_else(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        li = await entered(house, browser, "li", "agent", "1001")
        begin = house.journal.seq
        async with li.socket("/api/v1/feed") as socket:
            await socket.receive_json(timeout=10)
            for fact in (
                    moved("1002", "ringing", "other"), facts.CallAnswered("other"),
                    moved("1001", "ringing", HIS), facts.CallAnswered(HIS),
                    facts.SupervisionStarted(*["x"] * len(facts.SupervisionStarted.__dataclass_fields__)),
                    facts.DigitPressed(*["7"] * len(facts.DigitPressed.__dataclass_fields__)),
                    facts.AccountChanged("boss", "password", "", "web:boss"),
                    moved("1001", "ready"), facts.CallEnded(HIS, *["x"] * (len(
                        facts.CallEnded.__dataclass_fields__) - 1)), facts.ConfigApplied([], "end")):
                house.journal.write(fact)
            live = await told(socket, 4)
        kinds = [(fact["fact"], fact.get("agent", "")) for fact in live]
        assert kinds == [("AgentMoved", "1001"), ("CallAnswered", ""), ("AgentMoved", "1001"), ("ConfigApplied", "")]
        async with li.socket(f"/api/v1/feed?since={begin}") as socket:
            await socket.receive_json(timeout=10)
            assert [fact for fact in await told(socket, 4) if fact["fact"] != "SignedIn"] == live
    play(tmp_path, story)


def test_what_each_role_is_told_by_subject() -> None:
    def may(role: str, kind: str) -> bool:
        return kind in kinds_for(ROLES[role], [])
    assert may("supervisor", "CallOffered")
    assert may("supervisor", "QueueEntered")
    assert not may("supervisor", "SignedIn")
    assert may("auditor", "SignedIn")
    assert may("technician", "AlarmRaised")
    assert not may("technician", "CallOffered")
    assert {kind for kind in facts.Kinds.BY_NAME if may("agent", kind)} == {
        "ConfigApplied", "DaemonStarted", "DaemonStopped"}
    assert {role for role in ROLES if may(role, "DayBegan")} == {"admin", "auditor"}
    nobody = Visitor("x", "web:x", "agent", "", ROLES["agent"], "")
    assert own_kinds(nobody, []) == frozenset()
    his = own_kinds(Visitor("x", "web:x", "agent", "1001", ROLES["agent"], ""), [])
    assert his <= set(facts.Kinds.BY_NAME), "a kind that does not exist"


def test_who_is_signed_out_hears_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LOOK", 0.05)

    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await entered(house, browser, "chief", "admin")
        async with chief.socket("/api/v1/feed") as socket:
            await socket.receive_json(timeout=10)
            await house.server.accounts.sign_out("chief")
            house.journal.write(facts.CallAnswered("secret"))
            message = await socket.receive(timeout=10)
            assert message.type == aiohttp.WSMsgType.CLOSE, message
            assert message.data == feed.SIGNED_OUT
    play(tmp_path, story)


@pytest.mark.slow
def test_who_does_not_read_is_dropped_and_nobody_else_waits(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        slow = await entered(house, browser, "slow", "admin")
        quick = await entered(house, browser, "quick", "supervisor")
        begin = house.journal.seq
        words = "x" * 10_000
        count = 10 * MAX_FEED_BYTES // len(words) // 50 * 50
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        writer.write("GET /api/v1/feed HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Origin: http://127.0.0.1\r\nSec-WebSocket-Version: 13\r\n"
                     f"Cookie: __Host-session={slow.cookie}\r\n"
                     "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode())
        assert b"101" in await reader.readline()
        async with quick.socket("/api/v1/feed?kinds=CallNoted") as socket:
            await socket.receive_json(timeout=10)
            seen = 0
            for number in range(count):
                house.journal.write(facts.CallNoted(str(number), "x", words))
                if number % 50 == 49:
                    seen += len(await told(socket, 50))
        assert seen == count
        async with asyncio.timeout(20):
            try:
                while await reader.read(65536):  # he gets what was in the pipes, and then the end
                    pass
            except ConnectionError:
                pass
        assert house.journal.seq >= begin + count
        writer.close()
    play(tmp_path, story)


@pytest.mark.slow
def test_a_stream_sends_items_and_ends_with_its_right(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await entered(house, browser, "chief", "admin")
        async with chief.socket("/api/v1/streams/queues/sales?every=0.2") as socket:
            for _ in range(2):
                assert (await socket.receive_json(timeout=10))["item"]["name"] == "sales"
            await house.server.accounts.disable("chief", False, "test")
            await house.server.accounts.sign_out("chief")
            error = await socket.receive_json(timeout=10)
            assert error["error"]["code"] == "not_signed_in"
        await chief.sign_in("chief")
        async with chief.socket("/api/v1/streams/queues/sales?every=0") as socket:
            assert (await socket.receive_json(timeout=10))["error"]["code"] == "bad_parameters"
        for path in ("/api/v1/feed?kinds=Nonsense", "/api/v1/feed?since=-1"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await chief.socket(path)
            assert refused.value.status == 400
    play(tmp_path, story)


def test_a_socket_is_opened_by_a_page_of_ours_only(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await entered(house, browser, "chief", "admin")
        for origin in ("https://evil.example", ""):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await chief.socket("/api/v1/feed", Origin=origin)
            assert refused.value.status == 403
    play(tmp_path, story)


def test_there_is_an_end_to_how_many_sockets_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_FEEDS", 1)

    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await entered(house, browser, "chief", "admin")
        async with chief.socket("/api/v1/feed"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await chief.socket("/api/v1/feed")
            assert refused.value.status == 503
    play(tmp_path, story)
