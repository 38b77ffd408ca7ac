# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for signals of the network and of machines: SIT, CNG, CED and modem.
#
# Data sheet
#   does      tells the special information tone before an announcement (E.180: 950, 1400, 1800 Hz), a calling fax machine
#             (T.30 CNG: 1100 Hz, 0.5 s on, 3 s off), an answering one (T.30 CED: 2100 Hz), and an answering modem (V.25 and
#             V.8: 2100 Hz whose phase is reversed every 450 ms)
#   how       from the bank's sums, every 10 ms: a tone is there if its coherent share of the last 30 ms is most of the
#             energy; lengths and order make the signal. 2100 Hz is followed by the squares of the turns from hop to hop,
#             in which a reversal of phase cannot be seen; then reversals are counted.
#   level     heard -5...-38 dBm0 (the floor is -43)
#   frequency SIT +-50 Hz (E.180; North America's are within 36), CNG +-38, CED and modem +-15 (T.30, V.25)
#   length    SIT: each 0.22-0.44 s, at most 60 ms between; CNG 0.40-0.60 s; CED and modem from 0.6 s
#   told      SIT: 0.2 s into the third tone; CNG: 30 ms after the first burst; CED or modem after 0.62 s, so that one
#             reversal at least would have come; a reversal after CED was told makes it a modem
#   noise     100 % at 10 dB signal to noise
#   talk-off  0 in the speech of tests/dsp (22 minutes)
#   limits    a modem that does not reverse (V.22 without V.25 answering) is told as CED
#   room      at most SIGNAL_EVENTS events in a hop; 40 bytes of state beside the bank
from libc.math cimport M_PI, atan2, cos, fabs, sin, sqrt
from libc.stdint cimport int16_t
from libc.string cimport memset

from ccappliance.media._bank cimport (LANE_CED, LANE_CNG, LANE_SIT, bank_feed, bank_fillin, bank_hop, bank_hop_t,
                                      bank_init, bank_next, bank_recent, bank_t, hop_power, table_common)

DEF RATE = 8000.0
DEF HOP = 40
DEF HOPS = 6
DEF TONES = 4               # SIT's three and CNG: lanes in a row
DEF PRESENT = 0.62          # share of energy that makes a tone
DEF FLOOR = 27200.0         # amplitude squared of a sine at -43 dBm0
DEF SURE = 2                # looks in a row that make a change
DEF SIT_SHORTEST = 22       # looks: E.180 asks for 330 +- 70 ms, North America also sends 274 and 380
DEF SIT_LONGEST = 44
DEF SIT_GAP = 6
DEF SIT_CERTAIN = 20        # of the third
DEF CNG_SHORTEST = 40       # T.30: 0.5 s +- 15 %
DEF CNG_LONGEST = 60
DEF ANSWER_ASTRAY = 20.0    # Hz: T.30's 15 and what noise adds
DEF ANSWER_PURE = 0.7       # of the turns: noise turns any way
DEF ANSWER = 60             # looks until it is told
DEF ANSWER_GONE = 6

cdef double TURN[5]         # of phase from one hop to the next
cdef double ASTRAY[4]       # and how much else it may turn
TURN[:] = [2.0 * M_PI * hz / RATE * HOP for hz in (950.0, 1400.0, 1800.0, 1100.0, 2100.0)]
ASTRAY[:] = [2.0 * M_PI * hz / RATE * HOP for hz in (58.0, 58.0, 58.0, 45.0)]


cdef void _turns(const bank_t *bank, int lane, int apart, double expected, double *re, double *im) noexcept nogil:
    # hop by hop, how its phase turned beyond what is expected: newest first
    cdef const bank_hop_t *after
    cdef const bank_hop_t *before
    cdef double c = cos(expected), s = sin(expected), x, y
    cdef int k
    for k in range(HOPS - apart):
        after = bank_hop(bank, k)
        before = bank_hop(bank, k + apart)
        x = <double>after.re[lane] * before.re[lane] + <double>after.im[lane] * before.im[lane]
        y = <double>after.im[lane] * before.re[lane] - <double>after.re[lane] * before.im[lane]
        re[k] = x * c + y * s
        im[k] = y * c - x * s


