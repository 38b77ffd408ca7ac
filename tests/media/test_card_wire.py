"""A wire that is a file descriptor: frames whole, in pieces, missing, too many; and a metronome that follows a card."""

import os
import select
import socket
import threading

import pytest

from ccappliance.media.card import CardClock, CardGroup, CardWire
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.ports import Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import VirtualLoop

FRAME = 160
IDLE = b"\xd5" * FRAME
PROBE = 256  # beats between two looks at the delay (wire.h)


class Bench:
    """A port on one end of a socket pair; the test is the card at the other, and ticks."""

    def __init__(self, kind: socket.SocketKind = socket.SOCK_SEQPACKET) -> None:
        self.loop = VirtualLoop()
        self.media = EngineMedia(self.loop, load_zones()["cn"], ports=2)
        near, self.card = socket.socketpair(socket.AF_UNIX, kind)
        near.setblocking(False)
        self.card.setblocking(False)
        self.fd = near.detach()
        self.group = CardGroup()
        self.wire = CardWire(self.fd, self.group)
        self.port = self.media.port("card", self.wire.end)
        self.tape = self.port.tape()
        self.beat = 0
        self.tick(2)  # attached; what was there before is thrown away
        self.taken()

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.beat += 1
            self.media.engine.tick(self.beat)

    def taken(self) -> list[bytes]:
        """What the card was sent."""
        found = []
        while True:
            try:
                found.append(self.card.recv(FRAME))
            except BlockingIOError:
                return found

    def heard(self) -> list[int]:
        """Last sample of each frame on the tape since the last call: after a loss the first are faded in."""
        pcm = self.tape.read()
        return [int.from_bytes(pcm[at - 4:at - 2], "little", signed=True)
                for at in range(FRAME * 4, len(pcm) + 1, FRAME * 4)]

    def close(self) -> None:
        self.media.close()
        self.tick()
        self.media.dispatch()
        self.card.close()
        self.loop.close()


@pytest.fixture
def bench() -> "Bench":
    return Bench()


def frame(code: int) -> bytes:
    return bytes([code]) * FRAME


def level(code: int) -> int:
    """The A-law code as the tape has it."""
    bench = Bench()
    bench.heard()
    bench.card.send(frame(code))
    bench.tick()
    return bench.heard()[-1]


def test_a_frame_a_tick_both_ways(bench: Bench) -> None:
    for code in (0x11, 0x22, 0xD5):
        bench.heard()
        bench.card.send(frame(code))
        bench.tick()
        assert bench.heard() == [level(code)]
        assert bench.taken() == [IDLE]  # idle codes are written as well: a card given nothing counts an underrun
    bench.port.play([Sound("loud", b"\x00\x40" * FRAME)])
    bench.tick()
    [sent] = bench.taken()
    assert len(set(sent)) == 1
    assert sent != IDLE
    assert bench.wire.count.frames == 3
    assert (bench.wire.count.missed, bench.wire.count.unsent) == (1, 0)  # in the last tick the card sent none
    bench.close()


def test_what_the_card_heard_before_is_thrown_away() -> None:
    bench = Bench()
    bench.port.close()
    bench.tick()
    bench.media.dispatch()
    for _ in range(5):
        bench.card.send(frame(0x11))
    port = bench.media.port("again", bench.wire.end)
    tape = port.tape()
    bench.tick(2)
    bench.card.send(frame(0x22))
    bench.tick()
    pcm = tape.read()
    assert int.from_bytes(pcm[-FRAME * 4:][:2], "little", signed=True) == level(0x22)
    bench.close()


def test_frames_in_pieces_are_put_together() -> None:
    bench = Bench(socket.SOCK_STREAM)
    bench.heard()
    bench.card.send(frame(0x11)[:100])
    bench.tick(4)  # as long as an attached wire may take to begin, and a little
    assert set(bench.heard()) == {0}
    bench.card.send(frame(0x11)[100:] + frame(0x22)[:1])
    bench.tick()
    assert bench.heard() == [level(0x11)]
    bench.card.send(frame(0x22)[1:])
    bench.tick()
    assert bench.heard() == [level(0x22)]
    bench.close()


