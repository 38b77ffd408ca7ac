"""Calls over R2 (China) and E&M on real channels: the daemon's circuits against the simulated exchange's, both ways."""

import asyncio
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from card_daemon import CardDaemon, plug_in_e1, unplug_e1
from card_town import Town, play, words
from test_card_story import silenced

WANG, CHEN = "13800138000", "13900139000"
CALM = 30.0  # s until every channel is idle at both ends; before the exchange runs, R2's are blocked
REST = 1.0  # s without a standing alarm


@dataclass(frozen=True)
class Wires:
    """What distinguishes the two ways of signalling with bits."""

    line: str
    number: str  # that callers dial
    calling: str  # Wang, as we are told; E&M tells no calling number
    access: str  # digit an agent dials for its trunk group
    last: str  # the channel that an outgoing call takes
    shown: str  # to Chen


R2 = Wires("r2/1", "80010001", WANG, "7", "r2/1/8", "80010000")
EM = Wires("em/1", "80020001", "", "6", "em/1/7", "")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardDaemon]:
    plug_in_e1(cas=True)
    daemon = CardDaemon(tmp_path_factory.mktemp("daemon"), e1="cas")
    began = time.monotonic()
    try:
        asyncio.run(daemon.start())
        print(f"the daemon was ready after {time.monotonic() - began:.1f} s")
        yield daemon
    finally:
        daemon.close()
        print(daemon.log.read_text()[-3000:])
        unplug_e1()


@pytest.fixture(params=[R2, EM], ids=["r2", "em"])
def wires(request: pytest.FixtureRequest) -> Wires:
    found: Wires = request.param
    return found


async def calm(daemon: CardDaemon, line: str) -> None:
    """No alarm of the span or of one of its channels stands, for a while."""
    loop = asyncio.get_running_loop()
    until, since = loop.time() + CALM, loop.time()
    while loop.time() - since < REST:
        daemon.look()
        standing = {(fact["subject"], fact["alarm"]): fact["fact"] == "AlarmRaised"
                    for fact in daemon.facts
                    if fact["fact"] in ("AlarmRaised", "AlarmCleared") and fact["subject"].startswith(line)}
        if any(standing.values()):
            since = loop.time()
        assert loop.time() < until, f"alarms stand: {[of for of, stands in standing.items() if stands]}"
        await asyncio.sleep(0.1)


def test_an_incoming_call_goes_through_ivr_and_queue_to_an_agent_and_is_recorded(daemon: CardDaemon, wires: Wires
                                                                                ) -> None:
    async def story(town: Town) -> None:
        await calm(daemon, wires.line)
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        agent = await daemon.ask("agents.show", agent="1001")
        if agent["state"] == "logged_out":
            await daemon.ask("agents.set", agent="1001", request="login", station="8001")
        await wang.call(wires.number)
        offered = await daemon.fact("CallOffered", called=wires.number, calling=wires.calling)
        assert offered["line"] == f"{wires.line}/1"
        call = offered["call"]
        await daemon.fact("NodeEntered", call=call, node="menu", within=30)
        await asyncio.sleep(1)
        await wang.press("1")
        await daemon.fact("QueueEntered", call=call, queue="sales")
        assert (await li.ring(2, within=60)).number == wires.calling
        li.lift()
        await daemon.fact("ConversationStarted", call=call)
        await asyncio.sleep(1)  # a hook event keeps the tick from its channel for a frame or two
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


def test_an_outgoing_call_is_answered_and_both_hear_each_other(daemon: CardDaemon, wires: Wires) -> None:
    async def story(town: Town) -> None:
        await calm(daemon, wires.line)
        li, chen = town.person("li", station="8001"), town.person("chen", number=CHEN)
        await li.call(f"{wires.access}{CHEN}")
        await daemon.fact("LegMoved", line=wires.last, state="seized")
        await li.hear_tone("ringback", 20)
        await chen.ring(2, within=30)
        assert chen.phone.display.number == wires.shown
        chen.lift()
        await daemon.fact("LegMoved", line=wires.last, state="answered")
        await town.hears(li, chen, words(3))
        await town.hears(chen, li, words(4))
        chen.hang_up()
        await daemon.fact("LegMoved", line=wires.last, state="released")
        await li.hear_tone("busy", 15)
        li.hang_up()

    play(daemon, story)


def test_a_called_subscriber_is_busy_and_the_agent_hears_it(daemon: CardDaemon, wires: Wires) -> None:
    """R2 says so by register (KB2), E&M by tone only."""
    async def story(town: Town) -> None:
        await calm(daemon, wires.line)
        li, chen = town.person("li", station="8001"), town.person("chen", number=CHEN)
        chen.lift()
        await li.call(f"{wires.access}{CHEN}")
        call = (await daemon.fact("CallOffered", line="fxs/1"))["call"]
        ended = await daemon.fact("CallEnded", call=call, within=30)
        assert (ended["cause"], ended["by"]) == (17, "callee")
        await li.hear_tone("busy", 15)

    play(daemon, story)
