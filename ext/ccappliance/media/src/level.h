/* The kernels of one level: included by one unit per level, which names it and says what the compiler may use.

   Sums are integer, and what follows them rounds lane by lane in one order: whatever instructions a level uses, its results
   are those of every other, bit by bit. */
#include <string.h>
#include "bank.h"
#if defined(__SSE2__) && !defined(LEVEL_WITHOUT_VECTORS)
#include <immintrin.h>
#endif

/* A folded hop: sums and differences of samples that lie symmetrically, pair 0 next to the centre. */
typedef struct {
    int16_t sum[BANK_HALF], difference[BANK_HALF];
} folded_t;

/* Folds a hop, and answers its energy in units of (1 << BANK_SHIFT) squared. */
#if defined(__SSE2__) && !defined(LEVEL_WITHOUT_VECTORS)

static inline __m128i reversed(__m128i x)
{
    x = _mm_shufflehi_epi16(_mm_shufflelo_epi16(x, 0x1B), 0x1B);
    return _mm_shuffle_epi32(x, 0x4E);
}

static inline uint32_t fold(const int16_t *x, folded_t *out)
{
    __m128i energy = _mm_setzero_si128();       /* of each lane at most 6 x 2 x 8192 x 8192 < 2^31 */
    for (int i = 0; i < BANK_HALF; i += 8) {
        __m128i later, earlier;
        if (i + 8 <= BANK_HALF) {
            later = _mm_srai_epi16(_mm_loadu_si128((const void *)(x + BANK_HALF + i)), BANK_SHIFT);
            earlier = _mm_srai_epi16(_mm_loadu_si128((const void *)(x + BANK_HALF - 8 - i)), BANK_SHIFT);
            earlier = reversed(earlier);
            _mm_storeu_si128((void *)(out->sum + i), _mm_add_epi16(later, earlier));
            _mm_storeu_si128((void *)(out->difference + i), _mm_sub_epi16(later, earlier));
        } else {                                /* the last four */
            later = _mm_srai_epi16(_mm_loadl_epi64((const void *)(x + BANK_HALF + i)), BANK_SHIFT);
            earlier = _mm_srai_epi16(_mm_loadl_epi64((const void *)(x + BANK_HALF - 4 - i)), BANK_SHIFT);
            earlier = _mm_shufflelo_epi16(earlier, 0x1B);
            _mm_storel_epi64((void *)(out->sum + i), _mm_add_epi16(later, earlier));
            _mm_storel_epi64((void *)(out->difference + i), _mm_sub_epi16(later, earlier));
        }
        energy = _mm_add_epi32(energy, _mm_add_epi32(_mm_madd_epi16(later, later), _mm_madd_epi16(earlier, earlier)));
    }
    energy = _mm_add_epi32(energy, _mm_shuffle_epi32(energy, 0x4E));
    energy = _mm_add_epi32(energy, _mm_shuffle_epi32(energy, 0xB1));
    return (uint32_t)_mm_cvtsi128_si32(energy);
}

#else

static uint32_t fold(const int16_t *restrict x, folded_t *restrict out)
{
    uint32_t energy = 0;
    for (int i = 0; i < BANK_HALF; i++) {
        const int16_t later = (int16_t)(x[BANK_HALF + i] >> BANK_SHIFT), earlier = (int16_t)(x[BANK_HALF - 1 - i] >> BANK_SHIFT);
        out->sum[i] = (int16_t)(later + earlier);
        out->difference[i] = (int16_t)(later - earlier);
        energy += (uint32_t)(later * later) + (uint32_t)(earlier * earlier);
    }
    return energy;
}

#endif

/* Sums of four hops at the lanes of one group, to where each wants them. */
#if defined(__AVX2__) && !defined(LEVEL_WITHOUT_VECTORS)

static inline __m256i two(const int16_t *pair)
{
    int both;
    memcpy(&both, pair, sizeof both);
    return _mm256_set1_epi32(both);
}

