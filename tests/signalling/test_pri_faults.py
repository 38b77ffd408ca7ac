"""PRI when things go wrong: RESTART, a lost D channel, a dead helper, alarms, stuck channels, bytes from nowhere."""

import itertools
import os
import random
import signal as signals_of_unix

import pytest
from pri_rig import SLOTS, answering, bench

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.signalling import pri_protocol as pipe
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.signalling.signals import Answered, Blocked, Cleared, Offered, Released, Unblocked

HERE = PriSettings(restart=False)
FAR = PriSettings(side="network", restart=False)


async def connected(b, *slots):
    b.on_offer = answering
    for slot in slots:
        b.far.seize(slot, f"6123{slot:04d}", "13800138000")
    await b.run(0.5)
    assert [b.near.circuits[slot].state for slot in slots] == ["connected"] * len(slots)
    b.near.told.clear()
    b.far.told.clear()


async def rested(b, seconds=1.0):
    """Nothing is in use any more, here, there and in the helpers."""
    await b.run(seconds)
    assert len(b.near.idle) == len(b.far.idle) == 30
    assert b.near.span._calls == b.far.span._calls == {}


# ---- RESTART (F09) ----


def test_restart_of_a_channel_in_use_clears_the_call_and_the_channel_is_usable_within_a_second():
    async def story(b):
        await connected(b, 3, 4)
        b.far.obeys = False
        b.far.span.ask(pipe.Restart(3))
        began = b.now
        await b.run(0.2)
        assert b.near.of(3) == [Cleared(Cause.TEMPORARY_FAILURE, "restart"), Released()]
        assert b.near.circuits[3].idle
        assert b.near.told[-1][0] - began < 1.0
        assert b.near.circuits[4].state == "connected"
    bench(story)


def test_restart_of_the_whole_span():
    async def story(b):
        await connected(b, *SLOTS)
        for circuit in b.near.circuits.values():
            circuit.restarted()
        await b.run(0.5)
        assert len(b.near.all(Cleared)) == len(b.near.all(Released)) == 30
        assert len(b.near.idle) == 30
    bench(story)


# ---- the D channel (F06) ----


def test_calls_that_are_up_outlive_a_short_loss_of_the_d_channel():
    async def story(b):
        await connected(b, 1, 2)
        b.far.seize(9, "61230009")  # under way, not answered
        b.on_offer = lambda end, circuit, offered: None
        b.cable.cut_data()
        await b.run(40)
        assert [alarm for _, alarm, words in b.near.alarms if words] == ["dchannel_down"]
        assert b.near.circuits[1].state == b.near.circuits[2].state == "connected"
        assert b.near.circuits[1].blocked is None
        assert b.near.idle == []
        with pytest.raises(Refused) as refused:
            b.near.circuits[5].seize("1")
        assert refused.value.code == "blocked"
        b.cable.cut_data(False)
        await b.run(20)
        assert b.near.span.up
        assert b.near.alarms[-1][1:] == ("dchannel_down", None)
        assert b.near.circuits[1].state == b.far.circuits[1].state == "connected"
        assert len(b.near.idle) == 28
        for slot in (1, 2):
            b.near.circuits[slot].clear(Cause.NORMAL)
        await rested(b, 40)
    bench(story)


def test_calls_are_cleared_when_t309_is_over():
    async def story(b):
        await connected(b, 1)
        b.cable.cut_data()
        await b.run(60)
        down = next(at for at, alarm, words in b.near.alarms if alarm == "dchannel_down")
        cleared = b.near.all(Cleared)
        assert [signal.cause for _, _, signal in cleared] == [Cause.OUT_OF_ORDER]
        assert 20.0 <= cleared[0][0] - down <= 25.0  # layer 2 is tried for 4 s more before it counts as lost for ever
        b.cable.cut_data(False)
        await rested(b, 60)
    bench(story, near=PriSettings(restart=False, t309=20.0), far=PriSettings(side="network", restart=False, t309=20.0))


