"""The PRI helper process: its protocol, how the daemon lives with it, and what it does with senseless bytes."""

import asyncio
import os
import random
import signal
import stat
import struct
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccappliance.base.clock import SystemClock
from ccappliance.signalling import pri_protocol as pipe
from ccappliance.signalling.pri_helper import PROGRAM, PipedHelper
from ccappliance.signalling.pri_layer2 import kind_of
from ccappliance.signalling.pri_trace import KEPT, Trace

SABME, UA = bytes.fromhex("02017f"), bytes.fromhex("000173")  # as the network sends them
BEGIN = pipe.Begin(pipe.VERSION, 2, 5, False, False, {"t309": 90_000})


class Asked:
    """A helper spoken to directly, one request after the other."""

    def __init__(self, program=PROGRAM):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.reader = pipe.AnswerReader()
        self.now = 1.0

    def ask(self, request):
        """The answers; None: it died."""
        try:
            self.process.stdin.write(pipe.encode(request, self.now))
        except BrokenPipeError:
            return None
        answers = []
        while not (answers and isinstance(answers[-1], pipe.Done)):
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            answers += self.reader.feed(data)
        return answers

    def up(self):
        """Layer 2 established: the exchange answers the helper's SABME."""
        self.ask(BEGIN)
        return self.ask(pipe.Frame(UA))

    def close(self):
        self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture
def helper():
    asked = Asked()
    yield asked
    asked.close()


# ---- the protocol ----


def test_every_message_comes_back_as_it_was_sent_however_the_pipe_cuts_it():
    told = [pipe.Send(b"\x00\x01\x7f"), pipe.Up(), pipe.Gone(3, 16),
            pipe.Ring(1, 17, True, False, 0, "6123", 0x21, "138", 1, 0x20, "Zhang", "", "", 8), pipe.Done(0)]
    stream = b"".join(raw(answer) for answer in told)
    for size in (1, 2, 3, 7, len(stream)):
        reader = pipe.AnswerReader()
        heard = [answer for at in range(0, len(stream), size) for answer in reader.feed(stream[at:at + size])]
        assert heard == told


def raw(answer):
    body = bytes([answer.CODE])
    for letter, value in zip(answer.LAYOUT, [getattr(answer, field.name) for field in fields(answer)], strict=True):
        if letter in "sb":
            value = value.encode("latin-1") if isinstance(value, str) else value
            body += struct.pack(">H", len(value)) + value
        else:
            body += struct.pack(f">{'B' if letter == '?' else letter}", value)
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize("data", [struct.pack(">I", 0), struct.pack(">I", 1 << 30), b"\0\0\0\1\x05", b"\0\0\0\2\x8e\0",
                                  b"\0\0\0\5\x91\0\xff\xffx", b"\0\0\0\2\x82\0"])
def test_what_no_helper_says_is_malformed(data):
    with pytest.raises(pipe.Malformed):
        pipe.AnswerReader().feed(data)


def test_text_from_the_network_cannot_steer_a_terminal():
    assert pipe.text(b"Zh\x1b[2Jang\x00") == "Zh [2Jang "
    assert pipe.text("王芳".encode()) == "王芳"
    assert pipe.text("Müller".encode("latin-1")) == "Müller"


def test_begin_says_hello_and_the_next_deadline(helper):
    answers = helper.ask(BEGIN)
    hello = [answer for answer in answers if isinstance(answer, pipe.Hello)]
    assert hello[0].version == pipe.VERSION
    assert hello[0].library
    assert answers[-1].deadline > 1_000_000


@pytest.mark.parametrize("wrong", [pipe.Begin(99, 2, 5, False, False, {}), pipe.Begin(1, 2, 5, False, False,
                                                                                      {"t999": 1})])
def test_a_begin_that_cannot_be_is_refused_with_a_reason(helper, wrong):
    assert any(isinstance(answer, pipe.RequestRefused) and answer.why for answer in helper.ask(wrong))


def test_time_is_the_daemons(helper):
    """Nothing happens, whatever the machine's clock says, until the daemon's has moved."""
    deadline = helper.ask(BEGIN)[-1].deadline
    assert not [answer for answer in helper.ask(pipe.Tick()) if isinstance(answer, pipe.Send)]
    helper.now = deadline / 1e6
    assert [kind_of(answer.data) for answer in helper.ask(pipe.Tick()) if isinstance(answer, pipe.Send)] == ["SABME"]