def test_missing_frames_are_counted_and_told_and_the_delay_they_leave_is_taken_back(bench: Bench) -> None:
    bench.card.send(frame(0x11))
    bench.tick()
    bench.heard()
    bench.tick(3)
    assert bench.wire.missing == 3
    for code in (0x21, 0x22, 0x23, 0x24):  # the card was not dead: three frames come late, and one in time
        bench.card.send(frame(code))
    bench.tick()
    assert bench.wire.missing == 0
    for code in (0x25, 0x26, 0x27, 0x28, 0x29):
        bench.card.send(frame(code))
        bench.tick()
    heard = bench.heard()[3:]
    assert heard[-1] in (level(0x28), level(0x29))  # one frame of delay is the jitter's
    assert bench.wire.count.dropped in (2, 3)
    assert bench.wire.count.missed == 3
    assert heard == sorted(heard, key=[level(code) for code in range(0x21, 0x2A)].index)  # never the wrong way round
    bench.close()


def test_a_tick_that_is_late_when_the_delay_is_looked_at_costs_no_frame(bench: Bench) -> None:
    """Every 5 s; with a frame in reserve a late tick finds one more waiting. A real delay is taken back."""
    def run(beats: int) -> None:
        for _ in range(beats):
            bench.card.send(frame(0x11))
            bench.tick()

    bench.card.send(frame(0x11))  # in reserve
    run(PROBE - 1 - bench.beat)
    for early in (2, 0):
        for _ in range(early):
            bench.card.send(frame(0x11))
        bench.tick()
    run(PROBE)
    assert bench.beat > 2 * PROBE
    assert (bench.wire.count.dropped, bench.wire.count.missed) == (0, 0)
    bench.card.send(frame(0x11))  # one too many, from now on
    run(2 * PROBE)
    assert (bench.wire.count.dropped, bench.wire.count.missed) == (1, 0)
    bench.close()


def test_a_card_that_takes_nothing_is_not_waited_for() -> None:
    bench = Bench()
    bench.tick(400)
    assert bench.wire.count.unsent > 0
    assert bench.wire.count.unsent + len(bench.taken()) == 400
    bench.close()


def test_nothing_is_sent_while_the_card_dials(bench: Bench) -> None:
    bench.wire.held = True
    bench.tick(3)
    assert bench.taken() == []
    bench.wire.held = False
    bench.tick()
    assert bench.taken() == [IDLE]
    bench.close()


def test_another_file_behind_the_same_number_is_not_noticed(bench: Bench) -> None:
    nothing = os.open(os.devnull, os.O_RDWR | os.O_NONBLOCK)
    os.dup2(nothing, bench.fd)
    os.close(nothing)
    bench.tick(4)
    assert bench.wire.missing > 0
    near, card = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.setblocking(False)
    os.dup2(near.fileno(), bench.fd)
    near.close()
    bench.heard()
    card.send(frame(0x33))
    bench.tick()
    assert bench.heard() == [level(0x33)]
    assert card.recv(FRAME) == IDLE
    bench.group.gone = True
    for _ in range(5):
        card.send(frame(0x44))
        bench.tick()
    assert bench.heard()[-1] == 0  # what concealment makes up has faded
    card.setblocking(False)
    with pytest.raises(BlockingIOError):
        card.recv(FRAME)
    bench.close()


def test_the_descriptor_is_closed_when_the_tick_has_let_go_of_it() -> None:
    bench = Bench()
    fd = bench.fd
    os.fstat(fd)
    bench.port.close()
    del bench.wire, bench.port, bench.tape
    os.fstat(fd)  # the tick has it still
    bench.tick()
    bench.media.dispatch()
    bench.media.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)
    bench.loop.close()


FIONBIO = 0x5421  # an ioctl every socket takes, and which leaves what waits where it is


@pytest.mark.slow
def test_the_metronome_follows_a_card_and_does_without_when_it_stalls() -> None:
    """A TCP socket's urgent byte has POLLPRI as a card's timer has; it stays until it is read, which the test does."""
    loop = VirtualLoop()
    media = EngineMedia(loop, load_zones()["cn"], ports=2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        card = socket.create_connection(server.getsockname())
        clock, _ = server.accept()
    beat = Metronome([media], clock=CardClock(clock.fileno(), FIONBIO))
    ticked = threading.Event()
    beat._thread.start()
    for _ in range(100):  # no tick of the card comes: the machine's clock takes over
        if beat.card_stalls and beat.ticks > 3:
            break
        ticked.wait(0.02)
    assert beat.card_stalls == 1
    assert beat.card_ticks == 0
    card.send(b"!", socket.MSG_OOB)
    for _ in range(100):
        if beat.card_ticks:
            break
        ticked.wait(0.02)
    assert beat.card_ticks >= 1
    assert select.select([], [], [clock], 0)[2]
    beat._pulse.halt()
    beat._thread.join()
    media.close()
    for end in (card, clock):
        end.close()
    loop.close()
