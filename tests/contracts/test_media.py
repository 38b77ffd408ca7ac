"""The contract of sound (media/ports.py), kept by both implementations: real samples and a script.

Every story runs in virtual time with two sides, as the appliance and the street are. SLACK is how far a duration may be
from its nominal value, and so twice that between the implementations: five ticks.
"""

import array
import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BRIDGE_PORTS
from ccappliance.base.units import RATE, TICK
from ccappliance.media.engine import EngineMedia
from ccappliance.media.generation import SIGNALS, parse_part, render
from ccappliance.media.metronome import VirtualMetronome
from ccappliance.media.mf import MF_EARS, mf_tone
from ccappliance.media.ports import (
    BeepHeard,
    BothBegan,
    BothEnded,
    DigitHeard,
    Ear,
    FskHeard,
    GreetingEnded,
    Heard,
    Levels,
    Media,
    MediaPort,
    MfEnded,
    MfHeard,
    Played,
    Playing,
    SilenceHeard,
    Sound,
    SoundHeard,
    TalkBegan,
    TalkEnded,
    Tone,
    ToneEnded,
    ToneHeard,
    ToneStep,
    Treatment,
    Verdict,
    VoiceHeard,
)
from ccappliance.media.scripted import ScriptedMedia
from ccappliance.media.tones import Recognised, load_zones, parse_tone
from ccappliance.sim.loop import run_virtual

SLACK = 5 * TICK
ZONE = load_zones()["cn"]
KINDS = ("engine", "scripted")


