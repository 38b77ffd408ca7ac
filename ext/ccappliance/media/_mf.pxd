# The ear for multi-frequency signalling: two of six tones, of MFC/R2 (forward, backward) and of R1.
from libc.stdint cimport int16_t

cdef enum:
    MF_FORWARD = 0          # plans: 1380 to 1980 Hz (Q.441)
    MF_BACKWARD = 1         # 1140 to 540 Hz
    MF_R1 = 2               # 700 to 1700 Hz (Q.320)
    MF_PLANS = 3
    MF_WINDOW = 160
    MF_EVENTS = 8           # in a frame, at most: one of each hop's two

cdef struct mf_t:
    int plan
    int fill                # samples in x
    int on                  # signal told and not ended; 0: none
    int low, high           # its two lanes
    int seen                # what the last look saw; 0: nothing
    int misses              # looks in a row without it
    float power[2]          # of its tones, at their loudest
    int16_t x[MF_WINDOW]

cdef void mf_init(mf_t *ear, int plan) noexcept nogil
cdef int mf_run(mf_t *ear, const int16_t *x, int n, int *events, int room) noexcept nogil   # count; 0: it ended
cdef void mf_fillin(mf_t *ear, int n) noexcept nogil        # n samples were lost
