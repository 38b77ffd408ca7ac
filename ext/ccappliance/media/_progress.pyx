# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for call progress: dial, busy, ringback, congestion of a zone, and voice.
#
# Data sheet
#   does      tells when a pattern of the zone begins and is over, and when something that is no tone talks
#   how       every 10 ms: one complex DFT per frequency of the zone, and the energy. Over the last three, a sine is
#             there if it holds most of the energy at the frequency its turn of phase says, and that is within 30 Hz of
#             nominal; a pair, if both least-squares amplitudes together do. So tone is told by its coherent share, not
#             by its level. What is on and how long is then compared with the cadences.
#   level     heard -5...-35 dBm0 in all (the floor is -40)
#   frequency one sine: +-25 Hz heard, +-40 Hz refused; two: +-10 Hz, at most 10 dB twist
#   cadence   +-10 % heard, beyond 10 % + 40 ms refused (edges are known to 10 ms)
#   told      continuous (off 0): after on_ms of tone, or as soon as it is longer than any cadence of the same
#                 frequencies can be: 450 Hz for 1 s may still be China's ringback, so dial tone takes 1.14 s
#             ringback (off >= 1.5 s): when an on of the right length has ended, and was not dial tone
#             others (busy, congestion): after three whole runs, on-off-on or off-on-off: busy 350/350 within
#                 1.1...1.5 s, wherever in the cadence the ear is opened; four runs if on + off < 0.6 s
#   ended     when a continuous tone stops; when on or off lasts longer than the cadence allows (busy: 0.43 s, ringback:
#                 4.4 s); when another pattern is told; when voice is told
#   voice     energy over -35 dBm0 that is none of the zone's tones, 200 ms more of it than of silence; told once, until
#             2 s of silence or 150 ms of a tone. DTMF and foreign tones longer than 200 ms are voice to this ear.
#   noise     busy within two cycles down to 6 dB signal to noise
#   limits    8 patterns; a cadence of more than one on and off is known by its first on and its longest off
#   room      rarely more than two events in a hop of 80 samples, never more than four
from libc.math cimport M_PI, atan2, cos, fabs, sin, sqrt
from libc.stdint cimport int16_t
from libc.string cimport memset

DEF RATE = 8000.0
DEF HOP = 80
DEF HOPS = 3
DEF WINDOW = 240
DEF PRESENT = 0.58          # share of energy that makes a tone: 6 dB signal to noise give 0.8
DEF ASTRAY = 30.0           # Hz a single sine may be off: 25 Hz and what noise adds
DEF TWIST = 10.0            # power ratio of the two sines of a pair: 10 dB
DEF TONE_FLOOR = 54200.0    # amplitude squared of a sine at -40 dBm0
DEF VOICE_FLOOR = 171400.0  # the same at -35 dBm0
DEF SURE = 2                # hops in a row that make a change: one may be a click
DEF ANOTHER = 10            # hops of another tone in a row: longer than the edge of one
DEF LONG_OFF = 1500         # ms: an off this long is waited for in nobody's case but ringback's
DEF QUICK = 600             # ms of a cadence so quick that two bursts of anything would pass for it
DEF VOICE = 20              # 200 ms
DEF VOICE_AGAIN = 200       # 2 s
DEF TONE_SURE = 15          # a tone for 150 ms is no voice; a vowel may pass as one for 100 ms


