# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ears for voice: who talks on what noise, how loud it is, who talks into whose words.
#
# Data sheet
#   voice     tells when somebody begins and ends to talk, on a noise floor it learns; and when it has long been silent
#   how       every 10 ms: energies in four bands by short FIR filters (no poles: nothing to settle, nothing to blow up),
#             250-750, 1000-2000, 2000-3000 and 3000-4000 Hz; the lowest has a double zero at 0 and 1000 Hz, so mains hum
#             is 30 dB down. The floor of a band is the least of its smoothed energy in the last second: noise keeps its
#             energy, speech lets it go at every syllable. A hop is active if the bands are on average 5 dB over their
#             floors, and it is over -48 dBm0.
#   begins    when 4 of 6 hops are active; told with the place of the first, so within 60 ms
#   ends      when at most 1 of 16 is; told with the place behind the last: pauses below 150 ms are part of the words
#   level     speech of -40...0 dBm0; noise up to 10 dB below the speech
#   steady    what is steady is noise after a second: dial tone, a fan, hum. A jump of noise is voice until then, and
#             while the floors rise after it, 40 dB a second.
#   silence   told once per stretch in which nobody talks
#   lost      the last hop is taken to go on for 60 ms, then silence; floors stay as they are
#   meter     exact: sums of squares in integers; 9e9 samples (13 days) of full scale fit
#   both      told when both ends talk at once, 200 ms more than not; the near end's hops count only if they are louder than
#             the far end's last 80 ms less the echo's loss, so echo is nobody's words
#   limits    music is voice; a sung note of more than a second becomes noise
#   cost      about 3 ns a sample on baseline amd64, the meter 1 ns
from libc.math cimport log10
from libc.stdint cimport int16_t, int64_t
from libc.string cimport memmove, memset

from ccappliance.media._pcm cimport PCM_FRAME, pcm_count, pcm_of, pcm_samples

cdef extern from "math.h" nogil:
    float log10f(float)

DEF HOP = 80
DEF PAST = 19
DEF BANDS = 4
DEF PARTS = 8
DEF PART = 12
DEF ACTIVE_SNR = 5.0        # dB: the mean of four bands of 10 ms of white noise wanders by 0.7 dB
DEF MOST_SNR = 18.0         # dB a band may count for: one loud band is no speech
DEF QUIET = -48.0           # dBm0: below it nobody is understood on a telephone
DEF LEAST = -66.0           # dB of a band's floor: A-law's smallest step makes -66 dBm0
DEF BIAS = 1.5              # dB: how far the least of a second of smoothed noise lies below its mean
DEF SMOOTH = 0.35           # weight of a new hop: about three hops
DEF RISE = 0.4              # dB a hop that a floor may rise: 40 dB/s
DEF BEGIN_MASK = 0x3F
DEF BEGIN_MOST = 4
DEF END_MASK = 0xFFFF
DEF LOST_GOES_ON = 480      # samples: 60 ms, as long as concealment sounds
DEF LOST_MOST = 600         # hops that are gone through one by one: after 6 s nothing changes any more
DEF BOTH = 20               # hops: 200 ms
DEF TAIL = 8                # hops of the far end an echo may come from

# of each band: 1 over the sum of its filter's squared taps, so that white noise has the same energy in all
cdef float WEIGHT[4]
WEIGHT[0] = 1.0 / 24.0      # (1 + z^-1)(1 + z^-2)(1 - z^-8)^2: four ones times 1, 4, 1
WEIGHT[1] = 1.0 / 4.0
WEIGHT[2] = 1.0 / 4.0
WEIGHT[3] = 1.0 / 4.0

cdef float _DBM0 = 3.14 + 10.0 * log10(2.0) - 20.0 * log10(32767.0)


cdef int _ones(unsigned int bits) noexcept nogil:
    cdef int count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


cdef float _level(float mean_square) noexcept nogil:
    if mean_square < 0.0001:
        return -99.0
    return 10.0 * log10f(mean_square) + _DBM0


