# The two kinds of wire, as objects that own what the tick reads and writes.
from ccappliance.media._lent cimport counter_t, wire_t

cdef extern from "src/wire.h" nogil:
    enum: WIRE_FILE
    ctypedef struct wire_card_t:
        counter_t gone
    ctypedef struct wire_counters_t:
        counter_t frames, missing, missed, unsent, dropped, events, held
    ctypedef struct wire_file_t:
        int fd
        wire_card_t *card
        wire_counters_t count

cdef class Wire:
    cdef wire_t *wire

cdef class WireEnd:
    cdef Wire wire
    cdef int end
    cdef public bint taken
