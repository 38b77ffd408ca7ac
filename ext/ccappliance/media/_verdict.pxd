# The ear that tells a person from a machine after the answer: features, verdict, beep, the greeting's end.
from libc.stdint cimport int16_t, int64_t

from ccappliance.media._heard cimport heard_t
from ccappliance.media._spectrum cimport SPECTRUM_WINDOW, spectrum_t
from ccappliance.media._voice cimport voice_t

cdef enum:
    VERDICT_FEATURES = 36
    VERDICT_ZONE = 16           # frequencies of the zone that are no beep
    VERDICT_EVENTS = 8          # room that is enough for 160 samples

cdef enum verdict_kind_t:
    VERDICT_GIVEN = 1           # .value: verdict_t's answer, .confidence
    VERDICT_BEEP = 2            # .value Hz, .begins, .samples: where it ended
    VERDICT_GREETING_ENDED = 3  # .samples: where the greeting ended, beep included

cdef enum verdict_answer_t:
    ANSWER_HUMAN = 1
    ANSWER_MACHINE = 2
    ANSWER_FAX = 3
    ANSWER_CARRIER = 4

cdef struct verdict_event_t:
    int kind
    int value
    float confidence
    int64_t begins
    int64_t samples

cdef struct pure_t:             # a pure sine that goes on
    int64_t begins, last        # hops
    int hops                    # of them pure
    float hz                    # mean
    float past_hz[2]            # of the last two hops, which may be its edge
    float past_level[2]
    float hz_low, hz_high       # in its middle
    float level_low, level_high # dBm0, in its middle
    int after                   # speech came before it

cdef struct verdict_t:
    voice_t voice
    float window[SPECTRUM_WINDOW]   # a ring: the oldest sample is at `at`
    int at
    float zone[VERDICT_ZONE]        # Hz of the zone's tones
    int zone_count
    spectrum_t look                 # the last one
    int64_t first, last             # hops: begin of the first words, end of the last; first -1: none yet
    int64_t begins                  # of the words under way, or the last
    int runs                        # stretches of words
    int64_t run_first, run_longest, run_sum     # hops, of those that have ended
    int64_t pause_longest, pause_sum
    int syllables, rising
    float envelope, turn            # dBm0, smoothed; its last turning point
    int64_t spoken                  # active hops, and over them the sums of
    double tilt, flatness, centroid, centroid2, level, level2
    double before, between          # sums of dBm0: before the first words, in pauses
    int64_t before_hops, between_hops
    int64_t tonal                   # hops of pure tone
    pure_t tone                     # the tone under way ...
    pure_t held                     # ... and a beep that is told unless another tone follows at once
    int sit                         # tones of a special information tone that came in order
    int64_t sit_last                # hop of the last
    int special                     # ANSWER_FAX or ANSWER_CARRIER when its tones were heard, 0: no such tones
    int beeps
    int answer                      # 0: none yet
    float human                     # probability, at the last snapshot
    float carrier                   # that a machine is the network
    int sure                        # snapshots in a row that said machine
    int over                        # the greeting's end was told
    int64_t beep_end                # hop; -1: none yet
    heard_t heard
    int64_t phrase_first, phrase_begins     # words whose pauses are short: length of the first when it was over
    int64_t pause_first             # between the first and the second stretch of words
    double tune, purity             # over active hops: how far the level jumps from hop to hop; share of the strongest sine
    float past_level                # dBm0 of the hop before

cdef void verdict_init(verdict_t *ear, const float *zone, int count) noexcept nogil
cdef void verdict_reset(verdict_t *ear) noexcept nogil
cdef int verdict_run(verdict_t *ear, const int16_t *x, int n, verdict_event_t *events, int room) noexcept nogil
cdef void verdict_fillin(verdict_t *ear, int n) noexcept nogil      # n samples were lost
cdef void verdict_features(const verdict_t *ear, float *out) noexcept nogil     # VERDICT_FEATURES of them
