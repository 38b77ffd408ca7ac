"""An FXO line, told as stories: who rings, what is dialled, who hangs up, and what breaks."""

import pytest
from analog_rig import bench

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.drivers import api
from ccappliance.media.ports import DigitHeard, Ear, FskHeard, ToneEnded, ToneHeard, VoiceHeard, WireStalled
from ccappliance.signalling import callerid
from ccappliance.signalling.settings import FxoSettings
from ccappliance.signalling.signals import (
    Alerting,
    Answered,
    Blocked,
    Cleared,
    Digit,
    Offered,
    Proceeding,
    Released,
    Unblocked,
)

WHEN = callerid.Moment(11, 22, 16, 0)
MESSAGE = callerid.encode_mdmf("02188886666", "李小龙", WHEN)
CALLER = Offered("", "02188886666", "李小龙", "")


async def digits(rig, text):
    for digit in text:
        rig.heard(DigitHeard(digit))
        await rig.wait(0.1)


async def seized(rig):
    """Dialled and Proceeding."""
    rig.ask("seize", "10086")
    rig.heard(ToneHeard("dial"))
    await rig.wait(2.0)
    assert rig.take() == [Proceeding()]


async def answered_in(rig):
    await rig.ring()
    rig.heard(FskHeard(MESSAGE))
    rig.ask("answer")
    await rig.wait(1.0)
    assert rig.take() == [CALLER, Answered("off-hook")]
    assert rig.channel.off


# ---- incoming ----


def test_fsk_between_the_first_and_the_second_ring():
    async def story(rig):
        await rig.ring()
        await rig.wait(0.5)
        assert rig.take() == []
        assert rig.port.ears == Ear.FSK | Ear.DTMF
        rig.heard(FskHeard(MESSAGE))
        assert rig.take() == [CALLER]
        assert not rig.channel.off

    bench("fxo", story)


@pytest.mark.parametrize(("message", "absence"), [
    (None, "none"), (MESSAGE[:-1] + b"\x00", "bad_checksum"), (MESSAGE[:9], "bad_message"), (b"", "bad_message"),
])
def test_without_a_good_caller_id_it_goes_on_as_unknown(message, absence):
    """F21: offered exactly 1.5 s after the begin of the second ring, at 5 s."""
    async def story(rig):
        began = rig.loop.time()
        rig.event(api.RingBegan())
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        if message is not None:
            rig.heard(FskHeard(message))
        await rig.wait(4.0)
        rig.event(api.RingBegan())
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        assert rig.told == []
        await rig.wait(1.0)
        assert rig.told == [Offered("", "", "", absence)]
        assert rig.times[0] - began == pytest.approx(6.5)

    bench("fxo", story)


def test_a_double_burst_is_one_ring():
    """0.4 on, 0.2 off, 0.4 on: caller ID comes after the pair."""
    async def story(rig):
        for _ in range(2):
            rig.event(api.RingBegan())
            await rig.wait(0.4)
            rig.event(api.RingEnded())
            await rig.wait(0.2)
        await rig.wait(1.7)
        assert rig.take() == []
        rig.heard(FskHeard(MESSAGE))
        assert rig.take() == [CALLER]

    bench("fxo", story)


def test_withheld_is_offered_at_once():
    async def story(rig):
        await rig.ring()
        rig.heard(FskHeard(callerid.encode_mdmf("", "", WHEN, absence="withheld")))
        assert rig.take() == [Offered("", "", "", "withheld")]
        with pytest.raises(Refused, match="before the call is answered"):
            rig.ask("progress")

    bench("fxo", story)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("text", ["D02188886666C", "02188886666"])
def test_dtmf_before_and_after_the_first_ring(before, text):
    async def story(rig):
        if not before:
            await rig.ring()
        await digits(rig, text)
        if before:
            assert rig.take() == []
            await rig.ring()
        await rig.wait(0.6)
        assert rig.take() == [Offered("", "02188886666", "", "")]

    bench("fxo", story)


