# The thread's loop: it ticks engines every 20 ms, without the GIL.
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from ccappliance.media._engine cimport Engine
from ccappliance.media._lent cimport (clock_now, counter_add, counter_get, counter_set, counter_t,
                                      engine_t, memory_lock, thread_block_signals, thread_hurry)
from ccappliance.media._tick cimport engine_tick

cdef extern from "src/beat.h" nogil:
    ctypedef struct beat_t:
        int fd
        unsigned long ack
        counter_t stalls, carried
    void beat_begin(beat_t *beat)
    int64_t beat_wait(beat_t *beat, int64_t due, int64_t period)
    void beat_skip(beat_t *beat, int64_t ticks)

cdef enum:
    LATEST = 4              # ticks the pulse catches up after a stall; beyond, it skips


def lock_memory(bint on):
    """Keep all memory of the process in RAM, now and later, or no longer. False: not permitted."""
    return memory_lock(on) == 0


cdef class Pulse:
    """Real time: `run` ticks engines in order every 20 ms until `halt`, without the GIL, by the clock of src/beat.h."""

    cdef list engines       # kept alive while their structs are ticked
    cdef engine_t **structs
    cdef int count
    cdef int64_t period
    cdef beat_t beat
    cdef counter_t halted, beats, late, worst, skipped
    cdef readonly int hurried    # 2: SCHED_FIFO, 1: nice, 0: neither, or not asked for

    def __cinit__(self, engines, double period):
        cdef Engine engine
        cdef int i
        self.engines = list(engines)
        self.count = len(self.engines)
        self.structs = <engine_t **>calloc(self.count + 1, sizeof(engine_t *))
        if self.structs == NULL:
            raise MemoryError
        for i, engine in enumerate(self.engines):
            self.structs[i] = engine.e
        self.period = <int64_t>(period * 1e9)
        beat_begin(&self.beat)

    def __dealloc__(self):
        free(self.structs)

    def follow(self, int fd, unsigned long ack):
        """Tick by a card's clock: before `run`, once."""
        self.beat.ack = ack
        self.beat.fd = fd

    def hurry(self, int priority):
        """Ask for SCHED_FIFO, else nice, for the calling thread."""
        self.hurried = thread_hurry(priority)

    def run(self):
        with nogil:
            thread_block_signals()
            self.loop()

    cdef void loop(self) noexcept nogil:
        cdef int64_t due = clock_now()
        cdef int64_t late, skip
        cdef int i
        while not counter_get(&self.halted):
            due += self.period
            due = beat_wait(&self.beat, due, self.period)
            late = clock_now() - due
            if late > self.period // 2:
                counter_add(&self.late, 1)
            if late > counter_get(&self.worst):
                counter_set(&self.worst, late)
            if late > LATEST * self.period:      # a stall: what is older than LATEST ticks is nobody's any more
                skip = late // self.period - LATEST
                due += skip * self.period
                counter_add(&self.skipped, skip)
                beat_skip(&self.beat, skip)
            for i in range(self.count):
                engine_tick(self.structs[i], counter_get(&self.beats) + 1)
            counter_add(&self.beats, 1)

    def halt(self):
        counter_set(&self.halted, 1)

    @property
    def ticks(self):
        return counter_get(&self.beats)

    @property
    def late(self):
        return counter_get(&self.late)

    @property
    def worst_late(self):
        return counter_get(&self.worst) * 1e-9

    @property
    def skipped(self):
        return counter_get(&self.skipped)

    @property
    def carried(self):
        return counter_get(&self.beat.carried)

    @property
    def stalls(self):
        return counter_get(&self.beat.stalls)
