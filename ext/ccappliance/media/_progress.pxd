# The ear for call progress: dial, busy, ringback, congestion of a zone, and voice.
from libc.stdint cimport int16_t

from ccappliance.media._bank cimport bank_t, bank_table_t

cdef enum:
    PROGRESS_PATTERNS = 8
    PROGRESS_EVENTS = 4
    PROGRESS_HOP = 80       # samples between two looks: 10 ms, two hops of the bank
    PROGRESS_SINES = 16     # different frequencies of eight patterns
    PROGRESS_RUNS = 5       # ons and offs that are remembered
    PROGRESS_HOPS = 6       # hops of the bank in the window a look covers: 30 ms

cdef struct progress_pattern_t:
    float hz[2]          # one or two frequencies; 0: unused
    int on_ms, off_ms    # off_ms 0: continuous (dial tone): told after on_ms of tone
    int cadence[4]       # of a cadence of two different ons: on, off, on, off in ms; else 0

cdef struct progress_zone_t:
    progress_pattern_t patterns[PROGRESS_PATTERNS]
    int count
    bank_table_t table   # with lanes for its frequencies, made by progress_zone_ready
    int ready

cdef enum progress_kind_t:
    PROGRESS_HEARD = 1   # .pattern was recognised
    PROGRESS_ENDED = 2   # .pattern is over
    PROGRESS_VOICE = 3   # energy that is no tone

cdef struct progress_event_t:
    int kind
    int pattern

cdef struct progress_sine_t:
    float hz
    int lane                         # of the bank
    float place_re[PROGRESS_HOPS]    # turns the sum of a hop, so many ago, to the centre of the window
    float place_im[PROGRESS_HOPS]

cdef struct progress_sound_t:        # what sounds while a pattern is on: one sine or two
    int a, b                         # indices of its sines; b -1: one
    float overlap                    # of the two sines in the window, 0..1
    float least                      # share of the hops' power below which it cannot be there: no closer look

cdef struct progress_ear_t:
    const progress_zone_t *zone
    progress_sine_t sines[PROGRESS_SINES]
    int sine_count
    progress_sound_t sounds[PROGRESS_PATTERNS]
    int sound_count
    int sound_of[PROGRESS_PATTERNS]      # pattern -> sound
    int need[PROGRESS_PATTERNS]          # continuous patterns: hops of tone until told
    int pieces[PROGRESS_PATTERNS]        # a cut run of another pattern of this sound may pass for one of this pattern's
    int half                             # one hop of the bank of the present 10 ms is there
    int now                              # what is on: the sound with most votes; -1: no tone
    int run                              # hops since tone began or stopped
    int votes[PROGRESS_PATTERNS]         # hops for which each sound was the likeliest in this run
    int turning                          # hops that say it is over
    int other                            # hops in a row in which another sound was likelier than `now`
    int past[PROGRESS_RUNS]              # the last runs: sounds and lengths in hops, newest first
    int past_run[PROGRESS_RUNS]
    int later                            # pattern that is told if the silence lasts, and how long; -1: none
    int later_run
    float strength[4]                    # of the tone in the last looks, newest first
    float low, high                      # of it inside this run
    int told                             # pattern that was told and has not ended; -1: none
    int voice                            # hops of energy that is no tone, less hops of silence
    int quiet                            # hops of silence in a row
    int voiced                           # voice was told

cdef struct progress_t:                  # an ear with a bank of its own
    bank_t bank
    progress_ear_t ear

cdef int progress_cadence(progress_pattern_t *pattern, cadence) except -1    # fills it in from Python: () or four ms
cdef void progress_zone_ready(progress_zone_t *zone) noexcept nogil     # when its patterns are filled in
cdef void progress_ear_init(progress_ear_t *ear, const progress_zone_t *zone) noexcept nogil    # a ready zone
cdef int progress_hop(progress_ear_t *ear, const bank_t *bank, progress_event_t *events) noexcept nogil
cdef void progress_ear_fillin(progress_ear_t *ear, const bank_t *bank, int n) noexcept nogil    # before the bank's

cdef void progress_init(progress_t *ear, progress_zone_t *zone) noexcept nogil        # the zone outlives the ear
cdef void progress_reset(progress_t *ear) noexcept nogil
cdef int progress_run(progress_t *ear, const int16_t *x, int n, progress_event_t *events, int room) noexcept nogil
cdef void progress_fillin(progress_t *ear, int n) noexcept nogil    # n samples were lost
