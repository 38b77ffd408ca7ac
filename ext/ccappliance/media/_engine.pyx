# The objects through which Python feeds the tick: Engine, and what is lent to it.
#
# Ownership: a Loan object owns the struct it lends. The engine keeps the object alive in `lent` from the command that
# hands it over until the tick has told that it dropped it; so nothing the tick can see is ever freed, whatever Python
# drops, in whatever order. What is still out when the engine itself dies, dies with it: nobody ticks it any more.
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int64_t, uint8_t
from libc.stdlib cimport free

from collections import deque
from os import EFD_CLOEXEC, EFD_NONBLOCK, close, eventfd, eventfd_read
from zlib import crc32

from ccappliance.media._alaw cimport alaw_decode
from ccappliance.media._conceal cimport conceal_init
from ccappliance.media._echo cimport echo_init
from ccappliance.media._levels cimport agc_init, comfort_init
from ccappliance.media._match cimport match_init
from ccappliance.media._progress cimport PROGRESS_PATTERNS, progress_cadence, progress_zone_ready, progress_zone_t
from ccappliance.media._lent cimport *
from ccappliance.media._tick cimport engine_tick
from ccappliance.media._tone cimport TONE_SINES, TONE_STEPS
from ccappliance.media._verdict cimport ANSWER_CARRIER, ANSWER_FAX, ANSWER_HUMAN, ANSWER_MACHINE, VERDICT_ZONE
from ccappliance.media._voice cimport TALK_BOTH, TALK_ONE, VOICE_BEGAN, VOICE_ENDED, VOICE_SILENCE
from ccappliance.media._wire cimport WireEnd

cdef extern from *:
    """
    #include <stdlib.h>
    #include <string.h>
    static void *aligned_zero(size_t bytes) { /* the rings ask for cache lines of their own */
        void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
        if (memory) memset(memory, 0, bytes);
        return memory;
    }
    """
    void *aligned_zero(size_t bytes)

RETURNED = TOLD_RETURNED
DIGIT = TOLD_DIGIT
TONE_HEARD = TOLD_TONE_HEARD
TONE_ENDED = TOLD_TONE_ENDED
VOICE = TOLD_VOICE
FSK = TOLD_FSK
STALLED = TOLD_STALLED
TALK = TOLD_TALK            # voice_kind_t: BEGAN, ENDED, SILENCE, BOTH, ONE
BEGAN, ENDED, SILENCE, BOTH, ONE = VOICE_BEGAN, VOICE_ENDED, VOICE_SILENCE, TALK_BOTH, TALK_ONE
VERDICT = TOLD_VERDICT      # value: answer (ANSWERS) times SCALE, and its confidence of SCALE - 1
SCALE = VERDICT_SCALE
ANSWERS = {ANSWER_HUMAN: "human", ANSWER_MACHINE: "machine", ANSWER_FAX: "fax", ANSWER_CARRIER: "carrier"}
BEEP = TOLD_BEEP
GREETING = TOLD_GREETING
MF = TOLD_MF                # value: signal (0: it ended) and its plan << 8
STEPS = TONE_STEPS          # of one tone; a longer one is a chain
PATTERNS = PROGRESS_PATTERNS
SIGNALS = SIGNAL_VALUE      # a tone's value from here on is one of ports.py's signals
SEATS = BRIDGE_PORTS

cdef enum:
    IDLE_CODE = 0xD5        # G.711: positive zero with even bits inverted
    MOST_GAIN = 32532       # Q12 of +18 dB: times a full-scale sample it still fits in an int32


cdef void *zeroed(size_t bytes) except NULL:
    cdef void *memory = aligned_zero(bytes)
    if memory == NULL:
        raise MemoryError
    return memory


cdef int q12(double gain):
    return <int>min(max(gain, 0.0) * UNITY + 0.5, <double>MOST_GAIN)


cdef class Loan:
    def __dealloc__(self):
        free(self.loan)


cdef class Tones:
    """What an exchange sends: patterns (Hz, on ms, off ms) to recognise, and all its frequencies, which are no beeps."""

    cdef tones_t *tones

    def __cinit__(self, patterns, frequencies):
        cdef progress_zone_t *zone
        cdef int i
        self.tones = <tones_t *>zeroed(sizeof(tones_t))
        if len(patterns) > PROGRESS_PATTERNS:
            raise ValueError(f"a zone has at most {PROGRESS_PATTERNS} recognised tones")
        zone = &self.tones.zone
        for i, (hz, on_ms, off_ms, cadence) in enumerate(patterns):
            zone.patterns[i].hz[0] = hz[0]
            zone.patterns[i].hz[1] = hz[1] if len(hz) > 1 else 0.0
            zone.patterns[i].on_ms = on_ms
            zone.patterns[i].off_ms = off_ms
            progress_cadence(&zone.patterns[i], cadence)
        zone.count = len(patterns)
        progress_zone_ready(zone)               # here, for it computes; the tick only reads it
        self.tones.count = min(<int>len(frequencies), VERDICT_ZONE)
        for i in range(self.tones.count):
            self.tones.hz[i] = frequencies[i]

    def __dealloc__(self):
        free(self.tones)