cdef double _share(const bank_t *bank, int tone, double energy) noexcept nogil:
    # the share of the last 30 ms that one sine near the tone holds; 0: it is too far off
    cdef const bank_hop_t *hop
    cdef double re[HOPS]
    cdef double im[HOPS]
    cdef double sum_re = 0.0, sum_im = 0.0, turn, loss
    cdef int k
    _turns(bank, LANE_SIT + tone, 1, TURN[tone], re, im)
    for k in range(HOPS - 1):
        sum_re += re[k]
        sum_im += im[k]
    turn = atan2(sum_im, sum_re)
    if fabs(turn) > ASTRAY[tone]:
        return 0.0
    loss = sin(turn / 2.0) / (turn / 2.0) if fabs(turn) > 1e-6 else 1.0     # within a hop
    turn += TURN[tone]
    sum_re = 0.0
    sum_im = 0.0
    for k in range(HOPS):
        hop = bank_hop(bank, k)
        sum_re += hop.re[LANE_SIT + tone] * cos(turn * k) - hop.im[LANE_SIT + tone] * sin(turn * k)
        sum_im += hop.re[LANE_SIT + tone] * sin(turn * k) + hop.im[LANE_SIT + tone] * cos(turn * k)
    return 2.0 * (sum_re * sum_re + sum_im * sum_im) / (HOPS * HOP * energy * loss * loss)


cdef float _power(const bank_t *bank, int lane) noexcept nogil:
    return bank_recent(bank).power[lane] + hop_power(bank_hop(bank, HOPS - 1), lane)


cdef int _sounding(const bank_t *bank, float energy) noexcept nogil:
    # which of SIT's tones or CNG there is; -1: none
    cdef int k
    for k in range(TONES):
        # the power of the hops bounds the coherent share (a hop loses at most a quarter so far off)
        if _power(bank, LANE_SIT + k) >= 0.75 * PRESENT * (HOP / 2) * energy and _share(bank, k, energy) >= PRESENT:
            return k
    return -1


# ---- SIT and CNG: lengths and order ----

cdef int _ended(signal_ear_t *ear, signal_event_t *events, int told) noexcept nogil:
    # the tone `now`, or the silence, has lasted `run` looks and is over
    if ear.now == 3:
        ear.stage = 0
        if CNG_SHORTEST <= ear.run <= CNG_LONGEST:
            events[told].signal = SIGNAL_CNG
            events[told].ended = 0
            return told + 1
    elif ear.now == -1:
        if ear.run > SIT_GAP:
            ear.stage = 0
    elif ear.now == ear.stage and ear.now < 2 and SIT_SHORTEST <= ear.run <= SIT_LONGEST:
        ear.stage += 1
    else:
        ear.stage = 0
    return told


cdef int _follow(signal_ear_t *ear, int tone, signal_event_t *events, int told) noexcept nogil:
    if tone == ear.now:
        ear.run = min(ear.run + 1 + ear.turning, 10000)     # it never overflows, and nothing waits for so long
        ear.turning = 0
    else:
        ear.turning = ear.turning + 1 if tone == ear.next else 1
        ear.next = tone
        if ear.turning == SURE:
            told = _ended(ear, events, told)
            ear.now = tone
            ear.run = SURE
            ear.turning = 0
    if ear.now == 2 and ear.stage == 2 and ear.run >= SIT_CERTAIN:
        ear.stage = 3
        events[told].signal = SIGNAL_SIT
        events[told].ended = 0
        told += 1
    return told


# ---- 2100 Hz, and its reversals ----

cdef bint _answers(const bank_t *bank, double energy) noexcept nogil:
    # is there 2100 Hz, whatever its phase jumps?
    cdef double re[HOPS]
    cdef double im[HOPS]
    cdef double x = 0.0, y = 0.0, size = 0.0
    cdef int k
    if _power(bank, LANE_CED) < PRESENT * (HOP / 2) * energy:
        return False
    _turns(bank, LANE_CED, 1, TURN[4], re, im)
    for k in range(HOPS - 1):               # a square has twice the turn, and a reversal twice is none
        x += re[k] * re[k] - im[k] * im[k]
        y += 2.0 * re[k] * im[k]
        size += re[k] * re[k] + im[k] * im[k]
    return sqrt(x * x + y * y) >= ANSWER_PURE * size and \
        fabs(atan2(y, x)) <= 2.0 * 2.0 * M_PI * ANSWER_ASTRAY / RATE * HOP


