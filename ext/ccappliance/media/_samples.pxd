# Sums over samples that never wrap, for mouths and bridges.
from libc.stdint cimport int16_t, int32_t

from ccappliance.media._lent cimport UNITY


cdef inline int16_t saturated(int32_t x) noexcept nogil:
    return <int16_t>(32767 if x > 32767 else -32768 if x < -32768 else x)


cdef inline void scale(int16_t *x, int n, int gain) noexcept nogil:
    cdef int i
    for i in range(n):
        x[i] = saturated((x[i] * <int32_t>gain + UNITY // 2) >> 12)


cdef inline void lay_over(int16_t *x, const int16_t *y, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        x[i] = saturated(<int32_t>x[i] + y[i])
