/* The kernels of one level: included by one unit per level, which names it and says what the compiler may use.

   Everything is integer: whatever instructions a level uses, its results are those of every other, bit by bit. */
#include <string.h>
#include "bank.h"
#if defined(__SSE2__) && !defined(LEVEL_WITHOUT_VECTORS)
#include <immintrin.h>
#endif

/* A folded hop: sums and differences of samples that lie symmetrically, pair 0 next to the centre. */
typedef struct {
    int16_t sum[BANK_HALF], difference[BANK_HALF];
} folded_t;

static void fold(const int16_t *restrict x, folded_t *restrict out)
{
    for (int i = 0; i < BANK_HALF; i++) {
        int16_t later = (int16_t)(x[BANK_HALF + i] >> BANK_SHIFT), earlier = (int16_t)(x[BANK_HALF - 1 - i] >> BANK_SHIFT);
        out->sum[i] = (int16_t)(later + earlier);
        out->difference[i] = (int16_t)(later - earlier);
    }
}

static void energies(const int16_t *x, int hops, uint32_t *energy)
{
    for (int h = 0; h < hops; h++) {
        const int16_t *now = x + h * BANK_HOP;
        int16_t small[BANK_HOP];
        int32_t first = 0, second = 0;              /* each at most 20 x 8192 x 8192 < 2^31 */
        for (int i = 0; i < BANK_HOP; i++)
            small[i] = (int16_t)(now[i] >> BANK_SHIFT);
        for (int i = 0; i < BANK_HALF; i++) {
            first += small[i] * small[i];
            second += small[BANK_HALF + i] * small[BANK_HALF + i];
        }
        energy[h] = (uint32_t)first + (uint32_t)second;
    }
}

#if defined(__AVX2__) && !defined(LEVEL_WITHOUT_VECTORS)

static inline __m256i two(const int16_t *pair)
{
    int both;
    memcpy(&both, pair, sizeof both);
    return _mm256_set1_epi32(both);
}

static void sums(const bank_table_t *table, int group, const int16_t *x, int hops,
                 int32_t re[BANK_BATCH][BANK_GROUP], int32_t im[BANK_BATCH][BANK_GROUP])
{
    folded_t folded[BANK_BATCH];
    __m256i r0 = _mm256_setzero_si256(), r1 = r0, r2 = r0, r3 = r0, i0 = r0, i1 = r0, i2 = r0, i3 = r0;
    for (int h = 0; h < BANK_BATCH; h++)
        fold(x + (h < hops ? h : 0) * BANK_HOP, &folded[h]);
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
    _mm256_storeu_si256((void *)re[h], r##h); \
    _mm256_storeu_si256((void *)im[h], i##h);
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

static void sums(const bank_table_t *table, int group, const int16_t *x, int hops,
                 int32_t re[BANK_BATCH][BANK_GROUP], int32_t im[BANK_BATCH][BANK_GROUP])
{
    for (int h = 0; h < hops; h += 2) {
        folded_t one, other;
        const int next = h + 1 < hops ? h + 1 : h;
        fold(x + h * BANK_HOP, &one);
        fold(x + next * BANK_HOP, &other);
        for (int half = 0; half < 2; half++) {
            __m128i r0 = _mm_setzero_si128(), r1 = r0, i0 = r0, i1 = r0;
            for (int i = 0; i < BANK_HALF / 2; i++) {
                const __m128i c = _mm_loadu_si128((const void *)(table->cos_[group][i] + 8 * half));
                const __m128i s = _mm_loadu_si128((const void *)(table->sin_[group][i] + 8 * half));
                r0 = _mm_add_epi32(r0, _mm_madd_epi16(c, two(&one.sum[2 * i])));
                i0 = _mm_add_epi32(i0, _mm_madd_epi16(s, two(&one.difference[2 * i])));
                r1 = _mm_add_epi32(r1, _mm_madd_epi16(c, two(&other.sum[2 * i])));
                i1 = _mm_add_epi32(i1, _mm_madd_epi16(s, two(&other.difference[2 * i])));
            }
            _mm_storeu_si128((void *)(re[h] + 4 * half), r0);
            _mm_storeu_si128((void *)(im[h] + 4 * half), i0);
            _mm_storeu_si128((void *)(re[next] + 4 * half), r1);
            _mm_storeu_si128((void *)(im[next] + 4 * half), i1);
        }
    }
}

#else

static void sums(const bank_table_t *table, int group, const int16_t *x, int hops,
                 int32_t re[BANK_BATCH][BANK_GROUP], int32_t im[BANK_BATCH][BANK_GROUP])
{
    for (int h = 0; h < hops; h++) {
        folded_t folded;
        int32_t r[BANK_GROUP] = {0}, m[BANK_GROUP] = {0};
        fold(x + h * BANK_HOP, &folded);
        for (int i = 0; i < BANK_HALF / 2; i++)
            for (int k = 0; k < BANK_GROUP; k++) {
                const int16_t *c = &table->cos_[group][i][2 * k], *s = &table->sin_[group][i][2 * k];
                r[k] += c[0] * folded.sum[2 * i] + c[1] * folded.sum[2 * i + 1];
                m[k] += s[0] * folded.difference[2 * i] + s[1] * folded.difference[2 * i + 1];
            }
        memcpy(re[h], r, sizeof r);
        memcpy(im[h], m, sizeof m);
    }
}

#endif

/* G.711 table 1 as arithmetic that a compiler can do on many samples at once. int16 carries the law's 13-bit word
   left-justified; negative numbers are complemented, not negated (as the ITU's G.191 does). */

static void alaw_decode(const uint8_t *restrict code, int16_t *restrict linear, int n)
{
    for (int i = 0; i < n; i++) {
        const int16_t bits = (int16_t)(code[i] ^ 0x55);
        const int16_t segment = (bits >> 4) & 7;
        const int16_t positive = (int16_t)-(bits >> 7);               /* all ones, or none */
        int16_t size = (int16_t)(((bits & 15) << 4) + 8);             /* the middle of its interval */
        const int16_t shift = (int16_t)(segment - (segment > 0));
        size = (int16_t)(size + (segment > 0 ? 256 : 0));
        size = (int16_t)(shift & 1 ? size << 1 : size);
        size = (int16_t)(shift & 2 ? size << 2 : size);
        size = (int16_t)(shift & 4 ? size << 4 : size);
        linear[i] = (int16_t)((size ^ ~positive) - (int16_t)~positive);
    }
}

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

const kernels_t LEVEL_KERNELS = {LEVEL_NAME, energies, sums, alaw_decode, alaw_encode};
