# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for call progress: dial, busy, ringback, congestion of a zone, and voice.
#
# Data sheet
#   does      tells when a pattern of the zone begins and is over, and when something that is no tone talks
#   how       from the bank's sums at the zone's frequencies, every 10 ms: over the last 30, a sine is there if it holds most
#             of the energy at the frequency its turn of phase says, and that is within 30 Hz of nominal; a pair, if both
#             least-squares amplitudes together do. So tone is told by its coherent share, not by its level. The power in
#             the hops bounds that share, so nothing is turned or measured where it is too small: seldom in speech. What
#             is on and how long is then compared with the cadences.
#   level     heard -5...-35 dBm0 in all (the floor is -40)
#   frequency one sine: +-25 Hz heard, +-40 Hz refused; two: +-10 Hz, at most 10 dB twist
#   cadence   +-10 % heard, beyond 10 % + 40 ms refused (edges are known to 10 ms)
#   told      continuous (off 0): after on_ms of tone, or as soon as it is longer than any cadence of the same
#                 frequencies can be: 450 Hz for 1 s may still be China's ringback, so dial tone takes 1.14 s
#             ringback (off >= 1.5 s): when an on of the right length has ended, and was not dial tone. If its beginning was
#                 not heard, and it could be the end of a longer one, the pause must first outlast that one's.
#             two ons of different length (stuttering dial tone, congestion of some): after a whole round of four runs
#             others (busy, congestion): after three whole runs, on-off-on or off-on-off: busy 350/350 within
#                 1.1...1.5 s, wherever in the cadence the ear is opened; four runs if on + off < 0.6 s
#   ended     when a continuous tone stops; when on or off lasts longer than the cadence allows (busy: 0.43 s, ringback:
#                 4.4 s); when another pattern is told; when voice is told
#   voice     energy over -35 dBm0 that is none of the zone's tones, 200 ms more of it than of silence; told once, until
#             2 s of silence or 150 ms of a tone. DTMF and foreign tones longer than 200 ms are voice to this ear.
#   music     a burst that fades by more than 4 dB is in no cadence: notes of 450 Hz in time are not busy
#   noise     busy within two cycles down to 6 dB signal to noise
#   limits    8 patterns of at most two different ons; ringback of two equal ons is known by its first on and its longest
#             off. Bursts of different loudness are not told apart (Australia's congestion is busy to this ear), nor two
#             sines 25 Hz apart (Australia's dial tone beats), nor what sounds alike (congestion is busy in Japan); three
#             equal ons and a longer off (Spain's congestion) begin as busy does, and are told as it
#   state     0.9 KB beside the bank
#   room      rarely more than two events in a hop of 80 samples, never more than four
from libc.math cimport M_PI, atan2, cos, fabs, sin, sqrt
from libc.stdint cimport int16_t
from libc.string cimport memmove, memset

from ccappliance.media._bank cimport (bank_feed, bank_fillin, bank_hop, bank_hop_t, bank_init, bank_next,
                                      bank_recent, bank_recent_t, bank_t, bank_table_t, hop_power, table_init,
                                      table_lane)

DEF RATE = 8000.0
DEF HOP = 80
DEF BANK = 40               # a hop of the bank
DEF WINDOW = 240
DEF PRESENT = 0.58          # share of energy that makes a tone: 6 dB signal to noise give 0.8
DEF LOSS = 0.93             # of power within 10 ms for a sine that far off
DEF SIMPLER = 0.04          # share that a pair must explain beyond what one sine does
DEF FLAT = 2.5              # power ratio within a burst of one sine: 4 dB; noise at 6 dB makes 1 dB
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
DEF FOREVER = 1000000       # hops: a count that stops there never overflows, and nothing waits for so long
DEF TONE_SURE = 15          # a tone for 150 ms is no voice; a vowel may pass as one for 100 ms


