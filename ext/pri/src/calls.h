/* The calls of the span by the numbers the daemon knows them by: its own are even, those the network began odd.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CCAPPLIANCE_PRI_CALLS_H
#define CCAPPLIANCE_PRI_CALLS_H

#include <stdint.h>

#include <libpri.h>

#define CALLS_MAX 256  /* of one span: 31 channels, calls being cleared, and those waiting for a channel */

struct call {
    uint32_t id;  /* 0: free */
    q931_call *q931;
    int cause;    /* why it ended, as far as we know */
    int disconnected; /* the network has sent DISCONNECT */
    int silent;   /* the network began it, and has heard nothing of us */
};

struct call *call_by_id(uint32_t id);
struct call *call_by_q931(q931_call *q931);
struct call *call_add(uint32_t id, q931_call *q931);  /* id 0: the next odd one; NULL: too many, or the id is taken */
void calls_sweep(struct pri *pri);                    /* tell GONE of each call libpri has forgotten */
void calls_list(void);                                /* tell CALLS_ARE */

#endif
