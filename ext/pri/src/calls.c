/* The table of calls. libpri frees a call at many places without saying so; `calls_sweep` looks after each step.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "calls.h"

#include "message.h"

/* Not in libpri.h, but exported since 1.4.14: is this pointer one of the controller's calls? It compares addresses only. */
extern int q931_is_call_valid(struct pri *ctrl, struct q931_call *call);

static struct call calls[CALLS_MAX];
static uint32_t last_odd = (uint32_t)-1;

struct call *call_by_id(uint32_t id)
{
    int at;
    for (at = 0; id && at < CALLS_MAX; at++)
        if (calls[at].id == id)
            return &calls[at];
    return NULL;
}

struct call *call_by_q931(q931_call *q931)
{
    int at;
    for (at = 0; q931 && at < CALLS_MAX; at++)
        if (calls[at].id && calls[at].q931 == q931)
            return &calls[at];
    return NULL;
}

struct call *call_add(uint32_t id, q931_call *q931)
{
    int at;
    if (id == 0) {
        do
            last_odd += 2;
        while (call_by_id(last_odd));
        id = last_odd;
    } else if (call_by_id(id)) {
        return NULL;
    }
    for (at = 0; at < CALLS_MAX; at++) {
        if (calls[at].id == 0) {
            calls[at].id = id;
            calls[at].q931 = q931;
            calls[at].cause = 0;
            calls[at].disconnected = 0;
            calls[at].silent = id % 2;
            return &calls[at];
        }
    }
    return NULL;
}

void calls_sweep(struct pri *pri)
{
    int at;
    for (at = 0; at < CALLS_MAX; at++) {
        if (calls[at].id && !q931_is_call_valid(pri, calls[at].q931)) {
            open_answer(GONE);
            put_u32(calls[at].id);
            put_u8((unsigned)calls[at].cause);
            close_answer();
            calls[at].id = 0;
        }
    }
}

void calls_list(void)
{
    uint8_t ids[4 * CALLS_MAX];
    size_t filled = 0;
    int at;
    for (at = 0; at < CALLS_MAX; at++) {
        if (calls[at].id) {
            ids[filled++] = (uint8_t)(calls[at].id >> 24);
            ids[filled++] = (uint8_t)(calls[at].id >> 16);
            ids[filled++] = (uint8_t)(calls[at].id >> 8);
            ids[filled++] = (uint8_t)calls[at].id;
        }
    }
    open_answer(CALLS_ARE);
    put_bytes(ids, filled);
    close_answer();
}