def test_the_end_of_a_dtmf_caller_id_is_not_heard_as_a_callers_digit():
    """The last digit sounds for 30 ms more when it is understood: an ear that goes on does not hear it again."""
    async def story(rig):
        await rig.ring()
        await digits(rig, "D02188886666C")
        assert rig.take() == [Offered("", "02188886666", "", "")]
        assert Ear.DTMF in rig.port.ears
        rig.heard(DigitHeard("7"))  # nobody's: the call is not answered
        rig.ask("answer")
        assert rig.port.ears == Ear.DTMF | Ear.PROGRESS
        await rig.wait(0.1)
        assert rig.take() == [Answered("off-hook")]

    bench("fxo", story)


def test_fsk_before_the_first_ring_is_heralded_by_a_reversal():
    async def story(rig):
        assert rig.port.ears == Ear.DTMF
        rig.event(api.PolarityReversed())
        assert rig.port.ears == Ear.DTMF | Ear.FSK
        rig.heard(FskHeard(MESSAGE))
        await rig.wait(1.0)
        rig.event(api.RingBegan())
        assert rig.take() == [CALLER]

    bench("fxo", story)


def test_caller_id_without_a_ring_is_forgotten():
    async def story(rig):
        rig.event(api.PolarityReversed())
        rig.heard(FskHeard(MESSAGE))
        await rig.wait(7.0)
        assert rig.port.ears == Ear.DTMF
        await rig.ring(2)
        await rig.wait(1.0)
        assert rig.take() == [Offered("", "", "", "none")]

    bench("fxo", story)


def test_with_caller_id_none_the_first_ring_offers():
    async def story(rig):
        rig.event(api.RingBegan())
        assert rig.take() == [Offered("", "", "", "none")]

    bench("fxo", story, FxoSettings(caller_id="none"))


def test_answer_digits_and_clear():
    async def story(rig):
        await answered_in(rig)
        rig.heard(DigitHeard("5"))
        assert rig.take() == [Digit("5")]
        rig.ask("clear", Cause.NORMAL)
        assert not rig.channel.off
        await rig.wait(1.4)
        assert rig.take() == []
        assert not rig.circuit.idle
        await rig.wait(0.2)
        assert rig.take() == [Released()]
        assert rig.circuit.idle

    bench("fxo", story)


def test_ringing_that_stops():
    async def story(rig):
        await rig.ring()
        rig.heard(FskHeard(MESSAGE))
        await rig.wait(5.9)
        assert rig.take() == [CALLER]
        await rig.wait(0.2)
        assert rig.take() == [Cleared(Cause.NORMAL, "stopped-ringing")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Released()]

    bench("fxo", story)


def test_one_ring_is_nobody():
    async def story(rig):
        await rig.ring()
        await rig.wait(10)
        assert rig.take() == []
        assert rig.circuit.idle

    bench("fxo", story)


def test_one_ring_without_end_is_offered_and_then_gone():
    async def story(rig):
        rig.event(api.RingBegan())
        await rig.wait(7.1)
        assert rig.take() == [Offered("", "", "", "none")]
        await rig.wait(7)
        assert rig.take() == [Cleared(Cause.NORMAL, "stopped-ringing")]

    bench("fxo", story)


def test_refused_unanswered_is_not_offered_again_while_it_rings_on():
    async def story(rig):
        await rig.ring()
        rig.heard(FskHeard(MESSAGE))
        rig.ask("clear", Cause.CONGESTION)
        for _ in range(3):
            await rig.wait(4)
            await rig.ring()
        assert rig.take() == [CALLER]
        await rig.wait(6.1)
        assert rig.take() == [Released()]

    bench("fxo", story)


def test_ringing_that_began_in_the_guard_time_is_honoured_after_it():
    async def story(rig):
        await answered_in(rig)
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(0.5)
        rig.event(api.RingBegan())
        await rig.wait(1.0)
        rig.event(api.RingEnded())
        assert rig.take() == [Released()]
        assert not rig.circuit.idle
        rig.heard(FskHeard(MESSAGE))
        assert rig.take() == [CALLER]

    bench("fxo", story)