cdef int _shortest(int ms) noexcept nogil:
    return (ms * 9 // 10 - 20) // 10        # hops: 10 % and an edge of the grid at each end


cdef int _longest(int ms) noexcept nogil:
    return (ms * 11 // 10 + 29) // 10


cdef bint _fits(int hops, int ms) noexcept nogil:
    return _shortest(ms) <= hops <= _longest(ms)


cdef int _sine(progress_t *ear, float hz) noexcept nogil:
    # the index of this frequency, which is added if it is new
    cdef progress_sine_t *sine
    cdef double turn
    cdef int k
    for k in range(ear.sine_count):
        if ear.sines[k].hz == hz:
            return k
    sine = &ear.sines[ear.sine_count]
    turn = 2.0 * M_PI * hz / RATE
    sine.hz = hz
    sine.cos_ = cos(turn)
    sine.sin_ = sin(turn)
    sine.twice_cos = 2.0 * sine.cos_
    for k in range(HOPS):       # a Goertzel sum has its phase at the hop's last sample
        sine.place_re[k] = cos(turn * ((k + 1) * HOP - 1 - (WINDOW - 1) / 2.0))
        sine.place_im[k] = -sin(turn * ((k + 1) * HOP - 1 - (WINDOW - 1) / 2.0))
    ear.sine_count += 1
    return ear.sine_count - 1


cdef int _sound(progress_t *ear, const progress_pattern_t *pattern) noexcept nogil:
    cdef int k, a, b = -1
    cdef double turn
    a = _sine(ear, pattern.hz[0])
    if pattern.hz[1] > 0.0 and pattern.hz[1] != pattern.hz[0]:
        b = _sine(ear, pattern.hz[1])
    for k in range(ear.sound_count):
        if ear.sounds[k].a == a and ear.sounds[k].b == b:
            return k
    k = ear.sound_count
    ear.sounds[k].a = a
    ear.sounds[k].b = b
    ear.sounds[k].overlap = 0.0
    if b >= 0:
        turn = M_PI * (pattern.hz[1] - pattern.hz[0]) / RATE
        ear.sounds[k].overlap = sin(turn * WINDOW) / (WINDOW * sin(turn))
    ear.sound_count += 1
    return k


cdef void progress_init(progress_t *ear, const progress_zone_t *zone) noexcept nogil:
    cdef int p, q, count = zone.count
    memset(ear, 0, sizeof(progress_t))
    ear.zone = zone
    ear.now = -1
    ear.told = -1
    for p in range(PROGRESS_RUNS):
        ear.past[p] = -1
    if count > PROGRESS_PATTERNS:
        count = PROGRESS_PATTERNS
    for p in range(count):
        ear.sound_of[p] = _sound(ear, &zone.patterns[p])
    for p in range(count):
        ear.need[p] = zone.patterns[p].on_ms // 10
        for q in range(count):
            if ear.sound_of[q] == ear.sound_of[p] and zone.patterns[q].off_ms > 0:
                if _longest(zone.patterns[q].on_ms) + 1 > ear.need[p]:
                    ear.need[p] = _longest(zone.patterns[q].on_ms) + 1


cdef void progress_reset(progress_t *ear) noexcept nogil:
    progress_init(ear, ear.zone)


# ---- what sounds in the last 30 ms ----

cdef double _single(const progress_sine_t *sine, double energy) noexcept nogil:
    # the share of energy that one sine near nominal holds; 0 if it is too far off
    cdef double re[HOPS]
    cdef double im[HOPS]
    cdef double turn, loss, c, s, sum_re, sum_im
    cdef int k
    for k in range(HOPS):
        re[k] = <double>sine.re[k] * sine.place_re[k] - <double>sine.im[k] * sine.place_im[k]
        im[k] = <double>sine.re[k] * sine.place_im[k] + <double>sine.im[k] * sine.place_re[k]
    turn = atan2(im[1] * re[0] - re[1] * im[0] + im[2] * re[1] - re[2] * im[1],
                 re[1] * re[0] + im[1] * im[0] + re[2] * re[1] + im[2] * im[1])
    if fabs(turn) > 2.0 * M_PI * ASTRAY * HOP / RATE:
        return 0.0
    c = cos(turn)
    s = sin(turn)
    sum_re = re[1] + (re[0] + re[2]) * c + (im[2] - im[0]) * s
    sum_im = im[1] + (im[0] + im[2]) * c + (re[0] - re[2]) * s
    loss = sin(turn / 2.0) / (turn / 2.0) if fabs(turn) > 1e-6 else 1.0     # within a hop
    return 2.0 * (sum_re * sum_re + sum_im * sum_im) / (WINDOW * energy * loss * loss)


cdef double _pair(const progress_sine_t *a, const progress_sine_t *b, double overlap, double energy) noexcept nogil:
    # the share of energy that two sines at nominal hold; 0 if one of them is missing
    cdef double ar = 0.0, ai = 0.0, br = 0.0, bi = 0.0, pa, pb
    cdef int k
    for k in range(HOPS):
        ar += <double>a.re[k] * a.place_re[k] - <double>a.im[k] * a.place_im[k]
        ai += <double>a.re[k] * a.place_im[k] + <double>a.im[k] * a.place_re[k]
        br += <double>b.re[k] * b.place_re[k] - <double>b.im[k] * b.place_im[k]
        bi += <double>b.re[k] * b.place_im[k] + <double>b.im[k] * b.place_re[k]
    pa = (ar - overlap * br) * (ar - overlap * br) + (ai - overlap * bi) * (ai - overlap * bi)
    pb = (br - overlap * ar) * (br - overlap * ar) + (bi - overlap * ai) * (bi - overlap * ai)
    if pa > TWIST * pb or pb > TWIST * pa:
        return 0.0
    return (2.0 * (ar * ar + ai * ai + br * br + bi * bi - 2.0 * overlap * (ar * br + ai * bi))
            / (WINDOW * (1.0 - overlap * overlap) * energy))


cdef int _heard(progress_t *ear) noexcept nogil:
    # which sound there is; -1: none
    cdef double energy = 0.0, share, best = PRESENT
    cdef progress_sound_t *sound
    cdef int k, found = -1
    for k in range(HOPS):
        energy += ear.energy[k]
    if energy < TONE_FLOOR / 2 * WINDOW:
        return -1
    for k in range(ear.sound_count):
        sound = &ear.sounds[k]
        if sound.b < 0:
            share = _single(&ear.sines[sound.a], energy)
        else:
            share = _pair(&ear.sines[sound.a], &ear.sines[sound.b], sound.overlap, energy)
        if share > best and share * energy >= TONE_FLOOR / 2 * WINDOW:
            best = share
            found = k
    return found


# ---- cadence ----

cdef int _end(progress_t *ear, progress_event_t *events, int told) noexcept nogil:
    if ear.told >= 0:
        events[told].kind = PROGRESS_ENDED
        events[told].pattern = ear.told
        ear.told = -1
        told += 1
    return told


cdef int _tell(progress_t *ear, int pattern, progress_event_t *events, int told) noexcept nogil:
    if ear.told == pattern:
        return told
    told = _end(ear, events, told)
    events[told].kind = PROGRESS_HEARD
    events[told].pattern = pattern
    ear.told = pattern
    return told + 1


cdef bint _repeats(const progress_t *ear, int sound, const progress_pattern_t *pattern) noexcept nogil:
    # are the last three runs (four of a quick cadence) whole ones of this cadence?
    cdef int k, wanted = ear.past[0]
    for k in range(4 if pattern.on_ms + pattern.off_ms < QUICK else 3):
        if ear.past[k] != wanted or not _fits(ear.past_run[k], pattern.off_ms if wanted < 0 else pattern.on_ms):
            return False
        wanted = sound if wanted < 0 else -1
    return True


cdef int _changed(progress_t *ear, progress_event_t *events, int told) noexcept nogil:
    # a run has just ended; ear.past[0] is that run
    cdef const progress_pattern_t *pattern
    cdef int p, sound, ended = ear.past[0]
    if ear.told >= 0 and ear.zone.patterns[ear.told].off_ms == 0 and ear.now != ear.sound_of[ear.told]:
        # (dial tone that stops is no ringback, though it may have been as long: it was told)
        return _end(ear, events, told)
    for p in range(ear.zone.count):
        pattern = &ear.zone.patterns[p]
        sound = ear.sound_of[p]
        if pattern.off_ms == 0 or (ended != sound and (ended != -1 or ear.now != sound)):
            continue
        if pattern.off_ms >= LONG_OFF:
            if ended == sound and ear.now == -1 and _fits(ear.past_run[0], pattern.on_ms):
                return _tell(ear, p, events, told)
        elif _repeats(ear, sound, pattern):
            return _tell(ear, p, events, told)
    return told


cdef int _lasts(progress_t *ear, progress_event_t *events, int told) noexcept nogil:
    # Is the present run long enough for a continuous tone, or too long for the cadence that was told?
    cdef const progress_pattern_t *pattern
    cdef int p
    if ear.told >= 0:
        pattern = &ear.zone.patterns[ear.told]
        if pattern.off_ms > 0:
            if ear.now == -1:
                if ear.run > _longest(pattern.off_ms):
                    told = _end(ear, events, told)
            elif ear.run > (_longest(pattern.on_ms) if ear.now == ear.sound_of[ear.told] else SURE + 2):
                told = _end(ear, events, told)
    if ear.now >= 0:
        for p in range(ear.zone.count):
            if ear.zone.patterns[p].off_ms == 0 and ear.sound_of[p] == ear.now and ear.run >= ear.need[p]:
                return _tell(ear, p, events, told)
    return told


cdef int _voice(progress_t *ear, float energy, int sound, progress_event_t *events, int told) noexcept nogil:
    if energy < VOICE_FLOOR / 2 * HOP:
        ear.quiet += 1
        if ear.voice > 0:
            ear.voice -= 1
        if ear.quiet >= VOICE_AGAIN:
            ear.voiced = 0
        return told
    ear.quiet = 0
    if ear.now >= 0 and ear.run >= TONE_SURE:
        ear.voice = 0
        ear.voiced = 0
    elif sound < 0:
        ear.voice += 1
        if ear.voice >= VOICE:
            ear.voice = VOICE
            if not ear.voiced:
                ear.voiced = 1
                told = _end(ear, events, told)
                events[told].kind = PROGRESS_VOICE
                events[told].pattern = -1
                told += 1
    return told


cdef int _turn(progress_t *ear, int sound, int since, progress_event_t *events) noexcept nogil:
    # the run is over, `since` hops ago this sound (-1: none) began
    cdef int k
    for k in range(PROGRESS_RUNS - 1, 0, -1):
        ear.past[k] = ear.past[k - 1]
        ear.past_run[k] = ear.past_run[k - 1]
    ear.past[0] = ear.now
    ear.past_run[0] = ear.run
    ear.now = sound
    ear.run = since
    ear.turning = 0
    ear.other = 0
    memset(ear.votes, 0, sizeof(ear.votes))
    if sound >= 0:
        ear.votes[sound] = since
    return _changed(ear, events, 0)


cdef int _vote(progress_t *ear, int sound, progress_event_t *events) noexcept nogil:
    # Tone goes on; which? At its edges one sine may look like a pair and the other way round: the majority is right.
    ear.votes[sound] += 1
    if sound == ear.now:
        ear.other = 0
        return 0
    ear.other += 1
    if ear.votes[sound] > ear.votes[ear.now]:
        ear.now = sound
        ear.other = 0
    elif ear.other == ANOTHER:      # one tone followed another without a gap
        ear.run -= ANOTHER
        return _turn(ear, sound, ANOTHER, events)
    return 0


cdef int _hop(progress_t *ear, progress_event_t *events) noexcept nogil:
    # one hop is full: events that follow, at most four
    cdef progress_sine_t *sine
    cdef float energy = ear.filling
    cdef int k, sound, told = 0
    for k in range(ear.sine_count):
        sine = &ear.sines[k]
        sine.re[0] = sine.re[1]
        sine.re[1] = sine.re[2]
        sine.im[0] = sine.im[1]
        sine.im[1] = sine.im[2]
        sine.re[2] = sine.s1 - sine.s2 * sine.cos_
        sine.im[2] = sine.s2 * sine.sin_
        sine.s1 = 0.0
        sine.s2 = 0.0
    ear.energy[0] = ear.energy[1]
    ear.energy[1] = ear.energy[2]
    ear.energy[2] = energy
    ear.filling = 0.0
    sound = _heard(ear)
    if (sound >= 0) == (ear.now >= 0):
        ear.run += 1 + ear.turning
        ear.turning = 0
        if sound >= 0:
            told = _vote(ear, sound, events)
        told = _lasts(ear, events, told)
    else:
        ear.turning += 1
        if ear.turning == SURE:
            told = _turn(ear, sound, SURE, events)
    return _voice(ear, energy, sound, events, told)


cdef int progress_run(progress_t *ear, const int16_t *x, int n, progress_event_t *events, int room) noexcept nogil:
    cdef progress_event_t found[PROGRESS_EVENTS]
    cdef progress_sine_t *sine
    cdef float value, s1, s2, old
    cdef int at = 0, k, i, count, step, told = 0
    while at < n:
        step = min(HOP - ear.fill, n - at)
        for k in range(ear.sine_count):
            sine = &ear.sines[k]
            s1 = sine.s1
            s2 = sine.s2
            for i in range(at, at + step):
                old = s1
                s1 = x[i] + sine.twice_cos * s1 - s2
                s2 = old
            sine.s1 = s1
            sine.s2 = s2
        value = ear.filling
        for i in range(at, at + step):
            value += <float>x[i] * x[i]
        ear.filling = value
        at += step
        ear.fill += step
        if ear.fill == HOP:
            ear.fill = 0
            count = _hop(ear, found)
            for k in range(count):
                if told < room:
                    events[told] = found[k]
                    told += 1
    return told


cdef void progress_fillin(progress_t *ear, int n) noexcept nogil:
    # What was on is taken to have gone on: time passes, and the hop begun is thrown away.
    cdef int k
    if n <= 0:
        return
    if n > 8000:
        n = 8000        # after a second nothing of before is worth keeping alive
    ear.run += (n + ear.fill + HOP // 2) // HOP
    ear.fill = 0
    ear.filling = 0.0
    for k in range(ear.sine_count):
        ear.sines[k].s1 = 0.0
        ear.sines[k].s2 = 0.0
