# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# Least squares of two or three sines of free frequency to 24 ms.
#
# Data sheet
#   does      fits sines near given frequencies to a window of samples: what share of the energy they explain, how strong
#             each is, and its true frequency
#   how       linear least squares about the centre of each half (cosines even, sines odd: two small systems); the turn of
#             phase between the halves corrects the frequency; again, for as many rounds as asked
#   limits    a first guess must be within 41 Hz (half a turn in the 12 ms between the halves); sines nearer than the
#             window tells apart (42 Hz) are not told apart
#   room      none: all on the stack, and no state
from libc.math cimport atan2, cos, fabs, sin
from libc.stdint cimport int16_t
from libc.string cimport memset

DEF WINDOW = 192
DEF HALF = 96               # each half is measured by itself: the turn between them is the frequency
DEF QUARTER = 48


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


cdef struct gram_t:         # of sines about the centre of a window: cosines are even there and sines odd,
    double even[3][3]       # so there are two small systems instead of one large
    double odd[3][3]


cdef double _dirichlet(double whole, double step, int n) noexcept nogil:
    # the sum of n cosines about zero: sines of half the turn of all of them, and of one
    return whole / step if fabs(step) > 1e-9 else n


cdef void _fill_gram(const double *turn, int sines, int n, gram_t *gram) noexcept nogil:
    cdef double c[3]
    cdef double s[3]
    cdef double cn[3]
    cdef double sn[3]
    cdef double near, far
    cdef int j, k
    for j in range(sines):
        c[j] = cos(0.5 * turn[j])
        s[j] = sin(0.5 * turn[j])
        cn[j] = cos(0.5 * n * turn[j])
        sn[j] = sin(0.5 * n * turn[j])
    for j in range(sines):
        for k in range(j + 1):
            near = 0.5 * _dirichlet(sn[j] * cn[k] - cn[j] * sn[k], s[j] * c[k] - c[j] * s[k], n)
            far = 0.5 * _dirichlet(sn[j] * cn[k] + cn[j] * sn[k], s[j] * c[k] + c[j] * s[k], n)
            gram.even[j][k] = gram.even[k][j] = near + far
            gram.odd[j][k] = gram.odd[k][j] = near - far


cdef double _solve(const gram_t *gram, int sines, double *even, double *odd) noexcept nogil:
    cdef gram_t copy = gram[0]
    return _project(copy.even, even, sines) + _project(copy.odd, odd, sines)


cdef void sines_halves(const int16_t *x, const double *turn, int sines, half_t *first, half_t *second) noexcept nogil:
    cdef double c[3]
    cdef double s[3]
    cdef double tc[3]
    cdef double ts[3]
    cdef double sum0, difference0, sum1, difference1, old
    cdef int i, j
    memset(first, 0, sizeof(half_t))
    memset(second, 0, sizeof(half_t))
    for j in range(sines):
        tc[j] = cos(turn[j])
        ts[j] = sin(turn[j])
        c[j] = cos(0.5 * turn[j])
        s[j] = sin(0.5 * turn[j])
    for i in range(QUARTER):
        sum0 = x[QUARTER + i] + x[QUARTER - 1 - i]
        difference0 = x[QUARTER + i] - x[QUARTER - 1 - i]
        sum1 = x[HALF + QUARTER + i] + x[HALF + QUARTER - 1 - i]
        difference1 = x[HALF + QUARTER + i] - x[HALF + QUARTER - 1 - i]
        for j in range(sines):
            first.even[j] += sum0 * c[j]
            first.odd[j] += difference0 * s[j]
            second.even[j] += sum1 * c[j]
            second.odd[j] += difference1 * s[j]
            old = c[j]
            c[j] = old * tc[j] - s[j] * ts[j]
            s[j] = s[j] * tc[j] + old * ts[j]


cdef double sines_refine(const half_t *first, const half_t *second, double *turn, int sines) noexcept nogil:
    # The phase turns between the halves: where it turns otherwise than expected, the frequency is another. Answers the
    # energy that the sines explained in the halves as they were.
    cdef half_t a = first[0]
    cdef half_t b = second[0]
    cdef gram_t gram
    cdef double re, im, expected, explained
    cdef int j
    _fill_gram(turn, sines, HALF, &gram)
    explained = _solve(&gram, sines, a.even, a.odd) + _solve(&gram, sines, b.even, b.odd)
    for j in range(sines):
        re = b.even[j] * a.even[j] + b.odd[j] * a.odd[j]
        im = b.even[j] * a.odd[j] - b.odd[j] * a.even[j]
        expected = turn[j] * HALF
        turn[j] += atan2(im * cos(expected) - re * sin(expected), re * cos(expected) + im * sin(expected)) / HALF
    return explained


cdef double _whole(const half_t *a, const half_t *b, const double *turn, int sines, double *power) noexcept nogil:
    # the fit to the whole window from the sums of its halves: the energy explained, and amplitudes squared
    cdef double even[3]
    cdef double odd[3]
    cdef gram_t gram
    cdef double c, s, explained
    cdef int j
    for j in range(sines):
        c = cos(QUARTER * turn[j])
        s = sin(QUARTER * turn[j])
        even[j] = (a.even[j] + b.even[j]) * c + (a.odd[j] - b.odd[j]) * s
        odd[j] = (a.odd[j] + b.odd[j]) * c + (b.even[j] - a.even[j]) * s
    _fill_gram(turn, sines, WINDOW, &gram)
    explained = _solve(&gram, sines, even, odd)
    for j in range(sines):
        power[j] = even[j] * even[j] + odd[j] * odd[j]
    return explained


cdef double sines_fit(const int16_t *x, double *turn, int sines, int rounds, double *power) noexcept nogil:
    cdef half_t first, second
    cdef double explained
    cdef int k
    for k in range(rounds):
        sines_halves(x, turn, sines, &first, &second)
        if k == rounds - 1:
            explained = _whole(&first, &second, turn, sines, power)
        sines_refine(&first, &second, turn, sines)
    return explained
