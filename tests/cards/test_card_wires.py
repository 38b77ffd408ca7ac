"""What the wires between DAHDI's local spans do, proved with the far end's tools at both ends: the ground of the rest.

If one of these fails, the guest is at fault (or DAHDI is another one), not the driver.
"""

import errno
import os
import time

import pytest
from far_end import (
    FRAME,
    OFF_HOOK,
    ON_HOOK,
    RING_OFF,
    FarChannel,
    assign,
    channels,
    configure,
    plug_in,
    unassign,
    unplug,
)

FXO, FXS, FEEDING, TELEPHONE = 1, 5, 9, 13  # plan `house`: ours, ours, the exchange, a telephone
SETTLED = 2.1  # s; DAHDI tells no ring within 2 s of opening an FXO port, or of hanging it up
IDLE, LOOP, RINGING, NO_BATTERY = 0b0101, 0b1111, 0b0000, 0b1111


def wait(seconds: float) -> None:
    """The card's time is real: nothing here can be told to hurry."""
    time.sleep(seconds)


def test_a_ring_arrives_and_goes_on_until_the_exchange_stops_it() -> None:
    with channels(FXO, FEEDING) as (ours, feeding):
        wait(SETTLED)
        assert (ours.bits, feeding.bits, ours.events(), feeding.events()) == (IDLE, IDLE, [], [])
        feeding.ring_long()
        wait(0.1)
        assert ours.bits == RINGING
        assert ours.events() == ["ring-begin"]
        feeding.hook(RING_OFF)
        wait(0.2)
        assert ours.events() == ["ring-off-hook"]
        feeding.ring_long()
        wait(0.1)
        assert ours.events() == ["ring-begin"]
        ours.hook(OFF_HOOK)
        wait(0.1)
        assert feeding.sees_loop
        assert feeding.events() == ["ring-off-hook"]
        assert ours.bits == RINGING  # DAHDI trips no bell of a local span: whoever rings must stop
        feeding.hook(OFF_HOOK)
        wait(0.1)
        assert ours.bits == IDLE


def test_a_ring_right_after_hanging_up_is_seen_in_the_bits_only() -> None:
    with channels(FXO, FEEDING) as (ours, feeding):
        feeding.ring_long()
        wait(0.2)
        assert ours.sees_ring
        assert ours.events() == []
        feeding.hook(RING_OFF)
        wait(0.2)
        assert ours.events() == []


def test_the_exchange_drops_battery_for_half_a_second() -> None:
    with channels(FXO, FEEDING) as (ours, feeding):
        ours.hook(OFF_HOOK)
        feeding.hook(OFF_HOOK)
        wait(1)
        ours.events()
        feeding.hook(ON_HOOK)
        wait(0.1)
        assert ours.bits == NO_BATTERY
        assert ours.events() == ["on-hook"]
        with pytest.raises(OSError, match=os.strerror(errno.EBUSY)):
            feeding.hook(OFF_HOOK)
        wait(0.6)
        assert ours.sees_battery


def test_pulses_are_counted_once_the_debounce_is_over() -> None:
    with channels(FXS, TELEPHONE) as (ours, telephone):
        telephone.hook(OFF_HOOK)
        wait(0.1)
        assert ours.events() == ["ring-off-hook"]
        wait(0.7)
        for _ in range(3):
            telephone.hook(ON_HOOK)
            wait(0.06)
            telephone.hook(OFF_HOOK)
            wait(0.04)
        wait(0.5)
        assert ours.events() == ["pulse-start", "pulse 3"]
        telephone.hook(ON_HOOK)
        wait(0.3)
        telephone.hook(OFF_HOOK)
        wait(0.3)
        assert ours.events() == ["wink-flash"]


@pytest.mark.parametrize(("sender", "listener"), [(FEEDING, FXO), (FXO, FEEDING), (TELEPHONE, FXS), (FXS, TELEPHONE)])
def test_sound_arrives_sample_by_sample(sender: int, listener: int) -> None:
    sent = bytes((at * 7 + (at >> 8) * 13) & 0xFF for at in range(100 * FRAME))
    with channels(sender, listener) as (mouth, ear):
        mouth.flush()
        ear.flush()
        heard = through(mouth, ear, sent)
    begins = heard.find(sent[:FRAME])
    assert begins >= 0
    assert heard[begins:begins + len(sent)] == sent


def through(mouth: FarChannel, ear: FarChannel, sent: bytes) -> bytes:
    """Send as fast as the channel takes it; what was heard from then to a little after the end."""
    heard, at = bytearray(), 0
    deadline = time.monotonic() + len(sent) / 8000 + 0.5
    while time.monotonic() < deadline:
        while at < len(sent) and (taken := mouth.write(sent[at:at + FRAME])):
            at += taken
        while piece := ear.read():
            heard += piece
        wait(0.005)
    return bytes(heard)


def test_the_neighbours_bits_are_not_ours() -> None:
    """dahdi_dynamic masks what it receives with 0xff, not 0x0f (2.11.1): the upper bits are the next channel's."""
    with channels(FXO, FXO + 1, FEEDING, FEEDING + 1) as (ours, ours_next, _, feeding_next):
        wait(SETTLED)
        feeding_next.ring_long()
        wait(0.1)
        assert (ours.bits, ours_next.bits) == (IDLE, RINGING)
        assert ours.events() == []
        feeding_next.hook(RING_OFF)


def test_events_beyond_the_ring_of_64_are_dropped() -> None:
    with channels(FXS, TELEPHONE) as (ours, telephone):
        telephone.hook(OFF_HOOK)
        wait(0.8)
        ours.events()
        for _ in range(80):
            telephone.hook(ON_HOOK)
            wait(0.25)
            telephone.hook(OFF_HOOK)
            wait(0.05)
        wait(0.5)
        told = ours.events()
        assert told == ["wink-flash"] * 63  # of a ring of 64 one place stays free


def test_a_span_that_is_taken_away_tells_removed_and_comes_back() -> None:
    with channels(FXO) as (ours,):
        wait(0.1)
        unassign("dynamic:loc:0")
        try:
            wait(0.1)
            with pytest.raises(OSError, match=os.strerror(errno.ENODEV)):
                ours.read()
        finally:
            assign("dynamic:loc:0", 1, 1)
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):  # a channel of no kind, until dahdi_cfg has run again
        FarChannel(FXO)
    configure("fxsks=1-4", "fxoks=5-8", "alaw=1-8")
    with channels(FXO, FEEDING) as (ours, feeding):
        wait(SETTLED)
        feeding.ring_long()
        wait(0.1)
        assert ours.sees_ring


def test_two_spans_that_wait_for_each_other_flap() -> None:
    """`timing` 1 at both ends: each waits for the other's clock, nobody sends, and alarms come and go."""
    plug_in("5:0", 2, timing=1)
    plug_in("5:1", 2, timing=1)
    try:
        configure("fxsks=17-18", "fxoks=19-20")
        with channels(17, 19) as (one, other):
            wait(5)
            told = one.events() + other.events()
        assert "alarm" in told
    finally:
        unplug("5:0")
        unplug("5:1")
