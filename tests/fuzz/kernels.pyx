# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# What libFuzzer drives: one input is a kernel, a sound, chunk sizes and losses; the kernel hears or mends it twice.
#
# The first time frame by frame on the plainest CPU level, the second time in chunks of any size on another level: what is
# told and said must be the same, every number finite, every gain within its bounds. Chunks and states lie in blocks of the
# heap of exactly their size, so that AddressSanitizer sees the first byte beyond. tools/fuzz.py builds and runs it.
from libc.math cimport isfinite, sin
from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdio cimport fprintf, stderr
from libc.stdlib cimport abort, calloc, free, malloc
from libc.string cimport memcpy, memset

from ccappliance.media._alaw cimport alaw_decode, alaw_encode
from ccappliance.media._conceal cimport conceal_fillin, conceal_init, conceal_run, conceal_t
from ccappliance.media._dtmf cimport dtmf_fillin, dtmf_init, dtmf_run, dtmf_t
from ccappliance.media._echo cimport echo_fillin, echo_init, echo_run, echo_t
from ccappliance.media._fsk cimport FSK_BELL202, FSK_V23, fsk_rx_fillin, fsk_rx_init, fsk_rx_run, fsk_rx_t, fsk_tx
from ccappliance.media._levels cimport (agc_fillin, agc_init, agc_run, agc_t, comfort_init, comfort_run, comfort_set,
                                        comfort_t, gain_init, gain_run, gain_set, gain_t)
from ccappliance.media._match cimport match_fillin, match_init, match_run, match_t
from ccappliance.media._progress cimport (PROGRESS_EVENTS, PROGRESS_PATTERNS, progress_event_t, progress_fillin,
                                          progress_init, progress_run, progress_t, progress_zone_t)
from ccappliance.media._mf cimport MF_EVENTS, mf_fillin, mf_init, mf_run, mf_t
from ccappliance.media._signal cimport SIGNAL_EVENTS, signal_event_t, signal_fillin, signal_init, signal_run, signal_t
from ccappliance.media._spectrum cimport SPECTRUM_WINDOW, spectrum_look, spectrum_t
from ccappliance.media._tone cimport TONE_SINES, TONE_STEPS, tone_run, tone_start, tone_stop, tone_t
from ccappliance.media._verdict cimport (VERDICT_EVENTS, VERDICT_FEATURES, VERDICT_ZONE, verdict_event_t, verdict_features,
                                         verdict_fillin, verdict_init, verdict_run, verdict_t)
from ccappliance.media._voice cimport (VOICE_EVENTS, meter_dbm0, meter_reset, meter_run, meter_t, talk_fillin, talk_init,
                                       talk_run, talk_t, voice_event_t, voice_fillin, voice_init, voice_run, voice_t)

import os

from ccappliance.media import _bank

DEF FRAME = 160             # samples: the most a kernel is given at once in the tick
DEF MOST = 16000            # samples of a sound: 2 s
DEF HEADER = 8              # bytes before the sound: kernel, how the sound is written, chunks, losses, level, three for init

LEVELS = _bank.levels()