static inline void sums(const bank_table_t *table, int group, const folded_t *folded, float scale,
                        float *const *re, float *const *im)
{
    __m256i r0 = _mm256_setzero_si256(), r1 = r0, r2 = r0, r3 = r0, i0 = r0, i1 = r0, i2 = r0, i3 = r0;
    const __m256 up = _mm256_set1_ps(scale), down = _mm256_set1_ps(-scale);
    for (int i = 0; i < BANK_HALF / 2; i++) {
        const __m256i c = _mm256_loadu_si256((const void *)table->cos_[group][i]);
        const __m256i s = _mm256_loadu_si256((const void *)table->sin_[group][i]);
#define ADD(h) \
        r##h = _mm256_add_epi32(r##h, _mm256_madd_epi16(c, two(&folded[h].sum[2 * i]))); \
        i##h = _mm256_add_epi32(i##h, _mm256_madd_epi16(s, two(&folded[h].difference[2 * i])));
        ADD(0) ADD(1) ADD(2) ADD(3)
#undef ADD
    }
#define KEEP(h) \
    _mm256_storeu_ps(re[h], _mm256_mul_ps(up, _mm256_cvtepi32_ps(r##h))); \
    _mm256_storeu_ps(im[h], _mm256_mul_ps(down, _mm256_cvtepi32_ps(i##h)));
    KEEP(0) KEEP(1) KEEP(2) KEEP(3)
#undef KEEP
}

#elif defined(__SSE2__) && !defined(LEVEL_WITHOUT_VECTORS)

static inline __m128i two(const int16_t *pair)
{
    int both;
    memcpy(&both, pair, sizeof both);
    return _mm_set1_epi32(both);
}

static inline void sums(const bank_table_t *table, int group, const folded_t *folded, float scale,
                        float *const *re, float *const *im)
{
    const __m128 up = _mm_set1_ps(scale), down = _mm_set1_ps(-scale);
    for (int h = 0; h < BANK_BATCH; h += 2) {
        const folded_t *one = &folded[h], *other = &folded[h + 1];
        __m128i r0 = _mm_setzero_si128(), r1 = r0, r2 = r0, r3 = r0, i0 = r0, i1 = r0, i2 = r0, i3 = r0;
        for (int i = 0; i < BANK_HALF / 2; i++) {
            const __m128i *c = (const void *)table->cos_[group][i], *s = (const void *)table->sin_[group][i];
            const __m128i c0 = _mm_loadu_si128(c), c1 = _mm_loadu_si128(c + 1);
            const __m128i s0 = _mm_loadu_si128(s), s1 = _mm_loadu_si128(s + 1);
            __m128i x = two(&one->sum[2 * i]);
            r0 = _mm_add_epi32(r0, _mm_madd_epi16(c0, x));
            r1 = _mm_add_epi32(r1, _mm_madd_epi16(c1, x));
            x = two(&one->difference[2 * i]);
            i0 = _mm_add_epi32(i0, _mm_madd_epi16(s0, x));
            i1 = _mm_add_epi32(i1, _mm_madd_epi16(s1, x));
            x = two(&other->sum[2 * i]);
            r2 = _mm_add_epi32(r2, _mm_madd_epi16(c0, x));
            r3 = _mm_add_epi32(r3, _mm_madd_epi16(c1, x));
            x = two(&other->difference[2 * i]);
            i2 = _mm_add_epi32(i2, _mm_madd_epi16(s0, x));
            i3 = _mm_add_epi32(i3, _mm_madd_epi16(s1, x));
        }
#define KEEP(h, half, r, m) \
        _mm_storeu_ps(re[h] + 4 * half, _mm_mul_ps(up, _mm_cvtepi32_ps(r))); \
        _mm_storeu_ps(im[h] + 4 * half, _mm_mul_ps(down, _mm_cvtepi32_ps(m)));
        KEEP(h, 0, r0, i0) KEEP(h, 1, r1, i1) KEEP(h + 1, 0, r2, i2) KEEP(h + 1, 1, r3, i3)
#undef KEEP
    }
}

#else

static void sums(const bank_table_t *table, int group, const folded_t *folded, float scale,
                 float *const *re, float *const *im)
{
    for (int h = 0; h < BANK_BATCH; h++) {
        int32_t r[BANK_GROUP] = {0}, m[BANK_GROUP] = {0};
        for (int i = 0; i < BANK_HALF / 2; i++)
            for (int k = 0; k < BANK_GROUP; k++) {
                const int16_t *c = &table->cos_[group][i][2 * k], *s = &table->sin_[group][i][2 * k];
                r[k] += c[0] * folded[h].sum[2 * i] + c[1] * folded[h].sum[2 * i + 1];
                m[k] += s[0] * folded[h].difference[2 * i] + s[1] * folded[h].difference[2 * i + 1];
            }
        for (int k = 0; k < BANK_GROUP; k++) {
            re[h][k] = scale * (float)r[k];
            im[h][k] = -scale * (float)m[k];
        }
    }
}

#endif

/* What follows is floating point, but lane by lane and in one order (and without contraction), so it rounds alike on all. */
typedef float lanes_t __attribute__((vector_size(32), aligned(4), may_alias));
#define LANES(p) (*(lanes_t *)(p))

/* The hop so many after (before) the one that was last looked at. */
static inline bank_hop_t *ring_at(bank_t *bank, int hop)
{
    const int at = bank->now + hop;
    return &bank->ring[at < 0 ? at + BANK_RING : at >= BANK_RING ? at - BANK_RING : at];
}

static inline lanes_t powers(const bank_hop_t *hop, int at)
{
    const lanes_t re = LANES(&hop->re[at]), im = LANES(&hop->im[at]);
    return re * re + im * im;
}

/* Sums and powers of a group's lanes in each hop (`past` are the hops before), and of the last five hops together. */
static inline void group_of(bank_t *bank, int group, int hops, const folded_t *folded, bank_hop_t *const *hop,
                            bank_hop_t *const *past, const uint32_t *energy, int loud)
{
    const int at = group * BANK_GROUP;
    float *re[BANK_BATCH], *im[BANK_BATCH], spare[BANK_GROUP];
    lanes_t four = powers(past[0], at), three = powers(past[1], at);
    lanes_t two_ago = powers(past[2], at), one_ago = powers(past[3], at);
    for (int h = 0; h < BANK_BATCH; h++) {
        re[h] = h < hops ? &hop[h]->re[at] : spare;
        im[h] = h < hops ? &hop[h]->im[at] : spare;
    }
    if (loud)
        sums(bank->table, group, folded, (float)(1 << BANK_SHIFT) / BANK_PEAK, re, im);
    for (int h = 0; h < hops; h++) {
        lanes_t power;
        if (energy[h] < BANK_QUIET)
            LANES(re[h]) = LANES(im[h]) = (lanes_t){0};
        power = powers(hop[h], at);
        LANES(&bank->recent[h].power[at]) = four + three + two_ago + one_ago + power;
        four = three;
        three = two_ago;
        two_ago = one_ago;
        one_ago = power;
    }
}

static void analyse(bank_t *bank, int hops)
{
    const int16_t *x = &bank->x[bank->end];
    folded_t folded[BANK_BATCH];
    bank_hop_t *every[BANK_RECENT - 1 + BANK_BATCH], *const *hop = every + BANK_RECENT - 1;
    uint32_t energy[BANK_BATCH];
    int loud = 0, still;
    if (bank->groups != bank->summed) {         /* lanes that were not summed so far hold anything */
        bank->summed = bank->groups;
        bank->quiet = 0;
    }
    still = bank->quiet == BANK_RING;           /* sums and powers are zero in all the ring */
    for (int h = 0; h < BANK_RECENT - 1 + hops; h++)
        every[h] = ring_at(bank, h + 2 - BANK_RECENT);
    for (int h = 0; h < BANK_BATCH; h++) {      /* (of a batch that is not full, the first hop again) */
        const uint32_t now = fold(x + (h < hops ? h : 0) * BANK_HOP, &folded[h]);
        if (h >= hops)
            continue;
        energy[h] = now;
        hop[h]->energy = (float)now * (1 << 2 * BANK_SHIFT);
        bank->recent[h].energy = every[h]->energy + every[h + 1]->energy + every[h + 2]->energy + every[h + 3]->energy
            + hop[h]->energy;
        if (now >= BANK_QUIET)
            loud = 1, bank->quiet = 0;
        else if (bank->quiet < BANK_RING)
            bank->quiet++;
    }
    if (still && !loud) {
        for (int h = 0; h < hops; h++)
            memset(bank->recent[h].power, 0, sizeof bank->recent[h].power);
        return;
    }
    for (int group = 0; group < BANK_GROUPS; group++)
        if (bank->groups >> group & 1 && group * BANK_GROUP < bank->table->lanes)
            group_of(bank, group, hops, folded, hop, every, energy, loud);
}

static void coherent(const bank_t *bank, float place_re[BANK_RECENT][8], float place_im[BANK_RECENT][8], float *power)
{
    lanes_t re = {0}, im = {0};
    for (int h = 0; h < BANK_RECENT; h++) {
        const bank_hop_t *hop = bank_hop(bank, h);
        re += LANES(hop->re) * LANES(place_re[h]) - LANES(hop->im) * LANES(place_im[h]);
        im += LANES(hop->re) * LANES(place_im[h]) + LANES(hop->im) * LANES(place_re[h]);
    }
    LANES(power) = re * re + im * im;
}

/* G.711 table 1 as arithmetic that a compiler can do on many samples at once. int16 carries the law's 13-bit word
   left-justified; negative numbers are complemented, not negated (as the ITU's G.191 does). */

#if defined(__AVX2__) && !defined(LEVEL_WITHOUT_VECTORS)

static inline __m256i decode16(const uint8_t *code)
{
    /* by segment: what the steps are multiplied by, and (in sixteenths of a step of 256) the 16 that is not sent */
    const __m256i times = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 1, 2, 4, 8, 16, 32, 64, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i none = _mm256_set1_epi16((short)0x8000);
    __m256i bits = _mm256_xor_si256(_mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)code)), _mm256_set1_epi16(0x55));
    __m256i segment = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(bits, 4), _mm256_set1_epi16(7)), none);
    __m256i size = _mm256_slli_epi16(_mm256_and_si256(bits, _mm256_set1_epi16(15)), 4);
    __m256i negative = _mm256_sub_epi16(_mm256_srli_epi16(bits, 7), _mm256_set1_epi16(1));      /* all ones, or none */
    size = _mm256_add_epi16(size, _mm256_set1_epi16(8));
    size = _mm256_add_epi16(size, _mm256_slli_epi16(_mm256_shuffle_epi8(high, segment), 8));
    size = _mm256_mullo_epi16(size, _mm256_shuffle_epi8(times, segment));
    return _mm256_sub_epi16(_mm256_xor_si256(size, negative), negative);
}

static void alaw_decode(const uint8_t *restrict code, int16_t *restrict linear, int n)
{
    uint8_t last[16] = {0};
    int16_t decoded[16];
    int i;
    for (i = 0; i + 16 <= n; i += 16)
        _mm256_storeu_si256((void *)(linear + i), decode16(code + i));
    if (i < n) {
        memcpy(last, code + i, (size_t)(n - i));
        _mm256_storeu_si256((void *)decoded, decode16(last));
        memcpy(linear + i, decoded, (size_t)(n - i) * sizeof *linear);
    }
}

#else

static void alaw_decode(const uint8_t *restrict code, int16_t *restrict linear, int n)
{
    for (int i = 0; i < n; i++) {
        const int16_t bits = (int16_t)(code[i] ^ 0x55);
        const int16_t segment = (bits >> 4) & 7;
        const int16_t positive = (int16_t)-(bits >> 7);               /* all ones, or none */
        int16_t size = (int16_t)(((bits & 15) << 4) + 8);             /* the middle of its interval */
        const int16_t shift = (int16_t)(segment - (segment > 0));
        size = (int16_t)(size + (segment > 0 ? 256 : 0));
        size = (int16_t)(size * (1 + (shift & 1)));
        size = (int16_t)(size * (1 + 3 * (shift >> 1 & 1)));
        size = (int16_t)(size * (1 + 15 * (shift >> 2)));
        linear[i] = (int16_t)((size ^ ~positive) - (int16_t)~positive);
    }
}

#endif

static void alaw_encode(const int16_t *restrict linear, uint8_t *restrict code, int n)
{
    for (int i = 0; i < n; i++) {
        const int16_t sign = (int16_t)(linear[i] >> 15);              /* all ones: negative */
        int16_t size = (int16_t)((linear[i] ^ sign) >> 4);            /* 11 bits */
        int16_t segment = 0, many;
        many = (int16_t)-(size > 255);                                /* halve it until it fits in 5 bits */
        size = (int16_t)(many ? size >> 4 : size);
        segment = (int16_t)(segment + (many & 4));
        many = (int16_t)-(size > 63);
        size = (int16_t)(many ? size >> 2 : size);
        segment = (int16_t)(segment + (many & 2));
        many = (int16_t)-(size > 31);
        size = (int16_t)(many ? size >> 1 : size);
        segment = (int16_t)(segment + (many & 1));
        many = (int16_t)-(size > 15);                                 /* and the 16 is the segment's, not the step's */
        segment = (int16_t)(segment + (many & 1));
        code[i] = (uint8_t)((((segment << 4) | (size & 15)) ^ 0xD5) ^ (sign & 0x80));
    }
}

const kernels_t LEVEL_KERNELS = {LEVEL_NAME, analyse, coherent, alaw_decode, alaw_encode};
