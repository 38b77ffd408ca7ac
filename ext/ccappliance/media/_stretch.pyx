# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The workbench: a stretch of line on which sines, noise, FSK and voices are laid, for measuring the ears.
#
# Data sheet
#   does      adds signals of any phase, level and place to samples in double precision; gives them as int16
#   how       each sample from its formula: no tables, no recurrence that drifts; noise is the sum of twelve uniforms of
#             SplitMix64, in integers, so that a seed gives the same noise on every machine (it is generation.Noise's)
#   cost      about 15 ns a sine's sample, 8 ns noise's: thousands of trials a second
#   limits    for measuring: the mouths of calls are _tone and _fsk, which fade, and allocate nothing
from libc.math cimport M_PI, cos, exp, fabs, rint, sin
from libc.stdint cimport int16_t, uint64_t
from libc.stdlib cimport calloc, free

DEF RATE = 8000.0

cdef enum:
    MOST = 80000000         # samples: nearly three hours


cdef uint64_t _mixed(uint64_t *state) noexcept nogil:
    cdef uint64_t x
    state[0] += <uint64_t>0x9E3779B97F4A7C15
    x = state[0]
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef double _gauss(uint64_t *state) noexcept nogil:
    # Twelve uniforms of 16 bits: mean 6, variance 1, Gaussian enough up to 4 sigma.
    cdef uint64_t x
    cdef int total = 6, k
    for k in range(3):
        x = _mixed(state)
        total += <int>((x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48))
    return total / 65536.0 - 6.0


cdef class Stretch:
    """`n` samples of silence, to which signals are added. Places and lengths are cut to the stretch."""

    cdef double *x
    cdef readonly int n

    def __cinit__(self, int n):
        if not 0 <= n <= MOST:
            raise ValueError("a stretch has 0 to %d samples, not %d" % (MOST, n))
        self.n = n
        self.x = <double *>calloc(max(n, 1), sizeof(double))
        if self.x == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.x)

    def sine(self, double hz, double peak, double phase, int at, int count):
        """A sine whose phase at `at` is `phase`."""
        cdef int k
        cdef double turn = 2.0 * M_PI * hz / RATE
        for k in range(max(0, -at), min(count, self.n - at)):
            self.x[at + k] += peak * sin(turn * k + phase)

    def glide(self, list hz, double peak, int step, int at, int count):
        """A sine that goes straight from one of `hz` to the next in `step` samples."""
        cdef int k, last = <int>len(hz) - 1
        cdef double phase = 0.0, a, b
        if last < 1 or step < 1 or count > last * step:
            raise ValueError("%d frequencies of %d samples do not reach over %d samples" % (len(hz), step, count))
        for k in range(count):
            a, b = hz[k // step], hz[k // step + 1]
            phase += 2.0 * M_PI * (a + (b - a) * (k % step) / step) / RATE
            if 0 <= at + k < self.n:
                self.x[at + k] += peak * sin(phase)

    def keyed(self, bytes bits not None, double baud, double mark, double space, double mark_peak, double space_peak,
              double phase, int at):
        """FSK: one byte (0 or 1) of `bits` a bit, the phase going on; a bit changes at the nearest sample."""
        cdef int k, bit, count = <int>(len(bits) * RATE / baud)
        cdef const unsigned char *b = bits
        cdef int last = <int>len(bits) - 1
        for k in range(count):
            bit = b[min(<int>(k * baud / RATE), last)]
            phase += 2.0 * M_PI * (mark if bit else space) / RATE
            if 0 <= at + k < self.n:
                self.x[at + k] += (mark_peak if bit else space_peak) * sin(phase)

    def noise(self, unsigned long long seed, double rms, int at, int count):
        """White Gaussian noise of this RMS."""
        cdef int k
        cdef uint64_t state = seed
        for k in range(count):
            if at + k >= self.n:
                break
            if at + k >= 0:
                self.x[at + k] += rms * _gauss(&state)

    def pulses(self, double first_hz, double last_hz, double height, int at, int count):
        """A glottis: pulses whose pitch goes from one to the other."""
        cdef int k
        cdef double phase = 0.0
        for k in range(count):
            phase += (first_hz + (last_hz - first_hz) * k / count) / RATE
            if phase >= 1.0:
                phase -= 1.0
                if 0 <= at + k < self.n:
                    self.x[at + k] += height

    def resonate(self, double hz, double width, int at, int count):
        """A formant: what is there goes through a resonance `width` Hz wide."""
        cdef int k
        cdef double r = exp(-M_PI * width / RATE), y, y1 = 0.0, y2 = 0.0
        cdef double a = 2.0 * r * cos(2.0 * M_PI * hz / RATE), b = r * r
        for k in range(max(0, at), min(at + count, self.n)):
            y = (1.0 - r) * self.x[k] + a * y1 - b * y2
            y2, y1, self.x[k] = y1, y, y

    def gain(self, double factor, int at, int count):
        cdef int k
        for k in range(max(0, at), min(at + count, self.n)):
            self.x[k] *= factor

    def turn(self, int every, int at, int count):
        """The phase is reversed every so many samples."""
        cdef int k
        if every < 1:
            raise ValueError("the phase is reversed every 1 or more samples, not %d" % every)
        for k in range(max(0, -at), min(count, self.n - at)):
            if k // every % 2:
                self.x[at + k] = -self.x[at + k]

    def edges(self, int fade, int at, int count):
        """Raised-cosine edges of `fade` samples."""
        cdef int k
        cdef double w
        fade = min(fade, count // 2)
        for k in range(fade):
            w = 0.5 - 0.5 * cos(M_PI * (k + 0.5) / fade)
            if 0 <= at + k < self.n:
                self.x[at + k] *= w
            if 0 <= at + count - 1 - k < self.n:
                self.x[at + count - 1 - k] *= w

    def add(self, Stretch other not None, double factor, int at):
        """Another stretch, so many times as loud."""
        cdef int k
        for k in range(max(0, -at), min(other.n, self.n - at)):
            self.x[at + k] += factor * other.x[k]

    def lay(self, bytes pcm not None, double factor, int at):
        """PCM, so many times as loud."""
        cdef int k
        cdef const int16_t *y = <const int16_t *><const char *>pcm
        for k in range(max(0, -at), min(<int>(len(pcm) // 2), self.n - at)):
            self.x[at + k] += factor * y[k]

    def power(self, int at, int count):
        """The mean square."""
        cdef int k, first = max(0, at), end = min(at + count, self.n)
        cdef double total = 0.0
        for k in range(first, end):
            total += self.x[k] * self.x[k]
        return total / max(1, end - first)

    def peak(self, int at, int count):
        """The largest magnitude."""
        cdef int k
        cdef double most = 0.0
        for k in range(max(0, at), min(at + count, self.n)):
            most = max(most, fabs(self.x[k]))
        return most

    def pcm(self):
        """As int16, rounded and clipped."""
        cdef bytes made = bytes(2 * self.n)
        cdef int16_t *y = <int16_t *><char *>made
        cdef int k
        for k in range(self.n):
            y[k] = <int16_t>rint(max(-32768.0, min(32767.0, self.x[k])))
        return made


def power_of(bytes pcm not None, int at, int count):
    """The mean square of these samples of PCM."""
    cdef const int16_t *x = <const int16_t *><const char *>pcm
    cdef int k, first = max(0, at), end = min(at + count, <int>(len(pcm) // 2))
    cdef double total = 0.0
    for k in range(first, end):
        total += <double>x[k] * x[k]
    return total / max(1, end - first)
