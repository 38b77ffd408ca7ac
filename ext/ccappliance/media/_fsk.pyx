# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# Caller ID data: FSK sender and receiver, Bell 202 (1200/2200 Hz) and V.23 (1300/2100 Hz), 1200 Bd (EN 300 659-1).
#
# Data sheet, receiver
#   does      tells each message (type, length, data, checksum) of either standard; the checksum is not verified
#   how       both standards lie about 1700 Hz: the signal is turned down by that, filtered, and the turn of phase from
#             sample to sample, whatever its level, says mark (below) or space (above); averaged over 5 samples. So both are
#             heard at once, and twist does not matter. Bytes are read as a UART does, from the edge of the start bit, but
#             every later edge of the byte corrects where its bits are, and every edge of the message how long a bit is
#   begins    20 ms of steady mark, with or without channel seizure before; speech has no such mark
#   level     heard +3...-42 dBm0 (floor about -43)
#   twist     10 dB either way; speed +-4 %; frequency +-3 %
#   noise     99 % of messages of 31 bytes at 9 dB signal to noise (white, 4 kHz), at any speed within +-3 %; with one
#             tone 6 dB weaker 99 % at 13 dB
#   ends      by its length byte; given up after 3 bytes without a stop bit, more than one edge in 2 bytes where no edge can
#             be, or 30 bits without a start bit (carrier gone); then it waits for mark again
#   speech    in 6.5 hours of speech, prompts and music no message, good or bad; in 42 hours of noise none
#   chunks    any n gives the same messages; when two messages end in one call the second overwrites the first, which
#             takes more than 40 ms of samples per call
#   cost      about 7 ns a sample; open it in the caller ID window only
#
# Data sheet, sender
#   does      channel seizure (300 bits 0101...), mark (180 bits), each byte with start and stop bit, 10 bits of mark
#   how       one phase, turned by the frequency of the bit at that sample; bit edges at the nearest sample (+-0.075 bit,
#             never adding up); raised-cosine edges of 1 ms
from libc.math cimport M_PI, cos, sin
from libc.stdint cimport int16_t, uint8_t
from libc.string cimport memcpy, memset

cdef extern from "math.h" nogil:
    float sqrtf(float)

DEF RATE = 8000.0
DEF BIT = 6.666666666666667     # samples: 1200 Bd
DEF CENTRE = 1700.0             # Hz: half way between mark and space in both standards
DEF TURN = 80                   # samples after which the oscillator is at its beginning
DEF TAPS = 15
DEF SPAN = 5
DEF SLOW = 0.03125              # 1/32: powers over 4 ms
DEF LEAST = 1.0                 # of a power, so that silence has no frequency
DEF BLOCK = 160                 # samples that are filtered side by side
DEF PASS = 900.0                # Hz: what the filter lets through on both sides
DEF FLOOR = 9500.0              # power (half the amplitude squared) of a sine at about -44.5 dBm0
DEF PURE = 0.5                  # share of the power that must be in the band while we wait for data
DEF MARKED = 0.19               # lean of a mark: V.23's is 0.31, Bell 202's 0.38, with 2 % astray 0.29
DEF STEADY = 160                # samples of mark that open the ear: 20 ms, EN 300 659-1 sends 80 bits or more: 67 ms
DEF MISS = 3                    # samples of mark that one sample of something else costs: noise makes some
DEF TRUST = 300.0               # weight of the nominal bit length beside the edges': of 4 bytes, as one has 81 + 49 + ...
DEF NEAR = 2.0                  # samples by which an edge may be early or late; beyond, it is noise
DEF STRAYS = 2                  # edges out of place that a message may have, and one more every 2 bytes: in noise of 8 dB
                                # and 4 % astray one in 3 bytes is, in speech three a byte
DEF RAMP = 8                    # samples of the sender's edges

DEF WAIT_MARK = 0
DEF WAIT_START = 1
DEF READ_BYTE = 2

cdef double HZ[2][2]            # standard; mark, space
cdef float COS[TURN]
cdef float SIN[TURN]
cdef float TAP[TAPS]


cdef void _fill_tables() noexcept nogil:
    cdef int i
    cdef double t, total = 0.0
    HZ[FSK_V23][0] = 1300.0
    HZ[FSK_V23][1] = 2100.0
    HZ[FSK_BELL202][0] = 1200.0
    HZ[FSK_BELL202][1] = 2200.0
    for i in range(TURN):
        COS[i] = cos(2.0 * M_PI * CENTRE / RATE * i)
        SIN[i] = -sin(2.0 * M_PI * CENTRE / RATE * i)
    for i in range(TAPS):
        t = i - (TAPS - 1) / 2.0
        TAP[i] = 2.0 * PASS / RATE if t == 0.0 else sin(2.0 * M_PI * PASS / RATE * t) / (M_PI * t)
        TAP[i] *= 0.54 + 0.46 * cos(2.0 * M_PI * t / TAPS)
        total += TAP[i]
    for i in range(TAPS):
        TAP[i] /= total


