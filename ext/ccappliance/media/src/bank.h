/* The bank: what its kernels take and give, and the levels of the machine they are compiled for.

   A hop is 40 samples (5 ms). Of each hop the kernels make, for up to 32 frequencies (lanes), the sum of the samples times
   a turning pointer about the hop's centre, and the energy. All of it is integer arithmetic without rounding that depends
   on order, so every level gives the same bits, and decisions cannot differ between machines. */
#ifndef CC_BANK_H
#define CC_BANK_H
#include <stdint.h>

enum {
    BANK_HOP = 40,
    BANK_HALF = 20,       /* a hop is folded about its centre: sums meet cosines, differences meet sines */
    BANK_GROUP = 8,       /* lanes of a group: one AVX2 register of int32 */
    BANK_GROUPS = 4,
    BANK_LANES = 32,
    BANK_BATCH = 4,       /* hops of a frame: done together, so that a table row is loaded once for all four */
    BANK_RING = 12,       /* hops that are kept: eight of the past and a frame's four */
    BANK_RECENT = 5,      /* hops whose powers are added up: 25 ms, a window of the ear for DTMF */
    BANK_PAST = 320,      /* samples that are kept before those that came last */
    BANK_SAMPLES = 680,   /* ... and a hop begun, and two frames: they are moved down once in 40 ms */
    BANK_SHIFT = 2,       /* of the samples, so that a folded pair and the energy of a hop fit; A-law loses nothing */
    BANK_PEAK = 6400,     /* of the tables: 20 pairs x 2 x 8192 x 6400 < 2^31 */
    BANK_QUIET = 650      /* energy of a hop, >> BANK_SHIFT squared, of a sine at -60 dBm0: below, sums count as zero */
};

typedef struct {
    int16_t cos_[BANK_GROUPS][BANK_HALF / 2][2 * BANK_GROUP];   /* two neighbouring samples of each lane side by side */
    int16_t sin_[BANK_GROUPS][BANK_HALF / 2][2 * BANK_GROUP];
    double hz[BANK_LANES];
    int lanes;
} bank_table_t;

typedef struct {
    float re[BANK_LANES], im[BANK_LANES];
    float energy;
} bank_hop_t;

/* The power of a lane in a hop; not kept, for it would be a third of the bank's memory. */
static inline float hop_power(const bank_hop_t *hop, int lane)
{
    return hop->re[lane] * hop->re[lane] + hop->im[lane] * hop->im[lane];
}

typedef struct {                    /* of the last BANK_RECENT hops together, whatever their phases */
    float power[BANK_LANES];
    float energy;
} bank_recent_t;

typedef struct {
    const bank_table_t *table;
    int groups;                     /* bit k: the lanes of group k are wanted */
    int end;                        /* of the whole hops in x ... */
    int fill;                       /* ... and the samples of the hop begun behind it */
    int fresh;                      /* hops that were summed and not yet looked at */
    int now;                        /* the hop that is looked at */
    int place;                      /* and its place in `recent` */
    int quiet;                      /* hops in a row that were, up to the last one summed, at most BANK_RING */
    int summed;                     /* `groups` when that was counted */
    int16_t x[BANK_SAMPLES];
    bank_hop_t ring[BANK_RING];
    bank_recent_t recent[BANK_BATCH];   /* of the hops that came together */
} bank_t;

typedef struct {
    const char *name;
    /* sums, powers and energies of the 1-4 hops that lie at bank->end, into the ring and `recent` */
    void (*analyse)(bank_t *bank, int hops);
    /* of the eight lanes of DTMF: powers of the last BANK_RECENT hops together, each turned by a pointer of its own */
    void (*coherent)(const bank_t *bank, float place_re[BANK_RECENT][8], float place_im[BANK_RECENT][8], float *power);
    void (*alaw_decode)(const uint8_t *code, int16_t *linear, int n);
    void (*alaw_encode)(const int16_t *linear, uint8_t *code, int n);
} kernels_t;

enum { LEVEL_PLAIN, LEVEL_BASE, LEVEL_V3, LEVELS };
extern const kernels_t kernels_plain, kernels_base, kernels_v3;

/* The hop so many ago (0: the one that is looked at, at most 7), and the n samples up to the end of it. */
static inline const bank_hop_t *bank_hop(const bank_t *bank, int ago)
{
    int at = bank->now - ago;
    return &bank->ring[at < 0 ? at + BANK_RING : at];
}

/* Powers and energy of the BANK_RECENT hops up to the one that is looked at. */
static inline const bank_recent_t *bank_recent(const bank_t *bank)
{
    return &bank->recent[bank->place];
}

static inline const int16_t *bank_last(const bank_t *bank, int n, int ago)
{
    return &bank->x[bank->end - ago * BANK_HOP - n];
}

/* Is this level compiled in, and can this machine run it? */
int level_runs(int level);
const kernels_t *level_kernels(int level);
#endif
