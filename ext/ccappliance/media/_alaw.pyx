# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# A-law (G.711 table 1): the law of the wire, to and from int16.
#
# Data sheet
#   does      decodes 8-bit A-law (even bits inverted, as on the wire) to int16 and encodes it back
#   how       two tables filled at import: 256 codes -> int16, and the 4,096 values of the upper 12 bits -> code. G.711's
#             law looks at sign and 12 bits of magnitude of a 13-bit word; int16 carries that word left-justified, and
#             negative numbers are complemented, not negated (as the ITU's own G.191 does), so that -1 is the smallest
#             negative step.
#   exact     all 256 codes; encode(decode(code)) == code; every int16 encodes to the interval G.711 puts it in
#   limits    |decoded| <= 32256; the largest error is 1/32 of the segment's value (about 38 dB signal to noise)
#   state     none; lost frames are the caller's to fill
from libc.stdint cimport int16_t, uint8_t

cdef int16_t LINEAR[256]
cdef uint8_t CODE[4096]


cdef int _expand(int code) noexcept nogil:
    cdef int bits = code ^ 0x55
    cdef int segment = (bits >> 4) & 7
    cdef int magnitude = ((bits & 15) << 4) + 8     # the middle of its interval
    if segment:
        magnitude = (magnitude + 256) << (segment - 1)
    return magnitude if bits & 0x80 else -magnitude


cdef int _compress(int upper) noexcept nogil:
    # upper: an int16 shifted right by 4
    cdef int magnitude = upper if upper >= 0 else ~upper
    cdef int segment = 0
    if magnitude > 15:
        segment = 1
        while magnitude > 31:
            magnitude >>= 1
            segment += 1
        magnitude -= 16
    return ((segment << 4) | magnitude | (0x80 if upper >= 0 else 0)) ^ 0x55


cdef void _fill_tables() noexcept nogil:
    cdef int i
    for i in range(256):
        LINEAR[i] = <int16_t>_expand(i)
    for i in range(4096):
        CODE[i] = <uint8_t>_compress(i - 2048)


_fill_tables()


cdef void alaw_decode(const uint8_t *code, int16_t *linear, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        linear[i] = LINEAR[code[i]]


cdef void alaw_encode(const int16_t *linear, uint8_t *code, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        code[i] = CODE[(linear[i] >> 4) + 2048]
