"""R2 circuits at both ends of a cable: numbers and callers both ways, refusals, faults of the line and of registers."""

import pytest
from r2_rig import bench, r2

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.signalling import signals

KINDS = ("scripted", "engine")


def answering(circuit, offered):
    circuit.accept()
    circuit.alert()
    circuit.answer()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", ["itu", "cn"])
@pytest.mark.parametrize("calling", ["first", "last", "none"])
def test_a_call_with_its_numbers_is_answered_and_cleared_by_the_caller(kind, variant, calling):
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4321", "13800138000")
        await made.run(14)
        offered = made.near.first(signals.Offered)
        assert (offered.called, offered.calling) == ("4321", "" if calling == "none" else "13800138000")
        assert made.near.kinds() == ["Offered", "Answered"]
        assert made.far.kinds() == ["Proceeding", "Alerting", "Answered"]
        made.far.circuit.clear(Cause.NORMAL)
        await made.run(1)
        assert made.near.kinds()[2:] == ["Cleared", "Released"]
        assert made.near.first(signals.Cleared) == signals.Cleared(Cause.NORMAL, "clear-forward")
        assert made.far.kinds()[3:] == ["Released"]
        assert made.at_rest()
    bench(story, kind=kind, near=r2(variant, calling=calling), far=r2(variant))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("forced", [False, True])
def test_the_called_end_clears_first(kind, forced):
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4321", "100")
        await made.run(8)
        made.near.circuit.clear(Cause.NORMAL)
        await made.run(1)
        how = "forced-release" if forced else "clear-back"
        assert made.far.first(signals.Cleared) == signals.Cleared(Cause.NORMAL, how)
        assert made.near.kinds()[2:] == ["Released"]
        assert made.at_rest()
    bench(story, kind=kind, near=r2(forced_release=forced), far=r2())


@pytest.mark.parametrize("variant", ["itu", "cn"])
@pytest.mark.parametrize(("cause", "told"), [
    (Cause.BUSY, Cause.BUSY), (Cause.UNALLOCATED, Cause.UNALLOCATED), (Cause.CONGESTION, Cause.CONGESTION),
    (Cause.NO_CIRCUIT, Cause.CONGESTION), (Cause.REJECTED, Cause.BUSY)])
def test_a_refusal_in_time_is_told_by_its_signal(variant, cause, told):
    async def story(made):
        made.near.on_offer = lambda circuit, offered: (circuit.accept(), circuit.clear(cause))
        made.far.circuit.seize("4321", "100")
        await made.run(10)
        assert made.far.kinds() == ["Cleared", "Released"]
        assert made.far.first(signals.Cleared).cause is told
        assert made.far.first(signals.Cleared).how.startswith("B")
        assert made.near.kinds() == ["Offered", "Released"]
        assert made.at_rest()
    bench(story, near=r2(variant), far=r2(variant))


def test_out_of_order_is_told_where_there_is_a_signal_for_it():
    async def story(made):
        made.near.on_offer = lambda circuit, offered: circuit.clear(Cause.OUT_OF_ORDER)
        made.far.circuit.seize("4321")
        await made.run(10)
        assert made.far.first(signals.Cleared).cause is Cause.OUT_OF_ORDER
    bench(story, near=r2(), far=r2())


@pytest.mark.parametrize("kind", KINDS)
def test_a_late_refusal_is_told_by_a_tone(kind):
    async def story(made):
        made.near.on_offer = lambda circuit, offered: (circuit.accept(), circuit.alert())
        made.far.circuit.seize("4321")
        await made.run(10)
        assert made.far.kinds() == ["Proceeding", "Alerting"]
        made.near.circuit.clear(Cause.BUSY)
        await made.run(5)
        assert made.far.first(signals.Cleared) == signals.Cleared(Cause.BUSY, "busy-tone")
        await made.run(1)
        assert made.at_rest()
    bench(story, kind=kind, near=r2(), far=r2())


@pytest.mark.parametrize("kind", KINDS)
def test_cleared_just_when_the_exchange_is_told_that_the_line_is_free(kind):
    async def story(made):
        def offered(circuit, _):
            circuit.accept()
            circuit.alert()
            made.near.port.silence()  # as a leg does that is cleared
            circuit.clear(Cause.BUSY)
        made.near.on_offer = offered
        made.far.circuit.seize("4321")
        await made.run(12)
        assert made.far.kinds() == ["Proceeding", "Alerting", "Cleared", "Released"]
        assert made.far.first(signals.Cleared).how == "congestion-tone"
        assert made.at_rest()
    bench(story, kind=kind, near=r2(), far=r2())