cdef void _reversal(signal_ear_t *ear, const bank_t *bank) noexcept nogil:
    # Two hops 10 ms apart in opposite phase; the one between them may be torn. Two pairs, so that each hop is once between.
    cdef double re[HOPS]
    cdef double im[HOPS]
    cdef double mean = _power(bank, LANE_CED) / HOPS
    cdef int against = 0, k
    _turns(bank, LANE_CED, 2, 2.0 * TURN[4], re, im)
    for k in range(2):
        # the product of a whole hop and an empty one, at the tone's edge, has a phase that says nothing
        if re[k] < -0.5 * fabs(im[k]) and re[k] < -0.2 * mean:
            against = 1
    if against and not ear.against and ear.answer > 6:
        ear.reversed += 1
    ear.against = against


cdef int _tell_answer(signal_ear_t *ear, int signal, signal_event_t *events, int told) noexcept nogil:
    if ear.told >= 0:
        events[told].signal = ear.told
        events[told].ended = 1
        told += 1
    ear.told = signal
    if signal >= 0:
        events[told].signal = signal
        events[told].ended = 0
        told += 1
    return told


cdef int _answer(signal_ear_t *ear, const bank_t *bank, double energy, signal_event_t *events, int told) noexcept nogil:
    if energy >= FLOOR / 2 * HOPS * HOP and _answers(bank, energy):
        ear.answer += 1 + ear.gone
        ear.gone = 0
        _reversal(ear, bank)
    elif ear.answer:
        ear.gone += 1
        if ear.gone == ANSWER_GONE:
            ear.answer = 0
            ear.gone = 0
            ear.reversed = 0
            return _tell_answer(ear, -1, events, told)
    if ear.answer >= ANSWER:
        ear.answer = ANSWER
        if ear.told != (SIGNAL_MODEM if ear.reversed else SIGNAL_CED):
            return _tell_answer(ear, SIGNAL_MODEM if ear.reversed else SIGNAL_CED, events, told)
    return told


cdef int signal_hop(signal_ear_t *ear, const bank_t *bank, signal_event_t *events) noexcept nogil:
    cdef float energy
    cdef int k, told
    ear.half = not ear.half
    if ear.half:
        return 0
    energy = bank_recent(bank).energy + bank_hop(bank, HOPS - 1).energy
    k = _sounding(bank, energy) if energy >= FLOOR / 2 * HOPS * HOP else -1
    told = _follow(ear, k, events, 0)
    return _answer(ear, bank, energy, events, told)


cdef void signal_ear_init(signal_ear_t *ear) noexcept nogil:
    memset(ear, 0, sizeof(signal_ear_t))
    ear.now = -1
    ear.next = -1
    ear.told = -1


cdef void signal_ear_fillin(signal_ear_t *ear, int n) noexcept nogil:
    # What was on is taken to have gone on. (A lost frame turns 2100 Hz by whole periods: no reversal.)
    if n > 0:
        ear.run = min(ear.run + min(n, 8000) // 80, 10000)
        ear.half = 0


# ---- an ear with a bank of its own ----

cdef void signal_init(signal_t *ear) noexcept nogil:
    bank_init(&ear.bank, table_common())
    signal_ear_init(&ear.ear)


cdef void signal_reset(signal_t *ear) noexcept nogil:
    signal_init(ear)


cdef int signal_run(signal_t *ear, const int16_t *x, int n, signal_event_t *events, int room) noexcept nogil:
    cdef signal_event_t found[SIGNAL_EVENTS]
    cdef int at = 0, k, count, told = 0
    while at < n:
        at += bank_feed(&ear.bank, x + at, n - at)
        while bank_next(&ear.bank):
            count = signal_hop(&ear.ear, &ear.bank, found)
            for k in range(count):
                if told < room:
                    events[told] = found[k]
                    told += 1
    return told


cdef void signal_fillin(signal_t *ear, int n) noexcept nogil:
    signal_ear_fillin(&ear.ear, n)
    bank_fillin(&ear.bank, n)
