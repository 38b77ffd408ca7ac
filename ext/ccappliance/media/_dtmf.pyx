# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for DTMF (Q.23, Q.24).
#
# Data sheet
#   does      tells each digit 0-9 * # A-D once, as soon as it is certain
#   how       every 5 ms: eight 40-sample DFTs and the energy, added up over 25 ms, ask cheaply whether two tones hold
#             most of the energy. Only then two windows of 17.5 ms, 7.5 ms apart, give the pair and its true frequencies
#             by the turn of phase between them, and a least-squares fit of these two sines to the 25 ms gives their
#             exact levels and the share of the energy they explain. Where they explain too little, a third sine
#             (330-500 Hz: dial tone) may join the fit, and then all is judged more strictly. Three looks that agree
#             make a digit, nine without it end it.
#   level     heard -3...-42 dBm0 per tone, silent below -45
#   twist     low group 8 dB stronger to high group 4 dB stronger is heard
#   frequency +-2.2 % heard, +-2.6 % refused
#   length    >= 40 ms always, <= 23 ms never; told after at most 45 ms
#   pause     >= 36 ms separates, <= 20 ms does not
#   noise     99 % at 10 dB signal to noise
#   dial tone one sine of 400-450 Hz up to 3 dB stronger than each DTMF tone; two-frequency dial tone (350+440) up to
#             8 dB below each
#   talk-off  0 in the speech of tests/dsp; it is the share of explained energy and not a filter that keeps speech out
#   cost      bounded: 5-14 ns a sample, 2 us once a hop while a candidate sounds
#   room      a digit needs three looks of its own: `room` of n/120 + 1 never loses one
from libc.math cimport M_PI, atan2, cos, fabs, sin
from libc.stdint cimport int16_t
from libc.string cimport memmove, memset

DEF RATE = 8000.0
DEF HOP = 40
DEF WINDOW = 200
DEF HALF = 100              # of the window: the fit is done about its centre
DEF LOOK = 140              # length of the two windows that measure frequency ...
DEF APART = 60              # ... and how far apart they are: unambiguous to +-66 Hz
DEF FLOOR = 27800.0         # amplitude squared of a sine at -42.9 dBm0
DEF CANDIDATE = 0.35        # share of energy in best row + best column that is worth a closer look
DEF EXPLAINED = 0.86        # share that two sines must explain (8 dB signal to noise)
DEF EXPLAINED_OVER_DIAL = 0.93   # share that they must explain together with a dial tone
DEF ASTRAY = 0.024          # largest deviation of frequency: between Q.24's 1.8 % and 3 %
DEF ASTRAY_OVER_DIAL = 0.020
DEF TWIST_LOW = 8.9         # row stronger by 9.5 dB (as power)
DEF TWIST_HIGH = 3.55       # column stronger by 5.5 dB
DEF DIAL = 425.0            # where dial tone is looked for ...
DEF DIAL_LOW = 330.0        # ... and found
DEF DIAL_HIGH = 500.0
DEF DIAL_MOST = 7.0         # its power relative to the stronger tone: 8.5 dB
DEF LOOKS_ON = 3            # three 25 ms windows 5 ms apart: 35 ms of tone, never within 23 ms
DEF LOOKS_OFF = 9           # 36 ms of pause spoil ten looks, 20 ms at most eight

cdef double HZ[8]
cdef float HOP_COS[HOP][8]
cdef float HOP_SIN[HOP][8]
cdef float LOOK_COS[LOOK][9]        # under a Hann window; the ninth is DIAL
cdef float LOOK_SIN[LOOK][9]
cdef const char *DIGITS = "123A456B789C*0#D"


cdef void _fill_tables() noexcept nogil:
    cdef int i, k
    cdef double hann, hz
    HZ[0] = 697.0
    HZ[1] = 770.0
    HZ[2] = 852.0
    HZ[3] = 941.0
    HZ[4] = 1209.0
    HZ[5] = 1336.0
    HZ[6] = 1477.0
    HZ[7] = 1633.0
    for k in range(8):
        for i in range(HOP):
            HOP_COS[i][k] = cos(2.0 * M_PI * HZ[k] / RATE * i)
            HOP_SIN[i][k] = sin(2.0 * M_PI * HZ[k] / RATE * i)
    for k in range(9):
        hz = HZ[k] if k < 8 else DIAL
        for i in range(LOOK):
            hann = 0.5 - 0.5 * cos(2.0 * M_PI * (i + 0.5) / LOOK)
            LOOK_COS[i][k] = hann * cos(2.0 * M_PI * hz / RATE * i)
            LOOK_SIN[i][k] = hann * sin(2.0 * M_PI * hz / RATE * i)


