# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# What is said in place of lost frames: the last words' pitch, again and softer.
#
# Data sheet
#   does      fills gaps of any length with the last one, two, three periods of pitch, and fades back to what arrives
#   how       G.711 Appendix I: pitch of 66-200 Hz by normalised correlation over 20 ms, coarse on every second sample, then
#             fine; one period in the first 10 ms, two in the second, three after; joints overlap by a quarter period;
#             from 10 ms on 20 % softer each 10 ms, silence after 60 ms; the way back takes a quarter period and 4 ms for
#             each 10 ms lost, at most 10 ms
#   differs   the Appendix delays all sound by 3.75 ms so that the first joint can overlap the last real samples. A tick has
#             no such delay to spend: the jump there is added to the first quarter period instead, fading.
#   better    2-10 % of frames lost at random: in the gaps the spectrum is 4-7 dB from the original's, less than half as far
#             as silence is; a steady vowel's lost frame has 20 dB signal to error
#   joints    no step larger than the sound's own
#   limits    the pitch of the moment of loss is kept; sounds without pitch repeat with that of their likest past
#   cost      a loss begins with about 4000 multiplications; every second frame lost: 12 ns a sample; none: 0.1 ns
from libc.math cimport sqrt
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memmove, memset

from ccappliance.media._pcm cimport pcm_count, pcm_of, pcm_samples

DEF PAST = 390
DEF SHORTEST = 40           # samples: 200 Hz
DEF LONGEST = 120           # 66 Hz
DEF COMPARED = 160
DEF TEN = 80                # 10 ms
DEF SILENT = 480            # 60 ms
DEF WAY_BACK = 32           # samples for each 10 ms lost
DEF MOST_BACK = 80
DEF LEAST_ENERGY = 2500.0   # of the samples compared: below it everything is like everything


cdef void conceal_init(conceal_t *mouth) noexcept nogil:
    conceal_reset(mouth)


cdef void conceal_reset(conceal_t *mouth) noexcept nogil:
    memset(mouth, 0, sizeof(conceal_t))


cdef float _likeness(const int16_t *past, int lag, int step) noexcept nogil:
    # of the last 20 ms to those `lag` samples before
    cdef const int16_t *a = past + PAST - COMPARED
    cdef const int16_t *b = a - lag
    cdef double product = 0.0, energy = 0.0
    cdef int i = 0
    while i < COMPARED:
        product += <double>a[i] * b[i]
        energy += <double>b[i] * b[i]
        i += step
    if energy < LEAST_ENERGY:
        energy = LEAST_ENERGY
    return <float>(product / sqrt(energy))


cdef int _period(const int16_t *past) noexcept nogil:
    cdef float best = -1e30, likeness
    cdef int found = LONGEST, lag, middle
    for lag in range(SHORTEST, LONGEST + 1, 2):
        likeness = _likeness(past, lag, 2)
        if likeness > best:
            best = likeness
            found = lag
    middle = found
    best = -1e30
    for lag in range(max(middle - 1, SHORTEST), min(middle + 1, LONGEST) + 1):
        likeness = _likeness(past, lag, 1)
        if likeness > best:
            best = likeness
            found = lag
    return found


cdef float _repeated(const conceal_t *mouth, int periods, int i) noexcept nogil:
    # sample i of the last `periods` periods said again and again; the end of each round turns into what came before it
    cdef int length = periods * mouth.period
    cdef int quarter = mouth.period // 4
    cdef int place = i % length
    cdef int to_end = length - place
    cdef float value = mouth.frozen[PAST - length + place]
    cdef float share
    if to_end <= quarter:
        share = <float>(quarter - to_end + 1) / (quarter + 1)
        value += share * (mouth.frozen[PAST - length - to_end] - value)
    return value


cdef float _made(const conceal_t *mouth, int i) noexcept nogil:
    # sample i since the loss began
    cdef int periods = 1 if i < TEN else 2 if i < 2 * TEN else 3
    cdef int since = i - (periods - 1) * TEN
    cdef int quarter = mouth.period // 4
    cdef float value, share
    if i >= SILENT:
        return 0.0
    value = _repeated(mouth, periods, i)
    if since < quarter:
        share = <float>(quarter - since) / (quarter + 1)
        if periods == 1:
            value += share * mouth.jump
        else:
            value += share * (_repeated(mouth, periods - 1, i) - value)
    if i > TEN:
        value *= <float>(SILENT - i) / <float>(SILENT - TEN)
    return value


cdef int16_t _whole(float value) noexcept nogil:
    value = value + 0.5 if value >= 0.0 else value - 0.5
    return 32767 if value > 32767.0 else -32768 if value < -32768.0 else <int16_t>value


cdef void _remember(conceal_t *mouth, const int16_t *x, int n) noexcept nogil:
    if n >= PAST:
        memcpy(mouth.past, x + n - PAST, PAST * sizeof(int16_t))
        return
    memmove(mouth.past, mouth.past + n, (PAST - n) * sizeof(int16_t))
    memcpy(mouth.past + PAST - n, x, n * sizeof(int16_t))


cdef void _begin(conceal_t *mouth) noexcept nogil:
    memcpy(mouth.frozen, mouth.past, sizeof(mouth.frozen))
    mouth.period = _period(mouth.frozen)
    mouth.jump = <float>mouth.frozen[PAST - 1] - mouth.frozen[PAST - 1 - mouth.period]
    mouth.lost = 0
    mouth.fade = mouth.fading = 0


cdef void conceal_run(conceal_t *mouth, int16_t *x, int n) noexcept nogil:
    cdef int i = 0
    cdef float made, share
    if n <= 0:
        return
    if mouth.lost and not mouth.fade:
        mouth.fade = min(mouth.period // 4 + WAY_BACK * ((mouth.lost + TEN - 1) // TEN), MOST_BACK)
        mouth.fading = 0
    while mouth.fade and i < n:
        made = _made(mouth, mouth.lost + mouth.fading)
        share = <float>(mouth.fading + 1) / (mouth.fade + 1)
        x[i] = _whole(made + share * (x[i] - made))
        mouth.fading += 1
        i += 1
        if mouth.fading == mouth.fade:
            mouth.fade = mouth.lost = 0
    _remember(mouth, x, n)


cdef void conceal_fillin(conceal_t *mouth, int16_t *out, int n) noexcept nogil:
    cdef int i
    if n <= 0:
        return
    if not mouth.lost or mouth.fade:
        _begin(mouth)
    for i in range(n):
        out[i] = _whole(_made(mouth, mouth.lost))
        mouth.lost = min(mouth.lost + 1, SILENT)
    _remember(mouth, out, n)


# ---- as a Python object, for media/levels.py ----

cdef class Conceal:
    """The mouth that fills gaps."""

    cdef conceal_t mouth

    def __cinit__(self):
        conceal_init(&self.mouth)

    @property
    def period(self):
        """Samples of pitch at the last loss; 0: nothing was lost yet."""
        return self.mouth.period

    def reset(self):
        conceal_reset(&self.mouth)

    def run(self, bytes pcm not None):
        """Samples that arrived, as they are to be said."""
        cdef Py_ssize_t n = pcm_samples(pcm)
        cdef bytes out = bytes(2 * n)
        memcpy(<char *>out, <const char *>pcm, 2 * n)
        conceal_run(&self.mouth, <int16_t *><char *>out, <int>n)
        return out

    def fillin(self, n):
        """`n` samples in place of lost ones."""
        cdef int count = pcm_count(n)
        cdef bytes out = bytes(2 * count)
        conceal_fillin(&self.mouth, <int16_t *><char *>out, count)
        return out
