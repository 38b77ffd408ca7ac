# Sums over samples that never wrap, and how loud they are.
from libc.stdint cimport int16_t, int32_t, int64_t

from ccappliance.media._lent cimport FRAME, LEVEL_ONE, LEVEL_SLOW, UNITY, counter_get, counter_set, counter_t


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


cdef inline void level_sound(counter_t *level, const int16_t *x) noexcept nogil:
    # a frame of sound goes into the level
    cdef int64_t sum_ = 0
    cdef int64_t now = counter_get(level)
    cdef int i
    for i in range(FRAME):
        sum_ += <int32_t>x[i] * <int32_t>x[i]
    counter_set(level, now + (sum_ * LEVEL_ONE // FRAME - now) // LEVEL_SLOW)


cdef inline void level_silence(counter_t *level) noexcept nogil:
    cdef int64_t now = counter_get(level)
    if now:                               # the needle falls, and then costs nothing
        counter_set(level, now - now // LEVEL_SLOW if now >= LEVEL_SLOW else 0)
