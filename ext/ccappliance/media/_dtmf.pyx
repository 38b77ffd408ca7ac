# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear for DTMF (Q.23, Q.24).
#
# Data sheet
#   does      tells each digit 0-9 * # A-D once, as soon as it is certain
#   how       every 5 ms, from the bank: do two tones (and dial tone) hold enough of the last 25 ms? Only where four such
#             windows in a row may hold one digit, and the hops by themselves let two steady sines of these frequencies be
#             there (a glance), are they looked at: least squares of two sines of free frequency to the samples of 24 ms, the
#             frequency by the turn of phase between its halves; where they explain too little, a third sine (330-500 Hz:
#             dial tone) may join. Four looks must agree in digit and frequency; the less they explain, the truer the
#             frequencies must be, and what they leave must be the noise that was there before. Something must have begun
#             with the digit, or else the tones must be all there is: a voice glides into its harmonics, an exchange's or a
#             telephone's digit begins. A digit that is on is followed by the power in each hop; six hops without it end it.
#   level     heard +3...-42 dBm0 per tone, silent below -45
#   twist     low group 8 dB stronger to high group 4 dB stronger is heard
#   frequency +-2.0 % heard, +-2.8 % refused
#   length    >= 32 ms always (99.9 % of phases), <= 23 ms never; told after at most 45 ms
#   edges     begin and end of a digit to 5 ms (3 without noise), told with it, and when it is over; `dtmf_mute` is true as
#             soon as there seems to be one: 20 ms of it leak at most (asked: 30), and 0.3 % of speech is muted
#   pause     >= 36 ms separates, <= 20 ms does not
#   noise     99.5 % of 40 ms at 8 dB signal to noise
#   dial tone one sine of 400-450 Hz up to 6 dB stronger than each DTMF tone; two-frequency dial tone (350+440) up to
#             8 dB below each
#   talk-off  0 in the speech of tests/dsp; made to deceive, beside libspandsp in the same run: vowels to 0.4 s a sixth,
#             vowels to 1 s a tenth to a third by the seed, gliding chords a fortieth
#   cost      0.1 ns a sample; of loud speech one hop in 140 is looked at, a look takes 0.5 us (1.5 with a dial tone)
#   limits    a digit that begins without a pause in sound as loud as itself, and goes on beneath it, is not heard; a vowel
#             whose two formants are narrower than any throat's may pass for a digit where its pitch stands still
#   room      0.9 KB beside the bank; one digit a hop at most, a digit needs four looks of its own
from libc.math cimport M_PI, cos, fabs, fmax, fmin, sin, sqrt
from libc.stdint cimport int16_t, int64_t
from libc.string cimport memmove, memset

from ccappliance.media._bank cimport (GROUP_DTMF, LANE_DIAL, bank_feed, bank_fillin, bank_hop, bank_hop_t, bank_init,
                                      bank_last, bank_next, bank_recent, bank_recent_t, bank_t, hop_power, kernels,
                                      table_common)
from ccappliance.media._glance cimport glance
from ccappliance.media._sines cimport SINES_WINDOW, half_t, sines_fit, sines_halves, sines_refine

