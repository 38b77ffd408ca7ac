# What a line does to sound, mended: its echo taken out, fixed and automatic gain, lost frames made up for.
#
# In this order: echo, fixed gain, concealment; then the ears; then automatic gain, so that ears hear levels as they came.
from libc.stdint cimport int16_t, uint8_t
from libc.string cimport memcpy, memset

from ccappliance.media._alaw cimport alaw_decode
from ccappliance.media._conceal cimport conceal_fillin, conceal_reset, conceal_run
from ccappliance.media._echo cimport echo_fillin, echo_run
from ccappliance.media._lent cimport (CONCEALED, ECHO_LATEST, ECHO_OVER, FRAME, FRAME_MISSED, FRAME_NONE, FRAME_QUIET,
                                      FRAME_SOUND, UNITY, canceller_t, engine_t, port_t)
from ccappliance.media._levels cimport agc_run
from ccappliance.media._samples cimport level_silence, level_sound, scale


# ---- echo ----

cdef void echo_remember(port_t *port, const uint8_t *code) noexcept nogil:
    # What the line gets now, as it gets it: after A-law. Its echo comes `delay` frames later at the earliest.
    cdef canceller_t *canceller = port.canceller
    if canceller == NULL:
        return
    if code != NULL:
        alaw_decode(code, canceller.past[canceller.at], FRAME)
        canceller.kind[canceller.at] = FRAME_SOUND
    elif canceller.kind[canceller.at] == FRAME_SOUND:
        memset(canceller.past[canceller.at], 0, FRAME * sizeof(int16_t))
        canceller.kind[canceller.at] = FRAME_QUIET
    canceller.at = (canceller.at + 1) % ECHO_LATEST


cdef void cancel(canceller_t *canceller, int16_t *heard, int kind) noexcept nogil:
    # While the far end is silent, and has been for longer than an echo lasts, there is nothing to take out.
    cdef int slot = (canceller.at - canceller.delay + ECHO_LATEST) % ECHO_LATEST
    cdef int16_t *far = canceller.past[slot]
    canceller.silent = 0 if canceller.kind[slot] == FRAME_SOUND else canceller.silent + 1
    if canceller.silent > ECHO_OVER:
        canceller.silent = ECHO_OVER + 1
        return
    if kind == FRAME_SOUND:
        echo_run(&canceller.echo, far, heard, heard, FRAME)
    else:
        echo_fillin(&canceller.echo, far, FRAME)


# ---- lost frames ----

cdef void conceal(port_t *port, int kind) noexcept nogil:
    if kind == FRAME_SOUND:
        conceal_run(&port.conceal, port.heard, FRAME)
        port.conceals = 1
    elif kind == FRAME_MISSED and port.conceals and port.missing <= CONCEALED:
        conceal_fillin(&port.conceal, port.heard, FRAME)
        port.filled = FRAME_SOUND
        port.sounds = 1
    elif kind != FRAME_MISSED and port.conceals:
        conceal_reset(&port.conceal)      # silence came: there is nothing to go on with
        port.conceals = 0


# ---- the frame ----

cdef void arrive(engine_t *e, port_t *port, int kind, const uint8_t *code) noexcept nogil:
    port.heard_kind = kind
    port.sounds = kind == FRAME_SOUND
    if kind == FRAME_SOUND:
        alaw_decode(code, port.heard, FRAME)
        port.filled = kind
    elif kind == FRAME_QUIET:
        if port.filled != FRAME_QUIET:
            memcpy(port.heard, e.idle, FRAME * sizeof(int16_t))
            port.filled = FRAME_QUIET
    elif port.filled != FRAME_NONE:
        memset(port.heard, 0, FRAME * sizeof(int16_t))
        port.filled = FRAME_NONE
    if port.canceller != NULL:
        cancel(port.canceller, port.heard, kind)
    if port.gain_in != UNITY and kind == FRAME_SOUND:
        scale(port.heard, FRAME, port.gain_in)
    conceal(port, kind)
    if port.sounds:
        level_sound(&port.level_in, port.heard)
    else:
        level_silence(&port.level_in)


cdef void level_out_speech(port_t *port) noexcept nogil:
    if port.levelled and port.sounds:
        agc_run(&port.agc, port.heard, FRAME)
