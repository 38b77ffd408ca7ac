# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# A-law (G.711 table 1): the law of the wire, to and from int16.
#
# Data sheet
#   does      decodes 8-bit A-law (even bits inverted, as on the wire) to int16 and encodes it back
#   how       arithmetic on 16-bit words without tables or branches (src/level.h), which the compiler does on 8 or 16
#             samples at once; a table costs a load a sample and cannot. G.711's law looks at sign and 12 bits of magnitude
#             of a 13-bit word; int16 carries that word left-justified, and negative numbers are complemented, not negated
#             (as the ITU's own G.191 does), so that -1 is the smallest negative step.
#   exact     all 256 codes; encode(decode(code)) == code; every int16 encodes to the interval G.711 puts it in; the same
#             on every level of the machine
#   limits    |decoded| <= 32256; the largest error is 1/32 of the segment's value (about 38 dB signal to noise)
#   cost      decode 0.2 ns a sample with AVX2, 0.5 with SSE2; encode 0.2 and 0.4
#   state     none; lost frames are the caller's to fill
from libc.stdint cimport int16_t, uint8_t

from ccappliance.media._bank cimport kernels


cdef void alaw_decode(const uint8_t *code, int16_t *linear, int n) noexcept nogil:
    kernels().alaw_decode(code, linear, n)


cdef void alaw_encode(const int16_t *linear, uint8_t *code, int n) noexcept nogil:
    kernels().alaw_encode(linear, code, n)
