"""Machines that simulated people play, heard by a line of ours that has dialled them: what a dialer will decide on."""

import asyncio
from dataclasses import replace

import pytest
from street_rig import MEDIA, Street, noise, on_street

from ccappliance.media.ports import BeepHeard, Ear, GreetingEnded, Heard, Sound, ToneHeard, Verdict
from ccappliance.sim.machines import MACHINE_SOUNDS, machine_sound
from ccappliance.sim.people import Person, Unmet

media = pytest.mark.parametrize("media", MEDIA)
# a machine takes its second, and then says more than anybody does who answers
GREETING = Sound("greeting", bytes(16000) + noise("first", 3.0, 3).pcm + bytes(4800) + noise("second", 4.0, 4).pcm,
                 "machine")
NUMBER = "62002000"


async def dialled(street: Street, number: str, ears: Ear, answerer: Person | None) -> list[Heard]:
    """Dial on a line of ours and open `ears` at the answer (without an answerer: when the exchange begins to speak)."""
    [trunk] = street.trunks("62001000", 1)
    trunk.channel.off_hook()
    await asyncio.sleep(1)
    await trunk.port.digits(number).wait()
    if answerer is not None:
        await answerer.ring(2)
        answerer.lift()
    else:
        await asyncio.sleep(0.2)
    trunk.port.listen(ears)
    return trunk.heard


@media
def test_an_answering_machine_is_known_and_its_greeting_s_end_is_told(media: str) -> None:
    async def story(street: Street) -> None:
        machine = street.subscriber(NUMBER, "machine")
        heard = await dialled(street, NUMBER, Ear.VERDICT, machine)
        await machine.say(GREETING)
        await asyncio.sleep(0.3)
        await machine.send(machine_sound("beep", street.zone))
        await asyncio.sleep(0.5)
        verdict, beep, end = heard
        assert isinstance(verdict, Verdict)
        assert verdict.kind in ("machine", "carrier")  # noise has no voice to tell these two by
        assert beep == BeepHeard(pytest.approx(800, abs=5), pytest.approx(0.6, abs=0.06))
        assert end == GreetingEnded()

    on_street(media, story)


@media
def test_a_person_who_answers_is_known(media: str) -> None:
    async def story(street: Street) -> None:
        person = street.subscriber(NUMBER, "person")
        heard = await dialled(street, NUMBER, Ear.VERDICT, person)
        await person.say(noise("hello", 0.6, 4))
        await asyncio.sleep(10)
        assert [type(one) for one in heard] == [Verdict]
        assert [one.kind for one in heard if isinstance(one, Verdict)] == ["human"]

    on_street(media, story)


@media
@pytest.mark.parametrize("name", ["ced", "modem", "cng"])
def test_a_fax_is_known_by_what_it_sends(media: str, name: str) -> None:
    async def story(street: Street) -> None:
        fax = street.subscriber(NUMBER, "fax")
        heard = await dialled(street, NUMBER, Ear.VERDICT | Ear.FAX, fax)
        await fax.send(machine_sound(name, street.zone), repeat=name == "cng")
        await asyncio.sleep(4.5)
        assert [one.kind for one in heard if isinstance(one, Verdict)] == ["fax"]
        assert heard.count(ToneHeard(name)) == (2 if name == "cng" else 1)

    on_street(media, story)


@media
def test_an_announcement_of_the_network_is_known_by_its_tone_and_comes_without_an_answer(media: str) -> None:
    async def story(street: Street) -> None:
        words = replace(noise("no such number", 3.0, 5), says="carrier")
        street.exchange.announce("5550000", [machine_sound("sit", street.zone), words, words])
        heard = await dialled(street, "5550000", Ear.VERDICT | Ear.SIT, None)
        await asyncio.sleep(12)
        assert ToneHeard("sit") in heard
        assert [one.kind for one in heard if isinstance(one, Verdict)] == ["carrier"]

    on_street(media, story)


def test_who_is_on_hook_sends_nothing() -> None:
    async def story(street: Street) -> None:
        fax = street.subscriber(NUMBER, "fax")
        with pytest.raises(Unmet, match="expected to send ced"):
            await fax.send(machine_sound("ced", street.zone))

    on_street("scripted", story)


def test_every_machine_s_sound_is_one() -> None:
    async def story(street: Street) -> None:
        for name in MACHINE_SOUNDS:
            made = machine_sound(name, street.zone)
            assert isinstance(made, Sound)
            assert any(made.pcm), name

    on_street("scripted", story)