cdef void _measure(voice_t *ear) noexcept nogil:
    # the energies of the hop: eight sums side by side, so that the compiler may use its vectors without reordering sums
    cdef float sums[5][8]
    cdef float energy
    cdef float s, d, s2, d2, ss
    cdef float low[HOP + 16]
    cdef const float *x = ear.x
    cdef int i, k
    memset(sums, 0, sizeof(sums))
    for i in range(HOP + 16):                               # (1 + z^-1)(1 + z^-2), 16 samples early
        low[i] = x[i + 3] + x[i + 2] + x[i + 1] + x[i]
    for i in range(0, HOP, 8):
        for k in range(8):
            ss = low[i + k + 16] - 2.0 * low[i + k + 8] + low[i + k]
            s = x[i + k + 19] + x[i + k + 18]
            s2 = x[i + k + 17] + x[i + k + 16]
            d = x[i + k + 19] - x[i + k + 18]
            d2 = x[i + k + 17] - x[i + k + 16]
            sums[0][k] += ss * ss
            sums[1][k] += (s - s2) * (s - s2)
            sums[2][k] += (d - d2) * (d - d2)
            sums[3][k] += (d + d2) * (d + d2)
            sums[4][k] += x[i + k + 19] * x[i + k + 19]
    for k in range(5):
        energy = ((sums[k][0] + sums[k][4]) + (sums[k][1] + sums[k][5])) \
            + ((sums[k][2] + sums[k][6]) + (sums[k][3] + sums[k][7]))
        if k < BANDS:
            ear.raw[k] = max(_level(energy * WEIGHT[k] / HOP), <float>LEAST)
        else:
            ear.level = _level(energy / HOP)


cdef void _learn(voice_t *ear) noexcept nogil:
    # the floors follow the least of the last second; at once downwards
    cdef int b, k
    cdef float least
    for b in range(BANDS):
        if ear.hops == 0:
            ear.smooth[b] = ear.raw[b]
            ear.least[b] = ear.raw[b]
            ear.floors[b] = ear.raw[b]
        ear.smooth[b] += <float>SMOOTH * (ear.raw[b] - ear.smooth[b])
        if ear.smooth[b] < ear.least[b]:
            ear.least[b] = ear.smooth[b]
        least = ear.least[b]
        for k in range(ear.part_count):
            if ear.parts[k][b] < least:
                least = ear.parts[k][b]
        least += <float>BIAS
        if least < ear.floors[b] or ear.part_count == 0:
            ear.floors[b] = least
        else:
            ear.floors[b] = min(least, ear.floors[b] + <float>RISE)
    ear.part_hops += 1
    if ear.part_hops == PART:
        for b in range(BANDS):
            ear.parts[ear.part][b] = ear.least[b]
            ear.least[b] = ear.smooth[b]
        ear.part = (ear.part + 1) % PARTS
        ear.part_count = min(ear.part_count + 1, PARTS)
        ear.part_hops = 0


cdef void _judge(voice_t *ear) noexcept nogil:
    cdef int b
    cdef float over, sum_ = 0.0, power = 0.0
    for b in range(BANDS):
        over = ear.raw[b] - ear.floors[b]
        sum_ += 0.0 if over < 0.0 else <float>MOST_SNR if over > MOST_SNR else over
        power += ear.floors[b]
    ear.snr = sum_ / BANDS
    ear.noise = power / BANDS
    ear.active = ear.snr > ACTIVE_SNR and ear.level > QUIET


cdef void _count(voice_t *ear) noexcept nogil:
    ear.recent = (ear.recent << 1) | <unsigned int>ear.active
    if ear.active:
        ear.last = ear.hops
    ear.hops += 1


cdef void voice_init(voice_t *ear, int silence_ms) noexcept nogil:
    ear.silence = silence_ms // 10 if silence_ms > 0 else 0
    voice_reset(ear)


cdef void voice_reset(voice_t *ear) noexcept nogil:
    cdef int silence = ear.silence
    cdef int b
    memset(ear, 0, sizeof(voice_t))
    ear.silence = silence
    ear.last = -1
    ear.level = -99.0
    ear.noise = <float>LEAST
    for b in range(BANDS):
        ear.raw[b] = ear.smooth[b] = ear.floors[b] = ear.least[b] = <float>LEAST


cdef int voice_push(voice_t *ear, const int16_t *x, int n) noexcept nogil:
    cdef int take = min(n, HOP - ear.fill)
    cdef int i
    for i in range(take):
        ear.x[PAST + ear.fill + i] = x[i]
    ear.fill += take
    ear.lost = 0
    if ear.fill == HOP:
        _measure(ear)
        _learn(ear)
        _judge(ear)
        _count(ear)
        memmove(ear.x, ear.x + HOP, PAST * sizeof(float))
        ear.fill = 0
    return take


