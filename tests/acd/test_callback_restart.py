"""Promises outlive the daemon: killed after any entry of the journal, each is kept in its place, or over, once."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from acd_world import EPOCH
from callback_world import CallbackWorld, Does, callback_settings

from ccappliance.apps.acd.callback_settings import CallbackRetry
from ccappliance.apps.acd.callback_store import CallbackStore
from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.sim.loop import run_virtual
from ccappliance.store.database import Store

NUMBERS = [f"1380000000{digit}" for digit in range(6)]
SETTINGS = callback_settings(("1001", "1002"), retry=CallbackRetry(times=1, every=60.0))


def a_day() -> list[bytes]:
    """Six promises: reached, busy and given up, cancelled, one that nobody answers, one replaced by his own call."""
    async def story() -> list[bytes]:
        world = CallbackWorld(SETTINGS)
        world.answer_after = lambda station: 2.0
        world.does = lambda number: {NUMBERS[1]: Does(3.0, Cause.BUSY), NUMBERS[3]: None}.get(number, Does(4.0))
        names = [await world.promised(number) for number in NUMBERS]
        world.callbacks.cancel(names[2], "test")
        world.login("1001", "1002")
        for _ in range(20):
            await asyncio.sleep(10)
            for call in world.calls:
                if call.direction == "out" and call.recorded:
                    call.anchor.hang_up()
            if world.loop.time() > 60:
                world.offer("sales", NUMBERS[5])
        lines = list(world.sink.lines)
        await world.close()
        return lines
    return run_virtual(story())


DAY = a_day()


def expected(entries: list[Entry]) -> dict[str, str]:
    """Promise → when he began to wait, of those that are open after these entries."""
    found: dict[str, str] = {}
    for entry in entries:
        match entry.fact:
            case facts.CallbackPromised(callback=callback, entered_at=entered_at):
                found[callback] = entered_at
            case facts.CallbackEnded(callback=callback):
                found.pop(callback, None)
            case facts.QueueLeft(call=call, outcome="answered"):
                found.pop(call, None)  # they talk: that is told at the next start
    return found


def check_balanced(lines: list[bytes], names: set[str]) -> None:
    """Of the promises' own stays and offers, everything that began has ended once."""
    stays: Counter[str] = Counter()
    offers: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for line in lines:
        match Entry.parse(line).fact:
            case facts.QueueEntered(call=call) if call in names:
                stays[call] += 1
            case facts.QueueLeft(call=call) if call in names:
                stays[call] -= 1
            case facts.OfferMade(offer=offer, call=call) if call in names:
                offers[offer] += 1
            case facts.OfferEnded(offer=offer, call=call) if call in names:
                offers[offer] -= 1
            case facts.CallbackEnded(callback=callback):
                ended[callback] += 1
        assert max([*stays.values(), *offers.values(), *ended.values(), 0]) <= 1, line
    assert not any(stays.values())
    assert not any(offers.values())
    assert ended.keys() == names


async def go_on(past: list[bytes]) -> None:
    """The next start, ten minutes later: everybody is reached in his order, or was given up for good."""
    entries = [Entry.parse(line) for line in past]
    began = EPOCH + timedelta(minutes=10, seconds=entries[-1].now if entries else 0.0)
    world = CallbackWorld(SETTINGS, past=past, epoch=began)
    world.answer_after = lambda station: 1.0
    open_now = expected(entries)
    tried_up = {fact.callback for fact in world.of(facts.CallbackEnded) if fact.outcome == "gave_up"}
    rows = {row["callback"]: row for row in world.callbacks.list()}
    assert rows.keys() == open_now.keys() - tried_up
    for name, row in rows.items():
        assert abs(row["waited"] - (began - datetime.fromisoformat(open_now[name])).total_seconds()) < 0.11
    by_place = sorted(rows, key=lambda name: open_now[name])
    assert [row["callback"] for row in world.callbacks.list()] == by_place
    world.login("1001", "1002")
    await asyncio.sleep(1)
    for _ in range(12):
        await asyncio.sleep(10)
        for call in world.calls:
            call.anchor.hang_up()
    assert list(dict.fromkeys(fact.call for fact in world.of(facts.OfferMade))) == by_place
    assert not world.callbacks.list()
    await world.close()
    names = {Entry.parse(line).fact.callback for line in world.sink.lines
             if isinstance(Entry.parse(line).fact, facts.CallbackPromised)}
    check_balanced(world.sink.lines, names)