class Sides:
    """Two sides of one kind, and what each port heard with the time."""

    def __init__(self, kind: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.here: Media
        self.there: Media
        if kind == "engine":
            here, there = EngineMedia(self.loop, ZONE), EngineMedia(self.loop, ZONE, name="street")
            VirtualMetronome(self.loop, [here, there]).start()
            self.here, self.there = here, there
        else:
            self.here = ScriptedMedia(self.loop, ZONE, keep_audio=True)
            self.there = ScriptedMedia(self.loop, ZONE, keep_audio=True)
        self.heard: dict[MediaPort, list[Heard]] = {}

    def line(self, name: str) -> tuple[MediaPort, MediaPort]:
        """Our port and the street's, joined by a wire."""
        ours, theirs = self.here.wire()
        return self.attend(self.here.port(name, ours)), self.attend(self.there.port(f"{name}'s far end", theirs))

    def attend(self, port: MediaPort) -> MediaPort:
        self.heard[port] = []
        port.on_heard = self.heard[port].append
        return port

    def digits(self, port: MediaPort) -> str:
        return "".join(heard.digit for heard in self.heard[port] if isinstance(heard, DigitHeard))


Story = Callable[[Sides], Coroutine[Any, Any, None]]


def story(tell: Story) -> Callable[[str], None]:
    """A test of both kinds, in virtual time."""

    @pytest.mark.parametrize("kind", KINDS)
    def test(kind: str) -> None:
        async def main() -> None:
            sides = Sides(kind)
            await tell(sides)
            sides.here.close()
            sides.there.close()

        run_virtual(main())

    test.__name__, test.__doc__ = tell.__name__, tell.__doc__
    return test


def speech(name: str, seconds: float) -> Sound:
    """Something that is no tone: noise through a simple low-pass, in syllables, its own for each name."""
    chance = random.Random(name)
    level, pcm = 0.0, array.array("h")
    for i in range(round(seconds * RATE)):
        level = 0.6 * level + chance.gauss(0, 2500.0)
        pcm.append(round(max(-32768.0, min(32767.0, level * (1.0 if i % 2000 < 1700 else 0.2)))))
    return Sound(name, pcm.tobytes())


async def timed(loop: asyncio.AbstractEventLoop, what: Awaitable[Played]) -> tuple[Played, float]:
    began = loop.time()
    played = await what
    return played, loop.time() - began


def near(seconds: float) -> Any:
    return pytest.approx(seconds, abs=SLACK)


SHORT, LONG = speech("short", 0.31), speech("long", 1.0)
# a machine takes its second, and then says more than anybody does who answers
GREETING = Sound("greeting", bytes(2 * RATE) + speech("you have reached", 3.0).pcm + bytes(2 * (RATE * 3 // 10))
                 + speech("nobody is here", 4.0).pcm, "machine")
BEEP = Tone("beep", (ToneStep((1000.0,), 0.2),), rounds=1)


# ---- the mouth ----


@story
async def test_sounds_are_played_one_after_the_other_and_complete(sides: Sides) -> None:
    port, _ = sides.line("a")
    playing = port.play([SHORT, LONG, SHORT])
    assert playing.ended is None
    played, took = await timed(sides.loop, playing.wait())
    assert played == Played(True, pytest.approx(1.62))
    assert took == near(1.62)
    assert playing.ended == played


@story
async def test_everybody_who_asked_is_told_the_end_once_also_afterwards(sides: Sides) -> None:
    port, _ = sides.line("a")
    told: list[Played] = []
    playing = port.play([SHORT])
    playing.on_end(told.append)
    playing.on_end(told.append)
    assert await asyncio.gather(playing.wait(), playing.wait()) == [Played(True, pytest.approx(0.31))] * 2
    playing.stop()
    await asyncio.sleep(1)
    assert len(told) == 2
    playing.on_end(told.append)
    assert len(told) == 2  # in the loop, not in the call
    await asyncio.sleep(0.1)
    assert told == [playing.ended] * 3


@story
async def test_a_waiter_may_be_cancelled(sides: Sides) -> None:
    port, _ = sides.line("a")
    playing = port.play([LONG])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(playing.wait(), 0.2)
    assert playing.ended is None
    assert (await playing.wait()).completed


@story
async def test_nothing_to_play_is_complete_even_when_repeated(sides: Sides) -> None:
    port, _ = sides.line("a")
    nothing: list[list[Sound]] = [[], [Sound("empty", b"")]]
    for sounds in nothing:
        for repeat in (False, True):
            assert await port.play(sounds, repeat=repeat).wait() == Played(True, 0.0)
    assert await port.digits("").wait() == Played(True, 0.0)
    played, took = await timed(sides.loop, port.play([Sound("empty", b""), SHORT]).wait())
    assert (played.completed, took) == (True, near(0.31))


@story
async def test_stop_ends_at_once_and_is_harmless_the_second_time(sides: Sides) -> None:
    port, _ = sides.line("a")
    playing = port.play([LONG])
    await asyncio.sleep(0.5)
    playing.stop()
    playing.stop()
    played, took = await timed(sides.loop, playing.wait())
    assert took == near(0)
    assert not played.completed
    assert played.seconds == near(0.5)
    playing.stop()
    port.silence()
    assert playing.ended == played


@story
async def test_silence_stops_whatever_plays(sides: Sides) -> None:
    port, _ = sides.line("a")
    port.silence()
    for playing in (port.play([LONG], repeat=True), port.tone(ZONE.tones["dial"]), port.digits("123456789")):
        await asyncio.sleep(0.2)
        port.silence()
        assert not (await playing.wait()).completed


@story
async def test_a_new_play_replaces_the_old(sides: Sides) -> None:
    port, _ = sides.line("a")
    old = port.play([LONG])
    await asyncio.sleep(0.2)
    new = port.tone(BEEP)
    old.stop()  # must not touch the new one
    assert not (await old.wait()).completed
    assert (await old.wait()).seconds == near(0.2)
    assert await new.wait() == Played(True, pytest.approx(0.2))


@story
async def test_repeat_goes_on_until_stopped(sides: Sides) -> None:
    port, _ = sides.line("a")
    playing = port.play([SHORT], repeat=True)
    await asyncio.sleep(5)
    assert playing.ended is None
    playing.stop()
    assert await playing.wait() == Played(False, near(5))


@story
async def test_sounds_are_played_from_where_they_were_interrupted(sides: Sides) -> None:
    port, far = sides.line("a")
    played, took = await timed(sides.loop, port.play([SHORT, LONG], begin=0.9).wait())
    assert played == Played(True, pytest.approx(0.41))
    assert took == near(0.41)
    assert (await port.play([SHORT], begin=9.0).wait()) == Played(True, 0.0)  # past the end: nothing is left
    far.listen_for(LONG)
    going = port.play([SHORT, LONG], repeat=True, begin=3 * 1.31 + 0.6)  # 0.71 s are left of the fourth round
    await asyncio.sleep(0.9)
    assert not sides.heard[far], "the rest of a sound is not taken for the sound"
    await asyncio.sleep(1.2)
    assert sides.heard[far] == [SoundHeard("long")]
    going.stop()
    assert await going.wait() == Played(False, near(2.1))


@story
async def test_a_tone_is_played_its_rounds(sides: Sides) -> None:
    port, _ = sides.line("a")
    tone = Tone("pips", (ToneStep((440.0, 480.0), 0.3), ToneStep((), 0.2)), rounds=3)
    played, took = await timed(sides.loop, port.tone(tone).wait())
    assert played == Played(True, pytest.approx(1.5))
    assert took == near(1.5)


# ---- the ears ----


@story
async def test_tones_of_the_zone_are_heard_once_and_end(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.PROGRESS)
    for name in ("dial", "busy", "ringback", "congestion"):
        sides.heard[port].clear()
        far.tone(ZONE.tones[name])
        await asyncio.sleep(12)
        assert sides.heard[port] == [ToneHeard(name)], name
        far.silence()
        await asyncio.sleep(8)
        assert sides.heard[port] == [ToneHeard(name), ToneEnded(name)], name


@story
async def test_voice_is_heard_once_until_two_seconds_of_silence(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.PROGRESS)
    await far.play([LONG, LONG]).wait()
    await asyncio.sleep(0.5)
    await far.play([LONG]).wait()
    assert sides.heard[port] == [VoiceHeard()]
    await asyncio.sleep(3)
    await far.play([LONG]).wait()
    await asyncio.sleep(0.1)
    assert sides.heard[port] == [VoiceHeard()] * 2


@story
async def test_digits_are_heard_in_order(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.DTMF)
    digits = "0123456789*#ABCD" * 3
    played, took = await timed(sides.loop, far.digits(digits).wait())
    await asyncio.sleep(0.1)
    assert sides.digits(port) == digits
    assert (played.completed, took) == (True, near(48 * 0.2 - 0.1))


@story
async def test_digits_take_the_time_asked_and_a_comma_one_second(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.DTMF)
    playing = far.digits("1,2", on=0.06, off=0.06)
    await asyncio.sleep(0.9)
    assert sides.digits(port) == "1"
    assert (await playing.wait()).seconds == near(1.15)
    await asyncio.sleep(0.1)
    assert sides.digits(port) == "12"


@story
async def test_what_is_no_digit_is_an_error(sides: Sides) -> None:
    port, _ = sides.line("a")
    with pytest.raises(ValueError, match="no DTMF digit"):
        port.digits("12x")


@story
async def test_digits_are_heard_under_a_prompt_of_ours(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.DTMF)
    playing = port.play([LONG], repeat=True)
    await far.digits("59").wait()
    await asyncio.sleep(0.1)
    assert sides.digits(port) == "59"
    assert playing.ended is None


@story
async def test_caller_id_data_arrives_byte_for_byte(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.FSK)
    message = bytes([0x80, 12, 1, 8]) + b"11220830" + bytes([2, 0])
    message += bytes([-sum(message) & 0xFF])
    assert (await far.fsk(message).wait()).completed
    await asyncio.sleep(0.2)
    assert sides.heard[port] == [FskHeard(message)]


@story
async def test_only_ears_that_are_on_hear(sides: Sides) -> None:
    port, far = sides.line("a")
    await far.digits("1").wait()
    port.listen(Ear.PROGRESS)
    await far.digits("2").wait()
    port.listen(Ear.DTMF | Ear.PROGRESS)
    await asyncio.sleep(0.1)
    await far.digits("3").wait()
    await asyncio.sleep(0.1)
    port.listen(Ear.NONE)
    await far.digits("4").wait()
    await asyncio.sleep(0.1)
    assert sides.digits(port) == "3"


@story
async def test_nobody_need_listen(sides: Sides) -> None:
    port, far = sides.line("a")
    port.on_heard = None
    port.listen(Ear.DTMF)
    await far.digits("1").wait()
    await asyncio.sleep(0.1)
    port.on_heard = sides.heard[port].append
    await far.digits("2").wait()
    await asyncio.sleep(0.1)
    assert sides.digits(port) == "2"


# ---- the ears for machines and people ----


def signal(name: str, rounds: int = 1) -> Tone:
    return Tone(name, parse_tone(name, SIGNALS[name]).steps, rounds)


async def heard_of(sides: Sides, ears: Ear, playing: Callable[[MediaPort], Playing], seconds: float) -> list[Heard]:
    """All that `ears` of a fresh line tell of what is played from its far end."""
    port, far = sides.line("fresh")
    port.listen(ears)
    await asyncio.sleep(0.1)
    playing(far)
    await asyncio.sleep(seconds)
    return sides.heard[port]


@story
async def test_a_special_information_tone_is_told_once_each_time_it_comes(sides: Sides) -> None:
    heard = await heard_of(sides, Ear.SIT, lambda far: far.tone(signal("sit")), 0.85)
    assert heard == []
    await asyncio.sleep(0.3)
    assert heard == [ToneHeard("sit")]
    assert await heard_of(sides, Ear.SIT, lambda far: far.tone(signal("sit", 3)), 7.0) == [ToneHeard("sit")] * 3
    assert await heard_of(sides, Ear.FAX, lambda far: far.tone(signal("sit")), 3.0) == []


@story
async def test_a_calling_fax_is_told_each_time_it_calls(sides: Sides) -> None:
    assert await heard_of(sides, Ear.FAX, lambda far: far.tone(signal("cng", 0)), 8.0) == [ToneHeard("cng")] * 3
    assert await heard_of(sides, Ear.SIT, lambda far: far.tone(signal("cng", 0)), 4.0) == []


@story
async def test_an_answering_fax_and_a_modem_are_told_apart_and_end(sides: Sides) -> None:
    modem = Sound("modem", render([parse_part("tone:ced_reversals")], ZONE))
    assert await heard_of(sides, Ear.FAX, lambda far: far.tone(signal("ced")), 4.0) == [ToneHeard("ced"),
                                                                                        ToneEnded("ced")]
    assert await heard_of(sides, Ear.FAX, lambda far: far.play([modem]), 4.0) == [ToneHeard("modem"),
                                                                                 ToneEnded("modem")]


@story
async def test_an_ear_switched_off_does_not_tell_the_end(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.FAX)
    far.tone(signal("ced"))
    await asyncio.sleep(1)
    port.listen(Ear.SIT)
    await asyncio.sleep(4)
    assert sides.heard[port] == [ToneHeard("ced")]


@story
async def test_multi_frequency_signals_are_told_with_their_end_in_time_for_a_compelled_cycle(sides: Sides) -> None:
    port, far = sides.line("a")
    for plan in MF_EARS:
        port.listen(plan)
        for number in (1, 10, 15):
            sides.heard[port].clear()
            far.tone(mf_tone(plan, number))
            await asyncio.sleep(0.08)
            assert sides.heard[port] == [MfHeard(number)]
            await asyncio.sleep(0.1)
            far.silence()
            await asyncio.sleep(0.08)
            assert sides.heard[port] == [MfHeard(number), MfEnded()]
        if plan is Ear.MF_R1:  # its band is that of both others
            continue
        far.tone(mf_tone(Ear.MF_BACKWARD if plan is Ear.MF_FORWARD else Ear.MF_FORWARD, 3))
        await asyncio.sleep(0.2)
        far.silence()
        await asyncio.sleep(0.1)
        assert sides.heard[port] == [MfHeard(15), MfEnded()]
        port.listen(Ear.NONE)


@story
async def test_one_multi_frequency_signal_after_the_other_ends_and_begins(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.MF_R1)
    for number in (13, 2, 15):
        await far.tone(mf_tone(Ear.MF_R1, number, 0.068)).wait()
        await asyncio.sleep(0.068)
    await asyncio.sleep(0.1)
    assert sides.heard[port] == [MfHeard(13), MfEnded(), MfHeard(2), MfEnded(), MfHeard(15), MfEnded()]


@story
async def test_an_ear_opened_while_a_multi_frequency_signal_sounds_hears_it(sides: Sides) -> None:
    port, far = sides.line("a")
    far.tone(mf_tone(Ear.MF_FORWARD, 7))
    await asyncio.sleep(0.3)
    port.listen(Ear.MF_FORWARD)
    await asyncio.sleep(0.1)
    assert sides.heard[port] == [MfHeard(7)]


@story
async def test_who_talks_is_told_when_he_begins_and_ends_and_then_silence(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.VOICE)
    await asyncio.sleep(1)
    await far.play([SHORT, LONG]).wait()
    assert sides.heard[port] == [TalkBegan()]
    await asyncio.sleep(0.4)
    assert sides.heard[port] == [TalkBegan(), TalkEnded()]
    await asyncio.sleep(1.4)
    assert sides.heard[port] == [TalkBegan(), TalkEnded()]
    await asyncio.sleep(3)
    assert sides.heard[port] == [TalkBegan(), TalkEnded(), SilenceHeard()]


@story
async def test_silence_is_told_once_also_if_nobody_ever_talked(sides: Sides) -> None:
    port, _ = sides.line("a")
    port.listen(Ear.VOICE)
    await asyncio.sleep(6)
    assert sides.heard[port] == [SilenceHeard()]


@story
async def test_both_talking_is_told_when_it_begins_and_ends(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.BOTH)
    port.play([LONG] * 4)
    await asyncio.sleep(1)
    await far.play([LONG, LONG]).wait()
    assert sides.heard[port] == [BothBegan()]
    await asyncio.sleep(1.5)
    assert sides.heard[port] == [BothBegan(), BothEnded()]


@story
async def test_a_person_who_answers_shortly_is_human(sides: Sides) -> None:
    heard = await heard_of(sides, Ear.VERDICT, lambda far: far.play([speech("hello", 0.6)]), 10.0)
    assert [(one.kind, one.confidence >= 0.5) for one in heard if isinstance(one, Verdict)] == [("human", True)]
    assert len(heard) == 1, heard


@story
async def test_silence_is_taken_for_a_person_without_confidence(sides: Sides) -> None:
    port, _ = sides.line("a")
    port.listen(Ear.VERDICT)
    await asyncio.sleep(10)
    assert [(one.kind, one.after) for one in sides.heard[port] if isinstance(one, Verdict)] == [("human", near(8.0))]


@story
async def test_a_greeting_its_beep_and_its_end(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.VERDICT)
    await far.play([GREETING]).wait()
    (verdict,) = sides.heard[port]
    assert isinstance(verdict, Verdict)
    assert verdict.kind in ("machine", "carrier")  # noise in syllables has no voice by which to tell these two apart
    await asyncio.sleep(0.3)
    await far.tone(Tone("beep", (ToneStep((1000.0,), 0.4),), 1)).wait()
    await asyncio.sleep(0.3)
    assert sides.heard[port] == [verdict, BeepHeard(1000, pytest.approx(0.4, abs=0.05)), GreetingEnded()]


@story
async def test_a_greeting_without_a_beep_ends_with_two_seconds_of_silence(sides: Sides) -> None:
    port, far = sides.line("a")
    port.listen(Ear.VERDICT)
    await far.play([GREETING]).wait()
    await asyncio.sleep(1.7)
    assert len(sides.heard[port]) == 1
    await asyncio.sleep(0.6)
    assert sides.heard[port][1:] == [GreetingEnded()]


@story
async def test_a_fax_that_answers_and_an_announcement_are_known_by_their_tones(sides: Sides) -> None:
    for name, kind, after in (("ced", "fax", 0.74), ("cng", "fax", 0.66), ("sit", "carrier", 1.15)):
        heard = await heard_of(sides, Ear.VERDICT, lambda far, name=name: far.tone(signal(name)), 1.6)  # type: ignore[misc]
        assert [(one.kind, one.after) for one in heard if isinstance(one, Verdict)] == [(kind, near(after))], name


@story
async def test_a_line_of_another_exchange_hears_its_tones(sides: Sides) -> None:
    learned = ZONE.learned([Recognised("busy", (480.0, 620.0), 500, 500)])
    ours, theirs = sides.here.wire()
    port = sides.attend(sides.here.port("learned", ours, Treatment(tones=learned)))
    far = sides.there.port("exchange", theirs)
    plain, plain_far = sides.line("plain")
    for one in (port, plain):
        one.listen(Ear.PROGRESS)
    strange = Tone("busy", (ToneStep((480.0, 620.0), 0.5), ToneStep((), 0.5)))
    for mouth in (far, plain_far):
        mouth.tone(strange)
    await asyncio.sleep(5)
    assert ToneHeard("busy") in sides.heard[port]
    assert ToneHeard("busy") not in sides.heard[plain]
    far.silence()
    await asyncio.sleep(5)
    sides.heard[port].clear()
    far.tone(ZONE.tones["busy"])  # the country's is not this exchange's
    await asyncio.sleep(5)
    assert ToneHeard("busy") not in sides.heard[port]


@story
async def test_levels_can_be_read_at_any_time(sides: Sides) -> None:
    port, far = sides.line("a")
    assert port.levels() == Levels(-99.0, -99.0)
    far.tone(Tone("reference", (ToneStep((1000.0,), float("inf")),)))
    await asyncio.sleep(3)
    assert port.levels() == Levels(pytest.approx(-10.0, abs=0.2), -99.0)
    assert far.levels() == Levels(-99.0, pytest.approx(-10.0, abs=0.2))
    far.silence()
    await asyncio.sleep(20)
    assert port.levels() == far.levels() == Levels(-99.0, -99.0)
    port.close()
    assert port.levels() == Levels(-99.0, -99.0)


# ---- listening for a sound ----


@story
async def test_a_sound_listened_for_is_heard_once(sides: Sides) -> None:
    port, far = sides.line("a")
    far.listen_for(LONG)
    await port.play([SHORT]).wait()
    await asyncio.sleep(0.5)
    assert sides.heard[far] == []
    await port.play([SHORT, LONG, LONG]).wait()
    await asyncio.sleep(0.5)
    assert sides.heard[far] == [SoundHeard("long")]


@story
async def test_who_gave_up_hears_nothing(sides: Sides) -> None:
    port, far = sides.line("a")
    far.listen_for(LONG)
    far.listen_for(None)
    far.listen_for(None)
    await port.play([LONG]).wait()
    far.listen_for(LONG)
    far.listen_for(SHORT)  # replaces
    await port.play([LONG]).wait()
    await asyncio.sleep(0.2)
    assert sides.heard[far] == []


@story
async def test_a_sound_is_heard_through_a_bridge(sides: Sides) -> None:
    a, far_a = sides.line("a")
    b, far_b = sides.line("b")
    bridge = sides.here.bridge("call")
    bridge.join(a)
    bridge.join(b)
    far_b.listen_for(LONG)
    await far_a.play([LONG]).wait()
    await asyncio.sleep(0.3)
    assert sides.heard[far_b] == [SoundHeard("long")]


# ---- bridges ----


async def who_hears(sides: Sides, talker: MediaPort, listeners: list[MediaPort], digit: str) -> list[bool]:
    for listener in listeners:
        listener.listen(Ear.DTMF)
        sides.heard[listener].clear()
    await asyncio.sleep(0.1)
    await talker.digits(digit).wait()
    await asyncio.sleep(0.2)
    return [sides.digits(listener) == digit for listener in listeners]


@story
async def test_in_a_bridge_everybody_hears_the_others_and_not_himself(sides: Sides) -> None:
    ports, far = zip(*[sides.line(name) for name in "abc"], strict=True)
    assert await who_hears(sides, far[0], list(far), "1") == [False, False, False]
    bridge = sides.here.bridge("call")
    for port in ports:
        bridge.join(port)
        bridge.join(port)  # harmless
    for i in range(3):
        assert await who_hears(sides, far[i], list(far), "2") == [i != j for j in range(3)]
    bridge.leave(ports[1])
    bridge.leave(ports[1])  # harmless
    assert await who_hears(sides, far[0], list(far), "3") == [False, False, True]
    assert await who_hears(sides, far[1], list(far), "4") == [False, False, False]
    assert await who_hears(sides, far[2], list(far), "5") == [True, False, False]
    bridge.close()
    bridge.close()
    assert await who_hears(sides, far[0], list(far), "6") == [False, False, False]


@story
async def test_monitor_and_whisper_are_only_weights(sides: Sides) -> None:
    (caller, far_caller), (agent, far_agent), (coach, far_coach) = (sides.line(name) for name in "abc")
    bridge = sides.here.bridge("coached")
    for port in (caller, agent, coach):
        bridge.join(port)
    bridge.weigh(caller, coach, None)
    far = [far_caller, far_agent, far_coach]
    assert await who_hears(sides, far_coach, far, "1") == [False, True, False]
    assert await who_hears(sides, far_caller, far, "2") == [False, True, True]
    bridge.weigh(caller, coach, -6.0)
    assert await who_hears(sides, far_coach, far, "3") == [True, True, False]
    bridge.weigh(agent, coach, -60.0)
    assert await who_hears(sides, far_coach, far, "4") == [True, False, False]
    bridge.leave(coach)
    bridge.join(coach)  # a newcomer is heard at 0 dB
    assert await who_hears(sides, far_coach, far, "5") == [True, True, False]
    bridge.leave(coach)
    with pytest.raises(Refused) as refused:
        bridge.weigh(caller, coach, 0.0)
    assert refused.value.code == "not_in_bridge"


@story
async def test_who_joins_unheard_is_heard_by_nobody_until_a_weight_says_so(sides: Sides) -> None:
    (caller, far_caller), (agent, far_agent), (coach, far_coach) = (sides.line(name) for name in "abc")
    bridge = sides.here.bridge("coached")
    bridge.join(caller)
    bridge.join(agent)
    bridge.join(coach, heard=False)
    far = [far_caller, far_agent, far_coach]
    assert await who_hears(sides, far_coach, far, "1") == [False, False, False]
    assert await who_hears(sides, far_caller, far, "2") == [False, True, True]
    bridge.weigh(agent, coach, 0.0)
    assert await who_hears(sides, far_coach, far, "3") == [False, True, False]
    bridge.leave(coach)
    bridge.join(coach)
    assert await who_hears(sides, far_coach, far, "4") == [True, True, False]


@story
async def test_while_a_port_plays_it_does_not_hear_its_bridge_unless_laid_over(sides: Sides) -> None:
    a, far_a = sides.line("a")
    b, far_b = sides.line("b")
    bridge = sides.here.bridge("call")
    bridge.join(a)
    bridge.join(b)
    b.play([Sound("hush", bytes(2 * RATE))], repeat=True)
    assert await who_hears(sides, far_a, [far_b], "1") == [False]
    b.play([Sound("hush", bytes(2 * RATE))], repeat=True, over=True)
    assert await who_hears(sides, far_a, [far_b], "2") == [True]
    b.tone(Tone("murmur", (ToneStep((1000.0,), float("inf"), -35.0),)), over=True)
    assert await who_hears(sides, far_a, [far_b], "3") == [True]
    b.silence()
    assert await who_hears(sides, far_a, [far_b], "4") == [True]


@story
async def test_a_full_bridge_refuses_until_somebody_leaves(sides: Sides) -> None:
    ports = [sides.line(str(i))[0] for i in range(MAX_BRIDGE_PORTS + 1)]
    bridge = sides.here.bridge("crowd")
    for port in ports[:-1]:
        bridge.join(port)
    with pytest.raises(Refused) as refused:
        bridge.join(ports[-1])
    assert refused.value.code == "bridge_full"
    bridge.leave(ports[3])
    bridge.join(ports[-1])


@story
async def test_joining_another_bridge_leaves_the_first(sides: Sides) -> None:
    ports, far = zip(*[sides.line(name) for name in "abc"], strict=True)
    one, two = sides.here.bridge("one"), sides.here.bridge("two")
    one.join(ports[0])
    one.join(ports[1])
    two.join(ports[2])
    two.join(ports[1])
    assert await who_hears(sides, far[1], list(far), "1") == [False, False, True]
    one.leave(ports[1])  # harmless: not in
    assert await who_hears(sides, far[1], list(far), "2") == [False, False, True]


# ---- tapes ----


@story
async def test_a_tape_has_the_length_of_its_time_sample_by_sample(sides: Sides) -> None:
    port, _ = sides.line("a")
    tape = port.tape()
    read = 0
    for _ in range(30):
        await asyncio.sleep(0.1)
        pcm = tape.read()
        assert len(pcm) % 4 == 0
        read += len(pcm) // 4
        assert read == tape.samples
        assert tape.samples == pytest.approx(sides.loop.time() * RATE, abs=SLACK * RATE)
    tape.stop()
    tape.stop()
    await asyncio.sleep(2)
    read += len(tape.read()) // 4
    assert read == tape.samples == pytest.approx(3 * RATE, abs=SLACK * RATE)
    assert tape.lost == 0
    assert tape.read() == b""


@story
async def test_a_paused_tape_gives_a_mark_instead_of_sound(sides: Sides) -> None:
    """What was said meanwhile is nowhere on it, its length stays true, and no piece is both."""
    port, far = sides.line("fxo/1")
    tape = port.tape()
    far.play([speech("secret", 5.0)])
    pieces = []

    async def listen(seconds: float) -> None:
        await asyncio.sleep(seconds)
        while data := tape.read():
            pieces.append((tape.hidden, data))

    await listen(1.0)
    tape.pause()
    tape.pause()
    await listen(0.5)
    await listen(0.5)
    tape.resume()
    await asyncio.sleep(0.5)
    tape.pause()
    await asyncio.sleep(0.5)
    tape.resume()
    tape.resume()
    await listen(0.5)
    tape.stop()
    await listen(0.1)
    turns = [hidden for at, (hidden, _) in enumerate(pieces) if at == 0 or pieces[at - 1][0] != hidden]
    assert turns == [False, True, False, True, False]
    assert all(data == bytes(len(data)) for hidden, data in pieces if hidden)
    hidden = sum(len(data) // 4 for hidden, data in pieces if hidden)
    assert hidden == pytest.approx(1.5 * RATE, abs=4 * SLACK * RATE)
    assert sum(len(data) // 4 for _, data in pieces) == tape.samples == pytest.approx(3.5 * RATE, abs=SLACK * RATE)


@story
async def test_a_tape_outlives_its_port(sides: Sides) -> None:
    port, _ = sides.line("a")
    tape = port.tape()
    await asyncio.sleep(1)
    port.close()
    tape.stop()
    await asyncio.sleep(1)
    assert len(tape.read()) // 4 == tape.samples == pytest.approx(RATE, abs=SLACK * RATE)


# ---- the end ----


@story
async def test_closing_a_port_ends_what_it_does(sides: Sides) -> None:
    port, far = sides.line("a")
    other, far_other = sides.line("b")
    bridge = sides.here.bridge("call")
    bridge.join(port)
    bridge.join(other)
    port.listen(Ear.DTMF)
    playing = port.play([LONG], repeat=True)
    await asyncio.sleep(0.5)
    port.close()
    port.close()
    played, took = await timed(sides.loop, playing.wait())
    assert took == near(0)
    assert played == Played(False, near(0.5))
    far.digits("1")
    assert await who_hears(sides, far, [far_other], "2") == [False]
    assert sides.heard[port] == []


@story
async def test_a_closed_port_is_harmless(sides: Sides) -> None:
    port, _ = sides.line("a")
    port.close()
    await asyncio.sleep(0.1)
    for playing in (port.play([LONG]), port.tone(ZONE.tones["busy"]), port.digits("1"), port.fsk(b"\x80\x00\x80")):
        playing.stop()
        assert await playing.wait() == Played(False, 0.0)
    port.silence()
    port.listen(Ear.DTMF)
    port.listen_for(LONG)
    port.listen_for(None)
    bridge = sides.here.bridge("call")
    bridge.join(port)
    bridge.leave(port)
    tape = port.tape()
    tape.stop()
    await asyncio.sleep(0.1)
    assert (tape.read(), tape.samples) == (b"", 0)


@story
async def test_a_wire_end_takes_one_port_at_a_time(sides: Sides) -> None:
    end, far_end = sides.here.wire()
    first = sides.here.port("first", end)
    far = sides.attend(sides.there.port("far", far_end))
    with pytest.raises(Refused) as refused:
        sides.here.port("second", end)
    assert refused.value.code == "wire_in_use"
    await asyncio.sleep(0.1)
    first.close()
    second = sides.attend(sides.here.port("second", end))
    assert await who_hears(sides, second, [far], "1") == [True]
    assert await who_hears(sides, far, [second], "2") == [True]


@story
async def test_a_wire_may_join_two_ports_of_one_side(sides: Sides) -> None:
    one, other = sides.here.wire()
    a, b = sides.attend(sides.here.port("a", one)), sides.attend(sides.here.port("b", other))
    assert await who_hears(sides, a, [b], "1") == [True]
    assert await who_hears(sides, b, [a, b], "2") == [True, False]


@story
async def test_the_tick_tells_about_itself(sides: Sides) -> None:
    port, _ = sides.line("a")
    before = sides.here.stats()
    await asyncio.sleep(2)
    after = sides.here.stats()
    assert after.ticks - before.ticks == pytest.approx(100, abs=2)
    assert (after.ports, after.events_lost, after.late) == (1, 0, 0)
    port.close()
    assert sides.here.stats().ports == 0


@story
async def test_closing_media_ends_everything(sides: Sides) -> None:
    port, _ = sides.line("a")
    playing = port.play([LONG], repeat=True)
    bridge = sides.here.bridge("call")
    bridge.join(port)
    await asyncio.sleep(0.1)
    sides.here.close()
    sides.here.close()
    assert not (await playing.wait()).completed
    port.close()
    bridge.close()
