# The ear of simulated people: has this stretch of sound arrived? Normalised cross-correlation with a needle.
from libc.stdint cimport int16_t, int64_t

cdef enum:
    MATCH_NEEDLE = 1600     # samples of the sound that are looked for: its loudest 200 ms
    MATCH_STEP = 4          # samples added up to one coarse sample
    MATCH_COARSE = 400
    MATCH_WHOLE = 3200      # the needle and the 200 ms before it, which must be there too
    MATCH_RING = 8192       # samples kept, written twice: 3,300 and more
    MATCH_COARSE_RING = 1024

cdef struct match_t:
    int length                              # of the needle; 0: nothing to be heard
    int whole_length                        # of the needle and what of the sound is before it
    int coarse_length
    float whole[MATCH_WHOLE]                # ends with the needle
    double energy, whole_energy             # of the needle, and of the whole
    float coarse[2][MATCH_COARSE]           # of unit energy; the second begins two samples later
    int16_t ring[MATCH_RING]                # the past, written twice so that any window of it is contiguous
    float coarse_ring[MATCH_COARSE_RING]
    int64_t coarse_energy                   # of the last coarse_length of them
    int at, coarse_at                       # where the next sample goes, in the lower half
    int fill                                # samples in the coarse sample being added up
    float filling
    float before, last                      # coarse likeness one and two steps ago
    float best                              # greatest likeness of the exact looks so far; 0: there was none, nothing came near

cdef void match_init(match_t *ear, const int16_t *sound, int samples) noexcept nogil  # copies its needle
cdef void match_reset(match_t *ear) noexcept nogil
cdef int match_run(match_t *ear, const int16_t *x, int n) noexcept nogil    # 1: heard (again each time it comes)
cdef void match_fillin(match_t *ear, int n) noexcept nogil    # n samples were lost
