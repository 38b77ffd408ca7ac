"""A telephone on an FXS port, told as stories: dialling, being rung, hanging up, being left off-hook."""

from datetime import timedelta, timezone

import pytest
from analog_rig import bench

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.drivers import api
from ccappliance.media.ports import DigitHeard, Ear
from ccappliance.signalling import callerid
from ccappliance.signalling.settings import FxsSettings
from ccappliance.signalling.signals import (
    Alerting,
    Answered,
    Blocked,
    Cleared,
    Digit,
    Flash,
    Occupied,
    Offered,
    Released,
    Unblocked,
)

LIFT, HANG_UP = api.HookChanged(True), api.HookChanged(False)
HOWLS = Blocked("left_off_hook", "the telephone was left off-hook: hang it up")


def hook(rig, off):
    rig.channel.off = off
    rig.event(api.HookChanged(off))


async def dial(rig, text, pulse=False):
    for digit in text:
        await rig.wait(0.5)
        if pulse:
            rig.event(api.Pulsed(digit))
        else:
            rig.heard(DigitHeard(digit))


async def in_call(rig):
    hook(rig, True)
    await dial(rig, "*11")
    rig.ask("answer")
    await rig.wait()
    assert rig.take() == [Offered("*11", "8001"), Answered("off-hook")]


async def rung(rig):
    rig.ask("seize", "8001", "02188886666", "李小龙")
    await rig.wait()
    assert rig.take() == [Alerting()]
    assert rig.channel.bell == (1.0, 4.0)


# ---- the telephone calls ----


def test_the_dial_tone_stutters_while_messages_wait():
    async def story(rig):
        rig.circuit.message_waiting(True)
        hook(rig, True)
        assert rig.port.sounding == "stutter"
        await rig.wait(2.1)
        assert rig.port.sounding == "dial"
        hook(rig, False)
        await rig.wait(1.0)
        hook(rig, True)
        await dial(rig, "8")
        await rig.wait(2.1)
        assert rig.port.sounding == "", "who dials hears no dial tone any more"
        hook(rig, False)
        await rig.wait(1.0)
        rig.circuit.message_waiting(False)
        hook(rig, True)
        assert rig.port.sounding == "dial"

    bench("fxs", story)


@pytest.mark.parametrize("pulse", [False, True])
def test_dial_a_whole_number(pulse):
    async def story(rig):
        hook(rig, True)
        assert rig.port.sounding == "dial"
        assert not rig.circuit.idle
        await dial(rig, "8", pulse)
        assert rig.port.sounding == ""
        await dial(rig, "002", pulse)
        assert rig.take() == [Offered("8002", "8001", "Reception")]
        rig.ask("accept")
        rig.ask("alert")
        assert rig.port.sounding == "ringback"
        rig.ask("progress")  # somebody else's sound is to be heard
        assert rig.port.sounding == ""
        rig.ask("answer")
        await rig.wait()
        assert rig.take() == [Answered("off-hook")]
        assert rig.port.sounding == ""
        hook(rig, False)
        assert rig.take() == [Cleared(Cause.NORMAL, "on-hook")]
        assert not rig.circuit.idle
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Released()]
        assert rig.circuit.idle
        assert rig.port.ears == Ear.NONE

    bench("fxs", story, label="Reception")


@pytest.mark.parametrize(("end", "seconds"), [("", 4.0), ("#", 0.0)])
def test_an_open_number_ends_by_silence_or_hash(end, seconds):
    async def story(rig):
        hook(rig, True)
        await dial(rig, "9110" + end)
        if seconds:
            await rig.wait(seconds - 0.1)
            assert rig.take() == []
            await rig.wait(0.2)
        assert rig.take() == [Offered("9110", "8001")]

    bench("fxs", story)