cdef int voice_told(voice_t *ear, voice_event_t *event) noexcept nogil:
    cdef int first
    if ear.talking:
        if _ones(ear.recent & END_MASK) <= 1 and not ear.recent & 1:
            ear.talking = 0
            ear.hushed = 0
            ear.edge = ear.last + 1
            event.kind = VOICE_ENDED
            event.samples = ear.edge * HOP
            return 1
        return 0
    if _ones(ear.recent & BEGIN_MASK) >= BEGIN_MOST:
        first = 5
        while not (ear.recent >> first) & 1:
            first -= 1
        ear.talking = 1
        ear.edge = ear.hops - 1 - first
        event.kind = VOICE_BEGAN
        event.samples = ear.edge * HOP
        return 1
    if ear.silence and not ear.hushed and ear.hops - ear.edge >= ear.silence:
        ear.hushed = 1
        event.kind = VOICE_SILENCE
        event.samples = ear.edge * HOP
        return 1
    return 0


cdef int voice_run(voice_t *ear, const int16_t *x, int n, voice_event_t *events, int room) noexcept nogil:
    cdef int at = 0, count = 0
    cdef voice_event_t spare
    while at < n:
        at += voice_push(ear, x + at, n - at)
        if ear.fill == 0:
            if voice_told(ear, events + count if count < room else &spare) and count < room:
                count += 1
    return count


cdef int voice_fillin(voice_t *ear, int n, voice_event_t *events, int room) noexcept nogil:
    cdef int count = 0
    cdef voice_event_t spare
    cdef int64_t whole, left
    if n <= 0:
        return 0
    whole = (ear.fill + n) // HOP
    ear.fill = (ear.fill + n) % HOP
    left = min(whole, <int64_t>LOST_MOST)
    while left > 0:
        ear.lost = min(ear.lost + HOP, LOST_GOES_ON + HOP)
        if ear.lost > LOST_GOES_ON:
            ear.active = 0
            ear.level = -99.0
        _count(ear)
        if voice_told(ear, events + count if count < room else &spare) and count < room:
            count += 1
        left -= 1
    if whole > LOST_MOST:
        ear.hops += whole - LOST_MOST
    memset(ear.x, 0, sizeof(ear.x))
    return count


# ---- the meter ----

cdef void meter_reset(meter_t *meter) noexcept nogil:
    memset(meter, 0, sizeof(meter_t))


cdef void meter_run(meter_t *meter, const int16_t *x, int n) noexcept nogil:
    cdef int i, value, peak = meter.peak
    cdef int64_t sum_ = 0, clipped = 0
    for i in range(n):
        value = x[i]
        sum_ += value * value
        clipped += value == 32767 or value == -32768
        value = -value if value < 0 else value
        peak = value if value > peak else peak
    meter.sum += sum_
    meter.samples += n
    meter.peak = peak
    meter.clipped += clipped


cdef float meter_dbm0(const meter_t *meter) noexcept nogil:
    if meter.samples == 0 or meter.sum == 0:
        return -99.0
    return max(<float>-99.0, <float>(10.0 * log10(<double>meter.sum / <double>meter.samples) + _DBM0))


# ---- both at once ----

cdef void talk_init(talk_t *talk, float loss) noexcept nogil:
    talk.loss = loss
    voice_init(&talk.near, 0)
    voice_init(&talk.far, 0)
    talk_reset(talk)


cdef void talk_reset(talk_t *talk) noexcept nogil:
    cdef int k
    voice_reset(&talk.near)
    voice_reset(&talk.far)
    for k in range(TAIL):
        talk.far_level[k] = -99.0
    talk.slot = talk.both = talk.told = 0
    talk.since = 0


cdef int _talk_hop(talk_t *talk, voice_event_t *event) noexcept nogil:
    # after a whole hop of both
    cdef voice_event_t spare
    cdef float loudest = -99.0
    cdef int k
    cdef int talks
    talk.far_level[talk.slot] = talk.far.level
    talk.slot = (talk.slot + 1) % TAIL
    for k in range(TAIL):
        loudest = max(loudest, talk.far_level[k])
    if talk.near.active and talk.near.level < loudest - talk.loss:
        talk.near.active = 0                    # the echo of the far end
        talk.near.recent &= ~<unsigned int>1
    voice_told(&talk.near, &spare)
    voice_told(&talk.far, &spare)
    talks = talk.near.talking and talk.far.talking
    if talks:
        if talk.both == 0:
            talk.since = talk.near.hops - 1
        talk.both = min(talk.both + 1, 2 * BOTH)
    elif talk.both > 0:
        talk.both -= 1
    if not talk.told and talk.both >= BOTH:
        talk.told = 1
        event.kind = TALK_BOTH
        event.samples = talk.since * HOP
        return 1
    if talk.told and talk.both == 0:
        talk.told = 0
        event.kind = TALK_ONE
        event.samples = talk.near.hops * HOP
        return 1
    return 0


