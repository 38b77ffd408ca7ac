# The bank: sums at up to 32 frequencies and the energy of every 5 ms, from which DTMF, progress, SIT and fax are heard.
from libc.stdint cimport int16_t, uint8_t

cdef extern from "src/bank.h" nogil:
    enum: BANK_HOP, BANK_HALF, BANK_GROUP, BANK_GROUPS, BANK_LANES, BANK_BATCH, BANK_RING, BANK_RECENT, BANK_PAST
    enum: BANK_SAMPLES, BANK_PEAK
    enum: LEVEL_PLAIN, LEVEL_BASE, LEVEL_V3, LEVELS
    ctypedef struct bank_table_t:
        int16_t cos_[4][10][16]
        int16_t sin_[4][10][16]
        double hz[32]
        int lanes
    ctypedef struct bank_hop_t:
        float re[32]
        float im[32]
        float energy
    ctypedef struct bank_recent_t:
        float power[32]
        float energy
    ctypedef struct bank_t:
        const bank_table_t *table
        int groups
        int end
        int fill
        int fresh
        int now
        int place
        int16_t x[680]
        bank_hop_t ring[12]
        bank_recent_t recent[4]
    ctypedef struct kernels_t:
        const char *name
        void analyse(bank_t *bank, int hops) noexcept nogil
        void coherent(const bank_t *bank, float (*place_re)[8], float (*place_im)[8], float *power) noexcept nogil
        void alaw_decode(const uint8_t *code, int16_t *linear, int n) noexcept nogil
        void alaw_encode(const int16_t *linear, uint8_t *code, int n) noexcept nogil
    float hop_power(const bank_hop_t *hop, int lane)
    const bank_hop_t *bank_hop(const bank_t *bank, int ago)                 # 0: the one looked at ... 7
    const bank_recent_t *bank_recent(const bank_t *bank)                    # the last BANK_RECENT hops together
    const int16_t *bank_last(const bank_t *bank, int n, int ago)            # n samples up to so many hops ago
    int level_runs(int level)
    const kernels_t *level_kernels(int level)

cdef enum:                      # lanes that every table has
    LANE_DTMF = 0               # eight: rows, then columns
    LANE_SIT = 8                # 950, 1400, 1800
    LANE_CNG = 11               # 1100
    LANE_CED = 12               # 2100
    LANE_DIAL = 13              # 425: dial tone is near it, wherever
    LANE_ZONE = 14              # those of the zone's tones from here
    GROUP_DTMF = 3              # bits of bank_t.groups
    GROUP_ALL = 15

cdef const kernels_t *kernels() noexcept nogil                      # of the level chosen for this machine
cdef void table_init(bank_table_t *table) noexcept nogil
cdef int table_lane(bank_table_t *table, double hz) noexcept nogil  # the lane of hz, which is added if new; -1: full
cdef const bank_table_t *table_common() noexcept nogil              # one without a zone

cdef void bank_init(bank_t *bank, const bank_table_t *table) noexcept nogil     # the table outlives the bank
cdef int bank_feed(bank_t *bank, const int16_t *x, int n) noexcept nogil        # samples taken: call until all are
cdef bint bank_next(bank_t *bank) noexcept nogil            # go on to the next hop fed; False: there is none
cdef void bank_fillin(bank_t *bank, int n) noexcept nogil   # n samples were lost
