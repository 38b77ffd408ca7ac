# Ears of the tick: what a port listens for in each frame that arrived, and what it tells.
from ccappliance.media._bank cimport GROUP_ALL, GROUP_DTMF, bank_feed, bank_fillin, bank_init, bank_next
from ccappliance.media._dtmf cimport dtmf_ear_fillin, dtmf_ear_init, dtmf_hop
from ccappliance.media._fsk cimport fsk_rx_fillin, fsk_rx_init, fsk_rx_run
from ccappliance.media._lent cimport *
from ccappliance.media._match cimport match_fillin, match_run
from ccappliance.media._mf cimport MF_BACKWARD, MF_EVENTS, MF_FORWARD, MF_R1, mf_fillin, mf_init, mf_run
from ccappliance.media._progress cimport (PROGRESS_ENDED, PROGRESS_EVENTS, PROGRESS_HEARD, PROGRESS_VOICE,
                                          progress_ear_fillin, progress_ear_init, progress_event_t, progress_hop)
from ccappliance.media._signal cimport (SIGNAL_EVENTS, SIGNAL_SIT, signal_ear_fillin, signal_ear_init, signal_event_t,
                                        signal_hop)
from ccappliance.media._told cimport give_back, tell, tell_more
from ccappliance.media._verdict cimport (VERDICT_BEEP, VERDICT_EVENTS, VERDICT_GIVEN, verdict_event_t, verdict_fillin,
                                         verdict_init, verdict_run)
from ccappliance.media._voice cimport (VOICE_EVENTS, talk_fillin, talk_init, talk_run, voice_event_t, voice_fillin,
                                       voice_init, voice_run)


cdef void listen(engine_t *e, port_t *port, int ears) noexcept nogil:
    cdef int fresh = ears & ~port.ears
    if not port.ears & EAR_BANK:
        bank_init(&port.bank, &port.tones.zone.table)
    port.ears = ears
    port.bank.groups = GROUP_DTMF if ears & EAR_BANK == EAR_DTMF else GROUP_ALL
    if fresh & EAR_DTMF:
        dtmf_ear_init(&port.dtmf)
    if fresh & EAR_PROGRESS:
        progress_ear_init(&port.progress, &port.tones.zone)
    if fresh & (EAR_FAX | EAR_SIT):
        signal_ear_init(&port.signal)
    if fresh & EAR_FSK:
        fsk_rx_init(&port.fsk)
    if fresh & EAR_VOICE:
        voice_init(&port.voice, SILENCE_MS)
    if fresh & EAR_VERDICT:
        verdict_init(&port.verdict, port.tones.hz, port.tones.count)
    if fresh & EAR_BOTH:
        talk_init(&port.talk, ECHO_LOSS)
    if fresh & EAR_MF:
        mf_init(&port.mf, MF_FORWARD if ears & EAR_MF_FORWARD else MF_BACKWARD if ears & EAR_MF_BACKWARD else MF_R1)


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
            tell(e, TOLD_TONE_HEARD, port.loan.number, events[i].pattern)
        elif kind == PROGRESS_ENDED:
            tell(e, TOLD_TONE_ENDED, port.loan.number, events[i].pattern)
        elif kind == PROGRESS_VOICE:
            tell(e, TOLD_VOICE, port.loan.number, 0)


