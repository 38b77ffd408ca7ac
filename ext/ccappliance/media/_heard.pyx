# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# What rises over the noise in any band: stretches of words on lines where the mean of the bands tells too little.
#
# Data sheet
#   does      follows the stretches of sound for the verdict; the voice ear asks for 5 dB in the mean of four bands, which
#             speech 12 dB over loud noise has only in its vowels
#   how       a hop is heard if one of the bands, smoothed over three hops, is 4.5 dB over its floor: seven times as much
#             as noise wanders; and the hop is over -48 dBm0, and no pure tone sounds
#   stretch   pauses of up to 500 ms are within; a first one of less than 5 heard hops is a click, and forgotten
#   cost      some twenty operations a hop
from libc.stdint cimport int64_t

from ccappliance.media._voice cimport VOICE_BANDS, voice_t

DEF OVER_NOISE = 4.5
DEF QUIET = -48.0
DEF BRIDGED = 50
DEF CLICK = 5


cdef void heard_hop(heard_t *heard, const voice_t *voice, int tonal) noexcept nogil:
    cdef int64_t now = voice.hops
    cdef int64_t pause = now - heard.last
    cdef float over = 0.0
    cdef int b, here
    for b in range(VOICE_BANDS):
        over = max(over, voice.smooth[b] - voice.floors[b])
    here = over > OVER_NOISE and voice.level > QUIET and not tonal
    heard.second += <float>0.01 * (here - heard.second)
    heard.three += <float>0.00333 * (here - heard.three)
    if not here:
        return
    heard.hops += 1
    if heard.runs == 0 or pause > BRIDGED:
        if heard.runs == 0 or (heard.runs == 1 and heard.count < CLICK):
            heard.runs = 1
            heard.first = now
            heard.pause = 0
        else:
            if heard.runs == 1:
                heard.run = heard.last - heard.first
            heard.runs += 1
            heard.pause = max(heard.pause, pause)
        heard.begins = now
        heard.count = 0
    else:
        heard.pause = max(heard.pause, pause)
    heard.count += 1
    heard.last = now


cdef void heard_features(const heard_t *heard, int64_t now, float *out) noexcept nogil:
    cdef int64_t span = heard.last - heard.first if heard.runs else 0
    out[0] = heard.hops * 0.01
    out[1] = (heard.run if heard.runs > 1 else span) * 0.01
    out[2] = (heard.last - heard.begins) * 0.01 if heard.runs else 0.0
    out[3] = (now - heard.last) * 0.01 if heard.runs else 0.0
    out[4] = heard.pause * 0.01
    out[5] = heard.second
    out[6] = heard.three
