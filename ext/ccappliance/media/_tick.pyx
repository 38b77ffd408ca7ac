# The tick: 20 ms of sound for all ports of one side. It takes no GIL, allocates, locks, prints and waits for nothing.
#
# Whatever it touches (ports, plays, needles, tapes, bridges) is a loan, handed over by a command and given back with
# TOLD_RETURNED. Loans going back are never lost: they wait in a list of the tick's until the event ring has room.
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from ccappliance.media._alaw cimport alaw_decode, alaw_encode
from ccappliance.media._bank cimport GROUP_ALL, GROUP_DTMF, bank_feed, bank_fillin, bank_init, bank_next
from ccappliance.media._dtmf cimport dtmf_ear_fillin, dtmf_ear_init, dtmf_hop
from ccappliance.media._fsk cimport fsk_rx_fillin, fsk_rx_init, fsk_rx_run
from ccappliance.media._match cimport match_fillin, match_run
from ccappliance.media._progress cimport (PROGRESS_ENDED, PROGRESS_HEARD, PROGRESS_VOICE,
                                          progress_ear_fillin, progress_ear_init, progress_hop)
from ccappliance.media._signal cimport SIGNAL_SIT, signal_ear_fillin, signal_ear_init, signal_hop
from ccappliance.media._tone cimport tone_run, tone_start, tone_stop


# ---- events ----

cdef int tell(engine_t *e, int kind, int64_t number, int value, const uint8_t *data, int length) noexcept nogil:
    cdef event_t *event = event_reserve(&e.events)
    if event == NULL:
        counter_add(&e.events_lost, 1)
        return 0
    event.kind = kind
    event.number = number
    event.value = value
    event.samples = 0
    event.length = length
    if length:
        memcpy(event.data, data, length)
    event_commit(&e.events)
    e.told += 1
    return 1


cdef void give_back(engine_t *e, loan_t *loan, int completed, int64_t samples) noexcept nogil:
    loan.completed = completed
    loan.samples = samples
    loan.next = NULL
    if e.owed == NULL:
        e.owed = loan
    else:
        e.owed_last.next = loan
    e.owed_last = loan


cdef void tell_owed(engine_t *e) noexcept nogil:
    cdef event_t *event
    cdef loan_t *loan
    while e.owed != NULL:
        event = event_reserve(&e.events)
        if event == NULL:
            return                        # they keep until the loop has made room
        loan = e.owed
        e.owed = loan.next                # after the commit the loan is no longer ours
        event.kind = TOLD_RETURNED
        event.number = loan.number
        event.value = loan.completed
        event.samples = loan.samples
        event.length = 0
        event_commit(&e.events)
        e.told += 1


# ---- mouths ----

cdef inline int16_t saturated(int32_t x) noexcept nogil:
    return <int16_t>(32767 if x > 32767 else -32768 if x < -32768 else x)


