# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# A look at 32 ms of sound: where the strongest sine is, how pure, and how the rest is spread.
#
# Data sheet
#   does      describes 256 samples by six numbers
#   how       Hann window, FFT of 256 as a complex one of 128, bins of 31.25 Hz. The peak's place by a parabola through the
#             logarithms of three bins; its energy is that of five bins
#   exact     frequency +-4 Hz alone, +-8 Hz at 10 dB signal to noise; level +-0.5 dB; purity of a sine alone > 0.99
#   flatness  of 16 bands of 193.75 Hz: white noise about -0.3 dB, a vowel about -6 dB, a sine -20 dB and less
#   silence   all zeros: hz 0, purity 0, level -99, flatness 0, centroid 0, tilt 0
#   limits    two sines within 60 Hz are one peak
#   cost      about 2 us a look on baseline amd64: 25 ns a sample at a look every 10 ms
from libc.math cimport M_PI, cos, log10, sin

from ccappliance.media._pcm cimport pcm_of, pcm_samples

cdef extern from "math.h" nogil:
    float log10f(float)

DEF N = 256
DEF HALF = 128
DEF STAGES = 7
DEF BIN = 31.25
DEF LOWEST = 7              # 218.75 Hz: below it is hum
DEF HIGHEST = 124
DEF PEAK_LOWEST = 11        # 343.75 Hz
DEF PEAK_HIGHEST = 71       # 2218.75 Hz
DEF BAND_LOWEST = 10        # 16 bands of 6 bins
DEF BAND_WIDTH = 6
DEF BANDS = 16
DEF THOUSAND = 32
DEF TOP = 108

cdef float HANN[N]
cdef float COS[HALF]        # of 2 pi k / 256
cdef float SIN[HALF]
cdef int TURNED[HALF]       # bits in reverse
# mean square from the energy of a sine's five bins: Hann's power is 3/8 N, both signs of frequency
cdef float _DBM0 = 3.14 + 10.0 * log10(2.0) - 20.0 * log10(32767.0) + 10.0 * log10(2.0 / (N * N * 0.375))


cdef void _fill_tables() noexcept nogil:
    cdef int i, k, turned
    for i in range(N):
        HANN[i] = 0.5 - 0.5 * cos(2.0 * M_PI * i / N)
    for i in range(HALF):
        COS[i] = cos(2.0 * M_PI * i / N)
        SIN[i] = sin(2.0 * M_PI * i / N)
        turned = 0
        for k in range(STAGES):
            turned |= ((i >> k) & 1) << (STAGES - 1 - k)
        TURNED[i] = turned


_fill_tables()


cdef void _fft(float *re, float *im) noexcept nogil:
    # in place, inputs in bit-reversed order
    cdef int span = 1, step, k, a, b
    cdef float c, s, tr, ti
    while span < HALF:
        step = HALF // span         # of the table of 256ths of a turn
        for k in range(span):
            c = COS[k * step]
            s = SIN[k * step]
            a = k
            while a < HALF:
                b = a + span
                tr = re[b] * c + im[b] * s
                ti = im[b] * c - re[b] * s
                re[b] = re[a] - tr
                im[b] = im[a] - ti
                re[a] += tr
                im[a] += ti
                a += 2 * span
        span *= 2


cdef void _powers(const float *ring, int at, float *power) noexcept nogil:
    cdef float re[HALF]
    cdef float im[HALF]
    cdef float er, ei, odd_r, odd_i, xr, xi
    cdef int i, k, first, second
    for i in range(HALF):
        first = (at + 2 * i) & (N - 1)
        second = (at + 2 * i + 1) & (N - 1)
        re[TURNED[i]] = ring[first] * HANN[2 * i]
        im[TURNED[i]] = ring[second] * HANN[2 * i + 1]
    _fft(re, im)
    for k in range(1, HALF):        # even and odd samples apart again
        i = HALF - k
        er = 0.5 * (re[k] + re[i])
        ei = 0.5 * (im[k] - im[i])
        odd_r = 0.5 * (im[k] + im[i])
        odd_i = -0.5 * (re[k] - re[i])
        xr = er + odd_r * COS[k] + odd_i * SIN[k]
        xi = ei + odd_i * COS[k] - odd_r * SIN[k]
        power[k] = xr * xr + xi * xi
    power[0] = (re[0] + im[0]) * (re[0] + im[0])


cdef void _peak(const float *power, float total, spectrum_t *look) noexcept nogil:
    cdef int k, best = PEAK_LOWEST
    cdef float left, here, right, bend, off = 0.0, energy = 0.0
    for k in range(PEAK_LOWEST, PEAK_HIGHEST + 1):
        if power[k] > power[best]:
            best = k
    left = log10f(power[best - 1] + 1e-6)
    here = log10f(power[best] + 1e-6)
    right = log10f(power[best + 1] + 1e-6)
    bend = left - 2.0 * here + right
    if bend < -1e-6:
        off = 0.5 * (left - right) / bend
        off = -0.5 if off < -0.5 else 0.5 if off > 0.5 else off
    for k in range(best - 2, best + 3):
        energy += power[k]
    look.hz = (best + off) * BIN
    look.purity = energy / total
    look.peak_level = max(<float>-99.0, 10.0 * log10f(energy + 1e-6) + _DBM0)


cdef void _spread(const float *power, spectrum_t *look) noexcept nogil:
    cdef float band, logs = 0.0, sum_ = 0.0, turn = 0.0, low = 0.0
    cdef int b, k
    for b in range(BANDS):
        band = 0.0
        for k in range(BAND_LOWEST + b * BAND_WIDTH, BAND_LOWEST + (b + 1) * BAND_WIDTH):
            band += power[k]
            turn += power[k] * k
            if k < THOUSAND:
                low += power[k]
        sum_ += band
        logs += log10f(band + 1e-3)
    look.flatness = 10.0 * (logs / BANDS - log10f(sum_ / BANDS + 1e-3))
    look.centroid = BIN * turn / (sum_ + 1e-3)
    look.tilt = 10.0 * (log10f(low + 1e-3) - log10f(max(sum_ - low, <float>0.0) + 1e-3))


cdef void spectrum_look(const float *ring, int at, spectrum_t *look) noexcept nogil:
    cdef float power[HALF]
    cdef float total = 0.0
    cdef int k
    _powers(ring, at, power)
    for k in range(LOWEST, HIGHEST + 1):
        total += power[k]
    if total < 1.0:
        look.hz = look.purity = look.flatness = look.centroid = look.tilt = 0.0
        look.peak_level = -99.0
        return
    _peak(power, total, look)
    _spread(power, look)


def look_at(bytes pcm not None):
    """hz, purity, dBm0 of the peak, flatness, centroid, tilt of exactly 256 samples."""
    cdef float ring[N]
    cdef spectrum_t look
    cdef int k
    if pcm_samples(pcm) != N:
        raise ValueError("a look takes %d samples, not %d" % (N, len(pcm) // 2))
    for k in range(N):
        ring[k] = pcm_of(pcm)[k]
    spectrum_look(ring, 0, &look)
    return look.hz, look.purity, look.peak_level, look.flatness, look.centroid, look.tilt
