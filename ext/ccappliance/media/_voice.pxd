# The ears for voice: who talks on what noise, how loud it is, who talks into whose words.
from libc.stdint cimport int16_t, int64_t

cdef enum:
    VOICE_HOP = 80          # samples between two looks: 10 ms
    VOICE_BANDS = 4
    VOICE_PAST = 19         # samples before a hop that its filters reach back to
    VOICE_PARTS = 8         # the floor is the least of eight stretches ...
    VOICE_PART = 12         # ... of twelve hops: about a second
    VOICE_EVENTS = 8        # room that is enough for 160 samples

cdef enum voice_kind_t:
    VOICE_BEGAN = 1         # .samples: where it began
    VOICE_ENDED = 2         # .samples: where it ended
    VOICE_SILENCE = 3       # nobody has talked for as long as init was told; .samples: since where
    TALK_BOTH = 4           # both talk at once; .samples: since where
    TALK_ONE = 5            # not any more

cdef struct voice_event_t:
    int kind
    int64_t samples         # from the start or the last reset

cdef struct voice_t:
    float x[VOICE_PAST + VOICE_HOP]     # the hop that is being filled, and what it reaches back to
    int fill                            # samples of it
    int64_t hops                        # whole hops since the start
    float raw[VOICE_BANDS]              # dB of the last hop's bands
    float smooth[VOICE_BANDS]           # dB, over about three hops
    float least[VOICE_BANDS]            # of the stretch under way
    float parts[VOICE_PARTS][VOICE_BANDS]   # of the stretches before
    float floors[VOICE_BANDS]           # dB: the noise
    int part, part_hops, part_count
    float level                         # dBm0 of the last hop
    float noise                         # dBm0: the level that the floors come to
    float snr                           # dB over the floors, mean of the bands
    int active                          # the last hop has voice in it
    unsigned int recent                 # the last 32 of these, newest lowest
    int talking
    int64_t edge                        # hop at which talking or its absence began
    int64_t last                        # last active hop
    int silence                         # hops of silence that are told; 0: never
    int hushed                          # it was told
    int lost                            # samples lost in a row

cdef struct meter_t:
    int64_t sum                         # of squares
    int64_t samples
    int peak                            # the largest magnitude
    int64_t clipped                     # samples at either end of the scale

cdef struct talk_t:
    voice_t near, far
    float far_level[8]                  # dBm0 of the far end's last hops: an echo is as old as that
    int slot
    float loss                          # dB that an echo of the far end has lost at least
    int both                            # hops in which both talked, less those in which not
    int told
    int64_t since

cdef void voice_init(voice_t *ear, int silence_ms) noexcept nogil
cdef void voice_reset(voice_t *ear) noexcept nogil
cdef int voice_run(voice_t *ear, const int16_t *x, int n, voice_event_t *events, int room) noexcept nogil
cdef int voice_push(voice_t *ear, const int16_t *x, int n) noexcept nogil   # samples taken; stops behind a whole hop
cdef int voice_told(voice_t *ear, voice_event_t *event) noexcept nogil      # after a whole hop: did it tell something?
cdef int voice_fillin(voice_t *ear, int n, voice_event_t *events, int room) noexcept nogil   # n samples were lost

cdef void meter_reset(meter_t *meter) noexcept nogil
cdef void meter_run(meter_t *meter, const int16_t *x, int n) noexcept nogil
cdef float meter_dbm0(const meter_t *meter) noexcept nogil                  # -99: silence, or nothing yet

cdef void talk_init(talk_t *talk, float loss) noexcept nogil
cdef void talk_reset(talk_t *talk) noexcept nogil
cdef int talk_run(talk_t *talk, const int16_t *near, const int16_t *far, int n,
                  voice_event_t *events, int room) noexcept nogil
cdef void talk_fillin(talk_t *talk, int n) noexcept nogil