cdef class Port(Loan):
    cdef port_t *port(self):
        return <port_t *>self.loan

    def __dealloc__(self):
        if self.loan != NULL:
            free((<port_t *>self.loan).canceller)

    @property
    def levels(self):
        """Mean squares of what arrives and what is sent, over the last third of a second; readable at any time."""
        return (counter_get(&self.port().level_in) / <double>LEVEL_ONE,
                counter_get(&self.port().level_out) / <double>LEVEL_ONE)


cdef class Bridge(Loan):
    pass


cdef class Play(Loan):
    def __dealloc__(self):
        cdef play_t *play = <play_t *>self.loan
        if play != NULL:
            free(play.sounds)
            free(play.tones)


cdef class Needle(Loan):
    pass


cdef class Arena:
    """Room for the rings of named tapes in memory that outlives the process: a writable buffer, taken here for good.

    `base`: bytes before the first ring. Wiped at the beginning, which makes every page present; and ring by ring.
    """

    cdef Py_buffer view
    cdef char *memory
    cdef int frames
    cdef list free              # places

    def __cinit__(self, buffer, Py_ssize_t base, int count, int frames):
        cdef int place
        PyObject_GetBuffer(buffer, &self.view, PyBUF_WRITABLE)
        if frames < 1 or count < 0 or base % 64 or self.view.len < base + count * <Py_ssize_t>tape_bytes(frames):
            raise ValueError(f"{self.view.len} bytes are no room for {count} rings of {frames} frames from {base} on")
        self.memory = <char *>self.view.buf + base
        self.frames = frames
        self.free = list(range(count - 1, -1, -1))
        for place in range(count):
            tape_begin(self.at(place), frames)

    def __dealloc__(self):
        if self.view.buf != NULL:
            PyBuffer_Release(&self.view)

    cdef void *at(self, int place) noexcept:
        return self.memory + place * <Py_ssize_t>tape_bytes(self.frames)

    cdef int take(self, int frames, Py_ssize_t length):
        """A free place for a ring of so many frames and a name so long; -1: there is none."""
        return self.free.pop() if self.free and frames == self.frames and 0 < length <= TAPE_NAME else -1

    cdef give_back(self, int place):
        tape_wipe(<tape_t *>self.at(place))
        self.free.append(place)


cdef class Tape(Loan):
    """A recording: filled by the tick, emptied by `read` from any one thread."""

    cdef tape_t *tape
    cdef Arena arena            # whose memory it lies in; None: it has its own
    cdef int place              # there

    def __dealloc__(self):
        if self.arena is None:
            free(self.tape)
        else:
            self.arena.give_back(self.place)

    @property
    def samples(self):
        return self.tape.pushed * FRAME

    @property
    def lost(self):
        return self.tape.lost * FRAME

    @property
    def hidden(self):
        return self.tape.hidden != 0

    def read(self):
        cdef int64_t frames = tape_ready(self.tape)
        cdef bytes out = PyBytes_FromStringAndSize(NULL, frames * FRAME * 4)
        cdef int16_t *to = <int16_t *>PyBytes_AS_STRING(out)
        with nogil:
            tape_read(self.tape, to, frames)
        return out

    def settle(self):
        tape_settle(self.tape)


