# What is lent to the tick: the structs of everything it touches; made by the loop, given back with an event.
from libc.stdint cimport int16_t, int64_t, uint8_t, uint64_t

from ccappliance.media._bank cimport bank_t
from ccappliance.media._conceal cimport conceal_t
from ccappliance.media._dtmf cimport dtmf_ear_t
from ccappliance.media._echo cimport echo_t
from ccappliance.media._fsk cimport FSK_MESSAGE, fsk_rx_t
from ccappliance.media._levels cimport agc_t, comfort_t
from ccappliance.media._match cimport match_t
from ccappliance.media._mf cimport MF_EVENTS, mf_t
from ccappliance.media._progress cimport PROGRESS_EVENTS, progress_ear_t, progress_event_t, progress_zone_t
from ccappliance.media._signal cimport SIGNAL_EVENTS, signal_ear_t, signal_event_t
from ccappliance.media._tone cimport tone_t
from ccappliance.media._verdict cimport VERDICT_ZONE, verdict_t
from ccappliance.media._voice cimport talk_t, voice_t

cdef extern from "src/ring.h" nogil:
    enum: EVENT_BYTES
    ctypedef struct command_t:
        int kind
        int value
        int64_t number
        void *port
        void *thing
        void *other
    ctypedef struct event_t:
        int kind
        int value
        int64_t number
        int64_t samples
        int length
        uint8_t data[EVENT_BYTES]
    ctypedef struct command_ring_t:
        pass
    ctypedef struct event_ring_t:
        pass
    command_t *command_reserve(command_ring_t *ring)
    void command_commit(command_ring_t *ring)
    command_t *command_peek(command_ring_t *ring)
    void command_release(command_ring_t *ring)
    event_t *event_reserve(event_ring_t *ring)
    void event_commit(event_ring_t *ring)
    event_t *event_peek(event_ring_t *ring)
    void event_release(event_ring_t *ring)

cdef extern from "src/wire.h" nogil:
    enum: WIRE_MEMORY, FRAME_MISSED, FRAME_NONE, FRAME_QUIET, FRAME_SOUND
    ctypedef struct wire_t:
        int kind
    void wire_attach(wire_t *wire, int end, int64_t beat)
    void wire_detach(wire_t *wire, int end)
    int wire_read(wire_t *wire, int end, int64_t beat, const uint8_t **code)
    uint8_t *wire_room(wire_t *wire, int end, int64_t beat)
    void wire_write(wire_t *wire, int end, int64_t beat, int sound)

cdef extern from "src/tape.h" nogil:
    ctypedef struct tape_t:
        int64_t pushed
        int64_t lost
        int64_t paused
        int64_t hidden
    enum: TAPE_NAME
    size_t tape_bytes(int slots)
    tape_t *tape_begin(void *memory, int slots)
    tape_t *tape_new(int slots)
    void tape_call(tape_t *tape, const char *name, int64_t length, int64_t check)
    void tape_settle(tape_t *tape)
    void tape_wipe(tape_t *tape)
    void tape_push(tape_t *tape, const int16_t *left, const int16_t *right)
    void tape_end(tape_t *tape)
    int64_t tape_ready(tape_t *tape)
    void tape_read(tape_t *tape, int16_t *out, int64_t frames)

cdef extern from "src/clock.h" nogil:
    ctypedef struct counter_t:
        pass
    int64_t counter_get(counter_t *counter)
    void counter_set(counter_t *counter, int64_t n)
    void counter_add(counter_t *counter, int64_t n)
    int64_t clock_now()
    void clock_sleep_until(int64_t ns)
    void clock_wake(int fd)
    void thread_block_signals()
    int thread_hurry(int priority)
    int memory_lock(int on)
    uint64_t float_flush()
    void float_restore(uint64_t before)

cdef enum:
    FRAME = 160            # samples: 20 ms
    BRIDGE_PORTS = 8       # base/limits.py MAX_BRIDGE_PORTS
    UNITY = 4096           # gains are Q12
    TAIL = 40              # samples: a tone that is cut fades out over 5 ms
    STALLED_FRAMES = 3     # missing frames until a wire counts as stalled (60 ms)
    DEAD_FRAMES = 100      # and it is told again after every so many (2 s): long enough to be dead (F12)
    ECHO_LATEST = 8        # frames: the oldest that an echo may come from
    ECHO_OVER = 2          # silent frames after which nothing of the far end is left in the canceller's 32 ms
    CONCEALED = 3          # missing frames that are made up for: 60 ms, then it is silent (_conceal.pyx)
    LEVEL_ONE = 256        # levels are mean squares in units of 1/256 ...
    LEVEL_SLOW = 16        # ... smoothed over so many frames: 320 ms, as a volume meter's needle
    SILENCE_MS = 2000      # of nobody talking, told once (media/ports.py SilenceHeard)
    ECHO_LOSS = 6          # dB that a line's echo has lost at least (G.122)

