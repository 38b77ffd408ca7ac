"""The rounds of the virtual loop: handles, timers in a heap, and a clock that jumps to the next of them.

asyncio's own order, which tests/sim/test_loop.py proves by playing the same chance on both: the heap is heapq's, step by
step, so that timers of one moment run as they would there; sweeps and rounds are those of BaseEventLoop._run_once. A day
is mostly handles, 85 a call, and each costs asyncio a Python frame or two before its callback begins.
"""

cdef extern from "Python.h":
    ctypedef struct PyObject
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)
    void PyList_SET_ITEM(object, Py_ssize_t, PyObject*)  # takes no reference and gives none back: for permutations
    object PyContext_CopyCurrent()
    int PyContext_Enter(object) except -1
    int PyContext_Exit(object) except -1

# asyncio's own: of more timers than this, when so many are cancelled, those are swept out; no wait is longer
cdef Py_ssize_t MANY = 100
cdef double MOSTLY = 0.5
cdef double LONGEST = 24 * 3600.0  # s


cdef class Handle:
    """A callback that is to run soon: asyncio.Handle, as far as anybody uses it."""

    cdef object callback
    cdef tuple args
    cdef object context
    cdef bint gone

    def cancel(self):
        self.gone = True
        self.callback, self.args = None, ()

    def cancelled(self):
        return self.gone

    def __repr__(self):
        return f"<{type(self).__name__}{' cancelled' if self.gone else ''} {self.callback!r}>"


cdef class Timer(Handle):
    """A callback that is to run at a time of the loop: asyncio.TimerHandle, as far as anybody uses it."""

    cdef double at
    cdef bint scheduled
    cdef Rounds rounds

    def when(self):
        return self.at

    def cancel(self):
        if not self.gone:
            self.gone = True
            self.callback, self.args = None, ()
            if self.scheduled:
                self.rounds._timer_cancelled_count += 1


cdef class Rounds:
    """The half of an event loop that runs what is due. Its attributes are those BaseEventLoop gives every loop."""

    cdef public double now  # s
    cdef public list _scheduled  # of Timer: a heap
    cdef public object _ready  # a deque of Handle
    cdef public Py_ssize_t _timer_cancelled_count
    cdef public double _clock_resolution
    cdef public bint _closed
    cdef public bint _stopping

    def time(self):
        return self.now

    def call_later(self, double delay, callback, *args, context=None):
        return self.schedule(self.now + delay, callback, args, context)

    def call_at(self, double when, callback, *args, context=None):
        return self.schedule(when, callback, args, context)

    def call_soon(self, callback, *args, context=None):
        cdef Handle handle = Handle.__new__(Handle)
        self.fill(handle, callback, args, context)
        self._ready.append(handle)
        return handle

    cdef Timer schedule(self, double when, callback, tuple args, context):
        cdef Timer timer = Timer.__new__(Timer)
        self.fill(timer, callback, args, context)
        timer.at = when
        timer.scheduled = True
        timer.rounds = self
        self._scheduled.append(timer)
        settle(self._scheduled, 0, len(self._scheduled) - 1)
        return timer

    cdef int fill(self, Handle handle, callback, tuple args, context) except -1:
        if self._closed:
            raise RuntimeError("Event loop is closed")
        handle.callback = callback
        handle.args = args
        handle.context = PyContext_CopyCurrent() if context is None else context
        return 0

    def _run_once(self):
        """Rounds until the loop is stopped: what is due joins what is ready, and what is ready now runs."""
        cdef list timers = self._scheduled
        cdef object ready = self._ready, soon = ready.append, next_one = ready.popleft
        cdef Handle handle
        cdef Timer timer
        cdef double end
        cdef Py_ssize_t left
        while True:
            self.sweep()
            if not ready and not self._stopping:
                if not timers:
                    raise self.deadlock()
                self.now += min(max(0.0, (<Timer>timers[0]).at - self.now), LONGEST)
            end = self.now + self._clock_resolution
            while timers and (<Timer>timers[0]).at < end:
                timer = first(timers)
                timer.scheduled = False
                soon(timer)
            for left in range(len(ready)):
                handle = next_one()
                if not handle.gone:
                    self.run(handle)
            if self._stopping:
                return

    cdef int run(self, Handle handle) except -1:
        callback, args, context = handle.callback, handle.args, handle.context  # it may cancel itself meanwhile
        try:
            PyContext_Enter(context)
            try:
                callback(*args)
            finally:
                PyContext_Exit(context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # as asyncio: a callback's bug does not end the loop
            self.call_exception_handler({"message": f"Exception in callback {handle!r}", "exception": error,
                                         "handle": handle})
        return 0

    cdef int sweep(self) except -1:
        """Cancelled timers leave when they are first, or all at once when they are most."""
        cdef list timers = self._scheduled
        cdef Timer timer
        cdef Py_ssize_t at
        if len(timers) > MANY and self._timer_cancelled_count > MOSTLY * len(timers):
            for timer in timers:
                timer.scheduled = not timer.gone
            timers[:] = [timer for timer in timers if not timer.gone]
            for at in range(len(timers) // 2 - 1, -1, -1):
                sink(timers, at)
            self._timer_cancelled_count = 0
        while timers and (<Timer>timers[0]).gone:
            self._timer_cancelled_count -= 1
            first(timers).scheduled = False
        return 0


# ---- heapq, of timers ----

cdef inline double due(PyObject* timer) noexcept:
    return (<Timer>timer).at


cdef void settle(list heap, Py_ssize_t start, Py_ssize_t at) noexcept:
    """heapq's _siftdown: a timer that may be too far from the root moves towards it."""
    cdef PyObject* moved = PyList_GET_ITEM(heap, at)
    cdef PyObject* parent
    while at > start:
        parent = PyList_GET_ITEM(heap, (at - 1) >> 1)
        if not due(moved) < due(parent):
            break
        PyList_SET_ITEM(heap, at, parent)
        at = (at - 1) >> 1
    PyList_SET_ITEM(heap, at, moved)


cdef void sink(list heap, Py_ssize_t start) noexcept:
    """heapq's _siftup: the smaller child moves up until a leaf is free, and the timer settles from there."""
    cdef PyObject* moved = PyList_GET_ITEM(heap, start)
    cdef Py_ssize_t at = start, size = len(heap), child
    while at < size >> 1:
        child = 2 * at + 1
        if child + 1 < size and not due(PyList_GET_ITEM(heap, child)) < due(PyList_GET_ITEM(heap, child + 1)):
            child += 1
        PyList_SET_ITEM(heap, at, PyList_GET_ITEM(heap, child))
        at = child
    PyList_SET_ITEM(heap, at, moved)
    settle(heap, start, at)


cdef Timer first(list heap):
    """heapq's heappop."""
    cdef Timer last = heap.pop(), found
    if not heap:
        return last
    found = heap[0]
    heap[0] = last
    sink(heap, 0)
    return found