cdef void scale(int16_t *x, int n, int gain) noexcept nogil:
    cdef int i
    for i in range(n):
        x[i] = saturated((x[i] * <int32_t>gain + UNITY // 2) >> 12)


cdef void lay_over(int16_t *x, const int16_t *y, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        x[i] = saturated(<int32_t>x[i] + y[i])


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
        play_begin(play)
    play.loan.samples += n
    if play.gain != UNITY:
        scale(out, n, play.gain)
    return n


cdef void play_begin(play_t *play) noexcept nogil:
    play.pos = 0
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


# ---- bridges ----

cdef void bridge_leave(port_t *port) noexcept nogil:
    # The last member moves into the empty seat, with how it hears and is heard.
    cdef bridge_t *bridge = port.bridge
    cdef int seat = port.seat
    cdef int last, i
    if bridge == NULL:
        return
    port.bridge = NULL
    bridge.count -= 1
    last = bridge.count
    if seat == last:
        return
    bridge.members[seat] = bridge.members[last]
    bridge.members[seat].seat = seat
    for i in range(last):
        bridge.gain[seat][i] = bridge.gain[last][i]
    for i in range(last):
        bridge.gain[i][seat] = bridge.gain[i][last]


cdef void bridge_join(bridge_t *bridge, port_t *port) noexcept nogil:
    cdef int i, seat
    bridge_leave(port)
    seat = bridge.count
    if seat == BRIDGE_PORTS:              # the loop counts too and refuses; this is only the fence
        return
    bridge.members[seat] = port
    bridge.count = seat + 1
    port.bridge = bridge
    port.seat = seat
    for i in range(seat):
        bridge.gain[seat][i] = UNITY
        bridge.gain[i][seat] = UNITY


cdef int mix(port_t *port, int16_t *out) noexcept nogil:
    # What the others say, as loud as `port` hears each of them. 0: nobody speaks, `out` is untouched.
    cdef bridge_t *bridge = port.bridge
    cdef int32_t sum[FRAME]
    cdef int16_t *x
    cdef port_t *first = NULL
    cdef int seat, gain, i, talkers = 0
    cdef int first_gain = 0
    if bridge == NULL:
        return 0
    for seat in range(bridge.count):
        gain = bridge.gain[port.seat][seat]
        if seat == port.seat or gain == 0 or bridge.members[seat].heard_kind != FRAME_SOUND:
            continue
        x = bridge.members[seat].heard
        talkers += 1
        if talkers == 1:
            first = bridge.members[seat]
            first_gain = gain
            continue
        if talkers == 2:
            for i in range(FRAME):
                sum[i] = (first.heard[i] * <int32_t>first_gain + UNITY // 2) >> 12
        for i in range(FRAME):
            sum[i] += (x[i] * <int32_t>gain + UNITY // 2) >> 12
    if talkers == 0:
        return 0
    if talkers == 1:
        memcpy(out, first.heard, FRAME * sizeof(int16_t))
        if first_gain != UNITY:
            scale(out, FRAME, first_gain)
    else:
        for i in range(FRAME):
            out[i] = saturated(sum[i])
    return 1


# ---- the steps of a tick ----

cdef void open_port(engine_t *e, port_t *port, int64_t beat) noexcept nogil:
    e.ports[e.count] = port
    e.count += 1
    port.heard_kind = FRAME_NONE
    port.filled = FRAME_NONE
    port.blank = 1
    wire_attach(port.wire, port.end, beat)


cdef void close_port(engine_t *e, port_t *port) noexcept nogil:
    cdef int i
    cut(e, port)
    seek(e, port, NULL)
    unrecord(e, port, 0)
    bridge_leave(port)
    wire_detach(port.wire, port.end)
    for i in range(e.count):
        if e.ports[i] == port:
            e.count -= 1
            memmove(&e.ports[i], &e.ports[i + 1], (e.count - i) * sizeof(port_t *))
            break
    give_back(e, &port.loan, 1, 0)


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


cdef void unrecord(engine_t *e, port_t *port, int64_t number) noexcept nogil:
    # Take off one tape, or all of them (0).
    cdef taping_t **link = &port.tapes
    cdef taping_t *taping
    while link[0] != NULL:
        taping = link[0]
        if number == 0 or taping.loan.number == number:
            link[0] = taping.next
            tape_end(taping.tape)
            give_back(e, &taping.loan, 1, 0)
        else:
            link = &taping.next


cdef void dissolve(engine_t *e, bridge_t *bridge) noexcept nogil:
    while bridge.count:
        bridge_leave(bridge.members[bridge.count - 1])
    give_back(e, &bridge.loan, 1, 0)


cdef void obey(engine_t *e, command_t *command, int64_t beat) noexcept nogil:
    cdef port_t *port = <port_t *>command.port
    cdef port_t *talker = <port_t *>command.other
    cdef bridge_t *bridge
    cdef taping_t *taping
    cdef int kind = command.kind
    if kind == DO_OPEN:
        open_port(e, port, beat)
    elif kind == DO_CLOSE:
        close_port(e, port)
    elif kind == DO_PLAY:
        cut(e, port)
        port.play = <play_t *>command.thing
        play_begin(port.play)
    elif kind == DO_STOP:
        if port.play != NULL and (command.number == 0 or port.play.loan.number == command.number):
            cut(e, port)
    elif kind == DO_LISTEN:
        listen(e, port, command.value)
    elif kind == DO_SEEK:
        seek(e, port, <needle_t *>command.thing)
    elif kind == DO_RECORD:
        taping = <taping_t *>command.thing
        taping.next = port.tapes
        port.tapes = taping
    elif kind == DO_UNRECORD:
        unrecord(e, port, command.number)
    elif kind == DO_JOIN:
        bridge_join(<bridge_t *>command.thing, port)
    elif kind == DO_LEAVE:
        if port.bridge == <bridge_t *>command.thing:
            bridge_leave(port)
    elif kind == DO_WEIGH:
        bridge = <bridge_t *>command.thing
        if port.bridge == bridge and talker.bridge == bridge:
            bridge.gain[port.seat][talker.seat] = command.value
    elif kind == DO_DISSOLVE:
        dissolve(e, <bridge_t *>command.thing)


cdef void take_commands(engine_t *e, int64_t beat) noexcept nogil:
    cdef command_t *command = command_peek(&e.commands)
    while command != NULL:
        obey(e, command, beat)
        command_release(&e.commands)
        command = command_peek(&e.commands)


cdef void read_wire(engine_t *e, port_t *port, int64_t beat) noexcept nogil:
    cdef const uint8_t *code = NULL
    cdef int kind = wire_read(port.wire, port.end, beat, &code)
    if kind == FRAME_MISSED:
        counter_add(&e.frames_missed, 1)
        port.missing += 1
        if port.missing == STALLED_FRAMES or port.missing % DEAD_FRAMES == 0:
            tell(e, TOLD_STALLED, port.loan.number, port.missing * FRAME, NULL, 0)
    elif port.missing:
        port.missing = 0
    port.heard_kind = kind
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
                    tell(e, TOLD_DIGIT, port.loan.number, digit | <int>(port.dtmf.clock - port.dtmf.began) << 8, NULL, 0)
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


cdef void be_silent(port_t *port, int64_t beat) noexcept nogil:
    if not port.blank:
        memset(port.sent, 0, FRAME * sizeof(int16_t))
        port.blank = 1
    wire_write(port.wire, port.end, beat, FRAME_QUIET)


cdef void speak(engine_t *e, port_t *port, int64_t beat) noexcept nogil:
    # Playback, tone, mix or silence, and onto the wire.
    cdef int16_t made[FRAME]
    cdef play_t *play = port.play
    cdef int n = 0, sound = 0, i
    cdef int16_t any = 0
    if play != NULL:
        n = play_run(play, made)
    if play == NULL or play.over or n < FRAME:
        sound = mix(port, port.sent)
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
    for i in range(FRAME):
        any |= port.sent[i]
    port.blank = any == 0
    if any:
        alaw_encode(port.sent, wire_room(port.wire, port.end, beat), FRAME)
    wire_write(port.wire, port.end, beat, FRAME_SOUND if any else FRAME_QUIET)


cdef void push_tapes(port_t *port) noexcept nogil:
    cdef taping_t *taping = port.tapes
    while taping != NULL:
        tape_push(taping.tape, port.heard, port.sent)
        taping = taping.next


cdef void engine_tick(engine_t *e, int64_t beat) noexcept nogil:
    # `beat` counts the ticks of the metronome; ends of a memory wire must be ticked with the same one.
    cdef int64_t began = clock_now()
    cdef uint64_t floats = float_flush()
    cdef port_t *port
    cdef int i
    e.told = 0
    take_commands(e, beat)
    for i in range(e.count):
        read_wire(e, e.ports[i], beat)
    for i in range(e.count):
        port = e.ports[i]
        if port.ears or port.needle != NULL:
            hear(e, port)
    for i in range(e.count):
        speak(e, e.ports[i], beat)
    for i in range(e.count):
        if e.ports[i].tapes != NULL:
            push_tapes(e.ports[i])
    tell_owed(e)
    if e.told:
        clock_wake(e.fd)
    float_restore(floats)
    counter_add(&e.ticks, 1)
    began = clock_now() - began
    if began > counter_get(&e.busiest):
        counter_set(&e.busiest, began)
