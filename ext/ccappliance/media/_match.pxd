# The ear of simulated people: has this stretch of sound arrived? Normalised cross-correlation with a needle.
from libc.stdint cimport int16_t

cdef enum:
    MATCH_NEEDLE = 1600     # samples of the sound that are looked for: its loudest 200 ms

cdef struct match_t:
    int dummy   # (the owner of _match.pyx fills this struct)

cdef void match_init(match_t *ear, const int16_t *sound, int samples) noexcept nogil  # copies its needle
cdef int match_run(match_t *ear, const int16_t *x, int n) noexcept nogil    # 1: heard
