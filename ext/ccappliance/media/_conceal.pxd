# What is said in place of lost frames: the last words' pitch, again and softer.
from libc.stdint cimport int16_t

cdef enum:
    CONCEAL_PAST = 390          # samples: three of the longest periods and a quarter

cdef struct conceal_t:
    int16_t past[CONCEAL_PAST]      # what was said last, oldest first
    int16_t frozen[CONCEAL_PAST]    # the same when the loss began
    int period                      # samples
    int lost                        # samples made up for since
    int fade, fading                # samples of the way back to real sound, and done of them
    float jump                      # between the last real sample and what its period said it would be

cdef void conceal_init(conceal_t *mouth) noexcept nogil
cdef void conceal_reset(conceal_t *mouth) noexcept nogil
cdef void conceal_run(conceal_t *mouth, int16_t *x, int n) noexcept nogil       # samples that arrived; in place
cdef void conceal_fillin(conceal_t *mouth, int16_t *out, int n) noexcept nogil  # n samples in place of lost ones
