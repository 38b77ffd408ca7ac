"""ISDN on real D and B channels: the daemon with libpri as user, the simulated exchange with libpri as network."""

import asyncio
import time
import wave
from collections.abc import Callable, Iterator

import pytest
from card_daemon import SPAN, CardDaemon, plug_in_e1, unplug_e1
from card_town import Town, play, words
from far_end import assign, configure, device_of, unassign
from test_card_mishaps import storm_begins, storm_ends
from test_card_story import silenced

from ccappliance.sim.people import Person

WANG, CHEN = "13800138000", "13900139000"
IVR, NUMBER = "80010001", "80010002"  # flow:main, and a flow that asks for four digits
ALL = 30  # channels
T309 = 30.0  # s; card_daemon.py sets it so short
ESTABLISH = 4.0  # s; layer 2 tries so long to come up again (N200 + 1 times T200) before it tells its release
FIRST = 17  # the E1 span's first channel
Deed = Callable[[], None]
MISSED = ("missed", "unsent", "slips")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardDaemon]:
    plug_in_e1()
    daemon = CardDaemon(tmp_path_factory.mktemp("daemon"), e1="pri")
    began = time.monotonic()
    try:
        asyncio.run(daemon.start())
        print(f"the daemon was ready after {time.monotonic() - began:.1f} s")
        yield daemon
    finally:
        daemon.close()
        print(daemon.log.read_text()[-3000:])
        unplug_e1()


DEVICE: list[str] = []  # that was taken out


def taken_out() -> None:
    DEVICE[:] = [device_of(SPAN)]
    unassign(*DEVICE)


def put_back() -> None:
    assign(*DEVICE, SPAN, FIRST)
    configure("bchan=17-31,33-47", "dchan=32")


async def answered(town: Town, wang: Person, li: Person) -> str:
    """Wang has called, chosen sales, and talks with Li; the call's id."""
    agent = await town.daemon.ask("agents.show", agent="1001")
    if agent["state"] == "logged_out":
        await town.daemon.ask("agents.set", agent="1001", request="login", station="8001")
    await wang.call(IVR)
    call: str = (await town.daemon.fact("CallOffered", called=IVR, calling=wang_number(wang)))["call"]
    await town.daemon.fact("NodeEntered", call=call, node="menu", within=30)
    await asyncio.sleep(1)
    await wang.press("1")
    await town.daemon.fact("DigitPressed", call=call, digit="1")
    await town.daemon.fact("QueueEntered", call=call, queue="sales")
    shown = await li.ring(2, within=60)
    assert shown.number == wang_number(wang)
    li.lift()
    await town.daemon.fact("ConversationStarted", call=call)
    await asyncio.sleep(1)  # a hook event keeps the tick from its channel for a frame or two
    return call


def wang_number(person: Person) -> str:
    return {"wang": WANG, "chen": CHEN}[person.name]


def test_an_incoming_call_goes_through_ivr_and_queue_to_an_agent_and_is_recorded(daemon: CardDaemon) -> None:
    async def story(town: Town) -> None:
        await town.up()
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        call = await answered(town, wang, li)
        said = words(1), words(2)
        await town.hears(wang, li, said[0])
        await town.hears(li, wang, said[1])
        wang.hang_up()
        assert (await daemon.fact("CallEnded", call=call)).items() >= {"cause": 16, "by": "caller"}.items()
        ended = await daemon.fact("RecordingEnded", call=call)
        assert (ended["state"], ended["lost"]) == ("complete", 0.0)
        archived = await daemon.fact("RecordingArchived", call=call, within=60)
        with wave.open(str(daemon.state / "recordings" / archived["file"])) as file:
            both = memoryview(file.readframes(file.getnframes())).cast("h")
        for sound, channel in zip(said, (both[0::2], both[1::2]), strict=True):
            assert silenced(sound.pcm) in silenced(channel.tobytes()), "not recorded sample by sample"
        await li.hear_tone("busy", 15)
        li.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)
        assert daemon.cdrs()[-1]["disposition"] == "ANSWERED"

    play(daemon, story)