@pytest.mark.parametrize(("event", "how"), [
    (api.LoopBroken(), "loop-break"), (api.PolarityReversed(), "polarity"),
    (ToneHeard("busy"), "busy-tone"), (ToneHeard("congestion"), "congestion-tone"), (ToneHeard("dial"), "dial-tone"),
])
def test_the_far_end_hangs_up(event, how):
    """F18: on-hook at the very moment it is known, so that nobody hears or dials into live dial tone."""
    async def story(rig):
        await answered_in(rig)
        (rig.heard if isinstance(event, ToneHeard) else rig.event)(event)
        assert rig.take() == [Cleared(Cause.NORMAL, how)]
        assert not rig.channel.off
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(1.6)
        assert rig.take() == [Released()]

    bench("fxo", story)


@pytest.mark.parametrize(("disconnect", "event"), [
    (("busy_tone",), api.LoopBroken()), (("busy_tone",), api.PolarityReversed()),
    (("busy_tone",), ToneHeard("dial")), (("loop_break",), ToneHeard("busy")),
])
def test_signs_that_are_switched_off_are_none(disconnect, event):
    async def story(rig):
        await answered_in(rig)
        (rig.heard if isinstance(event, ToneHeard) else rig.event)(event)
        assert rig.take() == []
        assert rig.channel.off

    bench("fxo", story, FxoSettings(disconnect=disconnect))


def test_a_reversal_while_the_exchange_switches_through_is_no_hang_up():
    async def story(rig):
        await rig.ring()
        rig.heard(FskHeard(MESSAGE))
        rig.ask("answer")
        await rig.wait(0.1)
        rig.event(api.PolarityReversed())
        assert rig.take() == [CALLER, Answered("off-hook")]

    bench("fxo", story)


# ---- outgoing ----


def test_dial_ringback_and_polarity():
    async def story(rig):
        rig.ask("seize", "10086")
        assert rig.channel.off
        assert not rig.circuit.idle
        await rig.wait(0.8)
        rig.heard(ToneHeard("dial"))
        await rig.wait(0.4)
        assert rig.port.sounding == "digits 10086"
        await rig.wait(1.0)
        assert rig.take() == [Proceeding()]
        rig.heard(ToneHeard("ringback"))
        assert rig.take() == [Alerting()]
        rig.event(api.PolarityReversed())
        assert rig.take() == [Answered("polarity")]
        await rig.wait(10)
        rig.event(api.PolarityReversed())
        assert rig.take() == [Cleared(Cause.NORMAL, "polarity")]

    bench("fxo", story)


def test_pulse_dialling():
    async def story(rig):
        rig.ask("seize", "10")
        rig.heard(ToneHeard("dial"))
        await rig.wait(0.3)
        assert rig.channel.pulsed == ["10"]
        await rig.wait(2.4)
        assert rig.take() == []
        await rig.wait(0.2)
        assert rig.take() == [Proceeding()]

    bench("fxo", story, FxoSettings(dialling="pulse"))


@pytest.mark.parametrize(("tone", "cleared"), [
    ("busy", Cleared(Cause.BUSY, "busy-tone")), ("congestion", Cleared(Cause.CONGESTION, "congestion-tone")),
    ("dial", Cleared(Cause.TEMPORARY_FAILURE, "dial-tone")),
])
@pytest.mark.parametrize("alerting", [False, True])
def test_nobody_is_reached(tone, cleared, alerting):
    async def story(rig):
        await seized(rig)
        if alerting:
            rig.heard(ToneHeard("ringback"))
            rig.take()
        rig.heard(ToneHeard(tone))
        assert rig.take() == [cleared]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(2)
        assert rig.take() == [Released()]

    bench("fxo", story)


def test_the_exchange_is_congested_before_dial_tone():
    async def story(rig):
        rig.ask("seize", "10086")
        rig.heard(ToneHeard("busy"))
        await rig.wait()
        assert rig.take() == [Cleared(Cause.CONGESTION, "busy-tone")]
        assert rig.circuit.blocked is None

    bench("fxo", story)


def test_answer_inferred_from_voice_and_a_late_reversal():
    async def story(rig):
        await seized(rig)
        rig.heard(ToneHeard("ringback"), VoiceHeard())
        assert rig.take() == [Alerting(), Answered("inferred")]
        await rig.wait(1.0)
        rig.event(api.PolarityReversed())  # the answer itself
        assert rig.take() == []
        rig.event(api.PolarityReversed())
        assert rig.take() == [Cleared(Cause.NORMAL, "polarity")]

    bench("fxo", story)