def test_nobody_decides_and_the_line_is_said_to_be_free_before_the_exchange_gives_up():
    async def story(made):
        made.far.circuit.seize("4321")
        await made.run(8)
        assert made.far.kinds() == ["Proceeding", "Alerting"]
        made.near.circuit.answer()
        await made.run(1)
        assert made.far.kinds()[2:] == ["Answered"]
    bench(story, near=r2(), far=r2())


@pytest.mark.parametrize("variant", ["itu", "cn"])
def test_a_number_without_an_end_is_whole_after_silence(variant):
    """ITU says so by a signal; China's variant is silent, and is told by a pulse to go on (Q.442)."""
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("432", "100")
        await made.run(16)
        assert made.near.first(signals.Offered) == signals.Offered("432", "100")
        assert made.far.first(signals.Answered) is not None
        assert (made.near.when(signals.Offered) > 5.0) == (variant == "cn")
    bench(story, kind="engine", near=r2(variant, numbers=["XXX."], between_digits=3.0), far=r2(variant))


def test_the_exchange_sends_a_fixed_count_of_digits():
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("80010001")
        await made.run(10)
        assert made.near.first(signals.Offered).called == "80010001"
    bench(story, near=r2("cn", numbers=["."], digits=8), far=r2("cn"))


@pytest.mark.parametrize(("variant", "absence"), [("itu", "withheld"), ("cn", "unavailable")])
def test_a_caller_without_a_number(variant, absence):
    async def story(made):
        made.far.circuit.withhold = True
        made.far.circuit.seize("4321", "13800138000")
        await made.run(8)
        assert made.near.first(signals.Offered) == signals.Offered("4321", "", "", absence)
        assert not made.far.circuit.withhold
    bench(story, near=r2(variant), far=r2(variant))


def test_the_caller_gives_up_while_registers_talk_and_while_it_rings():
    async def story(made):
        made.far.circuit.seize("4321", "13800138000")
        await made.run(1.0)
        assert made.near.circuit.state == "receiving"
        made.far.circuit.clear(Cause.NORMAL)
        await made.run(1)
        assert made.near.kinds() == []
        assert made.far.kinds() == ["Released"]
        assert made.at_rest()
        made.far.circuit.seize("4321", "1")
        await made.run(10)
        made.far.circuit.clear(Cause.NORMAL)
        await made.run(1)
        assert made.near.kinds() == ["Offered", "Cleared", "Released"]
        assert made.at_rest()
    bench(story, near=r2(), far=r2())


def test_both_seize_at_once_and_both_give_way():
    async def story(made):
        made.near.circuit.seize("1111")
        made.far.circuit.seize("2222")
        await made.run(2)
        for end in (made.near, made.far):
            assert end.told == [signals.Cleared(Cause.NOT_AVAILABLE, "glare"), signals.Released()]
        assert made.at_rest()
    bench(story, near=r2(), far=r2())


def test_a_seizure_that_is_not_acknowledged():
    async def story(made):
        made.cable.theirs[1].peer = None  # the wire to us works, the one from us is cut
        made.cable.ours[1].peer = None
        made.near.circuit.seize("1111")
        await made.run(4)
        assert made.near.told == [signals.Cleared(Cause.NOT_AVAILABLE, "seizure-not-acknowledged"), signals.Released()]
    bench(story, near=r2(), far=r2())


def test_registers_that_hear_nothing_give_up():
    async def story(made):
        made.far.port.close()  # bits still pass
        made.near.circuit.seize("1111")
        await made.run(40)
        assert made.near.kinds() == ["Cleared", "Released"]
        assert made.near.told[0] == signals.Cleared(Cause.RECOVERY_ON_TIMER, "register-timeout")
        assert made.at_rest()
    bench(story, near=r2(), far=r2())