def test_a_call_that_ends_while_the_d_channel_is_down_is_not_left_at_the_other_end():
    async def story(b):
        await connected(b, 1)
        b.cable.cut_data()
        await b.run(20)
        b.near.circuits[1].clear(Cause.NORMAL)
        await b.run(5)
        b.cable.cut_data(False)
        await rested(b, 100)
        assert b.far.all(Cleared)
    bench(story, near=HERE)


# ---- the helper ----


def test_a_helper_that_is_killed_costs_its_calls_and_nothing_more():
    async def story(b):
        await connected(b, *SLOTS[:10])
        first = b.near.span.helper.pid
        os.kill(first, signals_of_unix.SIGKILL)
        began = b.now
        b.near.seize(31, "13800138000")
        await b.run(0.05)
        assert [signal for _, _, signal in b.near.all(Cleared)] == [Cleared(Cause.TEMPORARY_FAILURE,
                                                                            "signalling-lost")] * 11
        assert len(b.near.all(Released)) == 11
        assert b.near.alarms[0][1:] == ("pri_helper", "the PRI helper has died (signal 9)")
        await b.run(3)
        assert b.near.span.helper.pid not in (0, first)
        assert b.near.alarms[-1][1:] == ("pri_helper", None)
        assert len(b.near.idle) == 30
        assert b.near.alarms[-1][0] - began < 3.0
        assert {signal.cause for _, _, signal in b.far.all(Cleared)} == {Cause.TEMPORARY_FAILURE}  # our RESTARTs
        assert len(b.far.idle) == 30
        b.on_offer = answering
        b.far.seize(5, "61230005")
        await b.run(0.5)
        assert b.near.circuits[5].state == "connected"
    bench(story)


def test_a_helper_that_dies_again_and_again_is_started_ever_more_slowly():
    async def story(b):
        began = []
        make = b.near.span._make

        def die_at_once(*args):
            helper = make(*args)
            os.kill(helper.pid, signals_of_unix.SIGKILL)
            began.append(b.now)
            return helper
        b.near.span._make = die_at_once
        os.kill(b.near.span.helper.pid, signals_of_unix.SIGKILL)
        await b.run(60)
        pauses = [round(later - sooner, 1) for sooner, later in itertools.pairwise(began)]
        assert pauses[:3] == [0.5, 2.0, 10.0]
        assert set(pauses[3:]) == {10.0}
        b.near.span._make = make
        await rested(b, 30)
    bench(story)


def test_a_helper_that_is_not_there_is_an_alarm_that_says_what_to_do():
    async def story(b):
        make = b.near.span._make
        b.near.span._make = lambda *args: make(*args, program=b.near.span._no_such_program)
        b.near.span._no_such_program = "/nowhere/_pri_helper"
        os.kill(b.near.span.helper.pid, signals_of_unix.SIGKILL)
        await b.run(20)
        assert not b.near.span.up
        assert any("libpri-dev" in words for _, words in b.near.span.trace.lines)
    bench(story)


# ---- alarms (F01, F04) ----


def test_a_red_alarm_ends_the_calls_and_is_told_once_for_the_span():
    async def story(b):
        await connected(b, *SLOTS)
        b.near.alarms.clear()
        b.cable.near.fail("red", "no signal from the exchange: check the cable at port 1")
        await b.run(0.1)
        assert [alarm for _, alarm, _ in b.near.alarms] == ["dchannel_down", "red"]
        assert {signal for _, _, signal in b.near.all(Cleared)} == {Cleared(Cause.OUT_OF_ORDER, "alarm")}
        assert len(b.near.all(Released)) == 0  # the network cannot answer
        assert b.near.all(Blocked) == []
        assert b.near.circuits[1].blocked.alarm == "red"
        await b.run(60)
        b.cable.near.mend()
        mended = b.now
        await b.run(10)
        assert b.near.alarms[-1][1] in ("red", "dchannel_down")
        assert len(b.near.idle) == 30
        assert b.near.alarms[-1][0] - mended < 5.0
        assert len(b.near.all(Released)) == 30
        await rested(b, 60)
    bench(story)