DEF RATE = 8000.0
DEF HOP = 40
DEF FLOOR = 21600.0         # amplitude squared of a sine at -44 dBm0
DEF CANDIDATE = 0.50        # share of energy in best row + best column worth a look ...
DEF CANDIDATE_OVER_DIAL = 0.25   # ... or with what is near dial tone; one of +6 dB leaves them 0.33
DEF CANDIDATE_TWIST_LOW = 30.0
DEF CANDIDATE_TWIST_HIGH = 12.0
DEF EXPLAINED = 0.70        # share that two sines must explain in every look ...
DEF EXPLAINED_OVER_DIAL = 0.88   # ... and together with a dial tone
DEF ASTRAY = 0.024          # largest deviation of frequency: between Q.24's 1.8 % and 2.8 %
DEF FAR = 0.032             # so far off after the first round it will not come back
DEF HOPELESS = 0.30         # share explained by sines that may be 2.4 % off, at the digit's edge: 0.32
DEF ASTRAY_OVER_DIAL = 0.021
DEF TWIST_LOW = 8.9         # row stronger by 9.5 dB (as power)
DEF TWIST_HIGH = 3.55       # column stronger by 5.5 dB
DEF DIAL = 425.0            # where dial tone is looked for ...
DEF DIAL_LOW = 330.0        # ... and found
DEF DIAL_HIGH = 500.0
DEF DIAL_MOST = 8.0         # its power relative to the stronger tone: 9 dB ...
DEF DIAL_FAINT = 0.05       # ... and -13 dB: below, it is only noise that is fitted
DEF STEADY = 1.2            # Hz between the looks of a digit ...
DEF STEADY_IN_NOISE = 28.0  # ... and more for what the tones do not explain: noise moves what is measured
DEF PURE_OVER_DIAL = 0.97   # share in the second best look: three sines fit much that is no digit
DEF DIAL_LEAST = 0.5        # of the energy that two tones leave unexplained; a third is not looked for without it
DEF CLEAN = 0.93            # share explained above which nothing is asked of the rest
DEF REST = 2.5              # times the noise before the digit: what the tones leave may be so much
DEF JUST = 12               # hops before the digit, 60 ms, that tell whether it has begun
DEF ONSET = 0.22            # of its energy: if there was more throughout the time before, nothing has begun ...
DEF PURE_WITHOUT = 0.985    # ... and then the tones must be all there is, as when a key mutes the microphone
DEF SUDDEN = 2.5            # times what was there in the last 80 ms, as REST
DEF LOUD = 1.26e9           # amplitude squared of a sine at +1.9 dBm0: two of them are clipped, and explain less
DEF MAYBE = 3               # windows in a row that may hold the digit, and a glance: reason to mute
DEF MISSES = 6              # hops without it end a digit: 36 ms of pause spoil at least 6, 20 ms at most 5
DEF STILL = 0.25            # of its power in a hop: the digit goes on ...
DEF FAINT = 0.02            # ... or so little, if the hop holds nothing else
DEF PURE = 0.7

cdef double HZ[8]
HZ[:] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0]
cdef const char *DIGITS = "123A456B789C*0#D"
cdef float PLACE_RE[DTMF_HOPS][8]   # turn the sums of the last hops to the same phase, and taper them
cdef float PLACE_IM[DTMF_HOPS][8]


cdef void _fill_tables() noexcept nogil:
    cdef double taper, turn
    cdef int h, k
    for h in range(DTMF_HOPS):
        taper = 0.5 - 0.5 * cos(2.0 * M_PI * (h + 1) / (DTMF_HOPS + 1))
        for k in range(8):
            turn = 2.0 * M_PI * HZ[k] / RATE * HOP * h
            PLACE_RE[h][k] = <float>(taper * cos(turn))
            PLACE_IM[h][k] = <float>(taper * sin(turn))


_fill_tables()


# ---- a look at 24 ms ----

cdef bint _astray(double turn, int lane, double limit) noexcept nogil:
    return fabs(turn * RATE / (2.0 * M_PI) - HZ[lane]) > limit * HZ[lane]


cdef double _fit_pair(const int16_t *x, double *turn, int row, int column, double energy, double *power) noexcept nogil:
    # As sines_fit, two rounds; but 0 where after the first it is clear that nothing will come of it, as mostly in speech.
    cdef half_t first, second
    sines_halves(x, turn, 2, &first, &second)
    if sines_refine(&first, &second, turn, 2) < HOPELESS * energy:
        return 0.0
    if _astray(turn[0], row, FAR) or _astray(turn[1], column, FAR):
        return 0.0
    return sines_fit(x, turn, 2, 1, power)


cdef double _near_dial(const bank_t *bank, int ago) noexcept nogil:
    # about the energy near dial tone in the window
    cdef const bank_hop_t *hop
    cdef double power = 0.0
    cdef int k
    for k in range(DTMF_HOPS):
        hop = bank_hop(bank, ago + k)
        power += hop_power(hop, LANE_DIAL)
    return power / (HOP / 2)


