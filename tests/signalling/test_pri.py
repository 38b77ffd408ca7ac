"""PRI: two spans with their helpers at the ends of one cable, in virtual time."""

import pytest
from pri_rig import SLOTS, answering, bench

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.media.ports import DigitHeard, Ear, ToneHeard
from ccappliance.signalling.pri_settings import SWITCHES, NumberingSettings, PriSettings
from ccappliance.signalling.signals import (
    Alerting,
    Answered,
    Cleared,
    Digit,
    Offered,
    Proceeding,
    Progressed,
    Released,
)

NETWORK = PriSettings(side="network", restart=False)


def test_every_channel_is_restarted_before_the_first_call_and_that_takes_less_than_a_second():
    async def story(b):
        assert b.now < 1.0
        assert b.near.span.layer2.received["I"] == len(SLOTS)  # RESTART ACKNOWLEDGE
        assert b.near.alarms == []
    bench(story)


def test_an_incoming_call_is_offered_alerts_is_answered_and_is_cleared_by_the_caller():
    async def story(b):
        b.on_offer = lambda end, circuit, offered: (circuit.accept(), circuit.alert())
        b.far.seize(3, "61234567", "13800138000", "Zhang")
        await b.run(0.1)
        assert b.near.of(3) == [Offered("61234567", "13800138000", "Zhang")]
        assert b.far.of(3) == [Proceeding(), Alerting()]
        b.near.circuits[3].answer()
        await b.run(0.1)
        assert b.near.of(3)[1:] == [Answered("connect")]
        assert b.far.of(3)[2:] == [Answered("connect")]
        b.far.circuits[3].clear(Cause.NORMAL)
        await b.run(0.1)
        assert b.near.of(3)[2:] == [Cleared(Cause.NORMAL, "disconnect"), Released()]
        assert b.far.of(3)[3:] == [Released()]
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


def test_the_called_side_clears():
    async def story(b):
        b.on_offer = answering
        b.far.seize(4, "61234567")
        await b.run(0.1)
        b.near.circuits[4].clear(Cause.NORMAL)
        await b.run(0.1)
        assert b.near.kinds(4) == ["Offered", "Answered", "Released"]
        assert b.far.kinds(4)[-2:] == ["Cleared", "Released"]
        assert b.near.of(4)[0].unknown_because == "unavailable"
    bench(story)


@pytest.mark.parametrize("cause", [Cause.UNALLOCATED, Cause.BUSY, Cause.NO_ANSWER, Cause.REJECTED, Cause.OUT_OF_ORDER,
                                   Cause.INVALID_NUMBER, Cause.NO_CIRCUIT, Cause.TEMPORARY_FAILURE, Cause.CONGESTION,
                                   Cause.NOT_AVAILABLE, Cause.NOT_ALLOWED])
def test_causes_pass_both_ways(cause):
    async def story(b):
        b.on_offer = lambda end, circuit, offered: circuit.clear(cause)
        b.near.seize(1, "13800138000")
        b.far.seize(31, "61234567")
        await b.run(0.2)
        for end, slot in ((b.near, 1), (b.far, 31)):
            assert [signal.cause for signal in end.of(slot) if isinstance(signal, Cleared)] == [cause]
            assert end.kinds(slot)[-1] == "Released"
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


def test_thirty_calls_at_once_and_the_next_is_refused():
    async def story(b):
        b.on_offer = answering
        for slot in SLOTS:
            b.far.seize(slot, f"6123{slot:04d}", f"138{slot:08d}")
        await b.run(1.0)
        assert len(b.near.all(Answered)) == len(b.far.all(Answered)) == 30
        assert [offered.called for _, _, offered in b.near.all(Offered)] == [f"6123{slot:04d}" for slot in SLOTS]
        with pytest.raises(Refused):
            b.near.circuits[1].seize("13800138000")
        for slot in SLOTS:
            b.near.circuits[slot].clear(Cause.NORMAL)
        await b.run(1.0)
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


# ---- numbers ----


def test_a_restricted_number_is_withheld_and_so_is_the_name():
    async def story(b):
        b.far.seize(1, "61234567", "13800138000", "Zhang")
        await b.run(0.1)
        assert b.near.of(1) == [Offered("61234567", "", "", "withheld")]
    bench(story, far=PriSettings(side="network", restart=False, presentation="restricted"))


