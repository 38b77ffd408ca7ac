# Bridges of the tick: who hears whom, how loud, and the sum minus oneself.
from libc.stdint cimport int16_t, int32_t
from libc.string cimport memcpy

from ccappliance.media._lent cimport BRIDGE_PORTS, FRAME, UNITY, bridge_t, engine_t, port_t
from ccappliance.media._samples cimport saturated, scale
from ccappliance.media._told cimport give_back


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


cdef void bridge_join(bridge_t *bridge, port_t *port, int heard) noexcept nogil:
    # heard = 0: nobody hears him before a weight says so; not for one frame, as a weight that comes after would allow.
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
        bridge.gain[i][seat] = UNITY if heard else 0


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
        if seat == port.seat or gain == 0 or not bridge.members[seat].sounds:
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


cdef void dissolve(engine_t *e, bridge_t *bridge) noexcept nogil:
    while bridge.count:
        bridge_leave(bridge.members[bridge.count - 1])
    give_back(e, &bridge.loan, 1, 0)
