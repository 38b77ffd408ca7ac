# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# What a mouth does to loudness: gain without clicks, automatic gain with a limiter, comfort noise.
#
# Data sheet
#   gain      Q12, 0 dB is exact; a change goes in a straight line over 5 ms; sums saturate; 0 to +18 dB (8 times)
#   agc       brings active speech to a level: -12...+18 dB of gain, learnt from the voice ear's active hops alone, so
#             neither pauses nor noise are pumped up; 6 dB up or 20 dB down in a second of words, from one hop to the next
#             in a straight line
#   settles   within 2 dB of the level
#   limiter   behind it: what would pass +2.1 dBm0 (1 dB below full scale) is turned down at once and let go over 50 ms;
#             no sample is ever clipped
#   comfort   noise of a telephone's quiet line: one pole at 0.5 (6 dB softer at 4 kHz than at 1 kHz), level +-0.3 dB over a
#             second, four uniform numbers a sample for a bell of chances; the same seed makes the same noise
#   lost      gain and comfort noise know no lost frames; the agc's ear fills in
#   delay     none
#   cost      gain 0.5, agc 8, comfort 5 ns a sample on baseline amd64
from libc.math cimport fabs, log10, pow, sqrt
from libc.stdint cimport int16_t, uint32_t
from libc.string cimport memcpy

from ccappliance.media._pcm cimport pcm_count, pcm_of, pcm_samples
from ccappliance.media._voice cimport VOICE_EVENTS, voice_event_t, voice_fillin, voice_init, voice_push, voice_reset, voice_told

DEF HOP = 80
DEF MOST_GAIN = 32768           # Q12: +18 dB
DEF AGC_MOST = 18.0
DEF AGC_LEAST = -12.0
DEF UP = 0.06                   # dB a hop: 6 dB/s
DEF DOWN = 0.2
DEF REMEMBERED = 100            # active hops: a second of speech
DEF SURE = 10                   # active hops before the gain moves
DEF CEILING = 29204.0           # 1 dB below full scale: room for what follows
DEF RELEASE = 0.0025            # of the way back with each sample: 50 ms
DEF POLE = 0.5
DEF FADE = 0.005                # of the way to a new level with each sample

cdef double _FULL = 32767.0


# ---- gain ----

cdef void gain_init(gain_t *gain, int q12) noexcept nogil:
    gain.want = 0 if q12 < 0 else MOST_GAIN if q12 > MOST_GAIN else q12
    gain.now = gain.want
    gain.left = 0


cdef void gain_set(gain_t *gain, int q12) noexcept nogil:
    gain.want = 0 if q12 < 0 else MOST_GAIN if q12 > MOST_GAIN else q12
    gain.left = GAIN_RAMP


cdef void gain_run(gain_t *gain, int16_t *x, int n) noexcept nogil:
    cdef int i = 0, value
    while i < n and gain.left > 0:
        gain.now += (gain.want - gain.now) / gain.left      # the last step is exact
        gain.left -= 1
        value = (x[i] * gain.now + 2048) >> 12
        x[i] = 32767 if value > 32767 else -32768 if value < -32768 else <int16_t>value
        i += 1
    if gain.now == GAIN_UNITY:
        return
    while i < n:
        value = (x[i] * gain.now + 2048) >> 12
        x[i] = 32767 if value > 32767 else -32768 if value < -32768 else <int16_t>value
        i += 1


# ---- automatic gain ----

cdef void agc_init(agc_t *agc, float target) noexcept nogil:
    agc.target = target
    voice_init(&agc.voice, 0)
    agc_reset(agc)


cdef void agc_reset(agc_t *agc) noexcept nogil:
    voice_reset(&agc.voice)
    agc.speech = 0.0
    agc.heard = 0
    agc.gain = 0.0
    agc.factor = agc.limit = 1.0
    agc.step = 0.0


cdef void _agc_hop(agc_t *agc) noexcept nogil:
    cdef voice_event_t spare
    cdef float want
    voice_told(&agc.voice, &spare)
    if agc.voice.active and agc.voice.talking:
        agc.heard = min(agc.heard + 1, REMEMBERED)
        agc.speech += (<float>pow(10.0, agc.voice.level / 10.0) - agc.speech) / agc.heard
        if agc.heard >= SURE:
            want = agc.target - <float>(10.0 * log10(agc.speech))
            want = <float>AGC_LEAST if want < AGC_LEAST else <float>AGC_MOST if want > AGC_MOST else want
            agc.gain = min(want, agc.gain + <float>UP) if want > agc.gain else max(want, agc.gain - <float>DOWN)
    agc.step = (<float>pow(10.0, agc.gain / 20.0) - agc.factor) / HOP


