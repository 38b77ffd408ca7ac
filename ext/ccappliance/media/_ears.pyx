# Ears of the tick: what a port listens for in each frame that arrived, and what it tells.
from ccappliance.media._bank cimport GROUP_ALL, GROUP_DTMF, bank_feed, bank_fillin, bank_init, bank_next
from ccappliance.media._dtmf cimport dtmf_ear_fillin, dtmf_ear_init, dtmf_hop
from ccappliance.media._fsk cimport fsk_rx_fillin, fsk_rx_init, fsk_rx_run
from ccappliance.media._lent cimport *
from ccappliance.media._match cimport match_fillin, match_run
from ccappliance.media._progress cimport (PROGRESS_ENDED, PROGRESS_EVENTS, PROGRESS_HEARD, PROGRESS_VOICE,
                                          progress_ear_fillin, progress_ear_init, progress_event_t, progress_hop)
from ccappliance.media._signal cimport (SIGNAL_EVENTS, SIGNAL_SIT, signal_ear_fillin, signal_ear_init, signal_event_t,
                                        signal_hop)
from ccappliance.media._told cimport give_back, tell


cdef void listen(engine_t *e, port_t *port, int ears) noexcept nogil:
    cdef int fresh = ears & ~port.ears
    if not port.ears & EAR_BANK:
        bank_init(&port.bank, &e.zone.table)
    port.ears = ears
    port.bank.groups = GROUP_DTMF if ears & EAR_BANK == EAR_DTMF else GROUP_ALL
    if fresh & EAR_DTMF:
        dtmf_ear_init(&port.dtmf)
    if fresh & EAR_PROGRESS:
        progress_ear_init(&port.progress, &e.zone)
    if fresh & (EAR_FAX | EAR_SIT):
        signal_ear_init(&port.signal)
    if fresh & EAR_FSK:
        fsk_rx_init(&port.fsk)


cdef void seek(engine_t *e, port_t *port, needle_t *needle) noexcept nogil:
    if port.needle != NULL:
        give_back(e, &port.needle.loan, 0, 0)
    port.needle = needle


cdef void tell_progress(engine_t *e, port_t *port) noexcept nogil:
    cdef progress_event_t events[PROGRESS_EVENTS]
    cdef int i, n, kind
    n = progress_hop(&port.progress, &port.bank, events)
    for i in range(n):
        kind = events[i].kind
        if kind == PROGRESS_HEARD:
            tell(e, TOLD_TONE_HEARD, port.loan.number, events[i].pattern, NULL, 0)
        elif kind == PROGRESS_ENDED:
            tell(e, TOLD_TONE_ENDED, port.loan.number, events[i].pattern, NULL, 0)
        elif kind == PROGRESS_VOICE:
            tell(e, TOLD_VOICE, port.loan.number, 0, NULL, 0)


cdef void hear_nothing(port_t *port) noexcept nogil:
    # A frame was lost: ears go on as they see fit.
    if port.ears & EAR_DTMF:
        dtmf_ear_fillin(&port.dtmf, FRAME)
    if port.ears & EAR_PROGRESS:
        progress_ear_fillin(&port.progress, &port.bank, FRAME)
    if port.ears & (EAR_FAX | EAR_SIT):
        signal_ear_fillin(&port.signal, FRAME)
    if port.ears & EAR_BANK:
        bank_fillin(&port.bank, FRAME)
    if port.ears & EAR_FSK:
        fsk_rx_fillin(&port.fsk, FRAME)
    if port.needle != NULL:
        match_fillin(&port.needle.match, FRAME)


cdef void tell_signals(engine_t *e, port_t *port) noexcept nogil:
    cdef signal_event_t events[SIGNAL_EVENTS]
    cdef int i, n
    n = signal_hop(&port.signal, &port.bank, events)
    for i in range(n):
        if port.ears & (EAR_SIT if events[i].signal == SIGNAL_SIT else EAR_FAX):
            tell(e, TOLD_TONE_ENDED if events[i].ended else TOLD_TONE_HEARD, port.loan.number,
                 SIGNAL_VALUE + events[i].signal, NULL, 0)


cdef void hear_tones(engine_t *e, port_t *port) noexcept nogil:
    # One pass over the samples, and all ears that listen for tones take from it, every 5 ms.
    cdef int at = 0, digit
    while at < FRAME:
        at += bank_feed(&port.bank, &port.heard[at], FRAME - at)
        while bank_next(&port.bank):
            if port.ears & EAR_DTMF:
                digit = dtmf_hop(&port.dtmf, &port.bank)
                if digit:
                    tell(e, TOLD_DIGIT, port.loan.number, digit, NULL, 0)
            if port.ears & EAR_PROGRESS:
                tell_progress(e, port)
            if port.ears & (EAR_FAX | EAR_SIT):
                tell_signals(e, port)


cdef void hear(engine_t *e, port_t *port) noexcept nogil:
    cdef needle_t *needle
    if port.heard_kind == FRAME_MISSED:
        hear_nothing(port)
        return
    if port.ears & EAR_BANK:
        hear_tones(e, port)
    if port.ears & EAR_FSK:
        if fsk_rx_run(&port.fsk, port.heard, FRAME):
            tell(e, TOLD_FSK, port.loan.number, 0, port.fsk.message, port.fsk.length)
    needle = port.needle
    if needle != NULL and match_run(&needle.match, port.heard, FRAME):
        port.needle = NULL
        give_back(e, &needle.loan, 1, 0)
