# The ear for call progress: dial, busy, ringback, congestion of a zone, and voice.
from libc.stdint cimport int16_t

cdef enum:
    PROGRESS_PATTERNS = 8
    PROGRESS_EVENTS = 4

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

cdef struct progress_t:
    int dummy   # (the owner of _progress.pyx fills this struct)

cdef void progress_init(progress_t *ear, const progress_zone_t *zone) noexcept nogil  # the zone outlives the ear
cdef int progress_run(progress_t *ear, const int16_t *x, int n, progress_event_t *events, int room) noexcept nogil
