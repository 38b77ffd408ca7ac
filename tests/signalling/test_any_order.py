"""Any events and requests in any order, at any time, on any hardware: harmless, and every `clear` is kept."""

import pytest
from analog_rig import bench
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.drivers import api
from ccappliance.media.ports import (
    DigitHeard,
    FskHeard,
    SoundHeard,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
    WireStalled,
)
from ccappliance.signalling import callerid, fxo_states, fxs
from ccappliance.signalling.signals import Blocked, Cleared, Occupied, Released, Unblocked

GOOD = callerid.encode_mdmf("110", "", callerid.Moment(1, 1, 0, 0))
EVENTS = [api.RingBegan(), api.RingEnded(), api.HookChanged(True), api.HookChanged(False), api.Flashed(),
          api.Pulsed("8"), api.PolarityReversed(), api.LoopBroken(), api.AlarmRaised("no_battery", "no battery"),
          api.AlarmCleared()]
HEARD = [DigitHeard("8"), DigitHeard("9"), DigitHeard("#"), DigitHeard("D"), ToneHeard("dial"), ToneHeard("busy"),
         ToneHeard("congestion"), ToneHeard("ringback"), ToneEnded("ringback"), ToneEnded("dial"), VoiceHeard(),
         FskHeard(GOOD), FskHeard(b"\x80"), SoundHeard("zh/welcome"), WireStalled(0.1), WireStalled(2.5)]
REQUESTS = [("seize", "90", "110", ""), ("accept",), ("alert",), ("answer",), ("clear", Cause.NORMAL)]
HARDWARE = ["break", "mend", "silence"]
ACTS = EVENTS + HEARD + REQUESTS + HARDWARE
PAUSES = [0.0, 0.0, 0.0, 0.05, 0.5, 1.6, 4.2, 7.0, 61.0, 301.0]


def act(rig, what):
    """Do one thing. Only Refused may come out, and then nothing has changed."""
    if isinstance(what, tuple):
        before = rig.circuit.state
        try:
            rig.ask(*what)
            rig.told.append(what[0])
        except Refused:
            assert rig.circuit.state == before
            assert what[0] != "clear", "clear always fits"
    elif what in HARDWARE:
        rig.channel.broken = {"break": True, "mend": False}.get(what, rig.channel.broken)
        if what == "silence":
            rig.port.silence()
    elif what in EVENTS:
        if isinstance(what, api.HookChanged) and rig.channel.kind is api.Kind.FXS:
            rig.channel.off = what.off
        rig.event(what)
    else:
        rig.heard(what)


async def clean_up(rig):
    """Mend, clear, hang up, and wait: the circuit must be idle, with nothing pending."""
    rig.channel.broken = False
    act(rig, ("clear", Cause.NORMAL))
    if rig.channel.kind is api.Kind.FXS:
        rig.channel.off = False
        rig.event(api.HookChanged(False))
    await rig.wait(8)
    act(rig, ("clear", Cause.NORMAL))  # what came meanwhile, such as a ring in the guard time
    await rig.wait(15)
    assert rig.circuit.state in ("idle", "testing")
    assert Released() in rig.told
    rig.event(api.AlarmCleared())
    for _ in range(90):
        await rig.wait(4)
        if rig.circuit.idle:
            break
        assert rig.circuit.blocked is not None
        assert rig.circuit.blocked.alarm in ("no_battery", "no_dial_tone", "dead")
        if rig.circuit.state == "testing":
            rig.heard(ToneHeard("dial"))
    await rig.wait(8)  # a bell that has stopped is forgotten
    assert rig.circuit.idle
    assert not rig.circuit._timers
    if rig.channel.kind is api.Kind.FXO:
        assert not rig.channel.off
    else:
        assert rig.channel.bell is None


NEXT = {  # what may be told, by how far the call is: and how far it is then
    "none": {"Occupied": "none", "Offered": "offered", "seize": "seized", "Released": "none"},
    "offered": {"Answered": "up", "Cleared": "cleared", "Released": "none"},
    "seized": {"Proceeding": "seized", "Alerting": "seized", "Answered": "up", "Cleared": "cleared",
               "Released": "none"},
    "up": {"Digit": "up", "Flash": "up", "Cleared": "cleared", "Released": "none"},
    "cleared": {"Released": "none"},
}


def check_story(log):
    """What was told, with our accepted requests between, is a legal story of calls and of the line's health."""
    call, blocked, clears = "none", None, 0
    for entry in log:
        kind = entry if isinstance(entry, str) else type(entry).__name__
        match entry:
            case "clear" | Occupied():  # each is followed by Released; one Released may be for both
                clears += 1
                assert entry == "clear" or (call, blocked) == ("none", None)
            case "answer" | "accept" | "alert":
                assert call == "offered"
            case Blocked(alarm):
                assert blocked != alarm
                assert call in ("none", "cleared") or clears  # a call on it was Cleared, or we have cleared it
                blocked = alarm
            case Unblocked():
                assert blocked is not None
                blocked = None
            case _:
                if kind in ("Offered", "seize"):
                    assert blocked is None
                if kind == "Released":
                    clears -= 1
                    assert clears >= 0
                assert kind in NEXT[call], (call, log)
                call = NEXT[call][kind]


