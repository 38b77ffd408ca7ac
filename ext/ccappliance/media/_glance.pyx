# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# A glance at 25 ms: may two steady sines of a digit's frequencies be there? It spares the closer look.
#
# Data sheet
#   does      says of the bank's last five hops whether a look (_dtmf.pyx, least squares of the samples) is worth it
#   how       in each hop the amplitudes of the two tones and dial tone by least squares, for which the bank's sums are
#             enough; the share of energy that they explain, their twist, and whether their phases turn from hop to hop as
#             steadily, and as much, as tones do
#   limits    wide: frequency 3.5 %, twist 2 dB more, half of the energy; what a look takes for a digit is not refused
#   cost      some 300 operations, a fiftieth of a look
#   room      none
from libc.math cimport M_PI, cos, fabs, fmin, sin

from ccappliance.media._bank cimport BANK_HOP, BANK_RECENT, LANE_DIAL, bank_hop, bank_hop_t, bank_recent, bank_t

DEF RATE = 8000.0
DEF DIAL = 425.0
DEF EXPLAINED = 0.55        # share that the hops' own sines must explain ...
DEF ASTRAY = 0.035          # ... deviation of frequency that their turn of phase may say ...
DEF STEADY = 0.36           # ... how steady that turn is, squared ...
DEF TWIST_LOW = 14.2        # ... and the twist they may have
DEF TWIST_HIGH = 5.7

cdef double FREQUENCIES[8]
FREQUENCIES[:] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0]
cdef float EVEN[16][3][3]           # of each digit's two tones and dial tone: what makes amplitudes of a hop's sums, which
cdef float ODD[16][3][3]            # leak into each other
cdef float TURN_RE[8]               # against the turn of phase from hop to hop
cdef float TURN_IM[8]
cdef float TURN_LEAST[8]            # cosine of how much else it may turn, times its own size


cdef void _invert(double g[3][3], float inverse[3][3]) noexcept nogil:
    # by cofactors
    cdef double cofactor[3][3]
    cdef double whole = 0.0
    cdef int i, j
    for i in range(3):
        for j in range(3):
            cofactor[i][j] = (g[(i + 1) % 3][(j + 1) % 3] * g[(i + 2) % 3][(j + 2) % 3]
                              - g[(i + 1) % 3][(j + 2) % 3] * g[(i + 2) % 3][(j + 1) % 3])
    for j in range(3):
        whole += g[0][j] * cofactor[0][j]
    for i in range(3):
        for j in range(3):
            inverse[j][i] = <float>(cofactor[i][j] / whole)


cdef void _fill_inverses(int digit) noexcept nogil:
    cdef double even[3][3]
    cdef double odd[3][3]
    cdef double turn[3]
    cdef double t
    cdef int i, j, k
    turn[0] = 2.0 * M_PI * FREQUENCIES[digit // 4] / RATE
    turn[1] = 2.0 * M_PI * FREQUENCIES[4 + digit % 4] / RATE
    turn[2] = 2.0 * M_PI * DIAL / RATE
    for j in range(3):
        for k in range(3):
            even[j][k] = 0.0
            odd[j][k] = 0.0
            for i in range(BANK_HOP):
                t = i - 0.5 * (BANK_HOP - 1)
                even[j][k] += cos(turn[j] * t) * cos(turn[k] * t)
                odd[j][k] += sin(turn[j] * t) * sin(turn[k] * t)
    _invert(even, EVEN[digit])
    _invert(odd, ODD[digit])


cdef void _fill_tables() noexcept nogil:
    cdef double turn
    cdef int k
    for k in range(16):
        _fill_inverses(k)
    for k in range(8):
        turn = 2.0 * M_PI * FREQUENCIES[k] / RATE * BANK_HOP
        TURN_RE[k] = <float>cos(turn)
        TURN_IM[k] = <float>sin(turn)
        turn = cos(fmin(turn * ASTRAY, M_PI))
        TURN_LEAST[k] = <float>(turn * fabs(turn))


_fill_tables()


cdef bint glance(const bank_t *bank, int digit) noexcept nogil:
    cdef const bank_hop_t *hop
    cdef float re[3]
    cdef float im[3]
    cdef float now_re[2]
    cdef float now_im[2]
    cdef float last_re[2]
    cdef float last_im[2]
    cdef float turn_re[2]
    cdef float turn_im[2]
    cdef float power[2]
    cdef int lane[3]
    cdef float explained = 0.0, even, odd, x, y
    cdef int h, j
    lane[0] = digit // 4
    lane[1] = 4 + digit % 4
    lane[2] = LANE_DIAL
    for j in range(2):
        turn_re[j] = turn_im[j] = power[j] = 0.0
    for h in range(BANK_RECENT):
        hop = bank_hop(bank, h)
        for j in range(3):
            re[j] = hop.re[lane[j]]
            im[j] = hop.im[lane[j]]
        for j in range(3):
            even = EVEN[digit][j][0] * re[0] + EVEN[digit][j][1] * re[1] + EVEN[digit][j][2] * re[2]
            odd = ODD[digit][j][0] * im[0] + ODD[digit][j][1] * im[1] + ODD[digit][j][2] * im[2]
            explained += even * re[j] + odd * im[j]
            if j < 2:
                now_re[j] = even
                now_im[j] = odd
        for j in range(2):
            power[j] += now_re[j] * now_re[j] + now_im[j] * now_im[j]
            if h > 0:
                turn_re[j] += last_re[j] * now_re[j] + last_im[j] * now_im[j]
                turn_im[j] += last_im[j] * now_re[j] - last_re[j] * now_im[j]
            last_re[j] = now_re[j]
            last_im[j] = now_im[j]
    if explained < EXPLAINED * bank_recent(bank).energy:
        return False
    if power[0] > TWIST_LOW * power[1] or power[1] > TWIST_HIGH * power[0]:
        return False
    for j in range(2):
        x = turn_re[j] * TURN_RE[lane[j]] + turn_im[j] * TURN_IM[lane[j]]
        y = turn_re[j] * turn_re[j] + turn_im[j] * turn_im[j]
        if y < STEADY * 0.64 * power[j] * power[j] or x * fabs(x) < TURN_LEAST[lane[j]] * y:
            return False
    return True