@pytest.mark.parametrize(("type_", "sent", "shown"), [
    ("unknown", "13800138000", "13800138000"), ("national", "13800138000", "013800138000"),
    ("international", "8613800138000", "008613800138000"), ("subscriber", "61234567", "61234567"),
    ("prefix", "008613800138000", "008613800138000"), ("prefix", "0106123", "0106123"), ("prefix", "6123", "6123")])
def test_types_of_number_become_prefixes(type_, sent, shown):
    async def story(b):
        b.far.seize(1, "61234567", sent)
        await b.run(0.1)
        assert b.near.of(1)[0].calling == shown
    bench(story, far=PriSettings(side="network", restart=False, numbering=NumberingSettings(calling_type=type_)))


def test_what_cannot_be_dialled_is_refused_and_changes_nothing():
    async def story(b):
        for number in ("", "1" * 33, "12 34", "x"):
            with pytest.raises(Refused) as refused:
                b.near.circuits[1].seize(number)
            assert refused.value.code == "invalid_number"
        assert len(b.near.idle) == 30
    bench(story)


# ---- overlap ----


def test_a_number_that_comes_digit_by_digit_is_offered_when_the_routes_know_it_whole():
    async def story(b):
        b.far.seize(2, "61234567")
        await b.run(1.0)
        at, _, offered = b.near.all(Offered)[0]
        assert offered.called == "61234567"
        assert b.near.span.layer2.received["I"] == 30 + 1 + 8  # RESTART ACKNOWLEDGEs, SETUP, INFORMATIONs
        assert at - b.far.circuits[2].since < 0.2
    bench(story, far=PriSettings(side="network", restart=False, overlap="send"),
          near=PriSettings(overlap="receive"), numbers=["6123XXXX"])


def test_a_number_the_routes_do_not_know_whole_is_offered_after_t302():
    async def story(b):
        b.far.seize(2, "61234")
        await b.run(3.5)
        assert b.near.all(Offered) == []
        assert b.near.circuits[2].state == "collecting"
        await b.run(1.0)
        assert b.near.all(Offered)[0][2].called == "61234"
    bench(story, far=PriSettings(side="network", restart=False, overlap="send"),
          near=PriSettings(overlap="receive"), numbers=["6123XXXX"])


def test_who_hangs_up_while_he_dials_is_never_offered():
    async def story(b):
        b.far.seize(2, "61234")
        await b.run(1.0)
        b.far.circuits[2].clear(Cause.NORMAL)
        await b.run(5.0)
        assert b.near.told == []
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story, far=PriSettings(side="network", restart=False, overlap="send"),
          near=PriSettings(overlap="receive"), numbers=["6123XXXX"])


def test_without_overlap_a_number_is_whole_as_it_comes():
    async def story(b):
        b.far.seize(2, "61234")
        await b.run(0.1)
        assert b.near.all(Offered)[0][2].called == "61234"
    bench(story, numbers=["6123XXXX"])


# ---- glare, selection ----


def test_glare_the_incoming_call_wins_and_ours_is_given_back_at_once():
    async def story(b):
        b.on_offer = answering
        b.near.seize(5, "13800138000")
        b.far.seize(5, "61234567", "13900139000")
        began = b.now
        await b.run(1.0)
        assert b.near.kinds(5) == ["Cleared", "Released", "Offered", "Answered"]
        assert b.near.of(5)[0] == Cleared(Cause.NOT_AVAILABLE, "glare")
        assert b.near.of(5)[2].calling == "13900139000"
        assert b.near.told[0][0] - began <= 0.5
        assert b.far.kinds(5)[-1] == "Answered"
        assert b.far.all(Offered) == []  # the wrong party was never reached
        b.far.circuits[5].clear(Cause.NORMAL)
        await b.run(0.5)
        assert len(b.near.idle) == len(b.far.idle) == 30
        assert not (await calls_of(b.near))
        assert not (await calls_of(b.far))
    bench(story)


def test_glare_and_the_caller_who_won_hangs_up_before_ours_is_cleared_here():
    async def story(b):
        b.near.obeys = False
        b.near.seize(5, "13800138000")
        b.far.seize(5, "61234567")
        await b.run(0.2)
        assert b.near.circuits[5].state == "glare"
        b.far.circuits[5].clear(Cause.NORMAL)
        await b.run(0.2)
        assert b.near.circuits[5].state == "gone"
        b.near.circuits[5].clear(Cause.NORMAL)
        await b.run(0.2)
        assert b.near.kinds(5) == ["Cleared", "Released"]
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


