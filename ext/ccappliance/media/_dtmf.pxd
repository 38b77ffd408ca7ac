# The ear for DTMF (Q.23, Q.24): blocks of at most 107 samples, independent of frames.
from libc.stdint cimport int16_t

cdef enum:
    DTMF_HOP = 40        # samples between two looks: 5 ms
    DTMF_HOPS = 5        # hops in the window a look covers: 25 ms
    DTMF_WINDOW = 200

cdef struct dtmf_t:
    float window[DTMF_WINDOW]           # the last 25 ms; the last hop of it is being filled
    int fill                            # samples of that hop
    int warm                            # whole hops in the window since the start or a loss, at most DTMF_HOPS
    float power[DTMF_HOPS][8]           # of the eight tones in each hop of the window
    float energy[DTMF_HOPS]
    int slot                            # which of these is the next
    int digit                           # index of the digit of the last look; -1: none
    int run                             # looks in a row that saw it
    int on                              # digit that was told and has not ended; -1: none
    int misses                          # looks in a row without it

cdef void dtmf_init(dtmf_t *ear) noexcept nogil
cdef void dtmf_reset(dtmf_t *ear) noexcept nogil
cdef int dtmf_run(dtmf_t *ear, const int16_t *x, int n, char *digits, int room) noexcept nogil  # digits certain in x; count
cdef void dtmf_fillin(dtmf_t *ear, int n) noexcept nogil    # n samples were lost