cdef bint _look(const bank_t *bank, int row, int column, int ago, dtmf_look_t *look) noexcept nogil:
    # does this digit sound throughout the window that ended so many hops ago?
    cdef const int16_t *x = bank_last(bank, SINES_WINDOW, ago)
    cdef double turn[3]
    cdef double power[3]
    cdef double with_dial[3]
    cdef double three[3]
    cdef double energy = 0.0, limit = ASTRAY, explained, hz
    cdef int i
    for i in range(SINES_WINDOW):
        energy += <double>(<int>x[i] * x[i])
    turn[0] = with_dial[0] = 2.0 * M_PI * HZ[row] / RATE
    turn[1] = with_dial[1] = 2.0 * M_PI * HZ[column] / RATE
    with_dial[2] = 2.0 * M_PI * DIAL / RATE
    if energy <= 0.0:
        return False
    look.explained = _fit_pair(x, turn, row, column, energy, power) / energy
    look.over_dial = 0
    if look.explained < CLEAN and _near_dial(bank, ago) > DIAL_LEAST * (EXPLAINED_OVER_DIAL - look.explained) * energy:
        explained = sines_fit(x, with_dial, 3, 3, three) / energy
        hz = with_dial[2] * RATE / (2.0 * M_PI)
        if explained >= EXPLAINED_OVER_DIAL and DIAL_LOW <= hz <= DIAL_HIGH \
                and DIAL_FAINT * fmax(three[0], three[1]) <= three[2] <= DIAL_MOST * fmax(three[0], three[1]):
            look.explained = explained
            look.over_dial = 1
            limit = ASTRAY_OVER_DIAL
            turn[0] = with_dial[0]
            turn[1] = with_dial[1]
            power[0] = three[0]
            power[1] = three[1]
    if look.explained < EXPLAINED:
        return False
    if _astray(turn[0], row, limit) or _astray(turn[1], column, limit):
        return False
    if power[0] < FLOOR or power[1] < FLOOR:
        return False
    if power[0] > TWIST_LOW * power[1] or power[1] > TWIST_HIGH * power[0]:
        return False
    look.row_hz = turn[0] * RATE / (2.0 * M_PI)
    look.column_hz = turn[1] * RATE / (2.0 * M_PI)
    look.row = power[0]
    look.column = power[1]
    return True


# ---- the decision ----

cdef int _candidate(const dtmf_ear_t *ear, const bank_t *bank) noexcept nogil:
    # the digit that the last 25 ms may hold: its two tones have a share of the energy; -1: none
    cdef const bank_recent_t *recent = bank_recent(bank)
    cdef const float *power = recent.power
    cdef float energy = recent.energy
    cdef float row, column
    if ear.warm < DTMF_HOPS or energy < FLOOR * HOP * DTMF_HOPS / 4:    # not even one tone's energy, in half of the window
        return -1
    row = max(max(power[0], power[1]), max(power[2], power[3]))
    column = max(max(power[4], power[5]), max(power[6], power[7]))
    # a sine of amplitude A: (HOP A / 2)^2 in a hop's power, HOP A^2 / 2 in its energy
    energy *= HOP / 2
    if row + column < CANDIDATE_OVER_DIAL * energy or row + column + power[LANE_DIAL] < CANDIDATE * energy:
        return -1
    if row > CANDIDATE_TWIST_LOW * column or column > CANDIDATE_TWIST_HIGH * row:
        return -1
    return _strongest(bank)


cdef int _strongest(const bank_t *bank) noexcept nogil:
    # Which of four and four? One hop cannot tell neighbours apart, but five of them can, at the same phase and tapered.
    cdef float power[8]
    cdef int k, row = 0, column = 4
    kernels().coherent(bank, PLACE_RE, PLACE_IM, power)
    for k in range(1, 4):
        row = k if power[k] > power[row] else row
        column = 4 + k if power[4 + k] > power[column] else column
    return row * 4 + column - 4