@pytest.mark.parametrize(("digits", "seconds"), [("", 10.1), ("80", 4.1), ("7", 0.0), ("#", 0.0), ("80#", 0.0)])
def test_nothing_that_can_be_dialled(digits, seconds):
    """Congestion tone, after 60 s the howler and a blocked line, until it is hung up (F20)."""
    async def story(rig):
        hook(rig, True)
        await dial(rig, digits)
        await rig.wait(seconds)
        assert rig.port.sounding == "congestion"
        await rig.wait(59)
        assert rig.take() == []
        await rig.wait(1.1)
        assert rig.take() == [HOWLS, Released()]
        assert rig.port.sounding == "howler"
        await rig.wait(61)
        assert rig.port.sounding == ""
        hook(rig, False)
        assert rig.take() == [Unblocked()]
        assert rig.circuit.idle

    bench("fxs", story)


def test_hung_up_while_dialling():
    async def story(rig):
        hook(rig, True)
        await dial(rig, "80")
        assert rig.told == [Occupied()]  # nobody shall be offered a call there
        hook(rig, False)
        await rig.wait(100)
        assert rig.take() == [Released()]
        assert rig.circuit.idle

    bench("fxs", story)


def test_a_flash_begins_dialling_anew():
    async def story(rig):
        hook(rig, True)
        await dial(rig, "80")
        rig.event(api.Flashed())
        assert rig.port.sounding == "dial"
        await dial(rig, "8003")
        assert rig.take() == [Offered("8003", "8001")]

    bench("fxs", story)


def test_hung_up_before_the_answer():
    async def story(rig):
        hook(rig, True)
        await dial(rig, "8002")
        rig.ask("alert")
        hook(rig, False)
        assert rig.take() == [Offered("8002", "8001"), Cleared(Cause.NORMAL, "on-hook")]
        assert rig.port.sounding == ""
        with pytest.raises(Refused):
            rig.ask("answer")

    bench("fxs", story)


def test_digits_and_flash_in_a_call():
    async def story(rig):
        await in_call(rig)
        rig.heard(DigitHeard("5"))
        rig.event(api.Pulsed("0"), api.Flashed())
        assert rig.take() == [Digit("5"), Digit("0"), Flash()]

    bench("fxs", story)


# ---- the telephone is called ----


def test_ring_caller_id_and_answer():
    async def story(rig):
        await rung(rig)
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        await rig.wait(0.6)
        caller = callerid.decode(rig.port.played[-1])
        assert caller == callerid.CallerId("02188886666", "李小龙", callerid.Moment(11, 22, 16, 0))
        await rig.wait(4.4)
        rig.event(api.RingEnded())
        await rig.wait(1.0)
        assert len([what for what in rig.port.played if isinstance(what, bytes)]) == 1
        hook(rig, True)
        assert rig.channel.bell is None
        assert rig.take() == [Answered("off-hook")]
        assert rig.port.ears == Ear.DTMF

    bench("fxs", story, timezone=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(("kind", "played"), [
    ("sdmf", callerid.encode_sdmf("02188886666", callerid.Moment(11, 22, 8, 0))),
    ("dtmf", "digits D02188886666C"), ("none", None),
])
def test_other_kinds_of_caller_id(kind, played):
    async def story(rig):
        await rung(rig)
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        await rig.wait(1.0)
        assert rig.port.played == ([played] if played else [])

    bench("fxs", story, FxsSettings(caller_id=kind))


def test_lifted_while_caller_id_is_sent():
    async def story(rig):
        await rung(rig)
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        await rig.wait(0.6)
        hook(rig, True)
        assert rig.port.sounding == ""
        assert rig.take() == [Answered("off-hook")]

    bench("fxs", story)


def test_clear_stops_the_bell_at_once():
    async def story(rig):
        await rung(rig)
        rig.ask("clear", Cause.NORMAL)
        assert rig.channel.bell is None
        await rig.wait()
        assert rig.take() == [Released()]
        assert rig.circuit.idle

    bench("fxs", story)


# ---- races ----


def test_lifted_at_the_very_moment_we_ring_is_answered():
    async def story(rig):
        rig.channel.off = True  # the event is still on its way
        rig.ask("seize", "8001", "110")
        rig.event(LIFT)
        await rig.wait()
        assert rig.take() == [Alerting(), Answered("off-hook")]
        assert rig.channel.bell is None

    bench("fxs", story)


def test_lifted_before_we_ring_is_refused():
    async def story(rig):
        hook(rig, True)
        with pytest.raises(Refused) as error:
            rig.ask("seize", "8001", "110")
        assert error.value.code == "wrong_state"
        assert rig.channel.bell is None

    bench("fxs", story)


@pytest.mark.parametrize("turns", [False, True])
def test_lifted_at_the_moment_we_give_up_gets_dial_tone(turns):
    async def story(rig):
        await rung(rig)
        rig.ask("clear", Cause.NO_ANSWER)
        if turns:
            await rig.wait()
        hook(rig, True)
        await rig.wait()
        assert rig.take() == [Released()]
        assert rig.port.sounding == "dial"
        hook(rig, False)
        assert rig.circuit.idle

    bench("fxs", story)


def test_hung_up_and_lifted_again_before_we_clear():
    async def story(rig):
        await in_call(rig)
        hook(rig, False)
        hook(rig, True)
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Cleared(Cause.NORMAL, "on-hook"), Released()]
        assert rig.port.sounding == "dial"

    bench("fxs", story)


