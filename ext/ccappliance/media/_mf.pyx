# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for multi-frequency signalling (MFC/R2 and R1): which two of six tones sound, from when, until when.
#
# Data sheet
#   does      tells a signal, 1 to 15, when two tones of its plan and no third have sounded, and 0 when they are over.
#             Signal numbers are places in Q.441's table 5: tone a with a later tone b is b (b - 1) / 2 + a + 1
#   how       every 5 ms a Hann window of 20 ms at six frequencies; a tone 120 Hz away is 27 dB down in it. Two looks in a
#             row must see the same pair; two without it end it, so 7 ms of interruption do not (Q.455)
#   delay     a signal is told at most 22 ms after its first sample, its end 25 ms after its last: together under 50 ms,
#             where Q.455 allows 80, for the compelled cycle has two of each
#   measured  tests/dsp/test_mf.py: -5 to -35 dBm0, 7 dB between the tones, 10 Hz astray, after A-law
#   not heard one tone, three tones, speech (hardly: no guard is needed where nobody can speak yet), below -40 dBm0
#   cost      48 multiplications a sample, lanes side by side; only while the ear is open
#   room      0.4 KB a channel
from libc.math cimport M_PI, cos, sin
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memmove, memset

DEF RATE = 8000.0
DEF HOP = 40
DEF FLOOR = 49000.0         # amplitude squared of a sine at -40.1 dBm0
DEF TWIST = 8.0             # 9 dB: Q.455 asks for 7 between tones that are not neighbours
DEF THIRD = 0.16            # of the weaker of the two: 8 dB below it, more than a window leaks into a lane that is not its own
DEF STILL = 0.05            # 13 dB below what it was: it is over (a gap of 7 ms takes 9 dB at most)
DEF MISSES = 2
DEF LASTING = 0.2          # of its power, in the last 5 ms: it still sounds (their beat takes half at most), so no click was it
DEF HALF_SUM = 40.0         # a sine of amplitude A gives a windowed sum of 40 A

cdef double HZ[3][6]
HZ[0][:] = [1380.0, 1500.0, 1620.0, 1740.0, 1860.0, 1980.0]
HZ[1][:] = [1140.0, 1020.0, 900.0, 780.0, 660.0, 540.0]
HZ[2][:] = [700.0, 900.0, 1100.0, 1300.0, 1500.0, 1700.0]
cdef float COS[3][MF_WINDOW][8]
cdef float SIN[3][MF_WINDOW][8]


cdef void _fill_tables() noexcept nogil:
    cdef double taper, turn
    cdef int plan, i, k
    memset(COS, 0, sizeof(COS))
    memset(SIN, 0, sizeof(SIN))
    for plan in range(MF_PLANS):
        for i in range(MF_WINDOW):
            taper = (0.5 - 0.5 * cos(2.0 * M_PI * (i + 0.5) / MF_WINDOW)) / HALF_SUM
            for k in range(6):
                turn = 2.0 * M_PI * HZ[plan][k] / RATE * i
                COS[plan][i][k] = <float>(taper * cos(turn))
                SIN[plan][i][k] = <float>(taper * sin(turn))


_fill_tables()


cdef void _powers(const mf_t *ear, float *power) noexcept nogil:
    # amplitude squared of each tone in the window
    cdef float re[8]
    cdef float im[8]
    cdef float s
    cdef int i, k
    for k in range(8):
        re[k] = im[k] = 0.0
    for i in range(MF_WINDOW):
        s = ear.x[i]
        for k in range(8):
            re[k] += s * COS[ear.plan][i][k]
            im[k] += s * SIN[ear.plan][i][k]
    for k in range(6):
        power[k] = re[k] * re[k] + im[k] * im[k]


cdef int _pair(const float *power, int *low, int *high) noexcept nogil:
    # the signal that sounds alone; 0: none
    cdef int first = 0, second = -1, k
    for k in range(1, 6):
        if power[k] > power[first]:
            first = k
    for k in range(6):
        if k != first and (second < 0 or power[k] > power[second]):
            second = k
    if power[second] < FLOOR or power[first] > TWIST * power[second]:
        return 0
    for k in range(6):
        if k != first and k != second and power[k] > THIRD * power[second]:
            return 0
    low[0] = min(first, second)
    high[0] = max(first, second)
    return high[0] * (high[0] - 1) // 2 + low[0] + 1


cdef bint _lasts(const mf_t *ear, float power) noexcept nogil:
    cdef float energy = 0.0, s
    cdef int i
    for i in range(MF_WINDOW - HOP, MF_WINDOW):
        s = ear.x[i]
        energy += s * s
    return energy >= LASTING * HOP / 2 * power


cdef int _look(mf_t *ear, int *events) noexcept nogil:
    cdef float power[8]
    cdef int low = 0, high = 0, told = 0
    cdef int signal, seen
    _powers(ear, power)
    signal = _pair(power, &low, &high)
    if signal and not _lasts(ear, power[low] + power[high]):
        signal = 0
    seen = ear.seen
    ear.seen = signal
    if ear.on:
        if power[ear.low] >= STILL * ear.power[0] and power[ear.high] >= STILL * ear.power[1] \
                and (signal == 0 or signal == ear.on):
            ear.misses = 0
            ear.power[0] = max(ear.power[0], power[ear.low])
            ear.power[1] = max(ear.power[1], power[ear.high])
            return 0
        ear.misses += 1
        if ear.misses < MISSES:
            return 0
        events[told] = 0
        told += 1
        ear.on = 0
    if signal and signal == seen:
        ear.on = signal
        ear.low = low
        ear.high = high
        ear.power[0] = power[low]
        ear.power[1] = power[high]
        ear.misses = 0
        events[told] = signal
        told += 1
    return told


cdef void mf_init(mf_t *ear, int plan) noexcept nogil:
    memset(ear, 0, sizeof(mf_t))
    ear.plan = plan
    ear.fill = MF_WINDOW - HOP      # before the first sample there was silence


cdef int mf_run(mf_t *ear, const int16_t *x, int n, int *events, int room) noexcept nogil:
    cdef int found[2]
    cdef int at = 0, told = 0, taken, k, count
    while at < n:
        taken = min(n - at, MF_WINDOW - ear.fill)
        memcpy(&ear.x[ear.fill], &x[at], taken * sizeof(int16_t))
        ear.fill += taken
        at += taken
        if ear.fill < MF_WINDOW:
            break
        count = _look(ear, found)
        for k in range(count):
            if told < room:
                events[told] = found[k]
                told += 1
        memmove(ear.x, &ear.x[HOP], (MF_WINDOW - HOP) * sizeof(int16_t))
        ear.fill = MF_WINDOW - HOP
    return told


cdef void mf_fillin(mf_t *ear, int n) noexcept nogil:
    # What sounded goes on; nothing new is believed until a whole window has come.
    if n > 0:
        ear.fill = 0
        ear.seen = 0