def test_requests_about_calls_there_are_not_are_refused(helper):
    helper.up()
    for request in (pipe.Digits(2, "1"), pipe.More(2, 1), pipe.Proceed(2, 1, False), pipe.Alert(2, 1, False),
                    pipe.Progress(2, 1, 0), pipe.Connect(2, 1), pipe.Clear(2, 16), pipe.Forget(2), pipe.Transfer(2, 4),
                    pipe.TransferAnswer(2, 1, True)):
        refused = [answer for answer in helper.ask(request) if isinstance(answer, pipe.RequestRefused)]
        assert [(answer.request, answer.call) for answer in refused] == [(request.CODE, 2)]


@pytest.mark.parametrize("garbage", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x01\x03", b"\0\0\0\x09\xff" + bytes(8),
                                     b"\0\0\0\x0b\x02" + bytes(8) + b"\xff\xff"])
def test_a_daemon_that_is_not_ours_is_left(helper, garbage):
    helper.ask(BEGIN)
    helper.process.stdin.write(garbage)
    assert helper.process.wait(5) == 2


def test_it_ends_when_the_daemon_does(helper):
    helper.ask(BEGIN)
    helper.process.stdin.close()
    assert helper.process.wait(5) == 0


# ---- bytes from the network ----


@pytest.fixture(scope="module")
def fuzzed():
    """A helper that is used until it dies, and how often it did."""
    holder = {"helper": Asked(), "deaths": 0}
    holder["helper"].up()
    yield holder
    holder["helper"].close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.binary(min_size=0, max_size=255), header=st.sampled_from([b"", b"\x08", b"\x08\x02\x00\x01\x05",
                                                                            b"\x08\x02\x00\x01\x05\x04\x03\x80\x90\xa3",
                                                                            b"\x08\x02\x80\x01\x62\x1c", b"\x08\x01"]))
def test_any_bytes_in_a_frame_are_answered_or_cost_a_helper_never_the_daemon(fuzzed, payload, header):
    """Whatever happens, what we read is our protocol."""
    helper = fuzzed["helper"]
    helper.ask(pipe.Trace(0xFFFF))
    helper.ask(pipe.Frame(SABME))  # numbers begin at 0 again
    for address in (b"\x02\x01\x00\x00", b"\x02\x01\x03", b""):
        helper.now += 0.01
        answers = helper.ask(pipe.Frame(address + header + payload))
        if answers is None:
            fuzzed["deaths"] += 1
            helper.close()
            fuzzed["helper"] = helper = Asked()
            helper.up()
        else:
            for answer in answers:
                if isinstance(answer, pipe.Ring):
                    helper.ask(pipe.Clear(answer.call, 16))
    assert helper.ask(pipe.Statistics())[0].text.startswith("Switchtype: EuroISDN")


SOURCES = Path(__file__).resolve().parents[2] / "ext" / "pri" / "src"
CALLS = ["080200010504038090a31803a98381700781363132333435a1",  # SETUP
         "0802000107", "080200014d08028090", "08020001450802809f", "080200015a", "080200017b2c0135", "0802000162",
         "080200016e", "08020001750802809f", "080200017d0802809f14010a", "0802000046790187", "0802800046790187"]


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(3))
def test_a_sanitized_helper_finds_no_fault_of_ours_in_spoilt_calls(tmp_path, seed):
    """AddressSanitizer and UBSan over our sources, and over what libpri allocates and copies."""
    program = tmp_path / "sanitized"
    subprocess.run(["gcc", "-g", "-O1", "-std=gnu11", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
                    *sorted(map(str, SOURCES.glob("*.c"))), "-o", str(program), "-Wl,--wrap=gettimeofday,--wrap=time",
                    "-Wl,-Bstatic", "-lpri", "-Wl,-Bdynamic"], check=True)
    chance = random.Random(seed)
    helper, sent, received, rings = Asked(program), 0, 0, 0
    helper.up()
    helper.ask(pipe.Trace(0xFFFF))
    try:
        for _ in range(20_000):
            message = bytearray.fromhex(chance.choice(CALLS))
            for _ in range(chance.randint(0, 3)):
                at = chance.randrange(len(message))
                message[at:at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 6))
                message = message or bytearray(b"\x08")
            helper.now += 0.01
            answers = helper.ask(pipe.Frame(bytes([2, 1, sent << 1 & 0xFE, received << 1 & 0xFE]) + message))
            assert answers is not None, f"seed {seed}: it died of {message.hex()}"
            sent += 1
            for answer in answers:
                match answer:
                    case pipe.Send(data) if kind_of(data) == "I":
                        received = (data[2] >> 1) + 1
                    case pipe.Ring(call):
                        rings += 1
                        ask = chance.choice([pipe.Clear(call, 16), pipe.Connect(call, 1), pipe.More(call, 1),
                                             pipe.Alert(call, 1, True), pipe.Forget(call)])
                        assert helper.ask(ask) is not None, f"seed {seed}: it died of {ask}"
                    case pipe.Disconnected(call, cause, False):
                        assert helper.ask(pipe.Clear(call, cause)) is not None, f"seed {seed}"
                    case pipe.Down():
                        helper.ask(pipe.Frame(SABME))
                        helper.ask(pipe.Frame(UA))
                        sent = received = 0
    finally:
        helper.close()
    assert rings > 100, f"seed {seed}: only {rings} calls came through"