def test_a_short_alarm_leaves_nothing_down():
    async def story(b):
        b.cable.near.fail("red", "no signal")
        b.cable.far.fail("red", "no signal")
        await b.run(0.5)
        b.cable.near.mend()
        b.cable.far.mend()
        await b.run(5.0)
        assert len(b.near.idle) == 30
    bench(story)


# ---- stuck channels (F11) ----


def test_a_channel_in_use_without_an_owner_is_found_and_restarted():
    async def story(b):
        await connected(b, 6)
        b.near.owners.clear()
        await b.run(130)
        assert b.near.circuits[6].idle
        assert b.far.all(Cleared)
        await rested(b)
    bench(story)


def test_a_channel_for_which_nobody_answers_is_blocked_until_somebody_does():
    async def story(b):
        answered = b.near.span._restart_done
        b.near.span._restart_done = lambda channel: None
        b.near.circuits[8].ask_restart()
        await b.run(11)
        assert b.near.of(8) == [Blocked("stuck", "the exchange has not answered 3 RESTARTs of this channel")]
        assert not b.near.circuits[8].idle
        b.near.span._restart_done = answered
        await b.run(301)
        assert b.near.of(8)[-1] == Unblocked()
        await rested(b)
    bench(story)


def test_a_call_only_the_helper_knows_is_cleared_by_the_second_audit():
    async def story(b):
        b.on_offer = answering
        b.near.span.ask(pipe.Setup(1000, 20, True, pipe.SPEECH, "13800138000", 1, True, "", 1, 0, ""))
        await b.run(1)
        assert b.far.circuits[20].state == "connected"
        await b.run(125)
        assert b.far.circuits[20].idle
        await rested(b)
    bench(story)


# ---- glare on the network's side, calls that cannot be taken ----


def test_on_the_networks_side_our_call_wins_and_the_users_is_refused():
    async def story(b):
        b.on_offer = answering
        b.near.seize(5, "61234567")
        b.far.seize(5, "13800138000")
        await b.run(1.0)
        assert b.near.kinds(5) == ["Answered"] or b.near.kinds(5)[-1] == "Answered"
        assert b.far.all(Offered)[0][2].called == "61234567"
        assert len(b.far.all(Answered)) == 1
    bench(story, near=PriSettings(side="network", restart=False), far=PriSettings(restart=False))


@pytest.mark.parametrize(("selection", "slot"), [("lowest", 1), ("highest", 31)])
def test_a_call_without_a_channel_gets_one_of_ours(selection, slot):
    async def story(b):
        b.on_offer = answering
        setup = ring(slot=0, flexible=True)
        assert b.near.span._place(setup) is b.near.circuits[slot]
    bench(story, near=PriSettings(restart=False, selection=selection))


def test_rotary_selection_goes_round():
    async def story(b):
        assert [b.near.span._place(ring(slot=0, flexible=True)).slot for _ in range(32)] == [*SLOTS, 1, 2]
    bench(story, near=PriSettings(restart=False, selection="rotary"))


def ring(slot, flexible):
    return pipe.Ring(1, slot, flexible, True, 0, "6123", 1, "", 1, 0, "", "", "", 0)


def test_a_call_that_carries_data_is_refused_with_incompatible_destination():
    async def story(b):
        b.far.span._calls[1000] = b.far.circuits[3]
        b.far.circuits[3].call = 1000
        heard = []
        b.far.circuits[3].hear = heard.append
        b.far.span.ask(pipe.Setup(1000, 3, True, 0x08, "61234567", 1, True, "", 1, 0, ""))
        await b.run(1)
        assert b.near.told == []
        assert [answer.cause for answer in heard if isinstance(answer, pipe.Disconnected)] == [88]
    bench(story)


