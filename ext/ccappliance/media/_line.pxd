# What a line does to sound, mended: echo, loudness, lost frames.
from libc.stdint cimport uint8_t

from ccappliance.media._lent cimport engine_t, port_t

cdef void arrive(engine_t *e, port_t *port, int kind, const uint8_t *code) noexcept nogil    # a frame, before the ears
cdef void level_out_speech(port_t *port) noexcept nogil             # behind the ears: they hear what came
cdef void echo_remember(port_t *port, const uint8_t *code) noexcept nogil   # what the line gets; NULL: silence
