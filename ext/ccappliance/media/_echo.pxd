# The echo canceller of a port: what it sends comes back from the hybrid, and is taken out again.
from libc.stdint cimport int16_t

cdef enum:
    ECHO_TAPS = 256             # 32 ms
    ECHO_PARTS = 8              # of the far end's peaks: 32 samples each

cdef struct echo_t:
    float x[2 * ECHO_TAPS]      # the far end, whitened, newest first, written twice so that a window is never cut
    float fore[ECHO_TAPS]       # the filter that is heard
    float back[ECHO_TAPS]       # the filter that learns
    int at                      # the newest sample of x
    float far, near, out        # the samples before
    float power                 # of the window of x, recomputed at every turn of the ring
    float peaks[ECHO_PARTS]     # |far| of the last 32 ms
    float peak                  # of the 32 samples under way
    int part
    int hold                    # samples for which the near end is taken to talk still
    float near_power, fore_power, back_power    # smoothed: whitened near end, and what the filters leave of it
    int count                   # samples to the next comparison of the filters
    int better, worse           # comparisons in a row
    float leak                  # what the heard filter leaves at its best, as a share of power
    int suspect                 # much more is left: the near end talks, or the path has changed

cdef void echo_init(echo_t *echo) noexcept nogil
cdef void echo_reset(echo_t *echo) noexcept nogil
cdef void echo_run(echo_t *echo, const int16_t *far, const int16_t *near, int16_t *out, int n) noexcept nogil
cdef void echo_fillin(echo_t *echo, const int16_t *far, int n) noexcept nogil   # n samples of the near end were lost
