"""The simulated exchange: rings, tones, caller ID, supervision of every kind, hunting, glare, faults; on both media."""

import asyncio
import random

import pytest
from street_rig import ANSWER, HELLO, MEDIA, OurPort, Street, on_street

from ccappliance.drivers.api import AlarmRaised, LoopBroken, PolarityReversed, RingBegan, RingEnded
from ccappliance.media.ports import DigitHeard, Ear, FskHeard, SoundHeard, ToneHeard
from ccappliance.signalling.callerid import DtmfCallerId, Moment, decode
from ccappliance.sim.exchange_line import LineSettings, LineState
from ccappliance.sim.people import Person, Unmet

media = pytest.mark.parametrize("media", MEDIA)


def digits(ours: OurPort) -> str:
    return "".join(heard.digit for heard in ours.heard if isinstance(heard, DigitHeard))


@media
def test_an_incoming_call_rings_shows_the_caller_and_connects(media: str) -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        wang = street.subscriber("62002000", "王先生")
        trunk.port.listen(Ear.FSK)
        await wang.call("62001000")
        await wang.hear_tone("ringback", 3)
        await asyncio.sleep(6)
        assert trunk.kinds()[:3] == ["RingBegan", "RingEnded", "RingBegan"]
        [message] = [heard for heard in trunk.heard if isinstance(heard, FskHeard)]
        caller = decode(message.data)
        assert (caller.number, caller.name, caller.when) == ("62002000", "王先生", Moment(11, 22, 9, 30))
        trunk.channel.off_hook()
        await asyncio.sleep(0.1)
        assert not trunk.channel.status().ringing
        trunk.port.play([HELLO])
        await wang.hear_sound(HELLO, 2)
        trunk.port.listen(Ear.DTMF)
        await wang.press("15#")
        await asyncio.sleep(0.1)
        assert digits(trunk) == "15#"
        trunk.port.listen_for(ANSWER)
        await wang.say(ANSWER)
        assert SoundHeard("answer") in trunk.heard
        trunk.channel.on_hook()
        await wang.hear_tone("busy", 3)
        wang.hang_up()
        await asyncio.sleep(1)
        assert all(line.state is LineState.IDLE for line in street.exchange.lines)

    on_street(media, story)


def test_the_ring_has_the_cadence_of_the_country_and_caller_id_lies_between_the_first_two() -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        trunk.port.listen(Ear.FSK)
        wang = street.subscriber("62002000", "Wang")
        await wang.call("62001000")
        await asyncio.sleep(8)
        times = [(at, type(what).__name__) for at, what in trunk.log]
        began = times[0][0]
        assert [(name, pytest.approx(at - began)) for at, name in times if name != "FskHeard"] == [
            ("RingBegan", 0.0), ("RingEnded", 1.0), ("RingBegan", 5.0), ("RingEnded", 6.0)]
        [shown] = [at - began for at, name in times if name == "FskHeard"]
        assert 1.5 + 0.4 < shown < 5.0

    on_street("scripted", story)


@media
@pytest.mark.parametrize("method", ["dtmf_before_ring", "dtmf_after_ring"])
def test_caller_id_as_dtmf(media: str, method: str) -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1, LineSettings(caller_id=method))
        trunk.port.listen(Ear.DTMF)
        wang = street.subscriber("13800138000", "Wang")
        await wang.call("62001000")
        await asyncio.sleep(8)
        assert digits(trunk) == "D13800138000C"
        display = DtmfCallerId()
        shown = [caller for digit in digits(trunk) if (caller := display.heard(digit))]
        assert [caller.number for caller in shown] == ["13800138000"]
        kinds = [type(what).__name__ for _, what in trunk.log]
        rings = ["RingBegan", "RingEnded"]
        told = ["DigitHeard"] * 13
        assert kinds[:15] == (told + rings if method == "dtmf_before_ring" else rings + told)

    on_street(media, story)


