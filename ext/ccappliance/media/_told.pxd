# What the tick tells the loop.
from libc.stdint cimport int64_t, uint8_t

from ccappliance.media._lent cimport engine_t, loan_t

cdef void tell(engine_t *e, int kind, int64_t number, int value) noexcept nogil
cdef void tell_more(engine_t *e, int kind, int64_t number, int value, int64_t samples, const uint8_t *data,
                    int length) noexcept nogil
cdef void give_back(engine_t *e, loan_t *loan, int completed, int64_t samples) noexcept nogil
cdef void tell_owed(engine_t *e) noexcept nogil      # at the end of a tick
