/* The kernels in plain C, for any machine, and to hold the others against. */
#define LEVEL_WITHOUT_VECTORS
#define LEVEL_NAME "plain"
#define LEVEL_KERNELS kernels_plain
#include "level.h"