def test_a_withheld_number_and_no_caller_id_at_all() -> None:
    async def story(street: Street) -> None:
        [shy_trunk] = street.trunks("62001000", 1)
        [deaf_trunk] = street.trunks("62001001", 1, LineSettings(caller_id="none"))
        shy = street.subscriber("62002000", "Wang", LineSettings(withheld=True))
        for trunk, number in ((shy_trunk, "62001000"), (deaf_trunk, "62001001")):
            trunk.port.listen(Ear.FSK | Ear.DTMF)
            await shy.call(number)
            await asyncio.sleep(8)
            shy.hang_up()
            await asyncio.sleep(2)
        [message] = shy_trunk.heard
        assert decode(message.data).absence == "withheld"
        assert deaf_trunk.heard == []

    on_street("scripted", story)


def test_caller_id_can_be_spoilt_on_its_way() -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        trunk.port.listen(Ear.FSK)
        street.exchange.spoil = lambda data: data[:-1] + bytes([data[-1] ^ 0xFF])
        wang = street.subscriber("62002000", "Wang")
        await wang.call("62001000")
        await asyncio.sleep(6)
        [message] = trunk.heard
        assert decode(message.data).absence == "bad_checksum"

    on_street("scripted", story)


@media
def test_a_line_that_hung_up_just_before_its_loop_is_broken_can_be_called_again(media: str) -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1, LineSettings(disconnect="loop_break"))
        wang = street.subscriber("62002000", "Wang")
        for _ in range(2):
            await wang.call("62001000")
            await asyncio.sleep(3)
            trunk.channel.off_hook()
            await asyncio.sleep(3)
            assert [line.state.value for line in street.exchange.lines] == ["talking", "talking"]
            wang.hang_up()
            await asyncio.sleep(0.2)
            trunk.channel.on_hook()  # certain 0.5 s later: while the loop is broken because of Wang
            await asyncio.sleep(5)

    on_street(media, story)


SIGNS = {"polarity": PolarityReversed, "loop_break": LoopBroken, "busy_tone": None, "dial_tone": None, "nothing": None}
TONES = {"polarity": "busy", "loop_break": "busy", "busy_tone": "busy", "dial_tone": "dial", "nothing": None}


@media
@pytest.mark.parametrize("disconnect", list(SIGNS))
def test_the_line_is_told_as_it_is_set_that_the_caller_left(media: str, disconnect: str) -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1, LineSettings(disconnect=disconnect))
        wang = street.subscriber("62002000", "Wang")
        await wang.call("62001000")
        await asyncio.sleep(3)
        trunk.channel.off_hook()
        trunk.port.listen(Ear.PROGRESS)
        await asyncio.sleep(3)
        trunk.events.clear()
        trunk.heard.clear()
        wang.hang_up()
        await asyncio.sleep(5)
        sign, tone = SIGNS[disconnect], TONES[disconnect]
        assert [type(event) for event in trunk.events] == ([sign] if sign else [])
        assert [heard for heard in trunk.heard if isinstance(heard, ToneHeard)] == ([ToneHeard(tone)] if tone else [])
        trunk.channel.on_hook()
        await asyncio.sleep(1)
        assert street.exchange.lines[0].state is LineState.IDLE
        assert not trunk.channel.status().reversed
        assert trunk.channel.status().alarm is None

    on_street(media, story)


@media
@pytest.mark.parametrize("answer", ["polarity", "none"])
@pytest.mark.parametrize("pulse", [False, True])
def test_an_outgoing_call_from_our_port(media: str, answer: str, pulse: bool) -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1, LineSettings(answer=answer))
        li = street.subscriber("62003", "Li")
        trunk.port.listen(Ear.PROGRESS)
        trunk.channel.off_hook()
        await asyncio.sleep(2)
        assert trunk.heard == [ToneHeard("dial")]
        if pulse:
            trunk.channel.pulse("62003")
        else:
            trunk.port.digits("62003")
        shown = await li.ring(2, 15)
        assert shown.number == "62001000"
        assert ToneHeard("ringback") in trunk.heard
        assert not any(isinstance(event, PolarityReversed) for event in trunk.events)
        li.lift()
        await asyncio.sleep(0.3)
        assert [type(event) for event in trunk.events] == ([PolarityReversed] if answer == "polarity" else [])
        trunk.port.play([HELLO])
        await li.hear_sound(HELLO, 2)
        trunk.channel.on_hook()
        await li.hear_tone("busy", 3)

    on_street(media, story)


