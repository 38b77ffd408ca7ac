# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The echo canceller of a port: what it sends comes back from the hybrid, and is taken out again.
#
# Data sheet
#   does      takes out of `near` (what arrives) the echo of `far` (what is sent, as the line got it: after A-law)
#   how       NLMS of 256 taps in float, on samples whitened by 1 - 0.75 z^-1 (speech converges several times faster so; the
#             output goes through the inverse). Two filters: one learns always, the other is heard; the first becomes the
#             second when it has left 1 dB less for 24 ms, and is made from it again when it has gone astray.
#   learns    only while the far end is over -50 dBm0 and the near end does not talk into it: Geigel's test at -4 dB over
#             32 ms with 30 ms hold; and for what Geigel misses: a filter that was good and leaves 8 dB more than it did is
#             replaced only by one that is 5 dB better for 48 ms, which near speech cannot feign and a new path soon is
#   tail      32 ms, pure delay included
#   ERLE      >= 25 dB after 3 s of speech, echo loss 6 dB or more; limited by the line's A-law to about 33 dB
#   both talk the heard filter keeps what it has: near speech passes within 1 dB, echo stays down by 20 dB (measured 30)
#   path      when the echo's path changes the heard filter is thrown away as soon as it adds more than it takes
#   delay     none
#   limits    linear: no suppressor of what is left, no comfort noise over it. Clock slips between far and near cost a new
#             convergence each (about a second)
#   cost      about 70 ns a sample on baseline amd64: only for ports whose card has none
from libc.math cimport fabs
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memset

from ccappliance.media._pcm cimport pcm_count, pcm_of, pcm_samples

cdef extern from "src/nlms.h" nogil:
    float nlms_dot(const float *w, const float *x, int taps)
    void nlms_dots(const float *w, const float *v, const float *x, int taps, float *of_w, float *of_v)
    void nlms_adapt(float *w, const float *x, float step, int taps)

DEF TAPS = 256
DEF PARTS = 8
DEF PART = 32
DEF WHITE = 0.75            # speech's slope is about that of one pole here
DEF ACTIVE = 1200.0         # mean square of the whitened far end: -50 dBm0 of speech, which whitening takes 3 dB from
DEF DELTA = 400000.0         # of the norm: a tenth of that of the quietest far end that is learnt from
DEF GEIGEL = 0.63           # -4 dB: a 2-wire line's echo is 6 dB down or more (G.122), peaks add up a little
DEF HOLD = 240
DEF FAST = 0.7              # step until the filter takes 12 dB out ...
DEF SLOW = 0.3              # ... and after ...
DEF WARY = 0.1              # ... and while the near end may talk
DEF GOOD = 0.06             # 12 dB
DEF SUSPECT = 6.0           # 8 dB more is left than was
DEF FORGET = 1.002          # at each comparison: 1 dB a second
DEF MUCH = 0.3              # 5 dB: near speech cannot be predicted so well, a new path can
DEF LONGER = 6
DEF SMOOTH = 0.0078125      # 1/128: powers over 16 ms
DEF COMPARE = 64
DEF BETTER = 3              # comparisons: 24 ms
DEF MARGIN = 0.8            # 1 dB
DEF ASTRAY = 2.5            # 4 dB
DEF HARM = 1.6              # 2 dB more than came in: the heard filter does harm
DEF HARMFUL = 6


cdef void echo_init(echo_t *echo) noexcept nogil:
    echo_reset(echo)


cdef void echo_reset(echo_t *echo) noexcept nogil:
    memset(echo, 0, sizeof(echo_t))
    echo.leak = 1.0
    echo.count = COMPARE


cdef void _far(echo_t *echo, float far) noexcept nogil:
    # one more sample of the far end
    cdef float white = far - <float>WHITE * echo.far
    cdef float size = fabs(far)
    echo.far = far
    echo.at -= 1
    if echo.at < 0:
        echo.at = TAPS - 1
    echo.power -= echo.x[echo.at] * echo.x[echo.at]
    echo.x[echo.at] = echo.x[echo.at + TAPS] = white
    echo.power += white * white
    if size > echo.peak:
        echo.peak = size
    if echo.at % PART == 0:
        echo.peaks[echo.part] = echo.peak
        echo.part = (echo.part + 1) % PARTS
        echo.peak = 0.0
        if echo.at == 0:
            echo.power = nlms_dot(echo.x, echo.x, TAPS)     # rounding of the running sum ends here


cdef bint _both(echo_t *echo, float near) noexcept nogil:
    # Geigel: louder than any echo can be
    cdef float peak = echo.peak
    cdef int k
    for k in range(PARTS):
        if echo.peaks[k] > peak:
            peak = echo.peaks[k]
    if fabs(near) > <float>GEIGEL * peak + 8.0:
        echo.hold = HOLD
    elif echo.hold > 0:
        echo.hold -= 1
    return echo.hold > 0