_fill_tables()


cdef double _turned(double hz, double re0, double im0, double re1, double im1) noexcept nogil:
    # the true frequency of a sine near hz whose DFTs at hz in two windows are these
    cdef double turn = atan2(im1 * re0 - re1 * im0, re1 * re0 + im1 * im0) - 2.0 * M_PI * hz / RATE * APART
    turn -= 2.0 * M_PI * <int>(turn / (2.0 * M_PI))
    if turn > M_PI:
        turn -= 2.0 * M_PI
    elif turn < -M_PI:
        turn += 2.0 * M_PI
    return hz + turn / (2.0 * M_PI) * RATE / APART


cdef double _project(double g[3][3], double v[3], int sines) noexcept nogil:
    # solves g a = v for a symmetric positive g, leaves a in v, returns v . a: the energy explained
    cdef double asked[3]
    cdef double factor, explained = 0.0
    cdef int i, j, k
    for i in range(sines):
        asked[i] = v[i]
    for i in range(sines):
        for j in range(i + 1, sines):
            factor = g[j][i] / g[i][i]
            for k in range(i, sines):
                g[j][k] -= factor * g[i][k]
            v[j] -= factor * v[i]
    for i in range(sines - 1, -1, -1):
        for k in range(i + 1, sines):
            v[i] -= g[i][k] * v[k]
        v[i] /= g[i][i]
        explained += asked[i] * v[i]
    return explained


cdef double _fit(const float *x, const double *hz, int sines, double *power) noexcept nogil:
    # least squares of up to three sines to the window; the energy they explain, and amplitude squared of each.
    # About the centre cosines are even and sines odd: two small systems instead of one large.
    cdef double even[3][3]
    cdef double odd[3][3]
    cdef double ve[3]
    cdef double vo[3]
    cdef double c[3]
    cdef double s[3]
    cdef double tc[3]
    cdef double ts[3]
    cdef double sum_, difference, old, explained
    cdef int i, j, k
    for j in range(sines):
        ve[j] = 0.0
        vo[j] = 0.0
        for k in range(sines):
            even[j][k] = 0.0
            odd[j][k] = 0.0
        tc[j] = cos(2.0 * M_PI * hz[j] / RATE)
        ts[j] = sin(2.0 * M_PI * hz[j] / RATE)
        c[j] = cos(M_PI * hz[j] / RATE)
        s[j] = sin(M_PI * hz[j] / RATE)
    for i in range(HALF):
        sum_ = x[HALF + i] + x[HALF - 1 - i]
        difference = x[HALF + i] - x[HALF - 1 - i]
        for j in range(sines):
            ve[j] += sum_ * c[j]
            vo[j] += difference * s[j]
            for k in range(j + 1):
                even[j][k] += 2.0 * c[j] * c[k]
                odd[j][k] += 2.0 * s[j] * s[k]
        for j in range(sines):
            old = c[j]
            c[j] = old * tc[j] - s[j] * ts[j]
            s[j] = s[j] * tc[j] + old * ts[j]
    for j in range(sines):
        for k in range(j):
            even[k][j] = even[j][k]
            odd[k][j] = odd[j][k]
    explained = _project(even, ve, sines) + _project(odd, vo, sines)
    for j in range(sines):
        power[j] = ve[j] * ve[j] + vo[j] * vo[j]
    return explained


cdef bint _astray(double hz, double nominal, double limit) noexcept nogil:
    return fabs(hz - nominal) > limit * nominal