@media
def test_busy_and_unallocated_numbers(media: str) -> None:
    async def story(street: Street) -> None:
        zhao = street.subscriber("62002000", "Zhao")
        qian = street.subscriber("62002001", "Qian")
        zhao.lift()
        await qian.call("62002000")
        await qian.hear_tone("busy", 4)
        qian.hang_up()
        await asyncio.sleep(1)
        await qian.call("99")
        await qian.hear_tone("congestion", 9)

    on_street(media, story)


def test_lines_of_one_number_are_hunted_in_order_and_broken_ones_left_out() -> None:
    async def story(street: Street) -> None:
        trunks = street.trunks("62001000", 3)
        street.exchange.lines[0].fail("no_battery")
        callers = [street.subscriber(f"6200200{n}", f"caller {n}") for n in range(3)]
        for caller in callers:
            await caller.call("62001000")
            await asyncio.sleep(2)
        assert [RingBegan() in trunk.events for trunk in trunks] == [False, True, True]
        assert [type(event) for event in trunks[0].events] == [AlarmRaised]
        await callers[2].hear_tone("busy", 3)
        for caller in callers:
            caller.hang_up()
        await asyncio.sleep(1)
        street.exchange.lines[1].fail("no_battery")
        street.exchange.lines[2].fail("no_battery")
        await callers[0].call("62001000")
        await callers[0].hear_tone("congestion", 6)

    on_street("scripted", story)


def test_a_line_without_dial_tone_stays_silent() -> None:
    async def story(street: Street) -> None:
        sun = street.subscriber("62002000", "Sun", LineSettings(fault="no_dial_tone"))
        with pytest.raises(Unmet, match=r"Sun expected to hear the tone dial within 4 s, but noticed nothing"):
            await sun.call("62002000", within=4)

    on_street("scripted", story)


def test_at_glare_the_incoming_call_wins() -> None:
    """F10: our port goes off-hook in the moment in which a call is brought to its line: it has answered that call."""

    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        wang = street.subscriber("62002000", "Wang")
        trunk.port.listen(Ear.PROGRESS)
        await wang.call("62001000")
        while street.exchange.lines[0].state is LineState.IDLE:
            await asyncio.sleep(0.001)
        trunk.channel.off_hook()
        await asyncio.sleep(0.1)
        assert trunk.events == [RingBegan(), RingEnded()]
        assert street.exchange.lines[0].state is LineState.TALKING
        trunk.port.play([HELLO])
        await wang.hear_sound(HELLO, 2)
        assert ToneHeard("dial") not in trunk.heard

    on_street("scripted", story)


def test_a_seized_line_is_busy_for_callers() -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        wang = street.subscriber("62002000", "Wang")
        trunk.channel.off_hook()
        await wang.call("62001000")
        await wang.hear_tone("busy", 4)
        assert trunk.events == []

    on_street("scripted", story)


def test_a_caller_who_gives_up_stops_the_bell_and_nobody_rings_for_ever() -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        wang = street.subscriber("62002000", "Wang")
        await wang.call("62001000")
        await asyncio.sleep(7)
        wang.hang_up()
        await asyncio.sleep(1)
        rings = trunk.events.count(RingBegan())
        await asyncio.sleep(20)
        assert trunk.events.count(RingBegan()) == rings == 2
        await wang.call("62001000")
        await wang.hear_tone("busy", 70)
        await asyncio.sleep(20)
        assert trunk.events.count(RingBegan()) - rings == 12
        assert street.exchange.lines[0].state is LineState.IDLE

    on_street("scripted", story)


@pytest.mark.parametrize("answers", [False, True])
def test_a_line_is_not_rung_any_more_when_the_call_is_over_before_the_first_ring(answers: bool) -> None:
    """Either the caller gives up while DTMF caller ID is being sent, or our port goes off-hook under it."""

    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1, LineSettings(caller_id="dtmf_before_ring"))
        trunk.port.listen(Ear.DTMF)
        wang = street.subscriber("62002000", "Wang")
        await wang.call("62001000")
        while not trunk.heard:
            await asyncio.sleep(0.1)
        if answers:
            trunk.channel.off_hook()
        else:
            wang.hang_up()
        await asyncio.sleep(10)
        assert trunk.events == []
        assert street.exchange.lines[0].state is (LineState.TALKING if answers else LineState.IDLE)

    on_street("scripted", story)


