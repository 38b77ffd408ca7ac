/* The border between loop and tick: two single-producer single-consumer rings of plain structs.
 *
 * A producer reserves a slot, fills it and commits it; a consumer peeks at a slot and releases it. Nothing is copied
 * twice, nothing waits. `head` and `tail` count for ever and wrap with uint32 arithmetic; sizes are powers of two.
 */
#ifndef CCAPPLIANCE_RING_H
#define CCAPPLIANCE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { COMMAND_SLOTS = 8192, EVENT_SLOTS = 2048, EVENT_BYTES = 258 }; /* 258: one whole caller ID message */

typedef struct {
    int kind;
    int value;     /* ears, a Q12 gain */
    int64_t number; /* of the loan that is meant */
    void *port;
    void *thing;   /* a loan: port, play, needle, tape, bridge */
    void *other;   /* a second port */
} command_t;

typedef struct {
    int kind;
    int value;
    int64_t number; /* of the port that heard, or of the loan that came back */
    int64_t samples;
    int length;
    uint8_t data[EVENT_BYTES];
} event_t;

/* head and tail on cache lines of their own: each is written by one side only */
#define RING(name, item_t, slots)                                                                              \
    typedef struct {                                                                                           \
        _Alignas(64) _Atomic uint32_t head;                                                                    \
        _Alignas(64) _Atomic uint32_t tail;                                                                    \
        _Alignas(64) item_t slot[slots];                                                                       \
    } name##_ring_t;                                                                                           \
    static inline item_t *name##_reserve(name##_ring_t *ring) {                                                \
        uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);                               \
        if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == (slots)) return NULL;            \
        return &ring->slot[head & ((slots) - 1)];                                                              \
    }                                                                                                          \
    static inline void name##_commit(name##_ring_t *ring) {                                                    \
        uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);                               \
        atomic_store_explicit(&ring->head, head + 1, memory_order_release);                                    \
    }                                                                                                          \
    static inline item_t *name##_peek(name##_ring_t *ring) {                                                   \
        uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);                               \
        if (tail == atomic_load_explicit(&ring->head, memory_order_acquire)) return NULL;                      \
        return &ring->slot[tail & ((slots) - 1)];                                                              \
    }                                                                                                          \
    static inline void name##_release(name##_ring_t *ring) {                                                   \
        uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);                               \
        atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);                                    \
    }

RING(command, command_t, COMMAND_SLOTS)
RING(event, event_t, EVENT_SLOTS)

#endif
