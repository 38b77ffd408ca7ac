# Wires as Python holds them: memory between two ends of ours, or a card's file descriptor. See src/wire.h.
from libc.stdlib cimport calloc, free

from os import close

from ccappliance.media._lent cimport WIRE_MEMORY, counter_get, counter_set

cdef extern from *:
    """
    #include "src/wire.h"
    static wire_file_t *file_of(wire_t *wire) { return &wire->file; }
    """
    wire_file_t *file_of(wire_t *wire)


cdef class Wire:
    """A memory wire; lives as long as one of its ends is known to anybody."""

    def __cinit__(self):
        self.wire = <wire_t *>calloc(1, sizeof(wire_t))
        if self.wire == NULL:
            raise MemoryError
        self.wire.kind = WIRE_MEMORY

    def __dealloc__(self):
        free(self.wire)


cdef class WireEnd:
    """One end of a wire. `taken`: a port is attached to it (engine.py keeps this)."""

    def __init__(self, Wire wire, int end):
        if end not in (0, 1):
            raise ValueError("a wire has ends 0 and 1")
        self.wire = wire
        self.end = end


cdef class Card:
    """What the channels of one card, or span, share: it is there, or it is gone."""

    cdef wire_card_t card

    @property
    def gone(self):
        return bool(counter_get(&self.card.gone))

    @gone.setter
    def gone(self, bint gone):
        counter_set(&self.card.gone, gone)


cdef class FileWire(Wire):
    """A card's channel. Owns `fd`, which must not wait, and closes it when the tick has let go of it for good."""

    cdef Card card
    cdef readonly int fd

    def __init__(self, int fd, Card card not None):
        self.card = card        # outlives the struct that points into it
        self.fd = fd
        file_of(self.wire).fd = fd
        file_of(self.wire).card = &card.card
        self.wire.kind = WIRE_FILE

    def __dealloc__(self):
        if self.fd > 0:
            close(self.fd)

    @property
    def held(self):
        """Nothing is written: the card dials, and a write would end that."""
        return bool(counter_get(&file_of(self.wire).count.held))

    @held.setter
    def held(self, bint held):
        counter_set(&file_of(self.wire).count.held, held)

    @property
    def missing(self):
        """Frames missed in a row, now."""
        return counter_get(&file_of(self.wire).count.missing)

    @property
    def counters(self):
        """(frames read, missed, unsent, dropped, refused because an event waited), since the wire was made."""
        cdef wire_counters_t *count = &file_of(self.wire).count
        return (counter_get(&count.frames), counter_get(&count.missed), counter_get(&count.unsent),
                counter_get(&count.dropped), counter_get(&count.events))
