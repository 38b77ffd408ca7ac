# Mouths of the tick.
from libc.stdint cimport int64_t

from ccappliance.media._lent cimport engine_t, play_t, port_t

cdef void play_begin(play_t *play) noexcept nogil
cdef void cut(engine_t *e, port_t *port) noexcept nogil      # stop what plays
cdef void speak(engine_t *e, port_t *port, int64_t beat) noexcept nogil