def test_an_inferred_answer_says_nothing_about_the_next_call():
    async def story(rig):
        await seized(rig)
        rig.heard(VoiceHeard())
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(2)
        assert rig.take() == [Answered("inferred"), Released()]
        await answered_in(rig)
        rig.event(api.PolarityReversed())
        assert rig.take() == [Cleared(Cause.NORMAL, "polarity")]

    bench("fxo", story)


def test_answer_inferred_from_ringback_that_stops():
    async def story(rig):
        await seized(rig)
        rig.heard(ToneHeard("ringback"), ToneEnded("ringback"))
        await rig.wait(0.5)
        rig.heard(ToneHeard("ringback"))  # it was a dropout
        await rig.wait(20)
        rig.heard(ToneEnded("ringback"))
        await rig.wait(0.5)
        assert rig.take() == [Alerting()]
        await rig.wait(0.2)
        assert rig.take() == [Answered("inferred")]

    bench("fxo", story)


def test_answer_inferred_from_nothing_at_all():
    async def story(rig):
        await seized(rig)
        await rig.wait(29)
        assert rig.take() == []
        await rig.wait(1.5)
        assert rig.take() == [Answered("inferred")]

    bench("fxo", story)


def test_with_polarity_only_nothing_is_inferred():
    async def story(rig):
        await seized(rig)
        rig.heard(VoiceHeard(), ToneHeard("ringback"), ToneEnded("ringback"), VoiceHeard())
        await rig.wait(300)
        assert rig.take() == [Alerting()]

    bench("fxo", story, FxoSettings(answer="polarity"))


@pytest.mark.parametrize("number", ["", "12a", "1" * 40, "1 2", "+86"])
def test_a_number_that_cannot_be_dialled(number):
    async def story(rig):
        with pytest.raises(Refused) as error:
            rig.ask("seize", number)
        assert error.value.code == "invalid_number"
        assert rig.circuit.idle
        assert not rig.channel.off

    bench("fxo", story)


def test_dialling_that_somebody_silences_fails():
    async def story(rig):
        rig.ask("seize", "10086")
        rig.heard(ToneHeard("dial"))
        await rig.wait(0.5)
        rig.port.silence()
        await rig.wait()
        assert rig.take() == [Cleared(Cause.TEMPORARY_FAILURE, "dialling-interrupted")]

    bench("fxo", story)


# ---- glare, F10 ----


