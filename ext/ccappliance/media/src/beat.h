/* The beat: what the tick's thread waits for. A card's clock when there is one, else, or while it stalls, the machine's.
 *
 * Sound that a card counts out by its own crystal is taken at that pace, and no frame is ever too many or too few. The
 * card's clock is a file descriptor that has POLLPRI when 20 ms are over, and an ioctl that takes one such tick away.
 */
#ifndef CCAPPLIANCE_BEAT_H
#define CCAPPLIANCE_BEAT_H

#include <poll.h>
#include <sys/ioctl.h>

#include "clock.h"

enum { BEAT_STALLED = 2 }; /* periods without a tick of the card after which the machine's clock takes over */

typedef struct {
    int fd;            /* of the card's clock; -1: none */
    unsigned long ack; /* the ioctl that takes `int` ticks away; -1 all of them */
    int stalled;       /* the machine's clock ticks now */
    counter_t stalls;
    counter_t carried; /* ticks that came from the card */
} beat_t;

static inline void beat_begin(beat_t *beat) { beat->fd = -1; }

static inline void beat_ack(beat_t *beat, int ticks) { ioctl(beat->fd, beat->ack, &ticks); }

/* Has the card ticked? Waits for it until `until` at most. */
static inline int beat_card(beat_t *beat, int64_t until) {
    struct pollfd card = {.fd = beat->fd, .events = POLLPRI};
    for (;;) {
        int64_t left = until - clock_now();
        if (left < 0) left = 0;
        struct timespec most = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        int ready = ppoll(&card, 1, &most, NULL);
        if (ready < 0 && errno == EINTR) continue;
        return ready == 1 && (card.revents & POLLPRI) && !(card.revents & (POLLERR | POLLHUP | POLLNVAL));
    }
}

/* Wait for the tick that is due at `due`; answers when it was due by the clock that gave it. */
static inline int64_t beat_wait(beat_t *beat, int64_t due, int64_t period) {
    if (beat->fd < 0) {
        clock_sleep_until(due);
        return due;
    }
    if (beat->stalled) {
        clock_sleep_until(due);
        if (!beat_card(beat, 0)) return due;
        beat->stalled = 0; /* it ticks again: what it has counted meanwhile was made by the machine's clock */
        beat_ack(beat, -1);
        counter_add(&beat->carried, 1);
        return clock_now();
    }
    if (!beat_card(beat, due + (BEAT_STALLED - 1) * period)) {
        beat->stalled = 1;
        counter_add(&beat->stalls, 1);
        clock_sleep_until(due); /* a descriptor that fails at once must not spin */
        return due;
    }
    beat_ack(beat, 1);
    counter_add(&beat->carried, 1);
    int64_t now = clock_now();
    if (now < due - period / 2) { /* no crystal is so fast: a card gone mad must not take the whole machine */
        clock_sleep_until(due - period / 2);
        return due;
    }
    /* follow the card's crystal; a tick that comes much too late was made late by us, and is still due when it was */
    return now - due < period / 2 ? due + (now - due) / 8 : due;
}

/* Ticks that will not be made. */
static inline void beat_skip(beat_t *beat, int64_t ticks) {
    if (beat->fd >= 0 && !beat->stalled) beat_ack(beat, (int)ticks);
}

#endif
