# The ear for DTMF (Q.23, Q.24), on the bank's hops of 5 ms.
from libc.stdint cimport int16_t, int64_t

from ccappliance.media._bank cimport bank_t

cdef enum:
    DTMF_HOPS = 5           # hops in the window of the first, cheap question: 25 ms
    DTMF_WINDOW = 192       # samples in the window of a look: 24 ms
    DTMF_LOOKS = 4          # that must agree
    DTMF_TRAIL = 16         # hops whose tones are remembered: where the digit began
    DTMF_PAST = 128         # hops whose energy is remembered: what was there before the digit

cdef struct dtmf_look_t:    # what a look at 24 ms found
    double explained        # share of the energy that the two tones (and a dial tone) explain
    double row_hz, column_hz
    double row, column      # amplitudes squared
    int over_dial           # a dial tone is among them

cdef struct dtmf_ear_t:
    int warm                            # hops since the ear was opened or samples were lost, at most DTMF_HOPS
    int digit                           # that the last window may hold; -1: none
    int run                             # windows in a row that may hold it and were not refuted
    int looked                          # looks of these that stand, newest first
    dtmf_look_t looks[DTMF_LOOKS]
    int on                              # digit that was told and has not ended; -1: none
    int misses                          # hops in a row without it
    float row, column                   # its powers in a hop
    int maybe                           # there is a digit, perhaps: reason to mute, not yet to tell
    int64_t clock                       # samples since the ear was opened, up to the hop just heard
    int64_t began, ended                # on this clock, of the digit told last; `ended` while it is on: as far as it was heard
    float trail[DTMF_TRAIL][8]          # powers of the last hops, newest at `trail_at`
    int trail_at
    float past[DTMF_PAST]               # energies of the last hops
    int at, known                       # where in `past`, and how many

cdef struct dtmf_t:                     # an ear with a bank of its own
    bank_t bank
    dtmf_ear_t ear

cdef void dtmf_ear_init(dtmf_ear_t *ear) noexcept nogil
cdef int dtmf_hop(dtmf_ear_t *ear, const bank_t *bank) noexcept nogil     # the digit that became certain; 0: none
cdef bint dtmf_mute(const dtmf_ear_t *ear) noexcept nogil   # does a digit sound, or seem to, in the hop just heard?
cdef void dtmf_ear_fillin(dtmf_ear_t *ear, int n) noexcept nogil

cdef void dtmf_init(dtmf_t *ear) noexcept nogil
cdef void dtmf_reset(dtmf_t *ear) noexcept nogil
cdef int dtmf_run(dtmf_t *ear, const int16_t *x, int n, char *digits, int room) noexcept nogil  # digits certain in x; count
cdef void dtmf_fillin(dtmf_t *ear, int n) noexcept nogil    # n samples were lost
