"""What the switch does when circuits are blocked, and after its end: no alarm stays, no call is left open."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.routes import Routed
from ccappliance.call.switch import Switch
from ccappliance.signalling.signals import Blocked, Offered, Unblocked


def test_one_alarm_in_place_of_another_leaves_none_standing() -> None:
    """DAHDI tells RED, then that it recovers, then nothing: red must not stand for ever."""
    written: list[Any] = []
    alarms = Alarms()

    def write(fact: Any) -> None:
        written.append(fact)
        entry: Any = SimpleNamespace(fact=fact, now=float(len(written)))
        alarms.hear(entry)

    nobody: Any = None
    journal: Any = SimpleNamespace(write=write)
    circuit: Any = SimpleNamespace(name="fxo/1")
    switch = Switch(loop=nobody, outside=nobody, journal=journal, media=nobody, zone=nobody, destinations=nobody,
                    sounds=nobody, recorder=nobody, routes=nobody, callers=nobody)
    switch.add(circuit)
    hear = switch.hears("fxo/1")
    hear(Blocked("red", "no signal"))
    hear(Blocked("recovering", "usable within seconds"))
    assert [alarm.alarm for alarm in alarms.standing()] == ["recovering"]
    hear(Unblocked())
    assert alarms.standing() == []
    assert written == [facts.AlarmRaised("red", "fxo/1", "no signal"), facts.AlarmCleared("red", "fxo/1"),
                       facts.AlarmRaised("recovering", "fxo/1", "usable within seconds"),
                       facts.AlarmCleared("recovering", "fxo/1")]


def test_nobody_is_let_in_after_the_end() -> None:
    """Who calls while the last recordings are written would be answered, and never told to have left."""
    nobody: Any = None
    cleared: list[Cause] = []
    circuit: Any = SimpleNamespace(name="fxo/1", idle=True, clear=cleared.append)
    switch = Switch(loop=nobody, outside=nobody, journal=nobody, media=nobody, zone=nobody, destinations=nobody,
                    sounds=nobody, recorder=nobody, routes=nobody, callers=nobody)
    switch.add(circuit, station="8001")
    asyncio.run(switch.close())
    switch.hears("fxo/1")(Offered("61234567", "13800138000"))
    assert cleared == [Cause.CONGESTION]
    assert switch.calls == {}
    with pytest.raises(Refused, match="the daemon is ending"):
        switch.call_station("8001", Routed("flow:main", "test"), called="8001")