def test_the_day_holds_everything_that_can_happen():
    kinds = Counter(type(Entry.parse(line).fact).__name__ for line in DAY)
    outcomes = {Entry.parse(line).fact.outcome for line in DAY
                if isinstance(Entry.parse(line).fact, facts.CallbackEnded)}
    assert outcomes == {"reached", "gave_up", "withdrawn"}
    assert kinds["CallbackMissed"] >= 3
    assert len(DAY) > 100


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_killed_after_any_entry_every_promise_is_kept_or_over(part):
    for cut in range(part, len(DAY), 8):
        try:
            run_virtual(go_on(DAY[:cut]))
        except AssertionError as error:
            raise AssertionError(f"killed after entry {cut} of {len(DAY)}: {DAY[cut - 1].decode()}\n{error}") from None


def test_a_store_that_lags_knows_the_same_after_catching_up():
    """Whatever it had read before the kill, and also when the database was lost and is read anew."""
    entries = [Entry.parse(line) for line in DAY]
    for cut in range(0, len(entries), 7):
        whole = CallbackStore(Store(":memory:", threaded=False))
        whole.catch_up(entries[:cut])
        for read in (0, cut // 2, cut):
            store = Store(":memory:", threaded=False)
            CallbackStore(store).catch_up(entries[:read])
            again = CallbackStore(store)
            again.catch_up(entry for entry in entries[:cut] if entry.seq >= again.replay_from)
            assert again.open() == whole.open()
            assert again.ended(100) == whole.ended(100)


def test_a_retry_that_is_due_later_is_waited_for_after_a_restart():
    """Busy at 0:05, tried again 60 s later; killed in between and started 20 s after."""
    async def before() -> list[bytes]:
        world = CallbackWorld(SETTINGS)
        world.answer_after = lambda station: 1.0
        world.does = lambda number: Does(3.0, Cause.BUSY)
        await world.promised()
        world.login("1001")
        await asyncio.sleep(10)
        assert world.missed() == ["busy"]
        return list(world.sink.lines)

    async def after(past: list[bytes]) -> None:
        world = CallbackWorld(SETTINGS, past=past, epoch=EPOCH + timedelta(seconds=30))
        world.answer_after = lambda station: 1.0
        world.login("1001")
        await asyncio.sleep(30)
        assert not world.dialled
        await asyncio.sleep(15)
        assert len(world.dialled) == 1
        assert world.of(facts.CallbackEnded)[0].attempts == 2
        await world.close()
    run_virtual(after(run_virtual(before())))


def test_a_queue_that_is_no_more_ends_its_promises():
    async def before() -> list[bytes]:
        world = CallbackWorld(SETTINGS)
        await world.promised()
        return list(world.sink.lines)

    async def after(past: list[bytes]) -> None:
        other = callback_settings()
        world = CallbackWorld(type(other)(queues={"service": other.queues["sales"]}, agents=other.agents), past=past,
                              epoch=EPOCH + timedelta(seconds=30))
        assert world.of(facts.CallbackEnded)[0].why == "there is no queue sales any more"
        await world.close()
    run_virtual(after(run_virtual(before())))


@pytest.mark.parametrize("order", ["agent-first", "caller-first"])
@pytest.mark.parametrize("when", [0.5, 1.5, 3.0, 5.0, 7.0])
def test_a_daemon_that_stops_in_order_keeps_its_promises(when, order):
    """Waiting, rung or dialled: telephones stop, and both promises are kept in their order."""
    given = callback_settings(("1001",), order=order)

    async def before() -> tuple[list[bytes], int]:
        world = CallbackWorld(given)
        world.answer_after = lambda station: 2.0
        world.does = lambda number: Does(8.0)
        for number in NUMBERS[:2]:
            await world.promised(number)
        world.login("1001")
        await asyncio.sleep(when)
        world.callbacks.close()
        await asyncio.sleep(1.0)
        tried = len(world.of(facts.CallbackTried))
        assert world.ringing() == []
        assert not any(world.lines_in_use.values())
        await world.close()
        assert not world.of(facts.CallbackEnded)
        return list(world.sink.lines), tried

    async def after(past: list[bytes], tried: int) -> None:
        world = CallbackWorld(given, past=past, epoch=EPOCH + timedelta(seconds=300))
        world.answer_after = lambda station: 1.0
        assert [row["number"] for row in world.callbacks.list()] == NUMBERS[:2]
        assert world.missed() == ["interrupted"] * tried
        world.login("1001")
        for _ in range(6):
            await asyncio.sleep(10)
            for call in world.calls:
                call.anchor.hang_up()
        assert [end[1] for end in world.ends()] == ["reached"] * 2
        await world.close()
    run_virtual(after(*run_virtual(before())))
