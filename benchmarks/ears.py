"""All ears for tones on 240 channels of A-law, beside libspandsp (Debian: libspandsp2) in the same run.

Ours: DTMF, China's progress tones and voice, SIT, fax and modem, A-law decoding included, one call a frame for all
channels. Spandsp: its DTMF receiver and its modem-connect and supervisory-tone receivers for the same tones, fed with
samples that are decoded already. Twice: the traffic of a call centre (speech, and at times digits, tones, silence), and
the worst there is: all channels speak loud and without end.
"""

import ctypes
import ctypes.util
import math
import random
import struct
from collections.abc import Callable, Iterator

from benchmarks.timing import best
from ccappliance.base.units import FRAME, RATE
from ccappliance.media import _bank, _dsp, dsp
from ccappliance.media.tones import load_zones

CHANNELS = 240
SECONDS = 8
FRAMES = SECONDS * RATE // FRAME
TARGETS = {"v3": 2.0, "base": 6.0}  # ns per sample per channel


def _speechlike(chance: random.Random, seconds: int, *, pauses: bool = True) -> bytes:
    """Syllables: a glottal pulse through two formants, with pauses, or without and then loud."""
    made: list[int] = []
    while len(made) < seconds * RATE:
        pitch, low, high = chance.uniform(80, 260), chance.uniform(250, 900), chance.uniform(900, 2400)
        level, length = chance.uniform(500 if pauses else 4000, 6000), chance.randrange(800, 2400)
        states = [[0.0, 0.0], [0.0, 0.0]]
        for n in range(length):
            x = level if n % int(RATE / pitch) == 0 else chance.gauss(0, level / 60)
            for (hz, state) in zip((low, high), states, strict=True):
                x, state[1], state[0] = (y := x + 1.9 * _cos(hz) * state[0] - 0.9025 * state[1]), state[0], y
            made.append(max(-32768, min(32767, int(x * 0.4))))
        if pauses:
            made += [int(chance.gauss(0, 20)) for _ in range(chance.randrange(200, 1600))]
    return struct.pack(f"<{seconds * RATE}h", *made[:seconds * RATE])


def _cos(hz: float) -> float:
    return math.cos(2 * math.pi * hz / RATE)