def test_glare_the_incoming_call_wins():
    async def story(rig):
        rig.ask("seize", "10086")
        await rig.wait(0.1)
        rig.event(api.RingBegan())
        assert rig.take() == [Cleared(Cause.NOT_AVAILABLE, "glare")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait()
        assert rig.take() == [Released(), Offered("", "", "", "none")]
        assert rig.channel.off  # he is on the line: going on-hook would lose him
        assert "digits 10086" not in rig.port.played
        rig.ask("answer")
        await rig.wait()
        assert rig.take() == [Answered("off-hook")]

    bench("fxo", story)


@pytest.mark.parametrize("cleared_before", [True, False])
def test_glare_and_he_gives_up(cleared_before):
    async def story(rig):
        rig.ask("seize", "10086")
        rig.event(api.RingBegan())
        await rig.wait()
        if cleared_before:
            rig.ask("clear", Cause.NORMAL)
            await rig.wait()
            rig.heard(ToneHeard("busy"))
            assert rig.kinds() == ["Cleared", "Released", "Offered", "Cleared"]
        else:
            rig.heard(ToneHeard("busy"))
            assert rig.kinds() == ["Cleared"]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(2)
        assert rig.take() == [Released()]
        assert rig.circuit.idle

    bench("fxo", story)


def test_seizing_a_line_that_rings_is_refused():
    async def story(rig):
        rig.event(api.RingBegan())
        with pytest.raises(Refused) as error:
            rig.ask("seize", "10086")
        assert error.value.code == "wrong_state"

    bench("fxo", story)


# ---- faults ----


async def without_dial_tone(rig):
    rig.ask("seize", "10086")
    await rig.wait(5.1)
    cleared, blocked = rig.take()
    assert cleared == Cleared(Cause.OUT_OF_ORDER, "no-dial-tone")
    assert blocked.alarm == "no_dial_tone"
    rig.ask("clear", Cause.NORMAL)
    await rig.wait(2)
    assert rig.take() == [Released()]
    assert not rig.circuit.idle
    with pytest.raises(Refused) as error:
        rig.ask("seize", "10086")
    assert error.value.code == "blocked"


def test_no_dial_tone_is_tested_every_five_minutes():
    """F19."""
    async def story(rig):
        await without_dial_tone(rig)
        for rest in (299, 295):
            assert not rig.channel.off
            await rig.wait(rest)
            assert rig.channel.off
            await rig.wait(5)
        assert rig.take() == []
        await rig.wait(295)
        rig.heard(ToneHeard("dial"))
        assert not rig.channel.off
        await rig.wait(2)
        assert rig.take() == [Unblocked()]
        assert rig.circuit.idle

    bench("fxo", story)


def test_a_blocked_line_that_rings_is_well_again():
    async def story(rig):
        await without_dial_tone(rig)
        await rig.ring()
        rig.heard(FskHeard(MESSAGE))
        assert rig.take() == [Unblocked(), CALLER]

    bench("fxo", story)


def test_somebody_rings_while_the_line_is_tested():
    async def story(rig):
        await without_dial_tone(rig)
        await rig.wait(299)
        assert rig.circuit.state == "testing"
        rig.event(api.RingBegan())
        assert rig.take() == [Unblocked(), Offered("", "", "", "none")]

    bench("fxo", story)


def test_battery_lost_in_a_call_and_back():
    """F05: usable at most 5 s after the alarm clears."""
    async def story(rig):
        await answered_in(rig)
        rig.event(api.AlarmRaised("no_battery", "no battery"))
        assert rig.take() == [Cleared(Cause.OUT_OF_ORDER, "alarm"), Blocked("no_battery", "no battery")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(2)
        assert rig.take() == [Released()]
        assert not rig.circuit.idle
        rig.event(api.AlarmCleared())
        await rig.wait(4.5)
        assert rig.take() == [Unblocked()]
        assert rig.circuit.idle

    bench("fxo", story)


def test_a_flapping_alarm_is_told_once_and_waits_ten_seconds():
    """F04: 10 Hz for a minute."""
    async def story(rig):
        for _ in range(600):
            rig.event(api.AlarmRaised("no_battery", "no battery"))
            await rig.wait(0.05)
            rig.event(api.AlarmCleared())
            await rig.wait(0.05)
        assert rig.kinds() == ["Blocked"]
        await rig.wait(9.8)
        assert rig.take() == []
        await rig.wait(0.2)
        assert rig.take() == [Unblocked()]

    bench("fxo", story)


def test_a_card_that_refuses_and_a_card_that_stalls():
    async def story(rig):
        rig.channel.broken = True
        rig.ask("seize", "10086")
        await rig.wait()
        assert rig.take() == [Cleared(Cause.OUT_OF_ORDER, "dead"), Blocked("dead", "the card does not answer")]
        rig.ask("clear", Cause.NORMAL)
        await rig.wait(2)
        assert rig.take() == [Released()]
        rig.channel.broken = False
        await rig.wait(300)
        rig.heard(ToneHeard("dial"))
        await rig.wait(2)
        assert rig.take() == [Unblocked()]
        await answered_in(rig)
        rig.heard(WireStalled(0.1))
        assert rig.take() == []
        rig.heard(WireStalled(2.0))
        assert rig.kinds() == ["Cleared", "Blocked"]

    bench("fxo", story)


def test_in_alarm_from_the_start():
    async def story(rig):
        assert rig.kinds() == ["Blocked"]
        rig.event(api.AlarmCleared())
        await rig.wait(4.5)
        assert rig.kinds() == ["Unblocked"]

    bench("fxo", story, alarm="no_battery")
