# What the tick tells the loop: events through the ring, and loans that go back.
#
# Loans going back are never lost: they wait in a list of the tick's until the event ring has room.
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from ccappliance.media._lent cimport (TOLD_RETURNED, counter_add, engine_t, event_commit, event_reserve, event_t,
                                      loan_t)


cdef void tell(engine_t *e, int kind, int64_t number, int value) noexcept nogil:
    tell_more(e, kind, number, value, 0, NULL, 0)


cdef void tell_more(engine_t *e, int kind, int64_t number, int value, int64_t samples, const uint8_t *data,
                    int length) noexcept nogil:
    cdef event_t *event = event_reserve(&e.events)
    if event == NULL:
        counter_add(&e.events_lost, 1)
        return
    event.kind = kind
    event.number = number
    event.value = value
    event.samples = samples
    event.length = length
    if length:
        memcpy(event.data, data, length)
    event_commit(&e.events)
    e.told += 1


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