async def calls_of(end):
    """What the helper still knows, once it has been asked twice."""
    heard = []
    known = end.span._audit_calls
    end.span._audit_calls = lambda calls: (heard.append(list(calls)), known(calls))
    end.span._audit()
    await end.bench.run(0.1)
    end.span._audit_calls = known
    return heard[-1]


# ---- in-band ----


def test_tones_are_listened_to_when_the_network_says_that_they_come():
    async def story(b):
        b.on_offer = lambda end, circuit, offered: circuit.progress("busy", Cause.BUSY)
        b.near.seize(1, "13800138000")
        await b.run(0.2)
        assert b.far.ports[1].sounding == "busy"
        assert b.near.ports[1].ears == Ear.PROGRESS
        b.near.ports[1].on_heard(ToneHeard("ringback"))
        b.near.ports[1].on_heard(ToneHeard("busy"))
        assert b.near.of(1) == [Proceeding(), Progressed(), Alerting(), Cleared(Cause.BUSY, "busy-tone")]
        await b.run(0.2)
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


def test_sound_before_the_answer_is_told_once_and_only_if_there_is_some():
    async def story(b):
        def progress(end, circuit, offered):
            circuit.progress()
            circuit.alert()  # with progress indicator 8 as well
        b.on_offer = progress
        b.near.seize(1, "13800138000")
        await b.run(0.2)
        assert b.near.of(1) == [Proceeding(), Progressed(), Alerting()]
        b.far.circuits[1].answer()
        await b.run(0.2)
        b.on_offer = lambda end, circuit, offered: end.circuits[2].answer()
        b.near.seize(2, "13800138001")
        await b.run(0.2)
        assert b.near.kinds(2) == ["Proceeding", "Answered"]
        with pytest.raises(Refused):
            b.far.circuits[1].progress()  # it is answered
    bench(story, far=PriSettings(side="network", restart=False, tones=True))


def test_ringback_is_played_where_a_pbx_needs_it():
    async def story(b):
        b.on_offer = lambda end, circuit, offered: circuit.alert()
        b.near.seize(1, "8001")
        await b.run(0.2)
        assert b.far.ports[1].sounding == "ringback"
        assert b.near.ports[1].ears == Ear.PROGRESS
        b.far.circuits[1].answer()
        await b.run(0.2)
        assert b.far.ports[1].sounding == ""
    bench(story, far=PriSettings(side="network", restart=False, tones=True))


def test_digits_are_told_when_the_call_is_up():
    async def story(b):
        b.on_offer = answering
        b.far.seize(1, "61234567")
        await b.run(0.2)
        b.near.ports[1].on_heard(DigitHeard("5"))
        assert b.near.of(1)[-1] == Digit("5")
    bench(story)


# ---- requests that do not fit ----


def test_a_request_that_does_not_fit_is_refused_and_clear_always_fits():
    async def story(b):
        circuit = b.near.circuits[1]
        for request in (circuit.accept, circuit.alert, circuit.answer, lambda: circuit.progress("busy")):
            with pytest.raises(Refused):
                request()
        circuit.clear(Cause.NORMAL)
        await b.run(0.1)
        assert b.near.of(1) == [Released()]
        circuit = b.near.seize(1, "1")
        with pytest.raises(Refused):
            circuit.seize("2")
        circuit.clear(Cause.NORMAL)
        circuit.clear(Cause.NORMAL)
        await b.run(0.2)
        assert b.near.kinds(1) == ["Released", "Released"]
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story)


@pytest.mark.parametrize("switch", sorted(SWITCHES))
def test_every_dialect_carries_a_call(switch):
    async def story(b):
        b.on_offer = answering
        b.far.seize(7, "61234567", "13800138000", "Zhang")
        await b.run(0.3)
        b.near.seize(8, "13800138000", "61234567")
        await b.run(0.3)
        assert b.near.of(7)[0].called == b.far.of(8)[0].calling == "61234567"
        b.near.circuits[7].clear(Cause.NORMAL)
        b.near.circuits[8].clear(Cause.NORMAL)
        await b.run(0.3)
        assert len(b.near.idle) == len(b.far.idle) == 30
    bench(story, near=PriSettings(switch=switch, restart=False),
          far=PriSettings(side="network", switch=switch, restart=False))