TO_FXO = {
    "idle": [], "ringing": [api.RingBegan()], "offered": [api.RingBegan(), FskHeard(GOOD)],
    "seizing": [REQUESTS[0]], "dialling": [REQUESTS[0], ToneHeard("dial")],
    "proceeding": [REQUESTS[0], ToneHeard("dial"), 2.0],
    "alerting": [REQUESTS[0], ToneHeard("dial"), 2.0, ToneHeard("ringback")],
    "connected": [api.RingBegan(), FskHeard(GOOD), ("answer",)],
    "gone": [api.RingBegan(), FskHeard(GOOD), ("answer",), api.LoopBroken()],
    "glare": [REQUESTS[0], api.RingBegan()],
    "refused": [api.RingBegan(), FskHeard(GOOD), ("clear", Cause.NORMAL)],
    "guard": [REQUESTS[0], ("clear", Cause.NORMAL)],
    "testing": [REQUESTS[0], 5.1, ("clear", Cause.NORMAL), 300.0],
}
TO_FXS = {
    "idle": [], "dialling": [api.HookChanged(True)],
    "offered": [api.HookChanged(True), DigitHeard("9"), DigitHeard("9"), DigitHeard("#")],
    "alerting": [api.HookChanged(True), DigitHeard("9"), DigitHeard("9"), DigitHeard("#"), ("alert",)],
    "ringing": [REQUESTS[0]], "connected": [REQUESTS[0], api.HookChanged(True)],
    "gone": [REQUESTS[0], api.HookChanged(True), api.HookChanged(False)],
    "ending": [("clear", Cause.NORMAL)],
    "busy": [REQUESTS[0], api.HookChanged(True), ("clear", Cause.NORMAL)],
    "reorder": [api.HookChanged(True), DigitHeard("#")],
    "howling": [api.HookChanged(True), DigitHeard("#"), 61.0],
}


async def walk(rig, path):
    for step in path:
        if isinstance(step, float):
            await rig.wait(step)
        else:
            act(rig, step)


def test_the_paths_reach_every_state():
    assert set(TO_FXO) == {state.value for state in fxo_states.State}
    assert set(TO_FXS) == {state.value for state in fxs.State}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fxo", "fxs"])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_sequence(kind, data):
    """From any state, up to 30 acts with any pauses."""
    path = data.draw(st.sampled_from(list((TO_FXO if kind == "fxo" else TO_FXS).values())))
    acts = data.draw(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(PAUSES)), max_size=30))

    async def story(rig):
        await walk(rig, path)
        for what, pause in acts:
            act(rig, what)
            await rig.wait(pause)
        await clean_up(rig)
        check_story(rig.told)

    bench(kind, story)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state", "path"),
                         [("fxo", *item) for item in TO_FXO.items()] + [("fxs", *item) for item in TO_FXS.items()])
def test_every_state_and_every_event(kind, state, path):
    """In each state each event, sound and request, with good hardware and with broken; then everything ends well."""
    for what in ACTS:
        for broken in (False, True):
            async def story(rig, what=what, broken=broken):
                await walk(rig, path)
                assert rig.circuit.state == state
                rig.channel.broken = broken
                act(rig, what)
                await clean_up(rig)
                check_story(rig.told)

            bench(kind, story)


def test_the_hardware_tells_an_event_inside_a_request():
    """A simulated exchange may answer off_hook() with an event at once: it is handled after the request."""
    async def story(rig):
        off_hook = rig.channel.off_hook

        def hasty():
            off_hook()
            rig.event(api.LoopBroken())

        rig.channel.off_hook = hasty
        act(rig, api.RingBegan())
        act(rig, FskHeard(GOOD))
        rig.ask("answer")
        await rig.wait()
        assert rig.kinds() == ["Offered", "Answered", "Cleared"]

    bench("fxo", story)


def test_clear_and_seize_at_once_in_the_hearer():
    """Whoever hears Cleared may clear, whoever hears Released may seize in the same breath."""
    async def story(rig):
        told = rig._hear

        def hear(signal):
            told(signal)
            if isinstance(signal, Cleared):
                rig.circuit.clear(Cause.NORMAL)
            elif isinstance(signal, Released):
                rig.circuit.seize("90")

        rig.circuit._hear = hear
        rig.ask("seize", "90")
        for _ in range(5):
            rig.heard(ToneHeard("congestion"))
            await rig.wait(2)
        assert rig.kinds() == ["Cleared", "Released"] * 5
        assert rig.circuit.state == "seizing"

    bench("fxo", story)
