# Mouths of the tick: playback, tone, mix or silence, and onto the wire.
from libc.stdint cimport int16_t, int64_t, uint8_t
from libc.string cimport memcpy, memset

from ccappliance.media._alaw cimport alaw_encode
from ccappliance.media._bridges cimport mix
from ccappliance.media._lent cimport (FRAME, FRAME_QUIET, FRAME_SOUND, TAIL, UNITY, engine_t, play_t, port_t, wire_room,
                                      wire_write)
from ccappliance.media._levels cimport comfort_run
from ccappliance.media._line cimport echo_remember
from ccappliance.media._samples cimport lay_over, level_silence, level_sound, scale
from ccappliance.media._told cimport give_back
from ccappliance.media._tone cimport tone_run, tone_start, tone_stop


cdef int play_run(play_t *play, int16_t *out) noexcept nogil:
    # Up to a frame of the list, sample-exact from one item to the next; `play.at == play.count` when it is over.
    cdef int n = 0
    cdef int round_began = -1
    cdef int64_t take
    while n < FRAME and play.at < play.count:
        if play.sounds != NULL:
            take = play.sounds[play.at].samples - play.pos
            if take > FRAME - n:
                take = FRAME - n
            memcpy(out + n, play.sounds[play.at].pcm + play.pos, take * sizeof(int16_t))
            play.pos += take
            n += <int>take
            if play.pos < play.sounds[play.at].samples:
                break
        else:
            n += tone_run(&play.tones[play.at], out + n, FRAME - n)
            if n == FRAME:
                break                     # a tone says that it has ended by making less than it was asked
        play.at += 1
        if play.at == play.count:
            play.round += 1
            if (play.rounds == 0 or play.round < play.rounds) and n != round_began:
                play.at = 0               # n == round_began: a whole round made nothing, another would not either
            round_began = n
        play.pos = 0
        play_begin(play)
    play.loan.samples += n
    if play.gain != UNITY:
        scale(out, n, play.gain)
    return n


cdef void play_begin(play_t *play) noexcept nogil:
    # A tone starts afresh; sounds begin wherever `play.pos` is.
    if play.tones != NULL and play.at < play.count:
        tone_start(&play.tones[play.at], play.tone_rounds)


cdef void cut(engine_t *e, port_t *port) noexcept nogil:
    # Stop what plays. A prompt is silent at once; a tone fades out over 5 ms, because a cut sine clicks.
    cdef play_t *play = port.play
    cdef int n
    if play == NULL:
        return
    port.play = NULL
    if play.tones != NULL and play.at < play.count and play.loan.samples > 0:
        tone_stop(&play.tones[play.at])
        n = tone_run(&play.tones[play.at], port.tail, TAIL)
        memset(port.tail + n, 0, (TAIL - n) * sizeof(int16_t))
        port.fading = 1
    give_back(e, &play.loan, 0, play.loan.samples)


cdef void be_silent(port_t *port, int64_t beat) noexcept nogil:
    if not port.blank:
        memset(port.sent, 0, FRAME * sizeof(int16_t))
        port.blank = 1
    level_silence(&port.level_out)
    echo_remember(port, NULL)
    wire_write(port.wire, port.end, beat, FRAME_QUIET)


cdef void send(port_t *port, int64_t beat) noexcept nogil:
    # What was made, onto the wire; where all of it is zero, as a frame that says so.
    cdef uint8_t *code
    cdef int16_t any = 0
    cdef int i
    if port.gain_out != UNITY:
        scale(port.sent, FRAME, port.gain_out)
    for i in range(FRAME):
        any |= port.sent[i]
    port.blank = any == 0
    if not any:
        be_silent(port, beat)
        return
    code = wire_room(port.wire, port.end, beat)
    alaw_encode(port.sent, code, FRAME)
    level_sound(&port.level_out, port.sent)
    echo_remember(port, code)
    wire_write(port.wire, port.end, beat, FRAME_SOUND)


cdef int soothe(port_t *port) noexcept nogil:
    # Nobody in the bridge has a sound for this port: the noise of a line that is alive, where that is wanted.
    if not port.soothed or port.bridge == NULL:
        return 0
    comfort_run(&port.comfort, port.sent, FRAME)
    return 1


cdef void speak(engine_t *e, port_t *port, int64_t beat) noexcept nogil:
    # Playback, tone, mix or silence.
    cdef int16_t made[FRAME]
    cdef play_t *play = port.play
    cdef int n = 0, sound = 0
    if play != NULL:
        n = play_run(play, made)
    if play == NULL or play.over or n < FRAME:
        sound = mix(port, port.sent) or soothe(port)
    if not sound:
        if n == 0 and play == NULL and not port.fading:
            be_silent(port, beat)
            return
        memset(port.sent, 0, FRAME * sizeof(int16_t))
    if play != NULL:
        if play.over:
            lay_over(port.sent, made, n)
        else:
            memcpy(port.sent, made, n * sizeof(int16_t))
        if play.at == play.count:
            port.play = NULL
            give_back(e, &play.loan, 1, play.loan.samples)
    if port.fading:
        lay_over(port.sent, port.tail, TAIL)
        port.fading = 0
    send(port, beat)