cdef int _look(const float *x, double energy) noexcept nogil:
    # the digit that sounds throughout the window; -1: none
    cdef float re[2][9]
    cdef float im[2][9]
    cdef double hz[3]
    cdef double power[3]
    cdef double strength, best, explained
    cdef float now, later
    cdef int i, k, row = 0, column = 4
    memset(re, 0, sizeof(re))
    memset(im, 0, sizeof(im))
    for i in range(LOOK):
        now = x[i]
        later = x[i + APART]
        for k in range(9):
            re[0][k] += now * LOOK_COS[i][k]
            im[0][k] -= now * LOOK_SIN[i][k]
            re[1][k] += later * LOOK_COS[i][k]
            im[1][k] -= later * LOOK_SIN[i][k]
    best = -1.0
    for k in range(8):
        if k == 4:
            best = -1.0
        strength = <double>re[0][k] * re[0][k] + im[0][k] * im[0][k] + re[1][k] * re[1][k] + im[1][k] * im[1][k]
        if strength > best:
            best = strength
            if k < 4:
                row = k
            else:
                column = k
    hz[0] = _turned(HZ[row], re[0][row], im[0][row], re[1][row], im[1][row])
    hz[1] = _turned(HZ[column], re[0][column], im[0][column], re[1][column], im[1][column])
    if _astray(hz[0], HZ[row], ASTRAY) or _astray(hz[1], HZ[column], ASTRAY):
        return -1
    explained = _fit(x, hz, 2, power)
    if explained < EXPLAINED * energy:
        hz[2] = _turned(DIAL, re[0][8], im[0][8], re[1][8], im[1][8])
        if not DIAL_LOW <= hz[2] <= DIAL_HIGH:
            return -1
        if _astray(hz[0], HZ[row], ASTRAY_OVER_DIAL) or _astray(hz[1], HZ[column], ASTRAY_OVER_DIAL):
            return -1
        explained = _fit(x, hz, 3, power)
        if explained < EXPLAINED_OVER_DIAL * energy or power[2] > DIAL_MOST * max(power[0], power[1]):
            return -1
    if power[0] < FLOOR or power[1] < FLOOR:
        return -1
    if power[0] > TWIST_LOW * power[1] or power[1] > TWIST_HIGH * power[0]:
        return -1
    return row * 4 + column - 4


cdef int _hop(dtmf_t *ear) noexcept nogil:
    # one hop is full: what is heard now? -1: nothing
    cdef float re[8]
    cdef float im[8]
    cdef const float *x = &ear.window[WINDOW - HOP]
    cdef float value, energy = 0.0, row = 0.0, column = 0.0, strength
    cdef int i, k
    memset(re, 0, sizeof(re))
    memset(im, 0, sizeof(im))
    for i in range(HOP):
        value = x[i]
        energy += value * value
        for k in range(8):
            re[k] += value * HOP_COS[i][k]
            im[k] += value * HOP_SIN[i][k]
    for k in range(8):
        ear.power[ear.slot][k] = re[k] * re[k] + im[k] * im[k]
    ear.energy[ear.slot] = energy
    ear.slot = (ear.slot + 1) % DTMF_HOPS
    if ear.warm < DTMF_HOPS:
        ear.warm += 1
    if ear.warm < DTMF_HOPS:
        return -1
    energy = 0.0
    for i in range(DTMF_HOPS):
        energy += ear.energy[i]
    if energy < FLOOR * WINDOW / 2:             # not even one tone's energy
        return -1
    for k in range(8):
        strength = 0.0
        for i in range(DTMF_HOPS):
            strength += ear.power[i][k]
        if k < 4 and strength > row:
            row = strength
        elif k >= 4 and strength > column:
            column = strength
    # a sine of amplitude A: (HOP A / 2)^2 in a hop's power, HOP A^2 / 2 in its energy
    if row + column < CANDIDATE * (HOP / 2) * energy:
        return -1
    return _look(ear.window, energy)


cdef int _decide(dtmf_t *ear, int digit) noexcept nogil:
    # counts looks; the digit that has just become certain, or -1
    if digit >= 0 and digit == ear.digit:
        ear.run += 1
    else:
        ear.digit = digit
        ear.run = 1
    if ear.on >= 0:
        ear.misses = 0 if digit == ear.on else ear.misses + 1
        if ear.misses >= LOOKS_OFF:
            ear.on = -1
    if digit >= 0 and ear.run >= LOOKS_ON and digit != ear.on:
        ear.on = digit
        ear.misses = 0
        return digit
    return -1


cdef void dtmf_init(dtmf_t *ear) noexcept nogil:
    memset(ear, 0, sizeof(dtmf_t))
    ear.digit = -1
    ear.on = -1


cdef void dtmf_reset(dtmf_t *ear) noexcept nogil:
    dtmf_init(ear)


cdef int dtmf_run(dtmf_t *ear, const int16_t *x, int n, char *digits, int room) noexcept nogil:
    cdef int i, digit, told = 0
    for i in range(n):
        ear.window[WINDOW - HOP + ear.fill] = x[i]
        ear.fill += 1
        if ear.fill == HOP:
            ear.fill = 0
            digit = _hop(ear)
            if ear.warm == DTMF_HOPS:       # after a loss nothing is known until the window is full again
                digit = _decide(ear, digit)
                if digit >= 0 and told < room:
                    digits[told] = DIGITS[digit]
                    told += 1
            memmove(ear.window, &ear.window[HOP], (WINDOW - HOP) * sizeof(float))
    return told


cdef void dtmf_fillin(dtmf_t *ear, int n) noexcept nogil:
    # What sounded before the loss is taken to sound on: a digit cut in two by a lost frame is told once.
    if n > 0:
        ear.fill = 0
        ear.warm = 0