cdef enum:                 # commands: what the loop asks for
    DO_OPEN = 1
    DO_CLOSE = 2
    DO_PLAY = 3
    DO_STOP = 4
    DO_LISTEN = 5
    DO_SEEK = 6
    DO_RECORD = 7
    DO_UNRECORD = 8
    DO_JOIN = 9
    DO_LEAVE = 10
    DO_WEIGH = 11
    DO_DISSOLVE = 12
    DO_PAUSE = 13          # a tape, or let it go on

cdef enum:                 # events: what the tick tells
    TOLD_RETURNED = 1      # a loan came back: .number, .value completed, .samples
    TOLD_DIGIT = 2         # the rest: .number of the port, and .value digit, samples it has sounded << 8
    TOLD_TONE_HEARD = 3    # .value pattern of the zone, or SIGNAL_VALUE + signal
    TOLD_TONE_ENDED = 4
    TOLD_VOICE = 5
    TOLD_FSK = 6           # .data
    TOLD_STALLED = 7       # .value samples missing
    TOLD_TALK = 8          # .value voice_kind_t, .samples since where
    TOLD_VERDICT = 9       # .value the answer in thousands, and its confidence of 1000; .samples
    TOLD_BEEP = 10         # .value Hz; .samples: how long it was
    TOLD_GREETING = 11     # .samples: where the greeting ended
    TOLD_MF = 12           # .value signal (0: it ended) and its plan << 8

cdef enum:                 # Ear of media/ports.py
    EAR_DTMF = 1
    EAR_PROGRESS = 2
    EAR_FSK = 4
    EAR_FAX = 8
    EAR_SIT = 16
    EAR_BANK = 27          # those that hear through the bank
    EAR_VOICE = 32
    EAR_VERDICT = 64
    EAR_BOTH = 128
    EAR_MF_FORWARD = 256
    EAR_MF_BACKWARD = 512
    EAR_MF_R1 = 1024
    EAR_MF = 1792           # one of them at a time
    VERDICT_SCALE = 1000
    SIGNAL_VALUE = 64      # beyond all patterns of a zone

cdef struct port_t         # (defined below; a bridge points to its ports)

cdef struct loan_t:        # first member of everything that is lent to the tick
    int64_t number
    loan_t *next           # in the list of those going back
    int completed
    int64_t samples

cdef struct sound_t:
    const int16_t *pcm
    int64_t samples

cdef struct play_t:        # what a mouth says: sounds, or tones
    loan_t loan
    int over               # laid on top of the bridge
    int gain
    int rounds             # of the whole list; 0: for ever
    int round
    int count
    int at
    int64_t pos
    sound_t *sounds        # NULL: tones
    tone_t *tones
    int tone_rounds        # of each tone

cdef struct needle_t:
    loan_t loan
    match_t match

cdef struct taping_t:
    loan_t loan
    tape_t *tape
    taping_t *next

cdef struct bridge_t:
    loan_t loan
    int count
    port_t *members[BRIDGE_PORTS]
    int gain[BRIDGE_PORTS][BRIDGE_PORTS]   # [listener][talker]

cdef struct tones_t:       # what the exchange at a port's line sends; Python's, made before the port is opened
    progress_zone_t zone
    float hz[VERDICT_ZONE] # of its tones, that are no beep of a machine
    int count

cdef struct canceller_t:   # a port's echo canceller, and what the line got, until its echo can come back
    echo_t echo
    int delay              # frames from what is sent to the first echo of it
    int at
    int silent             # frames in a row in which the far end was
    int kind[ECHO_LATEST]
    int16_t past[ECHO_LATEST][FRAME]

cdef struct port_t:
    loan_t loan
    wire_t *wire
    int end
    int heard_kind         # FRAME_… of this tick
    int sounds             # `heard` holds something to be mixed
    int gain_in, gain_out  # Q12
    int levelled           # by the agc
    int soothed            # by comfort noise
    int filled             # FRAME_NONE or FRAME_QUIET when `heard` holds such a frame already
    int blank              # `sent` is all zero already
    int ears
    int missing            # frames in a row
    int fading             # `tail` holds the end of a tone that was cut
    int seat
    bridge_t *bridge
    play_t *play
    needle_t *needle
    taping_t *tapes
    int16_t heard[FRAME]
    int16_t sent[FRAME]
    int16_t tail[TAIL]
    bank_t bank
    dtmf_ear_t dtmf
    progress_ear_t progress
    signal_ear_t signal
    fsk_rx_t fsk
    voice_t voice
    verdict_t verdict
    talk_t talk
    mf_t mf
    int conceals           # `conceal` knows of some sound
    conceal_t conceal
    agc_t agc
    comfort_t comfort
    const tones_t *tones
    canceller_t *canceller # NULL: the line has no echo, or its card cancels it
    counter_t level_in     # what arrives and what is sent: see LEVEL_ONE
    counter_t level_out

cdef struct engine_t:
    command_ring_t commands
    event_ring_t events
    int fd                 # eventfd that wakes the loop
    int told               # events put in this tick
    int room               # ports there may be
    int count
    port_t **ports
    loan_t *owed           # loans going back, oldest first
    loan_t *owed_last
    int16_t idle[FRAME]    # what the idle code decodes to
    counter_t ticks
    counter_t busiest      # ns
    counter_t events_lost
    counter_t frames_missed
