# The ear for DTMF (Q.23, Q.24): blocks of at most 107 samples, independent of frames.
from libc.stdint cimport int16_t

cdef struct dtmf_t:
    int dummy   # (the owner of _dtmf.pyx fills this struct)

cdef void dtmf_init(dtmf_t *ear) noexcept nogil
cdef int dtmf_run(dtmf_t *ear, const int16_t *x, int n, char *digits, int room) noexcept nogil  # digits certain in x; count
cdef void dtmf_fillin(dtmf_t *ear, int n) noexcept nogil    # n samples were lost
