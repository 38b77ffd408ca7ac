# Resampling by a polyphase filter: the inner product that plain Python is too slow for when prompts are rendered.
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.math cimport lrint
from libc.stdint cimport int16_t


def polyphase(bytes padded, bytes taps, int up, int down, int width, Py_ssize_t count):
    """`count` samples of int16 out: sample k is taps[k·down mod up] · padded[k·down div up + 1 …], rounded, clipped.

    `taps` are up × width doubles; `padded` holds at least ((count-1)·down div up) + 1 + width samples. ValueError
    if it does not.
    """
    if up < 1 or down < 1 or width < 1 or count < 0 or len(taps) != 8 * <Py_ssize_t>up * width:
        raise ValueError("the filter's table does not fit its phases")
    if count and len(padded) < 2 * ((count - 1) * down // up + 1 + width):
        raise ValueError("too few samples for the filter")
    cdef bytes out = PyBytes_FromStringAndSize(NULL, 2 * count)
    cdef int16_t *result = <int16_t *>PyBytes_AS_STRING(out)
    cdef const int16_t *samples = <const int16_t *>PyBytes_AS_STRING(padded)
    cdef const double *table = <const double *>PyBytes_AS_STRING(taps)
    cdef const double *row
    cdef const int16_t *x
    cdef Py_ssize_t k, at
    cdef int i
    cdef long whole
    cdef double total
    with nogil:
        for k in range(count):
            at = k * down
            row = table + (at % up) * width
            x = samples + at // up + 1
            total = 0.0
            for i in range(width):
                total += row[i] * x[i]
            whole = lrint(total)
            result[k] = -32768 if whole < -32768 else 32767 if whole > 32767 else <int16_t>whole
    return out