def test_an_outgoing_call_is_answered_by_connect(daemon: CardDaemon) -> None:
    async def story(town: Town) -> None:
        await town.up()
        li, chen = town.person("li", station="8001"), town.person("chen", number=CHEN)
        await li.call(f"9{CHEN}")
        await daemon.fact("LegMoved", line="pri/1/31", state="seized")
        await li.hear_tone("ringback", 15)
        await chen.ring(2, within=30)
        assert chen.phone.display.number == "80010000"
        chen.lift()
        await daemon.fact("LegMoved", line="pri/1/31", state="answered")
        await town.hears(li, chen, words(3))
        await town.hears(chen, li, words(4))
        chen.hang_up()
        await daemon.fact("LegMoved", line="pri/1/31", state="released")
        await li.hear_tone("busy", 15)

    play(daemon, story)


@pytest.mark.parametrize(("number", "cause"), [("13700000000", 1), (CHEN, 17)])
def test_a_call_that_comes_to_nothing_tells_why(daemon: CardDaemon, number: str, cause: int) -> None:
    async def story(town: Town) -> None:
        await town.up()
        li, chen = town.person("li", station="8001"), town.person("chen", number=CHEN)
        chen.lift()  # busy
        await li.call(f"9{number}")
        call = (await daemon.fact("CallOffered", line="fxs/1"))["call"]
        ended = await daemon.fact("CallEnded", call=call, within=30)
        assert (ended["cause"], ended["by"]) == (cause, "callee")

    play(daemon, story)


def test_thirty_callers_at_once_are_heard_by_the_ivr(daemon: CardDaemon) -> None:
    """Each presses a number of his own; digits are detected from what came through the card's channels."""
    async def story(town: Town) -> None:
        await town.up()
        callers = [town.person(f"p{at}", number=f"1370000{at:04d}") for at in range(ALL + 1)]
        before = (await daemon.ask("spans.show", span=SPAN))["health"]

        async def whole(at: int) -> None:
            await asyncio.sleep(0.2 * at)  # some five a second
            await callers[at].call(NUMBER)
            call = (await daemon.fact("CallOffered", calling=f"1370000{at:04d}", within=60, again=True))["call"]
            await daemon.fact("NodeEntered", call=call, node="ask", within=60)
            await asyncio.sleep(1)
            await callers[at].press(f"{at:02d}{99 - at:02d}")
            collected = await daemon.fact("InputCollected", call=call, within=30)
            assert (collected["digits"], collected["reason"]) == (f"{at:02d}{99 - at:02d}", "complete")
            await daemon.fact("QueueEntered", call=call, queue="service")

        await asyncio.gather(*map(whole, range(ALL)))
        [row] = await daemon.ask("pri.list")
        assert (row["in_use"], row["idle"]) == (ALL, 0)
        await callers[ALL].call(NUMBER)
        await callers[ALL].hear_tone("busy", 15)
        await asyncio.sleep(3)
        after = (await daemon.ask("spans.show", span=SPAN))["health"]
        status = await daemon.ask("status")
        print({key: after[key] - before[key] for key in MISSED}, status)
        assert {key: after[key] - before[key] for key in MISSED} == dict.fromkeys(MISSED, 0)
        for caller in callers:
            caller.hang_up()
        await town.up()
        assert len({fact["line"] for fact in daemon.of("LegMoved")
                    if fact["state"] == "answered" and fact["party"].startswith("1370000")}) == ALL

    play(daemon, story)


def test_calls_go_on_while_the_d_channel_is_lost(daemon: CardDaemon) -> None:
    async def story(town: Town) -> None:
        await town.up()
        li, wang, chen = town.person("li", station="8001"), town.person("wang", number=WANG), \
            town.person("chen", number=CHEN)
        call = await answered(town, wang, li)
        town.street.valves["pri/1"].cut = True
        await daemon.fact("AlarmRaised", alarm="dchannel_down", subject="pri/1", within=60)
        await town.hears(wang, li, words(5))
        town.street.valves["pri/1"].cut = False
        await daemon.fact("AlarmCleared", alarm="dchannel_down", subject="pri/1", within=60)
        await town.up(idle=ALL - 1)
        await town.hears(li, wang, words(6))
        assert daemon.of("CallEnded", call) == []
        await chen.call(NUMBER)
        await daemon.fact("CallOffered", called=NUMBER, calling=CHEN)
        chen.hang_up()
        wang.hang_up()
        ended = await daemon.fact("CallEnded", call=call)
        assert (ended["cause"], ended["by"]) == (16, "caller")
        li.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)

    play(daemon, story)


