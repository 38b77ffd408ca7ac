# The ear for signals of the network and of machines: SIT, fax calling (CNG), fax answering (CED) and modem (ANS).
from libc.stdint cimport int16_t

from ccappliance.media._bank cimport bank_t

cdef enum:
    SIGNAL_SIT = 0          # what is told: special information tone, three tones in order (E.180)
    SIGNAL_CNG = 1          # 1100 Hz for half a second: a fax machine calls (T.30)
    SIGNAL_CED = 2          # 2100 Hz without end: a fax machine answers (T.30)
    SIGNAL_MODEM = 3        # 2100 Hz whose phase is reversed: a modem answers (V.25, V.8)
    SIGNAL_EVENTS = 4

cdef struct signal_event_t:
    int signal              # SIGNAL_…
    int ended               # CED and modem: it is over

cdef struct signal_ear_t:
    int half                # one hop of the 10 ms is there
    int now                 # lane of the tone that is on; -1: none
    int run                 # 10 ms since it began, or since there is none
    int turning, next       # looks in a row that say it has changed, to what
    int stage               # tones of SIT heard in order
    int answer              # looks since 2100 Hz began; 0: there is none
    int gone                # looks in a row without it
    int reversed            # reversals of its phase
    int against             # the last two hops 10 ms apart were in opposite phase
    int told                # SIGNAL_CED or SIGNAL_MODEM that was told and has not ended; -1: none

cdef struct signal_t:       # an ear with a bank of its own
    bank_t bank
    signal_ear_t ear

cdef void signal_ear_init(signal_ear_t *ear) noexcept nogil
cdef int signal_hop(signal_ear_t *ear, const bank_t *bank, signal_event_t *events) noexcept nogil    # count
cdef void signal_ear_fillin(signal_ear_t *ear, int n) noexcept nogil

cdef void signal_init(signal_t *ear) noexcept nogil
cdef void signal_reset(signal_t *ear) noexcept nogil
cdef int signal_run(signal_t *ear, const int16_t *x, int n, signal_event_t *events, int room) noexcept nogil
cdef void signal_fillin(signal_t *ear, int n) noexcept nogil    # n samples were lost
