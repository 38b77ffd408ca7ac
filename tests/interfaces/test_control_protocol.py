"""The control socket's language and the registry: what is understood, and that everything else is told clearly."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from fake_house import FakeHouse
from hypothesis import given
from hypothesis import strategies as st

from ccappliance.base.errors import Bug, Refused
from ccappliance.interfaces.control import protocol
from ccappliance.interfaces.control.feed import Feed
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.interfaces.control.registry import Operations


def test_a_request_and_its_answer() -> None:
    request = protocol.decode(b'{"id": 1, "do": "calls.show", "with": {"call": "x"}}\n')
    assert request == protocol.Request(1, "calls.show", {"call": "x"})
    assert protocol.decode(b'{"id": "a", "do": "status"}') == protocol.Request("a", "status", {})
    assert protocol.encode(protocol.ok(1, {"name": "王"})) == b'{"id":1,"ok":{"name":"\\u738b"}}\n'


@pytest.mark.parametrize(("line", "words", "request_id"), [
    (b"", "not one JSON object", None), (b"hello", "not one JSON object", None), (b"[]", "not a JSON object", None),
    (b"\xff", "not one JSON object", None), (b"[" * 100_000, "too deeply nested", None), (b"{}", "'id' must be", None),
    (b'{"id": true, "do": "x"}', "'id' must be", None), (b'{"id": 1}', "'do' must be", 1),
    (b'{"id": 1, "do": "x", "with": []}', "'with' must be", 1), (b'{"id": 1, "do": "x", "a": 1}', "not 'a'", 1),
    (b'{"id": NaN, "do": "x"}', "NaN is not JSON", None), (b'{"id": ' + b"9" * 5000 + b"}", "", None)])
def test_what_is_no_request_is_told(line: bytes, words: str, request_id: int | None) -> None:
    with pytest.raises(protocol.Malformed) as caught:
        protocol.decode(line)
    assert words in str(caught.value)
    assert caught.value.id == request_id


@pytest.mark.slow
@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "do", "with", "x"]), inner),
    max_leaves=8).map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_a_request_or_malformed(line: bytes) -> None:
    try:
        request = protocol.decode(line)
    except protocol.Malformed as malformed:
        protocol.encode(protocol.error(malformed.id, "malformed", str(malformed)))
    else:
        protocol.encode(protocol.ok(request.id, request.params))


NAMES = st.sampled_from(["call", "agent", "request", "station", "limit", "last", "kinds", "by", "x"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.text(max_size=2))
PARAMETERS = st.dictionaries(NAMES, VALUES)


@pytest.mark.slow
@given(st.sampled_from([operation.name for operation in operations_of(FakeHouse()).all() if not operation.streams]),
       PARAMETERS)
def test_any_parameters_are_carried_out_or_refused(name: str, params: dict[str, object]) -> None:
    operations = operations_of(FakeHouse())
    try:
        answer = protocol.ok(1, asyncio.run(operations.run(name, params, "cli:test")))
    except Refused as refused:
        answer = protocol.error(1, refused.code, str(refused))
    assert protocol.decode_answer(protocol.encode(answer))["id"] == 1


def refusal(name: str, **params: object) -> str:
    with pytest.raises(Refused) as caught:
        asyncio.run(operations_of(FakeHouse()).run(name, params, "cli:test"))
    return f"{caught.value.code}: {caught.value}"


def test_refusals_say_what_is_wrong() -> None:
    assert refusal("calls.lst") == "unknown_operation: there is no operation 'calls.lst': did you mean 'calls.list'?"
    assert refusal("calls.show") == "bad_parameters: calls.show needs 'call': a text"
    assert refusal("calls.show", call=5) == "bad_parameters: 'call' must be a text"
    assert refusal("calls.list", x=5) == "bad_parameters: calls.list has no parameter 'x'; it has: none"
    assert refusal("calls.hangup", call="1", by="root").startswith("bad_parameters: calls.hangup has no parameter 'by'")
    assert refusal("recordings.list", limit=True) == "bad_parameters: 'limit' must be a whole number"
    assert refusal("recordings.list", limit=0).startswith("bad_parameters: 'limit' must be from 1 to")
    assert refusal("calls.originate", station="8001", number="12x").startswith("bad_parameters: '12x' cannot be")
    assert refusal("agents.set", agent="1", request="fire").startswith("bad_parameters: 'request' must be one of login")
    assert refusal("callbacks.cancel", callback="x").startswith("no_callback: there is no callback 'x'")
    assert refusal("callbacks.ended", limit=0).startswith("bad_parameters: 'limit' must be from 1 to")
    assert refusal("journal.tail").startswith("streams:")
    assert refusal("calls.show", call="x" * 2000).startswith("bad_parameters: 'call' has 2000 characters")


def test_the_operations_describe_themselves() -> None:
    listed = {one["name"]: one for one in asyncio.run(operations_of(FakeHouse()).run("operations.list", {}, ""))}
    assert all(one["doc"] for one in listed.values())
    assert listed["journal.tail"]["streams"]
    assert listed["calls.originate"]["parameters"] == [
        {"name": "station", "type": "str", "null": False, "required": True, "default": None},
        {"name": "number", "type": "str", "null": False, "required": True, "default": None},
        {"name": "group", "type": "str", "null": False, "required": False, "default": ""}]


def test_an_operation_must_be_typed_and_documented() -> None:
    operations = Operations()

    async def silent() -> None:
        pass

    async def vague(what: object) -> None:
        """Do something."""

    with pytest.raises(Bug, match="no docstring"):
        operations.operation("a")(silent)
    with pytest.raises(Bug, match="what must be"):
        operations.operation("b")(vague)


def test_a_feed_drops_a_follower_who_is_too_slow() -> None:
    async def follow(feed: Feed[int], got: list[int]) -> None:
        async for number in feed:
            got.append(number)  # noqa: PERF401  what came before a refusal counts

    async def play() -> None:
        feed: Feed[int] = Feed(3)
        for number in range(5):
            feed.push(number)
        got: list[int] = []
        with pytest.raises(Refused) as caught:
            await follow(feed, got)
        assert caught.value.code == "too_slow"
        assert got == [0, 1, 2]
        good: Feed[int] = Feed(3)
        told: list[int] = []
        task = asyncio.create_task(follow(good, told))
        for number in range(10):
            good.push(number)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        good.close()
        good.push(99)
        await task
        assert told == list(range(10))

    asyncio.run(play())


def test_streams_are_not_asked_as_plain_operations() -> None:
    async def play() -> None:
        operations = operations_of(FakeHouse())
        items: AsyncIterator[dict[str, object]] = operations.stream("journal.tail", {"last": 2}, "")
        assert [item["seq"] async for item in items] == [2, 3]
        with pytest.raises(Refused) as caught:
            operations.stream("status", {}, "")
        assert caught.value.code == "does_not_stream"

    asyncio.run(play())
