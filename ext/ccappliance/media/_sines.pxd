# Least squares of two or three sines of free frequency to 24 ms: what the ears take a closer look with.
from libc.stdint cimport int16_t

cdef enum:
    SINES_WINDOW = 192      # samples of a fit: 24 ms

cdef struct half_t:         # sums of one half of the window with cosine and sine of each sine
    double even[3]
    double odd[3]

# `turn`: radians per sample of each sine, corrected in place. `power`: amplitudes squared. Answered: the energy explained.
cdef double sines_fit(const int16_t *x, double *turn, int sines, int rounds, double *power) noexcept nogil
# The two steps of a round, for those who want to give up between them.
cdef void sines_halves(const int16_t *x, const double *turn, int sines, half_t *first, half_t *second) noexcept nogil
cdef double sines_refine(const half_t *first, const half_t *second, double *turn, int sines) noexcept nogil
