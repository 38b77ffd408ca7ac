# A-law (G.711 table 1): the law of the wire, to and from int16.
from libc.stdint cimport int16_t, uint8_t

cdef void alaw_decode(const uint8_t *code, int16_t *linear, int n) noexcept nogil
cdef void alaw_encode(const int16_t *linear, uint8_t *code, int n) noexcept nogil