# ---- in the daemon ----


def run(story, program=PROGRAM):
    """`story(helper, heard, died)` in a real loop."""
    async def main():
        heard, died = [], []
        helper = PipedHelper(asyncio.get_running_loop(), SystemClock(), heard.append, died.append, program=program)
        try:
            async with asyncio.timeout(10):
                await story(helper, heard, died)
        finally:
            helper.close()
    asyncio.run(main())


async def until(met):
    while not met():
        await asyncio.sleep(0)


def test_the_daemon_asks_without_waiting_and_hears_in_order():
    async def story(helper, heard, died):
        helper.ask(BEGIN)
        for _ in range(2_000):
            helper.ask(pipe.Statistics())
        helper.ask(pipe.Calls())
        assert heard == []  # nothing is told from inside a request
        await until(lambda: heard and isinstance(heard[-1], pipe.CallsAre))
        assert sum(isinstance(answer, pipe.Hello) for answer in heard[:2]) == 1
        assert sum(isinstance(answer, pipe.StatisticsAre) for answer in heard) == 2_000
        assert died == []
    run(story)


def test_a_helper_that_is_killed_is_told_once_and_asking_it_does_nothing():
    async def story(helper, heard, died):
        helper.ask(BEGIN)
        await until(lambda: heard)
        os.kill(helper.pid, signal.SIGKILL)
        await until(lambda: died)
        helper.ask(pipe.Calls())
        await asyncio.sleep(0)
        assert len(died) == 1
        assert not helper.alive
        assert helper.pid == 0
    run(story)


def test_a_helper_that_hangs_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("ccappliance.signalling.pri_helper.ANSWER_WITHIN", 0.05)
    program = script(tmp_path, "exec sleep 60")

    async def story(helper, heard, died):
        helper.ask(BEGIN)
        await until(lambda: died)
        assert "no answer" in died[0]
    run(story, program)


def test_a_helper_that_talks_nonsense_is_killed(tmp_path):
    program = script(tmp_path, "echo this is no answer of ours, whatever it is")

    async def story(helper, heard, died):
        helper.ask(BEGIN)
        await until(lambda: died)
        assert "not ours" in died[0]
    run(story, program)


def test_a_helper_that_is_not_built_says_what_to_install(tmp_path):
    async def story(helper, heard, died):
        helper.ask(BEGIN)
        await until(lambda: died)
        assert "libpri-dev" in died[0]
    run(story, tmp_path / "nothing")


def script(folder, words):
    program = folder / "helper"
    program.write_text(f"#!/bin/sh\n{words}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


# ---- trace and statistics ----


def test_frames_are_counted_by_kind():
    assert [kind_of(bytes.fromhex(frame)) for frame in (
        "02017f", "000173", "02010101", "02010501", "02010901", "02010000", "02011f", "02", "020187")] \
        == ["SABME", "UA", "RR", "RNR", "REJ", "I", "DM", "other", "FRMR"]


def test_a_trace_keeps_whole_lines_and_only_so_many():
    class Clock:
        def now(self):
            return 1.0

    asked = []
    trace = Trace(Clock(), asked.append)
    told = []

    def tell(at, line):
        told.append(line)
    trace.follow(tell, 3)
    trace.follow(print, 4)
    trace.unfollow(print)
    trace.heard("half a ", False)
    trace.heard("line\nand one\n", True)
    assert told == ["half a line", "and one"]
    trace.heard("x" * 5_000, False)
    assert len(told[-1]) == 5_000
    trace.heard("\n".join(map(str, range(3 * KEPT))), False)
    assert len(trace.lines) == KEPT
    trace.unfollow(tell)
    assert (asked, trace.errors) == ([3, 7, 3, 0], 1)
