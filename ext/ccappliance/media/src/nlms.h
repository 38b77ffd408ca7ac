/* The inner loops of the echo canceller: sums of a fixed order, so that every machine gets the same result. */
#ifndef NLMS_H
#define NLMS_H

/* four floats at any address: GCC's vector extension needs no flag and no intrinsic, and compiles everywhere */
typedef float nlms_four __attribute__((vector_size(16), aligned(4)));

static inline float nlms_sum(nlms_four a, nlms_four b, nlms_four c, nlms_four d) {
    nlms_four all = (a + b) + (c + d);
    return (all[0] + all[1]) + (all[2] + all[3]);
}

/* taps: a multiple of 16 */
static inline float nlms_dot(const float *w, const float *x, int taps) {
    nlms_four a = {0}, b = {0}, c = {0}, d = {0};
    for (int k = 0; k < taps; k += 16) {
        a += *(const nlms_four *)(w + k) * *(const nlms_four *)(x + k);
        b += *(const nlms_four *)(w + k + 4) * *(const nlms_four *)(x + k + 4);
        c += *(const nlms_four *)(w + k + 8) * *(const nlms_four *)(x + k + 8);
        d += *(const nlms_four *)(w + k + 12) * *(const nlms_four *)(x + k + 12);
    }
    return nlms_sum(a, b, c, d);
}

/* two filters over the same samples: these are loaded once */
static inline void nlms_dots(const float *w, const float *v, const float *x, int taps, float *of_w, float *of_v) {
    nlms_four a = {0}, b = {0}, c = {0}, d = {0};
    for (int k = 0; k < taps; k += 8) {
        nlms_four x0 = *(const nlms_four *)(x + k), x1 = *(const nlms_four *)(x + k + 4);
        a += *(const nlms_four *)(w + k) * x0;
        b += *(const nlms_four *)(w + k + 4) * x1;
        c += *(const nlms_four *)(v + k) * x0;
        d += *(const nlms_four *)(v + k + 4) * x1;
    }
    nlms_four p = a + b, q = c + d;
    *of_w = (p[0] + p[1]) + (p[2] + p[3]);
    *of_v = (q[0] + q[1]) + (q[2] + q[3]);
}

static inline void nlms_adapt(float *w, const float *x, float step, int taps) {
    nlms_four s = {step, step, step, step};
    for (int k = 0; k < taps; k += 4)
        *(nlms_four *)(w + k) += s * *(const nlms_four *)(x + k);
}

#endif
