# The ear for call progress: dial, busy, ringback, congestion of a zone, and voice.
from libc.stdint cimport int16_t

cdef enum:
    PROGRESS_PATTERNS = 8
    PROGRESS_EVENTS = 4
    PROGRESS_HOP = 80       # samples between two looks: 10 ms
    PROGRESS_SINES = 16     # different frequencies of eight patterns
    PROGRESS_RUNS = 4       # ons and offs that are remembered
    PROGRESS_HOPS = 3       # hops in the window a look covers: 30 ms

cdef struct progress_pattern_t:
    float hz[2]          # one or two frequencies; 0: unused
    int on_ms, off_ms    # off_ms 0: continuous (dial tone): told after on_ms of tone

cdef struct progress_zone_t:
    progress_pattern_t patterns[PROGRESS_PATTERNS]
    int count

cdef enum progress_kind_t:
    PROGRESS_HEARD = 1   # .pattern was recognised
    PROGRESS_ENDED = 2   # .pattern is over
    PROGRESS_VOICE = 3   # energy that is no tone

cdef struct progress_event_t:
    int kind
    int pattern

cdef struct progress_sine_t:
    float hz
    float twice_cos                  # of the Goertzel recurrence ...
    float cos_, sin_
    float s1, s2                     # ... and its state
    float place_re[PROGRESS_HOPS]    # turns a hop's sum to the centre of the window
    float place_im[PROGRESS_HOPS]
    float re[PROGRESS_HOPS]          # sums of the hops in the window, oldest first
    float im[PROGRESS_HOPS]

cdef struct progress_sound_t:        # what sounds while a pattern is on: one sine or two
    int a, b                         # indices of its sines; b -1: one
    float overlap                    # of the two sines in the window, 0..1

cdef struct progress_t:
    const progress_zone_t *zone
    progress_sine_t sines[PROGRESS_SINES]
    int sine_count
    progress_sound_t sounds[PROGRESS_PATTERNS]
    int sound_count
    int sound_of[PROGRESS_PATTERNS]      # pattern -> sound
    int need[PROGRESS_PATTERNS]          # continuous patterns: hops of tone until told
    float energy[PROGRESS_HOPS]
    int fill                             # samples of the present hop
    float filling                        # their energy
    int now                              # what is on: the sound with most votes; -1: no tone
    int run                              # hops since tone began or stopped
    int votes[PROGRESS_PATTERNS]         # hops for which each sound was the likeliest in this run
    int turning                          # hops that say it is over
    int other                            # hops in a row in which another sound was likelier than `now`
    int past[PROGRESS_RUNS]              # the last runs: sounds and lengths in hops, newest first
    int past_run[PROGRESS_RUNS]
    int told                             # pattern that was told and has not ended; -1: none
    int voice                            # hops of energy that is no tone, less hops of silence
    int quiet                            # hops of silence in a row
    int voiced                           # voice was told

cdef void progress_init(progress_t *ear, const progress_zone_t *zone) noexcept nogil  # the zone outlives the ear
cdef void progress_reset(progress_t *ear) noexcept nogil
cdef int progress_run(progress_t *ear, const int16_t *x, int n, progress_event_t *events, int room) noexcept nogil
cdef void progress_fillin(progress_t *ear, int n) noexcept nogil    # n samples were lost