cdef void tell_talk(engine_t *e, port_t *port, const voice_event_t *events, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        tell_more(e, TOLD_TALK, port.loan.number, events[i].kind, events[i].samples, NULL, 0)


cdef void tell_verdict(engine_t *e, port_t *port) noexcept nogil:
    cdef verdict_event_t events[VERDICT_EVENTS]
    cdef verdict_event_t *one
    cdef int i
    for i in range(verdict_run(&port.verdict, port.heard, FRAME, events, VERDICT_EVENTS)):
        one = &events[i]
        if one.kind == VERDICT_GIVEN:
            tell_more(e, TOLD_VERDICT, port.loan.number,
                      one.value * VERDICT_SCALE + <int>(one.confidence * (VERDICT_SCALE - 1)), one.samples, NULL, 0)
        elif one.kind == VERDICT_BEEP:
            tell_more(e, TOLD_BEEP, port.loan.number, one.value, one.samples - one.begins, NULL, 0)
        else:
            tell_more(e, TOLD_GREETING, port.loan.number, 0, one.samples, NULL, 0)


cdef void tell_mf(engine_t *e, port_t *port) noexcept nogil:
    cdef int events[MF_EVENTS]
    cdef int i
    for i in range(mf_run(&port.mf, port.heard, FRAME, events, MF_EVENTS)):
        tell(e, TOLD_MF, port.loan.number, events[i] | port.mf.plan << 8)


cdef void hear_nothing(engine_t *e, port_t *port) noexcept nogil:
    # A frame was lost: ears go on as they see fit.
    cdef voice_event_t voice[VOICE_EVENTS]
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
    if port.ears & EAR_VOICE:
        tell_talk(e, port, voice, voice_fillin(&port.voice, FRAME, voice, VOICE_EVENTS))
    if port.ears & EAR_VERDICT:
        verdict_fillin(&port.verdict, FRAME)
    if port.ears & EAR_BOTH:
        talk_fillin(&port.talk, FRAME)
    if port.ears & EAR_MF:
        mf_fillin(&port.mf, FRAME)
    if port.needle != NULL:
        match_fillin(&port.needle.match, FRAME)


cdef void tell_signals(engine_t *e, port_t *port) noexcept nogil:
    cdef signal_event_t events[SIGNAL_EVENTS]
    cdef int i, n
    n = signal_hop(&port.signal, &port.bank, events)
    for i in range(n):
        if port.ears & (EAR_SIT if events[i].signal == SIGNAL_SIT else EAR_FAX):
            tell(e, TOLD_TONE_ENDED if events[i].ended else TOLD_TONE_HEARD, port.loan.number,
                 SIGNAL_VALUE + events[i].signal)


cdef void hear_tones(engine_t *e, port_t *port) noexcept nogil:
    # One pass over the samples, and all ears that listen for tones take from it, every 5 ms.
    cdef int at = 0, digit
    while at < FRAME:
        at += bank_feed(&port.bank, &port.heard[at], FRAME - at)
        while bank_next(&port.bank):
            if port.ears & EAR_DTMF:
                digit = dtmf_hop(&port.dtmf, &port.bank)
                if digit:
                    tell(e, TOLD_DIGIT, port.loan.number, digit | <int>(port.dtmf.clock - port.dtmf.began) << 8)
            if port.ears & EAR_PROGRESS:
                tell_progress(e, port)
            if port.ears & (EAR_FAX | EAR_SIT):
                tell_signals(e, port)


cdef void hear(engine_t *e, port_t *port) noexcept nogil:
    cdef needle_t *needle
    cdef voice_event_t voice[VOICE_EVENTS]
    if port.heard_kind == FRAME_MISSED:
        hear_nothing(e, port)
        return
    if port.ears & EAR_BANK:
        hear_tones(e, port)
    if port.ears & EAR_FSK:
        if fsk_rx_run(&port.fsk, port.heard, FRAME):
            tell_more(e, TOLD_FSK, port.loan.number, 0, 0, port.fsk.message, port.fsk.length)
    if port.ears & EAR_VOICE:
        tell_talk(e, port, voice, voice_run(&port.voice, port.heard, FRAME, voice, VOICE_EVENTS))
    if port.ears & EAR_BOTH:              # `sent` is what was said while this was on its way
        tell_talk(e, port, voice, talk_run(&port.talk, port.heard, port.sent, FRAME, voice, VOICE_EVENTS))
    if port.ears & EAR_VERDICT:
        tell_verdict(e, port)
    if port.ears & EAR_MF:
        tell_mf(e, port)
    needle = port.needle
    if needle != NULL and match_run(&needle.match, port.heard, FRAME):
        port.needle = NULL
        give_back(e, &needle.loan, 1, 0)