cdef int _shortest(int ms) noexcept nogil:
    return (ms * 9 // 10 - 20) // 10        # hops: 10 % and an edge of the grid at each end


cdef int _longest(int ms) noexcept nogil:
    return (ms * 11 // 10 + 29) // 10


cdef bint _fits(int hops, int ms) noexcept nogil:
    return _shortest(ms) <= hops <= _longest(ms)


cdef int _most_on(const progress_pattern_t *pattern) noexcept nogil:
    return max(pattern.on_ms, pattern.cadence[2])


cdef int progress_cadence(progress_pattern_t *pattern, cadence) except -1:
    cdef int k
    if len(cadence) not in (0, 4) or any(not 0 < ms <= 60000 for ms in cadence):
        raise ValueError("a cadence of two ons is four times of 1 to 60000 ms, not %r" % (cadence,))
    for k in range(4):
        pattern.cadence[k] = cadence[k] if cadence else 0
    return 0


cdef int _sine(progress_ear_t *ear, float hz) noexcept nogil:
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
    sine.lane = table_lane(<bank_table_t *>&ear.zone.table, hz)     # it is there: the zone is ready
    for k in range(PROGRESS_HOPS):
        sine.place_re[k] = cos(turn * ((PROGRESS_HOPS - k - 0.5) * BANK - WINDOW / 2))
        sine.place_im[k] = -sin(turn * ((PROGRESS_HOPS - k - 0.5) * BANK - WINDOW / 2))
    ear.sine_count += 1
    return ear.sine_count - 1


cdef int _sound(progress_ear_t *ear, const progress_pattern_t *pattern) noexcept nogil:
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
    ear.sounds[k].least = PRESENT * LOSS
    if b >= 0:
        turn = M_PI * (pattern.hz[1] - pattern.hz[0]) / RATE
        ear.sounds[k].overlap = sin(turn * WINDOW) / (WINDOW * sin(turn))
        ear.sounds[k].least = PRESENT * (1.0 - fabs(ear.sounds[k].overlap))
    ear.sound_count += 1
    return k


cdef void progress_zone_ready(progress_zone_t *zone) noexcept nogil:
    cdef int p, k
    if zone.count > PROGRESS_PATTERNS:
        zone.count = PROGRESS_PATTERNS
    table_init(&zone.table)
    for p in range(zone.count):
        for k in range(2):
            if zone.patterns[p].hz[k] > 0.0:
                table_lane(&zone.table, zone.patterns[p].hz[k])
    zone.ready = 1


cdef void progress_ear_init(progress_ear_t *ear, const progress_zone_t *zone) noexcept nogil:
    cdef int p, q, count = zone.count
    memset(ear, 0, sizeof(progress_ear_t))
    ear.zone = zone
    ear.now = -1
    ear.told = -1
    ear.later = -1
    for p in range(PROGRESS_RUNS):
        ear.past[p] = -1
    for p in range(count):
        ear.sound_of[p] = _sound(ear, &zone.patterns[p])
    for p in range(count):
        ear.need[p] = zone.patterns[p].on_ms // 10
        for q in range(count):
            if ear.sound_of[q] == ear.sound_of[p] and zone.patterns[q].cadence[2] and q != p:
                ear.pieces[p] = 1
            if ear.sound_of[q] == ear.sound_of[p] and zone.patterns[q].off_ms > 0:
                if _longest(_most_on(&zone.patterns[q])) + 1 > ear.need[p]:
                    ear.need[p] = _longest(_most_on(&zone.patterns[q])) + 1


# ---- what sounds in the last 30 ms ----

cdef void _part(const bank_t *bank, const progress_sine_t *sine, int first, int hops, double *re, double *im) noexcept nogil:
    # the sum over some hops, the first so many ago, about the centre of the window
    cdef const bank_hop_t *hop
    cdef double x, y
    cdef int k
    re[0] = 0.0
    im[0] = 0.0
    for k in range(first, first + hops):
        hop = bank_hop(bank, k)
        x = hop.re[sine.lane]
        y = hop.im[sine.lane]
        re[0] += x * sine.place_re[k] - y * sine.place_im[k]
        im[0] += x * sine.place_im[k] + y * sine.place_re[k]


cdef double _single(const bank_t *bank, const progress_sine_t *sine, double energy) noexcept nogil:
    # the share of energy that one sine near nominal holds; 0 if it is too far off
    cdef double re[3]
    cdef double im[3]
    cdef double turn, loss, c, s, sum_re, sum_im
    cdef int k
    for k in range(3):
        _part(bank, sine, 4 - 2 * k, 2, &re[k], &im[k])
    turn = atan2(im[1] * re[0] - re[1] * im[0] + im[2] * re[1] - re[2] * im[1],
                 re[1] * re[0] + im[1] * im[0] + re[2] * re[1] + im[2] * im[1])
    if fabs(turn) > 2.0 * M_PI * ASTRAY * HOP / RATE:
        return 0.0
    c = cos(turn)
    s = sin(turn)
    sum_re = re[1] + (re[0] + re[2]) * c + (im[2] - im[0]) * s
    sum_im = im[1] + (im[0] + im[2]) * c + (re[0] - re[2]) * s
    loss = sin(turn / 2.0) / (turn / 2.0) if fabs(turn) > 1e-6 else 1.0     # within 10 ms
    return 2.0 * (sum_re * sum_re + sum_im * sum_im) / (WINDOW * energy * loss * loss)


cdef double _pair(const bank_t *bank, const progress_sine_t *a, const progress_sine_t *b, double overlap,
                  double energy) noexcept nogil:
    # the share of energy that two sines at nominal hold; 0 if one of them is missing
    cdef double ar, ai, br, bi, pa, pb
    _part(bank, a, 0, PROGRESS_HOPS, &ar, &ai)
    _part(bank, b, 0, PROGRESS_HOPS, &br, &bi)
    pa = (ar - overlap * br) * (ar - overlap * br) + (ai - overlap * bi) * (ai - overlap * bi)
    pb = (br - overlap * ar) * (br - overlap * ar) + (bi - overlap * ai) * (bi - overlap * ai)
    if pa > TWIST * pb or pb > TWIST * pa:
        return 0.0
    return (2.0 * (ar * ar + ai * ai + br * br + bi * bi - 2.0 * overlap * (ar * br + ai * bi))
            / (WINDOW * (1.0 - overlap * overlap) * energy))


cdef int _heard(progress_ear_t *ear, const bank_t *bank) noexcept nogil:
    # which sound there is; -1: none
    cdef const bank_hop_t *oldest = bank_hop(bank, PROGRESS_HOPS - 1)
    cdef const bank_recent_t *recent = bank_recent(bank)
    cdef float energy = recent.energy + oldest.energy, power
    cdef double share, best = 0.0
    cdef progress_sound_t *sound
    cdef int k, lane, found = -1
    if energy < TONE_FLOOR / 2 * WINDOW:
        return -1
    for k in range(ear.sound_count):
        sound = &ear.sounds[k]
        # a sum of six is at most sqrt(6) of their root of powers: the coherent share cannot be greater than this one
        lane = ear.sines[sound.a].lane
        power = recent.power[lane] + hop_power(oldest, lane)
        if sound.b >= 0:
            lane = ear.sines[sound.b].lane
            power += recent.power[lane] + hop_power(oldest, lane)
        if power < sound.least * (BANK / 2) * energy:
            continue
        if sound.b < 0:
            share = _single(bank, &ear.sines[sound.a], energy)
        else:
            share = _pair(bank, &ear.sines[sound.a], &ear.sines[sound.b], sound.overlap, energy)
        if share * energy < TONE_FLOOR / 2 * WINDOW or share <= PRESENT:
            continue
        if sound.b >= 0:
            share -= SIMPLER        # two sines explain whatever one does that lies between them
        if share > best:
            best = share
            found = k
            ear.strength[0] = <float>(share * energy)
    return found


# ---- cadence ----

cdef int _end(progress_ear_t *ear, progress_event_t *events, int told) noexcept nogil:
    if ear.told >= 0:
        events[told].kind = PROGRESS_ENDED
        events[told].pattern = ear.told
        ear.told = -1
        told += 1
    return told


cdef int _tell(progress_ear_t *ear, int pattern, progress_event_t *events, int told) noexcept nogil:
    if ear.told == pattern:
        return told
    told = _end(ear, events, told)
    events[told].kind = PROGRESS_HEARD
    events[told].pattern = pattern
    ear.told = pattern
    return told + 1


cdef bint _turns_round(const progress_ear_t *ear, int sound, const progress_pattern_t *pattern) noexcept nogil:
    # are the last four runs a whole round of this cadence of two ons, wherever it begins?
    cdef int last, k, place
    for last in range(1 if ear.past[0] < 0 else 0, 4, 2):
        for k in range(4):
            place = (last + 4 - k) % 4
            if ear.past[k] != (-1 if place % 2 else sound) or not _fits(ear.past_run[k], pattern.cadence[place]):
                break
        else:
            return True
    return False


cdef bint _repeats(const progress_ear_t *ear, int p) noexcept nogil:
    # are the last three runs (four of a quick cadence) whole ones of this cadence?
    cdef const progress_pattern_t *pattern = &ear.zone.patterns[p]
    cdef int k, sound = ear.sound_of[p], wanted = ear.past[0]
    cdef int runs = 4 if pattern.on_ms + pattern.off_ms < QUICK else 3
    if pattern.cadence[2]:
        return _turns_round(ear, sound, pattern)
    if ear.pieces[p] and ear.past_run[runs] <= SURE + 1:    # the beginning of the first was not heard
        return False
    for k in range(runs):
        if ear.past[k] != wanted or not _fits(ear.past_run[k], pattern.off_ms if wanted < 0 else pattern.on_ms):
            return False
        wanted = sound if wanted < 0 else -1
    return True


cdef int _piece_of(const progress_ear_t *ear, int p) noexcept nogil:
    # An on whose beginning was not heard may be the end of a longer one: how long must silence last until it is not? 0: it
    # cannot be, or its beginning was heard.
    cdef const progress_pattern_t *other
    cdef int q, need = 0
    if ear.past[1] == -1 and ear.past_run[1] > SURE:
        return 0
    for q in range(ear.zone.count):
        other = &ear.zone.patterns[q]
        if ear.sound_of[q] == ear.sound_of[p] and other.off_ms > 0 and _most_on(other) > ear.zone.patterns[p].on_ms:
            if _longest(other.off_ms) + 1 > need:
                need = _longest(other.off_ms) + 1
    return need


cdef int _changed(progress_ear_t *ear, progress_event_t *events, int told) noexcept nogil:
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
                ear.later = -1
                ear.later_run = _piece_of(ear, p)
                if ear.later_run == 0:
                    return _tell(ear, p, events, told)
                ear.later = p
        elif _repeats(ear, p):
            return _tell(ear, p, events, told)
    return told


cdef int _lasts(progress_ear_t *ear, progress_event_t *events, int told) noexcept nogil:
    # Is the present run long enough for a continuous tone, or too long for the cadence that was told?
    cdef const progress_pattern_t *pattern
    cdef int p
    if ear.told >= 0:
        pattern = &ear.zone.patterns[ear.told]
        if pattern.off_ms > 0:
            if ear.now == -1:
                if ear.run > _longest(pattern.off_ms):
                    told = _end(ear, events, told)
            elif ear.run > (_longest(_most_on(pattern)) if ear.now == ear.sound_of[ear.told] else SURE + 2):
                told = _end(ear, events, told)
    if ear.later >= 0 and ear.run >= ear.later_run:
        p = ear.later
        ear.later = -1
        return _tell(ear, p, events, told)
    if ear.now >= 0:
        for p in range(ear.zone.count):
            if ear.zone.patterns[p].off_ms == 0 and ear.sound_of[p] == ear.now and ear.run >= ear.need[p]:
                return _tell(ear, p, events, told)
    return told


cdef int _voice(progress_ear_t *ear, float energy, int sound, progress_event_t *events, int told) noexcept nogil:
    if energy < VOICE_FLOOR / 2 * HOP:
        ear.quiet = min(ear.quiet + 1, FOREVER)
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


cdef int _turn(progress_ear_t *ear, int sound, int since, progress_event_t *events) noexcept nogil:
    # the run is over, `since` hops ago this sound (-1: none) began
    cdef int k
    for k in range(PROGRESS_RUNS - 1, 0, -1):
        ear.past[k] = ear.past[k - 1]
        ear.past_run[k] = ear.past_run[k - 1]
    ear.past[0] = ear.now
    # an exchange's tone is as loud at its end as it was at its beginning; a note of music fades
    ear.past_run[0] = ear.run
    if ear.now >= 0 and ear.sounds[ear.now].b < 0 and ear.high > FLAT * ear.low:
        ear.past_run[0] = 0
    ear.high = 0.0
    ear.now = sound
    ear.run = since
    ear.turning = 0
    ear.later = -1
    ear.other = 0
    memset(ear.votes, 0, sizeof(ear.votes))
    if sound >= 0:
        ear.votes[sound] = since
    return _changed(ear, events, 0)


cdef int _vote(progress_ear_t *ear, int sound, progress_event_t *events) noexcept nogil:
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


cdef int progress_hop(progress_ear_t *ear, const bank_t *bank, progress_event_t *events) noexcept nogil:
    # one hop of the bank: events that follow, at most PROGRESS_EVENTS
    cdef int sound, told = 0
    ear.half = not ear.half
    if ear.half:
        return 0
    memmove(&ear.strength[1], &ear.strength[0], 3 * sizeof(float))
    sound = _heard(ear, bank)
    if sound >= 0 and ear.now >= 0 and ear.run >= 6:    # three looks ago was inside, whether or not the edge is near
        ear.low = min(ear.low, ear.strength[3]) if ear.high > 0.0 else ear.strength[3]
        ear.high = max(ear.high, ear.strength[3])
    if (sound >= 0) == (ear.now >= 0):
        ear.run = min(ear.run + 1 + ear.turning, FOREVER)
        ear.turning = 0
        if sound >= 0:
            told = _vote(ear, sound, events)
        told = _lasts(ear, events, told)
    else:
        ear.turning += 1
        if ear.turning == SURE:
            told = _turn(ear, sound, SURE, events)
    return _voice(ear, bank_hop(bank, 0).energy + bank_hop(bank, 1).energy, sound, events, told)


cdef void progress_ear_fillin(progress_ear_t *ear, const bank_t *bank, int n) noexcept nogil:
    # What was on is taken to have gone on: time passes, and the 10 ms begun are thrown away.
    if n <= 0:
        return
    if n > 8000:
        n = 8000        # after a second nothing of before is worth keeping alive
    ear.run += (n + ear.half * BANK + bank.fill + HOP // 2) // HOP
    ear.half = 0


# ---- an ear with a bank of its own ----

cdef void progress_init(progress_t *ear, progress_zone_t *zone) noexcept nogil:
    if not zone.ready:
        progress_zone_ready(zone)
    bank_init(&ear.bank, &zone.table)
    progress_ear_init(&ear.ear, zone)


cdef void progress_reset(progress_t *ear) noexcept nogil:
    bank_init(&ear.bank, ear.bank.table)
    progress_ear_init(&ear.ear, ear.ear.zone)


cdef int progress_run(progress_t *ear, const int16_t *x, int n, progress_event_t *events, int room) noexcept nogil:
    cdef progress_event_t found[PROGRESS_EVENTS]
    cdef int at = 0, k, count, told = 0
    while at < n:
        at += bank_feed(&ear.bank, x + at, n - at)
        while bank_next(&ear.bank):
            count = progress_hop(&ear.ear, &ear.bank, found)
            for k in range(count):
                if told < room:
                    events[told] = found[k]
                    told += 1
    return told


cdef void progress_fillin(progress_t *ear, int n) noexcept nogil:
    progress_ear_fillin(&ear.ear, &ear.bank, n)
    bank_fillin(&ear.bank, n)
