"""Callbacks and opening hours: promises wait over closing time or end with it, and only open hours count."""

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

from acd_world import EPOCH
from callback_world import WANG, CallbackWorld, callback_settings

from ccappliance.apps.acd.settings import Closed
from ccappliance.call import facts
from ccappliance.call.calendar import Calendar, CalendarSettings
from ccappliance.sim.loop import run_virtual

# The world begins on Sunday, 22 November 2026, 16:00 in China.
OFFICE = Calendar(CalendarSettings(open={"sun": ("09:00-17:00",), "mon": ("09:00-17:00",)}), ZoneInfo("Asia/Shanghai"))
EVENING, NIGHT = 3600.0, 16 * 3600.0  # s until it closes; s it is closed


def office(**changes) -> CallbackWorld:
    given = callback_settings(("1001",), {"closed": Closed(to="hangup:closed", calendar="office")}, **changes)
    return CallbackWorld(given, calendar=lambda name: OFFICE if name == "office" else None)


def test_a_promise_waits_over_the_night_in_its_place():
    async def story():
        world = office()
        world.answer_after = lambda station: 1.0
        await world.promised()
        await asyncio.sleep(EVENING)
        assert world.callbacks.list()[0]["why"] == "closed"
        world.login("1001")
        await asyncio.sleep(NIGHT - 10)
        assert not world.placed
        assert [fact.rest for fact in world.of(facts.EntryChanged)] == [True]
        await asyncio.sleep(30)
        assert [end[1] for end in world.ends()] == ["reached"]
        assert world.placed[0][0] == EVENING + NIGHT
        await world.close()
    run_virtual(story())


def test_only_opening_hours_count_towards_its_end():
    """Two hours: one this evening, one tomorrow morning."""
    async def story():
        world = office(expires=7200.0)
        await world.promised()
        await asyncio.sleep(EVENING + NIGHT + 3590)
        assert len(world.callbacks.list()) == 1
        await asyncio.sleep(15)
        assert [end[1] for end in world.ends()] == ["expired"]
        await world.close()
    run_virtual(story())


def test_it_may_end_when_the_queue_closes():
    async def story():
        world = office(closed="end")
        await world.promised()
        await asyncio.sleep(EVENING)
        ended = world.of(facts.CallbackEnded)[0]
        assert (ended.outcome, ended.why) == ("expired", "the queue has closed")
        await world.close()
    run_virtual(story())


def test_who_is_being_called_when_it_closes_is_talked_to():
    async def story():
        world = office(closed="end")
        world.answer_after = lambda station: 2.0
        await world.promised()
        await asyncio.sleep(EVENING - 5)
        world.login("1001")
        await asyncio.sleep(8)
        assert [end[1] for end in world.ends()] == ["reached"]
        assert world.customers[WANG].call.recorded
        await world.close()
    run_virtual(story())


def test_a_wall_clock_that_is_set_changes_calendars_and_no_wait():
    """Scenario 14: the wall is set an hour forward. The office has closed then; retries and waits are as they were."""
    async def story():
        world = office()
        await world.promised()
        await asyncio.sleep(60)
        clock = world.outside.clock
        clock._epoch = EPOCH.replace(hour=EPOCH.hour + 1)
        await asyncio.sleep(600)
        row = world.callbacks.list()[0]
        assert (row["why"], row["promised"]) == ("closed", 660.0)
        await world.close()
    run_virtual(story())


def test_a_reload_of_the_settings_holds_for_promises_that_wait():
    async def story():
        given = callback_settings(("1001",), expires=3600.0)
        world = CallbackWorld(given)
        await world.promised()
        longer = replace(given.queues["sales"], callback=replace(given.queues["sales"].callback, expires=7200.0))
        world.acd.apply(replace(given, queues={"sales": longer}))
        await asyncio.sleep(3700)
        assert len(world.callbacks.list()) == 1
        await asyncio.sleep(3600)
        assert [end[1] for end in world.ends()] == ["expired"]
        await world.close()
    run_virtual(story())