cdef class Engine:
    """The ports of one side. All methods belong to the loop's thread, but `tick`'s inside to whoever ticks."""

    def __cinit__(self, int room, on_waiting):
        cdef uint8_t idle[FRAME]
        cdef int i
        self.fd = -1
        self.lent = {}
        self.waiting = deque()
        self.on_waiting = on_waiting
        self.e = <engine_t *>zeroed(sizeof(engine_t))
        self.e.ports = <port_t **>zeroed((room + 1) * sizeof(port_t *))
        self.e.room = room
        for i in range(FRAME):
            idle[i] = IDLE_CODE
        alaw_decode(idle, self.e.idle, FRAME)
        self.fd = self.e.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)

    def __dealloc__(self):
        if self.fd >= 0:
            close(self.fd)
        if self.e != NULL:
            free(self.e.ports)
        free(self.e)

    # ---- to the tick ----

    cdef void lend(self, Loan loan):
        self.last += 1
        loan.number = loan.loan.number = self.last
        self.lent[loan.number] = loan

    cdef void ask(self, int kind, Port port, Loan thing=None, Port other=None, int value=0, int64_t number=0):
        # A command is never lost: when the ring is full it waits here, and keeps what it points to.
        if not self.waiting and self.put(kind, port, thing, other, value, number):
            return
        self.waiting.append((kind, port, thing, other, value, number))
        if len(self.waiting) == 1:
            self.on_waiting()

    cdef bint put(self, int kind, Port port, Loan thing, Port other, int value, int64_t number):
        cdef command_t *command = command_reserve(&self.e.commands)
        if command == NULL:
            return False
        command.kind = kind
        command.port = NULL if port is None else port.loan
        command.thing = NULL if thing is None else thing.loan
        command.other = NULL if other is None else other.loan
        command.value = value
        command.number = number
        command_commit(&self.e.commands)
        return True

    def flush(self):
        """Hand over commands that found the ring full. True: none waits any more."""
        while self.waiting:
            kind, port, thing, other, value, number = self.waiting[0]
            if not self.put(kind, port, thing, other, value, number):
                return False
            self.waiting.popleft()
        return True

    def open(self, WireEnd end not None, Tones tones not None, double gain_in=1.0, double gain_out=1.0,
             agc=None, comfort=None, int echo=0):
        """`agc`: dBm0 of speech, `comfort`: dBm0 of noise, None: without; `echo`: frames until one comes, 0: none does."""
        cdef Port port = Port()
        cdef port_t *p = <port_t *>zeroed(sizeof(port_t))
        port.loan = &p.loan
        port.keeps = (end, tones)
        p.wire = end.wire.wire
        p.end = end.end
        p.tones = tones.tones
        p.gain_in = q12(gain_in)
        p.gain_out = q12(gain_out)
        conceal_init(&p.conceal)
        p.levelled = agc is not None
        agc_init(&p.agc, agc if p.levelled else 0.0)
        p.soothed = comfort is not None
        comfort_init(&p.comfort, <int>self.last + 1, comfort if p.soothed else 0.0)
        if echo:
            if not 1 <= echo <= ECHO_LATEST:
                raise ValueError(f"an echo comes 1 to {ECHO_LATEST} frames later, not {echo}")
            p.canceller = <canceller_t *>zeroed(sizeof(canceller_t))
            p.canceller.delay = echo
            echo_init(&p.canceller.echo)
        self.lend(port)
        self.ask(DO_OPEN, port)
        return port

    def close_port(self, Port port not None):
        """The port's loan comes back, and before it all that it had."""
        self.ask(DO_CLOSE, port)

    def play(self, Port port not None, list sounds, bint repeat, double gain, bint over, int64_t begin=0):
        """`sounds`: bytes objects of int16 samples, from sample `begin` on; kept until the tick has dropped them."""
        cdef Play play = Play()
        cdef play_t *p = <play_t *>zeroed(sizeof(play_t))
        cdef bytes pcm
        cdef int i
        play.loan = &p.loan
        play.keeps = tuple(sounds)
        p.sounds = <sound_t *>zeroed((len(sounds) + 1) * sizeof(sound_t))
        for i, pcm in enumerate(play.keeps):
            p.sounds[i].pcm = <const int16_t *>PyBytes_AS_STRING(pcm)
            p.sounds[i].samples = PyBytes_GET_SIZE(pcm) // 2
        p.count = len(sounds)
        p.pos = begin
        while p.at < p.count and p.pos > 0 and p.pos >= p.sounds[p.at].samples:
            p.pos -= p.sounds[p.at].samples
            p.at += 1
        p.rounds = 0 if repeat else 1
        p.gain = q12(gain)
        p.over = over
        self.lend(play)
        self.ask(DO_PLAY, port, play)
        return play

    def tone(self, Port port not None, list chain, int rounds, int tone_rounds, bint over):
        """`chain`: tones, each a list of at most STEPS (frequencies, peak, samples; -1: for ever)."""
        cdef Play play = Play()
        cdef play_t *p = <play_t *>zeroed(sizeof(play_t))
        cdef int i, j, k
        play.loan = &p.loan
        p.tones = <tone_t *>zeroed((len(chain) + 1) * sizeof(tone_t))
        for i, steps in enumerate(chain):
            if len(steps) > TONE_STEPS:
                raise ValueError(f"a tone has at most {TONE_STEPS} steps")
            for j, (hz, peak, samples) in enumerate(steps):
                if len(hz) > TONE_SINES:
                    raise ValueError(f"a tone step has at most {TONE_SINES} frequencies")
                for k in range(<int>len(hz)):
                    p.tones[i].steps[j].hz[k] = hz[k]
                p.tones[i].steps[j].peak = peak
                p.tones[i].steps[j].samples = samples
            p.tones[i].count = len(steps)
        p.count = len(chain)
        p.rounds = rounds
        p.tone_rounds = tone_rounds
        p.gain = UNITY
        p.over = over
        self.lend(play)
        self.ask(DO_PLAY, port, play)
        return play

    def stop(self, Port port not None, int64_t number=0):
        """Stop play `number`, if it is the one that plays; 0: whatever plays."""
        self.ask(DO_STOP, port, None, None, 0, number)

    def listen(self, Port port not None, int ears):
        self.ask(DO_LISTEN, port, None, None, ears)

    def seek(self, Port port not None, bytes pcm):
        """Look for `pcm` (None: for nothing). It comes back completed when it was heard."""
        cdef Needle needle = None
        cdef needle_t *n
        if pcm is not None:
            needle = Needle()
            n = <needle_t *>zeroed(sizeof(needle_t))
            needle.loan = &n.loan
            match_init(&n.match, <const int16_t *>PyBytes_AS_STRING(pcm), <int>(PyBytes_GET_SIZE(pcm) // 2))
            self.lend(needle)
        self.ask(DO_SEEK, port, needle)
        return needle

    def record(self, Port port not None, int frames, Arena arena=None, bytes name=b""):
        """A tape whose ring holds `frames`: in the arena under this name, if there is room."""
        cdef Tape tape = Tape()
        cdef taping_t *t = <taping_t *>zeroed(sizeof(taping_t))
        cdef int place = arena.take(frames, len(name)) if arena is not None else -1
        tape.loan = &t.loan
        if place >= 0:
            tape.arena, tape.place = arena, place
            t.tape = tape.tape = tape_begin(arena.at(place), frames)
            tape_call(t.tape, PyBytes_AS_STRING(name), len(name), crc32(name))
        else:
            t.tape = tape.tape = tape_new(frames)
            if t.tape == NULL:
                raise MemoryError
        self.lend(tape)
        self.ask(DO_RECORD, port, tape)
        return tape

    def unrecord(self, Port port not None, Tape tape not None):
        self.ask(DO_UNRECORD, port, None, None, 0, tape.number)

    def pause(self, Port port not None, Tape tape not None, bint paused):
        """From the next tick on a mark instead of sound, or sound again."""
        self.ask(DO_PAUSE, port, None, None, paused, tape.number)

    def bridge(self):
        cdef Bridge bridge = Bridge()
        bridge.loan = <loan_t *>zeroed(sizeof(bridge_t))
        self.lend(bridge)
        return bridge

    def join(self, Bridge bridge not None, Port port not None, bint heard=True):
        self.ask(DO_JOIN, port, bridge, None, heard)

    def leave(self, Bridge bridge not None, Port port not None):
        self.ask(DO_LEAVE, port, bridge)

    def weigh(self, Bridge bridge not None, Port listener not None, Port talker not None, double gain):
        self.ask(DO_WEIGH, listener, bridge, talker, q12(gain))

    def dissolve(self, Bridge bridge not None):
        self.ask(DO_DISSOLVE, None, bridge)

    # ---- from the tick ----

    def take(self):
        """Events since the last call: (kind, number, value, samples, data), oldest first. Frees what came back."""
        cdef event_t *event
        cdef list told = []
        try:
            eventfd_read(self.fd)
        except BlockingIOError:
            pass
        while True:
            event = event_peek(&self.e.events)
            if event == NULL:
                break
            if event.kind == TOLD_RETURNED:
                self.lent.pop(event.number)
            told.append((event.kind, event.number, event.value, event.samples, event.data[:event.length]))
            event_release(&self.e.events)
        self.flush()
        return told

    def tick(self, int64_t beat):
        """One tick, here and now (virtual time). `beat`: see src/wire.h."""
        with nogil:
            engine_tick(self.e, beat)

    @property
    def port_bytes(self):
        """What a port's state takes, all ears included."""
        return sizeof(port_t)

    @property
    def canceller_bytes(self):
        """What its echo canceller takes besides, where there is one."""
        return sizeof(canceller_t)

    @property
    def out(self):
        """Loans that are out: 0 when nothing is open."""
        return len(self.lent)

    @property
    def ticks(self):
        return counter_get(&self.e.ticks)

    @property
    def busiest(self):
        return counter_get(&self.e.busiest) * 1e-9

    @property
    def events_lost(self):
        return counter_get(&self.e.events_lost)

    @property
    def frames_missed(self):
        return counter_get(&self.e.frames_missed)
