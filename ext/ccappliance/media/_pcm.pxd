# PCM as Python's bytes, for the classes around the kernels: int16 little endian, 8 kHz, mono.
from libc.stdint cimport int16_t

cdef enum:
    PCM_FRAME = 160         # samples given to a kernel at once: as the engine does

cdef inline Py_ssize_t pcm_samples(bytes pcm) except -1:
    if len(pcm) % 2:
        raise ValueError("PCM is int16: its length in bytes must be even, not %d" % len(pcm))
    if len(pcm) > 0x7FFFFFFF:
        raise ValueError("at most 2 GiB of PCM at once")
    return len(pcm) // 2

cdef inline const int16_t *pcm_of(bytes pcm):
    return <const int16_t *><const char *>pcm

cdef inline int pcm_count(object n) except -1:
    if not 0 <= n <= 0x3FFFFFFF:
        raise ValueError("samples must be 0 to 2**30, not %r" % (n,))
    return <int>n
