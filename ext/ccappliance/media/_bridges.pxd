# Bridges of the tick.
from libc.stdint cimport int16_t

from ccappliance.media._lent cimport bridge_t, engine_t, port_t

cdef void bridge_join(bridge_t *bridge, port_t *port, int heard) noexcept nogil
cdef void bridge_leave(port_t *port) noexcept nogil
cdef void dissolve(engine_t *e, bridge_t *bridge) noexcept nogil
cdef int mix(port_t *port, int16_t *out) noexcept nogil     # 0: nobody speaks, `out` is untouched
