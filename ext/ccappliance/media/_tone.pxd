# The mouth for tones and DTMF: up to four sines a step, steps in a cadence, no clicks at the edges.
from libc.stdint cimport int16_t, int64_t

cdef enum:
    TONE_STEPS = 32     # steps of one tone; DTMF strings use two a digit
    TONE_SINES = 4
    TONE_RAMP = 40      # samples of an edge: 5 ms

cdef struct tone_step_t:
    float hz[TONE_SINES]     # 0: unused
    float peak               # amplitude of each sine, int16 units
    int64_t samples          # length; negative: for ever

cdef struct tone_t:
    tone_step_t steps[TONE_STEPS]
    int count                # steps used
    int rounds               # times the cadence is played; 0: for ever
    int at                   # step playing
    int round                # rounds done
    int64_t left             # samples left of the step
    double phase[TONE_SINES]
    float ramp               # 0..1, edge shaping over 5 ms
    int ending               # tone_stop was called
    int ended                # nothing is left

cdef void tone_start(tone_t *tone, int rounds) noexcept nogil      # after steps and count were filled in
cdef int tone_run(tone_t *tone, int16_t *out, int n) noexcept nogil  # samples made: n, fewer when it ended
cdef void tone_stop(tone_t *tone) noexcept nogil                   # fade out: ends within 5 ms of further samples
