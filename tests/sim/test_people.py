"""Simulated people: what they do arrives as they do it, and what they miss is said in a clear sentence."""

import asyncio

import pytest
from street_rig import ANSWER, HELLO, MEDIA, ZONE, Street, on_street

from ccappliance.drivers.api import Flashed, HookChanged, Pulsed
from ccappliance.media.ports import DigitHeard, Ear
from ccappliance.signalling.callerid import encode_mdmf
from ccappliance.sim.exchange_line import LineSettings
from ccappliance.sim.people import Unmet

media = pytest.mark.parametrize("media", MEDIA)


@media
def test_a_telephone_on_our_port_presses_dials_flashes_and_hangs_up(media: str) -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        station.port.listen(Ear.DTMF)
        li.lift()
        await li.press("159#", on=0.08, off=0.08)
        await li.pulse("120")
        await asyncio.sleep(0.3)
        await li.flash()
        await asyncio.sleep(0.3)
        assert "".join(heard.digit for heard in station.heard if isinstance(heard, DigitHeard)) == "159#"
        assert station.events == [HookChanged(True), Pulsed("1"), Pulsed("2"), Pulsed("0"), Flashed()]
        li.hang_up()
        await asyncio.sleep(1.3)
        assert station.events[-1] == HookChanged(False)

    on_street(media, story)


@media
def test_the_display_shows_what_our_port_sends_between_two_rings(media: str) -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        assert not li.ringing
        station.channel.ring(ZONE.ring)
        await asyncio.sleep(1.6)
        station.port.fsk(encode_mdmf("13800138000", "王", None))
        shown = await li.ring(2, 10)
        assert (shown.number, shown.name) == ("13800138000", "王")
        assert li.ringing
        li.lift()
        assert not li.ringing
        await asyncio.sleep(0.1)
        assert not station.channel.status().ringing
        station.port.tone(ZONE.tone("ringback"))
        await li.hear_tone("ringback", 3)
        station.port.play([HELLO])
        await li.hear_sound(HELLO, 3)

    on_street(media, story)


def test_the_bell_has_stopped_when_it_pauses_longer_than_the_cadence_does() -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        station.channel.ring(ZONE.ring)
        await li.ring(1, 1)
        await asyncio.sleep(3)
        station.channel.ring(None)
        assert li.ringing
        await li.bell_stops(5)
        assert li.phone.display.absence == "none"

    on_street("scripted", story)


@pytest.mark.parametrize("method", ["dtmf_before_ring", "dtmf_after_ring", "fsk"])
@media
def test_a_subscriber_sees_who_calls_by_every_method(media: str, method: str) -> None:
    async def story(street: Street) -> None:
        wang = street.subscriber("62002000", "Wang")
        li = street.subscriber("62002001", "Li", LineSettings(caller_id=method))
        await wang.call("62002001")
        assert (await li.ring(2, 15)).number == "62002000"
        li.lift()
        assert li.phone.display.number == "62002000"
        listening = asyncio.ensure_future(li.hear_sound(HELLO, 3))
        await wang.say(HELLO)
        await listening
        li.hang_up()
        await wang.hear_tone("busy", 3)
        assert li.phone.display.number == ""

    on_street(media, story)


def test_what_was_missed_is_told_in_a_sentence_with_what_came_instead() -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        li.lift()
        station.port.tone(ZONE.tone("busy"))
        with pytest.raises(Unmet) as missed:
            await li.hear_tone("dial", 3)
        assert str(missed.value) == ("Li expected to hear the tone dial within 3 s, "
                                     "but noticed the tone busy after 1.1 s")
        assert (missed.value.person, missed.value.what) == ("Li", "to hear the tone dial within 3 s")
        station.port.silence()
        await asyncio.sleep(2)
        with pytest.raises(Unmet, match=r"but noticed nothing \(off-hook; the last thing was the end of the tone busy, "
                                        r"\d\.\d s before\)"):
            await li.hear_sound(ANSWER, 2)
        li.hang_up()
        with pytest.raises(Unmet, match="Li expected the bell to ring 2 times within 5 s"):
            await li.ring(2, 5)
        with pytest.raises(Unmet, match="Li expected to press 1, but the telephone is on-hook"):
            await li.press("1")

    on_street("scripted", story)


@media
def test_silence_is_heard_as_well(media: str) -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        li.lift()
        await li.hear_silence(2)
        station.port.tone(ZONE.tone("dial"))
        await li.hear_tone("dial", 3)
        with pytest.raises(Unmet, match=r"silence for 2 s, but noticed the tone dial after 1\.\d s"):
            await li.hear_silence(2)
        station.port.play([HELLO])
        with pytest.raises(Unmet, match="somebody or something that is no tone"):
            await li.hear_silence(1)

    on_street(media, story)


def test_hanging_up_cuts_speech_and_dialling_short() -> None:
    async def story(street: Street) -> None:
        station, li = street.station("Li")
        station.port.listen(Ear.DTMF)
        li.lift()
        speech = asyncio.ensure_future(li.say(HELLO))
        await asyncio.sleep(0.5)
        li.hang_up()
        played = await speech
        assert not played.completed
        assert played.seconds == pytest.approx(0.5, abs=0.03)
        await asyncio.sleep(2)
        li.lift()
        keys = asyncio.ensure_future(li.press("123456"))
        await asyncio.sleep(0.5)
        li.hang_up()
        await keys
        await asyncio.sleep(3)
        assert [heard.digit for heard in station.heard] == ["1", "2", "3"]
        assert station.events[-1] == HookChanged(False)

    on_street("scripted", story)


def test_an_unplugged_telephone_leaves_its_wire_to_another() -> None:
    async def story(street: Street) -> None:
        line = street.exchange.add("62002000")
        for name in ("Wang", "Li"):
            person = type(street.subscriber("62002009", "Zhao"))(street.loop, street.theirs, ZONE, name, line.line)
            person.lift()
            await person.hear_tone("dial", 3)
            person.close()
            await asyncio.sleep(1)
            assert not line.line.current
            street.exchange.remove(street.exchange.lines[-1])

    on_street("scripted", story)
