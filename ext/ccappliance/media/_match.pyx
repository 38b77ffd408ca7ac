# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear of simulated people: has this stretch of sound arrived?
#
# Data sheet
#   does      tells when the loudest 200 ms of a sound have arrived from the wire, at any level and after A-law
#   how       every 4 samples, a normalised cross-correlation at 2 kHz (four samples added up) as a cheap look, in two
#             phases, so that it is never more than a sample astray; at its peaks over 0.4, the exact correlation at
#             8 kHz for the seven places where the sound may be. Heard when that is 0.9 or more, and 0.88 together with
#             the 200 ms before: a synthetic voice says one syllable always alike
#   measured  see tests/dsp/test_match.py: itself through A-law twice 0.99, with another voice 10 dB below 0.94, other
#             sentences of synthetic voices wrongly heard in 1 of 5,632 pairs (on which the limits were chosen) and in 1
#             of 1,484 others (a mere "Oh"): a like vowel is enough, so a very short sound is a poor thing to wait for
#   silence   windows below -55 dBm0 never match; a sound that is silent itself is never heard
#   short     a sound of less than 200 ms is looked for as a whole; one of less than 20 ms is never heard
#   tones     a needle that is one steady tone is heard wherever that tone sounds; prompts are not
#   delay     within 8 samples of the needle's last sample
#   limits    whole-sample delays only: it is for simulated lines, where nothing is resampled
#   cost      bounded: 200 multiplications a sample, and 4,200 more at worst where every look is a peak (60-80 ns on speech)
from libc.math cimport sqrt
from libc.stdint cimport int16_t, int64_t
from libc.string cimport memset

DEF NEEDLE = 1600
DEF STEP = 4
DEF SHORTEST = 160
DEF WHOLE = 3200
DEF HALF = 4096             # of the ring
DEF COARSE_HALF = 512
DEF LIKE_COARSE = 0.4       # a needle one sample beside a coarse step keeps 0.5 of its likeness, bright vowels least
DEF LIKE = 0.9              # another voice 10 dB below leaves 0.94
DEF LIKE_WHOLE = 0.88       # what is before the needle may be soft, and the other voice louder than that
DEF SILENCE = 857.0         # mean square of a sine at -55 dBm0


cdef int _loudest(const int16_t *sound, int samples) noexcept nogil:
    # where the loudest NEEDLE samples begin
    cdef double energy = 0.0, most
    cdef int i, best = 0
    for i in range(NEEDLE):
        energy += <double>sound[i] * sound[i]
    most = energy
    for i in range(NEEDLE, samples):
        energy += <double>sound[i] * sound[i] - <double>sound[i - NEEDLE] * sound[i - NEEDLE]
        if energy > most:
            most = energy
            best = i - NEEDLE + 1
    return best


cdef void _normalise(float *x, int n) noexcept nogil:
    cdef double energy = 0.0
    cdef int i
    for i in range(n):
        energy += <double>x[i] * x[i]
    if energy > 0.0:
        for i in range(n):
            x[i] = x[i] / sqrt(energy)


