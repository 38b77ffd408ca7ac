"""`ccappliance run` on real cards: ready, a call, what the commands show, killed in a call and back, a clean end."""

import asyncio
import signal
import time
from collections.abc import Iterator

import pytest
from card_daemon import CardDaemon
from card_town import Town, play, words

from ccappliance.sim.people import Person

WANG = "13800138000"
CLEAN = 2.0  # s after the daemon was killed in which nobody's line may stay off-hook


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardDaemon]:
    daemon = CardDaemon(tmp_path_factory.mktemp("daemon"))
    began = time.monotonic()
    try:
        asyncio.run(daemon.start())
        print(f"the daemon was ready after {time.monotonic() - began:.1f} s")
        yield daemon
    finally:
        daemon.close()
        print(daemon.log.read_text()[-3000:])


async def talk(town: Town, wang: Person, li: Person) -> str:
    """Wang calls, chooses sales, and talks with Li; the call's id."""
    agent = await town.daemon.ask("agents.show", agent="1001")
    if agent["state"] == "logged_out":
        await town.daemon.ask("agents.set", agent="1001", request="login", station="8001")
    await wang.call("61234567")
    call: str = (await town.daemon.fact("CallOffered", line="fxo/1"))["call"]
    await town.daemon.fact("NodeEntered", call=call, node="menu", within=30)
    await asyncio.sleep(1)
    await wang.press("1")
    assert (await li.ring(2, within=60)).number == WANG
    li.lift()
    await town.daemon.fact("ConversationStarted", call=call)
    await asyncio.sleep(1)  # a hook event keeps the tick from its channel for a frame or two
    await town.hears(wang, li, words(1))
    await town.hears(li, wang, words(2))
    return call


def test_it_takes_a_call_and_shows_its_cards(daemon: CardDaemon) -> None:
    async def story(town: Town) -> None:
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        call = await talk(town, wang, li)
        [shown, found] = await asyncio.gather(
            daemon.cli("spans", "show", "--span", "1", "--socket", str(daemon.socket)), daemon.cli("cards", "detect"))
        assert (shown["alarm"], shown["words"]) == ("", "")
        assert shown["lines"] == [f"{kind}/{at}" for kind in ("fxo", "fxs") for at in (1, 2, 3, 4)]
        assert [span["kind"] for span in found["spans"]] == ["analog", "analog"]  # ours and the street's
        assert daemon.of("CallEnded", call) == []  # nobody was disturbed
        wang.hang_up()
        await daemon.fact("CallEnded", call=call, by="caller")
        await daemon.fact("RecordingEnded", call=call, state="complete")
        await li.hear_tone("busy", 15)
        li.hang_up()
        await daemon.fact("AgentMoved", agent="1001", state="ready", within=30)
        status = await daemon.ask("status")
        print({key: status[key] for key in ("ticks", "late_ticks", "worst_late")})
        assert status["late_ticks"] == 0

    play(daemon, story)


def test_killed_in_a_call_it_leaves_no_line_off_hook_and_knows_of_the_call(daemon: CardDaemon) -> None:
    async def story(town: Town) -> None:
        li, wang = town.person("li", station="8001"), town.person("wang", number=WANG)
        call = await talk(town, wang, li)
        line = town.street.pairs["fxo/1"].feeding
        assert line.current
        await daemon.end(signal.SIGKILL)
        killed = town.loop.time()
        while line.current and town.loop.time() < killed + CLEAN:
            await asyncio.sleep(0.02)
        assert not line.current, "the line is still off-hook"
        print(f"the line was on-hook {town.loop.time() - killed:.2f} s after the daemon was killed")
        await wang.hear_tone("busy", 15)
        for person in (wang, li):
            person.hang_up()
        await daemon.start()
        ended = daemon.of("CallEnded", call)
        assert [fact["by"] for fact in ended] == ["interrupted"]
        assert [cdr["disposition"] for cdr in daemon.cdrs() if cdr["call"] == call] == ["INTERRUPTED"]
        channels = (await daemon.ask("status"))["channels"]
        assert channels == {"idle": 8}
        again = await talk(town, wang, li)
        assert again != call
        wang.hang_up()
        await daemon.fact("CallEnded", call=again, by="caller")

    play(daemon, story)


def test_it_ends_cleanly(daemon: CardDaemon) -> None:
    assert asyncio.run(daemon.end(signal.SIGTERM)) == 0
    assert daemon.of("DaemonStopped")[-1]["why"] == "SIGTERM"
    assert not daemon.socket.exists()
    log = daemon.log.read_text()
    assert "Traceback" not in log, log
