# The tick.
from libc.stdint cimport int64_t

from ccappliance.media._lent cimport engine_t

cdef void engine_tick(engine_t *e, int64_t beat) noexcept nogil