cdef void _goes_on(dtmf_ear_t *ear, const float *power, float energy) noexcept nogil:
    # does the digit that is on sound in this hop?
    cdef float row = power[ear.on // 4], column = power[4 + ear.on % 4]
    cdef float least = STILL
    if row + column > PURE * (HOP / 2) * energy:
        least = FAINT           # it has become fainter, perhaps; a pause would hold something else
    if row >= least * ear.row and column >= least * ear.column:
        ear.misses = 0
        ear.ended = ear.clock
        return
    if ear.misses == 0:
        ear.ended += _part_of_hop(ear, power)
    ear.misses += 1
    if ear.misses >= MISSES:
        ear.on = -1
        ear.run = 0
        ear.looked = 0


# ---- from when to when ----

cdef int _part_of_hop(const dtmf_ear_t *ear, const float *power) noexcept nogil:
    # samples of this hop, at an edge of the digit, that it fills: sums grow with their number
    cdef float share = min(power[ear.on // 4] / ear.row, power[4 + ear.on % 4] / ear.column)
    return <int>(HOP * sqrt(share)) if share < 1.0 else HOP


cdef bint _sounds_in(const dtmf_ear_t *ear, int ago) noexcept nogil:
    cdef const float *power = ear.trail[(ear.trail_at + ago) % DTMF_TRAIL]
    return power[ear.on // 4] >= STILL * ear.row and power[4 + ear.on % 4] >= STILL * ear.column


cdef void _began(dtmf_ear_t *ear) noexcept nogil:
    # Looks back along the trail to the first hop of the digit that is now certain (a short one may be over already).
    cdef int64_t before = ear.ended         # of the digit before: there is no sample of two
    cdef int last = 0, first
    while last < DTMF_LOOKS and not _sounds_in(ear, last):
        last += 1
    first = last
    while first < DTMF_TRAIL and _sounds_in(ear, first):
        first += 1
    ear.ended = ear.clock - last * HOP
    ear.began = ear.clock - first * HOP
    if first < DTMF_TRAIL:
        ear.began -= _part_of_hop(ear, ear.trail[(ear.trail_at + first) % DTMF_TRAIL])
    ear.began = max(ear.began, before)


cdef bint dtmf_mute(const dtmf_ear_t *ear) noexcept nogil:
    return ear.maybe or (ear.on >= 0 and ear.misses < 2)


cdef float _before(const dtmf_ear_t *ear, int hops, int rank) noexcept nogil:
    # the energy that so many of the hops before the digit did not reach, of at most `hops` in hundredths; 0: nothing known
    cdef float before[DTMF_PAST]
    cdef float value
    cdef int count = min(hops, ear.known - DTMF_LOOKS - 6)
    cdef int k, i
    if count <= 0:
        return 0.0
    for k in range(count):
        value = ear.past[(ear.at + 2 * DTMF_PAST - 1 - DTMF_LOOKS - 6 - k) % DTMF_PAST]
        i = k
        while i > 0 and before[i - 1] > value:
            before[i] = before[i - 1]
            i -= 1
        before[i] = value
    return before[count * rank // 100]


cdef bint _steady(const double *hz, double least) noexcept nogil:
    # the same frequency in all looks, as nearly as the noise lets it be measured
    cdef double low = hz[0], high = hz[0]
    cdef int k
    for k in range(DTMF_LOOKS):
        low = fmin(low, hz[k])
        high = fmax(high, hz[k])
    return high - low < STEADY + STEADY_IN_NOISE * (1.0 - least)


cdef double _median_astray(const double *hz, double nominal) noexcept nogil:
    cdef double low = fmin(fmin(hz[0], hz[1]), fmin(hz[2], hz[3]))
    cdef double high = fmax(fmax(hz[0], hz[1]), fmax(hz[2], hz[3]))
    return fabs((hz[0] + hz[1] + hz[2] + hz[3] - low - high) / 2.0 / nominal - 1.0)


cdef bint _certain(const dtmf_ear_t *ear) noexcept nogil:
    # Four looks agree. The less the tones explain, the truer they must be, and the rest must be what was there before.
    cdef double row_hz[DTMF_LOOKS]
    cdef double column_hz[DTMF_LOOKS]
    cdef double least = 1.0, most = 0.0, second = 0.0, share, row, column
    cdef float now = 0.0
    cdef int k, over_dial = 0
    for k in range(DTMF_LOOKS):
        row_hz[k] = ear.looks[k].row_hz
        column_hz[k] = ear.looks[k].column_hz
        share = ear.looks[k].explained
        over_dial += ear.looks[k].over_dial
        least = fmin(least, share)
        if share > most:
            second = most
            most = share
        elif share > second:
            second = share
    if not _steady(row_hz, least) or not _steady(column_hz, least):
        return False
    row = _median_astray(row_hz, HZ[ear.digit // 4])
    column = _median_astray(column_hz, HZ[4 + ear.digit % 4])
    share = fmax(row, column)
    if second < 0.95 and not (second >= 0.80 and share < 0.010) and not (second >= 0.90 and share < 0.016):
        return False
    for k in range(6):
        now += ear.past[(ear.at + DTMF_PAST - 1 - k) % DTMF_PAST] / 6
    if not over_dial and ear.known >= DTMF_LOOKS + 6 + JUST and _before(ear, JUST, 25) > ONSET * now \
            and second < PURE_WITHOUT:
        return False
    if second >= (PURE_OVER_DIAL if over_dial else CLEAN) or ear.looks[0].row > LOUD or ear.looks[0].column > LOUD:
        return True
    if ear.known >= DTMF_LOOKS + 6 + JUST and (1.0 - second) * now > SUDDEN * _before(ear, JUST + 4, 50) + HOP:
        return False
    return (1.0 - second) * now <= REST * _before(ear, DTMF_PAST, 25) + HOP


cdef bint _looks_agree(dtmf_ear_t *ear, const bank_t *bank) noexcept nogil:
    # Looks are dear, so they are taken only when four windows in a row may hold the digit: seldom in speech. The newest is
    # the first: if it fails, whatever the others say will never count.
    cdef int row = ear.digit // 4, column = 4 + ear.digit % 4
    cdef int k
    for k in range(DTMF_LOOKS):
        if k >= ear.looked or k == 0:
            if not _look(bank, row, column, k, &ear.looks[k]):
                ear.run = k
                ear.looked = 0
                return False
    ear.looked = DTMF_LOOKS
    return True


cdef int dtmf_hop(dtmf_ear_t *ear, const bank_t *bank) noexcept nogil:
    cdef const bank_hop_t *hop = bank_hop(bank, 0)
    cdef float *power
    cdef int digit, k
    ear.clock += HOP
    ear.trail_at = (ear.trail_at + DTMF_TRAIL - 1) % DTMF_TRAIL
    power = ear.trail[ear.trail_at]
    for k in range(8):
        power[k] = hop_power(hop, k)
    ear.warm = min(ear.warm + 1, DTMF_HOPS)
    ear.past[ear.at] = hop.energy
    ear.at = (ear.at + 1) % DTMF_PAST
    ear.known = min(ear.known + 1, DTMF_PAST)
    if ear.on >= 0 and ear.warm == DTMF_HOPS:   # after a loss nothing is known until the window is full again
        _goes_on(ear, power, hop.energy)
    digit = _candidate(ear, bank)
    if digit < 0 or digit != ear.digit:
        ear.run = 0
        ear.looked = 0
        ear.maybe = 0
        ear.digit = digit
        if digit < 0:
            return 0
    if ear.looked:
        memmove(&ear.looks[1], &ear.looks[0], (DTMF_LOOKS - 1) * sizeof(dtmf_look_t))
    ear.run = min(ear.run + 1, DTMF_LOOKS)
    if digit == ear.on or ear.run < MAYBE:
        return 0
    ear.maybe = glance(bank, digit)
    if not ear.maybe and ear.run == DTMF_LOOKS:
        ear.run = 0
        ear.looked = 0
    if ear.run < DTMF_LOOKS or not _looks_agree(ear, bank) or not _certain(ear):
        return 0
    ear.on = digit
    ear.misses = 0
    ear.maybe = 0
    ear.row = <float>(ear.looks[0].row * (HOP / 2) * (HOP / 2))
    ear.column = <float>(ear.looks[0].column * (HOP / 2) * (HOP / 2))
    _began(ear)
    return DIGITS[digit]


cdef void dtmf_ear_init(dtmf_ear_t *ear) noexcept nogil:
    memset(ear, 0, sizeof(dtmf_ear_t))
    ear.digit = -1
    ear.on = -1


cdef void dtmf_ear_fillin(dtmf_ear_t *ear, int n) noexcept nogil:
    # What sounded before the loss is taken to sound on: a digit cut in two by a lost frame is told once.
    if n > 0:
        ear.warm = 0
        ear.digit = -1
        ear.maybe = 0
        ear.clock += n


# ---- an ear with a bank of its own ----

cdef void dtmf_init(dtmf_t *ear) noexcept nogil:
    bank_init(&ear.bank, table_common())
    ear.bank.groups = GROUP_DTMF
    dtmf_ear_init(&ear.ear)


cdef void dtmf_reset(dtmf_t *ear) noexcept nogil:
    dtmf_init(ear)


cdef int dtmf_run(dtmf_t *ear, const int16_t *x, int n, char *digits, int room) noexcept nogil:
    cdef int digit, at = 0, told = 0
    while at < n:
        at += bank_feed(&ear.bank, x + at, n - at)
        while bank_next(&ear.bank):
            digit = dtmf_hop(&ear.ear, &ear.bank)
            if digit and told < room:
                digits[told] = <char>digit
                told += 1
    return told


cdef void dtmf_fillin(dtmf_t *ear, int n) noexcept nogil:
    if n > 0:
        ear.ear.clock += ear.bank.fill      # the hop begun is thrown away
    dtmf_ear_fillin(&ear.ear, n)
    bank_fillin(&ear.bank, n)