def test_a_line_taken_out_of_service_ends_its_call() -> None:
    async def story(street: Street) -> None:
        [trunk] = street.trunks("62001000", 1)
        wang, li = street.subscriber("62002000", "Wang"), street.subscriber("62002001", "Li")
        await wang.call("62001000")
        await asyncio.sleep(2)
        trunk.channel.off_hook()
        await asyncio.sleep(1)
        street.exchange.remove(street.exchange.lines[0])
        await wang.hear_tone("busy", 3)
        await li.call("62001000")
        await li.hear_tone("congestion", 9)
        await asyncio.sleep(2)
        assert [type(event) for event in trunk.events][-2:] == [LoopBroken, AlarmRaised]

    on_street("scripted", story)


def test_double_rings_are_counted_as_one_and_caller_id_waits_for_the_pause() -> None:
    """In the United Kingdom a telephone rings 0.4 s on, 0.2 off, 0.4 on, 2 off."""

    async def story(street: Street) -> None:
        wang = street.subscriber("62002000", "Wang")
        li = street.subscriber("62002001", "Li")
        await wang.call("62002001")
        assert (await li.ring(1, 5)).number == ""
        began = street.loop.time()
        assert (await li.ring(2, 5)).number == "62002000"
        assert street.loop.time() - began == pytest.approx(3.0)

    on_street("scripted", story, zone="gb")


def test_a_number_that_begins_another_waits_for_more_digits() -> None:
    async def story(street: Street) -> None:
        short, long = street.subscriber("110", "short"), street.subscriber("1102", "long")
        wang = street.subscriber("62002000", "Wang")
        await wang.call("110")
        began = street.loop.time()
        await short.ring(1, 10)
        assert street.loop.time() - began > 3.5  # it waited for another digit
        wang.hang_up()
        await asyncio.sleep(1)
        await wang.call("1102")
        await long.ring(1, 2)
        wang.hang_up()
        await asyncio.sleep(1)
        street.exchange.remove(street.exchange.lines[1])
        await wang.call("110")
        await short.ring(1, 2)  # nothing longer any more: at once

    on_street("scripted", story)


def test_a_register_that_gets_no_digit_is_taken_away() -> None:
    async def story(street: Street) -> None:
        wang = street.subscriber("62002000", "Wang")
        wang.lift()
        await wang.hear_tone("dial", 3)
        await wang.hear_tone("busy", 25)
        await wang.press("62002000")
        assert street.exchange.lines[0].state is LineState.CLEARED

    on_street("scripted", story)


def test_settings_name_the_known_words() -> None:
    with pytest.raises(ValueError, match="known are fsk, dtmf_before_ring, dtmf_after_ring, none"):
        LineSettings(caller_id="fax")
    with pytest.raises(ValueError, match="known are no_battery, no_dial_tone"):
        LineSettings(fault="gone")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_afternoon() -> None:
    """40 calls at random moments over 4 lines: every event at the same time in every run, and nothing left in use."""

    def afternoon(seed: int) -> list[tuple[float, str]]:
        log: list[tuple[float, str]] = []

        async def story(street: Street) -> None:
            trunks = street.trunks("62001000", 4)
            for trunk in trunks:
                trunk.port.listen(Ear.FSK | Ear.PROGRESS | Ear.DTMF)
            plan = random.Random(seed)
            callers = [street.subscriber(f"6200{n:04d}", f"caller {n}") for n in range(40)]

            async def call(person: Person, at: float, stays: float) -> None:
                await asyncio.sleep(at)
                await person.call("62001000")
                await asyncio.sleep(stays)
                person.hang_up()

            await asyncio.gather(*(call(caller, plan.uniform(0, 600), plan.uniform(2, 40)) for caller in callers))
            await asyncio.sleep(2)
            assert all(line.state is LineState.IDLE for line in street.exchange.lines)
            log.extend((at, f"{trunk.channel.number} {what}") for trunk in trunks for at, what in trunk.log)

        on_street("scripted", story, seed)
        return log

    first = afternoon(3)
    assert len(first) > 200
    assert afternoon(3) == first
    assert afternoon(4) != first
