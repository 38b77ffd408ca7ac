/* A tape: a single-producer single-consumer ring of stereo frames between the tick and one reader.
 *
 * A frame that finds the ring full is counted; the next frame that finds room carries how many were lost before it, so
 * that the reader puts silence in the right place. Frames lost at the very end are told by `pushed` once it has stopped.
 * While it is paused, frames are pushed with a mark in place of their sound: a secret never enters the ring.
 *
 * A ring may lie in memory that outlives the process (media/rings.py): then it has a name, and every slot says which
 * frame it is, so that the next start finds what was pushed before a kill, without believing either counter of the
 * reader. TAPE_SPARE slots beyond those in use keep what was read a moment ago and is perhaps not written yet.
 */
#ifndef CCAPPLIANCE_TAPE_H
#define CCAPPLIANCE_TAPE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAPE_FRAME = 160,
    TAPE_SPARE = 25,          /* 0.5 s: six of the writer's rounds */
    TAPE_HEAD = 4096,         /* bytes before the first slot */
    TAPE_NAME = 4096 - 256,   /* bytes of the longest name */
    TAPE_NAMED = 0x676e6972,  /* "ring": somebody would miss its sound */
};

typedef struct {
    int64_t at;                     /* which frame it is, counted from the tape's beginning, lost ones included */
    int64_t lost_before;            /* frames that found no room between the previous slot and this one */
    int64_t paused;                 /* the samples are zeros, for nobody may hear what was said */
    int16_t stereo[TAPE_FRAME * 2]; /* left heard, right sent */
} tape_slot_t;

typedef struct {
    _Atomic int64_t named; /* TAPE_NAMED, or 0; what a later run looks at first */
    int64_t length;        /* bytes of the name */
    int64_t check;         /* its CRC-32 */
    int64_t room;          /* slots there are: slots and TAPE_SPARE */
    _Alignas(64) _Atomic int64_t head; /* slots filled; the tick's */
    _Atomic int64_t pushed;            /* frames, lost ones included */
    _Atomic int64_t lost;
    int64_t losing; /* lost since the last slot; only the tick looks at it */
    int64_t paused; /* from now on; only the tick looks at it */
    _Alignas(64) _Atomic int64_t tail; /* slots emptied; the reader's */
    int64_t gap;    /* silent frames still to be given out; only the reader looks at it */
    int64_t taken;  /* frames given out, silence included */
    int64_t hidden; /* what is given out now was paused */
    int64_t slots;  /* that may be filled and not emptied */
    _Atomic int stopped;
    _Alignas(64) uint8_t name[TAPE_NAME];
    uint8_t rest[TAPE_HEAD - 192 - TAPE_NAME];
    tape_slot_t slot[];
} tape_t;

/* media/rings.py reads them after a kill. */
_Static_assert(offsetof(tape_t, head) == 64 && offsetof(tape_t, name) == 192 && offsetof(tape_t, slot) == TAPE_HEAD &&
               sizeof(tape_slot_t) == 664, "the layout of a ring has changed: give media/rings.py's files a new VERSION");

static inline size_t tape_bytes(int slots) {
    return (sizeof(tape_t) + (size_t)(slots + TAPE_SPARE) * sizeof(tape_slot_t) + 4095) / 4096 * 4096;
}

/* Make a tape of `tape_bytes(slots)` bytes. Touches every page, so that the tick need not wait for one. */
static inline tape_t *tape_begin(void *memory, int slots) {
    tape_t *tape = memory;
    memset(memory, 0, tape_bytes(slots));
    tape->slots = slots;
    tape->room = slots + TAPE_SPARE;
    return tape;
}

/* In memory of its own; free() it. NULL: no memory. */
static inline tape_t *tape_new(int slots) {
    void *memory = aligned_alloc(64, tape_bytes(slots));
    return memory ? tape_begin(memory, slots) : NULL;
}

/* From now on a later run would miss it: before the tick has it. At most TAPE_NAME bytes. */
static inline void tape_call(tape_t *tape, const char *name, int64_t length, int64_t check) {
    memcpy(tape->name, name, (size_t)length);
    tape->length = length;
    tape->check = check;
    atomic_store_explicit(&tape->named, TAPE_NAMED, memory_order_release);
}

/* … and from now on no more. */
static inline void tape_settle(tape_t *tape) { atomic_store_explicit(&tape->named, 0, memory_order_release); }

/* No sound and no name is left of it. */
static inline void tape_wipe(tape_t *tape) {
    tape_settle(tape);
    memset(tape, 0, tape_bytes((int)tape->slots));
}

static inline void tape_push(tape_t *tape, const int16_t *left, const int16_t *right) {
    int64_t head = atomic_load_explicit(&tape->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&tape->tail, memory_order_acquire) == tape->slots) {
        tape->losing++;
        atomic_fetch_add_explicit(&tape->lost, 1, memory_order_relaxed);
    } else {
        tape_slot_t *slot = &tape->slot[head % tape->room];
        slot->at = atomic_load_explicit(&tape->pushed, memory_order_relaxed);
        slot->lost_before = tape->losing;
        tape->losing = 0;
        slot->paused = tape->paused;
        if (tape->paused) memset(slot->stereo, 0, sizeof slot->stereo);
        else for (int i = 0; i < TAPE_FRAME; i++) {
            slot->stereo[2 * i] = left[i];
            slot->stereo[2 * i + 1] = right[i];
        }
        atomic_store_explicit(&tape->head, head + 1, memory_order_release);
    }
    atomic_fetch_add_explicit(&tape->pushed, 1, memory_order_release);
}

static inline void tape_end(tape_t *tape) { atomic_store_explicit(&tape->stopped, 1, memory_order_release); }

/* The most frames tape_read would give now, at most one ring's length; all paused or none (`hidden`). Lost frames count
 * with the slot after them. */
static inline int64_t tape_ready(tape_t *tape) {
    int stopped = atomic_load_explicit(&tape->stopped, memory_order_acquire);
    int64_t head = atomic_load_explicit(&tape->head, memory_order_acquire);
    int64_t tail = atomic_load_explicit(&tape->tail, memory_order_relaxed);
    if (tail < head) tape->hidden = tape->slot[tail % tape->room].paused;
    int64_t frames = tape->gap, at = tail;
    for (; at < head && tape->slot[at % tape->room].paused == tape->hidden; at++)
        frames += 1 + tape->slot[at % tape->room].lost_before;
    if (stopped && at == head) frames = atomic_load_explicit(&tape->pushed, memory_order_acquire) - tape->taken;
    return frames < tape->slots ? frames : tape->slots;
}

/* Exactly `frames` frames, as tape_ready said, into `out`. */
static inline void tape_read(tape_t *tape, int16_t *out, int64_t frames) {
    int64_t tail = atomic_load_explicit(&tape->tail, memory_order_relaxed);
    int64_t head = atomic_load_explicit(&tape->head, memory_order_acquire);
    for (int64_t i = 0; i < frames; i++, out += 2 * TAPE_FRAME, tape->taken++) {
        tape_slot_t *slot = &tape->slot[tail % tape->room];
        if (tail < head && slot->lost_before > 0) {
            tape->gap += slot->lost_before;
            slot->lost_before = 0;
        }
        if (tape->gap > 0 || tail == head) { /* tail == head: lost at the very end */
            memset(out, 0, sizeof slot->stereo);
            if (tape->gap > 0) tape->gap--;
            continue;
        }
        memcpy(out, slot->stereo, sizeof slot->stereo);
        atomic_store_explicit(&tape->tail, ++tail, memory_order_release);
    }
}

#endif