def test_a_blocked_circuit_is_not_seized_until_it_is_idle_again():
    async def story(made):
        made.near.channel.receive(0b1101)
        assert made.near.circuit.idle
        await made.run(0.1)
        assert not made.near.circuit.idle
        assert made.near.told == []
        await made.run(3)
        assert made.near.kinds() == ["Blocked"]
        assert made.near.told[0].alarm == "far_blocked"
        with pytest.raises(Refused, match="out of service"):
            made.near.circuit.seize("1111")
        made.near.channel.receive(0b1001)
        await made.run(0.1)
        assert made.near.kinds() == ["Blocked", "Unblocked"]
        assert made.near.circuit.idle
    bench(story, near=r2(), far=r2())


def test_short_bits_and_the_neighbours_are_no_signals():
    async def story(made):
        for bits in (0b0001, 0b1101, 0b0101):
            made.near.channel.receive(bits)
            await made.run(0.01)
            made.near.channel.receive(0b1010)  # C and D may do what they like
            await made.run(0.1)
        assert made.near.told == []
        assert made.at_rest()
    bench(story, near=r2(), far=r2())


@pytest.mark.parametrize("pulses", [False, True])
def test_charging_pulses(pulses):
    async def story(made):
        made.near.circuit.seize("4321")
        made.far.on_offer = answering
        await made.run(8)
        made.near.channel.receive(0b1101)
        await made.run(0.15)
        made.near.channel.receive(0b0101)
        await made.run(1)
        assert (made.near.first(signals.Cleared) is None) == pulses
        if pulses:
            made.far.circuit.clear(Cause.NORMAL)
            await made.run(1)
            assert made.near.first(signals.Cleared) == signals.Cleared(Cause.NORMAL, "clear-back")
    bench(story, near=r2(charging_pulses=pulses), far=r2())


def test_digits_pressed_in_a_conversation():
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4321")
        await made.run(8)
        made.far.port.digits("15#")
        await made.run(2)
        assert [signal.digit for signal in made.near.told if isinstance(signal, signals.Digit)] == ["1", "5", "#"]
    bench(story, kind="engine", near=r2(), far=r2())


@pytest.mark.parametrize("after", [0.5, 1.5, 8.0])
def test_an_alarm_ends_the_call_and_the_circuit_comes_back(after):
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4321", "13800138000")
        await made.run(after)
        for end in (made.cable.near, made.cable.far):
            end.fail("red", "no signal")
        await made.run(2)
        assert made.far.first(signals.Cleared) == signals.Cleared(Cause.OUT_OF_ORDER, "alarm")
        assert made.far.circuit.blocked.alarm == "red"
        assert made.near.circuit.state == "idle"
        for end in (made.cable.near, made.cable.far):
            end.mend()
        await made.run(6)
        assert made.at_rest()
        assert made.near.kinds()[-1] == made.far.kinds()[-1] == "Unblocked"
        made.near.told.clear()
        made.far.circuit.seize("4321")
        await made.run(8)
        assert made.near.kinds() == ["Offered", "Answered"]
    bench(story, near=r2(), far=r2())


def test_only_digits_can_be_dialled_and_only_an_idle_circuit_seized():
    async def story(made):
        for wrong in ("", "12*", "+86", "1" * 65, "１２"):
            with pytest.raises(Refused, match="digits only"):
                made.near.circuit.seize(wrong)
        with pytest.raises(Refused, match="answer does not fit"):
            made.near.circuit.answer()
        made.near.circuit.clear(Cause.NORMAL)
        await made.run(0.1)
        assert made.near.kinds() == ["Released"]
    bench(story, near=r2(), far=r2())


def test_people_see_what_the_registers_said():
    async def story(made):
        made.far.circuit.seize("12", "3")
        await made.run(6)
        assert made.near.circuit.history()[-1] == "registers: <1 >5 <1 >5 <3 >5 <15 >1 <2 >3 <1 >6"
    bench(story, near=r2(numbers=["XX"]), far=r2())


@pytest.mark.parametrize("kind", KINDS)
def test_a_register_is_quick(kind):
    """A compelled cycle of 20 ms ticks: the four ways and their detectors."""
    async def story(made):
        began = made.loop.time()
        made.far.circuit.seize("4321", "13800138000")
        await made.run(12)
        cycle = (made.near.when(signals.Offered) - began) / (1 + 1 + 11 + 1 + 3)
        print(f"{kind}: a cycle takes {1000 * cycle:.0f} ms")
        assert cycle < 0.4
    bench(story, kind=kind, near=r2(), far=r2())
