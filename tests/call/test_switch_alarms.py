"""What the switch writes when circuits are blocked: an alarm that takes another's place ends it."""

from types import SimpleNamespace
from typing import Any

from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.switch import Switch
from ccappliance.signalling.signals import Blocked, Unblocked


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
