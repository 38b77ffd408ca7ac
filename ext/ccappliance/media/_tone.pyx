# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The mouth for tones and DTMF: up to four sines a step, steps in a cadence, no clicks at the edges.
#
# Data sheet
#   does      plays a list of steps, each up to four sines of one level for some samples, `rounds` times or for ever
#   how       one phase per sine, kept over steps and calls; an edge to or from silence (or to other frequencies) is a
#             raised cosine of 5 ms inside the sounding step, so a step's length on the wire is what it says
#   level     within 0.1 dB of the peak asked; frequency within 1e-6; the sum is clipped at int16, never wrapped
#   edges     5 ms raised cosine; steps that go on with the same frequencies and level are joined without one; a step
#             shorter than 10 ms has edges of half its length
#   limits    32 steps, 4 sines; a cadence without any sample ends at once instead of spinning
#   chunks    any n gives the same samples
from libc.math cimport M_PI, cos, fmod, sin
from libc.stdint cimport int16_t, int64_t

DEF RATE = 8000.0
DEF FADED = 0.0125          # half a sample of the edge is left: nothing


cdef bint _sounds(const tone_step_t *step) noexcept nogil:
    cdef int k
    for k in range(TONE_SINES):
        if step.hz[k] > 0.0 and step.peak > 0.0:
            return True
    return False


cdef bint _joins(const tone_step_t *a, const tone_step_t *b) noexcept nogil:
    cdef int k
    for k in range(TONE_SINES):
        if a.hz[k] != b.hz[k]:
            return False
    return a.peak == b.peak


cdef bint _fades_in(const tone_t *tone) noexcept nogil:
    cdef int before = tone.at - 1
    if before < 0:
        if tone.round == 0:
            return True
        before = tone.count - 1
    return not _joins(&tone.steps[before], &tone.steps[tone.at])


cdef bint _fades_out(const tone_t *tone) noexcept nogil:
    cdef int after = tone.at + 1
    if after >= tone.count:
        if tone.rounds and tone.round + 1 >= tone.rounds:
            return True
        after = 0
    return not _joins(&tone.steps[after], &tone.steps[tone.at])


cdef void _advance(tone_t *tone) noexcept nogil:
    # to the next step that has samples; a whole round without one is the end
    cdef int skipped = 0
    while skipped <= tone.count:
        tone.at += 1
        if tone.at >= tone.count:
            tone.at = 0
            tone.round += 1
            if tone.rounds and tone.round >= tone.rounds:
                tone.ended = 1
                return
            if tone.round > 1000000000:
                tone.round = 1      # only "not the first" matters when it plays for ever
        tone.left = tone.steps[tone.at].samples
        if tone.left != 0:
            return
        skipped += 1
    tone.ended = 1


cdef void tone_start(tone_t *tone, int rounds) noexcept nogil:
    cdef int k
    tone.rounds = rounds if rounds > 0 else 0
    tone.round = 0
    tone.at = 0
    tone.ending = 0
    tone.ended = 0
    tone.ramp = 0.0
    for k in range(TONE_SINES):
        tone.phase[k] = 0.0
    if tone.count <= 0:
        tone.ended = 1
        return
    if tone.count > TONE_STEPS:
        tone.count = TONE_STEPS
    tone.left = tone.steps[0].samples
    if tone.left == 0:
        _advance(tone)


cdef void tone_stop(tone_t *tone) noexcept nogil:
    tone.ending = 1


cdef float _edge(const tone_t *tone, const tone_step_t *step, bint fades_in, bint fades_out) noexcept nogil:
    # the place on the edge, 0..1, of the next sample of this step
    cdef double place = 1.0
    cdef int64_t reach = TONE_RAMP, done = step.samples - tone.left     # (an endless step counts on downwards)
    if step.samples >= 0:
        if step.samples < 2 * TONE_RAMP:
            reach = step.samples // 2
            if reach == 0:
                return 1.0
        if fades_out and tone.left <= reach:
            place = (tone.left - 0.5) / reach
    if fades_in and done < reach and (done + 0.5) / reach < place:
        place = (done + 0.5) / reach
    return place


cdef int tone_run(tone_t *tone, int16_t *out, int n) noexcept nogil:
    cdef int made = 0, k
    cdef double turn[TONE_SINES]
    cdef double value, place
    cdef bint sounds, fades_in, fades_out
    cdef int64_t until
    cdef tone_step_t *step
    while made < n and not tone.ended:
        step = &tone.steps[tone.at]
        sounds = _sounds(step)
        fades_in = _fades_in(tone)
        fades_out = _fades_out(tone)
        if tone.ending and (not sounds or tone.ramp < FADED):
            tone.ended = 1
            break
        for k in range(TONE_SINES):
            turn[k] = 2.0 * M_PI * step.hz[k] / RATE
        until = made + tone.left if 0 <= tone.left < n - made else n
        while made < until:
            value = 0.0
            if sounds:
                place = _edge(tone, step, fades_in, fades_out)
                if tone.ending:
                    if tone.ramp < FADED:
                        break
                    if place > tone.ramp:
                        place = tone.ramp
                    tone.ramp = place - 1.0 / TONE_RAMP
                else:
                    tone.ramp = place
                for k in range(TONE_SINES):
                    if step.hz[k] > 0.0:
                        value += sin(tone.phase[k])
                        tone.phase[k] += turn[k]
                        if tone.phase[k] >= 2.0 * M_PI:
                            tone.phase[k] = fmod(tone.phase[k], 2.0 * M_PI)
                value *= step.peak
                if place < 1.0:
                    value *= 0.5 - 0.5 * cos(M_PI * place)
            elif tone.ending:
                break
            if value > 32767.0:
                value = 32767.0
            elif value < -32768.0:
                value = -32768.0
            out[made] = <int16_t>(value + 0.5 if value >= 0.0 else value - 0.5)
            made += 1
            tone.left -= 1
        if tone.ending and (not sounds or tone.ramp < FADED):
            tone.ended = 1
        elif tone.left == 0 and step.samples >= 0:
            _advance(tone)
    return made