cdef void agc_run(agc_t *agc, int16_t *x, int n) noexcept nogil:
    cdef float value
    cdef int at = 0, took, i
    while at < n:
        took = voice_push(&agc.voice, x + at, n - at)
        for i in range(at, at + took):
            agc.factor += agc.step
            value = x[i] * agc.factor
            agc.limit += <float>RELEASE * (<float>1.0 - agc.limit)
            if fabs(value) * agc.limit > CEILING:
                agc.limit = <float>CEILING / <float>fabs(value)
            value = value * agc.limit
            x[i] = <int16_t>(value + 0.5 if value >= 0.0 else value - 0.5)
        at += took
        if agc.voice.fill == 0:
            _agc_hop(agc)


cdef void agc_fillin(agc_t *agc, int n) noexcept nogil:
    # the gain stays; a ramp that was under way ends where it should have
    cdef voice_event_t told[VOICE_EVENTS]
    voice_fillin(&agc.voice, n, told, VOICE_EVENTS)
    agc.step = 0.0
    agc.factor = pow(10.0, agc.gain / 20.0)


# ---- comfort noise ----

cdef float _amplitude(float dbm0) noexcept nogil:
    # of the uniform sum before the filter: that has variance 1/3 a unit, and the filter lets 1 / (1 - pole^2) of it through
    if not dbm0 > -90.0:        # NaN too
        return 0.0
    if dbm0 > -10.0:
        dbm0 = -10.0
    return _FULL / sqrt(2.0) * pow(10.0, (dbm0 - 3.14) / 20.0) * sqrt(3.0 * (1.0 - POLE * POLE))


cdef void comfort_init(comfort_t *noise, uint32_t seed, float dbm0) noexcept nogil:
    noise.chance = seed if seed else 1
    noise.now = noise.want = _amplitude(dbm0)
    noise.last = 0.0


cdef void comfort_set(comfort_t *noise, float dbm0) noexcept nogil:
    noise.want = _amplitude(dbm0)


cdef void comfort_run(comfort_t *noise, int16_t *out, int n) noexcept nogil:
    cdef uint32_t chance = noise.chance
    cdef float value
    cdef int i, k
    cdef int sum_
    for i in range(n):
        sum_ = 0
        for k in range(2):      # two numbers of 16 bits from each turn of xorshift32 (Marsaglia)
            chance ^= chance << 13
            chance ^= chance >> 17
            chance ^= chance << 5
            sum_ += <int>(chance & 0xFFFF) + <int>(chance >> 16)
        value = (sum_ - 131070) * <float>(0.5 / 32767.5)     # four of -0.5..0.5: variance 4/12
        noise.now += <float>FADE * (noise.want - noise.now)
        noise.last = <float>POLE * noise.last + noise.now * value
        value = noise.last
        value = value + 0.5 if value >= 0.0 else value - 0.5
        out[i] = 32767 if value > 32767.0 else -32768 if value < -32768.0 else <int16_t>value
    noise.chance = chance


# ---- as Python objects, for media/levels.py ----

UNITY = GAIN_UNITY


cdef class Gain:
    """Gain in Q12."""

    cdef gain_t gain

    def __cinit__(self, int q12=GAIN_UNITY):
        gain_init(&self.gain, q12)

    def set(self, int q12):
        gain_set(&self.gain, q12)

    def run(self, bytes pcm not None):
        """These samples, louder or softer."""
        cdef Py_ssize_t n = pcm_samples(pcm)
        cdef bytes out = bytes(2 * n)
        memcpy(<char *>out, <const char *>pcm, 2 * n)
        gain_run(&self.gain, <int16_t *><char *>out, <int>n)
        return out


cdef class Agc:
    """Automatic gain and limiter; `target`: dBm0 of active speech."""

    cdef agc_t agc

    def __cinit__(self, float target):
        if not -40.0 <= target <= -3.0:
            raise ValueError("the level of speech is -40 to -3 dBm0, not %r" % target)
        agc_init(&self.agc, target)

    @property
    def gain(self):
        """dB, now."""
        return self.agc.gain

    def reset(self):
        agc_reset(&self.agc)

    def run(self, bytes pcm not None):
        """These samples, brought to the level."""
        cdef Py_ssize_t n = pcm_samples(pcm)
        cdef bytes out = bytes(2 * n)
        memcpy(<char *>out, <const char *>pcm, 2 * n)
        agc_run(&self.agc, <int16_t *><char *>out, <int>n)
        return out

    def fillin(self, n):
        """`n` samples were lost."""
        agc_fillin(&self.agc, pcm_count(n))


cdef class Comfort:
    """Comfort noise of a seed, at a level in dBm0."""

    cdef comfort_t noise

    def __cinit__(self, uint32_t seed, float dbm0):
        comfort_init(&self.noise, seed, dbm0)

    def set(self, float dbm0):
        comfort_set(&self.noise, dbm0)

    def run(self, n):
        """The next `n` samples."""
        cdef int count = pcm_count(n)
        cdef bytes out = bytes(2 * count)
        comfort_run(&self.noise, <int16_t *><char *>out, count)
        return out
