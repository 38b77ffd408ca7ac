/* The kernels with what every machine of this architecture has (x86-64: SSE2), and the choice of a level. */
#define LEVEL_NAME "base"
#define LEVEL_KERNELS kernels_base
#include "level.h"

int level_runs(int level)
{
    if (level == LEVEL_PLAIN || level == LEVEL_BASE)
        return 1;
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    return level == LEVEL_V3 && kernels_v3.analyse != 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2");
#else
    return 0;
#endif
}

const kernels_t *level_kernels(int level)
{
    return level == LEVEL_V3 ? &kernels_v3 : level == LEVEL_BASE ? &kernels_base : &kernels_plain;
}
