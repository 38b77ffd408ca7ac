# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The bank: one pass over the samples for all ears that listen for tones.
#
# Data sheet
#   does      every 40 samples (5 ms): the complex sum at each of up to 32 frequencies, about the centre of the hop, and the
#             energy; keeps the last eight hops and 320 samples for ears that look closer. A window of any number of hops is
#             a rotated sum of theirs, so no ear has a filter, a recurrence or a window of its own.
#   lanes     0-7 DTMF, 8-10 SIT (950, 1400, 1800), 11-12 fax (1100, 2100), 13 dial tone (425), 14-31 the zone's; computed in groups of eight
#             (the lanes side by side in one register), only those groups that an open ear wants
#   how       the hop is folded about its centre (sums meet cosines, differences sines), which halves the products; int16
#             times int16 into int32, never rounded, so that every level gives the same bits. Levels: plain C, the machine's
#             base (SSE2), x86-64-v3 (AVX2); the best that this machine has is chosen once, at import.
#   exact     to -75 dB of the energy (tables of 13 bits); what an ear is told of sums is the same on every machine
#   silence   a hop below -60 dBm0 counts as silence: its sums are zero and are not computed
#   cost      16 lanes with powers and energy, in instructions a sample (callgrind): 8 with AVX2, 17 with SSE2
#   room      6.7 KB a channel
from libc.math cimport M_PI, cos, lrint, sin
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memmove, memset

DEF RATE = 8000.0

cdef const kernels_t *CHOSEN = level_kernels(LEVEL_V3 if level_runs(LEVEL_V3) else LEVEL_BASE)
cdef bank_table_t COMMON
cdef double HZ[14]
HZ[:] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0, 950.0, 1400.0, 1800.0, 1100.0, 2100.0, 425.0]


cdef const kernels_t *kernels() noexcept nogil:
    return CHOSEN


cdef const bank_table_t *table_common() noexcept nogil:
    return &COMMON


cdef int table_lane(bank_table_t *table, double hz) noexcept nogil:
    # Frequencies of DTMF and signals keep lanes of their own: an ear of the zone knows its lanes by number.
    cdef int k, i, group, place
    cdef double turn = 2.0 * M_PI * hz / RATE
    for k in range(LANE_ZONE, table.lanes):
        if table.hz[k] == hz:
            return k
    if table.lanes == BANK_LANES:
        return -1
    k = table.lanes
    group = k // BANK_GROUP
    for i in range(BANK_HALF):
        place = 2 * (k % BANK_GROUP) + i % 2
        table.cos_[group][i // 2][place] = <int16_t>lrint(BANK_PEAK * cos(turn * (i + 0.5)))
        table.sin_[group][i // 2][place] = <int16_t>lrint(BANK_PEAK * sin(turn * (i + 0.5)))
    table.hz[k] = hz
    table.lanes += 1
    return k


cdef void table_init(bank_table_t *table) noexcept nogil:
    cdef int k
    memset(table, 0, sizeof(bank_table_t))
    for k in range(LANE_ZONE):
        table_lane(table, HZ[k])


table_init(&COMMON)


cdef void bank_init(bank_t *bank, const bank_table_t *table) noexcept nogil:
    memset(bank, 0, sizeof(bank_t))
    bank.table = table
    bank.groups = GROUP_ALL
    bank.end = BANK_PAST        # before the first sample there was silence


cdef int bank_feed(bank_t *bank, const int16_t *x, int n) noexcept nogil:
    # Takes up to a frame; its whole hops wait for bank_next. Whole hops are summed together, whatever the chunks were.
    cdef int taken = min(n, BANK_BATCH * BANK_HOP)
    cdef int hops, keep
    if bank.end + bank.fill + taken > BANK_SAMPLES:
        keep = BANK_PAST + bank.fill
        memmove(bank.x, &bank.x[bank.end - BANK_PAST], keep * sizeof(int16_t))
        bank.end = BANK_PAST
    memcpy(&bank.x[bank.end + bank.fill], x, taken * sizeof(int16_t))
    bank.fill += taken
    hops = bank.fill // BANK_HOP
    if hops:
        CHOSEN.analyse(bank, hops)
        bank.fill -= hops * BANK_HOP
    bank.fresh = hops
    bank.place = -1
    return taken


cdef bint bank_next(bank_t *bank) noexcept nogil:
    if bank.fresh == 0:
        return False
    bank.fresh -= 1
    bank.end += BANK_HOP
    bank.now = bank.now + 1 if bank.now + 1 < BANK_RING else 0
    bank.place += 1
    return True


cdef void bank_fillin(bank_t *bank, int n) noexcept nogil:
    if n > 0:
        bank.fill = 0           # the hop begun is thrown away; what sounded before stands next to what comes


# ---- for tests and tools ----

def level():
    """The name of the level that was chosen."""
    return CHOSEN.name.decode("ascii")


def levels():
    """Names of the levels that this machine can run, the plainest first."""
    return [level_kernels(k).name.decode("ascii") for k in range(LEVELS) if level_runs(k)]


def use(str name not None):
    """Take another level, from the next hop on. For tests: nobody else has a reason."""
    global CHOSEN
    for k in range(LEVELS):
        if level_runs(k) and level_kernels(k).name.decode("ascii") == name:
            CHOSEN = level_kernels(k)
            return
    raise ValueError("no level %r on this machine; there are %s" % (name, ", ".join(levels())))


FREQUENCIES = [HZ[k] for k in range(LANE_ZONE)]     # that every bank has; those asked for come after them


def sums(bytes pcm not None, hz):
    """Of each whole hop of PCM: its energy, and the complex sums at FREQUENCIES and at `hz` (new ones, at most 18)."""
    cdef bank_table_t table
    cdef bank_t bank
    cdef int at = 0, k, n = <int>(len(pcm) // 2)
    table_init(&table)
    for one in hz:
        if table_lane(&table, one) < 0:
            raise ValueError("a bank has at most %d frequencies" % BANK_LANES)
    bank_init(&bank, &table)
    made = []
    while at < n:
        at += bank_feed(&bank, <const int16_t *><const char *>pcm + at, n - at)
        while bank_next(&bank):
            hop = bank_hop(&bank, 0)
            made.append((hop.energy, [complex(hop.re[k], hop.im[k]) for k in range(table.lanes)]))
    return made
