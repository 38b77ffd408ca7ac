"""R2 and E&M circuits take any bits, signals, requests and alarms in any order: no bug, and at rest at the end."""

import asyncio
import contextlib
import random

import pytest
from analog_rig import EPOCH, FakePort, Zone

from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.dialplan import DialPlan
from ccappliance.base.errors import Refused
from ccappliance.drivers.simulated_cas import SimulatedCas
from ccappliance.media.ports import DigitHeard, MfEnded, MfHeard, ToneHeard
from ccappliance.signalling import signals
from ccappliance.signalling.em import EmCircuit
from ccappliance.signalling.em_settings import EmSettings
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS
from ccappliance.sim.loop import run_virtual

KINDS = ("itu", "cn", "wink", "immediate")
STEPS = 300
IDLE = {"itu": 0b1001, "cn": 0b1011, "wink": 0b1101, "immediate": 0b1101}


def make(kind, channel, port, **common):
    if kind in VARIANTS:
        return R2Circuit("r2/1", channel, port, VARIANTS[kind], R2Settings(), Zone(), DialPlan(["XX"]), **common)
    return EmCircuit("em/1", channel, port, EmSettings(start=kind), Zone(), DialPlan(["XX"]), **common)


async def walk(kind, seed):
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    failures, told = [], []
    loop.set_exception_handler(lambda loop, context: failures.append(context.get("exception") or context["message"]))
    cable = SimulatedCas(loop, 1, [1], [(None, None)])
    channel, port = cable.ours[1], FakePort("port", loop)
    circuit = make(kind, channel, port, clock=LoopClock(loop, EPOCH), loop=loop, hear=told.append)

    def ask(request, *args):
        with contextlib.suppress(Refused):
            getattr(circuit, request)(*args)

    doings = [
        *[lambda bits=bits: channel.receive(bits) for bits in (0b0001, 0b0101, 0b1001, 0b1101) for _ in range(2)],
        lambda: ask("seize", "12", "3"), lambda: ask("answer"), lambda: ask("alert"), lambda: ask("accept"),
        lambda: ask("clear", chance.choice(list(Cause))), lambda: ask("clear", Cause.NORMAL),
        *[lambda: port.on_heard(MfHeard(chance.choice((1, 1, 2, 3, 4, 5, 6, 15, 12)))) for _ in range(4)],
        *[lambda: port.on_heard(MfEnded()) for _ in range(4)],
        lambda: port.on_heard(DigitHeard("1")), lambda: port.on_heard(ToneHeard("busy")),
        lambda: port.on_heard(ToneHeard("ringback")), lambda: cable.near.fail("red", "no signal"),
        lambda: cable.near.mend(), lambda: port.silence(),
    ]
    helpful = {  # what a well-behaved far end would do, so that walks get further than chance alone would take them
        "seized": [lambda: channel.receive(0b1101 if kind in VARIANTS else 0b0101), lambda: channel.receive(0b1101)],
        "dialling": [lambda: port.on_heard(MfHeard(chance.choice((1, 3, 3, 6)))), lambda: port.on_heard(MfEnded())],
        "receiving": [lambda: port.on_heard(MfHeard(chance.choice((1, 2, 15)))), lambda: port.on_heard(MfEnded()),
                      lambda: port.on_heard(DigitHeard("1"))],
        "offered": [lambda: ask("answer"), lambda: ask("alert"), lambda: port.on_heard(MfEnded()),
                    lambda: port.on_heard(MfHeard(1))],
        "alerting": [lambda: channel.receive(0b0101)], "proceeding": [lambda: channel.receive(0b0101)],
    }
    for _ in range(STEPS):
        chance.choice(helpful.get(circuit.state, doings) if chance.random() < 0.85 else doings)()
        await asyncio.sleep(chance.choice((0.0, 0.01, 0.05, 0.05, 0.3, 2.0)))
        assert not failures, (kind, seed, failures, circuit.history())
    cable.near.mend()
    ask("clear", Cause.NORMAL)
    channel.receive(IDLE[kind] ^ 0b1000)  # something else, so that idle is a change
    await asyncio.sleep(0.1)
    channel.receive(IDLE[kind])
    await asyncio.sleep(20.0)
    ask("clear", Cause.NORMAL)  # of what that seizure became
    await asyncio.sleep(400.0)  # beyond every retest and timer
    assert not failures, (kind, seed, failures, circuit.history())
    assert circuit.idle, (kind, seed, circuit.state, circuit.blocked, circuit.history())
    blocked = [signal for signal in told if isinstance(signal, signals.Blocked | signals.Unblocked)]
    assert isinstance(blocked[-1], signals.Unblocked) if blocked else True


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_anything_in_any_order(kind):
    for seed in range(100):
        run_virtual(walk(kind, seed))
