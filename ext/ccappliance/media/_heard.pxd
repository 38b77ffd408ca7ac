# What rises over the noise in any band: stretches of words on lines where the mean of the bands tells too little.
from libc.stdint cimport int64_t

from ccappliance.media._voice cimport voice_t

cdef enum:
    HEARD_FEATURES = 7

cdef struct heard_t:
    int64_t hops                # that were heard
    int64_t first, begins, last     # hops: the first stretch's begin, the last one's, its end
    int64_t run, count          # length of the first stretch when it was over; hops heard of the last
    int64_t pause               # the longest, within stretches or between
    int runs                    # stretches
    float second, three         # share of the last second, of the last three, that was heard (it fades)

cdef void heard_hop(heard_t *heard, const voice_t *voice, int tonal) noexcept nogil     # after each whole hop; begins zeroed
cdef void heard_features(const heard_t *heard, int64_t now, float *out) noexcept nogil