cdef void _suspect(echo_t *echo) noexcept nogil:
    # a filter that was good and is not now: the near end talks more softly than Geigel hears, or the path has changed
    cdef float left = echo.fore_power / (echo.near_power + 1.0)
    if left < echo.leak:
        echo.leak += 0.1 * (left - echo.leak)
    else:
        echo.leak = min(echo.leak * <float>FORGET, <float>1.0)
    echo.suspect = echo.leak < <float>GOOD and left > <float>SUSPECT * echo.leak


cdef void _compare(echo_t *echo) noexcept nogil:
    cdef bint active = echo.power > <float>ACTIVE * TAPS
    cdef float margin
    echo.count = COMPARE
    if not active:
        echo.better = echo.worse = 0
        return
    if echo.hold == 0:
        _suspect(echo)
    margin = <float>MUCH if echo.suspect else <float>MARGIN
    echo.better = echo.better + 1 if echo.back_power < margin * echo.fore_power \
        and echo.back_power < echo.near_power and echo.hold == 0 else 0
    if echo.better >= (LONGER if echo.suspect else BETTER):
        memcpy(echo.fore, echo.back, sizeof(echo.fore))
        echo.fore_power = echo.back_power
        echo.better = 0
        if echo.suspect:
            echo.leak = 1.0
    elif echo.back_power > <float>ASTRAY * echo.fore_power:
        memcpy(echo.back, echo.fore, sizeof(echo.back))
        echo.back_power = echo.fore_power
    echo.worse = echo.worse + 1 if echo.fore_power > <float>HARM * echo.near_power else 0
    if echo.worse >= HARMFUL:
        memset(echo.fore, 0, sizeof(echo.fore))
        memset(echo.back, 0, sizeof(echo.back))
        echo.fore_power = echo.back_power = echo.near_power
        echo.worse = 0
        echo.leak = 1.0


cdef void echo_run(echo_t *echo, const int16_t *far, const int16_t *near, int16_t *out, int n) noexcept nogil:
    cdef float white, of_fore, of_back, left, astray, heard, step
    cdef const float *x
    cdef int i
    for i in range(n):
        _far(echo, far[i])
        x = echo.x + echo.at
        white = near[i] - <float>WHITE * echo.near
        echo.near = near[i]
        nlms_dots(echo.fore, echo.back, x, TAPS, &of_fore, &of_back)
        left = white - of_fore
        astray = white - of_back
        echo.near_power += <float>SMOOTH * (white * white - echo.near_power)
        echo.fore_power += <float>SMOOTH * (left * left - echo.fore_power)
        echo.back_power += <float>SMOOTH * (astray * astray - echo.back_power)
        if not _both(echo, near[i]) and echo.power > <float>ACTIVE * TAPS:
            step = <float>WARY if echo.suspect else <float>SLOW if echo.leak < <float>GOOD else <float>FAST
            nlms_adapt(echo.back, x, step * astray / (echo.power + <float>DELTA), TAPS)
        echo.count -= 1
        if echo.count == 0:
            _compare(echo)
        echo.out = left + <float>WHITE * echo.out
        heard = echo.out
        if not -1e6 < heard < 1e6:      # can only be reached by what no line sends; begin again rather than howl
            echo_reset(echo)
            heard = near[i]
        heard = heard + 0.5 if heard >= 0.0 else heard - 0.5
        out[i] = 32767 if heard > 32767.0 else -32768 if heard < -32768.0 else <int16_t>heard


cdef void echo_fillin(echo_t *echo, const int16_t *far, int n) noexcept nogil:
    # the far end goes on; what it did to the near end nobody knows, so nothing is learnt
    cdef int i
    for i in range(n):
        _far(echo, far[i])
    echo.near = echo.out = 0.0
    echo.better = echo.worse = 0


# ---- as a Python object, for media/levels.py ----

cdef class Echo:
    """The echo canceller of one port."""

    cdef echo_t echo

    def __cinit__(self):
        echo_init(&self.echo)

    def reset(self):
        echo_reset(&self.echo)

    def run(self, bytes far not None, bytes near not None):
        """`near` without the echo of `far`. ValueError if they are not equally long."""
        cdef Py_ssize_t n = pcm_samples(near)
        if pcm_samples(far) != n:
            raise ValueError("far and near must have equally many samples, not %d and %d" % (len(far) // 2, n))
        cdef bytes out = bytes(2 * n)
        echo_run(&self.echo, pcm_of(far), pcm_of(near), <int16_t *><char *>out, <int>n)
        return out

    def fillin(self, bytes far not None):
        """As many samples of the near end as these of the far end were lost."""
        echo_fillin(&self.echo, pcm_of(far), <int>pcm_samples(far))

    def look(self):
        """Does the near end talk into the far end's words; powers that came in and that are left; the heard filter."""
        return (self.echo.hold > 0, self.echo.near_power, self.echo.fore_power, [self.echo.fore[k] for k in range(ECHO_TAPS)])