ctypedef void (*init_t)(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil
ctypedef uint64_t (*run_t)(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil
ctypedef uint64_t (*fillin_t)(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil
ctypedef int (*sane_t)(const void *state) noexcept nogil

cdef struct kernel_t:
    const char *name
    int most                # samples that are enough: the dear ones get fewer
    size_t size
    init_t init
    run_t run
    fillin_t fillin         # NULL: it has none
    sane_t sane             # NULL: it holds integers only


cdef uint64_t _mix(uint64_t told, const void *what, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        told = (told ^ (<const uint8_t *>what)[i]) * <uint64_t>1099511628211
    return told


cdef uint64_t _number(uint64_t told, int64_t number) noexcept nogil:
    return _mix(told, &number, sizeof(number))


# ---- the ears of the bank ----

cdef void _dtmf_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    dtmf_init(<dtmf_t *>state)

cdef uint64_t _dtmf_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef char digits[4]
    cdef int count = dtmf_run(<dtmf_t *>state, x, n, digits, 4)
    return _mix(told, digits, count)

cdef uint64_t _dtmf_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    dtmf_fillin(<dtmf_t *>state, n)
    return told

cdef int _dtmf_sane(const void *state) noexcept nogil:
    cdef const dtmf_t *ear = <const dtmf_t *>state
    return isfinite(ear.ear.row) and isfinite(ear.ear.column)


cdef struct zoned_t:
    progress_t ear
    progress_zone_t zone

cdef void _progress_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    cdef progress_zone_t *zone = &(<zoned_t *>state).zone
    cdef uint32_t chance = how[0] | <uint32_t>how[1] << 8 | <uint32_t>how[2] << 16
    cdef int k
    zone.count = 1 + how[0] % PROGRESS_PATTERNS
    for k in range(zone.count):
        zone.patterns[k].hz[0] = 450.0 if k < 3 else 300.0 + chance % 3300
        chance = chance * 1664525 + 1013904223
        zone.patterns[k].hz[1] = 0.0 if chance & 0x10000 else 300.0 + (chance >> 17) % 3300
        chance = chance * 1664525 + 1013904223
        zone.patterns[k].on_ms = 350 if k == 0 else 1 + (chance >> 8) % 4000
        chance = chance * 1664525 + 1013904223
        zone.patterns[k].off_ms = 350 if k == 0 else 0 if chance & 0x10000 else (chance >> 17) % 4000
    progress_init(&(<zoned_t *>state).ear, zone)

cdef uint64_t _progress_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef progress_event_t events[PROGRESS_EVENTS]
    cdef int k, count = progress_run(&(<zoned_t *>state).ear, x, n, events, PROGRESS_EVENTS)
    for k in range(count):
        told = _number(_number(told, events[k].kind), events[k].pattern)
    return told

cdef uint64_t _progress_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    progress_fillin(&(<zoned_t *>state).ear, n)
    return told

cdef int _progress_sane(const void *state) noexcept nogil:
    cdef const progress_t *ear = &(<const zoned_t *>state).ear
    return isfinite(ear.ear.strength[0]) and isfinite(ear.ear.low) and isfinite(ear.ear.high)


cdef void _signal_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    signal_init(<signal_t *>state)

cdef uint64_t _signal_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef signal_event_t events[SIGNAL_EVENTS]
    cdef int k, count = signal_run(<signal_t *>state, x, n, events, SIGNAL_EVENTS)
    for k in range(count):
        told = _number(_number(told, events[k].signal), events[k].ended)
    return told

cdef uint64_t _signal_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    signal_fillin(<signal_t *>state, n)
    return told


cdef void _mf_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    mf_init(<mf_t *>state, how[0] % 3)

cdef uint64_t _mf_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef int events[MF_EVENTS]
    cdef int k, at = 0, count
    while at < n:               # the engine gives it a frame at most
        count = mf_run(<mf_t *>state, x + at, min(n - at, 160), events, MF_EVENTS)
        at += 160
        for k in range(count):
            told = _number(told, events[k])
    return told

cdef uint64_t _mf_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    mf_fillin(<mf_t *>state, n)
    return told

cdef int _mf_sane(const void *state) noexcept nogil:
    cdef const mf_t *ear = <const mf_t *>state
    return isfinite(ear.power[0]) and isfinite(ear.power[1]) and 0 <= ear.on <= 15 and 0 <= ear.fill <= 160


# ---- ears of their own ----

cdef void _fsk_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    fsk_rx_init(<fsk_rx_t *>state)

cdef uint64_t _fsk_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef fsk_rx_t *ear = <fsk_rx_t *>state
    if fsk_rx_run(ear, x, n):
        told = _mix(told, ear.message, ear.length)
    return told

cdef uint64_t _fsk_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    fsk_rx_fillin(<fsk_rx_t *>state, n)
    return told

cdef int _fsk_sane(const void *state) noexcept nogil:
    cdef const fsk_rx_t *ear = <const fsk_rx_t *>state
    return (isfinite(ear.lean) and isfinite(ear.band) and isfinite(ear.since) and isfinite(ear.late)
            and isfinite(ear.times) and (ear.weights == 0.0 or 5.0 < ear.times / ear.weights < 8.5))


cdef void _match_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    match_init(<match_t *>state, x, min(n, how[0] * 16))

cdef uint64_t _match_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    return 1 if match_run(<match_t *>state, x, n) else told     # it answers whether, not how often in these samples

cdef uint64_t _match_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    match_fillin(<match_t *>state, n)
    return told

cdef int _match_sane(const void *state) noexcept nogil:
    cdef const match_t *ear = <const match_t *>state
    return isfinite(ear.filling) and 0.0 <= ear.best < 1.001


cdef uint64_t _voiced(const voice_event_t *events, int count, uint64_t told) noexcept nogil:
    cdef int k
    for k in range(count):
        told = _number(_number(told, events[k].kind), events[k].samples)
    return told

cdef int _voice_fine(const voice_t *ear) noexcept nogil:
    return isfinite(ear.level) and isfinite(ear.noise) and isfinite(ear.snr) and ear.level < 7.0

cdef void _voice_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    voice_init(<voice_t *>state, how[0] * 10)

cdef uint64_t _voice_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef voice_event_t events[VOICE_EVENTS]
    return _voiced(events, voice_run(<voice_t *>state, x, n, events, VOICE_EVENTS), told)

cdef uint64_t _voice_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef voice_event_t events[VOICE_EVENTS]
    return _voiced(events, voice_fillin(<voice_t *>state, n, events, VOICE_EVENTS), told)

cdef int _voice_sane(const void *state) noexcept nogil:
    return _voice_fine(<const voice_t *>state)


cdef void _talk_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    talk_init(<talk_t *>state, how[0] % 30)

cdef uint64_t _talk_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef voice_event_t events[VOICE_EVENTS]
    return _voiced(events, talk_run(<talk_t *>state, x, far, n, events, VOICE_EVENTS), told)

cdef uint64_t _talk_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    talk_fillin(<talk_t *>state, n)
    return told

cdef int _talk_sane(const void *state) noexcept nogil:
    cdef const talk_t *talk = <const talk_t *>state
    return _voice_fine(&talk.near) and _voice_fine(&talk.far)


cdef void _meter_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    meter_reset(<meter_t *>state)

cdef uint64_t _meter_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    meter_run(<meter_t *>state, x, n)
    return told

cdef int _meter_sane(const void *state) noexcept nogil:
    return -99.1 < meter_dbm0(<const meter_t *>state) < 7.0


cdef void _verdict_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    cdef float zone[VERDICT_ZONE]
    cdef int k, count = how[0] % (VERDICT_ZONE + 1)
    for k in range(count):
        zone[k] = 300.0 + (how[1] * (k + 1) * 13) % 2500
    verdict_init(<verdict_t *>state, zone, count)

cdef uint64_t _verdict_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef verdict_event_t events[VERDICT_EVENTS]
    cdef int k, count = verdict_run(<verdict_t *>state, x, n, events, VERDICT_EVENTS)
    for k in range(count):
        told = _number(_number(_number(told, events[k].kind), events[k].value), events[k].samples)
        told = _mix(_number(told, events[k].begins), &events[k].confidence, sizeof(float))
    return told

cdef uint64_t _verdict_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    verdict_fillin(<verdict_t *>state, n)
    return told

cdef int _verdict_sane(const void *state) noexcept nogil:
    cdef float features[VERDICT_FEATURES]
    cdef int k
    verdict_features(<const verdict_t *>state, features)
    for k in range(VERDICT_FEATURES):
        if not isfinite(features[k]):
            return 0
    return 0.0 <= (<const verdict_t *>state).human <= 1.0


cdef struct looked_t:
    float ring[SPECTRUM_WINDOW]
    int at

cdef void _spectrum_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    memset(state, 0, sizeof(looked_t))

cdef uint64_t _spectrum_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef looked_t *looked = <looked_t *>state
    cdef spectrum_t look
    cdef int i
    for i in range(n):
        looked.ring[looked.at] = x[i]
        looked.at = (looked.at + 1) % SPECTRUM_WINDOW
        if looked.at % 64 == 0:
            spectrum_look(looked.ring, looked.at, &look)
            if not (isfinite(look.hz) and -0.001 <= look.purity <= 1.001 and isfinite(look.peak_level)
                    and isfinite(look.flatness) and isfinite(look.centroid) and isfinite(look.tilt)):
                fprintf(stderr, "spectrum: a look is not finite\n")
                abort()
            told = _mix(told, &look, sizeof(look))
    return told


# ---- mouths ----

cdef void _gain_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    gain_init(<gain_t *>state, how[0] * 128)
    gain_set(<gain_t *>state, how[1] * 128)

cdef uint64_t _gain_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    gain_run(<gain_t *>state, x, n)
    return _mix(told, x, 2 * n)


cdef void _agc_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    agc_init(<agc_t *>state, -3.0 - how[0] % 37)

cdef uint64_t _agc_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    agc_run(<agc_t *>state, x, n)
    return _mix(told, x, 2 * n)

cdef uint64_t _agc_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    agc_fillin(<agc_t *>state, n)
    return told

cdef int _agc_sane(const void *state) noexcept nogil:
    cdef const agc_t *agc = <const agc_t *>state
    return -12.1 < agc.gain < 18.1 and 0.0 <= agc.limit <= 1.0 and isfinite(agc.factor) and _voice_fine(&agc.voice)


cdef void _comfort_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    comfort_init(<comfort_t *>state, how[0], -10.0 - how[1] % 90)
    comfort_set(<comfort_t *>state, -10.0 - how[2] % 90)

cdef uint64_t _comfort_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    comfort_run(<comfort_t *>state, x, n)
    return _mix(told, x, 2 * n)


cdef void _conceal_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    conceal_init(<conceal_t *>state)

cdef uint64_t _conceal_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    conceal_run(<conceal_t *>state, x, n)
    return _mix(told, x, 2 * n)

cdef uint64_t _conceal_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef int16_t *out = <int16_t *>malloc(2 * max(n, 0) + 1)
    conceal_fillin(<conceal_t *>state, out, n)
    told = _mix(told, out, 2 * max(n, 0))
    free(out)
    return told


cdef void _echo_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    echo_init(<echo_t *>state)

cdef uint64_t _echo_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef int16_t *out = <int16_t *>malloc(2 * n + 1)
    echo_run(<echo_t *>state, far, x, out, n)
    told = _mix(told, out, 2 * n)
    free(out)
    return told

cdef uint64_t _echo_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    echo_fillin(<echo_t *>state, far, min(n, FRAME))
    return told

cdef int _echo_sane(const void *state) noexcept nogil:
    cdef const echo_t *echo = <const echo_t *>state
    cdef int k
    for k in range(256):
        if not (isfinite(echo.fore[k]) and isfinite(echo.back[k])):
            return 0
    return isfinite(echo.power) and isfinite(echo.leak)


cdef void _tone_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    cdef tone_t *tone = <tone_t *>state
    cdef int k, j
    tone.count = how[0] % (TONE_STEPS + 1)
    for k in range(min(tone.count, n // 6)):
        for j in range(TONE_SINES):
            tone.steps[k].hz[j] = (x[6 * k + j] & 0x7FFF) % 4000
        tone.steps[k].peak = x[6 * k + 4]
        tone.steps[k].samples = x[6 * k + 5] // 16
    tone_start(tone, how[1] % 4)

cdef uint64_t _tone_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef int made = tone_run(<tone_t *>state, x, n)
    if made < 0 or made > n:
        fprintf(stderr, "tone: made %d samples of %d\n", made, n)
        abort()
    return _mix(told, x, 2 * made)

cdef uint64_t _tone_fillin(void *state, const int16_t *far, int n, uint64_t told) noexcept nogil:
    tone_stop(<tone_t *>state)      # it loses nothing; it may be told to end at any time
    return told


cdef void _alaw_init(void *state, const uint8_t *how, const int16_t *x, int n) noexcept nogil:
    pass

cdef uint64_t _alaw_run(void *state, int16_t *x, const int16_t *far, int n, uint64_t told) noexcept nogil:
    cdef uint8_t *code = <uint8_t *>malloc(n + 1)
    alaw_encode(x, code, n)
    alaw_decode(code, x, n)
    free(code)
    return _mix(told, x, 2 * n)


cdef kernel_t KERNELS[19]
cdef int COUNT = 0


cdef void _add(const char *name, int most, size_t size, init_t init, run_t run, fillin_t fillin, sane_t sane):
    global COUNT
    KERNELS[COUNT] = kernel_t(name, most, size, init, run, fillin, sane)
    COUNT += 1


_add("dtmf", MOST, sizeof(dtmf_t), _dtmf_init, _dtmf_run, _dtmf_fillin, _dtmf_sane)
_add("progress", MOST, sizeof(zoned_t), _progress_init, _progress_run, _progress_fillin, _progress_sane)
_add("signal", MOST, sizeof(signal_t), _signal_init, _signal_run, _signal_fillin, NULL)
_add("mf", MOST, sizeof(mf_t), _mf_init, _mf_run, _mf_fillin, _mf_sane)
_add("fsk", MOST, sizeof(fsk_rx_t), _fsk_init, _fsk_run, _fsk_fillin, _fsk_sane)
_add("match", MOST // 2, sizeof(match_t), _match_init, _match_run, _match_fillin, _match_sane)
_add("voice", MOST, sizeof(voice_t), _voice_init, _voice_run, _voice_fillin, _voice_sane)
_add("talk", MOST, sizeof(talk_t), _talk_init, _talk_run, _talk_fillin, _talk_sane)
_add("meter", MOST, sizeof(meter_t), _meter_init, _meter_run, NULL, _meter_sane)
_add("verdict", MOST, sizeof(verdict_t), _verdict_init, _verdict_run, _verdict_fillin, _verdict_sane)
_add("spectrum", MOST, sizeof(looked_t), _spectrum_init, _spectrum_run, NULL, NULL)
_add("gain", MOST, sizeof(gain_t), _gain_init, _gain_run, NULL, NULL)
_add("agc", MOST, sizeof(agc_t), _agc_init, _agc_run, _agc_fillin, _agc_sane)
_add("comfort", MOST, sizeof(comfort_t), _comfort_init, _comfort_run, NULL, NULL)
_add("conceal", MOST, sizeof(conceal_t), _conceal_init, _conceal_run, _conceal_fillin, NULL)
_add("echo", MOST // 8, sizeof(echo_t), _echo_init, _echo_run, _echo_fillin, _echo_sane)
_add("tone", MOST, sizeof(tone_t), _tone_init, _tone_run, _tone_fillin, NULL)
_add("alaw", MOST, 1, _alaw_init, _alaw_run, NULL, NULL)

NAMES = [KERNELS[k].name.decode("ascii") for k in range(COUNT)]
cdef int ONLY = NAMES.index(os.environ["FUZZ_KERNEL"]) if os.environ.get("FUZZ_KERNEL") else -1     # all take turns


# ---- sounds ----

cdef float HZ[16]
for _k, _hz in enumerate((697, 770, 852, 941, 1209, 1336, 1477, 1633, 450, 950, 1400, 1800, 1100, 2100, 1300, 2200)):
    HZ[_k] = _hz


cdef int _score(const uint8_t *data, size_t size, int16_t *x) noexcept nogil:
    # four bytes a segment: length, two frequencies, level, noise; or caller ID data of the bytes that follow
    cdef uint32_t chance = 1
    cdef int n = 0, i, samples, told
    cdef double level, noise
    cdef size_t at = 0
    while at + 4 <= size and n < MOST:
        samples = min(8 * (1 + data[at]), MOST - n)
        if data[at + 1] == 255:
            told = <int>min(<size_t>data[at + 2], size - at - 4)
            n += fsk_tx(data + at + 4, told, FSK_V23 if data[at + 3] & 1 else FSK_BELL202, 0, 40, 8.0 * data[at + 3],
                        x + n, MOST - n)
            at += 4 + told
            continue
        level = 64.0 * data[at + 2]
        noise = 32.0 * (data[at + 3] & 0x3F)
        for i in range(samples):
            chance = chance * 1664525 + 1013904223
            x[n + i] = <int16_t>(level * ((data[at + 3] >> 6 & 1) * sin(HZ[data[at + 1] & 15] * 7.853981633974483e-4 * (n + i))
                                          + (data[at + 3] >> 7) * sin(HZ[data[at + 1] >> 4] * 7.853981633974483e-4 * (n + i))) / 2
                                 + noise * (<int>(chance >> 16) - 32768) / 32768.0)
        n += samples
        at += 4
    return n


cdef int _sound(int how, const uint8_t *data, size_t size, int16_t *x) noexcept nogil:
    # the samples of an input: as they are, as A-law, held (each value for as long as a byte says), or a score
    cdef int n = 0, i
    if how == 0:
        n = <int>min(size // 2, <size_t>MOST)
        memcpy(x, data, 2 * n)
    elif how == 1:
        n = <int>min(size, <size_t>MOST)
        alaw_decode(data, x, n)
    elif how == 2:
        for i in range(<int>(size // 2)):
            while n < MOST and n % 256 != data[2 * i + 1]:
                x[n] = <int16_t>((data[2 * i] - 128) * 256)
                n += 1
    else:
        n = _score(data, size, x)
    return n


# ---- one input ----

cdef uint64_t _hear(const kernel_t *kernel, const uint8_t *header, const int16_t *x, int n, bint any_chunks) noexcept nogil:
    # what the kernel makes of the sound; losses are at the same samples whatever the chunks
    cdef uint8_t *state = <uint8_t *>calloc(1, kernel.size)
    cdef uint64_t told = <uint64_t>14695981039346656037
    cdef uint32_t chance = header[2] + 1
    cdef int lost_each = FRAME * (1 + header[3] % 32), lost = (header[3] >> 5) * 57 - 57
    cdef int at = 0, size, border
    cdef int16_t *chunk
    cdef int16_t *far
    kernel.init(state, header + 5, x, n)
    while at < n:
        size = FRAME
        if any_chunks:
            chance = chance * 1664525 + 1013904223
            size = (chance >> 16) % (FRAME + 1) if header[2] & 1 else (chance >> 16) % 12    # none at all now and then
        border = (at // lost_each + 1) * lost_each
        size = min(size, min(border, n) - at)
        chunk = <int16_t *>malloc(2 * size + (size == 0))
        far = <int16_t *>malloc(2 * size + (size == 0))
        memcpy(chunk, x + at, 2 * size)
        memcpy(far, x + n - at - size, 2 * size)    # the other end says it from behind ...
        _backwards(far, size)
        told = kernel.run(state, chunk, far, size, told)
        free(chunk)
        free(far)
        at += size
        if size and at == border and kernel.fillin != NULL and header[3]:
            told = kernel.fillin(state, x, min(lost, n), told)      # negative too: it must be harmless
    if kernel.sane != NULL and not kernel.sane(state):
        fprintf(stderr, "%s: a number is not finite or out of its bounds\n", kernel.name)
        abort()
    free(state)
    return told


cdef void _backwards(int16_t *x, int n) noexcept nogil:
    cdef int i
    cdef int16_t kept
    for i in range(n // 2):         # ... and from its end to its beginning, so that chunks do not matter
        kept = x[i]
        x[i] = x[n - 1 - i]
        x[n - 1 - i] = kept


cdef public int fuzz_one(const uint8_t *data, size_t size) with gil:
    """One input of libFuzzer. Aborts where an invariant is broken."""
    cdef int16_t *x
    cdef uint64_t first, second
    cdef int n
    if size < HEADER:
        return 0
    cdef const kernel_t *kernel = &KERNELS[ONLY if ONLY >= 0 else data[0] % COUNT]
    x = <int16_t *>calloc(MOST, 2)
    n = min(_sound(data[1] & 3, data + HEADER, size - HEADER, x), kernel.most)
    _bank.use(LEVELS[0])
    first = _hear(kernel, data, x, n, False)
    _bank.use(LEVELS[data[4] % len(LEVELS)])
    second = _hear(kernel, data, x, n, True)
    free(x)
    if first != second:
        fprintf(stderr, "%s: other chunks or another CPU level, and it tells something else\n", kernel.name)
        abort()
    return 0
