# Ears of the tick.
from ccappliance.media._lent cimport engine_t, needle_t, port_t

cdef void listen(engine_t *e, port_t *port, int ears) noexcept nogil        # exactly these from now on
cdef void seek(engine_t *e, port_t *port, needle_t *needle) noexcept nogil  # NULL: nothing
cdef void hear(engine_t *e, port_t *port) noexcept nogil
