/* The kernels for x86-64-v3 (AVX2), compiled where the compiler knows how to; only a machine that has it runs them. */
#define LEVEL_NAME "v3"
#define LEVEL_KERNELS kernels_v3
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,bmi,bmi2")     /* no fma: it rounds otherwise, and integers do not need it */
#include "level.h"
#else
#include "bank.h"
const kernels_t kernels_v3 = {LEVEL_NAME, 0, 0, 0, 0};
#endif