def test_a_d_channel_lost_for_longer_than_t309_clears_the_calls(daemon: CardDaemon) -> None:
    """Q.931 5.8.8; cause 27, and a CDR like any other. Then the span works as before."""
    async def story(town: Town) -> None:
        await town.up()
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        call = await answered(town, wang, li)
        town.street.valves["pri/1"].cut = True
        lost = await daemon.fact("AlarmRaised", alarm="dchannel_down", subject="pri/1", within=60)
        ended = await daemon.fact("CallEnded", call=call, within=T309 + 10)
        assert (ended["cause"], ended["by"]) == (27, "caller")
        assert T309 - 1 < ended["now"] - lost["now"] < T309 + ESTABLISH + 1
        town.street.valves["pri/1"].cut = False
        await daemon.fact("AlarmCleared", alarm="dchannel_down", subject="pri/1", within=60)
        cdr = daemon.cdrs()[-1]
        assert (cdr["call"], cdr["disposition"], cdr["cause"]) == (call, "ANSWERED", 27)
        li.hang_up()
        wang.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)
        await town.up()
        call = await answered(town, wang, li)
        await town.hears(wang, li, words(8))
        wang.hang_up()
        await daemon.fact("CallEnded", call=call, cause=16)
        li.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)

    play(daemon, story)


@pytest.mark.parametrize(("alarm", "begins", "ends"), [
    ("red", storm_begins, storm_ends),
    ("removed", taken_out, put_back),
])
def test_a_span_in_alarm_clears_its_calls_and_the_next_one_goes(daemon: CardDaemon, alarm: str, begins: Deed,
                                                               ends: Deed) -> None:
    async def story(town: Town) -> None:
        await town.up()
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        call = await answered(town, wang, li)
        await town.loop.run_in_executor(None, begins)
        await daemon.fact("AlarmRaised", alarm=alarm, subject="pri/1", within=20)
        ended = await daemon.fact("CallEnded", call=call, within=20)
        assert ended["cause"] == 27
        li.hang_up()
        wang.hang_up()
        await asyncio.sleep(5)
        await town.loop.run_in_executor(None, ends)
        await daemon.fact("AlarmCleared", alarm=alarm, subject="pri/1", within=40)
        await asyncio.sleep(12)  # a flapping alarm is over after 10 s
        await town.up()
        call = await answered(town, wang, li)
        await town.hears(wang, li, words(7))
        wang.hang_up()
        await daemon.fact("CallEnded", call=call, cause=16)
        li.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)

    play(daemon, story)


def test_glare_is_resolved_in_favour_of_the_network(daemon: CardDaemon) -> None:
    """Our SETUP is on its way when the exchange, which cannot know, sends its own for the same channel."""
    async def story(town: Town) -> None:
        await town.up()
        li, wang, chen = town.person("li", station="8001"), town.person("wang", number=WANG), \
            town.person("chen", number=CHEN)
        valve = town.street.valves["pri/1"]
        li.lift()
        await li.hear_tone("dial", 10)
        wang.lift()
        await wang.hear_tone("dial", 10)
        await li.press(f"6{CHEN}"[:-1])
        await wang.press(NUMBER[:-1])
        valve.keep_back()
        await asyncio.gather(li.press(CHEN[-1]), wang.press(NUMBER[-1]))
        offered = await daemon.fact("CallOffered", called=NUMBER, calling=WANG, line="pri/1/1", again=True)
        assert valve.kept >= 1
        valve.let_go()
        ours = await daemon.fact("LegMoved", line="pri/1/1", state="cleared", why="glare", again=True)
        await daemon.fact("LegMoved", call=ours["call"], line="pri/1/2", state="seized")
        await chen.ring(1, within=30)
        chen.lift()
        await daemon.fact("LegMoved", call=ours["call"], line="pri/1/2", state="answered")
        await town.hears(li, chen, words(9))
        assert daemon.of("CallEnded", offered["call"]) == []

    play(daemon, story)


