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
    BANK_PAST = 320,      /* samples that are kept before those that came last */
    BANK_SAMPLES = 520,   /* ... and a hop begun, and a frame */
    BANK_SHIFT = 2,       /* of the samples, so that a folded pair and the energy of a hop fit; A-law loses nothing */
    BANK_PEAK = 6400      /* of the tables: 20 pairs x 2 x 8192 x 6400 < 2^31 */
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

typedef struct {
    const bank_table_t *table;
    int groups;                     /* bit k: the lanes of group k are wanted */
    int end;                        /* of the whole hops in x ... */
    int fill;                       /* ... and the samples of the hop begun behind it */
    int fresh;                      /* hops that were summed and not yet looked at */
    int now;                        /* the hop that is looked at */
    int16_t x[BANK_SAMPLES];
    bank_hop_t ring[BANK_RING];
} bank_t;

typedef struct {
    const char *name;
    /* energies of `hops` (1-4) hops of x, in units of (1 << BANK_SHIFT) squared */
    void (*energies)(const int16_t *x, int hops, uint32_t *energy);
    /* sums of `hops` (1-4) hops of x at the lanes of one group */
    void (*sums)(const bank_table_t *table, int group, const int16_t *x, int hops,
                 int32_t re[BANK_BATCH][BANK_GROUP], int32_t im[BANK_BATCH][BANK_GROUP]);
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

static inline const int16_t *bank_last(const bank_t *bank, int n, int ago)
{
    return &bank->x[bank->end - ago * BANK_HOP - n];
}

/* Is this level compiled in, and can this machine run it? */
int level_runs(int level);
const kernels_t *level_kernels(int level);
#endif