def test_a_second_call_on_a_channel_in_use_is_refused_and_the_first_goes_on():
    async def story(b):
        await connected(b, 3)
        b.far.span.ask(pipe.Setup(1000, 3, True, 0, "61234567", 1, True, "", 1, 0, ""))
        await b.run(1)
        assert b.near.told == []
        assert b.near.circuits[3].state == "connected"
    bench(story)


# ---- any bytes from the network (F08) ----


def mutated(chance, frame):
    """A frame with some of its octets changed, taken out, or put in, but with layer 2's address and numbers kept."""
    octets = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(4, len(octets) + 1) if len(octets) > 4 else len(octets)
        match chance.randrange(4):
            case 0 if at < len(octets):
                octets[at] = chance.randrange(256)
            case 1:
                octets[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            case 2:
                del octets[at:at + chance.randint(1, 8)]
            case _ if at < len(octets):
                octets[at] ^= 1 << chance.randrange(8)
    return bytes(octets[:260])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_spoilt_frames_cost_at_most_their_calls_and_the_span_recovers(seed):
    async def story(b):
        chance = random.Random(seed)
        b.on_offer = answering
        b.near.span.trace.switch(0xFFFF)  # the printers are fuzzed too
        b.cable.far.data.spoil = lambda frame: (
            mutated(chance, frame) if len(frame) > 4 and not frame[2] & 1 and chance.random() < 0.5 else frame)
        for _ in range(60):
            idle = b.far.idle
            for slot in idle[:chance.randint(0, 6)]:
                b.far.seize(slot, "61234567", "13800138000", "Zhang")
            await b.run(chance.uniform(0.01, 0.5))
            for end in (b.near, b.far):
                for circuit in end.circuits.values():
                    if circuit.state in ("connected", "offered", "proceeding") and chance.random() < 0.5:
                        circuit.clear(Cause.NORMAL)
        b.cable.far.data.spoil = bytes
        for end in (b.near, b.far):
            for circuit in end.circuits.values():
                if circuit.state not in ("idle", "restarting"):
                    circuit.clear(Cause.NORMAL)
        await b.run(600)
        stuck = [(end.name, circuit.name, circuit.history()) for end in (b.near, b.far)
                 for circuit in end.circuits.values() if not circuit.idle]
        assert not stuck, f"seed {seed}: {stuck}, helper deaths {b.near.span.helper_deaths}"
        b.near.told.clear()
        b.far.seize(17, "61230017")
        await b.run(1)
        assert b.near.circuits[17].state == "connected", f"seed {seed}"
    bench(story)


# ---- transfer by the switch ----


def two_calls(story, **near):
    async def whole(b):
        b.on_offer = answering
        b.near.seize(1, "13800138000")
        b.near.seize(2, "13900139000")
        await b.run(0.5)
        await story(b)
    bench(whole, near=PriSettings(restart=False, **near))


def test_the_switch_takes_two_calls_over_and_frees_their_channels():
    async def story(b):
        joined = []

        def join(one, other):
            joined.append((one.slot, other.slot))
            for circuit in (one, other):
                circuit.clear(Cause.NORMAL)
            return True
        b.far.span.on_transfer = join
        await b.near.span.transfer(b.near.circuits[1], b.near.circuits[2])
        assert [sorted(pair) for pair in joined] == [[1, 2]]
        await rested(b)
        assert b.near.kinds(1)[-2:] == b.near.kinds(2)[-2:] == ["Cleared", "Released"]
    two_calls(story, transfer=True)


def test_a_switch_that_does_not_take_them_leaves_the_calls_as_they_are():
    async def story(b):
        with pytest.raises(Refused) as refused:
            await b.near.span.transfer(b.near.circuits[1], b.near.circuits[2])
        assert refused.value.code == "no_transfer"
        assert b.near.circuits[1].state == b.near.circuits[2].state == "connected"
    two_calls(story, transfer=True)


def test_a_transfer_that_was_not_configured_is_refused():
    async def story(b):
        with pytest.raises(Refused) as refused:
            await b.near.span.transfer(b.near.circuits[1], b.near.circuits[2])
        assert "signalling.transfer" in str(refused.value)
    two_calls(story)