def traffic() -> list[bytes]:
    """PCM of each channel: of eight, five speak, one dials, one hears tones, one is silent."""
    chance = random.Random(1)
    voices = [_speechlike(chance, SECONDS) for _ in range(12)]
    zone = load_zones()["cn"]
    dialled = (dsp.render_digits("13800138000", 0.1, 0.1) + voices[0])[:len(voices[0])]
    busy = dsp.render_tone(zone.tones["busy"], float(SECONDS))
    kinds = [dialled, busy, bytes(len(busy))]
    made = []
    for channel in range(CHANNELS):
        one = kinds[channel % 8] if channel % 8 < 3 else voices[channel % 12]
        shift = 2 * chance.randrange(len(one) // 2)  # nobody speaks in step
        made.append(one[shift:] + one[:shift])
    return made


def loud() -> list[bytes]:
    """PCM of each channel: everybody speaks, at the top of his voice."""
    chance = random.Random(2)
    voices = [_speechlike(chance, SECONDS, pauses=False) for _ in range(12)]
    shifts = [2 * chance.randrange(SECONDS * RATE) for _ in range(CHANNELS)]
    return [voices[k % 12][shift:] + voices[k % 12][:shift] for k, shift in enumerate(shifts)]


def ours(channels: list[bytes]) -> Iterator[tuple[str, float]]:
    """ns per sample per channel on each level of this machine."""
    codes = [dsp.linear_to_alaw(pcm) for pcm in channels]
    frames = [b"".join(code[at:at + FRAME] for code in codes) for at in range(0, FRAMES * FRAME, FRAME)]
    patterns = [one[1:] for one in load_zones()["cn"].recognised]
    ears = _dsp.Channels(CHANNELS, patterns)
    chosen = _bank.level()

    def run() -> None:
        for frame in frames:
            ears.run(frame)

    for level in _bank.levels():
        _bank.use(level)
        yield level, best(run, 5) / (len(frames) * FRAME * CHANNELS) * 1e9
    _bank.use(chosen)


def peer(library: str, channels: list[bytes]) -> tuple[float, float]:
    """ns per sample per channel of spandsp's DTMF receiver, and of that with its receivers for the other tones."""
    spandsp = ctypes.CDLL(library)
    receivers: list[tuple[str, list[list[int]]]] = []
    for kind, makes in (("dtmf_rx", [(None, None, None)]),
                        ("modem_connect_tones_rx", [(1, None, None), (6, None, None)])):
        init, receive = getattr(spandsp, f"{kind}_init"), getattr(spandsp, kind)
        init.restype = ctypes.c_void_p
        receive.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        receivers.append((kind, [[init(None, *make) for _ in range(CHANNELS)] for make in makes]))
    receivers.append(("super_tone_rx", [[_supervisory(spandsp) for _ in range(CHANNELS)]]))
    frames = [[pcm[at:at + 2 * FRAME] for pcm in channels] for at in range(0, 2 * FRAMES * FRAME, 2 * FRAME)][:100]

    def run(wanted: list[tuple[str, list[list[int]]]]) -> Callable[[], None]:
        calls = [(getattr(spandsp, kind), states) for kind, rows in wanted for states in rows]

        def all_frames() -> None:
            for frame in frames:
                for receive, states in calls:
                    for state, samples in zip(states, frame, strict=True):
                        receive(state, samples, FRAME)
        return all_frames

    per = 1e9 / (len(frames) * FRAME * CHANNELS)
    call = best(run([]), 1) * per + _call_cost(spandsp)
    alone = best(run(receivers[:1]), 3) * per - call
    rows = sum(len(rows) for _, rows in receivers)
    return alone, best(run(receivers), 3) * per - rows * call


def _call_cost(spandsp: ctypes.CDLL) -> float:
    """ns a sample that a call through ctypes costs, which is not the peer's fault."""
    receive = spandsp.dtmf_rx
    state, nothing = spandsp.dtmf_rx_init(None, None, None), bytes(2)
    return best(lambda: [receive(state, nothing, 0) for _ in range(10_000)], 3) / 10_000 / FRAME * 1e9


def _supervisory(spandsp: ctypes.CDLL) -> int:
    """A receiver for China's busy and ringback and for SIT's three tones."""
    spandsp.super_tone_rx_make_descriptor.restype = ctypes.c_void_p
    spandsp.super_tone_rx_add_element.argtypes = [ctypes.c_void_p] + [ctypes.c_int] * 5
    spandsp.super_tone_rx_add_tone.argtypes = [ctypes.c_void_p]
    spandsp.super_tone_rx_init.restype = ctypes.c_void_p
    spandsp.super_tone_rx_init.argtypes = [ctypes.c_void_p] * 4
    spandsp.super_tone_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    told = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int)(lambda *_: None)
    _KEPT.append(told)
    book = spandsp.super_tone_rx_make_descriptor(None)
    for steps in (((450, 350), (0, 350)), ((450, 1000), (0, 4000)), ((950, 330), (1400, 330), (1800, 330))):
        tone = spandsp.super_tone_rx_add_tone(book)
        for hz, ms in steps:
            spandsp.super_tone_rx_add_element(book, tone, hz, 0, ms * 9 // 10, ms * 11 // 10)
    return int(spandsp.super_tone_rx_init(None, book, ctypes.cast(told, ctypes.c_void_p), None))


_KEPT: list[object] = []  # callbacks that spandsp may call


def measure() -> Iterator[str]:
    """ns per sample per channel for both, and the ratio."""
    found = ctypes.util.find_library("spandsp")
    if found is None:
        yield "no peer: apt install libspandsp2"
    for what, channels in (("traffic", traffic()), ("loud speech on all", loud())):
        best_of_ours = 0.0
        for level, taken in ours(channels):
            target = f" (target {TARGETS[level]:g})" if level in TARGETS else ""
            yield (f"all tone ears on {CHANNELS} channels of A-law, {what}, {level}: "
                   f"{taken:.2f} ns/sample/channel{target}")
            best_of_ours = taken
        if found is not None:
            alone, whole = peer(found, channels)
            yield (f"libspandsp, {what}: DTMF alone {alone:.1f}, with fax, modem, SIT and progress {whole:.1f} "
                   f"ns/sample/channel; ratio ours to its {best_of_ours / whole:.3f}, to its DTMF alone "
                   f"{best_of_ours / alone:.3f}")