cdef int talk_run(talk_t *talk, const int16_t *near, const int16_t *far, int n,
                  voice_event_t *events, int room) noexcept nogil:
    cdef int at = 0, count = 0, took
    cdef voice_event_t spare
    while at < n:
        took = voice_push(&talk.near, near + at, n - at)
        voice_push(&talk.far, far + at, took)
        at += took
        if talk.near.fill == 0:
            if _talk_hop(talk, events + count if count < room else &spare) and count < room:
                count += 1
    return count


cdef void talk_fillin(talk_t *talk, int n) noexcept nogil:
    # lost frames of either end: nobody can be said to talk into the other's words
    cdef voice_event_t spare
    voice_fillin(&talk.near, n, &spare, 0)
    voice_fillin(&talk.far, n, &spare, 0)


# ---- as Python objects, for media/levels.py ----

BEGAN, ENDED, SILENCE, BOTH_TALK, ONE_TALKS = VOICE_BEGAN, VOICE_ENDED, VOICE_SILENCE, TALK_BOTH, TALK_ONE


cdef list _list(const voice_event_t *events, int count):
    return [(events[k].kind, events[k].samples) for k in range(count)]


cdef class Voice:
    """The ear for voice; `silence_ms`: so much of nobody talking is told once (0: never)."""

    cdef voice_t ear

    def __cinit__(self, int silence_ms=0):
        voice_init(&self.ear, silence_ms)

    def reset(self):
        voice_reset(&self.ear)

    def run(self, bytes pcm not None):
        """Events in these samples: (kind, sample from the start)."""
        cdef Py_ssize_t n = pcm_samples(pcm), at = 0
        cdef voice_event_t events[VOICE_EVENTS]
        told = []
        while at < n:
            told += _list(events, voice_run(&self.ear, pcm_of(pcm) + at, <int>min(PCM_FRAME, n - at), events, VOICE_EVENTS))
            at += PCM_FRAME
        return told

    def fillin(self, n):
        """`n` samples were lost; what they told."""
        cdef voice_event_t events[VOICE_EVENTS]
        return _list(events, voice_fillin(&self.ear, pcm_count(n), events, VOICE_EVENTS))

    def look(self):
        """Of the last hop: level and noise in dBm0, dB over the floors, active, talking; and the bands and floors."""
        return (self.ear.level, self.ear.noise, self.ear.snr, bool(self.ear.active), bool(self.ear.talking),
                [self.ear.raw[k] for k in range(VOICE_BANDS)], [self.ear.floors[k] for k in range(VOICE_BANDS)])


cdef class Meter:
    """Levels since the last reset."""

    cdef meter_t meter

    def __cinit__(self):
        meter_reset(&self.meter)

    def reset(self):
        meter_reset(&self.meter)

    def run(self, bytes pcm not None):
        """Measure these samples too."""
        meter_run(&self.meter, pcm_of(pcm), <int>pcm_samples(pcm))

    def read(self):
        """Samples, sum of squares, peak, clipped samples, dBm0."""
        return self.meter.samples, self.meter.sum, self.meter.peak, self.meter.clipped, meter_dbm0(&self.meter)


cdef class Talk:
    """The ear for two who talk at once; `loss`: dB that an echo of the far end loses at least."""

    cdef talk_t talk

    def __cinit__(self, float loss=6.0):
        talk_init(&self.talk, loss)

    def reset(self):
        talk_reset(&self.talk)

    def run(self, bytes near not None, bytes far not None):
        """Events in these samples of both ends: (kind, sample from the start). ValueError if not equally many."""
        cdef Py_ssize_t n = pcm_samples(near), at = 0
        cdef voice_event_t events[VOICE_EVENTS]
        if pcm_samples(far) != n:
            raise ValueError("both ends must have equally many samples, not %d and %d" % (n, len(far) // 2))
        told = []
        while at < n:
            told += _list(events, talk_run(&self.talk, pcm_of(near) + at, pcm_of(far) + at,
                                           <int>min(PCM_FRAME, n - at), events, VOICE_EVENTS))
            at += PCM_FRAME
        return told

    def fillin(self, n):
        """`n` samples of both ends were lost."""
        talk_fillin(&self.talk, pcm_count(n))
