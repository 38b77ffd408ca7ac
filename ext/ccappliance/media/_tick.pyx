# The tick: 20 ms of sound for all ports of one side. It takes no GIL, allocates, locks, prints and waits for nothing.
#
# Whatever it touches (ports, plays, needles, tapes, bridges) is a loan, handed over by a command and given back with
# TOLD_RETURNED.
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memmove

from ccappliance.media._bridges cimport bridge_join, bridge_leave, dissolve
from ccappliance.media._ears cimport hear, listen, seek
from ccappliance.media._lent cimport *
from ccappliance.media._line cimport arrive, level_out_speech
from ccappliance.media._mouths cimport cut, play_begin, speak
from ccappliance.media._told cimport give_back, tell, tell_owed


# ---- ports and tapes ----

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


# ---- the steps of a tick ----

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
    elif kind == DO_PAUSE:
        taping = port.tapes
        while taping != NULL:
            if taping.loan.number == command.number:
                taping.tape.paused = command.value
            taping = taping.next
    elif kind == DO_JOIN:
        bridge_join(<bridge_t *>command.thing, port, command.value)
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
            tell(e, TOLD_STALLED, port.loan.number, port.missing * FRAME)
    elif port.missing:
        port.missing = 0
    arrive(e, port, kind, code)


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
    for i in range(e.count):              # once through each port's memory, while it is near
        port = e.ports[i]
        read_wire(e, port, beat)
        if port.ears or port.needle != NULL:
            hear(e, port)
        level_out_speech(port)
    for i in range(e.count):              # when all have been heard: what they say to each other
        port = e.ports[i]
        speak(e, port, beat)
        if port.tapes != NULL:
            push_tapes(port)
    tell_owed(e)
    if e.told:
        clock_wake(e.fd)
    float_restore(floats)
    counter_add(&e.ticks, 1)
    began = clock_now() - began
    if began > counter_get(&e.busiest):
        counter_set(&e.busiest, began)
