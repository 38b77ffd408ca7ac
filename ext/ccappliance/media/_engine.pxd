# The engine, for the pulse that ticks it.
from libc.stdint cimport int64_t

from ccappliance.media._lent cimport engine_t, loan_t, port_t

cdef class Loan:
    cdef loan_t *loan
    cdef object keeps       # whatever Python owns and the struct points into
    cdef readonly int64_t number

cdef class Port(Loan):
    cdef port_t *port(self)

cdef class Engine:
    cdef engine_t *e
    cdef dict lent          # number → Loan
    cdef object waiting     # commands that found the ring full, oldest first
    cdef object on_waiting  # called when the first has to wait: `flush` is needed some time later
    cdef int64_t last
    cdef readonly int fd
    cdef void lend(self, Loan loan)
    cdef void ask(self, int kind, Port port, Loan thing=*, Port other=*, int value=*, int64_t number=*)
    cdef bint put(self, int kind, Port port, Loan thing, Port other, int value, int64_t number)
