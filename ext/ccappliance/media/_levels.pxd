# What a mouth does to loudness: gain without clicks, automatic gain with a limiter, comfort noise.
from libc.stdint cimport int16_t, uint32_t

from ccappliance.media._voice cimport voice_t

cdef enum:
    GAIN_UNITY = 4096       # Q12, as in the tick
    GAIN_RAMP = 40          # samples: 5 ms

cdef struct gain_t:
    int now, want           # Q12
    int left                # samples of the ramp still to go

cdef struct agc_t:
    voice_t voice
    float target            # dBm0 of active speech
    float speech            # power of active speech so far, a sine of 0 dBm0 being 1
    int heard               # active hops, at most 100
    float gain              # dB
    float factor, step      # what samples are multiplied with, and how it changes with each
    float limit             # the limiter's factor, 0..1

cdef struct comfort_t:
    uint32_t chance
    float want, now         # amplitude of the noise before its filter
    float last              # the filter's state

cdef void gain_init(gain_t *gain, int q12) noexcept nogil
cdef void gain_set(gain_t *gain, int q12) noexcept nogil            # within 5 ms of further samples
cdef void gain_run(gain_t *gain, int16_t *x, int n) noexcept nogil  # in place

cdef void agc_init(agc_t *agc, float target) noexcept nogil
cdef void agc_reset(agc_t *agc) noexcept nogil
cdef void agc_run(agc_t *agc, int16_t *x, int n) noexcept nogil     # in place
cdef void agc_fillin(agc_t *agc, int n) noexcept nogil              # n samples were lost

cdef void comfort_init(comfort_t *noise, uint32_t seed, float dbm0) noexcept nogil
cdef void comfort_set(comfort_t *noise, float dbm0) noexcept nogil  # within about 100 ms of further samples
cdef void comfort_run(comfort_t *noise, int16_t *out, int n) noexcept nogil
