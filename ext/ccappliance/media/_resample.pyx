# Resampling by a polyphase filter: the inner product that plain Python is too slow for when prompts are rendered.
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.math cimport lrint, sin, sqrt
from libc.stdint cimport int16_t

cdef double PI = 3.141592653589793


cdef double bessel(double x) noexcept nogil:
    """The modified Bessel function I0, by its series."""
    cdef double total = 1.0, term = 1.0, n = 1.0
    while term > 1e-12 * total:
        term *= (x / (2.0 * n)) * (x / (2.0 * n))
        total += term
        n += 1.0
    return total


def filter_table(int up, int half, double cutoff, double beta):
    """A Kaiser-windowed sinc: for each of `up` phases 2·half doubles that sum to 1.

    Weight k of phase p is for the input sample k + 1 - half after the one before the output instant p/up. `cutoff` is a
    share of the input's Nyquist frequency. ValueError for a table of no size.
    """
    if up < 1 or half < 1:
        raise ValueError("a filter needs at least one phase and one weight on each side")
    cdef Py_ssize_t width = 2 * half
    cdef bytes out = PyBytes_FromStringAndSize(NULL, 8 * up * width)
    cdef double *table = <double *>PyBytes_AS_STRING(out)
    cdef double *row
    cdef double at, inside, x, total
    cdef int phase, k
    with nogil:
        for phase in range(up):
            row = table + phase * width
            total = 0.0
            for k in range(width):
                at = k + 1 - half - <double>phase / up
                inside = 1.0 - (at / half) * (at / half)
                x = PI * cutoff * at
                row[k] = cutoff * (1.0 if x == 0.0 else sin(x) / x) * bessel(beta * sqrt(inside if inside > 0.0 else 0.0))
                total += row[k]
            for k in range(width):  # so that a constant stays what it is, whatever the phase
                row[k] /= total
    return out


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