cdef void match_init(match_t *ear, const int16_t *sound, int samples) noexcept nogil:
    cdef int i, k, start = 0, before
    memset(ear, 0, sizeof(match_t))
    if samples > NEEDLE:
        start = _loudest(sound, samples)
        samples = NEEDLE
    samples -= samples % STEP
    before = min(start, WHOLE - samples)
    before -= before % STEP
    for i in range(before + samples):
        ear.whole[i] = sound[start - before + i]
        ear.whole_energy += <double>ear.whole[i] * ear.whole[i]
        if i >= before:
            ear.energy += <double>ear.whole[i] * ear.whole[i]
    if samples < SHORTEST or ear.energy < SILENCE * samples:
        return              # length 0: never heard
    ear.length = samples
    ear.whole_length = before + samples
    ear.coarse_length = samples // STEP
    for i in range(ear.coarse_length):
        for k in range(STEP):
            ear.coarse[0][i] += ear.whole[before + i * STEP + k]
            if i < ear.coarse_length - 1:
                ear.coarse[1][i] += ear.whole[before + i * STEP + k + STEP // 2]
    _normalise(ear.coarse[0], ear.coarse_length)
    _normalise(ear.coarse[1], ear.coarse_length - 1)


cdef void match_reset(match_t *ear) noexcept nogil:
    memset(ear.ring, 0, sizeof(ear.ring))
    memset(ear.coarse_ring, 0, sizeof(ear.coarse_ring))
    ear.coarse_energy = 0
    ear.fill = 0
    ear.filling = 0.0
    ear.before = 0.0
    ear.last = 0.0
    ear.best = 0.0


cdef float _dot(const float *a, const float *b, int n) noexcept nogil:
    # eight sums, so that the compiler may do them at once
    cdef float s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, s4 = 0.0, s5 = 0.0, s6 = 0.0, s7 = 0.0
    cdef int i
    for i in range(0, n - 7, 8):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        s4 += a[i + 4] * b[i + 4]
        s5 += a[i + 5] * b[i + 5]
        s6 += a[i + 6] * b[i + 6]
        s7 += a[i + 7] * b[i + 7]
    for i in range(n - n % 8, n):
        s0 += a[i] * b[i]
    return (s0 + s4) + (s1 + s5) + (s2 + s6) + (s3 + s7)


cdef float _exact(const match_t *ear, int length, double norm, int back) noexcept nogil:
    # likeness of the last `length` samples of the whole, whose energy is `norm`, to those that end `back` before the newest
    cdef const int16_t *x = &ear.ring[ear.at + HALF - back - length]
    cdef const float *sound = &ear.whole[ear.whole_length - length]
    cdef float product = 0.0, energy = 0.0, value
    cdef double total = 0.0, power = 0.0
    cdef int i, k
    for i in range(0, length, STEP):
        product = 0.0
        energy = 0.0
        for k in range(STEP):
            value = x[i + k]
            product += sound[i + k] * value
            energy += value * value
        total += product
        power += energy
    if power < SILENCE * length:
        return 0.0
    return total / sqrt(power * norm)


cdef bint _look(match_t *ear) noexcept nogil:
    # a coarse sample is complete; does the needle end about here?
    cdef const float *x = &ear.coarse_ring[ear.coarse_at + COARSE_HALF - ear.coarse_length]
    cdef double less = ear.coarse_energy - <double>x[0] * x[0]      # the second needle is a coarse sample shorter
    cdef float like = 0.0, exact, peak = ear.last
    cdef int back
    cdef bint found = False
    if less > SILENCE * ear.coarse_length:
        like = max(_dot(ear.coarse[0], x, ear.coarse_length) / sqrt(<double>ear.coarse_energy),
                   _dot(ear.coarse[1], x + 1, ear.coarse_length - 1) / sqrt(less))
    if peak >= LIKE_COARSE and peak > ear.before and peak >= like:
        for back in range(1, 8):        # the peak was one step ago, and the needle's end up to two samples later
            exact = _exact(ear, ear.length, ear.energy, back)
            if exact >= LIKE:
                exact = min(exact, _exact(ear, ear.whole_length, ear.whole_energy, back))
                if exact >= LIKE_WHOLE:
                    found = True
            if exact > ear.best:
                ear.best = exact
    ear.before = peak
    ear.last = like
    return found


cdef int match_run(match_t *ear, const int16_t *x, int n) noexcept nogil:
    cdef int i, told = 0
    cdef int64_t oldest
    if ear.length == 0:
        return 0
    for i in range(n):
        ear.ring[ear.at] = x[i]
        ear.ring[ear.at + HALF] = x[i]
        ear.at = (ear.at + 1) % HALF
        ear.filling += x[i]
        ear.fill += 1
        if ear.fill == STEP:
            oldest = <int64_t>ear.coarse_ring[ear.coarse_at + COARSE_HALF - ear.coarse_length]
            ear.coarse_energy += <int64_t>ear.filling * <int64_t>ear.filling - oldest * oldest     # whole numbers: exact
            ear.coarse_ring[ear.coarse_at] = ear.filling
            ear.coarse_ring[ear.coarse_at + COARSE_HALF] = ear.filling
            ear.coarse_at = (ear.coarse_at + 1) % COARSE_HALF
            ear.fill = 0
            ear.filling = 0.0
            if _look(ear):
                told = 1
    return told


cdef void match_fillin(match_t *ear, int n) noexcept nogil:
    # Silence in their place keeps the time; a needle that was hit by the loss is heard if enough of it is left.
    cdef int16_t nothing[160]
    cdef int step
    memset(nothing, 0, sizeof(nothing))
    if n > NEEDLE + 160:
        n = NEEDLE + 160
    while n > 0:
        step = min(n, 160)
        match_run(ear, nothing, step)
        n -= step