_fill_tables()


# ---- receiver ----

cdef void _turn_down(fsk_rx_t *ear, const int16_t *x, int n, float *re, float *im) noexcept nogil:
    # n samples turned down by 1700 Hz and filtered; taps outside and samples inside, so that samples go side by side
    cdef float was_re[TAPS - 1 + BLOCK]
    cdef float was_im[TAPS - 1 + BLOCK]
    cdef int i, k
    memcpy(was_re, ear.re, sizeof(ear.re))
    memcpy(was_im, ear.im, sizeof(ear.im))
    for i in range(n):
        was_re[TAPS - 1 + i] = x[i] * COS[ear.phase]
        was_im[TAPS - 1 + i] = x[i] * SIN[ear.phase]
        ear.phase = ear.phase + 1 if ear.phase < TURN - 1 else 0
    memset(re, 0, n * sizeof(float))
    memset(im, 0, n * sizeof(float))
    for k in range(TAPS):
        for i in range(n):
            re[i] += TAP[k] * was_re[i + k]
            im[i] += TAP[k] * was_im[i + k]
    memcpy(ear.re, was_re + n, sizeof(ear.re))
    memcpy(ear.im, was_im + n, sizeof(ear.im))


cdef void _leans(fsk_rx_t *ear, const float *re, const float *im, int n, float *lean) noexcept nogil:
    # the mean frequency of the last samples as the sine of the turn from one to the next, mark positive
    cdef float was_re[1 + BLOCK]
    cdef float was_im[1 + BLOCK]
    cdef float turn[SPAN - 1 + BLOCK]
    cdef float power
    cdef int i, k
    was_re[0] = ear.last_re
    was_im[0] = ear.last_im
    memcpy(was_re + 1, re, n * sizeof(float))
    memcpy(was_im + 1, im, n * sizeof(float))
    memcpy(turn, ear.leans, sizeof(ear.leans))
    for i in range(n):
        power = sqrtf((re[i] * re[i] + im[i] * im[i]) * (was_re[i] * was_re[i] + was_im[i] * was_im[i]))
        turn[SPAN - 1 + i] = (re[i] * was_im[i] - im[i] * was_re[i]) / (power + LEAST)
    memset(lean, 0, n * sizeof(float))
    for k in range(SPAN):
        for i in range(n):
            lean[i] += turn[i + k] * <float>(1.0 / SPAN)
    ear.last_re = re[n - 1]
    ear.last_im = im[n - 1]
    memcpy(ear.leans, turn + n, sizeof(ear.leans))


cdef void _give_up(fsk_rx_t *ear) noexcept nogil:
    ear.state = WAIT_MARK
    ear.marks = 0
    ear.count = 0
    ear.faults = 0


cdef int _byte(fsk_rx_t *ear, bint stop) noexcept nogil:
    # a byte is read; 1: the message is whole
    cdef bint whole
    ear.reading[ear.count] = <uint8_t>ear.byte
    ear.count += 1
    ear.faults = 0 if stop else ear.faults + 1
    if not stop:
        ear.astray += 1
    ear.state = WAIT_START
    ear.waited = 0
    if ear.faults >= 3 or ear.astray > STRAYS + ear.count // 2:
        _give_up(ear)
    elif ear.count >= 3 and ear.count == ear.reading[1] + 3:
        whole = ear.astray <= ear.count // 2    # stricter in the end: a tone after a tone makes short ones
        if whole:
            ear.length = ear.count
            memcpy(ear.message, ear.reading, ear.count)
        _give_up(ear)
        return whole
    return 0


cdef int _read_bit(fsk_rx_t *ear, float lean) noexcept nogil:
    if ear.bit == 0:                    # the middle of the start bit
        if lean > 0.0:
            ear.state = WAIT_START      # a click, no start bit
            return 0
        ear.byte = 0
    elif ear.bit < 9:
        if lean > 0.0:
            ear.byte |= 1 << (ear.bit - 1)
    else:
        return _byte(ear, lean > 0.0)
    ear.bit += 1
    return 0


cdef void _edge(fsk_rx_t *ear, float when) noexcept nogil:
    # the line turned `when` samples after the start bit began: one more opinion on where bits begin and how long they are
    cdef float length = ear.times / ear.weights
    cdef int k = <int>(when / length + 0.5)
    cdef float late = when - k * length
    if k < 1 or k > 9 or late > NEAR or late < -NEAR:
        ear.astray += 1
        return
    ear.edges += 1
    ear.late += late
    ear.times += k * when
    ear.weights += k * k


