"""AGI's grammar, and every command, answered as Asterisk 22 answers it: a script twin in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ivr_world import World, one_flow
from outside_world import Outdoors, visit

from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.names import variable_name
from ccappliance.apps.ivr.agi.settings import fastagi, script_problem
from ccappliance.call import facts
from ccappliance.media.files import read_wav, write_wav
from ccappliance.sim.loop import run_virtual

NODES = """
talk: {type: agi, script: s.py, next: done, failed: broken, seconds: 60s}
done: {type: queue, queue: done}
broken: {type: queue, queue: broken}
"""


def ended(world: World) -> tuple[str, int, str]:
    (fact,) = [fact for fact in world.journal if isinstance(fact, facts.ScriptEnded)]
    return fact.outcome, fact.commands, fact.why


def run(*lines: Any, nodes: str = NODES, folder: Path | None = None, destinations: Any = None,
        **how: Any) -> tuple[World, str | None, list[str]]:
    """The world, where the call went, and what the script was answered."""
    outdoors = Outdoors(scripts={"s.py": lines}, folder=folder, destinations=destinations)
    world, to, _ = visit(nodes, outdoors, **how)
    assert outdoors.scripts.active == 0 or to == "cancelled"
    return world, to, outdoors.peers.told["s.py"][1:]


@pytest.mark.parametrize(("line", "words"), [
    ("ANSWER", ["ANSWER"]), ('DATABASE GET ""f"" ""k""', ["DATABASE", "GET", "f", "k"]),
    ('X "a b"  c\t"" ""', ["X", "a b", "c", "", ""]), ('Y "with \\"esc\\" q"', ["Y", 'with "esc" q']),
    ('SET VARIABLE "X" "a"b c"', ["SET", "VARIABLE", "X", "ab", "c"]), ("a\\ b", ["a b"]), ("", []),
    ("x " * 200, None)])
def test_words(line: str, words: list[str] | None) -> None:
    assert grammar.words(line) == words


def test_a_script_says_commands_and_is_answered_as_asterisk_answers() -> None:
    """Command and answer as in the transcript of an Asterisk 22, where our house has the same."""
    told = {
        "ANSWER": "200 result=0", "CHANNEL STATUS": "200 result=6", "CHANNEL STATUS Local/nope": "200 result=-1",
        'GET VARIABLE "CHANNEL"': "200 result=1 (DAHDI/fxo/1-1)", 'GET VARIABLE "NOPE"': "200 result=0",
        'SET VARIABLE "X" "1"': "200 result=1", 'GET VARIABLE "X"': "200 result=1 (1)",
        'GET FULL VARIABLE "${X}-${EXTEN}"': "200 result=1 (1-8008)",
        'GET FULL VARIABLE "${EXTEN:1:2}${EXTEN:-1}"': "200 result=1 (008)",
        'SET VARIABLE Y "with \\"esc\\" q"': "200 result=1", "GET VARIABLE Y": '200 result=1 (with "esc" q)',
        'DATABASE PUT "f" "k" "v"': "200 result=1", 'DATABASE GET ""f"" ""k""': "200 result=1 (v)",
        'DATABASE GET "f" "none"': "200 result=0", 'DATABASE DEL "f" "k"': "200 result=1",
        'DATABASE DELTREE "f" ""': "200 result=1", 'SAY DIGITS "12" "#"': "200 result=0",
        'SAY NUMBER "42" ""': "200 result=0", "SAY DATE 1700000000 \"\"": "200 result=0",
        'SAY DATETIME 1700000000 "" "ABdY" Asia/Shanghai': "200 result=0",
        'STREAM FILE beep "123" 0': "200 result=0 endpos=4000", 'STREAM FILE nofile "123" 0': "200 result=-1 endpos=0",
        'CONTROL STREAM FILE "beep" "1" "3000" "" "" ""': "200 result=0 endpos=-1",
        "GET DATA beep 1000 4": "200 result= (timeout)", 'GET OPTION beep "12" 1000': "200 result=0 endpos=4000",
        "WAIT FOR DIGIT 500": "200 result=0", 'SET CALLERID "Bob" <123>': "200 result=1",
        "GET VARIABLE CALLERID(all)": '200 result=1 ("Bob" <123>)', "SET CONTEXT default": "200 result=0",
        "SET EXTENSION s": "200 result=0", "set priority 2": "200 result=0", "SET AUTOHANGUP 100": "200 result=0",
        "SET MUSIC on default": "200 result=0", 'SEND TEXT "hello"': "200 result=0",
        "RECEIVE CHAR 100": "200 result=-1 (hangup)", "TDD MODE off": "200 result=0",
        'VERBOSE "hi there" 3': "200 result=1", "NOOP": "200 result=0", "NOOP foo": "200 result=0",
        "ASYNCAGI BREAK": "200 result=0", 'EXEC NoOp "a,b"': "200 result=0", 'EXEC Nope "x"': "200 result=-2",
        "EXEC Wait 1": "200 result=0", "FOO": "510 Invalid or unknown command",
        "SET AUTOHANGUP 0": "200 result=0", "EXEC Set a=1,2": "200 result=0", "GET VARIABLE A": "200 result=1 (1,2)",
        "SAY ALPHA 12 \"\"": "200 result=0", "SAY ALPHA ab \"\"": "200 result=-1"}
    world, to, answers = run(*({command: answer} for command, answer in told.items()))
    assert answers == list(told.values())
    assert (to, ended(world)) == ("queue:done", ("done", len(told), ""))
    assert world.call.variables == {"x": "1", "y": 'with "esc" q', "a": "1,2"}


def test_what_is_written_wrongly_is_answered_with_its_usage() -> None:
    _, to, answers = run("SAY NUMBER", 'SET VARIABLE "X" "a"b c"', "SAY NUMBER x 1", "WAIT FOR DIGIT soon",
                         "GOSUB default 100 1", "SAY DATETIME 1 \"\" A Mars/Base", "SAY DATE 1e99 \"\"")
    assert to == "queue:done"
    for answer in [*answers[:4], *answers[5:]]:
        first, _, last = answer.split("\n")
        assert (first, last) == ("520-Invalid command syntax.  Proper usage follows:", "520 End of proper usage.")
    assert answers[4] == "503 result=-2 Gosub is not loaded"


@pytest.mark.parametrize(("line", "keys", "answer"), [
    ('STREAM FILE welcome "12"', [(0.25, "2")], "200 result=50 endpos=2000"),
    ('STREAM FILE welcome "12"', [(0.25, "7")], "200 result=0 endpos=8000"),
    ('STREAM FILE welcome "" 4000', [], "200 result=0 endpos=8000"),
    ('STREAM FILE welcome "5" 4000', [(0.25, "5")], "200 result=53 endpos=6000"),
    ("GET DATA welcome 3000 4", [(0.5, "1234")], "200 result=1234"),
    ("GET DATA welcome 3000", [(0.5, "12#")], "200 result=12"),
    ("GET DATA welcome 3000 4", [(1.5, "12")], "200 result=12 (timeout)"),
    ('GET OPTION welcome "12" 5000', [(3.0, "1")], "200 result=49 endpos=8000"),
    ("WAIT FOR DIGIT 5000", [(3.0, "*")], "200 result=42"), ("WAIT FOR DIGIT -1", [(30.0, "0")], "200 result=48"),
    ('SAY NUMBER 12 "1"', [(0.25, "1")], "200 result=49"),
    ('CONTROL STREAM FILE welcome "9" 500', [(0.25, "#"), (0.4, "9")], "200 result=57 endpos=900"),
    ('CONTROL STREAM FILE welcome "9" 500 # * 5', [(0.25, "5"), (2.0, "5"), (2.25, "9")], "200 result=57 endpos=500"),
    ('CONTROL STREAM FILE welcome "9" 500', [(0.75, "*"), (1.0, "9")], "200 result=57 endpos=500"),
    ("EXEC Background welcome", [(0.25, "3")], "200 result=51"), ("EXEC Read pin,welcome,4", [(0.5, "1234")],
                                                                  "200 result=0")])
def test_keys(line: str, keys: list[tuple[float, str]], answer: str) -> None:
    _, to, answers = run(line, keys=keys, nodes=NODES)
    assert (to, answers) == ("queue:done", [answer])


def test_keys_pressed_before_and_after_count_for_who_asks_next() -> None:
    nodes = "hello: {type: play, prompt: welcome, barge_in: false, next: talk}\n" + NODES.replace(
        "next: done", "next: menu") + "menu: {type: menu, prompt: welcome, keys: {5: done}, invalid: broken, " \
        "timeout: broken}\n"
    _, to, answers = run("WAIT FOR DIGIT 1000", 1.0, nodes=nodes, keys=[(0.5, "3"), (1.5, "5")])
    assert (answers, to) == (["200 result=51"], "queue:done")


def test_who_waits_for_a_slow_script_hears_music_between_its_commands() -> None:
    world, _, _ = run("ANSWER", 5.0, "STREAM FILE welcome \"\"", 0.5, "NOOP")
    assert world.played() == ["zh/music", "zh/welcome"]
    world, _, _ = run("ANSWER", "SET MUSIC on", 0.5, "STREAM FILE welcome \"\"")
    assert world.played() == ["zh/music", "zh/welcome"]


def test_a_caller_who_leaves_ends_what_is_under_way_and_the_script_is_told_after_its_answer() -> None:
    outdoors = Outdoors(scripts={"s.py": ['STREAM FILE welcome ""', "ANSWER", "GET VARIABLE UNIQUEID", 60.0, "NOOP"]})

    async def main() -> World:
        world = World(one_flow(NODES))
        outdoors.install(world)
        world.hang_up(0.5)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(world.run())
        assert ended(world) == ("gone", 1, "")
        assert outdoors.scripts.active == 1
        await asyncio.sleep(10.0)
        assert outdoors.scripts.active == 0
        return world

    run_virtual(main())
    assert outdoors.peers.told["s.py"][1:] == [
        "200 result=-1 endpos=0", "HANGUP", "511 Command Not Permitted on a dead channel or intercept routine",
        "200 result=1 (1.000001)"]


def test_a_script_goes_on_without_a_caller_for_a_moment() -> None:
    """The script hangs up: it is answered, then told, and what needs a caller is refused from then on."""
    nodes = NODES.replace("failed: broken,", "failed: broken, hangup: rest,") + \
        "rest: {type: record, beep: false, prompt: [], most: 20s, next: end}\nend: {type: hangup}\n"
    world, _, answers = run("HANGUP", "ANSWER", "GET VARIABLE UNIQUEID", "SET VARIABLE late 1", "GET VARIABLE late",
                            'EXEC Wait "1"', 30.0, "NOOP", nodes=nodes)
    assert answers == ["200 result=1", "HANGUP", "511 Command Not Permitted on a dead channel or intercept routine",
                       "200 result=1 (1.000001)", "200 result=1", "200 result=1 (1)", "200 result=-1"]
    assert (world.nodes(), ended(world)[0], world.call.variables) == (["talk", "rest", "end"], "hangup", {})


def test_a_script_that_hangs_up_ends_the_call() -> None:
    world, to, answers = run("HANGUP")
    assert (to, world.line.cleared_with is not None, answers[0]) == (None, True, "200 result=1")


def test_a_script_that_takes_too_long_or_cannot_be_begun_goes_another_way() -> None:
    world, to, answers = run("ANSWER", 100.0, "NOOP", nodes=NODES.replace("60s", "10s"))
    assert (to, ended(world)) == ("queue:broken", ("timeout", 1, "it has taken 10 s"))
    assert answers == ["200 result=0", "HANGUP"]
    outdoors = Outdoors()
    world, to, _ = visit(NODES, outdoors)
    assert (to, ended(world)) == ("queue:broken", ("failed", 0, "the story has no script s.py"))


def test_arguments_and_environment() -> None:
    nodes = NODES.replace("seconds: 60s", 'arguments: {who: "caller", what: "\'a \' & name"}')
    outdoors = Outdoors(scripts={"s.py": []})

    def prepare(world: World) -> None:
        world.call.name = "Li\nagi_evil: 1"
    visit(nodes, outdoors, prepare)
    (environment,) = outdoors.peers.told["s.py"]
    assert environment.split("\n") == [
        "agi_request: s.py", "agi_channel: DAHDI/fxo/1-1", "agi_language: zh", "agi_type: DAHDI",
        "agi_uniqueid: 1.000001", "agi_version: 0.1.0", "agi_callerid: 13900000000",
        "agi_calleridname: Li agi_evil: 1", "agi_callingpres: 0", "agi_callingani2: 0", "agi_callington: 0",
        "agi_callingtns: 0", "agi_dnid: 8008", "agi_rdnis: unknown", "agi_context: main", "agi_extension: 8008",
        "agi_priority: 1", "agi_enhanced: 0.0", "agi_accountcode: ", "agi_threadid: 1000001",
        "agi_arg_1: 13900000000", "agi_arg_2: a Li agi_evil: 1"]


def test_sounds_lie_below_their_folder(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    write_wav(tmp_path / "sounds" / "a.wav", bytes(3200))
    write_wav(tmp_path / "secret.wav", bytes(3200))
    _, _, answers = run('STREAM FILE a ""', 'STREAM FILE ../secret ""', 'STREAM FILE en/welcome ""',
                        f'STREAM FILE {tmp_path}/secret ""', folder=tmp_path / "sounds")
    assert answers == ["200 result=0 endpos=1600", "200 result=-1 endpos=0", "200 result=0 endpos=8000",
                       "200 result=0 endpos=1600"]


def test_queue_sends_the_call_on_and_has_it_back() -> None:
    class Room:
        def __init__(self, to: str | None) -> None:
            self.to = to

        async def run(self, call: Any) -> str | None:
            walked.append(call.id)
            return self.to
    walked: list[str] = []
    _, to, answers = run("EXEC Queue sales", "EXEC Queue none", 'STREAM FILE welcome ""',
                         destinations={"queue:sales": Room("flow:more"), "flow:more": Room(None)})
    assert (to, answers, len(walked)) == (
        "queue:done", ["200 result=0", "200 result=-1", "200 result=0 endpos=8000"], 2)


@pytest.mark.parametrize(("script", "sound"), [
    ("a.py", True), ("sub/a.py", True), ("../a.py", False), ("/bin/sh", False), ("a b", False), ("agi://h/x?y=1", True),
    ("agi://h:99999/x", False), ("agi:///x", False)])
def test_names_of_scripts(script: str, sound: bool) -> None:
    assert (script_problem(script) == "") is sound


def test_addresses_and_names_of_variables() -> None:
    assert fastagi("agi://host/path/x?y=1") == ("host", 4573, "path/x?y=1")
    assert [variable_name(name) for name in ("__Balance", "CDR(userfield)", "1x", "", "中")] == [
        "balance", "cdr_userfield", "v1x", "v", "v"]


def test_a_recording_is_kept(tmp_path: Path) -> None:
    class Tape:
        def read(self) -> bytes:
            return b"\x00\x10\x00\x00" * 800

        def stop(self) -> None:
            pass

    def prepare(world: World) -> None:
        world.line.port.tape = Tape  # type: ignore[attr-defined]
    _, _, answers = run('RECORD FILE "msg/one" wav "#" 1000 0 beep s=2', 'RECORD FILE "two" wav "#" 9000',
                        'RECORD FILE "two" gsm "#" 9000', 'RECORD FILE "../two" wav "#" 9000',
                        prepare=prepare, folder=tmp_path, keys=[(2.0, "#")])
    assert answers == ["200 result=0 (timeout) endpos=4800", "200 result=35 (dtmf) endpos=3200",
                       "200 result=-1 (writefile)", "200 result=-1 (writefile)"]
    assert read_wav(tmp_path / "msg" / "one.wav").samples == 4800
