"""E&M circuits at both ends of a cable: wink and immediate start, DTMF and R1, answers, ends, faults."""

import pytest
from r2_rig import ZONE, bench

from ccappliance.base.causes import Cause
from ccappliance.base.dialplan import DialPlan
from ccappliance.base.errors import Refused
from ccappliance.signalling import signals
from ccappliance.signalling.em import EmCircuit
from ccappliance.signalling.em_settings import EmSettings

KINDS = ("scripted", "engine")


def em(numbers=("XXXX",), **settings):
    def make(name, channel, port, **common):
        return EmCircuit(name, channel, port, EmSettings(**settings), ZONE, DialPlan(numbers), **common)
    return make


def answering(circuit, offered):
    circuit.accept()
    circuit.alert()
    circuit.answer()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", ["wink", "immediate"])
@pytest.mark.parametrize("dialling", ["dtmf", "mf", "none"])
def test_a_call_is_answered_and_cleared_by_either_end(kind, start, dialling):
    async def story(made):
        made.near.on_offer = answering
        for first, second in ((made.far, made.near), (made.near, made.far)):
            made.near.told.clear()
            made.far.told.clear()
            made.far.circuit.seize("4109")
            await made.run(6)
            assert made.near.told == [signals.Offered("" if dialling == "none" else "4109", "", "", "none"),
                                      signals.Answered("off-hook")]
            assert made.far.kinds() == ["Proceeding", "Answered"]
            first.circuit.clear(Cause.NORMAL)
            await made.run(2)
            assert second.told[-2:] == [signals.Cleared(Cause.NORMAL, "on-hook"), signals.Released()]
            assert first.kinds()[-1] == "Released"
            assert made.at_rest()
    bench(story, kind=kind, near=em(start=start, dialling=dialling), far=em(start=start, dialling=dialling))


@pytest.mark.parametrize("kind", KINDS)
def test_ringback_and_busy_are_heard(kind):
    async def story(made):
        made.near.on_offer = lambda circuit, offered: circuit.alert()
        made.far.circuit.seize("4109")
        await made.run(10)
        assert made.far.kinds() == ["Proceeding", "Alerting"]
        made.near.circuit.progress()  # instead of our ringback there will be something else to hear
        assert made.near.circuit.state == "offered"
        made.near.circuit.clear(Cause.BUSY)
        await made.run(5)
        assert made.far.told[2:] == [signals.Cleared(Cause.BUSY, "busy-tone"), signals.Released()]
        assert made.at_rest()
    bench(story, kind=kind, near=em(), far=em())


@pytest.mark.parametrize("start", ["wink", "immediate"])
def test_both_seize_at_once(start):
    async def story(made):
        made.near.circuit.seize("1111")
        made.far.circuit.seize("2222")
        await made.run(3)
        for end in (made.near, made.far):
            assert end.told == [signals.Cleared(Cause.NOT_AVAILABLE, "glare"), signals.Released()]
        assert made.at_rest()
    bench(story, near=em(start=start), far=em(start=start))


def test_no_wink_comes():
    async def story(made):
        made.cable.theirs[1].peer = made.cable.ours[1].peer = None
        made.near.circuit.seize("1111")
        await made.run(7)
        assert made.near.told == [signals.Cleared(Cause.NOT_AVAILABLE, "no-wink"), signals.Released()]
    bench(story, near=em(), far=em())


def test_who_seizes_and_dials_nothing_hears_congestion_and_is_let_go():
    async def story(made):
        made.far.circuit.seize("")
        await made.run(4)
        assert made.near.circuit.state == "receiving"
        await made.run(8)
        assert made.far.told == [signals.Proceeding(), signals.Cleared(Cause.CONGESTION, "congestion-tone"),
                                 signals.Released()]
        assert made.near.told == []
        assert made.at_rest()
    bench(story, near=em(first_digit=5.0), far=em(dialling="none"))


def test_a_number_that_ends_with_a_pause_and_one_of_a_fixed_count():
    async def story(made):
        made.far.circuit.seize("12")
        await made.run(4)
        assert made.near.kinds() == []
        await made.run(3)
        assert made.near.told == [signals.Offered("12", "", "", "none")]
    bench(story, near=em(), far=em())

    async def counted(made):
        made.far.circuit.seize("123456")
        await made.run(3)
        assert made.near.told == [signals.Offered("123456", "", "", "none")]
    bench(counted, near=em(digits=6), far=em())


def test_an_alarm_ends_the_call_and_an_end_that_stays_off_hook_is_an_alarm():
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4109")
        await made.run(5)
        for end in (made.cable.near, made.cable.far):
            end.fail("red", "no signal")
        await made.run(1)
        assert made.far.first(signals.Cleared) == signals.Cleared(Cause.OUT_OF_ORDER, "alarm")
        for end in (made.cable.near, made.cable.far):
            end.mend()
        await made.run(6)
        assert made.at_rest()
        made.far.circuit.seize("4109")
        await made.run(5)
        made.near.obeys = made.far.obeys = False
        made.near.circuit.clear(Cause.NORMAL)  # the far end does not go on-hook by itself in this test
        made.cable.ours[1].peer.peer = None
        await made.run(40)
        assert made.near.circuit.blocked.alarm == "far_stuck"
    bench(story, near=em(), far=em())


def test_other_bits_and_what_cannot_be_dialled():
    async def story(made):
        made.near.on_offer = answering
        made.far.circuit.seize("4109")
        await made.run(5)
        assert made.near.kinds() == ["Offered", "Answered"]
        for wrong in ("", "x", "1" * 65):
            with pytest.raises(Refused, match="cannot be dialled"):
                EmCircuit._seize(made.near.circuit, wrong, "", "")
    bench(story, near=em(on_hook="0000", off_hook="1111"), far=em(on_hook="0000", off_hook="1111"))