cdef int _reading(fsk_rx_t *ear, float lean) noexcept nogil:
    # a sample of a byte; bits are read in their middle, by all edges so far and the length of a bit so far
    cdef float middle
    ear.since += 1.0
    if (lean > 0.0) != (ear.lean > 0.0):
        _edge(ear, ear.since - lean / (lean - ear.lean))
    middle = (ear.bit + 0.5) * (ear.times / ear.weights) + ear.late / ear.edges
    if ear.since < middle:
        return 0
    return _read_bit(ear, lean - (lean - ear.lean) * min(ear.since - middle, 1.0))


cdef int _step(fsk_rx_t *ear, float lean) noexcept nogil:
    # one sample is demodulated; 1: a message is whole
    cdef bint mark
    if ear.state == READ_BYTE:
        return _reading(ear, lean)
    if ear.state == WAIT_MARK:
        mark = lean > MARKED and ear.band > FLOOR and ear.band > PURE * ear.total
        ear.marks = ear.marks + 1 if mark else max(0, ear.marks - MISS)
        if ear.marks >= STEADY:
            ear.state = WAIT_START
            ear.waited = 0
            ear.astray = 0
            ear.times = TRUST * BIT
            ear.weights = TRUST
        return 0
    ear.waited += 1
    if lean < 0.0 and ear.band > FLOOR / 16.0:
        ear.state = READ_BYTE
        ear.bit = 0
        ear.edges = 1                   # the start bit's own, by definition in time
        ear.late = 0.0
        ear.since = lean / (lean - ear.lean) if ear.lean > 0.0 else 0.5
    elif ear.count == 0 and lean > MARKED and ear.band > FLOOR:
        ear.waited = 0                  # mark may last before the first byte
    elif ear.waited > 30 * BIT:
        _give_up(ear)
    return 0


cdef void fsk_rx_init(fsk_rx_t *ear) noexcept nogil:
    memset(ear, 0, sizeof(fsk_rx_t))


cdef void fsk_rx_reset(fsk_rx_t *ear) noexcept nogil:
    fsk_rx_init(ear)


cdef int fsk_rx_run(fsk_rx_t *ear, const int16_t *x, int n) noexcept nogil:
    cdef float re[BLOCK]
    cdef float im[BLOCK]
    cdef float lean[BLOCK]
    cdef float power
    cdef int at = 0, count, i, told = 0
    while at < n:
        count = n - at if n - at < BLOCK else BLOCK
        _turn_down(ear, x + at, count, re, im)
        _leans(ear, re, im, count, lean)
        for i in range(count):
            power = re[i] * re[i] + im[i] * im[i]
            ear.band += (power + power - ear.band) * <float>SLOW     # a real sine has half its power on this side
            power = x[at + i]
            ear.total += (power * power - ear.total) * <float>SLOW
            told |= _step(ear, lean[i])
            ear.lean = lean[i]
        at += count
    return told


cdef void fsk_rx_fillin(fsk_rx_t *ear, int n) noexcept nogil:
    # Bits are gone: a message under way cannot be whole any more; mark is taken to have gone on.
    if n <= 0:
        return
    if ear.state == READ_BYTE or (ear.state == WAIT_START and ear.count > 0):
        _give_up(ear)
    ear.phase = (ear.phase + n % TURN) % TURN


# ---- sender ----

cdef int fsk_tx_samples(int count, int seizure, int mark) noexcept nogil:
    return <int>((seizure + mark + 10 * count + 10) * BIT + 0.5)


cdef int fsk_tx(const uint8_t *bytes_, int count, int standard, int seizure, int mark, float peak,
                int16_t *out, int room) noexcept nogil:
    cdef int total = fsk_tx_samples(count, seizure, mark)
    cdef int i, bit, place, level
    cdef double phase = 0.0, edge, value
    for i in range(min(total, room)):
        bit = <int>((i + 0.5) / BIT)
        if bit < seizure:
            level = bit & 1             # begins with a space
        elif bit < seizure + mark or bit >= seizure + mark + 10 * count:
            level = 1
        else:
            bit -= seizure + mark
            place = bit % 10            # start, eight bits from the lowest, stop
            level = 0 if place == 0 else 1 if place == 9 else (bytes_[bit // 10] >> (place - 1)) & 1
        value = peak * sin(phase)
        phase += 2.0 * M_PI * HZ[standard][0 if level else 1] / RATE
        if phase >= 2.0 * M_PI:
            phase -= 2.0 * M_PI
        edge = min(i, total - 1 - i) + 0.5
        if edge < RAMP:
            value *= 0.5 - 0.5 * cos(M_PI * edge / RAMP)
        out[i] = <int16_t>(value + 0.5 if value >= 0.0 else value - 0.5)
    return min(total, room)