def test_both_hang_up_at_once():
    async def story(rig):
        await in_call(rig)
        rig.ask("clear", Cause.NORMAL)
        hook(rig, False)
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take()[:1] == [Released()]
        assert rig.circuit.idle

    bench("fxs", story)


# ---- the end, and faults ----


def test_we_clear_busy_tone_until_hung_up():
    async def story(rig):
        await in_call(rig)
        rig.ask("clear", Cause.NORMAL)
        assert rig.port.sounding == "busy"
        await rig.wait(30)
        assert rig.take() == []
        hook(rig, False)
        assert rig.take() == [Released()]
        assert rig.circuit.idle
        assert rig.port.sounding == ""

    bench("fxs", story)


def test_left_off_hook_after_a_call():
    """F20: the call's leg is let go, the telephone is out of use until it is hung up."""
    async def story(rig):
        await in_call(rig)
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(60.1)
        assert rig.take() == [HOWLS, Released()]
        assert not rig.circuit.idle
        with pytest.raises(Refused) as error:
            rig.ask("seize", "8001", "110")
        assert error.value.code == "blocked"
        hook(rig, False)
        assert rig.take() == [Unblocked()]
        assert rig.circuit.idle

    bench("fxs", story)


def test_an_alarm_in_a_call_and_the_telephone_is_still_lifted_after_it():
    async def story(rig):
        await in_call(rig)
        rig.event(api.AlarmRaised("removed", "the card is gone"))
        assert rig.take() == [Cleared(Cause.OUT_OF_ORDER, "alarm"), Blocked("removed", "the card is gone")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Released()]
        rig.event(api.AlarmCleared())
        await rig.wait(4.5)
        assert rig.take() == [Unblocked()]
        assert rig.port.sounding == "dial"

    bench("fxs", story)


@pytest.mark.parametrize("lives_again", ["lifted", "rests"])
def test_a_port_that_cannot_ring(lives_again):
    async def story(rig):
        rig.channel.broken = True
        rig.ask("seize", "8001", "110")
        await rig.wait()
        assert rig.take() == [Cleared(Cause.OUT_OF_ORDER, "dead"), Blocked("dead", "the card does not answer")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Released()]
        rig.channel.broken = False
        if lives_again == "rests":
            await rig.wait(301)
            assert rig.take() == [Unblocked()]
        else:
            hook(rig, True)
            hook(rig, False)
            assert rig.take() == [Unblocked(), Released()]  # it was lifted, and hung up
        assert rig.circuit.idle

    bench("fxs", story)


def test_lifted_when_the_daemon_starts():
    async def story(rig):
        assert rig.port.sounding == "dial"
        await rig.wait(71)
        assert rig.take() == [HOWLS, Released()]

    bench("fxs", story, lifted=True)
